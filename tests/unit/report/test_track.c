/*
 * test_track.c - sessions, deliveries and senders: sequences as they stand in
 * logs, and two logs of a real Postfix.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/report/logfile.h"
#include "../suite.h"

#define D "tests/data/report/"

static char told[8192];
static unsigned count[DIRECTION__MAX][TLS__MAX], refused, failed, unseen;

static void
event(void *arg, const struct event *e)
{
	char address[INET6_ADDRSTRLEN];

	(void)arg;
	count[e->direction][e->version] += e->messages;
	refused += e->refused;
	failed += e->failed;
	unseen += e->unseen;
	inet_ntop(AF_INET6, e->address, address, sizeof(address));
	snprintf(told + strlen(told), sizeof(told) - strlen(told),
	    "%s %s %u %s%s%s%s%.*s\n", e->direction == INBOUND ? "in" : "out",
	    strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address,
	    e->messages, tls_version_name(e->version),
	    e->refused ? " refused" : "", e->failed ? " failed" : "",
	    e->unseen		? " unseen"
	    : e->domain.len > 0 ? " "
				: "",
	    (int)e->domain.len, e->domain.len > 0 ? e->domain.p : "");
}

static void
forget(void)
{
	told[0] = '\0';
	memset(count, 0, sizeof(count));
	refused = failed = unseen = 0;
}

/* Lines without their begin, a "|" between them. */
#define S   "smtpd[1]: "
#define IN  "Anonymous TLS connection established from "
#define C13 ": TLSv1.3 with cipher X (1/1 bits)|"
#define OUT "smtp[1]: Untrusted TLS connection established to "
#define TO(q, r) \
	"smtp[1]: " q ": to=<b@d.example>, relay=" r \
	", delay=1, status=sent (ok)|"
