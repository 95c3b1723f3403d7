/*
 * test_follow.c - a log that is read on while it is written, renamed, cut,
 * packed and the reader killed: the counts are those of one reading.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../../../src/report/follow.h"
#include "../../../src/report/logfile.h"
#include "../suite.h"

#define DAYS_ALL 400

static char dir[64], made[80];
static struct follow f;
static time_t now;

static int
sh(const char *text)
{
	char cmd[1024];

	(void)snprintf(
	    cmd, sizeof(cmd), "cd %s && made=%s && %s", dir, made, text);
	return system(cmd);
}

static void
at(const char *name)
{
	char path[128];
	struct err err;

	memset(&f, 0, sizeof(f));
	f.named = true;
	f.journal = "";
	(void)snprintf(f.path, sizeof(f.path), "%s/mail.log", dir);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)mkdir(path, 0700);
	ck_assert_msg(follow_open(&f, path, true, &err) == 0, "%s", err.msg);
}

static void
setup(void)
{
	(void)setenv("TZ", "UTC", 1);
	tzset();
	now = time(NULL);
	(void)snprintf(dir, sizeof(dir), "/tmp/postseal-follow-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(made, sizeof(made), "%s/made", dir);
	ck_assert_int_eq(sh("perl $OLDPWD/tests/lib/maillog.pl 400 >$made "
			    "2>/dev/null"),
	    0);
	at("state");
}

static void
teardown(void)
{
	follow_close(&f);
	ck_assert_int_eq(sh("rm -rf \"$PWD\""), 0);
}

/* To the end of what is there. */
static void
read_on(void)
{
	struct err err;
	bool more = true;

	while (more)
		ck_assert_msg(follow_step(&f, &more, &err) == 0, "%s", err.msg);
}

/* All that is in a tally, without what only some ways can tell; freed. */
static char *
both(struct tally *t, bool rows)
{
	struct report_query q = {.limit = 1000};
	struct json_object *o;
	char *text = strdup("");
	char *next;

	for (int d = INBOUND; d < DIRECTION__MAX; d++) {
		q.direction = (enum direction)d;
		o = tally_json(t, &q);
		if (!rows)
			json_object_object_del(o, "rows");
		ck_assert_int_ge(asprintf(&next, "%s%s\n", text,
				     json_object_to_json_string_ext(
					 o, JSON_C_TO_STRING_PLAIN)),
		    0);
		free(text);
		text = next;
		json_object_put(o);
	}
	tally_free(t);
	return text;
}

static char *
counted(bool rows)
{
	struct tally *t = tally_new();
	struct err err;

	ck_assert_int_eq(counts_load(f.counts, DAYS_ALL, now, t, &err), 0);
	return both(t, rows);
}

/* The same of the whole file, read once and counted in memory. */
static char *
direct(const char *path)
{
	struct tally *t = tally_new();
	struct track *track = track_new(tally_event, t);
	struct logplace place = {0};
	int fd = open(path, O_RDONLY);
	struct err err;

	ck_assert_int_eq(logfile_read(fd, track, &place, &err), 0);
	track_end(track);
	track_free(track);
	close(fd);
	return both(t, false);
}

static void
same(const char *path)
{
	char *a = direct(path), *b;

	read_on();
	b = counted(false);
	ck_assert_msg(strcmp(a, b) == 0, "%.300s\n%.300s", a, b);
	ck_assert_ptr_nonnull(strstr(b, "\"known\":true"));
	free(a);
	free(b);
}

START_TEST(at_once)
{
	ck_assert_int_eq(sh("cp $made mail.log"), 0);
	same(made);
	follow_close(&f);
	at("state");
	same(made);
}
END_TEST

/* Cut anywhere: a line counts when it is whole. */
START_TEST(piece_by_piece)
{
	char cmd[128];
	struct stat st;

	ck_assert_int_eq(stat(made, &st), 0);
	for (long n = 0, size = 1; n < st.st_size; n += size) {
		size = n < 150 ? 1 : size + 411;
		(void)snprintf(cmd, sizeof(cmd),
		    "tail -c +%ld $made | head -c %ld >>mail.log", n + 1, size);
		ck_assert_int_eq(sh(cmd), 0);
		read_on();
	}
	same(made);
}
END_TEST

/* What logrotate does between two looks; the log is in three parts. */
static const char *const rotations[] = {
    /* create, twice while nobody looked */
    "mv mail.log mail.log.1 && cat b >>mail.log.1 && mv mail.log.1 mail.log.2"
    " && cp c mail.log",
    "cat b >>mail.log && mv mail.log mail.log.2 && cp c mail.log.1 && : "
    ">mail.log",
    /* gzip */
    "cat b >>mail.log && mv mail.log mail.log.1 && gzip mail.log.1 && "
    "cp c mail.log",
    "cat b >>mail.log && mv mail.log mail.log.2 && gzip mail.log.2 && "
    "gzip -c c >mail.log.1.gz && : >mail.log",
    /* gzip is at it */
    "cat b >>mail.log && mv mail.log mail.log.1 && cp c mail.log && "
    "gzip -kc mail.log.1 | head -c 500 >mail.log.1.gz",
    /* copytruncate */
    "cat b >>mail.log && cp mail.log mail.log.1 && : >mail.log && "
    "cat c >>mail.log",
    "cat b >>mail.log && cp mail.log mail.log.1 && gzip mail.log.1 && "
    ": >mail.log && cat c >>mail.log",
    /* "postfix logrotate", dateext */
    "cat b >>mail.log && mv mail.log mail.log.20261130-073811 && cp c mail.log",
    "mv mail.log mail.log-20261130 && cat b >>mail.log-20261130 && "
    "cp c mail.log",
};

