#!/usr/bin/perl
# edges.pl - cases of 93-edges.t: what is sent, and the statuses that are
# right.  Environment: SOCK, TOKEN, HTTPS_PORT.  One line a case:
# "ok NAME" or "not ok NAME: got ...".
#
# Rules for every answer: one of the statuses named, within SLOW seconds, no
# header that we did not write, no body that repeats what was sent as HTML.
use strict;
use warnings;
use FindBin;
use Socket;
use Time::HiRes qw(time);
use Net::SSLeay;

require "$FindBin::Bin/fcgi.pl";

my $sock = $ENV{SOCK};
my $auth = "Bearer $ENV{TOKEN}";
my $SLOW = 8;
my ($bad, $n) = (0, 0);

# What every answer of ours has.
my @always = ('Content-Security-Policy: default-src \'none\'; script-src \'self\';',
    'X-Content-Type-Options: nosniff', 'X-Frame-Options: DENY',
    'Referrer-Policy: no-referrer', 'Cache-Control: no-store',
    'Strict-Transport-Security: max-age=31536000', 'Content-Type: ');

# Through nginx, whoever has made it.
my @proxied = map { s/ script-src.*//r }
    grep { $_ ne 'Content-Type: ' } @always;

sub lacking
{
	my ($out, @wanted) = @_;
	my ($head) = $out =~ /^(.*?)\r\n\r\n/s;

	@wanted = @always unless @wanted;
	return grep { index($head // '', $_) < 0 &&
	    !($_ eq 'Content-Type: ' && $out =~ /^Status: 303/) } @wanted;
}

sub verdict
{
	my ($name, $want, $out, $seconds) = @_;
	my ($status) = $out =~ /^(?:Status: |HTTP\/1\.[01] )(\d+)/;
	my ($head) = $out =~ /^(.*?)\r\n\r\n/s;
	my $why = '';

	$status //= 'closed';
	$head //= '';
	$why = "status $status, not $want" . ($status eq "599" ? ": $out" : "")
	    unless $status =~ /^(?:$want)$/;
	$why .= " after $seconds s" if $seconds > $SLOW;
	$why .= ' with an injected header'
	    if $head =~ /^(?:X-Injected|Set-Cookie: evil)/mi;
	$why .= ' with markup of the request'
	    if $head =~ /^Content-Type: text\/html/mi &&
	    $out =~ /<script>alert/;
	$name =~ s/[^ -~]/?/g;
	$n++;
	$bad++ if $why ne '';
	print $why eq '' ? "ok $name: $status\n" : "not ok $name: $why\n";
}

# Straight to the FastCGI socket.
sub f
{
	my ($name, $want, $method, $uri, $params, %o) = @_;
	my $p = params($method, $uri, HTTP_AUTHORIZATION => $auth,
	    %{$params // {}});
	my ($out, undef, $s) = talk($sock, request_bytes(params => $p, %o), %o);

	my @lacks = $out =~ /^Status: 431/ ? () : lacking($out);

	verdict("fcgi: $name", $want, @lacks ? "Status: 599 lacks $lacks[0]" : $out, $s);
	return $out;
}

sub raw
{
	my ($name, $want, $bytes, %o) = @_;
	my ($out, undef, $s) = talk($sock, $bytes, %o);

	verdict("fcgi: $name", $want, $out, $s);
}

# Through nginx, as bytes in TLS.
sub h
{
	my ($name, $want, $bytes) = @_;
	my $begin = time;
	my ($out, $got) = ('', '');

	socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
	connect($s, sockaddr_in($ENV{HTTPS_PORT}, inet_aton('127.0.0.1'))) or
	    die "connect: $!";
	setsockopt $s, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 20, 0);
	select((select($s), $| = 1)[0]);
	my $ctx = Net::SSLeay::CTX_new();
	my $ssl = Net::SSLeay::new($ctx);
	Net::SSLeay::set_fd($ssl, fileno $s);
	Net::SSLeay::connect($ssl) == 1 or die 'TLS';
	while (length $bytes) {
		my $piece = substr $bytes, 0, 16384, '';
		last if Net::SSLeay::write($ssl, $piece) <= 0;
	}
	while (defined($got = Net::SSLeay::read($ssl)) && $got ne '') {
		$out .= $got;
	}
	Net::SSLeay::free($ssl);
	Net::SSLeay::CTX_free($ctx);
	close $s;

	my @lacks = $out =~ /^HTTP\/1/ ? lacking($out, @proxied) : ();

	$out = "HTTP/1.1 599 lacks $lacks[0]" if @lacks;
	verdict("nginx: $name", $want, $out, time - $begin);
	return $out;
}

sub hreq
{
	my ($line, $headers, $body) = @_;

	return "$line\r\nHost: localhost\r\nConnection: close\r\n" .
	    "Authorization: $auth\r\n" . ($headers // '') . "\r\n" .
	    ($body // '');
}

my $conn = '/api/v1/connection';
my $dry = "$conn?dry_run=true";
my $json = 'application/json';
my $inspect = '/api/v1/certificates/inspect';

sub methods
{
	my $out = f('HEAD', 200, 'HEAD', $conn);
	verdict('fcgi: HEAD has no body', 200,
	    $out =~ /\r\n\r\n\z/ ? $out : 'Status: 599 body', 0);
	f("method $_", 405, $_, $conn) for qw(PUT PATCH DELETE OPTIONS TRACE
	    CONNECT TRACK DEBUG PROPFIND get Get GETX);
	f('method with a blank', 405, 'GET /', $conn);
	f('method with CRLF', 405, "GET\r\nX-Injected: 1", $conn);
	f('empty method', 405, '', $conn);
	f('no method', 405, undef, $conn, {REQUEST_METHOD => undef});
	f('method of 10,000 letters', 405, 'G' x 10000, $conn);
	f('HEAD where only POST is', 405, 'HEAD', '/logout');
	f('OPTIONS of a page', 405, 'OPTIONS', '/login');
	f('TRACE of healthz', 405, 'TRACE', '/healthz');
	$out = f('Allow', 405, 'PUT', $conn);
	verdict('fcgi: it names what may', 405,
	    $out =~ /^Allow: GET, HEAD, POST\r$/m ? $out : 'Status: 599 Allow', 0);
}

sub addresses
{
	f("path $_", 400, 'GET', $_) for '/api/v1/../v1/connection',
	    '/api/v1/./connection', '/api/v1/%2e%2e/connection',
	    '/api/v1/.%2e/connection', '/%2e/', '/..', '/../../etc/passwd',
	    '/api%2fv1%2fconnection', '/api/v1%2Fconnection',
	    '/api/v1/%5cconnection', '/api\\v1', '/api//v1/connection', '//',
	    '//evil.example/', 'http://evil.example/', 'evil', '*',
	    '/api/v1/%00', '/api/v1/connection%00', '/%0d%0aX-Injected:1',
	    '/%0a', '/%7f', '/%c0%af', '/%c0%ae%c0%ae/', '/%e0%80%af',
	    '/%ed%a0%80', '/%ff', '/%f5%80%80%80', '/%c2%85', '/%', '/%4',
	    '/%zz', '/%u002f';
	f('empty path', 400, 'GET', '');
	f('no REQUEST_URI', 400, 'GET', $conn, {REQUEST_URI => undef});
	f('raw control characters in the path', 400, 'GET', "/a\r\nX-Injected: 1");
	f('2,049 bytes', 400, 'GET', '/' . 'a' x 2048);
	f('30,000 bytes', '400|431', 'GET', '/' . 'a' x 30000);
	f("path $_", 404, 'GET', $_) for '/api/v1/connection/',
	    '/api/v1/connection%20', '/API/V1/connection',
	    '/api/v1/connection;x=1', '/.git/config', '/static/app.css',
	    '/index.php', '/api/v1', '/smtp-routing/connection.bak',
	    '/api/v1/generations/1/2/3', '/%e2%80%ae';
	f("query $_", 400, 'GET', "$conn?$_") for 'x', 'x=1', '=1', '&',
	    'a=1&', 'a=%00', 'a=%ff', 'a=%c0%af', 'a=%zz', 'dry_run=true';
	f("limit $_", 400, 'GET', "/api/v1/generations?limit=$_") for '-1',
	    '+5', '5%20', '0x5', '1e3', '99999999999999999999', '5&limit=6',
	    '5%00', '%35%0a';
	f("generation $_", '400|404', 'GET', "/api/v1/generations/$_") for '-1',
	    '0', '%31%20', '9999999999999999999999', '1%2f..', "'", '*',
	    '1%00';
	f("job $_", '400|404', 'GET', "/api/v1/jobs/$_") for '..', '%2e%2e',
	    'a' x 32, 'A' x 32, '..%2faudit', '0' x 31 . '%0a';
}

sub lengths
{
	my $post = sub {
		my ($name, $want, $length, $body) = @_;
		f("length $name", $want, 'POST', $dry, {CONTENT_TYPE => $json,
		    CONTENT_LENGTH => $length}, body => $body // '{}');
	};
	$post->('right', 200, 2);
	$post->('missing', 411, undef);
	$post->('empty', 411, '');
	$post->(s/\n/\\n/r, 400, $_) for '-1', '+2', '2,2', '2 2', ' 2', '2 ',
	    '0x2', '2e0', "2\n", '2;', 'two', '-0', '1.0', '٢';
	$post->($_, 413, $_) for '99999999999999999999', '4294967298',
	    '999999999', '18446744073709551618';
	$post->('zeros in front', '200|413', '0000000002');
	$post->('0 with a body', 400, 0);
	$post->('too long for the body', 400, 50);
	$post->('too short for the body', 200, 2, '{}{"x":1}');
	$post->('1 of 2', 400, 1);
	f('GET with a length', 400, 'GET', $conn, {CONTENT_LENGTH => 5},
	    body => 'hello');
	f('GET with a length of no number', 400, 'GET', $conn,
	    {CONTENT_LENGTH => 'x'});
	f('GET with 0', 200, 'GET', $conn, {CONTENT_LENGTH => 0});
	f('GET with a body that nobody announced', 200, 'GET', $conn, {},
	    body => 'x' x 100000);
	f('chunked without a length', 411, 'POST', $dry,
	    {CONTENT_TYPE => $json, CONTENT_LENGTH => undef,
	    HTTP_TRANSFER_ENCODING => 'chunked'}, body => "2\r\n{}\r\n0\r\n\r\n");

	for my $twice (qw(CONTENT_LENGTH REQUEST_METHOD REQUEST_URI
	    HTTP_AUTHORIZATION HTTP_COOKIE CONTENT_TYPE REMOTE_ADDR
	    HTTP_X_CSRF_TOKEN HTTP_IF_MATCH)) {
		my $p = params('POST', $dry, HTTP_AUTHORIZATION => $auth,
		    CONTENT_TYPE => $json, CONTENT_LENGTH => 2);
		my %first = %$p;
		$first{$twice} //= 'x';
		my $raw = join('', map { pair($_, $first{$_}) } keys %first) .
		    pair($twice, $twice eq 'CONTENT_LENGTH' ? 40 : 'y');
		raw("$twice twice", 400,
		    request_bytes(raw_params => $raw, body => '{}'));
	}
}

sub types
{
	my $post = sub {
		my ($type, $want, $body, $name) = @_;
		$body //= '{}';
		f('type ' . ($name // $type) =~ s/[\r\n]/?/gr, $want, 'POST',
		    $dry, {CONTENT_TYPE => $type,
		    CONTENT_LENGTH => length $body}, body => $body);
	};
	$post->($_, 200) for 'application/json', 'application/JSON',
	    'application/json; charset=utf-8', 'application/json;charset="UTF-8"',
	    'application/json; x=y', 'application/json;;';
	$post->($_, 415) for 'text/plain', '', 'application/json; charset=utf-16',
	    'application/jsonx', 'application/json,',
	    'application/json; charset',
	    'multipart/mixed; boundary=b', 'application/xml',
	    'application/x-www-form-urlencoded', "application/json\r\nX: y",
	    'application/json; charset="utf-8';
	$post->('a' x 20000, 415, '{}', '20,000 letters');

	my $part = sub {
		my ($b) = @_;
		return "--$b\r\nContent-Disposition: form-data; name=\"apply\"\r\n\r\n" .
		    "reload\r\n--$b--\r\n";
	};
	my $m = 'multipart/form-data';
	$post->("$m; boundary=b", 200, $part->('b'));
	$post->("$m; boundary=\"b\"", 200, $part->('b'));
	$post->("$m; boundary=b; filename=x", 200, $part->('b'));
	$post->("$m; boundary=" . 'x' x 70, 200, $part->('x' x 70), 'boundary of 70');
	$post->("$m; boundary=" . 'x' x 71, 400, $part->('x' x 71), 'boundary of 71');
	$post->("$m; boundary=" . 'x' x 9000, '400|415', $part->('x' x 9000), 'boundary of 9,000');
	$post->($_, 400, $part->('b')) for $m, "$m; boundary=", "$m; boundary=\"\"",
	    "$m; boundary=\"b \"", "$m; boundary=b; boundary=c",
	    "$m; boundary=\"b\\\"c\"";
	$post->($_, '400|415', $part->('b')) for "$m; boundary=b,c", "$m; boundary",
	    "$m; boundary=\"b", "$m; boundary=\"b\r\nc\"",
	    "$m boundary=b", "$m; boundary=b\xc3\xa9", "$m; boundary=<b>";
}

sub multipart
{
	my $cd = 'Content-Disposition: form-data; ';
	my $post = sub {
		my ($name, $want, $body) = @_;
		return f("multipart: $name", $want, 'POST', $dry, {CONTENT_TYPE =>
		    'multipart/form-data; boundary=b',
		    CONTENT_LENGTH => length $body}, body => $body);
	};
	my $one = sub {
		my ($headers, $text) = @_;
		return "--b\r\n$headers\r\n\r\n$text\r\n--b--\r\n";
	};
	my $apply = "${cd}name=\"apply\"";
	my @bad = (
	    ['empty body', ''],
	    ['no end', "--b\r\n$apply\r\n\r\nreload\r\n"],
	    ['cut in the boundary', "--b\r\n$apply\r\n\r\nreload\r\n--b-"],
	    ['another boundary', "--c\r\n$apply\r\n\r\nreload\r\n--c--\r\n"],
	    ['a boundary in the content', $one->($apply, "re\r\n--bload")],
	    ['an empty boundary line', "--\r\n$apply\r\n\r\nx\r\n----\r\n"],
	    ['a part without headers', "--b\r\n\r\nreload\r\n--b--\r\n"],
	    ['a part without a name', $one->('Content-Disposition: form-data', 'x')],
	    ['an empty name', $one->("${cd}name=\"\"", 'x')],
	    ['attachment', $one->('Content-Disposition: attachment; name="apply"', 'x')],
	    ['two names', $one->("$apply; name=\"confirm\"", 'x')],
	    ['two dispositions', $one->("$apply\r\n$apply", 'x')],
	    ['two file names', $one->("${cd}name=\"private_key\"; filename=\"a\"; filename=\"b\"", 'x')],
	    ['nested multipart', $one->("$apply\r\nContent-Type: multipart/mixed; boundary=c", "--c\r\n\r\nx\r\n--c--")],
	    ['quoted-printable', $one->("$apply\r\nContent-Transfer-Encoding: quoted-printable", 'reload')],
	    ['UTF-16', $one->("$apply\r\nContent-Type: text/plain; charset=utf-16", 'reload')],
	    ['NUL in a text', $one->($apply, "re\0load")],
	    ['ESC in a text', $one->($apply, "re\x1bload")],
	    ['overlong UTF-8', $one->($apply, "re\xc0\xafload")],
	    ['a surrogate', $one->($apply, "re\xed\xa0\x80load")],
	    ['NUL in a name', $one->("${cd}name=\"ap\0ply\"", 'x')],
	    ['NUL in a header', $one->("$apply\r\nX-Y: a\0b", 'x')],
	    ['bare CR in a header', $one->("$apply\r\nX-Y: a\rb", 'x')],
	    ['a folded header', $one->("Content-Disposition: form-data;\r\n name=\"apply\"", 'x')],
	    ['a header line of 2,000', $one->("$apply\r\nX-Y: " . 'a' x 2000, 'x')],
	    ['nine header lines', $one->($apply . "\r\nX-Y: z" x 8, 'x')],
	    ['a header without a colon', $one->("$apply\r\nX", 'x')],
	    ['a blank before the colon', $one->("$apply\r\nX : y", 'x')],
	    ['a name of 65', $one->("${cd}name=\"" . 'n' x 65 . '"', 'x')],
	    ['a name in Latin-1', $one->("${cd}name=\"\xe9\"", 'x')],
	    ['an open quote', $one->("${cd}name=\"apply", 'x')],
	    ['a text of 5,000', $one->($apply, 'x' x 5000)],
	    ['a field twice', "--b\r\n$apply\r\n\r\nreload\r\n--b\r\n$apply\r\n\r\nrestart\r\n--b--\r\n"],
	    ['an unknown field', $one->("${cd}name=\"colour\"", 'x')],
	    ['a path as field', $one->("${cd}name=\"../apply\"", 'x')],
	    ['script as field', $one->("${cd}name=\"<script>alert(1)</script>\"", 'x')],
	    ['a value with CRLF', $one->($apply, "reload\r\nX-Injected: 1")],
	    ['100 fields', join('', map { "--b\r\n${cd}name=\"confirm\"\r\n\r\nx\r\n" } 1 .. 100) . "--b--\r\n"],
	);
	my @good = (
	    ['a preamble', "x\r\n" . $one->($apply, 'reload')],
	    ['an epilogue', $one->($apply, 'reload') . 'x'],
	    ['line feeds alone', "--b\n$apply\n\nreload\n--b--\n"],
	    ['base64', $one->("$apply\r\nContent-Transfer-Encoding: base64", 'cmVsb2Fk')],
	);
	$post->($$_[0], 400, $$_[1]) for @bad;
	$post->($$_[0], 200, $$_[1]) for @good;
	$post->('no parts', '200|400', "--b--\r\n");
	$post->('10,000 fields', '400|413',
	    join('', map { "--b\r\n${cd}name=\"f$_\"\r\n\r\nx\r\n" } 1 .. 10000) . "--b--\r\n");
	$post->('a file with NUL', 422, $one->("${cd}name=\"private_key\"; filename=\"k\"", "a\0b"));
	$post->('a boundary almost, as data', 422, $one->("${cd}name=\"private_key\"; filename=\"k\"", "a\r\n--\r\n-\r\n-b"));
	$post->("a file name $_", 422, $one->("${cd}name=\"private_key\"; filename=\"$_\"", 'x'))
	    for '../../etc/passwd', 'C:\\a\\b', '<script>alert(1)</script>',
	    'a' x 800, "\xff\xfe", '%22%0d%0aX-Injected: 1', '$(id)';
	$post->('filename*', 422, $one->("${cd}name=\"private_key\"; filename=\"k\"; filename*=UTF-8''%2e%2e%2f", 'x'));
}

sub forms
{
	my $post = sub {
		my ($name, $want, $body, $params) = @_;
		f("form: $name", $want, 'POST', '/login',
		    {CONTENT_TYPE => 'application/x-www-form-urlencoded',
		    CONTENT_LENGTH => length $body, %{$params // {}}},
		    body => $body);
	};
	$post->('no csrf', 403, 'user=admin&password=x');
	$post->(@$_[0], 400, @$_[1]) for (['a bad escape', 'user=%zz'],
	    ['half an escape', 'user=%4'], ['NUL', 'user=a%00b'],
	    ['a raw NUL', "user=a\0b"], ['overlong', 'user=%c0%af'],
	    ['not UTF-8', 'user=%ff'], ['ESC', 'user=%1b'], ['no name', '=x'],
	    ['no value', 'user'], ['two ampersands', 'user=a&&password=b'],
	    ['an ampersand at the end', 'user=a&'], ['a long name', 'n' x 65 . '=x'],
	    ['a long value', 'user=' . 'x' x 4097],
	    ['161 fields', join '&', map { "f$_=x" } 1 .. 161],
	    ['brackets', 'user[]=%00']);
	$post->('10,000 fields', '400|413', join '&', map { "f$_=x" } 1 .. 10000);
	$post->('a field twice', '400|403', 'csrf=a&user=a&user=b');
	$post->('an unknown field', '400|403', 'csrf=a&user=a&admin=1');
	$post->('a csrf of 4,000', 403, 'csrf=' . 'a' x 4000 . '&user=a&password=b');
	$post->('two cookies of the name', 403, 'csrf=a&user=a&password=b',
	    {HTTP_COOKIE => '__Host-postseal-login=a; __Host-postseal-login=b'});
}

sub jsons
{
	my $post = sub {
		my ($name, $want, $body) = @_;
		f("json: $name", $want, 'POST', $dry, {CONTENT_TYPE => $json,
		    CONTENT_LENGTH => length $body}, body => $body);
	};
	$post->('BOM', 200, "\xef\xbb\xbf{}");
	$post->($$_[0], 400, $$_[1]) for (['empty', ' '], ['null', 'null'],
	    ['a number', '1'],
	    ['UTF-16', "{\0}\0"], ['a comment', '{}/* x */'],
	    ['single quotes', "{'apply':'reload'}"], ['NaN', '{"apply":NaN}'],
	    ['100,000 brackets', '[' x 100000],
	    ['100,000 objects', '{"a":' x 20000],
	    ['40,000 members', '{' . join(',', map { "\"m$_\":1" } 1 .. 40000) . '}'],
	    ['a member twice', '{"apply":"reload","apply":"restart"}'],
	    ['a member twice, escaped', '{"apply":"reload","\u0061pply":"restart"}'],
	    ['NUL escape', '{"apply":"reload\u0000"}'], ['raw NUL', "{\"apply\":\"re\0load\"}"],
	    ['half a surrogate', '{"apply":"\ud800"}'],
	    ['overlong', "{\"apply\":\"\xc0\xaf\"}"], ['__proto__', '{"__proto__":{}}'],
	    ['a list for a text', '{"apply":["reload"]}'],
	    ['1e400', '{"all_scanners":1e400}'], ['a wide number', '{"all_scanners":' . '9' x 5000 . '}']);
}

sub headers
{
	my $get = sub {
		my ($name, $want, $uri, %p) = @_;
		return f("header: $name", $want, 'GET', $uri, \%p);
	};
	my $crlf = "x\r\nX-Injected: 1\r\n\r\n<script>alert(1)</script>";

	$get->("$_ with CRLF", '200|303', '/login', "HTTP_$_" => $crlf)
	    for qw(ACCEPT_LANGUAGE COOKIE HOST USER_AGENT REFERER ORIGIN ACCEPT
	    X_FORWARDED_FOR X_CSRF_TOKEN PREFER IF_MATCH);
	$get->('a language of CRLF', 200, '/login',
	    HTTP_COOKIE => "postseal-lang=ja\r\nX-Injected: 1");
	$get->('the way back, escaped', '200|400', '/login?next=%0d%0aX-Injected:1');
	$get->("the way back: $_", '200|400', "/login?next=$_") for '//evil.example',
	    'https://evil.example', '/%5cevil.example', 'javascript:alert(1)',
	    '%3Cscript%3Ealert(1)%3C/script%3E';
	$get->('1,000 cookies', 200, '/login',
	    HTTP_COOKIE => join '; ', map { "c$_=v" } 1 .. 1000);
	$get->('a cookie of 20,000', 200, '/login',
	    HTTP_COOKIE => '__Host-postseal=' . 'a' x 20000);
	$get->('an unknown session', 303, '/audit',
	    HTTP_COOKIE => '__Host-postseal=' . 'a' x 43, HTTP_AUTHORIZATION => undef);
	$get->("token: " . substr($_, 0, 20) =~ s/[\r\n]/?/gr, 401, $conn,
	    HTTP_AUTHORIZATION => $_) for 'Bearer', 'Bearer ', 'Bearer x',
	    'Basic YWRtaW46YWRtaW4=', "$auth x", "Bearer $auth", "$auth\r\n",
	    "$auth,$auth", 'Bearer pst_' . '%' x 43, 'Bearer ' . 'a' x 30000,
	    "Bearer pst_' OR 1=1 --";
	$get->('an address of words', 200, '/healthz', REMOTE_ADDR => "evil\r\nX: y");
	$get->('no address', 200, '/healthz', REMOTE_ADDR => undef);
	f("header: If-Match $_", '400|412', 'POST', $dry, {CONTENT_TYPE => $json,
	    CONTENT_LENGTH => 2, HTTP_IF_MATCH => $_}, body => '{}')
	    for '"x"', 'x', '"' . 'x' x 3000 . '"', '*,*', "\"a\"\r\nX-Injected: 1";
}

# FastCGI itself.
sub records
{
	my $p = params('GET', '/healthz');
	my $good = request_bytes(params => $p);

	raw('a good one', 200, $good);
	raw('in pieces of one byte', 200,
	    request_bytes(params => $p, chunk => 1));
	raw('a pause in the head', 200,
	    [substr($good, 0, 30), \0.3, substr($good, 30)]);
	raw('a head that never ends', 'closed', substr($good, 0, 60));
	raw('a head that ends', 'closed', substr($good, 0, 60), half_close => 1);
	raw('nothing', 'closed', '', half_close => 1);
	raw("role $_", 400, request_bytes(params => $p, role => $_)) for 0, 2, 3, 99;
	raw('version 2', 400, "\2" . substr $good, 1);
	raw('request 0', 400, record(1, pack('nCx5', 1, 0), id => 0) . $good);
	raw("a record of type $_ first", 400, record($_, '') . $good) for 0, 2, 3, 4,
	    5, 6, 9, 10, 11, 255;
	raw('GET_VALUES', 400, record(9, pair('FCGI_MAX_CONNS', ''), id => 0));
	raw('HTTP', 400, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", half_close => 1);
	raw('TLS', 400, "\x16\x03\x01" . "\0" x 100, half_close => 1);
	raw('random', 400, join('', map { chr(7 * $_ % 256) } 1 .. 4000), half_close => 1);
	raw('a pair longer than its record', 400,
	    request_bytes(raw_params => "\x04\x50NAMEx"));
	raw('a pair of 2 GiB', 400,
	    request_bytes(raw_params => "\xff\xff\xff\xff\xff\xff\xff\xffx"));
	raw('a name of 2 GiB less one', 400,
	    request_bytes(raw_params => "\xff\xff\xff\xfe\x01x"));
	raw('half a length', 400, request_bytes(raw_params => "\x80\x00"));
	raw('NUL in a value', 400, request_bytes(params => params('GET', "/healthz\0x")));
	raw('NUL in a name', 400,
	    request_bytes(params => {%$p, "A\0B" => 1}));
	raw('no name', 400, request_bytes(raw_params => "\0\1x"));
	raw('no parameters', 400, request_bytes(params => {}));
	raw('parameters of 1 MB', 431, request_bytes(params =>
	    {%$p, map { ("HTTP_X_$_" => 'x' x 10000) } 1 .. 100}));
	raw('one of 1 MB', 431, request_bytes(params =>
	    {%$p, HTTP_X => 'x' x 1000000}));
	raw('10,000 parameters', '400|431', request_bytes(params =>
	    {%$p, map { ("HTTP_X_$_" => 'x') } 1 .. 10000}));
	my $post = params('POST', $dry, HTTP_AUTHORIZATION => $auth,
	    CONTENT_TYPE => $json, CONTENT_LENGTH => 100000);
	raw('an abort in the body', '400|closed', request_bytes(params => $post,
	    no_body => 1) . record(5, '{') . record(2, ''), half_close => 1);
	raw('gone in the body', 'closed', request_bytes(params => $post,
	    no_body => 1) . record(5, '{' . ' ' x 5000), abort => 1) for 1 .. 20;
	raw('a body of another request', '400|closed', request_bytes(params => $post,
	    no_body => 1) . record(5, '{}', id => 2), half_close => 1);
	raw('a record that lies in the body', '400|closed',
	    request_bytes(params => $post, no_body => 1) .
	    record(5, '{}', length => 60000), half_close => 1);
	raw('a body in records of one byte', 200, request_bytes(params =>
	    {%$post, CONTENT_LENGTH => 3000}, body => '{' . ' ' x 2998 . '}',
	    chunk => 1));
	raw('keep the connection', 200, request_bytes(params => $p, flags => 1) . $good,
	    half_close => 1);
}

sub through_nginx
{
	my $len = "Content-Type: $json\r\nContent-Length: 2\r\n";
	my $chunked = "Content-Type: $json\r\nTransfer-Encoding: chunked\r\n";
	my $post = "POST $dry HTTP/1.1";

	h('a good one', 200, hreq($post, $len, '{}'));
	h('chunked', 200, hreq($post, $chunked, "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"));
	h('chunked with an extension', '200|400', hreq($post, $chunked, "2;x=y\r\n{}\r\n0\r\n\r\n"));
	h('CL and TE', 400, hreq($post, $len . "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"));
	h('TE and CL', 400, hreq($post, $chunked . "Content-Length: 2\r\n", "2\r\n{}\r\n0\r\n\r\n"));
	h('two equal lengths', 400, hreq($post, $len . "Content-Length: 2\r\n", '{}'));
	h('two lengths', 400, hreq($post, $len . "Content-Length: 40\r\n", '{}'));
	h("length $_", 400, hreq($post, "Content-Type: $json\r\nContent-Length: $_\r\n", '{}'))
	    for '-1', '+2', '2, 2', '0x2', 'x', '99999999999999999999';
	h('no length', '411|400', hreq($post, "Content-Type: $json\r\n"));
	h('two TE', '400|501', hreq($post, $chunked . "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"));
	h("TE: $_", '400|501', hreq($post, "Content-Type: $json\r\nTransfer-Encoding: $_\r\n", "2\r\n{}\r\n0\r\n\r\n"))
	    for 'xchunked', 'chunked, identity', 'identity', 'gzip, chunked', "\x0bchunked";
	h('a chunk size of no number', 400, hreq($post, $chunked, "zz\r\n{}\r\n0\r\n\r\n"));
	h('a chunk size of 2^64', '400|413', hreq($post, $chunked, "10000000000000000\r\n{}\r\n0\r\n\r\n"));
	h('a negative chunk size', 400, hreq($post, $chunked, "-2\r\n{}\r\n0\r\n\r\n"));
	h('a chunk longer than it says', 400, hreq($post, $chunked, "1\r\n{}\r\n0\r\n\r\n"));
	h('a blank before the colon', 400, hreq($post, "Content-Type : $json\r\n" . $len, '{}'));
	h('a folded header', '400|411|415', hreq($post, "Content-Type: $json\r\nX-Y: a\r\n b: c\r\nContent-Length: 2\r\n", '{}'));
	h('NUL in a header', 400, hreq($post, "X-Y: a\0b\r\n$len", '{}'));
	h('two hosts', 400, hreq($post, "Host: evil.example\r\n$len", '{}'));
	h('no host', 400, "GET $conn HTTP/1.1\r\nConnection: close\r\n\r\n");
	h('two tokens', 400, hreq("GET $conn HTTP/1.1", "Authorization: Bearer x\r\n"));
	h('two cookies lines', '400|200', hreq("GET $conn HTTP/1.1", "Cookie: a=1\r\nCookie: b=2\r\n"));
	h('a header of 100,000', '400|431|494', hreq("GET $conn HTTP/1.1", 'X-Y: ' . 'a' x 100000 . "\r\n"));
	h('5,000 headers', '400|431|494', hreq("GET $conn HTTP/1.1", join '', map { "X-$_: y\r\n" } 1 .. 5000));
	h('an address of 100,000', 414, hreq('GET /' . 'a' x 100000 . ' HTTP/1.1'));
	h("method $_", 405, hreq("$_ $conn HTTP/1.1")) for qw(OPTIONS PUT TRACE PATCH);
	h('CONNECT', '400|405', hreq('CONNECT evil.example:443 HTTP/1.1'));
	h('a small method', '400|405', hreq("get $conn HTTP/1.1"));
	h('HTTP/9.9', '400|505', hreq("GET $conn HTTP/9.9"));
	h('HTTP/0.9', '400|closed', "GET $conn\r\n\r\n");
	h('HTTP/1.0', 200, "GET /healthz HTTP/1.0\r\n\r\n");
	h('two blanks', '200|400|404', hreq("GET  $conn  HTTP/1.1"));
	h('HTTP/2 over 1', '200', hreq("GET $conn HTTP/1.1", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
	h('the preface of HTTP/2', '400|405|505', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	h('a request behind the request', 200, hreq($post, $len, "{}GET /api/v1/audit HTTP/1.1\r\nHost: x\r\n\r\n"));
	h("address $_", '400|404', hreq("GET $_ HTTP/1.1")) for '/..%2f..%2fetc/passwd',
	    '/static/../../etc/passwd', '/static/..%2f..%2fetc/passwd', '/static%2f..',
	    '/static../templates/login.html', '/static/%2e%2e/templates/login.html',
	    '/static//../x', '/%00', '/api/v1/connection%2f', '/%c0%ae%c0%ae/', '/./api/v1/connection';
	h('a directory', '403|404', hreq('GET /static/ HTTP/1.1'));
	h('3 MB', 413, hreq($post, "Content-Type: $json\r\nContent-Length: 3000000000\r\n"));
	h('an absolute address of another host', '200|400', hreq("GET http://evil.example/healthz HTTP/1.1"));
	h('a range', '200|206|416', hreq("GET $conn HTTP/1.1", "Range: bytes=0-,0-,0-,0-\r\n"));
}

$| = 1;
$SIG{PIPE} = 'IGNORE'; # a server may refuse in the middle
Net::SSLeay::load_error_strings();
Net::SSLeay::SSLeay_add_ssl_algorithms();
methods();
addresses();
lengths();
types();
multipart();
forms();
jsons();
headers();
records();
through_nginx();
print STDERR "$n cases, $bad wrong\n";
exit 0;
