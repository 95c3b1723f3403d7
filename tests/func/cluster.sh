# cluster.sh - functional tests with several hosts: deploy/run with SCANNERS,
# then hosts, etcd and postseald spoken to one by one.
# shellcheck shell=bash
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# cluster_console SCANNERS ETCD_MEMBERS
cluster_console()
{
	export SCANNERS=$1 ETCD_MEMBERS=$2 LEASE=5 CHECK=2
	console_start
	CLUSTER=$STATE/cluster
	HOSTS=$(jq -r '.scanners[].name' "$STATE/access.json")
}

host_conf()
{
	if [ "$1" = console ]; then
		echo "$STATE/postseal.conf"
	else
		echo "$CLUSTER/$1/postseal.conf"
	fi
}

host_ctl()
{
	"$B/postsealctl" -c "$(host_conf "$1")" "${@:2}"
}

# Does its postseald answer?
host_up()
{
	host_ctl "$1" scanner identity >/dev/null
}

host_port()
{
	jq -r --arg n "$1" '.scanners[] | select(.name == $n) | .smtp' \
	    "$STATE/access.json" | cut -d: -f2
}

host_postfix()
{
	echo "$CLUSTER/$1/postfix/conf"
}

host_served()
{
	served "$(host_port "$1")"
}

# Do all named hosts (default: all) serve certificate $1?
all_serve()
{
	local name

	for name in ${2:-$HOSTS}; do
		[ "$(host_served "$name")" = "$1" ] ||
			{ note "$name serves $(host_served "$name")"; return 1; }
	done
}

# Members of the console's list: scanners_are "NAME=STATE ..."
scanners()
{
	host_ctl console --json scanner list 2>/dev/null
}

state_of()
{
	scanners | jq -r --arg n "$1" \
	    '.scanners[] | select(.name == $n) | .state'
}

rollout()
{
	scanners | jq -r '"\(.desired.generation):\(.desired.state)"'
}

# until SECONDS COMMAND...
until_true()
{
	local n=$(($1 * 5))

	shift
	while ! "$@" 2>/dev/null; do
		[ $((n -= 1)) -gt 0 ] || {
			note "$(host_ctl console scanner list)"
			return 1
		}
		sleep 0.2
	done
}

rollout_is()
{
	[ "$(rollout)" = "$1" ]
}

state_is()
{
	[ "$(state_of "$1")" = "$2" ]
}

alive_is()
{
	[ "$(scanners | jq -r --arg n "$1" \
	    '.scanners[] | select(.name == $n) | .alive')" = "$2" ]
}

# A pid file's process.
cluster_pid()
{
	local pid

	read -r pid _ <"$STATE/run/cluster-$1.pid"
	echo "$pid"
}

# Start a host's program again, as deploy/run did.
host_start()
{
	local program=$1 name=$2

	setsid "$B/$program" -c "$(host_conf "$name")" </dev/null \
	    >>"$STATE/log/$program-$name.log" 2>&1 8>&- &
	echo "$! $(start_of $!)" >"$STATE/run/cluster-$program-$name.pid"
	CLEAN+=("kill $! 2>/dev/null || true")
}

host_stop()
{
	local pid

	pid=$(cluster_pid "$1-$2")
	kill -TERM "$pid"
	wait_for 10 ended "$pid"
}

endpoints()
{
	sed -n 's/^endpoints = //p' "$STATE/postseal.conf"
}

# etcd_as NAME etcdctl-arguments...
etcd_as()
{
	ETCDCTL_API=3 etcdctl --endpoints "$(endpoints)" \
	    --cacert "$CLUSTER/ca.pem" --cert "$CLUSTER/$1/etcd-cert.pem" \
	    --key "$CLUSTER/$1/etcd-key.pem" --command-timeout 10s \
	    --user "$1:$(cat "$CLUSTER/$1/etcd-password")" "${@:2}"
}

# Number of the member that leads.
etcd_leader()
{
	etcd_as root endpoint status -w json 2>/dev/null |
	    jq -r 'to_entries[] | select(.value.Status.header.member_id ==
		.value.Status.leader) | .key + 1'
}

# daemon_as USER NAME OP ARGS: one request to that host's postseald.
daemon_as()
{
	local via=web

	[ "$1" != postseal-sync ] || via=sync
	jq -nc --arg op "$3" --argjson args "$4" --arg via $via \
	    '{op: $op, actor: {user: "test", from: "192.0.2.7", via: $via},
	      args: $args}' |
	    setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups -- \
	    perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!";
		local $/; my $r = <STDIN>;
		print $s pack("N", length $r), $r;
		for (;;) {
			read($s, my $l, 4) == 4 or die "end";
			read($s, my $t, unpack("N", $l));
			next if $t =~ /"type":\s*"progress"/;
			print $t; last;
		}' "$(sed -n '/^socket = /{s///p;q;}' "$(host_conf "$2")")"
}
