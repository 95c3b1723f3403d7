/*
 * test_page_history.c - History, one generation, two of them, the audit log
 * and the drift notice: what they show, ask for and refuse, in both languages
 * and with hostile data.
 */
#include "page_rig.h"

#define HISTORY	   "/smtp-routing/history"
#define GENERATION HISTORY "/7"
#define AUDIT	   "/audit"

typedef int (*page_fn)(
    struct app *, struct request *, struct reply *, struct err *);

/* What each state shows, in English. */
static const struct {
	const char *state, *path, *query; /* "a=b&c=d" */
	page_fn page;
	int status;
	const char *has[14];
	const char *lacks[5];
} shown[] = {
    {"history", HISTORY, "", page_history, 200,
	{"<a href=\"/smtp-routing/history/12\">", "in force",
	    "Generation 7 restored", "Hand edits adopted", "Values in main.cf",
	    "<time datetime=\"2026-11-24T01:52:19Z\"",
	    "Connect and compare the certificate", "aria-sort=\"descending\"",
	    "2001:db8::1f, screen", "TLS only: off \u2192 on",
	    "href=\"/smtp-routing/history/10#at-restore\""},
	{"Nothing matches", "name=\"do\"", "Show all"}},
    {"history-original", HISTORY, "", page_history, 200,
	{"<a href=\"/smtp-routing/history/0\">Before Postseal</a>",
	    "What stood in main.cf and master.cf", "Kept",
	    "What stood before Postseal restored"},
	{"Generation 0", "Generation </span>0"}},
    {"history-original", HISTORY, "by=admin", page_history, 200,
	{"<a href=\"/smtp-routing/history/12\">"}, {"Before Postseal"}},
    {"generation-original", HISTORY "/0", "", page_generation, 200,
	{"<h1>Before Postseal <span class=\"on\">", "mx-2025.example.jp",
	    "byte for byte", "name=\"do\" value=\"restore\"",
	    "action=\"/smtp-routing/history/0\"", "value=\"12\" selected"},
	{"Generation 0", "id=\"record-title\"", "Nothing to restore",
	    "value=\"0\""}},
    {"compare-original", HISTORY "/0", "with=12", page_generation, 200,
	{"<h1>Before Postseal and Generation 12 <span class=\"on\">",
	    "<a href=\"/smtp-routing/history/0\">Before Postseal</a>",
	    "<h3>Before Postseal</h3>", "Before Postseal</th>"},
	{"Generation 0", "Generations 0"}},
    {"history-none", HISTORY, "", page_history, 200,
	{"Nothing has been saved yet", "Go to Connection"},
	{"<table", "<select"}},
    {"generation", GENERATION, "", page_generation, 200,
	{"<h1>Generation 7 <span class=\"on\">", "mx-2025.example.jp",
	    "6 of 90 days left", "connections were refused for 0.9 s",
	    "gen-12/inbound.pem", "870 ms", "value=\"12\" selected",
	    "name=\"do\" value=\"restore\"",
	    "name=\"etag\" value=\"&quot;12-1a2b3c4d&quot;\""},
	{"id=\"failure\"", "id=\"errors\"", "id=\"preview\"",
	    "name=\"confirm\""}},
    {"generation-force", HISTORY "/12", "", page_generation, 200,
	{"<span class=\"badge\">in force</span>",
	    "There is nothing to restore"},
	{"value=\"restore\""}},
    {"generation-drift", HISTORY "/12", "", page_generation, 200,
	{"main.cf was changed by hand", "value=\"restore\""},
	{"There is nothing to restore"}},
    {"generation-failed", HISTORY "/11", "", page_generation, 200,
	{"id=\"failure\"", "454 4.7.0 TLS not available",
	    "Stopped at the step: Connect", "disabling TLS support",
	    "never came into force", "probe.starttls"},
	{"value=\"restore\""}},
    {"generation-preview", GENERATION, "preview=1", page_generation, 200,
	{"id=\"preview\"", "what Restore would change",
	    "<span class=\"del\">-smtpd_tls_chain_files", "cert.expires_soon"},
	{"id=\"errors\"", "what Save would change"}},
    {"generation-refused", GENERATION, "preview=1", page_generation, 422,
	{"id=\"errors\"", "expired on 2026-11-30", "name=\"confirm\"",
	    "form=\"restore\"", "id=\"confirm-restore-cert-expired\""},
	{"id=\"preview\""}},
    {"compare", GENERATION, "with=12", page_generation, 200,
	{"Generations 7 and 12", "Only accept SMTP connections by TLS",
	    "mx-2025.example.jp", "<td>on</td><td>off</td>",
	    "<code>encrypt</code>", "not set", "<span class=\"add\">",
	    "value=\"12\" selected",
	    "<td>As Postfix has it</td>"
	    "<td>All interfaces</td>",
	    "<td>200</td><td>No limit</td>",
	    "<td>2 entries</td><td>3 entries</td>",
	    "<span class=\"add\">+192.0.2.16/28</span>"},
	{"Both have the same"}},
    {"compare-same", GENERATION, "with=8", page_generation, 200,
	{"Both have the same settings", "Both have the same certificate",
	    "Both have the same parameters"},
	{"<th scope=\"col\">"}},
    {"audit", AUDIT, "before=9999", page_audit, 200,
	{"adm1n was refused signing in from 198.51.100.7", "rolled back",
	    "something.new", "root made a token",
	    "admin saved the connection settings",
	    "href=\"/audit?before=8200\"", "href=\"/audit.csv\" download",
	    "&lt;script&gt;alert(1)",
	    "<time class=\"exact\" datetime=\"2026-11-24T04:50:00Z\">",
	    "this host, postsealctl"},
	{"<script>alert", "Nothing matches"}},
    {"audit-none", AUDIT, "user=nobody", page_audit, 200,
	{"Nothing matches", "value=\"nobody\"", "Show all"},
	{"<table", "rel=\"next\"", "Nothing has happened"}},
    {"drift-refused", SCREEN, "", page_connection, 200,
	{"id=\"drift-notice\"", "value=\"adopt\"", "values of generation 12",
	    "value=\"restore\"", "missing", "0600 root"},
	{"name=\"confirm\""}},
    {"welcome", SCREEN, "", page_connection, 200,
	{"value=\"adopt\"", "This is what your Postfix does today",
	    "accepts inbound mail only over TLS", "no field here (2) stay",
	    "hash:/etc/postfix/&lt;tls_policy&gt;",
	    "encrypted to every server that supports it"},
	{"value=\"restore\"", "id=\"drift-notice\""}},
};

