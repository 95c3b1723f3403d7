#!/bin/bash
# Keys, passphrases, passwords and tokens are nowhere but where they belong:
# not in logs, state, journals, temporary files, nor in the arguments or
# environment of any process, after each kind of request.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/account.sh"

console_start
made_up() { echo "$1-$(head -c 9 /dev/urandom | od -An -tx1 | tr -d ' ')"; }
# Made up now: nobody else's file can hold them.
PHRASE=$(made_up Passphrase) GUESS=$(made_up Guessed) ODD=$(made_up Misplaced)
NEW=$(made_up Newcomer)
rsa_new "$T/plain.key"
openssl pkcs8 -topk8 -in "$T/plain.key" -passout "pass:$PHRASE" -out "$T/enc.key"
self_new "$T/enc.crt" "$T/plain.key"
rsa_new "$T/refused.key"

# What an administrator does for a while; arguments of every process are
# looked at meanwhile.
: >"$T/seen"
printf '%s\n' "$PHRASE" "$GUESS" "$ODD" "$NEW" "$PASSWORD" "$TOKEN" \
    'PRIVATE KEY-----' >"$T/watch"
(
	while :; do
		cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
		    tr '\0' '\n' | grep -aF -f "$T/watch" >>"$T/seen"
		sleep 0.02 # a sample, no wait
	done
) &
watcher=$!
CLEAN+=("kill $watcher 2>/dev/null")

printf '%s' "$PHRASE" >"$T/phrase"
with_phrase=(-F "private_key=@$T/enc.key" -F "server_certificate=@$T/enc.crt"
    -F "passphrase=<$T/phrase")
api POST /api/v1/certificates/inspect "${with_phrase[@]}"
is "inspect" "$STATUS:$(j .ok)" 200:true
ANSWERS=$(<"$BODY")
api POST '/api/v1/connection?dry_run=true' -F inbound_enabled=on "${with_phrase[@]}"
is "dry run" "$STATUS:$(j .result)" 200:dry_run
ANSWERS+=$(<"$BODY")
api POST /api/v1/connection -F "private_key=@$T/refused.key" \
    -F "server_certificate=@$T/enc.crt" -F "passphrase=<$T/phrase"
is "refused" "$STATUS" 422
ANSWERS+=$(<"$BODY")
api POST /api/v1/connection -F inbound_enabled=on "${with_phrase[@]}"
is "applied" "$STATUS:$(j .result)" 200:applied
ANSWERS+=$(<"$BODY")
api GET "/api/v1/jobs/$(j .job)"
is "its job" "$STATUS" 200
ANSWERS+=$(<"$BODY")
jq -n --rawfile k "$T/refused.key" --rawfile p "$T/phrase" \
    '{certificate: {private_key: $k, passphrase: $p}}' >"$T/r.json"
api POST /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/r.json"
is "JSON, refused" "$STATUS" 422
ANSWERS+=$(<"$BODY")
head -c 900 "$T/r.json" >"$T/cut.json"
api POST /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/cut.json"
is "JSON, cut off" "$STATUS" 400
ANSWERS+=$(<"$BODY")
api GET /api/v1/connection
ANSWERS+=$(<"$BODY")
api GET /api/v1/status
ANSWERS+=$(<"$BODY")

# By the screen: a draft that waits, and a password that is wrong.
login a admin "$GUESS"
is "wrong password" "$STATUS" 401
unlike "the page does not repeat it" "$(<"$BODY")" "$GUESS"
login a admin "$PASSWORD"
is "log-in" "$STATUS" 303
JAR=$T/jar.a
req GET /smtp-routing/connection -b "$JAR"
value=$(csrf)
req POST /smtp-routing/connection -b "$JAR" -F "csrf=$value" \
    -F do=upload:private_key -F "private_key=@$T/refused.key"
like "a key waits for Save" "$STATUS" '^(200|303)$'
ANSWERS+=$(<"$BODY")
req GET /smtp-routing/connection -b "$JAR"
ANSWERS+=$(<"$BODY")
unlike "the page has no key" "$(<"$BODY")" 'BEGIN [A-Z ]*PRIVATE KEY'
drafts() { find "$STATE/daemon/drafts" -type f | wc -l; }
ok "its draft is there" test "$(drafts)" -gt 0
is "drafts are for root alone" \
    "$(find "$STATE/daemon/drafts" -type f ! -perm 600 -o -type f ! -user root)" ""
req POST /logout -b "$JAR" -d "csrf=$value"
is "log-out throws it away" "$STATUS:$(drafts)" 303:0

