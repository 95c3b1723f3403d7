/*
 * test_access.c - who may what: the table of rights, every route against
 * every role and scope, the second step of the log-in, and the page.
 */
#include "../suite.h"
#include "harness.h"
#include "sessions.h"
#include "throttle.h"
#include "tokens.h"
#include "totp.h"
#include "auth.h"

#define FORM "application/x-www-form-urlencoded"

static char session[128], csrf[65];

/* By need: the least role, and the scopes that have it: c, r, w. */
static const struct {
	enum need need;
	enum role least;
	const char *scopes, *reading;
} rights[] = {
    {MAY_NOTHING, ROLE__MAX, "", ""},
    {MAY_OWN, ROLE_VIEWER, "", ""},
    {MAY_CHECK, ROLE_VIEWER, "crw", "crw"},
    {MAY_READ, ROLE_VIEWER, "rw", "rw"},
    {MAY_RENEW, ROLE_OPERATOR, "cw", "cw"},
    {MAY_CHANGE, ROLE_OPERATOR, "w", "w"},
    {MAY_ACCESS, ROLE_ADMINISTRATOR, "w", "rw"},
    {MAY_REVOKE, ROLE_ADMINISTRATOR, "", "rw"},
    {MAY_GRANT, ROLE_ADMINISTRATOR, "", "rw"},
};

static const char scope_letter[SCOPE__MAX] = {
    [SCOPE_NONE] = '-',
    [SCOPE_CERTIFICATES] = 'c',
    [SCOPE_READ] = 'r',
    [SCOPE_WRITE] = 'w',
};

/* What may.c should say, written down another way. */
static enum err_code
expected(const struct identity *who, int row, enum http_method method)
{
	const char *scopes =
	    method == HTTP_GET ? rights[row].reading : rights[row].scopes;

	if (!who->known || who->role < rights[row].least)
		return ERR_AUTH_FORBIDDEN;
	if (who->session == 0 &&
	    strchr(scopes, scope_letter[who->scope]) == NULL)
		return ERR_AUTH_SCOPE;
	if (who->must_enrol && rights[row].need != MAY_OWN)
		return ERR_AUTH_ENROL;
	if (rights[row].need == MAY_GRANT && method != HTTP_GET &&
	    !who->fresh)
		return ERR_AUTH_STEP_UP;
	return ERR_NONE;
}

START_TEST(table_of_rights)
{
	static const enum http_method methods[] = {
	    HTTP_GET, HTTP_POST, HTTP_DELETE};
	struct identity who = {0};
	enum err_code want;
	struct err err;
	int n = 0, rc;

	for (int bits = 0; bits < 16; bits++)
		for (int role = 0; role < ROLE__MAX; role++)
			for (int scope = 0; scope < SCOPE__MAX; scope++)
				for (int m = 0; m < N(methods); m++) {
					who.known = (bits & 1) != 0;
					who.session = (bits & 2) != 0 ? 7 : 0;
					who.must_enrol = (bits & 4) != 0;
					who.fresh = (bits & 8) != 0;
					who.role = (enum role)role;
					who.scope = (enum scope)scope;
					want = expected(&who, _i, methods[m]);
					err_clear(&err);
					rc = may_check(&who, rights[_i].need,
					    methods[m], &err);
					ck_assert_int_eq(
					    rc, want == ERR_NONE ? 0 : -1);
					ck_assert_int_eq(err.code, want);
					n++;
				}
	ck_assert_int_eq(n, 16 * ROLE__MAX * SCOPE__MAX * N(methods));
}
END_TEST

START_TEST(needs_out_of_range)
{
	struct identity who = {.known = true,
	    .session = 1,
	    .role = ROLE_ADMINISTRATOR,
	    .scope = SCOPE_WRITE};

	ck_assert(!may(&who, MAY__MAX));
	ck_assert(!may(&who, (enum need)99));
	ck_assert(!may(&who, (enum need) - 1));
	ck_assert(!may(&who, MAY_NOTHING));
	ck_assert(may(&who, MAY_ACCESS));
	ck_assert(may(&(struct identity){0}, MAY_ANYONE));
}
END_TEST

/* A session without the log-in, with a role. */
static void
be(const char *name, enum role role)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcdef";
	struct user_row user;
	struct err err;

	err_clear(&err);
	ck_assert_msg(
	    users_get(con.app.db, name, &user, &err) == 0, "%s", err.msg);
	if (role != ROLE_NONE)
		ck_assert_msg(users_set_role(con.app.db, name, role, &err) == 0,
		    "%s", err.msg);
	ck_assert_msg(sessions_add(con.app.db, user.id, secret, "192.0.2.1",
			  time(NULL), &err) == 0,
	    "%s", err.msg);
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", secret);
	ck_assert_int_eq(
	    hmac_sha256_hex(secret, strlen(secret), "csrf", csrf), 0);
}

