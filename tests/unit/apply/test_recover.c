/*
 * test_recover.c - SIGKILL at every step boundary of a Save, then the start of
 * another postseald: old or new, complete, served, nothing left over.
 *
 * The child counts the calls of its progress callback and kills itself at the
 * wanted one: 1 is the start, AT(step) is before that step, AT_END is the end.
 * The loop ends at the first number that is never reached.
 */
#include "rig.h"

#include <poll.h>
#include <time.h>

#define AT(step) (STEP_##step + 2)
#define AT_END	 (STEP__MAX + 2)

static int kill_at, calls;

static void
killer(struct json_object *job, void *arg)
{
	(void)job_write(&rig_conf, job, NULL);
	if (++calls == kill_at)
		kill(getpid(), SIGKILL);
}

/* No job that had a generation to make still says "running". */
static void
assert_jobs_closed(long last)
{
	struct json_object *meta = NULL, *job = NULL;
	const char *want, *state;
	long n;

	for (n = 1; n <= last; n++) {
		if (generation_meta(&rig_conf, n, &meta, NULL) == -1)
			continue;
		if (job_read(&rig_conf, jsonx_path_str(meta, "job", ""), &job,
			NULL) == 0) {
			state = jsonx_path_str(job, "state", "");
			want = strcmp(jsonx_path_str(meta, "outcome", ""),
				   "applied") == 0
				   ? "applied"
				   : "rolled_back";
			ck_assert_str_eq(state, want);
			ck_assert((jsonx_path(job, "result") != NULL) ==
				  (strcmp(want, "applied") == 0));
			json_object_put(job);
		}
		json_object_put(meta);
	}
}

static const struct ask base = {
    .settings = "{\"inbound\": {\"enabled\": true, \"tls_only\": false}, "
		"\"outbound\": {\"enabled\": true}, \"all_scanners\": true, "
		"\"interface\": {\"max_connections\": null, "
		"\"idle_timeout\": null}, \"access\": {\"policy\": null}}",
    .certificate = "self.pem",
    .key = "self.key",
    .apply = "reload",
};

static const struct ask changes[] = {
    {.settings = "{\"outbound\": {\"enabled\": false}}",
	.certificate = "leaf.pem",
	.key = "leaf.key",
	.ca = "int.pem",
	.apply = "restart"},
    {.settings = "{\"inbound\": {\"tls_only\": true}}", .apply = "reload"},
    {.settings = "{\"inbound\": {\"enabled\": false}}", .apply = "restart"},
    /* Both files, and master.cf alone. */
    {.settings = "{\"interface\": {\"max_connections\": 70, "
		 "\"idle_timeout\": 9}, \"access\": {\"policy\": "
		 "\"accept_except\", \"list\": [\"10.0.0.1\"]}}",
	.apply = "reload"},
    {.settings = "{\"interface\": {\"max_connections\": 71}}",
	.apply = "reload"},
    /* Nothing of it in main.cf. */
    {.settings = "{\"all_scanners\": false}", .apply = "reload"},
};

/* true: it died where it should; false: it came to its end before. */
static bool
die_in(const struct ask *ask, int at)
{
	struct ask a = *ask;
	struct outcome o;
	int status;
	pid_t pid;

	a.progress = killer;
	kill_at = at;
	calls = 0;
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		o = rig_apply(&a);
		_exit(o.rc == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
		return true;
	}
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	return false;
}

static void
recover(void)
{
	int64_t start = now_ms();
	struct err err;

	ck_assert_msg(apply_recover(&rig_conf, &err) == 0, "%s", err.msg);
	ck_assert_int_lt(now_ms() - start, 10000);
}

START_TEST(killed_at_every_step)
{
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	long was, is;
	int at;

	for (at = 1;; at++) {
		o = rig_apply(&base);
		ck_assert_msg(o.rc == 0, "%s", o.err.msg);
		rig_done(&o);
		was = rig_current();
		rig_files_hash(before);
		if (!die_in(&changes[_i], at))
			break;
		recover();
		is = rig_current();
		rig_files_hash(after);
		if (is == was)
			ck_assert_msg(
			    strcmp(before, after) == 0, "kill %d", at);
		else
			ck_assert_int_gt(is, was);
		rig_assert_whole();
		rig_assert_no_stray_key();
		assert_jobs_closed(is + 1);
		/* And once more: nothing to do. */
		recover();
		ck_assert_int_eq(rig_current(), is);
	}
	ck_assert_int_eq(at, AT_END + 1);
	rig_assert_whole();
}
END_TEST

