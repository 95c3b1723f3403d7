#!/bin/bash
# `make check-systemd`: docs/install.md, word for word, on a gateway with a
# real systemd; then what an administrator and bad luck do to it.
# shellcheck disable=SC2016
# shellcheck source=/dev/null
. "$(dirname "$0")/../func/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/container.sh"
HERE=$(cd "$(dirname "$0")" && pwd)

skip()
{
	echo "1..0 # SKIP $*"
	echo "check-systemd: skipped: $*" >&2
	T_DONE=yes
	exit 0
}

why=$(container_lacks)
[ -z "$why" ] || skip "$why"
container_bootstrap || bail "no tree: debootstrap or apt-get failed"
container_boot || {
	tail -n 5 "$T/console" | sed 's/^/# /' >&2
	skip "systemd does not boot in a container here:" \
	    "$(tr -dc '[:print:]\n' <"$T/console" | grep . | tail -n 1)"
}
[ "$(inside 'systemctl is-active postfix@-.service nginx.service | tr "\n" " "')" = "active active " ] ||
	bail "Debian's own Postfix or nginx does not run"
(cd "$TOP" && git ls-files -co --exclude-standard | while read -r f; do
	[ ! -e "$f" ] || echo "$f"
done | tar -c -T -) | tar -x -C "$ROOT/root/postseal" || bail "no copy"
cp "$HERE/inside.sh" "$ROOT/root/inside.sh"

# doc HEADING: the commands below that heading.
doc()
{
	awk -v want="## $1" '
		/^## / { on = $0 == want }
		on && /^```sh$/ { code = 1; next }
		/^```$/ { code = 0 }
		code' "$TOP/docs/install.md"
}
# told NAME COMMANDS: 0 is ok; what it said otherwise.
told()
{
	inside ". /root/inside.sh; $2" >"$T/said" 2>&1
	result "$1" || {
		note "$(tail -n 12 "$T/said")"
		return 1
	}
}
say() { inside ". /root/inside.sh; $1" 2>&1; }
active() { say "systemctl is-active $* | sort -u"; }

# Install.
LIMIT=1500
told "docs/install.md: build and install" "$(doc 'Build and install')" ||
	bail "nothing is installed"
unset LIMIT
unlike "the first command after the start finds postseald" "$(<"$T/said")" 'warning'
is "all run" "$(active postseald postseal-fcgi postfix@-)" active
is "the journal has it once" "$(say 'journalctl -b -o cat -t postseald | grep -c "^ready on"')" 1
is "the units are in order" "$(say 'systemd-analyze --man=no verify postseald.service postseal-fcgi.service postseal-sync.service postseal-logs.service postseald@x.service postseal-fcgi@x.service 2>&1 || true')" ""
while read -r unit max; do
	level=$(say "systemd-analyze security --no-pager $unit" |
	    sed -n 's/.*Overall exposure level for [^ ]*: \([0-9.]*\) .*/\1/p')
	ok "exposure of $unit: $level, at most $max" \
	    awk -v l="$level" -v m="$max" 'BEGIN { exit !(l != "" && l + 0 <= m) }'
done <<'EOT'
postseald 3.0
postseal-fcgi 1.4
postseal-logs 1.4
postseal-sync 1.4
postseal-logs 1.4
EOT
is "the web process has no power left" "$(say 'caps postseal-fcgi CapEff')" 0000000000000000
is "postseald has its unit's" "$(say 'caps postseald CapEff')" "$(say 'caps postseald CapBnd')"
told "docs/install.md: web server" "$(doc 'Web server')"
is "it answers" "$(say 'web /healthz')" '{"status":"ok"}'

# The procedure, STARTTLS, and what a restart goes through.
say 'pair /root/postseal/key.pem /root/postseal/cert.pem' >/dev/null
told "docs/install.md: first Save" "$(doc 'First Save by script')"
is "applied" "$(tail -n 1 "$T/said" | jq -r .result)" applied
is "it is served" "$(say served)" "$(say 'leaf cert.pem')"
is "reload" "$(say 'save -F outbound_enabled=off -F apply=reload')" "applied 0"
said=$(say 'for v in on off on off on off on off; do save -F outbound_enabled=$v; done')
is "eight Saves in a row are no failing service" "$(sed 's/ .*//' <<<"$said" | sort | uniq -c | xargs)" "8 applied"
is "Postfix is in its unit" "$(say 'home_of /etc/postfix')" postfix@-.service
said=$(say 'systemctl stop postfix@-; postfix start; save -F outbound_enabled=on; home_of /etc/postfix')
like "started by hand, it goes back there" "$said" $'^applied [0-9]+\npostfix@-.service$'
like "a restart of postseald waits for a Save" "$(say 'slow on; save -F outbound_enabled=off >/tmp/save & until pending; do sleep 0.1; done; systemctl restart postseald; wait; slow off; cat /tmp/save; status')" \
    $'^applied [0-9]+\n0$'
like "killed, it comes back" "$(say 'kill -9 $(systemctl show -P MainPID postseald); until systemctl is-active -q postseald && [ -S /run/postseal/postseald.sock ]; do sleep 0.1; done; save -F outbound_enabled=on')" '^applied'
is "the console restarts; without it nginx says so" \
    "$(say 'systemctl stop postseal-fcgi; web /healthz | jq -r .code; systemctl start postseal-fcgi; web /healthz')" \
    $'web.unreachable\n{"status":"ok"}'
