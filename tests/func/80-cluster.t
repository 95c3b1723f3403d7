#!/bin/bash
# One console, five scanners, three etcd members: one Save reaches all, also
# with the leader killed, a scanner away, no quorum, a compaction.
# shellcheck source=/dev/null
. "$(dirname "$0")/cluster.sh"
export BATCH=2

cluster_console 5 3
s=$SAMPLES
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")

api GET /api/v1/scanners
is "six hosts are enrolled" "$(j '[.scanners[].name] | join(" ")')" \
    "console scanner1 scanner2 scanner3 scanner4 scanner5"
is "all are alive" "$(j '[.scanners[].alive] | unique | tostring')" "[true]"

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
is "one Save" "$STATUS:$(j .result):$(j .cluster.state):$(j .cluster.generation)" \
    200:applied:published:1
ok "is rolled out" until_true 60 rollout_is 1:done
ok "every scanner serves it, seen from outside" all_serve "$selfsigned"
is "the console too" "$(served)" "$selfsigned"
api GET /api/v1/scanners
is "and each says so" "$(j '[.scanners[] | "\(.state) \(.certificate_sha256)"] | unique | join(",")')" \
    "current $selfsigned"
is "canary first, then two by two" "$(j '"\(.desired.canary) \(.desired.waves)"')" "scanner1 3"
api GET /api/v1/scanners/scanner3
is "one of them" "$(j '"\(.name) \(.generation) \(.postfix) \(.drift)"')" \
    "scanner3 1 running 0"
save_all "${pair_self[@]}"
is "the same again: nothing is published" "$(j .result):$(rollout)" \
    unchanged:1:done

# What lies in etcd.
etcd_as root get --prefix /postseal/ >"$T/etcd"
ok "bundles lie in etcd" test "$(grep -c '^/postseal/x/' "$T/etcd")" -eq 5
key=$(grep -v -- ---- "$s/self-signed-key.pem" | head -n 2 | tail -n 1)
unlike "no key in etcd" "$(cat "$T/etcd")" "PRIVATE KEY|$key"
b64=$(base64 -w0 "$s/self-signed-key.pem")
unlike "no key in etcd, not in base64 either" "$(cat "$T/etcd")" "${b64:40:60}"
ok "the old state is root's alone" test "$(stat -c '%a %U' \
    "$STATE/daemon/cluster" "$STATE/cluster.d/scanner1/cluster/identity.pem" |
    sort -u | tr '\n' ,)" = "600 root,700 root,"

# Who may what.
denied()
{
	like "$1" "$(etcd_as "${@:2}" 2>&1)" 'permission denied'
}
denied "a scanner cannot read another's bundle" scanner1 get --prefix /postseal/x/scanner2/
denied "nor write another's status" scanner1 put /postseal/status/scanner2 x
denied "nor what is desired" scanner1 put /postseal/desired x
denied "nor its own bundle" scanner1 put /postseal/x/scanner1/y x
tried "scanner host" key 1
tried "scanner host" line 1
tried "scanner host" value 2
like "it can read its own" "$(etcd_as scanner1 get --prefix --keys-only \
    /postseal/x/scanner1/)" ^/postseal/x/scanner1/
"${CURL[@]}" --cacert "$CLUSTER/ca.pem" --cert "$CLUSTER/root/etcd-cert.pem" \
    --key "$CLUSTER/root/etcd-key.pem" "$(access .etcd)/version" >/dev/null 2>&1
result "etcd answers to a client certificate"
! "${CURL[@]}" --cacert "$CLUSTER/ca.pem" "$(access .etcd)/version" \
    >/dev/null 2>&1
result "and to nobody without one"
reply=$(daemon_as postseal-sync scanner1 connection.apply '{}')
is "postseal-sync may not save" "$(jq -r .error.code <<<"$reply")" op.denied
reply=$(daemon_as postseal scanner1 cluster.apply '{"blob":""}')
is "the web process may not apply bundles" "$(jq -r .error.code <<<"$reply")" op.denied
is "postseal-sync is not root" "$(stat -c %U "/proc/$(cluster_pid postseal-sync-scanner1)")" \
    "$(stat -c %U "/proc/$(cluster_pid postseal-sync)")"
