/*
 * netlist.c - addresses and networks from text, and back.
 *
 * Addresses are kept as bytes in network order, so that memcmp(3) orders
 * them, and "all bits beyond the mask are zero" is a property of every struct
 * net that exists.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlist.h"

static const unsigned char mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static int
width(const struct net *n)
{
	return n->v6 ? 128 : 32;
}

static bool
bit_of(const unsigned char *addr, int i)
{
	return addr[i / 8] & 0x80 >> i % 8;
}

/* Clear what lies beyond the mask; true if something was set there. */
static bool
mask_off(struct net *n)
{
	bool set = false;
	int i;

	for (i = n->bits; i < width(n); i++) {
		if (!bit_of(n->addr, i))
			continue;
		n->addr[i / 8] &= (unsigned char)~(0x80 >> i % 8);
		set = true;
	}
	return set;
}

void
net_format(const struct net *n, char dst[NET_TEXT_MAX])
{
	size_t len;

	dst[0] = '\0';
	(void)inet_ntop(n->v6 ? AF_INET6 : AF_INET, n->addr, dst, NET_TEXT_MAX);
	len = strlen(dst);
	if (n->bits < width(n))
		(void)snprintf(dst + len, NET_TEXT_MAX - len, "/%d", n->bits);
}

bool
net_equal(const struct net *a, const struct net *b)
{
	return a->v6 == b->v6 && a->bits == b->bits &&
	       memcmp(a->addr, b->addr, a->v6 ? 16 : 4) == 0;
}

bool
net_contains(const struct net *a, const struct net *b)
{
	struct net c = *b;

	if (a->v6 != b->v6 || a->bits > b->bits)
		return false;
	c.bits = a->bits;
	(void)mask_off(&c);
	return memcmp(c.addr, a->addr, a->v6 ? 16 : 4) == 0;
}

/* Digits alone, at most max; -1 otherwise.  "08" is nobody's prefix. */
static int
number(const char *s, int max)
{
	int n = 0;
	size_t i;

	if (s[0] == '\0' || (s[0] == '0' && s[1] != '\0'))
		return -1;
	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] < '0' || s[i] > '9' || i > 3)
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n <= max ? n : -1;
}

/* The length of 255.255.240.0; -1 when it has a gap or is no mask. */
static int
mask_length(const char *s)
{
	struct in_addr in;
	uint32_t m;
	int n = 0;

	if (inet_pton(AF_INET, s, &in) != 1)
		return -1;
	m = ntohl(in.s_addr);
	while (n < 32 && m & 0x80000000u >> n)
		n++;
	return n == 32 || m << n == 0 ? n : -1;
}

/* An IPv4-mapped network is an IPv4 network, if it holds nothing else. */
static void
unmap(struct net *n)
{
	if (!n->v6 || n->bits < 96 ||
	    memcmp(n->addr, mapped, sizeof(mapped)) != 0)
		return;
	memmove(n->addr, n->addr + 12, 4);
	memset(n->addr + 4, 0, 12);
	n->v6 = false;
	n->bits -= 96;
}

