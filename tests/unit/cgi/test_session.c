/*
 * test_session.c - log-in, log-out, cookies, CSRF, and guessing.
 */
#include "harness.h"
#include "throttle.h"
#include "auth.h"

#define FORM "application/x-www-form-urlencoded"

static char pre[128], session[128], csrf[65];

/* The log-in page: its cookie and its hidden value. */
static void
open_login(void)
{
	char v[96];

	ask("GET", "/login");
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(got_cookie(COOKIE_LOGIN, v, sizeof(v)));
	snprintf(pre, sizeof(pre), COOKIE_LOGIN "=%s", v);
	got_csrf(csrf);
}

static int
post_login(const char *user, const char *password, const char *value,
    const char *cookie)
{
	char text[512];

	snprintf(text, sizeof(text), "csrf=%s&user=%s&password=%s&next=/",
	    value, user, password);
	ask("POST", "/login");
	if (cookie != NULL)
		param("HTTP_COOKIE", cookie);
	body(FORM, text);
	return go();
}

static void
log_in(void)
{
	char v[96];

	open_login();
	ck_assert_int_eq(
	    post_login(USER, "correct+horse+battery", csrf, pre), 303);
	ck_assert_ptr_nonnull(got_cookie(COOKIE_SESSION, v, sizeof(v)));
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
	/* A session's own value. */
	ask("GET", "/nothing");
	param("HTTP_COOKIE", session);
	go();
	got_csrf(csrf);
}

static int
get(const char *target, const char *cookie)
{
	ask("GET", target);
	param("HTTP_COOKIE", cookie);
	return go();
}

static int
post(const char *target, const char *cookie, const char *text)
{
	ask("POST", target);
	param("HTTP_COOKIE", cookie);
	body(FORM, text);
	return go();
}

START_TEST(login_and_out)
{
	struct json_object *o;
	char text[128], v[512];

	log_in();
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "login");
	ck_assert_str_eq(jsonx_path_str(o, "args.outcome", ""), "ok");
	ck_assert_str_eq(jsonx_path_str(o, "actor.user", ""), USER);
	ck_assert_str_eq(jsonx_path_str(o, "actor.from", ""), "192.0.2.1");
	ck_assert_str_eq(jsonx_path_str(o, "actor.via", ""), "web");
	json_object_put(o);

	snprintf(text, sizeof(text), "csrf=%s", csrf);
	ck_assert_int_eq(post("/logout", session, text), 303);
	ck_assert_str_eq(got_header("Location", v, sizeof(v)), "/login");
	ck_assert_str_eq(got_cookie(COOKIE_SESSION, v, sizeof(v)), "");
	o = daemon_heard("draft.drop");
	ck_assert_uint_eq(strlen(jsonx_path_str(o, "args.draft", "")), 64);
	json_object_put(o);
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "logout");
	json_object_put(o);
	ck_assert_int_eq(get("/smtp-routing/connection", session), 303);
}
END_TEST

/* The cookie's attributes, exactly. */
START_TEST(cookie_attributes)
{
	char v[256], want[256];

	open_login();
	post_login(USER, "correct+horse+battery", csrf, pre);
	got_cookie(COOKIE_SESSION, session, sizeof(session));
	ck_assert_uint_eq(strlen(session), 64);
	snprintf(want, sizeof(want),
	    COOKIE_SESSION "=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
	    session);
	ck_assert_str_eq(got_header("Set-Cookie", v, sizeof(v)), want);
}
END_TEST

/* The secret is new with each log-in; the former session is over. */
START_TEST(login_rotates)
{
	char first[128], text[256], v[96];

	log_in();
	strcpy(first, session);
	snprintf(text, sizeof(text),
	    "csrf=%s&user=" USER "&password=correct+horse+battery", csrf);
	ck_assert_int_eq(post("/login", session, text), 303);
	ck_assert_ptr_nonnull(got_cookie(COOKIE_SESSION, v, sizeof(v)));
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
	ck_assert_str_ne(first, session);
	ck_assert_int_eq(get("/smtp-routing/connection", first), 303);
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", session);
	ck_assert_int_eq(go(), 200);
}
END_TEST

static const struct {
	const char *user, *password;
} wrong[] = {
    {USER, "wrong+horse+battery"},
    {USER, ""},
    {USER, "correct+horse+battery+"},
    {USER, "correct+horse+batter"},
    {"nobody", "correct+horse+battery"},
    {"", "correct+horse+battery"},
    {"%27+OR+1%3D1+--", "x"},
    {"admin%0Ax", "correct+horse+battery"},
    {"-admin", "correct+horse+battery"},
};

