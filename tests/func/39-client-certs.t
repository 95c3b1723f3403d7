#!/bin/bash
# Certificates of clients: asked for, required, and let relay by fingerprint;
# tables and roots of the administrator's stay.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# client FILE: a self-signed one.
client()
{
	ec_new "$T/$1.key" &&
	openssl req -x509 -new -key "$T/$1.key" -subj "/CN=$1" -days 60 \
	    -out "$T/$1.pem" 2>/dev/null
}

print_of() { openssl x509 -in "$1" -noout -fingerprint -sha256; }

# relays [swaks arguments]: the reply to RCPT for somebody elsewhere, or the
# first that refused.
relays()
{
	timeout 20 swaks --server "127.0.0.1:$SMTP_PORT" --tls --quit-after RCPT \
	    --helo c.example.test --from a@example.test --to b@far.example \
	    "$@" 2>/dev/null | sed -n 's/^<~[ *]* *//p' |
	    grep -E '^[245][0-9][0-9] [245]\.[0-9]' | grep -v '2\.1\.0\|2\.0\.0' |
	    head -n 1 | cut -c 1-9
}
with() { relays --tls-cert "$T/$1.pem" --tls-key "$T/$1.key"; }

console_start
s=$SAMPLES
client one && client two
edit mynetworks=192.0.2.1/32
save inbound_enabled=on "private_key=@$s/issued-key.pem" \
    "server_certificate=@$s/issued-cert.pem" \
    "ca_certificate=@$s/issued-intermediate.pem"
before=$(relays)
like "somebody else may not relay" "$before" '^[45]5'
is "nor with a certificate" "$(with one)" "$before"

# --- asked for, and let relay
save "ccert_relay=$(print_of "$T/one.pem")"
is "a fingerprint: said that nobody is asked, and nothing permits it" \
    "$STATUS $(j '[.findings[].code | select(startswith("ccert."))] | sort | join(",")')" \
    "200 ccert.not_asked,ccert.not_permitted"
save ccert=ask
is "asked for" "$STATUS $(param smtpd_tls_ask_ccert) $(param smtpd_tls_req_ccert)" \
    "200 yes -"
