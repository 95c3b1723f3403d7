#!/bin/bash
# Who may: tokens, cookies, CSRF values, right and wrong; and two Saves at
# once, of which one is told to wait.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
HASH=$(maincf_hash)
JAR=$T/jar

header()
{
	sed -n "s/^$1: //Ip" "$HEAD" | tr -d '\r'
}

# Tokens.
refused()	# NAME STATUS CODE
{
	is "$1" "$STATUS $(j .code)" "$2 $3"
	is "$1: nothing is done" "$(maincf_hash)" "$HASH"
}
post=(POST /api/v1/connection -F outbound_enabled=on)
req "${post[@]}"
refused "no token" 401 auth.required
like "no token: how to" "$(header www-authenticate)" '^Bearer'
flip=${TOKEN%?}
case $TOKEN in *A) flip+=B ;; *) flip+=A ;; esac
long=pst_$(head -c 3000 /dev/zero | tr '\0' a)
tokens=("$flip" "${TOKEN%?}" "${TOKEN}A" pst_ "" "pst_' OR 1=1 --" "$long"
    "pst_$(head -c 33 /dev/urandom | base64 -w0 | tr '+/' '-_' | head -c 43)")
for token in "${tokens[@]}"; do
	req "${post[@]}" -H "Authorization: Bearer $token"
	refused "token ${token:0:24}..." 401 auth.failed
done
req "${post[@]}" -H "Authorization: Basic $(printf 'admin:%s' "$PASSWORD" | base64)"
refused "Basic instead of Bearer" 401 auth.failed
req "${post[@]}" -F "token=$TOKEN"
refused "the token as a field" 401 auth.required
for path in /api/v1/connection /api/v1/status; do
	req GET $path
	is "GET $path without a token" "$STATUS $(j .code)" "401 auth.required"
	unlike "GET $path tells nothing" "$(<"$BODY")" 'mx.example.test'
done
req POST /api/v1/certificates/inspect -F "server_certificate=@$s/issued-cert.pem"
is "inspect without a token" "$STATUS $(j .code)" "401 auth.required"
req GET /healthz
is "healthz needs none" "$STATUS" 200
unlike "healthz tells nothing" "$(<"$BODY")" 'mx.example|3\.7'

ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
second=$(ctl token add second --user admin 2>/dev/null | grep -o 'pst_[A-Za-z0-9_-]*')
req GET /api/v1/connection -H "Authorization: Bearer $second"
is "a new token works" "$STATUS" 200
ctl token delete "$(ctl --json token list 2>/dev/null | jq '[.. | objects | select(.name? == "second") | .id][0]')" 2>/dev/null
req GET /api/v1/connection -H "Authorization: Bearer $second"
is "a deleted token does not" "$STATUS $(j .code)" "401 auth.failed"

# Pages without a session.
for path in /smtp-routing/connection "/smtp-routing/connection?job=$(printf 'a%.0s' {1..32})"; do
	req GET "$path"
	is "GET $path: to the log-in" "$STATUS" 303
	like "GET $path: ours" "$(header location)" '^/login'
done
req GET /
is "GET /" "$STATUS" 303
req POST /smtp-routing/connection -F inbound_enabled=on
like "POST to the page without a session" "$STATUS" '^(303|401|403)$'
req GET /smtp-routing/connection -H "Cookie: __Host-postseal=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
is "a made-up cookie" "$STATUS" 303
req GET /smtp-routing/connection -H "Cookie: __Host-postseal=' OR 1=1"
is "a cookie of junk" "$STATUS" 303

# Log-in.
csrf()
{
	sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' "$BODY" | head -n 1
}
# login USER PASSWORD [CSRF]: form first, then the post, cookies in JAR.
login()
{
	local value

	rm -f "$JAR"
	req GET /login -c "$JAR"
	value=${3-$(csrf)}
	# The password stays out of ps.
	printf '%s' "$2" >"$T/password"
	req POST /login -b "$JAR" -c "$JAR" --data-urlencode "csrf=$value" \
	    --data-urlencode "user=$1" --data-urlencode "password@$T/password"
	rm -f "$T/password"
}
login admin "$PASSWORD" ""
is "log-in without a CSRF value" "$STATUS" 403
login admin "$PASSWORD" "$(printf '0%.0s' {1..64})"
is "log-in with a wrong CSRF value" "$STATUS" 403
req POST /login --data-urlencode "csrf=$(csrf)" -d user=admin -d password=x
is "log-in without the cookie of the form" "$STATUS" 403
login admin "not $PASSWORD"
is "wrong password" "$STATUS" 401
wrong=$(sed "s/value=\"[0-9a-f]*\"//g" "$BODY")
login nobody-here "not $PASSWORD"
is "unknown user" "$STATUS" 401
is "the same answer for both" \
    "$(sed "s/value=\"[0-9a-f]*\"//g; s/nobody-here/admin/g" "$BODY")" "$wrong"
login admin "$PASSWORD"
is "log-in" "$STATUS" 303
like "log-in: the way back is ours" "$(header location)" '^/([^/]|$)'
cookie=$(header set-cookie | grep '^__Host-postseal=')
for want in Secure HttpOnly SameSite=Strict Path=/; do
	like "cookie: $want" "$cookie" "; ?$want"
done
page=(-b "$JAR" -c "$JAR")
req GET /smtp-routing/connection "${page[@]}"
is "the page with the session" "$STATUS" 200
good=$(csrf)
like "its CSRF value" "$good" '^[0-9a-f]{64}$'
like "no-store" "$(header cache-control)" no-store
like "CSP without unsafe" "$(header content-security-policy)" "default-src 'none'"
unlike "CSP without unsafe-inline" "$(header content-security-policy)" unsafe
like "frames: none" "$(header content-security-policy)" "frame-ancestors 'none'"

