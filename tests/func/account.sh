# account.sh - log-in, buttons of /access and one-time codes, for tests that
# act as somebody at the screen.  Values go through files, out of sight of ps.
# shellcheck shell=bash

ctl() { "$B/postsealctl" -c "$STATE/postseal.conf" "$@"; }
csrf() { sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' "$BODY" | head -n 1; }

# form NAME VALUE...: pairs into the curl arguments.
form()
{
	local n=0

	args=()
	while [ $# -gt 0 ]; do
		printf '%s' "$2" >"$T/f.$n"
		args+=(--data-urlencode "$1@$T/f.$n")
		n=$((n + 1))
		shift 2
	done
}

# login JAR USER PASSWORD; TOOK is how long the answer took, in seconds.
# shellcheck disable=SC2034
login()
{
	rm -f "$T/jar.$1"
	req GET /login -c "$T/jar.$1"
	form csrf "$(csrf)" user "$2" password "$3"
	req POST /login -b "$T/jar.$1" -c "$T/jar.$1" "${args[@]}" \
	    -w '%{http_code} %{time_total}'
	TOOK=${STATUS#* } STATUS=${STATUS%% *}
}

# code JAR CODE: the second step
code()
{
	req GET /login -b "$T/jar.$1" -c "$T/jar.$1"
	form csrf "$(csrf)" code "$2"
	req POST /login -b "$T/jar.$1" -c "$T/jar.$1" "${args[@]}"
}

# press JAR DO [NAME VALUE]...: a button of /access
press()
{
	local jar=$1 act=$2

	shift 2
	req GET /access -b "$T/jar.$jar" -c "$T/jar.$jar"
	form csrf "$(csrf)" do "$act" "$@"
	req POST /access -b "$T/jar.$jar" -c "$T/jar.$jar" "${args[@]}"
}

# page JAR PATH [METHOD]
page() { req "${3-GET}" "$2" -b "$T/jar.$1" -c "$T/jar.$1"; }

# bearer TOKEN METHOD PATH [ARGS]...
bearer()
{
	printf 'header = "Authorization: Bearer %s"\n' "$1" >"$T/bearer"
	shift
	req "$@" -K "$T/bearer"
}

# totp STEP-OFFSET, the secret on stdin (RFC 6238)
totp()
{
	perl -MDigest::SHA=hmac_sha1 -e '
		my ($acc, $bits, $key) = (0, 0, "");
		chomp(my $s = lc <STDIN>);
		for (split //, $s) {
			$acc = (($acc << 5) | index("abcdefghijklmnopqrstuvwxyz234567", $_)) & 0xfff;
			$bits += 5;
			if ($bits >= 8) { $bits -= 8; $key .= chr(($acc >> $bits) & 255); }
		}
		my $h = hmac_sha1(pack("NN", 0, int(time / 30) + $ARGV[0]), $key);
		my $o = ord(substr($h, 19)) & 15;
		printf "%06d", (unpack("N", substr($h, $o, 4)) & 0x7fffffff) % 1000000;
	' -- "$1"
}
