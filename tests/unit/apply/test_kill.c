/*
 * test_kill.c - SIGKILL at every file operation and child process of a Save,
 * and at random moments, then the start of another postseald: old or new,
 * complete, served, within ten seconds, nothing left over.
 *
 * POSTSEAL_KILLS sets the number of random kills, and has every operation
 * tried; unless told it is 12, and only every fifth of those operations that
 * come before Postfix is touched, or after all is recorded.
 */
#include "faulty.h"

static int kills, became_new;
static int64_t slowest;

static void
recover(const char *op)
{
	int64_t start = now_ms();
	struct err err;

	ck_assert_msg(
	    apply_recover(&rig_conf, &err) == 0, "%s: %s", op, err.msg);
	start = now_ms() - start;
	ck_assert_msg(start < 10000, "%s: %d ms", op, (int)start);
	if (start > slowest)
		slowest = start;
}

static void
judge(long was, const char *before, const char *op, bool full)
{
	char after[SHA256_HEX];
	long is = rig_current();

	kills++;
	if (is == was) {
		rig_files_hash(after);
		ck_assert_msg(
		    strcmp(before, after) == 0, "main.cf or master.cf: %s", op);
	} else {
		ck_assert_msg(is > was, "%s", op);
		became_new++;
	}
	if (full)
		rig_assert_whole();
	else
		faulty_assert_untouched(op);
	rig_assert_no_stray_key();
}

START_TEST(every_operation)
{
	char before[SHA256_HEX];
	struct faulty_result r;
	long n, was;

	faulty_prepare();
	for (n = 1;; n++) {
		was = rig_current();
		rig_files_hash(before);
		r = faulty_apply(faulty_next(), n, EIO, true, false);
		if (!r.killed)
			break;
		recover(r.op);
		judge(was, before, r.op, faulty_is_close(&r, n));
		n += faulty_skip(&r, getenv("POSTSEAL_KILLS") != NULL);
	}
	ck_assert(!r.reached && r.rc == 0);
	ck_assert_int_gt(n, 50);
	ck_assert_int_gt(became_new, 0);
	printf(
	    "kills at operations: %d, new state %d, slowest recovery %d ms\n",
	    kills, became_new, (int)slowest);
}
END_TEST

static void
nap(long us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&t, NULL);
}

START_TEST(random_moments)
{
	const char *want = getenv("POSTSEAL_KILLS");
	int total = want == NULL ? 12 : atoi(want), i, status;
	char before[SHA256_HEX], op[64];
	struct ask ask;
	struct outcome o;
	long was;
	pid_t pid;

	faulty_prepare();
	srandom((unsigned)time(NULL));
	for (i = 0; i < total; i++) {
		was = rig_current();
		rig_files_hash(before);
		ask = *faulty_next();
		ask.apply = random() % 2 == 0 ? "restart" : "reload";
		ck_assert_int_ne(pid = fork(), -1);
		if (pid == 0) {
			o = rig_apply(&ask);
			_exit(o.rc == 0 ? 0 : 1);
		}
		nap(random() % 350000);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		snprintf(op, sizeof(op), "kill %d, %s", i, ask.apply);
		recover(op);
		judge(was, before, op, true);
	}
	printf("kills at random: %d, new state %d, slowest recovery %d ms\n",
	    kills, became_new, (int)slowest);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, every_operation);
	tcase_add_test(tc, random_moments);
}

int
main(void)
{
	return rig_run("kill", add, 3600, RIG_POSTFIX);
}
