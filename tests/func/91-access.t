#!/bin/bash
# Users, roles, tokens, sessions and the second factor, through nginx: what
# each role and each scope may, and that it may nothing else.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/account.sh"

console_start
s=$SAMPLES
header() { sed -n "s/^$1: //Ip" "$HEAD" | tr -d '\r'; }
said() { sed -n 's/.*<p class="code"><code>\([a-z_.]*\)<.*/\1/p' "$BODY" | head -n 1; }
# What the POST just made: on the page that follows, once.
shown() { page "$1" "$(header location)"; }
once() { sed -n 's/.*<code class="fp once">\([^<]*\)<.*/\1/p' "$BODY"; }
codes() { sed -n 's/^<li><code>\([a-z2-7-]*\)<\/code><\/li>$/\1/p' "$BODY"; }

V="vole kettle $(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
O="otter kettle $(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"

# Passwords.
for weak in password1234 Passw0rd2026! adminadminadmin 123456789012 \
    qwertyuiop12 aaaaaaaaaaaaaa PostsealPostseal letmein12345; do
	is "common: $weak" "$(printf '%s\n' "$weak" | ctl user add weak --password-stdin 2>&1 | grep -o 'password\.[a-z]*')" password.common
done
is "too short" "$(printf 'x7#Lq2\n' | ctl user add weak --password-stdin 2>&1 | grep -o 'password\.[a-z]*')" password.length
printf '%s\n' "$V" | ctl user add vic --role viewer --password-stdin 2>/dev/null
printf '%s\n' "$O" | ctl user add olga --role operator --password-stdin 2>/dev/null
is "roles are kept" "$(ctl --json user list 2>/dev/null | jq -c '[.users[] | [.name, .role]] | sort')" \
    '[["admin","administrator"],["olga","operator"],["vic","viewer"]]'
is "no such role" "$(printf '%s\n' "$V" | ctl user add x --role root --password-stdin 2>&1 | grep -o 'field\.invalid')" field.invalid

# What each role sees, and may.
login v vic "$V"
is "viewer: log-in" "$STATUS" 303
for path in /smtp-routing/connection /smtp-routing/history /smtp-routing/keys /audit /access /api/v1/connection /api/v1/status; do
	page v $path
	is "viewer: GET $path" "$STATUS" 200
done
for path in users users/admin tokens tokens/1 sessions; do
	page v /access/$path
	is "viewer: GET /access/$path" "$STATUS" 403
done
page v "/access/sessions/$(ctl --json session list 2>/dev/null | jq '.sessions[] | select(.user == "vic") | .id')"
is "viewer: one's own session" "$STATUS" 200
page v /smtp-routing/connection
unlike "viewer: no button to save" "$(<"$BODY")" 'value="(save|preview|cancel|probe|upload:[a-z_]*)"'
page v /smtp-routing/keys
unlike "viewer: no button for keys" "$(<"$BODY")" 'value="create"'
page v /access
unlike "viewer: no users" "$(<"$BODY")" '/access/(users|tokens)'
good=$(csrf)
HASH=$(maincf_hash)
for path in /smtp-routing/connection /smtp-routing/keys /smtp-routing/history/1 /smtp-routing/connection/drift; do
	req POST $path -b "$T/jar.v" -F "csrf=$good" -F do=save -F outbound_enabled=on
	is "viewer: POST $path" "$STATUS" 403
done
for call in "POST /api/v1/connection -F outbound_enabled=on" "GET /api/v1/users" \
    "GET /api/v1/tokens" "GET /api/v1/sessions" "DELETE /api/v1/users/admin" "POST /api/v1/generations/1/restore"; do
	# shellcheck disable=SC2086
	req $call -b "$T/jar.v" -H "X-CSRF-Token: $good"
	is "viewer: $call" "$STATUS $(j .code)" "403 auth.forbidden"
done
for act in user_add user_role:vic user_delete:admin user_password:admin totp_reset:admin token_add token_delete:1 session_end:1; do
	press v "$act" user x role administrator name x owner admin scope write
	is "viewer: $act" "$STATUS" 403
