/*
 * access_map.c - the access list as a cidr_table(5), and what Postfix makes
 * of it.
 *
 * First match wins, so the order is: the canary, loopback, the list, and for
 * "deny all except" the two rows that match everything.  DUNNO and not OK:
 * the restrictions that stand behind ours must still be asked.
 *
 * smtpd opens the map as root, before chroot and before it drops its rights,
 * and reads it whole: the file may be 0600 in a directory 0700.
 */
#include <stdio.h>
#include <string.h>

#include "access_map.h"
#include "netlist.h"
#include "postfix_int.h"
#include "probe.h"

#define ASKED_MAX  16
#define WILDCARD   "/0 REJECT " ACCESS_REFUSAL "\n"
#define POSTMAP_MS 20000

static const char *const loopback[] = {"127.0.0.1", "::1"};

static int
put_rows(struct buf *b, const struct settings *s, const char *action)
{
	const char *p = s->access_list;
	size_t len;

	for (; p != NULL && *p != '\0'; p += len + 1) {
		len = strcspn(p, "\n");
		if (buf_printf(b, "%.*s %s\n", (int)len, p, action) == -1)
			return -1;
	}
	return 0;
}

int
access_map_text(
    const struct settings *s, long generation, struct buf *b, struct err *err)
{
	bool deny = s->access_policy == ACCESS_DENY_EXCEPT;
	struct net any = {{0}, false, 32};
	char text[NET_TEXT_MAX];

	(void)buf_printf(b,
	    "# Connection Control of Postseal, generation %ld.  Written by the "
	    "console.\n" ACCESS_CANARY " REJECT Postseal probe %ld\n"
	    "%s DUNNO\n%s DUNNO\n",
	    generation, generation, loopback[0], loopback[1]);
	(void)put_rows(b, s, deny ? "DUNNO" : "REJECT " ACCESS_REFUSAL);
	if (deny) {
		net_format(&any, text);
		(void)buf_printf(b, "%s" WILDCARD "::" WILDCARD, text);
	}
	return b->failed ? err_set(err, ERR_NOMEM, "", "access map") : 0;
}

/* What a look-up is asked for, and what it must say. */
struct question {
	struct net net;
	char text[NET_TEXT_MAX];
	const char *answer; /* action, or NULL */
};

struct quiz {
	struct question q[ASKED_MAX];
	size_t n;
};

static const char *
answer_for(const struct settings *s, const struct netlist *l,
    const struct net *n, const char *canary)
{
	bool deny = s->access_policy == ACCESS_DENY_EXCEPT;
	char text[NET_TEXT_MAX];

	net_format(n, text);
	if (strcmp(text, ACCESS_CANARY) == 0)
		return canary;
	if (strcmp(text, loopback[0]) == 0 || strcmp(text, loopback[1]) == 0)
		return "DUNNO";
	if (netlist_has(l, n))
		return deny ? "DUNNO" : "REJECT " ACCESS_REFUSAL;
	return deny ? "REJECT " ACCESS_REFUSAL : NULL;
}

static void
ask_about(struct quiz *z, const struct net *n)
{
	struct question *q = &z->q[z->n];
	size_t i;

	if (z->n == ASKED_MAX)
		return;
	for (i = 0; i < z->n; i++)
		if (net_equal(&z->q[i].net, n))
			return;
	q->net = *n;
	net_format(n, q->text);
	z->n++;
}

/* One more, or one less, as a number; it may wrap, which is an address too. */
static void
step(struct net *n, int by)
{
	int i = n->v6 ? 15 : 3;
	unsigned char carry = by > 0 ? 0 : 0xff;

	for (; i >= 0; i--) {
		n->addr[i] = (unsigned char)(n->addr[i] + by);
		if (n->addr[i] != carry)
			return;
	}
}

/* First and last address of an entry, and the two beside it. */
static void
ask_edges(struct quiz *z, const struct net *entry)
{
	struct net first = *entry, last = *entry, beside;
	int i, width = entry->v6 ? 128 : 32;

	first.bits = last.bits = width;
	for (i = entry->bits; i < width; i++)
		last.addr[i / 8] |= (unsigned char)(0x80 >> i % 8);
	ask_about(z, &first);
	ask_about(z, &last);
	beside = first;
	step(&beside, -1);
	ask_about(z, &beside);
	beside = last;
	step(&beside, 1);
	ask_about(z, &beside);
}

