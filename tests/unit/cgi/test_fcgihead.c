/*
 * test_fcgihead.c - the head of a FastCGI request before libfcgi sees it.
 */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "core.h"
#include "fcgihead.h"

#define BEGIN \
	"\1\1\0\1\0\10\0\0" \
	"\0\1\0\0\0\0\0\0"
#define END "\1\4\0\1\0\0\0\0"
/* one pair: A=b */
#define PAIR \
	"\1\4\0\1\0\4\0\0" \
	"\1\1Ab"
#define REST "\1\5\0\1\0\2\0\0{}"

#define S(s) s, sizeof(s) - 1

static const struct {
	const char *bytes;
	size_t len;
	enum fcgi_head want;
} heads[] = {
    {S(""), FCGI_HEAD_MORE},
    {S(BEGIN), FCGI_HEAD_MORE},
    {S(BEGIN PAIR), FCGI_HEAD_MORE},
    {S(BEGIN PAIR END), FCGI_HEAD_GOOD},
    {S(BEGIN END), FCGI_HEAD_GOOD},
    {S(BEGIN PAIR PAIR END), FCGI_HEAD_GOOD},
    {S(BEGIN PAIR END REST), FCGI_HEAD_GOOD},
    /* a pair in two records; padding */
    {S(BEGIN "\1\4\0\1\0\2\0\0\1\1"
	     "\1\4\0\1\0\2\3\0Ab***" END),
	FCGI_HEAD_GOOD},
    /* long forms */
    {S(BEGIN "\1\4\0\1\0\12\0\0\x80\0\0\1\x80\0\0\1Ab" END), FCGI_HEAD_GOOD},
    /* the empty value */
    {S(BEGIN "\1\4\0\1\0\3\0\0\1\0A" END), FCGI_HEAD_GOOD},
    /* version, type, id, length of BEGIN */
    {S("\2\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0" END), FCGI_HEAD_BAD},
    {S("\1\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0" END), FCGI_HEAD_BAD},
    {S("\1\1\0\1\0\7\0\0\0\1\0\0\0\0\0\0" END), FCGI_HEAD_BAD},
    {S("\1\4\0\1\0\0\0\0"), FCGI_HEAD_BAD},
    {S("\1\11\0\0\0\0\0\0"), FCGI_HEAD_BAD},
    {S("GET / HTTP/1.1\r\n\r\n"), FCGI_HEAD_BAD},
    /* authorizer, filter, none */
    {S("\1\1\0\1\0\10\0\0\0\2\0\0\0\0\0\0"), FCGI_HEAD_BAD},
    {S("\1\1\0\1\0\10\0\0\0\3\0\0\0\0\0\0"), FCGI_HEAD_BAD},
    {S("\1\1\0\1\0\10\0\0\1\1\0\0\0\0\0\0"), FCGI_HEAD_BAD},
    /* another request's parameters; a body, an abort too early */
    {S(BEGIN "\1\4\0\2\0\4\0\0\1\1Ab" END), FCGI_HEAD_BAD},
    {S(BEGIN REST), FCGI_HEAD_BAD},
    {S(BEGIN "\1\2\0\1\0\0\0\0"), FCGI_HEAD_BAD},
    /* lengths: one too many, one too few, huge, cut off */
    {S(BEGIN "\1\4\0\1\0\4\0\0\1\2Ab" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\4\0\0\2\1Ab" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\4\0\0\1\0Ab" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\12\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
	     "Ab" END),
	FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\12\0\0\x80\0\0\1\xff\xff\xff\xff"
	     "Ab" END),
	FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\3\0\0\x80\0\0" END), FCGI_HEAD_BAD},
    /* no name; NUL; "=" in a name */
    {S(BEGIN "\1\4\0\1\0\3\0\0\0\1b" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\4\0\0\1\1A\0" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\4\0\0\1\1\0b" END), FCGI_HEAD_BAD},
    {S(BEGIN "\1\4\0\1\0\4\0\0\1\1=b" END), FCGI_HEAD_BAD},
};

START_TEST(head)
{
	ck_assert_int_eq(
	    fcgi_head_check(heads[_i].bytes, heads[_i].len), heads[_i].want);
}
END_TEST

/* Whatever has come of a good one is neither bad nor good yet. */
START_TEST(pieces)
{
	const char good[] = BEGIN PAIR PAIR END;
	char *copy;
	size_t n;

	for (n = 0; n < sizeof(good) - 1; n++) {
		/* on the heap, so that ASan sees a byte too far */
		ck_assert_ptr_nonnull(copy = malloc(n + 1));
		memcpy(copy, good, n);
		ck_assert_int_eq(fcgi_head_check(copy, n), FCGI_HEAD_MORE);
		free(copy);
	}
}
END_TEST

/* More than any web server sends. */
START_TEST(large)
{
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	buf_add(&b, BEGIN, 16);
	for (i = 0; i < 200; i++)
		buf_add(&b, PAIR, 12);
	buf_add(&b, END, 8);
	ck_assert_int_eq(fcgi_head_check(b.data, b.len), FCGI_HEAD_GOOD);
	b.len -= 8;
	for (i = 0; i < 100; i++)
		buf_add(&b, PAIR, 12);
	buf_add(&b, END, 8);
	ck_assert_int_eq(fcgi_head_check(b.data, b.len), FCGI_HEAD_BAD);
	b.len -= 8;
	for (i = 0; i < 8000; i++)
		buf_add(&b, PAIR, 12);
	ck_assert_int_eq(fcgi_head_check(b.data, b.len), FCGI_HEAD_LARGE);
	buf_clear(&b);
}
END_TEST

START_TEST(answers)
{
	unsigned char a[FCGI_ANSWER_MAX];

	ck_assert_uint_eq(fcgi_head_answer(FCGI_HEAD_GONE, a), 0);
	ck_assert_uint_eq(fcgi_head_answer(FCGI_HEAD_GOOD, a), 0);
	ck_assert_uint_gt(fcgi_head_answer(FCGI_HEAD_BAD, a), 100);
	ck_assert_int_eq(memcmp(a + 8, "Status: 400 ", 12), 0);
	ck_assert_uint_lt(
	    fcgi_head_answer(FCGI_HEAD_LARGE, a), FCGI_ANSWER_MAX);
	ck_assert_int_eq(memcmp(a + 8, "Status: 431 ", 12), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(
	    tc, head, 0, (int)(sizeof(heads) / sizeof(heads[0])));
	tcase_add_test(tc, pieces);
	tcase_add_test(tc, large);
	tcase_add_test(tc, answers);
	return suite_run("fcgihead", tc) == 0 ? 0 : 1;
}
