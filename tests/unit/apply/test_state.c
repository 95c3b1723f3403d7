/*
 * test_state.c - the state directory: journal, generations, jobs, audit,
 * lock.  No Postfix.
 */
#include "../asleep.h"
#include "rig.h"
#include "../../../src/apply/named.h"

#include <time.h>
#include <utime.h>

#define H64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text;
	int want_rc;
	bool want_pending;
	long want_id;
} journals[] = {
    {"pending 7 " H64 " " H64 " 1\n", 0, true, 7},
    {"pending 123 " H64 " " H64 " 0\n", 0, true, 123},
    {"done 7\n", 0, false, 7},
    {"done 7", -1, false, 0},
    {"", -1, false, 0},
    {"pending 7\n", -1, false, 0},
    {"pending 7 " H64 " " H64 " 1", -1, false, 0},
    {"pending 7 " H64 " " H64 " 1\nx", -1, false, 0},
    {"pending x " H64 " " H64 " 1\n", -1, false, 0},
    {"pending 7 " H64 " 1\n", -1, false, 0},
    {"done x\n", -1, false, 0},
    {"done 7\n\n\nmore\n", -1, false, 0},
    {"\001\002\003", -1, false, 0},
};

START_TEST(journal_texts)
{
	struct journal j = {.id = 42};
	struct err err;

	rig_write("state/journal", journals[_i].text, 0600);
	ck_assert_int_eq(
	    journal_read(&rig_conf, &j, &err), journals[_i].want_rc);
	if (journals[_i].want_rc == -1) {
		ck_assert_int_eq(err.code, ERR_IO);
		ck_assert_int_eq(j.id, 42);
		return;
	}
	ck_assert_int_eq(j.pending, journals[_i].want_pending);
	ck_assert_int_eq(j.id, journals[_i].want_id);
	/* What is written reads back the same. */
	ck_assert_int_eq(journal_write(&rig_conf, &j, &err), 0);
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert_int_eq(j.pending, journals[_i].want_pending);
}
END_TEST

START_TEST(journal_absent)
{
	struct journal j = {.pending = true, .id = 1};
	struct err err;

	ck_assert_int_eq(journal_remove(&rig_conf, &err), 0);
	ck_assert_int_eq(journal_remove(&rig_conf, &err), 0);
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(!j.pending);
}
END_TEST

static const struct {
	const char *text;
	int want_rc;
	long want_id;
} currents[] = {
    {"7\n", 0, 7},
    {"1000000000\n", 0, 1000000000},
    {"1000000001\n", -1, 0},
    {"-1\n", -1, 0},
    {"7", -1, 0},
    {"7\n\n", -1, 0},
    {"7 8\n", -1, 0},
    {"x\n", -1, 0},
    {"", -1, 0},
};

START_TEST(current_texts)
{
	struct err err;
	long id = -5;

	rig_write("state/current", currents[_i].text, 0600);
	ck_assert_int_eq(
	    generation_current(&rig_conf, &id, &err), currents[_i].want_rc);
	ck_assert_int_eq(
	    id, currents[_i].want_rc == 0 ? currents[_i].want_id : -5);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
	ck_assert_int_eq(generation_current(&rig_conf, &id, &err), 0);
	ck_assert_int_eq(id, 0);
}
END_TEST

/* A generation with a key, as an apply leaves it. */
static void
make_generation(long id, const char *outcome)
{
	struct json_object *meta = json_object_new_object();
	char path[STATE_PATH_MAX];
	struct err err;

	generation_path(&rig_conf, id, NULL, path, NULL);
	ck_assert_int_eq(fsx_mkdir(path, 0700, &err), 0);
	generation_path(&rig_conf, id, "inbound.pem", path, NULL);
	ck_assert_int_eq(fsx_create(path, "KEY", 3, 0600, &err), 0);
	json_object_object_add(meta, "id", json_object_new_int64(id));
	if (outcome != NULL) {
		json_object_object_add(
		    meta, "outcome", json_object_new_string(outcome));
		ck_assert_int_eq(
		    generation_set_meta(&rig_conf, id, meta, &err), 0);
	}
	json_object_put(meta);
}

static bool
there(long id, const char *file)
{
	char path[STATE_PATH_MAX];
	struct stat st;

	generation_path(&rig_conf, id, file, path, NULL);
	return lstat(path, &st) == 0;
}

