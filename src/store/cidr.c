/*
 * cidr.c - lists of addresses and networks that a token may come from.
 *
 * An address is compared in the form that the web server saw it.  IPv4 in
 * IPv6 (::ffff:192.0.2.1) counts as IPv4, as a web server that listens on
 * [::] reports it that way.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "db.h"
#include "netlist.h"
#include "tokens.h"

#define BETWEEN ", \t\r\n"

/* Bits beyond the mask are cleared. */
static int
parse(const char *item, size_t len, struct net *ret)
{
	char meant[NET_TEXT_MAX], none[NET_TEXT_MAX];
	enum err_code why;

	if (net_parse(item, len, ret, &why, meant) == 0)
		return 0;
	return why == ERR_ACCESS_HOST_BITS
		   ? net_parse(meant, strlen(meant), ret, &why, none)
		   : -1;
}

/* One address, and no network. */
static int
parse_address(const char *s, struct net *ret)
{
	unsigned char addr[16];

	if (inet_pton(AF_INET, s, addr) != 1 &&
	    inet_pton(AF_INET6, s, addr) != 1)
		return -1;
	return parse(s, strlen(s), ret);
}

int
cidr_list_normal(const char *list, char *dst, size_t size, struct err *err)
{
	char text[NET_TEXT_MAX];
	size_t len, at = 0;
	const char *all = list;
	struct net n;
	int w;

	dst[0] = '\0';
	for (;;) {
		list += strspn(list, BETWEEN);
		if ((len = strcspn(list, BETWEEN)) == 0)
			break;
		if (parse(list, len, &n) == -1)
			return err_set(err, ERR_FIELD_INVALID, "addresses",
			    "addresses: expected address or network, got %.*s",
			    len > 50 ? 50 : (int)len, list);
		net_format(&n, text);
		w = snprintf(
		    dst + at, size - at, "%s%s", at > 0 ? ", " : "", text);
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
	if (parse_address(address, &a) == -1)
		return false;
	while ((len = strcspn(list, BETWEEN)) > 0) {
		if (parse(list, len, &n) == 0 && net_contains(&n, &a))
			return true;
		list += len;
		list += strspn(list, BETWEEN);
	}
	return false;
}
