/*
 * suite.h - how every unit test ends: its one case is run, and the number of
 * tests that failed comes back.
 */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

#include <check.h>

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
