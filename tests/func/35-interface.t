#!/bin/bash
# SMTP Interface and Connection Control: every field alone and together, good
# and bad, on a real Postfix: what listens where, who is let in, and that both
# configuration files are old or new, never a mix.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
cf=$PF
master_hash()
{
	sha256sum <"$cf/master.cf"
}

# The inbound service's line: name, then maxproc.
inbound()
{
	postconf -c "$cf" -M | awk '$2 == "inet" { print $1, $7; exit }'
}

codes()
{
	j '[(.findings // .errors // [])[].code] | join(" ")'
}

# from ADDRESS [PORT]: the answer to RCPT for a client of that address.
from()
{
	swaks --server 127.0.0.1 --port "${2:-$SMTP_PORT}" \
	    --local-interface "$1" --from a@example.test --to b@example.test \
	    --helo c.example.test --quit-after RCPT --timeout 20 2>&1 |
	    grep -E '^<.. +[45][0-9][0-9] |^<-  250 2\.1\.5' | tail -n 1
}

# 1. Nothing managed, nothing touched.
first=$(master_hash) base=127.0.0.1:$SMTP_PORT port=$SMTP_PORT
api GET /api/v1/connection
is "nothing is managed at first" "$(j '[.settings.interface[], .settings.access.policy] | map(. == null) | all')" true
is "what Postfix has is shown" "$(j '"\(.current.service) \(.current.port) \(.current.smtpd_timeout) \(.current.process_limit)"')" \
    "$base $port 300s -"
save outbound_enabled=on
is "a Save of TLS leaves master.cf byte for byte" "$STATUS:$(master_hash)" "200:$first"

# 2. Bad values, each with its field.
while read -r field value code at; do
	save "$field=$value"
	is "$field=$value is refused" "$STATUS:$(j .code):$(j '.errors[0].field')" "422:$code:${at:-$field}"
done <<'BAD'
listen everywhere interface.value
smtp_port 0 interface.value
smtp_port 65536 interface.value
smtp_port smtp interface.value
idle_timeout 0 interface.value
idle_timeout 1441 interface.value
max_connections 10001 interface.value
connection_limit limited interface.value max_connections
access_policy maybe interface.value
access_list 10.0.0.1/8 access.host_bits
access_list fe80::1%eth0 access.zone
access_list 10.1.0.0:255.0.255.0 access.mask
access_list mail.example.jp access.entry
BAD
printf '10.0.0.1\n\n# comment\n10.0.0.300\n' >"$T/bad.txt"
save access_policy=accept_except "access_file=@$T/bad.txt"
like "a file's bad line is named" "$STATUS $(j '.errors[0].message')" '^422 .*4.*10\.0\.0\.300'
api POST /api/v1/connection -H 'Content-Type: application/json' \
    -d '{"access": {"list": ["10.0.0.1", "10.0.0.2/8"]}}'
is "JSON names the entry, too" "$STATUS:$(j .code)" 422:access.host_bits
is "none of it was applied" "$(master_hash)$(inbound)" "$first$base -"

# 3. Limits.
save idle_timeout=7 connection_limit=limited max_connections=2
is "limits are applied" "$STATUS:$(j .result):$(codes)" 200:applied:interface.few_connections
is "the timeout shrinks under stress as before" "$(param smtpd_timeout)" '${stress?{10}:{420}}s'
is "the limit is the service's" "$(inbound)" "$base 2"
exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port"
read -r -t 10 line <&4 && read -r -t 10 line <&5
exec 3<>"/dev/tcp/127.0.0.1/$port"
ok "a third client waits" eval '! read -r -t 1 line <&3'
exec 4>&- 5>&-
ok "and is served when one has gone" read -r -t 10 line <&3
exec 3>&-
save connection_limit=unlimited idle_timeout=
is "no limit, and the timeout as it was" "$STATUS:$(inbound):$(param smtpd_timeout)" "200:$base 0:-"

