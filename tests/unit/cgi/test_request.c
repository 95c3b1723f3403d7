/*
 * test_request.c - whole requests through serve(): every way in which one can
 * be wrong, each with its status and code, and that the console answers the
 * next one as before.
 */
#include "harness.h"

#define CONN	   "/api/v1/connection"
#define INSP	   "/api/v1/certificates/inspect"
#define JSON	   "application/json"
#define FORM	   "application/x-www-form-urlencoded"
#define MULTI	   "multipart/form-data; boundary=B"
#define CD	   "Content-Disposition: form-data; "
#define TEXT(n, v) "--B\r\n" CD "name=\"" n "\"\r\n\r\n" v "\r\n"
#define FILE_(n, v) \
	"--B\r\n" CD "name=\"" n "\"; filename=\"f\"\r\n\r\n" v "\r\n"
#define END "--B--\r\n"

/* length: what CONTENT_LENGTH says; NULL = as long as the body. */
static const struct bad {
	const char *method, *target, *type, *length, *body;
	int status;
	const char *code;
	const char *field;
} bad[] = {
    /* method and address */
    {"PUT", CONN, NULL, NULL, NULL, 405, "request.method", ""},
    {"OPTIONS", CONN, NULL, NULL, NULL, 405, "request.method", ""},
    {"DELETE", CONN, NULL, NULL, NULL, 405, "request.method", ""},
    {"get", CONN, NULL, NULL, NULL, 405, "request.method", ""},
    {"", CONN, NULL, NULL, NULL, 405, "request.method", ""},
    {"TRACE", "/healthz", NULL, NULL, NULL, 405, "request.method", ""},
    {"POST", "/healthz", NULL, NULL, NULL, 405, "request.method", ""},
    {"POST", "/api/v1/status", JSON, NULL, "{}", 405, "request.method", ""},
    {"GET", INSP, NULL, NULL, NULL, 405, "request.method", ""},
    {"GET", "/api/", NULL, NULL, NULL, 404, "request.not_found", ""},
    {"GET", "/api/v1/", NULL, NULL, NULL, 404, "request.not_found", ""},
    {"GET", "/api/v1/connection/", NULL, NULL, NULL, 404, "request.not_found",
	""},
    {"GET", "/api/v1/Connection", NULL, NULL, NULL, 404, "request.not_found",
	""},
    {"GET", "/api/v2/connection", NULL, NULL, NULL, 404, "request.not_found",
	""},
    {"GET", "/api/v1/jobs", NULL, NULL, NULL, 404, "request.not_found", ""},
    {"GET", "/api/v1/jobs/", NULL, NULL, NULL, 404, "request.not_found", ""},
    {"GET", "/api/v1/jobs/a/b", NULL, NULL, NULL, 404, "request.not_found", ""},
    {"GET", "/api/v1/jobs/x", NULL, NULL, NULL, 404, "job.unknown", ""},
    {"GET", "/api/v1/jobs/0123456789abcdef0123456789ABCDEF", NULL, NULL, NULL,
	404, "job.unknown", ""},
    {"GET", "/api/v1/jobs/0123456789abcdef0123456789abcdef0", NULL, NULL, NULL,
	404, "job.unknown", ""},
    {"GET", "/api/v1/../v1/connection", NULL, NULL, NULL, 400,
	"request.malformed", ""},
    {"GET", "/api/v1/%2e%2e/connection", NULL, NULL, NULL, 400,
	"request.malformed", ""},
    {"GET", "/api//v1/connection", NULL, NULL, NULL, 400, "request.malformed",
	""},
    {"GET", "/api/v1%2fconnection", NULL, NULL, NULL, 400, "request.malformed",
	""},
    {"GET", "/api/v1/connection%00", NULL, NULL, NULL, 400, "request.malformed",
	""},
    {"GET", "/api/v1/connection%0d%0aX:y", NULL, NULL, NULL, 400,
	"request.malformed", ""},
    {"GET", "/api/%ff", NULL, NULL, NULL, 400, "request.malformed", ""},
    {"GET", "/api/%c0%af", NULL, NULL, NULL, 400, "request.malformed", ""},
    {"GET", "/api/%zz", NULL, NULL, NULL, 400, "request.malformed", ""},
    /* query */
    {"GET", CONN "?x=1", NULL, NULL, NULL, 400, "field.unknown", "x"},
    {"GET", CONN "?dry_run=true", NULL, NULL, NULL, 400, "field.unknown",
	"dry_run"},
    {"GET", CONN "?x", NULL, NULL, NULL, 400, "request.malformed", ""},
    {"GET", CONN "?%", NULL, NULL, NULL, 400, "request.malformed", ""},
    {"GET", CONN "?a=%00", NULL, NULL, NULL, 400, "field.encoding", "a"},
    {"GET", "/healthz?x=1", NULL, NULL, NULL, 400, "field.unknown", "x"},
    {"POST", CONN "?dry_run=maybe", JSON, NULL, "{}", 400, "field.invalid",
	"dry_run"},
    {"POST", CONN "?dry_run=", JSON, NULL, "{}", 400, "field.invalid",
	"dry_run"},
    {"POST", CONN "?dry_run=true&dry_run=true", JSON, NULL, "{}", 400,
	"field.duplicate", "dry_run"},
    {"POST", INSP "?dry_run=true", JSON, NULL, "{}", 400, "field.unknown",
	"dry_run"},
    /* type and length */
    {"POST", CONN, NULL, "2", "{}", 415, "request.media_type", ""},
    {"POST", CONN, "", NULL, "{}", 415, "request.media_type", ""},
    {"POST", CONN, "text/plain", NULL, "{}", 415, "request.media_type", ""},
    {"POST", CONN, FORM, NULL, "tls_only=on", 415, "request.media_type", ""},
    {"POST", CONN, "text/json", NULL, "{}", 415, "request.media_type", ""},
    {"POST", CONN, "application/json; charset=utf-16", NULL, "{}", 415,
	"request.media_type", ""},
    {"POST", CONN, "multipart/form-data", NULL, END, 400, "request.malformed",
	""},
    {"POST", CONN, "multipart/mixed; boundary=B", NULL, END, 415,
	"request.media_type", ""},
    {"POST", CONN, JSON, "", "{}", 411, "request.length_required", ""},
    {"POST", CONN, JSON, "-1", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "+2", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, " 2", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "2 ", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "0x2", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "2,2", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "2e0", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "1048577", "{}", 413, "request.too_large", ""},
    {"POST", CONN, JSON, "999999999", "{}", 413, "request.too_large", ""},
    {"POST", CONN, JSON, "18446744073709551618", "{}", 413, "request.too_large",
	""},
    {"POST", CONN, JSON, "3", "{}", 400, "request.malformed", ""},
    {"POST", CONN, JSON, "0", "", 400, "*", ""},
    {"GET", CONN, JSON, "2", "{}", 400, "request.malformed", ""},
    {"GET", "/healthz", JSON, "1", "x", 400, "request.malformed", ""},
    /* JSON */
    {"POST", CONN, JSON, NULL, "{", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{}x", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{} {}", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "[]", 400, "request.malformed", ""},
    {"POST", CONN, JSON, NULL, "null", 400, "request.malformed", ""},
    {"POST", CONN, JSON, NULL, "\"x\"", 400, "request.malformed", ""},
    {"POST", CONN, JSON, NULL, "{'a':1}", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{\"apply\":\"reload\"/*c*/}", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{\"apply\":\"\xff\"}", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{\"apply\":\"\\u0000\"}", 400, "*", ""},
    {"POST", CONN, JSON, NULL, "{\"apply\":\"reload\",\"apply\":\"reload\"}",
	400, "*", ""},
    {"POST", CONN, JSON, NULL,
	"{\"inbound\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
	"1}}}}}}}}",
	400, "*", ""},
    {"POST", CONN, JSON, NULL, "{\"x\":1}", 400, "field.unknown", "x"},
    {"POST", CONN, JSON, NULL, "{\"inbound_enabled\":true}", 400,
	"field.unknown", "inbound_enabled"},
    {"POST", CONN, JSON, NULL, "{\"inbound\":true}", 400, "field.invalid",
	"inbound"},
    {"POST", CONN, JSON, NULL, "{\"inbound\":{\"enabled\":\"on\"}}", 400,
	"field.invalid", "inbound.enabled"},
    {"POST", CONN, JSON, NULL, "{\"inbound\":{\"enabled\":1}}", 400,
	"field.invalid", "inbound.enabled"},
    {"POST", CONN, JSON, NULL, "{\"inbound\":{\"enable\":true}}", 400,
	"field.unknown", "inbound.enable"},
    {"POST", CONN, JSON, NULL, "{\"outbound\":{\"tls_only\":true}}", 400,
	"field.unknown", "outbound.tls_only"},
    {"POST", CONN, JSON, NULL, "{\"all_scanners\":\"on\"}", 400,
	"field.invalid", "all_scanners"},
    {"POST", CONN, JSON, NULL, "{\"apply\":\"now\"}", 400, "field.invalid",
	"apply"},
    {"POST", CONN, JSON, NULL, "{\"apply\":true}", 400, "field.invalid",
	"apply"},
    {"POST", CONN, JSON, NULL, "{\"confirm\":\"cert.expired\"}", 400,
	"field.invalid", "confirm"},
    {"POST", CONN, JSON, NULL, "{\"confirm\":[1]}", 400, "field.invalid",
	"confirm"},
    {"POST", CONN, JSON, NULL, "{\"confirm\":[\"cert.nonsense\"]}", 400,
	"field.invalid", "confirm"},
    {"POST", CONN, JSON, NULL, "{\"certificate\":\"x\"}", 400, "field.invalid",
	"certificate"},
    {"POST", CONN, JSON, NULL, "{\"certificate\":{\"key\":\"x\"}}", 400,
	"field.unknown", "certificate.key"},
    {"POST", CONN, JSON, NULL, "{\"certificate\":{\"private_key\":1}}", 400,
	"field.invalid", "private_key"},
    {"POST", CONN, JSON, NULL, "{\"certificate\":{\"passphrase\":\"a\\nb\"}}",
	400, "field.invalid", "passphrase"},
    {"POST", INSP, JSON, NULL, "{}", 400, "field.missing",
	"server_certificate"},
    {"POST", INSP, JSON, NULL, "{\"certificate\":{\"private_key\":null}}", 400,
	"field.missing", "server_certificate"},
    {"POST", INSP, JSON, NULL, "{\"apply\":\"reload\"}", 400, "field.unknown",
	"apply"},
    /* multipart */
    {"POST", CONN, MULTI, NULL, "", 400, "request.malformed", ""},
    {"POST", CONN, MULTI, NULL, "x", 400, "request.malformed", ""},
    {"POST", CONN, MULTI, NULL, TEXT("apply", "reload"), 400,
	"request.malformed", ""},
    {"POST", CONN, MULTI, NULL, TEXT("x", "1") END, 400, "field.unknown", "x"},
    {"POST", CONN, MULTI, NULL, TEXT("csrf", "1") END, 400, "field.unknown",
	"csrf"},
    {"POST", CONN, MULTI, NULL, TEXT("smtp_port", "x") END, 422,
	"interface.value", "smtp_port"},
    {"POST", CONN, MULTI, NULL, TEXT("listen", "on") END, 422,
	"interface.value", "listen"},
    {"POST", CONN, MULTI, NULL, FILE_("listen", "all") END, 400,
	"field.invalid", "listen"},
    {"POST", CONN, MULTI, NULL, TEXT("connection_limit", "limited") END, 422,
	"interface.value", "max_connections"},
    {"POST", CONN, MULTI, NULL, TEXT("access_list", "10.0.0.1\r\nx") END, 422,
	"access.entry", "access_list"},
    {"POST", CONN, MULTI, NULL, FILE_("access_file", "10.0.0.1/8") END, 422,
	"access.host_bits", "access_file"},
    {"POST", CONN, JSON, NULL, "{\"access\":{\"list\":[\"fe80::1%a\"]}}", 422,
	"access.zone", "access.list"},
    {"POST", CONN, JSON, NULL, "{\"interface\":{\"port\":0}}", 400,
	"field.invalid", "interface.port"},
    {"POST", CONN, MULTI, NULL, TEXT("tls_only", "ja") END, 400,
	"field.invalid", "tls_only"},
    {"POST", CONN, MULTI, NULL, TEXT("tls_only", "") END, 400, "field.invalid",
	"tls_only"},
    {"POST", CONN, MULTI, NULL, TEXT("tls_only", "on ") END, 400,
	"field.invalid", "tls_only"},
    {"POST", CONN, MULTI, NULL,
	TEXT("tls_only", "on") TEXT("tls_only", "on") END, 400,
	"field.duplicate", "tls_only"},
    {"POST", CONN, MULTI, NULL, FILE_("tls_only", "on") END, 400,
	"field.invalid", "tls_only"},
    {"POST", CONN, MULTI, NULL, FILE_("passphrase", "x") END, 400,
	"field.invalid", "passphrase"},
    {"POST", CONN, MULTI, NULL, TEXT("apply", "stop") END, 400, "field.invalid",
	"apply"},
    {"POST", CONN, MULTI, NULL, TEXT("confirm", "x") END, 400, "field.invalid",
	"confirm"},
    {"POST", CONN, MULTI, NULL, TEXT("passphrase", "a\r\nb") END, 400,
	"field.invalid", "passphrase"},
    {"POST", CONN, MULTI, NULL, TEXT("passphrase", "\xff") END, 400,
	"field.encoding", "passphrase"},
    {"POST", CONN, MULTI, NULL, TEXT("passphrase", "\x1b") END, 400,
	"field.encoding", "passphrase"},
    {"POST", INSP, MULTI, NULL, END, 400, "field.missing",
	"server_certificate"},
    {"POST", INSP, MULTI, NULL, TEXT("tls_only", "on") END, 400,
	"field.unknown", "tls_only"},
};

static void
send_bad(const struct bad *b)
{
	ask(b->method, b->target);
	bearer();
	if (b->type != NULL)
		param("CONTENT_TYPE", b->type);
	if (b->body != NULL) {
		ex.body = b->body;
		ex.body_len = strlen(b->body);
	}
	if (b->length != NULL) {
		param("CONTENT_LENGTH", b->length);
	} else if (b->body != NULL) {
		char n[32];

		snprintf(n, sizeof(n), "%zu", ex.body_len);
		param("CONTENT_LENGTH", n);
	}
	go();
}

START_TEST(refuses)
{
	const struct bad *b = &bad[_i];
	struct json_object *o, *row;
	char type[64];

	send_bad(b);
	ck_assert_msg(ex.status == b->status, "%s %s: %s", b->method, b->target,
	    got_body());
	o = got_json();
	ck_assert_str_eq(got_header("Content-Type", type, sizeof(type)),
	    "application/problem+json");
	if (strcmp(b->code, "*") != 0)
		ck_assert_str_eq(jsonx_path_str(o, "code", ""), b->code);
	ck_assert_int_eq(
	    json_object_get_int(jsonx_path(o, "status")), b->status);
	row = json_object_array_get_idx(jsonx_path(o, "errors"), 0);
	ck_assert_str_eq(
	    jsonx_path_str(row, "code", ""), jsonx_path_str(o, "code", "?"));
	if (b->field[0] != '\0')
		ck_assert_str_eq(jsonx_path_str(row, "field", ""), b->field);
	ck_assert_str_ne(jsonx_path_str(row, "message", ""), "");
	json_object_put(o);
	ck_assert_ptr_null(daemon_heard("connection.apply"));
	ck_assert_ptr_null(daemon_heard("inspect"));
	if (b->status == 405)
		ck_assert_ptr_nonnull(got_header("Allow", type, sizeof(type)));

	/* and the next one is served */
	ask("GET", "/healthz");
	ck_assert_int_eq(go(), 200);
}
END_TEST

START_TEST(target_too_long)
{
	char *s = malloc(TARGET_MAX + 20);

	memset(s, 'a', TARGET_MAX + 19);
	memcpy(s, "/api/v1/", 8);
	s[TARGET_MAX + 19] = '\0';
	ask("GET", s);
	ck_assert_int_eq(go(), 400);
	ck_assert_str_eq(got_code(), "request.malformed");
	free(s);
}
END_TEST

START_TEST(no_parameters)
{
	ex_clear();
	ex.env[0] = NULL;
	ck_assert_int_eq(go(), 400);
	ex_clear();
	param("REQUEST_URI", "/healthz");
	ck_assert_int_eq(go(), 405);
	ex_clear();
	param("REQUEST_METHOD", "GET");
	ck_assert_int_eq(go(), 400);
}
END_TEST

START_TEST(body_never_comes)
{
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ex.stalls = true;
	ck_assert_int_eq(go(), 408);
	ck_assert_str_eq(got_code(), "request.timeout");
}
END_TEST

/* A refused request's body is not read at all. */
START_TEST(reads_nothing_before_the_checks)
{
	static const struct {
		const char *target, *type;
		int status;
	} early[] = {
	    {CONN, JSON, 401},
	    {CONN, "text/plain", 415},
	    {CONN "?x=1", JSON, 400},
	    {"/api/v1/nothing", JSON, 404},
	};

	ask("POST", early[_i].target);
	body(early[_i].type, "{}");
	ck_assert_int_eq(go(), early[_i].status);
	ck_assert_uint_eq(ex.body_at, 0);
}
END_TEST

/* Exactly so many bytes as announced. */
START_TEST(reads_no_more)
{
	ask("POST", CONN);
	bearer();
	param("CONTENT_TYPE", JSON);
	param("CONTENT_LENGTH", "2");
	ex.body = "{}garbage";
	ex.body_len = 9;
	ck_assert_int_eq(go(), 200);
	ck_assert_uint_eq(ex.body_at, 2);
}
END_TEST

START_TEST(body_in_pieces)
{
	static const size_t pieces[] = {1, 2, 5, 100};

	for (int i = 0; i < N(pieces); i++) {
		ask("POST", CONN);
		bearer();
		body(MULTI, TEXT("inbound_enabled", "on") END);
		ex.pieces = pieces[i];
		ck_assert_int_eq(go(), 200);
	}
}
END_TEST

/* method, target -> status for someone unknown */
static const struct {
	const char *method, *target;
	int status;
	const char *location;
} strangers[] = {
    {"GET", "/", 303, "/smtp-routing/connection"},
    {"GET", "/healthz", 200, NULL},
    {"HEAD", "/healthz", 200, NULL},
    {"GET", "/login", 200, NULL},
    {"HEAD", "/login", 200, NULL},
    {"GET", "/smtp-routing/connection", 303,
	"/login?next=/smtp-routing/connection"},
    {"POST", "/smtp-routing/connection", 303, "/login"},
    {"POST", "/logout", 303, "/login"},
    {"GET", "/smtp-routing/connection/job/0123", 303,
	"/login?next=/smtp-routing/connection/job/0123"},
    {"GET", "/smtp-routing/connection/job/a%3fb", 303, "/login"},
    {"GET", "/nothing", 404, NULL},
    {"GET", "/login/", 404, NULL},
    {"GET", "/../etc/passwd", 400, NULL},
    {"PUT", "/login", 405, NULL},
    {"GET", "/logout", 405, NULL},
    {"GET", "/api/v1/connection", 401, NULL},
    {"GET", "/api/v1/status", 401, NULL},
    {"GET", "/api/v1/jobs/0123456789abcdef0123456789abcdef", 401, NULL},
    {"POST", "/api/v1/connection", 401, NULL},
    {"POST", "/api/v1/certificates/inspect", 401, NULL},
};

START_TEST(unknown_caller)
{
	char v[256];
	const char *type =
	    strncmp(strangers[_i].target, "/api/", 5) == 0 ? JSON : FORM;

	ask(strangers[_i].method, strangers[_i].target);
	if (strcmp(strangers[_i].method, "POST") == 0)
		body(type, "");
	ck_assert_int_eq(go(), strangers[_i].status);
	if (strangers[_i].location != NULL)
		ck_assert_str_eq(got_header("Location", v, sizeof(v)),
		    strangers[_i].location);
	if (ex.status == 401)
		ck_assert_str_eq(got_header("WWW-Authenticate", v, sizeof(v)),
		    "Bearer realm=\"postseal\"");
	if (strcmp(strangers[_i].method, "HEAD") == 0) {
		ck_assert_str_eq(got_body(), "");
		ck_assert_str_ne(
		    got_header("Content-Length", v, sizeof(v)), "0");
	}
	ck_assert_ptr_null(daemon_heard("connection.get"));
	ck_assert_ptr_null(daemon_heard("connection.apply"));
}
END_TEST

static const char *const authorizations[] = {
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Basic YWRtaW46YWRtaW4=",
    "Bearer pst_0123456789012345678901234567890123456789012",
    "Bearer pst_0123456789012345678901234567890123456789012 x",
    "bearer pst_",
    "Token pst_0123456789012345678901234567890123456789012",
};

START_TEST(wrong_token)
{
	char v[64];

	ask("GET", CONN);
	param("HTTP_AUTHORIZATION", authorizations[_i]);
	ck_assert_int_eq(go(), 401);
	ck_assert_str_eq(got_code(), "auth.failed");
	ck_assert_ptr_nonnull(got_header("WWW-Authenticate", v, sizeof(v)));
}
END_TEST

/* Every reply has them, whatever it is. */
START_TEST(security_headers)
{
	static const char *const targets[] = {"/", "/login", "/healthz",
	    "/nothing", "/api/v1/connection", "/%", "/api/%"};
	static const char *const names[] = {"Content-Security-Policy",
	    "X-Content-Type-Options", "Referrer-Policy", "Cache-Control",
	    "Strict-Transport-Security"};
	char v[512];

	ask("GET", targets[_i]);
	go();
	for (int i = 0; i < N(names); i++)
		ck_assert_ptr_nonnull(got_header(names[i], v, sizeof(v)));
	got_header("Content-Security-Policy", v, sizeof(v));
	ck_assert_ptr_nonnull(strstr(v, "default-src 'none'"));
	ck_assert_ptr_null(strstr(v, "unsafe"));
	ck_assert_str_eq(got_header("Cache-Control", v, sizeof(v)), "no-store");
}
END_TEST

/* Accept-Language, cookie, and what "detail" begins with. */
static const struct {
	const char *accept, *cookie;
	bool japanese;
} languages[] = {
    {NULL, NULL, false},
    {"ja", NULL, true},
    {"ja,en;q=0.5", NULL, true},
    {"en,ja;q=0.5", NULL, false},
    {"en", "postseal-lang=ja", true},
    {"ja", "postseal-lang=en", false},
    {"ja", "postseal-lang=xx", true},
    {"ja", "postseal-lang=../../etc", true},
    {"de", "a=b; postseal-lang=ja", true},
    {"de", NULL, false},
};

START_TEST(chooses_language)
{
	struct json_object *o;
	const char *s;

	ask("GET", CONN);
	if (languages[_i].accept != NULL)
		param("HTTP_ACCEPT_LANGUAGE", languages[_i].accept);
	if (languages[_i].cookie != NULL)
		param("HTTP_COOKIE", languages[_i].cookie);
	ck_assert_int_eq(go(), 401);
	o = got_json();
	s = jsonx_path_str(o, "detail", "");
	ck_assert_int_eq((unsigned char)s[0] >= 0x80, languages[_i].japanese);
	json_object_put(o);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, con_setup, con_teardown);
	tcase_add_loop_test(t, refuses, 0, N(bad));
	tcase_add_test(t, target_too_long);
	tcase_add_test(t, no_parameters);
	tcase_add_test(t, body_never_comes);
	tcase_add_loop_test(t, reads_nothing_before_the_checks, 0, 4);
	tcase_add_test(t, reads_no_more);
	tcase_add_test(t, body_in_pieces);
	tcase_add_loop_test(t, unknown_caller, 0, N(strangers));
	tcase_add_loop_test(t, wrong_token, 0, N(authorizations));
	tcase_add_loop_test(t, security_headers, 0, 7);
	tcase_add_loop_test(t, chooses_language, 0, N(languages));
	return con_close(suite_run("request", t));
}
