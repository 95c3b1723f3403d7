#!/bin/bash
# What a shell sees before anything runs: every command of postsealctl
# completes, and postseald -t.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

"$B/postsealctl" completion >"$T/completion"
ok "bash takes it" bash -n "$T/completion"
# shellcheck source=/dev/null
. "$T/completion"

# complete LINE: what comes of it, the last word begun ("" after a space).
complete_line()
{
	read -r -a COMP_WORDS <<<"$1"
	[ "${1% }" = "$1" ] || COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
	_postsealctl
	echo "${COMPREPLY[*]}"
}

# Each command, from its first letters on, and each option that its help shows.
missed=()
while read -r first second; do
	case " $(complete_line "postsealctl ${first:0:2}") " in
	*" $first "*) ;;
	*) missed+=("$first") ;;
	esac
	case $second in
	"") ;;
	*) case " $(complete_line "postsealctl --json $first ${second:0:1}") " in
	*" $second "*) ;;
	*) missed+=("$first $second") ;;
	esac ;;
	esac
	# shellcheck disable=SC2086
	help=$("$B/postsealctl" $first $second --help) || missed+=("help $first")
	for option in $(sed -n '2,/^example/p' <<<"$help" | sed '$d' | grep -o -- '\[--[a-z-]*' | tr -d '['); do
		n=$((${n:-0} + 1))
		case " $(complete_line "postsealctl $first $second ${option:0:4}") " in
		*" $option "*) ;;
		*) missed+=("$first $second $option") ;;
		esac
	done
done < <(sed -n 's/^C([a-z_]*, "\([^"]*\)".*/\1/p' "$TOP/src/ctl/commands.def")
is "every command and option completes" "${missed[*]}" ""
ok "there were some: $n options" [ "$n" -gt 20 ]
is "values of an option" "$(complete_line "postsealctl user add a --role ")" \
    "administrator operator viewer"
is "a file after -c" "$(complete_line "postsealctl -c /etc/host" | grep -c '/etc/hosts')" 1
is "and what comes after it" "$(complete_line "postsealctl -c /etc/hosts hist")" history

is "version: that of the package" "$("$B/postsealctl" version)" \
    "postseal $(sed -n '1s/.*(\(.*\)).*/\1/p' "$TOP/debian/changelog")"
like "a plain user is told" "$(setpriv --reuid 65534 --clear-groups "$B/postsealctl" -c "$TOP/deploy/postseal.conf" user list 2>&1)" \
    'run it as root$|No such file'

try()	{ "$B/postseald" -t -c "$T/conf" 2>&1; echo $?; }
printf '[daemon]\nsocket_group = root\ninspect_user = nobody\nprobe_user = nobody\n[web]\nuser = root\n[postfix]\nconfig_directory = %s\n' "$T" >"$T/conf"
is "postseald -t" "$(try)" "$T/conf: in order"$'\n0'
is "and starts nothing" "$(ls "$T")" $'completion\nconf'
while IFS='|' read -r line says; do
	cp "$T/conf" "$T/good"
	sed -i "$line" "$T/conf"
	like "postseald -t: $says" "$(try)" "$says.*1\$"
	mv "$T/good" "$T/conf"
done <<'EOT'
s/^user = .*/user = nobody-here/|web user: there is no user nobody-here
s/^socket_group.*/socket_group = none-such/|socket_group: there is no group none-such
s/^probe_user.*/probe_user = none-such/|probe_user: there is no user none-such
s/^inspect_user.*/inspect_user = none-such/|inspect_user: there is no user none-such
s/^config_directory.*/config_directory = \/none/|config_directory: /none
s/^socket_group.*/&\nbogus = 1/|bogus
EOT
# setup does not call it a change of its own where another program has the port.
port=$(free_port)
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5,
    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1) or die;
    sleep' "$port" &
taker=$!
CLEAN+=("kill $taker 2>/dev/null")
wait_for 10 listens "$port" || bail "nobody takes the port"
# set_up ADDRESS: what it would say, and its status.
set_up()
{
	POSTSEAL_CTL=$B/postsealctl POSTSEAL_CONF=$T/none POSTSEAL_WEB=$T \
	    deploy/setup --check --web nginx --listen "$1" 2>&1
	echo "status $?"
}
for at in 127.0.0.1 0.0.0.0 "[::]"; do
	like "setup --check, the port of another, $at" "$(set_up "$at:$port")" \
	    "$port is taken: perl, process $taker.*status 1"
done
unlike "... which has it on another address" "$(set_up "127.0.0.2:$port")" taken

done_testing