done
is "viewer: still a viewer" "$(ctl --json user list 2>/dev/null | jq -r '.users[] | select(.name == "vic") | .role')" viewer
is "viewer: nothing is done" "$(maincf_hash)" "$HASH"

login o olga "$O"
page o /smtp-routing/connection
like "operator: may save" "$(<"$BODY")" 'value="save"'
good=$(csrf)
req POST /smtp-routing/connection -b "$T/jar.o" -F "csrf=$good" -F do=save -F outbound_enabled=on -F apply=reload
like "operator: saves" "$STATUS" '^(200|303)$'
is "operator: it is in force" "$(param smtp_tls_security_level)" may
for act in user_add user_role:olga user_delete:admin token_add session_end:1; do
	press o "$act" user x role administrator name x owner admin scope write
	is "operator: $act" "$STATUS" 403
done
page o /access
unlike "operator: no users" "$(<"$BODY")" '/access/(users|tokens)'

# The administrator: users.
login a admin "$PASSWORD"
page a /access/users
like "administrator: users" "$(<"$BODY")" 'id="users"'
press a user_add user tess role viewer
is "a user without a password" "$STATUS" 303
shown a
made=$(once)
like "one is made up" "$made" '^[a-z2-7]{24}$'
login t tess "$made"
is "it works" "$STATUS" 303
page t /smtp-routing/connection
is "made up: nothing before one's own" "$STATUS $(header location)" "303 /access"
page t /api/v1/connection
is "made up: nor the API" "$STATUS $(j .code)" "403 auth.change"
page t /access
like "made up: the page says so" "$(<"$BODY")" 'id="must-change"'
press t password current "$made" password "$made" again "$made"
is "made up: not the same again" "$STATUS $(said)" "400 password.same"
press t password current "$made" password "tess $made" again "tess $made"
is "made up: one's own" "$STATUS" 303
made="tess $made"
page t /smtp-routing/connection
is "made up: then all" "$STATUS" 200
press a user_add user TESS role viewer
is "the name is taken" "$STATUS $(said)" "409 user.exists"
press a user_add user t2 role viewer password short
is "a short password" "$STATUS $(said)" "400 password.length"
press a user_add user t2 role viewer password "Passw0rd2026!!"
is "a common password" "$STATUS $(said)" "400 password.common"
press a user_add user 't<b>' role viewer
is "a bad name" "$STATUS $(said)" "400 user.name_invalid"
press a user_role:tess role operator
is "a role is changed" "$STATUS" 303
page t /smtp-routing/connection
like "and holds at once" "$(<"$BODY")" 'value="save"'
press a user_password:tess
shown a
made2=$(once)
page t /access
is "a new password ends sessions" "$STATUS" 303
login t tess "$made"
is "the old one is dead" "$STATUS" 401
login t tess "$made2"
is "the new one lives" "$STATUS" 303
page t /access
like "it was made up, too" "$(<"$BODY")" 'id="must-change"'
press a user_role:admin role viewer
is "the last administrator stays one" "$STATUS $(said)" "409 user.last_administrator"
press a user_delete:admin
is "and stays" "$STATUS $(said)" "409 user.last_administrator"
press a user_delete:tess
is "a user is deleted" "$STATUS" 303
page t /access
is "with the sessions" "$STATUS" 303

# One's own password.
login v2 vic "$V"
press v password current "not $V" password "$V 2" again "$V 2"
is "own password: the current one is asked for" "$STATUS $(said)" "422 auth.failed"
press v password current "$V" password "$V 2" again "$V 3"
is "own password: twice the same" "$STATUS $(said)" "400 password.again"
press v password current "$V" password "vicvicvicvic" again "vicvicvicvic"
is "own password: not the name" "$STATUS $(said)" "400 password.common"
old=$(<"$T/jar.v")
press v password current "$V" password "$V 2" again "$V 2"
is "own password: changed" "$STATUS" 303
page v /access
is "this session goes on" "$STATUS" 200
ok "with another secret" [ "$old" != "$(<"$T/jar.v")" ]
page v2 /access
is "the other has ended" "$STATUS" 303
V="$V 2"

