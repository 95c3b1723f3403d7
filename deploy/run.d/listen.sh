# listen.sh - where the console of `make run` listens, and how it is reached.
# shellcheck shell=bash
#
# A gateway mostly has no browser: either its console listens on an address
# that others reach (HTTPS_LISTEN), or they come through an ssh tunnel.

HTTPS_HOST=	# the address in our URL: one that HTTPS_LISTEN answers on
CONSOLE=	# https://address:port

# Is $1 an address (else 2), and one of this machine's (else 3)?
listen_check()
{
	perl -MSocket=:DEFAULT,inet_pton,pack_sockaddr_in6 -e '
		my $v4 = inet_pton(AF_INET, $ARGV[0]);
		my $v6 = inet_pton(AF_INET6, $ARGV[0]);
		exit 2 if !$v4 && !$v6;
		socket(S, $v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0) &&
		    bind(S, $v4 ? pack_sockaddr_in(0, $v4) :
			pack_sockaddr_in6(0, $v6)) or exit 3;' "$1"
}

# Of all addresses the first that others can reach.
listen_first()
{
	local address

	for address in $(hostname -I 2>/dev/null); do
		case $HTTPS_LISTEN$address in
		0.0.0.0*:*) ;;
		*) echo "$address" && return ;;
		esac
	done
	[ "$HTTPS_LISTEN" = :: ] && echo ::1 || echo 127.0.0.1
}

bracket()
{
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

listen_arguments()
{
	listen_check "$HTTPS_LISTEN"
	case $? in
	0) ;;
	3) fail "HTTPS_LISTEN=$HTTPS_LISTEN is no address of this machine" ;;
	*) fail "HTTPS_LISTEN=$HTTPS_LISTEN: expected an IPv4 or IPv6 address" ;;
	esac
	case $HTTPS_LISTEN in
	0.0.0.0 | ::) HTTPS_HOST=$(listen_first) ;;
	*) HTTPS_HOST=$HTTPS_LISTEN ;;
	esac
	CONSOLE=https://$(bracket "$HTTPS_HOST"):$HTTPS_PORT
}

# nginx's words for it; :: is all of IPv4, too.
listen_nginx()
{
	printf '%s:%s' "$(bracket "$HTTPS_LISTEN")" "$HTTPS_PORT"
	[ "$HTTPS_LISTEN" != :: ] || printf ' ipv6only=off'
}

# Nobody but this machine reaches a loopback address: the way in for others.
listen_tell()
{
	local via

	case $HTTPS_LISTEN in
	127.* | ::1) ;;
	*) return 0 ;;
	esac
	# The name by which the one who reads this came here.
	via=$(awk '{ print $3 }' <<<"${SSH_CONNECTION:-}")
	printf '\n  From elsewhere: ssh -L %s:%s:%s %s@%s, then the same URL,\n' \
	    "$HTTPS_PORT" "$(bracket "$HTTPS_LISTEN")" "$HTTPS_PORT" \
	    "${SUDO_USER:-$(id -un)}" "${via:-$(uname -n)}"
	printf '  or make run HTTPS_LISTEN=0.0.0.0\n'
}
