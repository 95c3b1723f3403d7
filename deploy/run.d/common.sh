# common.sh - words, ports, processes: what every part of deploy/run uses.
# shellcheck shell=bash

say()
{
	echo "postseal: $*"
}

fail()
{
	echo "postseal: $*" >&2
	exit 1
}

# A JSON string of $1: paths may hold anything but a newline.
json_str()
{
	local s=${1//\\/\\\\}

	printf '"%s"' "${s//\"/\\\"}"
}

# Write stdin to file $2 with mode $1, complete or not at all.
put()
{
	local tmp=$2.tmp.$$

	(umask 077 && cat >"$tmp") && chmod "$1" "$tmp" && mv -f "$tmp" "$2" ||
		fail "cannot write $2"
}

is_port()
{
	[[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]
}

# port_busy PORT [ADDRESS [PID]]: is it taken on that address (127.0.0.1), where
# PID lives?  Read from the kernel's table: a connect would disturb what is there.
port_busy()
{
	local hex address=${2:-127.0.0.1}

	case $address in
	*:* | 0.0.0.0)
		address= ;;
	*)
		# shellcheck disable=SC2086
		printf -v address '%02X%02X%02X%02X' \
		    $(tr . '\n' <<<"$address" | tac) ;;
	esac
	printf -v hex '%04X' "$1"
	cat "/proc/${3:-self}/net/tcp" "/proc/${3:-self}/net/tcp6" 2>/dev/null |
	    awk -v port="$hex" -v address="$address" '
		$4 == "0A" && split($2, a, ":") == 2 && a[2] == port &&
		    (a[1] ~ /^0+$/ || a[1] ~ (address "$")) { hit = 1 }
		END { exit !hit }'
}

# Ticks since boot at which process $1 started: with the pid it names one
# process and no other.
start_of()
{
	local stat

	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	set -- ${stat##*) }
	echo "${20}"
}

# Pids of session $1, one a line.
session_pids()
{
	local dir stat

	for dir in /proc/[0-9]*; do
		read -r stat 2>/dev/null <"$dir/stat" || continue
		set -- "$1" ${stat##*) }
		# state, ppid, pgrp, session; zombies need no signal
		[ "$5" = "$1" ] && [ "$2" != Z ] && echo "${dir#/proc/}"
	done
	return 0
}

# Ask the leader of session $1 to end (all of it, if the leader is gone), give
# the session $2 s, then make it: an apply that runs may finish meanwhile.
session_stop()
{
	local pids n

	[ -n "$(session_pids "$1")" ] || return 0
	if [ -d "/proc/$1" ]; then
		kill -TERM "$1" 2>/dev/null
	else
		mapfile -t pids < <(session_pids "$1")
		[ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null
	fi
	for ((n = 0; n < $2 * 20; n++)); do
		[ -n "$(session_pids "$1")" ] || return 0
		sleep 0.05
	done
	mapfile -t pids < <(session_pids "$1")
	[ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
	return 0
}

# long SECONDS COMMAND...: a step that may take minutes, in the background so
# that a signal to us is heard at once; stopped within SECONDS then.
LONG=
long()
{
	LONG_GRACE=$1
	shift
	setsid "$@" </dev/null 8>&- &
	LONG=$!
	wait "$LONG"
	set -- $?
	LONG=
	return "$1"
}

long_stop()
{
	[ -z "$LONG" ] || session_stop "$LONG" "$LONG_GRACE"
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when time is up, or
# when one of our programs is gone.
wait_for()
{
	local n=$(($1 * 20)) pid

	shift
	while ! "$@"; do
		[ $((n -= 1)) -gt 0 ] || return 1
		for pid in "${PIDS[@]}"; do
			[ -d "/proc/$pid" ] || return 1
		done
		sleep 0.05
	done
}
