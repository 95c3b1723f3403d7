#!/bin/bash
# Two people at the screen, a script with the API and an editor at a shell, in
# whatever order chance has it: each goes on from what he saw last, which may
# be long ago.  Whatever succeeds is in force, and is all that changed; who
# changes over a colleague or an editor was told so; whoever is refused has
# changed nothing; mail goes in and out all the time.
#
# AT_ONCE=25 actions; SEED= of a run that is to be seen again.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/lived.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/form.sh"

# shellcheck disable=SC2034
declare -A PENDING NOW WAS LAST_BY HELD SEEN_tanaka SEEN_sato SEEN_script COUNT
KEYS='in out timeout loglevel access limit leaf foreign'
WRONG=() N=0 SAVED=0 LOST=0 LOWERED=0 FOREIGN=0 MAIL_LOST=0

pick() { local a=("$@"); PICK=${a[RANDOM % $#]}; }

# What is in force, by key: what people mean, not the paths of a generation.
look_now()
{
	local map chain v

	mapfile -t v < <(postconf -c "$PF" -xh smtpd_tls_security_level \
	    smtp_tls_security_level smtpd_timeout smtpd_tls_loglevel \
	    smtpd_client_restrictions smtpd_tls_chain_files 2>/dev/null)
	NOW[in]=${v[0]} NOW[out]=${v[1]} NOW[loglevel]=${v[3]}
	NOW[timeout]=$(sed 's/^${stress?{10}:{\(.*\)}}s$/\1s/; s/^s$/300s/' <<<"${v[2]}")
	map=${v[4]#*cidr:} map=${map%%[ ,]*}
	NOW[access]=$(sed "s|cidr:$STATE/[^ ,]*|OURS|" <<<"${v[4]}")
	[[ ${v[4]} != *"cidr:$STATE/"* ]] ||
		NOW[access]+=" $(grep -o '^198[^ 	]*' "$map" | paste -sd ' ')"
	chain=${v[5]##*[, ]}
	NOW[leaf]=$(leaf_of "$chain")
	NOW[limit]=$(awk -v s="127.0.0.1:$SMTP_PORT" '$1 == s { print $7 }' "$PF/master.cf")
	NOW[foreign]=$({ lived_lines "$PF/main.cf" $MANAGED
	    awk -v s="127.0.0.1:$SMTP_PORT" '$1 != s' "$PF/master.cf"; } | sha256sum)
}
MANAGED='smtpd_tls_security_level smtp_tls_security_level smtpd_timeout
    smtpd_tls_loglevel smtpd_client_restrictions smtpd_tls_chain_files
    smtpd_tls_received_header smtpd_tls_mandatory_protocols smtp_tls_CAfile
    smtp_tls_loglevel smtpd_tls_cert_file smtpd_tls_key_file'

rank() { case $1 in '' | none) echo 0 ;; may) echo 1 ;; dane) echo 2 ;; *) echo 3 ;; esac; }
saw() { local k; for k in $KEYS; do eval "SEEN_$1[$k]=\${NOW[$k]}"; done; }

# KEY VALUE: as a page shows it, where outbound TLS is on or off; that a level
# which somebody set by hand would fall is asked whoever saw it.
shown()
{
	case $1 in
	out) [ "$(rank "$2")" = 0 ] && echo off || echo on ;;
	*) echo "$2" ;;
	esac
}

# What a person could want: one or two keys, as fields of form and API.
want()
{
	local n=$((1 + RANDOM % 2)) k

	ASKS=() FIELDS=() FILES=()
	while [ ${#ASKS[@]} -lt $n ]; do
		pick in out timeout access limit leaf
		k=$PICK
		[[ " ${ASKS[*]} " != *" $k "* ]] || continue
		ASKS+=("$k")
		case $k in
		in) pick on off; FIELDS+=("tls_only=$PICK") ;;
		out) pick on off; FIELDS+=("outbound_enabled=$PICK") ;;
		timeout) FIELDS+=("idle_timeout=$((5 + RANDOM % 90))") ;;
		limit) FIELDS+=(connection_limit=limited "max_connections=$((20 + RANDOM % 80))") ;;
		access) FIELDS+=(access_policy=accept_except "access_list=198.51.100.$((RANDOM % 256))") ;;
		leaf)
			pick self-signed issued
			LEAF=$(leaf_of "$SAMPLES/$PICK-cert.pem")
			FILES=(-F "private_key=@$SAMPLES/$PICK-key.pem" -F "server_certificate=@$SAMPLES/$PICK-cert.pem")
			[ $PICK != issued ] || FILES+=(-F "ca_certificate=@$SAMPLES/issued-intermediate.pem") ;;
		esac
	done
}

