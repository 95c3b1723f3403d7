#!/bin/bash
# What people and scripts see of "nothing is ever half applied": history,
# restore, drift with adopt and restore, metrics, audit, and postsealctl with
# the web process down.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

console_start
s=$SAMPLES
self=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")
page()	# PATH [curl arguments]: as a signed-in browser
{
	req GET "$1" -b "$T/jar" -c "$T/jar" "${@:2}"
}
csrf()
{
	sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' "$BODY" | head -1
}
etag()
{
	sed -n 's/.*name="etag" value="&quot;\([^&]*\)&quot;".*/"\1"/p' "$BODY" | head -1
}
ctl()
{
	"$B/postsealctl" -c "$STATE/postseal.conf" "$@"
}
metric()
{
	api GET /metrics
	sed -n "s/^postseal_$1 //p" "$BODY"
}
# wait_state ID: until the job has ended.
wait_state()
{
	wait_for 30 job_over "/api/v1/jobs/$1"
	j .state
}

# Before the first Save.
api GET /api/v1/generations
is "no generations yet" "$STATUS:$(j '.generations | length')" 200:0
is "metrics: none in force" "$(metric generation)" 0
is "metrics: no certificate" "$(metric certificate_days_left)" ""
api POST /api/v1/connection/restore
is "nothing to restore" "$STATUS:$(j .code)" 404:generation.unknown

save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1
save note='更新: ticket <4711>' outbound_enabled=on apply=reload "private_key=@$s/issued-key.pem" \
    "server_certificate=@$s/issued-cert.pem" \
    "ca_certificate=@$s/issued-intermediate.pem"
is "generation 2" "$STATUS:$(j .generation)" 200:2
is "2 is served" "$(served)" "$issued"

# The list, one of them, two of them.
api GET /api/v1/generations
is "newest first" "$(j '[.generations[].id] | tostring')" "[2,1]"
is "who, from where" "$(j '.generations[0] | "\(.by) \(.from) \(.via) \(.outcome)"')" \
    "admin 127.0.0.1 api applied"
is "what" "$(j '.generations[0].summary | tostring')" '["outbound.enabled","certificate"]'
is "why, where it was said" "$(j '[.generations[].note] | tostring')" \
    '["更新: ticket <4711>",null]'
api GET /api/v1/generations?limit=1
is "limit" "$(j '.generations | length')" 1
for bad in limit=0 limit=x limit=1001 limit=-1 other=1; do
	api GET "/api/v1/generations?$bad"
	is "refused: $bad" "$STATUS" 400
done
api GET /api/v1/generations/1
is "one in full" "$(j '"\(.settings.inbound.enabled) \(.certificate.sha256) \(.result.steps | length)"')" \
    "true $self 10"
for bad in 99 -1 x 1x 99999999999; do
	api GET "/api/v1/generations/$bad"
	is "no generation $bad" "$STATUS:$(j .code)" 404:generation.unknown
done
api GET '/api/v1/generations/1/diff?with=2'
is "compared" "$(j '"\([.settings[].path] | tostring) \(.certificate.same)"')" \
    '["outbound.enabled"] false'
like "as a diff" "$(j .diff)" '[+]smtp_tls_security_level = may'
api GET /api/v1/generations/1/diff
is "with what?" "$STATUS:$(j .code)" 400:field.missing
api GET '/api/v1/generations/1/diff?with=7'
is "with none" "$STATUS:$(j .code)" 404:generation.unknown

# Restore by API: plan, stale, for good.
before=$(maincf_hash)
api POST '/api/v1/generations/1/restore?dry_run=true'
is "plan" "$STATUS:$(j .result)" 200:dry_run
like "plan: the diff" "$(j .diff)" '-smtp_tls_security_level = may'
is "plan: nothing done" "$(maincf_hash):$(served)" "$before:$issued"
api POST /api/v1/generations/1/restore -H 'If-Match: "1-00000000"'
is "someone was faster" "$STATUS:$(j .code)" 412:settings.stale
for bad in '{"apply":"later"}' '{"confirm":["no.such"]}' '{"x":1}' '[]' \
    '{"inbound":{"enabled":false}}'; do
	api POST /api/v1/generations/1/restore -H 'Content-Type: application/json' \
	    -d "$bad"
	is "refused: $bad" "$STATUS" 400
