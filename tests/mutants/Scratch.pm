# Scratch.pm - a copy of the tree with what was built of it, in which mutants
# are made; the working tree is never written to.
package Scratch;
use strict;
use warnings;
use File::Temp ();
use POSIX ();

my $B = $ENV{B} || 'build';
my $LIMIT = 120;		# seconds for a test program
my %command = (docs => 'docs/generate --check');

sub sh
{
	system(@_) == 0 or die "$_[0] failed\n";
}

# Everything that git knows or would add, and what make has made of it, with
# its times: nothing is built twice.
sub new
{
	my ($class) = @_;
	my $dir = File::Temp->newdir('/tmp/postseal-mutants.XXXXXX');

	sh('bash', '-c', 'set -o pipefail; git ls-files -coz ' .
	    '--exclude-standard | xargs -0 ls -d 2>/dev/null | ' .
	    'tar -cT - | tar -xC "$0"', "$dir");
	if (-d $B) {
		sh('cp', '-a', $B, "$dir/build");
	}
	return bless { dir => $dir, error => '' }, $class;
}

sub dir { return $_[0]{dir} }

sub text
{
	my ($self, $file) = @_;

	open my $in, '<', "$self->{dir}/$file" or return undef;
	local $/;
	return <$in>;
}

sub put
{
	my ($self, $file, $text) = @_;

	open my $out, '>', "$self->{dir}/$file" or die "$file: $!\n";
	print $out $text;
	close $out or die "$file: $!\n";
}

# Do something while the file has another text.  Afterwards it has its own
# text and time again; what was built of the other one is removed.
sub with
{
	my ($self, $file, $text, $do) = @_;
	my $path = "$self->{dir}/$file";
	my ($was, $mtime) = ($self->text($file), (stat $path)[9]);
	my $object = "$self->{dir}/build/$file" =~ s/\.c$/.o/r;
	my $kept = -e $object && $file =~ /\.c$/;

	sh('cp', '-a', $object, "$object.kept") if $kept;
	$self->put($file, $text);
	my @ret = $do->();
	$self->put($file, $was);
	utime $mtime, $mtime, $path;
	if ($kept) {
		rename "$object.kept", $object or die "$object: $!\n";
	} elsif ($file =~ /\.c$/) {
		unlink $object;
	}
	# make goes by time: an archive younger than the old object.
	unlink glob "$self->{dir}/build/lib*.a" if $file =~ /\.c$/;
	utime undef, undef, $path if $file =~ /\.(h|def)$/;
	return @ret;
}

# Tests are "unit/LAYER/test_NAME", or the name of a command.
sub build
{
	my ($self, @tests) = @_;
	my @bins = map { "build/$_" } grep { /^unit\// } @tests;

	return 1 if !@bins;
	my $log = "$self->{dir}/make.log";
	my $rc = system "make -s -C $self->{dir} --no-print-directory -j2 " .
	    "B=build @bins >$log 2>&1";
	$self->{error} = '';
	if ($rc != 0) {
		open my $in, '<', $log or die;
		($self->{error}) = grep { /error|\*\*\*/i } <$in>;
		chomp($self->{error} //= 'does not build');
	}
	return $rc == 0;
}

# Does it pass?  A test that hangs does not.
sub run
{
	my ($self, $test, $limit) = @_;
	my $command = $command{$test} || "build/$test";
	my $pid = fork // die "fork: $!\n";

	if ($pid == 0) {
		POSIX::setpgid(0, 0);
		chdir $self->{dir} or die;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', 'test.log';
		open STDERR, '>&', \*STDOUT;
		$ENV{B} = 'build';
		# Its limits find hangs; a busy machine is none.
		$ENV{CK_TIMEOUT_MULTIPLIER} = 10;
		# A test runs in a process group of its own, out of our reach: one
		# that goes round and round ends by itself.
		exec 'sh', '-c', "ulimit -t 60; exec $command"
		    or POSIX::_exit(127);
	}
	local $SIG{ALRM} = sub { kill 'TERM', $pid; alarm 2;
	    $SIG{ALRM} = sub { kill 'KILL', -$pid } };
	alarm($limit || $LIMIT);
	waitpid $pid, 0;
	my $rc = $?;
	alarm 0;
	kill 'KILL', -$pid;
	return $rc == 0;
}

1;