static void
no_generations(void)
{
	char path[STATE_PATH_MAX];
	struct err err;

	fsx_path(path, sizeof(path), NULL, "%s/generations",
	    rig_conf.state_directory);
	ck_assert_int_eq(fsx_wipe_tree(path, &err), 0);
	ck_assert_int_eq(apply_state_init(&rig_conf, &err), 0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
}

START_TEST(numbers_go_up)
{
	struct err err;
	long id;

	no_generations();
	ck_assert_int_eq(generation_next(&rig_conf, &id, &err), 0);
	ck_assert_int_eq(id, 1);
	make_generation(9, "failed");
	make_generation(10, "applied");
	make_generation(2, "applied");
	ck_assert_int_eq(generation_next(&rig_conf, &id, &err), 0);
	ck_assert_int_eq(id, 11);
	ck_assert_int_eq(generation_set_current(&rig_conf, 30, &err), 0);
	ck_assert_int_eq(generation_next(&rig_conf, &id, &err), 0);
	ck_assert_int_eq(id, 31);
}
END_TEST

START_TEST(prune_keeps_what_counts)
{
	static const long keep[2] = {3, 1};
	struct named_row row = {.id = 4};
	const struct named named = {&row, 1};
	struct conf conf = rig_conf;
	struct err err;
	long id;

	no_generations();
	conf.generations = 3;
	for (id = 1; id <= 8; id++)
		make_generation(id, "applied");
	ck_assert_int_eq(generation_set_current(&conf, 2, &err), 0);
	ck_assert_int_eq(generation_prune(&conf, &named, keep, &err), 0);
	for (id = 1; id <= 8; id++)
		ck_assert_msg(there(id, "inbound.pem") == (id >= 6 || id <= 4),
		    "generation %ld", id);
}
END_TEST

START_TEST(sweep_takes_the_unfinished)
{
	struct err err;

	no_generations();
	make_generation(1, "applied");
	make_generation(2, "pending");
	make_generation(3, NULL);
	make_generation(4, "failed");
	make_generation(5, "pending");
	ck_assert_int_eq(generation_set_current(&rig_conf, 5, &err), 0);
	ck_assert_int_eq(rig_sh("mkdir $R/state/scratch-x; "
				": >$R/state/scratch-x/k"),
	    0);
	ck_assert_int_eq(generation_sweep(&rig_conf, &err), 0);
	ck_assert(there(1, NULL));
	ck_assert(!there(2, NULL));
	ck_assert(!there(3, NULL));
	ck_assert(there(4, NULL));
	ck_assert(there(5, NULL));
	ck_assert_int_eq(rig_sh("[ ! -e $R/state/scratch-x ]"), 0);
}
END_TEST

START_TEST(failure_leaves_a_record_without_key)
{
	struct json_object *meta = json_object_new_object(), *list, *gen;
	struct err err;

	no_generations();
	make_generation(3, "applied");
	make_generation(4, "pending");
	ck_assert_int_eq(generation_set_current(&rig_conf, 3, &err), 0);
	json_object_object_add(meta, "id", json_object_new_int64(4));
	json_object_object_add(
	    meta, "outcome", json_object_new_string("failed"));
	ck_assert_int_eq(generation_fail(&rig_conf, 4, meta, &err), 0);
	json_object_put(meta);
	ck_assert(there(4, "meta.json"));
	ck_assert(!there(4, "inbound.pem"));
	make_generation(5, "pending"); /* not history yet */
	ck_assert_int_eq(generations_list(&rig_conf, 10, &list, &err), 0);
	ck_assert_uint_eq(json_object_array_length(list), 2);
	gen = json_object_array_get_idx(list, 0);
	ck_assert_int_eq(json_object_get_int(jsonx_path(gen, "id")), 4);
	ck_assert(!json_object_get_boolean(jsonx_path(gen, "in_force")));
	gen = json_object_array_get_idx(list, 1);
	ck_assert(json_object_get_boolean(jsonx_path(gen, "in_force")));
	json_object_put(list);
	ck_assert_int_eq(generations_list(&rig_conf, 1, &list, &err), 0);
	ck_assert_uint_eq(json_object_array_length(list), 1);
	json_object_put(list);
}
END_TEST

static const long unknown_ids[] = {0, -1, 99, 2000000000L};

START_TEST(unknown_generation)
{
	struct json_object *gen = NULL;
	struct err err;

	ck_assert_int_eq(
	    generation_get(&rig_conf, unknown_ids[_i], &gen, &err), -1);
	ck_assert_int_eq(err.code, ERR_GEN_UNKNOWN);
	ck_assert_ptr_null(gen);
}
END_TEST

static const struct {
	const char *not_after;
	int want;
} days[] = {
    {"2026-11-24T12:00:00Z", 0},
    {"2026-11-25T11:59:59Z", 0},
    {"2026-11-25T12:00:00Z", 1},
    {"2027-02-22T12:00:00Z", 90},
    {"2026-11-24T11:59:59Z", -1},
    {"2026-11-14T11:59:59Z", -11},
    {"nonsense", 77},
    {"2026-11-25", 77},
};

START_TEST(days_left_are_recomputed)
{
	struct json_object *cert = json_object_new_object();
	struct json_object *chain = json_object_new_array();
	struct json_object *info = json_object_new_object(), *v;
	struct tm tm = {
	    .tm_year = 126, .tm_mon = 10, .tm_mday = 24, .tm_hour = 12};

	json_object_object_add(
	    info, "not_after", json_object_new_string(days[_i].not_after));
	json_object_object_add(info, "days_left", json_object_new_int(77));
	json_object_array_add(chain, info);
	json_object_object_add(cert, "chain", chain);
	cert_set_days_left(cert, timegm(&tm));
	ck_assert(json_object_object_get_ex(info, "days_left", &v));
	ck_assert_int_eq(json_object_get_int(v), days[_i].want);
	json_object_put(cert);
}
END_TEST

static const char *const bad_jobs[] = {"", "1", "../../etc/passwd",
    "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
    "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde/",
    "0123456789abcdef/../456789abcdef"};

START_TEST(job_ids)
{
	struct json_object *job = json_object_new_object(), *got = NULL;
	struct err err;

	json_object_object_add(job, "id", json_object_new_string(bad_jobs[_i]));
	ck_assert_int_eq(job_write(&rig_conf, job, &err), -1);
	ck_assert_int_eq(err.code, ERR_JOB_UNKNOWN);
	ck_assert_int_eq(job_read(&rig_conf, bad_jobs[_i], &got, &err), -1);
	ck_assert_int_eq(err.code, ERR_JOB_UNKNOWN);
	json_object_put(job);
}
END_TEST

static void
put_job(int n, const char *state, int age_s)
{
	struct json_object *job = json_object_new_object();
	char id[40], path[STATE_PATH_MAX];
	struct utimbuf t = {time(NULL) - age_s, time(NULL) - age_s};
	struct err err;

	snprintf(id, sizeof(id), "%032x", n);
	json_object_object_add(job, "id", json_object_new_string(id));
	json_object_object_add(job, "state", json_object_new_string(state));
	ck_assert_int_eq(job_write(&rig_conf, job, &err), 0);
	fsx_path(path, sizeof(path), NULL, "%s/jobs/%s.json",
	    rig_conf.state_directory, id);
	ck_assert_int_eq(utime(path, &t), 0);
	json_object_put(job);
}

static int
job_state(int n, char *dst)
{
	struct json_object *job = NULL;
	struct err err;
	char id[40];

	snprintf(id, sizeof(id), "%032x", n);
	if (job_read(&rig_conf, id, &job, &err) == -1)
		return -1;
	strcpy(dst, jsonx_path_str(job, "state", ""));
	json_object_put(job);
	return 0;
}

START_TEST(jobs_are_pruned)
{
	char state[32];
	int i;

	for (i = 0; i < 70; i++)
		put_job(i, "applied", 1000 - i);
	job_prune(&rig_conf);
	for (i = 0; i < 70; i++)
		ck_assert_int_eq(job_state(i, state), i < 20 ? -1 : 0);
}
END_TEST

START_TEST(jobs_of_the_dead)
{
	char state[32];
	struct err err;
	int lock;

	put_job(1, "running", 60);
	put_job(2, "running", 0);
	ck_assert_int_eq(job_state(1, state), 0);
	ck_assert_str_eq(state, "failed");
	ck_assert_int_eq(job_state(2, state), 0);
	ck_assert_str_eq(state, "running");
	lock = state_lock(&rig_conf, LOCK_CHANGE, 0, &err);
	ck_assert_int_ne(lock, -1);
	ck_assert_int_eq(job_state(1, state), 0);
	ck_assert_str_eq(state, "running");
	close(lock);
}
END_TEST

START_TEST(lock_excludes)
{
	struct err err;
	int a, b;

	ck_assert(!state_busy(&rig_conf));
	a = state_lock(&rig_conf, LOCK_CHANGE, 0, &err);
	ck_assert_int_ne(a, -1);
	ck_assert(state_busy(&rig_conf));
	ck_assert(state_busy(&rig_conf)); /* looking takes nothing */
	b = state_lock(&rig_conf, LOCK_CHANGE, 50, &err);
	ck_assert_int_eq(b, -1);
	ck_assert_int_eq(err.code, ERR_APPLY_BUSY);
	close(a);
	ck_assert(!state_busy(&rig_conf));
	b = state_lock(&rig_conf, LOCK_CHANGE, 0, &err);
	ck_assert_int_ne(b, -1);
	close(b);
}
END_TEST

/* A dry run is waited for, and gives way to what changes something. */
START_TEST(lock_and_lookers)
{
	struct err err;
	int look, change, status;
	pid_t pid;

	look = state_lock(&rig_conf, LOCK_LOOK, 0, &err);
	ck_assert_int_ne(look, -1);
	ck_assert(!state_busy(&rig_conf));
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		/* Once it is waited for: and with it the lock. */
		_exit(asleep(getppid()) ? 0 : 1);
	}
	close(look);
	change = state_lock(&rig_conf, LOCK_CHANGE, 0, &err);
	ck_assert_int_ne(change, -1);
	ck_assert(state_busy(&rig_conf));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(state_lock(&rig_conf, LOCK_LOOK, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_APPLY_BUSY);
	close(change);
	look = state_lock(&rig_conf, LOCK_LOOK, 0, &err);
	ck_assert_int_ne(look, -1);
	close(look);
}
END_TEST

START_TEST(audit_lines)
{
	const struct actor actor = {"admin", "192.0.2.1", "web"};
	char path[STATE_PATH_MAX];
	struct stat st;
	struct err err;
	struct buf b;
	size_t lines = 0, i;

	fsx_path(
	    path, sizeof(path), NULL, "%s/audit.log", rig_conf.state_directory);
	(void)unlink(path);
	ck_assert_int_eq(
	    audit_add(&rig_conf, &actor, EVENT_LOGIN, "ok", NULL, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	/* A torn line must not swallow the next one. */
	ck_assert_int_eq(rig_sh("printf '{\"at\":\"20' >>%s", path), 0);
	ck_assert_int_eq(audit_add(&rig_conf, &actor, EVENT_LOGIN, "refused",
			     "a \"quoted\"\nline", &err),
	    0);
	b = rig_read(path);
	for (i = 0; i < b.len; i++)
		lines += b.data[i] == '\n';
	ck_assert_uint_eq(lines, 3);
	ck_assert_ptr_nonnull(strstr(b.data, "{\"at\":\"20\n{\"at\":\""));
	ck_assert_ptr_nonnull(strstr(b.data, "a \\\"quoted\\\"\\nline"));
	buf_clear(&b);
}
END_TEST

START_TEST(audit_fails_loudly)
{
	const struct actor actor = {"admin", "", "web"};
	struct conf conf = rig_conf;
	struct err err;

	strcpy(conf.state_directory, "/nonexistent/postseal");
	ck_assert_int_eq(
	    audit_add(&conf, &actor, EVENT_LOGIN, "ok", NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_AUDIT);
}
END_TEST

static const struct {
	long id;
	const char *hash, *service, *limit, *want;
} etags[] = {
    {0, "", "smtp", "-", "\"0-00000000\""},
    {7, H64, "smtp", "-", "\"7-6719d2b7\""},
    {7, H64, "smtp", "50", "\"7-62537842\""},
    {7, H64, "2525", "50", "\"7-0220f330\""},
    {1000000000, H64, "smtp", "-", "\"1000000000-6719d2b7\""},
};

START_TEST(etag_texts)
{
	struct postfix_inbound in = {.n_inet = 0};
	char etag[APPLY_ETAG_MAX];

	snprintf(in.service, sizeof(in.service), "%s", etags[_i].service);
	snprintf(
	    in.process_limit, sizeof(in.process_limit), "%s", etags[_i].limit);
	apply_etag(etags[_i].id, etags[_i].hash, &in, etag);
	ck_assert_str_eq(etag, etags[_i].want);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, journal_texts, 0, COUNT(journals));
	tcase_add_test(tc, journal_absent);
	tcase_add_loop_test(tc, current_texts, 0, COUNT(currents));
	tcase_add_test(tc, numbers_go_up);
	tcase_add_test(tc, prune_keeps_what_counts);
	tcase_add_test(tc, sweep_takes_the_unfinished);
	tcase_add_test(tc, failure_leaves_a_record_without_key);
	tcase_add_loop_test(tc, unknown_generation, 0, COUNT(unknown_ids));
	tcase_add_loop_test(tc, days_left_are_recomputed, 0, COUNT(days));
	tcase_add_loop_test(tc, job_ids, 0, COUNT(bad_jobs));
	tcase_add_test(tc, jobs_are_pruned);
	tcase_add_test(tc, jobs_of_the_dead);
	tcase_add_test(tc, lock_excludes);
	tcase_add_test(tc, lock_and_lookers);
	tcase_add_test(tc, audit_lines);
	tcase_add_test(tc, audit_fails_loudly);
	tcase_add_loop_test(tc, etag_texts, 0, COUNT(etags));
}

int
main(void)
{
	return rig_run("state", add, 30, RIG_FILES);
}
