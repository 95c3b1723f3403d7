# postfix-instance.sh - a private Postfix instance in one directory.
#
# To be sourced by tests (sh or bash); needs root and an installed Postfix,
# whose own /etc/postfix is never read or changed.  Under DIR:
#   conf/ main.cf master.cf   queue/   data/   log/mail.log
# The SMTP service listens on 127.0.0.1:PORT and nothing else; local and
# virtual mail is thrown away (discard:), nothing leaves the machine unless a
# test says so.
#
#   pfi_free_port                prints a free TCP port
#   pfi_make DIR [PORT]          makes the instance; prints its port
#   pfi_conf DIR NAME=VALUE...   postconf -e, with a cold main.cf afterwards
#   pfi_listener DIR SERVICE [OPTION...]   one more smtpd in master.cf
#   pfi_start DIR, pfi_stop DIR, pfi_reload DIR    stop never fails
#   pfi_wait_port PORT [SECONDS] until a banner comes
#
# Every directory on the way to DIR must be passable (o+x): Postfix's
# processes drop to the user postfix.

pfi_free_port()
{
	while :; do
		pfi_p=$(shuf -i 20000-31999 -n 1)
		grep -qi ":$(printf '%04X' "$pfi_p") " \
		    /proc/net/tcp /proc/net/tcp6 2>/dev/null || break
	done
	echo "$pfi_p"
}

# Every program that reads a main.cf younger than two seconds waits until it
# is older (shared/POSTFIX.md 1.11).
pfi_cool()
{
	touch -d '10 seconds ago' "$1/conf/main.cf" "$1/conf/master.cf"
}

pfi_make()
{
	pfi_dir=$1
	pfi_port=${2:-$(pfi_free_port)}
	mkdir -p "$pfi_dir" &&
	chmod 0755 "$pfi_dir" &&
	mkdir -p "$pfi_dir/conf" "$pfi_dir/queue" "$pfi_dir/data" \
	    "$pfi_dir/log" &&
	chown postfix "$pfi_dir/data" &&
	chmod 0755 "$pfi_dir/conf" "$pfi_dir/queue" "$pfi_dir/log" &&
	chmod 0700 "$pfi_dir/data" || return 1
	cat >"$pfi_dir/conf/main.cf" <<-CONF || return 1
	# A private instance for tests.
	compatibility_level = 3.6
	queue_directory = $pfi_dir/queue
	data_directory = $pfi_dir/data
	maillog_file = $pfi_dir/log/mail.log
	maillog_file_prefixes = $pfi_dir/log
	myhostname = mx.example.test
	mydestination = \$myhostname, localhost
	mynetworks = 127.0.0.0/8, [::1]/128
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	local_recipient_maps =
	local_transport = discard:
	virtual_transport = discard:
	relay_transport = discard:
	default_transport = discard:
	alias_maps =
	alias_database =
	smtpd_peername_lookup = no
	# Tests connect often; nobody else can.
	smtpd_client_connection_rate_limit = 0
	CONF
	cat >"$pfi_dir/conf/master.cf" <<-CONF || return 1
	127.0.0.1:$pfi_port inet n - n - - smtpd
	pickup    unix  n  -  n  60    1  pickup
	cleanup   unix  n  -  n  -     0  cleanup
	qmgr      unix  n  -  n  300   1  qmgr
	tlsmgr    unix  -  -  n  1000? 1  tlsmgr
	rewrite   unix  -  -  n  -     -  trivial-rewrite
	bounce    unix  -  -  n  -     0  bounce
	defer     unix  -  -  n  -     0  bounce
	trace     unix  -  -  n  -     0  bounce
	verify    unix  -  -  n  -     1  verify
	flush     unix  n  -  n  1000? 0  flush
	proxymap  unix  -  -  n  -     -  proxymap
	proxywrite unix -  -  n  -     1  proxymap
	smtp      unix  -  -  n  -     -  smtp
	relay     unix  -  -  n  -     -  smtp
	showq     unix  n  -  n  -     -  showq
	error     unix  -  -  n  -     -  error
	retry     unix  -  -  n  -     -  error
	discard   unix  -  -  n  -     -  discard
	local     unix  -  n  n  -     -  local
	anvil     unix  -  -  n  -     1  anvil
	scache    unix  -  -  n  -     1  scache
	postlog   unix-dgram n - n -   1  postlogd
	CONF
	pfi_cool "$pfi_dir"
	echo "$pfi_port"
}

pfi_conf()
{
	pfi_dir=$1
	shift
	/usr/sbin/postconf -c "$pfi_dir/conf" -e "$@" &&
	pfi_cool "$pfi_dir"
}

pfi_listener()
{
	pfi_dir=$1
	pfi_line="$2 inet n - n - - smtpd"
	shift 2
	for pfi_o in "$@"; do
		pfi_line="$pfi_line -o $pfi_o"
	done
	echo "$pfi_line" >>"$pfi_dir/conf/master.cf" &&
	pfi_cool "$pfi_dir"
}

pfi_start()
{
	/usr/sbin/postfix -c "$1/conf" start </dev/null >"$1/log/start.out" \
	    2>&1 || { cat "$1/log/start.out" >&2; return 1; }
}

pfi_reload()
{
	/usr/sbin/postfix -c "$1/conf" reload </dev/null >/dev/null 2>&1
}

# The pid that holds master.pid, or nothing.  A stale file names a pid that
# may be anybody's, so the program's name is looked at as well.
pfi_master()
{
	[ -r "$1/queue/pid/master.pid" ] || return 0
	pfi_pid=$(tr -d ' \n' <"$1/queue/pid/master.pid") || return 0
	[ -n "$pfi_pid" ] && [ "$(cat "/proc/$pfi_pid/comm" 2>/dev/null)" = \
	    master ] && echo "$pfi_pid"
	return 0
}

pfi_stop()
{
	[ -n "$(pfi_master "$1")" ] || return 0
	# It can wait for ever: its log line, for a postlogd that is gone.
	timeout 15 /usr/sbin/postfix -c "$1/conf" stop </dev/null >/dev/null 2>&1
	pfi_n=0
	while [ -n "$(pfi_master "$1")" ] && [ $pfi_n -lt 30 ]; do
		sleep 0.1
		pfi_n=$((pfi_n + 1))
	done
	# A main.cf that a test broke keeps "postfix stop" from working.
	pfi_pid=$(pfi_master "$1")
	[ -z "$pfi_pid" ] || kill -9 -- "-$pfi_pid" 2>/dev/null
	return 0
}

pfi_wait_port()
{
	pfi_n=$((${2:-10} * 20))
	while [ $pfi_n -gt 0 ]; do
		if timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 &&
		    read -r l <&3 && case \$l in 220*) echo QUIT >&3 ;;
		    *) exit 1 ;; esac" 2>/dev/null; then
			return 0
		fi
		sleep 0.05
		pfi_n=$((pfi_n - 1))
	done
	echo "no banner on 127.0.0.1:$1" >&2
	return 1
}
