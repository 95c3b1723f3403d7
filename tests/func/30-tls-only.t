#!/bin/bash
# "Only accept SMTP connections by TLS": no mail in plaintext, mail after
# STARTTLS, and the hops behind the gateway go on as before.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
R=$(free_port) F=$(free_port) E=$(free_port)
# Re-injection as a content filter uses it; one that already has a level of
# its own; and the console's inbound service sends everything to the first.
listener "127.0.0.1:$R" -o content_filter=
listener "127.0.0.1:$F" -o smtpd_tls_security_level=none -o content_filter=
edit "content_filter=smtp:[127.0.0.1]:$R"

send()
{
	swaks --server 127.0.0.1 --port "$1" --from a@example.test \
	    --to b@example.test --helo client.example.test --timeout 20 \
	    "${@:2}" >"$T/swaks" 2>&1
}

mail_plain()
{
	smtp "$1" "EHLO client.example.test" "MAIL FROM:<a@example.test>"
}

save inbound_enabled=on tls_only=on outbound_enabled=on \
    "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "applied" "$STATUS:$(j .result)" 200:applied
like "it warns about a public MX" "$(j '[.findings[].code] | join(" ")')" \
    settings.tls_only_public_mx
is "the probe saw plaintext refused" "$(j .probe.plaintext_refused)" true
like "the level names the exempt hop" "$(param smtpd_tls_security_level)" \
    "127.0.0.1:$R.*may.*encrypt"
like "plaintext: 530" "$(mail_plain "$SMTP_PORT")" $'\n530 5\\.7\\.0'
like "plaintext: STARTTLS is offered" "$(mail_plain "$SMTP_PORT")" STARTTLS
ok "plaintext by swaks is refused" eval '! send "$SMTP_PORT"'
ok "after STARTTLS it is accepted" send "$SMTP_PORT" --tls
ok "TLS 1.2 is accepted" send "$SMTP_PORT" --tls --tls-protocol tlsv1_2
is "the uploaded leaf is served" "$(served)" \
    "$(leaf_of "$s/self-signed-cert.pem")"
ok "re-injection takes plaintext" send "$R"
like "re-injection: 250" "$(mail_plain "$R")" $'\n250 2\\.1\\.0 Ok'
ok "a hop with a level of its own is as it was" send "$F"
unlike "and does not offer STARTTLS" "$(mail_plain "$F")" STARTTLS
ok "a message went through the filter hop to its end" \
    wait_log "relay=127.0.0.1\[127.0.0.1\]:$R.*status=sent"
ok "and was delivered behind it" wait_log 'status=sent \(discarded|status=sent \(delivered|relay=none.*discard|discard.*status=sent'
api GET /api/v1/status
is "status names the exempt hop" "$(j '.postfix.exempt | join(" ")')" "127.0.0.1:$R"
is "status: no drift" "$(j '.drift | length')" 0

# A hop that is added later is drift, which a Save of something else leaves
# and tells, and a restore covers; it is never stopped silently.
listener "127.0.0.1:$E" -o content_filter=
api GET /api/v1/status
like "a hop added later is seen" "$(j '[.drift[].parameter, (.postfix.exempt | join(" "))] | join(" ")')" \
    "127.0.0.1:$E|smtpd_tls_security_level"
save tls_only=on
like "what is in force is no change, and it is told" \
    "$STATUS:$(j .result):$(j '.findings[].code')" '200:unchanged:.*drift\.stays'
api POST /api/v1/connection/restore
is "a restore covers it" "$STATUS:$(j .result)" 200:applied
ok "the hop added later takes plaintext" send "$E"

save tls_only=off
is "off again" "$STATUS:$(j .result)" 200:applied
is "level" "$(param smtpd_tls_security_level)" may
ok "plaintext is accepted" send "$SMTP_PORT"
ok "TLS too" send "$SMTP_PORT" --tls
save inbound_enabled=on tls_only=on apply=reload
is "by reload" "$STATUS:$(j .result)" 200:applied
like "by reload: plaintext gets 530" "$(mail_plain "$SMTP_PORT")" \
    $'\n530 5\\.7\\.0'
# Inbound off takes "TLS only" along.
save inbound_enabled=off
is "inbound off" "$STATUS:$(j .result)" 200:applied
ok "plaintext is accepted again" send "$SMTP_PORT"

