#!/bin/bash
# Users of the host: real libpam asks a password database of our own
# (pam_userdb), groups are those of Debian's system users, so that nothing of
# the machine is changed.  At the end Debian's own stack (pam_unix), with
# copies of passwd, group and shadow in a mount namespace.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/account.sh"

GUESS="vole kettle lantern $(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
mkdir -p "$T/pam.d"
for user in news irc games uucp root admin; do
	printf '%s\n%s %s\n' $user "$GUESS" $user
done >"$T/users.txt"
db_load -T -t hash -f "$T/users.txt" "$T/users.db" || bail "db_load"
service()
{
	printf 'auth required pam_userdb.so db=%s/users\naccount required %s\n' \
	    "$T" "$*" >"$T/pam.d/postseal"
}
service pam_userdb.so db="$T/users"
cat >"$T/more.conf" <<EOT
[auth]
source = both
pam_directory = $T/pam.d
pam_helper = $B/postseal-pam
pam_recheck_seconds = 1
password_list = $T/list
pam_administrators = news
pam_operators = irc
pam_viewers = games
EOT
echo 'Winter Lantern Kettle Vole' >"$T/list"
export CONF_MORE=$T/more.conf
console_start
said() { sed -n '/role="alert"/,/<\/div>$/p' "$BODY" | grep -o '<p>[^<]*' | head -n 1; }

# Who gets in, as what.
login n news "$GUESS news"
is "administrators' group" "$STATUS" 303
page n /access
like "it is an administrator" "$(<"$BODY")" 'href="/access/users"'
like "and of the host" "$(<"$BODY")" 'password on this host'
unlike "no form for the password" "$(<"$BODY")" 'value="password"'
page n /api/v1/users
is "the list says so" "$(j '[.users[] | [.name, .source]] | sort | tostring')" '[["admin","local"],["news","pam"]]'
login i irc "$GUESS irc"
page i /smtp-routing/connection
like "operators' group" "$(<"$BODY")" 'value="save"'
login g games "$GUESS games"
page g /smtp-routing/connection
is "viewers' group" "$STATUS" 200
unlike "it only looks" "$(<"$BODY")" 'value="save"'
login a admin "$PASSWORD"
is "one of our own" "$STATUS" 303

# Who does not: one answer for all, not before 0.7 s.
want=
for try in "news:not $GUESS" "nobody-here:$GUESS" "uucp:$GUESS uucp" "root:$GUESS root" "admin:$GUESS admin" \
    "NEWS:$GUESS news" "news: " "-c:$GUESS" "news x:$GUESS news"; do
	login x "${try%%:*}" "${try#*:}"
	is "refused: ${try%%:*}" "$STATUS" 401
	want=${want:-$(said)}
	is "refused: the same words" "$(said)" "$want"
	ok "refused: no sooner ($TOOK s)" awk "BEGIN { exit !($TOOK >= 0.69 && $TOOK < 3) }"
done
like "refused: words" "$want" 'wrong'
login g games "$GUESS games"
is "others are served" "$STATUS" 303

# What the host takes away ends within pam_recheck_seconds.
token=$(ctl token add t --user news 2>/dev/null)
bearer "$token" GET /api/v1/users
is "a token of the administrator" "$STATUS" 200
service pam_debug.so acct=acct_expired
session_ended()
{
	page n /access
	[ "$STATUS" = 303 ]
}
ok "expired: the session has ended" wait_for 20 session_ended
bearer "$token" GET /api/v1/users
like "expired: the token is dead" "$STATUS" '^40[13]$'
page a /access
is "expired: our own go on" "$STATUS" 200
login n news "$GUESS news"
is "expired: no log-in" "$STATUS" 401
like "expired: the page says why" "$(said)" 'has expired'
# As another user: one more failure of this one's within a second is throttled.
service pam_debug.so acct=perm_denied
login x games "$GUESS games"
is "not allowed" "$STATUS $(said)" "401 $want"
service pam_debug.so acct=system_err
login x games "$GUESS games"
is "PAM cannot tell" "$STATUS" 503
rm "$T/pam.d/postseal"
login x games "$GUESS games"
is "no service file: not by that of others" "$STATUS" 503
service pam_userdb.so db="$T/users"
login n news "$GUESS news"
is "welcome again" "$STATUS" 303
bearer "$token" GET /api/v1/users
is "the token, too" "$STATUS" 200
ctl user delete news 2>/dev/null
page n /access
is "deleted here: the session has ended" "$STATUS" 303
bearer "$token" GET /api/v1/users
is "deleted here: the token is gone" "$STATUS" 401

