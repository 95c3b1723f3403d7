/*
 * test_api.c - what the API asks postseald, and what it makes of the answer.
 */
#include "harness.h"
#include "version.h"

#define CONN	   "/api/v1/connection"
#define INSP	   "/api/v1/certificates/inspect"
#define JSON	   "application/json"
#define MULTI	   "multipart/form-data; boundary=B"
#define CD	   "Content-Disposition: form-data; "
#define TEXT(n, v) "--B\r\n" CD "name=\"" n "\"\r\n\r\n" v "\r\n"
#define FILE_(n, f, v) \
	"--B\r\n" CD "name=\"" n "\"; filename=\"" f "\"\r\n\r\n" v "\r\n"
#define END	 "--B--\r\n"
#define DEFAULTS "\"dry_run\":false,\"wait\":true"

/* A good POST, and the args of connection.apply that follow from it. */
static const struct {
	const char *query, *type, *body;
	const char *args;
} posts[] = {
    {"", JSON, "{}", "{" DEFAULTS "}"},
    {"", MULTI, END, "{" DEFAULTS "}"},
    {"?dry_run=true", JSON, "{}", "{\"dry_run\":true,\"wait\":true}"},
    {"?dry_run=false", JSON, "{}", "{" DEFAULTS "}"},
    {"", JSON, "{\"inbound\":{\"enabled\":true}}",
	"{\"settings\":{\"inbound\":{\"enabled\":true}}," DEFAULTS "}"},
    {"", JSON,
	"{\"inbound\":{\"enabled\":true,\"tls_only\":false},"
	"\"outbound\":{\"enabled\":true},\"all_scanners\":true,"
	"\"apply\":\"reload\",\"confirm\":[\"cert.expired\"],"
	"\"certificate\":{\"server_certificate\":\"a\",\"private_key\":\"b\","
	"\"ca_certificate\":null,\"passphrase\":null}}",
	"{\"settings\":{\"inbound\":{\"enabled\":true,\"tls_only\":false},"
	"\"outbound\":{\"enabled\":true},\"all_scanners\":true},"
	"\"files\":{\"server_certificate\":\"YQ==\",\"private_key\":\"Yg==\"}"
	",\"confirm\":[\"cert.expired\"],\"apply\":\"reload\"," DEFAULTS "}"},
    {"", JSON, "{\"certificate\":{\"passphrase\":\"p\"}}",
	"{\"passphrase\":\"p\"," DEFAULTS "}"},
    {"", JSON, "{\"certificate\":{\"passphrase\":\"\"}}", "{" DEFAULTS "}"},
    {"", JSON, "{\"inbound\":null,\"certificate\":null,\"confirm\":null}",
	"{" DEFAULTS "}"},
    {"", JSON, "{\"certificate\":{\"ca_certificate\":\"\"}}",
	"{\"files\":{\"ca_certificate\":\"\"}," DEFAULTS "}"},
    {"", MULTI,
	TEXT("inbound_enabled", "on") TEXT("tls_only", "off")
	    TEXT("outbound_enabled", "on") TEXT("all_scanners", "off")
		TEXT("apply", "restart") TEXT("confirm", "cert.expired")
		    TEXT("confirm", "chain.expired") END,
	"{\"settings\":{\"inbound\":{\"enabled\":true,\"tls_only\":false},"
	"\"outbound\":{\"enabled\":true},\"all_scanners\":false},"
	"\"confirm\":[\"cert.expired\",\"chain.expired\"],"
	"\"apply\":\"restart\"," DEFAULTS "}"},
    {"", MULTI,
	FILE_("private_key", "k.pem", "key") FILE_("server_certificate",
	    "c.pem", "cert") FILE_("ca_certificate", "", "") END,
	"{\"files\":{\"server_certificate\":\"Y2VydA==\","
	"\"private_key\":\"a2V5\"}," DEFAULTS "}"},
    /* an empty file that was chosen is told, "no file chosen" is not */
    {"", MULTI, FILE_("private_key", "k.pem", "") END,
	"{\"files\":{\"private_key\":\"\"}," DEFAULTS "}"},
    /* curl -F private_key=<k.pem */
    {"", MULTI, TEXT("private_key", "key") END,
	"{\"files\":{\"private_key\":\"a2V5\"}," DEFAULTS "}"},
    {"", MULTI, TEXT("private_key", "\xff\x01") END,
	"{\"files\":{\"private_key\":\"/wE=\"}," DEFAULTS "}"},
    /* curl -F passphrase=<file brings the line end */
    {"", MULTI, TEXT("passphrase", "s e\xc3\xa9\n") END,
	"{\"passphrase\":\"s e\xc3\xa9\"," DEFAULTS "}"},
    {"", MULTI, TEXT("passphrase", "p\r\n") END,
	"{\"passphrase\":\"p\"," DEFAULTS "}"},
    {"", MULTI, TEXT("passphrase", "") END, "{" DEFAULTS "}"},
};