done
api POST /api/v1/generations/99/restore
is "restore none" "$STATUS:$(j .code)" 404:generation.unknown
req POST /api/v1/generations/1/restore
is "no token, no restore" "$STATUS" 401
# What is no note: one line of at most 200 characters that all are seen.
long=$(printf '%0201d' 0)
for bad in "$long" $'a\nb' $'a\tb' $'\xe2\x80\xaetxt.exe' $'a\xe2\x80\x8b' $'\xc2\x9b'; do
	api POST /api/v1/generations/1/restore --form-string "note=$bad"
	is "no note, as a form: ${bad:0:4}" "$STATUS:$(j '.code + " " + .errors[0].field')" \
	    "400:note.invalid note"
	api POST /api/v1/connection -H 'Content-Type: application/json' \
	    -d "$(jq -n --arg note "$bad" '{$note, outbound: {enabled: false}}')"
	is "no note, as JSON: ${bad:0:4}" "$STATUS:$(j '.code + " " + .errors[0].field')" \
	    "400:note.invalid note"
done
like "told in one sentence" "$(j '.errors[0].message')" '^A note is one line of at most 200 characters'
is "still 2" "$(served)" "$issued"
api POST /api/v1/generations/1/restore -F apply=reload -F "note=${long:1}"
is "restored" "$STATUS:$(j '"\(.result) \(.generation) \(.apply)"')" "200:applied 3 reload"
is "the old certificate is served" "$(served)" "$self"
is "outbound is off again, as it stood then" "$(param smtp_tls_security_level)" -
api GET /api/v1/generations/3
is "recorded as a restore" "$(j '"\(.kind) \(.restored) \(.in_force)"')" "restore 1 true"
is "with its note of 200 characters" "$(j .note)" "${long:1}"
api POST /api/v1/generations/3/restore
is "in force already" "$STATUS:$(j .result)" 200:unchanged

# Restore on the screen, without JavaScript: log-in, page, button, progress.
page /login
req POST /login -b "$T/jar" -c "$T/jar" --data-urlencode "csrf=$(csrf)" \
    --data-urlencode user=admin --data-urlencode "password=$PASSWORD"
is "signed in" "$STATUS" 303
page /smtp-routing/history
is "history" "$STATUS" 200
is "three rows" "$(grep -c '<a href="/smtp-routing/history/[0-9]*"><span' "$BODY")" 3
like "with the note of one" "$(cat "$BODY")" '更新: ticket &lt;4711&gt;</bdi>'
page '/smtp-routing/history?by=admin&outcome=failed'
is "filtered" "$(grep -c '<a href="/smtp-routing/history/[0-9]*"><span' "$BODY")" 0
page '/smtp-routing/history?sort=nothing'
is "no such order" "$STATUS" 400
page /smtp-routing/history/2
is "one generation" "$STATUS" 200
like "with its note" "$(cat "$BODY")" '更新: ticket &lt;4711&gt;</bdi>'
token=$(csrf) tag=$(etag)
req POST /smtp-routing/history/2 -b "$T/jar" -d do=restore
is "no restore without CSRF" "$STATUS" 403
is "still the old certificate" "$(served)" "$self"
req POST /smtp-routing/history/2 -b "$T/jar" --data-urlencode "csrf=$token" \
    --data-urlencode "etag=\"1-00000000\"" -d do=restore
is "stale page" "$STATUS" 412
like "stale page: says so" "$(cat "$BODY")" 'id="errors"'
req POST /smtp-routing/history/2 -b "$T/jar" --data-urlencode "csrf=$token" \
    --data-urlencode "etag=$tag" -d do=restore -d apply=restart --data-urlencode $'note=a\xe2\x80\xaeb'
is "a note with a hidden character" "$STATUS:$(grep -c 'href="#at-restore".*A note is' "$BODY")" 400:1
req POST /smtp-routing/history/2 -b "$T/jar" --data-urlencode "csrf=$token" \
    --data-urlencode "etag=$tag" -d do=preview -d apply=reload -d 'note=as agreed'
is "its preview keeps what was typed and chosen" \
    "$STATUS:$(grep -c 'id="preview"\|value="as agreed"\|value="reload".* checked' "$BODY"):$(served)" \
    "200:3:$self"
req POST /smtp-routing/history/2 -b "$T/jar" --data-urlencode "csrf=$token" \
    --data-urlencode "etag=$tag" -d do=preview --data-urlencode $'note=a\xe2\x80\xaeb'
is "a preview with a hidden character" "$STATUS:$(grep -c 'href="#at-restore".*A note is' "$BODY")" 400:1
req POST /smtp-routing/history/2 -b "$T/jar" --data-urlencode "csrf=$token" \
    --data-urlencode "etag=$tag" -d do=restore -d apply=restart -d 'note= as agreed '
