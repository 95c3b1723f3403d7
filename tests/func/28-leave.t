#!/bin/bash
# The way back to what stood before Postseal, by API, screen and postsealctl,
# and out of it: main.cf and master.cf byte for byte, mail both ways all the
# time, and what others named of ours.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"

console_start
s=$SAMPLES
files=("private_key=@$s/self-signed-key.pem" "server_certificate=@$s/self-signed-cert.pem")
ec_new "$T/hand.key" && self_new "$T/hand.pem" "$T/hand.key" ||
	bail "no certificate by hand"
theirs=$(leaf_of "$T/hand.pem")
ours=$(leaf_of "$s/self-signed-cert.pem")
ctl()	{ "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
edit "smtpd_tls_cert_file=$T/hand.pem" "smtpd_tls_key_file=$T/hand.key" \
    smtpd_tls_security_level=encrypt smtp_tls_security_level=dane || bail "main.cf"
cp "$PF/main.cf" "$T/main.was"
cp "$PF/master.cf" "$T/master.was"
as_it_was() { cmp "$T/main.was" "$PF/main.cf" && cmp "$T/master.was" "$PF/master.cf"; }
told()	{ j '[.findings[].code] | sort | join(" ")'; }

# Nothing to bring back.
api POST /api/v1/generations/0/restore
is "nothing was written: unchanged" "$STATUS:$(j .result)" 200:unchanged
api GET /api/v1/generations/0
is "and nothing to see" "$STATUS:$(j .code)" 404:generation.unknown
api GET /api/v1/generations
is "nor in the list" "$STATUS:$(j '.original')" 200:null

# Three Saves over it.
save "${files[@]}"
is "files" "$STATUS:$(served)" "200:$ours"
save outbound_enabled=off confirm=level.lowered max_connections=40 connection_limit=limited
is "outbound off, a limit in master.cf" "$STATUS:$(param smtp_tls_security_level)" 200:none
save tls_only=off confirm=level.lowered
is "TLS not required" "$STATUS:$(param smtpd_tls_security_level)" 200:may

# Seen, and compared.
api GET /api/v1/generations
is "in the list" "$(j '.original | "\(.id) \(.kind) \(.first)"')" "0 original 1"
is "the others are the generations" "$(j '[.generations[].id] | tostring')" "[3,2,1]"
api GET /api/v1/generations/0
is "what stood" "$(j '"\(.settings.inbound.tls_only) \(.settings.outbound.enabled) \(.certificate.sha256)"')" \
    "true true $theirs"
api GET '/api/v1/generations/0/diff?with=3'
is "compared" "$STATUS:$(j '[.settings[].path] | sort | join(" ")')" \
    "200:inbound.tls_only interface.max_connections outbound.enabled"
is "compared: parameters" \
    "$(j '.parameters[] | select(.parameter == "smtp_tls_security_level") | "\(.a) \(.b)"')" "dane none"
like "postsealctl shows it" "$(ctl show 0)" 'original'

# Plan, then done.
before=$(maincf_hash)
api POST '/api/v1/generations/0/restore?dry_run=true'
is "plan" "$STATUS:$(j .result)" 200:dry_run
like "plan: the diff" "$(j .diff)" '[+]smtp_tls_security_level = dane'
is "plan: nothing done" "$(maincf_hash)" "$before"
api POST /api/v1/generations/0/restore -H 'If-Match: "1-00000000"'
is "someone was faster" "$STATUS:$(j .code)" 412:settings.stale
req POST /api/v1/generations/0/restore
is "no token, no restore" "$STATUS" 401
api POST /api/v1/generations/0/restore
is "restored" "$STATUS:$(j '"\(.result) \(.generation)"')" "200:applied 4"
ok "byte for byte" as_it_was
is "their certificate is served" "$(served):$(j .probe.certificate_sha256)" "$theirs:$theirs"
api GET /api/v1/connection
is "their levels are shown, without drift" \
    "$(j '"\(.settings.inbound.tls_only) \(.settings.outbound.enabled) \(.drift | length) \(.own[0].value)"')" \
    "true true 0 dane"
api GET /api/v1/generations/4
is "recorded" "$(j '"\(.kind) \(.restored)"')" "restore 0"

# A generation of before it: what others had set then comes back.
api POST /api/v1/generations/1/restore
is "generation 1 again: our files, their levels" \
    "$STATUS:$(served):$(param smtp_tls_security_level):$(param smtpd_tls_security_level)" \
    "200:$ours:dane:encrypt"

# Lines that others wrote since, one of which names our file.
id=$(j .generation)
edit maximal_queue_lifetime=2d "smtp_tls_chain_files=$STATE/daemon/generations/gen-$id/inbound.pem" ||
	bail "main.cf"
api POST '/api/v1/generations/0/restore?dry_run=true'
like "told" "$STATUS:$(told)" '^200:.*file.named'
like "in words" "$(j '.findings[] | select(.code == "file.named") | .message')" "smtp_tls_chain_files names .*gen-$id/inbound.pem"
api POST '/api/v1/generations/0/restore?dry_run=true' -H 'Accept-Language: ja'
like "in Japanese" "$(j '.findings[] | select(.code == "file.named") | .message')" 'smtp_tls_chain_files.*の行|smtp_tls_chain_filesは'
out=$(ctl leave)
is "left" "$?" 0
like "said so" "$out" 'Nothing is managed here any more'
like "and which line needs a file" "$out" 'file.copied.*smtp_tls_chain_files'
copy=$PF/postseal/gen-$id-inbound.pem
is "the copy is root's alone" "$(stat -c %a "$copy")" 600
ok "and the same" cmp "$copy" "$STATE/daemon/generations/gen-$id/inbound.pem"
grep -v -e ^maximal_queue -e ^smtp_tls_chain "$PF/main.cf" >"$T/others"
ok "all else of main.cf is as it was" diff <(sort "$T/main.was") <(sort "$T/others")
ok "master.cf byte for byte" cmp "$T/master.was" "$PF/master.cf"
is "their certificate is served" "$(served)" "$theirs"
api GET /api/v1/connection
is "first sight again" "$STATUS:$(j '"\(.generation) \(.settings.inbound.tls_only) \(.drift | length)"')" \
    "200:0 true 0"
like "postsealctl status says so" "$(ctl status)" 'generation +none'
ctl leave >"$T/out"
is "a second time: nothing to do" "$?:$(awk '/^result/ { print $2 }' "$T/out")" 0:unchanged
unlike "and nothing was looked at" "$(cat "$T/out")" 'no TLS'
like "the audit log has it" "$(ctl audit --event connection.leave)" 'applied'

# On from there.
save "${files[@]}"
is "and on again" "$STATUS:$(served)" "200:$ours"
ctl restore 0 >"$T/out"
is "postsealctl restore 0" "$?:$(served)" "0:$theirs"

# TLS offered without a certificate, as it stood: no Save of something else
# fails on it, and the way back is not closed.
edit smtpd_tls_security_level=may smtpd_tls_cert_file= smtpd_tls_key_file= || bail "main.cf"
postconf -c "$PF" -X smtpd_tls_cert_file smtpd_tls_key_file
rm -rf "$STATE"/daemon/{current,journal,facts,generations/gen-*}
edit maximal_queue_lifetime=3d || bail "main.cf"
cp "$PF/main.cf" "$T/main.was"
cp "$PF/master.cf" "$T/master.was"
save idle_timeout=7
is "no certificate: another Save" "$STATUS:$(j '"\(.result) \(.probe.proven)"')" "200:applied false"
like "and what was not proven is said" "$(told)" 'probe.no_certificate'
save "${files[@]}"
is "a certificate for it" "$STATUS:$(served):$(j .probe.proven)" "200:$ours:true"
api POST '/api/v1/generations/0/restore?dry_run=true'
is "a way back without one: plan" "$STATUS:$(j .result)" 200:dry_run
ctl leave >"$T/out"
is "and done" "$?" 0
like "not called proven" "$(cat "$T/out")" 'probe.no_certificate'
ok "byte for byte, without a certificate" as_it_was
save "${files[@]}"
is "on again" "$STATUS:$(served)" "200:$ours"
api POST /api/v1/generations/0/restore
is "restore 0" "$STATUS:$(j '"\(.result) \(.probe.proven)"')" "200:applied false"
ok "byte for byte, again" as_it_was
done_testing
