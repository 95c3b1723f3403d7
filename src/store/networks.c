/*
 * networks.c - where a user has come from before: the last KEEP networks of
 * complete log-ins, each for FORGET_S.
 *
 * Why: what is counted against an account must not shut its owner out while
 * somebody guesses from elsewhere (throttle.c).  Whoever comes from one of
 * these waits for failures from there only.
 */
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "db.h"

#define KEEP	 16
#define FORGET_S (90 * 86400)

/* A wide network is what one party commonly holds. */
#define NARROW_BYTES 8 /* /64 */
#define WIDE_BYTES   6 /* /48 */

void
network_of(const char *from, bool wide, char dst[NETWORK_MAX])
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t keep = wide ? WIDE_BYTES : NARROW_BYTES;

	/* ::ffff:192.0.2.1 is an IPv4 address. */
	if (inet_pton(AF_INET6, from, &v6) == 1) {
		if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
			memset(v6.s6_addr + keep, 0, sizeof(v6) - keep);
			if (inet_ntop(AF_INET6, &v6, dst, NETWORK_MAX) != NULL)
				return;
		}
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
	} else if (inet_pton(AF_INET, from, &v4) != 1) {
		snprintf(dst, NETWORK_MAX, "%s", from);
		return;
	}
	if (wide)
		v4.s_addr &= htonl(0xffffff00u); /* /24 */
	inet_ntop(AF_INET, &v4, dst, NETWORK_MAX);
}

int
network_note(
    struct db *db, long user_id, const char *from, time_t now, struct err *err)
{
	char net[NETWORK_MAX];

	network_of(from, false, net);
	if (db_run(db, err, DB_NETWORK_NOTE, "isi", (int64_t)user_id, net,
		(int64_t)now) == -1)
		return -1;
	return db_run(db, err, DB_NETWORK_TRIM, "isi", (int64_t)user_id, net,
	    (int64_t)KEEP);
}

int
network_known(struct db *db, const char *user, const char *from, time_t now,
    bool *ret, struct err *err)
{
	char net[NETWORK_MAX];
	sqlite3_stmt *st;
	int rc;

	network_of(from, false, net);
	st = db_query(db, err, DB_NETWORK_KNOWN, "ssi", user, net,
	    (int64_t)now - FORGET_S);
	if (st == NULL || (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 1)
		db_done(st);
	*ret = rc == 1;
	return 0;
}

int
networks_sweep(struct db *db, time_t now, struct err *err)
{
	return db_run(db, err, DB_NETWORK_SWEEP, "i", (int64_t)now - FORGET_S);
}
