/*
 * test_totp.c - the second factor: vectors of RFC 6238 and RFC 4226, each
 * step once, recovery codes once, and the throttle of codes.
 */
#include "rig.h"
#include "sessions.h"
#include "throttle.h"
#include "totp.h"

/* "12345678901234567890", the key of both RFCs. */
#define RFC_SECRET "gezdgnbvgy3tqojqgezdgnbvgy3tqojq"

/* RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
static const struct {
	int64_t time;
	const char *code;
} rfc6238[] = {
    {59, "287082"},
    {1111111109, "081804"},
    {1111111111, "050471"},
    {1234567890, "005924"},
    {2000000000, "279037"},
    {20000000000, "353130"},
};

START_TEST(vectors_6238)
{
	char got[7];

	ck_assert_int_eq(totp_code(RFC_SECRET,
			     (uint64_t)rfc6238[_i].time / TOTP_STEP_S, got),
	    0);
	ck_assert_str_eq(got, rfc6238[_i].code);
}
END_TEST

/* RFC 4226 appendix D. */
static const char *const rfc4226[] = {"755224", "287082", "359152", "969429",
    "338314", "254676", "287922", "162583", "399871", "520489"};

START_TEST(vectors_4226)
{
	char got[7];

	ck_assert_int_eq(totp_code(RFC_SECRET, (uint64_t)_i, got), 0);
	ck_assert_str_eq(got, rfc4226[_i]);
}
END_TEST

START_TEST(base32)
{
	char got[33];

	base32_encode(got, (const unsigned char *)"12345678901234567890", 20);
	ck_assert_str_eq(got, RFC_SECRET);
	base32_encode(got, (const unsigned char *)"\0\0\0\0\0", 5);
	ck_assert_str_eq(got, "aaaaaaaa");
	base32_encode(got, (const unsigned char *)"\xff\xff\xff\xff\xff", 5);
	ck_assert_str_eq(got, "77777777");
}
END_TEST

