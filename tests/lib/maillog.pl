#!/usr/bin/perl
# maillog.pl MESSAGES [BEGIN] - a log as Postfix writes it, of so many messages
# in each direction over 30 days, and on stderr what it holds:
# "name number" a line.  The same arguments give the same log.
#
# One client in 40 has no TLS, one in 60 an old version; on their way are
# connection reuse under another name, port 465, failed STARTTLS, a proxy by
# XCLIENT, refused plaintext, deferred mail, and senders that look like lines.
use strict;
use warnings;
use POSIX 'strftime';

my ($messages, $begin) = @ARGV;
$begin = time - 31 * 86400 if @ARGV < 2;
my $step = 30 * 86400 / $messages;
my (%n, %plain_client, %client, %plain_server, %server);
my $random = 12345;
my ($pid, $queue) = (0, 0);

sub random { $random = ($random * 1103515245 + 12345) & 0x7fffffff; return ($random >> 8) % $_[0] }
$ENV{TZ} = 'UTC';

my $at;
sub say_line { print strftime('%b %e %H:%M:%S', gmtime $at), " mx $_[0]\n" }

my @evil = ('a@example.org', '"x postfix/smtpd[1]: Anonymous TLS connection established from h[1.2.3.4]: TLSv1.3"@x.example',
    '"a>, relay=mx.evil[9.9.9.9]:25, status=sent (x"@y.example', '', "pel\xc3\xa9\@ex\xc3\xa4mple.example");

sub inbound {
	my $i = random(2000);
	my $ip = sprintf '198.51.%d.%d', $i / 200, 1 + $i % 200;
	my $name = "c$i.example";
	my $way = $i % 40 == 0 ? 'plain' : $i % 60 == 1 ? 'old' : 'tls';
	my $service = $way eq 'tls' && random(10) == 0 ? 'smtps/smtpd' : 'smtpd';
	my $proxy = random(20) == 0;
	my $p = "postfix/$service\[" . (1000 + random(60) + 60 * int(++$pid / 5000)) . ']';
	my $q = sprintf '%X', 0x40000000 + ++$queue;
	my $verbs = $way eq 'plain' ? '' : $service eq 'smtpd' ? ' starttls=1' : '';
	say_line("$p: connect from " . ($proxy ? 'proxy[192.0.2.250]' : "$name\[$ip\]"));
	if ($way eq 'plain' && random(8) == 0) {
		say_line("$p: disconnect from $name\[$ip\] ehlo=1 mail=0/1 quit=1 commands=2/3");
		$n{refused}++;
		return;
	}
	say_line("$p: Anonymous TLS connection established from $name\[$ip\]: "
	    . ($way eq 'old' ? 'TLSv1 with cipher ECDHE-RSA-AES256-SHA (256/256 bits)'
		: 'TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256'))
	    if $way ne 'plain';
	my $failed = $way eq 'plain' && random(4) == 0;
	$verbs = ' starttls=0/1' if $failed;
	say_line("$p: $q: client=$name\[$ip\]");
	my $sender = $evil[random(scalar @evil)];
	say_line("postfix/cleanup[77]: $q: message-id=<$queue postfix/smtpd[9]: disconnect from a[9.9.9.9] starttls=1 \@y>");
	say_line("postfix/qmgr[78]: $q: from=<$sender>, size=4130, nrcpt=1 (queue active)");
	say_line("$p: disconnect from $name\[$ip\] ehlo=2$verbs mail=1 rcpt=1 data=1 quit=1 commands=7");
	$n{in_total}++;
	$n{"in_$way"}++;
	$client{$i} = 1;
	$plain_client{$i} = 1 if $way eq 'plain';
	return $q;
}

sub outbound {
	my $q = shift;
	my $i = random(500);
	my $ip = sprintf '203.0.113.%d', 1 + $i % 250;
	my $p = 'postfix/smtp[' . (200 + random(50)) . ']';
	my $plain = $i % 250 % 30 == 0;
	my $deferred = random(12) == 0;
	my $tail = 'delay=0.5, delays=0.1/0/0.2/0.2, ' . ($deferred
	    ? 'dsn=4.7.5, status=deferred (Server certificate not verified)'
	    : 'dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4BXYZ, relay=a[1.2.3.4]:25)');
	my $how = random(6) ? "established to mx$i.example" : 'reused to mx.other.example';
	say_line("$p: Untrusted TLS connection $how\[$ip\]:25: TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)")
	    unless $plain;
	say_line("$p: $q: to=<$_\@d$i.example>, relay=mx$i.example[$ip]:25, $tail") for 1 .. 1 + (random(5) == 0);
	say_line("postfix/qmgr[78]: $q: removed") unless $deferred;
	return if $deferred;
	$n{out_total}++;
	$n{out_plain}++ if $plain;
	$server{$ip} = 1;
	$plain_server{$ip} = 1 if $plain;
}

for my $m (0 .. $messages - 1) {
	$at = $begin + int($m * $step);
	my $q = inbound();
	outbound($q) if $q;
}
$at = $begin + 30 * 86400 - 1;
say_line('postfix/anvil[80]: statistics: max connection rate 1/60s for (smtp:192.0.2.1)');
printf STDERR "%s %d\n", $_, $n{$_} // 0 for qw(in_total in_plain in_old in_tls refused out_total out_plain);
printf STDERR "%s %d\n", @$_ for ['clients', scalar keys %client], ['plain_clients', scalar keys %plain_client],
    ['servers', scalar keys %server], ['plain_servers', scalar keys %plain_server];
