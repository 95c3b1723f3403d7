#!/bin/bash
# A certificate whose every name is markup, control characters, marks of
# direction or no width, or overlong, and files named so: shown harmlessly by
# page, API, postsealctl, history and audit.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }

# U+202E turns around, U+2066 isolates, U+200B has no width, U+0085 and ESC
# move a terminal's cursor, U+2028 ends a line, U+E0041 is a tag.
RLO=$'\xe2\x80\xae' LRI=$'\xe2\x81\xa6' ZW=$'\xe2\x80\x8b' NEL=$'\xc2\x85'
LS=$'\xe2\x80\xa8' TAG=$'\xf3\xa0\x81\x81' BOM=$'\xef\xbb\xbf' ESC=$'\x1b'
long=$(head -c 1500 /dev/zero | tr '\0' W)
cat >"$T/req.conf" <<EOT
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
x509_extensions = ext
[dn]
C = JP
ST = "${RLO}ts<b>et$LRI"
L = "<script>alert(1)</script>"
O = "\"><img src=x onerror=alert(2)>$ZW"
OU = "a${NEL}b${ESC}[2Jc${LS}d$TAG"
CN = "mx${RLO}moc.live$ZW<svg onload=alert(3)>$BOM"
emailAddress = "'onmouseover='alert(4)"
name = "$long"
[ext]
subjectAltName = DNS:mx.example.test,DNS:<script>alert(5)</script>,email:a"b<i>@x.test
nsComment = "<script>alert(6)</script>"
EOT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key.pem" \
    -out "$T/cert.pem" -days 30 -config "$T/req.conf" 2>"$T/openssl" || bail "openssl: $(<"$T/openssl")"
text=$(openssl x509 -in "$T/cert.pem" -noout -subject -nameopt utf8,sep_comma_plus)
like "the certificate has them" "$text" "$RLO.*$ZW.*$TAG|$TAG.*$RLO"

# hidden FILE: characters that nobody sees, or that move what is seen.
hidden()
{
	perl -CS -e '
		local $/; $_ = <STDIN>;
		print join ",", map { sprintf "U+%04X", ord }
		    /([\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{e0000}-\x{e0fff}])/g;
	' <"$1"
}
# shown NAME: the last page.
shown()
{
	is "$1: $STATUS" "$STATUS" 200
	is "$1: nothing hidden" "$(hidden "$BODY")" ""
	unlike "$1: no markup of others" "$(<"$BODY")" \
	    '<(script>|img src=x|svg onload|b>et|i>@)|[^;]onmouseover='
}
is_json() { jq -e . "$BODY" >/dev/null; }

# plain NAME: the last answer of the API.
plain()
{
	is "$1: $STATUS" "$STATUS" 200
	is "$1: nothing hidden" "$(jq -r '.. | strings' "$BODY" >"$T/strings"; hidden "$T/strings")" ""
	ok "$1: JSON" is_json
}

api POST /api/v1/certificates/inspect -F "private_key=@$T/key.pem" -F "server_certificate=@$T/cert.pem"
plain "inspect"
like "inspect: the name is there" "$(<"$BODY")" 'moc\.live'
confirm=$(j '[.findings[]? | select(.severity == "confirm") | .code] | unique[]')

# As a draft on the screen, with names of files of the same kind.
req GET /login -c "$T/jar"
csrf() { sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' "$BODY" | head -n 1; }
printf '%s' "$PASSWORD" >"$T/password"
req POST /login -b "$T/jar" -c "$T/jar" -d "csrf=$(csrf)" -d user=admin --data-urlencode password@"$T/password"
page() { req GET "$1" -b "$T/jar" -c "$T/jar"; }
page /smtp-routing/connection
cp "$T/cert.pem" "$T/${RLO}mep.<script>alert(7)<${ZW}b>.pem"
req POST /smtp-routing/connection -b "$T/jar" -F "csrf=$(csrf)" -F do=upload:server_certificate \
    -F "server_certificate=@\"$T/${RLO}mep.<script>alert(7)<${ZW}b>.pem\""
page /smtp-routing/connection
shown "draft"
like "draft: the file's name is there" "$(<"$BODY")" 'mep\.&lt;script&gt;alert\(7\)'

# In force.
args=()
for code in $confirm; do args+=("confirm=$code"); done
save inbound_enabled=on "private_key=@$T/key.pem" "server_certificate=@$T/cert.pem" "${args[@]}"
plain "save"
is "it is served" "$(served)" "$(leaf_of "$T/cert.pem")"
n=$(j .generation)
for path in /smtp-routing/connection /smtp-routing/history "/smtp-routing/history/$n" /audit /smtp-routing/keys; do
	page "$path"
	shown "$path"
done
page "/smtp-routing/history/$n"
like "history: the name is there" "$(<"$BODY")" 'moc\.live'
for path in /api/v1/connection /api/v1/status /api/v1/generations "/api/v1/generations/$n" /api/v1/audit; do
	api GET "$path"
	plain "$path"
done
for args in status history "show $n" audit "--json status" "--json show $n"; do
	# shellcheck disable=SC2086
	ctl $args >"$T/out" 2>&1
	is "postsealctl $args: nothing hidden" "$(hidden "$T/out")" ""
done
api GET /metrics
is "metrics: nothing hidden" "$STATUS $(hidden "$BODY")" "200 "
is "logs: nothing hidden" "$(cat "$STATE"/log/*.log >"$T/logs"; hidden "$T/logs")" ""
done_testing
