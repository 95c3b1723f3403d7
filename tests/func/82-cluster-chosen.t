#!/bin/bash
# "Apply to all" is not ticked: chosen hosts, one that fails, one that is away,
# back to what all have.  And a scanner that is cut off from etcd while its
# connections stay open.
# shellcheck source=/dev/null
. "$(dirname "$0")/cluster.sh"

cluster_console 3 1
s=$SAMPLES
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")
pair_self=("private_key=@$s/self-signed-key.pem"
    "server_certificate=@$s/self-signed-cert.pem")
pair_issued=("private_key=@$s/issued-key.pem"
    "server_certificate=@$s/issued-cert.pem"
    "ca_certificate=@$s/issued-intermediate.pem")

save_all()
{
	save inbound_enabled=on all_scanners=on apply=reload "$@"
}

# save_for "NAME NAME" FIELD...
save_for()
{
	local name names=()

	for name in $1; do
		names+=("scanner=$name")
	done
	save inbound_enabled=on all_scanners=off apply=reload "${names[@]}" \
	    "${@:2}"
}

own_of()
{
	scanners | jq -r --arg n "$1" '.scanners[] | select(.name == $n) |
	    "\(.state) \(.own_generation)"'
}

own_is()
{
	[ "$(own_of "$1")" = "$2" ]
}

chosen_is()
{
	[ "$(scanners | jq -r '"\(.desired.chosen.generation):\(.desired.chosen.state)"')" = "$1" ]
}

order()
{
	api POST /api/v1/scanners -F "do=$1" ${2:+-F "scanner=$2"}
}

is "make run tells of each" "$(jq -r '[.scanners[] | "\(.name) \(.smtp |
    test("^127.0.0.1:[0-9]+$")) \(.postfix_config | startswith("/"))"] |
    join(",")' "$STATE/access.json") $(access .etcd | cut -d: -f1-2)" \
    "scanner1 true true,scanner2 true true,scanner3 true true https://127.0.0.1"
save_all "${pair_self[@]}"
ok "for all, first" until_true 60 rollout_is 1:done
etag=$(jq -r '.generation // empty' "$BODY")

# Two of three, not the console.
save_for "scanner2 scanner3" "${pair_issued[@]}"
is "for two chosen ones" "$STATUS:$(j .result):$(j .cluster.state):$(j .generation)" \
    200:applied:published:null
is "each one's word" "$(j '[.cluster.hosts[] | "\(.name) \(.state) \(.certificate_sha256)"] | join(",")')" \
    "scanner2 applied $issued,scanner3 applied $issued"
ok "they serve it, seen from outside" all_serve "$issued" "scanner2 scanner3"
ok "the one that was not chosen does not" all_serve "$selfsigned" scanner1
is "nor does the console" "$(served)" "$selfsigned"
api GET /api/v1/connection
is "whose generation is what it was" "$(j .generation.id)" "$etag"
is "its settings too" "$(j .settings.all_scanners)" true
is "they have own settings" "$(own_of scanner2) $(own_of scanner3)" "own 1 own 1"
api GET "/api/v1/scanners/scanner2"
is "one of them, by the API" "$(j '"\(.state) \(.own_generation)"')" "own 1"

# Left alone by what is for all.
save_all outbound_enabled=on
ok "the next roll-out for all" until_true 60 rollout_is 2:done
is "reaches who takes part" "$(postconf -c "$(host_postfix scanner1)" -h \
    smtp_tls_security_level)" may
is "and leaves the others alone" "$(postconf -c "$(host_postfix scanner2)" -xh \
    smtp_tls_security_level)$(own_of scanner2)" "$(postconf -c \
    "$(host_postfix scanner3)" -xh smtp_tls_security_level)own 1"
ok "with their certificate" all_serve "$issued" "scanner2 scanner3"

# Back, by order of the console.
order rejoin scanner3
is "order one to rejoin" "$STATUS" 200
ok "it takes what all have" until_true 30 state_is scanner3 current
ok "and serves that" until_true 20 all_serve "$selfsigned" scanner3
is "the other stays" "$(own_of scanner2)" "own 1"

# What is refused.
save_for "scanner1 nobody" outbound_enabled=off
is "who is not enrolled cannot be chosen" "$STATUS:$(j .code)" 404:scanner.unknown
api POST /api/v1/connection -F all_scanners=on -F scanner=scanner1
is "all and some at once" "$STATUS:$(j .code)" 400:field.invalid
is "nothing came of it" "$(own_of scanner1)" "current 0"
api POST /api/v1/connection -H 'Content-Type: application/json' -d '{"all_scanners": false,
    "scanners": ["scanner1"], "certificate": {"server_certificate": "junk"}}'
