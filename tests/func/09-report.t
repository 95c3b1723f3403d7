#!/bin/bash
# "postsealctl report tls": a log whose numbers are known, in every form that a
# log has, read by somebody who has no rights to lose.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
export TZ=UTC

perl "$TOP/tests/lib/maillog.pl" 3000 >"$T/log" 2>"$T/counts" || bail "maillog.pl"
made()		{ awk -v name="$1" '$1 == name { print $2 }' "$T/counts"; }
report()	{ "$B/postsealctl" report tls --json "$@"; }
counts()	{ report "$@" | jq -c '[.inbound, .outbound] | map([.messages.total, .messages.plain, .messages.old, .clients.total, .clients.plain])'; }
want="[[$(made in_total),$(made in_plain),$(made in_old),$(made clients),$(made plain_clients)],[$(made out_total),$(made out_plain),0,$(made servers),$(made plain_servers)]]"

is "as many as were made" "$(counts --file "$T/log")" "$want"
is "by standard input" "$(counts --file - <"$T/log")" "$want"
gzip -k "$T/log"
is "by gzip" "$(counts --file "$T/log.gz")" "$want"
split -n 3 "$T/log" "$T/part." && gzip "$T"/part.a? && cat "$T"/part.a?.gz >"$T/members.gz"
is "by gzip in three pieces" "$(counts --file "$T/members.gz")" "$want"
# Cut at lines, as logrotate does.
head -n 9000 "$T/log" | gzip >"$T/log.2.gz"
sed -n '9001,12000p' "$T/log" >"$T/log.1"
sed '1,12000d' "$T/log" >"$T/log.0"
is "in three files" "$(counts --file "$T/log.2.gz" --file "$T/log.1" --file "$T/log.0")" "$want"
perl -pe 'BEGIN { use Time::Piece; $y = localtime->year }
    s/^(\w+ +\d+ [\d:]+) /my $t = Time::Piece->strptime("$1 $y", "%b %d %T %Y"); $t -= $t->strftime("%s") > time + 86400 ? 365 * 86400 : 0; $t->strftime("%Y-%m-%dT%T.000001+00:00 ")/e' "$T/log" >"$T/iso"
is "with RFC 3339 stamps" "$(counts --file "$T/iso")" "$want"
sed 's, postfix/, mx-in/,' "$T/log" >"$T/named"
is "under another syslog_name" "$(counts --file "$T/named")" "$want"
{ cat "$T/log"; head -c 300000 /dev/urandom | tr '\n' x; echo; head -c 400000 /dev/urandom
    yes x | tr -d '\n' | head -c 5000000; echo; tail -n 1 "$T/log"; } >"$T/junk"
is "and junk behind them" "$(counts --file "$T/junk")" "$want"

is "known" "$(report --file "$T/log" | jq -c '[.inbound.known, .inbound.reason, .inbound.coverage == 1, .lines]')" \
    "[true,null,true,$(wc -l <"$T/log")]"
is "what TLS only would cut off" "$(report --file "$T/log" | jq -c '.inbound.impact | [.change, .clients, .messages]')" \
    "[\"tls_only\",$(made plain_clients),$(made in_plain)]"
is "refused without TLS" "$(report --limit 1000 --only failed --file "$T/log" | jq '[.inbound.rows[].refused] | add')" \
    "$(made refused)"
is "the days make the total" "$(report --file "$T/log" | jq '[.inbound.days[] | del(.day) | add] | add')" "$(made in_total)"
is "--only old" "$(report --only old --limit 1000 --file "$T/log" | jq -c '[.inbound.rows[] | .old > 0 and .plain == 0] | unique')" "[true]"
grep -v 'TLS connection' "$T/log" >"$T/quiet"
is "no line of TLS: not known, and no 0 %" "$(report --file "$T/quiet" | jq -c '[.inbound, .outbound] | map([.known, .reason, .impact])')" \
    '[[false,"loglevel",null],[false,"loglevel",null]]'
