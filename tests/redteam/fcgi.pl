#!/usr/bin/perl
# fcgi.pl - speaks FastCGI to a socket, also wrongly.
#
# fcgi.pl SOCKET get PATH              one GET; prints the answer
# Without "get" it is a library: require it and use fcgi_request().
use strict;
use warnings;
use IO::Socket::UNIX;
use IO::Select;
use Time::HiRes qw(time);

# One record: version, type, request id, length, padding.
sub record
{
	my ($type, $content, %o) = @_;
	my $pad = $o{padding} // 0;

	return pack('CCnnCC', $o{version} // 1, $type, $o{id} // 1,
	    $o{length} // length $content, $pad, 0) . $content . "\0" x $pad;
}

# One name-value pair.
sub pair
{
	my ($name, $value) = @_;
	my $size = sub {
		my $n = length $_[0];
		return $n < 128 ? chr $n : pack('N', $n | 0x80000000);
	};

	return $size->($name) . $size->($value) . $name . $value;
}

sub stream
{
	my ($type, $bytes, $chunk) = @_;
	my $out = '';

	for (my $at = 0; $at < length $bytes; $at += $chunk) {
		$out .= record($type, substr $bytes, $at, $chunk);
	}
	return $out . record($type, '');
}

# A whole request as bytes.  Options: params (hash), raw_params, body, role,
# flags, chunk, no_end_params, no_end_body.
sub request_bytes
{
	my (%o) = @_;
	my $chunk = $o{chunk} // 65535;
	my $p = $o{raw_params} // join '',
	    map { pair($_, $o{params}{$_}) } sort keys %{$o{params} // {}};
	my $out = record(1, pack('nCx5', $o{role} // 1, $o{flags} // 0));

	$out .= stream(4, $p, $chunk);
	$out .= stream(5, $o{body} // '', $chunk) unless $o{no_body};
	return $out;
}

# Send bytes, read all that comes until the end or the deadline.  Returns
# (stdout, complete: END_REQUEST was seen, seconds, stderr).
sub talk
{
	my ($path, $bytes, %o) = @_;
	my $begin = time;
	my $s = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
	my ($in, $out, $err, $end) = ('', '', '', 0);
	my $sel = IO::Select->new($s);

	local $SIG{PIPE} = 'IGNORE';
	for my $piece (ref $bytes ? @$bytes : $bytes) {
		if (ref $piece) {
			select undef, undef, undef, $$piece;
			next;
		}
		my $at = 0;
		while ($at < length $piece) {
			my $n = syswrite $s, $piece, 65536, $at;
			last unless defined $n;
			$at += $n;
		}
	}
	shutdown $s, 1 if $o{half_close};
	return ('', 0, time - $begin, '') if $o{abort};
	while (time - $begin < ($o{deadline} // 45)) {
		next unless $sel->can_read(1);
		my $n = sysread $s, $in, 65536, length $in;
		last unless $n;
	}
	while (length $in >= 8) {
		my (undef, $type, undef, $len, $pad) = unpack 'CCnnC', $in;
		last if length $in < 8 + $len + $pad;
		$out .= substr $in, 8, $len if $type == 6;
		$err .= substr $in, 8, $len if $type == 7;
		$end = 1 if $type == 3;
		$in = substr $in, 8 + $len + $pad;
	}
	return ($out, $end, time - $begin, $err);
}

# The parameters that the console's nginx snippet sends.
sub params
{
	my ($method, $uri, %more) = @_;
	my ($path, $query) = split /\?/, $uri, 2;
	my %p = (
		GATEWAY_INTERFACE => 'CGI/1.1',
		SERVER_PROTOCOL => 'HTTP/1.1',
		REQUEST_METHOD => $method,
		REQUEST_URI => $uri,
		QUERY_STRING => $query // '',
		SCRIPT_NAME => '',
		PATH_INFO => $path,
		DOCUMENT_URI => $path,
		CONTENT_TYPE => '',
		CONTENT_LENGTH => '',
		REQUEST_SCHEME => 'https',
		HTTPS => 'on',
		REMOTE_ADDR => '192.0.2.9',
		REMOTE_PORT => '4711',
		SERVER_NAME => 'localhost',
		SERVER_PORT => '8443',
		%more);

	delete $p{$_} for grep { !defined $p{$_} } keys %p;
	return \%p;
}

if (!caller) {
	my ($path, undef, $uri) = @ARGV;
	my ($out) = talk($path,
	    request_bytes(params => params('GET', $uri)));

	print $out;
}
1;
