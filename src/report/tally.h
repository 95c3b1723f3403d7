/*
 * tally.h - what comes of a log's events: totals, days, versions, and a row for
 * each client and each server.
 *
 * Purpose: the report of one log, in memory of a fixed size (12 MiB) however
 * long the log.
 * Limits: 60,000 peers of both directions together.  Messages of those for
 * which there is no row are in all totals, and tally.more says that the numbers
 * of peers are "at least".  4,096 domains, 4 of them a row; 512 days.
 * What is left out: loopback (our own probes, content filters).
 * Errors: tally_new and tally_json return NULL without memory.
 */
#ifndef POSTSEAL_REPORT_TALLY_H
#define POSTSEAL_REPORT_TALLY_H

#include "track.h"

struct json_object;
struct tally;
struct row;

struct tally *tally_new(void);
void tally_free(struct tally *);
void tally_clear(struct tally *);
/* Its row for that peer, which is made; NULL: there is room for no more. */
struct row *tally_row(
    struct tally *, enum direction, const unsigned char *address);
/* A domain of that row. */
void tally_domain(struct tally *, struct row *, struct text);
/* For track_new(); arg is the tally. */
void tally_event(void *arg, const struct event *);
/* One direction; its members are in postsealctl(8). */
struct json_object *tally_json(
    const struct tally *, const struct report_query *);

/* for tally_json.c and counts.c alone */
#define ROWS	    60000
#define INDEX	    131072
#define ROW_DOMAINS 4
#define DOMAINS	    4096
#define DOMAIN_SIZE 64
#define DAYS	    512

#define NAME_SIZE   64

struct row {
	unsigned char address[ADDRESS_SIZE];
	enum direction direction;
	char name[NAME_SIZE]; /* cut; only letters, digits, "-", "." and "_" */
	enum tls_version version; /* the last with TLS */
	unsigned plain, tls, old, refused, failed;
	time_t first, last, last_tls, last_plain;
	unsigned short domain[ROW_DOMAINS], domains;
};

struct sum {
	unsigned long long messages[TLS__MAX], unseen;
	time_t first, last;
};

struct day {
	long day; /* since 1970, UTC */
	unsigned messages[DIRECTION__MAX][TLS__MAX];
};

struct tally {
	uint64_t seed;
	struct sum sum[DIRECTION__MAX];
	struct day day[DAYS];
	unsigned short index[INDEX]; /* hashed: of a row, plus 1 */
	struct row row[ROWS];
	size_t rows, domains;
	bool more; /* there were more peers than rows */
	size_t others[DIRECTION__MAX]; /* that had TLS only, and no row */
	char domain[DOMAINS][DOMAIN_SIZE]; /* hashed; "" = free */
};

#endif
