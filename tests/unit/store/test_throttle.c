/*
 * test_throttle.c - guessing slows down and never locks out; and many
 * processes at one database.
 */
#include "rig.h"

#include "../../../src/store/db.h"
#include "sessions.h"
#include "throttle.h"

static int
wait_for(const char *user, const char *from, time_t now)
{
	int w = -1;
	bool first;

	ck_assert_msg(
	    throttle_check(db, user, from, now, &w, &first, &err) == 0, "%s",
	    err.msg);
	return w;
}

/* One guess: was the password looked at? */
static bool
guess(const char *user, const char *from, time_t now)
{
	if (wait_for(user, from, now) > 0)
		return false;
	ck_assert_int_eq(throttle_fail(db, user, from, now, &err), 0);
	return true;
}

/* A complete log-in. */
static void
come(const char *name, const char *from, time_t now)
{
	ck_assert_int_eq(
	    sessions_login(db, 0, user_id(name), from, now, &err), 0);
}

static void
fail_times(int n, const char *user, const char *from, time_t now)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(throttle_fail(db, user, from, now, &err), 0);
}

/* failures of the same user and address -> the wait right after them */
static const struct {
	int fails, wait;
} pair_waits[] = {
    {0, 0},
    {1, 0},
    {3, 0},
    {4, 1},
    {5, 2},
    {6, 4},
    {7, 8},
    {11, 128},
    {12, 256},
    {13, 300},
    {19, 300},
};

START_TEST(throttle_pair)
{
	fail_times(pair_waits[_i].fails, "admin", "192.0.2.1", NOW);
	ck_assert_int_eq(
	    wait_for("admin", "192.0.2.1", NOW), pair_waits[_i].wait);
	ck_assert_int_eq(
	    wait_for("ADMIN", "192.0.2.1", NOW), pair_waits[_i].wait);
	ck_assert_int_eq(
	    wait_for("admin", "192.0.2.1", NOW + pair_waits[_i].wait), 0);
	/* The owner from elsewhere, and others from there, are not hit. */
	ck_assert_int_eq(wait_for("admin", "192.0.2.2", NOW), 0);
	ck_assert_int_eq(wait_for("other", "192.0.2.1", NOW), 0);
	ck_assert_int_eq(throttle_clear(db, "admin", "192.0.2.1", &err), 0);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW), 0);
}
END_TEST

START_TEST(throttle_address)
{
	char user[16];

	for (int i = 0; i < 24; i++) {
		snprintf(user, sizeof(user), "u%d", i);
		fail_times(1, user, "192.0.2.1", NOW);
	}
	ck_assert_int_eq(wait_for("new", "192.0.2.1", NOW), 16);
	/* One good log-in does not buy an address free. */
	throttle_clear(db, "u1", "192.0.2.1", &err);
	ck_assert_int_eq(wait_for("new", "192.0.2.1", NOW), 16);
	ck_assert_int_eq(wait_for("new", "192.0.2.9", NOW), 0);
}
END_TEST

/* All addresses of one IPv6 network are one; IPv4 in IPv6 is not. */
START_TEST(throttle_network)
{
	char from[64];

	for (int i = 0; i < 21; i++) {
		snprintf(from, sizeof(from), "2001:db8:0:1:%x::%x", i, 21 - i);
		fail_times(1, "admin", from, NOW);
		snprintf(from, sizeof(from), "::ffff:192.0.2.%d", i);
		fail_times(1, "other", from, NOW);
	}
	ck_assert_int_eq(wait_for("admin", "2001:db8:0:1::ffff", NOW), 300);
	ck_assert_int_eq(wait_for("third", "2001:db8:0:1::ffff", NOW), 2);
	ck_assert_int_eq(wait_for("admin", "2001:db8:0:2::1", NOW), 0);
	ck_assert_int_eq(wait_for("other", "::ffff:192.0.2.1", NOW), 0);
	ck_assert_int_eq(wait_for("third", "::ffff:192.0.2.99", NOW), 0);
	ck_assert_int_eq(
	    throttle_clear(db, "admin", "2001:db8:0:1::7", &err), 0);
	ck_assert_int_eq(wait_for("admin", "2001:db8:0:1::ffff", NOW), 2);
}
END_TEST

