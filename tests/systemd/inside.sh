# inside.sh - sourced in the container: what the checks of systemd.t do there.
# shellcheck shell=bash

CA=/etc/postseal/https/cert.pem
URL=https://127.0.0.1:8443
AUTH=/root/postseal/auth
STATE=/var/lib/postseal

web() { curl -sS --max-time 60 --cacert $CA "$URL$1"; echo; }
status() { local rc=0; postsealctl status >/dev/null || rc=$?; echo $rc; }
caps() { sed -n "s/^$2:\t//p" "/proc/$(systemctl show -P MainPID "$1")/status"; }
user_of() { stat -c %U "/proc/$(systemctl show -P MainPID "$1")"; }
leaf() { openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1; }

# pair KEY CERT
pair()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	    -days 90 -subj /CN=mx.example.test -keyout "$1" -out "$2" \
	    -addext subjectAltName=DNS:mx.example.test 2>/dev/null
}

# served [PORT]: SHA-256 of the certificate that SMTP serves
served()
{
	printf 'QUIT\r\n' | timeout 30 openssl s_client -starttls smtp \
	    -connect "127.0.0.1:${1:-25}" 2>/dev/null |
	    openssl x509 -outform DER 2>/dev/null | sha256sum |
	    cut -d ' ' -f 1
}

# save [curl arguments]: "applied MS", or the code of the refusal
save()
{
	curl -sS --max-time 180 --cacert $CA -K $AUTH "$@" \
	    $URL/api/v1/connection |
	    jq -r 'if .result then "\(.result) \(.outage_ms)" else .code end'
}
save_pair()
{
	save -F inbound_enabled=on -F private_key=@key.pem \
	    -F server_certificate=@cert.pem
}

# What outbound TLS is not now.
other()
{
	curl -sS --cacert $CA -K $AUTH $URL/api/v1/connection |
	    jq -r 'if .settings.outbound.enabled then "off" else "on" end'
}

# The unit in which an instance's master lives.
home_of()
{
	local queue

	queue=$(postconf -c "$1" -h queue_directory)
	ps -o unit= -p "$(tr -d ' ' <"$queue/pid/master.pid")"
}

# slow on|off: a Postfix that takes its time to start; a reboot ends it
slow()
{
	local dir=/run/systemd/system/postfix@.service.d

	rm -rf $dir
	if [ "$1" = on ]; then
		mkdir -p $dir
		printf '[Service]\nExecStartPre=/bin/sleep 8\n' >$dir/slow.conf
	fi
	systemctl daemon-reload
}
pending() { grep -qs '^pending' $STATE/daemon/journal; }

# A user of the host who may, and the log-in at the screen.
pam_user()
{
	useradd -m alice
	groupadd mailadm
	usermod -aG mailadm alice
	echo 'alice:correct vole kettle lantern' | chpasswd
	printf '\n[auth]\nsource = both\npam_administrators = mailadm\n' \
	    >>/etc/postseal/postseal.conf
	systemctl restart postseald postseal-fcgi
}
web_login()
{
	local csrf jar=/root/jar

	csrf=$(curl -sS --cacert $CA -c $jar $URL/login |
	    sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' | head -n 1)
	curl -sS --cacert $CA -b $jar -c $jar -o /dev/null -w '%{http_code}\n' \
	    --data-urlencode "csrf=$csrf" --data-urlencode "user=$1" \
	    --data-urlencode 'password=correct vole kettle lantern' $URL/login
}

# without UNIT CAPABILITY WHAT: works | failed; then all is as before
without()
{
	local dir=/run/systemd/system/$1.service.d said=failed

	mkdir -p "$dir"
	printf '[Service]\nCapabilityBoundingSet=~%s\n' "$2" >"$dir/cap.conf"
	systemctl daemon-reload
	if systemctl restart "$1" 2>/dev/null; then
		[ "$3" = starts ] && said=applied || said=$($3)
		[ "$said" = applied ] && said=works || said=failed
	fi
	rm -r "$dir"
	systemctl daemon-reload
	systemctl reset-failed "$1" 2>/dev/null || true
	systemctl restart "$1"
	echo "$said"
}

# A main.cf that is not root's.
foreign_save()
{
	local got

	id -u pfadmin >/dev/null 2>&1 || useradd -M pfadmin
	chown pfadmin:pfadmin /etc/postfix /etc/postfix/main.cf
	chmod 640 /etc/postfix/main.cf
	chmod 750 /etc/postfix
	got=$(save -F outbound_enabled="$(other)")
	echo "${got% *}"
}
ls_main() { stat -c '%U %a' /etc/postfix/main.cf; }
own_main()
{
	chown root:root /etc/postfix /etc/postfix/main.cf
	chmod 644 /etc/postfix/main.cf
	chmod 755 /etc/postfix
}

second_postfix()
{
	local dir=/etc/postfix-internal

	postmulti -e init
	postmulti -I postfix-internal -G mta -e create
	postconf -c $dir -X master_service_disable
	postconf -c $dir -e inet_interfaces=127.0.0.1 inet_protocols=ipv4 \
	    mydestination=localhost mynetworks=127.0.0.0/8 alias_maps= \
	    authorized_submit_users=static:anyone
	sed -i 's/^smtp      inet/127.0.0.1:2525 inet/' $dir/master.cf
	postmulti -i postfix-internal -e enable
	systemctl daemon-reload
	systemctl start postfix@postfix-internal
}

# From here on the second console.
internal()
{
	URL=https://127.0.0.1:8444 STATE=/var/lib/postseal-internal
	AUTH=/root/postseal/auth2
	[ -s $AUTH ] || printf 'header = "Authorization: Bearer %s"\n' "$(
		postsealctl -c /etc/postseal/internal.conf token add script \
		    --user admin)" >$AUTH
}

