/*
 * test_page_access.c - the Access page with users, tokens and sessions of a
 * real database, as the browser tests look at it (POSTSEAL_PAGES: page_rig.h).
 */
#include "harness.h"
#include "sessions.h"
#include "auth.h"

#define SECRET \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
keep(const char *name, const char *lang)
{
	const char *dir = getenv("POSTSEAL_PAGES");
	char path[512];
	FILE *f;

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%s.html", dir, name, lang);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(got_body(), f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
session_of(const char *user, const char *secret)
{
	struct user_row row;
	struct err err;

	err_clear(&err);
	ck_assert_msg(
	    users_get(con.app.db, user, &row, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(sessions_add(con.app.db, row.id, secret, "192.0.2.1",
			     time(NULL), &err),
	    0);
}

START_TEST(shows_who_may_what)
{
	static const char *const langs[] = {"en", "ja"};
	const char *lang = langs[_i];
	struct err err;

	err_clear(&err);
	ck_assert_int_eq(users_add(con.app.db, "operator-of-the-night-shift",
			     PASSWORD, time(NULL), &err),
	    0);
	session_of(USER, SECRET);
	session_of("operator-of-the-night-shift",
	    "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	ask("GET", "/access");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	param("HTTP_ACCEPT_LANGUAGE", lang);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(strstr(got_body(), "id=\"users\""));
	ck_assert_ptr_nonnull(strstr(got_body(), "id=\"sessions\""));
	ck_assert_ptr_nonnull(
	    strstr(got_body(), "operator-of-the-night-shift"));
	ck_assert_ptr_null(strstr(got_body(), "{{"));
	keep("access", lang);
	ask("GET", "/access?text=NIGHT&sort=-last");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	param("HTTP_ACCEPT_LANGUAGE", lang);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(strstr(got_body(), "value=\"NIGHT\""));
	ck_assert_ptr_nonnull(
	    strstr(got_body(), "<option value=\"-last\" selected>"));
	ck_assert_ptr_nonnull(
	    strstr(got_body(), "<bdi>operator-of-the-night-shift</bdi></h3>"));
	ck_assert_ptr_null(strstr(got_body(), "<bdi>" USER "</bdi>\n"));
	ck_assert_ptr_null(strstr(got_body(), "user_role:" USER "\""));
	/* No token is of the night shift. */
	ck_assert_ptr_null(strstr(got_body(), "token_delete:"));
	keep("access-filtered", lang);
	ask("GET", "/access?sort=name");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	ck_assert_int_eq(go(), 200);
	ck_assert(strstr(got_body(), "user_role:" USER "\"") <
		  strstr(got_body(), "user_role:operator"));
	ck_assert_int_eq(
	    users_delete(con.app.db, "operator-of-the-night-shift", &err), 0);
	ck_assert_int_eq(sessions_end_others(con.app.db, USER, 0, NULL), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("all");

	con_open();
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, con_setup, con_teardown);
	tcase_add_loop_test(tc, shows_who_may_what, 0, 2);
	return con_close(suite_run("page access", tc));
}