START_TEST(asks_apply)
{
	struct json_object *o, *args;
	char target[64];

	snprintf(target, sizeof(target), CONN "%s", posts[_i].query);
	ask("POST", target);
	bearer();
	body(posts[_i].type, posts[_i].body);
	ck_assert_msg(go() == 200, "%s", got_body());
	o = daemon_heard("connection.apply");
	ck_assert_str_eq(jsonx_path_str(o, "actor.user", ""), USER);
	ck_assert_str_eq(jsonx_path_str(o, "actor.from", ""), "192.0.2.1");
	ck_assert_str_eq(jsonx_path_str(o, "actor.via", ""), "api");
	args = jsonx_path(o, "args");
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		args, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    posts[_i].args);
	json_object_put(o);
}
END_TEST

/* A file of len bytes in a field, by JSON or multipart. */
static const struct {
	bool json;
	const char *target;
	size_t len;
	int status;
} files[] = {
    {true, CONN, PKI_FILE_MAX, 200},
    {false, CONN, PKI_FILE_MAX, 200},
    {true, CONN, PKI_FILE_MAX + 1, 422},
    {false, CONN, PKI_FILE_MAX + 1, 422},
    {true, INSP, PKI_FILE_MAX + 1, 422},
    {false, INSP, PKI_FILE_MAX + 1, 422},
    {false, CONN, 400000, 422},
    {false, CONN, 1000000, 422},
    {false, CONN, 1100000, 422},
    {false, CONN, 2000000, 422},
    {false, CONN, 2100000, 413},
    {true, CONN, 1000000, 422},
    {true, CONN, 1100000, 413},
    {false, INSP, 400000, 422},
    {false, INSP, 2000000, 422},
    {true, INSP, 600000, 413},
};

START_TEST(file_sizes)
{
	static const char report[] =
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"report\":{}}}";
	struct json_object *o;
	struct buf b;

	daemon_says("inspect", report);
	buf_init(&b, 3 << 20);
	buf_adds(&b, files[_i].json ? "{\"certificate\":{\"ca_certificate\":\""
				    : "--B\r\n" CD
				      "name=\"ca_certificate\"; filename=\"f\""
				      "\r\n\r\n");
	for (size_t i = 0; i < files[_i].len; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, files[_i].json ? "\"}}" : "\r\n" END);
	ask("POST", files[_i].target);
	bearer();
	body_len(files[_i].json ? JSON : MULTI, b.data, b.len);
	ck_assert_int_eq(go(), files[_i].status);
	if (files[_i].status == 422) {
		o = got_json();
		ck_assert_str_eq(
		    jsonx_path_str(o, "code", ""), "file.too_large");
		ck_assert_str_eq(jsonx_path_str(json_object_array_get_idx(
						    jsonx_path(o, "errors"), 0),
				     "field", ""),
		    "ca_certificate");
		json_object_put(o);
	}
	buf_clear(&b);
}
END_TEST

#define PART(name, file, content) \
	"--B\r\n" CD "name=\"" name "\"; filename=\"" file \
	"\"\r\n\r\n" content "\r\n"

/* Several files of one field: one after the other, what is binary first. */
static const struct {
	const char *form, *want; /* the joined bytes; NULL: not sent */
} joined[] = {
    {PART("ca_certificate", "a", "one") END, "one"},
    {PART("ca_certificate", "a", "one") PART("ca_certificate", "b", "two") END,
	"one\ntwo"},
    {PART("ca_certificate", "a", "one\n") PART("private_key", "k", "key")
	    PART("ca_certificate", "b", "two\n") END,
	"one\n\ntwo\n"},
    {PART("ca_certificate", "a", "one")
	    PART("ca_certificate", "b", "\x30\x82\x01\x02") END,
	"\x30\x82\x01\x02\none"},
    {PART("ca_certificate", "a", "\x30\x82\x01")
	    PART("ca_certificate", "b", "\x30\x81") END,
	"\x30\x82\x01\n\x30\x81"},
    {PART("ca_certificate", "a", "0.0") PART("ca_certificate", "", "") END,
	"0.0"},
    {PART("ca_certificate", "", "") PART("private_key", "k", "key") END, NULL},
};