# Does what is in force say what was wanted?  Where the generation says so
# already and somebody has set another value by hand, that stays, and is told.
got_it()
{
	local f v
	local -A of=([tls_only]=smtpd_tls_security_level
	    [outbound_enabled]=smtp_tls_security_level
	    [idle_timeout]=smtpd_timeout [max_connections]=master.cf:maxproc)

	for f in "${FIELDS[@]}"; do
		v=${f#*=}
		[[ " $STAYS " != *" ${of[${f%%=*}]-none} "* ]] || continue
		case ${f%%=*}:$v in
		tls_only:on) [ "${NOW[in]}" = encrypt ] ;;
		tls_only:off) [ "${NOW[in]}" = may ] ;;
		outbound_enabled:on) [ "$(rank "${NOW[out]}")" -ge 1 ] ;;
		outbound_enabled:off) [ "$(rank "${NOW[out]}")" = 0 ] ;;
		idle_timeout:*) [ "${NOW[timeout]}" = $((v * 60))s ] ;;
		max_connections:*) [ "${NOW[limit]}" = "$v" ] ;;
		access_list:*) [[ ${NOW[access]} == *"OURS"* ]] && grep -qF "$v " <(grep '^198[.]51' "$STATE"/daemon/generations/gen-"$(generation)"/access.cidr) ;;
		esac || WRONG+=("$f is not in force: ${NOW[in]} ${NOW[out]} ${NOW[timeout]} ${NOW[limit]} ${NOW[access]}")
	done
	[ ${#FILES[@]} -eq 0 ] || [ "${NOW[leaf]}" = "$LEAF" ] ||
		WRONG+=("the certificate is not in force")
}

generation() { grep -o '[0-9]*' "$STATE/daemon/current" | head -1; }

# What he asked for over somebody else's change that he had not seen.
blind_over()
{
	local k seen

	OVER=
	for k in "${ASKS[@]}"; do
		eval "seen=\${SEEN_$WHO[$k]-}"
		[ "$(shown $k "$seen")" = "$(shown $k "${WAS[$k]}")" ] ||
			[ "${LAST_BY[$k]-}" = $WHO ] || OVER+=" $k"
	done
}

# After an action of WHO: DONE=yes, no, or free (an editor).
judge()
{
	local k
	local -A mine=()

	look_now
	# What he typed and did not get waits on his page.
	for k in "${ASKS[@]}" ${PENDING[$WHO]-}; do mine[$k]=yes; done
	case $DONE in
	yes) PENDING[$WHO]= ;;
	no) PENDING[$WHO]+=" ${ASKS[*]}" ;;
	esac
	for k in $KEYS; do
		[ "${NOW[$k]}" != "${WAS[$k]}" ] || continue
		[ $DONE = no ] || [ -z "${mine[$k]-}" ] || continue
		if [ $k = foreign ]; then
			FOREIGN=$((FOREIGN + 1))
			WRONG+=("lines of others changed")
		else
			LOST=$((LOST + 1))
			WRONG+=("$k changed without being asked ($DONE): ${WAS[$k]} to ${NOW[$k]}, of ${LAST_BY[$k]-nobody}")
			case $k in
			in | out)
				[ "$(rank "${NOW[$k]}")" -ge "$(rank "${WAS[$k]}")" ] ||
					LOWERED=$((LOWERED + 1)) ;;
			esac
		fi
	done
	[ $DONE = no ] || got_it
	for k in $OVER; do
		[ "$DONE:$TOLD" = yes:no ] && [ "${NOW[$k]}" != "${WAS[$k]}" ] ||
			continue
		LOST=$((LOST + 1))
		WRONG+=("over ${LAST_BY[$k]-somebody} without a word: $k, ${WAS[$k]} to ${NOW[$k]}")
	done
	for k in "${ASKS[@]}"; do
		[ $DONE = no ] || [ "${NOW[$k]}" = "${WAS[$k]}" ] || LAST_BY[$k]=$WHO
	done
	[ -z "$OVER" ] || COUNT[conflict]=$((${COUNT[conflict]-0} + 1))
	lived_mail s@1
	[ "${WIRE%%/*}" = tls ] && [[ $WIRE == */tls || ( $WIRE == */plain && $(rank "${NOW[out]}") = 0 ) ]] || {
		MAIL_LOST=$((MAIL_LOST + 1))
		WRONG+=("mail: $WIRE")
	}
}