# Sessions.
login v2 vic "$V"
id=$(ctl --json session list 2>/dev/null | jq '[.sessions[] | select(.user == "vic") | .id] | max')
admin_id=$(ctl --json session list 2>/dev/null | jq '[.sessions[] | select(.user == "admin") | .id] | max')
press v "end:$id"
is "sessions end with the password only" "$STATUS $(said)" "422 auth.failed"
page v2 /access
is "(it goes on)" "$STATUS" 200
press v "end:$admin_id" current "$V"
is "not somebody else's session" "$STATUS $(said)" "404 session.unknown"
press v "end:$id" current "$V"
is "one's own other session" "$STATUS" 303
page v2 /access
is "has ended" "$STATUS" 303
login v2 vic "$V"
press v2 sign_out
is "sign out everywhere: with the password only" "$STATUS $(said)" "422 auth.failed"
press v2 sign_out current "$V"
is "sign out everywhere" "$STATUS $(header location)" "303 /login"
page v /access
is "everywhere" "$STATUS" 303
login v vic "$V"
id=$(ctl --json session list 2>/dev/null | jq '[.sessions[] | select(.user == "vic") | .id] | max')
as_admin DELETE "/api/v1/sessions/$id"
is "API: end a session" "$STATUS" 204
page v /access
is "it has ended" "$STATUS" 303
as_admin DELETE "/api/v1/sessions/$id"
is "API: no such session" "$STATUS $(j .code)" "404 session.unknown"

# Tokens.
press a token_add name hook owner admin scope certificates days 30 addresses "127.0.0.1, 2001:db8::/32"
is "a token: redirected" "$STATUS $(header location)" "303 /access/tokens"
shown a
hook=$(once)
like "a token is shown once" "$hook" '^pst_[A-Za-z0-9_-]{43}$'
# The line for certbot, as it is shown.
line=$(grep -o '<code class="fp line">.*</code>' "$BODY" | sed -n 2p | sed 's/^<code class="fp line">//; s/<.code>.*//; s/&quot;/"/g; s/&#39;/'"'"'/g; s/&amp;/\&/g; s/&lt;/</g; s/&gt;/>/g')
like "its line for certbot" "$line" "^echo 'header = \"Authorization: Bearer $hook\"' \| curl .* $URL/api/v1/certificates\$"
page a /access/tokens
unlike "and not again" "$(<"$BODY")" "$hook"
like "its addresses" "$(<"$BODY")" '127\.0\.0\.1, 2001:db8::/32'
press a token_add name x owner admin scope write addresses 'example.org'
is "no names as addresses" "$STATUS $(said)" "400 field.invalid"
press a token_add name x owner admin scope write addresses ' , '
is "nor commas alone" "$STATUS $(said)" "400 field.invalid"
good=$(csrf)
req POST /api/v1/tokens -b "$T/jar.a" -H "X-CSRF-Token: $good" \
    -H 'Content-Type: application/json' -d '{"name":"x","user":"admin","scope":"write","addresses":","}'
is "nor by the API" "$STATUS $(j '.code')" "400 field.invalid"
press a token_add name x owner nobody-here scope write
is "no token of nobody" "$STATUS $(said)" "404 user.unknown"
read_token=$(ctl token add reader --user admin --scope read 2>/dev/null)
far=$(ctl token add far --user admin --from 192.0.2.0/24 2>/dev/null)
low=$(ctl token add low --user vic 2>/dev/null)
HASH=$(maincf_hash)
for call in "GET /api/v1/status" "POST /api/v1/certificates/inspect -F server_certificate=@$s/issued-cert.pem"; do
	# shellcheck disable=SC2086
	bearer "$hook" $call
	is "certificates: ${call%% -F*}" "$STATUS" 200
