#!/bin/bash
# A sample of the generated corpus (tests/data/pki/make-corpus) over HTTP, to a
# real Postfix.  Inspected: the codes are those that the module is held to.
# Saved: what is accepted is served, and verifies where it has a test root;
# what is refused names its code and leaves main.cf byte for byte as it was.
#
# Left out are cases that need another clock, other roots or a stored chain.
# The gateway trusts the system's roots, so cert.trusted is not asked for; in a
# Save the chain in use fills gaps, so what is told of a gap is not either.
# CORPUS_INSPECT (150) and CORPUS_SAVE (30 accepted, as many refused).
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

C=$B/corpus-pki
"$TOP/tests/data/pki/make-corpus" "$C" || bail "make-corpus, see $C/log"
console_start
edit myhostname=mx.example.jp || bail "postconf"

# What differs from the codes of a case: one line each; nothing when equal.  A
# file too large is refused before the others are looked at; a Save may find
# more, because of the chain in use, but gives a code of the case as its own.
cat >"$T/compare.jq" <<'JQ'
($codes | split(",") | map(select(. != "-" and . != "cert.trusted" and
    ($save and startswith("chain.") | not)) |
    capture("^(?<code>[^@:]+)(@(?<field>[^:]+))?(:line=(?<line>[0-9]+))?$")))
    as $want |
(.findings // .errors) as $got |
($want[] | select($got[0].code != "file.too_large" or .code == $got[0].code) |
    . as $w | select(any($got[]; .code == $w.code and
    ($w.field == null or .field == $w.field) and
    ($w.line == null or (.args.line | tostring) == $w.line)) | not) |
    "missing \(.code) \(.field)"),
(if $save then $got[:1] else $got end | .[] |
    select((.severity // "error") | IN("error", "confirm")) |
    .code as $c | select(any($want[]; .code == $c) | not) |
    "unexpected \(.code)")
JQ

# sample N COLUMNS-CONDITION: N cases, evenly spread, columns parted by |.
sample()
{
	awk -F '\t' "\$6 == \"-\" && \$7 == \"-\" && ($2)" "$C/cases.tsv" |
	    awk -F '\t' -v OFS='|' -v n="$1" '{ $1 = $1; line[NR] = $0 }
		END { step = NR > n ? NR / n : 1
			for (i = 1; i <= NR; i += step) print line[int(i)] }' |
	    # Refused within the small budget; whoever is signed in, as here,
	    # has the great one.
	    grep -v '^dear-.*-not|'
}

# files_of SERVER KEY CA PASSPHRASE: curl's arguments in ARGS.
files_of()
{
	ARGS=()
	[ "$1" = - ] || ARGS+=(-F "server_certificate=@$C/$1")
	[ "$2" = - ] || ARGS+=(-F "private_key=@$C/$2")
	[ "$3" = - ] || ARGS+=(-F "ca_certificate=@$C/$3")
	[ "$4" = - ] || ARGS+=(-F "passphrase=$4")
}

# The last answer has the codes of the case, with fields and lines.
codes_are()	# SAVE
{
	local diff

	diff=$(jq -r --arg codes "$codes" --argjson save "$1" -f "$T/compare.jq" "$BODY" 2>&1)
	[ -z "$diff" ] || { note "$id: $diff" "$(head -c 600 "$BODY")"; return 1; }
}

# ok: it would be taken as it is; what it would have to confirm is listed.
inspected()
{
	local want=true

	[ "$verdict" = accept ] || want=false
	api POST /api/v1/certificates/inspect "${ARGS[@]}"
	codes_are false || return 1
	[ "$(j '.ok // false') $(j '(.confirm | length) > 0 or .ok or
	    any(.findings[]; .severity == "error")')" = "$want true" ] ||
	    { note "$id: $STATUS $(head -c 300 "$BODY")"; return 1; }
}

# A chain that its case does not find a gap or a fault in.
verifiable()
{
	[[ $id != *-self-* && ! $codes =~ chain\.(incomplete|root_unknown|not_ca|name_constraints|critical|purpose|path_length|weak|issuer_key) ]]
}

served_now()
{
	local want

	[[ "$STATUS $(j .result)" =~ ^200\ (applied|unchanged)$ ]] &&
	    codes_are true ||
	    { note "$id: $STATUS $(head -c 400 "$BODY")"; return 1; }
	[ "$(j .result)" = unchanged ] || APPLIED=$((APPLIED + 1))
	api GET /api/v1/connection
	want=$(j .certificate.sha256)
	FORMER=$(served)
	[ "$FORMER" = "$want" ] || { note "$id: $FORMER, not $want"; return 1; }
	verifiable || return 0
	VERIFIED=$((VERIFIED + 1))
	[ "$(served "$SMTP_PORT" -verify_return_error -CAfile "$C/root.pem")" = \
	    "$want" ] || { note "$id: does not verify"; return 1; }
}

refused_now()
{
	[ "$STATUS" = 422 ] && codes_are true ||
	    { note "$id: $STATUS $(head -c 400 "$BODY")"; return 1; }
	[ "$(maincf_hash)" = "$1" ] || { note "$id: main.cf changed"; return 1; }
	[ "$(served)" = "$FORMER" ] || { note "$id: not the former"; return 1; }
}

n=0 VERIFIED=0 APPLIED=0 FORMER=
sample "${CORPUS_INSPECT:-150}" '$1 != "nothing-at-all"' >"$T/inspect"
while IFS='|' read -r id server key ca pass _ _ verdict codes; do
	files_of "$server" "$key" "$ca" "$pass"
	inspected
	result "inspect: $id ($verdict)"
	n=$((n + 1))
done <"$T/inspect"
ok "$n cases inspected, 100 at least" test $n -ge 100

# In turn, so that each refused one comes upon another chain in use; shuffled,
# the same way each time, so that algorithms take turns, too.  Each is a whole
# set: what is missing would be taken from the chain in use.
n=0
mix()
{
	shuf --random-source=<(yes)
}
sample "${CORPUS_SAVE:-30}" '$8 == "accept" && $1 !~ /^two-/ &&
    $9 !~ /incomplete/' | mix >"$T/accept"
sample "${CORPUS_SAVE:-30}" '$8 != "accept" && $2 != "-" &&
    ($3 != "-" || $2 ~ /p12$/)' | mix >"$T/refuse"
# Not of cost: a Save opens what a mere look does not.  Not the key that a CA
# of a chain before it has.
paste -d '\n' "$T/accept" "$T/refuse" | grep . |
    grep -vE '^(cost-|number-rsa-same\|)' >"$T/save"
while IFS='|' read -r id server key ca pass _ _ verdict codes; do
	files_of "$server" "$key" "$ca" "$pass"
	before=$(maincf_hash)
	api POST /api/v1/connection -F inbound_enabled=on -F apply=reload \
	    "${ARGS[@]}"
	if [ "$verdict" = accept ]; then
		served_now
	else
		refused_now "$before"
	fi
	result "save: $id ($verdict)"
	n=$((n + 1))
done <"$T/save"
ok "$n cases saved, 55 at least" test $n -ge 55
ok "$APPLIED chains put in force" test $APPLIED -ge 20
ok "$VERIFIED chains verified up to the test root" test $VERIFIED -ge 8
done_testing