# postseald asks for the web process alone, and not for ever.
guess()
{
	perl -MIO::Socket::UNIX -e '
		my ($path, $user, $password, $uid, $gid) = @ARGV;
		$) = "$gid $gid"; $> = $uid;
		my $f = sprintf(q({"op":"auth.pam","actor":{"user":"","from":"192.0.2.1","via":"web"},) .
		    q("args":{"user":"%s","password":"%s"}}), $user, $password);
		my $s = IO::Socket::UNIX->new(Peer => $path) or die;
		print $s pack("N", length $f), $f; $s->flush;
		read $s, my $n, 4; read $s, my $got, unpack("N", $n); print $got;
	' "$(sed -n '/^socket = /{s///p;q;}' "$STATE/postseal.conf")" "$1" "$2" "$3" "$(id -g postseal)"
}
like "root asks PAM itself" "$(guess news x 0)" 'op\.denied'
web=$(id -u postseal)
like "the web process hears a word" "$(guess irc "$GUESS irc" "$web")" '"answer":"ok","role":"operator"'
# Until the wait spans a second's end: 60 go free, the next after 1 s.
asked=0
for ((n = 0; n < 500; n++)); do
	text=$(guess irc "guess $n" "$web")
	[[ $text != *'"denied"'* ]] || asked=$((asked + 1))
	[[ ! $text =~ wait\ ([2-9]|1[0-9])\ s ]] || break
done
like "a taken-over web process has to wait" "$asked $text" '^6[0-3] .*auth\.throttled'
tried "web worker" session "$n"
tried "PAM helper" session "$n" # what it is asked, by somebody who guesses
like "whatever it guesses" "$(guess irc "$GUESS irc" "$web")" 'auth\.throttled'
like "others are asked for" "$(guess games "$GUESS games" "$web")" '"answer":"ok"'

# A list of passwords of one's own: at the shell, and inside the sandbox.
is "own list: postsealctl" "$(echo 'winter lantern kettle vole' | ctl user add x --password-stdin 2>&1 | grep -o 'password\.[a-z]*')" password.common
as_admin POST /api/v1/users -H 'Content-Type: application/json' -d '{"name":"x","role":"viewer","password":"winter lantern kettle vole"}'
is "own list: API" "$STATUS $(j .code)" "400 password.common"
as_admin POST /api/v1/users -H 'Content-Type: application/json' -d '{"name":"x","role":"viewer","password":"winter lantern kettle volt"}'
is "own list: another" "$STATUS" 201

# Nothing of it stays, and nobody but the child knows libpam.
is "no password in logs and files" "$(grep -rlF -- "$GUESS" "$STATE" | head -n 1)" ""
api GET "/api/v1/audit?limit=200"
like "audit: who came" "$(j '[.entries[] | select(.event == "login") | .user] | sort | unique | tostring')" 'games.*irc.*news'
unlike "audit: no password" "$(<"$BODY")" "$GUESS"
is "libpam" "$(grep -lE 'libpam\.so' /proc/"$(access '.pids.postseald')"/maps /proc/"$(access '.pids["postseal.fcgi"]')"/maps)" ""

# Debian's own stack with the file that is shipped: as root, where a mount
# namespace may be made; copies of passwd, group, shadow lie over the real.
cat >"$T/unix" <<'EOT'
set -e
for f in passwd group shadow; do cp /etc/$f "$1/$f"; done
echo 'pst-test:x:64999:64999::/nonexistent:/usr/sbin/nologin' >>"$1/passwd"
echo 'pst-admins:x:64998:pst-test' >>"$1/group"
hash=$(printf '%s\n' "$3" | openssl passwd -6 -stdin)
echo "pst-test:$hash:${4:-20000}:0:99999:7::${5:-}:" >>"$1/shadow"
for f in passwd group shadow; do mount --bind "$1/$f" /etc/$f; done
mkdir -p "$1/etc" && cp deploy/pam/postseal "$1/etc/"
printf 'pst-test\0%s\0' "$3" | "$2/postseal-pam" -d "$1/etc" -a pst-admins postseal
printf 'pst-test\0not %s\0' "$3" | "$2/postseal-pam" -d "$1/etc" -a pst-admins postseal
printf 'pst-test\0' | "$2/postseal-pam" -c -d "$1/etc" -v pst-admins postseal
sed 's/^pst-test:\$/pst-test:!$/' "$1/shadow" >"$1/locked"
cat "$1/locked" >"$1/shadow"
printf 'pst-test\0' | "$2/postseal-pam" -c -d "$1/etc" -v pst-admins postseal
EOT
if unshare -m true 2>/dev/null; then
	unix() { (cd "$TOP" && unshare -m --propagation private bash "$T/unix" "$T" "$B" "$GUESS" "$@"); }
	is "pam_unix: right, wrong, and the account alone" "$(unix | head -n 3 | tr '\n' ';')" \
	    "ok administrator 20000;denied;ok viewer 20000;"
	is "pam_unix: a locked password changes the stamp" "$(unix | sed -n 4p)" "ok viewer locked20000"
	is "pam_unix: account expired (common-account denies)" "$(unix 20000 100 | head -n 1)" denied
	is "pam_unix: password to be changed" "$(unix 0 | head -n 1)" expired
fi
done_testing
