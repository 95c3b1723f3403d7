/*
 * test_step_up.c - an open session is not enough to change who gets in: the
 * API says what to send, the page asks in its form; a token never does; and
 * what somebody makes is never wider than he is.
 */
#include "harness.h"
#include "access.h"
#include "auth.h"
#include "sessions.h"

#define FORM  "application/x-www-form-urlencoded"
#define JSON  "application/json"
#define TYPED "correct+horse+battery"
#define OTHER "vole+kettle+lantern"
#define SECRET \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct err err;
static char csrf[SHA256_HEX];
static struct session_row row;

/* A session of that age, found on somebody's screen. */
static void
aged(int seconds)
{
	ck_assert_int_eq(
	    sessions_prove(con.app.db, row.id, time(NULL) - seconds, &err), 0);
}

static void
setup(void)
{
	struct user_row user;

	con_setup();
	err_clear(&err);
	(void)users_delete(con.app.db, "colleague", NULL);
	(void)users_delete(con.app.db, "eve", NULL);
	(void)sessions_end_others(con.app.db, USER, 0, NULL);
	ck_assert_int_eq(users_create(con.app.db, "colleague", OTHER,
			     ROLE_VIEWER, time(NULL), &err),
	    0);
	ck_assert_int_eq(users_get(con.app.db, USER, &user, &err), 0);
	ck_assert_int_eq(sessions_add(con.app.db, user.id, SECRET, "192.0.2.1",
			     time(NULL), &err),
	    0);
	ck_assert_int_eq(sessions_find(con.app.db, SECRET, time(NULL), 900,
			     9000, &row, &err),
	    0);
	ck_assert_int_eq(
	    hmac_sha256_hex(SECRET, strlen(SECRET), "csrf", csrf), 0);
	aged(301);
}

static const struct {
	const char *method, *path, *body;
	int status;
} calls[] = {
    {"POST", "/api/v1/users", "{\"name\":\"eve\",\"role\":\"viewer\"}", 201},
    {"POST", "/api/v1/users/colleague", "{\"role\":\"administrator\"}", 200},
    {"POST", "/api/v1/users/colleague", "{\"password\":\"fern+kettle+vole\"}",
	200},
    {"POST", "/api/v1/users/colleague", "{\"reset_second_factor\":true}", 200},
    {"POST", "/api/v1/users/colleague", "{\"revoke_tokens\":true}", 200},
    {"DELETE", "/api/v1/users/colleague", NULL, 204},
    {"POST", "/api/v1/tokens", "{\"name\":\"x\",\"scope\":\"read\"}", 201},
    {"DELETE", "/api/v1/sessions/999", NULL, 404},
};

static int
call(const char *method, const char *path, const char *text, bool token)
{
	ask(method, path);
	if (token) {
		bearer();
	} else {
		param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
		param("HTTP_X_CSRF_TOKEN", csrf);
	}
	if (text != NULL)
		body(JSON, text);
	return go();
}

