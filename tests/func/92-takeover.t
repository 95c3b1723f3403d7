#!/bin/bash
# A web process that somebody has taken over: tests/redteam/takeover runs as
# its user and says to postseald whatever it likes.  It gets no key, changes
# nothing but what an administrator may change on the screen, and postseald
# serves on.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

[ -x "$B/redteam/takeover" ] || make -s -C "$TOP" B="$B" redteam-bins ||
	bail "no takeover program"
console_start
s=$SAMPLES
SOCK=$STATE/run/postseald.sock
CTL=("$B/postsealctl" -c "$STATE/postseal.conf")
daemon=$(access .pids.postseald)

save inbound_enabled=on outbound_enabled=on \
    "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "a Save before" "$STATUS:$(j .result)" 200:applied
leaf=$(leaf_of "$s/self-signed-cert.pem")

# Secrets that no answer may hold: lines of the key that is in force, of the
# web certificate's, the password, the token, and the first in base64 again.
chain=$(param smtpd_tls_chain_files)
secrets()
{
	sed -n '3,8p' "$chain"
	base64 -w 64 "$chain" | sed -n '4,8p'
	sed -n '3,6p' "$STATE/https/key.pem"
	printf '%s\n' "$PASSWORD" "$TOKEN"
}
secrets >"$T/secrets"
ok "secrets to look for" test "$(wc -l <"$T/secrets")" -gt 12

managed=$("$B/redteam/takeover" parameters | paste -sd '|')
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"; }
everything()	# that Postfix goes by, but the managed parameters
{
	postconf -c "$PF" -n | grep -vE "^($managed) ="
	cat "$PF/master.cf"
	find "$PF" -type f ! -name main.cf ! -name main.cf.tmp -printf '%P %m %U %s\n' | sort
}
# A first round for whatever is loaded late.
"${CTL[@]}" status >/dev/null
hash=$(maincf_hash) before=$(everything) rss=$(rss)
files_before=$(find "$STATE/" -type f ! -path '*/log/*' ! -path '*/daemon/*' ! -path '*/logs/*' \
    ! -path '*/web/*' ! -path '*/postfix/*' | sort | xargs sha256sum)

"$B/redteam/takeover" "$SOCK" postseal "$T/secrets" >"$T/out" 2>&1
rc=$?
sed 's/^/# /' "$T/out" | tail -n 40 >&2
is "no answer held a secret, none was missing" "$rc" 0
sent=$(sed -n 's/^sent \([0-9]*\) .*/\1/p' "$T/out")
ok "hundreds of hostile frames: ${sent:-0}" test "${sent:-0}" -ge 2000
# Each answer is searched, each frame asks for a value, in somebody's name.
for aim in key value line stop; do
	tried "web worker" $aim "${sent:-0}" $((rc != 0))
done
ok "each of the operations was attacked" test \
    "$("$B/redteam/takeover" ops | wc -l)" -ge 31

is "main.cf is as before" "$(maincf_hash)" "$hash"
is "and all else that Postfix goes by" "$(everything)" "$before"
ok "Postfix serves" serving yes
is "with the same certificate" "$(served)" "$leaf"
is "the host's own Postfix is untouched" \
    "$(find /etc/postfix -newer "$T/secrets" 2>/dev/null)" ""
is "nothing was written elsewhere in STATE" "$(find "$STATE/" -type f ! -path '*/log/*' \
    ! -path '*/daemon/*' ! -path '*/logs/*' ! -path '*/web/*' ! -path '*/postfix/*' | sort |
    xargs sha256sum)" "$files_before"
is "postseald is the same process" "$(access .pids.postseald):$(ps -o comm= -p "$daemon")" \
    "$daemon:postseald"
is "no request died" "$(grep -c 'died of signal' "$STATE/log/postseald.log")" 0
wait_for 6 not pgrep -P "$daemon" -x postseald >/dev/null
is "no child is left" "$(pgrep -P "$daemon" -x postseald | wc -l)" 0
grown=$(($(rss) - rss))
ok "its memory has not grown: $grown KiB" test "$grown" -lt 2048
is "no core" "$(find / "$STATE" "$T" -maxdepth 2 -name 'core*' -type f -size +100k \
    -newer "$T/secrets" 2>/dev/null | head -n 3)" ""
is "core dumps are off" "$(awk '/core file/ { print $5, $6 }' "/proc/$daemon/limits")" "0 0"

