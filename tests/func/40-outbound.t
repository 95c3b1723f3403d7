#!/bin/bash
# Outbound: to a host that offers STARTTLS with TLS, to one that does not in
# plaintext; and alone, without any file.
# And the level: what it does to mail, what it asks, and the resolver that DANE
# needs.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"

console_start

sink()		# NAME [main.cf settings]: another mail server; its port
{
	local port

	port=$(pfi_make "$T/$1" "$(free_port)") &&
	pfi_conf "$T/$1" "myhostname=$1.example.test" "${@:2}" &&
	pfi_start "$T/$1" && pfi_wait_port "$port" && echo "$port"
}
CLEAN+=('pfi_stop "$T/tls"' 'pfi_stop "$T/plain"')
ec_new "$T/sink-key.pem" && self_new "$T/sink-cert.pem" "$T/sink-key.pem"
cat "$T/sink-key.pem" "$T/sink-cert.pem" >"$T/sink.pem"
TLS=$(sink tls smtpd_tls_security_level=may \
    "smtpd_tls_chain_files=$T/sink.pem" smtpd_tls_loglevel=1) &&
PLAIN=$(sink plain) || bail "the other mail servers do not start"

# deliver PORT: one message by way of the gateway to the server at PORT.
# Prints the gateway's log lines of it.
deliver()
{
	local mark

	edit "relayhost=[127.0.0.1]:$1"
	mark=$(maillog | wc -l)
	smtp "$SMTP_PORT" "EHLO c.example.test" "MAIL FROM:<a@example.test>" \
	    "RCPT TO:<someone@far.example>" DATA \
	    $'Subject: test\r\n\r\nhello\r\n.' >"$T/smtp"
	wait_for 15 told
	cat "$T/lines"
}
told()
{
	maillog | tail -n +$((mark + 1)) >"$T/lines"
	grep -q ' postfix/.*status=' "$T/lines"
}

lines=$(deliver "$TLS")
like "off: sent" "$lines" "relay=127.0.0.1\[127.0.0.1\]:$TLS.*status=sent"
unlike "off: no TLS" "$lines" 'TLS connection established to'

save outbound_enabled=on
is "outbound alone, no file: applied" "$STATUS:$(j .result)" 200:applied
is "smtp level" "$(param smtp_tls_security_level)" may
is "trust is the system's" "$(param smtp_tls_CAfile)" \
    /etc/ssl/certs/ca-certificates.crt
is "nothing inbound was set" "$(param smtpd_tls_chain_files)" -
is "inbound stays off" "$(served)" none
api GET /api/v1/connection
is "no certificate" "$(j .certificate)" null
is "the settings say so" "$(j '"\(.settings.inbound.enabled) \(.settings.outbound.enabled)"')" "false true"

lines=$(deliver "$TLS")
like "to a server with STARTTLS: a TLS line" "$lines" \
    "(Untrusted|Anonymous|Trusted|Verified) TLS connection established to 127.0.0.1\[127.0.0.1\]:$TLS: TLSv1"
like "to a server with STARTTLS: sent" "$lines" \
    "relay=127.0.0.1\[127.0.0.1\]:$TLS.*status=sent"
ok "the other side saw TLS" wait_log \
    'TLS connection established from .*TLSv1' "$T/tls/log/mail.log"
lines=$(deliver "$PLAIN")
like "to a server without: sent" "$lines" \
    "relay=127.0.0.1\[127.0.0.1\]:$PLAIN.*status=sent"
unlike "to a server without: in plaintext" "$lines" \
    'TLS connection established to'
ok "the other side has it" wait_log 'client=.*127.0.0.1' "$T/plain/log/mail.log"

# With inbound on as well, the server's own chain never becomes trust for
# outbound, and the other way round.
save inbound_enabled=on "private_key=@$SAMPLES/issued-key.pem" \
    "server_certificate=@$SAMPLES/issued-cert.pem" \
    "ca_certificate=@$SAMPLES/issued-intermediate.pem"
is "both: applied" "$STATUS:$(j .result)" 200:applied
is "both: outbound trust is the system's" "$(param smtp_tls_CAfile)" \
    /etc/ssl/certs/ca-certificates.crt
is "both: no CAfile for clients" "$(param smtpd_tls_CAfile)" -
lines=$(deliver "$TLS")
like "both: a TLS line" "$lines" "TLS connection established to 127.0.0.1"
save outbound_enabled=off
is "off again: applied" "$STATUS:$(j .result)" 200:applied
lines=$(deliver "$TLS")
like "off again: sent" "$lines" 'status=sent'
unlike "off again: no TLS" "$lines" 'TLS connection established to'