# Who sends without TLS, by postseal-logs: five clients, of which two do not;
# and that they were cut off, after the Save that does it.
save inbound_enabled=on
edit smtpd_authorized_xclient_hosts=127.0.0.1
postfix -c "$PF" reload >/dev/null 2>&1
as_client()	{ send "$SMTP_PORT" --xclient "NAME=c$1.example ADDR=192.0.2.$1" "${@:2}"; }
for n in 1 2; do ok "plaintext of client $n" as_client $n; done
for n in 3 4 5; do ok "client $n by TLS" as_client $n --tls; done
told()		{ api GET "/api/v1/report/tls?limit=100" && [ "$(j "$1")" = "$2" ]; }
ok "the report has two of five" wait_for 20 told \
    '[.clients.total, .clients.plain, .messages.plain, .messages.tls] | join(" ")' "5 2 2 3"
is "by address" "$(j '[.rows[] | .address, .name, .plain, .domains[0]] | join(" ")')" \
    "192.0.2.1 c1.example 1 example.test 192.0.2.2 c2.example 1 example.test"
is "of a day no share is known" "$(j '[.known, .reason] | join(" ")')" "false too_short"
# What was seen without TLS is asked about; by a dry run as well.
codes()		{ j '[(.findings // .errors)[]? | select(.code | startswith("policy.")) | .code + ":" + .field + ":" + .severity] | join(" ")'; }
cut="policy.cuts_off:tls_only:confirm"
save tls_only=on
is "TLS only is asked for" "$STATUS:$(codes)" "422:$cut"
like "... with number and addresses" "$(j '.errors[0].message')" \
    '^2 of 5 clients .* 2 messages, 40\.0 % of the mail: 192\.0\.2\.1, 192\.0\.2\.2\.'
unlike "... and nothing was changed" "$(param smtpd_tls_security_level)" encrypt
save outbound_enabled=on
is "another Save does not ask" "$STATUS:$(codes)" 200:
mv "$STATE/run/logs.sock" "$STATE/run/logs.off"
api POST "/api/v1/connection?dry_run=true" -F tls_only=on
is "without postseal-logs it is not known, and said" "$STATUS:$(codes)" \
    "200:policy.not_known:tls_only:info"
# One that takes the question and is silent.
perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => shift, Listen => 5) or die;
	while (my $c = $s->accept) { push @c, $c }' "$STATE/run/logs.sock" &
mute=$!
listens_at() { [ -S "$STATE/run/logs.sock" ]; }
wait_for 5 listens_at
api POST "/api/v1/connection?dry_run=true" -F tls_only=on
is "one that hangs holds nothing up for long" "$STATUS:$(codes)" \
    "200:policy.not_known:tls_only:info"
kill $mute
rm -f "$STATE/run/logs.sock"
mv "$STATE/run/logs.off" "$STATE/run/logs.sock"
save tls_only=on confirm=policy.cuts_off
is "TLS only again" "$STATUS:$(j .result)" 200:applied
ok "a client without TLS is refused" eval '! as_client 1'
ok "and is told as cut off" wait_for 20 told '[.rows[] | select(.refused > 0) | .address] | join(" ")' 192.0.2.1
like "refused: days=0" "$(api GET '/api/v1/report/tls?days=0'; echo "$STATUS:$(j '.errors[0] | .code + " " + .field')")" '400:field.invalid days'
like "refused: direction" "$(api GET '/api/v1/report/tls?direction=up'; echo "$STATUS:$(j '.errors[0] | .code + " " + .field')")" '400:field.invalid direction'
metrics()	{ curl -sS --cacert "$CA" -H "Authorization: Bearer $TOKEN" "$URL/metrics" | grep -E '^postseal_(report|messages|plain)'; }
is "metrics" "$(metrics | grep -v ' 0$' | grep inbound | sed 's/TLSv1.[23]/TLS/')" \
    $'postseal_messages_total{direction="inbound",protocol="plain"} 2\npostseal_messages_total{direction="inbound",protocol="TLS"} 3'
like "metrics: not known" "$(metrics)" 'report_known\{direction="inbound"\} 0'
. "$(dirname "$0")/form.sh"
sign_in admin "$PASSWORD"
page "/report/tls.csv?only=plain"
is "for a spreadsheet" "$(sed 's/\xef\xbb\xbf//; s/\r//' "$BODY" | cut -d, -f 1-5,12)" \
    $'"address","network","name","plain","tls","domains"\n"192.0.2.1","192.0.2.0/24","c1.example","1","0","example.test"\n"192.0.2.2","192.0.2.0/24","c2.example","1","0","example.test"'
mv "$STATE/run/logs.sock" "$STATE/run/logs.off"
is_off()	{ told '[.known, .reason, .messages] | tojson' '[false,"off",null]'; }
ok "without postseal-logs nothing is known, and that is said" wait_for 10 is_off
done_testing
