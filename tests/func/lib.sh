# lib.sh - functional tests: TAP, a console of our own by deploy/run, and
# curl, openssl and raw SMTP against it.
# shellcheck shell=bash
#
# Every file starts its own console on free ports, under one temporary
# directory ($T) that is removed at the end, or kept and named when something
# failed.  Whatever was started is stopped in a trap.
set -u -o pipefail
export LC_ALL=C

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=/dev/null
. "$TOP/deploy/run.d/common.sh"
B=${B:-build}
case $B in
/*) ;;
*) B=$TOP/$B ;;
esac
export B

T_N=0 T_FAILED=0 T_DONE=
RUNS=() CLEAN=()
T=$(mktemp -d /tmp/postseal-func.XXXXXX) && chmod 755 "$T" || exit 1
BODY=$T/body HEAD=$T/head STATUS=
CURL=(curl -sS --max-time 90 --noproxy '*')

finish()
{
	local pid cmd rc=$?

	trap '' INT TERM HUP
	for cmd in "${CLEAN[@]}"; do
		eval "$cmd"
	done
	for pid in "${RUNS[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${RUNS[@]}"; do
		wait "$pid" 2>/dev/null
	done
	rmdir /var/lib/postseal-run 2>/dev/null
	if [ $T_FAILED -eq 0 ] && [ -n "$T_DONE" ]; then
		rm -rf "$T"
		exit 0
	fi
	echo "# kept: $T"
	exit $((rc ? rc : 1))
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

note()
{
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# tried PART AIM N [WORKED]: for the table of `make redteam-table`.
tried()
{
	[ -z "${REDTEAM_TABLE:-}" ] ||
	    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-0}" >>"$REDTEAM_TABLE"
}

# tried_all PART FILE: lines "aim result name", 0: it worked.
tried_all()
{
	local aim

	for aim in key value root session line stop; do
		tried "$1" $aim "$(grep -c "^$aim " "$2")" "$(grep -c "^$aim 0 " "$2")"
	done
}

# result NAME: of the command just run.
result()
{
	local rc=$?

	T_N=$((T_N + 1))
	if [ $rc -eq 0 ]; then
		echo "ok $T_N - $1"
	else
		echo "not ok $T_N - $1"
		T_FAILED=$((T_FAILED + 1))
	fi
	return $rc
}

# ok NAME COMMAND...
ok()
{
	local name=$1

	shift
	"$@"
	result "$name"
}

# is NAME GOT WANT
is()
{
	[ "$2" = "$3" ]
	result "$1" || note "got:      ${2:0:400}" "
expected: ${3:0:400}"
}

# like NAME GOT REGEX
like()
{
	[[ $2 =~ $3 ]]
	result "$1" || note "got:      ${2:0:600}" "
expected: $3"
}

# unlike NAME GOT REGEX
unlike()
{
	! [[ $2 =~ $3 ]]
	result "$1" || note "got:      ${2:0:600}" "
not expected: $3"
}

done_testing()
{
	echo "1..$T_N"
	T_DONE=yes
	[ $T_FAILED -eq 0 ]
}

# What comes after makes no sense: this file ends here, failed.
bail()
{
	false
	result "$*"
	exit 1
}

# Ports that nobody uses, below those that the kernel hands out.
free_port()
{
	local port

	while :; do
		port=$((20000 + (RANDOM * 32768 + RANDOM + $$) % 12000))
		port_busy "$port" || break
	done
	echo "$port"
}

# console_launch STATE HTTPS_PORT SMTP_PORT: in the background; RUN_PID.
console_launch()
{
	SKIP_INSTALL=1 SKIP_BUILD=1 STATE=$1 HTTPS_PORT=$2 SMTP_PORT=$3 \
	    "$TOP/deploy/run" </dev/null >>"$1.out" 2>&1 &
	RUN_PID=$!
	RUNS+=("$RUN_PID")
}

# Wait until STATE's access.json is written, or its launcher is gone.
console_wait()
{
	local n

	for ((n = 0; n < 1200; n++)); do
		[ ! -s "$1/access.json" ] || return 0
		[ -d "/proc/$2" ] || break
		sleep 0.05
	done
	sed 's/^/# /' "$1.out" >&2
	tail -n 3 "$1"/log/*.log 2>/dev/null | sed 's/^/# /' >&2
	return 1
}

access()
{
	jq -r "$1" "$STATE/access.json"
}

# The console that the functions below speak to.
console_use()
{
	STATE=$1
	URL=$(access .url) TOKEN=$(access .token) PASSWORD=$(access .password)
	CA=$(access .https_ca) SAMPLES=$(access .samples)
	PF=$(access .postfix_config) SMTP_PORT=$(access .smtp)
	SMTP_PORT=${SMTP_PORT#*:}
	printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" >"$T/auth"
}

console_start()
{
	local state=${1:-$T/state}

	console_launch "$state" "$(free_port)" "$(free_port)"
	console_wait "$state" "$RUN_PID" || bail "the console did not start"
	console_use "$state"
}

# console_stop PID: as by Ctrl-C of a service manager.
console_stop()
{
	kill -TERM "$1" 2>/dev/null
	wait "$1"
}

# req METHOD PATH [curl arguments]: no authorization.
req()
{
	local method=$1 path=$2

	shift 2
	: >"$BODY"
	STATUS=$("${CURL[@]}" --cacert "$CA" -X "$method" -o "$BODY" \
	    -D "$HEAD" -w '%{http_code}' "$@" "$URL$path")
}

# api METHOD PATH [curl arguments]: with the token, which stays out of ps.
api()
{
	req "$@" -K "$T/auth"
}

# as_admin METHOD PATH [curl arguments]: in a session of admin, who has just
# given the password once more: no token changes who gets in.
as_admin()
{
	local jar=$T/jar.as_admin

	jq -n --rawfile p <(printf %s "$PASSWORD") '{password: $p}' >"$T/proof"
	as_admin_csrf
	req POST /api/v1/proof -b "$jar" -K "$T/as_admin" \
	    -H 'Content-Type: application/json' --data-binary "@$T/proof"
	if [ "$STATUS" != 204 ]; then
		rm -f "$jar"
		req GET /login -c "$jar"
		sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/csrf=\1/p' "$BODY" |
		    head -n 1 | tr -d '\n' >"$T/as_admin"
		printf %s "$PASSWORD" >"$T/proof"
		req POST /login -b "$jar" -c "$jar" -d "@$T/as_admin" \
		    -d user=admin --data-urlencode "password@$T/proof"
		as_admin_csrf
	fi
	rm -f "$T/proof"
	req "$@" -b "$jar" -K "$T/as_admin"
}

# The session's value as curl reads it: HMAC-SHA256 of "csrf".
as_admin_csrf()
{
	local secret

	secret=$(sed -n 's/.*__Host-postseal\t//p' "$T/jar.as_admin" 2>/dev/null)
	perl -MDigest::SHA=hmac_sha256_hex -e 'chomp(my $s = <STDIN>);
		printf "header = \"X-CSRF-Token: %s\"\n",
		    hmac_sha256_hex("csrf", $s)' <<<"$secret" >"$T/as_admin"
}

# Member of the last answer.
j()
{
	jq -r "$1" "$BODY" 2>/dev/null
}

# save NAME=VALUE...: one multipart POST of the whole procedure.
save()
{
	local f args=()

	for f in "$@"; do
		args+=(-F "$f")
	done
	api POST /api/v1/connection "${args[@]}"
}

# JSON body of the same: json_save INBOUND TLS_ONLY OUTBOUND KEY CERT CA
# (true|false|null; file names or "").
json_body()
{
	local -a file=(/dev/null /dev/null /dev/null)

	[ -z "$4" ] || file[0]=$4
	[ -z "$5" ] || file[1]=$5
	[ -z "$6" ] || file[2]=$6
	jq -n --argjson i "$1" --argjson t "$2" --argjson o "$3" \
	    --rawfile k "${file[0]}" --rawfile c "${file[1]}" \
	    --rawfile a "${file[2]}" '
		def some: if . == "" then null else . end;
		{inbound: {enabled: $i, tls_only: $t}, outbound: {enabled: $o},
		 certificate: {private_key: $k | some,
		  server_certificate: $c | some, ca_certificate: $a | some}}'
}

json_save()
{
	json_body "$@" >"$T/request.json"
	api POST /api/v1/connection -H 'Content-Type: application/json' \
	    --data-binary @"$T/request.json"
}

# SHA-256 of a certificate file, as lower-case hex.
leaf_of()
{
	openssl x509 -in "$1" -outform DER 2>/dev/null | sha256sum |
	    cut -d ' ' -f 1
}

# starttls [PORT [s_client arguments]]: the session's text.
starttls()
{
	local port=${1:-$SMTP_PORT}

	[ $# -eq 0 ] || shift
	printf 'QUIT\r\n' | timeout 20 openssl s_client -connect \
	    "127.0.0.1:$port" -starttls smtp -quiet "$@" 2>&1
}

# SHA-256 of the certificate that the SMTP port serves; "none" without TLS.
served()
{
	local port=${1:-$SMTP_PORT} pem

	[ $# -eq 0 ] || shift
	pem=$(printf 'QUIT\r\n' | timeout 20 openssl s_client -connect \
	    "127.0.0.1:$port" -starttls smtp "$@" 2>/dev/null |
	    openssl x509 -outform DER 2>/dev/null | sha256sum | cut -d ' ' -f 1)
	# of nothing
	[ "$pem" != e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] ||
		pem=none
	echo "$pem"
}

# smtp PORT COMMAND...: plaintext; the server's lines, one reply a command.
smtp()
{
	local line cmd port=$1

	shift
	exec 6<>"/dev/tcp/127.0.0.1/$port" || return 1
	for cmd in "" "$@" QUIT; do
		[ -z "$cmd" ] || printf '%s\r\n' "$cmd" >&6
		while read -r -t 20 line <&6; do
			printf '%s\n' "${line%$'\r'}"
			[[ $line =~ ^[0-9]{3}- ]] || break
		done
	done
	exec 6>&-
}

# Does Postfix still take mail?  starttls: yes | no.
serving()
{
	local text

	text=$(smtp "$SMTP_PORT" "EHLO test.example.test" \
	    "MAIL FROM:<a@example.test>" "RCPT TO:<b@example.test>")
	case $1 in
	yes) [[ $text == *STARTTLS* ]] || return 1 ;;
	no) [[ $text != *STARTTLS* ]] || return 1 ;;
	esac
	[[ $text == *$'\n250 2.1.5'* ]]
}

maincf_hash()
{
	sha256sum <"$PF/main.cf" | cut -d ' ' -f 1
}

# Value that main.cf gives a parameter; "-" when it does not.
param()
{
	local line

	line=$(postconf -c "$PF" -n "$1" 2>/dev/null)
	[ -n "$line" ] && echo "${line#*= }" || echo -
}

maillog()
{
	cat "$PF/../log/mail.log" 2>/dev/null
}

# Conditions for wait_for SECONDS COMMAND... (deploy/run.d/common.sh):
not() { ! "$@"; }
# Does a program take connections at this port?
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Has the job at this path ended?  It is in $BODY.
job_over() { api GET "$1"; [ "$(j .state)" != running ]; }

# wait_log REGEX [FILE]: up to 15 s for a line.
wait_log()
{
	wait_for 15 grep -qsE "$1" "${2:-$PF/../log/mail.log}"
}

# Is process $1 gone?  A zombie that init has not reaped yet is.
ended()
{
	[ ! -d "/proc/$1" ] || [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ]
}

# Processes whose command line names a path.
processes_of()
{
	local dir

	for dir in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$dir/cmdline" | grep -qF "$1"; } 2>/dev/null &&
			echo "${dir#/proc/}"
	done
	return 0
}

# key_new FILE [genpkey arguments]
key_new()
{
	(umask 077 && openssl genpkey "${@:2}" -out "$1" 2>/dev/null)
}

ec_new()
{
	key_new "$1" -algorithm EC -pkeyopt "ec_paramgen_curve:${2:-P-256}" \
	    -pkeyopt ec_param_enc:named_curve
}

rsa_new()
{
	key_new "$1" -algorithm RSA -pkeyopt "rsa_keygen_bits:${2:-2048}"
}

# self_new CERT KEY [req arguments]: self-signed, for the gateway's name.
self_new()
{
	openssl req -x509 -new -key "$2" -subj /CN=mx.example.test -days 30 \
	    -addext subjectAltName=DNS:mx.example.test -out "$1" "${@:3}" \
	    2>/dev/null
}

# One more smtpd in the private Postfix's master.cf: listener SERVICE [-o ...]
listener()
{
	echo "$1 inet n - n - - smtpd ${*:2}" >>"$PF/master.cf"
	postfix -c "$PF" reload >/dev/null 2>&1
}

# reload_settled CONFDIR: reload, and wait until the smtpd processes of before,
# of which master still gives a client one for a while, are gone.
reload_settled()
{
	local pid old

	old=$(pgrep -x smtpd -P "$(tr -d ' \n' <"$1/../queue/pid/master.pid")")
	postfix -c "$1" reload >/dev/null 2>&1
	for pid in $old; do
		wait_for 30 ended "$pid"
	done
}

# smtpd_with CONFDIR [OPTION...]: from now on smtpd of that Postfix starts with
# options that neither main.cf nor master.cf names; without any, as it was.
smtpd_with()
{
	local dir="$1/../libexec" real

	if [ ! -d "$dir" ]; then
		real=$(postconf -c "$1" -h daemon_directory)
		mkdir "$dir" && ln -s "$real"/* "$dir" && mv "$dir/smtpd" "$dir/real"
		postconf -c "$1" -e "daemon_directory=$dir"
		touch -d '10 seconds ago' "$1/main.cf"
		postfix -c "$1" stop >/dev/null 2>&1
		ln -s "$(readlink "$dir/real")" "$dir/smtpd"
		postfix -c "$1" start >/dev/null 2>&1
	fi
	rm "$dir/smtpd"
	printf '#!/bin/bash\nexec -a smtpd %q "$@" %s\n' \
	    "$(readlink "$dir/real")" "${*:2}" >"$dir/smtpd"
	chmod 755 "$dir/smtpd"
	reload_settled "$1"
}

# postconf -e on the private Postfix, as an administrator beside the console.
edit()
{
	postconf -c "$PF" -e "$@" && touch -d '10 seconds ago' "$PF/main.cf" &&
	postfix -c "$PF" reload >/dev/null 2>&1
}
