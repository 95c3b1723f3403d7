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
    {"0.0.0.0", "0.0.0.0"},
    {"10.20.30.40/30", "10.20.30.40/30"},
    {"128.0.0.0:128.0.0.0", "128.0.0.0/1"},
    {"2001:db8::8000/113", "2001:db8::8000/113"},
    /* mapped, as long as it holds nothing but IPv4 */
    {"::ffff:0.0.0.0/96", ANY4("0")},
    {"::ffff:128.0.0.0/97", "128.0.0.0/1"},
    {"::fffe:192.0.2.1", "::fffe:c000:201"},
    {"::fffe:0:0/95", "::fffe:0:0/95"},
    {"1::ffff:c000:201", "1::ffff:c000:201"},
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
    {"192.168.2.0/2:", ERR_ACCESS_MASK, ""},
    {"192.168.2.0/2/", ERR_ACCESS_MASK, ""},
    {"10.0.0.0/00", ERR_ACCESS_MASK, ""},
    {"10.0.0.0/08", ERR_ACCESS_MASK, ""},
    {"10.0.0.0/4294967304", ERR_ACCESS_MASK, ""},
    {"10.0.0.0:", ERR_ACCESS_MASK, ""},
    {"10.0.0.0:255.0.0.1", ERR_ACCESS_MASK, ""},
    {"10.0.0.0:127.0.0.0", ERR_ACCESS_MASK, ""},
    {"10.0.0.0:255.255.255.253", ERR_ACCESS_MASK, ""},
    {"2001:db8::/255.0.0.0", ERR_ACCESS_MASK, ""},
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
    {"1.2.3.4/0", ERR_ACCESS_HOST_BITS, ANY4("0")},
    {"255.255.255.255/31", ERR_ACCESS_HOST_BITS, "255.255.255.254/31"},
    {"128.0.0.0/0", ERR_ACCESS_HOST_BITS, ANY4("0")},
    {"::ffff:192.0.2.1/95", ERR_ACCESS_HOST_BITS, "::fffe:0:0/95"},
    {"ffff::1/127", ERR_ACCESS_HOST_BITS, "ffff::/127"},
};

/* What does not end with a NUL, holds one, or is longer than anything that
 * could be right. */
START_TEST(of_a_length)
{
	static const char nul[] = "10.0.0.1\0";
	char text[2 * NET_TEXT_MAX + 8], instead[NET_TEXT_MAX] = "x";
	enum err_code why;
	struct net n;

	ck_assert_int_eq(net_parse("10.0.0.12", 8, &n, &why, instead), 0);
	ck_assert_str_eq(instead, "");
	net_format(&n, text);
	ck_assert_str_eq(text, "10.0.0.1");
	ck_assert_int_eq(net_parse(nul, 9, &n, &why, instead), -1);
	ck_assert_int_eq(why, ERR_ACCESS_ENTRY);
	/* A zone at the last place that is looked at, and one behind it. */
	memset(text, '1', sizeof(text));
	text[2 * NET_TEXT_MAX - 2] = '%';
	ck_assert_int_eq(
	    net_parse(text, 2 * NET_TEXT_MAX - 1, &n, &why, instead), -1);
	ck_assert_int_eq(why, ERR_ACCESS_ZONE);
	ck_assert_int_eq(
	    net_parse(text, 2 * NET_TEXT_MAX, &n, &why, instead), -1);
	ck_assert_int_eq(why, ERR_ACCESS_ENTRY);
}
END_TEST

