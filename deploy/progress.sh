# progress.sh - what a long command is at, a line every ten seconds.
# shellcheck shell=bash
#
# progress_start LOG [TOTAL [shown]] begins, progress_stop ends.  LOG is what
# apt-get, make, debootstrap or a runner of tests writes meanwhile; TOTAL how
# many files there are to it (apt-get says itself how many packages).  shown:
# LOG is seen, so only its silence calls for a word.

PROGRESS=
PROGRESS_EVERY=${PROGRESS_EVERY:-10}

# The last thing that LOG names, and the how-manieth of its kind it is.
progress_line()
{
	awk -v total="${2:-0}" '
	function at(verb, object)
	{
		what = verb
		name = object
		n[what]++
	}
	/ newly installed/	{ total = $1 + $3 }
	/^Get:/			{ at("fetching", $5) }
	/^Unpacking /		{ at("unpacking", $2) }
	/^Setting up /		{ at("setting up", $3) }
	/^I: [A-Z][a-z]*ing /	{ at(tolower($2), $3) }
	/^  CC /		{ at("compiling", $2) }
	/^tests\/[^ ]*\.t \.+ /	{ at("done with", $1) }
	/^Running suite/	{ at("done with", $3) }
	END {
		if (what != "")
			print what " " name ", " n[what] \
			    (total < n[what] ? "" : " of " total)
	}' "$1" 2>/dev/null
}

# Its clock is a read from a pipe that never says anything: a sleep would
# outlive it, and hold our output open.  A caller that is killed it outlives by
# one turn, without the locks of ours (8, 9).
progress_start()
{
	(
		exec {clock}<> <(:)
		size=
		while read -r -t "$PROGRESS_EVERY" -u "$clock" || [ $? -gt 128 ]
		do
			was=$size
			size=$(stat -c %s "$1" 2>/dev/null)
			[ -z "${3:-}" ] || [ "$size" = "$was" ] || continue
			[ -d "/proc/$$" ] || break
			line=$(progress_line "$@")
			[ -z "$line" ] || echo "postseal: $line"
		done
	) </dev/null 8>&- 9>&- &
	PROGRESS=$!
}

progress_stop()
{
	[ -z "$PROGRESS" ] || {
		kill "$PROGRESS"
		wait "$PROGRESS"
	} 2>/dev/null
	PROGRESS=
}

# How many files make would compile: arguments of make.
progress_files()
{
	make -n "$@" 2>/dev/null | grep -c '^echo "  CC '
}
