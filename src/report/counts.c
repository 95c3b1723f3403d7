/*
 * counts.c - events of a day, gathered and put into the tables.
 */
#include <stdio.h>
#include <string.h>

#include "counts_int.h"

#define TLS_DAYS 32 /* of peers that always had TLS */

static int
add_totals(struct counts *c, enum direction d, struct err *err)
{
	const struct sum *s = &c->batch->sum[d];
	const int64_t day = c->day, way = d;
	int64_t n;

	for (int64_t v = 0; v < TLS__MAX; v++) {
		if ((n = (int64_t)s->messages[v]) == 0)
			continue;
		if (counts_step(c,
			counts_query(c, err, S_TOTAL, "iiii", day, way, v, n),
			err) == -1 ||
		    counts_step(c,
			counts_query(c, err, S_EVER, "iii", way, v, n),
			err) == -1)
			return -1;
	}
	if (s->unseen > 0 && counts_step(c,
				 counts_query(c, err, S_TOTAL, "iiii", day, way,
				     (int64_t)UNSEEN, (int64_t)s->unseen),
				 err) == -1)
		return -1;
	return s->first == 0
		   ? 0
		   : counts_step(c,
			 counts_query(c, err, S_SPAN, "iiii", day, way,
			     (int64_t)s->first, (int64_t)s->last),
			 err);
}

/* *id: 0 when there are too many already. */
static int
put_peer(struct counts *c, const struct row *r, int64_t *id, struct err *err)
{
	const int64_t way = r->direction;
	const bool odd = r->plain + r->old + r->refused + r->failed > 0;

	if (counts_number(c,
		counts_query(c, err, S_PEER_ID, "ib", way, r->address), id,
		err) == -1)
		return -1;
	if (*id == 0 && c->peers >= PEERS_MAX)
		return 0;
	if (counts_step(c,
		counts_query(c, err, S_PEER, "ibtiiiiii", way, r->address,
		    r->name, (int64_t)r->version, (int64_t)r->first,
		    (int64_t)r->last, (int64_t)r->last_tls,
		    (int64_t)r->last_plain, (int64_t)(odd ? c->day : 0)),
		err) == -1)
		return -1;
	c->peers += *id == 0;
	return *id > 0
		   ? 0
		   : counts_number(c,
			 counts_query(c, err, S_PEER_ID, "ib", way, r->address),
			 id, err);
}

static int
add_peer(struct counts *c, const struct row *r, struct err *err)
{
	const int64_t day = c->day;
	int64_t id;

	if (put_peer(c, r, &id, err) == -1)
		return -1;
	if (id == 0)
		return 0;
	if (r->last > 0 &&
	    counts_step(c,
		counts_query(c, err, S_SEEN, "iiiiiii", id, day,
		    (int64_t)r->plain, (int64_t)r->tls, (int64_t)r->old,
		    (int64_t)r->refused, (int64_t)r->failed),
		err) == -1)
		return -1;
	for (size_t i = 0; i < r->domains; i++)
		if (counts_step(c,
			counts_query(c, err, S_SENDER, "iti", id,
			    c->batch->domain[r->domain[i]], day),
			err) == -1)
			return -1;
	return 0;
}

/* What was gathered, into the tables. */
static int
flush(struct counts *c, struct err *err)
{
	struct tally *t = c->batch;

	for (int d = 0; d < DIRECTION__MAX; d++)
		if (add_totals(c, (enum direction)d, err) == -1)
			return -1;
	for (size_t i = 0; i < t->rows; i++)
		if (add_peer(c, &t->row[i], err) == -1)
			return -1;
	tally_clear(t);
	return 0;
}

void
counts_event(void *arg, const struct event *e)
{
	struct counts *c = arg;
	long day = (long)(e->at / DAY_S);

	if (c->failed || e->at < 0 || (e->domain.len > 0 && !c->domains))
		return;
	if ((day != c->day || c->batch->rows == ROWS) &&
	    flush(c, &c->err) == -1)
		c->failed = true;
	c->day = day;
	tally_event(c->batch, e);
}

int
counts_begin(struct counts *c, struct err *err)
{
	c->failed = false;
	return counts_exec(c, "BEGIN IMMEDIATE", err);
}

void
counts_rollback(struct counts *c)
{
	(void)counts_exec(c, "ROLLBACK", NULL);
	tally_clear(c->batch);
}

static int
prune(struct counts *c, struct err *err)
{
	const int64_t today = time(NULL) / DAY_S, old = today - COUNTS_DAYS;
	static const enum statement each[] = {
	    S_OLD_TOTAL, S_OLD_SPAN, S_OLD_SENDER};

	if (c->pruned == today)
		return 0;
	c->pruned = today;
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		if (counts_step(
			c, counts_query(c, err, each[i], "i", old), err) == -1)
			return -1;
	if (counts_step(c,
		counts_query(c, err, S_OLD_SEEN, "ii", old, today - TLS_DAYS),
		err) == -1)
		return -1;
	if (counts_step(c, counts_query(c, err, S_OLD_PEER, ""), err) == -1)
		return -1;
	return counts_number(
	    c, counts_query(c, err, S_PEERS, ""), &c->peers, err);
}

static int
put_place(struct counts *c, const struct place *p, const struct buf *state,
    struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_PLACE, "iiiiiiiit", p->inode,
	    p->written, p->head, p->head_len, p->offset, p->skipping, p->at,
	    p->gap, p->cursor);

	if (st != NULL && sqlite3_bind_blob(st, 10, state->data,
			      (int)state->len, SQLITE_STATIC) != SQLITE_OK)
		return counts_fail(c, err);
	return counts_step(c, st, err);
}

int
counts_commit(struct counts *c, const struct place *p, const struct buf *state,
    struct err *err)
{
	if (c->failed) {
		*err = c->err;
		return -1;
	}
	if (flush(c, err) == -1 || put_place(c, p, state, err) == -1 ||
	    prune(c, err) == -1)
		return -1;
	return counts_exec(c, "COMMIT", err);
}

int
counts_place(
    struct counts *c, struct place *p, struct buf *state, struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_GET_PLACE, "");
	int64_t *to[] = {&p->inode, &p->written, &p->head, &p->head_len,
	    &p->offset, &p->skipping, &p->at, &p->gap};
	const size_t n = sizeof(to) / sizeof(to[0]);
	int rc = counts_step(c, st, err);

	memset(p, 0, sizeof(*p));
	if (rc != 1)
		return rc;
	for (size_t i = 0; i < n; i++)
		*to[i] = sqlite3_column_int64(st, (int)i + 1);
	(void)snprintf(p->cursor, sizeof(p->cursor), "%s",
	    (const char *)sqlite3_column_text(st, n + 1));
	(void)buf_add(state, sqlite3_column_blob(st, n + 2),
	    (size_t)sqlite3_column_bytes(st, n + 2));
	(void)sqlite3_reset(st);
	return 0;
}
