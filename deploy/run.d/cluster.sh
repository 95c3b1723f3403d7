# cluster.sh - `make run SCANNERS=N`: etcd, and N more hosts beside the
# console, each with its own Postfix, postseald and postseal-sync.
# shellcheck shell=bash
#
# All on 127.0.0.1, with TLS and client certificates, users and roles as in
# docs/scanners.md.  The console's own Postfix takes part as host "console".
# ETCD_MEMBERS (1) is for tests.  The processes of a cluster may end one by
# one without ending the run: that is what a cluster is for.

SCANNERS=${SCANNERS:-0}
ETCD_MEMBERS=${ETCD_MEMBERS:-1}
BATCH=${BATCH:-0}
CL=		# what all may reach: sockets, Postfix
CD=		# what root alone needs
CL_PIDS=()

cluster_on()
{
	[ "$SCANNERS" != 0 ]
}

cluster_arguments()
{
	[[ $SCANNERS =~ ^[0-9]{1,3}$ ]] && [ "$SCANNERS" -le 100 ] ||
		fail "SCANNERS=$SCANNERS: expected 0 to 100"
	[[ $ETCD_MEMBERS =~ ^[1357]$ ]] ||
		fail "ETCD_MEMBERS=$ETCD_MEMBERS: expected 1, 3, 5 or 7"
}

cluster_names()
{
	local i

	for ((i = 1; i <= SCANNERS; i++)); do
		echo "scanner$i"
	done
}

