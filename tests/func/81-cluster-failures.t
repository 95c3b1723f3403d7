#!/bin/bash
# What goes wrong in a cluster: a scanner whose Postfix fails, bundles that
# are damaged, replayed or forged, another host's credentials, two consoles.
# shellcheck source=/dev/null
. "$(dirname "$0")/cluster.sh"

cluster_console 3 1
s=$SAMPLES
ok "nothing was saved for all yet" until_true 20 state_is scanner1 waiting
order() { api POST /api/v1/scanners -F do="$1"; }
# Nothing has stopped: no order, and nothing is done later.
for do in retry leave rollback retry_chosen leave_chosen; do
	order $do
	is "nothing stopped: $do" "$STATUS:$(j .code)" 409:cluster.not_stopped
done
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")

save_all()
{
	save inbound_enabled=on all_scanners=on apply=reload "$@"
}
pair_self=("private_key=@$s/self-signed-key.pem"
    "server_certificate=@$s/self-signed-cert.pem")
pair_issued=("private_key=@$s/issued-key.pem"
    "server_certificate=@$s/issued-cert.pem"
    "ca_certificate=@$s/issued-intermediate.pem")

save_all "${pair_self[@]}"
ok "generation 1 is rolled out" until_true 60 rollout_is 1:done
dir1=$(etcd_as root get --prefix --keys-only /postseal/x/scanner1/ | head -n 1)
blob1=$(etcd_as root get --print-value-only "$dir1")

# break_postfix NAME: STARTTLS cannot be had there, whatever main.cf says.
break_postfix()
{
	smtpd_with "$(host_postfix "$1")" -o smtpd_tls_security_level=none
}

mend_postfix()
{
	smtpd_with "$(host_postfix "$1")"
}

# look NAME: have it probe its Postfix now.
look()
{
	daemon_as postseal "$1" status '{"probe": true}' >"$T/look"
}

says()
{
	scanners | jq -r --arg n "$1" ".scanners[] | select(.name == \$n) |
	    $2"
}

says_is()
{
	[ "$(says "$1" "$2")" = "$3" ]
}

bundles_of()
{
	etcd_as console get --prefix --keys-only "/postseal/x/$1/" |
	    grep -c /postseal/
}

bundles_are()
{
	[ "$(bundles_of "$1")" = "$2" ]
}

# The canary fails: nobody else gets it.
break_postfix scanner1
save_all "${pair_issued[@]}"
is "Save" "$STATUS:$(j .cluster.state)" 200:published
ok "the canary fails and the roll-out stops" until_true 60 rollout_is 2:stopped
is "it says who" "$(scanners | jq -r '.desired.failed | join(" ")')" scanner1
ok "the canary says so" until_true 20 state_is scanner1 failed
like "and why" "$(scanners | jq -r '.scanners[] | select(.name == "scanner1") | .code')" '^probe\.'
is "it is back on its last good generation" "$(scanners | jq -r '.scanners[] | select(.name == "scanner1") | .generation')" 1
ok "the others never got it" all_serve "$selfsigned" "scanner2 scanner3"
is "the console, which proved it, has it" "$(served)" "$issued"
# It tells what it serves now, not what it served once.
look scanner1
ok "its own probe is told of" until_true 20 says_is scanner1 \
    '"\(.probe_error) \(.certificate_sha256)"' "probe.starttls "
api GET /metrics
ok "to Prometheus too" grep -qx 'postseal_scanner_probe_ok{scanner="scanner1"} 0' "$BODY"
ok "who serves is fine" grep -qx 'postseal_scanner_probe_ok{scanner="scanner2"} 1' "$BODY"

# Who is enrolled anew while it is stopped does not get what failed.
host_ctl console scanner remove scanner3
ok "a removed host has nothing to fetch" until_true 20 bundles_are scanner3 0
host_ctl scanner3 scanner identity | host_ctl console scanner enrol scanner3 |
    host_ctl scanner3 scanner trust
ok "enrolled again, it is sealed for" until_true 20 bundles_are scanner3 1
# It publishes what changes of it, and looks for bundles, in the same rounds.
break_postfix scanner3
look scanner3
ok "rounds pass: it tells of a broken probe" until_true 20 says_is scanner3 \
    .probe_error probe.starttls
