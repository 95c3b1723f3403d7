#!/bin/bash
# The web server in front: bodies that are begun and not sent hold neither its
# memory nor its connections, and its socket to us is for its own group.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
nginx=$(access .pids.nginx)
HTTPS_PORT=$(access .url | sed -E "s|.*:([0-9]+).*|\1|")
export HTTPS_PORT
resident() # KiB of all of nginx
{
	local pid sum=0

	for pid in $nginx $(pgrep -P "$nginx"); do
		sum=$((sum + $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")))
	done
	echo $sum
}

# half_sent COUNT PATH LENGTH SENT: OPEN and GREW (KiB) with them open.
half_sent()
{
	local before

	before=$(resident)
	# shellcheck disable=SC2034
	coproc HALF { perl "$TOP/tests/redteam/halfsent.pl" "$@" 2>"$T/half.err"; }
	read -r _ OPEN <&"${HALF[0]}"
	GREW=$(($(resident) - before))
	echo "# $1 x POST $2: $OPEN open, nginx $before + $GREW KiB"
}
half_over()
{
	local pid=$HALF_PID

	echo >&"${HALF[1]}"
	read -r _ CLOSED <&"${HALF[0]}"
	wait "$pid"
}

half_sent 150 /login 16000 15000
ok "150 half-sent POST /login: less than 16 MB" test "$GREW" -lt 16000
req GET /healthz
is "and others are served" "$STATUS" 200
gone() { [ "$(ss -Htn state established "( sport = :$HTTPS_PORT )" | wc -l)" -le "$1" ]; }
ok "they are closed before 15 s have passed" wait_for 15 gone 2
half_over

half_sent 150 /login 1900000 1899000
ok "150 with nearly 2 MB: less than 16 MB" test "$GREW" -lt 16000
is "more than a form can be is turned away by its head" "$OPEN" 0
half_over

# Where files are uploaded a few from one address may be under way.
half_sent 150 /api/v1/connection 1000000 990000
ok "150 half-sent uploads: less than 40 MB" test "$GREW" -lt 40000
ok "only some are taken" test "$OPEN" -le 32
half_over
wait_for 15 gone 2

is "the socket is for the web server's group" \
    "$(stat -Lc %A:%U:%G "$STATE/run/fcgi.sock")" srw-rw----:root:postseal-web
reach() { setpriv --reuid="$1" --regid="$2" --clear-groups \
	    perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0);
	    exit(connect($s, sockaddr_un($ARGV[0])) ? 0 : 1)' "$STATE/run/fcgi.sock"; }
ok "nobody of www-data's group gets there" not reach nobody www-data

# Both sites in one nginx, the second as docs/install.md makes it.
mkdir -p "$T/nginx/sites-available" "$T/nginx/sites-enabled"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 \
    -subj /CN=localhost -keyout "$T/nginx/key.pem" -out "$T/nginx/cert.pem" 2>/dev/null
here() { sed "s|/etc/nginx/|$T/nginx/|g; s|/usr/share/postseal/nginx|$TOP/deploy/nginx|g
	    s|/etc/postseal/https|$T/nginx|" "$@"; }
here "$TOP/deploy/nginx/site.conf" >"$T/nginx/sites-available/postseal"
ln -s ../sites-available/postseal "$T/nginx/sites-enabled/postseal"
cat >"$T/nginx/nginx.conf" <<EOT
pid $T/nginx/pid;
error_log stderr;
events { }
http {
	access_log off;
	include sites-enabled/*;
}
EOT
taken() { nginx -q -t -c "$T/nginx/nginx.conf" >"$T/said" 2>&1 || { sed 's/^/# /' "$T/said"; false; }; }
ok "nginx takes the site" taken
sed -n "/^sed 's|\/run\/postseal/,/sites-enabled\/postseal-internal/p" "$TOP/docs/install.md" |
    here >"$T/second.sh"
ok "the second one of docs/install.md" bash -e "$T/second.sh"
is "is another site" "$(grep -hoE "^[[:space:]]+listen [^ ]+|unix:[^;]+" "$T/nginx/sites-enabled/postseal-internal" \
    "$T/nginx/postseal-internal.conf" | tr -d "\t" | sort -u | tr "\n" " ")" \
    "listen 127.0.0.1:8444 unix:/run/postseal-internal/fcgi.sock "
ok "and nginx takes both" taken

# An upgrade of the package: each web server that has a site of Postseal's,
# whatever its name, and no other.
mkdir -p "$T/etc/apache2/conf-enabled" "$T/etc/lighttpd" "$T/etc/nginx/conf.d" "$T/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$@" >>"%s"\n' "$T/asked" >"$T/bin/invoke-rc.d"
chmod +x "$T/bin/invoke-rc.d"
sed "s|/etc/|$T/etc/|g" "$TOP/debian/postseal.postinst" >"$T/postinst"
upgraded() { : >"$T/asked"; PATH=$T/bin:$PATH sh "$T/postinst" configure "$@" >/dev/null; paste -sd, "$T/asked"; }
echo "fastcgi_pass unix:/run/php/fcgi.sock;" >"$T/etc/nginx/conf.d/php.conf"
is "no site: nobody is asked" "$(upgraded 1.0.0)" ""
echo "include /usr/share/postseal/nginx/postseal.conf;" >"$T/etc/nginx/conf.d/gateway.conf"
is "one in conf.d: nginx is reloaded" "$(upgraded 1.0.0)" "nginx reload"
echo 'SetHandler "proxy:unix:/run/postseal/fcgi.sock|fcgi://postseal"' >"$T/tls.conf"
ln -s "$T/tls.conf" "$T/etc/apache2/conf-enabled/tls.conf"
echo '"socket" => "/run/postseal/fcgi.sock",' >"$T/etc/lighttpd/lighttpd.conf"
is "all three" "$(upgraded 1.0.0)" "nginx reload,apache2 reload,lighttpd restart"
is "not for a first installation" "$(upgraded)" ""
done_testing
