#!/bin/bash
# Keys made on the host: the request goes to a CA, the answer comes back
# alone; a self-signed one needs no file.  DANE finds the records that are
# shown, and the key is nowhere but in root's directories.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
JSON='Content-Type: application/json'
keys_ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
key_new_api() { api POST /api/v1/keys -H "$JSON" -d "$1"; }
records() { jq -r "$1 | .[] | \"\(.usage) 1 1 \(.data)\"" "$BODY"; }

# dane RECORD...: does a client that has these TLSA records verify us?
dane()
{
	local args=() r

	for r in "$@"; do
		args+=(-dane_tlsa_rrdata "$r")
	done
	printf 'QUIT\r\n' | timeout 20 openssl s_client -starttls smtp \
	    -connect "127.0.0.1:$SMTP_PORT" -dane_tlsa_domain mx.example.test \
	    "${args[@]}" 2>/dev/null | grep -q 'Verify return code: 0 '
}

# A CA of our own.
root_key=$T/root.key int_key=$T/int.key
rsa_new "$root_key"
rsa_new "$int_key"
openssl req -x509 -new -key "$root_key" -subj '/CN=Func Root' -days 900 \
    -out "$T/root.pem" 2>/dev/null
openssl req -new -key "$int_key" -subj '/CN=Func Inter' -out "$T/int.csr"
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >"$T/i.ext"
openssl x509 -req -in "$T/int.csr" -CA "$T/root.pem" -CAkey "$root_key" \
    -CAcreateserial -days 500 -extfile "$T/i.ext" -out "$T/int.pem" 2>/dev/null
ca_signs()
{
	openssl x509 -req -in "$1" -copy_extensions copy -CA "$T/int.pem" \
	    -CAkey "$int_key" -CAcreateserial -days 90 -out "$2" 2>/dev/null
}

req GET /api/v1/keys
is "no token, no list" "$STATUS" 401
api GET /api/v1/keys
is "nothing waits at first" "$STATUS:$(j '.keys|length'):$(j .in_use)" 200:0:null
ANSWERS=$(<"$BODY")

for body in '{}' '{"kind":"pfx"}' '{"kind":"csr","names":["a b"]}' \
    '{"kind":"csr","names":["日本.jp"]}' '{"kind":"csr","names":["192.0.2.1"]}' \
    '{"kind":"csr","subject":{"country":"Japan"}}' \
    '{"kind":"csr","subject":{"organization":"a\nb"}}' \
    '{"kind":"csr","algorithm":"rsa1024"}' '{"kind":"csr","days":0}' \
    '{"kind":"csr","key":"x"}'; do
	key_new_api "$body"
	is "refused: $body" "$STATUS" 400
done
key_new_api '{"kind":"csr","names":["mx_1.example.test"]}'
like "and says which name" "$(j '.errors[0].message')" 'mx_1\.example\.test'

# 1. A request, its answer alone.
for alg in rsa3072 p256 p384; do
	key_new_api "{\"kind\":\"csr\",\"algorithm\":\"$alg\",\"subject\":{\"organization\":\"株式会社例\",\"country\":\"jp\"},\"names\":[\"MX.example.test\",\"xn--wgv71a119e.jp\"]}"
	id=$(j .id)
	is "$alg: made" "$STATUS:$(sed -n 's/^[Ll]ocation: \(.*\)\r$/\1/p' "$HEAD")" \
	    "201:/api/v1/keys/$id"
	ANSWERS+=$(<"$BODY")
	pending=$(records .tlsa)
	api GET "/api/v1/keys/$id/csr"
	like "$alg: a file to download" "$(tr -d '\r' <"$HEAD")" \
	    'Content-Type: application/pkcs10.*filename="mx.example.test.csr"'
	cp "$BODY" "$T/$alg.csr"
	ok "$alg: the request is signed by its key" \
	    eval 'openssl req -in "$T/$alg.csr" -verify -noout 2>/dev/null'
	like "$alg: with subject and names" \
	    "$(openssl req -in "$T/$alg.csr" -noout -text -nameopt utf8 | tr -d ' \n')" \
	    'C=JP,O=株式会社例,CN=mx.example.test.*DNS:mx.example.test,DNS:xn--wgv71a119e.jp.*TLSWebServer'
	ca_signs "$T/$alg.csr" "$T/$alg.pem"
	before=$(served)
	dane_before=$(dane "$pending" && echo yes || echo no)
	save inbound_enabled=on "server_certificate=@$T/$alg.pem" \
	    "ca_certificate=@$T/int.pem"
	is "$alg: the answer finds its key" \
	    "$STATUS:$(j .result):$(j '[.findings[].code]|contains(["key.pending"])')" \
	    200:applied:true
	ANSWERS+=$(<"$BODY")
	is "$alg: and is served" "$(served)" "$(leaf_of "$T/$alg.pem")"
	unlike "$alg: not the one before" "$(served)" "^$before\$"
	is "$alg: the record that was shown beforehand fits now, not then" \
	    "$dane_before:$(dane "$pending" && echo yes || echo no)" no:yes
	api GET "/api/v1/keys/$id"
	is "$alg: it waits no more" "$STATUS:$(j .code)" 404:keys.unknown
	api GET /api/v1/keys
	mapfile -t now < <(records .tlsa)
	is "$alg: leaf and issuer have records" "${#now[@]}:${now[0]}" "2:$pending"
	ok "$alg: the issuer's record alone is enough" dane "${now[1]}"
	ok "$alg: a record of another key is not" \
	    eval '! dane "3 1 1 $(printf x | sha256sum | cut -c1-64)"'
