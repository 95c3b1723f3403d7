#!/bin/bash
# What Postfix itself would not take, or would never come back from: refused
# before anything stops, by a preview too, with the line and Postfix's words.
# A program of Postfix that hangs does not hold a Save for ever.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1
cp -p "$PF/main.cf" "$T/main.first"
cp -p "$PF/master.cf" "$T/master.first"
master() { tr -d ' \n' <"$PF/../queue/pid/master.pid"; }
pid=$(master)
minutes=10

change()
{
	minutes=$((minutes + 1))
	save idle_timeout=$minutes "$@"
}

# by_hand FILE LINE: written, and Postfix not told.
by_hand()
{
	printf '%s\n' "$2" >>"$PF/$1"
	touch -d '10 seconds ago' "$PF/$1"
}
back()
{
	cp -p "$T/main.first" "$PF/main.cf"
	cp -p "$T/master.first" "$PF/master.cf"
}

# refused NAME REGEX: preview and Save, and Postfix did not notice.
refused()
{
	local before

	before=$(cat "$PF/main.cf" "$PF/master.cf" | sha256sum)
	api POST '/api/v1/connection?dry_run=true' -F idle_timeout=99
	like "$1: a preview refuses it" "$STATUS $(j .code) $(j .detail)" "^502 postfix.config_invalid .*$2"
	change
	like "$1: a Save refuses it" "$STATUS $(j .code) $(j .detail)" "^502 postfix.config_invalid .*$2"
	is "$1: nothing was written" "$(cat "$PF/main.cf" "$PF/master.cf" | sha256sum)" "$before"
	is "$1: Postfix runs on" "$(master)" "$pid"
	[ "$3" = main.cf ] || ok "$1: and takes mail" serving yes
	back
}

lines=$(($(wc -l <"$T/main.first") + 1))
while IFS='|' read -r value words; do
	by_hand main.cf "$value"
	# A new smtpd dies over some of these: nobody but Postfix wakes it.
	refused "$value" "line $lines: .*$words" main.cf
done <<'END'
message_size_limit = 10MB|bad numerical configuration: message_size_limit = 10MB
daemon_timeout = zz|bad time value or unit: zz
inet_interfaces = 192.0.2.77|no local interface found
smtpd_hard_error_limit = abc|bad numerical configuration: smtpd_hard_error_limit = abc
smtpd_delay_reject = maybe|bad boolean configuration
mail_owner = nobodyatall|fatal: file main.cf: parameter mail_owner: unknown user name value: nobodyatall
setgid_group = nogroupatall|parameter setgid_group: unknown group name: nogroupatall
default_process_limit = 0|default_process_limit
default_process_limit = x|default_process_limit = x
inet_protocols = ipv7|ipv7
END

# Of these Postfix says no name, so no line either.
while IFS='|' read -r value words; do
	by_hand main.cf "$value"
	refused "$value" "$words" main.cf
done <<'END'
queue_directory = /etc/passwd/queue|queue_directory: /etc/passwd/queue is no directory
myorigin = /etc/nowhere|/etc/nowhere
stress = ${|macro processing error
maillog_file = /etc/mail.log|/etc/mail.log
END

lines=$(($(wc -l <"$T/master.first") + 1))
while IFS='|' read -r value words; do
	by_hand master.cf "$value"
	refused "$value" "$words" master.cf
done <<END
garbage|line $lines: bad field count
nosuchport inet n - n - - smtpd|line $lines: nosuchport: unknown service name
nohost.invalid:2525 inet n - n - - smtpd|line $lines: .*unknown host
192.0.2.9:2525 inet n - n - - smtpd|line $lines: .*no address of this host
127.0.0.9:2526 inet n - n - - smtpd { -o x=y|missing '}'
a/b unix n - n - - smtp|line $lines: .*a name cannot have
127.0.0.9:2526 inet n - n - -1 smtpd|invalid process_limit field
127.0.0.9:2526 inet n - n x - smtpd|invalid wakeup field
127.0.0.9:2526 inet z - n - - smtpd|invalid private field
127.0.0.9:2526 tcp n - n - - smtpd|invalid type field
END

# What Postfix lives with is no reason.
by_hand main.cf 'nobody_knows_this = 1'
by_hand master.cf '127.0.0.1:2527 inet n - n - - nosuchprogram'
change
is "what Postfix lives with is no reason" "$STATUS:$(j .result)" 200:applied
sed -i '/nosuchprogram/d' "$PF/master.cf"
cp -p "$PF/main.cf" "$T/main.first"
pid=$(master)

# A main.cf that nobody can replace.
if chattr +i "$PF/main.cf" 2>/dev/null; then
	CLEAN+=("chattr -i '$PF/main.cf'")
	change
	like "write-protected: said so" "$STATUS $(j .code) $(j .detail)" "^422 postfix.write_protected .*main.cf"
	api POST '/api/v1/connection?dry_run=true' -F idle_timeout=99
	is "write-protected: by a preview too" "$STATUS:$(j .code)" 422:postfix.write_protected
	is "write-protected: Postfix runs on" "$(master)" "$pid"
	chattr -i "$PF/main.cf"
	change
	is "and free again: applied" "$STATUS" 200
else
	note "chattr +i cannot be had here"
fi

# postlogd hangs, and with it whatever writes to the log.
hung=$(pgrep -P "$(master)" -x postlogd)
kill -STOP "$hung"
CLEAN+=("kill -CONT $hung 2>/dev/null")
for ((n = 0; n < 40; n++)); do
	timeout 1 bash -c "exec 3<>/dev/tcp/127.0.0.1/$SMTP_PORT; head -c 3 <&3" >/dev/null 2>&1 || break
done
start=$SECONDS
change
took=$((SECONDS - start))
note "with a postlogd that hangs: $STATUS after $took s"
ok "postlogd hangs: the Save ends" test $took -lt 60
is "postlogd hangs: applied" "$STATUS:$(j .result)" 200:applied
ok "postlogd hangs: mail is taken again" serving yes
done_testing
