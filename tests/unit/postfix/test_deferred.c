/*
 * test_deferred.c - mail that waits since a mark: what counts, what does not,
 * over a rotation, and however long the lines are.
 */
#include "log_rig.h"

#define SMTP(to, why) \
	"x mx postfix/smtp[7]: Q: to=<" to ">, relay=none, dsn=4.4.1, " \
	"status=deferred (" why ")\n"

static void
want(const struct maillog_mark *m, int count, const char *sample)
{
	struct json_object *o = maillog_deferred(&conf, &info, m);

	ck_assert_int_eq(jsonx_path_int(o, "count"), count);
	ck_assert_str_eq(jsonx_path_str(o, "sample", "-"), sample);
	json_object_put(o);
}

static const struct {
	const char *before, *after;
	int count;
	const char *sample;
} cases[] = {
    {"", "", 0, "-"},
    {SMTP("a@b", "old"), "", 0, "-"},
    {SMTP("a@b", "old"), SMTP("a@b", "old"), 0, "-"},
    {SMTP("a@b", "old"), SMTP("c@d", "old"), 0, "-"},
    {SMTP("a@b", "old"), SMTP("a@b", "new") SMTP("c@d", "new"), 2,
	"to=<a@b>, relay=none, dsn=4.4.1, status=deferred (new)"},
    {"", "x mx postfix/smtp[7]: Q: to=<a@b>, status=sent (250 ok)\n", 0, "-"},
    {"", "x mx postfix/local[7]: Q: to=<a@b>, status=deferred (full)\n", 0,
	"-"},
    {"", "x mx postfix/smtp[7]: Q: status=deferred (\x1b[31m\x07)\n", 1,
	"x mx postfix/smtp[7]: Q: status=deferred ( [31m )"},
    {"", "x mx postfix/smtp[7]: to=<a@b> status=deferred (no newline", 1,
	"to=<a@b> status=deferred (no newline"},
};

START_TEST(counted)
{
	struct maillog_mark m;

	append(cases[_i].before);
	maillog_mark(&conf, &info, &m);
	append(cases[_i].after);
	want(&m, cases[_i].count, cases[_i].sample);
}
END_TEST

START_TEST(rotated)
{
	struct maillog_mark m;
	char old[160];

	append(SMTP("a@b", "old"));
	maillog_mark(&conf, &info, &m);
	append(SMTP("a@b", "one"));
	(void)snprintf(old, sizeof(old), "%s.1", path);
	ck_assert_int_eq(rename(path, old), 0);
	append(SMTP("a@b", "two") SMTP("a@b", "old"));
	want(&m, 2, "to=<a@b>, relay=none, dsn=4.4.1, status=deferred (one)");
}
END_TEST

/* More than is read is not waited for. */
START_TEST(large)
{
	struct maillog_mark m;
	static char line[100001];
	int i;

	maillog_mark(&conf, &info, &m);
	memset(line, 'A', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	append(SMTP("a@b", "new"));
	for (i = 0; i < 60; i++)
		append(line);
	append(SMTP("a@b", "beyond"));
	want(&m, 1, "to=<a@b>, relay=none, dsn=4.4.1, status=deferred (new)");
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("deferred");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, log_setup, log_teardown);
	tcase_add_loop_test(t, counted, 0, N(cases));
	tcase_add_test(t, rotated);
	tcase_add_test(t, large);
	return suite_run("deferred", t) == 0 ? 0 : 1;
}