START_TEST(refuses)
{
	struct net n = {{9}, true, 77}, old = n;
	char instead[NET_TEXT_MAX];
	enum err_code why;

	ck_assert_int_eq(
	    net_parse(bad[_i].text, strlen(bad[_i].text), &n, &why, instead),
	    -1);
	ck_assert_int_eq(why, bad[_i].why);
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
    {ANY4("1"), ANY4("0"), false, true, false},
    {"::ffff:10.0.0.0/105\n10.128.0.0/9", "10.0.0.0/8", false, true, true},
    {"10.0.0.0/9\n::ffff:10.128.0.0/105", "10.0.0.0/8", false, true, true},
    {"10.0.0.0\n::ffff:10.0.0.1", "10.0.0.0/31", false, true, true},
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

START_TEST(equal)
{
	static const char *const texts[] = {ANY4("0"), "0.0.0.0", "10.0.0.0",
	    "10.0.0.0/8", "10.0.0.1", "11.0.0.0", "::", "::/0", "::1", "::/8",
	    "a00::", "a00::/8"};
	struct net a, b;
	int i, j;

	for (i = 0; i < N(texts); i++)
		for (j = 0; j < N(texts); j++) {
			a = net(texts[i]);
			b = net(texts[j]);
			ck_assert_msg(net_equal(&a, &b) == (i == j), "%s %s",
			    texts[i], texts[j]);
		}
}
END_TEST

/* More than there is room for at first. */
START_TEST(growth)
{
	struct netlist l;
	char text[64 * 1024] = "", *p = text;
	struct net n;
	int i;

	for (i = 0; i < 1000; i++)
		p += sprintf(p, "10.0.%d.%d\n", i / 256, i % 256);
	fill(&l, text);
	ck_assert_uint_eq(l.n, 1000);
	for (i = 0; i < 1000; i++) {
		sprintf(text, "10.0.%d.%d", i / 256, i % 256);
		n = net(text);
		ck_assert(net_equal(&l.v[i], &n));
	}
	netlist_clear(&l);
}
END_TEST

/* As settings keep it; NULL, a last line without its end, and none that is
 * none. */
START_TEST(canonical)
{
	static const char *const want[] = {"10.0.0.1", "10.0.0.2", "::1"};
	struct netlist l;
	char text[NET_TEXT_MAX];
	int i;

	netlist_init(&l);
	ck_assert_int_eq(netlist_from_canonical(&l, NULL), 0);
	ck_assert_int_eq(netlist_from_canonical(&l, ""), 0);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_int_eq(
	    netlist_from_canonical(&l, "10.0.0.1\nbad\n10.0.0.2"), 0);
	ck_assert_int_eq(netlist_from_canonical(&l, "::1\n"), 0);
	ck_assert_uint_eq(l.n, N(want));
	for (i = 0; i < N(want); i++) {
		net_format(&l.v[i], text);
		ck_assert_str_eq(text, want[i]);
	}
	netlist_clear(&l);
	ck_assert_ptr_null(l.v);
	ck_assert_uint_eq(l.n, 0);
}
END_TEST

/*
 * The same questions by brute force: sixteen networks beside each other, at
 * the beginning, in the middle and at the end of each family, of one address
 * each or of more, and lists of what lies among them as it comes out of a die
 * with a fixed seed.
 */
#define UNIVERSE 16
static const struct {
	const char *first;
	int bits; /* of the whole: the next four tell the sixteen */
} ends[] = {
    {"0.0.0.0", 0},
    {"0.0.0.0", 28},
    {"8.0.0.0", 5},
    {"192.0.2.64", 28},
    {"255.255.255.240", 28},
    {"::", 0},
    {"::", 124},
    {"2001:db8::ff0", 124},
    {"2001:db8::", 70},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", 124},
};

static unsigned die = 4711;

static unsigned
roll(unsigned sides)
{
	die = die * 1103515245u + 12345u;
	return (die >> 16 & 0x7fff) % sides;
}

/* 1 to 16 of them; the bits of *ret_set that it holds. */
static struct net
some_net(int end, unsigned *ret_set)
{
	struct net n = net(ends[end].first);
	int log = (int)roll(5), size = 1 << log, i;
	int at = (int)roll((unsigned)(UNIVERSE / size)) * size, bit;

	for (i = 0; i < 4; i++) {
		bit = ends[end].bits + i;
		if (at & 8 >> i)
			n.addr[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
	}
	n.bits = ends[end].bits + 4 - log;
	*ret_set = ((1u << size) - 1) << at;
	return n;
}

START_TEST(brute_force)
{
	struct netlist l;
	struct net v[8], asked;
	unsigned set, held, want;
	int round, i, n;
	bool has;

	for (round = 0; round < 2000; round++) {
		held = 0;
		has = false;
		n = (int)roll(8);
		asked = some_net(_i, &want);
		for (i = 0; i < n; i++) {
			v[i] = some_net(_i, &set);
			held |= set;
			has = has || (set & want) == want;
		}
		l = (struct netlist){v, (size_t)n, 8};
		ck_assert_int_eq(netlist_has(&l, &asked), has);
		ck_assert_int_eq(
		    netlist_overlaps(&l, &asked), (held & want) != 0);
		ck_assert_int_eq(
		    netlist_covers(&l, &asked), (held & want) == want);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, of_a_length);
	tcase_add_test(tc, equal);
	tcase_add_test(tc, growth);
	tcase_add_test(tc, canonical);
	tcase_add_loop_test(tc, brute_force, 0, N(ends));
	tcase_add_loop_test(tc, takes, 0, N(good));
	tcase_add_loop_test(tc, refuses, 0, N(bad));
	tcase_add_loop_test(tc, questions, 0, N(sets));
}

int
main(void)
{
	return tmp_run("netlist", add, 20);
}