static void
ask(const char *path, const char *query)
{
	char copy[256], *pair, *save = NULL, *eq;

	req.path = path;
	snprintf(copy, sizeof(copy), "%s", query);
	for (pair = strtok_r(copy, "&", &save); pair != NULL;
	     pair = strtok_r(NULL, "&", &save)) {
		eq = strchr(pair, '=');
		*eq = '\0';
		add(&req.query, pair, eq + 1, NULL);
	}
}

static void
show(int i)
{
	load_state(shown[i].state);
	ask(shown[i].path, shown[i].query);
	ck_assert_msg(shown[i].page(&app, &req, &reply, &err) == 0, "%s: %s",
	    shown[i].state, err.msg);
	ck_assert_int_eq(reply.status, shown[i].status);
}

START_TEST(shows_the_state)
{
	size_t i;

	show(_i);
	for (i = 0; i < 14 && shown[_i].has[i] != NULL; i++)
		has(shown[_i].has[i]);
	for (i = 0; i < 5 && shown[_i].lacks[i] != NULL; i++)
		lacks(shown[_i].lacks[i]);
	lacks("{{");
	lacks("style=");
	lacks("<script>");
	keep_page(shown[_i].state);
	ck_assert_uint_lt(reply.body.len, 30 * 1024);
}
END_TEST

START_TEST(speaks_japanese)
{
	req.lang = "ja";
	show(_i);
	has("<html lang=\"ja\">");
	has("監査ログ");
	lacks("{{");
	lacks("Restore");
	lacks("Compare");
	lacks(">Show<");
	keep_page(shown[_i].state);
}
END_TEST

START_TEST(lets_no_markup_out)
{
	struct json_object *bad;

	load_state(shown[_i].state);
	ask(shown[_i].path, shown[_i].query);
	bad = poisoned(state);
	json_object_put(state);
	state = bad;
	ck_assert_int_eq(shown[_i].page(&app, &req, &reply, &err), 0);
	lacks("<script>alert");
	lacks("<img");
	lacks("\"'>");
}
END_TEST

