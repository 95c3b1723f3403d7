#!/bin/bash
# Bad submissions: each with its status, code and field; afterwards main.cf is
# byte for byte as before and Postfix serves on with the former certificate.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/func/account.sh"

console_start
s=$SAMPLES
F=$T/f
mkdir -p "$F"

# Files, each bad in one way; good.key and good.crt are the partners.
make_files()
{
	local days name

	rsa_new "$F/good.key" && self_new "$F/good.crt" "$F/good.key"
	rsa_new "$F/other.key"
	for name in rsa1024:1024 rsa512:512; do
		rsa_new "$F/${name%:*}.key" "${name#*:}"
		self_new "$F/${name%:*}.crt" "$F/${name%:*}.key"
	done
	for name in secp256k1 secp224r1 brainpoolP256r1; do
		ec_new "$F/$name.key" "$name" &&
		    self_new "$F/$name.crt" "$F/$name.key"
	done
	key_new "$F/explicit.key" -algorithm EC -pkeyopt \
	    ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit &&
	    self_new "$F/explicit.crt" "$F/explicit.key"
	openssl dsaparam -out "$F/dsa.par" 1024 2>/dev/null &&
	    openssl gendsa -out "$F/dsa.key" "$F/dsa.par" 2>/dev/null &&
	    self_new "$F/dsa.crt" "$F/dsa.key"
	ca_files
	ca_cert expired 20200101000000Z 20210101000000Z \
	    "subjectAltName=DNS:mx.example.test"
	ca_cert future 20400101000000Z 20410101000000Z \
	    "subjectAltName=DNS:mx.example.test"
	ca_cert client "" "" $'subjectAltName=DNS:mx.example.test\nextendedKeyUsage=clientAuth'
	ca_cert isca "" "" "basicConstraints=critical,CA:TRUE"
	ca_cert md5 "" "" "subjectAltName=DNS:mx.example.test" -md md5
	broken_files
}

# A CA by `openssl ca`, the command that sets dates.
ca_files()
{
	rsa_new "$F/ca.key" && openssl req -x509 -new -key "$F/ca.key" \
	    -subj "/CN=Test CA" -days 30 -out "$F/ca.crt" 2>/dev/null
	mkdir -p "$F/new"
	: >"$F/index"
	echo 01 >"$F/serial"
	cat >"$F/ca.cnf" <<-CONF
	[ca]
	default_ca = this
	[this]
	database = $F/index
	serial = $F/serial
	new_certs_dir = $F/new
	certificate = $F/ca.crt
	private_key = $F/ca.key
	default_md = sha256
	policy = any
	unique_subject = no
	[any]
	commonName = supplied
	CONF
}

ca_cert()	# NAME START END EXTENSIONS [openssl ca arguments]
{
	local dates=(-days 30)

	[ -z "$2" ] || dates=(-startdate "$2" -enddate "$3")
	printf '%s\n' "$4" >"$F/ext"
	openssl req -new -key "$F/good.key" -subj /CN=mx.example.test \
	    -out "$F/$1.csr" 2>/dev/null
	openssl ca -batch -notext -config "$F/ca.cnf" -in "$F/$1.csr" \
	    -extfile "$F/ext" "${dates[@]}" -out "$F/$1.crt" "${@:5}" \
	    >"$F/$1.log" 2>&1 || bail "openssl ca $1"
}

