/*
 * test_maillog.c - the lines since a mark: order, rotation, limits, and text
 * that tries to be more than text.
 */
#include "log_rig.h"

static void
want_lines(const struct maillog_mark *m, size_t max, const char *want)
{
	struct json_object *l = maillog_since(&conf, &info, m, max);
	char got[4096] = "";
	size_t i;

	for (i = 0; i < json_object_array_length(l); i++) {
		strcat(got,
		    json_object_get_string(json_object_array_get_idx(l, i)));
		strcat(got, "|");
	}
	ck_assert_str_eq(got, want);
	json_object_put(l);
}

static const struct {
	const char *before, *after;
	size_t max;
	const char *want;
} plain[] = {
    {"old\n", "", 9, ""},
    {"old\n", "new\n", 9, "new|"},
    {"", "a\nb\nc\n", 9, "a|b|c|"},
    {"", "a\nb\nc\n", 2, "a|b|"},
    {"", "a\nb\nc\n", 0, ""},
    {"", "\n\n\n", 9, ""},
    {"", "no newline", 9, "no newline|"},
    {"warning: old\n", "a\nx warning: w\nb\nx fatal: f\n", 9,
	"x warning: w|x fatal: f|a|b|"},
    {"", "a\nb\nx error: e\n", 2, "x error: e|a|"},
    {"", "esc \x1b[31mred\x07\x7f\r\n", 9, "esc  [31mred   |"},
    {"", "latin \xf6\xfc\n", 9, "latin ??|"},
};

START_TEST(since_mark)
{
	struct maillog_mark m;

	append(plain[_i].before);
	maillog_mark(&conf, &info, &m);
	append(plain[_i].after);
	want_lines(&m, plain[_i].max, plain[_i].want);
}
END_TEST

START_TEST(not_there)
{
	struct maillog_mark m;

	maillog_mark(&conf, &info, &m);
	want_lines(&m, 9, "");
	/* It appears afterwards: all of it is new. */
	append("first\n");
	want_lines(&m, 9, "first|");
	/* Something that is no file. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	maillog_mark(&conf, &info, &m);
	want_lines(&m, 9, "");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	maillog_mark(&conf, &info, &m);
	want_lines(&m, 9, "");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
	maillog_mark(&conf, &info, &m);
	want_lines(&m, 9, "");
}
END_TEST

START_TEST(rotated)
{
	char old[160];
	struct maillog_mark m;

	(void)snprintf(old, sizeof(old), "%s.1", path);
	append("before\n");
	maillog_mark(&conf, &info, &m);
	append("end of the old\n");
	ck_assert_int_eq(rename(path, old), 0);
	want_lines(&m, 9, "end of the old|");
	append("x error: e\nstart of the new\n");
	want_lines(&m, 9, "x error: e|end of the old|start of the new|");
	/* Rotated twice: what is gone is gone. */
	ck_assert_int_eq(rename(path, old), 0);
	append("third\n");
	want_lines(&m, 9, "third|");
}
END_TEST

/* copytruncate: the file is shorter than the mark. */
START_TEST(truncated)
{
	struct maillog_mark m;

	append("a line that will be gone\n");
	maillog_mark(&conf, &info, &m);
	ck_assert_int_eq(truncate(path, 0), 0);
	append("new\n");
	want_lines(&m, 9, "new|");
}
END_TEST

START_TEST(large)
{
	struct json_object *l;
	struct maillog_mark m;
	const char *s;
	FILE *f;
	int i;

	maillog_mark(&conf, &info, &m);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (i = 0; i < 200000; i++)
		fprintf(f, "line %d %s\n", i, "abcdefghijklmnopqrstuvwxyz");
	for (i = 0; i < 5000; i++)
		fputs("\xe3\x83\xa1", f);
	fputs(" warning: long\n", f);
	(void)fclose(f);
	l = maillog_since(&conf, &info, &m, 50);
	ck_assert_uint_eq(json_object_array_length(l), 50);
	for (i = 0; i < 50; i++) {
		s = json_object_get_string(
		    json_object_array_get_idx(l, (size_t)i));
		ck_assert_uint_le(strlen(s), 300);
		ck_assert(utf8_valid(s, strlen(s)));
	}
	json_object_put(l);
}
END_TEST

/* A log that others write to: configured, not maillog_file. */
START_TEST(shared_log)
{
	struct maillog_mark m;

	memcpy(conf.log_file, path, sizeof(path));
	info.maillog[0] = '\0';
	append("x\n");
	maillog_mark(&conf, &info, &m);
	append("mx dovecot: error: not ours\nmx postfix/smtpd[1]: ours\n"
	       "mx postfix/smtpd[1]: warning: ours too\n");
	want_lines(&m, 9,
	    "mx postfix/smtpd[1]: warning: ours too|mx postfix/smtpd[1]: "
	    "ours|");
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("maillog");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, log_setup, log_teardown);
	tcase_add_loop_test(t, since_mark, 0, N(plain));
	tcase_add_test(t, not_there);
	tcase_add_test(t, rotated);
	tcase_add_test(t, truncated);
	tcase_add_test(t, large);
	tcase_add_test(t, shared_log);
	return suite_run("maillog", t) == 0 ? 0 : 1;
}
