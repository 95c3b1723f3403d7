/*
 * counts.h - what postseal-logs has counted, in SQLite: a year and more of it.
 *
 * Purpose: events are gathered in a tally of one day; counts_commit() adds them
 * to the tables together with the place in the log that they came from, in one
 * transaction, so that a kill at any moment counts nothing twice and loses
 * nothing.  counts_load() makes a tally of the last days, for tally_json().
 * Tables: counts_sql.c.  Kept: 400 days; of peers that always had TLS, 32.
 * Limits: 500,000 peers, 4 domains each; more are in the totals, and the tally
 * says "more".
 * Errors: ERR_IO, with nothing committed; the caller loads the place anew.
 */
#ifndef POSTSEAL_REPORT_COUNTS_H
#define POSTSEAL_REPORT_COUNTS_H

#include "buf.h"
#include "err.h"
#include "tally.h"

#define COUNTS_FILE "report.db"
#define COUNTS_DAYS 400
#define CURSOR_MAX  512

struct counts;

/* Where the reading goes on. */
struct place {
	int64_t inode, written; /* of the file; when it was written last */
	int64_t head, head_len; /* its first bytes, hashed, and how many */
	int64_t offset, skipping; /* logfile.h */
	int64_t at;	/* of the last line that was read */
	int64_t gap;	/* day of a part that could not be read; 0 = none */
	char cursor[CURSOR_MAX]; /* of the journal; "": a file is read */
};

/* In a directory of ours.  domains: senders' domains are kept. */
int counts_open(
    const char *dir, bool domains, struct counts **ret, struct err *);
void counts_close(struct counts *);
/* For track_new(); arg is the counts.  A fault is told by counts_commit. */
void counts_event(void *arg, const struct event *);
/* The place, and what track_save() wrote; all zero at the first start. */
int counts_place(
    struct counts *, struct place *, struct buf *state, struct err *);
int counts_begin(struct counts *, struct err *);
int counts_commit(struct counts *, const struct place *, const struct buf *,
    struct err *);
void counts_rollback(struct counts *);
/* Of so many days up to now, into an empty tally. */
int counts_load(
    struct counts *, int days, time_t now, struct tally *, struct err *);
/* Messages of all days: for a counter. */
int counts_ever(struct counts *, enum direction,
    unsigned long long ret[TLS__MAX], struct err *);

#endif
