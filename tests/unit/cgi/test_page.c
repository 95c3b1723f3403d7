/*
 * test_page.c - the pages against a postseald of cardboard: what each state
 * shows, what each button asks for and where it leads, what hostile data
 * becomes.  States are the files of tests/data/screen/: {op: data, "query":
 * {..}}; {"ERROR": ERROR} in the place of data is a refusal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "core.h"
#include "jsonx.h"
#include "ops.h"
#include "template.h"
#include "util.h"

#define N(a)   ((int)(sizeof(a) / sizeof((a)[0])))
#define SCREEN "/smtp-routing/connection"
#define JOB    "0123456789abcdef0123456789abcdef"

static struct app app;
static struct request req;
static struct reply reply;
static struct err err;
static struct json_object *state; /* op -> data */
static struct json_object *calls; /* [{"op", "args"}] */
static char *envp[] = {NULL, NULL};

/* In the place of backend.c. */
int
backend_call(struct app *a, const struct request *r, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *e)
{
	struct json_object *call = json_object_new_object(), *v = NULL, *bad;

	(void)a;
	(void)r;
	json_object_object_add(call, "op", json_object_new_string(op));
	json_object_object_add(call, "args", args);
	json_object_array_add(calls, call);
	if (!json_object_object_get_ex(state, op, &v))
		return err_set(
		    e, ERR_DAEMON_UNREACHABLE, "", "no data for %s", op);
	if ((bad = jsonx_path(v, "ERROR")) != NULL) {
		if (error != NULL)
			*error = json_object_get(bad);
		err_from_json(e, bad);
		return -1;
	}
	*data = NULL;
	json_object_deep_copy(v, data, NULL);
	return 0;
}

void
backend_audit(struct app *a, const struct request *r, const char *event,
    const char *outcome, const char *detail)
{
	(void)a;
	(void)r;
	(void)event;
	(void)outcome;
	(void)detail;
}

static void
load_once(void)
{
	ck_assert_msg(catalog_load("templates/locale", &app.texts, &err) == 0,
	    "%s", err.msg);
	ck_assert_msg(templates_load("templates", &app.templates, &err) == 0,
	    "%s", err.msg);
}

static void
unload(void)
{
	templates_free(app.templates);
	catalog_free(app.texts);
}

static void
add(struct fields *to, const char *name, const char *value, const char *file)
{
	struct field f = {0};

	f.name = strdup(name);
	f.value = strdup(value);
	f.len = strlen(value);
	f.is_file = file != NULL;
	f.filename = file != NULL ? strdup(file) : NULL;
	ck_assert_int_eq(fields_add(to, &f, &err), 0);
}

static void
setup(void)
{
	err_clear(&err);
	request_init(&req, envp);
	reply_init(&reply);
	req.method = HTTP_GET;
	req.path = SCREEN;
	req.lang = "en";
	req.who.known = true;
	strcpy(req.who.user, "admin");
	strcpy(req.who.via, "web");
	memset(req.who.draft, 'd', 64);
	memset(req.who.csrf, 'c', 64);
	calls = json_object_new_array();
	state = NULL;
}

static void
teardown(void)
{
	/* The path is not on the heap here. */
	request_clear(&req);
	reply_clear(&reply);
	json_object_put(state);
	json_object_put(calls);
}

static void
load_state(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/data/screen/%s.json", name);
	json_object_put(state);
	state = json_object_from_file(path);
	ck_assert_msg(state != NULL, "%s", path);
}

static void
query_of_state(void)
{
	struct json_object *q = jsonx_path(state, "query");

	if (q == NULL)
		return;
	json_object_object_foreach (q, name, v)
		add(&req.query, name, json_object_get_string(v), NULL);
}

static const char *
op_of(size_t i)
{
	return jsonx_path_str(json_object_array_get_idx(calls, i), "op", "");
}

static struct json_object *
args_of(const char *op)
{
	size_t i;

	for (i = 0; i < json_object_array_length(calls); i++)
		if (strcmp(op_of(i), op) == 0)
			return jsonx_path(
			    json_object_array_get_idx(calls, i), "args");
	return NULL;
}

