/*
 * test_race.c - two administrators and a script with "postconf -e" at once:
 * no edit is lost, every loser is told, and in the end one generation is
 * whole.  POSTSEAL_RACE_S sets the seconds; 6 unless told.
 */
#include "rig.h"

#include <time.h>

static int64_t until;

/* How each Save of one administrator ended. */
struct tally {
	int applied, busy, stale, unchanged, other;
};

static void
count(struct tally *t, const struct outcome *o)
{
	if (o->rc == 0 &&
	    strcmp(jsonx_path_str(o->job, "state", ""), "applied") == 0)
		t->applied++;
	else if (o->rc == 0)
		t->unchanged++;
	else if (o->err.code == ERR_APPLY_BUSY)
		t->busy++;
	else if (o->err.code == ERR_SETTINGS_STALE)
		t->stale++;
	else
		t->other++;
}

static void
administrator(int fd, int who)
{
	static const char *const settings[] = {
	    "{\"outbound\": {\"enabled\": false}}",
	    "{\"outbound\": {\"enabled\": true}}"};
	struct ask a = {.apply = "reload"};
	struct tally t = {0, 0, 0, 0, 0};
	struct timespec nap = {0, 20000000L * (who + 1)};
	struct outcome o;
	int i;

	for (i = who; now_ms() < until; i++) {
		a.settings = settings[i % 2];
		o = rig_apply(&a);
		count(&t, &o);
		rig_done(&o);
		nanosleep(&nap, NULL);
	}
	if (write(fd, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(1);
	_exit(0);
}

/* A line of its own for each edit, so that one that is lost is missed. */
static void
script(int fd)
{
	struct timespec nap = {0, 100000000L};
	int n = 0;

	while (now_ms() < until) {
		if (rig_sh("/usr/sbin/postconf -c $R/pf/conf -e "
			   "race_%d=%d 2>/dev/null",
			n, n) != 0)
			_exit(2);
		n++;
		nanosleep(&nap, NULL);
	}
	if (write(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		_exit(1);
	_exit(0);
}

static int
lost_edits(int n)
{
	char path[256], line[64];
	int i, lost = 0;
	struct buf b;

	snprintf(path, sizeof(path), "%s/pf/conf/main.cf", rig_root);
	b = rig_read(path);
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "\nrace_%d = %d\n", i, i);
		if (strstr(b.data, line) == NULL)
			lost++;
	}
	buf_clear(&b);
	return lost;
}

START_TEST(race)
{
	const char *seconds = getenv("POSTSEAL_RACE_S");
	struct tally t[2], all = {0, 0, 0, 0, 0};
	int fd[3][2], status, edits = 0, i;
	pid_t pid[3];

	until = now_ms() + 1000 * (seconds == NULL ? 6 : atoi(seconds));
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(pipe(fd[i]), 0);
		ck_assert_int_ne(pid[i] = fork(), -1);
		if (pid[i] == 0 && i < 2)
			administrator(fd[i][1], i);
		if (pid[i] == 0)
			script(fd[i][1]);
		close(fd[i][1]);
	}
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	}
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    read(fd[i][0], &t[i], sizeof(t[i])), (int)sizeof(t[i]));
		all.applied += t[i].applied;
		all.unchanged += t[i].unchanged;
		all.busy += t[i].busy;
		all.stale += t[i].stale;
		all.other += t[i].other;
	}
	ck_assert_int_eq(
	    read(fd[2][0], &edits, sizeof(edits)), (int)sizeof(edits));
	ck_assert_int_gt(all.applied, 0);
	ck_assert_int_gt(edits, 0);
	ck_assert_int_eq(all.other, 0);
	ck_assert_int_eq(lost_edits(edits), 0);
	rig_assert_whole();
	printf("saves: %d applied, %d unchanged, %d busy, %d stale; edits "
	       "beside them: %d, lost: 0\n",
	    all.applied, all.unchanged, all.busy, all.stale, edits);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, race);
}

int
main(void)
{
	return rig_run("race", add, 3600, RIG_POSTFIX);
}
