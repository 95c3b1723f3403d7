#!/usr/bin/perl
# halfsent.pl COUNT PATH LENGTH SENT - so many connections, each with the head
# of a POST to PATH of LENGTH bytes and SENT of them.  Says "open N" when all
# are, with the number that were not turned away, waits for a line, and says
# how many have been closed by then: "closed N".  Environment: HTTPS_PORT.
use strict;
use warnings;
use Socket;
use IO::Select;
use Net::SSLeay;

my ($count, $path, $length, $sent) = @ARGV;
my (@open, $turned);

Net::SSLeay::initialize();
my $ctx = Net::SSLeay::CTX_new();
$| = 1;
$SIG{PIPE} = 'IGNORE';
$turned = 0;
for (1 .. $count) {
	socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
	connect($s, sockaddr_in($ENV{HTTPS_PORT}, INADDR_LOOPBACK)) or
	    die "connect: $!";
	my $ssl = Net::SSLeay::new($ctx);
	Net::SSLeay::set_fd($ssl, fileno($s));
	Net::SSLeay::connect($ssl) == 1 or die 'no TLS';
	Net::SSLeay::write($ssl, "POST $path HTTP/1.1\r\nHost: localhost\r\n" .
	    "Content-Type: application/x-www-form-urlencoded\r\n" .
	    "Content-Length: $length\r\n\r\n" . 'a' x $sent);
	push @open, [$s, $ssl];
}

# Answered already: there is more than the tickets of TLS 1.3.
sub answered
{
	my ($s, $ssl) = @{$_[0]};

	return 1 if $_[0][2];
	$s->blocking(0);
	Net::SSLeay::read($ssl, 4096) ? ($_[0][2] = 1) : 0;
	return $_[0][2] || eof_of($s);
}

sub eof_of
{
	my $n = recv($_[0], my $byte, 1, MSG_PEEK);

	return defined $n && length $byte == 0;
}

select undef, undef, undef, 0.5;
print 'open ', scalar(grep { !answered($_) } @open), "\n";
<STDIN>;
print 'closed ', scalar(grep { answered($_) } @open), "\n";
