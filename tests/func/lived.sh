# lived.sh - a Postfix as somebody else set it up, and what it does with mail.
# Needs lib.sh, a console that runs ($STATE, $PF), and postfix-instance.sh.
# shellcheck shell=bash disable=SC2034
#
#   lived_certificates    what set-ups name: $T/hand.pem and so on
#   lived_sink            where their mail goes; ports in RELAY and others
#   lived_setup NAME      tests/data/lived-in/NAME is what Postfix has, and
#                         nobody has saved anything
#   lived_mail LISTENER   one message in and out: WIRE
#   lived_levels          LEVELS: what main.cf asks for, as numbers
#   lived_lowered A B     names of what B asks less of than A
#   lived_lines FILE NAME...   it without the lines of these parameters
LIVED=$TOP/tests/data/lived-in
MAIL_N=0 PORTS=()

lived_certificates()
{
	local lets=$T/letsencrypt

	ec_new "$T/hand.key" && self_new "$T/hand.pem" "$T/hand.key" &&
	rsa_new "$T/rsa.key" && self_new "$T/rsa.pem" "$T/rsa.key" &&
	cat "$T/hand.key" "$T/hand.pem" >"$T/pair.pem" &&
	cat "$T/rsa.key" "$T/rsa.pem" "$T/pair.pem" >"$T/both.pem" &&
	mkdir -p "$lets/live/mx" "$lets/archive/mx" &&
	cp "$T/hand.pem" "$lets/archive/mx/fullchain1.pem" &&
	cp "$T/hand.key" "$lets/archive/mx/privkey1.pem" &&
	ln -s ../../archive/mx/fullchain1.pem "$lets/live/mx/fullchain.pem" &&
	ln -s ../../archive/mx/privkey1.pem "$lets/live/mx/privkey.pem" &&
	echo "other.example.test $T/both.pem" >"$T/sni" &&
	echo "[127.0.0.1]:9 user:secret" >"$T/sasl" &&
	echo "example.org encrypt" >"$T/policy" || return 1
	FINGERPRINT=$(openssl x509 -in "$T/hand.pem" -noout -fingerprint -sha256)
	FINGERPRINT=${FINGERPRINT#*=}
}

# The other side: by STARTTLS, TLS at once, for who shows a certificate.  The
# header that it puts before a message says whether that came by TLS.
lived_sink()
{
	RELAY=$(pfi_make "$T/sink") RELAYW=$(free_port) CCERT=$(free_port) &&
	echo '/^Received: .*by sink/ WARN' >"$T/sink/received" &&
	pfi_conf "$T/sink" myhostname=sink.example.test \
	    smtpd_tls_security_level=may "smtpd_tls_chain_files=$T/pair.pem" \
	    smtpd_tls_received_header=yes "header_checks=regexp:$T/sink/received" \
	    "smtpd_tls_CAfile=$T/hand.pem" smtpd_tls_fingerprint_digest=sha256 &&
	pfi_listener "$T/sink" "127.0.0.1:$RELAYW" smtpd_tls_wrappermode=yes &&
	pfi_listener "$T/sink" "127.0.0.1:$CCERT" \
	    smtpd_tls_security_level=encrypt smtpd_tls_req_ccert=yes &&
	pfi_start "$T/sink" || return 1
	CLEAN+=('pfi_stop "$T/sink"')
	cp -p "$PF/main.cf" "$T/main.first"
	grep -v "^127.0.0.1:$SMTP_PORT " "$PF/master.cf" >"$T/master.first"
	PORTS=("$SMTP_PORT" "$(free_port)" "$(free_port)")
}

filled()
{
	sed "s|@IN@|127.0.0.1:@PORT@ inet n - n - - smtpd|; s|@T@|$T|g
	    s|@PORT@|${PORTS[0]}|g; s|@P2@|${PORTS[1]}|g; s|@P3@|${PORTS[2]}|g
	    s|@RELAY@|$RELAY|; s|@RELAYW@|$RELAYW|; s|@CCERT@|$CCERT|
	    s|@FINGERPRINT@|$FINGERPRINT|"
}

# main.cf: that of the console's Postfix, without what the set-up says itself,
# and then the set-up, byte for byte.  master.cf: services that it has take
# the place of those of the same name.
lived_setup()
{
	local file=$LIVED/$1 names=relayhost=

	timeout 20 postfix -c "$PF" stop >/dev/null 2>&1
	rm -rf "$STATE"/daemon/{current,journal,facts,originals,generations/gen-*}
	rm -f "$PF/main.cf"
	names=$(sed '/^%%/,$d' "$file" | sed -n 's/^\([a-z_]*\)[ \t]*=.*/\1/p' | paste -sd '|')
	{
		grep -vE "^(relayhost|biff|$names)[ 	]*=" "$T/main.first"
		grep -q '^relayhost' "$file" ||
			echo "relayhost = [127.0.0.1]:$RELAY"
		if grep -q '^%%' "$file"; then
			sed '/^%%/,$d' "$file" | filled
		else
			filled <"$file"
		fi
	} >"$T/main.new"
	if [ "$1" = symlink ]; then
		mkdir -p "$T/git" && cp "$T/main.new" "$T/git/main.cf" &&
		ln -s "$T/git/main.cf" "$PF/main.cf"
	else
		cp "$T/main.new" "$PF/main.cf"
	fi
	if grep -q '^%%' "$file"; then
		sed '1,/^%%/d' "$file" | filled
	else
		echo @IN@ | filled
	fi >"$T/master.own"
	{
		awk 'FILENAME == ARGV[1] { if (/^[^ \t]/) own[$1 $2] = 1; next }
			!(($1 $2) in own)' "$T/master.own" "$T/master.first"
		cat "$T/master.own"
	} >"$T/master.new"
	cp "$T/master.new" "$PF/master.cf"
	touch -d '10 seconds ago' "$PF"/{main,master}.cf
	postfix -c "$PF" start >/dev/null 2>&1 && postsuper -c "$PF" -d ALL >/dev/null 2>&1
}

# Comments and blank lines among those of a value are nobody's.
lived_lines()
{
	awk -v names="${*:2}" 'BEGIN { n = split(names, a, " ")
			for (i = 1; i <= n; i++) drop[a[i]] = 1 }
		/^[ \t]*(#|\r?$)/ { print; next }
		/^[^ \t]/ { name = $0; sub(/[ \t\r]*=.*|[ \t\r]+$/, "", name)
			gone = name in drop }
		!gone' "$1"
}

# Versions of TLS that a list lets through, as bits.
versions_of()
{
	local word bit with=0 without=0 all=15
	local -A bits=([TLSv1]=1 [TLSv1.1]=2 [TLSv1.2]=4 [TLSv1.3]=8)

	for word in ${1//[,:]/ }; do
		bit=${bits[${word#[!>]}]:-${bits[${word#>=}]:-0}}
		case $word in
		'>='*) [ $bit -eq 0 ] || without=$((without | (bit - 1))) ;;
		'!'*) without=$((without | bit)) ;;
		*) with=$((with | bit)) ;;
		esac
	done
	[ $with -ne 0 ] || with=$all
	echo $((with & ~without))
}

LEVEL_NAMES=(in out wrapper in_versions in_mandatory out_versions out_mandatory
    ask require out_ca in_ca out_cert)
lived_levels()
{
	local v name in out

	mapfile -t v < <(for name in smtpd_tls_security_level \
	    smtpd_enforce_tls smtpd_use_tls smtp_tls_security_level \
	    smtp_enforce_tls smtp_use_tls smtp_tls_wrappermode \
	    smtpd_tls_protocols smtpd_tls_mandatory_protocols \
	    smtp_tls_protocols smtp_tls_mandatory_protocols \
	    smtpd_tls_ask_ccert smtpd_tls_req_ccert smtp_tls_CAfile \
	    smtpd_tls_CAfile smtp_tls_cert_file; do
		echo "$name"
	done | xargs postconf -c "$PF" -xh 2>/dev/null | tr -d '\r')
	case ${v[0]}:${v[1]}:${v[2]} in
	none:* | ::* | :no:no) in=0 ;;
	may:* | :no:*) in=1 ;;
	*) in=2 ;;
	esac
	case ${v[3]}:${v[4]}:${v[5]} in
	none:* | :no:no) out=0 ;;
	may:* | :no:*) out=1 ;;
	dane:*) out=2 ;;
	encrypt:* | :yes:*) out=3 ;;
	dane-only:*) out=4 ;;
	*) out=5 ;;
	esac
	LEVELS="$in $out $([ "${v[6]}" = yes ]; echo $((!$?)))"
	LEVELS+=" $(versions_of "${v[7]}") $(versions_of "${v[8]}")"
	LEVELS+=" $(versions_of "${v[9]}") $(versions_of "${v[10]}")"
	LEVELS+=" $([ "${v[11]}" = yes ]; echo $((!$?)))"
	LEVELS+=" $([ "${v[12]}" = yes ]; echo $((!$?))) ${v[13]:-none}"
	[ "${v[11]}${v[12]}" != nono ] || v[14]=
	LEVELS+=" ${v[14]:-none} ${v[15]:-none}"
}