broken_files()
{
	local n

	: >"$F/empty"
	printf ' \n\n\t\n' >"$F/blank"
	echo 'This is not a certificate.' >"$F/text"
	printf '<html><body>404</body></html>\n' >"$F/html"
	head -c 4000 /dev/urandom >"$F/random"
	head -c 12 "$F/good.crt" >"$F/scrap"
	head -n 8 "$F/good.crt" >"$F/truncated.crt"
	head -n 8 "$F/good.key" >"$F/truncated.key"
	sed '5s/^..../!!!!/' "$F/good.crt" >"$F/junk.crt"
	sed '5s/^..../!!!!/' "$F/good.key" >"$F/junk.key"
	openssl x509 -in "$F/good.crt" -outform DER -out "$F/good.der"
	head -c 500 "$F/good.der" >"$F/truncated.der"
	{ cat "$F/good.crt"; head -c 66000 /dev/zero | tr '\0' '\n'; } >"$F/large.crt"
	for ((n = 0; n < 30; n++)); do cat "$F/ca.crt"; done >"$F/many.crt"
	self_new "$F/second.crt" "$F/other.key"
	cat "$F/good.crt" "$F/second.crt" >"$F/two.crt"
	cat "$F/good.key" "$F/other.key" >"$F/two.key"
	openssl pkcs8 -topk8 -in "$F/good.key" -passout pass:secret-pass \
	    -out "$F/enc.key"
	openssl pkcs12 -export -in "$F/good.crt" -inkey "$F/good.key" \
	    -passout pass:secret-pass -out "$F/good.p12"
	openssl req -new -key "$F/good.key" -subj /CN=x -out "$F/request.csr"
	openssl pkey -in "$F/good.key" -pubout -out "$F/public.pem"
	{
		echo '-----BEGIN OPENSSH PRIVATE KEY-----'
		head -c 300 /dev/urandom | base64
		echo '-----END OPENSSH PRIVATE KEY-----'
	} >"$F/ssh.key"
	printf '%s' '{"inbound": {"enabled": true}' >"$F/cut.json"
	printf '%s' '{"inbound": {"enabled": true}} {}' >"$F/two.json"
	printf '%s' '{"apply": "restart", "apply": "reload"}' >"$F/dup.json"
	printf '%s' '{"apply": "re\u0000start"}' >"$F/nul.json"
	printf '{"apply": "\xff\xfe"}' >"$F/utf8.json"
	for ((n = 0; n < 200; n++)); do printf '['; done >"$F/deep.json"
	head -c 1100000 /dev/zero | tr '\0' ' ' >"$F/1100k"
	head -c 3000000 /dev/zero | tr '\0' ' ' >"$F/3m"
}
make_files

cases=0 FORMER=none TLS=no HASH= GEN=

# After each: nothing has changed.
same()
{
	[ "$(maincf_hash)" = "$HASH" ] || { note "main.cf changed"; return 1; }
	[ "$(generation)" = "$GEN" ] || { note "generation changed"; return 1; }
	serving "$TLS" || { note "Postfix does not serve"; return 1; }
}

generation()
{
	"${CURL[@]}" --cacert "$CA" -K "$T/auth" "$URL/api/v1/connection" |
	    jq -r .generation.id
}

remember()
{
	HASH=$(maincf_hash) GEN=$(generation)
}