mend_postfix scanner3
look scanner3
ok "and of a mended one" until_true 20 says_is scanner3 .probe_error ""
is "and does not take what has stopped" \
    "$(state_of scanner3) $(host_served scanner3)" "behind $selfsigned"
mend_postfix scanner1
look scanner1
ok "mended, it says so" until_true 20 says_is scanner1 \
    '"\(.probe_error) \(.certificate_sha256)"' " $selfsigned"
ok "mended: it serves what it had" test "$(host_served scanner1)" = "$selfsigned"

# The page says it and offers the ways on.
req GET /login -c "$T/jar"
csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$BODY" | head -n 1)
req POST /login -b "$T/jar" -c "$T/jar" --data-urlencode "csrf=$csrf" \
    --data-urlencode user=admin --data-urlencode "password=$PASSWORD"
req GET /smtp-routing/scanners -b "$T/jar"
is "the page" "$STATUS" 200
ok "tells of the failed scanner" grep -q 'failed, back on the last good' "$BODY"
is "offers retry, roll all back, leave" \
    "$(grep -oE 'value="(retry|rollback|leave)"' "$BODY" | tr '\n' ' ')" \
    'value="retry" value="rollback" value="leave" '
csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$BODY" | head -n 1)
req POST /smtp-routing/scanners -b "$T/jar" --data-urlencode "csrf=$csrf" -d do=retry
is "press retry" "$STATUS" 303
ok "this time it is rolled out" until_true 60 rollout_is 2:done
ok "to all, the new one last" until_true 30 all_serve "$issued"

# Once more, and all back.
break_postfix scanner1
save_all "${pair_self[@]}"
ok "it fails again" until_true 60 rollout_is 3:stopped
api POST /api/v1/scanners -F do=rollback
is "roll all back" "$STATUS:$(j .result)" 200:applied
ok "who has that already proves it all the same" until_true 60 rollout_is 4:stopped
is "and says why it cannot" "$(says scanner1 '"\(.state) \(.code)"')" \
    "failed probe.starttls"
mend_postfix scanner1
api POST /api/v1/scanners -F do=retry
ok "is a generation of its own" until_true 60 rollout_is 4:done
ok "all serve the one before" all_serve "$issued"
is "the console too" "$(served)" "$issued"
order rollback
is "a second press does not undo it" "$STATUS:$(j .code)" 409:cluster.not_stopped
is "they keep it" "$(served)" "$issued"
break_postfix scanner1
save_all "${pair_self[@]}"
ok "and a third time" until_true 60 rollout_is 5:stopped
mend_postfix scanner1
# Without etcd nothing can be ordered, and nothing is done later.
etcd_seen() { [ "$(scanners | jq .etcd.connected)" = "$1" ]; }
kill -STOP "$(cluster_pid etcd1)"
ok "etcd is seen not to answer" until_true 60 etcd_seen false
order leave
is "no order without etcd" "$STATUS:$(j .code)" 503:cluster.no_etcd
kill -CONT "$(cluster_pid etcd1)"
ok "etcd is back" until_true 60 etcd_seen true
is "nothing was done" "$(rollout)" 5:stopped
host_ctl console scanner do leave
ok "leave it" until_true 20 rollout_is 5:left
save_all "${pair_issued[@]}"
ok "the next Save goes on from there" until_true 60 rollout_is 6:done

