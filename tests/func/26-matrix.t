#!/bin/bash
# The matrix: set-ups of Postfix as they are found (tests/data/lived-in), each
# through what a console does to it.  Before and after each action a message
# goes in and out by every listener.  Counted: levels that were lowered
# without being asked, lines of others that were changed, messages lost, and
# messages in plaintext that were not before.  All four have to be 0.
#
# A sample here; `make check-lived-in` takes all.  LIVED_IN="dane crlf": these,
# LIVED_IN=all; SHARD=1/3: each third one of them, from the first.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/lib/postfix-instance.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/lived.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/form.sh"

# The rows of TABLE, without notes.
table()
{
	sed 's/#.*//; /^[ \t]*$/d' "$LIVED/TABLE"
}
SAMPLE='look adopt in out renew form hand restore'
ALL='look dry adopt same in out timeout form only only_off renew form_file original
    restore leave adopt in out hand raised restore_asks adopt_again restore
    access access_off given_back off'

LEVEL_IN='smtpd_tls_security_level smtpd_tls_loglevel smtpd_tls_received_header
    smtpd_tls_mandatory_protocols smtpd_use_tls smtpd_enforce_tls'
FILES='smtpd_tls_chain_files smtpd_tls_cert_file smtpd_tls_key_file
    smtpd_tls_eccert_file smtpd_tls_eckey_file smtpd_tls_dcert_file
    smtpd_tls_dkey_file smtpd_tls_CAfile'
LEVEL_OUT='smtp_tls_security_level smtp_tls_CAfile smtp_tls_loglevel smtp_use_tls
    smtp_enforce_tls'

# Whoever they send to, or let send, has to have TLS: without it mail waits, and
# that is what was asked for.
NEEDS_TLS=' m365 ccert-relay '

# Each action says which parameters it is about; does it, with STATUS as the
# outcome; and may ask for something lower.
about() { ABOUT=$*; }

# same_ WHAT GOT WANT: of the action that runs.
same_()
{
	[ "$2" = "$3" ] || WRONG+=("$1: $2, not $3")
}

# post [curl arguments]: with what has to be confirmed here
post()
{
	local c args=()

	for c in $CONFIRM; do
		args+=(-F "confirm=$c")
	done
	req POST "/api/v1/connection${SUB:-}" -K "${AUTH:-$T/auth}" \
	    -F apply=reload "${args[@]}" "$@"
}

# Lowered by name: a level that the console has not written itself is asked for.
lower()
{
	ASKED=yes
	post "$@"
	[ "$STATUS:$(j .code)" != 422:level.lowered ] ||
		post "$@" -F confirm=level.lowered
}

pair()
{
	LEAF=$(leaf_of "$SAMPLES/$1-cert.pem")
	PAIR=(-F "private_key=@$SAMPLES/$1-key.pem"
	    -F "server_certificate=@$SAMPLES/$1-cert.pem")
	[ "$1" != issued ] ||
		PAIR+=(-F "ca_certificate=@$SAMPLES/issued-intermediate.pem")
}

written()
{
	same_ smtpd_timeout "$(param smtpd_timeout)" \
	    "\${stress?{10}:{$((MINUTES * 60))}}s"
}

# The leaf that a Save brought is what is served, where this can be looked at.
serves()
{
	local got

	[ "$STATUS" = 200 ] && [ "$(param smtpd_tls_chain_files)" != - ] || return 0
	case ${LISTENERS%% *} in
	[sc]@1)
		got=$(served)
		same_ served "${got:0:8}" "${LEAF:0:8}" ;;
	esac
}

act_look()
{
	about
	api GET /api/v1/status
	same_ "first sight" "$(j '"\(.settings.inbound.enabled) \(.settings.inbound.tls_only) \(.settings.outbound.enabled)"')" "$SIGHT"
	same_ "generation and drift" "$(j '"\(.generation) \(.drift | length)"')" "0 0"
	api GET /metrics
	same_ "metrics" "$(sed -n 's/^postseal_outbound_tls //p' "$BODY" | sed 's/[1-9]/true/; s/0/false/')" "${SIGHT##* }"
	page /smtp-routing/connection
	same_ "the form" "$(grep -c 'id="connection"' "$BODY")" 1
}

act_dry()
{
	about
	pair self-signed
	SUB='?dry_run=true' post -F inbound_enabled=on -F outbound_enabled=on \
	    -F tls_only=on "${PAIR[@]}"
}

act_adopt()
{
	about
	SUB=/adopt post
	same_ adopted "$(j .result)" applied
}

