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
one=$T/one two=$T/two/with/a/longer/name
mkdir -p "${two%/*}"
begin=$SECONDS
quiet "make deb" build "$one" 022 UTC C || bail "no package"
note "built in $((SECONDS - begin)) s"
quiet "and again, elsewhere" build "$two" 077 Asia/Tokyo C.UTF-8
deb=$(echo "$one"/build/deb/postseal_*.deb)
is "the same bytes" "$(sha256sum <"$deb")" \
    "$(sha256sum <"$(echo "$two"/build/deb/postseal_*.deb)")"
note "$(sha256sum <"$deb" | cut -c 1-64), $(stat -c %s "$deb") bytes"
quiet "lintian has neither error nor warning" \
    lintian --allow-root -I --pedantic --fail-on error,warning \
    "$one"/build/deb/postseal_*.changes
note "$(sort "$T/said" | uniq)"

quiet "promtool takes the rules" promtool check rules deploy/prometheus/alerts.yml
quiet "each alert comes when it should" promtool test rules tests/deb/alerts.test.yml

# A version before this one, as far as dpkg knows.
dpkg-deb -R "$deb" "$T/old" &&
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
is "users" "$(getent passwd postseal postseal-sync | cut -d: -f 1,6,7 | xargs)" \
    "postseal:/nonexistent:/usr/sbin/nologin postseal-sync:/nonexistent:/usr/sbin/nologin"
is "directories" "$(stat -c '%n %a %U' /var/lib/postseal/*)" \
    $'/var/lib/postseal/daemon 700 root\n/var/lib/postseal/web 700 postseal'
is "units: those of one host are enabled" \
    "$(ls /etc/systemd/system/multi-user.target.wants | grep postseal | xargs)" \
    "postseal-fcgi.service postseald.service"
is "conffiles" "$(dpkg-query -W -f '${Conffiles}' postseal | awk '{ print $1 }' | sort | xargs)" \
    "/etc/logrotate.d/postseal /etc/pam.d/postseal /etc/postseal/postseal.conf"
is "Postfix names nothing of it" "$(named)" 0

quiet "from a POST to a verified STARTTLS" debian/tests/starttls stay
is "Postfix names our files" "$(named)" 1
leaf=$(served)
quiet "logrotate" logrotate -f /etc/logrotate.d/postseal
is "it renames the audit log" "$(cd /var/lib/postseal/daemon && stat -c '%a %n' audit.log*)" "600 audit.log.1"
echo "# mine" >>/etc/postseal/postseal.conf
quiet "upgrade" apt install "$deb"
is "Postfix serves the same" "$(served)" "$leaf"
is "postseal.conf is as it was" "$(tail -n 1 /etc/postseal/postseal.conf)" "# mine"

# Gone while Postfix names its files.
quiet "remove" apt remove postseal
like "which says what stays" "$(<"$T/said")" "postsealctl leave"
is "nothing is left in /usr" "$(find /usr -name '*postseal*' | grep -v /systemd/)" ""
quiet "purge" apt purge postseal
like "which says what stays" "$(<"$T/said")" "/var/lib/postseal stays, .*main.cf"
is "it is gone" "$(state)" gone
quiet "Postfix starts without it" sh -c 'postfix stop; postfix start'
is "and serves the same" "$(served)" "$leaf"
postfix stop >/dev/null 2>&1

# And after postsealctl leave.
quiet "installed again" apt install "$deb"
quiet "there and back: leave" debian/tests/starttls
quiet "purge" apt purge postseal
is "nothing is left but users" "$(find / -xdev -name '*postseal*' \
    -not -path '/proc/*' -not -path '/srv/*' -not -path '/tmp/*' \
    -not -path '/var/lib/apt/*' -not -path '/var/lib/systemd/*' \
    -not -path '/etc/nginx/sites-enabled/postseal')" ""
done_testing
