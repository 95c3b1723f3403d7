/*
 * test_late.c - who came after a publication is not waited for, as long as
 * that publication is what is wanted.
 */
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/sync/sync.h"

static const struct {
	const char *late, *dir; /* of mx2's bundle, and what is wanted */
	size_t left;
} rows[] = {
    {"", "0000000007-aa", 3},
    {"0000000007-aa", "0000000007-aa", 2},
    {"0000000006-bb", "0000000007-aa", 3},
};

START_TEST(late)
{
	static const char *const names[] = {"mx1", "mx2", "mx3"};
	struct rollout r = {.generation = 7,
	    .attempt = 1,
	    .wave = 2,
	    .batch = 1,
	    .canary = "mx1"};
	struct rollout_host v[3];
	struct sync s;
	size_t i, n;

	memset(&s, 0, sizeof(s));
	s.desired = json_object_new_object();
	json_object_object_add(
	    s.desired, "bundle", json_object_new_string(rows[_i].dir));
	memset(v, 0, sizeof(v));
	for (i = 0; i < 3; i++) {
		ck_assert_ptr_nonnull(model_host(&s, names[i], true));
		v[i].name = names[i];
		v[i].alive = true;
		v[i].generation = i == 1 ? 0 : 7;
	}
	strcpy(model_host(&s, "mx2", false)->late, rows[_i].late);
	n = tidy_late(&s, v, 3);
	ck_assert_uint_eq(n, rows[_i].left);
	ck_assert_str_eq(v[0].name, "mx1");
	ck_assert_str_eq(v[n - 1].name, "mx3");
	/* The others' waves are what they were without it. */
	ck_assert_int_eq(rollout_waves(&r, v, n), n == 2 ? 2 : 3);
	ck_assert_int_eq(
	    rollout_judge(&r, v, n, 0), n == 2 ? ROLLOUT_DONE : ROLLOUT_WAIT);
	model_clear(&s);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("late");

	tcase_add_loop_test(tc, late, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	return suite_run("late", tc);
}