done

# A renewal of the key in use needs no key either.
ca_signs "$T/p384.csr" "$T/renewed.pem"
save "server_certificate=@$T/renewed.pem" "ca_certificate=@$T/int.pem"
is "renewed with the same key" "$STATUS:$(served)" "200:$(leaf_of "$T/renewed.pem")"
ok "the record of the key still fits" dane "$pending"

# 2. Self-signed, by JSON alone.
key_new_api '{"kind":"self_signed","days":30}'
id=$(j .id)
is "self-signed: the host's own name" "$(j '.names[0]')" mx.example.test
j .certificate >"$T/self.pem"
pending=$(records .tlsa)
ANSWERS+=$(<"$BODY")
api POST '/api/v1/connection?dry_run=true' -H "$JSON" \
    -d "{\"certificate\":{\"key_id\":\"$id\"}}"
is "dry run" "$STATUS:$(j .result)" 200:dry_run
api GET "/api/v1/keys/$id"
is "changes nothing" "$STATUS" 200
api POST /api/v1/connection -H "$JSON" \
    -d "{\"certificate\":{\"key_id\":\"$id\",\"server_certificate\":\"x\"}}"
is "not beside a file" "$STATUS:$(j .code)" 400:field.invalid
api POST /api/v1/connection -H "$JSON" \
    -d "{\"inbound\":{\"enabled\":true},\"certificate\":{\"key_id\":\"$id\"}}"
is "no file was sent" "$STATUS:$(j .result)" 200:applied
ANSWERS+=$(<"$BODY")
is "and it is served" "$(served)" "$(leaf_of "$T/self.pem")"
ok "DANE verifies it" dane "$pending"
is "the chain file is root's alone" \
    "$(stat -c '%a %U' "$(param smtpd_tls_chain_files)")" "600 root"

# 3. What does not fit stays refused; a Save that fails keeps the key.
key_new_api '{"kind":"csr"}'
id=$(j .id)
save "server_certificate=@$T/rsa3072.pem" "ca_certificate=@$T/int.pem"
is "a certificate of a key that is gone" "$STATUS:$(j .code)" 422:key.mismatch
api GET "/api/v1/keys/$id/csr"
cp "$BODY" "$T/late.csr"
openssl x509 -req -in "$T/late.csr" -copy_extensions copy -CA "$T/int.pem" \
    -CAkey "$int_key" -days 1 -out "$T/late.pem" 2>/dev/null
# smtpd is pinned to the former files, so the probe fails.
smtpd_with "$PF" -o "smtpd_tls_chain_files=$(param smtpd_tls_chain_files)"
save "server_certificate=@$T/late.pem" "ca_certificate=@$T/int.pem"
rolled=$STATUS
smtpd_with "$PF"
api GET "/api/v1/keys/$id"
is "a Save that failed leaves the key waiting" "$rolled:$STATUS" 502:200

# 4. By the shell.
is "keys csr" "$(keys_ctl keys csr "$id")" "$(<"$T/late.csr")"
other=$(keys_ctl keys add csr --algorithm p384 --name a.example.test \
    --subject 'O=Example, Ltd' --subject C=jp)
like "keys add" "$other" '^[0-9a-f]{16}$'
like "keys list" "$(keys_ctl keys list)" \
    "$other .*CN=a.example.test.*_25._tcp.mx.example.test. IN TLSA 3 1 1 [0-9a-f]{64} ; $other"
is "keys list --json" \
    "$(keys_ctl --json keys list | jq -r '.keys[0].algorithm')" p384
keys_ctl keys delete "$other"
is "keys delete" "$?" 0
keys_ctl keys delete "$other" 2>/dev/null
is "twice is too often" "$?" 3
api DELETE "/api/v1/keys/../$id"
ok "no way around the ID" test "$STATUS" -ge 400
body=$(sed -n 3p "$STATE/daemon/keys/$id/key.pem")
like "a key lies there" "$body" '^[A-Za-z0-9+/=]{20,}$'
is "for root alone" \
    "$(find "$STATE/daemon/keys" \( -type f ! -perm 600 -o -type d ! -perm 700 -o ! -user root \))" ""
ok "the web process cannot read it" eval \
    '! setpriv --reuid=postseal --regid=postseal --clear-groups -- cat "$STATE/daemon/keys/$id/key.pem" >/dev/null 2>&1'
is "it is nowhere else" \
    "$(grep -rlF "$body" "$STATE/" | sed "s|^$STATE/||")" "daemon/keys/$id/key.pem"
api DELETE "/api/v1/keys/$id"
is "deleted" "$STATUS:$(wc -c <"$BODY")" 204:0
is "and wiped" "$(grep -rlF "$body" "$STATE/" | wc -l)" 0
unlike "no answer held a key" "$ANSWERS" 'PRIVATE KEY'

# 5. The limit, and the audit.
for n in {1..16}; do
	key_new_api '{"kind":"csr"}'
done
is "sixteen may wait" "$STATUS" 201
key_new_api '{"kind":"csr"}'
is "seventeen may not" "$STATUS:$(j .code)" 409:keys.too_many
is "the audit names who" \
    "$(jq -r 'select(.event=="keys.delete" and .outcome=="ok") | .user' \
    "$STATE/daemon/audit.log" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
    " 1 admin; 1 root;"
done_testing
