#!/bin/bash
# The certificate of outbound connections: one of its own, or the same as
# inbound, shown by a real Postfix to a server that asks for one.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"

# client FILE rsa|ec [EKU]: a self-signed one without a name.
client()
{
	"$2_new" "$T/$1.key" &&
	openssl req -x509 -new -key "$T/$1.key" -subj "/CN=$1" -days 60 \
	    -addext "extendedKeyUsage=${3:-clientAuth}" -out "$T/$1.pem" 2>/dev/null
}

# outbound FILE [curl arguments]
outbound()
{
	api POST /api/v1/certificates/outbound -F apply=reload \
	    -F "server_certificate=@$T/$1.pem" -F "private_key=@$T/$1.key" \
	    "${@:2}"
}

console_start
s=$SAMPLES
CLEAN+=('pfi_stop "$T/asks"')
ec_new "$T/sink.key" && self_new "$T/sink.crt" "$T/sink.key"
cat "$T/sink.key" "$T/sink.crt" >"$T/sink.pem"
ASKS=$(pfi_make "$T/asks" "$(free_port)") &&
pfi_conf "$T/asks" myhostname=asks.example.test smtpd_tls_security_level=may \
    "smtpd_tls_chain_files=$T/sink.pem" smtpd_tls_loglevel=2 \
    smtpd_tls_ask_ccert=yes smtpd_tls_fingerprint_digest=sha256 &&
pfi_start "$T/asks" && pfi_wait_port "$ASKS" || bail "the server that asks does not start"
edit "relayhost=[127.0.0.1]:$ASKS"

told()
{
	tail -n +$((mark + 1)) "$log" >"$T/lines"
	grep -q ' disconnect from ' "$T/lines"
}

# shown: SHA-256 of what the server that asks was shown with a message; "none".
shown()
{
	local mark log=$T/asks/log/mail.log print

	mark=$(wc -l <"$log")
	smtp "$SMTP_PORT" "EHLO c.example.test" "MAIL FROM:<a@example.test>" \
	    "RCPT TO:<someone@far.example>" DATA \
	    $'Subject: test\r\n\r\nhello\r\n.' >"$T/smtp"
	wait_for 15 told
	print=$(sed -nE 's/.*, (cert )?fingerprint=([0-9A-F:]*).*/\2/p' "$T/lines" |
	    head -n 1 | tr -d : | tr A-F a-f) # 3.9 and later: cert, and pkey
	grep -q ' TLS connection established from ' "$T/lines" || print=plaintext
	echo "${print:-none}"
}

save outbound_enabled=on
is "without one: none" "$STATUS $(shown) $(param smtp_tls_chain_files)" \
    "200 none -"

# --- one of its own
client one ec
outbound one
is "one of its own: taken" "$STATUS $(j .result)" "200 applied"
seen() { j '[.findings[] | select(.code == "client_cert.not_seen")] | length'; }
is "what no probe saw is said" "$(seen)" 1
file=$(param smtp_tls_chain_files)
like "a file of the generation" "$file" '^/.*/generations/gen-[0-9]+/outbound\.pem$'
is "for root alone" "$(stat -c %a "$file")" 600
is "the server sees it" "$(shown)" "$(leaf_of "$T/one.pem")"
is "nothing inbound" "$(param smtpd_tls_chain_files) $(served)" "- none"
api GET /api/v1/certificates
is "in the list" "$(j '.certificates | map("\(.use) \(.name) \(.subject)") | join(",")')" \
    "outbound  CN=one"
api GET /metrics
is "metrics: its days" \
    "$(grep -c '^postseal_outbound_certificate_days_left 59$' "$BODY")" 1
outbound one
is "the same again" "$(j .result)" unchanged

save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
default=$(leaf_of "$s/self-signed-cert.pem")
is "the inbound one beside it" "$STATUS $(served) $(seen)" "200 $default 0"
is "... follows the generation, and is seen" "$(shown)" "$(leaf_of "$T/one.pem")"
client two rsa
outbound two -F confirm=cert.add_algorithm
is "renewed with RSA beside it" "$STATUS $(j .result)" "200 applied"
gen=$(j .generation)
client three ec serverAuth
outbound three -F confirm=cert.replace_all
is "one that is not for clients: said" \
    "$STATUS $(j '[.findings[] | select(.code == "client_cert.eku")] | length')" "200 1"
is "... and nothing of a server's" \
    "$(j '[.findings[].code | select(. == "cert.eku" or . == "cert.no_names" or . == "cert.name_mismatch")] | length')" 0
is "seen" "$(shown)" "$(leaf_of "$T/three.pem")"
is "inbound as it was" "$(served)" "$default"
api GET "/api/v1/generations/$gen"
is "the history says it" "$(j '.names | map("\(.name) \(.change)") | join(",")')" \
    "outbound renewed"
api POST /api/v1/certificates/outbound -F "server_certificate=@$T/one.pem" \
    -F "private_key=@$T/two.key"
is "a wrong key: refused" "$STATUS $(j .errors[0].code)" "422 key.mismatch"

