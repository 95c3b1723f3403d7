#!/bin/bash
# Certificates by name (SNI): each name with files of its own, RSA and ECDSA;
# one renewed disturbs no other; tables of the administrator's stay in front.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# pair NAME FILE rsa|ec: a self-signed one, FILE.key and FILE.pem.
pair()
{
	local kind=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)

	[ "$3" = ec ] || kind=(-newkey rsa:2048)
	openssl req -x509 "${kind[@]}" -nodes -keyout "$T/$2.key" \
	    -out "$T/$2.pem" -days 90 -subj "/CN=$1" \
	    -addext "subjectAltName=DNS:$1" 2>/dev/null
}

# named NAME FILE [curl arguments]: its files; NAME "" = by what is in them.
named()
{
	api POST "/api/v1/certificates${1:+/$1}" -F apply=reload \
	    -F "server_certificate=@$T/$2.pem" -F "private_key=@$T/$2.key" \
	    "${@:3}"
}

# seen NAME rsa|ec [s_client arguments]: what a client is given that asks for
# the name, with TLS 1.2 and 1.3.
seen()
{
	local v list=() algs=rsa_pss_rsae_sha256

	[ "$2" = rsa ] || algs=ecdsa_secp256r1_sha256
	for v in -tls1_2 -tls1_3; do
		list+=("$(served "$SMTP_PORT" -servername "$1" "$v" \
		    -sigalgs "$algs" "${@:3}")")
	done
	[ "${list[0]}" = "${list[1]}" ] && echo "${list[0]}" || echo "${list[*]}"
}

console_start
s=$SAMPLES
default=$(leaf_of "$s/self-signed-cert.pem")
names="mx2.example.test mx3.example.test mx4.example.test"
for n in $names; do
	pair "$n" "$n" ec
	pair "$n" "$n-rsa" rsa
done

named mx2.example.test mx2.example.test
is "before the default one: refused" "$STATUS $(j .errors[0].code)" \
    "422 sni.no_default"
is "nothing was written" "$(param tls_server_sni_maps)" -

save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "the default one" "$STATUS $(served)" "200 $default"
is "without names there is no table" "$(param tls_server_sni_maps)" -

for n in $names; do
	named "$n" "$n"
	is "$n: taken" "$STATUS $(j .result)" "200 applied"
	is "$n: the probe asked by that name" \
	    "$(j ".probe.by_name[] | select(.name == \"$n\").certificates[0].sha256")" \
	    "$(leaf_of "$T/$n.pem")"
	named "$n" "$n-rsa" -F confirm=cert.add_algorithm
	is "$n: RSA beside it" "$STATUS $(j '.probe.by_name[] | select(.name == "'"$n"'").certificates | map(.protocols | length) | @csv')" \
	    "200 2,2"
done
all()
{
	local n

	for n in $names; do
		seen "$n" ec
		seen "$n" rsa
	done
	served
	served "$SMTP_PORT" -servername elsewhere.example.test
}
want()
{
	local n

	for n in $names; do
		leaf_of "$T/$n.pem"
		leaf_of "$T/$n-rsa.pem"
	done
	echo "$default"
	echo "$default"
}
is "each name, each algorithm, both versions; no name; another" \
    "$(all)" "$(want)"
