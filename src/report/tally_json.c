/*
 * tally_json.c - the report as JSON: postsealctl(8) names its members.
 *
 * What a log cannot tell is said, and never shown as none: "known" is false
 * where TLS leaves no line, a part was not read, or the log is too short to
 * have seen those who write once a week.  Where TLS leaves no line, what is
 * counted by it is null.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "tally.h"
#include "util.h"

#define WEEK_S (7 * 24 * 60 * 60)
#define DAY_S  (24 * 60 * 60)

static void
put_time(struct json_object *o, const char *key, time_t t)
{
	char iso[32];

	if (t == 0) {
		json_object_object_add(o, key, NULL);
		return;
	}
	time_iso(t, iso);
	jsonx_put_str(o, key, iso);
}

/* The address, and its /24 or /48. */
static void
put_address(struct json_object *o, const unsigned char address[ADDRESS_SIZE])
{
	char text[INET6_ADDRSTRLEN + 4];
	unsigned char net[ADDRESS_SIZE] = {0};
	bool four = address_is_v4(address);
	int family = four ? AF_INET : AF_INET6;
	size_t from = four ? ADDRESS_V4 : 0;

	inet_ntop(family, address + from, text, sizeof(text));
	jsonx_put_str(o, "address", text);
	memcpy(net, address, four ? 15 : 6);
	inet_ntop(family, net + from, text, INET6_ADDRSTRLEN);
	strcat(text, four ? "/24" : "/48");
	jsonx_put_str(o, "network", text);
}

static struct json_object *
row_json(const struct tally *t, const struct row *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *domains = json_object_new_array();

	put_address(o, r->address);
	jsonx_put_str(o, "name", r->name);
	jsonx_put_int(o, "plain", r->plain);
	jsonx_put_int(o, "tls", r->tls);
	jsonx_put_int(o, "old", r->old);
	jsonx_put_int(o, "refused", r->refused);
	put_time(o, "ever_tls", r->last_tls);
	put_time(o, "first_seen", r->first);
	put_time(o, "last_seen", r->last);
	if (r->version > TLS_UNKNOWN)
		jsonx_put_str(o, "protocol", tls_version_name(r->version));
	else
		json_object_object_add(o, "protocol", NULL);
	for (size_t i = 0; i < r->domains && r->plain > 0; i++)
		json_object_array_add(
		    domains, json_object_new_string(t->domain[r->domain[i]]));
	json_object_object_add(o, "domains", domains);
	jsonx_put_bool(o, "tried_starttls", r->failed > 0);
	return o;
}

static bool
wanted(const struct row *r, const struct report_query *q)
{
	if (r->direction != q->direction)
		return false;
	switch (q->only) {
	case ONLY_PLAIN:
		return r->plain > 0;
	case ONLY_OLD:
		return r->old > 0;
	case ONLY_FAILED:
		return r->failed > 0 || r->refused > 0;
	case ONLY_ALL:
		break;
	}
	return r->plain > 0 || r->old > 0 || r->failed > 0 || r->refused > 0;
}