static void
has(const char *text)
{
	ck_assert_msg(strstr(reply.body.data, text) != NULL,
	    "the page lacks \"%s\"", text);
}

static void
lacks(const char *text)
{
	ck_assert_msg(
	    strstr(reply.body.data, text) == NULL, "the page has \"%s\"", text);
}

static void
leads_to(const char *where)
{
	char line[256];

	snprintf(line, sizeof(line), "Location: %s\r\n", where);
	ck_assert_int_eq(reply.status, 303);
	ck_assert_msg(
	    strstr(reply.headers.data, line) != NULL, "%s", reply.headers.data);
}

/* What each state shows, in English. */
static const struct {
	const char *state;
	int status;
	const char *has[8];
	const char *lacks[6];
} shown[] = {
    {"fresh", 200,
	{"Nothing has been saved from this console yet", "None in use",
	    "name=\"csrf\" value=\"cccc", "name=\"inbound_enabled\"",
	    "Not probed yet"},
	{"id=\"errors\"", "id=\"outcome\"", "fieldset class=\"whole\" disabled",
	    "Not saved yet",
	    "name=\"inbound_enabled\" value=\"on\" "
	    "aria-describedby=\"inbound_enabled-help\" "
	    "checked"}},
    {"force", 200,
	{"In force: generation 12", "61 of 90 days left", "mx.example.jp",
	    "R11", "ISRG Root X1", "root, not sent", "in use: RSA 3072",
	    "TLS 1.2, 1.3"},
	{"Not saved yet", "name=\"confirm\""}},
    {"draft", 200,
	{"Not saved yet", "new: mx-2026.key", "value=\"remove:private_key\"",
	    "E3:B0:C4:42:98:FC:1C:14:", "cert.name_mismatch", "gw1.example.jp"},
	{"id=\"errors\"", "id=\"passphrase\""}},
    {"bad", 200,
	{"id=\"errors\"", "href=\"#at-private_key\"", "4F:2A:00:11",
	    "not usable: old.key", "name=\"confirm\" value=\"cert.expired\"",
	    "needs a decision: mx-2026.pem", "expired 53 days ago"},
	{"id=\"outcome\""}},
    {"enc", 200,
	{"id=\"passphrase\"", "protected by a passphrase", "key.encrypted"},
	{"new: enc.key"}},
    {"applied", 200,
	{"id=\"outcome\"", "Generation 13 serves mx.example.jp",
	    "refused for 0.8 s", "smtpd_use_tls", "870 ms"},
	{"id=\"errors\"", "cert.self_signed"}},
    {"rolled", 200,
	{"id=\"outcome\"", "the former settings are in force",
	    "Generation 12 is in force again", "454 4.7.0 TLS not available",
	    "disabling TLS support", "probe.starttls"},
	{"Applied"}},
    {"refused", 200,
	{"id=\"errors\"", "Not saved. The settings in force are untouched",
	    "href=\"#at-private_key\"", "href=\"#at-server_certificate\""},
	{"id=\"outcome\""}},
    {"running", 200,
	{"id=\"progress\"", "http-equiv=\"refresh\"", "data-job=\"" JOB "\"",
	    "data-step=\"probe\""},
	{"id=\"outcome\""}},
    {"preview", 200,
	{"id=\"preview\"", "<span class=\"del\">-smtpd_use_tls = yes</span>",
	    "<span class=\"at\">--- main.cf</span>", "gen-13/inbound.pem"},
	{"id=\"errors\""}},
    {"nothing", 200, {"already in force"}, {"<span class=\"add\">"}},
    {"drift", 200,
	{"main.cf was changed outside this console", "gen-12/inbound.pem",
	    "Postfix is not running", "Renew soon: 9 of 90", "missing",
	    "required"},
	{"root, not sent"}},
    {"old", 200,
	{"fieldset class=\"whole\" disabled", "older than 3.4",
	    "postfix.too_old", "Update Postfix"},
	{"id=\"errors\""}},
    {"probed", 200, {"Nothing answered on the SMTP port", "Connection refused"},
	{NULL}},
};