sni=$(param tls_server_sni_maps)
like "a table of the generation" "$sni" '^texthash:/.*/generations/gen-[0-9]+/sni$'
is "its files are for root alone" \
    "$(stat -c %a "${sni#texthash:}" "$(dirname "${sni#texthash:}")"/*.pem | sort -u)" 600

# --- one renewed, no other disturbed
before=$(cd "$(dirname "${sni#texthash:}")" && sha256sum inbound.pem inbound-1.pem inbound-3.pem | cut -c1-64)
pair mx3.example.test mx3.example.test ec
named "" mx3.example.test
is "renewed by what is in it" "$STATUS $(j .result)" "200 applied"
gen=$(j .generation)
is "one of seven pairs is another, and only that" "$(all)" "$(want)"
sni=$(param tls_server_sni_maps)
is "the other files are byte for byte as before" \
    "$(cd "$(dirname "${sni#texthash:}")" && sha256sum inbound.pem inbound-1.pem inbound-3.pem | cut -c1-64)" \
    "$before"
api GET "/api/v1/generations/$gen"
is "the history says which" "$(j '.names | map("\(.name) \(.change)") | join(",")')" \
    "mx3.example.test renewed"
api GET /api/v1/certificates
is "the list" "$(j '.certificates | map(.name) | join(" ")')" " $names"
is "with the days left" "$(j '.certificates[1].days_left')" 89
is "and the keys" "$(j '.certificates[1].keys | sort | join(",")')" "ECDSA P-256,RSA 2048"
api GET /metrics
is "metrics: a line a name" \
    "$(grep -c '^postseal_named_certificate_days_left{name="mx[234].example.test"} 89$' "$BODY")" 3
named mx3.example.test mx3.example.test
is "the same again" "$(j .result)" unchanged
api GET /api/v1/status
is "no drift, and the probe is passed" "$(j '"\(.drift | length) \(.live.error)"')" "0 null"

# --- other Saves carry them along
save idle_timeout=7
is "a Save of something else" "$STATUS $(all)" "200 $(want)"
pair mx.example.test default rsa
save inbound_enabled=on "private_key=@$T/default.key" \
    "server_certificate=@$T/default.pem"
default=$(leaf_of "$T/default.pem")
is "the default one renewed" "$STATUS $(served)" "200 $default"
is "... and the names are as they were" "$(seen mx2.example.test ec)" \
    "$(leaf_of "$T/mx2.example.test.pem")"

# --- by content
pair mx5.example.test new ec
named "" new
is "a new name finds a place of its own" \
    "$STATUS $(seen mx5.example.test ec)" "200 $(leaf_of "$T/new.pem")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/two.key" -out "$T/two.pem" -days 90 -subj /CN=two \
    -addext "subjectAltName=DNS:mx2.example.test,DNS:MX3.example.test" 2>/dev/null
named "" two
is "for two of them: which?" "$STATUS $(j .errors[0].code)" "422 sni.place"
ok "in words" test "$(j .errors[0].message | wc -c)" -gt 40

# --- removed
api DELETE /api/v1/certificates/mx5.example.test -F confirm=x
is "removed, and something is confirmed that is none" "$STATUS" 400
api DELETE '/api/v1/certificates/mx5.example.test?dry_run=1' \
    -F confirm=drift.overwrites -F apply=reload
is "... or that is one" "$STATUS $(j .result)" "200 dry_run"
api DELETE /api/v1/certificates/mx5.example.test
is "removed: the default one again" \
    "$STATUS $(served "$SMTP_PORT" -servername mx5.example.test)" \
    "200 $default"
api DELETE /api/v1/certificates/mx5.example.test
is "twice" "$STATUS $(j .code)" "404 sni.unknown"
api DELETE /api/v1/certificates/default
is "the default one cannot be removed" "$STATUS $(j .code)" "422 sni.name"
api DELETE '/api/v1/certificates/*'
is "... nor all of them" "$STATUS $(j .code)" "422 sni.name"
api DELETE /api/v1/certificates/mx2.example.test -F idle_timeout=3
is "with anything else" "$STATUS $(j .code)" "400 field.unknown"
named '*' two
is "no name: *" "$STATUS $(j .code)" "422 sni.name"

# --- bad
while read -r n want; do
	named "$n" new --path-as-is
	is "no name: ${n:0:20}" "$(xargs <<<"$STATUS $(j '.errors[0].code // .code') $(j '.errors[0].field')")" "$want"
done <<EOT
nodots 422 sni.name name
192.0.2.1 422 sni.name name
-a.example 422 sni.name name
a..example 422 sni.name name
*.example 422 sni.name name
\$x.example 422 sni.name name
%C3%A4.example 422 sni.name name
a.example%0ab 400 request.malformed
.. 400 request.malformed
$(printf '%s.' {a,b,c,d}{0..30} | head -c 245)1.example 422 sni.name name
EOT
named a..example new
like "in words, the name once" "$(j .errors[0].message)" '^"a\.\.example" is not '
is "with a wrong key" "$(api POST /api/v1/certificates/mx2.example.test \
    -F "server_certificate=@$T/new.pem" -F "private_key=@$T/two.key"
    echo "$STATUS $(j '.errors[0].code')")" "422 key.mismatch"
api POST /api/v1/certificates/mx2.example.test -F apply=reload
is "without a file" "$STATUS $(j '.errors[0].code')" "400 field.missing"
api POST /api/v1/certificates/mx2.example.test -F idle_timeout=3 \
    -F "server_certificate=@$T/new.pem"
is "with a setting" "$STATUS $(j '.errors[0].code + " " + .errors[0].field')" "400 field.unknown "
is "nothing of it was done" "$(all)" "$(want)"
named mx9.example.test new -F confirm=x
is "a code that is none" "$STATUS $(j '.errors[0].code + " " + .errors[0].field')" "400 field.invalid confirm"
meta=$STATE/daemon/generations/gen-$(grep -o '[0-9]*' "$STATE/daemon/current" | head -1)/meta.json
cp -p "$meta" "$T/meta.json"
jq '.certificates as $c | .certificates += [range(200) | $c[1] + {name: "n\(.).example.test"}] |
    .certificates |= .[:201]' "$T/meta.json" >"$T/meta.many"
cat "$T/meta.many" >"$meta"
named mx9.example.test new
is "after 200 names no more" "$STATUS $(j '.errors[0].code + " " + .errors[0].field')" "422 sni.too_many name"
cp -p "$T/meta.json" "$meta"
named mx9.example.test new
like "another name than the certificate's: said" "$(j '[.findings[].code] | join(" ")')" cert.name_mismatch
api DELETE /api/v1/certificates/mx9.example.test

# --- a token for renewals
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name":"hook","scope":"certificates"}'
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/hook"
req POST /api/v1/certificates/new.example.test -K "$T/hook" \
    -F "server_certificate=@$T/new.pem" -F "private_key=@$T/new.key"
is "renews, and adds no name" "$STATUS $(j .code)" "404 sni.unknown"
pair mx4.example.test mx4.example.test ec
req POST /api/v1/certificates/mx4.example.test -K "$T/hook" -F apply=reload \
    -F "server_certificate=@$T/mx4.example.test.pem" \
    -F "private_key=@$T/mx4.example.test.key"
is "renews" "$STATUS $(seen mx4.example.test ec)" \
    "200 $(leaf_of "$T/mx4.example.test.pem")"
req DELETE /api/v1/certificates/mx4.example.test -K "$T/hook"
is "removes nothing" "$STATUS" 403

as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name":"one","scope":"certificates","certificate":"MX3.example.test"}'
is "a token for one name" "$STATUS" 201
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/one"
# hook PATH FILE: with that token.
hook()
{
	req POST "/api/v1/$1" -K "$T/one" -F apply=reload \
	    -F "server_certificate=@$T/$2.pem" -F "private_key=@$T/$2.key"
	echo "$STATUS $(j .code)"
}
pair mx4.example.test other ec
is "not the others" "$(hook certificates/mx4.example.test other)" "403 auth.scope"
is "nor the default one" "$(hook certificates/default other) $(hook connection other)" \
    "403 auth.scope 403 auth.scope"
is "nor by what is in it" "$(hook certificates other)" "403 auth.scope"
pair mx3.example.test mx3.example.test ec
is "renews its own, named" "$(hook certificates/MX3.example.test mx3.example.test) $(seen mx3.example.test ec)" \
    "200 null $(leaf_of "$T/mx3.example.test.pem")"
pair mx3.example.test mx3.example.test ec
is "... or not" "$(hook certificates mx3.example.test) $(seen mx3.example.test ec)" \
    "200 null $(leaf_of "$T/mx3.example.test.pem")"
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name":"two","scope":"write","certificate":"mx3.example.test"}'
is "no other scope can be narrowed so" "$STATUS $(j .code)" "400 field.invalid"

# --- a table of the administrator's
cat "$T/two.key" "$T/two.pem" >"$T/their.pem"
echo "their.example.test $T/their.pem" >"$T/their"
sni=$(param tls_server_sni_maps)
postconf -c "$PF" -e "tls_server_sni_maps=texthash:$T/their, $sni"
postfix -c "$PF" reload 2>/dev/null
api GET /api/v1/connection
is "in front of ours it is no drift" "$(j '.drift | length')" 0
named their.example.test new
is "a name of theirs: refused, and the table named" \
    "$STATUS $(j .errors[0].code) $(j .errors[0].message | grep -c "texthash:$T/their")" \
    "422 sni.shadowed 1"
pair mx2.example.test mx2.example.test ec
named mx2.example.test mx2.example.test
is "it stays in front" "$STATUS $(param tls_server_sni_maps | sed 's/gen-[0-9]*/N/')" \
    "200 texthash:$T/their, $(sed 's/gen-[0-9]*/N/' <<<"$sni")"
is "and is served" "$(seen their.example.test ec)" "$(leaf_of "$T/two.pem")"
postconf -c "$PF" -e "their_maps=texthash:$T/their" \
    "tls_server_sni_maps=\$their_maps, $(param tls_server_sni_maps | sed 's/.*, //')"
postfix -c "$PF" reload 2>/dev/null
named their.example.test new
is "... by way of a parameter: refused, too" "$STATUS $(j .errors[0].code)" \
    "422 sni.shadowed"
inline="inline:{ { their.example.test = $T/their.pem } }"
postconf -c "$PF" -e "tls_server_sni_maps=$inline, $(param tls_server_sni_maps | sed 's/.*, //')"
postfix -c "$PF" reload 2>/dev/null
api GET /api/v1/connection
is "one with blanks inside is no drift" "$(j '.drift | length')" 0
named their.example.test new
is "... has a name: refused" "$STATUS $(j .errors[0].code)" "422 sni.shadowed"
pair mx2.example.test mx2.example.test ec
named mx2.example.test mx2.example.test
is "... stays as it is" "$STATUS $(param tls_server_sni_maps | sed 's/, texthash.*//')" \
    "200 $inline"
is "... and is served" "$(seen their.example.test ec)" "$(leaf_of "$T/two.pem")"

# --- taken out by hand: it stays out, and a Save of something else goes on
sni=$(param tls_server_sni_maps | sed 's/.*, //')
postconf -c "$PF" -e "tls_server_sni_maps=texthash:$T/their"
reload_settled "$PF"
save idle_timeout=8
is "our table taken out by hand: another Save" "$STATUS $(j .result) $(param tls_server_sni_maps)" \
    "200 applied texthash:$T/their"
api POST /api/v1/connection/restore
is "... and back" "$STATUS $(seen mx2.example.test ec)" \
    "200 $(leaf_of "$T/mx2.example.test.pem")"
cp -p "$PF/master.cf" "$T/master.cf"
sed -i '/ smtpd$/s/$/ -o tls_server_sni_maps=/' "$PF/master.cf"
reload_settled "$PF"
save idle_timeout=6
is "switched off in master.cf: another Save" "$STATUS $(j .result)" "200 applied"
pair mx3.example.test other ec
named mx3.example.test other
is "... a name: refused, with the parameter" \
    "$STATUS $(j .errors[0].code) $(j .errors[0].message | grep -c tls_server_sni_maps)" \
    "422 inbound.shadowed 1"
cp -p "$T/master.cf" "$PF/master.cf"
reload_settled "$PF"
postconf -c "$PF" -e "tls_server_sni_maps=texthash:$T/their, $(param tls_server_sni_maps | sed 's/.*, //')"
postfix -c "$PF" reload 2>/dev/null
for n in $names; do
	api DELETE "/api/v1/certificates/$n"
done
is "ours gone, theirs left" "$(param tls_server_sni_maps)" "texthash:$T/their"

# --- back
api GET /api/v1/generations
back=$(j '[.generations[] | select(.names | length > 0) | .id][3]')
api POST "/api/v1/generations/$back/restore" -H 'Content-Type: application/json' -d '{}'
is "an older generation with its names" "$STATUS $(all)" "200 $(want)"
file=$(dirname "$(param tls_server_sni_maps | sed 's/.*texthash://')")/inbound-1.pem
echo >>"$file"
api GET /api/v1/connection
is "a file that was changed is drift" "$(j '.drift[0].parameter')" "$file"
save idle_timeout=9
is "mended by the next Save" "$STATUS $(j '[.findings[].code] | contains(["drift.chain_changed"])')" "200 true"
api GET /api/v1/connection
is "no drift then" "$(j '.drift | length')" 0
api POST /api/v1/connection/adopt
is "names are nothing that was set by hand" "$STATUS $(j .result) $(all)" \
    "200 unchanged $(want)"

# --- without TLS for incoming mail
save inbound_enabled=off
pair mx7.example.test mx7.example.test ec
named mx7.example.test mx7.example.test
is "inbound TLS off: kept, and not told as proven" \
    "$STATUS $(j .result) $(j '[.findings[] | select(.code == "sni.unproven").message | test("for mx7.example.test ")] | @csv') $(j .probe.by_name)" \
    "200 applied true null"
save inbound_enabled=on
is "... proven with TLS" "$STATUS $(seen mx7.example.test ec)" \
    "200 $(leaf_of "$T/mx7.example.test.pem")"
api DELETE /api/v1/certificates/mx7.example.test

# --- who is given what, by main.cf as it stands
used()
{
	api GET /api/v1/certificates
	j '.certificates | map("\(.name):\(.in_use)") | join(" ")'
}
all_used=$(used)
like "all are in use" "$all_used" '^:true mx'
unlike "not one is not" "$all_used" false
postconf -c "$PF" -X tls_server_sni_maps
is "the table is out of main.cf: no name is in use" "$(used)" \
    "$(sed 's/\(mx[^ ]*\):true/\1:false/g' <<<"$all_used")"
postconf -c "$PF" -e smtpd_tls_security_level=none
unlike "no TLS: none is" "$(used)" true

done_testing
