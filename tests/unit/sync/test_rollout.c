/*
 * When does who get a generation?  The rules, case by case, and whole
 * roll-outs simulated for up to ten thousand hosts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "../../../src/sync/sync.h"

#define GEN 7

static struct rollout_host
host(const char *name, bool alive, int64_t generation)
{
	const struct rollout_host h = {
	    .name = name, .alive = alive, .generation = generation};

	return h;
}

START_TEST(canary_is_chosen)
{
	struct rollout_host h[] = {host("a", true, 1), host("b", true, 1),
	    host("c", true, 1), host("d", false, 1)};

	h[0].self = true;
	ck_assert_str_eq(rollout_canary(h, 4, ""), "b");
	ck_assert_str_eq(rollout_canary(h, 4, "c"), "c");
	/* preferred, but away, unknown, or the console itself */
	ck_assert_str_eq(rollout_canary(h, 4, "d"), "b");
	ck_assert_str_eq(rollout_canary(h, 4, "x"), "b");
	ck_assert_str_eq(rollout_canary(h, 4, "a"), "b");
	/* one that cannot show a probe: only when nobody else can */
	h[1].unproven = true;
	ck_assert_str_eq(rollout_canary(h, 4, ""), "c");
	ck_assert_str_eq(rollout_canary(h, 4, "b"), "b");
	h[2].unproven = true;
	ck_assert_str_eq(rollout_canary(h, 4, ""), "b");
	h[1].own = true;
	ck_assert_str_eq(rollout_canary(h, 4, "b"), "c");
	h[2].alive = false;
	ck_assert_str_eq(rollout_canary(h, 4, ""), "");
	ck_assert_str_eq(rollout_canary(h, 0, ""), "");
}
END_TEST

START_TEST(waves)
{
	static const struct {
		const char *canary;
		int batch, want[6], last;
	} t[] = {
	    {"b", 0, {0, 1, 2, 2, 2, 2}, 2},
	    {"b", 2, {0, 1, 2, 2, 3, 3}, 3},
	    {"b", 1, {0, 1, 2, 3, 4, 5}, 5},
	    {"b", 100, {0, 1, 2, 2, 2, 2}, 2},
	    {"d", 2, {0, 2, 2, 1, 3, 3}, 3},
	    {"", 0, {0, 1, 1, 1, 1, 1}, 1},
	    {"", 3, {0, 1, 1, 1, 2, 2}, 2},
	};
	struct rollout_host h[] = {host("a", true, 1), host("b", true, 1),
	    host("c", true, 1), host("d", true, 1), host("e", true, 1),
	    host("f", true, 1)};
	struct rollout r = {.generation = GEN, .attempt = 1};

	h[0].self = true;
	r.canary = t[_i].canary;
	r.batch = t[_i].batch;
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(rollout_wave(&r, h, 6, i), t[_i].want[i]);
	ck_assert_int_eq(rollout_waves(&r, h, 6), t[_i].last);
	ck_assert_int_eq(rollout_waves(&r, h, 1), 0);
}
END_TEST

