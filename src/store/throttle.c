/*
 * throttle.c - guessing passwords becomes slow, never impossible for good.
 *
 * Three counters: the pair user+address, the address, the user.  Each has
 * its patience (failures without a wait) and its longest wait.  The user's
 * own is patient and short: someone who guesses from many addresses slows
 * the account down by seconds, and does not lock out its owner.
 * The wait doubles with each failure beyond patience; a counter without a
 * failure for FORGET_S starts again.
 *
 * Of an IPv6 address the network counts (/64): whoever has one address there
 * has all 2^64 of them.
 *
 * Codes of the second factor have one counter by user: who gets to guess them
 * has the password.  Three codes of a million are right at a time, and 300 s
 * leave 288 guesses a day: 0.09 %.
 */
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "db.h"

#define FORGET_S 900
#define KEY_LEN	 160
#define COUNTERS 4

static const struct rule {
	char kind; /* 'p' pair, 'a' address, 'u' user, 'c' user's codes */
	int patience;
	int longest_s;
	bool cleared; /* by a good log-in */
	bool code;    /* counts codes of the second factor */
} rules[COUNTERS] = {
    {'p', 4, 300, true, false},
    {'a', 20, 300, false, false},
    {'u', 50, 20, true, false},
    {'c', 5, 300, true, true},
};

/* ::ffff:192.0.2.1 is an IPv4 address, whole. */
static void
network_of(const char *from, char dst[INET6_ADDRSTRLEN])
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, from, &a) == 1 && !IN6_IS_ADDR_V4MAPPED(&a)) {
		memset(a.s6_addr + 8, 0, 8);
		if (inet_ntop(AF_INET6, &a, dst, INET6_ADDRSTRLEN) != NULL)
			return;
	}
	snprintf(dst, INET6_ADDRSTRLEN, "%s", from);
}

/* Names fold like the users' collation does: ASCII only. */
static void
key_for(
    const struct rule *r, const char *user, const char *from, char dst[KEY_LEN])
{
	char name[USER_NAME_MAX + 1], net[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < USER_NAME_MAX && user[i] != '\0'; i++)
		name[i] = (user[i] >= 'A' && user[i] <= 'Z')
			      ? (char)(user[i] - 'A' + 'a')
			      : user[i];
	name[i] = '\0';
	network_of(from, net);
	snprintf(dst, KEY_LEN, "%c %s %s", r->kind,
	    r->kind == 'u' || r->kind == 'c' ? "" : net,
	    r->kind == 'a' ? "" : name);
}

static int
wait_of(const struct rule *r, int64_t fails, int64_t last, time_t now)
{
	int64_t s, over = fails - r->patience;

	if (over < 0 || now - last >= FORGET_S)
		return 0;
	s = over >= 16 ? r->longest_s : (int64_t)1 << over;
	if (s > r->longest_s)
		s = r->longest_s;
	s -= now - last;
	/* A clock that was set back must not make the wait longer. */
	return s <= 0 ? 0 : s > r->longest_s ? r->longest_s : (int)s;
}

static int
check(struct db *db, bool code, const char *user, const char *from, time_t now,
    int *ret_wait, struct err *err)
{
	char key[KEY_LEN];
	sqlite3_stmt *st;
	int rc, w, wait = 0;

	for (size_t i = 0; i < COUNTERS; i++) {
		if (rules[i].code != code)
			continue;
		key_for(&rules[i], user, from, key);
		st = db_query(db, err, DB_THROTTLE_GET, "s", key);
		if (st == NULL || (rc = db_step(db, st, err)) == -1)
			return -1;
		if (rc == 0)
			continue;
		w = wait_of(&rules[i], sqlite3_column_int64(st, 0),
		    sqlite3_column_int64(st, 1), now);
		db_done(st);
		if (w > wait)
			wait = w;
	}
	*ret_wait = wait;
	return 0;
}

/* A stranger who comes from ever new networks leaves rows that no good log-in
 * may ever sweep: one failure in 256 does. */
static int
sweep_now_and_then(struct db *db, time_t now, struct err *err)
{
	unsigned char byte = 0;

	if (RAND_bytes(&byte, 1) != 1 || byte != 0)
		return 0;
	return db_run(db, err, DB_THROTTLE_SWEEP, "i", (int64_t)now - FORGET_S);
}

static int
fail(struct db *db, bool code, const char *user, const char *from, time_t now,
    struct err *err)
{
	char key[KEY_LEN];

	for (size_t i = 0; i < COUNTERS; i++) {
		if (rules[i].code != code)
			continue;
		key_for(&rules[i], user, from, key);
		if (db_run(db, err, DB_THROTTLE_FAIL, "sii", key, (int64_t)now,
			(int64_t)now - FORGET_S) == -1)
			return -1;
	}
	return sweep_now_and_then(db, now, err);
}

static int
clear(struct db *db, bool code, const char *user, const char *from,
    struct err *err)
{
	char key[KEY_LEN];

	for (size_t i = 0; i < COUNTERS; i++) {
		key_for(&rules[i], user, from, key);
		if (rules[i].code == code && rules[i].cleared &&
		    db_run(db, err, DB_THROTTLE_CLEAR, "s", key) == -1)
			return -1;
	}
	return 0;
}

int
throttle_check(struct db *db, const char *user, const char *from, time_t now,
    int *ret_wait, struct err *err)
{
	return check(db, false, user, from, now, ret_wait, err);
}

int
throttle_fail(struct db *db, const char *user, const char *from, time_t now,
    struct err *err)
{
	return fail(db, false, user, from, now, err);
}

int
throttle_clear(
    struct db *db, const char *user, const char *from, struct err *err)
{
	return clear(db, false, user, from, err);
}

int
throttle_code_check(
    struct db *db, const char *user, time_t now, int *ret_wait, struct err *err)
{
	return check(db, true, user, "", now, ret_wait, err);
}

int
throttle_code_fail(struct db *db, const char *user, time_t now, struct err *err)
{
	return fail(db, true, user, "", now, err);
}

int
throttle_code_clear(struct db *db, const char *user, struct err *err)
{
	return clear(db, true, user, "", err);
}
