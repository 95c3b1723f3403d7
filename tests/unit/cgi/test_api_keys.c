/*
 * test_api_keys.c - /api/v1/keys: what postseald is asked, and its answers as
 * they go out.
 */
#include "harness.h"

#define JSON "application/json"
#define ID   "0123456789abcdef"
#define KEY(names) \
	"{\"type\":\"result\",\"ok\":true,\"data\":{\"id\":\"" ID "\"," \
	"\"names\":" names ",\"csr\":\"-----BEGIN X-----\\nAA\\n\"}}"
#define MULTI "multipart/form-data; boundary=B"

static const struct {
	const char *method, *path, *type, *body;
	int status;
	const char *op, *args;
} calls[] = {
    {"GET", "/api/v1/keys", NULL, NULL, 200, "keys.list", "{}"},
    {"GET", "/api/v1/keys/" ID, NULL, NULL, 200, "keys.get",
	"{\"id\":\"" ID "\"}"},
    {"GET", "/api/v1/keys/..", NULL, NULL, 400, NULL, NULL},
    {"GET", "/api/v1/keys/x%2fy", NULL, NULL, 400, NULL, NULL},
    {"GET", "/api/v1/keys/" ID ID, NULL, NULL, 200, "keys.get",
	"{\"id\":\"-\"}"},
    {"GET", "/api/v1/keys/" ID "/csr", NULL, NULL, 200, "keys.get",
	"{\"id\":\"" ID "\"}"},
    {"GET", "/api/v1/keys/" ID "/csr/x", NULL, NULL, 404, NULL, NULL},
    {"GET", "/api/v1/keys/" ID "/key", NULL, NULL, 404, NULL, NULL},
    {"GET", "/api/v1/keys//csr", NULL, NULL, 0, NULL, NULL},
    {"DELETE", "/api/v1/keys/" ID, NULL, NULL, 204, "keys.delete",
	"{\"id\":\"" ID "\"}"},
    {"DELETE", "/api/v1/keys", NULL, NULL, 405, NULL, NULL},
    {"PUT", "/api/v1/keys/" ID, NULL, NULL, 405, NULL, NULL},
    {"POST", "/api/v1/keys", JSON, "{}", 201, "keys.add", "{}"},
    {"POST", "/api/v1/keys", JSON,
	"{\"kind\":\"csr\",\"algorithm\":\"p384\",\"names\":[\"a.test\"],"
	"\"subject\":{\"country\":\"JP\"},\"days\":90}",
	201, "keys.add",
	"{\"kind\":\"csr\",\"algorithm\":\"p384\",\"names\":[\"a.test\"],"
	"\"subject\":{\"country\":\"JP\"},\"days\":90}"},
    {"POST", "/api/v1/keys", JSON, "{\"key\":\"x\"}", 400, NULL, NULL},
    {"POST", "/api/v1/keys", JSON, "[]", 400, NULL, NULL},
    {"POST", "/api/v1/keys", JSON, "", 400, NULL, NULL},
    {"POST", "/api/v1/keys", MULTI, "--B--\r\n", 415, NULL, NULL},
};

START_TEST(asks)
{
	static const char *const ops[] = {
	    "keys.list", "keys.get", "keys.delete", "keys.add"};
	struct json_object *o;
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		daemon_says(ops[i], KEY("[\"mx.example.test\"]"));
	ask(calls[_i].method, calls[_i].path);
	bearer();
	if (calls[_i].body != NULL)
		body(calls[_i].type, calls[_i].body);
	(void)go();
	if (calls[_i].status != 0)
		ck_assert_int_eq(ex.status, calls[_i].status);
	else
		ck_assert_int_ge(ex.status, 400);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		o = daemon_heard(ops[i]);
		if (calls[_i].op == NULL || strcmp(ops[i], calls[_i].op) != 0) {
			ck_assert_ptr_null(o);
			continue;
		}
		ck_assert_ptr_nonnull(o);
		ck_assert_str_eq(
		    json_object_to_json_string_ext(
			jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
		    calls[_i].args);
		json_object_put(o);
	}
}
END_TEST

/* Without a token: nobody is asked. */
START_TEST(needs_token)
{
	ask(calls[_i].method, calls[_i].path);
	if (calls[_i].body != NULL)
		body(calls[_i].type, calls[_i].body);
	ck_assert_int_ge(go(), 400);
	if (calls[_i].op != NULL) {
		ck_assert_int_eq(ex.status, 401);
		ck_assert_ptr_null(daemon_heard(calls[_i].op));
	}
}
END_TEST

