/*
 * test_stamp.c - the time of a line: years that are not said, leap days, zones,
 * and clocks that go back.
 */
#include <string.h>
#include <time.h>

#include "../../../src/report/stamp.h"
#include "../suite.h"
#include "util.h"

/* What the file's last write and the stamp make: UTC, or "" */
static const struct {
	const char *latest, *stamp, *want;
} stamps[] = {
    {"2026-11-30 12:00", "Nov 30 07:37:22", "2026-11-30T07:37:22Z"},
    {"2026-11-30 12:00", "Nov  3 07:37:22", "2026-11-03T07:37:22Z"},
    {"2026-11-30 12:00", "Dec  1 11:00:00", "2026-12-01T11:00:00Z"},
    {"2026-11-30 12:00", "Dec  2 12:00:01", "2025-12-02T12:00:01Z"},
    {"2027-01-01 00:10", "Dec 31 23:59:59", "2026-12-31T23:59:59Z"},
    {"2026-12-31 23:50", "Jan  1 00:00:01", "2027-01-01T00:00:01Z"},
    {"2028-03-01 12:00", "Feb 29 12:00:00", "2028-02-29T12:00:00Z"},
    {"2027-03-01 12:00", "Feb 29 12:00:00", "2024-02-29T12:00:00Z"},
    {"2026-11-30 12:00", "Feb 31 12:00:00", ""},
    {"2026-11-30 12:00", "Xyz 30 07:37:22", ""},
    {"2026-11-30 12:00", "Nov 30 27:37:22", ""},
    {"2026-11-30 12:00", "Nov 30 07:77:22", ""},
    {"2026-11-30 12:00", "Nov 30 07:37:xx", ""},
    {"2026-11-30 12:00", "2026-11-30T07:37:22Z", "2026-11-30T07:37:22Z"},
    {"2026-11-30 12:00", "2026-11-30T07:37:22.123456+01:00",
	"2026-11-30T06:37:22Z"},
    {"2026-11-30 12:00", "2026-11-30T07:37:22-0530", "2026-11-30T13:07:22Z"},
    {"2026-11-30 12:00", "2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00Z"},
    {"2026-11-30 12:00", "2026-13-30T07:37:22+00:00", ""},
};

static time_t
utc(const char *s)
{
	struct tm tm = {0};

	ck_assert_ptr_nonnull(strptime(s, "%Y-%m-%d %H:%M", &tm));
	return timegm(&tm);
}

static time_t
read_one(struct stamps *s, const char *stamp)
{
	struct text t = {stamp, strlen(stamp)};

	return stamp_read(s, t);
}

START_TEST(a_stamp)
{
	struct stamps s;
	char iso[32] = "";
	time_t t;

	stamps_init(&s, utc(stamps[_i].latest));
	/* Once more: the second is of what the first has kept. */
	for (int i = 0; i < 2; i++) {
		t = read_one(&s, stamps[_i].stamp);
		if (t != -1)
			time_iso(t, iso);
		ck_assert_str_eq(iso, stamps[_i].want);
	}
}
END_TEST

/* The hour is kept, the zone is not forgotten. */
START_TEST(one_after_another)
{
	struct stamps s;
	time_t a, b;

	stamps_init(&s, utc("2026-11-30 12:00"));
	a = read_one(&s, "Nov 30 07:59:59");
	ck_assert_int_eq(read_one(&s, "Nov 30 08:00:00"), a + 1);
	ck_assert_int_eq(read_one(&s, "Nov 30 07:00:00"), a - 3599);
	b = read_one(&s, "2026-11-30T07:59:59+01:00");
	ck_assert_int_eq(b, a - 3600);
	ck_assert_int_eq(read_one(&s, "2026-11-30T07:59:59+00:00"), a);
}
END_TEST

START_TEST(in_the_zone_of_the_host)
{
	struct stamps s;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	stamps_init(&s, utc("2026-11-30 12:00"));
	ck_assert_int_eq(
	    read_one(&s, "Nov 30 07:37:00"), utc("2026-11-30 06:37"));
	ck_assert_int_eq(
	    read_one(&s, "Jul  1 07:37:00"), utc("2026-07-01 05:37"));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("stamp");

	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_loop_test(tc, a_stamp, 0, sizeof(stamps) / sizeof(stamps[0]));
	tcase_add_test(tc, one_after_another);
	tcase_add_test(tc, in_the_zone_of_the_host);
	return suite_run("report/stamp", tc);
}
