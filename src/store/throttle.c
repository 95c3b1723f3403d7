/*
 * throttle.c - guessing passwords becomes slow, and shuts nobody out.
 *
 * Each counter has its patience (tries without a wait) and its longest wait;
 * the wait doubles with each one beyond patience, and a counter without a try
 * for FORGET_S starts again.
 *
 * Failures are counted by pair (user and network) and by network.  Against the
 * account itself tries are counted, when they begin, so that those in flight
 * at once do not share one place; a good one clears the counter.  It binds
 * nobody who comes from a network that the user has come from before
 * (networks.c): whoever guesses from elsewhere, however fast, does not concern
 * the owner there.
 *
 * From never-seen networks there are two ways in.  'u' has one place in 20 s,
 * for all.  While it is taken, a network that is fresh, with less than
 * FRESH_FAILS failures at this account within a day, has 'f', one place in 4
 * s: 200 addresses that poll soon lose that, an owner in a hotel has it.  A
 * fresh network is a wide one (/24, /48): to hold 'f' takes 7,200 of them a
 * day.  Together strangers have 4,320 + 21,600 guesses at a password a day,
 * and 54 more with each log-in of the owner; passwords that fall to 2^35
 * guesses are refused (common.c).
 *
 * Of an IPv6 address the network counts (/64): whoever has one address there
 * has all 2^64 of them.
 *
 * Codes of the second factor are counted by user for strangers, and by pair
 * for known networks: whoever gets to guess them has the password.  Three
 * codes of a million are right at a time, and 300 s leave 288 guesses a day:
 * 0.09 %; as many again from each network that the user comes from.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "db.h"
#include "throttle.h"

#define FORGET_S    900
#define FRESH_S	    86400
#define FRESH_FAILS 3
#define KEY_LEN	    160

enum what {
	PAIR,
	ADDRESS,
	USER,	   /* tries from networks that are not known */
	FRESH,	   /* ... from fresh ones, while USER waits */
	CODE,	   /* codes from networks that are not known */
	CODE_PAIR, /* codes from a known one */
	COUNTERS,
	MARK = COUNTERS /* failures of a wide network; no wait of its own */
};

static const struct rule {
	char kind;
	bool by_user, by_net;
	int patience, longest_s;
	bool cleared; /* by a good log-in */
	bool code;    /* counts codes of the second factor */
} rules[COUNTERS + 1] = {
    [PAIR] = {'p', true, true, 4, 300, true, false},
    [ADDRESS] = {'a', false, true, 20, 300, false, false},
    [USER] = {'u', true, false, 50, 20, true, false},
    [FRESH] = {'f', true, false, 4, 4, true, false},
    [CODE] = {'c', true, false, 5, 300, true, true},
    [CODE_PAIR] = {'k', true, true, 5, 300, true, true},
    [MARK] = {'n', true, true, FRESH_FAILS, 0, false, false},
};

/* Who tries. */
struct comer {
	const char *user, *from;
	time_t now;
	bool code;
};

/* What the counters say: the one with the longest wait, if any, and the one
 * that counts the try itself. */
struct verdict {
	int wait;
	enum what longest, counted;
	bool untold; /* its wait was not told of yet */
	bool counts;
};