static int
more_first(unsigned a, unsigned b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

/* The most plaintext first; equal ones by address, for the same order each
 * time. */
static int
compare(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a;
	const struct row *y = *(const struct row *const *)b;
	int rc = more_first(x->plain, y->plain);

	if (rc == 0)
		rc = more_first(x->old, y->old);
	if (rc == 0)
		rc = more_first(x->refused, y->refused);
	return rc != 0 ? rc : memcmp(x->address, y->address, ADDRESS_SIZE);
}

/* "rows", and how many more there are: "rows_left". */
static void
put_rows(
    struct json_object *o, const struct tally *t, const struct report_query *q)
{
	struct json_object *list = json_object_new_array();
	const struct row **rows = calloc(t->rows + 1, sizeof(const void *));
	size_t n = 0, shown;

	for (size_t i = 0; rows != NULL && i < t->rows; i++)
		if (wanted(&t->row[i], q))
			rows[n++] = &t->row[i];
	if (n > 0)
		qsort(rows, n, sizeof(*rows), compare);
	shown = n < q->limit ? n : q->limit;
	for (size_t i = 0; i < shown; i++)
		json_object_array_add(list, row_json(t, rows[i]));
	free(rows);
	json_object_object_add(o, "rows", list);
	jsonx_put_int(o, "rows_left", (int64_t)(n - shown));
}

/* Sums of what is in the rows. */
struct peers {
	size_t all, plain, old, refused, domains;
	time_t last;
};

static void
sum_peers(const struct tally *t, enum direction d, struct peers *p)
{
	bool seen[DOMAINS] = {false};

	p->all = t->others[d];
	for (const struct row *r = t->row; r < t->row + t->rows; r++) {
		if (r->direction != d)
			continue;
		p->all += r->plain > 0 || r->tls > 0;
		p->old += r->old > 0;
		p->refused += r->refused > 0;
		if (r->plain == 0)
			continue;
		p->plain++;
		if (r->last_plain > p->last)
			p->last = r->last_plain;
		for (size_t i = 0; i < r->domains; i++) {
			p->domains += !seen[r->domain[i]];
			seen[r->domain[i]] = true;
		}
	}
}

/* Messages of one direction. */
struct totals {
	unsigned long long all, tls, old;
	unsigned long long logged; /* with a line of TLS */
	bool mute; /* TLS leaves no line: who had it is not known */
};

static struct totals
add_up(const unsigned long long messages[TLS__MAX], enum direction d)
{
	struct totals n = {0};

	for (int v = TLS_SSL3; v < TLS__MAX; v++) {
		n.logged += messages[v];
		n.old += v < TLS_1_2 ? messages[v] : 0;
	}
	n.tls = n.logged + messages[TLS_UNKNOWN];
	n.all = n.tls + messages[TLS_NONE];
	n.mute = n.logged == 0 && (n.tls > 0 || (d == OUTBOUND && n.all > 0));
	return n;
}

static const char *
why_unknown(
    const struct sum *s, const struct report_query *q, const struct totals *n)
{
	if (q->unreadable)
		return "log_unreadable";
	if (n->all == 0)
		return "too_short";
	if (n->mute)
		return "loglevel";
	if (n->logged == 0)
		return "no_tls_offered";
	return s->last - s->first < WEEK_S ? "too_short" : NULL;
}

static struct json_object *
protocols_json(const unsigned long long messages[TLS__MAX])
{
	struct json_object *list = json_object_new_array(), *o;

	for (int v = TLS__MAX - 1; v > TLS_NONE; v--) {
		if (messages[v] == 0)
			continue;
		o = json_object_new_object();
		jsonx_put_str(o, "name", tls_version_name((enum tls_version)v));
		jsonx_put_int(o, "messages", (int64_t)messages[v]);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *
day_json(const struct day *d, enum direction direction)
{
	struct json_object *o = json_object_new_object();
	char iso[32];

	time_iso((time_t)d->day * DAY_S, iso);
	iso[10] = '\0';
	jsonx_put_str(o, "day", iso);
	for (int v = 0; v < TLS__MAX; v++)
		if (d->messages[direction][v] > 0)
			jsonx_put_int(o, tls_version_name((enum tls_version)v),
			    d->messages[direction][v]);
	return o;
}

static bool
day_has(const struct day *d, enum direction direction)
{
	for (int v = 0; v < TLS__MAX; v++)
		if (d->messages[direction][v] > 0)
			return true;
	return false;
}

static struct json_object *
days_json(const struct tally *t, enum direction direction)
{
	struct json_object *list = json_object_new_array();
	long first = t->sum[direction].first / DAY_S;
	long last = t->sum[direction].last / DAY_S;
	const struct day *d;

	if (last - first >= DAYS)
		first = last - DAYS + 1;
	for (long n = first; n <= last; n++) {
		d = &t->day[n % DAYS];
		if (d->day == n && day_has(d, direction))
			json_object_array_add(list, day_json(d, direction));
	}
	return list;
}

/* The first is how many there are, the others how many of them; mute: null. */
static void
put_counts(struct json_object *to, const char *key, const char *const *names,
    const unsigned long long *values, bool mute)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; names[i] != NULL; i++)
		if (i > 0 && mute)
			json_object_object_add(o, names[i], NULL);
		else
			jsonx_put_int(o, names[i], (int64_t)values[i]);
	json_object_object_add(to, key, o);
}

/* Four digits; NULL: of nothing there is no share. */
static struct json_object *
share(unsigned long long n, unsigned long long total)
{
	double v = total == 0 ? 0 : (double)n / (double)total;
	char text[16];

	(void)snprintf(text, sizeof(text), "%.4f", v);
	return total == 0 ? NULL : json_object_new_double_s(v, text);
}

/* What "TLS only" would cut off, had it been in force; null: nobody knows. */
static struct json_object *
impact_json(
    const struct peers *p, unsigned long long plain, unsigned long long total)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "change", "tls_only");
	jsonx_put_int(o, "clients", (int64_t)p->plain);
	jsonx_put_int(o, "messages", (int64_t)plain);
	json_object_object_add(o, "share", share(plain, total));
	jsonx_put_int(o, "domains", (int64_t)p->domains);
	put_time(o, "last_seen", p->last);
	return o;
}

/* Version by version, day by day, peer by peer. */
static void
put_details(struct json_object *o, const struct tally *t,
    const struct report_query *q, bool mute)
{
	static const char *const names[] = {
	    "protocols", "days", "rows", "rows_left"};

	if (mute) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			json_object_object_add(o, names[i], NULL);
		return;
	}
	json_object_object_add(
	    o, names[0], protocols_json(t->sum[q->direction].messages));
	json_object_object_add(o, names[1], days_json(t, q->direction));
	put_rows(o, t, q);
}

struct json_object *
tally_json(const struct tally *t, const struct report_query *q)
{
	static const char *const of_messages[] = {
	    "total", "tls", "plain", "old", NULL};
	static const char *const of_clients[] = {
	    "total", "plain", "old", "refused", NULL};
	const struct sum *s = &t->sum[q->direction];
	struct totals n = add_up(s->messages, q->direction);
	unsigned long long plain = s->messages[TLS_NONE];
	const char *reason = why_unknown(s, q, &n);
	struct peers peers = {0};
	struct json_object *o = json_object_new_object();

	sum_peers(t, q->direction, &peers);
	jsonx_put_str(
	    o, "direction", q->direction == INBOUND ? "inbound" : "outbound");
	put_time(o, "from", s->first);
	put_time(o, "to", s->last);
	jsonx_put_bool(o, "known", reason == NULL);
	json_object_object_add(o, "reason",
	    reason == NULL ? NULL : json_object_new_string(reason));
	json_object_object_add(o, "coverage", share(n.all, n.all + s->unseen));
	put_counts(o, "messages", of_messages,
	    (unsigned long long[]){n.all, n.tls, plain, n.old}, n.mute);
	put_counts(o, "clients", of_clients,
	    (unsigned long long[]){
		peers.all, peers.plain, peers.old, peers.refused},
	    n.mute);
	jsonx_put_bool(o, "more_clients", t->more);
	json_object_object_add(o, "impact",
	    q->direction == OUTBOUND || reason != NULL
		? NULL
		: impact_json(&peers, plain, n.all));
	put_details(o, t, q, n.mute);
	return o;
}
