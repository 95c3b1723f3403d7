# postfix.sh - the private Postfix instance of `make run`.
# shellcheck shell=bash
#
# Everything of it lies under $ROOT/postfix; the machine's own /etc/postfix is
# neither read nor written.  main.cf is made once and then belongs to the
# console, as on a real gateway: a later start only corrects paths.

PF=		# set by postfix_paths
PF_PORT=	# where it listens, when the console moved it

postfix_paths()
{
	PF=$ROOT/postfix
}

postfix_main_cf()
{
	cat <<EOT
# The private Postfix of \`make run\`: nothing leaves this machine.
# Mail for example.test is accepted and thrown away, anything else stays in
# the queue until relayhost names a host that takes it.
compatibility_level = 3.6
queue_directory = $PF/queue
command_directory = $POSTFIX_SBIN
daemon_directory = $POSTFIX_LIBEXEC
data_directory = $PF/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = $PF/log/mail.log
maillog_file_prefixes = $PF/log

myhostname = mx.example.test
mydomain = example.test
myorigin = \$mydomain
mydestination = example.test, mx.example.test
local_recipient_maps =
local_transport = discard:
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:9

inet_interfaces = 127.0.0.1
inet_protocols = ipv4
biff = no
append_dot_mydomain = no
EOT
}

postfix_master_cf()
{
	cat <<EOT
# service type private unpriv chroot wakeup maxproc command
127.0.0.1:$1 inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
local     unix  - n n -     - local
virtual   unix  - n n -     - virtual
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
EOT
}

# Correct what a later start may find changed: another place, another port.
postfix_adapt()
{
	local name want edits=()

	while read -r name want; do
		[ "$(postconf -c "$PF/conf" -xh "$name" 2>/dev/null)" = \
		    "$want" ] || edits+=("$name=$want")
	done <<EOT
queue_directory $PF/queue
data_directory $PF/data
maillog_file $PF/log/mail.log
maillog_file_prefixes $PF/log
EOT
	[ ${#edits[@]} -eq 0 ] ||
		postconf -c "$PF/conf" -e "${edits[@]}" ||
		fail "cannot edit $PF/conf/main.cf"
	# Another port than the one it was started with is the console's choice.
	[ "$(postfix_inbound)" != "127.0.0.1:$(postfix_old_port)" ] ||
		[ "$SMTP_PORT" = "$(postfix_old_port)" ] ||
		sed -i "s/^127\.0\.0\.1:$(postfix_old_port)\([[:space:]]\)/127.0.0.1:$SMTP_PORT\1/" \
		    "$PF/conf/master.cf" ||
		fail "cannot edit $PF/conf/master.cf"
}

# The inbound service of master.cf as it is now; "" before the first start.
postfix_inbound()
{
	awk '$2 == "inet" && $8 == "smtpd" { print $1; exit }' \
	    "$PF/conf/master.cf" 2>/dev/null
}

# The port of an earlier start.
postfix_old_port()
{
	local port

	port=$(sed -n 's/^service = 127\.0\.0\.1:\([0-9]*\)$/\1/p' \
	    "$STATE/postseal.conf" 2>/dev/null)
	echo "${port:-$SMTP_PORT}"
}

postfix_prepare()
{
	POSTFIX_SBIN=$(dirname "$(command -v postconf)")
	POSTFIX_LIBEXEC=$(postconf -dh daemon_directory) ||
		fail "postconf -d failed: is Postfix installed?"
	mkdir -p "$PF"/conf "$PF"/queue "$PF"/data "$PF"/log &&
	chmod 755 "$PF" "$PF"/conf "$PF"/queue "$PF"/log &&
	chmod 700 "$PF"/data && chown postfix "$PF"/data ||
		fail "cannot prepare $PF"
	# postseal-logs reads it; since 3.9 Postfix makes it with 0600.
	touch "$PF/log/mail.log" && chmod 644 "$PF/log/mail.log" ||
		fail "cannot make $PF/log/mail.log"
	if [ -s "$PF/conf/main.cf" ] && [ -s "$PF/conf/master.cf" ]; then
		postfix_adapt
	else
		postfix_main_cf | put 644 "$PF/conf/main.cf"
		postfix_master_cf "$SMTP_PORT" | put 644 "$PF/conf/master.cf"
	fi
	# A main.cf that looks freshly written is read again and again for
	# two seconds by every program.
	[ -z "$(find "$PF/conf/main.cf" -newermt '-10 seconds')" ] ||
		touch -d '-10 seconds' "$PF/conf/main.cf"
	PF_PORT=$(postfix_inbound)
	PF_PORT=${PF_PORT##*:}
}

postfix_pid()
{
	local pid

	read -r pid 2>/dev/null <"$PF/queue/pid/master.pid" || return 1
	# The lock on that file is what Postfix itself goes by.
	! flock -n "$PF/queue/pid/master.pid" true 2>/dev/null || return 1
	echo "$pid"
}

postfix_start()
{
	(
		cd / && exec 8>&- && postfix -c "$PF/conf" start
	) </dev/null >>"$STATE/log/postfix.log" 2>&1 ||
		fail "Postfix does not start: $(tail -n 1 "$STATE/log/postfix.log")"
}

postfix_stop()
{
	local pid

	[ -n "$PF" ] && pid=$(postfix_pid) || return 0
	# Its own log line can wait for ever, for a postlogd that is gone.
	timeout 20 postfix -c "$PF/conf" stop </dev/null >>"$STATE/log/postfix.log" 2>&1
	session_stop "$pid" 3
}

postfix_greets()
{
	local line

	exec 7<>"/dev/tcp/127.0.0.1/${PF_PORT:-$SMTP_PORT}" || return 1
	read -r -t 5 line <&7
	printf 'QUIT\r\n' >&7
	exec 7>&-
	[[ $line == 220* ]]
} 2>/dev/null