/* Sorting and filtering: the numbers that are shown, in their order. */
static const struct {
	const char *query, *ids;
} lists[] = {
    {"", "12 11 10 9 8 7"},
    {"by=&outcome=&changed=&sort=", "12 11 10 9 8 7"},
    {"sort=id", "7 8 9 10 11 12"},
    {"sort=-id", "12 11 10 9 8 7"},
    {"sort=by", "12 8 7 11 9 10"},
    {"sort=-by", "10 9 11 7 8 12"},
    {"sort=outcome", "12 10 9 8 7 11"},
    {"by=admin", "12 8 7"},
    {"by=admin&sort=id", "7 8 12"},
    {"outcome=failed", "11"},
    {"outcome=applied", "12 10 9 8 7"},
    {"changed=certificate", "12 11 7"},
    {"changed=inbound", "10 7"},
    {"changed=outbound", "9 7"},
    {"changed=all_scanners", "9"},
    {"changed=restore", "10"},
    {"changed=adopt", "9"},
    {"changed=nonsense", ""},
    {"by=admin&outcome=failed", ""},
    {"by=<b>", ""},
};

START_TEST(filters_and_sorts)
{
	char ids[128] = "", id[16];
	const char *s, mark[] = "<a href=\"/smtp-routing/history/";
	size_t n = 0;

	load_state("history");
	ask(HISTORY, lists[_i].query);
	ck_assert_int_eq(page_history(&app, &req, &reply, &err), 0);
	for (s = reply.body.data; (s = strstr(s, mark)) != NULL; s++) {
		snprintf(id, sizeof(id), "%.*s",
		    (int)strspn(s + sizeof(mark) - 1, "0123456789"),
		    s + sizeof(mark) - 1);
		n += (size_t)snprintf(
		    ids + n, sizeof(ids) - n, "%s%s", n > 0 ? " " : "", id);
	}
	ck_assert_str_eq(ids, lists[_i].ids);
	if (*lists[_i].ids == '\0')
		has("Nothing matches");
	lacks("<b>");
}
END_TEST

/* The address of another order keeps the filter. */
START_TEST(heads_keep_the_filter)
{
	load_state("history");
	ask(HISTORY, "by=admin&outcome=applied&sort=by");
	ck_assert_int_eq(page_history(&app, &req, &reply, &err), 0);
	has("href=\"/smtp-routing/history?by=admin&amp;"
	    "outcome=applied&amp;sort=-by\"");
	has("aria-sort=\"ascending\"");
}
END_TEST

static const struct {
	const char *path, *query;
	page_fn page;
	enum err_code code;
} refused[] = {
    {HISTORY, "sort=what", page_history, ERR_FIELD_INVALID},
    {HISTORY, "sort=-", page_history, ERR_FIELD_INVALID},
    {HISTORY, "sort=--id", page_history, ERR_FIELD_INVALID},
    {HISTORY "/-1", "", page_generation, ERR_GEN_UNKNOWN},
    {HISTORY "/x", "", page_generation, ERR_GEN_UNKNOWN},
    {HISTORY "/1x", "", page_generation, ERR_GEN_UNKNOWN},
    {HISTORY "/9999999999", "", page_generation, ERR_GEN_UNKNOWN},
    {GENERATION, "with=x", page_generation, ERR_GEN_UNKNOWN},
    {GENERATION, "with=12", page_generation, ERR_DAEMON_UNREACHABLE},
    {AUDIT, "before=x", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "before=-1", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "limit=1001", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "limit=0", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "sort=user", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "sort=at&after=x", page_audit, ERR_FIELD_INVALID},
    {AUDIT, "", page_audit, ERR_DAEMON_UNREACHABLE},
};

START_TEST(refuses)
{
	load_state("generation");
	ask(refused[_i].path, refused[_i].query);
	ck_assert_int_eq(refused[_i].page(&app, &req, &reply, &err), -1);
	ck_assert_str_eq(err_name(err.code), err_name(refused[_i].code));
}
END_TEST

START_TEST(audit_asks_with_the_filters)
{
	load_state("audit");
	ask(AUDIT, "user=admin&event=login&outcome=ok&text=10.0.&before=77");
	ck_assert_int_eq(page_audit(&app, &req, &reply, &err), 0);
	ck_assert_str_eq(json_object_to_json_string_ext(
			     args_of(OP_AUDIT_LIST), JSON_C_TO_STRING_PLAIN),
	    "{\"limit\":50,\"user\":\"admin\",\"event\":\"login\","
	    "\"outcome\":\"ok\",\"text\":\"10.0.\",\"before\":77}");
	has("href=\"/audit?user=admin&amp;event=login&amp;outcome=ok&amp;"
	    "text=10.0.&amp;before=8200\"");
}
END_TEST