/* What is known of canary b and others c, d in wave 1 or 2. */
START_TEST(verdicts)
{
	static const struct {
		int wave;
		int64_t b, c, d; /* generation in force */
		int64_t failed_b, attempt_b, failed_c;
		bool alive_b, alive_c, own_c;
		int64_t waited;
		enum rollout_verdict want;
	} t[] = {
	    {1, 6, 6, 6, 0, 0, 0, true, true, false, 0, ROLLOUT_WAIT},
	    {1, 7, 6, 6, 0, 0, 0, true, true, false, 0, ROLLOUT_NEXT},
	    {1, 8, 6, 6, 0, 0, 0, true, true, false, 0, ROLLOUT_NEXT},
	    /* the canary must report, even when it goes away */
	    {1, 6, 6, 6, 0, 0, 0, false, true, false, 0, ROLLOUT_WAIT},
	    {1, 6, 6, 6, 0, 0, 0, false, true, false, 180001, ROLLOUT_STOP},
	    {1, 7, 6, 6, 0, 0, 0, false, true, false, 0, ROLLOUT_NEXT},
	    {1, 6, 6, 6, 7, 1, 0, true, true, false, 0, ROLLOUT_STOP},
	    /* an earlier failure is not this one's */
	    {1, 6, 6, 6, 6, 1, 0, true, true, false, 0, ROLLOUT_WAIT},
	    {1, 6, 6, 6, 7, 0, 0, true, true, false, 0, ROLLOUT_WAIT},
	    /* somebody of a later wave fails: not asked yet */
	    {1, 7, 6, 6, 0, 0, 7, true, true, false, 0, ROLLOUT_NEXT},
	    {2, 7, 6, 6, 0, 0, 0, true, true, false, 0, ROLLOUT_WAIT},
	    {2, 7, 7, 7, 0, 0, 0, true, true, false, 0, ROLLOUT_DONE},
	    {2, 7, 6, 7, 0, 0, 0, true, false, false, 0, ROLLOUT_DONE},
	    {2, 7, 6, 7, 0, 0, 0, true, true, true, 0, ROLLOUT_DONE},
	    {2, 7, 6, 7, 0, 0, 7, true, true, false, 0, ROLLOUT_STOP},
	    {2, 7, 6, 7, 0, 0, 7, true, false, false, 0, ROLLOUT_STOP},
	    {2, 7, 6, 7, 0, 0, 7, true, true, true, 0, ROLLOUT_DONE},
	    {2, 7, 6, 7, 0, 0, 0, true, true, false, 180000, ROLLOUT_WAIT},
	    {2, 7, 6, 7, 0, 0, 0, true, true, false, 180001, ROLLOUT_STOP},
	};
	struct rollout_host h[] = {host("a", true, 7), host("b", true, 0),
	    host("c", true, 0), host("d", true, 0)};
	struct rollout r = {.generation = GEN, .attempt = 1, .canary = "b"};

	h[0].self = true;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r.wave = t[i].wave;
		h[1].generation = t[i].b;
		h[1].failed = t[i].failed_b;
		h[1].attempt = t[i].attempt_b;
		h[1].alive = t[i].alive_b;
		h[2].generation = t[i].c;
		h[2].failed = t[i].failed_c;
		h[2].attempt = 1;
		h[2].alive = t[i].alive_c;
		h[2].own = t[i].own_c;
		h[3].generation = t[i].d;
		ck_assert_msg(rollout_judge(&r, h, 4, t[i].waited) == t[i].want,
		    "case %zu: got %d", i,
		    rollout_judge(&r, h, 4, t[i].waited));
	}
}
END_TEST

/* It has the generation, and its Postfix does not answer. */
START_TEST(canary_is_unproven)
{
	struct rollout_host h[] = {
	    host("a", true, 7), host("b", true, 7), host("c", true, 6)};
	struct rollout r = {
	    .generation = GEN, .attempt = 1, .canary = "b", .wave = 1};

	h[0].self = true;
	h[1].unproven = true;
	ck_assert_int_eq(rollout_judge(&r, h, 3, 0), ROLLOUT_WAIT);
	ck_assert_int_eq(rollout_judge(&r, h, 3, 180001), ROLLOUT_STOP);
	ck_assert(rollout_unproven(&r, &h[1]));
	h[1].generation = 6; /* it does not have it yet */
	ck_assert(!rollout_unproven(&r, &h[1]));
	h[1].generation = 7;
	h[1].unproven = false;
	ck_assert_int_eq(rollout_judge(&r, h, 3, 0), ROLLOUT_NEXT);
	/* another one's probe is not waited for */
	h[2].generation = 7;
	h[2].unproven = true;
	r.wave = 2;
	ck_assert_int_eq(rollout_judge(&r, h, 3, 0), ROLLOUT_DONE);
}
END_TEST

/* One that would have to give up what somebody set on it, canary or not: the
 * others go on, and it has failed all the same. */
START_TEST(refuses)
{
	struct rollout_host h[] = {host("a", true, 7), host("b", true, 6),
	    host("c", true, 6), host("d", true, 6)};
	struct rollout r = {
	    .generation = GEN, .attempt = 1, .canary = "b", .wave = 1};

	h[0].self = true;
	h[1].failed = 7;
	h[1].attempt = 1;
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_STOP);
	h[1].refused = true;
	ck_assert(rollout_failed(&r, &h[1]));
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_NEXT);
	r.wave = 2;
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_WAIT);
	h[2].failed = 7;
	h[2].attempt = 1;
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_STOP);
	h[2].refused = true;
	h[3].generation = 7;
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_DONE);
	/* of an earlier attempt: asked again */
	r.attempt = 2;
	ck_assert_int_eq(rollout_judge(&r, h, 4, 0), ROLLOUT_WAIT);
}
END_TEST

