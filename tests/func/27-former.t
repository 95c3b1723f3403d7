#!/bin/bash
# State that the first version (e01fcaf) left behind: seven generations with
# TLS, access list, limits and a restore, a draft, users, the audit log
# (tests/data/former; @STATE@ stands for its place).  Today's programs read all
# of it, and go on from there.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

former=$TOP/tests/data/former

# The console starts once to make its place, then gets the former state.
console_start
console_stop "$RUN_PID"
rm -rf "$STATE/daemon/generations" "$STATE"/web/postseal.db* "$STATE/access.json"
(umask 077 && cp -r "$former"/{generations,drafts,jobs,current,journal,audit.log,probe.json} \
    "$STATE/daemon/" && cp "$former/postseal.db" "$STATE/web/")
chown --reference "$STATE/web" "$STATE/web/postseal.db"
grep -rlF @STATE@ "$STATE/daemon" | xargs -r sed -i "s#@STATE@#$STATE#g"
sed -n "s#@STATE@#$STATE#g; /^smtpd*_/p" "$former/main.cf" >"$T/lines"
mapfile -t lines <"$T/lines"
postconf -c "$PF" -e "${lines[@]}" &&
postconf -c "$PF" -F "127.0.0.1:$SMTP_PORT/inet/process_limit=40" &&
touch -d '10 seconds ago' "$PF/main.cf" "$PF/master.cf"
result "the former state is laid out"
ctl()	{ "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
like "its users are read" "$(ctl user list)" 'admin'
like "its tokens are read" "$(ctl token list)" 'make-run'
is "... and are for every certificate" \
    "$(ctl --json token list | jq -r '[.tokens[].certificate] | unique | join(",")')" ""
# Only hashes are there: the launcher is given a password and token of today.
ctl token delete "$(ctl token list | awk '/make-run/ { print $1 }')" >/dev/null
grep -v '^token=' "$STATE/secrets" >"$T/secrets"
cat "$T/secrets" >"$STATE/secrets"
console_launch "$STATE" "${URL##*:}" "$SMTP_PORT"
console_wait "$STATE" "$RUN_PID" || bail "the console did not start on it"
console_use "$STATE"
leaf()	{ leaf_of <(sed -n '/BEGIN CERT/,/END CERT/p' "$former/generations/gen-$1/inbound.pem"); }

api GET /api/v1/connection
is "generation 7 is in force, without drift" \
    "$STATUS:$(j .generation.id):$(j '.drift | length')" 200:7:0
is "its settings are read" \
    "$(j '.settings | [.inbound.enabled, .inbound.tls_only, .outbound.enabled, .interface.idle_timeout,
	.interface.max_connections, .access.policy, (.access.list | length), .interface.port] | map(tostring) | join(" ")')" \
    "true false true 7 40 accept_except 3 null"
is "the certificate in force is served" "$(served)" "$(leaf 7)"
api GET /api/v1/generations
is "all seven are listed" "$STATUS:$(j '.generations | length')" 200:7
for n in 1 4 7; do
	api GET "/api/v1/generations/$n"
	is "generation $n can be read" "$STATUS:$(j '.generation.id // .id')" "200:$n"
done
api GET '/api/v1/generations/6/diff?with=5'
is "two of them are compared" "$STATUS:$(j '[.parameters[].parameter] | sort | join(" ")')" \
    "200:smtpd_client_restrictions smtpd_tls_chain_files"
api GET /api/v1/audit
ok "the audit log goes on" test "$(j '[.entries[]? | select(.event == "connection.apply")] | length')" -ge 6

# One setting, and nothing else.
before=$(postconf -c "$PF" -n | grep -v -e '^smtpd_timeout' -e gen-)
save idle_timeout=11
is "a Save goes on from there" "$STATUS:$(j .generation):$(j .result)" 200:8:applied
is "it writes what it says" "$(param smtpd_timeout)" '${stress?{10}:{660}}s'
is "and nothing else" "$(postconf -c "$PF" -n | grep -v -e '^smtpd_timeout' -e gen-)" "$before"
is "protocols of the former version stay as they are" "$(param smtpd_tls_protocols)" '>=TLSv1.2'
save idle_timeout=
is "what was before the console took it over comes back" "$STATUS:$(param smtpd_timeout)" 200:-
api POST /api/v1/generations/6/restore
is "a generation of the former version is restored" "$STATUS:$(j .result)" 200:applied
is "with its certificate" "$(served)" "$(leaf 6)"
is "its access list" "$(grep -c REJECT "$(param smtpd_client_restrictions | sed 's/.*cidr://; s/[, ].*//')")" 4
is "and its limit" "$(postconf -c "$PF" -Fh "127.0.0.1:$SMTP_PORT/inet/process_limit")" 80
api GET /api/v1/connection
is "no drift at the end" "$(j '.drift | length')" 0
done_testing