START_TEST(files_of_one_field)
{
	struct json_object *o, *v;
	struct buf b;

	daemon_says("connection.apply",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{}}");
	ask("POST", CONN);
	bearer();
	body(MULTI, joined[_i].form);
	ck_assert_msg(go() == 200, "%s", ex.out.data);
	o = daemon_heard("connection.apply");
	v = jsonx_path(o, "args.files");
	buf_init(&b, 4096);
	ck_assert_int_eq(jsonx_b64(v, "ca_certificate", "", 4096, &b, NULL), 0);
	if (joined[_i].want == NULL)
		ck_assert_uint_eq(b.len, 0);
	else
		ck_assert_str_eq(b.data, joined[_i].want);
	buf_clear(&b);
	json_object_put(o);
}
END_TEST

/* Together they may not be larger than one. */
START_TEST(files_of_one_field_too_large)
{
	struct json_object *o;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < 3; i++) {
		buf_adds(&b, "--B\r\n" CD
			     "name=\"ca_certificate\"; filename=\"f\"\r\n\r\n");
		for (int k = 0; k < 25000; k++)
			buf_addc(&b, 'x');
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, END);
	ask("POST", CONN);
	bearer();
	body_len(MULTI, b.data, b.len);
	ck_assert_int_eq(go(), 422);
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "code", ""), "file.too_large");
	json_object_put(o);
	buf_clear(&b);
}
END_TEST

/* A byte order mark before JSON says nothing. */
START_TEST(json_with_a_mark)
{
#define BYTES(s) s, sizeof(s) - 1
	static const struct {
		const char *text;
		size_t len;
		int status;
	} bodies[] = {{BYTES("\xef\xbb\xbf{}"), 200},
	    {BYTES("\xef\xbb\xbf {\"apply\":\"reload\"}"), 200},
	    {BYTES("\xef\xbb\xbf"), 400},
	    {BYTES("\xef\xbb\xbf\xef\xbb\xbf{}"), 400},
	    {BYTES("\xff\xfe{\0}\0"), 400}};

	daemon_says("connection.apply",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{}}");
	ask("POST", CONN);
	bearer();
	body_len(JSON, bodies[_i].text, bodies[_i].len);
	ck_assert_int_eq(go(), bodies[_i].status);
}
END_TEST

/* header, value -> the member of args it becomes, or the status */
static const struct {
	const char *name, *value;
	const char *key, *want;
	int status;
} headers[] = {
    {"HTTP_IF_MATCH", "\"7-1a2b\"", "args.if_match", "\"7-1a2b\"", 200},
    {"HTTP_IF_MATCH", "*", "args.if_match", NULL, 200},
    {"HTTP_IF_MATCH", "", NULL, NULL, 400},
    {"HTTP_IF_MATCH", "x", NULL, NULL, 400},
    {"HTTP_IF_MATCH", "\"", NULL, NULL, 400},
    {"HTTP_IF_MATCH", "\"\xff\"", NULL, NULL, 400},
    {"HTTP_IF_MATCH", "W/\"7\"", NULL, NULL, 400},
    {"HTTP_PREFER", "respond-async", "args.wait", "false", 202},
    {"HTTP_PREFER", "wait=5, Respond-Async ,x", "args.wait", "false", 202},
    {"HTTP_PREFER", "respond-asynchronously", "args.wait", "true", 200},
    {"HTTP_PREFER", "", "args.wait", "true", 200},
    {"HTTP_PREFER", "return=minimal", "args.wait", "true", 200},
};

START_TEST(reads_headers)
{
	struct json_object *o, *v;
	char s[128];

	daemon_says("connection.apply",
	    "{\"type\":\"result\",\"ok\":true,\"data\":"
	    "{\"job\":\"0123456789abcdef0123456789abcdef\"}}");
	ask("POST", CONN);
	bearer();
	param(headers[_i].name, headers[_i].value);
	body(JSON, "{}");
	ck_assert_int_eq(go(), headers[_i].status);
	if (headers[_i].key == NULL) {
		ck_assert_ptr_null(daemon_heard("connection.apply"));
		return;
	}
	o = daemon_heard("connection.apply");
	v = jsonx_path(o, headers[_i].key);
	if (headers[_i].want == NULL)
		ck_assert_ptr_null(v);
	else
		ck_assert_str_eq(json_object_get_string(v), headers[_i].want);
	json_object_put(o);
	if (headers[_i].status == 202) {
		ck_assert_str_eq(got_header("Location", s, sizeof(s)),
		    "/api/v1/jobs/0123456789abcdef0123456789abcdef");
		ck_assert_str_eq(got_header("Preference-Applied", s, sizeof(s)),
		    "respond-async");
	}
}
END_TEST

