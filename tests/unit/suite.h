/*
 * suite.h - how every unit test ends: its one case is run, and the number of
 * tests that failed comes back.
 */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

/* How long a hang may look like a busy machine: as long as for Check's own
 * limits. */
static inline int64_t
patience_ms(int64_t ms)
{
	const char *times = getenv("CK_TIMEOUT_MULTIPLIER");

	return times != NULL && atoi(times) > 1 ? ms * atoi(times) : ms;
}

static inline int
suite_run(const char *name, TCase *tc)
{
	Suite *s = suite_create(name);
	SRunner *r;
	int failed;

	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed;
}

#endif