# The confirmations that an answer asks for, when there is nothing but those.
confirms()
{
	CONFIRM=()
	[ "$(j '[.errors[]? | .severity] | unique | join(" ")')" = confirm ] || return
	mapfile -t CONFIRM < <(j '.errors[].code' | sort -u)
}

# A script: a patch, with or without the state that it is based on.
act_script()
{
	local args=("${FILES[@]}") f etag=()

	blind_over
	for f in "${FIELDS[@]}"; do args+=(-F "$f"); done
	[ $((RANDOM % 2)) = 0 ] || [ -z "${ETAG:-}" ] || etag=(-H "If-Match: $ETAG")
	api POST /api/v1/connection -F apply=reload "${args[@]}" "${etag[@]}"
	confirms
	if [ "$STATUS" = 422 ] && [ ${#CONFIRM[@]} -gt 0 ] && [ $((RANDOM % 3)) -gt 0 ]; then
		TOLD=yes
		for f in "${CONFIRM[@]}"; do args+=(-F "confirm=$f"); done
		api POST /api/v1/connection -F apply=reload "${args[@]}"
	fi
	ANSWER="$STATUS $(j '.result // .code')"
	[ "$STATUS" = 200 ] && DONE=yes || DONE=no
	STAYS=$(j '[.findings[]? | select(.code == "drift.stays") | .args.parameter] | join(" ")')
	# Both values of whatever changed are in the answer.
	[ $DONE = no ] || [ "$(j '.changes | length')" = 0 ] || TOLD=yes
	[[ $STATUS =~ ^(200|409|412|422)$ ]] || WRONG+=("answer $ANSWER")
	api GET /api/v1/connection
	ETAG=$(sed -n 's/^[Ee][Tt]ag: //p' "$HEAD" | tr -d '\r')
	look_now
	saw script
}

# A box that is on his page as he wants it is not touched, whatever has become
# of it since.
as_shown()
{
	local f left=() in out

	eval "in=\${SEEN_$WHO[in]-} out=\${SEEN_$WHO[out]-}"
	for f in "${FIELDS[@]}"; do
		case $f in
		tls_only=on) [ "$in" != encrypt ] || continue ;;
		tls_only=off) [ "$in" = encrypt ] || continue ;;
		outbound_enabled=*) [ "${f#*=}" != "$(shown out "$out")" ] || continue ;;
		esac
		left+=("$f")
	done
	FIELDS=("${left[@]}")
}