# All that the view shows, sent back as it is.
act_same()
{
	about
	api GET /api/v1/connection
	j '.settings + {apply: "reload"}' >"$T/request.json"
	api POST /api/v1/connection -H 'Content-Type: application/json' \
	    --data-binary @"$T/request.json"
	same_ "as it is shown" "$(j .result)" unchanged
}

act_in()
{
	about "$LEVEL_IN $FILES"
	pair self-signed
	post -F inbound_enabled=on "${PAIR[@]}"
	serves
}

act_out()
{
	about "$LEVEL_OUT"
	post -F outbound_enabled=on
	KEPT=$(j .generation)
}

act_timeout()
{
	about smtpd_timeout
	MINUTES=$((MINUTES + 1))
	post -F idle_timeout=$MINUTES
	written
}

act_form()
{
	about smtpd_timeout
	MINUTES=$((MINUTES + 1))
	form idle_timeout=$MINUTES
	written
}

act_only()
{
	about "$LEVEL_IN"
	[ "${LEVELS%% *}" != 0 ] || { STATUS=200; return; }
	post -F tls_only=on
}

act_only_off()
{
	about "$LEVEL_IN"
	[ "${LEVELS%% *}" = 2 ] || { STATUS=200; return; }
	lower -F tls_only=off
}

# The hook of certbot: a scope that can confirm what is of certificates alone.
act_renew()
{
	about "$FILES"
	pair issued
	AUTH=$T/renewal post "${PAIR[@]}"
	serves
}

act_form_file()
{
	about "$FILES"
	pair self-signed
	form '' "${PAIR[@]}"
	serves
}

# By hand: a line of ours, and one of theirs; then Saves of something else.
act_hand()
{
	about "$FILES smtpd_timeout smtpd_tls_loglevel mail_name"
	edit smtpd_tls_loglevel=2 "mail_name=By Hand"
	MINUTES=$((MINUTES + 1))
	post -F idle_timeout=$MINUTES
	written
	pair issued
	post "${PAIR[@]}"
	same_ "what was set by hand" "$(param smtpd_tls_loglevel) $(param mail_name)" "2 By Hand"
	serves
}

# Levels that somebody raises by hand; Saves of something else.
act_raised()
{
	local in out

	about "$FILES smtpd_timeout"
	read -r in out _ <<<"$LEVELS"
	[ "$in" != 1 ] || edit smtpd_tls_security_level=encrypt
	[ "$out" != 1 ] || edit smtp_tls_security_level=encrypt
	cp -L "$PF/main.cf" "$T/before.cf"
	lived_levels
	levels=$LEVELS
	MINUTES=$((MINUTES + 1))
	post -F idle_timeout=$MINUTES
	written
	pair self-signed
	AUTH=$T/renewal post "${PAIR[@]}"
	serves
}

act_adopt_again()
{
	about "$LEVEL_IN $LEVEL_OUT $FILES"
	SUB=/adopt post -F confirm=drift.reset
	api GET /api/v1/connection
	same_ "drift after adopt" "$(j '.drift | length')" 0
}

# Ours comes first, and theirs behind it as they were.
restrictions()
{
	postconf -c "$PF" -h smtpd_client_restrictions | tr -s ', \n' '   ' |
	    sed "s|check_client_access cidr:$STATE/[^ ]* *||; s/ *$//"
}
act_access()
{
	about smtpd_client_restrictions
	RESTRICTIONS=$(restrictions)
	post -F access_policy=accept_except -F access_list=198.51.100.0/24
	[ "$STATUS" = 200 ] || return
	same_ "other restrictions" "$(restrictions)" "$RESTRICTIONS"
	same_ "ours is there" "$(param smtpd_client_restrictions | grep -c "^check_client_access cidr:$STATE/")" 1
}
act_access_off()
{
	about smtpd_client_restrictions
	post -F access_policy= -F access_list=
	same_ "restrictions" "$(restrictions)" "$RESTRICTIONS"
	same_ "ours is gone" "$(param smtpd_client_restrictions | grep -c "$STATE/")" 0
}

restore()	# [curl arguments]
{
	req POST "/api/v1/generations/$KEPT/restore" -K "$T/auth" \
	    -F apply=reload -F confirm=probe.blind "$@"
}

# Over a level that was raised by hand it is not done by the way.
act_restore_asks()
{
	about
	STATUS=200
	[[ $SIGHT != *" true "* ]] && [ -n "$(drifted smtpd_tls_security_level)$(drifted smtp_tls_security_level)" ] || return
	restore
	same_ "restore over what was raised" "$STATUS:$(j .code)" 422:level.lowered
	STATUS=200
}

