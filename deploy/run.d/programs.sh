# programs.sh - postseald, postseal.fcgi and nginx of `make run`.
# shellcheck shell=bash

PIDS=()
NAMES=()

postseal_conf()
{
	cat <<EOT
# Written by \`make run\` at each start.
[daemon]
state_directory = $STATE/daemon
socket = $ROOT/run/postseald.sock
socket_group = postseal

[postfix]
config_directory = $PF/conf
service = 127.0.0.1:$SMTP_PORT
log_file = $PF/log/mail.log

[web]
listen = $ROOT/run/fcgi.sock
listen_group = postseal-web
user = postseal
state_directory = $ROOT/web
template_directory = $ROOT/share/templates

[logs]
state_directory = $ROOT/logs
socket = $ROOT/run/logs.sock
EOT
	! cluster_on || cluster_section console
	# Of a test: more sections.
	[ -z "${CONF_MORE:-}" ] || cat "$CONF_MORE"
}

# Who may come to fcgi.sock.
web_group()
{
	getent group postseal-web >/dev/null ||
		groupadd --system postseal-web 2>/dev/null
	id -nG www-data | grep -qw postseal-web ||
		usermod -aG postseal-web www-data 2>/dev/null
	id -nG www-data | grep -qw postseal-web
}

system_user()
{
	local name

	for name in postseal postseal-parse postseal-probe postseal-logs; do
		getent passwd $name >/dev/null ||
			useradd --system --user-group --no-create-home \
			    --home-dir /nonexistent \
			    --shell /usr/sbin/nologin $name 2>/dev/null ||
			# Another console that starts may have been quicker.
			getent passwd $name >/dev/null ||
			fail "cannot create the user $name"
	done
	getent passwd www-data >/dev/null ||
		fail "the user www-data is missing (Debian's base-passwd)"
	web_group || web_group ||
		fail "cannot put www-data into the group postseal-web"
}

# Sub-directories that other users must reach; nginx's workers read static
# files, the web process templates.
programs_prepare()
{
	local dir

	for dir in run share web nginx logs; do
		mkdir -p "$ROOT/$dir" && chmod 755 "$ROOT/$dir" ||
			fail "cannot write to $ROOT"
	done
	chown postseal:postseal "$ROOT/web" && chmod 700 "$ROOT/web" &&
	mkdir -p "$STATE/daemon" && chmod 700 "$STATE/daemon" ||
		fail "cannot prepare $STATE"
	rm -rf "$ROOT/share/static" "$ROOT/share/templates"
	cp -R "$TOP/templates" "$ROOT/share/" &&
	"$TOP/deploy/lean" "$TOP/static" "$ROOT/share/static" &&
	chmod -R u=rwX,go=rX "$ROOT/share" || fail "cannot fill $ROOT/share"
	postseal_conf | put 644 "$STATE/postseal.conf"
	fill <"$TOP/deploy/nginx/postseal.conf" |
	    put 644 "$ROOT/nginx/postseal.conf"
	fill <"$TOP/deploy/run.d/nginx.conf.in" |
	    put 644 "$ROOT/nginx/nginx.conf"
}

# The installed places in a snippet become those of this instance.
fill()
{
	local text

	text=$(cat)
	text=${text//\/usr\/share\/postseal\/static/$ROOT/share/static}
	text=${text//\/run\/postseal\/fcgi.sock/$ROOT/run/fcgi.sock}
	text=${text//@ROOT@/$ROOT}
	text=${text//@STATE@/$STATE}
	printf '%s\n' "${text//@LISTEN@/$(listen_nginx)}"
}

# start NAME COMMAND...: as a session of its own, so that Ctrl-C at the
# terminal reaches us alone and we stop things in order.
start()
{
	local name=$1 pid

	shift
	(
		cd / && exec 8>&- setsid "$@"
	) </dev/null >>"$STATE/log/$name.log" 2>&1 &
	pid=$!
	PIDS+=("$pid")
	NAMES+=("$name")
	echo "$pid $(start_of "$pid")" >"$STATE/run/$name.pid"
}

# What a launcher that was killed has left: by pid file, and only if the
# process is still the one that was started then.
leftovers_stop()
{
	local name pid born

	for name in nginx postseal.fcgi postseal-logs postseald; do
		read -r pid born 2>/dev/null <"$STATE/run/$name.pid" || continue
		if [ -n "$born" ] && [ "$(start_of "$pid")" = "$born" ]; then
			say "stopping $name ($pid) that an earlier run left"
		fi
		leftover_session "$pid" "$born"
		rm -f "$STATE/run/$name.pid"
	done
	if postfix_pid >/dev/null; then
		say "stopping the Postfix that an earlier run left"
		postfix_stop
	fi
}

# The leader may be gone and its children not: they name our socket's place.
leftover_session()
{
	local pid

	if [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]; then
		session_stop "$1" 5
		return
	fi
	[ ! -d "/proc/$1" ] || return 0
	for pid in $(session_pids "$1"); do
		tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$STATE" || return 0
	done
	session_stop "$1" 5
}

programs_stop()
{
	local i

	for ((i = ${#PIDS[@]} - 1; i >= 0; i--)); do
		session_stop "${PIDS[i]}" 40
		rm -f "$STATE/run/${NAMES[i]}.pid"
	done
	wait 2>/dev/null
	PIDS=()
}

# Status 5 is an answer too: something needs attention.
daemon_answers()
{
	local rc=0

	ctl status >/dev/null 2>&1 || rc=$?
	[ $rc -eq 0 ] || [ $rc -eq 5 ]
}

web_answers()
{
	[ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 --noproxy '*' \
	    --cacert "$STATE/https/cert.pem" \
	    "$CONSOLE/healthz")" = 200 ]
}

ctl()
{
	"$BUILD/postsealctl" -c "$STATE/postseal.conf" "$@"
}

# The last lines of what a program said, for the reason of a failure.
last_words()
{
	tail -n 1 "$STATE/log/$1.log" 2>/dev/null
}
