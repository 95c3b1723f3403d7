#!/usr/bin/perl
# memory.pl SECRETS PID... - is one of the secrets (a file, one a line) in the
# memory of a process?  Root reads /proc/PID/mem, which the process itself may
# not.  Status 1 when nothing of one could be read.  Prints "PID LINE ADDRESS MAPPING", one a hit; LINE counts from 1.
use strict;
use warnings;
no warnings 'portable';

my ($file, @pids) = @ARGV;
open my $in, '<', $file or die "$file: $!\n";
chomp(my @secret = <$in>);

for my $pid (@pids) {
	open my $maps, '<', "/proc/$pid/maps" or die "/proc/$pid/maps: $!\n";
	open my $mem, '<:raw', "/proc/$pid/mem" or die "/proc/$pid/mem: $!\n";
	my $read = 0;
	while (<$maps>) {
		my ($from, $to, $mode, $name) =
		    /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)/;

		next if $mode !~ /^rw/ || $name =~ /^\[v/;
		my ($at, $end, $tail) = (hex $from, hex $to, '');
		while ($at < $end) {
			my $want = $end - $at < 1 << 20 ? $end - $at : 1 << 20;

			seek $mem, $at, 0 or last;
			my $bytes;
			my $got = read $mem, $bytes, $want;
			last if !$got;
			$bytes = $tail . $bytes;
			for my $n (0 .. $#secret) {
				my $hit = index $bytes, $secret[$n];
				printf "%d %d %x %s\n", $pid, $n + 1,
				    $at - length($tail) + $hit, $name
				    if $hit >= 0;
			}
			$tail = substr $bytes, -200;
			$at += $got;
			$read += $got;
		}
	}
	die "nothing of $pid was read\n" if !$read;
}
