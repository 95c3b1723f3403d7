/*
 * item_network.c - a line of a list of addresses and networks (netlist.h).
 */
#include "kind.h"
#include "netlist.h"

_Static_assert(ITEM_TEXT_MAX >= NET_TEXT_MAX, "an entry fits");

static int
read_network(const char *s, size_t len, char text[ITEM_TEXT_MAX],
    enum err_code *why, char instead[ITEM_TEXT_MAX])
{
	struct net n;

	if (net_parse(s, len, &n, why, instead) == -1)
		return -1;
	net_format(&n, text);
	return 0;
}

static const char *const examples[] = {"192.168.1.1", "192.168.2.0/24",
    "192.168.2.0:255.255.255.0", "2001:db8::/32", NULL};

const struct setting_item item_network = {
    read_network, ERR_ACCESS_TOO_MANY, examples};
