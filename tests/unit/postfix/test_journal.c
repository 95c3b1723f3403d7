/*
 * test_journal.c - Postfix's lines of a real journal (systemd-journal-remote
 * writes it), and files that are none, through the walls of the child.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/postfix/journal.h"
#include "../suite.h"
#include "jsonx.h"
#include "maillog.h"
#include "util.h"

#define WRITER "/lib/systemd/systemd-journal-remote"
#define T0     1790000000 /* 2026-09-21T14:13:20Z */

static char dir[64];
static struct conf conf;
static struct postfix_info info;

static int
sh(const char *text, const char *f)
{
	char cmd[640];

	(void)snprintf(cmd, sizeof(cmd), "cd %s && f=%s && %s", dir, f, text);
	return system(cmd);
}

static void
setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/postfix-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf_default(&conf);
	(void)strcpy(conf.inspect_user, "nobody");
	(void)strcpy(conf.probe_user, "nobody");
	(void)snprintf(
	    conf.journal_directory, sizeof(conf.journal_directory), "%s", dir);
	/* The machine's own mail.log must not speak here. */
	(void)snprintf(conf.log_file, sizeof(conf.log_file), "%s/no.log", dir);
	memset(&info, 0, sizeof(info));
}

static void
teardown(void)
{
	ck_assert_int_eq(sh("rm -rf $f", dir), 0);
}

/* One entry in the export format, s seconds after T0. */
static void
entry(int s, const char *name, const void *message, size_t len)
{
	unsigned char size[8] = {0};
	char path[128];
	FILE *f;
	int i;

	(void)snprintf(path, sizeof(path), "%s/export", dir);
	ck_assert_ptr_nonnull(f = fopen(path, "a"));
	(void)fprintf(f,
	    "__REALTIME_TIMESTAMP=%ld000000\n__MONOTONIC_TIMESTAMP=%d\n"
	    "_BOOT_ID=6b51e1b5e0c04d0a8a2d0c8b8d7f0001\nSYSLOG_FACILITY=2\n"
	    "PRIORITY=6\nSYSLOG_PID=77\nSYSLOG_IDENTIFIER=%s\nMESSAGE\n",
	    (long)T0 + s, 10000 + s, name);
	for (i = 0; i < 8; i++)
		size[i] = (unsigned char)(len >> (8 * i));
	(void)fwrite(size, 1, 8, f);
	(void)fwrite(message, 1, len, f);
	(void)fputs("\n\n", f);
	(void)fclose(f);
}

static void
text(int s, const char *name, const char *message)
{
	entry(s, name, message, strlen(message));
}

static void
write_journal(const char *name)
{
	ck_assert_int_eq(
	    sh(WRITER " -o $f - <export >writer.out 2>&1 && rm export", name),
	    0);
}

/* Lines since T0 + s. */
static const char *
since(int s, size_t max)
{
	struct maillog_mark m = {.usec = (int64_t)(T0 + s) * 1000000};
	struct json_object *l = maillog_since(&conf, &info, &m, max);
	static char got[16384];
	size_t i, len = 0;

	got[0] = '\0';
	for (i = 0; i < jsonx_len(l); i++)
		len += (size_t)snprintf(
		    got + len, sizeof(got) - len, "%s|", jsonx_str_at(l, i));
	json_object_put(l);
	return got;
}

#define AT "2026-09-21T14:13:2"

START_TEST(lines)
{
	text(0, "postfix/smtpd", "before");
	text(2, "postfix/smtpd", "connect from unknown[192.0.2.1]");
	text(3, "dovecot", "warning: not ours");
	text(3, "xpostfix/smtpd", "not ours");
	text(3, "postfix", "not ours either");
	text(4, "postfix/master", "fatal: bind 0.0.0.0 port 25: in use");
	text(5, "postfix-in/smtpd", "of another instance");
	write_journal("system.journal");
	ck_assert_str_eq(since(1, 9),
	    AT "4Z postfix/master[77]: fatal: bind 0.0.0.0 port 25: in use|" AT
	       "2Z postfix/smtpd[77]: connect from unknown[192.0.2.1]|");
	strcpy(info.syslog_name, "postfix-in");
	ck_assert_str_eq(
	    since(5, 9), AT "5Z postfix-in/smtpd[77]: of another instance|");
	ck_assert_str_eq(since(6, 9), "");
}
END_TEST

/* The file speaks first. */
START_TEST(file_first)
{
	text(2, "postfix/smtpd", "of the journal");
	write_journal("system.journal");
	ck_assert_int_eq(
	    sh("echo 'x postfix/smtpd[1]: of the file' >$f", "no.log"), 0);
	ck_assert_str_eq(since(1, 9), "x postfix/smtpd[1]: of the file|");
}
END_TEST