# A passphrase where none belongs: the answer names the field, not the value.
printf '%s' "$ODD" >"$T/odd"
odd()	# NAME PATH CURL-ARGUMENTS...
{
	api POST "$2" "${@:3}"
	like "misplaced: $1" "$STATUS" '^4'
	unlike "misplaced: $1: not repeated" "$(<"$BODY")$(<"$HEAD")" "$ODD"
}
odd "as another field" /api/v1/connection -F "apply=<$T/odd"
odd "as an unknown one" /api/v1/connection -F "colour=<$T/odd"
odd "as a code" /api/v1/connection -F "confirm=<$T/odd"
odd "as a certificate" /api/v1/connection -F "server_certificate=<$T/odd"
odd "as a key" /api/v1/connection -F "private_key=@$T/odd"
for ((n = 0; n < 300; n++)); do printf '%s' "$ODD"; done >"$T/odd.long"
odd "too long" /api/v1/connection -F "passphrase=<$T/odd.long"
odd "in a body of another type" /api/v1/connection -H 'Content-Type: text/plain' --data-binary "@$T/odd"
odd "as JSON that is none" /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/odd"
jq -n --rawfile p "$T/odd" '{apply: $p}' >"$T/odd.json"
odd "as a JSON value" /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/odd.json"
jq -n --rawfile p "$T/odd" '{certificate: {private_key: $p, passphrase: [$p]}}' >"$T/odd.json"
odd "in a list" /api/v1/connection -H 'Content-Type: application/json' --data-binary "@$T/odd.json"
printf 'header = "If-Match: \\"%s\\""\n' "$ODD" >"$T/odd.conf"
odd "as an etag" /api/v1/connection -F apply=reload -K "$T/odd.conf"
printf 'header = "Authorization: Bearer %s"\n' "$ODD" >"$T/odd.conf"
req GET /api/v1/connection -K "$T/odd.conf"
is "misplaced: as a token" "$STATUS" 401
login o "$ODD" "$GUESS"
is "misplaced: as the user's name" "$STATUS" 401

# Access: a user, a token, the second factor, another password.
jq -n --rawfile p <(printf %s "$NEW") \
    '{name: "nora", role: "operator", password: $p}' >"$T/r.json"
as_admin POST /api/v1/users -H 'Content-Type: application/json' --data-binary "@$T/r.json"
is "a user" "$STATUS" 201
ANSWERS+=$(<"$BODY")
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name": "renewal", "scope": "certificates"}'
is "a token" "$STATUS" 201
MADE=$(j .token)
api GET /api/v1/tokens
unlike "it is shown once" "$(<"$BODY")" "$MADE"
login n nora "$NEW"
press n totp_start current "$NEW"
is "a second factor begins" "$STATUS" 303
req GET /access -b "$T/jar.n" -c "$T/jar.n"
FACTOR=$(sed -n 's/.*secret=\([A-Z2-7]*\)&.*/\1/p' "$BODY" | head -n 1)
like "its secret" "$FACTOR" '^[A-Z2-7]{32}$'
press n totp_confirm code "$(totp 0 <<<"$FACTOR")"
is "it is on" "$STATUS" 303
req GET /access -b "$T/jar.n" -c "$T/jar.n"
RECOVERY=$(sed -n 's/^<li><code>\([a-z2-7-]*\)<\/code><\/li>$/\1/p' "$BODY" | head -n 1)
login n nora "$NEW"
code n 000000
is "a wrong code" "$STATUS" 401
code n "$(totp 1 <<<"$FACTOR")"
is "a code" "$STATUS" 303

# A key made here, and what was in force before.
api POST /api/v1/keys -H 'Content-Type: application/json' -d '{"kind": "self_signed"}'
is "a key made here" "$STATUS" 201
ANSWERS+=$(<"$BODY")
KEPT=$STATE/daemon/keys/$(j .id)/key.pem
is "for root alone" "$(stat -c '%a %U' "$KEPT")" "600 root"
save outbound_enabled=on apply=reload
is "another Save" "$STATUS:$(j .result)" 200:applied
ANSWERS+=$(<"$BODY")
api POST /api/v1/generations/1/restore -F apply=reload
is "a restore" "$STATUS:$(j .result)" 200:applied
ANSWERS+=$(<"$BODY")
for path in /api/v1/audit /api/v1/generations/2 '/api/v1/generations/1/diff?with=2' \
    /api/v1/keys /metrics /api/v1/users; do
	api GET "$path"
	is "$path" "$STATUS" 200
	ANSWERS+=$(<"$BODY")
done

kill "$watcher"
wait "$watcher" 2>/dev/null
is "no argument, no environment held a secret" "$(sort -u "$T/seen" | head -c 300)" ""

