#!/bin/bash
# The procedure of the original: files, check boxes, Save; then what a client
# sees.  Self-signed and issued pairs, multipart and JSON.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")

api GET /api/v1/connection
is "at first: no generation" "$STATUS:$(j .generation)" 200:0
is "at first: all off" "$(j '[.settings.inbound.enabled, .settings.inbound.tls_only, .settings.outbound.enabled] | map(tostring) | join(" ")')" "false false false"
is "at first: all scanners" "$(j .settings.all_scanners)" true
is "at first: no certificate" "$(j .certificate)" null
is "at first: Postfix runs and is usable" "$(j '"\(.postfix.state) \(.usable)"')" "running true"
is "at first: STARTTLS is not offered" "$(served)" none

steps=$(sed -n 's/^S(\([a-z]*\),.*/\1/p' include/steps.def | paste -sd' ')

applied()
{
	is "$1: status" "$STATUS" 200
	is "$1: applied" "$(j .result)" applied
	is "$1: generation" "$(j .generation)" "$2"
	is "$1: the probe saw the certificate" \
	    "$(j .probe.certificate_sha256)" "$3"
	is "$1: steps" "$(j '[.steps[].name] | join(" ")')" \
	    "$steps"
	is "$1: all done" "$(j '[.steps[].state] | unique | join(" ")')" done
	ok "$1: outage in ms" test "$(j .outage_ms)" -ge 0
	is "$1: s_client sees it" "$(served)" "$3"
	is "$1: with TLS 1.2 too" "$(served "$SMTP_PORT" -tls1_2)" "$3"
	ok "$1: mail is taken" serving yes
}

verified()
{
	starttls "$SMTP_PORT" -verify_return_error -CAfile \
	    "$s/issued-root.pem" -verify_hostname mx.example.test \
	    >"$T/s_client"
	result "$1: verifies against the root"
}

save inbound_enabled=on outbound_enabled=on \
    "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
applied "multipart, self-signed" 1 "$selfsigned"
like "multipart, self-signed: said so" "$(j '[.findings[].code] | join(" ")')" \
    'cert.self_signed'
is "multipart, self-signed: findings have words" \
    "$(j '[.findings[] | select(.message == null or (.message | startswith("error.")))] | length')" 0
is "changes name the parameters" "$(j '[.changes[].parameter] | contains(["smtpd_tls_security_level", "smtpd_tls_chain_files", "smtp_tls_security_level"])')" true
is "smtpd level" "$(param smtpd_tls_security_level)" may
is "smtp level" "$(param smtp_tls_security_level)" may
file=$(param smtpd_tls_chain_files)
is "the chain file is for root alone" "$(stat -c '%a %U' "$file")" "600 root"
is "its directory too" "$(stat -c '%a %U' "$(dirname "$file")")" "700 root"

save inbound_enabled=on outbound_enabled=on \
    "private_key=@$s/issued-key.pem" \
    "server_certificate=@$s/issued-cert.pem" \
    "ca_certificate=@$s/issued-intermediate.pem"
applied "multipart, issued" 2 "$issued"
verified "multipart, issued"

json_save true false true "$s/self-signed-key.pem" "$s/self-signed-cert.pem" ""
applied "JSON, self-signed" 3 "$selfsigned"
json_save true false true "$s/issued-key.pem" "$s/issued-cert.pem" \
    "$s/issued-intermediate.pem"
applied "JSON, issued" 4 "$issued"
verified "JSON, issued"

# Equal settings: nothing is touched.
before=$(maincf_hash) pid=$(cat "$PF/../queue/pid/master.pid")
json_save true false true "$s/issued-key.pem" "$s/issued-cert.pem" \
    "$s/issued-intermediate.pem"
is "the same again: unchanged" "$STATUS:$(j .result):$(j .generation)" \
    200:unchanged:4
is "the same again: main.cf as it was" "$(maincf_hash)" "$before"
is "the same again: Postfix was not restarted" \
    "$(cat "$PF/../queue/pid/master.pid")" "$pid"

# What is absent stays.
save outbound_enabled=off
is "outbound off alone" "$STATUS:$(j .result)" 200:applied
is "outbound off: smtp level" "$(param smtp_tls_security_level)" none
is "outbound off: the certificate stays" "$(served)" "$issued"
save "private_key=@$s/encrypted-key.pem" "passphrase=correct horse battery" \
    "server_certificate=@$s/encrypted-cert.pem"
is "encrypted key with its passphrase" "$STATUS:$(j .result)" 200:applied
is "its certificate is served" "$(served)" "$(leaf_of "$s/encrypted-cert.pem")"
ok "the stored key is not encrypted" \
    grep -q 'BEGIN PRIVATE KEY' "$(param smtpd_tls_chain_files)"