# Somebody with a console's rights in etcd, but not its key.
# plant BLOB-JSON: as a generation for scanner1 to take.
plant()
{
	local gen=$1 name=$2 desired

	jq -c --argjson g "$gen" '.generation = $g | .wave = 0' \
	    <<<"$3" >"$T/planted"
	etcd_as console put "/postseal/x/scanner1/$name" <"$T/planted" >/dev/null
	desired=$(etcd_as console get --print-value-only /postseal/desired |
	    jq -c --argjson g "$gen" --arg b "$name" '.generation = $g |
		.bundle = $b | .console = "console" | .state = "done"')
	etcd_as console put /postseal/desired -- "$desired" >/dev/null
}
good=$(etcd_as console get --print-value-only /postseal/desired)

code_is()
{
	[ "$(scanners | jq -r '.scanners[] | select(.name == "scanner1") | .code')" = "$1" ]
}

refused()
{
	grep -c '"event":"cluster.bundle","outcome":"refused","detail":"'"$1"'"' \
	    "$STATE/cluster.d/scanner1/audit.log"
}

audited()
{
	[ "$(refused "$1" 2>/dev/null)" -gt 0 ]
}

plant 100 planted-replay "$blob1"
ok "an old bundle under a new number is refused" until_true 30 audited bundle.replayed
flipped=$(jq -r .blob <<<"$blob1" | base64 -d |
    perl -0777 -pe 'substr($_, 900, 1) ^= "\x10"' | base64 -w0)
plant 101 planted-flip "$(jq -nc --arg b "$flipped" '{blob: $b}')"
ok "one flipped bit is refused" until_true 30 audited bundle.invalid
ok "and reported" until_true 30 code_is bundle.invalid

# Another console, with a key of its own, that knows cluster and host.
mkdir -p "$T/evil/run" && chmod 755 "$T/evil" "$T/evil/run"
sed -e "s|^state_directory = .*|state_directory = $T/evil/state|" \
    -e "0,/^socket/s|^socket = .*|socket = $T/evil/run/d.sock|" \
    "$STATE/postseal.conf" >"$T/evil/postseal.conf"
"$B/postseald" -c "$T/evil/postseal.conf" >"$T/evil/log" 2>&1 8>&- &
CLEAN+=("kill $! 2>/dev/null || true")
evil()
{
	"$B/postsealctl" -c "$T/evil/postseal.conf" "$@"
}

evil_up()
{
	evil scanner identity >/dev/null
}
ok "a thief starts a console" until_true 10 evil_up
kill %% 2>/dev/null; wait %% 2>/dev/null
id=$(jq -r .id "$STATE/daemon/cluster/state.json")
cp -R "$STATE/daemon/generations" "$T/evil/state/"
local=$(ls "$T/evil/state/generations" | sort -V | tail -n 1)
jq --arg id "$id" --arg n "${local#gen-}" '.id = $id | .generation = 102 |
    .local = ($n | tonumber)' "$T/evil/state/cluster/state.json" >"$T/x" &&
    cp "$T/x" "$T/evil/state/cluster/state.json"
"$B/postseald" -c "$T/evil/postseal.conf" >"$T/evil/log" 2>&1 8>&- &
CLEAN+=("kill $! 2>/dev/null || true")
until_true 10 evil_up
host_ctl scanner1 scanner identity | evil scanner enrol scanner1 >/dev/null
cp "$T/evil/postseal.conf" "$T/evil/host.conf"
host_conf()
{
	case $1 in
	console) echo "$STATE/postseal.conf" ;;
	evil) echo "$T/evil/postseal.conf" ;;
	*) echo "$CLUSTER/$1/postseal.conf" ;;
	esac
}
forged=$(daemon_as postseal-sync evil cluster.seal '{"host": "scanner1"}' | jq -c '{blob: .data.blob}')
like "and seals a bundle for the scanner" "$forged" '"blob":"[A-Za-z0-9+/]'
plant 102 planted-forged "$forged"
ok "which is refused" until_true 30 audited bundle.forged
is "nothing of all that was applied" "$(host_served scanner1)" "$issued"
tried "scanner host" value 3

# A scanner with another's credentials speaks in its name, but cannot sign.
text='{"name":"scanner2","generation":102,"own":false,"failed":0,"attempt":0,"code":""}'
etcd_as scanner2 put /postseal/status/scanner2 -- \
    "$(jq -nc --arg t "$text" '{text: $t, sig: "MEUCIQ==", at: ""}')" >/dev/null
ok "another host's credentials: not believed" until_true 20 state_is scanner2 untrusted
other=$(jq -c . <<<"$(etcd_as console get --print-value-only /postseal/status/scanner3)")
etcd_as scanner2 put /postseal/status/scanner2 -- "$other" >/dev/null
touch "$T/mark"
ok "the console has looked at it" until_true 30 \
    test "$STATE/daemon/cluster/scanners.json" -nt "$T/mark"
ok "nor with what a third one signed" until_true 20 state_is scanner2 untrusted
tried "scanner host" line 2
etcd_as console put /postseal/desired -- "$good" >/dev/null
host_stop postseal-sync scanner2
host_start postseal-sync scanner2
ok "the true one is believed again" until_true 20 state_is scanner2 current

