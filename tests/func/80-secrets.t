#!/bin/bash
# Keys, passphrases, passwords and tokens are nowhere but where they belong:
# not in logs, state, journals, temporary files, nor in the arguments or
# environment of any process, after each kind of request.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
# Made up now: nobody else's file can hold them.
PHRASE=Passphrase-$(head -c 9 /dev/urandom | od -An -tx1 | tr -d ' ')
GUESS=Guessed-$(head -c 9 /dev/urandom | od -An -tx1 | tr -d ' ')
rsa_new "$T/plain.key"
openssl pkcs8 -topk8 -in "$T/plain.key" -passout "pass:$PHRASE" -out "$T/enc.key"
self_new "$T/enc.crt" "$T/plain.key"
rsa_new "$T/refused.key"

# What an administrator does for a while; arguments of every process are
# looked at meanwhile.
: >"$T/seen"
printf '%s\n' "$PHRASE" "$GUESS" "$PASSWORD" "$TOKEN" 'PRIVATE KEY-----' \
    >"$T/watch"
(
	while :; do
		cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
		    tr '\0' '\n' | grep -aF -f "$T/watch" >>"$T/seen"
		sleep 0.02
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
JAR=$T/jar
csrf() { sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' "$BODY" | head -n 1; }
login()
{
	rm -f "$JAR"
	req GET /login -c "$JAR"
	printf '%s' "$1" >"$T/pw"
	req POST /login -b "$JAR" -c "$JAR" --data-urlencode "csrf=$(csrf)" \
	    -d user=admin --data-urlencode "password@$T/pw"
	rm -f "$T/pw"
}
login "$GUESS"
is "wrong password" "$STATUS" 401
unlike "the page does not repeat it" "$(<"$BODY")" "$GUESS"
login "$PASSWORD"
is "log-in" "$STATUS" 303
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

kill "$watcher"
wait "$watcher" 2>/dev/null
is "no argument, no environment held a secret" "$(sort -u "$T/seen" | head -c 300)" ""

# A line from the middle of each key, and the raw bytes that it stands for.
middle() { sed -n '8p' "$1"; }
cat >"$T/secrets" <<EOT
$PHRASE
$GUESS
$PASSWORD
$TOKEN
$(middle "$T/plain.key")
$(middle "$T/enc.key")
$(middle "$T/refused.key")
EOT
ok "seven secrets to look for" test "$(sort -u "$T/secrets" | wc -l)" = 7
unlike "answers hold none of them" "$ANSWERS" \
    "$PHRASE|$PASSWORD|$TOKEN|BEGIN [A-Z ]*PRIVATE KEY"
ok "answers hold no part of a key" \
    eval '! grep -qF -f <(tail -n 3 "$T/secrets") <<<"$ANSWERS"'

# Everything under STATE: keys in the generation in force only.
root=$(dirname "$(readlink -f "$STATE/postfix")")
found=$(grep -rlaF -f "$T/secrets" "$STATE/" "$root/" 2>/dev/null | sort -u |
    sed "s|^$STATE/||" | grep -v '^samples/')
is "where secrets are" "$(echo $found)" \
    "access.json daemon/generations/gen-1/inbound.pem secrets"
is "and who may read them" \
    "$(cd "$STATE" && stat -c '%a %U' $found | sort -u)" "600 root"
is "the passphrase is not even there" \
    "$(grep -rlaF "$PHRASE" "$STATE/" "$root/" | wc -l)" 0
tail_of_key=$(openssl pkey -in "$T/plain.key" -outform DER | tail -c 64 | od -An -tx1 | tr -d ' \n')
raw=
for file in $(find "$STATE/" "$root/" -type f ! -name inbound.pem ! -path '*/samples/*'); do
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