# Levels.  Without a relay the whole Internet is asked about.
ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
codes() { j '[.errors[].code] | sort | join(",")'; }
edit relayhost=
save outbound_enabled=on outbound_level=encrypt
is "encrypt for the Internet: asked" "$STATUS:$(codes):$(j '.errors[0].field')" 422:outbound.level_internet:outbound_level
edit "relayhost=[127.0.0.1]:$PLAIN"
save outbound_enabled=on outbound_level=encrypt
is "a relay without STARTTLS: put back" "$STATUS:$(j .code):$(j .cause.code)" 502:apply.rolled_back:probe.next_hop
is "the level is what it was" "$(param smtp_tls_security_level)" none
edit "relayhost=[127.0.0.1]:$TLS"
save outbound_enabled=on outbound_level=secure
is "a certificate that secure does not take: put back" "$STATUS:$(j .cause.code)" 502:probe.next_hop
save outbound_enabled=on outbound_level=encrypt
is "encrypt to a relay with STARTTLS" "$STATUS:$(j .result):$(j .hop.level)" 200:applied:encrypt
is "in main.cf" "$(param smtp_tls_security_level):$(param smtp_dns_support_level)" encrypt:-
like "encrypt: by TLS" "$(deliver "$TLS")" "relay=127.0.0.1\[127.0.0.1\]:$TLS.*status=sent"
like "encrypt: never in plaintext" "$(deliver "$PLAIN")" \
    'status=deferred .*TLS is required, but was not offered'
like "postsealctl says so" "$(ctl status)" 'outbound +encrypt'
edit "relayhost=[127.0.0.1]:$TLS" smtp_tls_wrappermode=yes
save outbound_level=may
is "may with wrapper mode is refused" "$STATUS:$(codes)" 422:outbound.level_wrappermode
edit smtp_tls_wrappermode=no
save outbound_level=bogus
is "an unknown level" "$STATUS:$(j '.errors[0].field')" 422:outbound_level

message() { j ".errors[] | select(.code == \"$1\") | .message"; }

# DANE: the nameserver that smtp asks in its chroot.  $T/ad: its fourth byte.
cat >"$T/resolver.pl" <<'end'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.7", LocalPort => 53,
    Proto => "udp") or die "$!\n";
print "ready\n"; $| = 1; print "\n";
while (my $from = $s->recv(my $q, 512)) {
	open(my $f, "<", $ARGV[0]); my $code = hex(<$f>); close($f);
	substr($q, 2, 2) = chr(0x81) . chr($code);
	$s->send($q, 0, $from);
}
end
echo 80 >"$T/ad"
perl "$T/resolver.pl" "$T/ad" >"$T/resolver" 2>&1 & resolver=$!
CLEAN+=('kill $resolver')
wait_for 10 grep -q . "$T/resolver"
queue=$(postconf -c "$PF" -h queue_directory)
mkdir -p "$queue/etc" && echo 'nameserver 127.0.0.7' >"$queue/etc/resolv.conf"
chrooted() { postconf -c "$PF" -F "smtp/unix/chroot=$1" && edit relayhost=; }
chrooted y
save outbound_level=dane
is "no AD: asked" "$STATUS:$(codes)" 422:dane.resolver_not_validating
save outbound_level=dane-only confirm=dane.resolver_not_validating confirm=outbound.level_internet
is "no AD: dane-only cannot be confirmed" "$STATUS:$(j .code)" 422:dane.resolver_not_validating
like "with the server and the file" "$(message dane.resolver_not_validating)" "127\.0\.0\.7 .*$queue/etc/resolv.conf.*without AD"
echo a2 >"$T/ad"
save outbound_level=dane
like "an error of the resolver" "$(message dane.resolver_not_validating)" 'an error'
edit smtp_host_lookup=native
save outbound_level=dane
is "native look-ups" "$STATUS:$(codes)" 422:dane.host_lookup_native,dane.resolver_not_validating
edit smtp_host_lookup=dns
echo a0 >"$T/ad"
save outbound_level=dane
is "AD: applied" "$STATUS:$(j .result):$(j '[.findings[].code] | map(select(startswith("dane"))) | join(",")')" \
    200:applied:dane.chroot_resolv_stale
is "in main.cf" "$(param smtp_tls_security_level):$(param smtp_dns_support_level)" dane:dnssec
chrooted n
save outbound_level=
is "no level: may, and DNS as it was" "$STATUS:$(param smtp_tls_security_level):$(param smtp_dns_support_level)" 200:may:-
edit smtp_tls_security_level=dane
api POST /api/v1/connection/adopt
is "a level by hand stays" "$STATUS:$(param smtp_tls_security_level)" 200:dane
save outbound_level=may
is "and is lowered only on demand" "$STATUS:$(codes):$(j '.errors[0].field')" 422:level.lowered:outbound_level
done_testing
