#!/bin/bash
# Many clients at once, with bad input and slow ones among them (load.c):
# nothing dies, memory stays flat, and meanwhile an administrator logs in and
# saves.  LOAD_CLIENTS (200) clients for LOAD_S (60) seconds: `make load`;
# tests/func/95-load.t is a short one.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../func/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/func/account.sh"

LOAD_CLIENTS=${LOAD_CLIENTS:-200} LOAD_S=${LOAD_S:-60}
[ -x "$B/load/load" ] || make -s -C "$TOP" B="$B" load-bins || bail "no load"
console_start
s=$SAMPLES
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "a Save before" "$STATUS:$(j .result)" 200:applied
daemon=$(access .pids.postseald) parent=$(access '.pids["postseal.fcgi"]')

printf '%s\n' "$TOKEN" >"$T/token" && chmod 600 "$T/token"
part() { printf -- '--b\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n' "$1"; cat "$2"; printf '\r\n'; }
{
	part private_key "$s/issued-key.pem"
	part server_certificate "$s/issued-cert.pem"
	part ca_certificate "$s/issued-intermediate.pem"
	printf -- '--b--\r\n'
} >"$T/multipart"

# KiB of the workers, their parent and postseald, each second.
rss()
{
	local p sum=0 n

	for p in "$parent" "$daemon" $(pgrep -P "$parent"); do
		n=$(awk '/^VmRSS/ { print $2 }' "/proc/$p/status" 2>/dev/null)
		sum=$((sum + ${n:-0}))
	done
	echo "$sum"
}
descriptors() { ls /proc/{"$daemon","$parent"}/fd | wc -l; }
fds=$(descriptors)
"$B/load/load" "${URL##*:}" "$LOAD_CLIENTS" "$LOAD_S" "$T/token" "$T/multipart" \
    >"$T/load" 2>&1 &
load=$!
RUNS+=("$load")
(
	begin=$SECONDS
	while [ -d "/proc/$load" ]; do
		echo "$((SECONDS - begin)) $(rss)"
		sleep 0.5 # a sample, no wait
	done
) >"$T/rss" &
sampler=$!
# Meanwhile, straight to the FastCGI socket: a body that stops, and one that
# trickles; both cost a worker its 30 seconds and no more.
[ "$LOAD_S" -lt 40 ] || for how in stops trickles; do
	TOKEN=$TOKEN perl -e '
		require "$ARGV[0]/tests/redteam/fcgi.pl";
		my $head = request_bytes(params => params("POST",
		    "/api/v1/connection?dry_run=true",
		    HTTP_AUTHORIZATION => "Bearer $ENV{TOKEN}",
		    CONTENT_TYPE => "application/json", CONTENT_LENGTH => 400),
		    no_body => 1) . record(5, "{");
		my @drip = map { (record(5, " "), \0.2) } 1 .. 200;
		my ($out, undef, $s) = talk($ARGV[1], $ARGV[2] eq "stops" ?
		    $head : [$head, @drip]);
		printf "%s %d\n", $out =~ /^Status: (\d+)/ ? $1 : "closed", $s;
	    ' "$TOP" "$STATE/run/fcgi.sock" "$how" >"$T/slow.$how" 2>&1 &
	RUNS+=("$!")
done

# In the midst of it.
middle=$((SECONDS + LOAD_S / 3))
in_the_midst() { [ "$SECONDS" -ge "$middle" ]; }
wait_for "$LOAD_S" in_the_midst
begin=$(date +%s%N)
login a admin "$PASSWORD"
is "a log-in meanwhile" "$STATUS" 303
req GET /smtp-routing/connection -b "$T/jar.a"
is "its page" "$STATUS" 200
save outbound_enabled=on apply=reload
is "a Save meanwhile" "$STATUS:$(j .result)" 200:applied
midst=$((($(date +%s%N) - begin) / 1000000))
wait "$load"
is "the clients came to their end" $? 0
wait "$sampler"
sed 's/^/# /' "$T/load" >&2

total() { sed -n "s/^total .*$1 \([0-9]*\).*/\1/p" "$T/load"; }
n=$(total answers)
ok "answers: $n" test "$n" -gt $((LOAD_S * 20))
good=$(total good) refused=$(total refused) failed=$(total failed)
ok "good ones: $good" test "$good" -gt $((n / 4))
ok "refused ones: $refused" test "$refused" -gt $((n / 6))
# 5xx: a queue that was too long, never an error of ours
ok "failed ones: $failed" test "$failed" -le $((n / 100))
is "no internal error" "$(cat "$STATE"/log/postseal.fcgi.log | grep -cE ': internal[.:]')" 0
is "no worker died" "$(grep -cE 'died of signal|worker failed|Assertion' "$STATE/log/postseal.fcgi.log")" 0
is "no request of postseald died" "$(grep -c 'died of signal' "$STATE/log/postseald.log")" 0
is "the same processes" "$(access .pids.postseald):$(ps -o comm= -p "$daemon")" "$daemon:postseald"
is "and their eight workers" "$(pgrep -P "$parent" | wc -l)" 8
settled() { [ "$(descriptors)" -le "$fds" ]; }
wait_for 10 settled
ok "no descriptor is left" test "$(descriptors)" -le "$fds"
wait_for 30 not pgrep -P "$daemon" -x postseald >/dev/null
is "no child of postseald is left" "$(pgrep -P "$daemon" -x postseald | wc -l)" 0

[ "$LOAD_S" -lt 40 ] || for how in stops trickles; do
	read -r status seconds <"$T/slow.$how"
	is "a body that $how" "$status" 408
	ok "after $seconds s" test "${seconds:-99}" -le 45
done

# Flat: the highest of the last sixth against the highest of the second one.
between()
{
	awk -v a="$1" -v b="$2" '{ v[NR] = $2 } END {
		for (i = 1; i <= NR; i++)
			if (i > NR * a / 6 && i <= NR * b / 6 && v[i] > m)
				m = v[i]
		print m + 0 }' "$T/rss"
}
warm=$(between 1 3) last=$(between 5 6)
ok "memory: $warm KiB after the warm-up, $last KiB at the end" \
    test "$last" -le $((warm + warm * ${LOAD_SLACK:-5} / 100 + 1024))
api GET /api/v1/status
is "afterwards" "$STATUS" 200
is "the certificate is served" "$(served)" "$(leaf_of "$s/self-signed-cert.pem")"
note "log-in, page and Save in the midst took $midst ms; $(tail -n 1 "$T/load")"
done_testing
