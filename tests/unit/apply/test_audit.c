/*
 * test_audit.c - the audit log page by page, from its end.
 */
#include <sys/wait.h>

#include "rig.h"

static const struct actor admin = {"admin", "192.0.2.1", "web"};
static const struct actor robot = {"robot", "::1", "api"};

static void
fresh_log(void)
{
	ck_assert_int_eq(rig_sh("rm -f $R/state/audit.log*"), 0);
}

static void
line(const struct actor *who, const char *event, const char *outcome,
    const char *detail)
{
	struct err err;

	ck_assert_int_eq(audit_add(&rig_conf, who, event_named(event), outcome,
			     detail, &err),
	    0);
}

static struct json_object *
page(const struct audit_query *q)
{
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(audit_read(&rig_conf, q, &o, &err) == 0, "%s", err.msg);
	return o;
}

static size_t
length(struct json_object *o)
{
	return json_object_array_length(jsonx_path(o, "entries"));
}

START_TEST(no_log)
{
	const struct audit_query q = {.limit = 10};
	struct json_object *o;

	fresh_log();
	o = page(&q);
	ck_assert_uint_eq(length(o), 0);
	ck_assert_ptr_null(jsonx_path(o, "next"));
	json_object_put(o);
}
END_TEST

static const struct {
	struct audit_query q;
	size_t want;
} filters[] = {
    {{.limit = 100}, 6},
    {{.limit = 2}, 2},
    {{.limit = 100, .user = "admin"}, 4},
    {{.limit = 100, .user = "nobody"}, 0},
    {{.limit = 100, .event = "login"}, 3},
    {{.limit = 100, .event = "login_failed"}, 1},
    {{.limit = 100, .event = "connection."}, 2},
    {{.limit = 100, .outcome = "refused"}, 2},
    {{.limit = 100, .text = "MISMATCH"}, 1},
    {{.limit = 100, .text = "::1"}, 2},
    {{.limit = 100, .user = "robot", .outcome = "applied"}, 1},
};

START_TEST(filtered)
{
	struct json_object *o;

	fresh_log();
	line(&admin, "login", "ok", NULL);
	line(&admin, "login_failed", "refused", "wrong password");
	line(&admin, "connection.apply", "refused", "key.mismatch");
	line(&robot, "connection.apply", "applied", "generation 2");
	line(&admin, "login", "ok", NULL);
	line(&robot, "logout", "ok", NULL);
	o = page(&filters[_i].q);
	ck_assert_uint_eq(length(o), filters[_i].want);
	json_object_put(o);
}
END_TEST

/* Pages of every size meet without a gap, torn lines are stepped over, and so
 * are the ends of files, be they rotated before or between two pages. */
START_TEST(pages)
{
	struct audit_query q = {.limit = (size_t)_i};
	struct json_object *o, *v;
	char detail[32];
	int i, want = 99;
	size_t k;

	fresh_log();
	for (i = 0; i < 100; i++) {
		snprintf(detail, sizeof(detail), "number %d", i);
		line(&admin, "login", "ok", detail);
		if (i % 10 == 5)
			ck_assert_int_eq(
			    rig_sh("printf '{\"at\":' >>$R/state/audit.log"),
			    0);
		if (i == 35 || i == 60)
			rig_rotate();
	}
	for (;;) {
		o = page(&q);
		if (want == 99)
			rig_rotate();
		for (k = 0; k < length(o); k++, want--) {
			snprintf(detail, sizeof(detail), "number %d", want);
			v = json_object_array_get_idx(
			    jsonx_path(o, "entries"), k);
			ck_assert_str_eq(
			    jsonx_path_str(v, "detail", ""), detail);
		}
		v = jsonx_path(o, "next");
		q.before = v == NULL ? 0 : json_object_get_int64(v);
		json_object_put(o);
		if (q.before == 0)
			break;
	}
	ck_assert_int_eq(want, -1);
}
END_TEST

/* While three write the files are renamed: no line is lost, none comes twice.
 */
START_TEST(rotated_while_written)
{
	struct audit_query q = {.limit = 1000};
	struct json_object *o, *v;
	size_t n = 0;
	int status;

	fresh_log();
	for (int k = 0; k < 3; k++) {
		if (fork() == 0) {
			for (int i = 0; i < 100; i++)
				line(&admin, "login", "ok", "one of many");
			_exit(0);
		}
	}
	for (int k = 0; k < 8; k++)
		rig_rotate();
	while (wait(&status) > 0)
		ck_assert_int_eq(status, 0);
	do {
		o = page(&q);
		n += length(o);
		v = jsonx_path(o, "next");
		q.before = v == NULL ? 0 : json_object_get_int64(v);
		json_object_put(o);
	} while (q.before > 0);
	ck_assert_uint_eq(n, 300);
}
END_TEST

/* Longer than one look: a rare match is still found by going on. */
START_TEST(long_log)
{
	struct audit_query q = {.limit = 5, .text = "needle"};
	struct json_object *o, *v;
	size_t found = 0, calls = 0;

	fresh_log();
	line(&admin, "login", "ok", "needle one");
	ck_assert_int_eq(
	    rig_sh("yes '{\"at\":\"x\",\"user\":\"admin\",\"detail\":\"hay\"}'"
		   " | head -n 60000 >>$R/state/audit.log"),
	    0);
	line(&admin, "login", "ok", "needle two");
	do {
		o = page(&q);
		found += length(o);
		v = jsonx_path(o, "next");
		q.before = v == NULL ? 0 : json_object_get_int64(v);
		json_object_put(o);
		calls++;
	} while (q.before != 0 && calls < 50);
	ck_assert_uint_eq(found, 2);
	ck_assert_uint_gt(calls, 1);
	ck_assert_uint_lt(calls, 10);
}
END_TEST

static const char *const noise[] = {": >", "printf '\\n\\n\\n' >",
    "printf 'x' >", "printf 'x\\n[]\\n7\\n\"a\"\\n{}\\n' >",
    "head -c 5000 /dev/urandom >", "printf '{\"at\":1,\"user\":[]}\\n' >"};

START_TEST(noisy)
{
	const struct audit_query q = {.limit = 100, .user = "admin"};
	struct json_object *o;

	fresh_log();
	ck_assert_int_eq(rig_sh("%s$R/state/audit.log", noise[_i]), 0);
	line(&admin, "login", "ok", NULL);
	o = page(&q);
	ck_assert_uint_eq(length(o), 1);
	json_object_put(o);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, no_log);
	tcase_add_loop_test(tc, filtered, 0, COUNT(filters));
	tcase_add_loop_test(tc, pages, 1, 8);
	tcase_add_test(tc, rotated_while_written);
	tcase_add_test(tc, long_log);
	tcase_add_loop_test(tc, noisy, 0, COUNT(noise));
}

int
main(void)
{
	return rig_run("audit", add, 60, RIG_FILES);
}