/* Cut "ADDRESS/LENGTH", "ADDRESS/MASK", "ADDRESS:MASK" in two. */
static char *
split(char *text)
{
	char *slash = strchr(text, '/'), *colon = strchr(text, ':');

	/* "1.2.3.4:m" has a dot before its only colon; no IPv6 has. */
	if (slash == NULL && colon != NULL &&
	    memchr(text, '.', (size_t)(colon - text)) != NULL)
		slash = colon;
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

int
net_parse(const char *s, size_t len, struct net *ret, enum err_code *why,
    char instead[NET_TEXT_MAX])
{
	char text[2 * NET_TEXT_MAX], *mask;
	struct net n = {{0}, false, 0};

	instead[0] = '\0';
	*why = ERR_ACCESS_ENTRY;
	if (len == 0 || len >= sizeof(text) || memchr(s, '\0', len) != NULL)
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	if (strchr(text, '%') != NULL) {
		*why = ERR_ACCESS_ZONE;
		return -1;
	}
	mask = split(text);
	if (inet_pton(AF_INET6, text, n.addr) == 1)
		n.v6 = true;
	else if (inet_pton(AF_INET, text, n.addr) != 1)
		return -1;
	n.bits = width(&n);
	if (mask != NULL) {
		n.bits = number(mask, n.bits);
		if (n.bits == -1 && !n.v6)
			n.bits = mask_length(mask);
		if (n.bits == -1) {
			*why = ERR_ACCESS_MASK;
			return -1;
		}
	}
	if (mask_off(&n)) {
		*why = ERR_ACCESS_HOST_BITS;
		unmap(&n);
		net_format(&n, instead);
		return -1;
	}
	unmap(&n);
	*ret = n;
	return 0;
}

void
netlist_init(struct netlist *l)
{
	memset(l, 0, sizeof(*l));
}

void
netlist_clear(struct netlist *l)
{
	free(l->v);
	netlist_init(l);
}

static int
netlist_add(struct netlist *l, const struct net *n)
{
	struct net *grown;
	size_t cap;

	if (l->n == l->cap) {
		cap = l->cap == 0 ? 64 : 2 * l->cap;
		if ((grown = reallocarray(l->v, cap, sizeof(*l->v))) == NULL)
			return -1;
		l->v = grown;
		l->cap = cap;
	}
	l->v[l->n++] = *n;
	return 0;
}

static int
by_value(const struct net *a, const struct net *b)
{
	int d;

	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if ((d = memcmp(a->addr, b->addr, 16)) != 0)
		return d;
	return a->bits - b->bits;
}

int
netlist_from_canonical(struct netlist *l, const char *text)
{
	char instead[NET_TEXT_MAX];
	enum err_code why;
	struct net n;
	size_t len;

	for (; text != NULL && *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		if (net_parse(text, len, &n, &why, instead) == 0 &&
		    netlist_add(l, &n) == -1)
			return -1;
		if (text[len] == '\0')
			break;
	}
	return 0;
}

bool
netlist_has(const struct netlist *l, const struct net *address)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (net_contains(&l->v[i], address))
			return true;
	return false;
}

bool
netlist_overlaps(const struct netlist *l, const struct net *n)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (net_contains(&l->v[i], n) || net_contains(n, &l->v[i]))
			return true;
	return false;
}

/* The address after the last one of n; false when there is none. */
static bool
after(const struct net *n, unsigned char next[16])
{
	int i;

	memcpy(next, n->addr, 16);
	for (i = n->bits - 1; i >= 0; i--) {
		next[i / 8] ^= (unsigned char)(0x80 >> i % 8);
		if (bit_of(next, i))
			return true;
	}
	return false;
}

static int
sort_nets(const void *a, const void *b)
{
	return by_value(a, b);
}

/*
 * Walk the sorted entries with a mark at the first address that none of them
 * holds yet.  Two networks are apart or one holds the other, so an entry that
 * begins before the mark ends before it, too, unless it holds the mark.
 */
bool
netlist_covers(const struct netlist *l, const struct net *n)
{
	struct netlist s = {NULL, 0, 0};
	struct net mark = *n;
	bool covered = false;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (net_contains(&l->v[i], n))
			covered = true;
		else if (net_contains(n, &l->v[i]) &&
			 netlist_add(&s, &l->v[i]) == -1)
			goto out;
	}
	if (covered || s.n == 0)
		goto out;
	qsort(s.v, s.n, sizeof(s.v[0]), sort_nets);
	mark.bits = width(n);
	for (i = 0; i < s.n; i++) {
		if (memcmp(s.v[i].addr, mark.addr, 16) > 0)
			goto out;
		if (!net_contains(&s.v[i], &mark))
			continue;
		if (!after(&s.v[i], mark.addr) || !net_contains(n, &mark)) {
			covered = true;
			goto out;
		}
	}
out:
	netlist_clear(&s);
	return covered;
}