grep -v 'TLS connection' "$T/log" | sed 's/ starttls=[01/]*//' >"$T/none"
is "no TLS at all" "$(report --file "$T/none" | jq -c '[.inbound.known, .inbound.reason]')" '[false,"no_tls_offered"]'
in_words()	{ "$B/postsealctl" report tls "$@" 2>&1; }
is "null instead" "$(report --file "$T/quiet" |
    jq -c '[.inbound, .outbound] | map([.messages.plain, .messages.old, .clients.plain, .rows, .days], .messages.total > 0)')" \
    '[[null,null,null,null,null],true,[null,null,null,null,null],true]'
in_words --file "$T/quiet" >"$T/text"
is "in words: why, and no share and no row" \
    "$(grep -cE '^(in|out)bound +TLS leaves no line in this log: ' "$T/text") $(grep -cE '%|^plaintext|^[0-9]' "$T/text")" "2 0"
is "as CSV: why" "$(in_words --csv --file "$T/quiet" | grep -c 'bound: TLS leaves no line in this log: ')" 2
head -n 2000 "$T/log" >"$T/short"
is "a short one" "$(report --file "$T/short" | jq -c '[.inbound.known, .inbound.reason]')" '[false,"too_short"]'
head -c 40000 "$T/log.gz" >"$T/cut.gz"
is "half a gzip file" "$(report --file "$T/cut.gz" | jq -c '[.inbound.known, .inbound.reason, .unread]')" '[false,"log_unreadable",["'"$T"'/cut.gz"]]'
report --file "$T/cut.gz" >/dev/null
is "and exit status 5" $? 5
report --file "$T" >/dev/null
is "a directory" $? 5
is "in words: not read" "$(in_words --file "$T" | sed -n 's/ \+/ /; s/^outbound //p; s/^inbound //p' | uniq)" "a part of the log could not be read"
: >"$T/empty"
is "an empty one" "$(in_words --file "$T/empty" | grep -cE '^(in|out)bound +no message in this log$')" 2

"$B/postsealctl" report tls --limit 3 --file "$T/log" >"$T/text"
is "in words" $? 0
like "share" "$(cat "$T/text")" "plaintext +$(made in_plain) of $(made in_total) \\("
like "coverage" "$(cat "$T/text")" "coverage +100\.00 %"
like "clients" "$(cat "$T/text")" "clients +$(made plain_clients) of $(made clients) \\("
is "three rows each" "$(grep -cE '^(198\.51|203\.0\.113)\.' "$T/text")" 6
# In names, and in the middle of the sender's domain: ESC, C1, an override.
sed 's,client=c,client=\x1bc\xc2\x9b,; s,from c,from \x1bc\xc2\x9b,
    s,@example.org,@exam\xc2\x9bple.org,; s,@x\.ex,@x\xe2\x80\xae.ex,' "$T/log" >"$T/escape"
hidden()	{ perl -CI -0777 -ne 'print scalar(() = /[^\P{Cc}\n]|\p{Cf}/g)' "$1"; }
is "controls are seen" "$(($(hidden "$T/escape") > 1000))" 1
"$B/postsealctl" report tls --file "$T/escape" >"$T/text"
is "no control leaves it" "$(hidden "$T/text") $(($(grep -cE '^198\.51\..* \?c\?+[0-9]+\.example ' "$T/text") > 5))" "0 1"
"$B/postsealctl" report tls --csv --file "$T/escape" >"$T/text"
is "nor as CSV" "$(hidden "$T/text") $(($(grep -cE '^"inbound","198\.51\..*,"\?c\?+[0-9]+\.example",' "$T/text") > 5))" "0 1"