# The set-up as it was found: all that differs from it is a line of others.
stood()
{
	cp "$T/main.new" "$T/before.cf"
	cp "$T/master.new" "$T/before.master"
	same_ "main.cf, byte for byte" "$(sha256sum <"$PF/main.cf")" "$(sha256sum <"$T/main.new")"
	same_ "master.cf, byte for byte" "$(sha256sum <"$PF/master.cf")" "$(sha256sum <"$T/master.new")"
	api GET /api/v1/status
	same_ "as at first sight" "$(j '"\(.settings.inbound.enabled) \(.settings.inbound.tls_only) \(.settings.outbound.enabled) \(.drift | length)"')" "$SIGHT 0"
}

act_original()
{
	local KEPT=0

	act_restore
	about
	stood
}

act_leave()
{
	about
	ASKED=yes
	"$B/postsealctl" -c "$STATE/postseal.conf" leave --apply reload \
	    --confirm probe.blind --confirm level.lowered >"$BODY" 2>&1
	same_ "postsealctl leave" $? 0
	stood
	same_ "no generation" "$(j .generation)" 0
	KEPT=1
}

# A generation with less than what is in force by now is named with all that
# it says.
act_restore()
{
	about "$LEVEL_IN $LEVEL_OUT $FILES smtpd_timeout"
	ASKED=yes
	restore
	[ "$STATUS:$(j .code)" != 422:level.lowered ] ||
		restore -F confirm=level.lowered
}

act_given_back()
{
	about smtpd_timeout
	api POST /api/v1/connection -H 'Content-Type: application/json' \
	    -d '{"apply": "reload", "interface": {"idle_timeout": 77}}'
	api POST /api/v1/connection -H 'Content-Type: application/json' \
	    -d '{"apply": "reload", "interface": {"idle_timeout": null}}'
	same_ "smtpd_timeout" "$(param smtpd_timeout)" "$TIMEOUT"
}

act_off()
{
	about "$LEVEL_IN $LEVEL_OUT smtpd_tls_chain_files"
	lower -F inbound_enabled=off -F outbound_enabled=off
}

# form WHAT-FORM.PL-TAKES [curl arguments]: a person's Save.
form()
{
	local c confirm=()

	for c in $CONFIRM; do
		confirm+=("confirm=$c")
	done
	page /smtp-routing/connection
	# shellcheck disable=SC2086
	form_fill "${confirm[@]}" $1 && form_press "${@:2}"
	same_ "the form is taken" "$FORM" 303
}

# What all listeners do with mail, "IN/OUT IN/OUT".
wires()
{
	local l

	WIRES=
	for l in $LISTENERS; do
		lived_mail "$l"
		WIRES+="${WIRES:+ }$WIRE"
	done
}

# What the view tells of a parameter that was changed by hand.
drifted()
{
	api GET /api/v1/connection
	j ".drift[] | select(.parameter == \"$1\") | .actual"
}

# The view says what Postfix has, as a setting or as drift.
shown()
{
	local in out hand

	read -r in out _ <<<"$LEVELS"
	hand=$(drifted smtpd_tls_security_level)
	if [ -n "$hand" ]; then
		same_ "shown as drift" "$hand" "$(param smtpd_tls_security_level)"
		return
	fi
	same_ "what is shown" \
	    "$(j '"\(.settings.inbound.enabled) \(.settings.inbound.tls_only) \(.settings.outbound.enabled)"')" \
	    "$([ "$in" -gt 0 ] && echo true || echo false) $([ "$in" -gt 1 ] && echo true || echo false) $([ "$out" -gt 0 ] && echo true || echo false)"
}