START_TEST(wrong_password)
{
	struct json_object *o;
	char v[96];

	open_login();
	ck_assert_int_eq(
	    post_login(wrong[_i].user, wrong[_i].password, csrf, pre), 401);
	ck_assert_ptr_null(got_cookie(COOKIE_SESSION, v, sizeof(v)));
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "login_failed");
	ck_assert_str_eq(jsonx_path_str(o, "args.outcome", ""), "refused");
	ck_assert_str_eq(jsonx_path_str(o, "actor.user", "?"), "");
	json_object_put(o);
	throttle_clear(con.app.db, USER, "192.0.2.1", NULL);
}
END_TEST

/* The password is in nothing that leaves the process. */
START_TEST(password_not_told)
{
	struct json_object *o;

	open_login();
	post_login(USER, "hunter2hunter2", csrf, pre);
	ck_assert_ptr_null(strstr(ex.out.data, "hunter2"));
	o = daemon_heard("audit.add");
	ck_assert_ptr_null(strstr(json_object_to_json_string(o), "hunter2"));
	json_object_put(o);
	throttle_clear(con.app.db, USER, "192.0.2.1", NULL);
}
END_TEST

START_TEST(guessing_is_slowed)
{
	char v[32];
	int status = 0, n;

	open_login();
	for (n = 0; n < 10 && status != 429; n++)
		status = post_login("guess", "wrong+horse+battery", csrf, pre);
	ck_assert_int_eq(status, 429);
	/* the fifth; later when the clock of a slow test runs beside */
	ck_assert_int_ge(n, 5);
	ck_assert_int_le(n, 8);
	ck_assert_ptr_nonnull(got_header("Retry-After", v, sizeof(v)));
	ck_assert_int_ge(atoi(v), 1);
	/* The right password does not help now either. */
	ck_assert_int_eq(
	    post_login("guess", "correct+horse+battery", csrf, pre), 429);
	/* Another account from there is served. */
	ck_assert_int_eq(
	    post_login(USER, "correct+horse+battery", csrf, pre), 303);
	throttle_clear(con.app.db, "guess", "192.0.2.1", NULL);
}
END_TEST

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A log-in form's value is bound to its cookie. */
START_TEST(login_csrf)
{
	char good[65];

	open_login();
	strcpy(good, csrf);
	switch (_i) {
	case 0:
		post_login(USER, "correct+horse+battery", "", pre);
		break;
	case 1:
		post_login(USER, "correct+horse+battery", HEX64, pre);
		break;
	case 2:
		post_login(USER, "correct+horse+battery", good, NULL);
		break;
	case 3:
		post_login(USER, "correct+horse+battery", good,
		    COOKIE_LOGIN "=" HEX64);
		break;
	case 4:
		good[63] = good[63] == '0' ? '1' : '0';
		post_login(USER, "correct+horse+battery", good, pre);
		break;
	case 5: /* without the field */
		post("/login", pre, "user=" USER "&password=x");
		break;
	default: /* the cookie's value itself */
		post_login(
		    USER, "correct+horse+battery", strchr(pre, '=') + 1, pre);
		break;
	}
	ck_assert_int_eq(ex.status, 403);
}
END_TEST

static const char *const guarded[] = {
    "/logout", "/language", "/smtp-routing/connection", "/login"};

/* With a session: no value, a wrong one, that of the log-in form, that of
 * another session. */
START_TEST(session_csrf)
{
	char before[65], other[65], text[128];

	open_login();
	strcpy(before, csrf);
	log_in();
	strcpy(other, csrf);
	log_in();
	ck_assert_str_ne(other, csrf);
	for (int i = 0; i < N(guarded); i++) {
		ck_assert_int_eq(post(guarded[i], session, ""), 403);
		ck_assert_int_eq(post(guarded[i], session, "csrf="), 403);
		ck_assert_int_eq(post(guarded[i], session, "csrf=" HEX64), 403);
		snprintf(text, sizeof(text), "csrf=%s", before);
		ck_assert_int_eq(post(guarded[i], session, text), 403);
		snprintf(text, sizeof(text), "csrf=%s", other);
		ck_assert_int_eq(post(guarded[i], session, text), 403);
	}
	ck_assert_ptr_null(daemon_heard("connection.apply"));
	ck_assert_ptr_null(daemon_heard("draft.put"));
	/* still logged in */
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", session);
	ck_assert_int_eq(go(), 200);
}
END_TEST

/* The API by cookie: reading is free, changing wants the header. */
START_TEST(api_by_cookie)
{
	struct json_object *o;
	char wrong_value[65];

	log_in();
	strcpy(wrong_value, csrf);
	wrong_value[0] = wrong_value[0] == 'a' ? 'b' : 'a';
	for (int i = 0; i < 3; i++) {
		ask("POST", "/api/v1/connection");
		param("HTTP_COOKIE", session);
		if (i == 1)
			param("HTTP_X_CSRF_TOKEN", wrong_value);
		if (i == 2)
			param("HTTP_X_CSRF_TOKEN", csrf);
		body("application/json", "{}");
		ck_assert_int_eq(go(), i == 2 ? 200 : 403);
		if (i < 2)
			ck_assert_str_eq(got_code(), "auth.csrf");
	}
	o = daemon_heard("connection.apply");
	ck_assert_str_eq(jsonx_path_str(o, "actor.via", ""), "web");
	json_object_put(o);
}
END_TEST

