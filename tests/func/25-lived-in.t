#!/bin/bash
# A Postfix that somebody set up before the console came, or goes on setting
# up beside it: a Save changes what it says and nothing else, and nothing is
# lowered unasked.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/form.sh"

console_start
s=$SAMPLES
self=$(leaf_of "$s/self-signed-cert.pem")
hand=("smtpd_tls_cert_file=$T/hand.pem" "smtpd_tls_key_file=$T/hand.key")
files=(-F "private_key=@$s/self-signed-key.pem"
    -F "server_certificate=@$s/self-signed-cert.pem")
ec_new "$T/hand.key" && self_new "$T/hand.pem" "$T/hand.key" ||
	bail "no certificate by hand"
theirs=$(leaf_of "$T/hand.pem")
cp -p "$PF/main.cf" "$T/main.cf"

# lived NAME=VALUE...: main.cf of before anybody came, with these by hand, and
# a console that has not saved anything.
lived()
{
	rm -rf "$STATE"/daemon/{current,journal,facts,generations/gen-*}
	cp -p "$T/main.cf" "$PF/main.cf" && edit biff=no "$@" || bail "main.cf"
}
post()	# [curl arguments]
{
	api POST /api/v1/connection "$@"
}
codes() { j '[.findings[].code] | join(" ")'; }
levels()
{
	echo "$(param smtpd_tls_security_level) $(param smtp_tls_security_level)"
}
settings()
{
	api GET /api/v1/connection
	j '"\(.settings.inbound.enabled) \(.settings.inbound.tls_only) \(.settings.outbound.enabled) drift \(.drift | length)"'
}
managed()	# of main.cf, but the chain file
{
	grep -E '^smtpd?_' "$PF/main.cf" | grep -v '^smtpd_tls_chain_files'
}
applied()
{
	is "$1: applied" "$STATUS:$(j .result)" 200:applied
}

# 1. Debian's own main.cf.
lived smtp_tls_security_level=may
is "first sight: what Postfix has" "$(settings | cut -d ' ' -f 1-3)" "false false true"
before=$(managed)
post -F inbound_enabled=on "${files[@]}"
applied "Debian's may, inbound on"
is "Debian's may stays" "$(levels)" "may may"
is "Debian's may: nothing else outbound" \
    "$(j '[.changes[].parameter | select(startswith("smtp_"))] | length')" 0
is "Debian's may: served" "$(served)" "$self"
is "Debian's may: the settings say so" "$(settings)" "true false true drift 0"
like "Debian's may: its line is there" "$(managed)" "$before"

# 2. Set up by hand; a renewal hook that sends the files alone, by its token.
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name": "renewal", "scope": "certificates"}'
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/renewal"
renew()
{
	req POST /api/v1/connection -K "$T/renewal" "$@" \
	    -F "private_key=@$s/self-signed-key.pem" \
	    -F "server_certificate=@$s/self-signed-cert.pem"
}
lived "${hand[@]}" smtpd_tls_security_level=may smtp_tls_security_level=may
is "by hand: served before" "$(served)" "$theirs"
renew
applied "by hand, files alone"
is "by hand: levels stay" "$(levels)" "may may"
is "by hand: the new files serve" "$(served)" "$self"
is "by hand: the old names went" "$(param smtpd_tls_cert_file):$(param smtpd_tls_key_file)" "-:-"
is "by hand: changes are those alone" "$(j '[.changes[].parameter] | sort | join(" ")')" \
    "smtpd_tls_cert_file smtpd_tls_chain_files smtpd_tls_key_file"
is "by hand: the settings say so" "$(settings)" "true false true drift 0"
lived "${hand[@]}" smtpd_tls_security_level=encrypt smtp_tls_security_level=encrypt
renew
applied "encrypt by hand, files alone"
is "encrypt by hand: levels stay" "$(levels)" "encrypt encrypt"
is "encrypt by hand: the probe saw it" "$(j .probe.plaintext_refused)" true
is "encrypt by hand: served" "$(served)" "$self"
is "encrypt by hand: the settings say so" "$(settings)" "true true true drift 0"

# 3. Levels that the settings cannot say.
for level in dane encrypt; do
	lived "smtp_tls_security_level=$level"
	post -F inbound_enabled=on "${files[@]}"
	applied "$level outbound, inbound on"
	is "$level outbound stays" "$(levels)" "may $level"
	post -F outbound_enabled=on
	is "$level outbound, outbound on" "$STATUS:$(levels)" "200:may $level"
done
lived smtp_enforce_tls=yes
post -F outbound_enabled=on
applied "smtp_enforce_tls, outbound on"
is "smtp_enforce_tls stays" "$(param smtp_enforce_tls):$(levels)" "yes:- -"

