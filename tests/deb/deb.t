#!/bin/bash
# The Debian package: two builds with the same bytes, lintian, and what dpkg
# does with it on a machine that is thrown away (`make check-deb`).
# shellcheck source=/dev/null
. "$(dirname "$0")/../func/lib.sh"
[ -e /etc/clean-tree ] || bail "only in the tree of make check-deb"
export DEBIAN_FRONTEND=noninteractive

# quiet NAME COMMAND...: a test; what it said is in $T/said, told on failure.
quiet()
{
	local name=$1

	shift
	"$@" >"$T/said" 2>&1
	result "$name" || {
		note "$(tail -n 25 "$T/said")"
		return 1
	}
}
apt()	{ apt-get -y -q -o Dpkg::Use-Pty=0 --no-install-recommends "$@"; }

# Nobody starts anything here: there is no systemd, and ports may be taken.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
CLEAN+=("postfix stop >/dev/null 2>&1; rm -f /usr/sbin/policy-rc.d")

# Twice the same bytes, wherever, whenever and by whomever it is built.
build()		# DIRECTORY UMASK TZ LOCALE
{
	(
		umask "$2" && mkdir "$1" &&
		cp -R "$TOP"/{Makefile,README.md,LICENSE,[a-z]*} "$1" && cd "$1" &&
		B=build TZ=$3 LC_ALL=$4 LANGUAGE=ja make -s deb
	)
}
two_builds()
{
	local one=$T/one two=$T/two/with/a/longer/name begin=$SECONDS

	mkdir -p "${two%/*}"
	quiet "make deb" build "$one" 022 UTC C || bail "no package"
	note "built in $((SECONDS - begin)) s"
	quiet "and again, elsewhere" build "$two" 077 Asia/Tokyo C.UTF-8
	DEB=$(echo "$one"/build/deb/postseal_*.deb)
	is "the same bytes" "$(sha256sum <"$DEB")" \
	    "$(sha256sum <"$(echo "$two"/build/deb/postseal_*.deb)")"
}
# DEB=FILE: that one, without building.
[ -n "${DEB:-}" ] || two_builds
note "$(sha256sum <"$DEB" | cut -c 1-64), $(stat -c %s "$DEB") bytes"
quiet "lintian has neither error nor warning" \
    lintian --allow-root -I --pedantic --fail-on error,warning \
    "${DEB%.deb}.changes"
note "$(sort "$T/said" | uniq)"
quiet "promtool takes the rules" promtool check rules deploy/prometheus/alerts.yml
quiet "each alert comes when it should" promtool test rules tests/deb/alerts.test.yml

# A version before this one, as far as dpkg knows.
dpkg-deb -R "$DEB" "$T/old" &&
sed -i 's/^Version: .*/Version: 0.9/' "$T/old/DEBIAN/control" &&
dpkg-deb -b "$T/old" "$T/old.deb" >/dev/null
chmod 755 "$T" && chmod 644 "$T/old.deb"

named()	{ grep -c '^[^#]*/var/lib/postseal' /etc/postfix/main.cf; }
state()	{ dpkg-query -W -f '${db:Status-Status}' postseal 2>/dev/null || echo gone; }
served()
{
	openssl s_client -starttls smtp -connect 127.0.0.1:25 </dev/null \
	    2>/dev/null | openssl x509 -noout -fingerprint -sha256
}

# A Postfix without a main.cf is no reason to fail.
echo "postfix postfix/main_mailer_type select No configuration" |
    debconf-set-selections
quiet "install, with Postfix, beside no main.cf" apt install "$T/old.deb" nginx-light curl openssl jq
is "it is installed" "$(state)" installed
quiet "purge" apt purge postseal postfix
is "nothing of it is left" "$(ls -d /var/lib/postseal /etc/postseal /usr/share/postseal 2>/dev/null)" ""

echo "postfix postfix/main_mailer_type select Internet Site" |
    debconf-set-selections
quiet "install" apt install "$T/old.deb"
is "users" "$(getent passwd postseal postseal-parse postseal-probe postseal-sync postseal-logs | cut -d: -f 1,6,7 | xargs)" \
    "postseal:/nonexistent:/usr/sbin/nologin postseal-parse:/nonexistent:/usr/sbin/nologin postseal-probe:/nonexistent:/usr/sbin/nologin postseal-sync:/nonexistent:/usr/sbin/nologin postseal-logs:/nonexistent:/usr/sbin/nologin"
is "directories" "$(stat -c '%n %a %U' /var/lib/postseal/*)" \
    $'/var/lib/postseal/daemon 700 root\n/var/lib/postseal/web 700 postseal'
is "units: those of one host are enabled" \
    "$(ls /etc/systemd/system/multi-user.target.wants | grep postseal | xargs)" \
    "postseal-fcgi.service postseald.service"
is "conffiles" "$(dpkg-query -W -f '${Conffiles}' postseal | awk '{ print $1 }' | sort | xargs)" \
    "/etc/logrotate.d/postseal /etc/pam.d/postseal /etc/postseal/postseal.conf"
is "Postfix names nothing of it" "$(named)" 0

# setup: looks first, does, and a second time nothing.
setup()	{ postsealctl setup "$@" >"$T/said" 2>&1; echo $?; }
seen()	{ find /etc /var/lib/postseal -newer "$T/mark" -type f | sort | xargs; }
touch -d '1 second ago' "$T/mark"
is "setup --check: would change" "$(setup --check --hostname mx.example.org)" 10
is "and changes nothing" "$(seen)" ""
is "setup" "$(setup --hostname mx.example.org)" 10
like "it prints URL and password" "$(<"$T/said")" \
    'https://localhost:8443/.*log in +admin, [^ ]+ \(shown this once\)'