is "the digest is written out" "$(param smtpd_tls_fingerprint_digest)" sha256
map=$(param relay_clientcerts)
like "a table of the generation" "$map" '^texthash:/.*/generations/gen-[0-9]+/ccerts$'
is "for root alone" "$(stat -c %a "${map#texthash:}")" 600
edit "smtpd_relay_restrictions=permit_tls_clientcerts, reject_unauth_destination"
is "it may relay" "$(with one)" "250 2.1.5"
is "another may not" "$(with two)" "554 5.7.1"
is "nor one without" "$(relays)" "554 5.7.1"
print=$(print_of "$T/two.pem" | sed 's/.*=//; s/://g' | tr A-F a-f)
save "ccert_relay=$print # the second"
is "another list, in another form" "$STATUS $(with two) $(with one)" \
    "200 250 2.1.5 554 5.7.1"
is "permit_tls_clientcerts stays where it stands" \
    "$(param smtpd_relay_restrictions)" \
    "permit_tls_clientcerts, reject_unauth_destination"
api GET /api/v1/connection
is "no drift; the settings" "$(j '"\(.drift | length) \(.settings.clients.certificate) \(.settings.clients.relay | length)"')" \
    "0 ask 1"
save idle_timeout=6
is "another Save carries it along" "$STATUS $(with two)" "200 250 2.1.5"
for bad in 12:34 "$(print_of "$T/one.pem" | sed 's/.*=//; s/..$/GG/')" \
    "SHA1 Fingerprint=$(printf 'AA:%.0s' {1..19})AA" x "$print:"; do
	save "ccert_relay=$bad"
	is "bad: ${bad:0:24}" "$STATUS $(j .errors[0].code)" "422 ccert.entry"
done
save ccert=always
is "a word that is none" "$STATUS" 422

# --- a table of the administrator's
echo "$(print_of "$T/one.pem" | sed 's/.*=//') x" >"$T/their"
map=$(param relay_clientcerts)
edit "relay_clientcerts=texthash:$T/their $map"
api GET /api/v1/connection
is "in front of ours, with a blank: no drift" "$(j '.drift | length')" 0
save idle_timeout=7
is "it stays" "$STATUS $(param relay_clientcerts | sed 's/gen-[0-9]*/N/') $(with one)" \
    "200 texthash:$T/their $(sed 's/gen-[0-9]*/N/' <<<"$map") 250 2.1.5"
save ccert_relay=
is "ours goes, theirs is left" "$STATUS $(param relay_clientcerts) $(param smtpd_tls_fingerprint_digest)" \
    "200 texthash:$T/their -"
save "ccert_relay=$print"
is "another digest for theirs: asked" "$STATUS $(j .errors[0].code)" \
    "422 ccert.digest"
save "ccert_relay=$print" confirm=ccert.digest
is "... confirmed" "$STATUS $(with one) $(with two)" "200 250 2.1.5 250 2.1.5"
api POST /api/v1/connection/adopt
is "adopt leaves both" "$STATUS $(with one) $(with two)" "200 250 2.1.5 250 2.1.5"

# --- required
save ccert=require
is "required where TLS is not: said" \
    "$STATUS $(j '[.findings[].code | select(. == "ccert.no_effect")] | length') $(param smtpd_tls_req_ccert)" \
    "200 1 yes"
save tls_only=on
is "with TLS required, and no CA: both asked" \
    "$STATUS $(j '[.errors[].code | select(startswith("ccert."))] | sort | join(",")')" \
    "422 ccert.no_ca,ccert.required"
edit "smtpd_tls_CAfile=$T/one.pem"
save tls_only=on
is "with a CA: asked" "$STATUS $(j '[.errors[].code | select(startswith("ccert."))] | join(",")')" \
    "422 ccert.required"
codes=()
for c in $(j .errors[].code); do codes+=("confirm=$c"); done
save tls_only=on "${codes[@]}"
is "... confirmed, and proven" "$STATUS $(j .result)" "200 applied"
is "with the one that is known" "$(with one)" "250 2.1.5"
is "without one: turned away" "$(relays)" "421 4.7.1"
is "its roots stay" "$(param smtpd_tls_CAfile)" "$T/one.pem"
rsa_new "$T/new.key" && self_new "$T/new.crt" "$T/new.key"
save "private_key=@$T/new.key" "server_certificate=@$T/new.crt"
is "a renewal meanwhile" "$STATUS $(served) $(param smtpd_tls_CAfile)" \
    "200 $(leaf_of "$T/new.crt") $T/one.pem"
save ccert= tls_only=off
is "given up: as before" "$STATUS $(param smtpd_tls_ask_ccert) $(param smtpd_tls_req_ccert)" \
    "200 - -"

# --- over a "yes" of somebody's
edit smtpd_tls_req_ccert=yes
save ccert=ask
is "less than what stands: asked" "$STATUS $(j .errors[0].code)" \
    "422 level.lowered"
save ccert=ask confirm=level.lowered
is "... confirmed" "$STATUS $(param smtpd_tls_req_ccert)" "200 no"
save ccert=
is "given back" "$STATUS $(param smtpd_tls_req_ccert) $(param smtpd_tls_ask_ccert)" \
    "200 yes -"

# --- CAs of their own: uploaded, and proven by a handshake each
# ca NAME: a root; issue CA NAME: a client's certificate of it.
ca()
{
	ec_new "$T/$1.key" &&
	openssl req -x509 -new -key "$T/$1.key" -subj "/CN=Root $1" -days 90 \
	    -out "$T/$1.pem" 2>/dev/null
}
# ended NAME: one that ended in 2021, by the tool that can make it.
ended()
{
	ec_new "$T/$1.key" && mkdir "$T/$1.ca" && : >"$T/$1.ca/index" && echo 01 >"$T/$1.ca/serial" &&
	printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$T/$1.ca/index" "serial=$T/$1.ca/serial" \
	    "new_certs_dir=$T/$1.ca" default_md=sha256 policy=p x509_extensions=x \
	    '[p]' commonName=supplied '[x]' basicConstraints=critical,CA:TRUE >"$T/$1.cnf" &&
	openssl req -new -key "$T/$1.key" -subj "/CN=Root $1" -out "$T/$1.csr" 2>/dev/null &&
	openssl ca -batch -config "$T/$1.cnf" -selfsign -keyfile "$T/$1.key" -in "$T/$1.csr" -notext \
	    -startdate 20200101000000Z -enddate 20210101000000Z -out "$T/$1.pem" >/dev/null 2>&1
}
issue()
{
	ec_new "$T/$2.key" &&
	openssl req -new -key "$T/$2.key" -subj "/CN=$2" 2>/dev/null |
	openssl x509 -req -CA "$T/$1.pem" -CAkey "$T/$1.key" -days 60 \
	    -out "$T/$2.pem" 2>/dev/null
}
ca ours && ca other && ended ended && issue ours client-of-ours && issue other client-of-other
edit "smtpd_relay_restrictions=permit_tls_all_clientcerts, reject_unauth_destination" \
    "smtpd_tls_CAfile=$T/other.pem" smtpd_tls_req_ccert=no
api GET /api/v1/certificates
is "CAs of somebody else, where nobody is asked: not listed" "$(j '[.certificates[] | select(.use == "client_ca")] | length')" 0
save ccert=ask "client_ca=@$T/ours.pem"
codes=()
for c in $(j '.errors[]?.code'); do codes+=("confirm=$c"); done
[ "$STATUS" = 200 ] || save ccert=ask "client_ca=@$T/ours.pem" "${codes[@]}"
is "a CA of clients' certificates, and what was not tried is said" \
    "$STATUS $(j .result) $(j '[.findings[].code | select(. == "client_ca.not_tried")] | length')" "200 applied 1"
file=$(param smtpd_tls_CAfile)
like "a file of the generation" "$file" '^/.*/generations/gen-[0-9]+/client_ca\.pem$'
is "for root alone" "$(stat -c %a "$file")" 600
is "the certificate, and nothing else" "$(grep -c BEGIN "$file") $(leaf_of "$file")" "1 $(leaf_of "$T/ours.pem")"
is "a client of it" "$(with client-of-ours)" "250 2.1.5"
is "a client of another CA" "$(with client-of-other)" "554 5.7.1"
api GET /api/v1/certificates
is "in the list, with the days that it has left" \
    "$(j '.certificates[] | select(.use == "client_ca") | "\(.in_use) \(.days_left) \(.subject)"')" \
    "true 89 CN=Root ours"
save idle_timeout=8
is "another Save carries it along" "$STATUS $(with client-of-ours)" "200 250 2.1.5"
api GET /api/v1/connection
is "no drift" "$(j '[.drift[].parameter] | map(select(. == "smtpd_tls_CAfile")) | length')" 0
before=$(j .generation.id)
cat "$T/other.pem" "$T/ours.pem" >"$T/both.pem"
save "client_ca=@$T/both.pem"
is "two of them" "$STATUS $(with client-of-ours) $(with client-of-other)" "200 250 2.1.5 250 2.1.5"
api GET "/api/v1/generations/$(j .generation)"
is "told in the history" "$(j '.names[] | "\(.name) \(.change)"')" "client_ca renewed"
api POST "/api/v1/generations/$before/restore"
is "a restore brings the one back" "$STATUS $(with client-of-ours) $(with client-of-other)" "200 250 2.1.5 554 5.7.1"
jq -Rs '{client_ca: .}' <"$T/other.pem" >"$T/body.json"
api POST /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/body.json"
is "as JSON" "$STATUS $(with client-of-other)" "200 250 2.1.5"
api POST /api/v1/certificates/client_ca -F "ca_certificate=@$T/ours.pem"
is "by its own address" "$STATUS $(with client-of-other) $(with client-of-ours)" "200 554 5.7.1 250 2.1.5"
# CA FILE WANT...: refused, each with its code and field.
refused()
{
	save "client_ca=@$1"
	is "refused: ${1##*/}" "$STATUS $(j '[.errors[] | "\(.code) \(.field)"] | unique | join(",")')" "422 $2"
}
cat "$T/ours.pem" "$T/ours.key" >"$T/with-key.pem"
echo nothing >"$T/text.pem"
refused "$T/with-key.pem" "client_ca.key client_ca"
refused "$T/client-of-ours.pem" "client_ca.not_ca client_ca"
refused "$T/ended.pem" "client_ca.expired client_ca"
refused "$T/text.pem" "file.unreadable client_ca"
save "client_ca=@$T/ended.pem" confirm=client_ca.expired
is "... one that ended, confirmed" "$STATUS" 200
save "client_ca=@$T/ours.pem"
edit "smtpd_tls_CAfile=$T/other.pem"
api GET /api/v1/certificates
is "CAs of somebody else: listed as such" \
    "$(j '.certificates[] | select(.use == "client_ca" and .in_use) | "\(.managed) \(.subject)"')" "false CN=Root other"
save "client_ca=@$T/both.pem"
is "over a line that somebody wrote since: asked" "$STATUS $(j .errors[0].code)" "422 drift.overwrites"
save idle_timeout=9
is "a Save that does not name it leaves that line" "$STATUS $(param smtpd_tls_CAfile)" "200 $T/other.pem"
save "client_ca=@$T/both.pem" confirm=drift.overwrites
is "... confirmed" "$STATUS $(with client-of-ours)" "200 250 2.1.5"
api DELETE /api/v1/certificates/client_ca
is "it goes, and the line of before it is there again" "$STATUS $(param smtpd_tls_CAfile) $(with client-of-other) $(with client-of-ours)" \
    "200 $T/other.pem 250 2.1.5 554 5.7.1"
save "client_ca=@$T/ours.pem"
api POST /api/v1/generations/0/restore
is "what stood before all of it" "$STATUS $(param smtpd_tls_CAfile | grep -c client_ca.pem)" "200 0"
done_testing
