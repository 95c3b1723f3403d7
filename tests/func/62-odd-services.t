#!/bin/bash
# Services of master.cf as they are found on gateways that live: several
# addresses, load balancers, postscreen, TLS at once, rules that turn this host
# away, client certificates, two certificates, none that listens.  Each is
# seen, or named as not seen before anything is written; what fails leaves
# Postfix as it was, and says so.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
issued=("private_key=@$s/issued-key.pem"
    "server_certificate=@$s/issued-cert.pem"
    "ca_certificate=@$s/issued-intermediate.pem")
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1: applied, proven" "$STATUS:$(j .probe.proven)" 200:true
first=$(leaf_of "$s/self-signed-cert.pem")
minutes=10

# Something that restarts Postfix and has nothing to do with TLS.
change()
{
	minutes=$((minutes + 1))
	save idle_timeout=$minutes "$@"
}

# odd [NAME=VALUE...]: by hand beside the console; master.cf is in $M.
M=$T/master
odd()
{
	cp "$PF/main.cf" "$T/main.before"
	cp "$M" "$PF/master.cf"
	[ $# -eq 0 ] || postconf -c "$PF" -e "$@"
	touch -d '10 seconds ago' "$PF/main.cf" "$PF/master.cf"
	postfix -c "$PF" stop >/dev/null 2>&1
	postfix -c "$PF" start >/dev/null 2>&1
}

# even NAME...: those parameters as they were, and master.cf.
even()
{
	cp "$T/master.first" "$PF/master.cf"
	[ $# -eq 0 ] || postconf -c "$PF" -X "$@"
	touch -d '10 seconds ago' "$PF/main.cf" "$PF/master.cf"
	postfix -c "$PF" stop >/dev/null 2>&1
	postfix -c "$PF" start >/dev/null 2>&1
}
cp "$PF/master.cf" "$T/master.first"
# own OPTION...: options of the inbound service, in $M.
own()
{
	sed "s|^127.0.0.1:$SMTP_PORT .*|& $*|" "$T/master.first" >"$M"
}
codes()	{ j '[.findings[]?.code] | sort | join(" ")'; }
states()	{ j '[.probe.addresses[] | "\(.address) \(.state)"] | join(", ")'; }

# Several addresses, one of them without TLS by its own option.
cp "$T/master.first" "$M"
echo "127.0.0.2:$SMTP_PORT inet n - n - - smtpd" >>"$M"
echo "127.0.0.3:$SMTP_PORT inet n - n - - smtpd -o smtpd_tls_security_level=none" >>"$M"
odd
change
is "three addresses: each is proven" "$STATUS:$(states)" \
    "200:127.0.0.1 proven, 127.0.0.2 proven, 127.0.0.3 proven"
is "three addresses: what each offers" "$(j '[.probe.addresses[].starttls] | join(" ")')" "true true false"
is "three addresses: and serves" "$(j '.probe.addresses[1].certificates[0].sha256')" "$first"
is "three addresses: which versions" "$(j '.probe.addresses[1].certificates[0].protocols | join(" ")')" "TLSv1.2 TLSv1.3"
is "three addresses: asked for by name" "$(j '.probe.addresses[1].names | join(" ")')" mx.example.test
save tls_only=on
like "TLS only: the one that it does not reach is named" \
    "$STATUS:$(codes):$(j '.findings[] | select(.code == "inbound.shadowed") | .message')" \
    "^200:.*inbound.shadowed.*127.0.0.3"
save tls_only=off
even
own -o smtpd_tls_security_level=none
odd
save tls_only=on
like "the console's own address is overruled: refused, with the parameter" \
    "$STATUS:$(j .code):$(j '.findings[].message')" "^422:inbound.shadowed:.*smtpd_tls_security_level"
change
is "a Save of something else goes on" "$STATUS:$(j .probe.starttls)" 200:false
api GET '/api/v1/status'
is "and the status tells that nobody gets TLS" "$(j .live.error.code)" probe.starttls
even

# In front of it a load balancer.
own -o smtpd_upstream_proxy_protocol=haproxy
odd
change
is "PROXY before smtpd: proven" "$STATUS:$(states):$(j .probe.certificate_sha256)" \
    "200:127.0.0.1 proven:$first"
ok "PROXY before smtpd: the time without service is known" test "$(j .outage_ms)" -lt 5000
save "${issued[@]}"
is "PROXY before smtpd: a certificate is proven" "$STATUS:$(j .probe.certificate_sha256)" \
    "200:$(leaf_of "$s/issued-cert.pem")"
smtpd_with "$PF" -o smtpd_tls_chain_files=/nonexistent/a.pem
before=$(maincf_hash)
save "private_key=@$s/self-signed-key.pem" "server_certificate=@$s/self-signed-cert.pem"
is "PROXY before smtpd: a failure is rolled back, no more" "$STATUS:$(j .code):$(maincf_hash)" \
    "502:apply.rolled_back:$before"
smtpd_with "$PF"
even

# postscreen, with its wait and without an exception for this host.
sed "/^127.0.0.1:$SMTP_PORT /d" "$T/master.first" >"$M"
cat >>"$M" <<-END
	127.0.0.1:$SMTP_PORT inet n - n - 1 postscreen
	smtpd     pass  -       -       n       -       -       smtpd
	dnsblog   unix  -       -       n       -       0       dnsblog
	tlsproxy  unix  -       -       n       -       0       tlsproxy
	END
odd postscreen_access_list= postscreen_greet_wait=3s
change
is "postscreen that waits: proven" "$STATUS:$(states)" "200:127.0.0.1 proven"
ok "postscreen that waits: it did" test "$(j '[.steps[] | select(.name == "plan" or .name == "probe") | .ms] | add')" -ge 2900
even postscreen_greet_wait
odd postscreen_upstream_proxy_protocol=haproxy
change
is "postscreen behind a load balancer: proven" "$STATUS:$(states)" "200:127.0.0.1 proven"
even postscreen_access_list postscreen_upstream_proxy_protocol

# TLS at once.
own -o smtpd_tls_wrappermode=yes
odd
change
is "wrapper mode: proven" "$STATUS:$(states):$(j .probe.wrapper)" "200:127.0.0.1 proven:true"
even

# A rule against the probe's name, and one against this host.
cp "$T/master.first" "$M"
odd smtpd_delay_reject=no 'smtpd_helo_restrictions=check_helo_access inline:{{postseal-probe.invalid=REJECT no such name}}'
change
is "a rule against the name in EHLO: proven by another" "$STATUS:$(states)" "200:127.0.0.1 proven"
even smtpd_helo_restrictions
odd smtpd_delay_reject=no 'smtpd_client_restrictions=check_client_access inline:{{127.0.0.1=554 go away}}'
before=$(maincf_hash)
api POST '/api/v1/connection?dry_run=true' -F idle_timeout=99
like "turned away: a preview says so" "$STATUS:$(codes)" "^(200|422):.*probe.blind"
change
is "turned away: to be confirmed, and nothing written" "$STATUS:$(j .code):$(maincf_hash)" \
    "422:probe.blind:$before"
like "turned away: in Postfix's words" "$(j '.findings[] | select(.code == "probe.blind") | .message')" 'go away'
change confirm=probe.blind
is "turned away: applied, not seen" "$STATUS:$(states):$(j .probe.proven)" "200:127.0.0.1 blind:false"
change
is "turned away: not asked again" "$STATUS:$(states)" "200:127.0.0.1 blind"
save "private_key=@$s/self-signed-key.pem" "server_certificate=@$s/self-signed-cert.pem"
is "turned away: a renewal neither" "$STATUS:$(states)" "200:127.0.0.1 blind"
api GET /api/v1/status
is "turned away: no alarm now" "$(j '"\(.live.error // "none") \(.live.proven)"')" "none false"
smtpd_with "$PF" -o smtpd_client_restrictions=
greets() { [ "$(smtp "$SMTP_PORT" | head -c 3)" = 220 ]; }
wait_for 5 greets
change
is "let in again: proven" "$STATUS:$(states)" "200:127.0.0.1 proven"
smtpd_with "$PF"
even smtpd_delay_reject smtpd_client_restrictions

# STARTTLS hidden from this host, and from everybody.
save inbound_enabled=off
odd 'smtpd_discard_ehlo_keyword_address_maps=inline:{{127.0.0.1=starttls}}'
save inbound_enabled=on
like "hidden from this host: the parameter is named" \
    "$STATUS:$(j .code):$(j '.findings[] | select(.code == "probe.blind") | .message')" \
    "^422:probe.blind:.*smtpd_discard_ehlo_keyword_address_maps"
save inbound_enabled=on confirm=probe.blind
is "hidden from this host: applied, not seen" "$STATUS:$(states)" "200:127.0.0.1 blind"
change
is "hidden from this host: not asked again" "$STATUS:$(states)" "200:127.0.0.1 blind"
even smtpd_discard_ehlo_keyword_address_maps
save inbound_enabled=off
odd smtpd_discard_ehlo_keywords=starttls
save inbound_enabled=on
like "hidden from everybody: refused" "$STATUS:$(j .code):$(j '.findings[].message')" \
    "^422:inbound.shadowed:.*smtpd_discard_ehlo_keywords"
even smtpd_discard_ehlo_keywords
save inbound_enabled=on tls_only=on

# Client certificates that must be shown, which the probe has not: the session
# ends after the handshake, in which the server's own has been seen.
odd smtpd_tls_req_ccert=yes "smtpd_tls_CAfile=$s/self-signed-cert.pem"
change
is "client certificates required: proven all the same" "$STATUS:$(states)" "200:127.0.0.1 proven"
save "${issued[@]}"
is "client certificates required: the server's own is" "$STATUS:$(states):$(j .probe.certificate_sha256)" \
    "200:127.0.0.1 proven:$(leaf_of "$s/issued-cert.pem")"
even smtpd_tls_req_ccert smtpd_tls_CAfile
save tls_only=off

# Another certificate by name.
ec_new "$T/other.key"
self_new "$T/other.pem" "$T/other.key"
cat "$T/other.key" "$T/other.pem" >"$T/other.chain"
echo "mx.example.test $T/other.chain" >"$T/sni"
odd "tls_server_sni_maps=texthash:$T/sni"
change
like "SNI serves another: the name is told" \
    "$STATUS:$(j '.findings[] | select(.code == "probe.other_certificate") | .message')" "^200:.*mx.example.test"
even tls_server_sni_maps

# Two certificates, in every order, and the renewal of either.
rsa_new "$T/r1.key"; self_new "$T/r1.pem" "$T/r1.key"
rsa_new "$T/r2.key"; self_new "$T/r2.pem" "$T/r2.key"
ec_new "$T/e1.key"; self_new "$T/e1.pem" "$T/e1.key"
ec_new "$T/e2.key"; self_new "$T/e2.pem" "$T/e2.key"
pair()
{
	save "private_key=@$T/$1.key" "server_certificate=@$T/$1.pem" "${@:2}"
}
both()
{
	j '[.probe.addresses[0].certificates[] | "\(.algorithm) \(.sha256) \(.protocols | join(" "))"] | sort | join(", ")'
}
two()
{
	printf '200:EC %s TLSv1.2 TLSv1.3, RSA %s TLSv1.2 TLSv1.3' "$(leaf_of "$T/$1.pem")" "$(leaf_of "$T/$2.pem")"
}
pair r1 confirm=cert.replace_all
pair e1 confirm=cert.add_algorithm
is "RSA, then EC: both proven" "$STATUS:$(both)" "$(two e1 r1)"
pair r2
is "RSA renewed: both proven" "$STATUS:$(both)" "$(two e1 r2)"
pair e2
is "EC renewed: both proven" "$STATUS:$(both)" "$(two e2 r2)"
pair e1 confirm=cert.replace_all
is "EC alone" "$STATUS:$(j '.probe.addresses[0].certificates | length')" 200:1
pair r1 confirm=cert.add_algorithm
is "EC, then RSA: both proven" "$STATUS:$(both)" "$(two e1 r1)"
cat "$T/r2.pem" "$T/e2.pem" >"$T/b.pem"
cat "$T/r2.key" "$T/e2.key" >"$T/b.key"
pair b
is "RSA and EC in one Save: both proven" "$STATUS:$(both)" "$(two e2 r2)"
api GET /api/v1/connection
is "RSA and EC: the view has both, and no chain twice" \
    "$(j '[.certificates[] | "\(.sha256) \(.more) \(.leaf.days_left > 0)"] | sort | join(" ")'):$(j '.certificate.sha256 == .certificates[0].sha256')" \
    "$(printf '%s\n' "$(leaf_of "$T/r2.pem") null true" "$(leaf_of "$T/e2.pem") null true" | sort | paste -sd ' '):true"
change
is "a change of something else: both proven" "$STATUS:$(both)" "$(two e2 r2)"

# Nothing listens.
save inbound_enabled=off
sed "/^127.0.0.1:$SMTP_PORT /d" "$T/master.first" >"$M"
odd
save outbound_enabled=on
is "a null client: outbound is applied" "$STATUS:$(param smtp_tls_security_level)" 200:may
like "a null client: inbound is closed, and why" "$(j .probe.closed)" 'no inet service'
save inbound_enabled=on
like "a null client: inbound is refused" "$STATUS:$(j .code):$(j '.findings[].message')" "^422:inbound.closed:.*no inet"
api GET /api/v1/connection
is "a null client: the view" "$STATUS:$(j .usable):$(j .postfix.state):$(j .live.error.code)" "200:true:running:null"
even
done_testing