static const char *const cookies[] = {
    "",
    "=",
    ";",
    COOKIE_SESSION,
    COOKIE_SESSION "=",
    COOKIE_SESSION "=x",
    COOKIE_SESSION "=" HEX64,
    COOKIE_SESSION "=" HEX64 "0",
    COOKIE_SESSION "=0123456789ABCDEF0123456789abcdef0123456789abcdef"
		   "0123456789abcdef",
    "x" COOKIE_SESSION "=" HEX64,
    COOKIE_SESSION "x=" HEX64,
    COOKIE_SESSION "=" HEX64 "; " COOKIE_SESSION "=" HEX64,
    COOKIE_LOGIN "=" HEX64,
    COOKIE_SESSION "=' OR 1=1 --",
    COOKIE_SESSION "=\xff\xff",
};

START_TEST(wrong_cookie)
{
	ck_assert_int_eq(get("/smtp-routing/connection", cookies[_i]), 303);
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", cookies[_i]);
	ck_assert_int_eq(go(), 401);
}
END_TEST

/* Ours twice: nobody can say which one counts. */
START_TEST(doubled_cookie)
{
	char twice[300];

	log_in();
	snprintf(twice, sizeof(twice), "a=b; %s; c=d", session);
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", twice);
	ck_assert_int_eq(go(), 200);
	snprintf(twice, sizeof(twice), "%s; %s", session, session);
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", twice);
	ck_assert_int_eq(go(), 401);
}
END_TEST

/* A token that fails is not saved by a good cookie. */
START_TEST(token_before_cookie)
{
	log_in();
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", session);
	param("HTTP_AUTHORIZATION", "Bearer x");
	ck_assert_int_eq(go(), 401);
	/* and a token opens no page */
	ask("GET", "/smtp-routing/connection");
	bearer();
	ck_assert_int_eq(go(), 303);
}
END_TEST

static const struct {
	const char *next, *location;
} nexts[] = {
    {"/smtp-routing/connection", "/smtp-routing/connection"},
    {"//evil.example/", "/"},
    {"https://evil.example/", "/"},
    {"/%5cevil.example/", "/"},
    {"/%09/evil.example", "/"},
    {"javascript:alert(1)", "/"},
    {"", "/"},
    {"/a%0d%0aX-Evil:+1", "/"},
};

START_TEST(redirects_stay_here)
{
	char text[256], v[256];

	open_login();
	snprintf(text, sizeof(text),
	    "csrf=%s&user=" USER "&password=correct+horse+battery&next=%s",
	    csrf, nexts[_i].next);
	ck_assert_int_eq(post("/login", pre, text), 303);
	ck_assert_str_eq(
	    got_header("Location", v, sizeof(v)), nexts[_i].location);
	ck_assert_ptr_null(got_header("X-Evil", v, sizeof(v)));
}
END_TEST

START_TEST(daemon_gone)
{
	char text[128];

	daemon_stop();
	log_in(); /* the audit fails softly */
	ck_assert_int_eq(get("/smtp-routing/connection", session), 503);
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", session);
	ck_assert_int_eq(go(), 503);
	ck_assert_str_eq(got_code(), "daemon.unreachable");
	snprintf(text, sizeof(text), "csrf=%s", csrf);
	ck_assert_int_eq(post("/logout", session, text), 303);
	ck_assert_int_eq(get("/smtp-routing/connection", session), 303);
}
END_TEST

/* Cookie and token are gone from memory when the request is over. */
START_TEST(wipes_parameters)
{
	log_in();
	ask("GET", "/api/v1/connection");
	param("HTTP_COOKIE", session);
	bearer();
	go();
	for (size_t i = 0; i < ex.n_env; i++) {
		if (strncmp(ex.env[i], "HTTP_", 5) == 0)
			ck_assert_str_eq(strchr(ex.env[i], '=') + 1, "");
	}
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, con_setup, con_teardown);
	tcase_add_test(t, login_and_out);
	tcase_add_test(t, cookie_attributes);
	tcase_add_test(t, login_rotates);
	tcase_add_loop_test(t, wrong_password, 0, N(wrong));
	tcase_add_test(t, password_not_told);
	tcase_add_test(t, guessing_is_slowed);
	tcase_add_loop_test(t, login_csrf, 0, 7);
	tcase_add_test(t, session_csrf);
	tcase_add_test(t, api_by_cookie);
	tcase_add_loop_test(t, wrong_cookie, 0, N(cookies));
	tcase_add_test(t, doubled_cookie);
	tcase_add_test(t, token_before_cookie);
	tcase_add_loop_test(t, redirects_stay_here, 0, N(nexts));
	tcase_add_test(t, daemon_gone);
	tcase_add_test(t, wipes_parameters);
	return con_close(suite_run("session", t));
}
