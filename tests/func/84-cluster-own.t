#!/bin/bash
# Scanners that somebody set up before they were enrolled: what the console
# has never said anything about stays as each of them has it; where it does
# say something lower, that host alone refuses, by name, and the others go on.
# shellcheck source=/dev/null
. "$(dirname "$0")/cluster.sh"

cluster_console 3 1
s=$SAMPLES
issued=$(leaf_of "$s/issued-cert.pem")
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
ec_new "$T/hand.key" && self_new "$T/hand.pem" "$T/hand.key" ||
	bail "no certificate by hand"
hand=("smtpd_tls_cert_file=$T/hand.pem" "smtpd_tls_key_file=$T/hand.key")

by_hand()	# HOST NAME=VALUE...
{
	local conf

	conf=$(host_postfix "$1")
	postconf -c "$conf" -e "${@:2}" && touch -d '10 seconds ago' "$conf/main.cf" &&
	postfix -c "$conf" reload >/dev/null 2>&1
}
levels()	# HOST: inbound and outbound, as main.cf says
{
	postconf -c "$(host_postfix "$1")" -h smtpd_tls_security_level smtp_tls_security_level | paste -sd ' '
}
of()	# HOST: as the console tells
{
	scanners | jq -r --arg n "$1" '.scanners[] | select(.name == $n) | "\(.state) \(.code)"'
}
of_is() { [ "$(of "$1")" = "$2" ]; }
save_all()
{
	save all_scanners=on apply=reload "$@"
}

by_hand scanner2 smtp_tls_security_level=encrypt
by_hand scanner3 "${hand[@]}" smtpd_tls_security_level=encrypt smtp_tls_security_level=dane

# Inbound TLS for all, and nothing about outbound.
save_all inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "one Save for all, inbound alone" "$STATUS:$(j .result):$(j .cluster.state)" 200:applied:published
ok "scanner3 refuses" until_true 60 of_is scanner3 "failed level.lowered"
ok "the others go on" until_true 60 rollout_is 1:done
is "scanner1 has it" "$(of scanner1):$(levels scanner1)" "current :may "
is "scanner2 too, and its outbound level" "$(of scanner2):$(levels scanner2)" "current :may encrypt"
is "scanner3 is as it was" "$(levels scanner3):$(host_served scanner3)" \
    "encrypt dane:$(leaf_of "$T/hand.pem")"
ok "the others serve it" all_serve "$selfsigned" "scanner1 scanner2"

# What it would not give up is settled there; then it is as the others are.
by_hand scanner3 smtpd_tls_security_level=may
api POST /api/v1/scanners -F do=retry
is "retry" "$STATUS" 200
ok "scanner3 has it then" until_true 60 of_is scanner3 "current "
is "with its own outbound level" "$(levels scanner3)" "may dane"
is "and the certificate of all" "$(host_served scanner3)" "$selfsigned"

# A renewal touches no level anywhere.
save_all "private_key=@$s/issued-key.pem" "server_certificate=@$s/issued-cert.pem" \
    "ca_certificate=@$s/issued-intermediate.pem"
ok "a renewal for all" until_true 60 rollout_is 2:done
ok "everybody serves it" until_true 30 all_serve "$issued"
is "levels of everybody" "$(levels scanner1), $(levels scanner2), $(levels scanner3)" \
    "may , may encrypt, may dane"

# Now outbound is said: on is what two of them have, and more.
save_all outbound_enabled=on
ok "outbound on for all" until_true 60 rollout_is 3:done
is "nobody has less than he had" "$(levels scanner1), $(levels scanner2), $(levels scanner3)" \
    "may may, may encrypt, may dane"
# And off is what they are asked about, each by name.
save_all outbound_enabled=off
ok "scanner2 refuses" until_true 60 of_is scanner2 "failed level.lowered"
ok "scanner3 refuses" until_true 60 of_is scanner3 "failed level.lowered"
ok "the roll-out is done" until_true 60 rollout_is 4:done
is "outbound off where it was ours" "$(levels scanner1), $(levels scanner2), $(levels scanner3)" \
    "may none, may encrypt, may dane"
done_testing
