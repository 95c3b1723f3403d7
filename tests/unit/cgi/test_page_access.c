/*
 * test_page_access.c - the Access page with users, tokens and sessions of a
 * real database, as the browser tests look at it (POSTSEAL_PAGES: page_rig.h).
 */
#include "harness.h"
#include "sessions.h"
#include "tokens.h"
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

#define NIGHT "operator-of-the-night-shift"

/* A page of the session SECRET, kept for the browser tests. */
static void
look(const char *target, const char *name, const char *lang, int status)
{
	ask("GET", target);
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	param("HTTP_ACCEPT_LANGUAGE", lang);
	ck_assert_msg(go() == status, "%s: %d", target, ex.status);
	ck_assert_ptr_null(strstr(got_body(), "{{"));
	if (name != NULL)
		keep(name, lang);
}

static bool
has(const char *text)
{
	return strstr(got_body(), text) != NULL;
}

static long hook;

static void
setup(void)
{
	struct token_want w = {
	    NIGHT, "hook", SCOPE_CERTIFICATES, 30, "192.0.2.0/24", "default"};
	char token[TOKEN_LEN + 1];
	struct err err;

	con_setup();
	err_clear(&err);
	users_delete(con.app.db, NIGHT, NULL);
	ck_assert_int_eq(
	    users_add(con.app.db, NIGHT, PASSWORD, time(NULL), &err), 0);
	ck_assert_int_eq(
	    tokens_create(con.app.db, &w, time(NULL), token, &hook, &err), 0);
	for (char c[] = "0000" SECRET; c[0] < '4'; c[0]++)
		session_of(USER, c);
	session_of(USER, SECRET);
	session_of(NIGHT,
	    "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

static void
teardown(void)
{
	users_delete(con.app.db, NIGHT, NULL);
	ck_assert_int_eq(sessions_end_others(con.app.db, USER, 0, NULL), 0);
	con_teardown();
}

/* The number behind a text of the page. */
static long
number_after(const char *text)
{
	const char *s = strstr(got_body(), text);

	ck_assert_ptr_nonnull(s);
	return strtol(s + strlen(text), NULL, 10);
}

START_TEST(shows_who_may_what)
{
	static const char *const langs[] = {"en", "ja"};
	const char *lang = langs[_i];
	char path[128];

	look("/access", "access", lang, 200);
	ck_assert(has("id=\"mine\""));
	ck_assert(has("href=\"/access/users\""));
	ck_assert(!has(NIGHT));
	look("/access/users", "access-users", lang, 200);
	ck_assert(has("href=\"/access/users/" NIGHT "\""));
	look("/access/users/" NIGHT, "access-user", lang, 200);
	ck_assert(has("value=\"user_delete:" NIGHT "\""));
	ck_assert(has("<bdi>" NIGHT "</bdi></button>"));
	look("/access/users/OPERATOR-of-the-night-shift", NULL, lang, 200);
	look("/access/users/" USER, "access-user-me", lang, 200);
	ck_assert(!has("user_delete:"));
	look("/access/users/nobody", NULL, lang, 404);
	ask("GET", "/join?user=suzuki");
	param("HTTP_ACCEPT_LANGUAGE", lang);
	ck_assert_int_eq(go(), 200);
	keep("join", lang);
	look("/access/tokens", "access-tokens", lang, 200);
	snprintf(path, sizeof(path), "/access/tokens/%ld", hook);
	ck_assert(has(path));
	look(path, "access-token", lang, 200);
	ck_assert(has("<bdi>hook</bdi></button>"));
	look("/access/tokens/4711", NULL, lang, 404);
	look("/access/sessions", "access-sessions", lang, 200);
	snprintf(path, sizeof(path), "/access/sessions/%ld",
	    number_after("href=\"/access/sessions/"));
	look(path, "access-session", lang, 200);
	ck_assert(has("session_end:"));
	if (_i == 0)
		ck_assert(has(
		    "End the session of " NIGHT " from 192.0.2.1</button>"));
	look("/access/sessions/4711", NULL, lang, 404);
}
END_TEST

START_TEST(filters)
{
	look("/access/users?text=NIGHT&sort=-last", "access-filtered", "en",
	    200);
	ck_assert(has("value=\"NIGHT\""));
	ck_assert(has("<option value=\"-last\" selected>"));
	ck_assert(has("/access/users/" NIGHT "\""));
	ck_assert(!has("/access/users/" USER "\""));
	look("/access/users?sort=name", NULL, "en", 200);
	ck_assert(strstr(got_body(), "/access/users/" USER) <
		  strstr(got_body(), "/access/users/" NIGHT));
	look("/access/tokens?text=nothing-of-that-name", NULL, "en", 200);
	ck_assert(!has("/access/tokens/"));
	ck_assert(has("Nothing matches"));
}
END_TEST

/* 20 a page; what is no page is the first. */
static const struct {
	const char *query, *range;
	bool prev, next;
} turns[] = {
    {"", "1 to 20 of 45", false, true},
    {"?page=1", "1 to 20 of 45", false, true},
    {"?page=2", "21 to 40 of 45", true, true},
    {"?page=3", "41 to 45 of 45", true, false},
    {"?page=4", "1 to 20 of 45", false, true},
    {"?page=0", "1 to 20 of 45", false, true},
    {"?page=-1", "1 to 20 of 45", false, true},
    {"?page=99999999999", "1 to 20 of 45", false, true},
    {"?page=x&text=u", "1 to 20 of 43", false, true},
    {"?page=2&text=u1", "", false, false},
};

START_TEST(pages)
{
	char name[16], target[64];
	struct err err;
	int n = 0;

	for (int i = 0; i < 43; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		ck_assert_int_eq(users_pam(con.app.db, name, ROLE_VIEWER, "1",
				     time(NULL), &(struct proof){0}, &err),
		    0);
	}
	snprintf(target, sizeof(target), "/access/users%s", turns[_i].query);
	look(target, _i == 2 ? "access-page" : NULL, "en", 200);
	ck_assert(has(turns[_i].range));
	ck_assert_int_eq(has("rel=\"prev\""), turns[_i].prev);
	ck_assert_int_eq(has("rel=\"next\""), turns[_i].next);
	for (const char *s = got_body();
	     (s = strstr(s, "<tr><th scope=\"row\"")) != NULL; s++)
		n++;
	ck_assert_int_le(n, 20);
	for (int i = 0; i < 43; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		users_delete(con.app.db, name, NULL);
	}
}
END_TEST

#define OTHER "aaaa456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A reload makes no second one, and shows the first no more. */
START_TEST(shown_once)
{
	char csrf[65], text[256], to[128];

	ck_assert_int_eq(
	    hmac_sha256_hex(SECRET, strlen(SECRET), "csrf", csrf), 0);
	snprintf(text, sizeof(text),
	    "csrf=%s&do=token_add&name=new&owner=" USER "&scope=read", csrf);
	ask("POST", "/access/tokens");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	body("application/x-www-form-urlencoded", text);
	ck_assert_int_eq(go(), 303);
	ck_assert(!has("pst_"));
	ck_assert_str_eq(
	    got_header("Location", to, sizeof(to)), "/access/tokens");
	/* It waits, in no words, and another session cannot open it. */
	ck_assert_int_eq(sql("SELECT count(*) FROM sessions WHERE once"
			     " <> '' AND once NOT GLOB '*[^0-9a-f]*'"),
	    1);
	session_of(USER, OTHER);
	ck_assert_int_eq(sql("UPDATE sessions SET once = (SELECT once"
			     " FROM sessions WHERE once <> '') WHERE id"
			     " = (SELECT max(id) FROM sessions)"
			     " RETURNING 1"),
	    1);
	ask("GET", to);
	param("HTTP_COOKIE", COOKIE_SESSION "=" OTHER);
	ck_assert_int_eq(go(), 200);
	ck_assert(!has("pst_"));
	look(to, "access-made", "en", 200);
	ck_assert(has("<code class=\"fp once\">pst_"));
	ck_assert(has("New token: new"));
	for (int i = 0; i < 2; i++) {
		look(to, NULL, "en", 200);
		ck_assert(!has("pst_"));
		ck_assert(has("<bdi>new</bdi>"));
	}
	ck_assert_int_eq(tokens_delete_of(con.app.db, USER, NULL), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("all");

	con_open();
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, shows_who_may_what, 0, 2);
	tcase_add_test(tc, filters);
	tcase_add_loop_test(tc, pages, 0, sizeof(turns) / sizeof(turns[0]));
	tcase_add_test(tc, shown_once);
	return con_close(suite_run("page access", tc));
}
