#!/bin/bash
# The web server in front: bodies that are begun and not sent hold neither its
# memory nor its connections, and its socket to us is for its own group.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
nginx=$(access .pids.nginx)
HTTPS_PORT=$(access .url | sed -E "s|.*:([0-9]+).*|\1|")
export HTTPS_PORT
resident() # KiB of all of nginx
{
	local pid sum=0

	for pid in $nginx $(pgrep -P "$nginx"); do
		sum=$((sum + $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")))
	done
	echo $sum
}

# half_sent COUNT PATH LENGTH SENT: OPEN and GREW (KiB) with them open.
half_sent()
{
	local before

	before=$(resident)
	# shellcheck disable=SC2034
	coproc HALF { perl "$TOP/tests/redteam/halfsent.pl" "$@" 2>"$T/half.err"; }
	read -r _ OPEN <&"${HALF[0]}"
	GREW=$(($(resident) - before))
	echo "# $1 x POST $2: $OPEN open, nginx $before + $GREW KiB"
}
half_over()
{
	local pid=$HALF_PID

	echo >&"${HALF[1]}"
	read -r _ CLOSED <&"${HALF[0]}"
	wait "$pid"
}

half_sent 150 /login 16000 15000
ok "150 half-sent POST /login: less than 16 MB" test "$GREW" -lt 16000
req GET /healthz
is "and others are served" "$STATUS" 200
gone() { [ "$(ss -Htn state established "( sport = :$HTTPS_PORT )" | wc -l)" -le "$1" ]; }
ok "they are closed before 15 s have passed" wait_for 15 gone 2
half_over

half_sent 150 /login 1900000 1899000
ok "150 with nearly 2 MB: less than 16 MB" test "$GREW" -lt 16000
is "more than a form can be is turned away by its head" "$OPEN" 0
half_over

# Where files are uploaded a few from one address may be under way.
half_sent 150 /api/v1/connection 1000000 990000
ok "150 half-sent uploads: less than 40 MB" test "$GREW" -lt 40000
ok "only some are taken" test "$OPEN" -le 32
half_over
wait_for 15 gone 2

is "the socket is for the web server's group" \
    "$(stat -Lc %A:%U:%G "$STATE/run/fcgi.sock")" srw-rw----:root:postseal-web
reach() { setpriv --reuid="$1" --regid="$2" --clear-groups \
	    perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0);
	    exit(connect($s, sockaddr_un($ARGV[0])) ? 0 : 1)' "$STATE/run/fcgi.sock"; }
ok "nobody of www-data's group gets there" not reach nobody www-data
done_testing