is "restore pressed" "$STATUS" 303
job=$(sed -n 's/^[Ll]ocation: .*\/job\/\([0-9a-f]*\).*/\1/p' "$HEAD")
is "its job" "$(wait_state "$job")" applied
is "2 is served again" "$(served)" "$issued"
page "/smtp-routing/history/4?with=2"
like "the copy equals it" "$(cat "$BODY")" 'Both have the same certificate and key'
is "beside each other with their notes" \
    "$(grep -o '<bdi>\(as agreed\|更新: ticket &lt;4711&gt;\)</bdi>' "$BODY" | wc -l)" 2
page /smtp-routing/history/99
is "no such page" "$STATUS" 404

# Drift: in status, on the screen, in metrics, with both values.
is "metrics: 4" "$(metric generation):$(metric drift_parameters)" 4:0
like "metrics: format" "$(grep -i ^content-type "$HEAD")" 'text/plain; version=0.0.4'
like "metrics: certificate" "$(metric certificate_days_left)" '^[0-9]+$'
is "metrics: probe" "$(metric probe_ok):$(metric postfix_running):$(metric up)" 1:1:1
is "metrics: outcomes" "$(metric 'generations{outcome="applied"}')" 4
req GET /metrics
is "metrics: not for strangers" "$STATUS" 401
edit smtpd_tls_security_level=none
is "metrics: drift" "$(metric drift_parameters)" 1
api GET /api/v1/status
is "status: both values" "$(j '.drift | tostring')" \
    '[{"parameter":"smtpd_tls_security_level","expected":"may","actual":"none"}]'
ctl status >"$T/status"
is "ctl: needs attention" $? 5
like "ctl: both values" "$(cat "$T/status")" 'smtpd_tls_security_level: expected may, is none'
page /smtp-routing/connection
like "screen: drift" "$(cat "$BODY")" 'id="drift-notice"'
like "screen: the value" "$(cat "$BODY")" '<code>none</code>'

# What has no name is told as that.
for bad in '{"a":"\u0000"}' '{"\ud800":1}' $'{"\xff":1}' $'{"apply":"\xff"}' '{"":1}'; do
	api POST /api/v1/connection -H 'Content-Type: application/json' --data-binary "$bad"
	like "no name in a sentence: ${bad:0:5}" "$STATUS $(j .detail)" '^400 .*(name not known)'
done

# Restore it, by API.
api POST '/api/v1/connection/restore?dry_run=true'
is "drift: plan" "$STATUS:$(j '"\(.result) \(.changes[0].before) \(.changes[0].after)"')" \
    "200:dry_run none may"
api POST /api/v1/connection/restore
is "drift: restored" "$STATUS:$(j .result)" 200:applied
is "drift: gone" "$(metric drift_parameters):$(param smtpd_tls_security_level)" 0:may
is "drift: served" "$(served)" "$issued"

# Adopt it, on the screen.
edit smtpd_tls_security_level=encrypt
page /smtp-routing/connection
token=$(csrf) tag=$(etag)
req POST /smtp-routing/connection/drift -b "$T/jar" \
    --data-urlencode "csrf=$token" --data-urlencode "etag=$tag" -d do=adopt
is "adopt pressed" "$STATUS" 303
job=$(sed -n 's/^[Ll]ocation: .*\/job\/\([0-9a-f]*\).*/\1/p' "$HEAD")
is "adopted" "$(wait_state "$job")" applied
api GET /api/v1/connection
is "became settings" "$(j '"\(.settings.inbound.tls_only) \(.drift | length)"')" "true 0"
api GET "/api/v1/generations/$(j .generation.id)"
is "recorded as adopted" "$(j .kind)" adopt
like "TLS only now" "$(smtp "$SMTP_PORT" "EHLO a.test" "MAIL FROM:<a@a.test>")" '530 '
# What cannot become a setting is refused, and nothing is touched.
edit smtp_tls_security_level=perhaps
before=$(maincf_hash)
api POST /api/v1/connection/adopt
is "not adoptable" "$STATUS:$(j .code)" 422:drift.not_adoptable
is "not adoptable: named" "$(j '.errors[0].code')" drift.not_adoptable
is "not adoptable: untouched" "$(maincf_hash)" "$before"
api POST /api/v1/connection/restore -H 'Prefer: respond-async'
is "restored in the background" "$STATUS" 202
is "restored: done" "$(wait_state "$(j .job)")" applied
last=$(metric generation)

# Audit: file, API with filters, page; hostile text stays text.
curl -s --cacert "$CA" -o /dev/null -c "$T/jar2" "$URL/login"
req GET /login -b "$T/jar2" -c "$T/jar2"
req POST /login -b "$T/jar2" -c "$T/jar2" --data-urlencode "csrf=$(csrf)" \
    --data-urlencode 'user=<script>alert(1)</script>' -d password=wrong-password
