# form.sh - people at the screen: a browser's session, and the form of the
# Connection screen with all that a browser would send of it.
# shellcheck shell=bash
#
#   JAR                      whose session
#   page PATH [curl ...]     METHOD=POST for another than GET
#   sign_in USER PASSWORD
#   form_fill ARGUMENT...    form.pl over the page in $BODY, to $T/form
#   form_press [curl ...]    sends it, and waits for what becomes of it: FORM
#                            = its status, $BODY = the page that comes
JAR=$T/jar

page()
{
	req "${METHOD:-GET}" "$1" -b "$JAR" -c "$JAR" "${@:2}"
}

sign_in()
{
	page /login
	METHOD=POST page /login --data-urlencode "csrf=$(sed -n \
	    's/.*name="csrf" value="\([^"]*\)".*/\1/p' "$BODY" | head -1)" \
	    --data-urlencode "user=$1" --data-urlencode "password=$2"
	[ "$STATUS" = 303 ]
}

form_fill()
{
	"$TOP/tests/func/form.pl" connection apply=reload do=save "$@" \
	    <"$BODY" >"$T/form"
}

# The page shows no progress any more; else the next one is fetched.
followed()
{
	grep -q 'http-equiv="refresh"' "$BODY" || return 0
	page "/smtp-routing/connection?$(grep -o 'job=[0-9a-f]*' "$BODY" | head -1)"
	return 1
}

form_press()
{
	METHOD=POST page /smtp-routing/connection -K "$T/form" "$@"
	FORM=$STATUS
	[ "$FORM" = 303 ] || return 0
	page "$(sed -n 's/^[Ll]ocation: \([^#]*\).*/\1/p' "$HEAD" | tr -d '\r')"
	wait_for 15 followed
}