START_TEST(rotated)
{
	ck_assert_int_eq(sh("split -n l/3 $made x && mv xaa a && mv xab b && "
			    "mv xac c && cp a mail.log"),
	    0);
	read_on();
	ck_assert_int_eq(sh(rotations[_i]), 0);
	same(made);
	/* and nothing twice, whatever it is called now */
	ck_assert_int_eq(sh("mv mail.log mail.log.0; : >mail.log"), 0);
	same(made);
}
END_TEST

/* Rotated again and again, half a line at a time. */
START_TEST(rotated_often)
{
	char cmd[256];

	ck_assert_int_eq(sh("split -n 12 -d $made p && : >mail.log"), 0);
	for (int i = 0; i < 12; i++) {
		(void)snprintf(cmd, sizeof(cmd), "cat p%02d >>mail.log", i);
		ck_assert_int_eq(sh(cmd), 0);
		if (i % 2 == 0)
			read_on();
		/* at the end of a line */
		if (i % 3 == 2 && sh("[ -z \"$(tail -c 1 mail.log)\" ]") == 0)
			ck_assert_int_eq(sh("mv mail.log mail.log.9$$"), 0);
	}
	same(made);
}
END_TEST

/* Killed anywhere, 100 times, while the log grows. */
START_TEST(killed)
{
	char cmd[128], *a, *b;
	struct err err;
	int status, steps[2];
	bool more;
	pid_t pid;
	char step;

	follow_close(&f);
	ck_assert_int_eq(sh("split -n 100 -d -a 2 $made p"), 0);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(pipe2(steps, O_NONBLOCK | O_CLOEXEC), 0);
		ck_assert_int_ne(pid = fork(), -1);
		if (pid == 0) {
			at("other");
			for (;;) {
				(void)follow_step(&f, &more, &err);
				(void)!write(steps[1], "", 1);
			}
		}
		/* No wait: a pace, so that each is killed elsewhere.  Half of
		 * them have come as far as a step, however slow they are. */
		(void)usleep((useconds_t)i * 997 % 5000);
		(void)snprintf(cmd, sizeof(cmd), "cat p%02d >>mail.log", i);
		ck_assert_int_eq(sh(cmd), 0);
		(void)fcntl(steps[0], F_SETFL, 0);
		ck_assert(i % 2 == 0 || read(steps[0], &step, 1) == 1);
		(void)usleep(1000 + (useconds_t)i * 499 % 5000);
		(void)close(steps[0]);
		(void)close(steps[1]);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	at("other");
	ck_assert_int_gt(f.place.offset, 0);
	read_on();
	a = counted(true);
	follow_close(&f);
	at("state");
	read_on();
	b = counted(true);
	ck_assert_msg(strcmp(a, b) == 0, "%.300s\n%.300s", a, b);
	free(a);
	free(b);
}
END_TEST

/* A clock that was set back, a leap day, the end of a year: in the year that
 * the file says. */
static const struct {
	const char *touched, *lines[2], *day[2];
} clocks[] = {
    {"2034-11-30 12:00", {"Nov 30 10:59:50", "Nov 30 10:00:10"},
	{"2034-11-30", "2034-11-30"}},
    {"2036-03-01 12:00", {"Feb 29 23:59:50", "Mar  1 00:00:10"},
	{"2036-02-29", "2036-03-01"}},
    {"2035-01-02 12:00", {"Dec 31 23:59:50", "Jan  1 00:00:10"},
	{"2034-12-31", "2035-01-01"}},
};

START_TEST(clock_set)
{
	static const char session[] =
	    "p() { echo \"$1 mx postfix/smtpd[7]: $2\"; }; "
	    "s() { p \"$1\" \"connect from c[192.0.2.$2]\"; p \"$1\" \"B00$2: "
	    "client=c[192.0.2.$2]\"; p \"$1\" \"disconnect from c[192.0.2.$2] "
	    "mail=1\"; }; ";
	char cmd[512];
	char *text;

	(void)snprintf(cmd, sizeof(cmd),
	    "{ %s s '%s' 1; s '%s' 2; } >mail.log && touch -d '%s' mail.log",
	    session, clocks[_i].lines[0], clocks[_i].lines[1],
	    clocks[_i].touched);
	ck_assert_int_eq(sh(cmd), 0);
	read_on();
	now = f.place.written;
	text = counted(false);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(
		    cmd, sizeof(cmd), "{\"day\":\"%s\"", clocks[_i].day[i]);
		ck_assert_msg(strstr(text, cmd) != NULL, "%s", text);
	}
	ck_assert_ptr_nonnull(strstr(text, "\"messages\":{\"total\":2,"));
	free(text);
}
END_TEST

/* What cannot be read is said, and nothing is lost when it can be again. */
START_TEST(unreadable)
{
	struct err err;
	bool more;

	ck_assert_int_eq(follow_step(&f, &more, &err), -1);
	ck_assert(f.unreadable);
	ck_assert_int_eq(sh("head -n 500 $made >mail.log"), 0);
	read_on();
	ck_assert(!f.unreadable);
	ck_assert_int_eq(sh("mv mail.log x"), 0);
	ck_assert_int_eq(follow_step(&f, &more, &err), -1);
	ck_assert_int_eq(
	    sh("mv x mail.log && tail -n +501 $made >>mail.log"), 0);
	same(made);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("follow");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, at_once);
	tcase_add_test(tc, piece_by_piece);
	tcase_add_loop_test(
	    tc, rotated, 0, sizeof(rotations) / sizeof(rotations[0]));
	tcase_add_test(tc, rotated_often);
	tcase_add_test(tc, killed);
	tcase_add_loop_test(
	    tc, clock_set, 0, sizeof(clocks) / sizeof(clocks[0]));
	tcase_add_test(tc, unreadable);
	return suite_run("report/follow", tc);
}
