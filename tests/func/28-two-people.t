#!/bin/bash
# Two administrators at the form, without JavaScript, and somebody with an
# editor: what each of them changed is in force, or was asked about.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$TOP/tests/func/account.sh"

console_start
s=$SAMPLES
SCREEN=/smtp-routing/connection
issued=$(leaf_of "$s/issued-cert.pem")
ec_new "$T/hand.key" && self_new "$T/hand.pem" "$T/hand.key" ||
	bail "no certificate by hand"
printf '%s\n' 'vole kettle lantern' | ctl user add suzuki --password-stdin >/dev/null ||
	bail "no second administrator"
login a admin "$PASSWORD"
is "admin is in" "$STATUS" 303
login b suzuki 'vole kettle lantern'
is "suzuki is in" "$STATUS" 303

# opens JAR: the form as it comes.  page_is JAR: of the last answer.
page_is() { cp "$BODY" "$T/page.$1"; }
opens() { page "$1" "$SCREEN${2-}" && page_is "$1"; }
# sends JAR BUTTON [NAME=VALUE | NAME=@FILE | NAME=]...: as a browser does, with
# these fields filled in, or boxes ticked off (NAME=).
sends()
{
	local jar=$1 button=$2

	shift 2
	perl -e '
		use strict;
		my ($page, $button, @own) = @ARGV;
		local $/;
		open(my $f, "<", $page) or die;
		my ($form) = <$f> =~ m{<form id="connection".*?</form>}gs;
		$form = $& // "";
		my (%own, @out);
		for (@own) { my ($n, $v) = split /=/, $_, 2; $own{$n} = $v; }
		my $put = sub {
			my ($n, $v) = @_;
			$v =~ s/(["\\])/\\$1/g;
			$v =~ s/\n/\\n/g;
			print $v =~ /^\@/ ? "form = \"$n=$v\"\n" : "form-string = \"$n=$v\"\n";
		};
		my $text = sub {
			my $v = shift;
			$v =~ s/&quot;/"/g; $v =~ s/&lt;/</g; $v =~ s/&gt;/>/g; $v =~ s/&amp;/&/g;
			return $v;
		};
		$put->("do", $button);
		while ($form =~ m{<(input|textarea) ([^>]*)>(?:\n([^<]*))?}g) {
			my ($tag, $a, $body) = ($1, $2, $3);
			my ($n) = $a =~ /name="([^"]*)"/;
			my ($type) = $a =~ /type="([^"]*)"/;
			my ($v) = $a =~ /value="([^"]*)"/;
			next if $n =~ /_text$/ || ($type // "") eq "file" || exists $own{$n};
			next if ($type // "") =~ /checkbox|radio/ && $a !~ / checked/;
			$put->($n, $text->($tag eq "input" ? $v // "" : $body // ""));
		}
		$put->($_, $own{$_}) for grep { $own{$_} ne "" } sort keys %own;
	' "$T/page.$jar" "$button" "$@" >"$T/sent"
	req POST "$SCREEN" -b "$T/jar.$jar" -K "$T/sent"
	page_is "$jar"
}
# follows JAR: where the answer leads.
follows() { opens "$1" "$(sed -n 's/^[Ll]ocation: [^?]*\(?[^#\r]*\).*/\1/p' "$HEAD")"; }
has() { grep -qF "$2" "$T/page.$1"; }
now()	# what is in force
{
	api GET /api/v1/connection
	j "$1"
}
minutes() { now '.settings.interface.idle_timeout'; }

# 1. Each something else: both are in force, and it is told.
opens a
opens b
sends a save idle_timeout=7
is "admin saves" "$STATUS" 303
sends b save outbound_enabled=on
is "suzuki saves a form of before" "$STATUS" 303
follows b
is "suzuki is led to the outcome" "$STATUS" 200
ok "what was merged is named" has b 'id="also"'
ok "with who did it" has b '<bdi>admin</bdi>'
is "both are in force" \
    "$(now '"\(.settings.interface.idle_timeout) \(.settings.outbound.enabled)"')" "7 true"
sends a save
is "a form of before that changes nothing sends nothing back" \
    "$(now '"\(.settings.interface.idle_timeout) \(.settings.outbound.enabled)"')" "7 true"

# 2. Both the same: asked, and a second press reverts nobody.
opens a
opens b
sends a save idle_timeout=9
sends b save idle_timeout=11
is "suzuki is asked" "$STATUS" 409
ok "both are shown" has b 'id="conflict-idle_timeout"'
ok "whose it is" has b '<bdi>admin</bdi>'
is "admin's is in force" "$(minutes)" 9
sends b save
is "a second press is asked, too" "$STATUS:$(minutes)" 409:9
opens b
ok "so is the page, another time" has b 'id="conflict-idle_timeout"'
sends b preview idle_timeout=12
is "a preview is of no use before" "$STATUS" 303
opens b
sends b save idle_timeout=12
is "and a third value" "$STATUS:$(minutes)" 409:9
opens b
sends b mine:idle_timeout
opens b
ok "decided: nothing is asked any more" test ! "$(grep -c 'id="conflict-' "$T/page.b")" -gt 0
sends b save
is "suzuki's own, decided" "$STATUS:$(minutes)" 303:12
opens a
opens b
sends b save idle_timeout=20
sends a save idle_timeout=30 outbound_enabled=
is "admin is asked" "$STATUS" 409
sends a theirs:idle_timeout
opens a
sends a save
is "admin keeps suzuki's, and gets the rest" \
    "$STATUS:$(now '"\(.settings.interface.idle_timeout) \(.settings.outbound.enabled)"')" \
    "303:20 false"

# 3. Certificates: the second is told.
opens a
opens b
sends a save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "admin's certificate" "$STATUS:$(served)" "303:$(leaf_of "$s/self-signed-cert.pem")"
sends b save inbound_enabled=on "private_key=@$s/issued-key.pem" \
    "server_certificate=@$s/issued-cert.pem" "ca_certificate=@$s/issued-intermediate.pem"
is "suzuki is told" "$STATUS" 409
ok "of both certificates" has b 'id="conflict-server_certificate"'
is "admin's serves" "$(served)" "$(leaf_of "$s/self-signed-cert.pem")"
sends b save
is "a second press replaces nothing" "$STATUS:$(served)" \
    "409:$(leaf_of "$s/self-signed-cert.pem")"
sends b mine:server_certificate
opens b
sends b save
is "suzuki's, decided" "$STATUS:$(served)" "303:$issued"
opens a
sends b upload:private_key
opens b
sends b save "private_key=@$s/issued-key.pem" \
    "server_certificate=@$s/issued-cert.pem" "ca_certificate=@$s/issued-intermediate.pem"
is "the same certificate once more is no conflict" "$STATUS" 303

# 4. An editor.  Inbound is to be turned off; "TLS only" came by hand.
rm -rf "$STATE"/daemon/{current,journal,facts,generations/gen-*}
edit smtpd_tls_security_level=may "smtpd_tls_chain_files=$T/hand.key,$T/hand.pem" ||
	bail "main.cf"
sends b cancel
opens b
ok "first sight: inbound is on" grep -q 'name="inbound_enabled"[^>]* checked' "$T/page.b"
edit smtpd_tls_security_level=encrypt
sends b save inbound_enabled=
is "the editor's level is not lowered unasked" "$STATUS:$(param smtpd_tls_security_level)" \
    409:encrypt
ok "it was by hand" has b 'by hand, in main.cf'
sends b theirs:inbound_enabled
opens b
sends b save idle_timeout=5
is "and stays" "$STATUS:$(param smtpd_tls_security_level):$(minutes)" 303:encrypt:5
edit smtpd_tls_loglevel=2
sends b save idle_timeout=6
opens b
sends b save idle_timeout=6
is "an edit of something else is in nobody's way" \
    "$(param smtpd_tls_loglevel):$(minutes)" 2:6

# 5. The API: what is not named stays; If-Match where that is not enough.
api GET /api/v1/connection
tag=$(j .etag)
api POST /api/v1/connection -H 'Content-Type: application/json' \
    -d '{"interface": {"idle_timeout": 8}}'
is "API: what is not named stays" \
    "$STATUS:$(now '"\(.settings.inbound.enabled) \(.settings.interface.idle_timeout)"')" "200:true 8"
for match in "$tag" '"0-00000000"' '""' '"*"'; do
	api POST /api/v1/connection -H "If-Match: $match" -H 'Content-Type: application/json' \
	    -d '{"interface": {"idle_timeout": 15}}'
	is "API: If-Match of another state, $match" "$STATUS:$(j .code):$(minutes)" \
	    412:settings.stale:8
done
tag=$(now .etag)
api POST /api/v1/connection -H "If-Match: $tag" -H 'Content-Type: application/json' \
    -d '{"interface": {"idle_timeout": 15}}'
is "API: If-Match of this one" "$STATUS:$(minutes)" 200:15
edit "mydestination=x$RANDOM.example.test"
tag=$(now .etag)
edit "mydestination=y$RANDOM.example.test"
api POST /api/v1/connection -H "If-Match: $tag" -H 'Content-Type: application/json' \
    -d '{"interface": {"idle_timeout": 16}}'
is "API: an editor is somebody else, too" "$STATUS:$(minutes)" 412:15
done_testing
