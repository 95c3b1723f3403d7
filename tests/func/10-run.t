#!/bin/bash
# make run: one command, one clear line when it cannot, nothing left behind.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

H=$(free_port) S=$(free_port)
A=$T/a

# What stops it before anything runs.
run() { SKIP_INSTALL=1 SKIP_BUILD=1 "$@" 2>&1; }

out=$(cd "$TOP" && run setpriv --reuid=65534 --regid=65534 --clear-groups \
    env STATE="$T/x" deploy/run)
is "not root: status 1" $? 1
like "not root: one line that says what is needed" "$out" '^postseal: [^'$'\n'']*root[^'$'\n'']*$'
bad=(
	"HTTPS_PORT=0" "HTTPS_PORT=65536" "SMTP_PORT=smtp" "SMTP_PORT=1;id"
	"SMTP_PORT=-1" "HTTPS_LISTEN=all" "HTTPS_LISTEN=127.0.0.256"
	"HTTPS_LISTEN=192.0.2.1" "HTTPS_LISTEN=127.0.0.1 ssl; include x" "STATE=$T/with blank" "STATE=$T/\$(id)"
)
for arg in "${bad[@]}"; do
	out=$(run env STATE="$T/x" HTTPS_PORT="$H" SMTP_PORT="$S" "$arg" \
	    "$TOP/deploy/run")
	is "$arg: status 1" $? 1
	like "$arg: one line" "$out" '^postseal: [^'$'\n'']+$'
done
out=$(run env STATE="$T/x" HTTPS_PORT="$H" SMTP_PORT="$H" "$TOP/deploy/run")
is "one port for both: status 1" $? 1
ok "nothing was made" test ! -e "$T/x"

# Up, by make, as a user would.
(cd "$TOP" && exec env SKIP_INSTALL=1 SKIP_BUILD=1 make -s run B="${B#"$TOP"/}" \
    STATE="$A" HTTPS_PORT="$H" SMTP_PORT="$S") </dev/null >"$A.out" 2>&1 &
RUNS+=($!) first=$!
console_wait "$A" "$first" || bail "make run did not come up"
console_use "$A"
is "access.json: mode" "$(stat -c %a "$A/access.json")" 600
is "access.json: members" "$(jq -rc 'keys_unsorted' "$A/access.json")" \
    '["url","user","password","token","smtp","postfix_config","https_ca","samples","pids"]'
is "access.json: pids" "$(access '.pids | keys | join(" ")')" \
    "nginx postseal-logs postseal.fcgi postseald"