START_TEST(by_the_api)
{
	struct user_row user;
	int tokens = 0;

	ck_assert_int_eq(
	    call(calls[_i].method, calls[_i].path, calls[_i].body, false), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.step_up"));
	ck_assert_ptr_nonnull(strstr(ex.out.data, "/api/v1/proof"));
	ck_assert_int_eq(
	    call(calls[_i].method, calls[_i].path, calls[_i].body, true), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.scope"));
	ck_assert_int_eq(users_get(con.app.db, "eve", &user, NULL), -1);
	ck_assert_int_eq(users_get(con.app.db, "colleague", &user, &err), 0);
	ck_assert_int_eq(user.role, ROLE_VIEWER);
	ck_assert_int_eq(
	    users_verify(con.app.db, "colleague", OTHER, &user.proof, &err), 0);
	ck_assert_int_eq(tokens_count_of(con.app.db, USER, &tokens, &err), 0);
	ck_assert_int_eq(tokens, 1);
	/* Neither with a wrong one, nor by a token. */
	ck_assert_int_eq(call("POST", "/api/v1/proof",
			     "{\"password\":\"wrong horse battery\"}", false),
	    401);
	ck_assert_int_eq(call("POST", "/api/v1/proof", "{}", false), 400);
	ck_assert_int_eq(call("POST", "/api/v1/proof",
			     "{\"password\":\"" PASSWORD "\"}", true),
	    403);
	ck_assert_int_eq(
	    call(calls[_i].method, calls[_i].path, calls[_i].body, false), 403);
	ck_assert_int_eq(call("POST", "/api/v1/proof",
			     "{\"password\":\"" PASSWORD "\"}", false),
	    204);
	ck_assert_int_eq(
	    call(calls[_i].method, calls[_i].path, calls[_i].body, false),
	    calls[_i].status);
	if (strcmp(calls[_i].path, "/api/v1/tokens") == 0)
		(void)tokens_delete(con.app.db, 2, NULL);
}
END_TEST

static int
press(const char *fields)
{
	char text[512];

	snprintf(text, sizeof(text), "csrf=%s&%s", csrf, fields);
	ask("POST", strncmp(fields, "do=password&", 12) == 0 ? "/access"
							     : "/access/users");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	body(FORM, text);
	return go();
}

static const struct {
	const char *fields;
	int status;
} presses[] = {
    {"do=user_add&user=eve&role=viewer&password=", 303},
    {"do=user_role:colleague&role=operator", 303},
    {"do=user_password:colleague", 303},
    {"do=totp_reset:colleague", 303},
    {"do=user_delete:colleague", 303},
    {"do=token_add&name=x&owner=colleague&scope=read&days=1", 303},
};

/* The form asks in its place, and keeps what was typed. */
/* What a page does and what the API does wants the same, by one table: to
 * revoke a token lets nobody in, and has to be quick; a session that ends may
 * be the one that would have stopped an intruder. */
START_TEST(page_as_api)
{
	ck_assert_int_eq(press("do=token_delete:999"), 404);
	ck_assert_int_eq(
	    call("DELETE", "/api/v1/tokens/999", NULL, false), 404);
	ck_assert_int_eq(call("DELETE", "/api/v1/tokens/999", NULL, true), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.scope"));
	ck_assert_int_eq(press("do=session_end:999"), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.step_up"));
	ck_assert_int_eq(
	    call("DELETE", "/api/v1/sessions/999", NULL, false), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.step_up"));
	aged(0);
	ck_assert_int_eq(press("do=session_end:999"), 404);
	ck_assert_int_eq(
	    call("DELETE", "/api/v1/sessions/999", NULL, false), 404);
}
END_TEST

START_TEST(on_the_page)
{
	char text[256];

	ask("GET", "/access/users");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "once more<input"));
	ck_assert_int_eq(press(presses[_i].fields), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.step_up"));
	ck_assert_ptr_nonnull(strstr(ex.out.data, "once more<input"));
	if (_i == 0)
		ck_assert_ptr_nonnull(strstr(ex.out.data, "value=\"eve\""));
	snprintf(text, sizeof(text), "%s&current=wrong", presses[_i].fields);
	ck_assert_int_eq(press(text), 422);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.failed"));
	snprintf(text, sizeof(text), "%s&current=" TYPED, presses[_i].fields);
	ck_assert_int_eq(press(text), presses[_i].status);
	/* For some minutes now, it does not. */
	ask("GET", "/access/users");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_null(strstr(ex.out.data, "once more<input"));
	aged(299);
	ck_assert_int_ne(press(presses[_i].fields), 403);
	aged(-60); /* the clock was put back */
	ck_assert_int_eq(press(presses[_i].fields), 403);
}
END_TEST

/* Whoever had the password may have made tokens with it. */
START_TEST(tokens_go_with_the_password)
{
	struct token_want w = {"colleague", "t", SCOPE_READ, 1, NULL, NULL};
	char token[TOKEN_LEN + 1];
	struct user_row user;
	int n = 0;
	long id;

	ck_assert_int_eq(
	    tokens_create(con.app.db, &w, time(NULL), token, &id, &err), 0);
	ck_assert_int_eq(sessions_end_others(con.app.db, USER, 0, &err), 0);
	ck_assert_int_eq(users_get(con.app.db, "colleague", &user, &err), 0);
	ck_assert_int_eq(sessions_add(con.app.db, user.id, SECRET, "192.0.2.1",
			     time(NULL), &err),
	    0);
	ask("GET", "/access");
	param("HTTP_COOKIE", COOKIE_SESSION "=" SECRET);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "name=\"revoke_tokens\""));
	ck_assert_int_eq(
	    press(_i == 0 ? "do=password&current=vole%2Bkettle%2Blantern&"
			    "password=fern+kettle+vole&again=fern+kettle+vole"
			  : "do=password&current=vole%2Bkettle%2Blantern&"
			    "password=fern+kettle+vole&again=fern+kettle+vole"
			    "&revoke_tokens=on"),
	    303);
	ck_assert_int_eq(tokens_count_of(con.app.db, "colleague", &n, &err), 0);
	ck_assert_int_eq(n, _i == 0);
	ck_assert_int_eq(tokens_count_of(con.app.db, USER, &n, &err), 0);
	ck_assert_int_ge(n, 1);
}
END_TEST

/* Whatever a later table of rights says. */
START_TEST(never_wider)
{
	struct request req = {.who = {.known = true, .role = (enum role)_i}};
	struct token_want w = {USER, "t", SCOPE_READ, 1, NULL, NULL};
	char made[GENERATED_LEN + 1], token[TOKEN_LEN + 1];
	long id;

	strcpy(req.who.user, "colleague");
	for (int r = _i + 1; r < ROLE__MAX; r++) {
		ck_assert_int_eq(access_user_add(&con.app, &req, "eve",
				     (enum role)r, "", made, &err),
		    -1);
		ck_assert_int_eq(err.code, ERR_AUTH_FORBIDDEN);
		ck_assert_int_eq(access_user_role(&con.app, &req, "colleague",
				     (enum role)r, &err),
		    -1);
		ck_assert_int_eq(err.code, ERR_AUTH_FORBIDDEN);
	}
	ck_assert_int_eq(
	    access_token_add(&con.app, &req, &w, token, &id, &err), -1);
	ck_assert_int_eq(err.code, ERR_AUTH_FORBIDDEN);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_add_checked_fixture(t, setup, con_teardown);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, by_the_api, 0, N(calls));
	tcase_add_test(t, page_as_api);
	tcase_add_loop_test(t, on_the_page, 0, N(presses));
	tcase_add_loop_test(t, tokens_go_with_the_password, 0, 2);
	tcase_add_loop_test(t, never_wider, ROLE_NONE, ROLE_ADMINISTRATOR);
	return con_close(suite_run("step up", t));
}
