#!/bin/bash
# Certificates by name reach every host of a cluster, and go there as well.
# shellcheck source=/dev/null
. "$(dirname "$0")/cluster.sh"

cluster_console 2 1
s=$SAMPLES
selfsigned=$(leaf_of "$s/self-signed-cert.pem")
issued=$(leaf_of "$s/issued-cert.pem")

# named_everywhere WANT: what each host gives who asks for the name.
named_everywhere()
{
	local name

	for name in $HOSTS; do
		[ "$(served "$(host_port "$name")" \
		    -servername mx2.example.test)" = "$1" ] || return 1
	done
}

save inbound_enabled=on all_scanners=on apply=reload \
    "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
ok "one Save for all" until_true 60 rollout_is 1:done
api POST /api/v1/certificates/mx2.example.test -F apply=reload \
    -F "private_key=@$s/issued-key.pem" \
    -F "server_certificate=@$s/issued-cert.pem" \
    -F "ca_certificate=@$s/issued-intermediate.pem"
is "a certificate for a name" "$STATUS $(j .result)" "200 applied"
ok "is rolled out" until_true 60 rollout_is 2:done
ok "every host gives it to who asks for the name" named_everywhere "$issued"
ok "and the default one to all others" all_serve "$selfsigned"
save idle_timeout=7
ok "another Save" until_true 60 rollout_is 3:done
ok "carries it along" named_everywhere "$issued"
# everywhere PARAMETER REGEX: what it is on each host.
everywhere()
{
	local name

	for name in $HOSTS; do
		postconf -c "$(host_postfix "$name")" -h "$1" |
		    grep -Eq "$2" || return 1
	done
}
api POST /api/v1/certificates/outbound -F apply=reload \
    -F "private_key=@$s/issued-key.pem" \
    -F "server_certificate=@$s/issued-cert.pem" \
    -F "ca_certificate=@$s/issued-intermediate.pem"
is "one for outbound connections" "$STATUS $(j .result)" "200 applied"
ok "is rolled out" until_true 60 rollout_is 4:done
ok "every host shows it" everywhere smtp_tls_chain_files '/outbound\.pem$'
save client_certificate=on
ok "the same as inbound" until_true 60 rollout_is 5:done
ok "everywhere" everywhere smtp_tls_chain_files '/inbound\.pem$'
save ccert=ask "client_ca=@$s/issued-intermediate.pem"
is "CAs of clients' certificates" "$STATUS $(j .result)" "200 applied"
ok "are rolled out" until_true 60 rollout_is 6:done
ok "every host has them" everywhere smtpd_tls_CAfile '/client_ca\.pem$'
# Several at once, sorted: a renewal and a new name from one file.
for n in mx2 mx3; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 \
	    -keyout "$T/$n.key" -out "$T/$n.pem" -subj "/CN=$n.example.test" \
	    -addext "subjectAltName=DNS:$n.example.test" 2>/dev/null
	cat "$T/$n.key" "$T/$n.pem"
done >"$T/both.pem"
api POST /api/v1/certificates -F apply=reload -F "files=@$T/both.pem"
is "two from one file" \
    "$STATUS $(j '[.sorted.sets[] | .certificate + ":" + .change] | sort | join(" ")')" \
    "200 mx2.example.test:renewed mx3.example.test:new"
ok "are one roll-out" until_true 60 rollout_is 7:done
ok "every host gives the renewed one" named_everywhere "$(leaf_of "$T/mx2.pem")"
is "... and the new one" \
    "$(for h in $HOSTS; do served "$(host_port "$h")" -servername mx3.example.test; done | sort -u)" \
    "$(leaf_of "$T/mx3.pem")"
api DELETE /api/v1/certificates/mx2.example.test
is "removed" "$STATUS" 200
ok "everywhere" until_true 60 rollout_is 8:done
ok "the default one again" named_everywhere "$selfsigned"
done_testing
