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

api GET /api/v1/connection
is "after" "$STATUS:$(j .etag)" "200:$etag"
is "the same workers" "$(workers)" "$pids"
is "none died" "$(grep -cE 'died of signal|worker failed|Assertion' "$STATE/log/postseal.fcgi.log")" 0
ok "the largest has $(rss) KiB" test "$(rss)" -lt 40000
is "main.cf is as before" "$(maincf_hash)" "$hash"
is "no foreign line in the logs" "$(grep -cE '^(Set-Cookie|X-Injected)' "$STATE"/log/*.log | grep -v ':0$')" ""
done_testing