# 4. The port.
to=$(free_port)
save "smtp_port=$to"
is "another port is asked about" "$STATUS:$(j .code):$(j '.errors[0].field')" 422:interface.port_changed:smtp_port
save "smtp_port=$to" confirm=interface.port_changed apply=reload
is "then it is applied, by a restart" "$STATUS:$(j .result):$(j .apply)" 200:applied:restart
like "which is said" "$(codes)" apply.restart_needed
like "the outage is known" "$(j .outage_ms)" '^[0-9]+$'
is "proof names the port" "$(j .probe.inbound.port)" "$to"
is "it listens there" "$(port_busy "$to" && echo yes)" yes
ok "and no longer here" eval '! port_busy "$port"'
like "mail goes through" "$(from 127.0.0.1 "$to")" 250
api GET '/api/v1/status'
is "the status follows" "$(j '"\(.live.error // "fine") \(.current.port) \(.drift | length)"')" "fine $to 0"
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1",
    Listen => 1) or die; $| = 1; print $s->sockport, "\n"; sleep 100' >"$T/taken" &
CLEAN+=("kill $!")
ok "a program takes a port" wait_for 20 test -s "$T/taken"
save "smtp_port=$(cat "$T/taken")" confirm=interface.port_changed
is "a port that is taken is refused" "$STATUS:$(j .code):$(j '.errors[0].field')" 422:interface.port_taken:smtp_port
postconf -c "$cf" -F -e "127.0.0.1:$to/inet/process_limit=9"
api GET /api/v1/connection
is "a hand edit in master.cf is drift" "$(j '.drift[0] | "\(.parameter) \(.expected) \(.actual)"')" \
    "master.cf:process_limit 0 9"
api POST /api/v1/connection/restore
is "and is put back" "$STATUS:$(inbound)" "200:127.0.0.1:$to 0"

# A second start of the same console follows the port.
console_stop "$RUN_PID"
rm -f "$STATE/access.json"
console_launch "$STATE" "$(free_port)" "$port"
console_wait "$STATE" "$RUN_PID" || bail "no second start"
console_use "$STATE"
is "a later start keeps the port" "$SMTP_PORT:$(inbound)" "$to:127.0.0.1:$to 0"
api GET /api/v1/status
is "without drift" "$(j '"\(.postfix.state) \(.drift | length)"')" "running 0"

# 5. Where it listens.
own=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 '\.')
save listen=all
is "all interfaces" "$STATUS:$(j .probe.inbound.listen):$(param inet_interfaces)" 200:all:all
like "the address in master.cf gave way" "$(codes) $(inbound)" "interface.address_dropped.* $to 0"
[ -z "$own" ] || ok "an own address is served" eval 'exec 3<>"/dev/tcp/$own/$to" && read -r -t 10 line <&3 && [[ $line == 220* ]]'
save listen=loopback
is "loopback is asked about" "$STATUS:$(j .code)" 422:interface.loopback_only
save listen=loopback confirm=interface.loopback_only
is "then it is loopback alone" "$STATUS:$(j .probe.inbound.listen):$(param inet_interfaces)" 200:loopback:loopback-only
[ -z "$own" ] || ok "an own address is closed" eval '! { exec 3<>"/dev/tcp/$own/$to"; } 2>/dev/null'
save listen= smtp_port= connection_limit= confirm=interface.port_changed
is "unmanaged: as it was before" "$STATUS:$(inbound):$(param inet_interfaces)" "200:$base -:127.0.0.1"
SMTP_PORT=$port

# 6. Who is let in.
edit 'smtpd_client_restrictions=check_client_access inline:{{127.0.0.77=REJECT by hand}}'
save access_policy=accept_except $'access_list=127.0.0.5\n127.0.2.0:255.255.255.0 # office\n127.0.0.5\n2001:db8::/32'
is "a list is applied" "$STATUS:$(j .result):$(j .probe.inbound.access)" 200:applied:proven
like "a duplicate is told" "$(codes)" access.duplicates
like "a listed address is denied" "$(from 127.0.0.5)" '554 .*Connection Control'
like "and one of a listed network" "$(from 127.0.2.9)" '554 .*Connection Control'
like "another is let in" "$(from 127.0.0.6)" 250
like "what stood there still counts" "$(from 127.0.0.77)" '554 .*by hand'
ok "the map is root's alone" eval '[ "$(stat -c %a:%U "$STATE"/daemon/generations/gen-*/access.cidr | sort -u)" = 600:root ]'
save access_policy=deny_except access_list=127.0.0.6 confirm=access.cuts_you
is "the other way round" "$STATUS:$(j .probe.inbound.access)" 200:proven
gen=$(j .generation)
like "not listed: denied" "$(from 127.0.0.5)" '554 .*Connection Control'
like "listed: let in" "$(from 127.0.0.6)" 250
like "loopback needs no entry" "$(from 127.0.0.1)" 250
api GET "/api/v1/generations/$((gen - 1))/diff?with=$gen"
is "generations beside each other" "$(j '.settings[] | select(.path == "access.list") | "\(.a) \(.b) \(.added | join(" ")) \(.removed | length)"')" \
    "3 1 127.0.0.6 3"