"$B/postsealctl" report tls --csv --file "$T/log" >"$T/csv" 2>"$T/err"
is "CSV" "$(head -n 1 "$T/csv")" '"direction","address","network","name","plain","tls","old","refused","ever_tls","first_seen","last_seen","protocol","domains"'
is "has the plaintext, too" "$(awk -F '","' '$1 == "\"inbound" { n += $5 } END { print n }' "$T/csv")" "$(made in_plain)"
is "all of it" "$(cat "$T/err")" ""
sed 's/client=c/client=-c/; s/from c/from -c/; s/@example.org/@＝example.org/' "$T/log" >"$T/formula"
"$B/postsealctl" report tls --csv --limit 5 --file "$T/formula" >"$T/csv" 2>"$T/err"
is "no formula" "$(grep -c ",\"'-c[0-9]" "$T/csv") $(grep -cE '(^|,)"[=+@-]' "$T/csv")" "5 0"
is "no wide one" "$(grep -cE '"(＝|＋|－|＠)' "$T/csv") $(($(grep -c ",\"'＝example" "$T/csv") > 0))" "0 1"
like "what was left is told" "$(cat "$T/err")" 'inbound: [0-9]+ more rows'
like "and in words" "$("$B/postsealctl" report tls --limit 5 --file "$T/log")" '[0-9] more: --limit'
fails()		{ "$B/postsealctl" report tls "$@" 2>&1 >/dev/null; echo $?; }
like "no such file" "$(fails --file /none/such)" 'internal.io: /none/such: No such file.*1$'
like "only what?" "$(fails --file "$T/log" --only x)" 'field.missing: only: expected plain, old or failed, got x.*2$'
like "limit 0" "$(fails --file "$T/log" --limit 0)" 'field.missing: limit: expected 1 to 1000, got 0.*2$'
like "days 0" "$(fails --days 0)" 'field.missing: days: expected 1 to 400.*2$'
like "two forms" "$(fails --csv --json --file "$T/log")" 'field.invalid.*not both'
# shellcheck disable=SC2046
like "nine files" "$(fails $(printf -- "--file $T/log %.0s" 1 2 3 4 5 6 7 8 9))" 'at most 8.*2$'