static void
ask_text(struct quiz *z, const char *text)
{
	char instead[NET_TEXT_MAX];
	enum err_code why;
	struct net n;

	if (net_parse(text, strlen(text), &n, &why, instead) == 0)
		ask_about(z, &n);
}

/* What postmap says of this map, or dies of.  What it says of main.cf by the
 * way ("overriding earlier entry") it said before. */
static bool
complains(const struct buf *said, const char *map, char diag[DIAG_MAX])
{
	const char *of = said->len == 0
			     ? NULL
			     : memmem(said->data, said->len, map, strlen(map));
	struct buf rest = *said;

	diag_pick(said, diag);
	if (of == NULL)
		return strncmp(diag, "warning: ", 9) != 0 && diag[0] != '\0';
	while (of > said->data && of[-1] != '\n')
		of--;
	rest.data += of - said->data;
	rest.len -= (size_t)(of - said->data);
	diag_pick(&rest, diag);
	return true;
}

static int
lookup(const struct conf *conf, const char *dir, const char *map,
    const struct quiz *z, struct run_result *r, struct err *err)
{
	char program[CONF_STR_MAX + 16], table[PATH_MAX + 8];
	const char *argv[] = {program, "-c", dir, "-q", "-", table, NULL};
	struct run_spec spec = {.argv = argv, .timeout_ms = POSTMAP_MS};
	struct buf in;
	char diag[DIAG_MAX];
	size_t i;
	int rc = -1;

	(void)snprintf(
	    program, sizeof(program), "%s/postmap", conf->command_directory);
	(void)snprintf(table, sizeof(table), "cidr:%s", map);
	buf_init(&in, ASKED_MAX * NET_TEXT_MAX);
	for (i = 0; i < z->n; i++)
		(void)buf_printf(&in, "%s\n", z->q[i].text);
	spec.in = in.data;
	spec.in_len = in.len;
	if (in.failed)
		err_set(err, ERR_NOMEM, "", "postmap");
	else
		rc = postfix_run(conf, &spec, r, err);
	/* Exit status 1 and silence: not one of them is in the map. */
	if (rc == 0 && complains(&r->err, map, diag))
		rc = err_set(
		    err, ERR_POSTFIX_READBACK, "", "access map: %s", diag);
	buf_clear(&in);
	return rc;
}

/* "key<TAB>value" lines in the order of the questions. */
static int
compare(const struct quiz *z, const struct buf *out, struct err *err)
{
	char want[NET_TEXT_MAX + 128];
	const char *p = out->data == NULL ? "" : out->data;
	size_t i, len;

	for (i = 0; i < z->n; i++) {
		if (z->q[i].answer == NULL)
			continue;
		(void)snprintf(want, sizeof(want), "%s\t%s\n", z->q[i].text,
		    z->q[i].answer);
		len = strlen(want);
		if (strncmp(p, want, len) != 0)
			return err_set(err, ERR_POSTFIX_READBACK, "",
			    "access map, %s: expected \"%s\", got \"%.*s\"",
			    z->q[i].text, z->q[i].answer, (int)strcspn(p, "\n"),
			    p);
		p += len;
	}
	return *p == '\0' ? 0
			  : err_set(err, ERR_POSTFIX_READBACK, "",
				"access map: not expected: \"%.*s\"",
				(int)strcspn(p, "\n"), p);
}

int
access_map_check(const struct conf *conf, const char *dir, const char *map,
    const struct settings *s, long generation, struct err *err)
{
	struct run_result r = {0};
	struct quiz z = {.n = 0};
	struct netlist l;
	char canary[64];
	size_t i;
	int rc = -1;

	netlist_init(&l);
	if (netlist_from_canonical(&l, s->access_list) == -1) {
		err_set(err, ERR_NOMEM, "", "access map");
		goto out;
	}
	ask_text(&z, ACCESS_CANARY);
	ask_text(&z, loopback[0]);
	ask_text(&z, loopback[1]);
	if (l.n > 0) {
		ask_edges(&z, &l.v[0]);
		ask_edges(&z, &l.v[l.n / 2]);
		ask_edges(&z, &l.v[l.n - 1]);
	}
	(void)snprintf(
	    canary, sizeof(canary), "REJECT Postseal probe %ld", generation);
	for (i = 0; i < z.n; i++)
		z.q[i].answer = answer_for(s, &l, &z.q[i].net, canary);
	if (lookup(conf, dir, map, &z, &r, err) == 0)
		rc = compare(&z, &r.out, err);
out:
	run_result_clear(&r);
	netlist_clear(&l);
	return rc;
}
