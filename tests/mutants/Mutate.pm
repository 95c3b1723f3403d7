# Mutate.pm - the simple mutants of a C source: one operator, constant,
# condition or statement changed.  Not a parser: it goes by tokens, and what
# does not compile is dropped by who asked.
package Mutate;
use strict;
use warnings;

my %relation = ('<' => '<=', '<=' => '<', '>' => '>=', '>=' => '>',
    '==' => '!=', '!=' => '==');
my %swap = ('&&' => '||', '||' => '&&', '++' => '--', '--' => '++',
    '+=' => '-=', '-=' => '+=');
my %word = (true => 'false', false => 'true');

# The same text with comments, strings and characters blanked, so that what
# is found in it is code; as long as the other.
sub code_of
{
	my ($text) = @_;

	$text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')}
	    {my $s = $1; $s =~ s/[^\n]/ /g; $s}gse;
	$text =~ s{^(#(?:\\\n|[^\n])*)}{my $s = $1; $s =~ s/[^\n]/ /g; $s}gme;
	return $text;
}

# Mutants: [offset, length, text], in the order of the source.
sub all
{
	my ($text) = @_;
	my $code = code_of($text);
	my @m = (operators($code), numbers($text, $code), strings($text, $code),
	    conditions($code), statements($code));

	return sort { $a->[0] <=> $b->[0] || $a->[2] cmp $b->[2] } @m;
}

sub operators
{
	my ($code) = @_;
	my @m;

	while ($code =~ /(?<![-<>])([<>]=?)(?![<>=])|([=!]=)/g) {
		my ($op, $at) = ($1 // $2, $-[0]);
		push @m, [$at, length $op, $relation{$op}];
	}
	while ($code =~ /&&|\|\||\+\+|--|[-+]=/g) {
		push @m, [$-[0], 2, $swap{$&}];
	}
	# Blanks around: not a sign.
	while ($code =~ / ([-+]) (?=[\w(])/g) {
		push @m, [$-[1], 1, $1 eq '+' ? '-' : '+'];
	}
	while ($code =~ /!(?![=])/g) {
		push @m, [$-[0], 1, ''];
	}
	while ($code =~ /\b(true|false)\b/g) {
		push @m, [$-[0], length $1, $word{$1}];
	}
	return @m;
}

# Also those that a #define names, but not the room of an array of chars.
sub numbers
{
	my ($text, $code) = @_;
	my @m;

	while ($code =~ /(?<![\w.])(\d+)(?=[uUlL]*\b)/g) {
		my ($n, $at) = ($1, $-[0]);
		my $before = substr $code, 0, $at;
		next if $before =~ /\bchar [^;{}()]*\[\z|\breturn -?\z/;
		push @m, [$at, length $n, $n + 1]
		    if $before !~ /= -\z/;
		push @m, [$at, length $n, $n - 1] if $n > 0;
	}
	while ($text =~ /^#define[ \t]+\w+[ \t]+(\d+)[ \t]*(?=$|\/\*)/gm) {
		push @m, [$-[1], length $1, $1 + 1];
	}
	return @m;
}

# Strings of the code, but for the words of an error or a log line.
sub strings
{
	my ($text, $code) = @_;
	my @m;

	while ($text =~ m{/\*.*?\*/|'(?:\\.|[^'\\\n])+'|"((?:\\.|[^"\\\n])*)"}gs) {
		my ($s, $at) = ($1, $-[0]);

		next if !defined $s || $s eq '';
		my $before = substr $code, 0, $at;
		my ($statement) = $before =~ /([^;{}]*)\z/;
		next if $statement =~ /\b(err_set|err_sys|log_\w+|malformed)\b/ ||
		    substr($text, 0, $at) =~ /^#[ \t]*include[^\n]*\z/m;
		push @m, [$at + 1, length $s, $s =~ /^(\\.|.)./s
		    ? substr($s, length $1) : '~'];
	}
	return @m;
}

# The condition of an if, or of a ?:, the other way round.
sub conditions
{
	my ($code) = @_;
	my @m;

	while ($code =~ /\bif (\((?:[^()]++|(?1))*\))/g) {
		push @m, [$-[1], length $1, "(!$1)"];
	}
	return @m;
}

# Without a call or an assignment; another value of a return.
sub statements
{
	my ($code) = @_;
	my @m;

	while ($code =~ /(?<=[;{}\n])\s*\K((?:\(void\))?[a-z*(][\w>.\[\]*-]*
	    (?:\ [-+]?=\ [^;{}]+|\([^;{}]*\)));/gx) {
		my ($s, $at) = ($1, $-[1]);
		next if $s =~ /^(return|if|for|while|switch|else|sizeof)\b/;
		push @m, [$at, length $s, ''];
	}
	while ($code =~ /\breturn (0|-1);/g) {
		push @m, [$-[1], length $1, $1 eq '0' ? '-1' : '0'];
	}
	while ($code =~ /\b(continue|break|goto \w+);/g) {
		push @m, [$-[1], length $1, ''];
	}
	return @m;
}

1;