# The second Postfix as somebody starts it who knows no unit.
no_unit()
{
	systemctl stop postfix@postfix-internal
	systemctl mask postfix@postfix-internal
	postfix -c /etc/postfix-internal start
}

# Only postseald itself is left to start the second one, at a low port.
no_systemd_run()
{
	postfix -c /etc/postfix-internal stop
	mv /usr/bin/systemd-run /root
	sed -i 's/^127.0.0.1:2525 /127.0.0.1:26 /' /etc/postfix-internal/master.cf
	sed -i 's/^service = .*/service = 127.0.0.1:26/' /etc/postseal/internal.conf
	systemctl restart postseald@internal
}
last_resort()
{
	local got

	postfix -c /etc/postfix-internal status 2>/dev/null ||
		postfix -c /etc/postfix-internal start 2>/dev/null
	got=$(save -F outbound_enabled="$(other)")
	echo "${got% *}"
}

mail_to_alice()
{
	local line cmd n

	exec 3<>/dev/tcp/127.0.0.1/2525
	for cmd in "" "EHLO x" "MAIL FROM:<a@example.test>" \
	    "RCPT TO:<alice@localhost>" DATA \
	    $'Subject: local\r\n\r\nlocal\r\n.' QUIT; do
		[ -z "$cmd" ] || printf '%s\r\n' "$cmd" >&3
		while read -t 30 -r line <&3; do
			[[ $line =~ ^[0-9]{3}- ]] || break
		done
	done
	for ((n = 0; n < 300; n++)); do
		! grep -q '^Subject: local' /var/mail/alice 2>/dev/null || {
			echo arrived
			return
		}
		sleep 0.1
	done
	journalctl -o cat -n 3 -t postfix-internal/local
}

cluster_on()
{
	cp /etc/postseal/postseal.conf /root/alone.conf
	printf 'not used\n' >/etc/postseal/etcd.password
	chown postseal-sync /etc/postseal/etcd.password
	cp $CA /etc/postseal/etcd-ca.pem
	chmod 644 /etc/postseal/etcd-ca.pem
	chmod 400 /etc/postseal/etcd.password
	cat >>/etc/postseal/postseal.conf <<-EOT

	[cluster]
	name = mx1
	endpoints = https://127.0.0.1:2379
	ca = /etc/postseal/etcd-ca.pem
	password_file = /etc/postseal/etcd.password
	EOT
	systemctl restart postseald
}
cluster_off()
{
	systemctl stop postseal-sync
	cp /root/alone.conf /etc/postseal/postseal.conf
	systemctl restart postseald postseal-fcgi
}

# How many of the secrets are in a journal or a log.
secrets()
{
	local s n=0 all=0 hit=0

	journalctl -o export --no-pager >/root/journal.txt
	while read -r s; do
		[ ${#s} -ge 12 ] || continue
		all=$((all + 1))
		n=$(grep -aFl -- "$s" -r /root/journal.txt /var/log 2>/dev/null |
		    grep -cv '\.journal' || true)
		[ "$n" = 0 ] || hit=$((hit + 1))
	done <<-EOT
	$(cat token)
	$(sed -n 2p key.pem)
	$(sed -n 3p key.pem)
	$(sed 's/.*Bearer //; s/"//' auth2)
	correct vole kettle lantern
	EOT
	echo "$hit of $all"
}
