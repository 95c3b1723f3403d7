/*
 * test_util.c - digests against published vectors, cleaning, logs.
 */
#include <string.h>

#include "csv.h"
#include "jsonx.h"
#include "../tmp.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* FIPS 180-4 examples. */
static const struct {
	const char *in, *hex;
} digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	 "b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
	    "0015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06"
	"c1"},
};

START_TEST(sha256_vectors)
{
	char hex[SHA256_HEX];

	ck_assert_int_eq(
	    sha256_hex(digests[_i].in, strlen(digests[_i].in), hex), 0);
	ck_assert_str_eq(hex, digests[_i].hex);
}
END_TEST

/* RFC 4231, cases 1 and 2. */
START_TEST(hmac_vectors)
{
	char key[20], hex[SHA256_HEX];

	memset(key, 0x0b, sizeof(key));
	ck_assert_int_eq(hmac_sha256_hex(key, 20, "Hi There", hex), 0);
	ck_assert_str_eq(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c983"
			      "3da726e9376c2e32cff7");
	ck_assert_int_eq(
	    hmac_sha256_hex("Jefe", 4, "what do ya want for nothing?", hex), 0);
	ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d27"
			      "39839dec58b964ec3843");
}
END_TEST

START_TEST(random_is_hex_and_differs)
{
	char a[65], b[65], none[1] = "x";
	struct err err;

	ck_assert_int_eq(random_hex(a, 32, &err), 0);
	ck_assert_int_eq(random_hex(b, 32, &err), 0);
	ck_assert_uint_eq(strlen(a), 64);
	ck_assert_uint_eq(strspn(a, "0123456789abcdef"), 64);
	ck_assert_str_ne(a, b);
	ck_assert_int_eq(random_hex(none, 0, &err), 0);
	ck_assert_str_eq(none, "");
	ck_assert_int_eq(random_hex(a, 65, &err), -1);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(comparison)
{
	ck_assert(mem_equal("abc", 3, "abc", 3));
	ck_assert(mem_equal("abc", 0, "xyz", 0));
	ck_assert(!mem_equal("abc", 3, "abd", 3));
	ck_assert(!mem_equal("abc", 3, "abc", 2));
	ck_assert(str_equal_secret("", ""));
	ck_assert(!str_equal_secret("", "a"));
	ck_assert(!str_equal_secret("a", "b"));
	ck_assert(str_equal_secret("token", "token"));
}
END_TEST

static const struct {
	time_t t;
	const char *iso;
} times[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1795492800, "2026-11-24T04:00:00Z"},
    {951782399, "2000-02-28T23:59:59Z"},
    {4102444800, "2100-01-01T00:00:00Z"},
    {-1, "1969-12-31T23:59:59Z"},
    {-30641760000, "0999-01-01T00:00:00Z"},
    {-62135596800, "0001-01-01T00:00:00Z"},
    {253402300799, "9999-12-31T23:59:59Z"},
    {253402300800, "1970-01-01T00:00:00Z"},
};

START_TEST(times_are_utc)
{
	char text[32];

	setenv("TZ", "Asia/Tokyo", 1);
	time_iso(times[_i].t, text);
	ck_assert_str_eq(text, times[_i].iso);
}
END_TEST

START_TEST(time_without_a_year)
{
	char text[32];

	time_iso((time_t)INT64_MAX, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(clean_sizes)
{
	char dst[8] = "unclean";
	size_t size, n;

	ck_assert_uint_eq(text_clean(dst, 0, "abc", 3), 0);
	ck_assert_str_eq(dst, "unclean");
	for (size = 1; size <= sizeof(dst); size++) {
		n = text_clean(dst, size, "a\xe6\x97\xa5\nb\0c", 8);
		ck_assert_uint_eq(n, strlen(dst));
		ck_assert_uint_lt(n, size);
		ck_assert(utf8_valid(dst, n));
	}
	ck_assert_str_eq(dst, "a\xe6\x97\xa5 b ");
	ck_assert_uint_eq(text_clean(dst, 8, "", 0), 0);
	ck_assert_str_eq(dst, "");
}
END_TEST

static const struct {
	const char *text, *cell;
	bool seen;
} cells[] = {
    {"", "\"\"", true},
    {"-", "\"-\"", true},
    {"a \"b\", c", "\"a \"\"b\"\", c\"", true},
    {"-1", "\"'-1\"", true},
    {"\xef\xbc\x9dx", "\"'\xef\xbc\x9dx\"", true},
    {"\t=1", "\"'?=1\"", false},
    {"a\nb", "\"a?b\"", false},
    {"a\xc2\x9bx", "\"a?x\"", false},
    {"a\xe2\x80\xaex", "\"a?x\"", false},
    {"a\xff\xe6\x97\xa5", "\"a?\xe6\x97\xa5\"", false},
};

START_TEST(csv_cells)
{
	const char *text = cells[_i].text;
	struct buf b;

	buf_init(&b, 100);
	csv_cell(&b, text, ";");
	ck_assert_uint_eq(b.len, strlen(cells[_i].cell) + 1);
	ck_assert(memcmp(b.data, cells[_i].cell, b.len - 1) == 0);
	ck_assert_int_eq(b.data[b.len - 1], ';');
	buf_clear(&b);
	ck_assert_int_eq(text_is_seen(text, strlen(text)), cells[_i].seen);
}
END_TEST

/* Any two bytes behind a lead byte: the step never reads past the end. */
START_TEST(utf8_every_pair)
{
	unsigned int a, b;
	char text[4];

	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			ck_assert_int_eq(utf8_valid(text, 2),
			    (a < 0x80 && b < 0x80) ||
				(a >= 0xc2 && a <= 0xdf && b >= 0x80 &&
				    b <= 0xbf));
		}
	}
}
END_TEST