static void
leave(void)
{
	ck_assert_int_eq(sessions_end_others(con.app.db, USER, 0, NULL), 0);
	ck_assert_int_eq(sessions_end_others(con.app.db, "other", 0, NULL), 0);
}

/* A request of the row with an empty body of its kind. */
static int
knock(const struct route *r, const char *cookie, const char *token)
{
	static const char *const methods[] = {
	    [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_DELETE] = "DELETE"};
	size_t n = strcspn(r->path, "{");
	const char *rest = strchr(r->path, '}');
	char path[128], v[128];

	snprintf(path, sizeof(path), "%.*s%s", (int)n, r->path,
	    rest == NULL ? "" : "1");
	if (rest != NULL)
		strcat(path, rest + 1);
	ask(methods[r->method], path);
	if (cookie != NULL) {
		param("HTTP_COOKIE", cookie);
		param("HTTP_X_CSRF_TOKEN", csrf);
	}
	if (token != NULL) {
		snprintf(v, sizeof(v), "Bearer %s", token);
		param("HTTP_AUTHORIZATION", v);
	}
	if (r->method == HTTP_POST)
		body((r->types & BODY_JSON) != 0 ? "application/json" : FORM,
		    (r->types & BODY_JSON) != 0 ? "{}" : "");
	return go();
}

/* Every route that needs more is closed to each lesser role. */
START_TEST(routes_by_role)
{
	static const enum role has[] = {
	    ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMINISTRATOR};
	const struct route *r;
	struct identity who = {
	    .known = true, .session = 1, .scope = SCOPE_WRITE, .fresh = true};
	int closed = 0, open = 0, status;

	who.role = has[_i];
	be("other", has[_i]);
	for (size_t i = 0; i < routes_n; i++) {
		r = &routes[i];
		if (r->auth == AUTH_NONE || strcmp(r->path, "/logout") == 0)
			continue;
		status = knock(r, session, NULL);
		if (may_check(&who, r->need, r->method, NULL) == -1) {
			ck_assert_msg(status == 403, "%d %s: %d", r->method,
			    r->path, status);
			closed++;
		} else if (r->method == HTTP_GET) {
			ck_assert_msg(status != 403 && status != 401,
			    "%d %s: %d", r->method, r->path, status);
			open++;
		}
	}
	ck_assert_int_gt(open, 10);
	ck_assert_int_eq(closed > 0, has[_i] != ROLE_ADMINISTRATOR);
	leave();
}
END_TEST

/* The API without anything, with a token of each scope. */
START_TEST(routes_by_scope)
{
	struct token_want w = {USER, "t", (enum scope)_i, 1, NULL, NULL};
	char token[TOKEN_LEN + 1];
	struct identity who = {
	    .known = true, .role = ROLE_ADMINISTRATOR, .scope = (enum scope)_i};
	const struct route *r;
	struct err err;
	long id;
	int closed = 0, status;

	err_clear(&err);
	ck_assert_int_eq(
	    tokens_create(con.app.db, &w, time(NULL), token, &id, &err), 0);
	for (size_t i = 0; i < routes_n; i++) {
		r = &routes[i];
		if (r->auth != AUTH_TOKEN)
			continue;
		ck_assert_int_eq(knock(r, NULL, NULL), 401);
		status = knock(r, NULL, token);
		if (may_check(&who, r->need, r->method, NULL) == -1) {
			ck_assert_msg(status == 403, "%d %s: %d", r->method,
			    r->path, status);
			closed++;
		} else {
			ck_assert_msg(status != 401, "%d %s: %d", r->method,
			    r->path, status);
		}
	}
	/* Of write, too: proof, and what changes who gets in. */
	ck_assert_int_ge(closed, 7);
	ck_assert_int_eq(closed > 9, _i != SCOPE_WRITE);
	tokens_delete(con.app.db, id, NULL);
}
END_TEST

/* A token opens no page. */
START_TEST(no_page_with_a_token)
{
	int n = 0;

	for (size_t i = 0; i < routes_n; i++) {
		if (routes[i].auth != AUTH_SESSION)
			continue;
		ck_assert_int_eq(knock(&routes[i], NULL, con.token), 303);
		n++;
	}
	ck_assert_int_gt(n, 5);
}
END_TEST

/* A second factor is asked for, and comes before everything else. */
static const struct {
	const char *required;
	enum role role;
	bool asked;
} requirements[] = {
    {"", ROLE_ADMINISTRATOR, false},
    {"administrator", ROLE_ADMINISTRATOR, true},
    {"administrator", ROLE_OPERATOR, false},
    {"operator, viewer", ROLE_VIEWER, true},
    {"operator,viewer", ROLE_ADMINISTRATOR, false},
    {"viewer operator administrator", ROLE_OPERATOR, true},
};