done
for call in "GET /api/v1/connection" "GET /api/v1/generations" "GET /api/v1/audit" "GET /api/v1/keys" \
    "GET /api/v1/users" "GET /api/v1/tokens" "GET /metrics" "GET /api/v1/scanners" \
    "POST /api/v1/connection/restore" "POST /api/v1/connection/adopt" "DELETE /api/v1/tokens/1" \
    "POST /api/v1/connection -F outbound_enabled=off" \
    "POST /api/v1/connection -F inbound_enabled=on -F private_key=@$s/issued-key.pem -F server_certificate=@$s/issued-cert.pem"; do
	# shellcheck disable=SC2086
	bearer "$hook" $call
	is "certificates: not ${call%%=@*}" "$STATUS $(j .code)" "403 auth.scope"
done
bearer "$hook" POST /api/v1/connection -H 'Content-Type: application/json' -d '{"inbound":{"enabled":true}}'
is "certificates: no settings as JSON" "$STATUS $(j .code)" "403 auth.scope"
bearer "$hook" POST /api/v1/connection -F apply=reload
is "certificates: not without a file" "$STATUS $(j .code)" "400 field.missing"
is "certificates: nothing is done" "$(maincf_hash)" "$HASH"
api POST /api/v1/connection -F inbound_enabled=on -F "private_key=@$s/issued-key.pem" \
    -F "server_certificate=@$s/issued-cert.pem" -F "ca_certificate=@$s/issued-intermediate.pem"
is "(inbound is on)" "$STATUS" 200
bearer "$hook" POST /api/v1/connection -F "private_key=@$s/self-signed-key.pem" -F "server_certificate=@$s/self-signed-cert.pem"
is "certificates: a renewal" "$STATUS $(j .result)" "200 applied"
is "certificates: it is served" "$(served)" "$(leaf_of "$s/self-signed-cert.pem")"
mkdir "$T/lineage"
cp "$s/issued-key.pem" "$T/lineage/privkey.pem"
cp "$s/issued-cert.pem" "$T/lineage/cert.pem"
cp "$s/issued-intermediate.pem" "$T/lineage/chain.pem"
RENEWED_LINEAGE=$T/lineage CURL_CA_BUNDLE=$CA sh -c "$line" >"$T/hook" 2>&1
is "certificates: certbot's line renews" "$(jq -r .result "$T/hook")" applied
is "certificates: its certificate is served" "$(served)" "$(leaf_of "$s/issued-cert.pem")"
for call in "GET /api/v1/connection" "GET /api/v1/users" "GET /api/v1/audit"; do
	# shellcheck disable=SC2086
	bearer "$read_token" $call
	is "read: $call" "$STATUS" 200
done
for call in "POST /api/v1/connection -F outbound_enabled=on" "DELETE /api/v1/tokens/1" "POST /api/v1/users -H Content-Type:application/json -d {}"; do
	# shellcheck disable=SC2086
	bearer "$read_token" $call
	is "read: not $call" "$STATUS $(j .code)" "403 auth.scope"
done
bearer "$far" GET /api/v1/status
is "from elsewhere" "$STATUS $(j .code)" "403 token.address"
bearer "$low" GET /api/v1/connection
is "a viewer's token reads" "$STATUS" 200
bearer "$low" POST /api/v1/connection -F outbound_enabled=on
is "and does no more than the viewer" "$STATUS $(j .code)" "403 auth.forbidden"
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' -d '{"name":"n","scope":"read","days":1}'
is "API: a token" "$STATUS" 201
made=$(j .token) id=$(j .id)
bearer "$made" GET /api/v1/status
is "API: it works" "$STATUS" 200
as_admin DELETE "/api/v1/tokens/$id"
is "API: revoked" "$STATUS" 204
bearer "$made" GET /api/v1/status
is "API: it is dead" "$STATUS $(j .code)" "401 auth.failed"