# step ACTION: LEVELS and WIRES are those of before.
step()
{
	local levels=$LEVELS lines answer l

	WRONG=() ASKED=no
	cp -L "$PF/main.cf" "$T/before.cf"
	cp "$PF/master.cf" "$T/before.master"
	"act_$1"
	answer="$STATUS $(head -c 1500 "$BODY" | grep -v '<' | tr -d '\n' | head -c 700)"
	case " $refused " in
	*" $1:"*) same_ "refused" "$1:$(j .code)" \
		"$(grep -o "$1:[^ ]*" <<<"$refused")" ;;
	*) [ "$STATUS" = 200 ] || WRONG+=("answer $answer") ;;
	esac
	case $(param smtpd_tls_chain_files) in
	"$STATE"/*) ABOUT+=" smtpd_tls_chain_files" ;;
	esac
	# shellcheck disable=SC2086
	lines=$(diff <(lived_lines "$T/before.cf" $ABOUT) <(lived_lines "$PF/main.cf" $ABOUT);
	    diff "$T/before.master" "$PF/master.cf")
	[ -z "$lines" ] || {
		LINES_N=$((LINES_N + $(grep -c '^[<>]' <<<"$lines")))
		WRONG+=("lines of others: $lines")
	}
	lived_levels
	[ $ASKED = yes ] || for l in $(lived_lowered "$levels" "$LEVELS"); do
		LOWERED_N=$((LOWERED_N + 1))
		WRONG+=("lowered: $l, $levels to $LEVELS")
	done
	shown
	mail_after "$1"
	STEPS_N=$((STEPS_N + 1))
	[ ${#WRONG[@]} -eq 0 ]
	result "$NAME: $1" || note "${WRONG[@]}"
}

mail_after()
{
	local i before=$WIRES a b

	wires
	read -ra a <<<"$before"
	read -ra b <<<"$WIRES"
	[[ $1 != @(look|original|leave) ]] || same_ mail "$WIRES" "$MAIL"
	for i in "${!a[@]}"; do
		MAILS_N=$((MAILS_N + 1))
		wire_as_good "${a[i]}" "${b[i]}" && continue
		case ${b[i]} in
		tls/tls | tls/plain | plain/tls | plain/plain | -/plain)
			[ $ASKED = no ] || continue
			PLAIN_N=$((PLAIN_N + 1)) ;;
		*)
			[ $ASKED = no ] || [[ $NEEDS_TLS != *" $NAME "* ]] ||
				continue
			LOST_N=$((LOST_N + 1)) ;;
		esac
		WRONG+=("mail: ${a[i]} to ${b[i]} ($(grep -E '^<[-~*]*\** ?[45]|^\*\*\*' "$T/swaks" | tail -n 2 | tr '\n' ' '))")
	done
}

wanted()
{
	case ${LIVED_IN:-sample} in
	all) return 0 ;;
	sample) [ "$1" = '*' ] ;;
	*) [[ " $LIVED_IN " == *" $NAME "* ]] ;;
	esac
}

console_start
edit biff=no
lived_certificates || bail "no certificates"
lived_sink || bail "the other side does not start"
sign_in admin "$PASSWORD" || bail "nobody can sign in"
as_admin POST /api/v1/tokens -H 'Content-Type: application/json' \
    -d '{"name": "renewal", "scope": "certificates"}'
printf 'header = "Authorization: Bearer %s"\n' "$(j .token)" >"$T/renewal"
LOWERED_N=0 LINES_N=0 LOST_N=0 PLAIN_N=0 STEPS_N=0 MAILS_N=0 SETUPS_N=0
[ "${LIVED_IN:-sample}" = sample ] && actions=$SAMPLE || actions=${ACTIONS:-$ALL}
row=0
while IFS='|' read -r first listeners mail confirm refused; do
	read -r NAME star SIGHT <<<"$first"
	SIGHT=$(echo $SIGHT)
	wanted "$star" || continue
	row=$((row + 1))
	[ -z "${SHARD:-}" ] || [ $((row % ${SHARD#*/})) -eq $((${SHARD%/*} % ${SHARD#*/})) ] || continue
	LISTENERS=$(echo $listeners) MAIL=$(echo $mail) CONFIRM=$(echo $confirm)
	SETUPS_N=$((SETUPS_N + 1)) MINUTES=20 KEPT=1
	lived_setup "$NAME"
	result "$NAME: Postfix starts" || continue
	TIMEOUT=$(param smtpd_timeout)
	lived_levels
	WIRES=
	for action in $actions; do
		step "$action"
	done
done < <(table)
note "$SETUPS_N set-ups x $(wc -w <<<"$actions") actions = $STEPS_N steps, $MAILS_N messages in and out, Postfix $(postconf -c "$PF" -h mail_version)"
# Whoever is named in LIVED_IN is there, and whoever is there was gone through.
rows=$(table | wc -l)
case ${LIVED_IN:-sample}:${SHARD:-} in
all:) wanted_n=$rows ;;
all:*) wanted_n=$(((rows - ${SHARD%/*} % ${SHARD#*/}) / ${SHARD#*/} + (${SHARD%/*} % ${SHARD#*/} > 0))) ;;
sample:) wanted_n=$(table | grep -c '^[^|]*[*]') ;;
*) wanted_n=$(wc -w <<<"$LIVED_IN") ;;
esac
is "set-ups gone through" $SETUPS_N "$wanted_n"
is "steps" $STEPS_N $((wanted_n * $(wc -w <<<"$actions")))
ok "messages went" [ $MAILS_N -ge $STEPS_N ]
is "levels lowered unasked" $LOWERED_N 0
is "lines of others changed" $LINES_N 0
is "messages lost" $LOST_N 0
is "messages in plaintext that were not before" $PLAIN_N 0
done_testing