START_TEST(factor_required)
{
	struct user_row user = {.role = requirements[_i].role};

	snprintf(con.app.conf.totp_required, sizeof(con.app.conf.totp_required),
	    "%s", requirements[_i].required);
	ck_assert_int_eq(session_stage(&con.app, &user),
	    requirements[_i].asked ? STAGE_ENROL : STAGE_FULL);
	user.second_factor = true;
	ck_assert_int_eq(session_stage(&con.app, &user), STAGE_FULL);
	con.app.conf.totp_required[0] = '\0';
}
END_TEST

static char pre[128];

static int
login_post(const char *fields)
{
	char v[96], text[512], value[65], both[300];

	ask("GET", "/login");
	if (session[0] != '\0')
		param("HTTP_COOKIE", session);
	go();
	if (got_cookie(COOKIE_LOGIN, v, sizeof(v)) != NULL)
		snprintf(pre, sizeof(pre), COOKIE_LOGIN "=%s", v);
	got_csrf(value);
	snprintf(text, sizeof(text), "csrf=%s&%s", value, fields);
	ask("POST", "/login");
	snprintf(both, sizeof(both), "%s%s%s", pre,
	    session[0] != '\0' ? "; " : "", session);
	param("HTTP_COOKIE", both);
	body(FORM, text);
	return go();
}

static void
keep_session(void)
{
	char v[96];

	ck_assert_ptr_nonnull(got_cookie(COOKIE_SESSION, v, sizeof(v)));
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
}

static int
get(const char *target)
{
	ask("GET", target);
	param("HTTP_COOKIE", session);
	return go();
}

#define PW "user=" USER "&password=correct+horse+battery"

START_TEST(enrolment_comes_first)
{
	char v[128];

	strcpy(con.app.conf.totp_required, "administrator");
	session[0] = '\0';
	ck_assert_int_eq(login_post(PW), 303);
	keep_session();
	ck_assert_int_eq(get("/smtp-routing/connection"), 303);
	ck_assert_str_eq(got_header("Location", v, sizeof(v)), "/access");
	ck_assert_int_eq(get("/api/v1/connection"), 403);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "auth.enrol"));
	ck_assert_int_eq(get("/access"), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "id=\"must-enrol\""));
	ck_assert_ptr_null(strstr(ex.out.data, "id=\"users\""));
	con.app.conf.totp_required[0] = '\0';
	leave();
}
END_TEST

static char secret[TOTP_SECRET_LEN + 1];
static char codes[RECOVERY_CODES][RECOVERY_LEN + 1];

static const char *
code_at(int64_t off)
{
	static char text[32];

	memcpy(text, "code=", 5);
	ck_assert_int_eq(
	    totp_code(
		secret, (uint64_t)(time(NULL) / TOTP_STEP_S + off), text + 5),
	    0);
	return text;
}

START_TEST(two_steps)
{
	char half[128];
	struct json_object *o;
	struct err err;

	err_clear(&err);
	ck_assert_int_eq(totp_start(con.app.db, USER, secret, &err), 0);
	ck_assert_int_eq(totp_confirm(con.app.db, USER, code_at(0) + 5,
			     time(NULL), codes, &err),
	    0);
	session[0] = '\0';
	/* a code before the password is nobody's */
	ck_assert_int_eq(login_post(code_at(1)), 401);
	ck_assert_int_eq(login_post(PW), 200);
	keep_session();
	ck_assert_ptr_nonnull(strstr(ex.out.data, "name=\"code\""));
	strcpy(half, session);
	ck_assert_int_eq(get("/smtp-routing/connection"), 303);
	ck_assert_int_eq(get("/access"), 303);
	ck_assert_int_eq(get("/api/v1/connection"), 401);
	ck_assert_int_eq(get("/login"), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "name=\"code\""));
	ck_assert_int_eq(get("/login?again=1"), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "name=\"password\""));
	ck_assert_int_eq(login_post("code=000000"), 401);
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "login_failed");
	json_object_put(o);
	ck_assert_int_eq(login_post(code_at(1)), 303);
	keep_session();
	/* a new secret, and the half one is gone */
	ck_assert_str_ne(half, session);
	ck_assert_int_eq(get("/access"), 200);
	strcpy(session, half);
	ck_assert_int_eq(get("/access"), 303);
	ck_assert_int_eq(login_post(code_at(1)), 401);
	totp_reset(con.app.db, USER, time(NULL), &err);
	leave();
}
END_TEST