# bad NAME STATUS CODE FIELD [PATH] curl-arguments...; CODE may be a regex.
bad()
{
	local got path=/api/v1/connection

	case $5 in
	/*) path=$5 && set -- "$1" "$2" "$3" "$4" "${@:6}" ;;
	esac
	cases=$((cases + 1))
	api POST "$path" "${@:5}"
	got="$STATUS $(j .code) $(j '.errors[0].field')"
	like "$1" "$got" "^$2 $3 $4\$" || note "$(head -c 600 "$BODY")"
	is "$1: problem+json with words" \
	    "$(sed -n 's/^[Cc]ontent-[Tt]ype: //p' "$HEAD" | tr -d '\r') $(j '.errors | map(.message | length > 9 and (startswith("error.") | not)) | all')" \
	    "application/problem+json true" || note "$(head -c 600 "$BODY")"
	same
	result "$1: nothing has changed"
}

pair()		# KEY CERT
{
	printf '%s\n' -F inbound_enabled=on -F "private_key=@$F/$1" \
	    -F "server_certificate=@$F/$2"
}

# bad_pair NAME CODE FIELD KEY CERT [more]
bad_pair()
{
	local -a args

	mapfile -t args < <(pair "$4" "$5")
	bad "$1" 422 "$2" "$3" "${args[@]}" "${@:6}"
}

# Without any certificate yet.
remember
bad "inbound without files" 422 settings.certificate_missing \
    server_certificate -F inbound_enabled=on
bad "TLS only without inbound" 422 settings.tls_only_needs_inbound tls_only \
    -F tls_only=on
bad "key alone" 422 cert.missing server_certificate \
    -F inbound_enabled=on -F "private_key=@$F/good.key"
bad "certificate alone" 422 key.missing private_key \
    -F inbound_enabled=on -F "server_certificate=@$F/good.crt"

bad "key in both fields" 422 file.wrong_field server_certificate \
    -F inbound_enabled=on -F "server_certificate=@$F/good.key" \
    -F "private_key=@$F/good.key"
bad "certificate in both fields" 422 file.wrong_field private_key \
    -F inbound_enabled=on -F "server_certificate=@$F/good.crt" \
    -F "private_key=@$F/good.crt"

save inbound_enabled=on outbound_enabled=on "private_key=@$F/good.key" \
    "server_certificate=@$F/good.crt"
is "the good pair" "$STATUS:$(j .result)" 200:applied
FORMER=$(leaf_of "$F/good.crt") TLS=yes
remember

# Pairs.
c=server_certificate k=private_key a=ca_certificate
while read -r code field key cert name; do
	bad_pair "$name" "$code" "$field" "$key" "$cert"
done <<EOT
key.mismatch $k other.key good.crt key of another certificate
key.weak $k rsa1024.key rsa1024.crt RSA 1024
key.weak $k rsa512.key rsa512.crt RSA 512
key.unusable_type $k secp256k1.key secp256k1.crt secp256k1
key.unusable_type $k secp224r1.key secp224r1.crt P-224
key.unusable_type $k brainpoolP256r1.key brainpoolP256r1.crt brainpool
key.unusable_type $k explicit.key explicit.crt EC with explicit parameters
key.unusable_type $k dsa.key dsa.crt DSA
cert.expired $c good.key expired.crt expired
cert.not_yet_valid $c good.key future.crt not yet valid
cert.eku $c good.key client.crt client certificate
cert.is_ca $c good.key isca.crt CA certificate as server certificate
cert.signature_weak $c good.key md5.crt MD5 signature
cert.duplicate_algorithm $c two.key two.crt two certificates of one algorithm
key.encrypted $k enc.key good.crt encrypted key without passphrase
file.empty $c good.key empty empty file
file.empty $c good.key blank blank file
file.unreadable $c good.key text text
file.unsupported $c good.key html HTML
file.unreadable $c good.key random random bytes
file.truncated $c good.key truncated.crt truncated certificate
file.truncated $k truncated.key good.crt truncated key
file.unreadable $c good.key junk.crt junk inside the certificate
file.unreadable $k junk.key good.crt junk inside the key
file.truncated $c good.key truncated.der truncated DER
file.too_large $c good.key large.crt more than 64 KiB
file.too_many_objects $c good.key many.crt thirty certificates
file.request $c good.key request.csr request instead of a certificate
file.unsupported $k ssh.key good.crt OpenSSH key
EOT
bad_pair "wrong passphrase" key.passphrase_wrong private_key enc.key good.crt \
    -F passphrase=wrong-pass
bad_pair "public key as private key" file.unsupported private_key public.pem \
    good.crt
bad_pair "a strange key in the CA field" '(file.wrong_field|key.mismatch)' ca_certificate good.key \
    good.crt -F "ca_certificate=@$F/other.key"
bad_pair "empty CA file" file.empty ca_certificate good.key good.crt \
    -F "ca_certificate=@$F/empty"
bad "PKCS#12 with a wrong passphrase" 422 key.passphrase_wrong \
    server_certificate -F "server_certificate=@$F/good.p12" -F passphrase=no
bad "another key for the stored certificate" 422 cert.missing server_certificate \
    -F "private_key=@$F/other.key"
bad "another certificate for the stored key" 422 key.mismatch server_certificate \
    -F "server_certificate=@$F/second.crt"

# Fields.
bad "unknown field" 400 field.unknown colour -F colour=red
bad "field twice" 400 field.duplicate inbound_enabled \
    -F inbound_enabled=on -F inbound_enabled=off
bad "neither on nor off" 400 field.invalid inbound_enabled \
    -F inbound_enabled=perhaps
bad "a value with a line of main.cf" 400 field.invalid inbound_enabled \
    -F $'inbound_enabled=on\nsmtpd_banner = owned'
bad "apply=now" 400 field.invalid apply -F apply=now
bad "an unknown code confirmed" 400 field.invalid confirm -F confirm=nothing.real
bad "a file in a text field" 400 field.invalid inbound_enabled \
    -F "inbound_enabled=@$F/good.crt"
bad "text in UTF-16" 400 field.encoding apply -F $'apply=\xff\xfer\x01'
bad "unknown query" 400 field.unknown dry '/api/v1/connection?dry=1' -F apply=reload
bad "dry_run=maybe" 400 field.invalid dry_run \
    '/api/v1/connection?dry_run=maybe' -F apply=reload

# Bodies.
json=(-H 'Content-Type: application/json' --data-binary)
bad "JSON cut off" 400 request.malformed "" "${json[@]}" "@$F/cut.json"
bad "two JSON values" 400 request.malformed "" "${json[@]}" "@$F/two.json"
bad "a JSON key twice" 400 field.duplicate apply "${json[@]}" "@$F/dup.json"
bad "NUL in JSON" 400 field.encoding "" "${json[@]}" "@$F/nul.json"
bad "bad UTF-8 in JSON" 400 field.encoding "" "${json[@]}" "@$F/utf8.json"
bad "200 arrays deep" 400 request.malformed "" "${json[@]}" "@$F/deep.json"
bad "a JSON array" 400 request.malformed "" "${json[@]}" '[]'
bad "JSON: a string for a boolean" 400 field.invalid inbound.enabled \
    "${json[@]}" '{"inbound": {"enabled": "yes"}}'
bad "JSON: unknown member" 400 field.unknown inbound.colour \
    "${json[@]}" '{"inbound": {"colour": 1}}'
bad "JSON: a number for a file" 400 field.invalid server_certificate \
    "${json[@]}" '{"certificate": {"server_certificate": 7}}'
bad "JSON: no PEM" 422 file.unreadable server_certificate \
    "${json[@]}" '{"certificate": {"server_certificate": "hello"}}'
bad "text/plain" 415 request.media_type "" -H 'Content-Type: text/plain' -d x
bad "urlencoded" 415 request.media_type "" -d inbound_enabled=on
bad "no media type" 415 request.media_type "" -H 'Content-Type:' -d x
bad "multipart without a boundary" 400 request.malformed "" \
    -H 'Content-Type: multipart/form-data' -d x
bad "multipart that does not end" 400 request.malformed "" \
    -H 'Content-Type: multipart/form-data; boundary=b' \
    --data-binary $'--b\r\nContent-Disposition: form-data; name="apply"\r\n\r\nreload'
bad "1100 KB" 413 request.too_large "" "${json[@]}" "@$F/1100k"
bad "If-Match without quotes" 400 request.malformed "" \
    -H 'If-Match: 7' -F apply=reload

# Certificates by name, a next hop, a generation.
c=(-F "private_key=@$F/good.key" -F "server_certificate=@$F/good.crt")
for path in /api/v1/certificates /api/v1/certificates/mx9.example.test; do
	bad "$path: unknown field" 400 field.unknown colour "$path" "${c[@]}" -F colour=red
	bad "$path: field twice" 400 field.duplicate apply "$path" "${c[@]}" -F apply=reload -F apply=reload
	bad "$path: apply=now" 400 field.invalid apply "$path" "${c[@]}" -F apply=now
	bad "$path: no file" 400 field.missing server_certificate "$path" -F apply=reload
	bad "$path: text" 415 request.media_type "" "$path" -H 'Content-Type: text/plain' -d x
	bad "$path: unknown query" 400 field.unknown dry "$path?dry=1" "${c[@]}"
done
bad "a name: another key" 422 key.mismatch private_key /api/v1/certificates/mx9.example.test \
    -F "private_key=@$F/other.key" -F "server_certificate=@$F/good.crt"
bad "next hop: unknown member" 400 field.unknown hop /api/v1/connection/test "${json[@]}" '{"hop": "a"}'
bad "next hop: a number" 400 field.invalid next_hop /api/v1/connection/test "${json[@]}" '{"next_hop": 25}'
bad "next hop: unknown field" 400 field.unknown hop /api/v1/connection/test -F hop=a
bad "next hop: an option" 400 field.invalid next_hop /api/v1/connection/test -F next_hop=-c
bad "next hop: port 65536" 400 field.invalid next_hop /api/v1/connection/test -F next_hop=a.example:65536
for id in 00 01 -1 1x 99999999999 2147483648; do
	bad "generation $id" 404 '(generation.unknown|request.not_found)' "" \
	    "/api/v1/generations/$id/restore" -F apply=reload
done
bad "restore: unknown field" 400 field.unknown colour /api/v1/generations/0/restore -F colour=red
for want in "DELETE mx9.example.test:404 sni.unknown" "DELETE a..example:422 sni.name" \
    "DELETE mx9.example.test?dry=1:400 field.unknown"; do
	cases=$((cases + 1))
	api DELETE "/api/v1/certificates/$(cut -d ' ' -f 2 <<<"${want%%:*}")"
	is "${want%%:*}" "$STATUS $(j '.errors[0].code // .code')" "${want#*:}"
	same
	result "${want%%:*}: nothing has changed"
done

# Answers that nginx gives, and other methods.
api POST /api/v1/connection "${json[@]}" "@$F/3m"
is "3 MB" "$STATUS $(j .code)" "413 request.too_large"
# Files that are too large, as a script and as a browser without JavaScript
# send them: the field's own sentence, up to what the web server lets through.
head -c 100000 /dev/zero >"$F/100k"
head -c 1060000 /dev/zero >"$F/1060k"
for size in 100k 1060k; do
	api POST /api/v1/connection -F "private_key=@$F/$size"
	is "a file of $size" "$STATUS $(j '.code, .errors[0].field' | xargs)" \
	    "422 file.too_large private_key"
done
said() { grep -v '^<body' "$BODY" | grep -cF "$1"; } # not what is there for scripts
login bad "$(access .user)" "$(access .password)"
page bad /smtp-routing/connection
token=$(csrf)
for size in 100k 1060k 3m; do
	req POST /smtp-routing/connection -b "$T/jar.bad" -F "csrf=$token" \
	    -F do=upload:private_key -F "private_key=@$F/$size" -L -c "$T/jar.bad"
	case $size in
	3m) status=413 text='The request is too large. A key or certificate' ;;
	*) status=422 text='The file is larger than 64 KiB' ;;
	esac
	is "$size by the form" "$STATUS $(grep -ci '^content-type: text/html' "$HEAD")" "$status 1"
	is "$size by the form: why, in words" "$(said "$text" | sed 's/^[1-9]$/yes/')" yes
	ok "$size by the form: the screen is there" grep -q 'id="private_key"' "$BODY"
done
page bad '/smtp-routing/connection'
is "afterwards the page is as it was" "$STATUS $(said 'too large')" "200 0"
req GET '/smtp-routing/connection?too_large=1'
is "nobody's page" "$STATUS" 303

# What scripts send for a tick and for a file.
for word in On TRUE yes 1; do
	api POST '/api/v1/connection?dry_run=1' -F "inbound_enabled=$word"
	is "inbound_enabled=$word" "$STATUS" 200
done
api POST '/api/v1/connection?dry_run=yes' -F "private_key=@$F/good.key;encoder=base64" \
    -F "server_certificate=@$F/good.crt;encoder=base64"
is "base64 as Ansible sends it" "$STATUS" 200

for method in PUT PATCH DELETE OPTIONS; do
	api "$method" /api/v1/connection -F inbound_enabled=off
	is "$method" "$STATUS $(j .code)" "405 request.method"
done
api GET /api/v1/nothing
is "no such address" "$STATUS $(j .code)" "404 request.not_found"

# The matter of confirm: refused above, taken when its code is named.
mapfile -t args < <(pair good.key expired.crt)
api POST '/api/v1/connection?dry_run=true' "${args[@]}" -F confirm=cert.expired
is "expired, confirmed: would be taken" "$STATUS $(j .result)" "200 dry_run"

same
result "in the end nothing has changed"
is "the former certificate is served" "$(served)" "$FORMER"
ok "$cases bad submissions, 40 at least" test "$cases" -ge 40
done_testing