/* What the log wrote to stderr. */
static void
logged(char *dst, size_t size, const char *text)
{
	int p[2], keep;
	ssize_t n;

	ck_assert_int_eq(pipe(p), 0);
	keep = dup(STDERR_FILENO);
	ck_assert_int_ne(dup2(p[1], STDERR_FILENO), -1);
	log_info("%s", text);
	log_warn("%s", text);
	ck_assert_int_ne(dup2(keep, STDERR_FILENO), -1);
	close(keep);
	n = read(p[0], dst, size - 1);
	ck_assert_int_gt(n, 0);
	dst[n] = '\0';
	close(p[0]);
	close(p[1]);
}

START_TEST(log_lines)
{
	char text[4096], long_text[3000];

	log_open("post\nseald", false);
	logged(text, sizeof(text), "user \"x\ny\033[0m\"");
	ck_assert_str_eq(text, "post seald: user \"x y [0m\"\n"
			       "post seald: warning: user \"x y [0m\"\n");
	memset(long_text, 'l', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	logged(text, sizeof(text), long_text);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	ck_assert_uint_lt(strlen(text), 2300);
}
END_TEST

/* JOURNAL_STREAM as systemd sets it: device and inode of stderr, which then
 * gets nothing of what syslog gets. */
static const struct {
	int dev, ino;	  /* added to those of stderr */
	const char *text; /* instead */
	bool to_syslog, silent;
} streams[] = {
    {0, 0, NULL, true, true},
    {0, 0, NULL, false, false},
    {1, 0, NULL, true, false},
    {0, 1, NULL, true, false},
    {0, 0, "", true, false},
    {0, 0, "12", true, false},
    {0, 0, "x:y", true, false},
};

START_TEST(log_line_once)
{
	char path[PATH_MAX], text[512] = "", stream[64];
	struct stat st;
	int fd, kept;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/stream", tmp_root);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev + (unsigned)streams[_i].dev,
	    (unsigned long long)st.st_ino + (unsigned)streams[_i].ino);
	ck_assert_int_eq(
	    setenv("JOURNAL_STREAM",
		streams[_i].text == NULL ? stream : streams[_i].text, 1),
	    0);
	kept = dup(STDERR_FILENO);
	ck_assert_int_ne(dup2(fd, STDERR_FILENO), -1);
	log_open("postseal-test", streams[_i].to_syslog);
	log_info("once");
	ck_assert_int_ne(dup2(kept, STDERR_FILENO), -1);
	n = pread(fd, text, sizeof(text) - 1, 0);
	ck_assert_str_eq(
	    text, streams[_i].silent ? "" : "postseal-test: once\n");
	ck_assert_int_eq((int)n, streams[_i].silent ? 0 : 20);
	ck_assert_int_eq(unsetenv("JOURNAL_STREAM"), 0);
	close(kept);
	close(fd);
}
END_TEST

static const struct {
	const char *text;
	int64_t max, want; /* -1: none */
} numbers[] = {{"0", 9, 0}, {"7", 9, 7}, {"9", 9, 9}, {"10", 9, -1},
    {"", 9, -1}, {"00", 9, -1}, {"07", 9, -1}, {"-1", 9, -1}, {"+1", 9, -1},
    {" 1", 9, -1}, {"1 ", 9, -1}, {"1x", 9, -1}, {"0x1", 9, -1},
    {"2147483647", INT32_MAX, INT32_MAX}, {"2147483648", INT32_MAX, -1},
    {"9223372036854775807", INT64_MAX, INT64_MAX},
    {"9223372036854775808", INT64_MAX, -1},
    {"99999999999999999999999", INT64_MAX, -1}};

START_TEST(number)
{
	const char *s = numbers[_i].text;
	int64_t got = -1;

	ck_assert_msg(number_read(s, strlen(s), numbers[_i].max, &got) ==
			  (numbers[_i].want != -1),
	    "%s", s);
	ck_assert_msg(got == numbers[_i].want, "%s", s);
}
END_TEST

START_TEST(clock_goes_forward)
{
	int64_t a = now_ms(), b;

	usleep(20000);
	b = now_ms();
	ck_assert_int_ge(b - a, 19);
	ck_assert_int_lt(b - a, 5000);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, sha256_vectors, 0, N(digests));
	tcase_add_test(tc, hmac_vectors);
	tcase_add_test(tc, random_is_hex_and_differs);
	tcase_add_test(tc, comparison);
	tcase_add_loop_test(tc, times_are_utc, 0, N(times));
	tcase_add_test(tc, time_without_a_year);
	tcase_add_test(tc, clean_sizes);
	tcase_add_loop_test(tc, csv_cells, 0, N(cells));
	tcase_add_test(tc, utf8_every_pair);
	tcase_add_test(tc, log_lines);
	tcase_add_loop_test(tc, log_line_once, 0, N(streams));
	tcase_add_test(tc, clock_goes_forward);
	tcase_add_loop_test(
	    tc, number, 0, (int)(sizeof(numbers) / sizeof(numbers[0])));
}

int
main(void)
{
	return tmp_run("util", add, 20);
}
