#!/bin/bash
# No rsyslog, no mail.log (Debian 12 as it is installed): Postfix's own words
# come from the systemd journal.  A real journald, in a mount namespace whose
# /run, /dev and /var/log are its own.
# shellcheck source=/dev/null
if [ "${IN_OWN_MOUNTS:-}" != yes ]; then
	IN_OWN_MOUNTS=yes exec unshare -m "$0" "$@"
fi
mount --make-rprivate / && mount -t tmpfs tmpfs /run &&
mount -t tmpfs tmpfs /var/log && mount -t tmpfs tmpfs /mnt || exit 1
for d in null zero full random urandom tty; do
	touch "/mnt/$d" && mount --bind "/dev/$d" "/mnt/$d" || exit 1
done
mkdir /mnt/shm /mnt/pts && mount --bind /dev/shm /mnt/shm &&
mount --bind /dev/pts /mnt/pts && ln -s /proc/self/fd /mnt/fd &&
ln -s fd/0 /mnt/stdin && ln -s fd/1 /mnt/stdout && ln -s fd/2 /mnt/stderr &&
ln -s /run/systemd/journal/dev-log /mnt/log && mount --move /mnt /dev || exit 1
mkdir -p /run/systemd/journal /run/log/journal /run/lock
# journald does not start where no control groups are mounted.
[ -e /sys/fs/cgroup/cgroup.procs ] || [ -d /sys/fs/cgroup/systemd ] ||
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
. "$(dirname "$0")/lib.sh"

SYSTEMD_LOG_TARGET=null /lib/systemd/systemd-journald >"$T/journald.out" 2>&1 &
journald=$!
CLEAN+=("kill $journald")
wait_for 10 test -S /run/systemd/journal/dev-log

console_start
s=$SAMPLES
edit maillog_file=
sed -i '/^postlog /d' "$PF/master.cf"
sed -i '/^log_file/d' "$STATE/postseal.conf"
postfix -c "$PF" stop >/dev/null 2>&1
postfix -c "$PF" start >/dev/null 2>&1
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1
is "there is no log file" "$(postconf -c "$PF" -h maillog_file)$(ls /var/log)" ""
like "Postfix writes to the journal" \
    "$(journalctl --directory /run/log/journal -o cat -t postfix/master 2>&1)" 'daemon started'

# A program of Postfix that fails as long as main.cf names a newer generation.
real=$(postconf -c "$PF" -h daemon_directory)
mkdir "$T/libexec"
ln -s "$real"/* "$T/libexec"
rm "$T/libexec/smtpd"
cat >"$T/libexec/smtpd" <<STUB
#!/bin/bash
if grep -q 'max_connections\|gen-[2-9]' '$PF/main.cf'; then
	exit 1
fi
exec -a smtpd $real/smtpd "\$@"
STUB
chmod 755 "$T/libexec/smtpd"
edit "daemon_directory=$T/libexec"
postfix -c "$PF" stop >/dev/null 2>&1
postfix -c "$PF" start >/dev/null 2>&1
save "private_key=@$s/issued-key.pem" "server_certificate=@$s/issued-cert.pem" \
    "ca_certificate=@$s/issued-intermediate.pem"
is "smtpd dies: rolled back" "$STATUS:$(j .code)" 502:apply.rolled_back
like "smtpd dies: Postfix's own words, of the journal" "$(j '.log | join("\n")')" \
    'postfix/master\[[0-9]+\]: warning: .*smtpd.*exit status 1'
ok "and mail is taken again" serving yes

done_testing