# A line from the middle of each key, and the raw bytes that it stands for.
middle() { sed -n '8p' "$1"; }
cat >"$T/secrets" <<EOT
$PHRASE
$GUESS
$ODD
$NEW
$PASSWORD
$TOKEN
$MADE
$RECOVERY
$(sed -n 2p "$KEPT")
$(middle "$T/plain.key")
$(middle "$T/enc.key")
$(middle "$T/refused.key")
EOT
ok "twelve secrets to look for" test "$(sort -u "$T/secrets" | grep -c .)" = 12
unlike "answers hold none of them" "$ANSWERS" \
    "$PHRASE|$PASSWORD|$TOKEN|BEGIN [A-Z ]*PRIVATE KEY"
ok "nor any other" eval '! grep -qF -f "$T/secrets" <<<"$ANSWERS"'

# Everything under STATE: keys in the generation in force only.
root=$(dirname "$(readlink -f "$STATE/postfix")")
found=$(grep -rlaF -f "$T/secrets" "$STATE/" "$root/" 2>/dev/null | sort -u |
    sed "s|^$STATE/||" | grep -v '^samples/')
is "where secrets are" "$(echo $found)" \
    "access.json $(echo daemon/generations/gen-{1,2,3}/inbound.pem) daemon/keys/$(basename "$(dirname "$KEPT")")/key.pem secrets"
is "and who may read them" \
    "$(cd "$STATE" && stat -c '%a %U' $found | sort -u)" "600 root"
is "the passphrase is not even there" \
    "$(grep -rlaF "$PHRASE" "$STATE/" "$root/" | wc -l)" 0
tail_of_key=$(openssl pkey -in "$T/plain.key" -outform DER | tail -c 64 | od -An -tx1 | tr -d ' \n')

# Memory of the processes that were asked, once they have answered.
{
	grep -vxF -e "$(sed -n 2p "$KEPT")" "$T/secrets"
	sed -n '3p;14p;20p' "$T/plain.key"
	sed -n '3p;14p;20p' "$T/enc.key"
	base64 -w 0 "$T/plain.key" | cut -c 401-440
	base64 -w 0 "$T/enc.key" | cut -c 401-440
} >"$T/memory"
mapfile -t all < <(pgrep -P "$(access '.pids["postseal.fcgi"]')"
    access '.pids["postseal.fcgi"]'; access .pids.postseald)
ok "the scan finds what is there" test -n \
    "$(perl "$TOP/tests/redteam/memory.pl" "$T/memory" $$)"
is "no worker, no parent, not postseald holds one" \
    "$(perl "$TOP/tests/redteam/memory.pl" "$T/memory" "${all[@]}" | head -n 5)" ""
is "files are made with their mode: the umask" \
    "$(for p in "${all[@]}"; do sed -n 's/^Umask:[[:space:]]*//p' "/proc/$p/status"; done | sort -u)" 0077
raw=
for file in $(find "$STATE/" "$root/" -type f ! -name inbound.pem ! -name key.pem ! -path '*/samples/*'); do
	od -An -v -tx1 "$file" | tr -d ' \n' | grep -qF "$tail_of_key" && raw+="$file "
done
is "no file holds the key's raw bytes" "$raw" ""
is "nothing in /tmp, /var/tmp, /dev/shm" \
    "$(grep -rlaF -s -f "$T/secrets" --exclude-dir="$(basename "$T")" \
    --exclude-dir='bash_*' --devices=skip /tmp /var/tmp /dev/shm | head)" ""
if [ -s /var/log/syslog ]; then
	is "not in syslog" "$(grep -cF -f "$T/secrets" /var/log/syslog)" 0
fi

# The web process cannot come near them.
as_web() { setpriv --reuid=postseal --regid=postseal --clear-groups -- "$@" 2>/dev/null; }
for file in "$(param smtpd_tls_chain_files)" "$STATE/daemon/audit.log" \
    "$STATE/secrets" "$STATE/access.json" "$STATE/https/key.pem"; do
	ok "the web process cannot read $(basename "$file")" \
	    eval '! as_web cat "$file" >/dev/null'
done
ok "nor write main.cf" eval '! as_web test -w "$PF/main.cf"'
worker=$(pgrep -P "$(access '.pids["postseal.fcgi"]')" | head -n 1)
is "workers run as postseal" "$(ps -o user= -p "$worker")" postseal
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$worker/status"; }
is "no_new_privs" "$(status NoNewPrivs)" 1
is "a seccomp filter" "$(status Seccomp)" 2
is "no capabilities" "$(status CapEff)" 0000000000000000
is "no way back to root" "$(status Uid | tr -s '\t' ' ' | cut -d' ' -f1-4)" \
    "$(id -u postseal) $(id -u postseal) $(id -u postseal) $(id -u postseal)"
is "not dumpable: no core, no ptrace by its own user" \
    "$(stat -c %U "/proc/$worker/environ")" root
done_testing
