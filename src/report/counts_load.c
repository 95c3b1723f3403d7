/*
 * counts_load.c - the last days of the tables as a tally.
 */
#include <stdio.h>

#include "counts_int.h"

/* A direction that a column says. */
static enum direction
way_of(sqlite3_stmt *st, int column)
{
	return sqlite3_column_int(st, column) == OUTBOUND ? OUTBOUND : INBOUND;
}

static int
load_totals(struct counts *c, int64_t from, int64_t to, struct tally *t,
    struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_GET_TOTAL, "ii", from, to);
	enum direction d;
	int64_t n;
	int v, rc;
	long day;

	while ((rc = counts_step(c, st, err)) == 1) {
		day = (long)sqlite3_column_int64(st, 0);
		d = way_of(st, 1);
		v = sqlite3_column_int(st, 2);
		n = sqlite3_column_int64(st, 3);
		if (v == UNSEEN)
			t->sum[d].unseen += (unsigned long long)n;
		if (v < 0 || v >= TLS__MAX)
			continue;
		t->sum[d].messages[v] += (unsigned long long)n;
		t->day[day % DAYS].day = day;
		t->day[day % DAYS].messages[d][v] = (unsigned)n;
	}
	if (rc == -1)
		return -1;
	st = counts_query(c, err, S_GET_SPAN, "ii", from, to);
	while ((rc = counts_step(c, st, err)) == 1) {
		d = way_of(st, 0);
		t->sum[d].first = (time_t)sqlite3_column_int64(st, 1);
		t->sum[d].last = (time_t)sqlite3_column_int64(st, 2);
	}
	return rc;
}

static int
load_domains(struct counts *c, int64_t id, int64_t from, struct tally *t,
    struct row *r, struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_GET_SENDER, "ii", id, from);
	struct text name;
	int rc;

	while ((rc = counts_step(c, st, err)) == 1) {
		name.p = (const char *)sqlite3_column_text(st, 0);
		name.len = (size_t)sqlite3_column_bytes(st, 0);
		tally_domain(t, r, name);
	}
	return rc;
}

static void
load_row(sqlite3_stmt *st, struct row *r)
{
	int64_t n[14];

	for (int i = 3; i < 13; i++)
		n[i] = sqlite3_column_int64(st, i);
	(void)snprintf(r->name, sizeof(r->name), "%s",
	    (const char *)sqlite3_column_text(st, 2));
	r->version = n[3] < TLS__MAX ? (enum tls_version)n[3] : TLS_UNKNOWN;
	r->first = (time_t)n[4];
	r->last = (time_t)n[5];
	r->last_tls = (time_t)n[6];
	r->last_plain = (time_t)n[7];
	r->plain = (unsigned)n[8];
	r->tls = (unsigned)n[9];
	r->old = (unsigned)n[10];
	r->refused = (unsigned)n[11];
	r->failed = (unsigned)n[12];
}

static int
load_peers(struct counts *c, int64_t from, int64_t to, struct tally *t,
    struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_GET_PEER, "ii", from, to);
	struct row *r;
	int rc;

	while ((rc = counts_step(c, st, err)) == 1) {
		if (sqlite3_column_bytes(st, 1) != ADDRESS_SIZE ||
		    (r = tally_row(
			 t, way_of(st, 0), sqlite3_column_blob(st, 1))) == NULL)
			continue;
		load_row(st, r);
		if (c->domains && r->plain > 0 &&
		    load_domains(
			c, sqlite3_column_int64(st, 13), from, t, r, err) == -1)
			return -1;
	}
	if (rc == -1)
		return -1;
	st = counts_query(c, err, S_GET_OTHERS, "ii", from, from * DAY_S);
	while ((rc = counts_step(c, st, err)) == 1)
		t->others[way_of(st, 0)] = (size_t)sqlite3_column_int64(st, 1);
	return rc;
}

int
counts_load(
    struct counts *c, int days, time_t now, struct tally *t, struct err *err)
{
	const int64_t today = now / DAY_S, from = today - days + 1;

	t->more = c->peers >= PEERS_MAX;
	return load_totals(c, from, today + 1, t, err) == -1
		   ? -1
		   : load_peers(c, from, today + 1, t, err);
}

int
counts_ever(struct counts *c, enum direction d,
    unsigned long long ret[TLS__MAX], struct err *err)
{
	sqlite3_stmt *st = counts_query(c, err, S_GET_EVER, "i", (int64_t)d);
	int v, rc;

	while ((rc = counts_step(c, st, err)) == 1) {
		v = sqlite3_column_int(st, 0);
		if (v >= 0 && v < TLS__MAX)
			ret[v] =
			    (unsigned long long)sqlite3_column_int64(st, 1);
	}
	return rc;
}