# An invitation: link and code, a password of one's own, then the second factor.
press a user_add user ivan role operator
shown a
invited=$(once)
link=$(sed -n 's/.*data-copy="\(https[^"]*\)".*/\1/p' "$BODY" | head -n 1)
is "invited: the link" "$link" "$URL/join?user=ivan"
join() # CODE PASSWORD
{
	rm -f "$T/jar.j"
	req GET "/join?user=ivan" -c "$T/jar.j"
	form csrf "$(csrf)" user ivan code "$1" password "$2" again "$2"
	req POST /join -b "$T/jar.j" -c "$T/jar.j" "${args[@]}"
}
join "${invited%?}0" "ivan $V"
is "invited: another code" "$STATUS" 401
press a factor_policy required on
is "policy: everybody needs a second factor" "$STATUS" 303
join "$invited" "ivan $V"
is "invited: joins" "$STATUS $(header location)" "303 /access?done=joined"
page j /smtp-routing/connection
is "policy: the second factor first" "$STATUS $(header location)" "303 /access"
page j /access
like "policy: the page says so" "$(<"$BODY")" 'id="must-enrol"'
join "$invited" "ivan $V 2"
is "invited: once" "$STATUS" 401
ctl user factor optional 2>/dev/null
login j ivan "ivan $V"
page j /smtp-routing/connection
is "policy: off again, by root" "$STATUS" 200
unlike "invited: no code in the web server's log" "$(<"$STATE/log/access.log")" "$invited"
ctl user delete ivan 2>/dev/null

# Users by the API.
json() { as_admin "$1" "$2" -H 'Content-Type: application/json' -d "$3"; }
json POST /api/v1/users '{"name":"api.user@example.jp","role":"operator"}'
is "API: a user" "$STATUS" 201
like "API: password made up" "$(j .password)" '^[a-z2-7]{24}$'
is "API: where it is changed" "$(j .join)" "$URL/join?user=api.user@example.jp"
api GET /api/v1/policy
is "API: policy" "$(j .second_factor_required)" false
json POST /api/v1/policy '{"second_factor_required":1}'
is "API: policy, badly" "$STATUS $(j .code)" "400 field.invalid"
json POST /api/v1/policy '{}'
is "API: policy, nothing" "$STATUS $(j .code)" "400 field.missing"
json POST /api/v1/policy '{"second_factor_required":false}'
is "API: policy, no" "$STATUS $(j .second_factor_required)" "200 false"
json POST /api/v1/users/api.user@example.jp '{"role":"viewer"}'
is "API: role" "$STATUS" 200
api GET /api/v1/users
is "API: users" "$(j '[.users[] | select(.name == "api.user@example.jp") | .role][0]')" viewer
unlike "API: no hash" "$(<"$BODY")" '\$y\$'
for bad in '{"name":"x"}' '{"name":"x","role":"king"}' '{"name":"x","role":"viewer","is_admin":true}' '{"name":7,"role":"viewer"}' '[]'; do
	json POST /api/v1/users "$bad"
	is "API: $bad" "$STATUS" 400
done
as_admin DELETE /api/v1/users/api.user@example.jp
is "API: delete" "$STATUS" 204
as_admin DELETE /api/v1/users/admin
is "API: not the last administrator" "$STATUS $(j .code)" "409 user.last_administrator"

# A token changes nothing of it, whatever its scope.  (A session that was left
# open does not, either: tests/unit/cgi/test_step_up.)
for call in "POST /api/v1/users {\"name\":\"eve\",\"role\":\"viewer\"}" \
    "POST /api/v1/users/vic {\"role\":\"administrator\"}" "DELETE /api/v1/users/vic {}" \
    "POST /api/v1/tokens {\"name\":\"x\",\"scope\":\"write\"}" "DELETE /api/v1/tokens/1 {}" \
    "DELETE /api/v1/sessions/1 {}"; do
	read -r method path data <<<"$call"
	body=(-H 'Content-Type: application/json' -d "$data")
	[ "$method" = POST ] || body=()
	api "$method" "$path" "${body[@]}"
	is "a token does not: $method $path" "$STATUS $(j .code)" "403 auth.scope"