#define RESULT(x) "{\"type\":\"result\",\"ok\":true,\"data\":" x "}"
#define FAILED(x) "{\"type\":\"result\",\"ok\":false,\"error\":" x "}"

#define JOB	  "0123456789abcdef0123456789abcdef"
#define PROGRESS  "{\"type\":\"progress\",\"job\":{\"id\":\"" JOB "\"}}"

/* What the daemon says, and the status and code that go out. */
static const struct {
	const char *frame;
	int status;
	const char *code;
} answers[] = {
    {RESULT("{}"), 200, ""},
    {FAILED("{\"code\":\"apply.busy\"}"), 409, "apply.busy"},
    {FAILED("{\"code\":\"settings.stale\"}"), 412, "settings.stale"},
    {FAILED("{\"code\":\"key.mismatch\",\"field\":\"private_key\"}"), 422,
	"key.mismatch"},
    {FAILED("{\"code\":\"apply.rolled_back\"}"), 502, "apply.rolled_back"},
    {FAILED("{\"code\":\"postfix.missing\"}"), 503, "postfix.missing"},
    {FAILED("{\"code\":\"op.denied\"}"), 403, "op.denied"},
    {FAILED("{\"code\":\"cert.self_signed\"}"), 500, "cert.self_signed"},
    /* frames that ops.h does not know */
    {FAILED("{\"code\":\"no.such.code\"}"), 500, "internal"},
    {FAILED("{}"), 500, "internal"},
    {FAILED("[]"), 500, "internal"},
    {FAILED("{\"code\":\"none\"}"), 500, "internal"},
    {FAILED("{\"code\":7}"), 500, "internal"},
    {RESULT("[]"), 500, "internal"},
    {RESULT("null"), 500, "internal"},
    {"{\"type\":\"result\"}", 500, "internal"},
    {"{\"type\":\"result\",\"ok\":\"yes\"}", 500, "internal"},
    {"{\"type\":\"hello\"}", 500, "internal"},
    {"{\"type\":[]}", 500, "internal"},
    {"{}", 500, "internal"},
    {"hang up", 503, "daemon.unreachable"},
    {"{\"type\":\"progress\",\"job\":{}}", 503, "daemon.unreachable"},
    {PROGRESS "\n" RESULT("{}"), 200, ""},
    {PROGRESS "\n" PROGRESS "\n" FAILED("{\"code\":\"apply.busy\"}"), 409,
	"apply.busy"},
    {PROGRESS "\n{}", 500, "internal"},
};

START_TEST(answers_daemon)
{
	struct json_object *o;

	daemon_says("connection.apply", answers[_i].frame);
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ck_assert_msg(go() == answers[_i].status, "%s", ex.out.data);
	if (answers[_i].status != 200) {
		o = got_json();
		ck_assert_str_eq(
		    jsonx_path_str(o, "code", ""), answers[_i].code);
		json_object_put(o);
	}
}
END_TEST

START_TEST(refusal_in_full)
{
	struct json_object *o, *rows;

	daemon_says("connection.apply",
	    FAILED("{\"code\":\"key.mismatch\",\"field\":\"private_key\","
		   "\"findings\":[{\"code\":\"key.mismatch\",\"severity\":"
		   "\"error\",\"field\":\"private_key\",\"args\":{\"key\":"
		   "\"4F2A\",\"certificate\":\"910C\"}},{\"code\":"
		   "\"cert.self_signed\",\"severity\":\"info\",\"field\":"
		   "\"server_certificate\"},{\"code\":\"cert.expired\","
		   "\"severity\":\"confirm\",\"field\":\"server_certificate\""
		   "}]}"));
	ask("POST", CONN);
	bearer();
	param("HTTP_ACCEPT_LANGUAGE", "ja");
	body(JSON, "{}");
	ck_assert_int_eq(go(), 422);
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "type", ""), "about:blank");
	ck_assert_str_eq(
	    jsonx_path_str(o, "title", ""), "Unprocessable Content");
	/* the sentence with its details, not the bare one */
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(o, "detail", ""), "4F2A"));
	rows = jsonx_path(o, "errors");
	ck_assert_uint_eq(json_object_array_length(rows), 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_ge(
		    (unsigned char)jsonx_path_str(
			json_object_array_get_idx(rows, i), "message", "")[0],
		    0x80);
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(rows, 1), "code", ""),
	    "cert.expired");
	rows = jsonx_path(o, "findings");
	ck_assert_uint_eq(json_object_array_length(rows), 3);
	json_object_put(o);
}
END_TEST