api POST "/api/v1/generations/$((gen - 1))/restore"
is "the former one is restored" "$STATUS:$(j .result):$(j .probe.inbound.access)" 200:applied:proven
like "with its list" "$(from 127.0.0.5)" '554 .*Connection Control'
api GET "/api/v1/generations/$gen"
is "history keeps the list" "$(j '.settings.access | "\(.policy) \(.list | join(" "))"')" "deny_except 127.0.0.6"
save access_policy=accept_except access_list=127.0.0.0/8
is "loopback cannot be cut" "$STATUS:$(j .code)" 422:access.cuts_loopback
save access_policy=deny_except access_list=
is "denying all is asked about" "$STATUS:$(j .code)" 422:access.denies_all
for ((i = 0; i < 10000; i++)); do
	echo "10.$((i / 256)).$((i % 256)).0/24"
done >"$T/list"
at=$(date +%s%N)
save access_policy=accept_except "access_file=@$T/list"
is "10,000 entries" "$STATUS:$(j .result):$(j .probe.inbound.access)" 200:applied:proven
note "10,000 entries: save $((($(date +%s%N) - at) / 1000000)) ms, outage $(j .outage_ms) ms"
at=$(date +%s%N)
api GET /api/v1/connection
is "all are there" "$(j '.settings.access.list | length')" 10000
note "10,000 entries: view $((($(date +%s%N) - at) / 1000000)) ms, $(wc -c <"$BODY") bytes"
save inbound_enabled=off outbound_enabled=off
is "a later Save carries the list along" "$STATUS:$(j .result)" 200:applied
like "and it counts" "$(from 127.0.0.6)" 250
save access_policy= access_list=
is "unmanaged: the list is gone, the rest stays" "$STATUS:$(param smtpd_client_restrictions)" \
    "200:check_client_access inline:{{127.0.0.77=REJECT by hand}}"

# 7. Preview, and a kill in the middle.
before=$(maincf_hash)$(master_hash)
api POST '/api/v1/connection?dry_run=true' -F "smtp_port=$to" -F max_connections=50 -F confirm=interface.port_changed
like "a preview shows both files" "$STATUS $(j .diff)" "^200 .*master.cf.*$to"
is "and changes nothing" "$(maincf_hash)$(master_hash)" "$before"
for n in 1 2; do
	api POST /api/v1/connection -F "smtp_port=$to" -F access_policy=accept_except -F access_list=10.1.1.1 \
	    -F confirm=interface.port_changed >/dev/null 2>&1 &
	call=$!
	for ((i = 0; i < 400; i++)); do
		grep -q "^127.0.0.1:$to " "$cf/master.cf" && break
		sleep 0.01 # no wait: a kill in the midst
	done
	# the children of postseald: the one that applies
	kill -KILL $(ps -o pid= --ppid "$(jq .pids.postseald "$STATE/access.json")") 2>/dev/null
	wait "$call"
	postsealctl=$B/postsealctl
	"$postsealctl" -c "$STATE/postseal.conf" recover >/dev/null 2>&1
	api GET '/api/v1/status'
	is "killed after master.cf's rename, $n: whole" "$(j '"\(.postfix.state) \(.drift | length) \(.live.error // "fine") \(.busy)"')" \
	    "running 0 fine false"
	if [ "$(inbound)" = "$base -" ]; then
		is "both files are the old ones, $n" "$(maincf_hash)$(master_hash | wc -c)" "${before:0:64}$(master_hash | wc -c)"
	else
		is "both files are the new ones, $n" "$(inbound) $(param smtpd_client_restrictions | grep -c access.cidr)" "127.0.0.1:$to - 1"
		save smtp_port= access_policy= access_list= confirm=interface.port_changed
	fi
done

done_testing
