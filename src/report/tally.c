/*
 * tally.c - events into rows, days and totals.
 *
 * Both tables are hashed in place.  Addresses and domains are of strangers, so
 * the hash has a seed of its own each time.
 */
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "util.h"

#define DAY_S (24 * 60 * 60)

struct tally *
tally_new(void)
{
	struct tally *t = calloc(1, sizeof(*t));
	struct err err;

	if (t != NULL && random_bytes(&t->seed, sizeof(t->seed), &err) == -1) {
		free(t);
		return NULL;
	}
	return t;
}

void
tally_free(struct tally *t)
{
	free(t);
}

void
tally_clear(struct tally *t)
{
	const uint64_t seed = t->seed;
	struct row *row = t->row;

	memset(row, 0, t->rows * sizeof(*row));
	memset(t, 0, offsetof(struct tally, row));
	memset((char *)t + offsetof(struct tally, rows), 0,
	    sizeof(*t) - offsetof(struct tally, rows));
	t->seed = seed;
}

static bool
loopback(const unsigned char a[ADDRESS_SIZE])
{
	static const unsigned char one[ADDRESS_SIZE] = {[15] = 1};

	return memcmp(a, one, sizeof(one)) == 0 ||
	       (address_is_v4(a) && a[ADDRESS_V4] == 127);
}

/* NULL: it has none, and gets none any more. */
struct row *
tally_row(struct tally *t, enum direction d, const unsigned char *address)
{
	size_t i = line_hash(t->seed + d, address, ADDRESS_SIZE);
	struct row *r;

	for (; t->index[i % INDEX] != 0; i++) {
		r = &t->row[t->index[i % INDEX] - 1];
		if (r->direction == d &&
		    memcmp(r->address, address, ADDRESS_SIZE) == 0)
			return r;
	}
	if (t->rows >= ROWS) {
		t->more = true;
		return NULL;
	}
	r = &t->row[t->rows++];
	t->index[i % INDEX] = (unsigned short)t->rows;
	r->direction = d;
	memcpy(r->address, address, ADDRESS_SIZE);
	return r;
}

static void
read_name(struct text from, char name[NAME_SIZE])
{
	size_t n = from.len < NAME_SIZE ? from.len : NAME_SIZE - 1;
	char c;

	for (size_t i = 0; i < n; i++) {
		c = from.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		name[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				  strchr("-._", c) != NULL
			      ? c
			      : '?';
	}
	name[n] = '\0';
}

static unsigned
count(unsigned a, unsigned b)
{
	return a + b < a ? ~0u : a + b;
}

static void
add_day(struct tally *t, const struct event *e)
{
	long n = (long)(e->at / DAY_S);
	struct day *d = &t->day[n % DAYS];
	unsigned *messages;

	if (d->day > n)
		return;
	if (d->day < n) {
		memset(d, 0, sizeof(*d));
		d->day = n;
	}
	messages = &d->messages[e->direction][e->version];
	*messages = count(*messages, e->messages);
}

static void
add_row(struct row *r, const struct event *e)
{
	if (*r->name == '\0')
		read_name(e->name, r->name);
	if (r->first == 0 || e->at < r->first)
		r->first = e->at;
	if (e->at > r->last)
		r->last = e->at;
	r->refused = count(r->refused, e->refused);
	r->failed = count(r->failed, e->failed);
	if (e->messages == 0)
		return;
	if (e->version == TLS_NONE) {
		r->plain = count(r->plain, e->messages);
		if (e->at > r->last_plain)
			r->last_plain = e->at;
		return;
	}
	r->tls = count(r->tls, e->messages);
	if (e->version > TLS_UNKNOWN && e->version < TLS_1_2)
		r->old = count(r->old, e->messages);
	if (e->at >= r->last_tls) {
		r->last_tls = e->at;
		r->version = e->version;
	}
}

/* As DNS has it, or in UTF-8, in small letters; false: it is no domain. */
static bool
read_domain(struct text from, char dst[DOMAIN_SIZE])
{
	char c;

	if (from.len == 0 || from.len >= DOMAIN_SIZE ||
	    !text_is_seen(from.p, from.len))
		return false;
	memset(dst, 0, DOMAIN_SIZE);
	for (size_t i = 0; i < from.len; i++) {
		c = from.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c & 0x80) == 0 && (c < 'a' || c > 'z') &&
		    (c < '0' || c > '9') && strchr("-._[]:", c) == NULL)
			return false;
		dst[i] = c;
	}
	return true;
}

void
tally_domain(struct tally *t, struct row *r, struct text from)
{
	char name[DOMAIN_SIZE];
	size_t i;

	if (r == NULL || r->domains >= ROW_DOMAINS || !read_domain(from, name))
		return;
	for (i = line_hash(t->seed, name, DOMAIN_SIZE);
	     *t->domain[i % DOMAINS] != '\0'; i++)
		if (memcmp(t->domain[i % DOMAINS], name, DOMAIN_SIZE) == 0)
			break;
	if (*t->domain[i % DOMAINS] == '\0') {
		if (t->domains >= DOMAINS * 7 / 8)
			return;
		t->domains++;
		memcpy(t->domain[i % DOMAINS], name, DOMAIN_SIZE);
	}
	for (size_t n = 0; n < r->domains; n++)
		if (r->domain[n] == i % DOMAINS)
			return;
	r->domain[r->domains++] = (unsigned short)(i % DOMAINS);
}

void
tally_event(void *arg, const struct event *e)
{
	struct tally *t = arg;
	struct sum *s = &t->sum[e->direction];
	struct row *r;

	if (loopback(e->address) || e->at < 0)
		return;
	if (e->domain.len > 0) {
		tally_domain(
		    t, tally_row(t, e->direction, e->address), e->domain);
		return;
	}
	if (s->first == 0 || e->at < s->first)
		s->first = e->at;
	if (e->at > s->last)
		s->last = e->at;
	if (e->unseen) {
		s->unseen += e->messages;
		return;
	}
	s->messages[e->version] += e->messages;
	add_day(t, e);
	if ((r = tally_row(t, e->direction, e->address)) != NULL)
		add_row(r, e);
}
