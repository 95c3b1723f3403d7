#!/bin/bash
# The way out: after a change of outbound TLS the host that all mail goes to is
# met as Postfix would; a remote's fault is said and rolls nothing back, what
# worked before and does not after does.  And a next hop by name: API, ctl.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/account.sh"

console_start
s=$SAMPLES

# The remote: another smtpd of the private Postfix, with the issued pair.
remote=$(free_port)
cat "$s/issued-key.pem" "$s/issued-cert.pem" "$s/issued-intermediate.pem" >"$T/remote.pem"
listener "127.0.0.1:$remote" -o smtpd_tls_security_level=may \
    -o "smtpd_tls_chain_files=$T/remote.pem"
edit "relayhost=[127.0.0.1]:$remote" smtp_tls_security_level=none
hop() { j ".hop.$1"; }

api POST /api/v1/connection/adopt
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "a change that is not outbound meets nobody" "$STATUS:$(j .hop)" 200:null

save outbound_enabled=on
is "outbound on: applied" "$STATUS:$(j .result)" 200:applied
is "the next hop was met" "$(hop state):$(hop before):$(hop level):$(hop tls)" "seen:seen:may:true"
like "by TLS" "$(hop protocol) $(hop address)" "^TLSv1.[23] 127.0.0.1\[127.0.0.1\]:$remote$"
is "and a finding says so" "$(j '[.findings[].code] | map(select(startswith("hop."))) | join(" ")')" hop.seen
like "in words" "$(j '.findings[] | select(.code == "hop.seen") | .message')" "\[127.0.0.1\]:$remote.*TLSv1"
api GET "/api/v1/generations/$(j .generation)"
is "the record keeps it" "$(j .result.hop.state)" seen

# The remote is away: no fault of the Save.
sed -i "/^127.0.0.1:$remote /d" "$PF/master.cf"
postfix -c "$PF" reload >/dev/null 2>&1
wait_for 10 not listens "$remote"
save outbound_enabled=off confirm=level.lowered
is "a remote that is away: applied" "$STATUS:$(j .result)" 200:applied
is "and said" "$(hop state):$(hop before):$(hop reason)" "not_seen:not_seen:connection"
like "with Postfix's words" "$(j '.findings[] | select(.code == "hop.not_seen") | .message')" 'Connection refused'

# What worked before and does not after it: a level that the certificate of
# the remote is not good for, by a policy that the change brings into force.
listener "127.0.0.1:$remote" -o smtpd_tls_security_level=may \
    -o "smtpd_tls_chain_files=$T/remote.pem"
save outbound_enabled=on
is "there again: met" "$STATUS:$(hop state)" 200:seen
# Where main.cf is does not matter for the former one.
echo "[127.0.0.1]:$remote none" >"$PF/policy"
edit smtp_tls_security_level=none 'smtp_tls_policy_maps=${{$smtp_tls_security_level} == {may} ? {static:secure} : {texthash:$config_directory/policy}}'
before=$(maincf_hash)
api POST /api/v1/connection/restore
is "cut off by the change: rolled back" "$STATUS:$(j .code):$(j .cause.code)" 502:apply.rolled_back:probe.next_hop
is "main.cf byte for byte" "$(maincf_hash)" "$before"
edit smtp_tls_policy_maps= smtp_tls_security_level=may

# Mail that waits after the change, for reasons that were not there before.
maillog=$PF/../log/mail.log
log() { echo "Nov 30 12:00:00 mx postfix/smtp[7]: $1: to=<$2>, relay=none, delay=1, dsn=4.4.1, status=deferred ($3)" >>"$maillog"; }
deferred() { api GET /api/v1/status && j ".deferred | $1"; }
log AAAA old@a.example "connect to a.example[192.0.2.1]:25: Connection timed out"
save outbound_enabled=off confirm=level.lowered
save outbound_enabled=on
is "a change of the way out: nobody waits" "$STATUS:$(deferred .count)" 200:0
log AAAA old@a.example "connect to a.example[192.0.2.1]:25: Connection timed out"
is "who waited before is not counted" "$(deferred .count)" 0
log BBBB new@b.example "TLS is required, but was not offered by host b.example[192.0.2.2]"
log CCCC new@c.example "TLS is required, but was not offered by host c.example[192.0.2.3]"
is "who begins to is" "$(deferred .count)" 2
like "with Postfix's words" "$(deferred .sample)" '^to=<new@b.example>.*status=deferred .TLS is required'
like "postsealctl too" "$(ctl status)" 'deferred +2 since'
login a admin "$(access .password)"
page a /smtp-routing/connection
like "and the screen" "$(<"$BODY")" 'since this change: 2. Postfix says.*to=&lt;new@b\.example'
save idle_timeout=77
is "a change that is not outbound: null" "$(deferred .)" null

# By name.
test_hop()
{
	jq -n --arg h "$1" '{next_hop: $h}' >"$T/request.json"
	api POST /api/v1/connection/test -H 'Content-Type: application/json' --data-binary @"$T/request.json"
}
test_hop "[127.0.0.1]:$remote"
is "by name: seen" "$STATUS:$(j .hop.state):$(j .hop.tls)" 200:seen:true
api POST /api/v1/connection/test
is "without a name: relayhost" "$STATUS:$(j .hop.next_hop)" "200:[127.0.0.1]:$remote"
api POST /api/v1/connection/test -F "next_hop=[127.0.0.1]:1"
is "nobody there: 200, not seen" "$STATUS:$(j .hop.state):$(j .hop.reason)" 200:not_seen:connection
for bad in "" -c "[" "a b" 'a;id' '$(id)' unix:/etc/passwd "[a]b" "a/../b" $'a\nb' '[a]:65536'; do
	test_hop "$bad"
	is "no next hop: ${bad@Q}" "$STATUS:$(j .code):$(j ".errors[0].field")" 400:field.invalid:next_hop
done
test_hop "$(printf 'a%.0s' {1..300})"
is "no next hop: 300 characters" "$STATUS:$(j .code):$(j ".errors[0].field")" 400:field.too_long:next_hop
# A domain whose mail transport_maps send elsewhere.
echo "named.invalid smtp:[127.0.0.1]:$remote" >"$PF/transport"
edit "transport_maps=texthash:$PF/transport"
test_hop named.invalid
is "by the name of a domain: transport_maps are told" "$STATUS:$(j .hop.state):$(j .hop.transport)" \
    "200:not_seen:smtp:[127.0.0.1]:$remote"
like "postsealctl tells them" "$(ctl test named.invalid)" "transport +smtp:\[127.0.0.1\]:$remote"
test_hop "[127.0.0.1]:$remote"
is "not by that of a host" "$STATUS:$(j .hop.transport)" 200:null
edit transport_maps=
like "postsealctl test" "$(ctl test "[127.0.0.1]:$remote")" 'state +seen'
ctl test "[127.0.0.1]:1" >"$T/out"
is "postsealctl: exit status 5 when not seen" $? 5
like "and why" "$(cat "$T/out")" 'Connection refused'
edit relayhost=
api POST /api/v1/connection/test -H 'Content-Type: application/json' -d '{}'
is "no relayhost, no name: refused" "$STATUS:$(j .code)" 400:field.missing
like "the audit log has it" "$(tail -n 1 "$STATE/daemon/audit.log")" connection.test
# Another console's may be there for a moment.
left=$(find /tmp -maxdepth 1 -name 'postseal-hop-*')
gone() { local d; for d; do [ ! -e "$d" ] || return; done; }
# shellcheck disable=SC2086
ok "nothing is left in /tmp" wait_for 15 gone $left
done_testing