/* From however many addresses: the account is slow for strangers, and never
 * waits where its owner has come from before. */
START_TEST(throttle_user)
{
	char from[32];
	int looked = 0, owner = 0;

	add("admin");
	come("admin", "192.0.2.1", NOW - 89 * 86400);
	come("admin", "2001:db8:7:1::5", NOW - 1);
	come("admin", "192.0.2.77", NOW - 90 * 86400);
	/* 200 addresses poll for 20 minutes; the owner comes once a minute. */
	for (int t = 0; t < 1200; t++) {
		for (int i = 0; i < 200; i += 7) {
			snprintf(from, sizeof(from), "198.51.100.%d", i);
			looked += guess("admin", from, NOW + t);
		}
		if (t % 60 != 0)
			continue;
		owner += wait_for("ADMIN", "192.0.2.1", NOW + t) == 0;
		owner += wait_for("admin", "2001:db8:7:1:f::9", NOW + t) == 0;
	}
	ck_assert_int_eq(owner, 40);
	/* 50, one in 20 s, and the few of a network that was fresh */
	ck_assert_int_ge(looked, 50 + 30);
	ck_assert_int_le(looked, 50 + 1200 / 20 + 10);
	/* Whoever has not come for 90 days is a stranger, and fresh. */
	ck_assert_int_gt(wait_for("admin", "198.51.100.0", NOW + 1200), 0);
	ck_assert_int_eq(wait_for("admin", "192.0.2.77", NOW + 1200), 0);
	/* Known to one account is not known to another. */
	add("other");
	for (int i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i);
		guess("other", from, NOW);
	}
	come("admin", "198.51.100.222", NOW);
	ck_assert_int_gt(wait_for("other", "198.51.100.222", NOW), 0);
	/* At a known network the failures from there count. */
	for (int i = 0; i < 4; i++)
		ck_assert(guess("admin", "192.0.2.1", NOW));
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW), 1);
}
END_TEST

/* Guesses of two hours at one account, from as many networks as you like, each
 * of them new: bounded. */
START_TEST(throttle_bound)
{
	char from[64];
	int looked = 0, n = 0;

	for (int t = 0; t < 7200; t++) {
		snprintf(from, sizeof(from), "2001:db8:%x::1", n & 0xffff);
		if (guess("admin", from, NOW + t)) {
			looked++;
			n++;
		}
		/* all of them are one wide network */
		looked += guess("admin", "2001:dc8:0:1::1", NOW + t);
	}
	ck_assert_int_ge(looked, 7200 / 20);
	ck_assert_int_le(looked, 54 + 7200 / 20 + 7200 / 4);
}
END_TEST

/* The last 16 networks, for 90 days, and with the user only. */
START_TEST(known_networks)
{
	char from[32];
	bool known;

	add("admin");
	for (int i = 0; i < 20; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		come("admin", from, NOW + i);
	}
	come("admin", "192.0.2.5", NOW + 3); /* a clock that was set back */
	come("admin", "192.0.2.19", NOW + 19);
	come("admin", "192.0.2.99", NOW - 1); /* the oldest, but the last */
	for (int i = 0; i < 20; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		network_known(db, "admin", from, NOW + 20, &known, &err);
		ck_assert_int_eq(known, i >= 4 && i != 5);
	}
	network_known(db, "admin", "192.0.2.99", NOW + 20, &known, &err);
	ck_assert(known);
	network_known(db, "admin", "::ffff:192.0.2.9", NOW + 20, &known, &err);
	ck_assert(known);
	ck_assert_int_eq(db_sweep(db, NOW + 10 + 90 * 86400, 9, 9, &err), 0);
	network_known(db, "admin", "192.0.2.10", NOW, &known, &err);
	ck_assert(!known);
	network_known(db, "admin", "192.0.2.11", NOW, &known, &err);
	ck_assert(known);
	ck_assert_int_eq(users_delete(db, "admin", &err), 0);
	add("admin");
	network_known(db, "admin", "192.0.2.11", NOW, &known, &err);
	ck_assert(!known);
}
END_TEST