is "but its own user" "$(ps -o user:20= -p "$(cluster_pid postseal-sync)" | tr -d ' ')" postseal-sync
for n in postseal-sync postseal-sync-scanner1; do
	is "$n is in its sandbox" "$(sed -n 's/^\(Seccomp\|NoNewPrivs\):[[:space:]]*/\1 /p' \
	    "/proc/$(cluster_pid "$n")/status" | sort | paste -sd' ')" \
	    "NoNewPrivs 1 Seccomp 2"
done

# The leader dies in the middle.
leader=$(etcd_leader)
like "there is a leader" "$leader" '^[123]$'
save_all "${pair_issued[@]}"
kill -KILL "$(cluster_pid "etcd$leader")"
is "Save while the leader dies" "$STATUS:$(j .result)" 200:applied
ok "is rolled out by the others" until_true 60 rollout_is 2:done
ok "every scanner serves the new certificate" all_serve "$issued"

# A scanner is away, and comes back.
host_stop postseal-sync scanner4
ok "scanner4 is seen to be away" until_true 30 alive_is scanner4 false
save_all "${pair_self[@]}"
is "Save with one away" "$STATUS:$(j .cluster.state)" 200:published
ok "the roll-out does not wait for it" until_true 60 rollout_is 3:done
ok "the others have it" all_serve "$selfsigned" "scanner1 scanner2 scanner3 scanner5"
is "scanner4 still serves the one before" "$(host_served scanner4)" "$issued"
is "and the list says so" "$(state_of scanner4)" behind
rev=$(etcd_as root get /postseal/desired -w json 2>/dev/null | jq .header.revision)
etcd_as root compact "$rev" >/dev/null 2>&1
result "etcd is compacted meanwhile"
host_start postseal-sync scanner4
ok "scanner4 catches up by itself" until_true 60 state_is scanner4 current
is "and serves the new one" "$(host_served scanner4)" "$selfsigned"

# No quorum: two of three members are down (one was killed above).
other=$((leader % 3 + 1))
kill -STOP "$(cluster_pid "etcd$other")"
save_all "${pair_issued[@]}"
is "Save without quorum: in force here" "$STATUS:$(j .result)" 200:applied
is "and waiting" "$(j .cluster.state)" waiting
like "the answer says so" "$(j '[.findings[].code] | join(" ")')" cluster.waiting
is "the console serves it" "$(served)" "$issued"
ok "mail goes on everywhere" serving yes
is "the scanners serve the last good one" "$(host_served scanner2)" "$selfsigned"
kill -CONT "$(cluster_pid "etcd$other")"
ok "with quorum it goes out by itself" until_true 60 rollout_is 4:done
# A host that has not found etcd again yet is not waited for.
ok "to everybody" until_true 60 all_serve "$issued"

# Own settings, and back.
save outbound_enabled=on all_scanners=off apply=reload
is "not ticked: applied" "$STATUS:$(j .result)" 200:applied
is "here" "$(param smtp_tls_security_level)" may
ok "the list says own settings" until_true 20 state_is console own
unlike "nowhere else" "$(postconf -c "$(host_postfix scanner1)" -xh \
    smtp_tls_security_level)" may
is "no roll-out" "$(rollout)" 4:done
save outbound_enabled=on all_scanners=on apply=reload
is "ticked again" "$STATUS:$(j .cluster.state)" 200:published
ok "rolled out" until_true 60 rollout_is 5:done
is "everywhere" "$(for n in $HOSTS; do postconf -c "$(host_postfix "$n")" \
    -h smtp_tls_security_level; done | sort -u)" may

# Removed.
api DELETE /api/v1/scanners/scanner5
is "remove a scanner" "$STATUS" 200
bundles_of()
{
	etcd_as root get --prefix --keys-only "/postseal/x/$1/"
}
no_bundles()
{
	local keys

	keys=$(bundles_of "$1") && [ -z "$keys" ]
}
ok "its bundle is gone from etcd" until_true 30 no_bundles scanner5
is "the key should be changed now" \
    "$(scanners | jq -r '.cluster.key_known_to | join(" ")')" scanner5
save_all "${pair_self[@]}"
ok "the next Save is rolled out" until_true 60 rollout_is 6:done
is "and does not reach it" "$(host_served scanner5)" "$issued"
is "nothing to change any more" "$(scanners | jq -r .cluster.key_known_to)" null
done_testing