# The port of NAME, the same at every start; below those of the kernel.
cluster_port()
{
	local file=$CD/ports/$1 port

	if [ ! -s "$file" ]; then
		while :; do
			port=$((12000 + (RANDOM * 32768 + RANDOM + $$) % 8000))
			port_busy "$port" || grep -qxF "$port" "$CD"/ports/* \
			    2>/dev/null || break
		done
		echo "$port" >"$file"
	fi
	cat "$file"
}

cluster_endpoints()
{
	local i sep=

	for ((i = 1; i <= ETCD_MEMBERS; i++)); do
		printf '%shttps://127.0.0.1:%s' "$sep" \
		    "$(cluster_port "etcd$i-client")"
		sep=,
	done
}

# etcd's JSON gateway refuses client certificates with a common name: it could
# not make a user of it.  The user comes from the password.
cluster_client()
{
	local request=$CL/$1/etcd.csr ext=$CL/$1/etcd.ext

	printf '%s\n' basicConstraints=critical,CA:FALSE \
	    extendedKeyUsage=clientAuth >"$ext"
	ssl req -new -key "$CL/$1/etcd-key.pem" -subj "/O=$1" -out "$request"
	ssl x509 -req -in "$request" -CA "$CD/ca-cert.pem" \
	    -CAkey "$CD/ca-key.pem" -days 3650 -extfile "$ext" \
	    -out "$CL/$1/etcd-cert.pem"
	rm -f "$request" "$ext"
}

# One key for all members of etcd, one for each client.
cluster_pki()
{
	local name ext

	if [ ! -s "$CD/ca-cert.pem" ]; then
		ec_key "$CD/ca-key.pem"
		ssl req -x509 -new -key "$CD/ca-key.pem" -days 3650 \
		    -subj "/CN=Postseal etcd" -out "$CD/ca-cert.pem"
	fi
	cp "$CD/ca-cert.pem" "$CL/ca.pem" && chmod 644 "$CL/ca.pem"
	ext=$'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:127.0.0.1'
	if [ ! -s "$CL/etcd/cert.pem" ]; then
		ec_key "$CL/etcd/key.pem"
		issue "$CL/etcd/key.pem" "$CL/etcd/cert.pem" etcd-server 3650 \
		    "$CD/ca" "$ext"
	fi
	chown -R etcd "$CL/etcd"
	for name in root console $(cluster_names); do
		mkdir -p "$CL/$name"
		[ -s "$CL/$name/etcd-cert.pem" ] || {
			ec_key "$CL/$name/etcd-key.pem"
			cluster_client "$name"
			(umask 077 && random_word >"$CL/$name/etcd-password")
		}
		[ "$name" = root ] ||
			chown postseal-sync "$CL/$name"/etcd-{key,cert}.pem \
			    "$CL/$name/etcd-password"
	done
}

# [cluster] of NAME.
cluster_section()
{
	cat <<EOT

[cluster]
name = $1
console = $([ "$1" = console ] && echo yes || echo no)
endpoints = $(cluster_endpoints)
ca = $CL/ca.pem
certificate = $CL/$1/etcd-cert.pem
key = $CL/$1/etcd-key.pem
password_file = $CL/$1/etcd-password
batch = $BATCH
lease_seconds = ${LEASE:-10}
check_seconds = ${CHECK:-15}
EOT
}

cluster_scanner_conf()
{
	cat <<EOT
# Written by \`make run\` at each start.
[daemon]
state_directory = $CD/$1
socket = $CL/$1/postseald.sock
socket_group = postseal

[postfix]
config_directory = $CL/$1/postfix/conf
service = 127.0.0.1:$(cluster_port "$1")
log_file = $CL/$1/postfix/log/mail.log

[web]
user = postseal
EOT
	cluster_section "$1"
}

# cluster_postfix NAME COMMAND...: postfix.sh's functions for that host.
cluster_postfix()
(
	SMTP_PORT=$(cluster_port "$1")
	PF=$CL/$1/postfix
	postfix_old_port()
	{
		echo "$SMTP_PORT"
	}
	shift
	"$@"
)

cluster_prepare()
{
	local name

	cluster_on || return 0
	CL=$ROOT/cluster CD=$STATE/cluster.d
	[ -n "${SKIP_INSTALL:-}" ] ||
		long 600 "$TOP/deploy/install-packages" cluster || exit 1
	getent passwd postseal-sync >/dev/null ||
		useradd --system --user-group --no-create-home -G postseal \
		    --home-dir /nonexistent --shell /usr/sbin/nologin \
		    postseal-sync ||
		fail "cannot create the user postseal-sync"
	mkdir -p "$CL/etcd" "$CD/ports" && chmod 755 "$CL" &&
	chmod 700 "$CD" || fail "cannot write to $CL"
	cluster_leftovers
	cluster_pki
	for name in $(cluster_names); do
		mkdir -p "$CD/$name" && chmod 700 "$CD/$name"
		cluster_scanner_conf "$name" |
		    put 644 "$CL/$name/postseal.conf"
		cluster_postfix "$name" postfix_prepare || exit 1
	done
}

# As start, but not among those whose end ends the run.
cluster_run()
{
	local name=$1 pid

	shift
	(
		cd / && exec 8>&- setsid "$@"
	) </dev/null >>"$STATE/log/$name.log" 2>&1 &
	pid=$!
	disown "$pid"
	CL_PIDS+=("$name:$pid")
	echo "$pid $(start_of "$pid")" >"$STATE/run/cluster-$name.pid"
}

cluster_pid()
{
	local pid

	read -r pid _ 2>/dev/null <"$STATE/run/cluster-$1.pid"
	echo "$pid"
}

# The passwords are random words of 20 letters: nothing is gained by hashing
# them slowly, and each log-in of a host would wait for it.
cluster_etcd()
{
	local i list= sep= client peer

	for ((i = 1; i <= ETCD_MEMBERS; i++)); do
		list=$list${sep}m$i=https://127.0.0.1:$(cluster_port \
		    "etcd$i-peer")
		sep=,
	done
	for ((i = 1; i <= ETCD_MEMBERS; i++)); do
		client=https://127.0.0.1:$(cluster_port "etcd$i-client")
		peer=https://127.0.0.1:$(cluster_port "etcd$i-peer")
		cluster_run "etcd$i" setpriv --reuid=etcd --regid=etcd \
		    --clear-groups -- etcd --name "m$i" \
		    --data-dir "$CL/etcd/m$i" \
		    --listen-client-urls "$client" \
		    --advertise-client-urls "$client" \
		    --listen-peer-urls "$peer" \
		    --initial-advertise-peer-urls "$peer" \
		    --initial-cluster "$list" \
		    --initial-cluster-token postseal \
		    --initial-cluster-state new \
		    --client-cert-auth --trusted-ca-file "$CL/ca.pem" \
		    --cert-file "$CL/etcd/cert.pem" \
		    --key-file "$CL/etcd/key.pem" \
		    --peer-client-cert-auth --peer-trusted-ca-file "$CL/ca.pem" \
		    --peer-cert-file "$CL/etcd/cert.pem" \
		    --peer-key-file "$CL/etcd/key.pem" \
		    --auto-compaction-retention 1h \
		    --bcrypt-cost 4 --logger zap --log-level warn
	done
}

cluster_ctl()
{
	ETCDCTL_API=3 etcdctl --endpoints "$(cluster_endpoints)" \
	    --cacert "$CL/ca.pem" --cert "$CL/root/etcd-cert.pem" \
	    --key "$CL/root/etcd-key.pem" --command-timeout 10s "$@"
}

cluster_healthy()
{
	cluster_ctl --user "root:$(cat "$CL/root/etcd-password")" \
	    get /postseal/none >/dev/null 2>&1 ||
	cluster_ctl get /postseal/none >/dev/null 2>&1
}

# Users and roles: a host reads what is meant for it, writes what it says of
# itself; a console has all below /postseal/.
cluster_users()
{
	local name pw auth=()

	[ ! -e "$CD/users" ] ||
		auth=(--user "root:$(cat "$CL/root/etcd-password")")
	for name in root console $(cluster_names); do
		! grep -qxF "$name" "$CD/users" 2>/dev/null || continue
		pw=$(cat "$CL/$name/etcd-password")
		cluster_ctl "${auth[@]}" user add "$name:$pw" &&
		cluster_role "$name" &&
		cluster_ctl "${auth[@]}" user grant-role "$name" "$name" &&
		echo "$name" >>"$CD/users.new" || return 1
	done
	[ -s "$CD/users.new" ] || return 0
	[ -e "$CD/users" ] || cluster_ctl auth enable || return 1
	cat "$CD/users.new" >>"$CD/users" && rm -f "$CD/users.new"
}

cluster_role()
{
	local grant=(cluster_ctl "${auth[@]}" role grant-permission "$1")

	[ "$1" != root ] || return 0
	cluster_ctl "${auth[@]}" role add "$1" || return 1
	case $1 in
	console)
		"${grant[@]}" --prefix=true readwrite /postseal/ ;;
	*)
		"${grant[@]}" read /postseal/desired &&
		"${grant[@]}" --prefix=true read "/postseal/x/$1/" &&
		"${grant[@]}" write "/postseal/status/$1" &&
		"${grant[@]}" write "/postseal/alive/$1" ;;
	esac
}

cluster_host_ctl()
{
	"$BUILD/postsealctl" -c "$CL/$1/postseal.conf" "${@:2}"
}

cluster_host_answers()
{
	cluster_host_ctl "$1" scanner identity >/dev/null 2>&1
}

# The identity of NAME to the console, and the console's to NAME.
cluster_enrol()
{
	[ ! -e "$CD/enrolled/$1" ] || return 0
	mkdir -p "$CD/enrolled"
	cluster_host_ctl "$1" scanner identity |
	    ctl scanner enrol "$1" | cluster_host_ctl "$1" scanner trust &&
	: >"$CD/enrolled/$1"
}

cluster_start()
{
	local name

	cluster_on || return 0
	cluster_etcd
	for name in $(cluster_names); do
		cluster_postfix "$name" postfix_start || exit 1
		cluster_run "postseald-$name" "$BUILD/postseald" \
		    -c "$CL/$name/postseal.conf"
	done
	wait_for 30 cluster_healthy ||
		fail "etcd does not answer: $(last_words etcd1)"
	cluster_users >>"$STATE/log/cluster.log" 2>&1 ||
		fail "etcd: users: $(last_words cluster)"
	for name in $(cluster_names); do
		wait_for 20 cluster_host_answers "$name" ||
			fail "$name does not answer: $(last_words "postseald-$name")"
		cluster_enrol "$name" ||
			fail "$name could not be enrolled"
		cluster_run "postseal-sync-$name" "$BUILD/postseal-sync" \
		    -c "$CL/$name/postseal.conf"
	done
	cluster_run postseal-sync "$BUILD/postseal-sync" \
	    -c "$STATE/postseal.conf"
	wait_for 20 cluster_all_seen ||
		fail "not all scanners have reported: $(last_words postseal-sync)"
}

# Every scanner is alive and believed, as the console sees it.
cluster_all_seen()
{
	[ "$(ctl --json scanner list 2>/dev/null | tr -d ' \n' |
	    grep -o '"alive":true' | wc -l)" -gt "$SCANNERS" ]
}

cluster_stop()
{
	local i stops=()

	cluster_on && [ -n "$CL" ] || return 0
	for ((i = ${#CL_PIDS[@]} - 1; i >= 0; i--)); do
		session_stop "${CL_PIDS[i]#*:}" 10
		rm -f "$STATE/run/cluster-${CL_PIDS[i]%:*}.pid"
	done
	CL_PIDS=()
	for i in $(cluster_names); do
		cluster_postfix "$i" postfix_stop &
		stops+=($!)
	done
	# Not of the console's own programs, which still run.
	wait "${stops[@]}"
}

cluster_leftovers()
{
	local file pid born name

	for file in "$STATE"/run/cluster-*.pid; do
		read -r pid born 2>/dev/null <"$file" || continue
		leftover_session "$pid" "$born"
		rm -f "$file"
	done
	for name in $(cluster_names); do
		cluster_postfix "$name" postfix_stop
	done
}

# Members for access.json.
cluster_access_json()
{
	local name sep=

	cluster_on || return 0
	printf '  "scanners": ['
	for name in $(cluster_names); do
		printf '%s\n    {"name": "%s", "smtp": "127.0.0.1:%s", ' \
		    "$sep" "$name" "$(cluster_port "$name")"
		printf '"postfix_config": %s, "config": %s}' \
		    "$(json_str "$CL/$name/postfix/conf")" \
		    "$(json_str "$CL/$name/postseal.conf")"
		sep=,
	done
	printf '\n  ],\n  "etcd": "https://127.0.0.1:%s",\n' \
	    "$(cluster_port etcd1-client)"
}