/* Each wait is told of once, by whoever runs into it first. */
START_TEST(throttle_told)
{
	int w = 0, told = 0;
	bool first = false;

	for (int t = 0; t < 1000; t++) {
		throttle_check(
		    db, "admin", "192.0.2.1", NOW + t, &w, &first, &err);
		if (w == 0)
			throttle_fail(db, "admin", "192.0.2.1", NOW + t, &err);
		told += first;
		ck_assert(!first || w > 0);
	}
	/* waits of 1, 2, 4 to 256 and 300 s, less that of no second */
	ck_assert_int_ge(told, 8);
	ck_assert_int_le(told, 11);
}
END_TEST

static int
count_rows(void)
{
	char path[96];
	sqlite3 *sq = NULL;
	sqlite3_stmt *st = NULL;
	int n;

	snprintf(path, sizeof(path), "%s/postseal.db", dir);
	ck_assert_int_eq(sqlite3_open(path, &sq), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(sq, "SELECT count(*) FROM throttle",
			     -1, &st, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(sq);
	return n;
}

/* Rows of strangers go without anybody's log-in; 4,000 failures that sweep
 * nothing have a chance of 2^-22. */
START_TEST(throttle_swept)
{
	char from[32];

	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i);
		fail_times(1, "admin", from, NOW);
	}
	ck_assert_int_ge(count_rows(), 200);
	fail_times(4000, "other", "192.0.2.1", NOW + 901);
	ck_assert_int_le(count_rows(), 3);
}
END_TEST

START_TEST(throttle_forgets)
{
	fail_times(12, "admin", "192.0.2.1", NOW);
	ck_assert_int_gt(wait_for("admin", "192.0.2.1", NOW), 0);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW + 901), 0);
	fail_times(1, "admin", "192.0.2.1", NOW + 901);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW + 901), 0);
	/* A clock that was set back does not lock for long. */
	fail_times(12, "admin", "192.0.2.1", NOW + 901);
	ck_assert_int_le(wait_for("admin", "192.0.2.1", NOW - 86400), 300);
	ck_assert_int_eq(db_sweep(db, NOW + 90000, 900, 9000, &err), 0);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW + 901), 0);
}
END_TEST

/* Eight processes write at once, as workers do: nothing is lost. */
START_TEST(many_writers)
{
	struct db *mine = NULL;
	int status, w, lost = 0;
	bool first;

	for (int p = 0; p < 8; p++) {
		if (fork() != 0)
			continue;
		if (db_open(dir, &mine, &err) == -1)
			_exit(1);
		for (int i = 0; i < 20; i++) {
			if (throttle_check(mine, "admin", "192.0.2.1", NOW + i,
				&w, &first, &err) == -1 ||
			    throttle_fail(
				mine, "admin", "192.0.2.1", NOW, &err) == -1)
				_exit(1);
		}
		db_close(mine);
		_exit(0);
	}
	while (wait(&status) != -1)
		lost += status != 0;
	ck_assert_int_eq(lost, 0);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW), 300);
}
END_TEST

/* A process killed while it writes leaves a database that opens. */
START_TEST(killed_writer)
{
	struct db *mine = NULL;
	pid_t pid;

	add("admin");
	for (int round = 0; round < 10; round++) {
		if ((pid = fork()) == 0) {
			if (db_open(dir, &mine, &err) == -1)
				_exit(1);
			for (;;)
				throttle_fail(mine, "admin", "::1", NOW, &err);
		}
		usleep(5000 + 3000 * (unsigned int)round);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		ck_assert_int_eq(db_open(dir, &mine, &err), 0);
		ck_assert_int_eq(
		    throttle_fail(mine, "b", "::2", NOW + round, &err), 0);
		db_close(mine);
	}
	ck_assert_int_gt(user_id("admin"), 0);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, throttle_pair, 0, N(pair_waits));
	tcase_add_test(t, throttle_address);
	tcase_add_test(t, throttle_network);
	tcase_add_test(t, throttle_user);
	tcase_add_test(t, throttle_bound);
	tcase_add_test(t, known_networks);
	tcase_add_test(t, throttle_told);
	tcase_add_test(t, throttle_swept);
	tcase_add_test(t, throttle_forgets);
	tcase_add_test(t, many_writers);
	tcase_add_test(t, killed_writer);
	return suite_run("throttle", t) == 0 ? 0 : 1;
}