/* A table: everything quoted, nothing computed, the rest where Link says. */
START_TEST(audit_as_a_table)
{
	static const char *const typed[][2] = {
	    {"=cmd|' /C calc'!A0", "\"'=cmd"}, {"+1", "\"'+1\""},
	    {"-1", "\"'-1\""}, {"@SUM(1)", "\"'@SUM(1)\""}, {"\tx", "\"'?x\""},
	    {"＝1+1", "\"'＝1+1\""}, {"-", ",\"-\","},
	    {"a\x1b[2Jb", "\"a?[2Jb\""},
	    {"a \"b\", c", "\"a \"\"b\"\", c\""}};
	struct json_object *one;

	load_state("audit");
	one = json_object_array_get_idx(
	    jsonx_path(jsonx_member(state, OP_AUDIT_LIST), "entries"), 0);
	json_object_object_add(
	    one, "detail", json_object_new_string(typed[_i][0]));
	ask("/audit.csv", "user=admin&event=login&before=77");
	ck_assert_int_eq(page_audit_csv(&app, &req, &reply, &err), 0);
	ck_assert_ptr_eq(reply.body.data,
	    strstr(reply.body.data,
		"\xef\xbb\xbf\"at\",\"user\",\"from\",\"via\",\"event\","
		"\"outcome\",\"detail\",\"repeats\",\"claimed\",\"note\"\r\n"));
	has(typed[_i][1]);
	has("\"2026-11-24T04:50:00Z\",\"admin\",\"192.0.2.1\",\"web\","
	    "\"connection.apply\",\"applied\",");
	ck_assert_ptr_nonnull(strstr(reply.headers.data, "text/csv"));
	ck_assert_ptr_nonnull(strstr(reply.headers.data,
	    "Link: </audit.csv?user=admin&event=login&before=8200>; "
	    "rel=\"next\""));
	ck_assert_str_eq(
	    strstr(reply.body.data, "\"\",\"\",\"\",\"\",\"more\""),
	    "\"\",\"\",\"\",\"\",\"more\",\"\",\"/"
	    "audit.csv?user=admin&event=login&"
	    "before=8200\",\"\",\"\",\"\"\r\n");
}
END_TEST

START_TEST(audit_as_a_whole_table)
{
	load_state("audit");
	json_object_object_del(jsonx_member(state, OP_AUDIT_LIST), "next");
	ask("/audit.csv", "");
	ck_assert_int_eq(page_audit_csv(&app, &req, &reply, &err), 0);
	lacks("\"more\"");
	ck_assert_ptr_null(strstr(reply.headers.data, "Link:"));
}
END_TEST

START_TEST(audit_as_a_table_is_refused)
{
	load_state("force");
	ask("/audit.csv", _i == 0 ? "before=x" : "");
	ck_assert_int_eq(page_audit_csv(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(
	    err.code, _i == 0 ? ERR_FIELD_INVALID : ERR_DAEMON_UNREACHABLE);
	ck_assert_uint_eq(reply.body.len, 0);
}
END_TEST

/* What is wrong with the log is told where the settings are, too. */
START_TEST(no_audit_log_is_told)
{
	static const struct {
		const char *audit, *id, *says;
	} bad[] = {
	    {"{\"writable\":false}", "error\" role=\"alert\" id=\"unwritable",
		"The audit log cannot be written"},
	    {"{\"chain\":{\"holds\":false,\"file\":\"audit.log.1\",\"line\":4}"
	     "}",
		"error\" role=\"alert\" id=\"broken-chain",
		"as it was written: audit.log.1, line 4."},
	    {"{\"throttled\":true}", "warn\" role=\"alert\" id=\"throttled",
		"can be refused for now"},
	    {"{\"collapsed\":7}", "warn\" role=\"alert\" id=\"collapsed",
		"over and over: 7 times"},
	    {"{\"writable\":true,\"chain\":{\"holds\":true},"
	     "\"throttled\":false,\"collapsed\":0}",
		NULL, NULL},
	    {"{\"chain\":null}", NULL, NULL}, {"{}", NULL, NULL}};

	load_state("force");
	json_object_object_add(jsonx_member(state, OP_CONNECTION_GET), "audit",
	    json_tokener_parse(bad[_i].audit));
	ask(SCREEN, "");
	req.lang = "en";
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	if (bad[_i].id != NULL) {
		has(bad[_i].id);
		has(bad[_i].says);
	} else {
		lacks("role=\"alert\"");
	}
	if (_i == 0)
		keep_page("unwritable");
	if (_i == 1)
		keep_page("broken-chain");
}
END_TEST

/* The oldest first: in pieces from the place that the address names, each of
 * which postseald answers newest first. */
START_TEST(audit_from_its_beginning)
{
	const char *html, *first, *last;

	load_state("audit");
	ask(AUDIT, "sort=at&user=admin&after=8400");
	ck_assert_int_eq(page_audit(&app, &req, &reply, &err), 0);
	html = reply.body.data;
	ck_assert_ptr_nonnull(first = strstr(html, "2026-11-23T22:10:00Z"));
	ck_assert_ptr_nonnull(last = strstr(html, "2026-11-24T04:50:00Z"));
	ck_assert_msg(first < last, "the oldest first");
	has("aria-sort=\"ascending\"><a href=\"/audit?user=admin&amp;"
	    "sort=-at\"");
	has("href=\"/audit?user=admin&amp;sort=at\">Oldest<");
	lacks("rel=\"next\"");
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		jsonx_path(json_object_array_get_idx(calls, 1), "args"),
		JSON_C_TO_STRING_PLAIN),
	    "{\"user\":\"admin\",\"before\":991440,\"limit\":1000}");
	/* What the lines speak of, and whether it can be written. */
	ck_assert_int_eq(json_object_array_length(calls), 4);
}
END_TEST

