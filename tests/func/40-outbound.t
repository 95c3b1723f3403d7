#!/bin/bash
# Outbound: to a host that offers STARTTLS with TLS, to one that does not in
# plaintext; and alone, without any file.
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
done_testing