is "a bad file is refused here, for them too" "$STATUS" 422
is "and goes nowhere" "$(own_of scanner1)" "current 0"

# The console among them; postseal-sync starts again in the middle.
kill -STOP "$(cluster_pid postseal-sync-scanner1)"
(save_for "console scanner1" tls_only=on "${pair_issued[@]}"
echo "$STATUS:$(j .result):$(jq -r '[.cluster.hosts[] |
    "\(.name) \(.state)"] | join(",")' "$BODY")" >"$T/both") &
pid=$!
published()
{
	[ "$(etcd_as root get --print-value-only /postseal/desired |
	    jq -r .chosen.generation)" = 3 ]
}
ok "the console first, then handed on" until_true 30 published
kill -CONT "$(cluster_pid postseal-sync-scanner1)"
old=$(cluster_pid postseal-sync)
kill -KILL "$old"
until_true 10 ended "$old"
host_start postseal-sync console
wait "$pid"
is "with a new postseal-sync in the middle" "$(cat "$T/both")" \
    "200:applied:console applied,scanner1 applied"
is "the console has it" "$(served) $(param smtpd_tls_security_level)" \
    "$issued encrypt"
ok "the other has it" all_serve "$issued" scanner1
for n in console scanner1 scanner2; do
	order rejoin $n
	ok "$n rejoins" until_true 30 state_is $n current
done
ok "all as one again" all_serve "$selfsigned"

# One fails: it is back where it was, the rest is not touched.
echo nonsense >>"$(host_postfix scanner1)/main.cf"
touch -d '10 seconds ago' "$(host_postfix scanner1)/main.cf"
save_for "scanner1 scanner2" "${pair_issued[@]}"
is "the first of two fails" "$STATUS:$(j .code)" 502:scanner.failed
like "it says who, and why" "$(j .detail)" 'scanner1: postfix\.'
is "on the list as well" "$(state_of scanner1)" failed
is "the second waits" "$(state_of scanner2)" chosen
ok "nobody serves anything else" all_serve "$selfsigned"
save_all outbound_enabled=off
is "a roll-out for all does not wait for them" "$(until_true 30 rollout_is 3:done;
    rollout)" 3:done
sed -i '/^nonsense$/d' "$(host_postfix scanner1)/main.cf"
touch -d '10 seconds ago' "$(host_postfix scanner1)/main.cf"
order retry_chosen
ok "retried, it arrives" until_true 30 own_is scanner2 "own $(scanners |
    jq -r .desired.chosen.generation)"
ok "at both" all_serve "$issued" "scanner1 scanner2"
for n in scanner1 scanner2; do
	order rejoin $n
	ok "$n rejoins" until_true 30 state_is $n current
done

# A new identity: nothing from it is believed before it is enrolled again.
host_ctl scanner3 scanner rotate >/dev/null
ok "an identity that nobody knows" until_true 30 state_is scanner3 untrusted
host_ctl scanner3 scanner identity | host_ctl console scanner enrol scanner3 |
    host_ctl scanner3 scanner trust
result "enrolled again"
ok "it is believed, and has what all have" until_true 30 state_is scanner3 current

# scanner3 is cut off from etcd: packets vanish, connections stay open.
. "$TOP/tests/func/partition.sh"
partition_start scanner3
ok "scanner3 works through a line that can be cut ($PARTITION)" \
    until_true 30 alive_is scanner3 true
g=$(($(scanners | jq .desired.generation) + 1))
save_all "${pair_issued[@]}" outbound_enabled=on
ok "a Save over it" until_true 60 rollout_is $g:done
ok "which it serves" all_serve "$issued" scanner3
partition_cut
ok "its connections stay open" partition_open

# One is away: it gets it when it comes back, whatever was saved since.
host_stop postseal-sync scanner2
ok "scanner2 is away" until_true 30 alive_is scanner2 false
save_for "scanner2" "${pair_self[@]}"
is "chosen while away" "$STATUS:$(j '.cluster.hosts[0].state')" 200:away
like "the answer says so" "$(j '[.findings[].code] | join(" ")')" scanner.away
save_for "scanner1" outbound_enabled=on
is "another is chosen meanwhile" "$STATUS:$(j '.cluster.hosts[0].state')" 200:applied
host_start postseal-sync scanner2
ok "it comes back and has its own" until_true 30 all_serve "$selfsigned" scanner2
ok "as the list says" until_true 20 state_is scanner2 own

