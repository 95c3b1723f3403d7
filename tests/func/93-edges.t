#!/bin/bash
# The edges of HTTP: what no browser sends, through nginx and straight to the
# FastCGI socket.  tests/redteam/edges.pl has the cases and says the status of
# each; here it is seen that the workers live on, small as before.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
parent=$(access '.pids["postseal.fcgi"]')
workers() { pgrep -P "$parent" | sort | paste -sd ' '; }
rss() { for p in $(workers); do awk '/^VmRSS/ { print $2 }' "/proc/$p/status"; done | sort -n | tail -n 1; }

api GET /api/v1/connection
is "before" "$STATUS" 200
etag=$(j .etag) pids=$(workers) hash=$(maincf_hash)
TOKEN=$TOKEN SOCK=$STATE/run/fcgi.sock HTTPS_PORT=${URL##*:} PID_OF=$pids \
    perl "$TOP/tests/redteam/edges.pl" >"$T/cases" 2>"$T/cases.err"
rc=$?
while read -r verdict name; do
	[ "$verdict" = ok ]
	result "$name"
done < <(sed 's/^not ok/not-ok/' "$T/cases")
note "$(head -c 3000 "$T/cases.err")"
is "all cases ran" "$rc" 0
ok "150 cases and more: $(wc -l <"$T/cases")" test "$(wc -l <"$T/cases")" -ge 200

# What nginx answers itself has the headers of our own answers.
own()
{
	local name=$1 want=$2 h lacks=

	shift 2
	req "$@"
	for h in 'Strict-Transport-Security: max-age=31536000' \
	    'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' \
	    'Referrer-Policy: no-referrer' 'Cache-Control: no-store' \
	    "Content-Security-Policy: default-src 'none'; "; do
		[ "$(grep -ciF "$h" "$HEAD")" = 1 ] || lacks+=" ${h%%:*}"
	done
	is "nginx's own: $name" "$STATUS$lacks" "$want"
}
head -c 3000000 /dev/zero >"$T/3mb"
own "too large" 413 POST /api/v1/connection -H 'Expect:' --data-binary "@$T/3mb"
own "nothing there" 404 GET /static/nothing.css
own "no listing" 404 GET /static/
own "no such method" 405 POST /static/app.css -d x
own "ours, not doubled" 200 GET /login
mv "$STATE/run/fcgi.sock" "$STATE/run/away.sock"
own "nobody there" 503 GET /login
mv "$STATE/run/away.sock" "$STATE/run/fcgi.sock"
req GET /static/app.css
is "nginx's own: a static file" "$STATUS $(grep -ciE '^(strict-transport-security|x-content-type-options: nosniff|x-frame-options|referrer-policy|content-security-policy|cache-control: public, max-age=3600)' "$HEAD")" "200 6"

api GET /api/v1/connection
is "after" "$STATUS:$(j .etag)" "200:$etag"
is "the same workers" "$(workers)" "$pids"
is "none died" "$(grep -cE 'died of signal|worker failed|Assertion' "$STATE/log/postseal.fcgi.log")" 0
ok "the largest has $(rss) KiB" test "$(rss)" -lt 40000
is "main.cf is as before" "$(maincf_hash)" "$hash"
for aim in session value line stop; do
	tried "nginx's user" $aim "$(wc -l <"$T/cases")"
done
is "no foreign line in the logs" "$(grep -cE '^(Set-Cookie|X-Injected)' "$STATE"/log/*.log | grep -v ':0$')" ""
done_testing