api GET '/api/v1/audit?event=login_failed'
is "audit: a refused log-in" "$(j '.entries | length')" 1
like "audit: its outcome" "$(j '.entries[0] | "\(.outcome) \(.from)"')" '^refused 127'
page '/audit?event=login_failed'
unlike "audit page: no markup" "$(cat "$BODY")" '<script>alert'
api GET '/api/v1/audit?event=generation.restore&outcome=applied'
is "audit: restores" "$(j '.entries | length')" 4
is "audit: why" "$(j '[.entries[].note // empty] | tostring')" "[\"as agreed\",\"${long:1}\"]"
api GET '/api/v1/audit?text=ticket+%3C4711'
is "audit: found by its note" "$(j '[.entries[].event] | tostring')" '["connection.apply"]'
page '/audit?text=ticket+%3C4711'
like "audit page: why" "$(cat "$BODY")" '<bdi>更新: ticket &lt;4711&gt;</bdi>'
page '/audit.csv?text=ticket+%3C4711'
like "audit as CSV: why" "$(sed -n 2p "$BODY")" ',"更新: ticket <4711>"'
api GET '/api/v1/audit?event=connection.adopt'
is "audit: adopts" "$(j '[.entries[].outcome] | sort | tostring')" '["applied","refused"]'
api GET '/api/v1/audit?limit=2'
is "audit: two" "$(j '.entries | length')" 2
next=$(j .next) first=$(j '.entries[1].offset')
api GET "/api/v1/audit?limit=2&before=$next"
ok "audit: the next are older" test "$(j '.entries[0].offset')" -lt "$first"
for bad in before=x limit=0 nothing=1; do
	api GET "/api/v1/audit?$bad"
	is "audit refused: $bad" "$STATUS" 400
done
is "audit file: only root reads" "$(stat -c '%a %U' "$STATE/daemon/audit.log")" "600 root"
page /audit
is "audit page" "$STATUS" 200
like "audit page: says adopt" "$(cat "$BODY")" 'Adopt'

# With the web process down, the shell is the way back.  The launcher would
# end everything with it, so it sleeps until the end.
CLEAN+=("kill -CONT $RUN_PID")
kill -STOP "$RUN_PID"
kill -TERM "$(access '.pids["postseal.fcgi"]')"
ok "the web process is down" wait_for 20 ended "$(access '.pids["postseal.fcgi"]')"
is "ctl: history" "$(ctl --json history | jq '.generations[0].id')" "$last"
is "ctl: show" "$(ctl --json show 1 | jq -r .certificate.sha256)" "$self"
like "ctl: show for people" "$(ctl show 1)" 'smtpd_tls_chain_files'
like "ctl: diff" "$(ctl diff 1 2)" '[+]smtp_tls_security_level = may'
is "ctl: diff as JSON" "$(ctl --json diff 1 2 | jq .certificate.same)" false
before=$(maincf_hash)
like "ctl: plan" "$(ctl restore 1 --dry-run)" 'result +dry_run'
is "ctl: plan did nothing" "$(maincf_hash)" "$before"
is "ctl: restore" "$(ctl --json restore 1 --apply reload --note 'from the shell' | jq -r .result)" applied
like "ctl: its note" "$(ctl history --limit 1) $(ctl show "$((last + 1))")" 'true +from the shell.*note +from the shell'
is "ctl: the old certificate is served" "$(served)" "$self"
edit smtpd_tls_security_level=encrypt
is "ctl: adopt" "$(ctl --json adopt | jq -r .result)" applied
is "ctl: status" "$(ctl --json status | jq -r '.settings.inbound.tls_only')" true
like "ctl: recover" "$(ctl recover)" "generation +$((last + 2))"
like "ctl: audit" "$(ctl audit --event connection.adopt --limit 1)" 'local +ctl'
is "ctl: audit as JSON" "$(ctl --json audit --limit 3 | jq '.entries | length')" 3
# Exit states.
while read -r want words; do
	# shellcheck disable=SC2086
	ctl $words >/dev/null 2>&1
	is "ctl: $words" $? "$want"
done <<-WORDS
	0 status
	3 show 99
	3 restore 99
	3 diff 1 99
	2 show x
	2 show
	2 diff 1
	2 restore 1 --limit 3
	2 audit --apply reload
	2 audit --limit x
	1 restore 1 --apply later
	1 restore 1 --confirm no.such
	1 restore 1 --note a​b
WORDS
kill -KILL "$(access .pids.postseald)"
ok "postseald is killed" wait_for 20 ended "$(access .pids.postseald)"
ctl show 1 >/dev/null 2>&1
is "ctl: postseald is gone" $? 4
done_testing