static const struct {
	const char *names, *file;
} csrs[] = {
    {"[\"mx.example.test\"]", "mx.example.test.csr"},
    {"[\"*.example.test\"]", "example.test.csr"},
    {"[]", "request.csr"},
    {"null", "request.csr"},
    {"[\"a\\\"b\"]", "request.csr"},
    {"[\"a\\r\\nSet-Cookie: x\"]", "request.csr"},
    {"[\"\\u65e5.jp\"]", "request.csr"},
};

START_TEST(gives_request)
{
	char s[256], want[256];
	struct buf b;

	buf_init(&b, 4096);
	buf_printf(&b,
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"names\":%s,"
	    "\"csr\":\"-----BEGIN X-----\\nAA\\n\"}}",
	    csrs[_i].names);
	daemon_says("keys.get", b.data);
	buf_clear(&b);
	ask("GET", "/api/v1/keys/" ID "/csr");
	bearer();
	ck_assert_int_eq(go(), 200);
	ck_assert_str_eq(
	    got_header("Content-Type", s, sizeof(s)), "application/pkcs10");
	snprintf(
	    want, sizeof(want), "attachment; filename=\"%s\"", csrs[_i].file);
	ck_assert_str_eq(got_header("Content-Disposition", s, sizeof(s)), want);
	ck_assert_str_eq(got_body(), "-----BEGIN X-----\nAA\n");
	ck_assert_ptr_null(got_header("Set-Cookie", s, sizeof(s)));
}
END_TEST

static const struct {
	const char *code;
	int status;
} refusals[] = {
    {"keys.unknown", 404},
    {"keys.too_many", 409},
    {"keys.name_invalid", 400},
    {"keys.subject_invalid", 400},
    {"keys.failed", 500},
};

START_TEST(says_why_not)
{
	char frame[128];

	snprintf(frame, sizeof(frame),
	    "{\"type\":\"result\",\"ok\":false,\"error\":{\"code\":\"%s\"}}",
	    refusals[_i].code);
	daemon_says("keys.add", frame);
	ask("POST", "/api/v1/keys");
	bearer();
	body(JSON, "{\"kind\":\"csr\"}");
	ck_assert_int_eq(go(), refusals[_i].status);
	ck_assert_str_eq(got_code(), refusals[_i].code);
}
END_TEST

/* "key_id" of a Save, in JSON and as a field. */
static const struct {
	const char *target, *type, *body;
	int status;
} uses[] = {
    {"/api/v1/connection", JSON, "{\"certificate\":{\"key_id\":\"" ID "\"}}",
	200},
    {"/api/v1/connection", MULTI,
	"--B\r\nContent-Disposition: form-data; name=\"key_id\"\r\n\r\n" ID
	"\r\n--B--\r\n",
	200},
    {"/api/v1/connection", JSON, "{\"certificate\":{\"key_id\":7}}", 400},
    {"/api/v1/connection", JSON, "{\"certificate\":{\"key_id\":\"" ID "0\"}}",
	400},
    {"/api/v1/connection", MULTI,
	"--B\r\nContent-Disposition: form-data; name=\"key_id\"\r\n\r\n" ID
	"0\r\n--B--\r\n",
	400},
    {"/api/v1/connection", JSON, "{\"key_id\":\"" ID "\"}", 400},
    {"/api/v1/certificates/inspect", JSON,
	"{\"certificate\":{\"key_id\":\"" ID "\"}}", 400},
};

START_TEST(saves_key_id)
{
	struct json_object *o;

	daemon_says("connection.apply",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{}}");
	ask("POST", uses[_i].target);
	bearer();
	body(uses[_i].type, uses[_i].body);
	ck_assert_int_eq(go(), uses[_i].status);
	o = daemon_heard("connection.apply");
	ck_assert(o != NULL || uses[_i].status != 200);
	if (o != NULL)
		ck_assert_str_eq(jsonx_path_str(o, "args.key_id", ""), ID);
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
	tcase_add_loop_test(t, asks, 0, N(calls));
	tcase_add_loop_test(t, needs_token, 0, N(calls));
	tcase_add_loop_test(t, gives_request, 0, N(csrs));
	tcase_add_loop_test(t, says_why_not, 0, N(refusals));
	tcase_add_loop_test(t, saves_key_id, 0, N(uses));
	return con_close(suite_run("api keys", t));
}