# Two consoles: scanner3 becomes the second.
host_stop postseal-sync scanner3
host_stop postseald scanner3
sed -i 's/^console = no/console = yes/' "$(host_conf scanner3)"
host_start postseald scanner3
ok "a second console" until_true 10 host_up scanner3
for n in console scanner1 scanner2; do
	host_ctl "$n" scanner identity | host_ctl scanner3 scanner enrol "$n" |
	    host_ctl "$n" scanner trust
	result "$n trusts it"
done
etcd_as root user grant-role scanner3 console >/dev/null
host_start postseal-sync scanner3
ok "it is up to date" until_true 20 state_is scanner3 current
seen_by()
{
	[ "$(host_ctl scanner3 --json scanner list |
	    jq -r '.desired.generation')" = "$1" ]
}
ok "and has seen the cluster" until_true 20 seen_by 6
second()
{
	daemon_as postseal scanner3 connection.apply "{\"apply\": \"reload\",
	    \"settings\": {\"all_scanners\": true, \"outbound\":
	    {\"enabled\": $1}}}"
}
is "it can save for all" "$(second true | jq -r '.data.cluster.state')" published
ok "rolled out" until_true 60 rollout_is 7:done
is "to the first console as well" "$(until_true 30 state_is console current;
    postconf -c "$PF" -h smtp_tls_security_level)" may

# Neither hears of the other before both are on their way to etcd, however
# slow the machine is.
on_its_way()
{
	local dir

	for dir in "$STATE/daemon" "$STATE/cluster.d/scanner3"; do
		[ "$(jq .outcome "$dir/cluster/outbox.json")" = '""' ] ||
			return 1
	done
}
# both_at_once SECOND-OUTBOUND FIELD...
both_at_once()
{
	local syncs=() a b pid

	syncs=("$(cluster_pid postseal-sync)" "$(cluster_pid postseal-sync-scanner3)")
	kill -STOP "${syncs[@]}"
	second "$1" >"$T/second" & pid=$!
	shift
	{
		until_true 8 on_its_way
		kill -CONT "${syncs[@]}"
	} &
	save_all "$@"
	wait "$pid"
	a=$STATUS:$(j '.code // .cluster.state')
	b=$(jq -r '.error.code // .data.cluster.state' "$T/second")
	case "$a $b" in
	"200:published settings.stale" | "412:settings.stale published") true ;;
	*) false ;;
	esac
	result "both save at once: one is told ($a, $b)"
}
both_at_once false "${pair_self[@]}"
ok "the winner's settings are rolled out" until_true 60 rollout_is 8:done
all_same()
{
	[ "$(scanners | jq -r '[.scanners[] | "\(.state) \(.certificate_sha256)"] |
	    unique | length')" = 1 ]
}
ok "everybody has the same, consoles included" until_true 60 all_same

# Both choose the same host at once.
choose()
{
	daemon_as postseal scanner3 connection.apply "{\"apply\": \"reload\",
	    \"scanners\": [\"scanner1\"], \"settings\": {\"all_scanners\": false,
	    \"outbound\": {\"enabled\": true}}}"
}
one_is_told()
{
	[ -s "$T/first" ] || [ -s "$T/second" ]
}
# scanner1 cannot answer before one of them was told.
kill -STOP "$(cluster_pid postseal-sync-scanner1)"
choose >"$T/second" & second=$!
(save all_scanners=off scanner=scanner1 outbound_enabled=off apply=reload
echo "$STATUS:$(j '.code // .cluster.hosts[0].state')" >"$T/first") & first=$!
ok "both choose one host at once: one is told" until_true 30 one_is_told
kill -CONT "$(cluster_pid postseal-sync-scanner1)"
wait "$first" "$second"
a=$(cat "$T/first")
b=$(jq -r '.error.code // .data.cluster.hosts[0].state' "$T/second")
case "$a $b" in
"200:applied settings.stale" | "200:applied apply.busy" | \
"412:settings.stale applied" | "409:apply.busy applied") true ;;
*) false ;;
esac
result "and the other one is in force ($a, $b)"
ok "it has settings of its own" until_true 30 state_is scanner1 own
api POST /api/v1/scanners -F do=rejoin -F scanner=scanner1
is "ordered back" "$STATUS" 200
ok "and is" until_true 60 all_same