# --- the same as inbound
save client_certificate=on
is "the same as inbound: one tick" "$STATUS $(j .result) $(seen)" "200 applied 1"
is "never a reference" "$(param smtp_tls_chain_files)" \
    "$(param smtpd_tls_chain_files)"
is "the server sees the inbound one" "$(shown)" "$default"
outbound one
is "one of its own meanwhile: stored, said, not used" \
    "$STATUS $(j '[.findings[] | select(.code == "client_cert.unused")] | length') $(shown)" \
    "200 1 $default"
rsa_new "$T/new.key" && self_new "$T/new.crt" "$T/new.key"
save "private_key=@$T/new.key" "server_certificate=@$T/new.crt"
is "the inbound one renewed: both ways" "$STATUS $(served) $(shown)" \
    "200 $(leaf_of "$T/new.crt") $(leaf_of "$T/new.crt")"
openssl req -x509 -new -key "$T/new.key" -subj /CN=mx.example.test -days 30 \
    -addext subjectAltName=DNS:mx.example.test \
    -addext extendedKeyUsage=serverAuth -out "$T/eku.crt" 2>/dev/null
save client_certificate=off "private_key=@$T/new.key" "server_certificate=@$T/eku.crt"
is "off: its own again" "$STATUS $(shown)" "200 $(leaf_of "$T/one.pem")"
save client_certificate=on
is "a tick for one that is not for clients: said" \
    "$STATUS $(j '[.findings[] | select(.code == "client_cert.eku")] | length')" "200 1"
save client_certificate=off

# --- drift, adopt, restore
edit "smtp_tls_chain_files=$T/sink.pem"
api GET /api/v1/connection
is "another file by hand: drift" "$(j '.drift[0].parameter')" smtp_tls_chain_files
save idle_timeout=7
is "a Save of something else leaves it" "$STATUS $(param smtp_tls_chain_files)" \
    "200 $T/sink.pem"
api POST /api/v1/connection/adopt
is "adopted: it stays, ours is none of it" \
    "$STATUS $(param smtp_tls_chain_files) $(shown)" \
    "200 $T/sink.pem $(leaf_of "$T/sink.crt")"
api GET /api/v1/connection
is "no drift, and it is shown as Postfix's own" \
    "$(j .drift\|length) $(j '.own[] | select(.parameter == "smtp_tls_chain_files").value')" \
    "0 $T/sink.pem"
api POST "/api/v1/generations/$gen/restore" -H 'Content-Type: application/json' -d '{}'
is "restored" "$STATUS $(j .result) $(param smtp_tls_chain_files | sed 's/.*gen-[0-9]*//')" \
    "200 applied /outbound.pem"
api DELETE /api/v1/certificates/outbound
is "removed" "$STATUS $(param smtp_tls_chain_files) $(shown)" "200 - none"
api DELETE /api/v1/certificates/outbound
is "twice" "$STATUS $(j .code)" "404 sni.unknown"

# --- an older pair of somebody's, and out again
edit "smtp_tls_chain_files=" "smtp_tls_cert_file=$T/sink.crt" "smtp_tls_key_file=$T/sink.key"
postconf -c "$PF" -X smtp_tls_chain_files
reload_settled "$PF"
save idle_timeout=8
is "an older pair stays" "$(param smtp_tls_cert_file) $(shown)" \
    "$T/sink.crt $(leaf_of "$T/sink.crt")"
api GET /api/v1/connection
is "... shown as Postfix's own" \
    "$(j '.own[] | select(.parameter == "smtp_tls_cert_file").value')" "$T/sink.crt"
# theirs: its row in the list, as that of somebody else.
theirs()
{
	api GET /api/v1/certificates
	j '.certificates[] | select(.use == "outbound") | "\(.managed) \(.in_use) \(.sha256)"'
}
is "... with its facts" "$(theirs)" "false true $(leaf_of "$T/sink.crt")"
outbound one
is "... replaced by ours when one comes" \
    "$STATUS $(param smtp_tls_cert_file) $(param smtp_tls_key_file) $(shown)" \
    "200 - - $(leaf_of "$T/one.pem")"
"$B/postsealctl" -c "$STATE/postseal.conf" leave >"$T/leave" 2>&1
is "leave: as before the first" \
    "$(param smtp_tls_chain_files) $(param smtp_tls_cert_file) $(shown)" \
    "- - plaintext"

edit "smtpd_tls_cert_file=$T/sink.crt" "smtpd_tls_key_file=$T/sink.key" \
    'smtp_tls_cert_file=$smtpd_tls_cert_file' 'smtp_tls_key_file=$smtpd_tls_key_file'
is "a reference of main.cf's: its facts" "$(theirs)" "false true $(leaf_of "$T/sink.crt")"
postconf -c "$PF" -X smtp_tls_cert_file smtp_tls_key_file smtpd_tls_cert_file smtpd_tls_key_file
reload_settled "$PF"

# --- first sight, no inbound certificate of ours
api POST /api/v1/connection -F client_certificate=on
is "the same as inbound, and there is none" "$STATUS $(j .errors[0].code)" \
    "422 client_cert.none"
done_testing