START_TEST(shows_the_state)
{
	size_t i;

	load_state(shown[_i].state);
	query_of_state();
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, shown[_i].status);
	for (i = 0; i < 8 && shown[_i].has[i] != NULL; i++)
		has(shown[_i].has[i]);
	for (i = 0; i < 6 && shown[_i].lacks[i] != NULL; i++)
		lacks(shown[_i].lacks[i]);
	lacks("{{");
	lacks("style=");
	lacks("<script>");
	ck_assert_uint_lt(reply.body.len, 24 * 1024);
}
END_TEST

/* The same in Japanese, without a word of English among the labels. */
START_TEST(speaks_japanese)
{
	load_state(shown[_i].state);
	query_of_state();
	req.lang = "ja";
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	has("<html lang=\"ja\">");
	has("受信Transport Layer Securityを有効にする");
	has("すべての検索サービスに適用");
	lacks("Only accept SMTP");
	lacks("Upload<");
	lacks("{{");
}
END_TEST

/* Every string of a state replaced by markup: nothing of it gets out. */
static struct json_object *
poisoned(struct json_object *v)
{
	static const char poison[] = "<script>alert(1)</script>\"'><img src=x>";
	struct json_object *o;
	size_t i;

	switch (json_object_get_type(v)) {
	case json_type_string:
		/* Words that the page decides by must stay. */
		if (strchr(json_object_get_string(v), ' ') == NULL &&
		    strchr(json_object_get_string(v), '.') == NULL &&
		    strlen(json_object_get_string(v)) < 16)
			return json_object_get(v);
		return json_object_new_string(poison);
	case json_type_array:
		o = json_object_new_array();
		for (i = 0; i < json_object_array_length(v); i++)
			json_object_array_add(
			    o, poisoned(json_object_array_get_idx(v, i)));
		return o;
	case json_type_object:
		o = json_object_new_object();
		json_object_object_foreach (v, key, member)
			json_object_object_add(o, key, poisoned(member));
		return o;
	default:
		return json_object_get(v);
	}
}

START_TEST(lets_no_markup_out)
{
	struct json_object *bad;

	load_state(shown[_i].state);
	query_of_state();
	bad = poisoned(state);
	json_object_put(state);
	state = bad;
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	lacks("<script>alert");
	lacks("<img");
	lacks("\"'>");
}
END_TEST

/* Buttons: what they ask postseald for, and where they lead. */
static const struct {
	const char *button;
	const char *field, *value, *file; /* one more field */
	const char *ops[3];
	const char *where;
} buttons[] = {
    {"keep", NULL, NULL, NULL, {"draft.put"}, SCREEN},
    {"upload:private_key", "private_key", "KEY", "a.key", {"draft.put"},
	SCREEN "#at-private_key"},
    {"upload:private_key", NULL, NULL, NULL, {"draft.put"},
	SCREEN "?unchosen=private_key#at-private_key"},
    {"upload:private_key", "passphrase", "secret", NULL, {"draft.put"},
	SCREEN "#at-private_key"},
    {"upload:ca_certificate", "server_certificate", "CERT", "s.pem",
	{"draft.put"}, SCREEN "?unchosen=ca_certificate#at-ca_certificate"},
    {"remove:ca_certificate", NULL, NULL, NULL, {"draft.put"}, SCREEN},
    {"preview", NULL, NULL, NULL, {"draft.put"}, SCREEN "?preview=1#preview"},
    {"preview", "confirm", "cert.expired", NULL, {"draft.put"},
	SCREEN "?preview=1&confirm=cert.expired#preview"},
    {"keep", "confirm", "no.such.code", NULL, {"draft.put"}, SCREEN},
    {"probe", NULL, NULL, NULL, {"draft.put"}, SCREEN "?probe=1#state"},
    {"cancel", NULL, NULL, NULL, {"draft.drop"}, SCREEN},
    {"cancel", "confirm", "cert.expired", NULL, {"draft.drop"}, SCREEN},
    {"save", NULL, NULL, NULL, {"draft.put", "connection.apply"},
	SCREEN "?job=" JOB},
    {"save", "confirm", "cert.expired", NULL, {"draft.put", "connection.apply"},
	SCREEN "?job=" JOB "&confirm=cert.expired"},
};