START_TEST(rollback_in_full)
{
	struct json_object *o;

	daemon_says("connection.apply",
	    FAILED("{\"code\":\"apply.rolled_back\",\"step\":\"probe\","
		   "\"log\":[\"postfix/smtpd: fatal\"],\"generation\":12,"
		   "\"job\":\"0123\",\"secret\":\"x\"}"));
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ck_assert_int_eq(go(), 502);
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "step", ""), "probe");
	ck_assert_uint_eq(json_object_array_length(jsonx_path(o, "log")), 1);
	ck_assert_int_eq(json_object_get_int(jsonx_path(o, "generation")), 12);
	ck_assert_ptr_null(jsonx_path(o, "secret"));
	json_object_put(o);
}
END_TEST

/* Which line Postfix cannot read; what went wrong in us stays in the log. */
static const struct {
	const char *code;
	bool told;
} reasons[] = {
    {"postfix.config_invalid", true},
    {"apply.rolled_back", true},
    {"settings.stale", true},
    {"internal", false},
    {"internal.io", false},
};

START_TEST(reason_told)
{
	struct json_object *o;
	char frame[160];

	snprintf(frame, sizeof(frame),
	    FAILED("{\"code\":\"%s\",\"detail\":\"main.cf, line 39\"}"),
	    reasons[_i].code);
	daemon_says("connection.apply", frame);
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	go();
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "code", ""), reasons[_i].code);
	ck_assert_str_eq(jsonx_path_str(o, "technical", ""),
	    reasons[_i].told ? "main.cf, line 39" : "");
	json_object_put(o);
}
END_TEST

/* The daemon goes while a job runs: the answer says where to look. */
START_TEST(job_outlives_connection)
{
	struct json_object *o;

	daemon_says("connection.apply", PROGRESS "\nhang up");
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ck_assert_int_eq(go(), 202);
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "job", ""), JOB);
	json_object_put(o);
}
END_TEST

/* Our own patience ended (as client.c reports it), or the job's did. */
static const struct {
	const char *frame;
	int status;
} patience[] = {
    {FAILED(
	 "{\"code\":\"internal.timeout\",\"job\":\"" JOB "\",\"lost\":true}"),
	202},
    {FAILED("{\"code\":\"internal.timeout\",\"job\":\"" JOB "\"}"), 500},
    {FAILED("{\"code\":\"internal.timeout\",\"lost\":true}"), 500},
};

START_TEST(patience_ends)
{
	char v[64];

	daemon_says("connection.apply", patience[_i].frame);
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ck_assert_int_eq(go(), patience[_i].status);
	if (ex.status == 202)
		ck_assert_str_eq(
		    got_header("Location", v, sizeof(v)), "/api/v1/jobs/" JOB);
}
END_TEST

START_TEST(get_connection)
{
	struct json_object *o;
	char v[64];

	daemon_says("connection.get",
	    RESULT("{\"etag\":\"\\\"7-1a\\\"\",\"settings\":{},\"draft\":"
		   "{\"x\":1}}"));
	ask("GET", CONN);
	bearer();
	ck_assert_int_eq(go(), 200);
	ck_assert_str_eq(got_header("ETag", v, sizeof(v)), "\"7-1a\"");
	o = got_json();
	ck_assert_ptr_null(jsonx_path(o, "draft"));
	ck_assert_ptr_nonnull(jsonx_path(o, "settings"));
	json_object_put(o);
	o = daemon_heard("connection.get");
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
	    "{}");
	json_object_put(o);
	/* an etag that would be another header */
	daemon_says("connection.get", RESULT("{\"etag\":\"x\\r\\nX: y\"}"));
	ask("GET", CONN);
	bearer();
	ck_assert_int_eq(go(), 500);
	ck_assert_ptr_null(got_header("X", v, sizeof(v)));
}
END_TEST