/* Archives that were written until after the mark, no others' files. */
START_TEST(archives)
{
	text(2, "postfix/smtpd", "of the archive");
	write_journal("system@0000-1-2.journal");
	text(3, "postfix/smtpd", "of today");
	write_journal("system.journal");
	text(4, "postfix/smtpd", "from elsewhere");
	write_journal("remote-other.journal");
	ck_assert_str_eq(since(1, 9),
	    AT "2Z postfix/smtpd[77]: of the archive|" AT
	       "3Z postfix/smtpd[77]: of today|");
	ck_assert_int_eq(sh("touch -d @$f system@*.journal", "1789999990"), 0);
	ck_assert_str_eq(since(1, 9), AT "3Z postfix/smtpd[77]: of today|");
}
END_TEST

/* What a client sends is one clean line, however long (and compressed). */
START_TEST(hostile)
{
	static char big[300000];
	const char *got;

	memset(big, 'A', sizeof(big));
	entry(1, "postfix/smtpd", "a\x1b[31m\0b\nc\r\x7f", 12);
	entry(2, "postfix/smtpd", big, sizeof(big));
	write_journal("system.journal");
	got = since(0, 9);
	ck_assert_msg(strncmp(got,
			  AT "1Z postfix/smtpd[77]: a [31m b c  |" AT
			     "2Z postfix/smtpd[77]: AAAA",
			  strlen(AT) * 2 + 60) == 0,
	    "%s", got);
	ck_assert_uint_lt(strlen(got), 700);
}
END_TEST

static void
deferred(int s, const char *why)
{
	char line[128];

	(void)snprintf(line, sizeof(line),
	    "Q: to=<a@b>, relay=none, dsn=4.4.1, status=deferred (%s)", why);
	text(s, "postfix/smtp", line);
}

/* What waited before is tried again within two hours. */
START_TEST(deferrals)
{
	struct maillog_mark m = {.usec = (int64_t)(T0 + 2) * 1000000};
	struct json_object *o;

	deferred(-7300, "long ago");
	write_journal("system@0000-1-1.journal");
	deferred(-3600, "an hour ago");
	write_journal("system@0000-1-2.journal");
	ck_assert_int_eq(sh("touch -d @$f system@*.journal", "1789999990"), 0);
	deferred(1, "just now");
	deferred(3, "an hour ago");
	deferred(4, "just now");
	deferred(5, "new");
	deferred(6, "long ago");
	write_journal("system.journal");
	o = maillog_deferred(&conf, &info, &m);
	ck_assert_int_eq(jsonx_path_int(o, "count"), 2);
	ck_assert_str_eq(jsonx_path_str(o, "sample", ""),
	    "to=<a@b>, relay=none, dsn=4.4.1, status=deferred (new)");
	json_object_put(o);
}
END_TEST

static const char *const damage[] = {": >$f", "head -c 100 /dev/urandom >$f",
    "head -c 70000 /dev/urandom >$f", "truncate -s 100 $f",
    "truncate -s 5000 $f", "rm $f; mkfifo $f", "rm $f; ln -s /dev/zero $f",
    "dd if=/dev/urandom of=$f bs=1 seek=200 count=4000 conv=notrunc "
    "2>writer.out",
    "dd if=/dev/zero of=$f bs=1 seek=88 count=80 conv=notrunc 2>writer.out",
    "dd if=/dev/urandom of=$f bs=4096 seek=1 count=200 conv=notrunc "
    "2>writer.out"};

/* No lines or fewer, in no more than its time, and we live. */
START_TEST(damaged)
{
	int64_t start;
	int i;

	for (i = 0; i < 50; i++)
		text(1, "postfix/smtpd", "connect from unknown[192.0.2.1]");
	write_journal("system.journal");
	ck_assert_int_eq(sh(damage[_i], "system.journal"), 0);
	start = now_ms();
	(void)since(0, 9);
	ck_assert_int_lt(now_ms() - start, 6000);
}
END_TEST

START_TEST(none)
{
	ck_assert_str_eq(since(0, 9), "");
	strcpy(conf.journal_directory, "/nowhere");
	ck_assert_str_eq(since(0, 9), "");
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("journal");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines);
	tcase_add_test(t, file_first);
	tcase_add_test(t, archives);
	tcase_add_test(t, hostile);
	tcase_add_test(t, deferrals);
	tcase_add_loop_test(t, damaged, 0, N(damage));
	tcase_add_test(t, none);
	return suite_run("journal", t) == 0 ? 0 : 1;
}