# The reader is nobody, can open nothing, and takes no new rights.
mkfifo "$T/fifo"
"$B/postsealctl" report tls --file - <"$T/fifo" >"$T/out" 2>&1 &
ctl=$!
exec 7>"$T/fifo"
reader()	{ pid=$(pgrep -P $ctl) && grep -q "^Seccomp:.*2" "/proc/$pid/status"; }
wait_for 10 reader || bail "no reader"
pid=$(pgrep -P $ctl)
status()	{ sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
is "the reader is nobody" "$(status Uid | cut -f 1-3)" "$(id -u nobody)"$'\t'"$(id -u nobody)"$'\t'"$(id -u nobody)"
is "with no rights" "$(status CapEff) $(status NoNewPrivs) $(status Seccomp)" "0000000000000000 1 2"
cat "$T/log" >&7
is "and little memory" "$(($(status VmHWM | tr -dc 0-9) < 32768))" 1
exec 7>&-
wait $ctl
is "done when the log ends" $? 0
setpriv --reuid 65534 --clear-groups "$B/postsealctl" report tls --json --file "$T/log" >"$T/out"
is "without root" "$(jq '.inbound.messages.total' "$T/out")" "$(made in_total)"

# This host's own: what logrotate keeps of 30 days, the oldest first.
mkdir "$T/var" "$T/journal"
cp "$T/log.2.gz" "$T/var/mail.log.2.gz"
cp "$T/log.1" "$T/var/mail.log.1"
cp "$T/log.0" "$T/var/mail.log"
echo x >"$T/var/mail.log.bak"
echo x >"$T/var/mail.log.3" && touch -d '40 days ago' "$T/var/mail.log.3"
touch -d '20 days ago' "$T/var/mail.log.2.gz"
touch -d '10 days ago' "$T/var/mail.log.1"
own()
{
	printf '[postfix]\n%s\n' "$@" >"$T/conf"
	"$B/postsealctl" -c "$T/conf" report tls --json >"$T/own" 2>&1
}
of_own()	{ jq -c '[.inbound, .outbound] | map([.messages.total, .messages.plain, .messages.old, .clients.total, .clients.plain])' "$T/own"; }
own "log_file = $T/var/mail.log"
is "files and their order" "$(jq -c '.files | map(sub(".*/"; ""))' "$T/own")" '["mail.log.2.gz","mail.log.1","mail.log"]'
is "the same counts" "$(of_own)" "$want"
# As "postfix logrotate" calls them.
mv "$T/var/mail.log.2.gz" "$T/var/mail.log.20261110-073811.gz"
mv "$T/var/mail.log.1" "$T/var/mail.log.20261120-073811"
echo x >"$T/var/mail.log.-1"
mkdir "$T/pf"
printf 'maillog_file = %s/var/mail.log\n' "$T" >"$T/pf/main.cf"
: >"$T/pf/master.cf"
own "config_directory = $T/pf"
is "the file that main.cf names" "$(of_own)" "$want"
is "and what Postfix made of it" "$(jq -c '.files | map(sub(".*/"; ""))' "$T/own")" \
    '["mail.log.20261110-073811.gz","mail.log.20261120-073811","mail.log"]'

# No file: the journal.
perl -MTime::Local -ne 'BEGIN { %m = map { $_ => $n++ } qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec); $now = time }
    /^(\w+) +(\d+) (\d+):(\d+):(\d+) (\S+) ([^ [\]]+)\[(\d+)\]: (.*)/ or next;
    my $year = 1900 + (gmtime $now)[5]; my $t = timegm($5, $4, $3, $2, $m{$1}, $year);
    $t = timegm($5, $4, $3, $2, $m{$1}, $year - 1) if $t > $now; $t += 86400 * 2;
    printf "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=00000000000000000000000000000001\nSYSLOG_FACILITY=2\n_HOSTNAME=%s\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\nMESSAGE=%s\n\n", $t * 1000000 + $k++, $k, $6, $7, $8, $9' "$T/log" >"$T/export"
/lib/systemd/systemd-journal-remote -o "$T/journal/system.journal" "$T/export" >/dev/null 2>&1
chmod 644 "$T"/journal/* && chmod 755 "$T/journal"
own "log_file = $T/void/mail.log" "journal_directory = $T/journal"
is "the journal" "$(jq -c '[.files, .unread, .inbound.known]' "$T/own")" '[["journal"],[],true]'
is "the same counts" "$(of_own)" "$want"
chmod 700 "$T/journal"
own "log_file = $T/void/mail.log" "journal_directory = $T/journal"
is "nobody reads it: root does not, either" "$(jq -c '[.unread, .inbound.known, .inbound.reason]' "$T/own")" '[["journal"],false,"log_unreadable"]'
own "log_files = x"
like "a file with a fault" "$(cat "$T/own")" 'log_files'

# postseal-logs: as its user, locked up, on a file, and on the journal.
logs()		# LINE...: of [postfix]
{
	chmod 755 "$T"
	rm -rf "$T/counts"
	printf '%s\n' "[daemon]" "socket_group = nogroup" "[web]" "user = www-data" "[logs]" "user = nobody" \
	    "state_directory = $T/counts" "socket = $T/logs.sock" "[postfix]" "$@" >"$T/conf"
	logs_start
}
logs_start()
{
	rm -f "$T/logs.sock"
	"$B/postseal-logs" -c "$T/conf" >"$T/logs.out" 2>&1 &
	logs=$!
	wait_for 10 test -S "$T/logs.sock" || bail "$(cat "$T/logs.out")"
}
logs_stop()	{ kill "$logs" && wait "$logs"; }
stored()	{ "$B/postsealctl" -c "$T/conf" report tls --days 40 --limit 1000 --json >"$T/own" 2>&1; }
is_read()	{ stored && [ "$(jq -c '.inbound | has("progress") and .progress == null and .messages.total > 0' "$T/own")" = true ] && [ "$(of_own)" = "$want" ]; }
rm -f "$T"/var/*
head -n 9000 "$T/log" | gzip >"$T/var/mail.log.1.gz"
sed '1,9000d' "$T/log" >"$T/var/mail.log"
chmod 755 "$T/var"
perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])) or die;
    chmod 0777, $ARGV[0]; alarm 20; recv($s, my $said, 99, 0); print $said' "$T/manager" >"$T/told" &
manager=$!
wait_for 10 test -S "$T/manager"
export NOTIFY_SOCKET=$T/manager
logs "log_file = $T/var/mail.log"
unset NOTIFY_SOCKET
wait "$manager"
is "the service manager is told, by a process that can make no socket" "$(<"$T/told")" READY=1
ok "postsealctl has what was counted" wait_for 20 is_read
report --limit 1000 --file "$T/log" >"$T/direct"
rows()		{ jq -cS '[.inbound, .outbound] | map([.known, .reason, .coverage, .protocols, .days, .rows_left, (.rows | map(del(.domains)) | sort_by(.address))])' "$1"; }
is "all that a reading of the log has" "$(rows "$T/own")" "$(rows "$T/direct")"
is "which log" "$(jq -c .files "$T/own")" "[\"$T/var/mail.log\"]"
of_logs()	{ sed -n "s/^$1:[[:space:]]*//p" "/proc/$logs/status"; }
is "it is nobody, without rights, filtered" "$(of_logs Uid | cut -f 1) $(of_logs CapPrm) $(of_logs NoNewPrivs) $(of_logs Seccomp)" \
    "$(id -u nobody) 0000000000000000 1 2"
is "with little memory" "$(($(of_logs VmHWM | tr -dc 0-9) < 32768))" 1
is "and has opened nothing to write but its counts" "$(for fd in "/proc/$logs/fd"/*; do
	grep -q '^flags:.*[12]$' "/proc/$logs/fdinfo/${fd##*/}" 2>/dev/null && readlink "$fd"; done |
    grep -vE '^(socket:|pipe:|anon_inode:|/dev/null)' | grep -vE "^$T/(counts/|logs.out)")" ""
