#!/usr/bin/perl
# form.pl ID [NAME=VALUE | -NAME]... <page: what a browser would send of the
# form with that id, as lines of a curl configuration.  NAME=VALUE types or
# ticks over what is shown, -NAME takes a tick away.
use strict;
use warnings;

my $id = shift;
my (%given, %gone);
for (@ARGV) {
	if (/^-(.*)/) { $gone{$1} = 1 }
	elsif (/^([^=]*)=(.*)/s) { push @{ $given{$1} }, $2 }
}
my $page = do { local $/; <STDIN> };
my ($form) = $page =~ /(<form id="\Q$id\E".*?<\/form>)/s
    or die "no form $id\n";

sub text
{
	my $s = shift // '';
	my %of = (lt => '<', gt => '>', quot => '"', amp => '&', '#39' => "'");
	$s =~ s/&(lt|gt|quot|amp|#39);/$of{$1}/g;
	return $s;
}

sub line
{
	my $s = "$_[0]=$_[1]";
	$s =~ s/([\\"])/\\$1/g;
	$s =~ s/\n/\\n/g;
	print "form-string = \"$s\"\n";
}

while ($form =~ /<(input|textarea)\b([^>]*)>(?:\n?([^<]*)<\/textarea>)?/g) {
	my ($tag, $attributes, $inner) = ($1, $2, $3);
	my %a = $attributes =~ /([\w-]+)="([^"]*)"/g;
	my $name = $a{name} // next;
	my $type = $tag eq 'textarea' ? $tag : $a{type} // 'text';
	next if $type eq 'file' || $gone{$name} || $given{$name};
	next if $type =~ /^(?:checkbox|radio)$/ && $attributes !~ /\bchecked\b/;
	line($name, text($tag eq 'textarea' ? $inner : $a{value}));
}
for my $name (sort keys %given) {
	line($name, $_) for @{ $given{$name} };
}