static void
post(const char *button)
{
	req.method = HTTP_POST;
	add(&req.form, "csrf", "c", NULL);
	add(&req.form, "etag", "\"7-1a2b3c4d\"", NULL);
	add(&req.form, "do", button, NULL);
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "apply", "reload", NULL);
	add(&req.form, "server_certificate", "", "");
}

static void
accepting_state(void)
{
	load_state("force");
	json_object_object_add(state, OP_DRAFT_PUT, json_object_new_object());
	json_object_object_add(state, OP_DRAFT_DROP, json_object_new_object());
	json_object_object_add(state, OP_CONNECTION_APPLY,
	    json_tokener_parse("{\"job\":\"" JOB "\"}"));
}

START_TEST(presses_the_button)
{
	struct json_object *args;
	size_t i;

	accepting_state();
	req.method = HTTP_POST;
	if (buttons[_i].field != NULL)
		add(&req.form, buttons[_i].field, buttons[_i].value,
		    buttons[_i].file);
	if (buttons[_i].file == NULL ||
	    strcmp(buttons[_i].field, "server_certificate") != 0) {
		post(buttons[_i].button);
	} else {
		add(&req.form, "do", buttons[_i].button, NULL);
		add(&req.form, "inbound_enabled", "on", NULL);
	}
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	leads_to(buttons[_i].where);
	for (i = 0; i < 3 && buttons[_i].ops[i] != NULL; i++)
		ck_assert_str_eq(op_of(i), buttons[_i].ops[i]);
	ck_assert_uint_eq(json_object_array_length(calls), i);
	if ((args = args_of(OP_DRAFT_PUT)) == NULL)
		return;
	ck_assert(json_object_get_boolean(
	    jsonx_path(args, "settings.inbound.enabled")));
	ck_assert(!json_object_get_boolean(
	    jsonx_path(args, "settings.all_scanners")));
	ck_assert_int_eq(strlen(jsonx_path_str(args, "draft", "")), 64);
}
END_TEST

START_TEST(save_asks_for_all_of_it)
{
	struct json_object *args;

	accepting_state();
	add(&req.form, "private_key", "KEY", "k.pem");
	add(&req.form, "passphrase", "secret", NULL);
	add(&req.form, "confirm", "cert.expired", NULL);
	add(&req.form, "confirm", "chain.expired", NULL);
	post("save");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	args = args_of(OP_DRAFT_PUT);
	ck_assert_str_eq(jsonx_path_str(args, "files.private_key", ""), "S0VZ");
	ck_assert_str_eq(
	    jsonx_path_str(args, "names.private_key", ""), "k.pem");
	ck_assert_ptr_null(jsonx_path(args, "files.server_certificate"));
	ck_assert_str_eq(jsonx_path_str(args, "passphrase", ""), "secret");
	args = args_of(OP_CONNECTION_APPLY);
	ck_assert(json_object_get_boolean(jsonx_path(args, "wait")));
	ck_assert_str_eq(
	    jsonx_path_str(args, "if_match", ""), "\"7-1a2b3c4d\"");
	ck_assert_str_eq(jsonx_path_str(args, "apply", ""), "reload");
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(args, "confirm")), 2);
	ck_assert(json_object_get_boolean(
	    jsonx_path(args, "settings.inbound.enabled")));
}
END_TEST

/* Refusals of postseald: the screen again, with the reason on it. */
static const struct {
	const char *button, *op, *error;
	int status;
	const char *has[4];
} refusals[] = {
    {"upload:private_key", OP_DRAFT_PUT,
	"{\"code\":\"file.too_large\",\"field\":\"private_key\"}", 422,
	{"id=\"errors\"", "href=\"#at-private_key\"", "larger than 64 KiB"}},
    {"save", OP_CONNECTION_APPLY, "{\"code\":\"apply.busy\"}", 409,
	{"id=\"errors\"", "Another change is being applied",
	    "name=\"inbound_enabled\" value=\"on\" "
	    "aria-describedby=\"inbound_enabled-help\" checked"}},
    {"save", OP_CONNECTION_APPLY, "{\"code\":\"settings.stale\"}", 412,
	{"Somebody else saved"}},
    {"save", OP_CONNECTION_APPLY,
	"{\"code\":\"key.missing\",\"field\":\"private_key\",\"findings\":"
	"[{\"code\":\"key.missing\",\"severity\":\"error\",\"field\":"
	"\"private_key\",\"args\":{}}]}",
	422, {"The private key is missing", "href=\"#at-private_key\""}},
    {"nosuchbutton", NULL, NULL, 400, {"id=\"errors\"", "do is not one"}},
    {"upload:user", NULL, NULL, 400, {"id=\"errors\""}},
};

