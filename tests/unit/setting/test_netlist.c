/*
 * test_netlist.c - entries of the access list: what is taken, what is
 * refused, and how it reads afterwards.
 */
#include <string.h>

#include "findings.h"
#include "jsonx.h"
#include "netlist.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
/* The wildcard is never written out. */
#define ANY4(bits) \
	"0.0.0." \
	"0/" bits

static const struct {
	const char *text, *canonical;
} good[] = {
    {"192.168.1.1", "192.168.1.1"},
    {"192.168.1.1/32", "192.168.1.1"},
    {"192.168.2.0/24", "192.168.2.0/24"},
    {"192.168.2.0:255.255.255.0", "192.168.2.0/24"},
    {"192.168.2.0/255.255.255.0", "192.168.2.0/24"},
    {"192.168.2.1:255.255.255.255", "192.168.2.1"},
    {"128.0.0.0/1", "128.0.0.0/1"},
    {"255.255.255.255", "255.255.255.255"},
    {"10.0.0.0:255.0.0.0", "10.0.0.0/8"},
    {"2001:db8::/32", "2001:db8::/32"},
    {"2001:DB8:0:0::1", "2001:db8::1"},
    {"2001:db8::1/128", "2001:db8::1"},
    {"::", "::"},
    {"::/0", "::/0"},
    {"::1", "::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
    {"::ffff:c000:201", "192.0.2.1"},
    {"fe80::/10", "fe80::/10"},
};

START_TEST(takes)
{
	char text[NET_TEXT_MAX], instead[NET_TEXT_MAX];
	enum err_code why;
	struct net n, again;

	ck_assert_int_eq(
	    net_parse(good[_i].text, strlen(good[_i].text), &n, &why, instead),
	    0);
	net_format(&n, text);
	ck_assert_str_eq(text, good[_i].canonical);
	ck_assert_int_eq(
	    net_parse(text, strlen(text), &again, &why, instead), 0);
	ck_assert(net_equal(&n, &again));
}
END_TEST

static const struct {
	const char *text;
	enum err_code why;
	const char *instead;
} bad[] = {
    {"", ERR_ACCESS_ENTRY, ""},
    {"192.168.1", ERR_ACCESS_ENTRY, ""},
    {"192.168.1.256", ERR_ACCESS_ENTRY, ""},
    {"192.168.01.1", ERR_ACCESS_ENTRY, ""},
    {"192.168.1.1-192.168.1.9", ERR_ACCESS_ENTRY, ""},
    {"192.168.1.*", ERR_ACCESS_ENTRY, ""},
    {"mail.example.jp", ERR_ACCESS_ENTRY, ""},
    {"0x7f.0.0.1", ERR_ACCESS_ENTRY, ""},
    {"3232235777", ERR_ACCESS_ENTRY, ""},
    {"1.2.3.4 5.6.7.8", ERR_ACCESS_ENTRY, ""},
    {"1.2.3.4, 5.6.7.8", ERR_ACCESS_ENTRY, ""},
    {"!1.2.3.4", ERR_ACCESS_ENTRY, ""},
    {"[2001:db8::1]", ERR_ACCESS_ENTRY, ""},
    {"2001:db8:::1", ERR_ACCESS_ENTRY, ""},
    {"1.2.3.4 REJECT", ERR_ACCESS_ENTRY, ""},
    {"fe80::1%eth0", ERR_ACCESS_ZONE, ""},
    {"192.168.1.1%1", ERR_ACCESS_ZONE, ""},
    {"192.168.2.0/33", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/-1", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/+8", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/024", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/99999999999999999999", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/24/8", ERR_ACCESS_MASK, ""},
    {"192.168.2.0:255.0.255.0", ERR_ACCESS_MASK, ""},
    {"192.168.2.0:0.0.0.255", ERR_ACCESS_MASK, ""},
    {"192.168.2.0:255.255.255", ERR_ACCESS_MASK, ""},
    {"2001:db8::/129", ERR_ACCESS_MASK, ""},
    {"2001:db8::/ffff::", ERR_ACCESS_MASK, ""},
    {"192.168.2.1/24", ERR_ACCESS_HOST_BITS, "192.168.2.0/24"},
    {"192.168.2.7:255.255.255.0", ERR_ACCESS_HOST_BITS, "192.168.2.0/24"},
    {"10.0.0.1/31", ERR_ACCESS_HOST_BITS, "10.0.0.0/31"},
    {"2001:db8::1/32", ERR_ACCESS_HOST_BITS, "2001:db8::/32"},
    {"::ffff:192.0.2.1/120", ERR_ACCESS_HOST_BITS, "192.0.2.0/24"},
    {"1.2.3.4/0", ERR_ACCESS_HOST_BITS, NULL},
};

START_TEST(refuses)
{
	struct net n = {{9}, true, 77}, old = n;
	char instead[NET_TEXT_MAX];
	enum err_code why;

	ck_assert_int_eq(
	    net_parse(bad[_i].text, strlen(bad[_i].text), &n, &why, instead),
	    -1);
	ck_assert_int_eq(why, bad[_i].why);
	if (bad[_i].instead != NULL)
		ck_assert_str_eq(instead, bad[_i].instead);
	ck_assert_mem_eq(&n, &old, sizeof(n));
}
END_TEST

static struct net
net(const char *text)
{
	char instead[NET_TEXT_MAX];
	enum err_code why;
	struct net n;

	ck_assert_int_eq(net_parse(text, strlen(text), &n, &why, instead), 0);
	return n;
}

static void
fill(struct netlist *l, const char *lines)
{
	netlist_init(l);
	ck_assert_int_eq(netlist_from_canonical(l, lines), 0);
}

static const struct {
	const char *list, *net;
	bool has, overlaps, covers;
} sets[] = {
    {"", "10.0.0.1", false, false, false},
    {"10.0.0.1", "10.0.0.1", true, true, true},
    {"10.0.0.1", "10.0.0.2", false, false, false},
    {"10.0.0.0/8", "10.255.255.255", true, true, true},
    {"10.0.0.0/8", "11.0.0.0", false, false, false},
    {"10.0.0.0/24", "10.0.0.0/8", false, true, false},
    {"10.0.0.0/9\n10.128.0.0/9", "10.0.0.0/8", false, true, true},
    {"10.128.0.0/9\n10.0.0.0/9", "10.0.0.0/8", false, true, true},
    {"10.0.0.0/9\n10.128.0.0/10", "10.0.0.0/8", false, true, false},
    {"10.0.0.0/9\n10.1.0.0/16\n10.128.0.0/9", "10.0.0.0/8", false, true, true},
    {ANY4("1") "\n128.0.0.0/1", ANY4("0"), false, true, true},
    {ANY4("0"), "::1", false, false, false},
    {"::/0", "192.0.2.1", false, false, false},
    {"::/0", "::1", true, true, true},
    {"::/1\n8000::/1", "::/0", false, true, true},
    {"2001:db8::/33\n2001:db8:8000::/33", "2001:db8::/32", false, true, true},
};

START_TEST(questions)
{
	struct net n = net(sets[_i].net);
	struct netlist l;

	fill(&l, sets[_i].list);
	ck_assert_int_eq(netlist_has(&l, &n), sets[_i].has);
	ck_assert_int_eq(netlist_overlaps(&l, &n), sets[_i].overlaps);
	ck_assert_int_eq(netlist_covers(&l, &n), sets[_i].covers);
	netlist_clear(&l);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, takes, 0, N(good));
	tcase_add_loop_test(tc, refuses, 0, N(bad));
	tcase_add_loop_test(tc, questions, 0, N(sets));
}

int
main(void)
{
	return tmp_run("netlist", add, 20);
}