/* Wrong codes are answered ever slower, also with the right one at the end. */
START_TEST(codes_are_not_guessed)
{
	struct err err;
	int n, status = 0;

	err_clear(&err);
	ck_assert_int_eq(totp_start(con.app.db, USER, secret, &err), 0);
	ck_assert_int_eq(totp_confirm(con.app.db, USER, code_at(0) + 5,
			     time(NULL), codes, &err),
	    0);
	session[0] = '\0';
	ck_assert_int_eq(login_post(PW), 200);
	keep_session();
	for (n = 0; n < 12 && status != 429; n++)
		status = login_post("code=000000");
	ck_assert_int_eq(status, 429);
	ck_assert_int_ge(n, 6);
	ck_assert_int_le(n, 9);
	ck_assert_int_eq(login_post(code_at(1)), 429);
	throttle_code_clear(con.app.db, USER, "192.0.2.1", &err);
	totp_reset(con.app.db, USER, time(NULL), &err);
	leave();
}
END_TEST

/* Names that are markup stand on the page as text. */
START_TEST(page_escapes)
{
	struct token_want w = {
	    USER, "<script>alert(1)</script>\"'", SCOPE_READ, 0, NULL, NULL};
	char token[TOKEN_LEN + 1];
	struct err err;
	long id;

	err_clear(&err);
	be(USER, ROLE_NONE);
	ck_assert_int_eq(
	    tokens_create(con.app.db, &w, time(NULL), token, &id, &err), 0);
	ck_assert_int_eq(get("/access/tokens"), 200);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "&lt;script&gt;alert(1)"));
	ck_assert_ptr_null(strstr(ex.out.data, "<script>alert"));
	ck_assert_int_eq(get("/access/tokens?done=%3Cscript%3E"), 200);
	ck_assert_ptr_null(strstr(ex.out.data, "id=\"done\""));
	tokens_delete(con.app.db, id, NULL);
	leave();
}
END_TEST

/* What a button needs is asked again; one that is unknown does nothing. */
static const struct {
	const char *act;
	int viewer, administrator;
} presses[] = {
    {"user_add", 403, 400},
    {"user_role:nobody", 403, 400},
    {"user_delete:nobody", 403, 404},
    {"user_delete:", 403, 400},
    {"user_password:" USER, 403, 403},
    {"totp_reset:" USER, 403, 403},
    {"totp_reset:nobody", 403, 404},
    {"token_add", 403, 400},
    {"token_delete:4711", 403, 404},
    {"token_delete:-1", 403, 404},
    {"token_delete:1%20OR%201", 403, 404},
    {"session_end:4711", 403, 404},
    {"end:4711", 404, 404},
    {"password", 400, 400},
    {"totp_confirm", 422, 422},
    {"", 400, 400},
    {"user", 400, 400},
    {"user_add2", 400, 400},
};

START_TEST(buttons)
{
	char text[256];

	be("other", ROLE_VIEWER);
	for (int i = 0; i < 2; i++) {
		if (i == 1) {
			leave();
			be(USER, ROLE_NONE);
		}
		snprintf(text, sizeof(text),
		    "csrf=%s&current=correct+horse+battery&do=%s", csrf,
		    presses[_i].act);
		ask("POST", "/access");
		param("HTTP_COOKIE", session);
		body(FORM, text);
		ck_assert_int_eq(go(),
		    i == 0 ? presses[_i].viewer : presses[_i].administrator);
	}
	leave();
}
END_TEST

static void
second_user(void)
{
	struct err err;

	err_clear(&err);
	if (db_open(con.dir, &con.app.db, &err) == -1 ||
	    users_create(con.app.db, "other", PASSWORD, ROLE_VIEWER, time(NULL),
		&err) == -1) {
		fprintf(stderr, "harness: %s\n", err.msg);
		exit(1);
	}
	db_close(con.app.db);
	con.app.db = NULL;
}

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	second_user();
	tcase_add_checked_fixture(t, con_setup, con_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, table_of_rights, 0, N(rights));
	tcase_add_test(t, needs_out_of_range);
	tcase_add_loop_test(t, routes_by_role, 0, 3);
	tcase_add_loop_test(t, routes_by_scope, SCOPE_CERTIFICATES, SCOPE__MAX);
	tcase_add_test(t, no_page_with_a_token);
	tcase_add_loop_test(t, factor_required, 0, N(requirements));
	tcase_add_test(t, enrolment_comes_first);
	tcase_add_test(t, two_steps);
	tcase_add_test(t, codes_are_not_guessed);
	tcase_add_test(t, page_escapes);
	tcase_add_loop_test(t, buttons, 0, N(presses));
	return con_close(suite_run("access", t));
}