# CSRF on the page.
values=("" "$(printf '0%.0s' {1..64})" "${good:0:63}" "${good}0" "${good^^}")
for value in "${values[@]}"; do
	req POST /smtp-routing/connection "${page[@]}" -F "csrf=$value" \
	    -F do=save -F outbound_enabled=on
	is "page: CSRF '${value:0:8}...' (${#value})" "$STATUS" 403
done
req POST /smtp-routing/connection "${page[@]}" -F do=save -F outbound_enabled=on
is "page: no CSRF value" "$STATUS" 403
is "page: nothing is done" "$(maincf_hash)" "$HASH"

req POST /smtp-routing/connection "${page[@]}" -F "csrf=$good" -F do=save \
    -F all_scanners=on -F outbound_enabled=on -F apply=reload
like "page: with the right value it is done" "$STATUS" '^(200|303)$'
is "page: outbound is on" "$(param smtp_tls_security_level)" may
post=(POST /api/v1/connection -F outbound_enabled=off)
HASH=$(maincf_hash)

# The API by cookie: reading, and changing with X-CSRF-Token only.
req GET /api/v1/connection "${page[@]}"
is "API by cookie: GET" "$STATUS" 200
req "${post[@]}" "${page[@]}"
refused "API by cookie: POST without X-CSRF-Token" 403 auth.csrf
req "${post[@]}" "${page[@]}" -H 'X-CSRF-Token: 00'
refused "API by cookie: POST with a wrong one" 403 auth.csrf
req "${post[@]}" "${page[@]}" -H "X-CSRF-Token: $good"
is "API by cookie: POST with the right one" "$STATUS $(j .result)" "200 applied"
HASH=$(maincf_hash)

# Redirects stay here.
for next in //evil.example https://evil.example/ '/\evil.example' javascript:1; do
	req GET "/login?next=$next" "${page[@]}"
	unlike "next=$next" "$(header location)" evil
done

# Log-out: needs its CSRF value, and ends the session for good.
cp "$JAR" "$T/old"
req POST /logout "${page[@]}" -d csrf=00
is "log-out with a wrong CSRF value" "$STATUS" 403
req POST /logout "${page[@]}" -d "csrf=$good"
is "log-out" "$STATUS" 303
req GET /smtp-routing/connection -b "$T/old"
is "the old cookie is dead" "$STATUS" 303
login admin "$PASSWORD"
req POST /smtp-routing/connection -b "$JAR" -F "csrf=$good" -F do=save
is "the CSRF value of an old session is dead" "$STATUS" 403

# Languages.
req GET /login -H 'Accept-Language: ja,en;q=0.5'
like "Japanese" "$(<"$BODY")" '<html lang="ja"'
api POST /api/v1/connection -H 'Accept-Language: ja' -F "private_key=@$s/mismatch-key.pem" -F "server_certificate=@$s/issued-cert.pem"
like "messages in Japanese" "$(j '.errors[0].message')" '秘密鍵|証明書|鍵'

# Two Saves at once: one is applied, the other is told.  On a busy machine the
# second may come when the first is done: then once more.
two_at_once() # NAME NAME
{
	local name two=()

	for name in "$1" "$2"; do
		"${CURL[@]}" --cacert "$CA" -K "$T/auth" -o "$T/two.$name" \
		    -w '%{http_code}\n' -F inbound_enabled=on \
		    -F "private_key=@$s/$name-key.pem" \
		    -F "server_certificate=@$s/$name-cert.pem" \
		    "$URL/api/v1/connection" >"$T/two.$name.status" &
		two+=($!)
	done
	wait "${two[@]}"
	codes=$(sort "$T/two.issued.status" "$T/two.self-signed.status" | xargs)
}
busy=0 won=0
for n in 1 2 3; do
	[ $((n % 2)) = 0 ] && set -- issued self-signed || set -- self-signed issued
	for try in 1 2 3 4 5; do
		two_at_once "$1" "$2"
		[ "$codes" = "200 200" ] || break
	done
	is "two at once, $n: one 200, one 409" "$codes" "200 409"
	for name in issued self-signed; do
		case $(<"$T/two.$name.status") in
		200) won=$name ;;
		409) busy=$(jq -r .code "$T/two.$name") ;;
		esac
	done
	is "two at once, $n: busy" "$busy" apply.busy
	is "two at once, $n: the winner is served" "$(served)" \
	    "$(leaf_of "$s/$won-cert.pem")"
	api GET /api/v1/connection
	is "two at once, $n: no drift" "$(j '"\(.drift | length) \(.busy)"')" "0 false"
done

# Guessing is slowed down, with the same answer for all.
for ((n = 0; n < 30; n++)); do
	login admin "guess $n"
	[ "$STATUS" = 401 ] || break
done
is "guessing: 429" "$STATUS" 429
like "guessing: Retry-After" "$(header retry-after)" '^[0-9]+$'
api GET /api/v1/connection
is "guessing: a token is not hindered" "$STATUS" 200

# Who was turned away is in the audit log, without what they knocked with.
api GET '/api/v1/audit?event=access&outcome=refused'
like "audit: wrong tokens" "$(j '[.entries[].detail] | unique | join("|")')" \
    'auth.failed; POST /api/v1/connection'
like "audit: CSRF" "$(j '[.entries[].detail] | unique | join("|")')" 'auth.csrf'
unlike "audit: no token" "$(cat "$BODY")" 'pst_'
done_testing
