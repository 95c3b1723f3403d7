/*
 * test_reply.c - replies: no header injection, redirects of our own only; and
 * the invariants of the routes' table.
 */
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "core.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *name, *value;
	int rc;
} headers[] = {
    {"X-A", "b", 0},
    {"X-A", "", 0},
    {"X-A", "\xe6\x97\xa5", 0},
    {"X-A", "a\tb", 0},
    {"X-A", "a\r\nX-B: c", -1},
    {"X-A", "a\nX-B: c", -1},
    {"X-A", "a\r", -1},
    {"X-A", "\x01", -1},
    {"X-A", "\x7f", -1},
    {"X-A\r\n", "b", -1},
};

START_TEST(refuses_injection)
{
	struct reply r;

	reply_init(&r);
	ck_assert_int_eq(reply_header(&r, headers[_i].name, headers[_i].value),
	    headers[_i].rc);
	if (headers[_i].rc == -1)
		ck_assert_uint_eq(r.headers.len, 0);
	reply_clear(&r);
}
END_TEST

START_TEST(replaces_headers)
{
	struct reply r;

	reply_init(&r);
	reply_header(&r, "A", "1");
	reply_header(&r, "B", "2");
	reply_header(&r, "Set-Cookie", "x=1");
	reply_header(&r, "a", "3");
	reply_header(&r, "Set-Cookie", "y=1");
	reply_header(&r, "AB", "4");
	ck_assert_str_eq(r.headers.data,
	    "B: 2\r\nSet-Cookie: x=1\r\na: 3\r\nSet-Cookie: y=1\r\n"
	    "AB: 4\r\n");
	reply_header(&r, "Retry-After", "5");
	buf_adds(&r.body, "half");
	r.status = 202;
	reply_restart(&r);
	ck_assert_str_eq(r.headers.data,
	    "Set-Cookie: x=1\r\nSet-Cookie: y=1\r\nRetry-After: 5\r\n");
	ck_assert_uint_eq(r.body.len, 0);
	ck_assert_int_eq(r.status, 200);
	reply_clear(&r);
}
END_TEST

static const struct {
	const char *path;
	int rc;
} redirects[] = {
    {"/", 0},
    {"/a/b?c=d#e", 0},
    {"", -1},
    {"a", -1},
    {"//evil.example", -1},
    {"/\\evil.example", -1},
    {"http://evil.example", -1},
    {"/a b", -1},
    {"/a\r\nX: y", -1},
    {"/\t/evil.example", -1},
    {"/\xe6\x97\xa5", -1},
};

START_TEST(redirects_own_paths)
{
	struct reply r;

	reply_init(&r);
	ck_assert_int_eq(
	    reply_redirect(&r, redirects[_i].path), redirects[_i].rc);
	ck_assert_int_eq(r.status, redirects[_i].rc == 0 ? 303 : 200);
	ck_assert_int_eq(r.headers.len > 0, redirects[_i].rc == 0);
	reply_clear(&r);
}
END_TEST

START_TEST(cookies)
{
	struct reply r;

	reply_init(&r);
	ck_assert_int_eq(reply_cookie(&r, "a", "b", -1), 0);
	ck_assert_int_eq(reply_cookie(&r, "c", "", 0), 0);
	ck_assert_int_eq(reply_cookie(&r, "d", "e", 60), 0);
	ck_assert_str_eq(r.headers.data,
	    "Set-Cookie: a=b; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"
	    "Set-Cookie: c=; Path=/; Secure; HttpOnly; SameSite=Strict; "
	    "Max-Age=0\r\n"
	    "Set-Cookie: d=e; Path=/; Secure; HttpOnly; SameSite=Strict; "
	    "Max-Age=60\r\n");
	ck_assert_int_eq(reply_cookie(&r, "a", "b; Domain=x", -1), -1);
	ck_assert_int_eq(reply_cookie(&r, "a", "b\r\nX: y", -1), -1);
	ck_assert_int_eq(reply_cookie(&r, "a", "b c", -1), -1);
	reply_clear(&r);
}
END_TEST