# A person at the screen, with the page that is still open from last time.
act_person()
{
	local before f typed=() presses=0

	before=$(generation)
	JAR=$T/jar.$WHO
	[ -s "$T/page.$WHO" ] || {
		page /smtp-routing/connection
		cp "$BODY" "$T/page.$WHO"
		saw "$WHO"
	}
	# Files that he chose before and that were refused wait for his next Save,
	# whichever page of his that is.
	[[ " ${ASKS[*]} " == *" leaf "* ]] || [ -z "${HELD[$WHO]-}" ] || ASKS+=(leaf)
	as_shown
	for f in "${FIELDS[@]}"; do
		case $f in
		*=off) typed+=("-${f%=*}") ;;
		*) typed+=("$f") ;;
		esac
	done
	blind_over
	api GET /api/v1/connection
	STAYS=$(j '[.drift[].parameter] | join(" ")')
	cp "$T/page.$WHO" "$BODY"
	DONE=no
	while [ $presses -lt 3 ]; do
		presses=$((presses + 1))
		form_fill "${typed[@]}" || { WRONG+=("no form"); break; }
		if [ $presses -eq 1 ]; then
			form_press "${FILES[@]}"
		else
			form_press
		fi
		if [ "$(generation)" != "$before" ]; then
			DONE=yes
			break
		fi
		# Asked, or shown what a colleague did: a page with the form.
		typed=()
		mapfile -t CONFIRM < <(grep -o 'name="confirm" value="[^"]*"' "$BODY" | cut -d '"' -f 4)
		for f in "${CONFIRM[@]}"; do typed+=("confirm=$f"); done
		grep -q 'id="errors"\|name="confirm"' "$BODY" || break
		TOLD=yes
		[ $((RANDOM % 4)) -gt 0 ] || break
	done
	ANSWER="$FORM after $presses"
	[ $DONE = yes ] && HELD[$WHO]= || HELD[$WHO]+=${FILES[*]}
	page /smtp-routing/connection
	look_now
	# Half of them leave the page open and go for lunch.
	[ $((RANDOM % 2)) = 0 ] || { cp "$BODY" "$T/page.$WHO"; saw "$WHO"; }
}

# Two scripts and an editor at the very same time.
act_all()
{
	local n m=$((20 + RANDOM % 80)) t=$((5 + RANDOM % 90)) banner=$RANDOM pids=()

	WHO=script TOLD=yes DONE=yes ASKS=() FIELDS=() FILES=()
	for n in 1 2; do
		"${CURL[@]}" --cacert "$CA" -K "$T/auth" -o /dev/null -w '%{http_code}' \
		    -F apply=reload -F "$([ $n = 1 ] && echo "idle_timeout=$t" || echo "max_connections=$m")" \
		    -F "$([ $n = 1 ] && echo confirm=drift.overwrites || echo connection_limit=limited)" \
		    "$URL/api/v1/connection" >"$T/status.$n" 2>&1 &
		pids+=($!)
	done
	edit "smtpd_banner=\$myhostname ESMTP $banner"
	wait "${pids[@]}"
	ASKS=(foreign)
	[ "$(cat "$T/status.1")" != 200 ] || { ASKS+=(timeout); FIELDS+=("idle_timeout=$t"); }
	[ "$(cat "$T/status.2")" != 200 ] || { ASKS+=(limit); FIELDS+=("max_connections=$m"); }
	ANSWER="at once $(cat "$T/status.1") $(cat "$T/status.2")"
	[[ $ANSWER =~ ^at\ once\ (200|409|412|422)\ (200|409|412|422)$ ]] || WRONG+=("$ANSWER")
	[[ $(param smtpd_banner) == *" $banner" ]] || {
		LOST=$((LOST + 1))
		WRONG+=("the editor's line is lost: $(param smtpd_banner)")
	}
}

# At the shell.  All that he does is his own to know.
act_editor()
{
	ASKS=() FIELDS=() FILES=() DONE=yes
	pick timeout in out loglevel foreign foreign comment
	case $PICK in
	timeout) edit "smtpd_timeout=$((100 + RANDOM % 900))s" ;;
	in) edit smtpd_tls_security_level=encrypt ;;
	out) pick may encrypt dane; edit "smtp_tls_security_level=$PICK"; PICK=out ;;
	loglevel) edit "smtpd_tls_loglevel=$((RANDOM % 3))" ;;
	foreign) edit "smtpd_banner=\$myhostname ESMTP $RANDOM" ;;
	comment)
		printf '# note %s\nnote_%s = %s\n' $N $N $N >>"$PF/main.cf"
		touch -d '10 seconds ago' "$PF/main.cf"
		PICK=foreign ;;
	esac
	ASKS=("$PICK") ANSWER=$PICK TOLD=yes
}

