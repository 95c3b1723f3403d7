/*
 * counts_int.h - between counts.c (in), counts_load.c (out) and counts_sql.c,
 * which has the tables and runs the statements.
 */
#ifndef POSTSEAL_REPORT_COUNTS_INT_H
#define POSTSEAL_REPORT_COUNTS_INT_H

#include <sqlite3.h>

#include "counts.h"

#define DAY_S	  (24 * 60 * 60)
#define PEERS_MAX 500000
#define UNSEEN	  -1

/* S(symbol, text): i an integer, t a text, b an address. */
#define STATEMENTS \
	S(TOTAL, "INSERT INTO total VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE " \
		 "SET messages = messages + excluded.messages") \
	S(EVER, "INSERT INTO ever VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET " \
		"messages = messages + excluded.messages") \
	S(GET_EVER, "SELECT version, messages FROM ever WHERE direction = ?") \
	S(SPAN, "INSERT INTO span VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE " \
		"SET first = min(first, excluded.first), " \
		"last = max(last, excluded.last)") \
	S(PEER, "INSERT INTO peer(direction, address, name, version, first, " \
		"last, last_tls, last_plain, odd) " \
		"VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " \
		"name = CASE name WHEN '' THEN excluded.name ELSE name END, " \
		"version = CASE WHEN excluded.last_tls >= last_tls AND " \
		"excluded.last_tls > 0 THEN excluded.version ELSE version END, " \
		"first = CASE WHEN first = 0 OR (excluded.first > 0 AND " \
		"excluded.first < first) THEN excluded.first ELSE first END, " \
		"last = max(last, excluded.last), " \
		"last_tls = max(last_tls, excluded.last_tls), " \
		"last_plain = max(last_plain, excluded.last_plain), " \
		"odd = max(odd, excluded.odd)") \
	S(PEER_ID, "SELECT id FROM peer WHERE direction = ? AND address = ?") \
	S(PEERS, "SELECT count(*) FROM peer") \
	S(SEEN, "INSERT INTO seen VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO " \
		"UPDATE SET plain = plain + excluded.plain, " \
		"tls = tls + excluded.tls, old = old + excluded.old, " \
		"refused = refused + excluded.refused, " \
		"failed = failed + excluded.failed") \
	S(SENDER, "INSERT INTO sender SELECT ?1, ?2, ?3 WHERE " \
		  "(SELECT count(*) FROM sender WHERE peer = ?1) < 4 OR EXISTS " \
		  "(SELECT 1 FROM sender WHERE peer = ?1 AND name = ?2) " \
		  "ON CONFLICT DO UPDATE SET day = max(day, excluded.day)") \
	S(PLACE, "INSERT OR REPLACE INTO place VALUES(1, ?, ?, ?, ?, ?, ?, ?, " \
		 "?, ?, ?)") \
	S(GET_PLACE, "SELECT * FROM place") \
	S(GET_TOTAL, "SELECT day, direction, version, messages FROM total " \
		     "WHERE day BETWEEN ? AND ?") \
	S(GET_SPAN, "SELECT direction, min(first), max(last) FROM span " \
		    "WHERE day BETWEEN ? AND ? GROUP BY direction") \
	S(GET_PEER, "SELECT direction, address, name, version, first, last, " \
		    "last_tls, last_plain, sum(plain), sum(tls), sum(old), " \
		    "sum(refused), sum(failed), id FROM peer JOIN seen ON " \
		    "seen.peer = peer.id AND seen.day BETWEEN ?1 AND ?2 WHERE " \
		    "odd >= ?1 GROUP BY id ORDER BY sum(plain) DESC") \
	S(GET_OTHERS, "SELECT direction, count(*) FROM peer WHERE odd < ? " \
		      "AND last >= ? GROUP BY direction") \
	S(GET_SENDER, "SELECT name FROM sender WHERE peer = ? AND day >= ? " \
		      "ORDER BY name") \
	S(OLD_TOTAL, "DELETE FROM total WHERE day < ?") \
	S(OLD_SPAN, "DELETE FROM span WHERE day < ?") \
	S(OLD_SENDER, "DELETE FROM sender WHERE day < ?") \
	S(OLD_SEEN, "DELETE FROM seen WHERE day < ?1 OR (day < ?2 AND " \
		    "peer IN (SELECT id FROM peer WHERE odd = 0))") \
	S(OLD_PEER, "DELETE FROM peer WHERE id NOT IN " \
		    "(SELECT peer FROM seen)")

enum statement {
#define S(symbol, text) S_##symbol,
	STATEMENTS S__MAX
#undef S
};

struct counts {
	sqlite3 *h;
	sqlite3_stmt *stmt[S__MAX];
	struct tally *batch; /* of one day */
	long day, pruned;
	int64_t peers;
	bool domains, failed;
	struct err err; /* of failed */
};

int counts_fail(struct counts *, struct err *);
int counts_exec(struct counts *, const char *, struct err *);
/* Bound by fmt: i int64_t, t text, b address.  NULL: no. */
sqlite3_stmt *counts_query(
    struct counts *, struct err *, enum statement, const char *fmt, ...);
/* 1 = a row, 0 = no more (reset), -1 (so does NULL). */
int counts_step(struct counts *, sqlite3_stmt *, struct err *);
/* The first column of the only row; 0 = there is none. */
int counts_number(struct counts *, sqlite3_stmt *, int64_t *, struct err *);

#endif