# A certificate of its own, and all else shared.
host_stop postseal-sync scanner2
host_stop postseald scanner2
sed -i 's/^batch = /own_certificate = yes\nbatch = /' "$(host_conf scanner2)"
host_start postseald scanner2
host_start postseal-sync scanner2
until_true 10 host_up scanner2
ec_new "$T/own-key.pem"
self_new "$T/own-cert.pem" "$T/own-key.pem"
daemon_as postseal scanner2 connection.apply "$(jq -nc \
    --arg k "$(base64 -w0 "$T/own-key.pem")" \
    --arg c "$(base64 -w0 "$T/own-cert.pem")" '{apply: "reload",
    settings: {all_scanners: false},
    files: {private_key: $k, server_certificate: $c}}')" >"$T/own"
is "its own certificate" "$(jq -r .data.result "$T/own")" applied
own=$(leaf_of "$T/own-cert.pem")
is "is served" "$(host_served scanner2)" "$own"
is "it is no host with own settings" \
    "$(jq .own "$STATE/cluster.d/scanner2/cluster/state.json")" false
ok "and the list does not say so" until_true 30 state_is scanner2 current
save_all outbound_enabled=on tls_only=on "${pair_issued[@]}"
is "a Save for all" "$STATUS:$(j .cluster.state)" 200:published
ok "is rolled out" until_true 60 rollout_is 9:done
is "its own certificate stays" "$(host_served scanner2)" "$own"
is "the settings are shared" "$(postconf -c "$(host_postfix scanner2)" -h \
    smtpd_tls_security_level)" encrypt
is "the others serve the shared one" "$(host_served scanner1)" "$issued"

# The console's own postseal-sync dies; what it saw becomes old.
kill -KILL "$(cluster_pid postseal-sync)"
seen=$STATE/daemon/cluster/scanners.json
jq '.at = "2020-01-01T00:00:00Z"' "$seen" >"$T/old" && cat "$T/old" >"$seen"
api GET /api/v1/scanners
is "without it nobody is known to be there" \
    "$(j '"\(.sync_running) \(.etcd.connected) \([.scanners[].alive] | any)"')" \
    "false false false"
api GET /metrics
is "nor in the metrics" "$(grep -cE \
    '^postseal_(sync_up|etcd_up|scanner_alive.*) 0$' "$BODY")" 6
req GET /smtp-routing/scanners -b "$T/jar"
ok "the page says it" grep -q 'postseal-sync is not running on this host' "$BODY"
host_start postseal-sync console
ok "it is back" until_true 20 alive_is scanner1 true

# etcd is put back to a snapshot that is two Saves old.
mapfile -d '' -t etcd <"/proc/$(cluster_pid etcd1)/cmdline"
# flag NAME: as etcd was started.
flag()
{
	printf '%s\n' "${etcd[@]}" | grep -A 1 -xF -e "--$1" | tail -n 1
}
data=$(flag data-dir)

etcd_kill()
{
	local pid

	pid=$(cluster_pid etcd1)
	kill -KILL "$pid"
	until_true 10 ended "$pid" && rm -rf "$data"
}

etcd_run()
{
	setsid setpriv --reuid=etcd --regid=etcd --clear-groups -- \
	    "${etcd[@]}" </dev/null >>"$STATE/log/etcd1.log" 2>&1 8>&- &
	disown
	echo "$! $(start_of $!)" >"$STATE/run/cluster-etcd1.pid"
	CLEAN+=("kill $! 2>/dev/null || true")
}

etcd_is()
{
	[ "$(scanners | jq .etcd.connected)" = "$1" ]
}

liveness()
{
	scanners | jq -c '[.scanners[] | [.alive, .seen]]'
}

reported_since()
{
	[ "$STATE/daemon/cluster/scanners.json" -nt "$T/mark" ]
}

all_are()
{
	[ "$(scanners | jq -r '[.scanners[].state] | unique | join(" ")')" = "$1" ]
}

etcd_as root snapshot save "$T/snapshot" >/dev/null 2>&1
result "a snapshot"
save_all outbound_enabled=off
ok "a Save after it" until_true 60 rollout_is 10:done
save_all outbound_enabled=on
ok "and another" until_true 60 rollout_is 11:done
ok "which all have" until_true 60 all_are current
ok "etcd is killed" etcd_kill
ok "which is seen" until_true 60 etcd_is false
before=$(liveness)
is "nobody is said to be alive then" \
    "$(jq -c '[.[][0]] | unique' <<<"$before")" '[false]'
