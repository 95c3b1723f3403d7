#!/bin/bash
# Postfix is made to fail at the restart or at the probe: rolled back, the
# former certificate served, and the answer says what happened.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
first=$(leaf_of "$s/self-signed-cert.pem")
issued=("private_key=@$s/issued-key.pem"
    "server_certificate=@$s/issued-cert.pem"
    "ca_certificate=@$s/issued-intermediate.pem")

save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1

# rolled NAME STEP HASH: the last answer was a Save rolled back to 1.
rolled()
{
	is "$1: rolled back" "$STATUS:$(j .code)" 502:apply.rolled_back
	is "$1: the step" "$(j .step)" "$2"
	is "$1: the generation in force" "$(j .generation)" 1
	like "$1: words" "$(j .detail)" '.{20,}'
	is "$1: main.cf byte for byte" "$(maincf_hash)" "$3"
	is "$1: the former certificate is served" "$(served)" "$first"
	ok "$1: mail is taken" serving yes
	api GET /api/v1/connection
	is "$1: generation 1 is in force" "$(j '"\(.generation.id) \(.generation.in_force)"')" "1 true"
	is "$1: its certificate" "$(j .certificate.sha256)" "$first"
	is "$1: no drift" "$(j '.drift | length')" 0
	is "$1: only one key is kept" \
	    "$(find "$STATE/daemon/generations" -name inbound.pem | wc -l)" 1
	is "$1: nothing is pending" "$(grep -s pending "$STATE/daemon/journal")" ""
}

# smtpd is pinned to the former files: the probe sees another certificate than
# the uploaded one.
smtpd_with "$PF" -o "smtpd_tls_chain_files=$(param smtpd_tls_chain_files)"
before=$(maincf_hash)
for how in restart reload; do
	save "apply=$how" "${issued[@]}"
	is "another certificate, $how: cause" "$(j .cause.code)" \
	    probe.certificate
	like "another certificate, $how: in words" "$(j .cause.message)" \
	    '^[^.]{12,}'
	like "another certificate, $how: Postfix's lines" \
	    "$(j '.log | join(" ")')" 'postfix/'
	rolled "another certificate, $how" probe "$before"
done
smtpd_with "$PF"

# Programs of Postfix that fail as long as main.cf names a newer generation.
real=$(postconf -c "$PF" -h daemon_directory)
mkdir "$T/libexec"
ln -s "$real"/* "$T/libexec"
stub()
{
	rm -f "$T/libexec/$1"
	cat >"$T/libexec/$1" <<-STUB
	#!/bin/bash
	if grep -q 'chain_files.*gen-[2-9]' '$PF/main.cf'; then
		$2
	fi
	exec -a $1 $real/$1 "\$@"
	STUB
	chmod 755 "$T/libexec/$1"
}
restore()
{
	ln -sf "$real/$1" "$T/libexec/$1"
}
edit "daemon_directory=$T/libexec"
postfix -c "$PF" stop >/dev/null 2>&1
postfix -c "$PF" start >/dev/null 2>&1
ok "still serving" serving yes
before=$(maincf_hash)

stub smtpd 'exit 1'
save "${issued[@]}"
is "smtpd dies: cause" "$(j .cause.code)" probe.banner
like "smtpd dies: Postfix's own words" "$(j '.log | join(" ")')" \
    'exit status 1|throttl'
rolled "smtpd dies" probe "$before"
restore smtpd
stub master 'exit 1'
save "${issued[@]}"
rolled "master does not start" restart "$before"
like "master does not start: says so" "$(save "${issued[@]}"; j .code)" apply.rolled_back
restore master
stub smtpd 'exec sleep 20'
save "${issued[@]}"
rolled "the banner hangs" probe "$before"
restore smtpd

# And when Postfix is well again, the same Save succeeds.
save "${issued[@]}"
is "well again: applied" "$STATUS:$(j .result)" 200:applied
last=$(j .generation)
ok "well again: a new number" test "$last" -gt 1
is "well again: served" "$(served)" "$(leaf_of "$s/issued-cert.pem")"
out=$("$B/postsealctl" -c "$STATE/postseal.conf" --json history)
is "history has what failed" \
    "$(jq '[.. | objects | select(.outcome? == "failed")] | length' <<<"$out")" \
    $((last - 2))

# A Postfix that was stopped stays stopped, and is right when started.
postfix -c "$PF" stop >/dev/null 2>&1
save outbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem" "ca_certificate=@$s/issued-intermediate.pem"
is "stopped Postfix: applied" "$STATUS:$(j .result)" 200:applied
like "stopped Postfix: said so" "$(j '[.findings[].code] | join(" ")')" \
    apply.postfix_stopped
is "stopped Postfix: not a word of a restart" "$(j .postfix)" stopped
save outbound_enabled=on
is "stopped Postfix: nothing to change" "$STATUS:$(j .result):$(j .postfix)" \
    200:unchanged:stopped
like "stopped Postfix: said so, too" "$(j '[.findings[].code] | join(" ")')" \
    apply.postfix_stopped
ok "stopped Postfix: stays stopped" eval '! postfix -c "$PF" status 2>/dev/null'
postfix -c "$PF" start >/dev/null 2>&1
is "started: serves the new certificate" "$(served)" "$first"
done_testing