static const char *const bad_secrets[] = {"", "a1aaaaaa", "AAAAAAAA", "a b",
    "aaaaaaaa=", "\xff",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

START_TEST(bad_secret)
{
	char got[7] = "kept";

	ck_assert_int_eq(totp_code(bad_secrets[_i], 1, got), -1);
	ck_assert_str_eq(got, "kept");
}
END_TEST

static char secret[TOTP_SECRET_LEN + 1];
static char codes[RECOVERY_CODES][RECOVERY_LEN + 1];

static const char *
at(int64_t steps)
{
	static char code[7];

	ck_assert_int_eq(
	    totp_code(secret, (uint64_t)(NOW / TOTP_STEP_S + steps), code), 0);
	return code;
}

/* On since step 0. */
static void
enrol(void)
{
	add("one");
	ck_assert_int_eq(totp_start(db, "one", secret, &err), 0);
	ck_assert_int_eq(totp_confirm(db, "one", at(0), NOW, codes, &err), 0);
}

START_TEST(begins_with_a_code)
{
	char again[TOTP_SECRET_LEN + 1];
	struct user_row row;

	add("one");
	ck_assert(is(totp_start(db, "two", secret, &err), ERR_AUTH_FORBIDDEN));
	ck_assert_int_eq(totp_start(db, "one", again, &err), 0);
	ck_assert_int_eq(totp_start(db, "one", secret, &err), 0);
	ck_assert_str_ne(again, secret);
	ck_assert_int_eq(totp_pending(db, "one", again, &err), 0);
	ck_assert_str_eq(again, secret);
	/* nothing is in force */
	ck_assert(is(totp_check(db, "one", at(0), NOW, &err), ERR_AUTH_CODE));
	ck_assert(is(
	    totp_confirm(db, "one", at(2), NOW, codes, &err), ERR_AUTH_CODE));
	ck_assert(
	    is(totp_confirm(db, "one", "", NOW, codes, &err), ERR_AUTH_CODE));
	users_get(db, "one", &row, &err);
	ck_assert(!row.second_factor);
	ck_assert_int_eq(totp_confirm(db, "one", at(0), NOW, codes, &err), 0);
	users_get(db, "one", &row, &err);
	ck_assert(row.second_factor);
	ck_assert_int_eq(totp_pending(db, "one", again, &err), 0);
	ck_assert_str_eq(again, "");
	/* and is not replaced by who has the session */
	ck_assert(is(totp_start(db, "one", again, &err), ERR_AUTH_FORBIDDEN));
	ck_assert(is(
	    totp_confirm(db, "one", at(1), NOW, codes, &err), ERR_AUTH_CODE));
}
END_TEST

static const struct {
	int step, now; /* steps after enrolment */
	bool ok;
} windows[] = {
    {10, 10, true},
    {9, 10, true},
    {11, 10, true},
    {8, 10, false},
    {12, 10, false},
    {0, 0, false}, /* used by the enrolment */
    {0, 1, false},
    {1, 0, true},
    {-1, 0, false},
};

START_TEST(window)
{
	int rc;

	enrol();
	rc = totp_check(db, "one", at(windows[_i].step),
	    NOW + windows[_i].now * TOTP_STEP_S, &err);
	if (windows[_i].ok)
		ck_assert_int_eq(rc, 0);
	else
		ck_assert(is(rc, ERR_AUTH_CODE));
}
END_TEST

START_TEST(each_step_once)
{
	time_t now = NOW + 10 * TOTP_STEP_S;

	enrol();
	ck_assert_int_eq(totp_check(db, "one", at(10), now, &err), 0);
	ck_assert(is(totp_check(db, "one", at(10), now, &err), ERR_AUTH_CODE));
	/* nor one before it, though in the window */
	ck_assert(is(totp_check(db, "one", at(9), now, &err), ERR_AUTH_CODE));
	ck_assert_int_eq(totp_check(db, "one", at(11), now, &err), 0);
	ck_assert(
	    is(totp_check(db, "one", at(11), now + 30, &err), ERR_AUTH_CODE));
}
END_TEST

START_TEST(written_otherwise)
{
	char spaced[16];
	const char *code;

	enrol();
	code = at(10);
	snprintf(spaced, sizeof(spaced), " %.3s %.3s ", code, code + 3);
	ck_assert_int_eq(
	    totp_check(db, "one", spaced, NOW + 10 * TOTP_STEP_S, &err), 0);
}
END_TEST

static const char *const bad_codes[] = {"", " ", "12345", "1234567", "abcdef",
    "-12345", "+12345", "12345\n", "\xff\xff", "0x1234", "aaaa-aaaa-aaaa-aaaa",
    "aaaa-aaaa-aaaa-aaa", "aaaa-aaaa-aaaa-aaaaa", "' OR 1=1 --------",
    "%%%%%%%%%%%%%%%%"};

START_TEST(bad_code)
{
	enrol();
	ck_assert(is(
	    totp_check(db, "one", bad_codes[_i], NOW + 10 * TOTP_STEP_S, &err),
	    ERR_AUTH_CODE));
	ck_assert(is(
	    totp_check(db, "two", bad_codes[_i], NOW, &err), ERR_USER_UNKNOWN));
}
END_TEST

START_TEST(recovery_codes)
{
	char bare[32] = "", *p = bare;
	int left = 0;

	enrol();
	for (int i = 0; i < RECOVERY_CODES; i++) {
		ck_assert_uint_eq(strlen(codes[i]), RECOVERY_LEN);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(codes[i], codes[j]);
	}
	for (const char *s = codes[0]; *s != '\0'; s++) {
		if (*s != '-')
			*p++ = (char)(*s >= 'a' ? *s - 'a' + 'A' : *s);
	}
	ck_assert_int_eq(totp_check(db, "one", bare, NOW, &err), 0);
	ck_assert(
	    is(totp_check(db, "one", codes[0], NOW, &err), ERR_AUTH_CODE));
	for (int i = 1; i < RECOVERY_CODES; i++)
		ck_assert_int_eq(totp_check(db, "one", codes[i], NOW, &err), 0);
	ck_assert_int_eq(recovery_left(db, "one", &left, &err), 0);
	ck_assert_int_eq(left, 0);
	ck_assert(
	    is(totp_check(db, "one", codes[9], NOW, &err), ERR_AUTH_CODE));
}
END_TEST

/* One's recovery code opens nobody else's account. */
START_TEST(recovery_is_ones_own)
{
	char other[TOTP_SECRET_LEN + 1], theirs[RECOVERY_CODES][20], c[7];

	enrol();
	add("two");
	ck_assert_int_eq(totp_start(db, "two", other, &err), 0);
	totp_code(other, NOW / TOTP_STEP_S, c);
	ck_assert_int_eq(totp_confirm(db, "two", c, NOW, theirs, &err), 0);
	ck_assert(
	    is(totp_check(db, "two", codes[0], NOW, &err), ERR_AUTH_CODE));
	ck_assert_int_eq(totp_check(db, "one", codes[0], NOW, &err), 0);
}
END_TEST

START_TEST(reset)
{
	struct user_row row;
	int left = 9;

	enrol();
	ck_assert(is(totp_reset(db, "two", NOW, &err), ERR_USER_UNKNOWN));
	ck_assert_int_eq(totp_reset(db, "one", NOW, &err), 0);
	users_get(db, "one", &row, &err);
	ck_assert(!row.second_factor);
	recovery_left(db, "one", &left, &err);
	ck_assert_int_eq(left, 0);
	ck_assert(
	    is(totp_check(db, "one", at(10), NOW + 300, &err), ERR_AUTH_CODE));
	ck_assert(
	    is(totp_check(db, "one", codes[0], NOW, &err), ERR_AUTH_CODE));
	ck_assert_int_eq(totp_start(db, "one", secret, &err), 0);
}
END_TEST

static int
code_wait(const char *user, const char *from, time_t now)
{
	bool first;
	int wait = -1;

	ck_assert_int_eq(
	    throttle_code_check(db, user, from, now, &wait, &first, &err), 0);
	return wait;
}

/* Five for nothing, then ever slower, five minutes at most; from wherever
 * strangers come.  Where the user has come from, only codes from there count,
 * in the same way. */
START_TEST(code_throttle)
{
	char from[32];
	time_t now = NOW;
	bool first;
	int wait, day = 0, owner = 0;

	add("one");
	sessions_login(db, 0, user_id("one"), "192.0.2.1", NOW, &err);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(code_wait("one", "198.51.100.1", now), 0);
	while (now < NOW + 86400) {
		snprintf(from, sizeof(from), "198.51.100.%d", day % 250);
		wait = code_wait("ONE", from, now);
		ck_assert_int_le(wait, 300);
		day += wait == 0;
		now += wait == 0 ? 1 : wait;
		/* the owner, once an hour, makes no mistake */
		if (now / 3600 == (now - wait) / 3600)
			continue;
		ck_assert_int_eq(code_wait("one", "192.0.2.1", now), 0);
		owner++;
	}
	ck_assert_int_le(day, 300);
	ck_assert_int_ge(owner, 20);
	ck_assert_int_eq(code_wait("two", "198.51.100.1", now), 0);
	throttle_check(db, "one", "198.51.100.1", now, &wait, &first, &err);
	ck_assert_int_eq(wait, 0);
	/* a known network has its own patience */
	ck_assert_int_eq(throttle_code_clear(db, "one", "192.0.2.1", &err), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(code_wait("one", "192.0.2.1", now), 0);
	ck_assert_int_eq(code_wait("one", "192.0.2.1", now), 1);
	ck_assert_int_eq(code_wait("one", "198.51.100.1", now), 0);
	throttle_code_clear(db, "one", "192.0.2.1", &err);
	ck_assert_int_eq(code_wait("one", "192.0.2.1", now), 0);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, vectors_6238, 0, N(rfc6238));
	tcase_add_loop_test(t, vectors_4226, 0, N(rfc4226));
	tcase_add_test(t, base32);
	tcase_add_loop_test(t, bad_secret, 0, N(bad_secrets));
	tcase_add_test(t, begins_with_a_code);
	tcase_add_loop_test(t, window, 0, N(windows));
	tcase_add_test(t, each_step_once);
	tcase_add_test(t, written_otherwise);
	tcase_add_loop_test(t, bad_code, 0, N(bad_codes));
	tcase_add_test(t, recovery_codes);
	tcase_add_test(t, recovery_is_ones_own);
	tcase_add_test(t, reset);
	tcase_add_test(t, code_throttle);
	return suite_run("totp", t) == 0 ? 0 : 1;
}
