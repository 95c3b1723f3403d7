#!/bin/bash
# A Postfix that was broken before the Save: it is judged against what it was,
# never "could not be put back" where nothing differs, and what could not be
# proven is said.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1
cp -p "$PF/main.cf" "$T/main.first"
cp -p "$PF/master.cf" "$T/master.first"
minutes=10

# both: main.cf and master.cf as they stand.
both() { cat "$PF/main.cf" "$PF/master.cf" | sha256sum; }
start()
{
	touch -d '10 seconds ago' "$PF/main.cf" "$PF/master.cf"
	postfix -c "$PF" stop >/dev/null 2>&1
	postfix -c "$PF" start >/dev/null 2>&1
}
runs() { postfix -c "$PF" status >/dev/null 2>&1; }

# beside NAME WANT: a Save of something else, beside what is broken.  WANT is a
# pattern of "STATUS CODE-OR-RESULT FINDINGS".
beside()
{
	local before ran=no now=no got

	before=$(both)
	runs && ran=yes
	minutes=$((minutes + 1))
	save idle_timeout=$minutes
	got="$STATUS $(j '.code // .result') $(j '[.findings[]?.code] | join(" ")')"
	like "$1: the outcome" "$got" "$2"
	unlike "$1: nothing is left undone" "$got" 'undo_failed'
	[ "$STATUS" = 200 ] || is "$1: refused or rolled back, both files are as before" "$(both)" "$before"
	runs && now=yes
	is "$1: Postfix runs as before" "$now" "$ran"
	is "$1: no change is pending" "$(grep -s pending "$STATE/daemon/journal")" ""
}

# mended NAME: as it was at the beginning; then a Save is proven again.
mended()
{
	cp -p "$T/main.first" "$PF/main.cf"
	cp -p "$T/master.first" "$PF/master.cf"
	start
	minutes=$((minutes + 1))
	save idle_timeout=$minutes confirm=drift.overwrites
	is "$1, mended: proven again" "$STATUS:$(j .probe.proven)" 200:true
	ok "$1, mended: mail is taken" serving yes
	cp -p "$PF/main.cf" "$T/main.first"
	cp -p "$PF/master.cf" "$T/master.first"
}

# 1. smtpd dies at once, whatever main.cf says.
real=$(postconf -c "$PF" -h daemon_directory)
mkdir "$T/libexec" && ln -s "$real"/* "$T/libexec" && rm "$T/libexec/smtpd"
printf '#!/bin/sh\nexit 1\n' >"$T/libexec/smtpd" && chmod 755 "$T/libexec/smtpd"
postconf -c "$PF" -e "daemon_directory=$T/libexec" && start
beside "smtpd is dead" '^200 applied .*probe\.not_seen'
is "smtpd is dead: not called proven" "$(j .probe.proven)" false
mended "smtpd is dead"

# 2. A port of a second service is taken by another program.
port=$(free_port)
setpriv --reuid=65534 --regid=65534 --clear-groups perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5,
    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1) or die;
    sleep' "$port" &
taker=$!
CLEAN+=("kill $taker 2>/dev/null")
wait_for 10 listens "$port" || bail "nobody takes the port"
echo "127.0.0.1:$port inet n - n - - smtpd" >>"$PF/master.cf"
touch -d '10 seconds ago' "$PF/master.cf"
beside "a port is taken" '^502 postfix\.config_invalid'
like "a port is taken: says which" "$(j .detail)" "master.cf, line [0-9]+: 127.0.0.1:$port: .*in use"
ok "a port is taken: mail is taken on" serving yes
kill $taker
wait $taker 2>/dev/null
mended "a port is taken"

# 3. smtpd in a chroot that lacks what it needs.
sed -i 's/^\(127[^ ]* *inet *n *-\) *n/\1 y/' "$PF/master.cf"
rm -rf "$PF/../queue/etc" "$PF/../queue/lib"
start
beside "in a bare chroot" '^200 applied'
mended "in a bare chroot"

# 4. The queue's disk is full: 452 to MAIL.
postconf -c "$PF" -e message_size_limit=10240 queue_minfree=900000000000000 && start
like "full disk: 452" "$(smtp "$SMTP_PORT" "EHLO t.example.test" "MAIL FROM:<a@example.test>")" '452 4.3.1'
beside "full disk" '^200 applied'
plain=$(j .generation)
save access_policy=accept_except access_list=192.0.2.1
like "full disk, an access list: applied, and not called proven" \
    "$STATUS $(j .result) $(j '[.findings[]?.code] | join(" ")')" '^200 applied .*access\.unproven'
api POST "/api/v1/generations/$plain/restore"
is "full disk: and off again" "$STATUS:$(j .result)" 200:applied
mended "full disk"

# 5. What the queue manager and cleanup need belongs to somebody else.
chown root "$PF/../queue/active" "$PF/../queue/incoming" "$PF/../queue/maildrop" 2>/dev/null
chmod 700 "$PF/../queue/private" && chown root "$PF/../queue/private"
start
beside "queue directories of root" '^(200 applied|502 (apply.rolled_back|postfix))'
rm -rf "$T/nothing"
postfix -c "$PF" set-permissions >/dev/null 2>&1
chown postfix "$PF/../queue/active" "$PF/../queue/incoming" "$PF/../queue/maildrop" "$PF/../queue/private"
mended "queue directories of root"

# 6. A table that smtpd cannot open: it dies when it is asked.
postconf -c "$PF" -e "smtpd_recipient_restrictions=check_recipient_access hash:$T/none, reject_unauth_destination" && start
beside "a table is missing" '^(200 applied|502 postfix\.config_invalid)'
mended "a table is missing"

# 7. Edits by hand that Postfix has not read: told before, and what they do is
# not held against the Save that lets them be read.
postconf -c "$PF" -e smtpd_delay_reject=no smtpd_client_restrictions=reject
api POST "/api/v1/connection?dry_run=true" -F idle_timeout=99
is "an edit not read yet: a trial tells" \
    "$STATUS $(j '[.findings[] | select(.code == "postfix.unread").args.file] | @csv')" '200 "main.cf"'
beside "an edit not read yet" '^502 apply\.rolled_back .*postfix\.unread'
mended "an edit not read yet"
api POST "/api/v1/connection?dry_run=true" -F idle_timeout=99
is "... and nothing is told of one that was read" "$STATUS $(j '.findings | map(.code) | contains(["postfix.unread"])')" '200 false'
sed -i 's/ smtpd$/ smtpdx/' "$PF/master.cf"
beside "no such program" '^502 postfix\.config_invalid'
like "no such program: says where" "$(j .detail)" "master.cf, line [0-9]+: .*no such program"
mended "no such program"
for name in command_directory daemon_directory; do
	postconf -c "$PF" -e "$name=$T/nothing"
	beside "$name is gone" '^502 postfix\.config_invalid'
	cp -p "$T/main.first" "$PF/main.cf"
done
ok "Postfix still runs" runs
done_testing
