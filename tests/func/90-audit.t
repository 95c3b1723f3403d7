#!/bin/bash
# The audit log as evidence: who repeats himself does not fill it, a rotation
# by logrotate and a kill lose nothing, what was changed in it shows, and while
# it cannot be written nobody gets access, and everybody who watches is told.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
LOG=$STATE/daemon/audit.log
ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
token_of() { grep -o 'pst_[A-Za-z0-9_-]*'; }
holds() { ctl audit verify | grep -q '^chain  *holds'; }

ok "a new chain holds" holds
ctl user add vera --role viewer --generate >/dev/null
viewer=$(ctl token add v --user vera | token_of)
printf 'header = "Authorization: Bearer %s"\n' "$viewer" >"$T/vera"

# A viewer who asks 300 times for what is not his.
for i in {1..300}; do
	printf 'url = "%s/api/v1/keys/%016x"\nrequest = DELETE\noutput = /dev/null\n' "$URL" "$i"
done >"$T/many"
codes=$("${CURL[@]}" --cacert "$CA" -K "$T/vera" -K "$T/many" -w '%{http_code}\n' | sort | uniq -c | tr -s ' ')
is "300 refusals" "$codes" " 300 403"
lines=$(grep -c '"vera".*auth.forbidden' "$LOG")
ok "300 refusals are $lines lines" test "$lines" -ge 1 -a "$lines" -le 25
ctl token add needle --user admin >/dev/null
api GET '/api/v1/audit?limit=5'
like "what another does is on the first page" "$(j '[.entries[].event] | join(" ")')" 'token.add'
is "ctl's own line is none of the web process" "$(j '.entries[0] | "\(.via) \(.claimed)"')" "ctl null"
api GET '/api/v1/audit?event=access&limit=1'
is "what the web process reports is marked" "$(j '.entries[0].claimed')" true

ok "the chain holds" holds

# Rotated by what the package brings, and postseald killed in the midst.
sed "s|/var/lib/postseal\*/daemon/audit.log|$LOG|" deploy/logrotate/postseal >"$T/logrotate"
chmod 644 "$T/logrotate"
if command -v logrotate >/dev/null; then
	rotate() { logrotate -f -s "$T/logrotate.state" "$T/logrotate"; }
else
	rotate()
	{
		local n

		for n in 3 2 1; do
			[ ! -e "$LOG.$n" ] || mv "$LOG.$n" "$LOG.$((n + 1))"
		done
		mv "$LOG" "$LOG.1"
	}
fi
before=$(ctl --json audit verify | jq .last)
for i in 1 2 3; do
	rotate
	ctl token add "r$i" --user admin >/dev/null
done
ok "older files stay plain" test -s "$LOG.1" -a -s "$LOG.3"
ok "three rotations: the chain holds" holds
is "no line was lost" "$(ctl --json audit verify | jq ".last - $before")" 3

# A hand in it.
cp -a "$LOG.1" "$T/kept"
sed -i '1s/"event":"/&x/' "$LOG.1"
ctl audit verify >"$T/broken"
is "a changed line: exit status" "$?" 5
like "a changed line: where" "$(<"$T/broken")" 'audit.log.1 +1 +changed'
as_admin GET /smtp-routing/connection
like "Connection says so" "$(<"$BODY")" 'id="broken-chain"'
like "and where" "$(<"$BODY")" 'audit.log.1, line 1'
api GET /api/v1/status
is "status says so" "$(j '.audit.chain | "\(.holds) \(.file) \(.line)"')" "false audit.log.1 1"
api GET /metrics
like "metrics say so" "$(<"$BODY")" 'postseal_audit_chain_holds 0'
like "postsealctl says so" "$(ctl status)" 'audit +.*audit.log.1, line 1, changed'
ctl status >/dev/null
is "postsealctl: exit status" "$?" 5
cat "$T/kept" >"$LOG.1"
api GET /api/v1/status
is "status: as it was" "$(j .audit.chain.holds)" true
ok "as it was: the chain holds" holds

# Not writable.
mv "$LOG" "$T/away"
mkdir "$LOG"
keys() { find "$STATE/daemon" -path "*/keys/*" -mindepth 1 -name '[0-9a-f]*' | wc -l; }
had=$(keys)
api POST /api/v1/keys -H 'Content-Type: application/json' -d '{"kind": "csr"}'
is "a key: refused" "$STATUS $(j .code)" "503 audit.unwritable"
is "a key: none is left" "$(keys)" "$had"
api GET /api/v1/status
is "status says so" "$(j .audit.writable)" false
api GET /metrics
like "metrics say so" "$(<"$BODY")" 'postseal_audit_writable 0'
wells() { req GET /healthz; [ "$STATUS $(j .code)" = "503 audit.unwritable" ]; }
ok "healthz says so" wait_for 20 wells
like "postsealctl says so" "$(ctl status)" 'audit +.*audit.log'
ctl status >/dev/null
is "postsealctl: exit status" "$?" 5
like "root can still rescue, and is told" "$(ctl user add rescue --role viewer --generate 2>&1)" 'not in the audit'
rmdir "$LOG"
mv "$T/away" "$LOG"
good() { req GET /healthz; [ "$STATUS" = 200 ]; }
ok "healthz: well again" wait_for 20 good
ctl user delete rescue
ok "the chain holds" holds
done_testing
