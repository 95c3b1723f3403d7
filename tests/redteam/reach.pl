#!/usr/bin/perl
# reach.pl - what the user of a part that was taken over gets at: files, other
# processes, sockets, without the sandbox that the real part has besides.
# Run as that user (setpriv).  Environment: STATE, PF, CHAIN (a key in force),
# SOCK, BIN (programs), OPS (names of postseald's operations), and the numbers
# DAEMON, PARENT, MASTER.
#
# A line an attempt: its aim (key, value, root, session, line, stop), 0 it
# worked or 1 it did not, its name.
use strict;
use warnings;
use Fcntl;
use IO::Socket::UNIX;
use POSIX ();

my ($me) = getpwuid $>;
my ($state, $pf, $sock) = @ENV{qw(STATE PF SOCK)};
my $daemon = "$state/daemon";

sub try { printf "%s %d %s\n", $_[0], $_[1] ? 0 : 1, $_[2] }

sub reading
{
	my ($aim, @paths) = @_;

	for my $path (@paths) {
		my $got = sysopen my $f, $path, O_RDONLY;
		$got &&= -d $f || defined sysread $f, my $c, 1;
		try($aim, $got, "read $path");
	}
}

sub writing
{
	my ($aim, @paths) = @_;

	try($aim, sysopen(my $f, $_, O_WRONLY | O_APPEND), "write $_") for @paths;
}

sub making
{
	my ($aim, @dirs) = @_;

	for my $dir (@dirs) {
		my $path = "$dir/redteam-$$";
		try($aim, sysopen(my $f, $path, O_WRONLY | O_CREAT | O_EXCL), "make a file in $dir");
		unlink $path;
	}
}

sub moving
{
	my ($aim, @paths) = @_;

	for (@paths) {
		try($aim, rename($_, "$_.gone"), "rename $_");
		try($aim, unlink($_), "remove $_");
	}
}

# ptrace and process_vm_readv by their numbers.
sub looking_into
{
	my ($aim, $pid) = @_;

	reading($aim, map { "/proc/$pid/$_" } qw(mem environ maps auxv));
	try($aim, opendir(my $d, "/proc/$pid/fd"), "list the files of $pid");
	return if (POSIX::uname())[4] ne 'x86_64';
	try($aim, syscall(101, 16, $pid + 0, 0, 0) == 0, "trace $pid");
	my $buf = "\0" x 16;
	my $iov = pack 'QQ', unpack('Q', pack 'P', $buf), 16;
	try($aim, syscall(310, $pid + 0, $iov, 1, $iov, 1, 0) > 0, "read the memory of $pid");
}

sub stopping
{
	for my $pid (@_) {
		try('stop', kill($_, $pid), "kill -$_ $pid") for qw(TERM KILL STOP HUP USR1);
		try('stop', (eval { setpriority 0, $pid, 19 } || 0) > 0, "renice $pid");
	}
}

# What the operation is about.
sub aim_of
{
	local ($_) = @_;

	return /^(keys|draft|inspect)/ ? 'key' : /^audit/ ? 'line' :
	    /^auth/ ? 'session' : /^(status|job|connection.get)/ ? 'stop' : 'value';
}

sub asking
{
	my ($op) = @_;
	my $s = IO::Socket::UNIX->new(Peer => $sock);
	my $all = '';

	if ($s) {
		my $f = qq({"op":"$op","actor":{"user":"admin","from":"127.0.0.1","via":"ctl"},"args":{}});
		local $SIG{PIPE} = 'IGNORE';
		local $SIG{ALRM} = sub { close $s };
		alarm 10;
		syswrite $s, pack('N', length $f) . $f;
		1 while sysread $s, $all, 65536, length $all;
		alarm 0;
	}
	try(aim_of($op), $all =~ /"ok":true/ && 1, "ask for $op");
}

reading('key', $ENV{CHAIN}, "$state/https/key.pem", '/etc/shadow', $daemon,
    map { "$daemon/$_" } qw(generations keys drafts cluster jobs));
looking_into('key', $ENV{DAEMON});
moving('key', $ENV{CHAIN});

writing('value', "$pf/main.cf", "$pf/master.cf", "$state/postseal.conf",
    map { "$daemon/$_" } qw(current journal));
making('value', $pf, $daemon, "$daemon/generations", $state);
moving('value', "$pf/main.cf", "$pf/master.cf", "$daemon/current");

try('root', POSIX::setuid(0) && $> == 0, 'setuid 0');
try('root', POSIX::setgid(0) && $) == 0, 'setgid 0');
try('root', chroot('/'), 'chroot');
writing('root', glob("$ENV{BIN}/postseal*"), qw(/etc/passwd /etc/crontab /etc/ld.so.preload
    /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /bin/sh));
making('root', qw(/etc /etc/cron.d /usr/local/sbin /lib /root), "$state/run");
moving('root', $sock);

if ($me ne 'postseal') {	# whose the database and the parent are
	reading('session', map { "$state/web/$_" } '', 'postseal.db', 'postseal.db-wal');
	writing('session', map { "$state/web/$_" } 'postseal.db', 'postseal.db-wal');
	making('session', "$state/web");
	moving('session', "$state/web/postseal.db");
	looking_into('session', $ENV{PARENT});
	stopping($ENV{PARENT});
	asking($_) for grep { !/^cluster/ } split ' ', $ENV{OPS};
}

writing('line', "$daemon/audit.log", "$daemon/audit.head");
moving('line', "$daemon/audit.log", "$daemon/audit.head");
reading('line', "$daemon/audit.log");

stopping($ENV{DAEMON}, $ENV{MASTER});
moving('stop', "$state/run/fcgi.sock");