like "logs rotate, the audit log with them" "$(say 'logrotate -f /etc/logrotate.conf; save -F outbound_enabled=off; cd /var/lib/postseal/daemon; grep -c connection.apply audit.log; ls audit.log.1; postsealctl audit --event connection.apply --json | jq ".entries | length > 2"')" \
    $'^applied [0-9]+\n1\naudit.log.1\ntrue$'
is "users of the host, by PAM from within the unit" "$(say 'pam_user; web_login alice')" 303

# Reboots.
leaf=$(say served)
ok "reboot" container_reboot
is "all run again" "$(active postseald postseal-fcgi postfix@- nginx)" active
is "the same certificate" "$(say served)" "$leaf"
is "and the console" "$(say 'status; web /healthz')" $'0\n{"status":"ok"}'
say 'slow on; save -F outbound_enabled=on >/dev/null 2>&1 & until pending; do sleep 0.1; done; echo' >/dev/null
ok "a Save is under way" inside '. /root/inside.sh; pending'
container_power_cut
ok "power cut, boot" container_boot
is "recovered, nothing is pending" "$(say 'status; pending || echo no')" $'0\nno'
is "the certificate is served" "$(say served)" "$leaf"
like "the next Save" "$(say 'save -F outbound_enabled=$(other)')" '^applied'

# Powers: each is missed by something.
while read -r unit cap what; do
	is "$unit without $cap: $what" "$(say "without $unit $cap $what")" failed
done <<'EOT'
postseald CAP_CHOWN starts
postseald CAP_SETUID starts
postseald CAP_SETGID starts
postseald CAP_DAC_OVERRIDE foreign_save
postseald CAP_FOWNER foreign_save
postseal-fcgi CAP_CHOWN starts
postseal-fcgi CAP_SETUID starts
postseal-fcgi CAP_SETGID starts
EOT
is "with all, main.cf keeps its foreign owner and mode" "$(say 'foreign_save; ls_main')" $'applied\npfadmin 640'
say 'own_main' >/dev/null

# A second Postfix, with a unit and without.
told "postmulti" second_postfix
told "docs/install.md: a second Postfix" "$(doc 'A second Postfix')"
is "both are active" "$(active postseald@internal postseal-fcgi@internal postseald)" active
first=$(say 'cat /var/spool/postfix/pid/master.pid')
like "a Save there" "$(say 'internal; save_pair')" '^applied'
is "served there" "$(say 'served 2525')" "$(say 'leaf cert.pem')"
is "it is in its unit" "$(say 'home_of /etc/postfix-internal')" postfix@postfix-internal.service
is "the first one was not touched" "$(say 'cat /var/spool/postfix/pid/master.pid')" "$first"
like "without a unit" "$(say 'no_unit; internal; save -F outbound_enabled=$(other)' | tail -n 1)" '^applied'
like "it gets one of its own" "$(say 'home_of /etc/postfix-internal')" '^run-.*\.service$'
is "local mail from there arrives" "$(say 'mail_to_alice')" arrived

# Neither a unit nor systemd-run: started by fork, mail flows all the same.
say 'no_systemd_run' >/dev/null
for cap in CAP_NET_BIND_SERVICE CAP_SYS_CHROOT; do
	is "postseald without $cap: last_resort" "$(say "internal; without postseald@internal $cap last_resort" | tail -n 1)" failed
done
is "with all" "$(say 'internal; last_resort; home_of /etc/postfix-internal')" $'applied\npostseald@internal.service'
say 'postfix -c /etc/postfix-internal stop; mv /root/systemd-run /usr/bin' >/dev/null

# Sync, without an etcd: it runs, holds nothing, and the host goes on.
is "postseal-sync" "$(say 'cluster_on; systemctl start postseal-sync; systemctl is-active postseal-sync; caps postseal-sync CapEff; user_of postseal-sync')" \
    $'active\n0000000000000000\npostseal-sync'
like "a Save meanwhile" "$(say 'cluster_off; save -F outbound_enabled=$(other)')" '^applied'

is "no secret in the journal" "$(say 'secrets')" "0 of 5"
is "no unit has failed" "$(say 'systemctl --failed --plain --no-legend')" ""

# Uninstall.
like "not while it runs" "$(say 'make uninstall')" 'still running'
say 'systemctl disable --now postseald@internal postseal-fcgi@internal; rm /etc/nginx/sites-enabled/postseal-internal' >/dev/null
told "docs/install.md: uninstall" "$(doc Uninstall)"
is "nothing is left in /usr" "$(say 'find /usr /lib/systemd -name "*postseal*" | grep -v "^/usr/share/man/index" || true')" ""
is "what is the administrator's is" "$(say 'ls -d /etc/postseal/postseal.conf /var/lib/postseal/daemon/generations /etc/pam.d/postseal | wc -l')" 3
is "Postfix names nothing of it any more" "$(say 'grep -c /generations/gen- /etc/postfix/main.cf || true')" 0
ok "and after a reboot" container_reboot
like "it goes on" "$(say 'timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/25; head -c 3 <&3"')" '^220'
done_testing