# A relay that wants TLS at once: mail still goes there.
sink=$(pfi_make "$T/sink" "$(free_port)") &&
pfi_conf "$T/sink" myhostname=sink.example.test smtpd_tls_wrappermode=yes \
    smtpd_tls_security_level=encrypt "smtpd_tls_chain_files=$T/hand.key,$T/hand.pem" &&
pfi_start "$T/sink" || bail "the relay does not start"
CLEAN+=('pfi_stop "$T/sink"')
lived "relayhost=[127.0.0.1]:$sink" smtp_tls_wrappermode=yes \
    smtp_tls_security_level=encrypt "smtp_tls_CAfile=$T/hand.pem"
post -F outbound_enabled=on
applied "wrappermode relay, outbound on"
is "wrappermode relay: as it was" \
    "$(param smtp_tls_security_level) $(param smtp_tls_wrappermode) $(param smtp_tls_CAfile)" \
    "encrypt yes $T/hand.pem"
smtp "$SMTP_PORT" "EHLO c.example.test" "MAIL FROM:<a@example.test>" \
    "RCPT TO:<someone@far.example>" DATA \
    $'Subject: test\r\n\r\nhello\r\n.' >"$T/smtp"
ok "wrappermode relay: mail arrives" wait_log \
    "relay=127.0.0.1\[127.0.0.1\]:$sink.*status=sent"

# 4. Client certificates, and parameters that others name.
lived "${hand[@]}" smtpd_tls_security_level=encrypt "smtpd_tls_CAfile=$T/hand.pem" \
    smtpd_tls_ask_ccert=yes smtpd_tls_loglevel=1
post -F tls_only=on "${files[@]}"
applied "client certificates"
is "client certificates: their CA stays" "$(param smtpd_tls_CAfile)" "$T/hand.pem"
like "client certificates: said so" "$(j '.findings[] | select(.code == "parameter.kept") | .message')" \
    'smtpd_tls_CAfile.*smtpd_tls_ask_ccert'
starttls "$SMTP_PORT" -cert "$T/hand.pem" -key "$T/hand.key" >/dev/null
ok "client certificates: one is trusted still" wait_log \
    'Trusted TLS connection established from'
lived "${hand[@]}" smtpd_tls_security_level=may "smtpd_tls_CAfile=$T/hand.pem" \
    smtpd_tls_req_ccert=yes
post -F tls_only=off "${files[@]}"
applied "required client certificates"
is "required client certificates: their CA stays" "$(param smtpd_tls_CAfile)" "$T/hand.pem"
# shellcheck disable=SC2016
lived "${hand[@]}" smtpd_tls_security_level=may \
    'smtp_tls_cert_file=$smtpd_tls_cert_file' 'smtp_tls_key_file=${smtpd_tls_key_file}'
post "${files[@]}"
applied "outbound names the inbound certificate"
is "what is named stays" "$(postconf -c "$PF" -xh smtp_tls_cert_file smtp_tls_key_file | paste -sd ' ')" \
    "$T/hand.pem $T/hand.key"
is "what is named does not serve any more" "$(served)" "$self"

# 5. Floors.
lived 'smtpd_tls_mandatory_protocols=>=TLSv1.3' 'smtpd_tls_protocols=!SSLv2, !SSLv3'
post -F inbound_enabled=on "${files[@]}"
applied "floors"
is "floors stay" "$(param smtpd_tls_mandatory_protocols) $(param smtpd_tls_protocols)" \
    ">=TLSv1.3 !SSLv2, !SSLv3"
lived
post -F inbound_enabled=on "${files[@]}"
is "no floor where TLS is a choice" "$STATUS:$(param smtpd_tls_protocols)" 200:-

# 6. A level set by hand goes down only when that is confirmed.
lived "${hand[@]}" smtpd_tls_security_level=encrypt smtp_tls_security_level=dane
before=$(maincf_hash)
while read -r field value parameter was after; do
	post -F "$field=$value"
	is "$field=$value: asked" "$STATUS:$(j .code)" 422:level.lowered
	is "$field=$value: of the field" "$(j '.errors[0] | "\(.field) \(.severity)"')" \
	    "$field confirm"
	is "$field=$value: both values" \
	    "$(j '.findings[] | select(.code == "level.lowered") | .args | "\(.parameter) \(.value) \(.after)"')" \
	    "$parameter $was $after"
	like "$field=$value: in words" "$(j '.errors[0].message')" "$parameter.*$was.*$after"
done <<-ROWS
	inbound_enabled off smtpd_tls_security_level encrypt none
	tls_only off smtpd_tls_security_level encrypt may
	outbound_enabled off smtp_tls_security_level dane none
