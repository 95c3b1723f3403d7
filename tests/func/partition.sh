# partition.sh - one host of cluster.sh behind a line to etcd that can be cut.
# shellcheck shell=bash
#
#   postseal-sync -- relay -- veth | veth -- relay -- etcd
#   (in a network namespace of its own)
# Cutting takes the link down: packets vanish in both directions, and nobody's
# TCP connection learns of it.  Where network namespaces are not allowed there
# is one relay, which is stopped instead (SIGSTOP): the same silence, made one
# layer higher.  etcd's certificate is for 127.0.0.1, hence the relays.

PARTITION='' P_NS='' P_HOST='' P_GROUPS=()

# relay NAME FROM TO [COMMAND...]: every connection is a process of its own.
relay()
{
	local name=$1 from=$2 to=$3

	shift 3
	setsid "$@" perl -MIO::Socket::INET -MIO::Select -e '
		my $l = IO::Socket::INET->new(LocalAddr => $ARGV[0],
		    Listen => 64, ReuseAddr => 1) or die "listen: $!";
		$SIG{CHLD} = "IGNORE";
		for (;;) {
			my $c = $l->accept or next;
			next if fork;
			close $l;
			my $s = IO::Socket::INET->new(PeerAddr => $ARGV[1],
			    Timeout => 3) or exit;
			my $sel = IO::Select->new($c, $s);
			while (my @r = $sel->can_read) {
				for my $f (@r) {
					my $o = $f == $c ? $s : $c;
					sysread($f, my $b, 65536) or exit;
					for (my $n = 0; $n < length $b;) {
						$n += syswrite($o, $b,
						    65536, $n) // exit;
					}
				}
			}
		}' "$from" "$to" </dev/null >>"$T/relay-$name.log" 2>&1 8>&- &
	P_GROUPS+=("$!")
	CLEAN+=("kill -KILL -- -$! 2>/dev/null || true")
	disown $!
	wait_for 20 port_busy "${from#*:}" "${from%:*}" "$!"
}

partition_netns()
{
	local id=$((RANDOM % 250 + 1)) net

	P_NS=ps$$
	net=10.253.$id
	ip netns add "$P_NS" 2>/dev/null || return 1
	CLEAN+=("ip link del ${P_NS}h 2>/dev/null; ip netns del $P_NS")
	ip link add "${P_NS}h" type veth peer name "${P_NS}p" &&
	ip link set "${P_NS}p" netns "$P_NS" &&
	ip addr add "$net.1/30" dev "${P_NS}h" && ip link set "${P_NS}h" up &&
	ip netns exec "$P_NS" ip addr add "$net.2/30" dev "${P_NS}p" &&
	ip netns exec "$P_NS" ip link set "${P_NS}p" up &&
	ip netns exec "$P_NS" ip link set lo up || return 1
	relay host "$net.1:$P_PORT" "$P_ETCD"
	relay inside "127.0.0.1:$P_PORT" "$net.1:$P_PORT" \
	    ip netns exec "$P_NS"
}

# partition_start HOST: its postseal-sync again, behind the line.
partition_start()
{
	P_HOST=$1
	P_ETCD=$(endpoints)
	P_ETCD=${P_ETCD#https://}
	P_PORT=$(free_port)
	host_stop postseal-sync "$1"
	sed -i "s|^endpoints = .*|endpoints = https://127.0.0.1:$P_PORT|" \
	    "$(host_conf "$1")"
	if partition_netns 2>/dev/null; then
		PARTITION=netns
	else
		# shellcheck disable=SC2034 # for the name of a check
		PARTITION="no network namespaces here: a stopped relay"
		P_NS=
		relay alone "127.0.0.1:$P_PORT" "$P_ETCD"
	fi
	setsid ${P_NS:+ip netns exec "$P_NS"} "$B/postseal-sync" \
	    -c "$(host_conf "$1")" </dev/null \
	    >>"$STATE/log/postseal-sync-$1.log" 2>&1 8>&- &
	P_GROUPS+=("$!")
	echo "$! $(start_of $!)" >"$STATE/run/cluster-postseal-sync-$1.pid"
	CLEAN+=("kill $! 2>/dev/null || true")
}

partition_signal()
{
	local g

	for g in "${P_GROUPS[@]:0:${#P_GROUPS[@]}-1}"; do
		kill "-$1" -- "-$g"
	done
}

partition_cut()
{
	if [ -n "$P_NS" ]; then
		ip link set "${P_NS}h" down
	else
		partition_signal STOP
	fi
}

partition_heal()
{
	if [ -n "$P_NS" ]; then
		ip link set "${P_NS}h" up
	else
		partition_signal CONT
	fi
}

# Does it still have a connection to "etcd" that it believes in?
partition_open()
{
	[ "$(${P_NS:+ip netns exec "$P_NS"} ss -Htn state established \
	    dport = ":$P_PORT" | wc -l)" -gt 0 ]
}

# The processes of the connections that are open now hang; the one that takes
# new connections does not.
partition_freeze()
{
	local g

	for g in "${P_GROUPS[@]:0:${#P_GROUPS[@]}-1}"; do
		pgrep -g "$g" | grep -vx "$g" | xargs -r kill -STOP
	done
}

partition_stop()
{
	partition_signal KILL
	host_stop postseal-sync "$P_HOST"
	sed -i "s|^endpoints = .*|endpoints = https://$P_ETCD|" \
	    "$(host_conf "$P_HOST")"
}