START_TEST(bytes)
{
	struct json_object *o = json_object_new_string("a/b");
	struct reply r;
	struct buf out;

	reply_init(&r);
	buf_init(&out, 1 << 16);
	ck_assert_int_eq(reply_json(&r, 422, o), 0);
	ck_assert_int_eq(reply_bytes(&r, false, &out), 0);
	ck_assert_int_eq(
	    strncmp(out.data, "Status: 422 Unprocessable Content\r\n", 35), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\r\nContent-Length: 6\r\n"));
	ck_assert_str_eq(strstr(out.data, "\r\n\r\n"), "\r\n\r\n\"a/b\"\n");
	buf_clear(&out);
	ck_assert_int_eq(reply_bytes(&r, true, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\r\nContent-Length: 6\r\n"));
	ck_assert_str_eq(strstr(out.data, "\r\n\r\n"), "\r\n\r\n");
	buf_clear(&out);
	reply_clear(&r);
	json_object_put(o);
}
END_TEST

/* A body beyond its limit is no reply, not half of one. */
START_TEST(too_large)
{
	static char block[1 << 16];
	struct reply r;
	struct buf out;

	reply_init(&r);
	buf_init(&out, 16 << 20);
	memset(block, 'x', sizeof(block));
	while (buf_add(&r.body, block, sizeof(block)) == 0)
		;
	ck_assert_int_eq(reply_bytes(&r, false, &out), -1);
	buf_clear(&out);
	reply_clear(&r);
}
END_TEST

/* Every status of an error code has its phrase. */
START_TEST(phrases)
{
	for (int c = 1; c < ERR__MAX; c++) {
		if (err_http((enum err_code)c) != 0)
			ck_assert_str_ne(
			    reply_phrase(err_http((enum err_code)c)), "Error");
	}
}
END_TEST

START_TEST(routes_hold)
{
	const struct route *r;
	bool api;

	ck_assert_uint_gt(routes_n, 10);
	ck_assert_ptr_null(routes[routes_n].path);
	for (size_t i = 0; i < routes_n; i++) {
		r = &routes[i];
		api = path_is_api(r->path);
		ck_assert_int_eq(r->path[0], '/');
		ck_assert(r->handler != NULL);
		/* what changes something is guarded */
		if (r->method != HTTP_GET)
			ck_assert(r->csrf || r->auth == AUTH_TOKEN);
		ck_assert(r->method != HTTP_HEAD);
		/* somebody may, and nobody unknown may but where it says so */
		ck_assert_int_gt(r->need, MAY_NOTHING);
		ck_assert_int_lt(r->need, MAY__MAX);
		ck_assert_int_eq(r->need == MAY_ANYONE, r->auth == AUTH_NONE);
		/* reading is not what a change needs */
		if (r->method != HTTP_GET &&
		    strcmp(r->path, "/api/v1/certificates/inspect") != 0)
			ck_assert(r->need != MAY_READ && r->need != MAY_CHECK);
		/* nothing is read where nothing is expected */
		ck_assert_int_eq(r->types == BODY_NONE, r->max_body == 0);
		if (r->method != HTTP_DELETE)
			ck_assert_int_eq(r->types == BODY_NONE,
			    r->method != HTTP_POST);
		ck_assert_uint_le(r->max_body, 1 << 20);
		/* the API takes no log-in form's cookie alone, pages no token
		 */
		if (api && strcmp(r->path, "/healthz") != 0)
			ck_assert_int_eq(r->auth, AUTH_TOKEN);
		if (!api)
			ck_assert_int_ne(r->auth, AUTH_TOKEN);
		/* and urlencoded, which any site's form can send, is not
		 * taken by the API */
		if (api)
			ck_assert_int_eq(r->types & BODY_FORM, 0);
		for (size_t k = 0; k < i; k++)
			ck_assert(routes[k].method != r->method ||
				  strcmp(routes[k].path, r->path) != 0);
	}
}
END_TEST

static const struct {
	enum http_method method;
	const char *path;
	const char *pattern; /* NULL: none */
	enum err_code code;
	const char *allow;
} finds[] = {
    {HTTP_GET, "/x", "/x", 0, ""},
    {HTTP_HEAD, "/x", "/x", 0, ""},
    {HTTP_POST, "/x", "/x", 0, ""},
    {HTTP_DELETE, "/x", NULL, ERR_REQ_METHOD, "GET, HEAD, POST"},
    {HTTP_OTHER, "/x", NULL, ERR_REQ_METHOD, "GET, HEAD, POST"},
    {HTTP_GET, "/y/1", "/y/{id}", 0, ""},
    {HTTP_POST, "/y/1", NULL, ERR_REQ_METHOD, "GET, HEAD"},
    {HTTP_GET, "/y/", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_GET, "/y", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_GET, "/y/1/", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_GET, "/y/1/2", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_GET, "/X", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_GET, "/x/", NULL, ERR_REQ_NOT_FOUND, ""},
    {HTTP_OTHER, "/z", NULL, ERR_REQ_NOT_FOUND, ""},
};

START_TEST(finds_route)
{
	static const struct route table[] = {
	    {HTTP_GET, "/x", AUTH_NONE, false, 0, 0, NULL, NULL, MAY_READ},
	    {HTTP_POST, "/x", AUTH_NONE, false, 0, 0, NULL, NULL, MAY_READ},
	    {HTTP_GET, "/y/{id}", AUTH_NONE, false, 0, 0, NULL, NULL, MAY_READ},
	};
	const struct route *r;
	char allow[ALLOW_MAX];
	struct err err;

	err_clear(&err);
	r = route_find(table, 3, finds[_i].method, finds[_i].path, allow, &err);
	if (finds[_i].pattern == NULL) {
		ck_assert_ptr_null(r);
		ck_assert_int_eq(err.code, finds[_i].code);
	} else {
		ck_assert_str_eq(r->path, finds[_i].pattern);
	}
	ck_assert_str_eq(allow, finds[_i].allow);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, refuses_injection, 0, N(headers));
	tcase_add_test(t, replaces_headers);
	tcase_add_loop_test(t, redirects_own_paths, 0, N(redirects));
	tcase_add_test(t, cookies);
	tcase_add_test(t, bytes);
	tcase_add_test(t, too_large);
	tcase_add_test(t, phrases);
	tcase_add_test(t, routes_hold);
	tcase_add_loop_test(t, finds_route, 0, N(finds));
	return suite_run("reply", t) == 0 ? 0 : 1;
}