START_TEST(tells_a_refusal)
{
	struct json_object *o;
	size_t i;

	accepting_state();
	if (refusals[_i].op != NULL) {
		o = json_object_new_object();
		json_object_object_add(
		    o, "ERROR", json_tokener_parse(refusals[_i].error));
		json_object_object_add(state, refusals[_i].op, o);
	}
	post(refusals[_i].button);
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, refusals[_i].status);
	for (i = 0; i < 4 && refusals[_i].has[i] != NULL; i++)
		has(refusals[_i].has[i]);
}
END_TEST

START_TEST(a_refusal_with_a_job_leads_to_it)
{
	accepting_state();
	json_object_object_add(state, OP_CONNECTION_APPLY,
	    json_tokener_parse("{\"ERROR\":{\"code\":\"apply.rolled_back\","
			       "\"job\":\"" JOB "\"}}"));
	post("save");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	leads_to(SCREEN "?job=" JOB);
}
END_TEST

START_TEST(a_hostile_job_id_leads_nowhere)
{
	accepting_state();
	json_object_object_add(state, OP_CONNECTION_APPLY,
	    json_tokener_parse("{\"job\":\"../../login?next=//evil.test\"}"));
	post("save");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
}
END_TEST

static const struct {
	const char *name, *value;
	enum err_code code;
} bad_fields[] = {
    {"user", "x", ERR_FIELD_UNKNOWN},
    {"apply", "now", ERR_FIELD_INVALID},
    {"inbound_enabled", "yes", ERR_FIELD_INVALID},
};

START_TEST(refuses_fields)
{
	int rc;

	accepting_state();
	req.method = HTTP_POST;
	add(&req.form, "do", "keep", NULL);
	add(&req.form, bad_fields[_i].name, bad_fields[_i].value, NULL);
	rc = page_connection(&app, &req, &reply, &err);
	ck_assert(
	    rc == -1 ? err.code == bad_fields[_i].code : reply.status == 400);
	ck_assert_ptr_null(args_of(OP_DRAFT_PUT));
}
END_TEST