/* Buttons: state, path, form, and where it leads or what it says. */
static const struct {
	const char *state, *path, *form;
	page_fn page;
	const char *leads; /* or NULL */
	int status;
	const char *op, *args; /* of the last call of that op */
	const char *says;
} pressed[] = {
    {"generation-preview", GENERATION,
	"csrf=c&etag=E&do=restore&apply=reload&confirm=cert.expired",
	page_generation, SCREEN "/job/" JOB, 303, OP_GENERATION_RESTORE,
	"{\"id\":7,\"apply\":\"reload\",\"if_match\":\"E\",\"confirm\":"
	"[\"cert.expired\"],\"wait\":false,\"accepted\":true}",
	NULL},
    {"generation-preview", GENERATION,
	"csrf=c&do=preview&apply=restart&note=why", page_generation, NULL, 200,
	OP_GENERATION_RESTORE,
	"{\"id\":7,\"apply\":\"restart\",\"note\":\"why\",\"dry_run\":true}",
	"value=\"why\""},
    {"generation-refused", GENERATION, "csrf=c&etag=E&do=restore",
	page_generation, NULL, 422, OP_GENERATION_RESTORE,
	"{\"id\":7,\"if_match\":\"E\",\"confirm\":[],\"wait\":false,"
	"\"accepted\":true}",
	"id=\"confirm-restore-cert-expired\""},
    {"generation", GENERATION, "csrf=c&do=nonsense", page_generation, NULL, 400,
	NULL, NULL, "id=\"errors\""},
    {"generation", GENERATION, "csrf=c&do=restore&apply=later", page_generation,
	NULL, 400, NULL, NULL, "id=\"errors\""},
    {"drift-refused", SCREEN "/drift", "csrf=c&etag=E&do=adopt", page_drift,
	NULL, 422, OP_CONNECTION_ADOPT,
	"{\"if_match\":\"E\",\"confirm\":[],\"wait\":false,\"accepted\":true}",
	"id=\"confirm-drift-drift-reset\""},
    {"welcome", SCREEN "/drift", "csrf=c&etag=E&do=adopt", page_drift, NULL,
	422, OP_CONNECTION_ADOPT, NULL,
	"is not one that this console can take"},
    {"welcome", SCREEN "/drift", "csrf=c&do=restore", page_drift, NULL, 404,
	NULL, NULL, "id=\"errors\""},
    {"drift-refused", SCREEN "/drift", "csrf=c&do=nonsense", page_drift, NULL,
	400, NULL, NULL, "id=\"errors\""},
};

static struct json_object *
last_args(const char *op)
{
	size_t i = json_object_array_length(calls);

	while (i-- > 0)
		if (strcmp(op_of(i), op) == 0)
			return jsonx_path(
			    json_object_array_get_idx(calls, i), "args");
	return NULL;
}