# The audit log: whole lines of known members, and no forged ones.
log=$STATE/daemon/audit.log
is "each line of the audit log is an object" \
    "$(jq -c 'select((keys - ["at","user","from","via","event","outcome","detail","note","claimed","repeats","seq","hash"]) == [] and (.event | test("^[a-z0-9_.]+$")))' "$log" | wc -l)" \
    "$(wc -l <"$log")"
is "no line by root or sync" \
    "$(jq -r 'select(.user == "mallory") | .via' "$log" | sort -u)" web
is "no change is claimed that was none" "$(jq -r \
    'select(.outcome != "refused" and .outcome != "unchanged" and (.event | test("^(connection|generation|recover)")) and .event != "connection.test") | .user' \
    "$log" | sort | uniq -c | tr -s ' ')" " 1 admin"
lines=$(grep -c mallory "$log")
ok "6,400 frames are $lines lines" test "$lines" -le 300
ok "their chain holds" eval '"$B/postsealctl" -c "$STATE/postseal.conf" audit verify >/dev/null'
ok "no control or bidi character in log and audit" eval \
    '! LC_ALL=C.UTF-8 grep -qaP "[\x{80}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]|\x1b" "$log" "$STATE/log/postseald.log"'

# What an administrator may do, such a process may, too: values stay those of
# the table.
web_frame()	# FRAME: as the web user; the last frame's text
{
	setpriv --reuid=postseal --regid=postseal --clear-groups -- perl \
	    -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
		syswrite $s, pack("N", length $ARGV[1]) . $ARGV[1];
		my ($all, $last) = ("", "");
		1 while sysread $s, $all, 65536, length $all;
		while (length $all > 4) {
			my $n = unpack "N", $all;
			$last = substr $all, 4, $n;
			$all = substr $all, 4 + $n;
		}
		print $last' "$SOCK" "$1"
}
ours() { postconf -c "$PF" -n | grep -E "^($managed) =" | sort; }
ours >"$T/ours"
for outbound in false true; do
	for tls_only in true false; do
		answer=$(web_frame '{"op":"connection.apply","actor":{"user":"root","from":"127.0.0.1","via":"web"},"args":{"apply":"reload","settings":{"inbound":{"enabled":true,"tls_only":'$tls_only'},"outbound":{"enabled":'$outbound'}}}}')
		is "a Save by the socket ($outbound, $tls_only)" \
		    "$(jq -r .data.result <<<"$answer")" applied
		is "all else stays" "$(everything)" "$before"
		is "only values of the table" "$(ours | comm -13 "$T/ours" - | grep -vE \
		    ' = (none|may|encrypt|yes|1|>=TLSv1.2|/etc/ssl/certs/ca-certificates.crt|'"$STATE/daemon"'/generations/gen-[0-9]+/inbound.pem)$')" ""
	done
done

# Connections without end: the last places are root's.
"$B/redteam/takeover" "$SOCK" postseal "$T/secrets" flood 4 >"$T/flood" 2>&1 &
flood=$!
flooded() { [ "$(find "/proc/$flood/fd" 2>/dev/null | wc -l)" -gt 100 ]; }
ok "a flood" wait_for 20 flooded
root=0 slowest=0
for n in 1 2 3 4 5 6 7 8; do
	begin=$(date +%s%N)
	timeout 20 "${CTL[@]}" status >"$T/ctl" 2>&1
	case $? in 0 | 5) root=$((root + 1)) ;; *) note "$(<"$T/ctl")" ;; esac
	ms=$((($(date +%s%N) - begin) / 1000000))
	[ $ms -le $slowest ] || slowest=$ms
done
is "root is served in the flood (slowest $slowest ms)" "$root" 8
ok "quickly" test "$slowest" -lt 5000
req GET /healthz
is "the web server's side answers meanwhile" "$STATUS" 200
wait "$flood"
note "$(<"$T/flood")"
answers() { api GET /api/v1/connection; [ "$STATUS" = 200 ]; }
wait_for 5 answers
is "after it the console answers" "$STATUS" 200
save outbound_enabled=off apply=reload
is "a Save after all this" "$STATUS:$(j .result)" 200:applied
is "its certificate is served" "$(served)" "$leaf"
grown=$(($(rss) - rss))
ok "memory still the same: $grown KiB" test "$grown" -lt 2048
done_testing