START_TEST(without_postseald_says_so)
{
	state = json_object_new_object();
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	ck_assert_int_eq(page_error(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 503);
	has("The settings service does not answer");
	has("daemon.unreachable");
	has("href=\"" SCREEN "\"");
}
END_TEST

static void
progress_request(void)
{
	req.path = SCREEN "/job/" JOB;
	req.route = route_find(
	    routes, routes_n, HTTP_GET, req.path, (char[ALLOW_MAX]){0}, &err);
	ck_assert_ptr_nonnull(req.route);
}

START_TEST(progress_refreshes_itself_and_ends)
{
	load_state("running");
	progress_request();
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	has("http-equiv=\"refresh\" content=\"1\"");
	has("class=\"running\" data-step=\"restart\"");
	has("class=\"waiting\" data-step=\"close\"");
	reply_clear(&reply);
	reply_init(&reply);
	load_state("applied");
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	leads_to(SCREEN "?job=" JOB);
}
END_TEST

START_TEST(progress_speaks_json)
{
	struct json_object *o;
	char accept[] = "HTTP_ACCEPT=application/json";

	envp[0] = accept;
	load_state("running");
	progress_request();
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	envp[0] = NULL;
	ck_assert_ptr_nonnull(o = json_tokener_parse(reply.body.data));
	ck_assert_str_eq(jsonx_path_str(o, "state", ""), "running");
	json_object_put(o);
}
END_TEST

START_TEST(an_unknown_job_is_no_trap)
{
	load_state("force");
	json_object_object_add(state, OP_JOB_GET,
	    json_tokener_parse("{\"ERROR\":{\"code\":\"job.unknown\"}}"));
	add(&req.query, "job", _i == 0 ? JOB : "<b>", NULL);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
	lacks("id=\"outcome\"");
}
END_TEST

/* Where a form may lead back to. */
static const struct {
	const char *back, *where;
} backs[] = {
    {SCREEN "?job=" JOB, SCREEN "?job=" JOB},
    {"/", "/"},
    {"", "/"},
    {"//evil.test/", "/"},
    {"/\\evil.test/", "/"},
    {"https://evil.test/", "/"},
    {"/a b", "/"},
    {"/a\r\nSet-Cookie: x=y", "/"},
    {"/\xe6\x97\xa5", "/"},
    {"javascript:alert(1)", "/"},
};

START_TEST(language_leads_back_safely)
{
	req.method = HTTP_POST;
	req.path = "/language";
	add(&req.form, "lang", "ja", NULL);
	add(&req.form, "back", backs[_i].back, NULL);
	ck_assert_int_eq(page_language(&app, &req, &reply, &err), 0);
	leads_to(backs[_i].where);
	ck_assert_ptr_nonnull(
	    strstr(reply.headers.data, "Set-Cookie: " COOKIE_LANG "=ja;"));
}
END_TEST

START_TEST(language_is_one_of_ours)
{
	req.method = HTTP_POST;
	add(&req.form, "lang", "fr", NULL);
	ck_assert_int_eq(page_language(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_INVALID);
}
END_TEST

START_TEST(login_page_keeps_the_way)
{
	char next[256];

	req.who.known = false;
	req.path = "/login";
	add(&req.query, "next", backs[_i].back, NULL);
	ck_assert_int_eq(page_login(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
	has("type=\"password\"");
	has("name=\"csrf\" value=\"");
	lacks("class=\"side\"");
	snprintf(
	    next, sizeof(next), "name=\"next\" value=\"%s\"", backs[_i].where);
	has(next);
}
END_TEST

START_TEST(who_is_in_goes_on)
{
	req.path = "/login";
	add(&req.query, "next", backs[_i].back, NULL);
	ck_assert_int_eq(page_login(&app, &req, &reply, &err), 0);
	leads_to(backs[_i].where);
}
END_TEST

START_TEST(root_leads_to_the_screen)
{
	ck_assert_int_eq(page_root(&app, &req, &reply, &err), 0);
	leads_to(SCREEN);
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("page");
	Suite *s = suite_create("page");

	tcase_add_unchecked_fixture(tc, load_once, unload);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, shows_the_state, 0, N(shown));
	tcase_add_loop_test(tc, speaks_japanese, 0, N(shown));
	tcase_add_loop_test(tc, lets_no_markup_out, 0, N(shown));
	tcase_add_loop_test(tc, presses_the_button, 0, N(buttons));
	tcase_add_test(tc, save_asks_for_all_of_it);
	tcase_add_loop_test(tc, tells_a_refusal, 0, N(refusals));
	tcase_add_test(tc, a_refusal_with_a_job_leads_to_it);
	tcase_add_test(tc, a_hostile_job_id_leads_nowhere);
	tcase_add_loop_test(tc, refuses_fields, 0, N(bad_fields));
	tcase_add_test(tc, without_postseald_says_so);
	tcase_add_test(tc, progress_refreshes_itself_and_ends);
	tcase_add_test(tc, progress_speaks_json);
	tcase_add_loop_test(tc, an_unknown_job_is_no_trap, 0, 2);
	tcase_add_loop_test(tc, language_leads_back_safely, 0, N(backs));
	tcase_add_test(tc, language_is_one_of_ours);
	tcase_add_loop_test(tc, login_page_keeps_the_way, 0, N(backs));
	tcase_add_loop_test(tc, who_is_in_goes_on, 0, N(backs));
	tcase_add_test(tc, root_leads_to_the_screen);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
