/*
 * test_buf.c - limits, growth, wiping.
 */
#include <string.h>

#include "../tmp.h"

START_TEST(empty_is_a_string)
{
	struct buf b;

	buf_init(&b, 10);
	ck_assert_str_eq(b.data, "");
	ck_assert_uint_eq(b.len, 0);
	buf_clear(&b);
	buf_clear(&b);
	ck_assert_str_eq(b.data, "");
	ck_assert_int_eq(buf_add(&b, NULL, 0), 0);
	ck_assert_str_eq(b.data, "");
	buf_clear(&b);
}
END_TEST

/* One byte at a time up to the limit and one over, for limits of all kinds. */
START_TEST(limit_is_exact)
{
	static const size_t max[] = {0, 1, 2, 255, 256, 257, 1000, 4096};
	size_t i, m = max[_i];
	struct buf b;

	buf_init(&b, m);
	for (i = 0; i < m; i++) {
		ck_assert_int_eq(buf_addc(&b, (char)('a' + i % 26)), 0);
		ck_assert_uint_eq(b.len, i + 1);
		ck_assert_int_eq(b.data[b.len], '\0');
	}
	for (i = 0; i < m; i++)
		ck_assert_int_eq(b.data[i], (char)('a' + i % 26));
	ck_assert(!b.failed);
	ck_assert_int_eq(buf_addc(&b, 'x'), -1);
	ck_assert(b.failed);
	ck_assert_uint_eq(b.len, m);
	/* It stays failed, so that many adds can be checked once. */
	ck_assert_int_eq(buf_add(&b, "", 0), -1);
	buf_clear(&b);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.max, m);
}
END_TEST

START_TEST(large_numbers_do_not_wrap)
{
	struct buf b;

	buf_init(&b, 100);
	buf_adds(&b, "abc");
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -1);
	buf_clear(&b);
	buf_adds(&b, "abc");
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX - 3), -1);
	ck_assert_str_eq(b.data, "abc");
	buf_clear(&b);
	buf_init(&b, SIZE_MAX);
	ck_assert_int_eq(buf_addc(&b, 'x'), -1);
	buf_clear(&b);
	buf_init(&b, SIZE_MAX - 1);
	ck_assert_int_eq(buf_addc(&b, 'x'), 0);
	ck_assert_str_eq(b.data, "x");
	buf_clear(&b);
}
END_TEST

START_TEST(printf_and_bytes)
{
	char long_text[700];
	struct buf b;

	buf_init(&b, 1000);
	ck_assert_int_eq(buf_printf(&b, "%s=%d;", "a", 7), 0);
	ck_assert_int_eq(buf_printf(&b, "%s", ""), 0);
	ck_assert_int_eq(buf_add(&b, "\0x", 2), 0);
	ck_assert_uint_eq(b.len, 6);
	ck_assert_mem_eq(b.data, "a=7;\0x", 7);
	memset(long_text, 'y', sizeof(long_text));
	long_text[699] = '\0';
	ck_assert_int_eq(buf_printf(&b, "%s", long_text), 0);
	ck_assert_uint_eq(b.len, 705);
	ck_assert_int_eq(buf_printf(&b, "%s", long_text), -1);
	ck_assert(b.failed);
	ck_assert_uint_eq(b.len, 705);
	buf_clear(&b);
}
END_TEST

START_TEST(reset_empties)
{
	struct buf b;

	buf_init(&b, 3);
	buf_reset(&b);
	ck_assert_str_eq(b.data, "");
	buf_adds(&b, "abc");
	ck_assert_int_eq(buf_addc(&b, 'd'), -1);
	buf_reset(&b);
	ck_assert_str_eq(b.data, "");
	ck_assert_int_eq(buf_adds(&b, "xy"), 0);
	ck_assert_str_eq(b.data, "xy");
	buf_clear(&b);
}
END_TEST

START_TEST(reserve_gives_room)
{
	struct buf b;

	buf_init(&b, 5000);
	buf_adds(&b, "head");
	ck_assert_int_eq(buf_reserve(&b, 4996), 0);
	ck_assert_uint_gt(b.cap, 5000);
	memset(b.data + 4, 'z', 4996);
	b.len = 5000;
	ck_assert_int_eq(buf_reserve(&b, 1), -1);
	buf_clear(&b);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, empty_is_a_string);
	tcase_add_loop_test(tc, limit_is_exact, 0, 8);
	tcase_add_test(tc, large_numbers_do_not_wrap);
	tcase_add_test(tc, printf_and_bytes);
	tcase_add_test(tc, reset_empties);
	tcase_add_test(tc, reserve_gives_room);
}

int
main(void)
{
	return tmp_run("buf", add, 20);
}
