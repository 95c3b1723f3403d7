/*
 * test_api_history.c - generations, drift, audit log and metrics of the API:
 * what is asked of postseald, what is refused before, and what comes back.
 */
#include "../suite.h"
#include "harness.h"

#define GENS  "/api/v1/generations"
#define AUDIT "/api/v1/audit"
#define JSON  "application/json"
#define MULTI "multipart/form-data; boundary=B"
#define TEXT(n, v) \
	"--B\r\nContent-Disposition: form-data; name=\"" n "\"\r\n\r\n" v "\r" \
	"\n"
#define END	  "--B--\r\n"
#define RESULT(x) "{\"type\":\"result\",\"ok\":true,\"data\":" x "}"
#define FAILED(x) "{\"type\":\"result\",\"ok\":false,\"error\":" x "}"
#define DEFAULTS  "\"dry_run\":false,\"wait\":true"
#define JOB	  "0123456789abcdef0123456789abcdef"

/* A request, the op that follows from it, and its args; status 400 and up:
 * nobody is asked.  type "" sends no body at all. */
static const struct {
	const char *method, *target, *type, *body;
	int status;
	const char *op, *args;
} calls[] = {
    {"GET", GENS, NULL, NULL, 200, "generations.list", "{}"},
    {"GET", GENS "?limit=5", NULL, NULL, 200, "generations.list",
	"{\"limit\":5}"},
    {"GET", GENS "?limit=", NULL, NULL, 200, "generations.list", "{}"},
    {"GET", GENS "?limit=0", NULL, NULL, 400, "generations.list", NULL},
    {"GET", GENS "?limit=1001", NULL, NULL, 400, "generations.list", NULL},
    {"GET", GENS "?limit=-1", NULL, NULL, 400, "generations.list", NULL},
    {"GET", GENS "?limit=99999999999999999999", NULL, NULL, 400,
	"generations.list", NULL},
    {"GET", GENS "?x=1", NULL, NULL, 400, "generations.list", NULL},
    {"GET", GENS "/7", NULL, NULL, 200, "generation.get", "{\"id\":7}"},
    {"GET", GENS "/2147483647", NULL, NULL, 200, "generation.get",
	"{\"id\":2147483647}"},
    {"GET", GENS "/2147483648", NULL, NULL, 404, "generation.get", NULL},
    {"GET", GENS "/0", NULL, NULL, 200, "generation.get", "{\"id\":0}"},
    {"GET", GENS "/x", NULL, NULL, 404, "generation.get", NULL},
    {"GET", GENS "/7x", NULL, NULL, 404, "generation.get", NULL},
    {"GET", GENS "/+7", NULL, NULL, 404, "generation.get", NULL},
    {"GET", GENS "/7/", NULL, NULL, 404, "generation.get", NULL},
    {"GET", GENS "/7/diff?with=12", NULL, NULL, 200, "generation.diff",
	"{\"a\":7,\"b\":12}"},
    {"GET", GENS "/7/diff", NULL, NULL, 400, "generation.diff", NULL},
    {"GET", GENS "/7/diff?with=", NULL, NULL, 400, "generation.diff", NULL},
    {"GET", GENS "/7/diff?with=x", NULL, NULL, 404, "generation.diff", NULL},
    {"GET", GENS "/x/diff?with=7", NULL, NULL, 404, "generation.diff", NULL},
    {"GET", GENS "//diff?with=7", NULL, NULL, 400, "generation.diff", NULL},
    {"GET", GENS "/7/8/diff?with=7", NULL, NULL, 404, "generation.diff", NULL},
    {"GET", GENS "/7/restore", NULL, NULL, 405, "generation.restore", NULL},
    {"POST", GENS "/7/restore", "", "", 200, "generation.restore",
	"{" DEFAULTS ",\"id\":7}"},
    {"POST", GENS "/7/restore", JSON, "{}", 200, "generation.restore",
	"{" DEFAULTS ",\"id\":7}"},
    {"POST", GENS "/7/restore?dry_run=true", "", "", 200, "generation.restore",
	"{\"dry_run\":true,\"wait\":true,\"id\":7}"},
    {"POST", GENS "/7/restore", JSON,
	"{\"apply\":\"reload\",\"confirm\":[\"cert.expired\"]}", 200,
	"generation.restore",
	"{\"confirm\":[\"cert.expired\"],\"apply\":\"reload\"," DEFAULTS
	",\"id\":7}"},
    {"POST", GENS "/7/restore", MULTI,
	TEXT("apply", "restart") TEXT("confirm", "cert.expired")
	    TEXT("confirm", "chain.expired") END,
	200, "generation.restore",
	"{\"confirm\":[\"cert.expired\",\"chain.expired\"],\"apply\":"
	"\"restart\"," DEFAULTS ",\"id\":7}"},
    {"POST", GENS "/7/restore?dry_run=maybe", "", "", 400, "generation.restore",
	NULL},
    {"POST", GENS "/0/restore", "", "", 200, "generation.restore",
	"{" DEFAULTS ",\"id\":0}"},
    {"POST", GENS "/-1/restore", "", "", 404, "generation.restore", NULL},
    {"POST", GENS "/x/restore", "", "", 404, "generation.restore", NULL},
    {"POST", GENS "/7/restore", JSON, "{\"apply\":\"later\"}", 400,
	"generation.restore", NULL},
    {"POST", GENS "/7/restore", JSON, "{\"confirm\":[\"no.such\"]}", 400,
	"generation.restore", NULL},
    {"POST", GENS "/7/restore", JSON, "{\"inbound\":{\"enabled\":true}}", 400,
	"generation.restore", NULL},
    {"POST", GENS "/7/restore", JSON, "[]", 400, "generation.restore", NULL},
    {"POST", GENS "/7/restore", MULTI, TEXT("tls_only", "on") END, 400,
	"generation.restore", NULL},
    {"POST", GENS "/7/restore", MULTI,
	TEXT("apply", "reload") TEXT("apply", "reload") END, 400,
	"generation.restore", NULL},
    {"POST", GENS "/7/restore", "application/x-www-form-urlencoded",
	"apply=reload", 415, "generation.restore", NULL},
    {"POST", GENS "/7/restore", "text/plain", "x", 415, "generation.restore",
	NULL},
    {"POST", "/api/v1/connection/adopt", "", "", 200, "connection.adopt",
	"{" DEFAULTS "}"},
    {"POST", "/api/v1/connection/adopt?dry_run=true", JSON,
	"{\"confirm\":[\"drift.reset\"]}", 200, "connection.adopt",
	"{\"confirm\":[\"drift.reset\"],\"dry_run\":true,\"wait\":true}"},
    {"POST", "/api/v1/connection/adopt", JSON, "{\"id\":7}", 400,
	"connection.adopt", NULL},
    {"GET", AUDIT, NULL, NULL, 200, "audit.list", "{}"},
    {"GET",
	AUDIT "?user=a%20b&event=login&outcome=ok&text=%3Cb%3E&before=9&"
	      "limit=2",
	NULL, NULL, 200, "audit.list",
	"{\"user\":\"a b\",\"event\":\"login\",\"outcome\":\"ok\",\"text\":"
	"\"<b>\",\"before\":9,\"limit\":2}"},
    {"GET", AUDIT "?user=", NULL, NULL, 200, "audit.list", "{}"},
    {"GET", AUDIT "?before=x", NULL, NULL, 400, "audit.list", NULL},
    {"GET", AUDIT "?limit=1001", NULL, NULL, 400, "audit.list", NULL},
    {"GET", AUDIT "?user=a&user=b", NULL, NULL, 400, "audit.list", NULL},
    {"GET", AUDIT "?user=%ff", NULL, NULL, 400, "audit.list", NULL},
    {"POST", AUDIT, "", "", 405, "audit.list", NULL},
};