done
# Second factor.
login v vic "$V"
press v totp_start current "not $V"
is "factor: with the password only" "$STATUS $(said)" "422 auth.failed"
press v totp_start current "$V"
is "factor: begun" "$STATUS" 303
page v /access
secret=$(sed -n 's/.*secret=\([A-Z2-7]*\)&.*/\1/p' "$BODY" | head -n 1)
like "factor: secret" "$secret" '^[A-Z2-7]{32}$'
like "factor: a QR code" "$(<"$BODY")" '<path d="M4 4h7v1h-7z'
login w vic "$V"
is "factor: not in force yet" "$STATUS" 303
press v totp_confirm code 000000
is "factor: a wrong code" "$STATUS $(said)" "422 auth.code"
press v totp_confirm code "$(totp 0 <<<"$secret")"
is "factor: on" "$STATUS" 303
shown v
mapfile -t recovery < <(codes)
is "factor: ten recovery codes" "${#recovery[@]}" 10
page v /access
unlike "factor: shown once" "$(<"$BODY")" "${recovery[0]}"
unlike "factor: the secret is gone" "$(<"$BODY")" "$secret"
login w vic "$V"
is "factor: the code is asked for" "$STATUS" 200
like "factor: by a field" "$(<"$BODY")" 'autocomplete="one-time-code"'
page w /access
is "factor: half a log-in opens nothing" "$STATUS" 303
page w /api/v1/connection
is "factor: nor the API" "$STATUS" 401
code w 000000
is "factor: wrong" "$STATUS" 401
page w /access
is "factor: still out" "$STATUS" 303
code w "$(totp -1 <<<"$secret")"
is "factor: not a code again, nor an older one" "$STATUS" 401
code w "$(totp 1 <<<"$secret")"
is "factor: the next code" "$STATUS" 303
page w /access
is "factor: in" "$STATUS" 200
login w vic "$V"
code w "${recovery[0]^^}"
is "factor: a recovery code" "$STATUS" 303
login w vic "$V"
code w "${recovery[0]}"
is "factor: once" "$STATUS" 401
code w "${recovery[1]}"
is "factor: another" "$STATUS" 303
press w totp_off current "$V" code 000000
is "factor: off needs a code" "$STATUS $(said)" "422 auth.code"
page w /access
is "factor: in, before the rescue" "$STATUS" 200
ctl user totp-reset vic 2>/dev/null
page w /access
is "factor: the rescue ends sessions" "$STATUS" 303
login w vic "$V"
is "factor: the rescue" "$STATUS" 303
page w /access
is "factor: in without" "$STATUS" 200

# Guessing: from one address the account waits, the administrator is not shut
# out for good, and a right password for another account goes through.
for ((n = 0; n < 12; n++)); do
	login g olga "guess number $n"
	[ "$STATUS" = 401 ] || break
done
is "guessing: told to wait" "$STATUS" 429
like "guessing: not long" "$(header retry-after)" '^[0-9]{1,3}$'
login a admin "$PASSWORD"
is "guessing: another account is served" "$STATUS" 303

# Guessing from many addresses: strangers wait for each other, and the owner
# comes in from where the owner came in before, and from elsewhere.
W="walrus kettle $(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
printf '%s\n' "$W" | ctl user add wanda --role viewer --password-stdin 2>/dev/null
login w wanda "$W"
is "many: the owner's network is known" "$STATUS" 303
req GET /login -c "$T/jar.many"
form csrf "$(csrf)" user wanda password "a guess"
# many FROM TO COUNT: one after the other, each from the next address
many()
{
	local i
	for ((i = 0; i < $3; i++)); do
		req POST /login -b "$T/jar.many" "${args[@]}" \
		    --interface "127.0.9.$(($1 + i % ($2 - $1 + 1)))"
		echo "$STATUS"
	done >>"$T/many"
}
audited() { grep -c '"wanda; auth.throttled"' "$STATE/daemon/audit.log"; }
for ((n = 0; n < 20; n++)); do
	many 1 60 60
	grep -q 429 "$T/many" && break
done
many 1 60 10
ok "many: strangers wait" test "$(grep -c 429 "$T/many")" -gt 0
login w wanda "$W"
is "many: the owner does not" "$STATUS" 303
# Somebody else's good log-in from there does not make it known to wanda; a
# network that is fresh has a place of its own within seconds.
for ((n = 0; n < 60; n++)); do
	many 61 250 5
	req GET /login -c "$T/jar.w2"
	form csrf "$(csrf)" user wanda password "$W"
	req POST /login -b "$T/jar.w2" "${args[@]}" --interface 127.0.77.1
	fresh=$STATUS
	form csrf "$(csrf)" user wanda password "a guess"
	[ "$fresh" = 429 ] || break
	sleep 1 # a pace, no wait