# A new certificate for the stored key, an order nobody should have to know.
openssl req -x509 -new -key <(openssl pkcs8 -in "$s/encrypted-key.pem" \
    -passin 'pass:correct horse battery' 2>/dev/null) -subj /CN=mx.example.test \
    -addext subjectAltName=DNS:mx.example.test -days 30 -out "$T/renewed.pem" 2>/dev/null
save "server_certificate=@$T/renewed.pem"
is "a new certificate for the stored key" "$STATUS:$(j .result)" 200:applied
is "it is served" "$(served)" "$(leaf_of "$T/renewed.pem")"
cat "$s/issued-root.pem" "$s/issued-intermediate.pem" "$s/issued-cert.pem" |
    sed 's/$/\r/' >"$T/mixed.pem"
save "private_key=@$s/issued-key.pem" "server_certificate=@$T/mixed.pem"
is "whole chain in one field, wrong order, CRLF, with root" \
    "$STATUS:$(j .result)" 200:applied
like "it says what it did" "$(j '[.findings[].code] | sort | join(" ")')" \
    'chain.reordered.*chain.root_dropped'
is "the leaf is served" "$(served)" "$issued"
verified "whole chain in one field"
is "the chain file has no root" \
    "$(grep -c 'BEGIN CERT' "$(param smtpd_tls_chain_files)")" 2

# Reload instead.
save apply=reload "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "reload" "$STATUS:$(j .result):$(j .apply)" 200:applied:reload
is "reload: served" "$(served)" "$selfsigned"

# dry run, ETag, asynchronous.
before=$(maincf_hash)
api POST '/api/v1/connection?dry_run=true' -F inbound_enabled=off
is "dry run" "$STATUS:$(j .result)" 200:dry_run
is "dry run: what would change" \
    "$(j '.changes[] | select(.parameter == "smtpd_tls_security_level") | .after')" none
is "dry run: nothing is done" "$(maincf_hash)" "$before"
api GET /api/v1/connection
etag=$(sed -n 's/^[Ee][Tt]ag: //p' "$HEAD" | tr -d '\r')
like "ETag" "$etag" '^".+"$'
api POST /api/v1/connection -H 'If-Match: "0-00000000"' -F inbound_enabled=off
is "If-Match, stale" "$STATUS:$(j .code)" 412:settings.stale
is "If-Match, stale: nothing is done" "$(maincf_hash)" "$before"
api POST /api/v1/connection -H "If-Match: $etag" -F outbound_enabled=on
is "If-Match, right" "$STATUS:$(j .result)" 200:applied
api POST /api/v1/connection -H 'Prefer: respond-async' -F inbound_enabled=off
is "asynchronous: 202" "$STATUS" 202
job=$(sed -n 's/^[Ll]ocation: //p' "$HEAD" | tr -d '\r')
like "asynchronous: Location" "$job" '^/api/v1/jobs/[0-9a-f]{32}$'
wait_for 10 job_over "$job"
is "asynchronous: the job ends" "$STATUS:$(j .state)" 200:applied
is "inbound off: STARTTLS is gone" "$(served)" none
ok "inbound off: mail is taken" serving no
is "inbound off: level none" "$(param smtpd_tls_security_level)" none

# inspect stores nothing.
before=$(maincf_hash)
api POST /api/v1/certificates/inspect -F "private_key=@$s/mismatch-key.pem" \
    -F "server_certificate=@$s/self-signed-cert.pem"
is "inspect: status" "$STATUS" 200
is "inspect: not ok" "$(j .ok)" false
like "inspect: why" "$(j '[.findings[].code] | join(" ")')" key.mismatch
api POST /api/v1/certificates/inspect -F "private_key=@$s/issued-key.pem" \
    -F "server_certificate=@$s/issued-cert.pem" \
    -F "ca_certificate=@$s/issued-intermediate.pem"
is "inspect: ok" "$STATUS:$(j .ok)" 200:true
is "inspect: the leaf" "$(j .certificate.sha256)" "$issued"
is "inspect: nothing is done" "$(maincf_hash)" "$before"
api GET /api/v1/status
is "status" "$STATUS:$(j .postfix.state)" 200:running
is "no drift after all that" "$(j '.drift | length')" 0
is "only managed parameters were touched" \
    "$(postconf -c "$PF" -n | grep -vc tls)" \
    "$(postconf -c "$PF" -n | grep -v tls | cut -d= -f1 | sort -u | wc -l)"
done_testing