ROWS
is "nothing was touched" "$(maincf_hash)" "$before"
api POST /api/v1/connection -F outbound_enabled=off -H 'Accept-Language: ja'
like "asked in Japanese" "$(j '.errors[0].message')" 'smtp_tls_security_level.*dane'
post -F outbound_enabled=off -F confirm=level.lowered
applied "confirmed"
is "confirmed: lowered, and that alone" "$(levels)" "encrypt none"
is "confirmed: inbound serves as before" "$(served)" "$theirs"
post -F outbound_enabled=on
applied "on again"
is "on again: may" "$(levels)" "encrypt may"
post -F outbound_enabled=off
applied "our own level goes down without a word"

# 7. A generation in force, then a hand edit.
lived
post -F inbound_enabled=on -F outbound_enabled=on "${files[@]}"
applied "generation 1"
edit smtpd_tls_security_level=encrypt
req POST /api/v1/connection -K "$T/renewal" -F "private_key=@$s/issued-key.pem" \
    -F "server_certificate=@$s/issued-cert.pem" -F "ca_certificate=@$s/issued-intermediate.pem"
applied "a certificate over a hand edit"
is "the hand edit stays" "$(levels)" "encrypt may"
like "and is told" "$(codes)" drift.stays
is "the new certificate serves" "$(served)" "$(leaf_of "$s/issued-cert.pem")"
is "it is still drift" "$(settings)" "true false true drift 1"
post -F inbound_enabled=on
is "what is in force is no change, and told" "$STATUS:$(j .result):$(codes)" \
    200:unchanged:drift.stays
post -F inbound_enabled=off
is "about it: asked" "$STATUS:$(j '[.errors[].code] | sort | join(" ")')" \
    "422:drift.overwrites level.lowered"
post -F inbound_enabled=off -F confirm=level.lowered
is "about it: one is not enough" "$STATUS:$(j .code)" 422:drift.overwrites
edit "smtpd_tls_chain_files=$T/hand.key,$T/hand.pem"
renew
is "a certificate by hand is not replaced unasked" "$STATUS:$(j .code):$(j '.errors[0].field')" \
    422:drift.overwrites:server_certificate
for code in drift.overwrites level.lowered; do
	renew -F confirm=$code
	is "a renewal cannot confirm $code" "$STATUS:$(j .code)" 403:auth.scope
done
is "it serves on" "$(served)" "$theirs"
post "${files[@]}" -F confirm=drift.overwrites
applied "confirmed by who may"
is "confirmed: served" "$(served)" "$self"
is "the level is still theirs" "$(levels)" "encrypt may"
api POST /api/v1/connection/restore
is "restore asks before it lowers" "$STATUS:$(j .code)" 422:level.lowered
api POST /api/v1/connection/restore -F confirm=level.lowered
applied "restored"
is "restored: as the generation says" "$(levels):$(settings)" \
    "may may:true false true drift 0"

# 8. The form asks for what differs from what it showed.
value()
{
	sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p" "$BODY" | head -1 |
	    sed 's/&quot;/"/g'
}
ok "signed in" sign_in admin "$PASSWORD"
form()	# [fields]: what the browser sends, the switches as given
{
	METHOD=POST page /smtp-routing/connection -F "csrf=$(value csrf)" \
	    --form-string "etag=$(value etag)" -F do=save -F apply=reload \
	    -F listen= -F smtp_port= -F idle_timeout= -F connection_limit= \
	    -F max_connections= -F access_policy= -F access_list= \
	    -F all_scanners=on "$@"
	page "$(sed -n 's/^[Ll]ocation: \([^#]*\).*/\1/p' "$HEAD" | tr -d '\r')"
	wait_for 15 followed
}
lived "${hand[@]}" smtpd_tls_security_level=may smtp_tls_security_level=dane
before=$(managed)
page /smtp-routing/connection
is "the form shows what Postfix has" \
    "$(grep -oE 'id="(inbound_enabled|tls_only|outbound_enabled)"[^>]* checked' "$BODY" | cut -d '"' -f 2 | paste -sd ' ')" \
    "inbound_enabled outbound_enabled"
form -F inbound_enabled=on -F outbound_enabled=on -F tls_only=on
is "one tick: the level alone" "$(levels) $(param smtpd_tls_loglevel) $(param smtp_tls_loglevel)" \
    "encrypt dane - -"
is "one tick: its certificate serves" "$(served)" "$theirs"
page /smtp-routing/connection
form -F inbound_enabled=on -F tls_only=on
like "a tick taken away: asked" "$(<"$BODY")" 'name="confirm" value="level.lowered"'
is "a tick taken away: not done" "$(levels)" "encrypt dane"
form -F inbound_enabled=on -F tls_only=on -F confirm=level.lowered
is "confirmed in the form" "$(levels)" "encrypt none"
done_testing
