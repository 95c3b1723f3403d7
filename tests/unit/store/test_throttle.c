/*
 * test_throttle.c - guessing slows down and never locks out; and many
 * processes at one database.
 */
#include "rig.h"

static int
wait_for(const char *user, const char *from, time_t now)
{
	int w = -1;

	ck_assert_msg(
	    throttle_check(db, user, from, now, &w, &err) == 0, "%s", err.msg);
	return w;
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

/* From however many addresses: the account is slow, not locked. */
START_TEST(throttle_user)
{
	char from[32];

	for (int i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i);
		fail_times(1, "admin", from, NOW);
	}
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW), 20);
	ck_assert_int_eq(wait_for("admin", "192.0.2.1", NOW + 20), 0);
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
	ck_assert_int_gt(count_rows(), 200);
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
	int status, lost = 0;

	for (int p = 0; p < 8; p++) {
		if (fork() != 0)
			continue;
		if (db_open(dir, &mine, &err) == -1)
			_exit(1);
		for (int i = 0; i < 20; i++) {
			if (throttle_fail(
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
	ck_assert_int_eq(wait_for("admin", "192.0.2.7", NOW), 20);
}
END_TEST

/* A process killed while it writes leaves a database that opens. */
START_TEST(killed_writer)
{
	struct db *mine = NULL;
	long id;
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
	ck_assert_int_eq(users_verify(db, "admin", GOOD, &id, &err), 0);
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
	tcase_add_test(t, throttle_swept);
	tcase_add_test(t, throttle_forgets);
	tcase_add_test(t, many_writers);
	tcase_add_test(t, killed_writer);
	return suite_run("throttle", t) == 0 ? 0 : 1;
}
