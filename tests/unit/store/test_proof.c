/*
 * test_proof.c - a password that was right a moment ago: what is done on it is
 * refused when there is another by then.
 */
#include "rig.h"
#include "sessions.h"

#define OTHER "otter kettle lantern"
#define THIRD "vole kettle mango"

static struct session_row row;

static int
find(void)
{
	return sessions_find(db, SECRET, NOW, 900, 9000, &row, &err);
}

static int
open_on(const struct proof *proof, long id, long before, enum stage stage)
{
	struct session_want want = {.proof = proof,
	    .user_id = id,
	    .before = before,
	    .stage = stage,
	    .secret = SECRET,
	    .from = "192.0.2.1",
	    .now = NOW};

	return sessions_open(db, &want, &err);
}

static struct proof
proof_of(const char *name)
{
	struct proof p = {0};

	ck_assert_int_eq(users_verify(db, name, GOOD, &p, &err), 0);
	return p;
}

START_TEST(opened)
{
	struct proof p;

	add("one");
	p = proof_of("one");
	ck_assert_int_eq(open_on(&p, p.id, 0, STAGE_FULL), 0);
	ck_assert_int_eq(find(), 0);
	ck_assert_str_eq(row.user, "one");
	ck_assert_int_eq(row.stage, STAGE_FULL);
	ck_assert(!row.second_factor && row.made == 0);
}
END_TEST

/* The log-in was in flight when the password changed, or the user went. */
START_TEST(log_in_is_late)
{
	struct proof p;

	add("one");
	p = proof_of("one");
	if (_i == 0)
		ck_assert_int_eq(users_passwd(db, "one", OTHER, NOW, &err), 0);
	else if (_i == 1) /* the same word anew ends sessions as well */
		ck_assert_int_eq(users_passwd(db, "one", GOOD, NOW, &err), 0);
	else
		ck_assert_int_eq(users_delete(db, "one", &err), 0);
	ck_assert(is(open_on(&p, p.id, 0, STAGE_FULL), ERR_AUTH_FAILED));
	ck_assert(is(open_on(&p, p.id, 0, STAGE_CODE), ERR_AUTH_FAILED));
	ck_assert(is(find(), ERR_AUTH_REQUIRED));
}
END_TEST

/* Two changes with the same current password: one of them is done. */
START_TEST(one_change_wins)
{
	struct proof first, second;

	add("one");
	first = proof_of("one");
	second = proof_of("one");
	ck_assert_int_eq(
	    users_passwd_own(db, "one", &first, OTHER, NOW, &err), 0);
	ck_assert(is(users_passwd_own(db, "one", &second, THIRD, NOW, &err),
	    ERR_AUTH_FAILED));
	ck_assert_int_gt(user_id_with("one", OTHER), 0);
	ck_assert_int_eq(user_id_with("one", THIRD), -1);
	/* The winner goes on with what it has now. */
	ck_assert_int_eq(open_on(&first, first.id, 0, STAGE_FULL), 0);
	ck_assert_int_eq(find(), 0);
	ck_assert_int_eq(
	    users_passwd_own(db, "one", &first, THIRD, NOW, &err), 0);
	ck_assert(is(find(), ERR_AUTH_REQUIRED));
}
END_TEST

/* The second step is taken on the half-open session, which a new password
 * ends. */
START_TEST(second_step)
{
	struct proof p;
	long half;

	add("one");
	add("two");
	p = proof_of("one");
	ck_assert_int_eq(
	    sessions_add(db, p.id, "half", "192.0.2.1", NOW, &err), 0);
	ck_assert_int_eq(
	    sessions_find(db, "half", NOW, 900, 9000, &row, &err), 0);
	half = row.id;
	/* not somebody else's */
	ck_assert(is(open_on(NULL, user_id("two"), half, STAGE_FULL),
	    ERR_AUTH_REQUIRED));
	ck_assert(is(open_on(NULL, p.id, 0, STAGE_FULL), ERR_AUTH_REQUIRED));
	if (_i == 0) {
		ck_assert_int_eq(open_on(NULL, p.id, half, STAGE_FULL), 0);
		ck_assert_int_eq(find(), 0);
		ck_assert(
		    is(sessions_find(db, "half", NOW, 900, 9000, &row, &err),
			ERR_AUTH_REQUIRED));
		return;
	}
	ck_assert_int_eq(users_passwd(db, "one", OTHER, NOW, &err), 0);
	ck_assert(is(open_on(NULL, p.id, half, STAGE_FULL), ERR_AUTH_REQUIRED));
	ck_assert(is(find(), ERR_AUTH_REQUIRED));
}
END_TEST

/* Another password on the host, seen between the verdict and the session. */
START_TEST(of_the_host)
{
	struct proof p = {0};
	bool ended = false;

	ck_assert_int_eq(
	    users_pam(db, "hana", ROLE_VIEWER, "1", NOW, &p, &err), 0);
	ck_assert_int_eq(users_pam_again(db, "hana", ROLE_VIEWER,
			     _i == 0 ? "1" : "2", NOW, &ended, &err),
	    0);
	ck_assert_int_eq(ended, _i != 0);
	if (_i == 0)
		ck_assert_int_eq(open_on(&p, p.id, 0, STAGE_FULL), 0);
	else
		ck_assert(
		    is(open_on(&p, p.id, 0, STAGE_FULL), ERR_AUTH_FAILED));
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, opened);
	tcase_add_loop_test(t, log_in_is_late, 0, 3);
	tcase_add_test(t, one_change_wins);
	tcase_add_loop_test(t, second_step, 0, 2);
	tcase_add_loop_test(t, of_the_host, 0, 2);
	return suite_run("proof", t) == 0 ? 0 : 1;
}
