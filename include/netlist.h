/*
 * netlist.h - addresses and networks, as an administrator types them, and lists
 * of them.
 *
 * An entry: "192.0.2.1", "192.0.2.0/24", "192.0.2.0:255.255.255.0" (or with
 * "/" before the mask), "2001:db8::1", "2001:db8::/32".  Canonical text: the
 * address as inet_ntop(3) writes it, a prefix length unless it is a single
 * address; an IPv4-mapped IPv6 address is the IPv4 address.
 * Refused, because a guess could let in or lock out the wrong computers: bits
 * set beyond the mask, masks with a gap, zone ids, names, ranges, IPv4 with
 * fewer than four numbers or with leading zeros.
 * Trust: bytes of a form or a file; nothing here keeps a pointer to them.
 * Limits of a list: NETLIST_MAX entries, NETLIST_BYTES of text (comments
 * included); whoever reads one (kind_list.c) keeps to them.
 */
#ifndef POSTSEAL_NETLIST_H
#define POSTSEAL_NETLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define NETLIST_MAX	10000
#define NETLIST_BYTES	(512 * 1024)
#define NET_TEXT_MAX	64

struct net {
	unsigned char	addr[16];	/* of 4 bytes when !v6 */
	bool		v6;
	int		bits;		/* 0..32, 0..128 */
};

struct netlist {
	struct net	*v;		/* owned */
	size_t		 n, cap;
};

/* 0, or -1 with one of ERR_ACCESS_ENTRY, _ZONE, _MASK, _HOST_BITS in *why;
 * instead: what was probably meant, or "". */
int	net_parse(const char *, size_t len, struct net *, enum err_code *why,
	    char instead[NET_TEXT_MAX]);
void	net_format(const struct net *, char dst[NET_TEXT_MAX]);
bool	net_equal(const struct net *, const struct net *);
/* Does a hold all of b? */
bool	net_contains(const struct net *a, const struct net *b);

void	netlist_init(struct netlist *);
void	netlist_clear(struct netlist *);
/* Of canonical text, one entry a line. */
int	netlist_from_canonical(struct netlist *, const char *text);
bool	netlist_has(const struct netlist *, const struct net *address);
/* Does any entry share an address with the network? */
bool	netlist_overlaps(const struct netlist *, const struct net *);
/* Do the entries together hold all of the network? */
bool	netlist_covers(const struct netlist *, const struct net *);

#endif