START_TEST(nobody_else)
{
	struct rollout_host h[] = {host("a", true, 7)};
	struct rollout r = {.generation = GEN, .attempt = 1, .canary = ""};

	h[0].self = true;
	r.wave = 0;
	ck_assert_int_eq(rollout_judge(&r, h, 1, 0), ROLLOUT_DONE);
	ck_assert_int_eq(rollout_judge(&r, h, 0, 0), ROLLOUT_DONE);
}
END_TEST

/*
 * Whole roll-outs: hosts take what is released, some are away, one may fail.
 * Never is anything beyond the wave in force; never more than one batch at
 * once; after a failure nothing moves.
 */
static const struct {
	int n, batch, fails; /* number of the host that fails, -1 none */
} sims[] = {{5, 0, -1}, {20, 4, -1}, {100, 10, -1}, {1000, 50, -1},
    {10000, 100, -1}, {10000, 500, 4321}, {20, 4, 7}, {100, 0, 99}};

START_TEST(simulation)
{
	const int n = sims[_i].n;
	struct rollout_host *h = calloc((size_t)n + 1, sizeof(*h));
	char(*name)[16] = calloc((size_t)n + 1, sizeof(*name));
	struct rollout r = {.generation = GEN,
	    .attempt = 1,
	    .batch = sims[_i].batch,
	    .wave = 1};
	enum rollout_verdict v = ROLLOUT_WAIT;
	int steps = 0, taken, i, last_wave, beyond, *wave;
	unsigned int seed = 11;

	wave = calloc((size_t)n + 1, sizeof(*wave));
	for (i = 0; i <= n; i++) {
		snprintf(name[i], sizeof(name[i]), "mx%05d", i);
		h[i] = host(name[i], i < 2 || rand_r(&seed) % 20 != 0, 6);
	}
	h[0].self = true;
	r.canary = rollout_canary(h, (size_t)n + 1, "");
	last_wave = rollout_waves(&r, h, (size_t)n + 1);
	for (i = 0; i <= n; i++)
		wave[i] = n <= 1000 || i % 997 == 0 || i < 3
			      ? rollout_wave(&r, h, (size_t)n + 1, (size_t)i)
			      : 0;
	while (v != ROLLOUT_DONE && v != ROLLOUT_STOP) {
		ck_assert_int_lt(steps++, 3 * n + 100);
		for (i = 1, taken = 0, beyond = 0; i <= n; i++) {
			if (n <= 1000)
				beyond +=
				    wave[i] > r.wave && h[i].generation == GEN;
			if (!h[i].alive || h[i].generation == GEN ||
			    (r.batch > 0 && (i - 2) / r.batch + 2 > r.wave &&
				i > 1) ||
			    (i > 1 && r.wave < 2))
				continue;
			if (i == sims[_i].fails + 1) {
				h[i].failed = GEN;
				h[i].attempt = 1;
				continue;
			}
			h[i].generation = GEN;
			taken++;
		}
		ck_assert_int_eq(beyond, 0);
		if (r.batch > 0)
			ck_assert_int_le(taken, r.batch);
		v = rollout_judge(&r, h, (size_t)n + 1, 0);
		if (v == ROLLOUT_NEXT)
			r.wave++;
	}
	if (sims[_i].fails < 0 || !h[sims[_i].fails + 1].alive) {
		ck_assert_int_eq(v, ROLLOUT_DONE);
		ck_assert_int_eq(r.wave, last_wave);
		for (i = 1; i <= n; i++)
			ck_assert(h[i].generation == GEN || !h[i].alive);
	} else {
		ck_assert_int_eq(v, ROLLOUT_STOP);
		if (r.batch > 0)
			ck_assert_int_lt(r.wave, last_wave);
	}
	free(h);
	free(name);
	free(wave);
}
END_TEST

int
main(void)
{
	TCase *c = tcase_create("rollout");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, canary_is_chosen);
	tcase_add_loop_test(c, waves, 0, 7);
	tcase_add_test(c, verdicts);
	tcase_add_test(c, canary_is_unproven);
	tcase_add_test(c, refuses);
	tcase_add_test(c, nobody_else);
	tcase_add_loop_test(
	    c, simulation, 0, (int)(sizeof(sims) / sizeof(sims[0])));
	return suite_run("rollout", c) == 0 ? 0 : 1;
}