lived_lowered()
{
	local -a a b
	local i

	read -ra a <<<"$1"
	read -ra b <<<"$2"
	for i in "${!LEVEL_NAMES[@]}"; do
		case ${LEVEL_NAMES[i]} in
		*_versions | *_mandatory) [ $((b[i] & ~a[i])) -eq 0 ] ;;
		# one that somebody chose
		*_ca | *_cert) [ "${a[i]}" = none ] || [ "${a[i]}" = "${b[i]}" ] ;;
		*) [ "${b[i]}" -ge "${a[i]}" ] ;;
		esac || echo "${LEVEL_NAMES[i]}"
	done
}

# What Postfix says of a recipient, "" after 10 s.
said_of()
{
	local n line

	for ((n = 0; n < 200; n++)); do
		line=$(grep -m1 "to=<$1>.*status=" "$PF/../log/mail.log")
		[ -z "$line" ] || break
		sleep 0.05
	done
	echo "$line"
}

# lived_mail KIND@N[/ADDRESS]: by STARTTLS where it is offered (s), with a
# client's certificate (c), TLS at once (w), behind a load balancer (p, or q with
# version 2 of its protocol), or by sendmail (m); at the Nth port.  WIRE=IN/OUT: tls, plain, or refused,
# deferred, bounced; - for mail that came by sendmail.
lived_mail()
{
	local kind=${1%@*} host=127.0.0.1 port in out n
	local -a how=(-tlso)
	local -a balancer=(--proxy-source 192.0.2.50 --proxy-source-port 4321
	    --proxy-dest 127.0.0.1 --proxy-dest-port 25)

	port=${1#*@}
	[[ $port != */* ]] || host=${port#*/}
	port=${PORTS[${port%/*} - 1]:-}
	MAIL_N=$((MAIL_N + 1))
	case $kind in
	c) how=(-tlso --tls-cert "$T/hand.pem" --tls-key "$T/hand.key") ;;
	w) how=(-tlsc) ;;
	p) how+=("${balancer[@]}" --proxy-version 1 --proxy-family TCP4) ;;
	q) how+=("${balancer[@]}" --proxy-version 2 --proxy-family AF_INET) ;;
	esac
	if [ "$kind" = m ]; then
		printf 'Subject: m%s\n\nhello\n' "$MAIL_N" | timeout 20 \
		    sendmail -C "$PF" -f sender@example.test \
		    "out-$MAIL_N@far.example" >"$T/swaks" 2>&1 &&
			in=- || in=refused
	elif timeout 40 swaks --server "$host" --port "$port" --timeout 15 \
	    --ehlo client.example.test --from sender@example.test \
	    --to "in-$MAIL_N@example.test,out-$MAIL_N@far.example" \
	    "${how[@]}" >"$T/swaks" 2>&1; then
		in=plain
		! grep -q '^=== TLS started' "$T/swaks" || in=tls
		[[ $(said_of "in-$MAIL_N@example.test") == *status=sent* ]] || in=lost
	else
		in=refused
	fi
	[ $in != refused ] || { WIRE=refused; return; }
	out=$(said_of "out-$MAIL_N@far.example")
	out=${out##*status=}
	out=${out%% *}
	if [ "$out" = sent ]; then
		out=plain
		for ((n = 0; n < 40; n++)); do
			! grep -q "to=<out-$MAIL_N@far.example>" "$T/sink/log/mail.log" || break
			sleep 0.05
		done
		! grep "header Received: .*to=<out-$MAIL_N@far.example>" \
		    "$T/sink/log/mail.log" | grep -q 'using TLS' || out=tls
	fi
	WIRE=$in/${out:-lost}
}

# Is B as good as A?  tls before plain before what does not go at all.
wire_as_good()
{
	local a b i

	for i in 1 2; do
		a=$(cut -d / -f $i <<<"$1") b=$(cut -d / -f $i <<<"$2")
		case $a:$b in
		tls:tls | plain:tls | plain:plain | -:-) ;;
		tls:* | plain:* | -:*) return 1 ;;
		esac
	done
}