done
is "many: nor for long elsewhere" "$fresh" 303
looked=$(grep -c 401 "$T/many") waited=$(grep -c 429 "$T/many") lines=$(audited)
ok "many: $waited waits, $lines lines of the audit" test "$lines" -ge 1 -a "$lines" -le "$((2 * looked))"

# A password that changes while it is used: of log-ins in flight none lives on,
# and of two changes with the same current one, one is done.
X="xerus kettle $(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
flight() # N: one log-in with the old password, from an address of its own
{
	"${CURL[@]}" --cacert "$CA" -o /dev/null -b "$T/jar.many" \
	    -c "$T/jar.f$1" --interface "127.0.10.$1" "${flying[@]}" "$URL/login"
}
change() # N PASSWORD
{
	printf '%s' "$2" >"$T/new.$1"
	"${CURL[@]}" --cacert "$CA" -o /dev/null -D "$T/change.$1" \
	    -b "$T/jar.w" --data-urlencode "csrf@$T/f.csrf" -d do=password \
	    --data-urlencode "current@$T/f.old" \
	    --data-urlencode "password@$T/new.$1" \
	    --data-urlencode "again@$T/new.$1" "$URL/access"
}
login w wanda "$W"
req GET /access -b "$T/jar.w"
csrf | tr -d '\n' >"$T/f.csrf"
printf '%s' "$W" >"$T/f.old"
req GET /login -c "$T/jar.many"
csrf | tr -d '\n' >"$T/f.pre"
flying=(--data-urlencode "csrf@$T/f.pre" -d user=wanda
    --data-urlencode "password@$T/f.old")
jobs=()
for n in 1 2 3 4; do
	flight $n &
	jobs+=($!)
done
change 1 "$X" &
jobs+=($!)
change 2 "$X too" &
jobs+=($!)
for n in 5 6 7 8; do
	flight $n &
	jobs+=($!)
done
wait "${jobs[@]}"
is "race: one change is done" \
    "$(cat "$T"/change.[12] | grep -ci '^location: /access?done=password')" 1
alive=
for n in 1 2 3 4 5 6 7 8; do
	page "f$n" /access
	[ "$STATUS" = 303 ] || alive+=" $n"
done
is "race: no log-in with the old password lives" "$alive" ""

# What was tried is told at the next log-in, until the account was looked at.
login g admin "guess number 13"
login a admin "$PASSWORD"
page a /smtp-routing/history
like "told: a failed attempt" "$(<"$BODY")" 'id="news"'
like "told: how many" "$(<"$BODY")" 'sign in as you: 1\.'
page a /access
like "told: from where" "$(<"$BODY")" '<dd>1; the last one from 127\.0\.0\.1</dd>'
page a /smtp-routing/history
unlike "told: once" "$(<"$BODY")" 'id="news"'

req GET /static/
like "no listing of a directory" "$STATUS" '^40[34]$'

# Records.
api GET "/api/v1/audit?limit=200"
for event in access.policy user.add user.role user.passwd user.delete user.totp token.add token.delete session.end login login_failed; do
	like "audit: $event" "$(j "[.entries[].event] | index(\"$event\") != null")" true
done
for word in "$V" "$O" "$hook" "$secret" "${recovery[2]}"; do
	unlike "audit: no secret" "$(<"$BODY")" "$word"
	is "logs and files: no secret" "$(grep -rlF -- "$word" "$STATE" 2>/dev/null | grep -v '/web/postseal.db' | head -n 1)" ""
done
is "the database: no token, no recovery code" \
    "$(cat "$STATE"/web/postseal.db* | grep -cF -e "$hook" -e "${recovery[2]}" -e "${recovery[2]//-/}" -e "$V")" 0
done_testing