# The console cannot hand it on: it waits, and nothing takes its place.
host_stop postseal-sync console
save_for "scanner1" outbound_enabled=off
is "nobody to hand it on" "$STATUS:$(j .cluster.state)" 200:waiting
save_for "scanner2" outbound_enabled=off
is "another does not take its place" "$STATUS:$(j .code)" 409:apply.busy
n=$(($(scanners | jq .desired.chosen.generation) + 1))
host_start postseal-sync console
ok "it goes out by itself" until_true 30 own_is scanner1 "own $n"

# Meanwhile scanner3's lease has run out.
ok "it is seen to be away" until_true 30 alive_is scanner3 false
save_all "${pair_self[@]}"
is "Save meanwhile" "$STATUS:$(j .cluster.state)" 200:published
ok "the roll-out does not wait for it" until_true 60 rollout_is $((g + 1)):done
save_all outbound_enabled=off
ok "nor does the next" until_true 60 rollout_is $((g + 2)):done
is "mail goes on there as before" "$(host_served scanner3)" "$issued"
partition_heal
ok "healed, it catches up without a gap" until_true 60 state_is scanner3 current
ok "and serves the newest" all_serve "$selfsigned" scanner3

for n in scanner1 scanner2; do
	order rejoin $n
	ok "$n rejoins" until_true 30 state_is $n current
done

# Only what was open is dead: whoever asks anew is answered.  What is saved
# meanwhile is as large as can be.
perl -e 'printf "2001:db8:%x:%x::/64\n", $_ >> 8, $_ & 255 for 0 .. 9999' \
    >"$T/networks"
partition_freeze
save_all "${pair_issued[@]}" access_policy=accept_except \
    "access_file=@$T/networks"
is "10,000 networks for all" "$STATUS:$(j .cluster.state)" 200:published
# Until that is noticed: a port of its own, by choosing.
port=$(free_port)
save inbound_enabled=on all_scanners=off scanner=scanner2 apply=restart \
    smtp_port=$port
is "another port for one host: asked first" "$STATUS:$(j .code)" \
    422:interface.port_changed
save inbound_enabled=on all_scanners=off scanner=scanner2 apply=restart \
    smtp_port=$port confirm=interface.port_changed
is "another port for one host" "$STATUS:$(j '.cluster.hosts[0].state')" 200:applied
is "where it serves" "$(served "$port")" "$issued"
ok "a watch that is silent for ever is noticed" until_true 60 all_serve "$issued" scanner3
g=$((g + 3))
ok "the networks are rolled out" until_true 60 rollout_is $g:done
is "and in force there, too" "$(jq -r '.access.list | length' \
    "$(ls -d "$STATE"/cluster.d/scanner3/generations/gen-* | sort -V |
    tail -n 1)/settings.json")" 10000
partition_stop
host_start postseal-sync scanner3
ok "all are there" until_true 30 alive_is scanner3 true

# One port for all cannot be had on one address.
port=$(free_port)
save inbound_enabled=on all_scanners=on apply=restart smtp_port=$port \
    confirm=interface.port_changed
is "one port for all: the console takes it" "$STATUS:$(j .cluster.state)" 200:published
ok "the next one cannot have it, and the roll-out stops" \
    until_true 90 rollout_is $((g + 1)):stopped
is "it says who" "$(scanners | jq -r '.desired.failed | join(" ")')" scanner1
is "who serves on its own port again" "$(host_served scanner1)" "$issued"
is "the rest was not touched" "$(host_served scanner3)" "$issued"

# An old copy of etcd's data: scanner2 has taken a later Save than it knows,
# and would take the next number for a replay.
etcd_as console get --print-value-only /postseal/desired >"$T/desired"
jq -c '.chosen.generation = 1' "$T/desired" | tr -d '\n' |
    etcd_as console put /postseal/desired >/dev/null
set_back() { [ "$(scanners | jq .desired.chosen.generation)" = 1 ]; }
ok "the console sees the old copy" until_true 30 set_back
port=$(free_port)
save inbound_enabled=on all_scanners=off scanner=scanner2 apply=restart \
    smtp_port=$port confirm=interface.port_changed
is "the next Save gets a number above" \
    "$STATUS:$(j '.code // .cluster.hosts[0].state')" 200:applied
is "and is in force" "$(served "$port")" "$issued"
done_testing