/* A crash of the rollback itself: main.cf is old, Postfix is down. */
START_TEST(killed_in_the_undo)
{
	struct outcome o;
	struct journal j;
	struct err err;
	long was;

	o = rig_apply(&base);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
	was = rig_current();
	rig_write("fault", "start fail\n", 0600);
	o = rig_apply(&changes[0]);
	ck_assert_int_eq(o.err.code, ERR_APPLY_UNDO_FAILED);
	rig_done(&o);
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(j.pending && j.running);
	/* Still broken: main.cf is whole, so the journal may close. */
	recover();
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(!j.pending);
	ck_assert_int_eq(rig_current(), was);
	rig_write("fault", "", 0600);
	ck_assert_int_eq(rig_sh("pfi_start $R/pf && pfi_wait_port %s",
			     rig_conf.service + strlen("127.0.0.1:")),
	    0);
	rig_assert_whole();
	rig_assert_no_stray_key();
}
END_TEST

/* Postfix was stopped before, and after the crash it still is. */
START_TEST(killed_while_stopped)
{
	struct outcome o;
	int at;

	o = rig_apply(&base);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
	ck_assert_int_eq(rig_sh("pfi_stop $R/pf"), 0);
	for (at = AT(journal); at <= AT(close); at++) {
		o = rig_apply(&base);
		ck_assert_int_eq(o.rc, 0);
		rig_done(&o);
		ck_assert(die_in(&changes[at % 2], at));
		recover();
		ck_assert_int_eq(rig_sh("[ -z \"$(pfi_master $R/pf)\" ]"), 0);
	}
	ck_assert_int_eq(rig_sh("pfi_start $R/pf && pfi_wait_port %s",
			     rig_conf.service + strlen("127.0.0.1:")),
	    0);
	rig_assert_whole();
}
END_TEST

/* A hand edit between crash and start is neither lost nor a reason to stop. */
START_TEST(edited_after_the_crash)
{
	const int at = _i;
	struct outcome o;
	struct buf b;
	char path[256];

	o = rig_apply(&base);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
	ck_assert(die_in(&changes[0], at));
	ck_assert_int_eq(rig_sh("cd $R/pf/conf && echo '# by hand' >>main.cf "
				"&& pfi_cool $R/pf"),
	    0);
	recover();
	rig_assert_whole();
	snprintf(path, sizeof(path), "%s/pf/conf/main.cf", rig_root);
	b = rig_read(path);
	ck_assert_ptr_nonnull(strstr(b.data, "\n# by hand\n"));
	buf_clear(&b);
}
END_TEST

/* The record of the pending generation is gone or rubbish. */
static const char *const spoils[] = {"rm -rf $d", "rm $d/meta.json",
    "rm $d/main.cf.before", "echo x >$d/meta.json", "echo x >$d/settings.json",
    ": >$d/meta.json"};

START_TEST(damaged_record)
{
	struct outcome o;

	o = rig_apply(&base);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
	/* Journal written, main.cf not switched. */
	ck_assert(die_in(&changes[0], AT(commit)));
	ck_assert_int_eq(rig_sh("d=$(ls -dv $R/state/generations/* | tail -n "
				"1); %s",
			     spoils[_i]),
	    0);
	recover();
	rig_assert_whole();
}
END_TEST

START_TEST(waits_for_a_running_apply)
{
	struct err err;
	int status;
	pid_t pid;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (state_lock(&rig_conf, LOCK_CHANGE, 0, &err) == -1)
			_exit(1);
		poll(NULL, 0, 700);
		_exit(0);
	}
	while (!state_busy(&rig_conf))
		poll(NULL, 0, 5);
	recover();
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, killed_at_every_step, 0, COUNT(changes));
	tcase_add_test(tc, killed_in_the_undo);
	tcase_add_test(tc, killed_while_stopped);
	tcase_add_loop_test(
	    tc, edited_after_the_crash, AT(restart), AT_END + 1);
	tcase_add_loop_test(tc, damaged_record, 0, COUNT(spoils));
	tcase_add_test(tc, waits_for_a_running_apply);
}

int
main(void)
{
	return rig_run("recover", add, 240, RIG_POSTFIX);
}
