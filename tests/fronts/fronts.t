#!/bin/bash
# `make check-fronts`: Apache and lighttpd with the files that we ship for
# them, before the console: a log-in, a Save, what is too large, and bodies
# that are begun and not sent.
# shellcheck source=/dev/null
. "$(dirname "$0")/../func/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/../func/account.sh"

console_start
s=$SAMPLES
AT=$URL

# The shipped file, with this console's paths and a port of its own.
shipped()	# FILE
{
	sed "s|127\.0\.0\.1:8443|127.0.0.1:$HTTPS_PORT|
	    s|/etc/postseal/https|$STATE/https|
	    s|/run/postseal/fcgi.sock|$STATE/run/fcgi.sock|
	    s|/usr/share/postseal/static|$TOP/static|" "$1"
}

# Inside of Debian's own configuration.
lighttpd_start()
{
	{
		sed -e "s|^\(server.port .*\)= .*|\1= $(free_port)|; /^server.errorlog/d
		    s|^\(server.pid-file .*\)= .*|\1= \"$T/lighttpd.pid\"|; /conf-enabled/d" /etc/lighttpd/lighttpd.conf
		shipped "$TOP/deploy/lighttpd/postseal.conf"
	} >"$T/lighttpd.conf"
	lighttpd -tt -f "$T/lighttpd.conf" >"$T/said" 2>&1 || return 1
	lighttpd -D -f "$T/lighttpd.conf" </dev/null >"$T/said" 2>&1 &
}

# With Debian's own numbers of mpm_event.
apache_start()
{
	local m n modules=/usr/lib/apache2/modules

	{
		echo "ServerRoot $T
			PidFile $T/apache.pid
			ErrorLog $T/apache.log
			Mutex file:$T
			User www-data
			Group www-data
			ServerTokens Prod"
		for m in mpm_event authz_core mime headers alias \
		    socache_shmcb ssl proxy proxy_fcgi reqtimeout buffer env; do
			echo "LoadModule ${m}_module $modules/mod_$m.so"
		done
		echo "TypesConfig /etc/mime.types
			StartServers 2
			MinSpareThreads 25
			MaxSpareThreads 75
			ThreadsPerChild 25
			MaxRequestWorkers 150"
		shipped "$TOP/deploy/apache/postseal.conf"
	} >"$T/apache.conf"
	apache2 -t -f "$T/apache.conf" >"$T/said" 2>&1 || return 1
	apache2 -D FOREGROUND -f "$T/apache.conf" </dev/null >"$T/said" 2>&1 &
}

resident() # KiB of all of it, and of its files in memory
{
	local pid sum=0

	for pid in "$SERVER" $(pgrep -P "$SERVER"); do
		sum=$((sum + $(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) + 0))
		sum=$((sum + $(find "/proc/$pid/fd" -lname '/dev/shm/*' -printf '%p\0' 2>/dev/null |
		    xargs -0r stat -Lc %s 2>/dev/null | awk '{ n += $1 } END { print int(n / 1024) }')))
	done
	echo $sum
}
half_sent()	# COUNT PATH LENGTH SENT: OPEN, GREW (KiB), OTHERS (ms)
{
	local before start

	before=$(resident)
	# shellcheck disable=SC2034
	coproc HALF { perl "$TOP/tests/redteam/halfsent.pl" "$@" 2>"$T/half.err"; }
	read -r _ OPEN <&"${HALF[0]}"
	GREW=$(($(resident) - before))
	start=$(date +%s%3N)
	req GET /healthz -m 20
	OTHERS=$(($(date +%s%3N) - start))
	echo "# $FRONT, $1 x POST $2: $OPEN open, $before + $GREW KiB, another's answer $STATUS after $OTHERS ms"
}
half_over()
{
	local pid=$HALF_PID

	echo >&"${HALF[1]}"
	read -r _ CLOSED <&"${HALF[0]}"
	wait "$pid"
}
gone() { [ "$(ss -Htn state established "( sport = :$HTTPS_PORT )" | wc -l)" -le 2 ]; }
answers() { req GET /healthz -m 2 && [ "$STATUS" = 200 ]; }

for FRONT in ${FRONTS:-lighttpd apache}; do
	HTTPS_PORT=$(free_port)
	export HTTPS_PORT
	URL=https://127.0.0.1:$HTTPS_PORT
	"${FRONT}_start" || bail "$FRONT does not take our file: $(tail -n 3 "$T/said")"
	SERVER=$!
	RUNS+=("$SERVER")
	ok "$FRONT takes our file, and answers" wait_for 10 answers 2>/dev/null ||
	    bail "$FRONT: $(tail -n 3 "$T/said")"
	login "$FRONT" admin "$PASSWORD"
	is "a log-in" "$STATUS" 303
	req GET /smtp-routing/connection -b "$T/jar.$FRONT"
	is "the page" "$STATUS" 200
	req GET /static/app.css
	is "a static file" "$STATUS" 200
	save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
	    "server_certificate=@$s/self-signed-cert.pem"
	like "a Save" "$STATUS:$(j .result)" '^200:(applied|unchanged)$'
	api GET "/api/v1/audit?limit=1"
	is "the address is the client's" "$(j '.entries[0].from')" 127.0.0.1
	for header in strict-transport-security x-content-type-options \
	    x-frame-options content-security-policy cache-control; do
		is "$header: once" "$(grep -ic "^$header:" "$HEAD")" 1
	done
	head -c 17000 /dev/zero | tr '\0' a >"$T/17k"
	req POST /login --http1.1 --data-binary "@$T/17k"
	is "17 KB to /login" "$STATUS" 413
	head -c 1200000 /dev/zero | tr '\0' a >"$T/1200k"
	api POST /api/v1/connection --http1.1 -F "server_certificate=@$T/1200k"
	is "1.2 MB to an address for files" "$STATUS" 413
	head -c 900000 /dev/zero | tr '\0' a >"$T/900k"
	api POST /api/v1/connection -F "server_certificate=@$T/900k"
	is "900 KB get to the application" "$STATUS:$(j '.errors[0].code // .code')" 422:file.too_large

	half_sent 100 /login 16000 15000
	ok "100 half-sent POST /login: less than 24 MB" test "$GREW" -lt 24000
	is "others are served" "$STATUS" 200
	ok "within 3 s" test "$OTHERS" -lt 3000
	ok "they are closed before 20 s have passed" wait_for 20 gone
	half_over
	half_sent 100 /login 1900000 1000
	is "what is too large is turned away by its head" "$OPEN" 0
	half_over
	wait_for 20 gone
	# lighttpd's wait in its files in memory.
	half_sent 100 /api/v1/connection 1000000 990000
	ok "100 half-sent uploads: less than 110 MB" test "$GREW" -lt 110000
	is "others are served then, too" "$STATUS" 200
	ok "they are closed before 30 s have passed" wait_for 30 gone
	half_over
	ok "and it answers as before" wait_for 5 answers
	kill "$SERVER"
	wait "$SERVER" 2>/dev/null
done
URL=$AT
done_testing
