# access.sh - the administrator's password and token, and access.json.
# shellcheck shell=bash
#
# Both are made on the first start and remembered in STATE/secrets (0600):
# the database has only their hashes.

PASSWORD=
TOKEN=

random_word()
{
	head -c 400 /dev/urandom | LC_ALL=C tr -dc 'A-HJ-NP-Za-km-z2-9' |
	    head -c 20
}

secrets_read()
{
	local key value

	while IFS='=' read -r key value; do
		case $key in
		password) PASSWORD=$value ;;
		token) TOKEN=$value ;;
		esac
	done 2>/dev/null <"$STATE/secrets"
}

secrets_write()
{
	printf 'password=%s\ntoken=%s\n' "$PASSWORD" "$TOKEN" |
	    put 600 "$STATE/secrets"
}

has_line()
{
	ctl "$1" list 2>/dev/null | grep -qw "$2"
}

access_prepare()
{
	secrets_read
	if [ -z "$PASSWORD" ] || ! has_line user admin; then
		PASSWORD=$(random_word)
		TOKEN=
		secrets_write
		! has_line user admin || ctl user delete admin >/dev/null
		printf '%s\n' "$PASSWORD" |
		    ctl user add admin --password-stdin \
		    >/dev/null 2>>"$STATE/log/run.log" ||
			fail "postsealctl user add failed: $(last_words run)"
	fi
	if [ -z "$TOKEN" ] || ! has_line token make-run; then
		TOKEN=$(ctl token add make-run --user admin \
		    2>>"$STATE/log/run.log" |
		    grep -o 'pst_[A-Za-z0-9_-]*') && [ -n "$TOKEN" ] ||
			fail "postsealctl token add failed: $(last_words run)"
		secrets_write
	fi
}

access_json()
{
	local i sep=

	printf '{\n  "url": "%s",\n' "$CONSOLE"
	printf '  "user": "admin",\n  "password": %s,\n' "$(json_str "$PASSWORD")"
	printf '  "token": %s,\n' "$(json_str "$TOKEN")"
	printf '  "smtp": "127.0.0.1:%s",\n' "${PF_PORT:-$SMTP_PORT}"
	printf '  "postfix_config": %s,\n' "$(json_str "$STATE/postfix/conf")"
	printf '  "https_ca": %s,\n' "$(json_str "$STATE/https/cert.pem")"
	cluster_access_json
	printf '  "samples": %s,\n  "pids": {' "$(json_str "$STATE/samples")"
	for i in "${!PIDS[@]}"; do
		printf '%s"%s": %s' "$sep" "${NAMES[i]}" "${PIDS[i]}"
		sep=', '
	done
	printf '}\n}\n'
}

access_tell()
{
	local s=$STATE/samples

	cat <<EOT

  URL       $CONSOLE/
  user      admin
  password  $PASSWORD
$(listen_tell)

  The same by script:

curl --cacert $(printf %q "$STATE/https/cert.pem") -H 'Authorization: Bearer $TOKEN' -F inbound_enabled=on -F outbound_enabled=on -F private_key=@$(printf %q "$s/issued-key.pem") -F server_certificate=@$(printf %q "$s/issued-cert.pem") -F ca_certificate=@$(printf %q "$s/issued-intermediate.pem") $CONSOLE/api/v1/connection

  Files to try: $s
  All of this:  $STATE/access.json
  Ctrl-C stops everything.
EOT
}
