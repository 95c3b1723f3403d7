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

/* On leaving: managed as before, or left, byte for byte as it was; and where a
 * line of somebody else names a file of ours, with its copy. */
static void
judge_leave(long was, const char *before, bool named, const char *op)
{
	char after[SHA256_HEX];

	kills++;
	if (rig_current() == was) {
		rig_files_hash(after);
		ck_assert_msg(strcmp(before, after) == 0, "%s", op);
		return;
	}
	became_new++;
	ck_assert_msg(rig_current() == 0, "%s", op);
	ck_assert_msg(
	    rig_sh(named ? "grep -v generations $R/pf/conf/main.cf | cmp - "
			   "$R/main.was && ls $R/pf/conf/postseal/gen-*-"
			   "inbound.pem >/dev/null"
			 : "cmp $R/pf/conf/main.cf $R/main.was") == 0,
	    "%s", op);
}

START_TEST(leaving)
{
	const struct ask leave = {
	    .original = true, .leave = true, .apply = "reload"};
	char before[SHA256_HEX];
	struct faulty_result r;
	struct json_object *live;
	bool named = false;
	long n, was;

	ck_assert_int_eq(rig_sh("cp $R/pf/conf/main.cf $R/main.was"), 0);
	for (n = 1;; n++) {
		if (rig_current() == 0) {
			/* Left: come back for the next. */
			ck_assert_int_eq(
			    rig_sh("rm -rf $R/pf/conf/postseal; cat "
				   "$R/main.was >$R/pf/conf/main.cf; "
				   "pfi_cool $R/pf"),
			    0);
			was = rig_must_apply(&rig_self_pair);
			named = !named;
			ck_assert_int_eq(
			    rig_sh("! %s || { echo smtp_tls_chain_files = "
				   "$R/state/generations/gen-%ld/inbound.pem "
				   ">>$R/pf/conf/main.cf; pfi_cool $R/pf; }",
				named ? "true" : "false", was),
			    0);
		}
		was = rig_current();
		rig_files_hash(before);
		r = faulty_apply(&leave, n, EIO, true, false);
		if (!r.killed)
			break;
		recover(r.op);
		judge_leave(was, before, named, r.op);
		if (faulty_is_close(&r, n)) {
			live = apply_live(&rig_conf);
			ck_assert_msg(jsonx_path(live, "error") == NULL,
			    "%s: %s", r.op, json_object_to_json_string(live));
			json_object_put(live);
		}
		n += faulty_skip(&r, getenv("POSTSEAL_KILLS") != NULL);
	}
	ck_assert(!r.reached && r.rc == 0);
	ck_assert_int_gt(became_new, 0);
	printf("kills on leaving: %d, left %d, slowest recovery %d ms\n", kills,
	    became_new, (int)slowest);
	ck_assert_int_eq(rig_sh("rm -rf $R/pf/conf/postseal; "
				"cat $R/main.was >$R/pf/conf/main.cf; "
				"pfi_cool $R/pf && pfi_reload $R/pf"),
	    0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, leaving);
	tcase_add_test(tc, every_operation);
	tcase_add_test(tc, random_moments);
}

int
main(void)
{
	return rig_run("kill", add, 3600, RIG_POSTFIX);
}
