# samples.sh - files to try the screen with, and the console's own HTTPS
# certificate.
# shellcheck shell=bash

SAMPLE_PASSPHRASE='correct horse battery'

# openssl with its chatter kept for the one line that says why it failed.
ssl()
{
	local text

	text=$(openssl "$@" 2>&1 >/dev/null) ||
		fail "openssl $1 failed: ${text##*$'\n'}"
}

ec_key()
{
	(umask 077 && : >"$1")
	ssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

rsa_key()
{
	(umask 077 && : >"$1")
	ssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1"
}

# self_signed KEY CERT NAME SAN DAYS
self_signed()
{
	ssl req -x509 -new -key "$1" -out "$2" -days "$5" -subj "/CN=$3" \
	    -addext "subjectAltName=$4" \
	    -addext "basicConstraints=critical,CA:FALSE" \
	    -addext "extendedKeyUsage=serverAuth"
}

https_certificate()
{
	local dir=$STATE/https

	mkdir -p "$dir"
	if [ -s "$dir/key.pem" ] && [ -s "$dir/cert.pem" ] &&
	    openssl x509 -in "$dir/cert.pem" -noout -checkend 2592000 \
	    >/dev/null 2>&1 &&
	    openssl x509 -in "$dir/cert.pem" -noout -checkip "$HTTPS_HOST" |
	    grep -q ' does match '; then
		return
	fi
	ec_key "$dir/key.pem"
	self_signed "$dir/key.pem" "$dir/cert.pem" "Postseal console" \
	    "IP:127.0.0.1,IP:$HTTPS_HOST,DNS:localhost,DNS:$(uname -n)" 397
}

# issue KEY CERT NAME DAYS ISSUER EXTENSIONS: signed by ISSUER-{cert,key}.pem
issue()
{
	local request=$2.csr ext=$2.ext

	printf '%s\n' "$6" >"$ext"
	ssl req -new -key "$1" -subj "/CN=$3" -out "$request"
	ssl x509 -req -in "$request" -CA "$5-cert.pem" -CAkey "$5-key.pem" \
	    -days "$4" -extfile "$ext" -out "$2"
	rm -f "$request" "$ext"
}

samples_issued()
{
	local work=$1

	ec_key "$work/root-key.pem"
	ssl req -x509 -new -key "$work/root-key.pem" -days 3650 \
	    -subj "/CN=Postseal sample root" -out "$work/root-cert.pem"
	ec_key "$work/intermediate-key.pem"
	issue "$work/intermediate-key.pem" "$work/intermediate-cert.pem" \
	    "Postseal sample intermediate" 1825 "$work/root" \
	    $'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
	ec_key "$work/issued-key.pem"
	issue "$work/issued-key.pem" "$work/issued-cert.pem" mx.example.test \
	    90 "$work/intermediate" \
	    $'basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:mx.example.test\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
	mv "$work/intermediate-cert.pem" "$work/issued-intermediate.pem"
	mv "$work/root-cert.pem" "$work/issued-root.pem"
	rm -f "$work/intermediate-key.pem" "$work/root-key.pem"
}

samples_readme()
{
	cat <<EOT
Files to try Postseal with.  None of them protects anything.

self-signed-cert.pem, self-signed-key.pem
	A self-signed pair: needs no CA certificate.
issued-cert.pem, issued-key.pem, issued-intermediate.pem
	A certificate with the intermediate that issued it: upload the
	intermediate as CA certificate.  issued-root.pem is the root above
	it: not uploaded; give it to a client that shall verify.
encrypted-cert.pem, encrypted-key.pem
	A pair whose key is encrypted.  Passphrase: $SAMPLE_PASSPHRASE
mismatch-key.pem
	A key that belongs to none of the certificates: refused.
EOT
}

samples()
{
	local dir=$STATE/samples work

	[ ! -s "$dir/README.txt" ] || return 0
	work=$dir.tmp.$$
	rm -rf "$dir" "$work" && mkdir -p "$work" || fail "cannot write $work"
	rsa_key "$work/self-signed-key.pem"
	self_signed "$work/self-signed-key.pem" "$work/self-signed-cert.pem" \
	    mx.example.test DNS:mx.example.test 365
	samples_issued "$work"
	ec_key "$work/plain-key.pem"
	self_signed "$work/plain-key.pem" "$work/encrypted-cert.pem" \
	    mx.example.test DNS:mx.example.test 365
	(umask 077 && : >"$work/encrypted-key.pem")
	ssl pkcs8 -topk8 -v2 aes-256-cbc -in "$work/plain-key.pem" \
	    -passout "pass:$SAMPLE_PASSPHRASE" -out "$work/encrypted-key.pem"
	rm -f "$work/plain-key.pem"
	rsa_key "$work/mismatch-key.pem"
	samples_readme >"$work/README.txt"
	mv "$work" "$dir" || fail "cannot write $dir"
}
