/*
 * test_stale.c - sessions that were opened before something changed: what has
 * to come first is asked of the user as it is now.
 */
#include "harness.h"
#include "sessions.h"
#include "totp.h"
#include "auth.h"

#define FORM "application/x-www-form-urlencoded"

static char session[128], csrf[65];
static struct err err;

/* A complete session of that user; each has a secret of its own. */
static void
be(const char *name, char digit)
{
	struct user_row user;
	char secret[65];

	memset(secret, digit, 64);
	secret[64] = '\0';
	ck_assert_int_eq(users_get(con.app.db, name, &user, &err), 0);
	ck_assert_int_eq(sessions_add(con.app.db, user.id, secret, "192.0.2.1",
			     time(NULL), &err),
	    0);
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", secret);
	ck_assert_int_eq(hmac_sha256_hex(secret, 64, "csrf", csrf), 0);
}

static int
get(const char *target)
{
	ask("GET", target);
	param("HTTP_COOKIE", session);
	return go();
}

static void
setup(void)
{
	con_setup();
	err_clear(&err);
	users_delete(con.app.db, "vera", NULL);
	ck_assert_int_eq(users_create(con.app.db, "vera", "vole kettle lantern",
			     ROLE_VIEWER, time(NULL), &err),
	    0);
	strcpy(con.app.conf.totp_required, "administrator");
}

static void
teardown(void)
{
	con.app.conf.totp_required[0] = '\0';
	users_delete(con.app.db, "vera", NULL);
	sessions_end_others(con.app.db, USER, 0, NULL);
	con_teardown();
}

/* vera's second factor is on. */
static void
enrol(void)
{
	char secret[TOTP_SECRET_LEN + 1], code[7];
	char codes[RECOVERY_CODES][RECOVERY_LEN + 1];
	time_t now = time(NULL);

	ck_assert_int_eq(totp_start(con.app.db, "vera", secret, &err), 0);
	ck_assert_int_eq(
	    totp_code(secret, (uint64_t)now / TOTP_STEP_S, code), 0);
	ck_assert_int_eq(
	    totp_confirm(con.app.db, "vera", code, now, codes, &err), 0);
}

START_TEST(promoted)
{
	char v[64];

	be("vera", 'a');
	ck_assert_int_eq(get("/smtp-routing/connection"), 200);
	ck_assert_int_eq(
	    users_set_role(con.app.db, "vera", ROLE_ADMINISTRATOR, &err), 0);
	ck_assert_int_eq(get("/api/v1/users"), 403);
	ck_assert_str_eq(got_code(), "auth.enrol");
	ck_assert_int_eq(get("/smtp-routing/connection"), 303);
	ck_assert_str_eq(got_header("Location", v, sizeof(v)), "/access");
	ck_assert_int_eq(get("/access"), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "id=\"must-enrol\""));
	/* Back again, or with the factor: nothing is in the way. */
	if (_i == 0)
		users_set_role(con.app.db, "vera", ROLE_VIEWER, &err);
	else
		enrol();
	ck_assert_int_eq(get("/smtp-routing/connection"), 200);
}
END_TEST

/* The configuration is another when the workers start again. */
START_TEST(required_later)
{
	con.app.conf.totp_required[0] = '\0';
	be("vera", 'a');
	ck_assert_int_eq(get("/api/v1/connection"), 200);
	strcpy(con.app.conf.totp_required, "viewer");
	ck_assert_int_eq(get("/api/v1/connection"), 403);
	ck_assert_str_eq(got_code(), "auth.enrol");
}
END_TEST

/* By page and by API, the user's sessions end with the second factor. */
START_TEST(factor_taken_off)
{
	char text[160], hers[128];

	con.app.conf.totp_required[0] = '\0';
	enrol();
	be("vera", 'a');
	strcpy(hers, session);
	ck_assert_int_eq(get("/api/v1/connection"), 200);
	be(USER, 'b');
	if (_i == 0) {
		snprintf(
		    text, sizeof(text), "csrf=%s&do=totp_reset:vera", csrf);
		ask("POST", "/access");
		param("HTTP_COOKIE", session);
		body(FORM, text);
		ck_assert_int_eq(go(), 303);
	} else {
		ask("POST", "/api/v1/users/vera");
		param("HTTP_COOKIE", session);
		param("HTTP_X_CSRF_TOKEN", csrf);
		body("application/json", "{\"reset_second_factor\":true}");
		ck_assert_int_eq(go(), 200);
	}
	ck_assert_int_eq(get("/api/v1/connection"), 200);
	strcpy(session, hers);
	ck_assert_int_eq(get("/api/v1/connection"), 401);
}
END_TEST

/* A made-up password has to be changed, whenever the session began. */
START_TEST(made_up_meanwhile)
{
	be("vera", 'a');
	ck_assert_int_eq(get("/api/v1/connection"), 200);
	ck_assert_int_eq(users_made(con.app.db, "vera", time(NULL), &err), 0);
	ck_assert_int_eq(get("/api/v1/connection"), 403);
	ck_assert_str_eq(got_code(), "auth.change");
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, promoted, 0, 2);
	tcase_add_test(t, required_later);
	tcase_add_loop_test(t, factor_taken_off, 0, 2);
	tcase_add_test(t, made_up_meanwhile);
	return con_close(suite_run("stale", t));
}
