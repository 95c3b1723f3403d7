/*
 * stamp.c - "Nov 30 07:38:11" and "2026-11-30T07:38:11.123456+01:00".
 */
#include <string.h>

#include "stamp.h"

#define DAY (24 * 60 * 60)

void
stamps_init(struct stamps *s, time_t latest)
{
	memset(s, 0, sizeof(*s));
	s->latest = latest;
}

/* A number of n digits, the first of which may be a blank; -1: it is none. */
static int
number(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 && p[i] == ' ')
			continue;
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static int
month(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (memcmp(names + 3 * m, p, 3) == 0)
			return m;
	return -1;
}

static bool
whole(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour < 24;
}

/* 29 February is a day of leap years only: mktime() would make it March. */
static time_t
in_year(const struct tm *of, int year)
{
	struct tm tm = *of;
	time_t t;

	tm.tm_year = year;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	return tm.tm_mon == of->tm_mon ? t : (time_t)-1;
}

/* "Nov 30 07:", the newest that is not ahead of the file. */
static time_t
classic(time_t latest, const char *p)
{
	struct tm tm = {.tm_mon = month(p),
	    .tm_mday = number(p + 4, 2),
	    .tm_hour = number(p + 7, 2)};
	struct tm now;
	time_t t;

	if (!whole(&tm) || localtime_r(&latest, &now) == NULL)
		return -1;
	for (int back = 0; back < 9; back++) {
		t = in_year(&tm, now.tm_year + 1 - back);
		if (t != -1 && t <= latest + DAY)
			return t;
	}
	return -1;
}

/* "+01:00", "-0500" or "Z" in seconds; an hour too far is no matter here. */
static int
zone(const char *p, const char *end)
{
	int h, m;

	while (p < end && (*p == '.' || (*p >= '0' && *p <= '9')))
		p++;
	if (end - p < 5 || (*p != '+' && *p != '-'))
		return 0;
	h = number(p + 1, 2);
	m = number(p + (p[3] == ':' && end - p > 5 ? 4 : 3), 2);
	return h < 0 || m < 0 ? 0 : (*p == '-' ? -60 : 60) * (h * 60 + m);
}

static time_t
rfc3339(const char *p, int ahead)
{
	int century = number(p, 2), year = number(p + 2, 2);
	struct tm tm = {.tm_year = century * 100 + year - 1900,
	    .tm_mon = number(p + 5, 2) - 1,
	    .tm_mday = number(p + 8, 2),
	    .tm_hour = number(p + 11, 2)};

	if (!whole(&tm) || century < 0 || year < 0)
		return -1;
	return timegm(&tm) - ahead;
}

time_t
stamp_read(struct stamps *s, struct text stamp)
{
	bool old = stamp.len == 15;
	size_t len = old ? 10 : 14;
	int minute, second;

	if (stamp.len < 15 || (!old && stamp.len < 20))
		return -1;
	if (s->len != len || memcmp(s->hour, stamp.p, len) != 0 ||
	    (!old && s->zone != zone(stamp.p + 19, stamp.p + stamp.len))) {
		memcpy(s->hour, stamp.p, len);
		s->len = len;
		s->zone = old ? 0 : zone(stamp.p + 19, stamp.p + stamp.len);
		s->begin = old ? classic(s->latest, stamp.p)
			       : rfc3339(stamp.p, s->zone);
	}
	minute = number(stamp.p + len, 2);
	second = number(stamp.p + len + 3, 2);
	return s->begin == -1 || minute < 0 || minute > 59 || second < 0 ||
		       second > 60
		   ? (time_t)-1
		   : s->begin + 60 * minute + second;
}
