/*
 * cidr.c - lists of addresses and networks that a token may come from.
 *
 * An address is compared in the form that the web server saw it.  IPv4 in
 * IPv6 (::ffff:192.0.2.1) counts as IPv4, as a web server that listens on
 * [::] reports it that way.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define BETWEEN	 ", \t\r\n"
#define ITEM_MAX 64

struct net {
	int family;
	unsigned int bits, width; /* of the mask; of the address */
	unsigned char addr[16];
};

static int
parse_addr(const char *s, struct net *ret)
{
	static const unsigned char mapped[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct net n = {0};

	if (inet_pton(AF_INET, s, n.addr) == 1) {
		n.family = AF_INET;
		n.width = 32;
	} else if (inet_pton(AF_INET6, s, n.addr) == 1) {
		n.family = AF_INET6;
		n.width = 128;
		if (memcmp(n.addr, mapped, sizeof(mapped)) == 0) {
			memmove(n.addr, n.addr + 12, 4);
			n.family = AF_INET;
			n.width = 32;
		}
	} else {
		return -1;
	}
	n.bits = n.width;
	*ret = n;
	return 0;
}

/* "address" or "address/bits"; bits beyond the mask are cleared. */
static int
parse_net(const char *item, size_t len, struct net *ret)
{
	char s[ITEM_MAX], *slash;
	struct net n;
	bool mapped;

	if (len == 0 || len >= sizeof(s))
		return -1;
	memcpy(s, item, len);
	s[len] = '\0';
	if ((slash = strchr(s, '/')) != NULL)
		*slash++ = '\0';
	if (parse_addr(s, &n) == -1)
		return -1;
	if (slash != NULL) {
		mapped = n.family == AF_INET && strchr(s, ':') != NULL;
		if (mapped || strlen(slash) < 1 || strlen(slash) > 3 ||
		    strspn(slash, "0123456789") != strlen(slash) ||
		    (slash[0] == '0' && slash[1] != '\0'))
			return -1;
		n.bits = (unsigned int)strtoul(slash, NULL, 10);
		if (n.bits > n.width)
			return -1;
	}
	for (unsigned int i = n.bits; i < n.width; i++)
		n.addr[i / 8] &= (unsigned char)~(0x80u >> (i % 8));
	*ret = n;
	return 0;
}

static bool
contains(const struct net *n, const struct net *a)
{
	unsigned int whole = n->bits / 8, rest = n->bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);

	return n->family == a->family && memcmp(n->addr, a->addr, whole) == 0 &&
	       (rest == 0 || ((n->addr[whole] ^ a->addr[whole]) & mask) == 0);
}

int
cidr_list_normal(const char *list, char *dst, size_t size, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	size_t len, at = 0;
	const char *all = list;
	struct net n;
	int w;

	dst[0] = '\0';
	for (;;) {
		list += strspn(list, BETWEEN);
		if ((len = strcspn(list, BETWEEN)) == 0)
			break;
		if (parse_net(list, len, &n) == -1 ||
		    inet_ntop(n.family, n.addr, text, sizeof(text)) == NULL)
			return err_set(err, ERR_FIELD_INVALID, "addresses",
			    "addresses: expected address or network, got %.*s",
			    len > 50 ? 50 : (int)len, list);
		w = n.bits == n.width ? snprintf(dst + at, size - at, "%s%s",
					    at > 0 ? ", " : "", text)
				      : snprintf(dst + at, size - at, "%s%s/%u",
					    at > 0 ? ", " : "", text, n.bits);
		if (w < 0 || (size_t)w >= size - at)
			return err_set(err, ERR_FIELD_TOO_LONG, "addresses",
			    "addresses: expected at most %zu bytes", size - 1);
		at += (size_t)w;
		list += len;
	}
	/* Commas alone would be a list that allows everybody. */
	if (at == 0 && *all != '\0')
		return err_set(err, ERR_FIELD_INVALID, "addresses",
		    "addresses: expected address or network");
	return 0;
}

bool
cidr_list_allows(const char *list, const char *address)
{
	struct net a, n;
	size_t len;

	list += strspn(list, BETWEEN);
	if (*list == '\0')
		return true;
	if (parse_addr(address, &a) == -1)
		return false;
	while ((len = strcspn(list, BETWEEN)) > 0) {
		if (parse_net(list, len, &n) == 0 && contains(&n, &a))
			return true;
		list += len;
		list += strspn(list, BETWEEN);
	}
	return false;
}
