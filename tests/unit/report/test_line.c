/*
 * test_line.c - what one line tells; and lines that strangers wrote parts of,
 * as they arrived in a real log.
 */
#include <stdio.h>
#include <string.h>

#include "../../../src/report/line.h"
#include "../suite.h"

#define T   "Nov 30 07:37:22 mx "
#define TLS "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"

/* "kind name address port version domain flags", as far as the line has them */
static const struct {
	const char *line, *want;
} lines[] = {
    {T "postfix/smtpd[9]: connect from a.example[192.0.2.7]", "connect"},
    {T "postfix/smtpd[9]: connect from unknown[2001:db8::7]", "connect"},
    {T "postfix/smtpd[9]: Anonymous TLS connection established from "
       "a.example[192.0.2.7]: " TLS,
	"tls-in a.example 192.0.2.7 TLSv1.3"},
    {T "postfix/smtpd[9]: Trusted TLS connection established from "
       "a.example[192.0.2.7]:4711 to mx.example: " TLS,
	"tls-in a.example 192.0.2.7 4711 TLSv1.3"},
    {T "postfix/smtpd[9]: Anonymous TLS connection established from "
       "a.example[192.0.2.7]: TLSv1.9 with cipher X (1/1 bits)",
	"tls-in a.example 192.0.2.7 unknown"},
    {T "mx-in/submission/smtpd[9]: 0F05AAA0A4C: client=a.example[192.0.2.7], "
       "sasl_method=PLAIN, sasl_username=x",
	"message a.example 192.0.2.7"},
    {T "postfix/smtpd[9]: 4bT4hK5xYzz9p: client=a.example[192.0.2.7]",
	"message a.example 192.0.2.7"},
    {T "postfix/smtpd[9]: disconnect from a.example[192.0.2.7] ehlo=2 "
       "starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7",
	"disconnect a.example 192.0.2.7 starttls mail"},
    {T "postfix/smtpd[9]: disconnect from a.example[192.0.2.7] ehlo=1 "
       "starttls=0/1 mail=0/2 unknown=0/1 commands=1/4",
	"disconnect a.example 192.0.2.7 starttls-failed mail-failed"},
    {T "postfix/smtpd[9]: disconnect from a.example[192.0.2.7]:99 mail=2/3",
	"disconnect a.example 192.0.2.7 mail mail-failed"},
    {T "postfix/qmgr[9]: 0F05AAA0A4C: from=<a@example.org>, size=413",
	"sender example.org"},
    {T "postfix/qmgr[9]: 0F05AAA0A4C: from=<>, size=413", "sender"},
    {T "postfix/qmgr[9]: 0F05AAA0A4C: removed", "other"},
    {T "postfix/smtp[9]: Untrusted TLS connection reused to "
       "mx.example[192.0.2.7]:25: TLSv1 with cipher X (1/1 bits)",
	"tls-out mx.example 192.0.2.7 25 TLSv1"},
    {T "postfix/lmtp[9]: 0F05AAA0A4C: to=<b@c.example>, orig_to=<d@e.example>, "
       "relay=mx.example[192.0.2.7]:24, conn_use=2, delay=0, delays=0/0/0/0, "
       "dsn=2.0.0, status=sent (250 Ok)",
	"delivery mx.example 192.0.2.7 24 c.example sent"},
    {T "postfix/smtp[9]: 0F05AAA0A4C: to=<b@c.example>, "
       "relay=mx.example[192.0.2.7]:25, delay=0, dsn=4.7.5, status=deferred "
       "(status=sent)",
	"delivery mx.example 192.0.2.7 25 c.example"},
    {T "postfix/smtp[9]: 0F05AAA0A4C: to=<b@c.example>, relay=none, delay=0",
	"other"},
    {T "postfix/lmtp[9]: 0F05AAA0A4C: to=<b@c.example>, "
       "relay=mx.example[private/dovecot-lmtp], delay=0, status=sent (x)",
	"other"},
    /* stamps and tags */
    {"2026-11-30T07:37:22.123456+01:00 mx postfix/smtpd[9]: connect from "
     "a[192.0.2.7]",
	"connect"},
    {"<22>Nov  3 07:37:22 mx postfix/smtpd[9]: connect from a[192.0.2.7]",
	"connect"},
    {T "smtpd[9]: connect from a[192.0.2.7]", "other"},
    {T "postfix/smtpd: connect from a[192.0.2.7]", "other"},
    {T "postfix/smtpd[x]: connect from a[192.0.2.7]", "other"},
    {T "postfix/tlsproxy[9]: Anonymous TLS connection established from "
       "[192.0.2.7]:1: " TLS,
	"other"},
    {T "postfix/postscreen[9]: CONNECT from [192.0.2.7]:1 to [192.0.2.1]:25",
	"other"},
    {T "sshd: a postfix/smtpd[9]: connect from a[192.0.2.7]", "other"},
    {"", "other"},
    {"Nov 30 07:37:22 ", "other"},
    {T "postfix/smtpd[9]: ", "other"},
    {T "postfix/smtpd[9]: disconnect from ", "other"},
    {T "[[[[[[[[]: ", "other"},
    /* of strangers */
    {T "postfix/qmgr[9]: EE0E4AA0745: from=<\"evil postfix/smtpd[1]: Anonymous "
       "TLS connection established from a[1.2.3.4]: TLSv1.3\"@x.org>, size=4",
	"sender x.org"},
    {T "postfix/cleanup[9]: 6916EAA05E0: message-id=<x postfix/smtpd[9]: "
       "disconnect from a[9.9.9.9] starttls=1 @y>",
	"other"},
    {T "postfix/smtpd[9]: improper command pipelining after EHLO from "
       "localhost[127.0.0.1]: Nov 30 00:00:00 mx postfix/smtpd[1]: disconnect "
       "from h[1.2.3.4] ehlo=2 starttls=1\\r\\n",
	"other"},
    {T "postfix/smtpd[9]: warning: non-SMTP command from localhost[127.0.0.1]: "
       "GET / HTTP/1.0",
	"other"},
    {T "postfix/smtpd[9]: NOQUEUE: reject: RCPT from evil.example[192.0.2.7]: "
       "554 5.7.1 <b@c>: client=a[1.2.3.4]",
	"other"},
    {T "postfix/smtp[9]: 0F05AAA0A4C: to=<\"a>, relay=mx.evil[9.9.9.9]:25, "
       "status=sent (x\"@y.example>, relay=mx.example[192.0.2.7]:25, "
       "delay=0, dsn=4.0.0, status=deferred (x)",
	"delivery mx.example 192.0.2.7 25 y.example"},
    {T "postfix/smtp[9]: 0F05AAA0A4C: to=<\"a\\\"@b>, relay=c[9.9.9.9]:1, \"@"
       "y.example>, relay=mx.example[192.0.2.7]:25, status=sent (x)",
	"delivery mx.example 192.0.2.7 25 y.example sent"},
    {T "postfix/smtp[9]: 0F05AAA0A4C: host mx.example[192.0.2.7] said: 450 "
       "to=<b@c>, relay=a[1.2.3.4]:25, status=sent (in reply to RCPT)",
	"other"},
};

