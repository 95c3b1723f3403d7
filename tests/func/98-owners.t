#!/bin/bash
# A STATE or a configuration that somebody else than root owns, or can write
# to: a file put in the place of one would have root run a program.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# run_in STATE: what `make run` says, and its exit status.
run_in()
{
	STATE=$1 HTTPS_PORT=$(free_port) SMTP_PORT=$(free_port) SKIP_INSTALL=1 \
	    SKIP_BUILD=1 timeout 60 "$TOP/deploy/run" 2>&1 </dev/null | tail -n 1
}
install -d -o nobody "$T/theirs"
like "make run: somebody else's STATE" "$(run_in "$T/theirs")" 'theirs belongs to nobody'
like "or below a directory of his" "$(run_in "$T/theirs/mine")" 'theirs belongs to nobody'
is "nothing was made there" "$(ls -A "$T/theirs")" ""
install -d -m 777 "$T/open"
like "everybody's" "$(run_in "$T/open")" "everybody may write to $T/open"
install -d -m 775 -g nogroup "$T/ours"
like "a group's" "$(run_in "$T/ours")" "group nogroup may write to $T/ours"
install -d -o nobody "$T/other/state" && ln -s "$T/theirs" "$T/link"
like "by a link" "$(run_in "$T/link")" 'theirs belongs to nobody'

# postseald, with what it was started with before.
console_start
daemon() { timeout 20 "$B/postseald" "$@" 2>&1 | tail -n 1; }
conf() { sed "s|^state_directory = .*/daemon|state_directory = $1|;
    s|^socket = .*|socket = $T/d.sock|" "$STATE/postseal.conf" >"$2"; }
conf "$T/new" "$T/own.conf"
like "postseald: root's own" "$("$B/postseald" -t -c "$T/own.conf" 2>&1)" 'in order'
chown nobody "$T/own.conf"
like "a configuration of somebody else's" "$(daemon -c "$T/own.conf")" 'own.conf belongs to user'
like "is told by -t, too" "$(daemon -t -c "$T/own.conf")" 'own.conf belongs to user'
chown root "$T/own.conf"
chmod 666 "$T/own.conf"
like "one that everybody may write" "$(daemon -c "$T/own.conf")" 'own.conf can be written'
conf "$T/theirs/daemon" "$T/state.conf"
like "a state directory of his" "$(daemon -c "$T/state.conf")" 'theirs belongs to user'
is "which stays as it was" "$(ls -A "$T/theirs")" ""

# A clone with umask 002: its owner's private group is he himself.
install -d -o daemon -g daemon -m 775 "$T/clone" && cp "$B/postseald" "$T/clone"
conf "$T/clone/new" "$T/clone/c.conf"
chmod 664 "$T/clone/c.conf" && chown daemon:daemon "$T/clone/"*
clone() { "$T/clone/postseald" -t -c "$T/clone/c.conf" 2>&1; }
like "a clone with umask 002" "$(clone)" 'in order'
# What run asks before it makes anything.
asks() { sed -n '/^is_own_group()/,/^}/p; /^check_owners()/,/^}/p' "$TOP/deploy/run" | {
	cat; echo 'shopt -s lastpipe; fail() { echo "$*"; exit 1; }; check_owners && echo "goes on"'
} | TOP=$T/clone STATE=$T/clone/run bash; }
like "run agrees" "$(asks)" 'goes on'
chgrp nogroup "$T/clone"
like "another group's clone" "$(clone)" 'clone can be written'
like "run agrees" "$(asks)" "group nogroup may write to $T/clone"
done_testing