ok "nginx takes the site" nginx -q -t
like "its certificate is for the name" "$(openssl x509 -noout -text -in /etc/postseal/https/cert.pem)" \
    'DNS:mx.example.org, DNS:localhost, IP Address:127.0.0.1'
is "0600, in a directory of root's" "$(stat -c '%a %U' /etc/postseal/https /etc/postseal/https/key.pem | xargs)" "700 root 600 root"
touch "$T/mark"
is "again: unchanged" "$(setup --json)" 0
is "as JSON says" "$(jq -c '[.changed, (.steps | map(.state) | unique)]' "$T/said")" \
    '[false,["unchanged","unknown"]]'
is "with the same words: unchanged" "$(setup --hostname mx.example.org --listen 127.0.0.1:8443)" 0
is "no file was written" "$(seen)" ""
is "another port" "$(setup --listen 9443)" 10
is "is in the site, beside the name" "$(grep -cE 'listen 127.0.0.1:9443 ssl|server_name mx.example.org' /etc/nginx/sites-available/postseal)" 2
is "and stays" "$(setup)" 0
echo bogus >/etc/nginx/conf.d/bad.conf
is "what nginx refuses" "$(setup --listen 9444)" 1
like "is said" "$(<"$T/said")" 'setup: site: .*bad.conf'
is "and taken back" "$(grep -c 127.0.0.1:9443 /etc/nginx/sites-available/postseal)" 1
rm /etc/nginx/conf.d/bad.conf
is "a listen that is none" "$(setup --listen mx)" 2
is "a web server that is none" "$(setup --web caddy)" 2
is "one that is not there" "$(setup --web lighttpd)" 1
quiet "Apache and lighttpd" apt install apache2 lighttpd lighttpd-mod-openssl
for web in apache lighttpd; do
	is "setup --web $web" "$(setup --web $web --listen 127.0.0.1:9445)" 10
	note "$(grep site "$T/said")"
	is "again" "$(setup --web $web)" 0
done
ok "Apache takes it" apache2ctl -t
ok "lighttpd takes it" lighttpd -tt -f /etc/lighttpd/lighttpd.conf
mv /etc/postseal/https/key.pem "$T"
is "half a certificate" "$(setup)" 1
like "is named" "$(<"$T/said")" 'one of cert.pem and key.pem'
rm -rf /etc/postseal/https
quiet "purge" apt purge apache2 lighttpd lighttpd-mod-openssl

quiet "from a POST to a verified STARTTLS, and leave" debian/tests/starttls
is "Postfix names nothing of it" "$(named)" 0
quiet "once more" debian/tests/starttls stay
is "Postfix names our files" "$(named)" 1
leaf=$(served)
quiet "logrotate" logrotate -f /etc/logrotate.d/postseal
is "it renames the audit log" "$(cd /var/lib/postseal/daemon && stat -c '%a %n' audit.log*)" "600 audit.log.1"
echo "# mine" >>/etc/postseal/postseal.conf
quiet "upgrade" apt install "$DEB"
is "Postfix serves the same" "$(served)" "$leaf"
is "postseal.conf is as it was" "$(tail -n 1 /etc/postseal/postseal.conf)" "# mine"

# docs/install.md, Backup.
tar -C / -cpf "$T/postseal.tar" etc/postseal var/lib/postseal \
    etc/postfix/main.cf etc/postfix/master.cf

# Gone while Postfix names its files.
quiet "remove" apt remove postseal
like "which says what stays" "$(<"$T/said")" "postsealctl leave"
ok "nginx starts without it" nginx -q -t
is "nothing is left in /usr" "$(find /usr -name '*postseal*' | grep -v /systemd/)" ""
quiet "purge" apt purge postseal
like "which says what stays" "$(<"$T/said")" "/var/lib/postseal stays, .*main.cf"
is "it is gone" "$(state)" gone
quiet "Postfix starts without it" sh -c 'postfix stop; postfix start'
is "and serves the same" "$(served)" "$leaf"
postfix stop >/dev/null 2>&1

# And after postsealctl leave.
quiet "installed again" apt install "$DEB"
quiet "it goes on, and leaves" debian/tests/starttls away
is "Postfix names nothing of it" "$(named)" 0
quiet "purge" apt purge postseal
is "nothing is left but users" "$(find / -xdev -name '*postseal*' \
    -not -path '/proc/*' -not -path '/srv/*' -not -path '/tmp/*' \
    -not -path '/var/lib/apt/*' -not -path '/var/lib/systemd/*')" ""

# The backup, on what is a fresh machine again.
quiet "installed on a fresh machine" apt install "$DEB"
quiet "the backup is laid out" tar -C / -xpf "$T/postseal.tar"
systemd-tmpfiles --create postseal.conf
postfix start >/dev/null 2>&1
is "it serves the same" "$(served)" "$leaf"
postseald >"$T/postseald.log" 2>&1 &
CLEAN+=("kill $!")
wait_for 60 test -S /run/postseal/postseald.sock
is "without drift" "$(postsealctl status | awk '$1 == "drift" { print $2 }')" 0
like "with its users" "$(postsealctl user list)" admin
done_testing