static const struct {
	const char *lines, *want;
} sequences[] = {
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] mail=1",
	"in 192.0.2.1 1 plain\n"},
    {S "connect from a[192.0.2.1]|" S IN "a[192.0.2.1]" C13 S
       "AAAA1: client=a[192.0.2.1]|" S "AAAA2: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] starttls=1 mail=2",
	"in 192.0.2.1 2 TLSv1.3\n"},
    /* port 465: nobody says STARTTLS */
    {S "connect from a[192.0.2.1]|" S IN "a[192.0.2.1]" C13 S
       "AAAA1: client=a[192.0.2.1]|" S "disconnect from a[192.0.2.1] mail=1",
	"in 192.0.2.1 1 TLSv1.3\n"},
    /* plain first */
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|" S IN
       "a[192.0.2.1]" C13 S "AAAA2: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] starttls=1 mail=2",
	"in 192.0.2.1 1 TLSv1.3\nin 192.0.2.1 1 plain\n"},
    /* STARTTLS failed, mail all the same */
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] starttls=0/1 mail=1",
	"in 192.0.2.1 1 plain failed\n"},
    /* no TLS lines are logged */
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] starttls=1 mail=1",
	"in 192.0.2.1 1 unknown\n"},
    /* cut off */
    {S "connect from a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] ehlo=1 mail=0/1",
	"in 192.0.2.1 0 plain refused\n"},
    {S "connect from a[192.0.2.1]|" S IN "a[192.0.2.1]" C13 S
       "disconnect from a[192.0.2.1] ehlo=1 starttls=1 mail=0/1",
	""},
    {S "connect from a[192.0.2.1]|" S "disconnect from a[192.0.2.1] quit=1",
	""},
    /* XCLIENT */
    {S "connect from proxy[192.0.2.250]|" S "AAAA1: client=b[2001:db8::1]|" S
       "disconnect from b[2001:db8::1] mail=1",
	"in 2001:db8::1 1 plain\n"},
    /* the end is missing: the next one begins, or the log ends */
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|" S
       "connect from b[192.0.2.2]|" S "AAAA2: client=b[192.0.2.2]",
	"in 192.0.2.1 1 plain\nin 192.0.2.2 1 plain\n"},
    /* the begin is missing: no TLS is nothing that is known */
    {S "AAAA1: client=a[192.0.2.1]|" S "disconnect from a[192.0.2.1] mail=1",
	"in 192.0.2.1 1 plain unseen\n"},
    {S "AAAA1: client=a[192.0.2.1]|" S
       "disconnect from a[192.0.2.1] starttls=1 mail=1",
	"in 192.0.2.1 1 unknown\n"},
    {S "disconnect from a[192.0.2.1] mail=0/1", ""},
    /* the sender */
    {S "connect from a[192.0.2.1]|" S "AAAA1: client=a[192.0.2.1]|"
       "qmgr[3]: AAAA1: from=<x@s.example>, size=1|"
       "qmgr[3]: AAAA1: from=<x@s.example>, size=1|" S
       "disconnect from a[192.0.2.1] mail=1",
	"in 192.0.2.1 0 plain s.example\nin 192.0.2.1 1 plain\n"},
    {S "connect from a[192.0.2.1]|" S IN "a[192.0.2.1]" C13 S
       "AAAA1: client=a[192.0.2.1]|qmgr[3]: AAAA1: from=<x@s.example>, size=1",
	"in 192.0.2.1 1 TLSv1.3\n"},
    /* outbound */
    {OUT "mx[192.0.2.9]:25" C13 TO("AAAA1", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 TLSv1.3\n"},
    {TO("AAAA1", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 plain\nout 192.0.2.9 0 plain d.example\n"},
    /* a connection that was opened under another name */
    {"smtp[1]: Verified TLS connection reused to other[192.0.2.9]:25" C13 TO(
	 "AAAA1", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 TLSv1.3\n"},
    /* recipients of one message count once, the next message needs its own */
    {OUT "mx[192.0.2.9]:25" C13 TO("AAAA1", "mx[192.0.2.9]:25")
	    TO("AAAA1", "mx[192.0.2.9]:25") TO("AAAA2", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 TLSv1.3\nout 192.0.2.9 1 plain\n"
	"out 192.0.2.9 0 plain d.example\n"},
    /* one message to two relays */
    {OUT "mx[192.0.2.9]:25" C13 TO("AAAA1", "mx[192.0.2.9]:25")
	    TO("AAAA1", "mx2[192.0.2.10]:25"),
	"out 192.0.2.9 1 TLSv1.3\nout 192.0.2.10 1 plain\n"
	"out 192.0.2.10 0 plain d.example\n"},
    {OUT "mx[192.0.2.9]:25" C13 TO("AAAA1", "mx[192.0.2.9]:2525"),
	"out 192.0.2.9 1 plain\nout 192.0.2.9 0 plain d.example\n"},
    /* TLS, and nothing sent; it was that message's */
    {OUT "mx[192.0.2.9]:25" C13
	 "smtp[1]: AAAA1: to=<b@c>, relay=mx[192.0.2.9]:25, status=deferred "
	 "(x)|" TO("AAAA2", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 plain\nout 192.0.2.9 0 plain d.example\n"},
    {"tlsproxy[1]: Untrusted TLS connection established to mx[192.0.2.9]:25" C13
	    TO("AAAA1", "mx[192.0.2.9]:25"),
	"out 192.0.2.9 1 plain\nout 192.0.2.9 0 plain d.example\n"},
};

START_TEST(a_sequence)
{
	struct track *t = track_new(event, NULL);
	char text[4096], whole[4096], *p, *save = NULL;
	struct line l;

	forget();
	strcpy(text, sequences[_i].lines);
	for (p = strtok_r(text, "|", &save); p != NULL;
	     p = strtok_r(NULL, "|", &save)) {
		snprintf(
		    whole, sizeof(whole), "Nov 30 07:37:22 mx postfix/%s", p);
		line_read(whole, strlen(whole), &l);
		track_line(t, &l, 1000);
	}
	track_end(t);
	track_free(t);
	ck_assert_str_eq(told, sequences[_i].want);
}
END_TEST

/* More processes than there is room for: nothing is lost, however it was. */
START_TEST(crowd)
{
	struct track *t = track_new(event, NULL);
	char text[128];
	struct line l;

	forget();
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20000; i++) {
			snprintf(text, sizeof(text),
			    round == 0
				? "Nov 30 07:37:22 mx postfix/smtpd[%d]: "
				  "connect from a[192.0.2.1]"
				: "Nov 30 07:37:22 mx postfix/smtpd[%d]: "
				  "AAAA1: client=a[192.0.2.1]",
			    i + 1);
			line_read(text, strlen(text), &l);
			track_line(t, &l, 1000 + i);
		}
	track_end(t);
	track_free(t);
	ck_assert_uint_eq(count[INBOUND][TLS_NONE], 20000);
	ck_assert_uint_gt(unseen, 0);
}
END_TEST

/* Counted by another program, in another way. */
static const struct {
	const char *file;
	unsigned in_plain, in_12, in_13, out_plain, out_13, refused, failed;
} logs[] = {
    {D "3.7.log", 58, 1, 8, 53, 2, 1, 6},
    {D "3.10.log", 8, 0, 6, 0, 6, 0, 0},
};

START_TEST(real_log)
{
	struct track *t = track_new(event, NULL);
	struct logplace at = {0};
	int fd = open(logs[_i].file, O_RDONLY);
	struct err err;

	ck_assert_int_ge(fd, 0);
	forget();
	ck_assert_int_eq(logfile_read(fd, t, &at, &err), 0);
	track_end(t);
	track_free(t);
	close(fd);
	ck_assert_uint_gt(at.lines, 100);
	ck_assert_uint_eq(count[INBOUND][TLS_NONE], logs[_i].in_plain);
	ck_assert_uint_eq(count[INBOUND][TLS_1_2], logs[_i].in_12);
	ck_assert_uint_eq(count[INBOUND][TLS_1_3], logs[_i].in_13);
	ck_assert_uint_eq(count[OUTBOUND][TLS_NONE], logs[_i].out_plain);
	ck_assert_uint_eq(count[OUTBOUND][TLS_1_3], logs[_i].out_13);
	ck_assert_uint_eq(refused, logs[_i].refused);
	ck_assert_uint_eq(failed, logs[_i].failed);
	ck_assert_uint_eq(unseen, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("track");

	tcase_add_loop_test(
	    tc, a_sequence, 0, sizeof(sequences) / sizeof(sequences[0]));
	tcase_add_test(tc, crowd);
	tcase_add_loop_test(tc, real_log, 0, sizeof(logs) / sizeof(logs[0]));
	return suite_run("report/track", tc);
}
