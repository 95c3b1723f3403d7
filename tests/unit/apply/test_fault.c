/*
 * test_fault.c - make the Nth file operation or child process of a Save fail,
 * for every N until there is none: the outcome is the old state and a 5xx
 * with the failed step, or the new state; never a mix, nothing left over.
 *
 * A child process can fail in seven ways; unless POSTSEAL_FAULTS is set, each
 * is tried with two of them, and of the operations far from Postfix every
 * fifth one.
 */
#include "faulty.h"

/* What a disk can say. */
static const int disk[] = {ENOSPC, EIO, EACCES, EROFS};
/* What a child process can do: not start, hang, fail, be killed. */
static const struct {
	int e;
	bool late; /* it did its work first */
} child[] = {{ENOENT, false}, {ETIMEDOUT, false}, {ETIMEDOUT, true},
    {ECHILD, false}, {ECHILD, true}, {EINTR, false}, {EINTR, true}};

#define N_CHILD (sizeof(child) / sizeof(child[0]))

struct state {
	long id;
	char main_cf[SHA256_HEX];
};

static struct state
now_state(void)
{
	struct state s;

	s.id = rig_current();
	rig_files_hash(s.main_cf);
	return s;
}

static int faults, kept_old, became_new;

/* Old and whole, or new and whole. */
static void
judge(const struct faulty_result *r, const struct state *was, long n)
{
	struct state is = now_state();
	int http;

	faults++;
	if (r->rc == 0) {
		ck_assert_msg(is.id > was->id, "%ld %s", n, r->op);
		became_new++;
	} else {
		http = err_http(r->code);
		ck_assert_msg(
		    http >= 500, "%ld %s: %s", n, r->op, err_name(r->code));
		ck_assert_msg(is.id == was->id, "%ld %s", n, r->op);
		ck_assert_msg(strcmp(is.main_cf, was->main_cf) == 0,
		    "main.cf or master.cf changed: %ld %s", n, r->op);
		ck_assert_msg(
		    r->code != ERR_APPLY_UNDO_FAILED, "%ld %s", n, r->op);
		kept_old++;
	}
	if (faulty_is_close(r, n))
		rig_assert_whole();
	else
		faulty_assert_untouched(r->op);
	/* Old generations that could not be wiped go with the next Save. */
	if (r->rc == -1)
		rig_assert_no_stray_key();
}

START_TEST(every_operation)
{
	struct faulty_result r;
	struct state was;
	size_t i, step = getenv("POSTSEAL_FAULTS") == NULL ? 4 : 1;
	long n;

	faulty_prepare();
	for (n = 1;; n++) {
		was = now_state();
		r = faulty_apply(faulty_next(), n, disk[n % 4], false, false);
		if (!r.reached)
			break;
		judge(&r, &was, n);
		if (strncmp(r.op, "run ", 4) != 0) {
			n += faulty_skip(&r, step == 1);
			continue;
		}
		for (i = (size_t)n % step; i < N_CHILD; i += step) {
			was = now_state();
			r = faulty_apply(
			    faulty_next(), n, child[i].e, false, child[i].late);
			judge(&r, &was, n);
		}
		n += faulty_skip(&r, step == 1);
	}
	ck_assert_int_eq(r.rc, 0);
	rig_assert_whole();
	rig_assert_no_stray_key();
	ck_assert_int_gt(n, 50);
	ck_assert_int_gt(kept_old, 30);
	ck_assert_int_gt(became_new, 0);
	printf("faults: %d, old state %d, new state %d\n", faults, kept_old,
	    became_new);
}
END_TEST

/*
 * Two at once: Postfix refuses the new state, and the Nth operation fails,
 * which may be one of the way back.  Then the next start brings it to one of
 * the two states.
 */
START_TEST(in_the_way_back)
{
	struct faulty_result r;
	struct state was, is;
	struct err err;
	int undo_failed = 0, tried = 0;
	long n;

	faulty_prepare();
	rig_write("fault", "any failnew\n", 0600);
	(void)faulty_apply(faulty_next(), 100000, EIO, false, false);
	for (n = faulty_first_near();; n++) {
		was = now_state();
		rig_write("fault", "any failnew\n", 0600);
		r = faulty_apply(faulty_next(), n, EIO, false, false);
		rig_write("fault", "", 0600);
		if (!r.reached)
			break;
		tried++;
		ck_assert_msg(r.rc == -1, "%ld %s", n, r.op);
		undo_failed += r.code == ERR_APPLY_UNDO_FAILED;
		ck_assert_msg(apply_recover(&rig_conf, &err) == 0, "%ld %s: %s",
		    n, r.op, err.msg);
		/* The new one, where Postfix served it all the same. */
		is = now_state();
		ck_assert_msg(
		    is.id > was.id || strcmp(is.main_cf, was.main_cf) == 0,
		    "main.cf or master.cf changed: %ld %s", n, r.op);
		rig_assert_whole();
		rig_assert_no_stray_key();
	}
	ck_assert_int_gt(undo_failed, 0);
	printf("two faults: %d, undo failed and recovered %d\n", tried,
	    undo_failed);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, every_operation);
	tcase_add_test(tc, in_the_way_back);
}

int
main(void)
{
	return rig_run("fault", add, 900, RIG_POSTFIX);
}