is "its socket and counts are for whom they are" "$(stat -c '%a %U' "$T/logs.sock" "$T/counts" "$T/counts/report.db" | xargs)" "660 root 700 nobody 600 nobody"
asked()		{ perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1; print $s pack("N", length $ARGV[1]) . $ARGV[1]; local $/; print substr(<$s>, 4)' "$T/logs.sock" "$1"; }
for bad in '{"days":0}' '{"days":401}' '{"days":"x"}' '{"limit":1001}' '{"only":"x"}' '{"direction":"up"}' '{"file":"/etc/passwd"}'; do
	like "refused: $bad" "$(asked "{\"op\":\"report.tls\",\"args\":$bad}")" '"ok": ?false.*"code": ?"field\.'
done
like "no other operation" "$(asked '{"op":"connection.get","args":{}}')" 'op\.unknown'
like "no frame" "$(asked 'x'; asked '{"op":"report.tls","args":{}}')" '"ok": ?true'
is "another user is not heard" "$(setpriv --reuid=postfix --clear-groups perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new(Peer => $ARGV[0]) ? 1 : 0' "$T/logs.sock")" 0
logs_stop
is "ends when it is told to" $? 0
logs_start
ok "and has it all when it is back" wait_for 10 is_read
chmod 000 "$T/var/mail.log"
echo x >>"$T/var/mail.log"
lost()		{ stored; [ "$(jq -c '[.inbound.known, .inbound.reason]' "$T/own")" = '[false,"log_unreadable"]' ]; }
ok "a log that it may not read is not known" wait_for 20 lost
logs_stop
is "without it the log is read" "$("$B/postsealctl" -c "$T/conf" report tls --json | jq -c '.files')" "[\"$T/var/mail.log.1.gz\",\"$T/var/mail.log\"]"
chmod 755 "$T/journal"
sed -i "s|^log_file = .*|journal_directory = $T/journal|" "$T/conf"
if [ ! -s /var/log/mail.log ]; then
	logs "journal_directory = $T/journal"
	ok "the journal, by its cursor" wait_for 20 is_read
	is "is what it says" "$(jq -c .files "$T/own")" '["journal"]'
	logs_stop
	logs_start
	ok "and nothing twice" wait_for 10 is_read
	logs_stop
fi
printf '[logs]\nuser = root\n' >"$T/conf"
like "never as root" "$("$B/postseal-logs" -c "$T/conf" 2>&1; echo $?)" 'root.*1$'
done_testing