/* Names fold like the users' collation does: ASCII only. */
static void
key_for(enum what what, const char *user, const char *from, char dst[KEY_LEN])
{
	const struct rule *r = &rules[what];
	char name[USER_NAME_MAX + 1], net[NETWORK_MAX];
	size_t i;

	for (i = 0; i < USER_NAME_MAX && user[i] != '\0'; i++)
		name[i] = (user[i] >= 'A' && user[i] <= 'Z')
			      ? (char)(user[i] - 'A' + 'a')
			      : user[i];
	name[i] = '\0';
	network_of(from, what == MARK, net);
	snprintf(dst, KEY_LEN, "%c %s %s", r->kind, r->by_net ? net : "",
	    r->by_user ? name : "");
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

struct row {
	int64_t fails, last, told;
};

/* Zero when there is none. */
static int
row_get(struct db *db, const struct comer *c, enum what what, struct row *ret,
    struct err *err)
{
	char key[KEY_LEN];
	sqlite3_stmt *st;
	int rc;

	*ret = (struct row){0};
	key_for(what, c->user, c->from, key);
	st = db_query(db, err, DB_THROTTLE_GET, "s", key);
	if (st == NULL || (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return 0;
	ret->fails = sqlite3_column_int64(st, 0);
	ret->last = sqlite3_column_int64(st, 1);
	ret->told = sqlite3_column_int64(st, 2);
	db_done(st);
	return 0;
}

static int
count(struct db *db, const struct comer *c, enum what what, struct err *err)
{
	char key[KEY_LEN];

	key_for(what, c->user, c->from, key);
	return db_run(db, err, DB_THROTTLE_FAIL, "sii", key, (int64_t)c->now,
	    (int64_t)c->now - (what == MARK ? FRESH_S : FORGET_S));
}

static int
ask(struct db *db, const struct comer *c, enum what what, struct verdict *v,
    struct err *err)
{
	struct row row;
	int w;

	if (row_get(db, c, what, &row, err) == -1)
		return -1;
	w = wait_of(&rules[what], row.fails, row.last, c->now);
	if (w > v->wait) {
		v->wait = w;
		v->longest = what;
		v->untold = row.told != row.last;
	}
	return 0;
}

/* The account's own counter, which a fresh network may pass by. */
static int
ask_account(
    struct db *db, const struct comer *c, struct verdict *v, struct err *err)
{
	struct verdict user = {0};
	struct row mark;

	v->counts = true;
	v->counted = USER;
	if (ask(db, c, USER, &user, err) == -1 ||
	    row_get(db, c, MARK, &mark, err) == -1)
		return -1;
	if (user.wait > 0 &&
	    (mark.fails < FRESH_FAILS || c->now - mark.last >= FRESH_S)) {
		v->counted = FRESH;
		return ask(db, c, FRESH, v, err);
	}
	return ask(db, c, USER, v, err);
}

static int
judge(struct db *db, const struct comer *c, struct verdict *v, struct err *err)
{
	bool known = false;

	*v = (struct verdict){0};
	if (network_known(db, c->user, c->from, c->now, &known, err) == -1)
		return -1;
	if (c->code) {
		v->counts = true;
		v->counted = known ? CODE_PAIR : CODE;
		return ask(db, c, v->counted, v, err);
	}
	if (ask(db, c, PAIR, v, err) == -1 || ask(db, c, ADDRESS, v, err) == -1)
		return -1;
	return known ? 0 : ask_account(db, c, v, err);
}

/* Most of those who have to wait cost no write. */
static int
check(struct db *db, const struct comer *c, int *ret_wait, bool *ret_first,
    struct err *err)
{
	char key[KEY_LEN];
	struct verdict v;

	if (judge(db, c, &v, err) == -1)
		return -1;
	if (v.wait > 0 ? v.untold : v.counts) {
		if (db_begin(db, err) == -1)
			return -1;
		if (judge(db, c, &v, err) == -1)
			goto undo;
		key_for(v.longest, c->user, c->from, key);
		if (v.wait > 0 &&
		    db_run(db, err, DB_THROTTLE_TOLD, "s", key) == -1)
			goto undo;
		if (v.wait == 0 && v.counts &&
		    count(db, c, v.counted, err) == -1)
			goto undo;
		if (db_commit(db, err) == -1)
			goto undo;
	}
	*ret_wait = v.wait;
	*ret_first = v.wait > 0 && v.untold;
	return 0;
undo:
	db_rollback(db);
	return -1;
}

/* A stranger who comes from ever new networks leaves rows that no good log-in
 * may ever sweep: one failure in 256 does. */
static int
sweep_now_and_then(struct db *db, time_t now, struct err *err)
{
	unsigned char byte = 0;

	if (RAND_bytes(&byte, 1) != 1 || byte != 0)
		return 0;
	return throttle_sweep(db, now, err);
}

static int
clear(struct db *db, const struct comer *c, struct err *err)
{
	char key[KEY_LEN];

	for (int i = 0; i < COUNTERS; i++) {
		if (rules[i].code != c->code || !rules[i].cleared)
			continue;
		key_for((enum what)i, c->user, c->from, key);
		if (db_run(db, err, DB_THROTTLE_CLEAR, "s", key) == -1)
			return -1;
	}
	return 0;
}

int
throttle_sweep(struct db *db, time_t now, struct err *err)
{
	return db_run(db, err, DB_THROTTLE_SWEEP, "ii", (int64_t)now - FORGET_S,
	    (int64_t)now - FRESH_S);
}

int
throttle_check(struct db *db, const char *user, const char *from, time_t now,
    int *ret_wait, bool *ret_first, struct err *err)
{
	struct comer c = {user, from, now, false};

	return check(db, &c, ret_wait, ret_first, err);
}

/* Which networks fail is of interest only while the account waits: before,
 * everybody is served. */
int
throttle_fail(struct db *db, const char *user, const char *from, time_t now,
    struct err *err)
{
	struct comer c = {user, from, now, false};
	struct row row;

	if (count(db, &c, PAIR, err) == -1 ||
	    count(db, &c, ADDRESS, err) == -1 ||
	    row_get(db, &c, USER, &row, err) == -1)
		return -1;
	if (row.fails >= rules[USER].patience && count(db, &c, MARK, err) == -1)
		return -1;
	return sweep_now_and_then(db, now, err);
}

int
throttle_clear(
    struct db *db, const char *user, const char *from, struct err *err)
{
	struct comer c = {user, from, 0, false};

	return clear(db, &c, err);
}

int
throttle_code_check(struct db *db, const char *user, const char *from,
    time_t now, int *ret_wait, bool *ret_first, struct err *err)
{
	struct comer c = {user, from, now, true};

	return check(db, &c, ret_wait, ret_first, err);
}

int
throttle_code_clear(
    struct db *db, const char *user, const char *from, struct err *err)
{
	struct comer c = {user, from, 0, true};

	return clear(db, &c, err);
}