START_TEST(inspects)
{
	struct json_object *o;

	daemon_says("inspect",
	    RESULT("{\"report\":{\"ok\":false,\"findings\":[{\"code\":"
		   "\"key.missing\",\"severity\":\"error\",\"field\":"
		   "\"private_key\"}],\"certificate\":null}}"));
	ask("POST", INSP);
	bearer();
	body(MULTI,
	    FILE_("server_certificate", "c", "x") TEXT("passphrase", "p") END);
	ck_assert_int_eq(go(), 200);
	o = got_json();
	ck_assert(jsonx_path(o, "ok") != NULL);
	ck_assert_str_ne(jsonx_path_str(json_object_array_get_idx(
					    jsonx_path(o, "findings"), 0),
			     "message", ""),
	    "");
	json_object_put(o);
	o = daemon_heard("inspect");
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
	    "{\"files\":{\"server_certificate\":\"eA==\"},"
	    "\"passphrase\":\"p\"}");
	json_object_put(o);
	daemon_says("inspect", RESULT("{}"));
	ask("POST", INSP);
	bearer();
	body(JSON, "{\"certificate\":{\"private_key\":\"x\"}}");
	ck_assert_int_eq(go(), 500);
}
END_TEST

START_TEST(states)
{
	struct json_object *o;

	daemon_says("status",
	    RESULT("{\"live\":{\"error\":{\"code\":\"probe.connect\"}},"
		   "\"draft\":null}"));
	ask("GET", "/api/v1/status");
	bearer();
	ck_assert_int_eq(go(), 200);
	o = got_json();
	ck_assert_str_ne(jsonx_path_str(o, "live.error.message", ""), "");
	ck_assert_str_eq(jsonx_path_str(o, "version", ""), postseal_version);
	json_object_put(o);

	daemon_says("job.get",
	    RESULT("{\"state\":\"rolled_back\",\"result\":null,\"error\":"
		   "{\"code\":\"apply.rolled_back\",\"findings\":[{\"code\":"
		   "\"cert.expired\",\"severity\":\"confirm\",\"field\":"
		   "\"server_certificate\"}]}}"));
	ask("GET", "/api/v1/jobs/0123456789abcdef0123456789abcdef");
	bearer();
	ck_assert_int_eq(go(), 200);
	o = got_json();
	ck_assert_str_ne(jsonx_path_str(o, "error.message", ""), "");
	ck_assert_str_ne(jsonx_path_str(json_object_array_get_idx(
					    jsonx_path(o, "error.findings"), 0),
			     "message", ""),
	    "");
	json_object_put(o);
	o = daemon_heard("job.get");
	ck_assert_str_eq(jsonx_path_str(o, "args.job", ""),
	    "0123456789abcdef0123456789abcdef");
	json_object_put(o);
}
END_TEST

/* Fields of a reply that are not what ops.h says: an answer all the same. */
START_TEST(odd_replies)
{
	static const char *const odd[] = {
	    RESULT("{\"findings\":{}}"),
	    RESULT("{\"findings\":[1,null,{}]}"),
	    RESULT("{\"findings\":[{\"code\":1,\"args\":[]}]}"),
	    FAILED("{\"code\":\"key.mismatch\",\"findings\":7}"),
	    FAILED("{\"code\":\"key.mismatch\",\"findings\":[null,1,{}]}"),
	    FAILED("{\"code\":\"key.mismatch\",\"field\":[],\"detail\":{}}"),
	};

	daemon_says("connection.apply", odd[_i]);
	ask("POST", CONN);
	bearer();
	body(JSON, "{}");
	ck_assert_int_eq(go(), _i < 3 ? 200 : 422);
	json_object_put(got_json());
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, con_setup, con_teardown);
	tcase_add_loop_test(t, asks_apply, 0, N(posts));
	tcase_add_loop_test(t, file_sizes, 0, N(files));
	tcase_add_loop_test(t, files_of_one_field, 0, N(joined));
	tcase_add_test(t, files_of_one_field_too_large);
	tcase_add_loop_test(t, json_with_a_mark, 0, 5);
	tcase_add_loop_test(t, reads_headers, 0, N(headers));
	tcase_add_loop_test(t, answers_daemon, 0, N(answers));
	tcase_add_test(t, refusal_in_full);
	tcase_add_test(t, rollback_in_full);
	tcase_add_loop_test(t, reason_told, 0, N(reasons));
	tcase_add_test(t, job_outlives_connection);
	tcase_add_loop_test(t, patience_ends, 0, N(patience));
	tcase_add_test(t, get_connection);
	tcase_add_test(t, inspects);
	tcase_add_test(t, states);
	tcase_add_loop_test(t, odd_replies, 0, 6);
	return con_close(suite_run("api", t));
}