is "access.json: url" "$URL" "https://127.0.0.1:$H"
like "access.json: token" "$TOKEN" '^pst_[A-Za-z0-9_-]{43}$'
ok "password has 12 characters or more" test ${#PASSWORD} -ge 12
for name in nginx postseal.fcgi postseald postseal-logs; do
	ok "$name runs" test -d "/proc/$(access ".pids[\"$name\"]")"
done
ok "secrets are for root alone" \
    test "$(stat -c %a "$A/secrets" "$A/https/key.pem" | sort -u)" = 600
is "the web process is not root" \
    "$(stat -c %U "/proc/$(access '.pids["postseal.fcgi"]')")" postseal
req GET /healthz
is "healthz answers" "$STATUS" 200
ok "SMTP answers, without TLS at first" serving no
like "URL, user and password are printed" "$(<"$A.out")" \
    "https://127.0.0.1:$H/.*user.*admin.*password.*$PASSWORD"
like "a way in from elsewhere is printed" "$(<"$A.out")" \
    "ssh -L $H:127.0.0.1:$H [a-z]+@[^ ]+, then the same URL"
out=$(bash -c "$(grep '^curl ' "$A.out")" 2>/dev/null)
is "the printed curl line works when pasted" "$(jq -r .result <<<"$out")" applied
is "and its certificate is served" "$(served)" \
    "$(leaf_of "$SAMPLES/issued-cert.pem")"

# Busy: the same ports, the same STATE.
out=$(run env STATE="$T/b" HTTPS_PORT="$H" SMTP_PORT="$(free_port)" "$TOP/deploy/run")
is "HTTPS port in use: status 1" $? 1
like "HTTPS port in use: one line" "$out" "^postseal: port $H is in use[^"$'\n'"]*\$"
out=$(run env STATE="$T/b" HTTPS_PORT="$(free_port)" SMTP_PORT="$S" "$TOP/deploy/run")
is "SMTP port in use: status 1" $? 1
like "SMTP port in use: one line" "$out" "^postseal: port $S is in use[^"$'\n'"]*\$"
out=$(run env STATE="$A" HTTPS_PORT="$(free_port)" SMTP_PORT="$(free_port)" "$TOP/deploy/run")
is "STATE in use: status 1" $? 1
like "STATE in use: one line" "$out" '^postseal: another run uses[^'$'\n'']*$'
ok "access.json of the running one stays" test -s "$A/access.json"

# Side by side, and where no other user can look: below a 0700 directory.
mkdir -m 700 "$T/closed"
console_launch "$T/closed/b" "$(free_port)" "$(free_port)"
second=$RUN_PID
ok "a second instance beside it, below a 0700 directory" \
    console_wait "$T/closed/b" "$second"
console_use "$T/closed/b"
CLEAN+=("rm -rf '$(dirname "$(readlink -f "$T/closed/b/postfix")")'")
ok "the second one's SMTP answers" serving no
save inbound_enabled=on "private_key=@$SAMPLES/self-signed-key.pem" \
    "server_certificate=@$SAMPLES/self-signed-cert.pem"
is "the second one applies" "$STATUS:$(j .result)" 200:applied
own=$(leaf_of "$SAMPLES/self-signed-cert.pem")
is "the second one serves its own certificate" "$(served)" "$own"
console_use "$A"
is "the first one still serves its own" "$(served)" \
    "$(leaf_of "$SAMPLES/issued-cert.pem")"
ok "their tokens differ" test "$TOKEN" != "$(jq -r .token "$T/closed/b/access.json")"

# Ctrl-C: SIGINT to the second's launcher alone.
kill -TERM "$second"
wait "$second"
is "SIGTERM: status 0" $? 0
is "SIGTERM: nothing of it is left" "$(processes_of "$T/closed/b")" ""
ok "SIGTERM: its SMTP port is closed" \
    bash -c '! exec 3<>/dev/tcp/127.0.0.1/'"$(jq -r .smtp "$T/closed/b/access.json" | cut -d: -f2)" 2>/dev/null

# Below a 0700 directory Postfix lies elsewhere; it goes with its STATE.
rm -rf "$T/closed/b"
console_launch "$T/closed/b" "$(free_port)" "$(free_port)"
second=$RUN_PID
ok "the second one again, after rm -rf" console_wait "$T/closed/b" "$second"
console_use "$T/closed/b"
api GET /api/v1/connection
is "rm -rf: as new, no settings and no drift" \
    "$(jq -c '[.generation, .drift]' "$BODY")" '[0,[]]'
kill -TERM "$second"
wait "$second"
console_use "$A"

# A launcher that is killed leaves its programs; the next start copes.
launcher=$(awk '{ print $4 }' "/proc/$(access .pids.nginx)/stat")
former=$PASSWORD old=$(access .pids.postseald) token=$TOKEN
kill -KILL "$launcher"
wait "$first" 2>/dev/null
ok "killed launcher: postseald is left" test -d "/proc/$old"
console_launch "$A" "$H" "$S"
third=$RUN_PID
rm -f "$A/access.json"
ok "start over the left-overs" console_wait "$A" "$third"
console_use "$A"
ok "the left-over is gone" ended "$old"
is "the password is kept" "$PASSWORD" "$former"
is "the token is kept" "$TOKEN" "$token"
api GET /api/v1/connection
is "the token still works" "$STATUS" 200
is "the generation is kept" "$(j .generation.id)" 1
is "the certificate is served" "$(served)" \
    "$(leaf_of "$SAMPLES/issued-cert.pem")"

# A program that dies takes the rest along.
kill -KILL "$(access '.pids["postseal.fcgi"]')"
wait "$third"
is "a program dies: status 1" $? 1
like "a program dies: one line names it" "$(tail -n 1 "$A.out")" \
    '^postseal: postseal.fcgi ended'
is "a program dies: nothing is left" "$(processes_of "$A/")" ""

# Another port and another address with the same STATE.
S2=$(free_port)
HTTPS_LISTEN=127.0.0.2 console_launch "$A" "$H" "$S2"
rm -f "$A/access.json"
ok "start on another SMTP port" console_wait "$A" "$RUN_PID"
console_use "$A"
is "the certificate is served there" "$(served "$S2")" \
    "$(leaf_of "$SAMPLES/issued-cert.pem")"
is "HTTPS_LISTEN: access.json follows" "$URL" "https://127.0.0.2:$H"
req GET /healthz
is "HTTPS_LISTEN: there, under a certificate for it" "$STATUS" 200
ok "HTTPS_LISTEN: and nowhere else" \
    bash -c '! exec 3<>/dev/tcp/127.0.0.1/'"$H" 2>/dev/null
console_stop "$RUN_PID"
HTTPS_LISTEN=0.0.0.0 console_launch "$A" "$H" "$S2"
rm -f "$A/access.json"
ok "HTTPS_LISTEN=0.0.0.0 starts" console_wait "$A" "$RUN_PID"
console_use "$A"
req GET /healthz
is "HTTPS_LISTEN=0.0.0.0: the URL answers" "$STATUS" 200
URL=https://127.0.0.1:$H
req GET /healthz
is "HTTPS_LISTEN=0.0.0.0: and so does 127.0.0.1" "$STATUS" 200
console_stop "$RUN_PID"

# A clone below a path with a blank: STATE is a link to elsewhere.
mkdir "$T/a clone"
cp -R "$TOP"/{Makefile,deploy,static,templates} "$T/a clone/"
ln -s "$B" "$T/a clone/build"
(cd "$T/a clone" && B=build SKIP_INSTALL=1 SKIP_BUILD=1 HTTPS_PORT=$H \
    SMTP_PORT=$S2 exec make -s run) </dev/null >"$T/a clone/run.out" 2>&1 &
RUNS+=($!) fourth=$!
ok "make run below a path with a blank" console_wait "$T/a clone/run" "$fourth"
console_use "$T/a clone/run"
CLEAN+=("rm -rf '$(readlink "$STATE")'")
save inbound_enabled=on "private_key=@$SAMPLES/self-signed-key.pem" \
    "server_certificate=@$SAMPLES/self-signed-cert.pem"
is "a blank in the path: applied" "$STATUS:$(j .result)" 200:applied
is "a blank in the path: served" "$(served)" \
    "$(leaf_of "$SAMPLES/self-signed-cert.pem")"
console_stop "$fourth"
ok "a blank in the path: Postfix stops with it" \
    bash -c '! exec 3<>/dev/tcp/127.0.0.1/'"$SMTP_PORT" 2>/dev/null
out=$(cd "$T/a clone" && make B="$T/a clone/b" all 2>&1)
is "B with a blank: status" $? 2
like "B with a blank: one line" "$out" '^[^'$'\n'']*\*\*\* B=[^'$'\n'']*without blanks[^'$'\n'']*$'
done_testing
