#!/bin/bash
# Any number of files at once, in no field: sorted into the certificates that
# they are of, shown before anything is saved, served after it.  By API, and by
# the page as a browser without scripts sends it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/form.sh"
mkdir "$T/z" && cd "$T/z" || bail "no room"

# issue FILE SUBJECT ISSUER-FILE EXTENSIONS [rsa]: FILE.key, FILE.pem.
issue()
{
	local by=(-key "$1.key")

	if [ "${5:-}" = rsa ]; then rsa_new "$1.key"; else ec_new "$1.key"; fi
	[ -z "$3" ] || by=(-CA "$3.pem" -CAkey "$3.key")
	openssl req -new -key "$1.key" -subj "$2" -out req.csr 2>/dev/null
	openssl x509 -req -in req.csr -days 80 -out "$1.pem" "${by[@]/-key/-signkey}" \
	    -set_serial "$RANDOM$RANDOM" -extfile <(echo "$4") 2>/dev/null
}
ca="basicConstraints=critical,CA:TRUE"
# server NAME... is for
san() { local n=("${@/#/DNS:}"); local IFS=,; echo "subjectAltName=${n[*]}"; }

# zone [curl arguments] FILE...: one call that takes them all.
zone()
{
	local args=() f

	for f in "$@"; do
		case $f in
		/*|./*|*.*) [ -f "$f" ] && args+=(-F "files=@$f") || args+=("$f") ;;
		*) args+=("$f") ;;
		esac
	done
	api POST "/api/v1/certificates$Q" -F apply=reload "${args[@]}"
}
Q=
# where [set...]: "name:change:files" of each, and what is left out.
where()
{
	j '.sorted as $s | $s | [(.sets[] | .certificate + ":" + .change + ":" +
	    ([.files[] | .name + "=" + (.field | .[0:1])] | sort | join("+"))),
	    (.left_out[] | "-" + .name + ":" + .code)] | sort | join(" ")'
}
sni() { served "$SMTP_PORT" -servername "$@"; }

console_start
edit myhostname=mx.example.jp || bail "postconf"
issue root /CN=Root "" "$ca"
issue ia /CN=IssuerA root "$ca"
issue ib /CN=IssuerB root "$ca"
for n in a b c d; do
	issue $n "/CN=$n.example.net" ia "$(san $n.example.net)"
done
issue ar /CN=a.example.net ib "$(san a.example.net)" rsa
issue mx /CN=mx.example.jp ib "$(san mx.example.jp)" rsa
issue out /CN=gateway ia "extendedKeyUsage=clientAuth"
cat a.pem ia.pem >a-full.pem
echo "This folder holds keys." >README.txt

# --- nothing is in use yet
zone a.key a.pem b.key b.pem
is "which one is for all others?" "$STATUS $(j .code) $(j '.errors | map(.code) | unique | join(",")')" \
    "422 files.none_placed files.with_another,sni.place"
is "nothing was done" "$(param smtpd_tls_chain_files)" -
before=$(maincf_hash)
Q='?dry_run=true'
zone mx.key mx.pem a.key a.pem ar.pem ar.key ia.pem ib.pem root.pem README.txt b.pem b.key
is "eleven files, three certificates, one file that is none" "$STATUS $(where)" \
    "200 -README.txt:file.unreadable a.example.net:new:a.key=p+a.pem=s+ar.key=p+ar.pem=s+ia.pem=c+ib.pem=c+root.pem=c b.example.net:new:b.key=p+b.pem=s+ia.pem=c+root.pem=c default:new:ib.pem=c+mx.key=p+mx.pem=s+root.pem=c"
is "a look changes nothing" "$(maincf_hash)" "$before"
Q=
zone mx.key mx.pem a.key a.pem ar.pem ar.key ia.pem ib.pem root.pem README.txt b.pem b.key
is "what fits nowhere is not dropped in silence" \
    "$STATUS $(j .code) $(j '.errors[1].message | .[0:12]') $(maincf_hash)" \
    "422 files.left_out README.txt:  $before"
zone mx.key mx.pem a.key a.pem ar.pem ar.key ia.pem ib.pem root.pem b.pem b.key \
    -F inbound_enabled=on
is "a setting beside them: refused" "$STATUS $(j .errors[0].code)" "400 field.unknown"
zone mx.key mx.pem a.key a.pem ar.pem ar.key ia.pem ib.pem root.pem README.txt b.pem b.key \
    -F confirm=files.left_out
is "saved at once" "$STATUS $(j .result)" "200 applied"
gen=$(j .generation)
save inbound_enabled=on
is "each name is served its own, RSA and ECDSA" \
    "$STATUS $(served) $(sni a.example.net -sigalgs ecdsa_secp256r1_sha256) $(sni a.example.net -sigalgs rsa_pss_rsae_sha256) $(sni b.example.net)" \
    "200 $(leaf_of mx.pem) $(leaf_of a.pem) $(leaf_of ar.pem) $(leaf_of b.pem)"
is "and verifies with its chain" "$(sni b.example.net -verify_return_error -CAfile root.pem)" "$(leaf_of b.pem)"
api GET "/api/v1/generations/$gen"
is "one generation, and the history says which" \
    "$(j '.names | map("\(.name) \(.change)") | sort | join(",")')" \
    "a.example.net added,b.example.net added"

# --- renewals, several forms
issue b /CN=b.example.net ia "$(san b.example.net)"
issue c /CN=c.example.net ia "$(san c.example.net)" rsa
openssl pkcs12 -export -in c.pem -inkey c.key -certfile ia.pem -out c.p12 -passout pass:one
openssl x509 -in b.pem -outform DER -out b.der
openssl pkey -in b.key -aes256 -passout pass:two -out b-enc.key 2>/dev/null
zone b.der b-enc.key c.p12 -F passphrase=one
is "a passphrase that opens one of two: said of the other" \
    "$STATUS $(j '.errors | map(.code) | join(",")')" \
    "422 files.left_out,key.passphrase_wrong"
json=$(jq -n --rawfile k b.key --rawfile c b.pem --rawfile i ia.pem '{files: [$i, $c, $k], apply: "reload"}')
api POST /api/v1/certificates -H 'Content-Type: application/json' -d "$json"
is "as JSON: renewed" "$STATUS $(where)" "200 b.example.net:renewed:#1=c+#2=s+#3=p"
is "... b is another, a and the default one are not" \
    "$(sni b.example.net) $(sni a.example.net -sigalgs ecdsa_secp256r1_sha256) $(served)" \
    "$(leaf_of b.pem) $(leaf_of a.pem) $(leaf_of mx.pem)"
zone a-full.pem a.key a.pem ia.pem
is "what is in use already" "$STATUS $(j .result)" "200 unchanged"
zone out.pem out.key ia.pem
is "one for clients alone goes out" "$STATUS $(where)" \
    "200 outbound:new:ia.pem=c+out.key=p+out.pem=s"

# --- what has no place, each with its reason
Q='?dry_run=true'
issue stray "/CN=Stray CA" "" "$ca"
cat a.key a.pem b.key b.pem >two.pem
iconv -t UTF-16 two.pem >two16.pem
zone d.key stray.pem root.key root.pem two16.pem ia.pem c.pem c.key
is "reasons" "$STATUS $(where)" \
    "200 -d.key:files.key_alone -root.key:key.of_ca -stray.pem:files.ca_alone -two16.pem:files.mixed c.example.net:new:c.key=p+c.pem=s+ia.pem=c+root.pem=c"

# --- one text with several of them
sed 's/$/\r/' two.pem >crlf.pem
(echo "Bag Attributes: -----BEGIN x"; cat d.key ia.pem stray.pem; sed 's/^/  /' a.key; cat d.pem b.pem b.key a.pem root.pem) >all.pem
both="a.example.net:renewed:%s=p+%s=s b.example.net:renewed:%s=p+%s=s"
for f in two crlf; do
	zone $f.pem
	is "$f: each key to its certificate" "$STATUS $(where)" "200 ${both//%s/$f.pem}"
done
zone all.pem
is "three, their CAs, and one that issued nothing" "$STATUS $(where)" \
    "200 -all.pem:files.ca_alone a.example.net:renewed:all.pem=c+all.pem=p+all.pem=s b.example.net:renewed:all.pem=c+all.pem=p+all.pem=s d.example.net:new:all.pem=c+all.pem=p+all.pem=s"
cat a.pem a.key b.pem >keyless.pem
zone keyless.pem c.key
is "a key too few, one too many" "$STATUS $(where)" \
    "200 -c.key:files.key_alone a.example.net:renewed:keyless.pem=p+keyless.pem=s b.example.net:renewed:keyless.pem=s"
openssl req -new -key d.key -subj /CN=e.example.net -out req.csr 2>/dev/null
openssl x509 -req -in req.csr -days 80 -out e.pem -CA ia.pem -CAkey ia.key -set_serial 77 \
    -extfile <(san e.example.net) 2>/dev/null
zone d.pem e.pem d.key
is "one key of two certificates" "$STATUS $(where)" \
    "200 d.example.net:new:d.key=p+d.pem=s e.example.net:new:d.key=p+e.pem=s"
cat c.pem ia.pem >c-full.pem
zone c-full.pem c.key d.pem d.key
is "a chain's CA is lent to who lacks it" "$STATUS $(where)" \
    "200 c.example.net:new:c-full.pem=c+c-full.pem=s+c.key=p d.example.net:new:c-full.pem=c+d.key=p+d.pem=s"
zone c-full.pem c.key d.pem d.key ia.pem
is "... and not where it is beside them" "$STATUS $(where)" \
    "200 c.example.net:new:c-full.pem=s+c.key=p+ia.pem=c d.example.net:new:d.key=p+d.pem=s+ia.pem=c"
# Blocks that are not sorted stay with what they stand beside.
openssl ecparam -name prime256v1 -genkey -out par.key 2>/dev/null
openssl req -new -key par.key -subj /CN=p.example.net -out par.csr 2>/dev/null
openssl x509 -req -in par.csr -days 80 -out par.pem -CA ia.pem -CAkey ia.key -set_serial 78 \
    -extfile <(san p.example.net) 2>/dev/null
(cat par.key par.pem; openssl pkey -in par.key -pubout; cat par.csr ia.pem) >par-full.pem
zone par-full.pem c.pem c.key
is "parameters, a public key and a request beside them" "$STATUS $(where)" \
    "200 c.example.net:new:c.key=p+c.pem=s+par-full.pem=c p.example.net:new:par-full.pem=c+par-full.pem=p+par-full.pem=s"
(printf '\xef\xbb\xbf'; cat two.pem) >bom.pem
zone bom.pem
is "a byte order mark" "$STATUS $(where)" "200 ${both//%s/bom.pem}"
for n in a.key a.pem b.key b.pem; do printf %s "$(cat $n)"; done >glued.pem
zone glued.pem
is "joined without line ends" "$STATUS $(where)" "200 ${both//%s/glued.pem}"
openssl crl2pkcs7 -nocrl -certfile a.pem -certfile b.pem -outform DER -out two.p7b
zone two.p7b a.key b.key
is "two in a container, their keys apart" "$STATUS $(j .code) $(j '[.errors[].code] | unique | join(" ")')" \
    "422 files.none_placed files.mixed files.with_another"
(cat d.key; head -c 300 d.pem) >cut.pem
zone cut.pem c.pem c.key
is "a damaged one is told as that" "$STATUS $(where)" \
    "200 -cut.pem:file.truncated c.example.net:new:c.key=p+c.pem=s"
for n in {1..40}; do cat a.pem b.pem; done >many.pem
zone many.pem a.key b.key
is "80 certificates in one file" "$STATUS $(where)" \
    "200 a.example.net:renewed:a.key=p+many.pem=s b.example.net:renewed:b.key=p+many.pem=s"
issue f /CN=f.example.net ia "$(san f.example.net)"
zone f.pem
is "a certificate without its key: said of the set" \
    "$STATUS $(j '.errors | map(.code) | join(",")')" "422 key.missing"
Q=
head -c 70000 /dev/zero | tr '\0' a >large.pem
: >empty.pem
zone large.pem empty.pem c.pem c.key ia.pem
is "too large, empty" "$STATUS $(j '.errors | map(.code) | sort | join(",")')" \
    "422 file.empty,file.too_large,files.left_out"
args=()
for n in {1..129}; do args+=(-F "files=$n;filename=$n.pem"); done
zone "${args[@]}"
is "129 files" "$STATUS $(j .code) $(j .errors[0].field)" "422 files.too_many files"
zone f.pem f.key -F "server_certificate=@f.pem"
is "beside the fields of one" "$STATUS $(j .errors[0].code)" "400 field.invalid"
api POST /api/v1/certificates/c.example.net -F files=@c.pem
is "with a name" "$STATUS $(j .errors[0].code)" "400 field.unknown"
api POST /api/v1/connection -F files=@c.pem
is "on the connection" "$STATUS $(j .errors[0].code)" "400 field.unknown"
api POST /api/v1/certificates/inspect -F files=@c.pem -F files=@c.key -F files=@ia.pem
is "looked at" "$STATUS $(where) $(j '.sorted.sets[0].report.ok')" \
    "200 c.example.net:new:c.key=p+c.pem=s+ia.pem=c true"

# --- what belongs to something in use, by what it issued or is called
issue cc1 "/CN=Clients' CA" "" "$ca"
issue cc2 "/CN=Partners' CA" "" "$ca"
cat cc1.pem cc2.pem >cc.pem
save client_ca=@cc.pem
is "CAs of clients, in their field" "$STATUS" 200
cp cc1.pem cc1-old.pem
issue cc1 "/CN=Clients' CA" "" "$ca"
zone cc1.pem
is "one with the same name: added to them" "$STATUS $(where)" "200 client_ca:added:cc1.pem=c"
file=$(param smtpd_tls_CAfile)
is "... and none of them is gone" \
    "$(for f in cc1-old cc1 cc2; do grep -cF "$(sed -n 3p $f.pem)" "$file"; done | xargs)" "1 1 1"
issue out /CN=gateway ia "subjectAltName=DNS:gateway.example.net"
zone out.pem out.key
is "the outbound one by its subject" "$STATUS $(where)" "200 outbound:renewed:out.key=p+out.pem=s"
issue mx /CN=mx.example.jp ia "$(san mx.example.jp)" rsa
zone mx.pem mx.key b.key
is "its issuer is missing: asked" "$STATUS $(j '.errors | map(.code) | join(",")')" \
    "422 chain.shorter"
zone mx.pem mx.key b.key -F confirm=chain.shorter
is "... and a key that is in use already" "$STATUS $(where)" \
    "200 b.example.net:renewed:b.key=p default:renewed:mx.key=p+mx.pem=s"
zone ia.pem
is "the issuer alone finds all that it issued" "$STATUS $(where | grep -o 'default:[^ ]*')" \
    "200 default:renewed:ia.pem=c"
is "... and it verifies" "$(served "$SMTP_PORT" -verify_return_error -CAfile root.pem)" "$(leaf_of mx.pem)"

# --- more to say than there is room for
args=()
for n in {1..40}; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "m$n.key" -out "m$n.pem" -days 30 -subj "/CN=m$n.example.net" \
	    -addext "subjectAltName=DNS:m$n.example.net" 2>/dev/null
	args+=("m$n.key" "m$n.pem")
done
zone "${args[@]}"
is "forty new names at once" "$STATUS $(j .result) $(j '.sorted.sets | length') $(sni m40.example.net)" \
    "200 applied 40 $(leaf_of m40.pem)"

# --- tokens
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name":"hook","scope":"certificates"}'
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/hook"
req POST /api/v1/certificates -K "$T/hook" -F files=@c.pem -F files=@c.key
is "a token for renewals adds no name" "$STATUS $(j .code)" "404 sni.unknown"
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name":"one","scope":"certificates","certificate":"a.example.net"}'
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/one"
req POST /api/v1/certificates -K "$T/one" -F files=@a.pem -F files=@a.key -F files=@b.pem -F files=@b.key
is "one for a name does not reach another" "$STATUS $(j .code)" "403 auth.scope"

# --- the page, without scripts
PAGE=/smtp-routing/certificates
# press do [fields]: the form of the zone.
press()
{
	page $PAGE
	METHOD=POST page $PAGE -F "csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$BODY" | head -1)" \
	    -F "do=$1" "${@:2}"
}
sign_in admin "$PASSWORD" || bail "log-in"
issue d /CN=d.example.net ia "$(san d.example.net)"
before=$(maincf_hash)
press save -F files=@d.key -F files=@c.p12 -F files=@README.txt -F files=@d.pem -F files=@ia.pem
is "Save with files that were not shown: they are shown first" "$STATUS $(maincf_hash)" "303 $before"
page $PAGE
ok "... the new name" grep -q 'New: <bdi>d.example.net' "$BODY"
ok "... what has no place, and why" grep -q 'c.p12.*encrypted\|c.p12.*passphrase' "$BODY"
press sort -F passphrase=one
page $PAGE
ok "with its passphrase" grep -q 'New: <bdi>c.example.net' "$BODY"
id=$(grep -o 'forget:[0-9a-f]*" aria-label="Remove: README.txt' "$BODY" | cut -c 8-19)
press "forget:$id"
page $PAGE
unlike "a file is taken out" "$(cat "$BODY")" README
set=$(grep -B1 -A9 'New: <bdi>d.example.net' "$BODY" | sed -n 's/.*name="set" value="\([^"]*\)".*/\1/p')
press sort -F "set=$set" -F "place=d.."
is "a place that is none" "$STATUS" 422
press sort -F "set=$set" -F "place=other.example.net"
page $PAGE
ok "somebody decides otherwise" grep -q 'New: <bdi>other.example.net' "$BODY"
press save
is "saved" "$STATUS" 303
both() { [ "$(sni c.example.net) $(sni other.example.net)" = "$(leaf_of c.pem) $(leaf_of d.pem)" ]; }
ok "... and served, the other one by the name that was given" wait_for 15 both
drafted() { page $PAGE; grep -q 'id="sorted"' "$BODY"; }
ok "nothing waits any more" wait_for 15 not drafted
press sort -F files=@a.pem
press discard
ok "discarded" not drafted
is "no draft is left" "$(ls "$STATE/daemon/drafts")" ""

# --- one text of several is saved
Q=
zone all.pem c-full.pem c.key e.pem -F confirm=files.left_out
is "one file for three, saved" "$STATUS $(j .result)" "200 applied"
for n in a b c e; do
	is "$n is served, and verifies" \
	    "$(sni $n.example.net -sigalgs ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256 -verify_return_error -CAfile root.pem)" \
	    "$([ $n = a ] && echo "$(leaf_of a.pem)" || leaf_of $n.pem)"
done

done_testing