static void
add(char *dst, const char *p, size_t len)
{
	if (len > 0)
		sprintf(dst + strlen(dst), " %.*s", (int)len, p);
}

static const char *
told(const struct line *l)
{
	static const char *const kinds[] = {"other", "connect", "tls-in",
	    "message", "disconnect", "sender", "tls-out", "delivery"};
	static char dst[1024];

	strcpy(dst, kinds[l->kind]);
	if (l->kind == LINE_OTHER)
		return dst;
	add(dst, l->name.p, l->name.len);
	add(dst, l->address.p, l->address.len);
	add(dst, l->port.p, l->port.len);
	if (l->version != TLS_NONE)
		add(dst, tls_version_name(l->version),
		    strlen(tls_version_name(l->version)));
	add(dst, l->domain.p, l->domain.len);
	strcat(dst, l->starttls ? " starttls" : "");
	strcat(dst, l->starttls_failed ? " starttls-failed" : "");
	strcat(dst, l->mail ? " mail" : "");
	strcat(dst, l->mail_failed ? " mail-failed" : "");
	strcat(dst, l->sent ? " sent" : "");
	return dst;
}

START_TEST(a_line)
{
	struct line l;

	line_read(lines[_i].line, strlen(lines[_i].line), &l);
	ck_assert_str_eq(told(&l), lines[_i].want);
}
END_TEST

/* Cut anywhere, in memory of just that size: sanitizers see a step too far. */
START_TEST(cut)
{
	size_t len = strlen(lines[_i].line);
	struct line l;

	for (size_t n = 0; n <= len; n++) {
		char *copy = malloc(n + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy + 1, lines[_i].line, n);
		line_read(copy + 1, n, &l);
		ck_assert_int_le(l.kind, LINE_DELIVERY);
		free(copy);
	}
}
END_TEST

START_TEST(who_speaks)
{
	static const char *const same =
	    T "postfix/smtpd[9]: connect from a[1.1.1.1]";
	static const char *const others[] = {
	    T "postfix/smtpd[10]: connect from a[1.1.1.1]",
	    T "postfix/smtps/smtpd[9]: connect from a[1.1.1.1]",
	    "Nov 30 07:37:22 mx2 postfix/smtpd[9]: connect from a[1.1.1.1]",
	};
	struct line a, b;

	line_read(same, strlen(same), &a);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		line_read(others[i], strlen(others[i]), &b);
		ck_assert_int_eq(b.kind, LINE_CONNECT);
		ck_assert(a.process != b.process);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("line");
	int n = sizeof(lines) / sizeof(lines[0]);

	tcase_add_loop_test(tc, a_line, 0, n);
	tcase_add_loop_test(tc, cut, 0, n);
	tcase_add_test(tc, who_speaks);
	return suite_run("report/line", tc);
}