START_TEST(asks)
{
	struct json_object *o;

	ask(calls[_i].method, calls[_i].target);
	bearer();
	if (calls[_i].type != NULL && *calls[_i].type != '\0')
		body(calls[_i].type, calls[_i].body);
	ck_assert_msg(go() == calls[_i].status, "%s", ex.out.data);
	o = daemon_heard(calls[_i].op);
	if (calls[_i].args == NULL) {
		ck_assert_ptr_null(o);
		return;
	}
	ck_assert_str_eq(
	    json_object_to_json_string_ext(jsonx_path(o, "args"),
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    calls[_i].args);
	ck_assert_str_eq(jsonx_path_str(o, "actor.user", ""), USER);
	json_object_put(o);
}
END_TEST

/* Without a token nobody gets to any of them, metrics included. */
START_TEST(strangers_stay_out)
{
	ask(calls[_i].method, calls[_i].target);
	if (calls[_i].type != NULL && *calls[_i].type != '\0')
		body(calls[_i].type, calls[_i].body);
	ck_assert_int_ge(go(), 400);
	ck_assert_ptr_null(daemon_heard(calls[_i].op));
}
END_TEST

START_TEST(metrics_need_a_token)
{
	struct json_object *o;

	ask("GET", "/metrics");
	ck_assert_int_eq(go(), 401);
	o = got_json();
	ck_assert_str_eq(jsonx_path_str(o, "code", ""), "auth.required");
	json_object_put(o);
}
END_TEST

/* Back to what is in force: which one that is comes from the view, and its
 * ETag guards against a Save in between, unless the caller has one. */
static const struct {
	const char *view, *if_match;
	int status;
	const char *args;
} backs[] = {
    {"{\"etag\":\"\\\"12-ab\\\"\",\"generation\":{\"id\":12}}", NULL, 200,
	"{" DEFAULTS ",\"id\":12,\"if_match\":\"\\\"12-ab\\\"\"}"},
    {"{\"etag\":\"\\\"12-ab\\\"\",\"generation\":{\"id\":12}}", "\"11-cd\"",
	200, "{" DEFAULTS ",\"if_match\":\"\\\"11-cd\\\"\",\"id\":12}"},
    {"{\"etag\":\"\\\"0-ab\\\"\",\"generation\":null}", NULL, 404, NULL},
    {"{}", NULL, 404, NULL},
};

START_TEST(goes_back)
{
	struct json_object *o;
	char frame[256];

	snprintf(frame, sizeof(frame), RESULT("%s"), backs[_i].view);
	daemon_says("connection.get", frame);
	ask("POST", "/api/v1/connection/restore");
	bearer();
	if (backs[_i].if_match != NULL)
		param("HTTP_IF_MATCH", backs[_i].if_match);
	ck_assert_msg(go() == backs[_i].status, "%s", ex.out.data);
	o = daemon_heard("generation.restore");
	if (backs[_i].args == NULL) {
		ck_assert_ptr_null(o);
		return;
	}
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
	    backs[_i].args);
	json_object_put(o);
}
END_TEST