static void
press(const char *path, const char *form)
{
	char copy[256], *pair, *save = NULL, *eq;

	req.method = HTTP_POST;
	req.path = path;
	snprintf(copy, sizeof(copy), "%s", form);
	for (pair = strtok_r(copy, "&", &save); pair != NULL;
	     pair = strtok_r(NULL, "&", &save)) {
		eq = strchr(pair, '=');
		*eq = '\0';
		add(&req.form, pair, eq + 1, NULL);
	}
}

START_TEST(buttons)
{
	load_state(pressed[_i].state);
	press(pressed[_i].path, pressed[_i].form);
	ck_assert_msg(
	    pressed[_i].page(&app, &req, &reply, &err) == 0, "%s", err.msg);
	if (pressed[_i].leads != NULL)
		leads_to(pressed[_i].leads);
	ck_assert_int_eq(reply.status, pressed[_i].status);
	if (pressed[_i].args != NULL)
		ck_assert_str_eq(
		    json_object_to_json_string_ext(
			last_args(pressed[_i].op), JSON_C_TO_STRING_PLAIN),
		    pressed[_i].args);
	if (pressed[_i].says != NULL) {
		has(pressed[_i].says);
		keep_both("pressed", pressed[_i].page);
	}
}
END_TEST

/* Both findings are told; the box that accepts them is there once. */
START_TEST(asks_once_a_code)
{
	const char *s;
	int boxes = 0;

	load_state("drift-refused");
	press(SCREEN "/drift", "csrf=c&do=adopt");
	ck_assert_int_eq(page_drift(&app, &req, &reply, &err), 0);
	for (s = reply.body.data; (s = strstr(s, "name=\"confirm\"")) != NULL;
	     s++)
		boxes++;
	ck_assert_int_eq(boxes, 1);
	has("form=\"drift\"");
	has("smtpd_tls_loglevel was changed by hand. Now: 3.");
	has("smtpd_tls_received_header was changed by hand. Now: no.");
	keep_both("drift-asked", page_drift);
}
END_TEST

/* It is asked for once, and a refusal that has a job is told right here. */
START_TEST(is_asked_for_once)
{
	size_t i, n = 0;

	load_state("drift-refused");
	json_object_object_add(state, OP_CONNECTION_ADOPT,
	    json_tokener_parse("{\"ERROR\":{\"code\":\"settings.stale\","
			       "\"job\":\"" JOB "\"}}"));
	press(SCREEN "/drift", "csrf=c&do=adopt");
	ck_assert_int_eq(page_drift(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 412);
	for (i = 0; i < json_object_array_length(calls); i++)
		n += strcmp(op_of(i), OP_CONNECTION_ADOPT) == 0;
	ck_assert_uint_eq(n, 1);
}
END_TEST

/* A field that is not of the form, or comes twice. */
START_TEST(forms_are_strict)
{
	static const char *const forms[] = {"csrf=c&do=restore&x=1",
	    "csrf=c&do=restore&do=restore", "csrf=c&do=restore&etag=a&etag=b"};
	const struct {
		const char *path;
		page_fn page;
	} at[] = {{GENERATION, page_generation}, {SCREEN "/drift", page_drift}};

	load_state("generation");
	press(at[_i % 2].path, forms[_i / 2]);
	ck_assert_int_eq(at[_i % 2].page(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err_http(err.code), 400);
	ck_assert_uint_eq(json_object_array_length(calls), 0);
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, shows_the_state, 0, N(shown));
	tcase_add_loop_test(tc, speaks_japanese, 0, N(shown));
	tcase_add_loop_test(tc, lets_no_markup_out, 0, N(shown));
	tcase_add_loop_test(tc, filters_and_sorts, 0, N(lists));
	tcase_add_test(tc, heads_keep_the_filter);
	tcase_add_loop_test(tc, refuses, 0, N(refused));
	tcase_add_test(tc, audit_asks_with_the_filters);
	tcase_add_loop_test(tc, audit_as_a_table, 0, 8);
	tcase_add_test(tc, audit_as_a_whole_table);
	tcase_add_loop_test(tc, audit_as_a_table_is_refused, 0, 2);
	tcase_add_loop_test(tc, no_audit_log_is_told, 0, 7);
	tcase_add_test(tc, audit_from_its_beginning);
	tcase_add_loop_test(tc, buttons, 0, N(pressed));
	tcase_add_test(tc, asks_once_a_code);
	tcase_add_test(tc, is_asked_for_once);
	tcase_add_loop_test(tc, forms_are_strict, 0, 6);
}

int
main(void)
{
	return run_suite("page history", fill);
}