# Times are in seconds: what is "now" would differ from then on.
clock_is_past() { [ "$(date +%s)" -gt "$1" ]; }
ok "the clock goes on" until_true 20 clock_is_past "$(date +%s)"
touch "$T/mark"
ok "a report is made" until_true 30 reported_since
is "and what was seen last stands still" "$(liveness)" "$before"
ETCDCTL_API=3 etcdctl snapshot restore "$T/snapshot" --data-dir "$data" \
    --name m1 --initial-cluster "$(flag initial-cluster)" \
    --initial-cluster-token postseal --initial-advertise-peer-urls \
    "$(flag initial-advertise-peer-urls)" >"$T/restore" 2>&1 &&
    chown -R etcd "$data"
result "the snapshot is restored"
etcd_run

all_alive()
{
	[ "$(liveness | jq -c '[.[][0]] | unique')" = '[true]' ]
}
ok "every host finds to it" until_true 60 all_alive
ok "it is told that etcd was put back" until_true 30 all_are ahead
both_at_once false outbound_enabled=on tls_only=off
ok "the other one's is rolled out, above all numbers" \
    until_true 60 rollout_is 12:done
ok "to all" until_true 60 all_are current

# Everything in etcd is lost, users too; with the number of a Save that
# scanner1 has had already nothing would happen.
own_of()
{
	jq -r '"\(.own):\(.own_generation)"' \
	    "$STATE/cluster.d/$1/cluster/state.json"
}
is "scanner1 was chosen before" "$(own_of scanner1)" false:2
ok "etcd is killed again" etcd_kill
etcd_run

etcd_empty()
{
	ETCDCTL_API=3 etcdctl --endpoints "$(endpoints)" \
	    --cacert "$CLUSTER/ca.pem" --cert "$CLUSTER/root/etcd-cert.pem" \
	    --key "$CLUSTER/root/etcd-key.pem" --command-timeout 10s "$@"
}
ok "an empty one is there" until_true 60 etcd_empty get /none
users()
{
	local name

	for name in root console scanner1 scanner2 scanner3; do
		etcd_empty user add \
		    "$name:$(cat "$CLUSTER/$name/etcd-password")" || return
	done
	etcd_empty user grant-role root root &&
	etcd_empty role add console &&
	etcd_empty role grant-permission console --prefix=true readwrite \
	    /postseal/ || return
	for name in console scanner1 scanner2 scanner3; do
		etcd_empty user grant-role "$name" console || return
	done
	etcd_empty auth enable
}
users >"$T/users" 2>&1
result "users are set up again"
ok "every host finds to this one, too" until_true 60 all_alive
ok "it is told that etcd is empty" until_true 30 all_are ahead
save inbound_enabled=on all_scanners=off scanner=scanner1 \
    outbound_enabled=off apply=reload
is "a chosen host" "$STATUS:$(j '.cluster.hosts[0].state')" 200:applied
is "has applied it, as a new one" "$(own_of scanner1)" true:3
is "which is in force" \
    "$(postconf -c "$(host_postfix scanner1)" -h smtp_tls_security_level)" none
api POST /api/v1/scanners -F do=rejoin -F scanner=scanner1
is "ordered back" "$STATUS" 200
save_all
is "a Save that changes nothing" "$STATUS:$(j .cluster.state)" 200:published
ok "gives etcd what is in force" until_true 60 rollout_is 13:done
ok "and everybody has it" until_true 60 all_are current

# A host whose Postfix does not run proves nothing: another one is the canary.
postfix -c "$(host_postfix scanner1)" stop >/dev/null 2>&1
ok "scanner1 says that it is not served" until_true 30 says_is scanner1 \
    .probe_error probe.connect
save_all outbound_enabled=off
ok "it is rolled out all the same" until_true 60 rollout_is 14:done
is "with another canary" "$(scanners | jq -r .desired.canary)" scanner2
postfix -c "$(host_postfix scanner1)" start >/dev/null 2>&1

# A console with settings of its own has no bundle to seal, but can delete.
save all_scanners=off outbound_enabled=off apply=reload
is "own settings" "$STATUS:$(j .result)" 200:applied
is "there was something" "$(bundles_of scanner2)" 1
host_ctl console scanner remove scanner2
ok "removed, and nothing is left" until_true 20 bundles_are scanner2 0
done_testing