START_TEST(answers_at_once)
{
	struct json_object *o;
	char s[128];

	daemon_says("generation.restore", RESULT("{\"job\":\"" JOB "\"}"));
	ask("POST", GENS "/7/restore");
	bearer();
	param("HTTP_PREFER", "respond-async");
	ck_assert_int_eq(go(), 202);
	ck_assert_str_eq(
	    got_header("Location", s, sizeof(s)), "/api/v1/jobs/" JOB);
	o = daemon_heard("generation.restore");
	ck_assert(!json_object_get_boolean(jsonx_path(o, "args.wait")));
	json_object_put(o);
}
END_TEST

/* Errors and findings of a generation get their words. */
START_TEST(has_words)
{
	struct json_object *o;

	daemon_says("generation.get",
	    RESULT("{\"id\":7,\"error\":{\"code\":\"probe.banner\"},\"result\":"
		   "{\"findings\":[{\"code\":\"cert.self_signed\",\"severity\":"
		   "\"info\"}]}}"));
	ask("GET", GENS "/7");
	bearer();
	ck_assert_int_eq(go(), 200);
	o = got_json();
	ck_assert_uint_gt(strlen(jsonx_path_str(o, "error.message", "")), 20);
	ck_assert_uint_gt(
	    strlen(jsonx_path_str(
		json_object_array_get_idx(jsonx_path(o, "result.findings"), 0),
		"message", "")),
	    20);
	json_object_put(o);
}
END_TEST