# Drift becomes the settings, and nothing changes by it; or it goes, by name.
act_adopt()
{
	local drift

	ASKS=() FIELDS=() FILES=() WHO=script
	api GET /api/v1/connection
	drift=$(j '[.drift[].parameter] | join(" ")')
	if [ $((RANDOM % 3)) -gt 0 ]; then
		api POST /api/v1/connection/adopt -F apply=reload
		[ "$STATUS" = 200 ] && DONE=yes || DONE=no
		# What it has no words for, it names, and puts back by a word.
		if [ "$(j .code)" = drift.reset ] && [ $((RANDOM % 2)) = 0 ]; then
			api POST /api/v1/connection/adopt -F apply=reload -F confirm=drift.reset
			[ "$STATUS" = 200 ] && DONE=yes
			ASKS=(loglevel timeout)
		fi
		ANSWER="adopt $STATUS $(j '.result // .code')"
	else
		api POST /api/v1/connection/restore -F apply=reload
		[ "$STATUS:$(j .code)" != 422:level.lowered ] || [ $((RANDOM % 2)) = 0 ] ||
			api POST /api/v1/connection/restore -F apply=reload -F confirm=level.lowered
		[ "$STATUS" = 200 ] && DONE=yes || DONE=no
		for k in $drift; do
			case $k in
			smtpd_tls_security_level) ASKS+=(in) ;;
			smtp_tls_security_level) ASKS+=(out) ;;
			smtpd_timeout) ASKS+=(timeout) ;;
			smtpd_tls_loglevel) ASKS+=(loglevel) ;;
			esac
		done
		ANSWER="restore $STATUS $(j '.result // .code') of $drift"
	fi
	[[ $STATUS =~ ^(200|422)$ ]] || WRONG+=("answer $ANSWER $(head -c 300 "$BODY")")
	TOLD=yes
}

console_start
edit biff=no
lived_certificates && lived_sink || bail "the other side does not start"
edit "relayhost=[127.0.0.1]:$RELAY"
save inbound_enabled=on outbound_enabled=on \
    "private_key=@$SAMPLES/self-signed-key.pem" \
    "server_certificate=@$SAMPLES/self-signed-cert.pem"
is "generation 1" "$STATUS:$(j .generation)" 200:1
as_admin POST /api/v1/users -H 'Content-Type: application/json' \
    -d '{"name": "tanaka", "role": "administrator", "password": "vole kettle lantern"}'
as_admin POST /api/v1/users -H 'Content-Type: application/json' \
    -d '{"name": "sato", "role": "operator", "password": "vole kettle lantern"}'
for WHO in tanaka sato; do
	JAR=$T/jar.$WHO
	sign_in $WHO 'vole kettle lantern' || bail "$WHO cannot sign in: $STATUS"
done
# In make check always the same; more and others in check-lived-in.
[ -n "${AT_ONCE:-}" ] || SEED=${SEED:-731572093}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$SEED
note "SEED=$SEED"
look_now
saw script
for ((N = 1; N <= ${AT_ONCE:-25}; N++)); do
	for k in $KEYS; do WAS[$k]=${NOW[$k]}; done
	WRONG=() TOLD=no DONE=no ANSWER='' OVER='' STAYS=''
	pick ${ACTORS:-tanaka tanaka sato script script editor editor adopt all}
	WHO=$PICK
	want
	case $WHO in
	tanaka | sato) act_person ;;
	*) act_$WHO ;;
	esac
	asked=${ASKS[*]}
	judge
	COUNT[$DONE]=$((${COUNT[$DONE]-0} + 1))
	[[ $DONE:$WHO != yes:@(tanaka|sato|script) ]] || SAVED=$((SAVED + 1))
	[ ${#WRONG[@]} -eq 0 ]
	result "$N: $WHO, $asked: $ANSWER${OVER:+ (over$OVER)}" || note "${FIELDS[*]}" "${WRONG[@]}"
done
note "$((N - 1)) actions, SEED=$SEED: ${COUNT[yes]-0} done, ${COUNT[no]-0} refused, ${COUNT[conflict]-0} over something unseen"
is "all of them were tried" $((${COUNT[yes]-0} + ${COUNT[no]-0})) "${AT_ONCE:-25}"
ok "$SAVED Saves of people and scripts were done" [ $SAVED -ge $((${AT_ONCE:-25} / 5)) ]
is "changes lost without a word" $LOST 0
is "levels lowered unasked" $LOWERED 0
is "lines of others changed" $FOREIGN 0
is "messages lost or in plaintext" $MAIL_LOST 0
done_testing