static const struct {
	const char *view, *list; /* NULL: postseald hangs up */
	const char *has[8];
	const char *lacks[4];
} metrics[] = {
    {"{\"settings\":{\"inbound\":{\"enabled\":true,\"tls_only\":true},"
     "\"outbound\":{\"enabled\":true}},\"generation\":{\"id\":12},"
     "\"certificate\":{\"leaf\":{\"not_after\":\"2027-01-24T04:52:19Z\","
     "\"days_left\":61}},\"postfix\":{\"state\":\"running\"},\"drift\":[{},{}]"
     ",\"probe\":{\"at\":\"2026-11-24T04:40:19Z\"},\"busy\":true}",
	"{\"generations\":[{\"id\":12,\"outcome\":\"applied\",\"at\":"
	"\"2026-11-24T01:52:19Z\"},{\"id\":11,\"outcome\":\"failed\"},{\"id\":"
	"10,\"outcome\":\"applied\"}]}",
	{"\npostseal_generation 12\n", "\npostseal_inbound_tls 2\n",
	    "\npostseal_certificate_not_after_timestamp_seconds 1800766339\n",
	    "\npostseal_certificate_days_left 61\n",
	    "\npostseal_drift_parameters 2\n", "\npostseal_probe_ok 1\n",
	    "\npostseal_generations{outcome=\"failed\"} 1\n",
	    "\npostseal_applies_total 12\n"},
	{NULL}},
    /* Two algorithms: the one that ends first. */
    {"{\"certificate\":{\"leaf\":{\"not_after\":\"2027-01-24T04:52:19Z\","
     "\"days_left\":61},\"more\":[{\"leaf\":{\"not_after\":"
     "\"2026-12-24T04:52:19Z\",\"days_left\":30}}]}}",
	NULL,
	{"\npostseal_certificate_not_after_timestamp_seconds 1798087939\n",
	    "\npostseal_certificate_days_left 30\n"},
	{"days_left 61"}},
    {"{\"postfix\":{\"state\":\"stopped\"},\"probe_error\":{\"code\":"
     "\"probe.connect\",\"at\":\"2026-11-24T04:40:19Z\"},\"drift\":[]}",
	"{\"generations\":[]}",
	{"\npostseal_generation 0\n", "\npostseal_postfix_running 0\n",
	    "\npostseal_probe_stale 0\n",
	    "\npostseal_postfix_state{state=\"stopped\"} 1\n",
	    "\npostseal_probe_ok 0\n", "\npostseal_drift_parameters 0\n"},
	{"certificate_", "last_apply"}},
    {"{}", NULL, {"\npostseal_up 1\n", "\npostseal_generation 0\n"},
	{"probe_ok", "applies"}},
    {"{\"probe_stale\":\"2026-11-24T05:00:00Z\",\"probe\":null}", NULL,
	{"\npostseal_probe_stale 1\n"}, {"probe_ok", "probe_timestamp"}},
    {"{\"audit\":{\"writable\":true}}", NULL, {"\npostseal_audit_writable 1\n"},
	{"audit_chain", "audit_throttled"}},
    {"{\"audit\":{\"writable\":true,\"chain\":{\"holds\":false},"
     "\"throttled\":true,\"collapsed\":7}}",
	NULL,
	{"\npostseal_audit_chain_holds 0\n", "\npostseal_audit_throttled 1\n",
	    "\npostseal_audit_collapsed_lines 7\n"},
	{NULL}},
    {"{\"audit\":{\"writable\":true,\"chain\":{\"holds\":true},"
     "\"throttled\":false,\"collapsed\":0}}",
	NULL,
	{"\npostseal_audit_chain_holds 1\n", "\npostseal_audit_throttled 0\n",
	    "\npostseal_audit_collapsed_lines 0\n"},
	{NULL}},
    {"{\"audit\":{\"writable\":false,\"error\":\"x\"}}", NULL,
	{"\npostseal_audit_writable 0\n"}, {NULL}},
    {NULL, NULL, {"\npostseal_up 0\n", "\npostseal_build_info{version=\"1."},
	{"generation", "postfix"}},
    {"{\"postfix\":{\"state\":\"x\\n# evil 1\"},\"certificate\":{\"leaf\":"
     "{\"not_after\":\"evil\"}},\"drift\":\"evil\",\"generation\":[]}",
	"{\"generations\":\"evil\"}", {"\npostseal_up 1\n"}, {"evil"}},
};

START_TEST(measures)
{
	char frame[1024];
	char s[128];

	snprintf(frame, sizeof(frame), RESULT("%s"),
	    metrics[_i].view != NULL ? metrics[_i].view : "");
	daemon_says(
	    "connection.get", metrics[_i].view != NULL ? frame : "hang up");
	snprintf(frame, sizeof(frame), RESULT("%s"),
	    metrics[_i].list != NULL ? metrics[_i].list : "");
	daemon_says(
	    "generations.list", metrics[_i].list != NULL ? frame : "hang up");
	ask("GET", "/metrics");
	bearer();
	ck_assert_msg(go() == 200, "%s", ex.out.data);
	ck_assert_str_eq(got_header("Content-Type", s, sizeof(s)),
	    "text/plain; version=0.0.4; charset=utf-8");
	for (size_t i = 0; i < 8 && metrics[_i].has[i] != NULL; i++)
		ck_assert_msg(strstr(got_body(), metrics[_i].has[i]) != NULL,
		    "no %s in %s", metrics[_i].has[i], got_body());
	for (size_t i = 0; i < 4 && metrics[_i].lacks[i] != NULL; i++)
		ck_assert_msg(strstr(got_body(), metrics[_i].lacks[i]) == NULL,
		    "%s in %s", metrics[_i].lacks[i], got_body());
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
	tcase_add_loop_test(t, strangers_stay_out, 0, N(calls));
	tcase_add_test(t, metrics_need_a_token);
	tcase_add_loop_test(t, goes_back, 0, N(backs));
	tcase_add_test(t, answers_at_once);
	tcase_add_test(t, has_words);
	tcase_add_loop_test(t, measures, 0, N(metrics));
	return con_close(suite_run("api history", t));
}
