/*
 * test_page_buttons.c - what each button of the Connection screen asks
 * postseald for, where it leads, and how a refusal is told.
 */
#include "page_rig.h"

/* Buttons: what they ask postseald for, and where they lead. */
static const struct {
	const char *button;
	const char *field, *value, *file; /* one more field */
	const char *ops[3];
	const char *where;
} buttons[] = {
    {"keep", NULL, NULL, NULL, {"connection.get", "draft.put"}, SCREEN},
    {"upload:private_key", "private_key", "KEY", "a.key",
	{"connection.get", "draft.put"}, SCREEN "#at-private_key"},
    {"upload:private_key", NULL, NULL, NULL, {"connection.get", "draft.put"},
	SCREEN "?unchosen=private_key#at-private_key"},
    {"upload:private_key", "passphrase", "secret", NULL,
	{"connection.get", "draft.put"}, SCREEN "#at-private_key"},
    {"upload:ca_certificate", "server_certificate", "CERT", "s.pem",
	{"connection.get", "draft.put"},
	SCREEN "?unchosen=ca_certificate#at-ca_certificate"},
    {"remove:ca_certificate", NULL, NULL, NULL, {"connection.get", "draft.put"},
	SCREEN},
    {"preview", NULL, NULL, NULL, {"connection.get", "draft.put"},
	SCREEN "?preview=1#preview"},
    {"preview", "confirm", "cert.expired", NULL,
	{"connection.get", "draft.put"},
	SCREEN "?preview=1&confirm=cert.expired#preview"},
    {"keep", "confirm", "no.such.code", NULL, {"connection.get", "draft.put"},
	SCREEN},
    {"probe", NULL, NULL, NULL, {"connection.get", "draft.put"},
	SCREEN "?probe=1#state"},
    {"edit:access_list", NULL, NULL, NULL, {"connection.get", "draft.put"},
	SCREEN "?edit=access_list#at-access_list"},
    {"upload:private_key", "private_key_text", "KEY", NULL,
	{"connection.get", "draft.put"},
	SCREEN "?unchosen=private_key#at-private_key"},
    {"cancel", NULL, NULL, NULL, {"draft.drop"}, SCREEN},
    {"cancel", "confirm", "cert.expired", NULL, {"draft.drop"}, SCREEN},
    {"save", NULL, NULL, NULL, {"connection.get", "connection.apply"},
	SCREEN "?job=" JOB},
    {"save", "confirm", "cert.expired", NULL,
	{"connection.get", "connection.apply"},
	SCREEN "?job=" JOB "&confirm=cert.expired"},
};

static void
post(const char *button)
{
	req.method = HTTP_POST;
	add(&req.form, "csrf", "c", NULL);
	add(&req.form, "etag", "\"12-1a2b3c4d\"", NULL);
	add(&req.form, "do", button, NULL);
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "apply", "reload", NULL);
	add(&req.form, "access_list", "", NULL);
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
		add(&req.form, "access_list", "", NULL);
	}
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	leads_to(buttons[_i].where);
	for (i = 0; i < 3 && buttons[_i].ops[i] != NULL; i++)
		ck_assert_str_eq(op_of(i), buttons[_i].ops[i]);
	ck_assert_uint_eq(json_object_array_length(calls), i);
	if ((args = args_of(OP_DRAFT_PUT)) == NULL &&
	    (args = args_of(OP_CONNECTION_APPLY)) == NULL)
		return;
	/* What is as it is in force is not asked for. */
	ck_assert_ptr_null(jsonx_path(args, "settings.inbound"));
	ck_assert_str_eq(
	    json_object_get_string(jsonx_path(args, "settings.all_scanners")),
	    "false");
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
	args = args_of(OP_CONNECTION_APPLY);
	ck_assert_str_eq(jsonx_path_str(args, "files.private_key", ""), "S0VZ");
	ck_assert_str_eq(
	    jsonx_path_str(args, "names.private_key", ""), "k.pem");
	ck_assert_ptr_null(jsonx_path(args, "files.server_certificate"));
	ck_assert_str_eq(jsonx_path_str(args, "passphrase", ""), "secret");
	ck_assert(json_object_get_boolean(jsonx_path(args, "keep")));
	ck_assert(json_object_get_boolean(jsonx_path(args, "wait")));
	/* What is as it was is not asked for. */
	ck_assert(json_object_get_boolean(jsonx_path(args, "form")));
	ck_assert_str_eq(
	    jsonx_path_str(args, "if_match", ""), "\"12-1a2b3c4d\"");
	ck_assert_str_eq(jsonx_path_str(args, "apply", ""), "reload");
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(args, "confirm")), 2);
	ck_assert_ptr_null(jsonx_path(args, "settings.inbound"));
	ck_assert_str_eq(json_object_get_string(
			     jsonx_path(args, "settings.outbound.enabled")),
	    "false");
}
END_TEST

START_TEST(pasted_text_is_a_file)
{
	struct json_object *args;

	accepting_state();
	add(&req.form, "private_key", "", "");
	add(&req.form, "private_key_text", "KEY\r\n", NULL);
	/* A file that was chosen wins. */
	add(&req.form, "ca_certificate", "CA", "ca.pem");
	add(&req.form, "ca_certificate_text", "other", NULL);
	add(&req.form, "server_certificate_text", " \r\n", NULL);
	post("upload:private_key");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	leads_to(SCREEN "#at-private_key");
	args = args_of(OP_DRAFT_PUT);
	ck_assert_str_eq(
	    jsonx_path_str(args, "files.private_key", ""), "S0VZCg==");
	ck_assert_str_eq(
	    jsonx_path_str(args, "names.private_key", ""), "pasted text");
	ck_assert_str_eq(
	    jsonx_path_str(args, "files.ca_certificate", ""), "Q0E=");
	ck_assert_ptr_null(jsonx_path(args, "files.server_certificate"));
}
END_TEST

/* A long list is not in the form; the one of the draft stays. */
START_TEST(a_list_that_is_not_shown_stays)
{
	struct json_object *args, *list;

	accepting_state();
	json_object_object_del(state, OP_CONNECTION_GET);
	load_state("interface");
	json_object_object_add(state, OP_DRAFT_PUT, json_object_new_object());
	req.method = HTTP_POST;
	add(&req.form, "do", "keep", NULL);
	add(&req.form, "listen", "all", NULL);
	add(&req.form, "access_policy", "", NULL);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	leads_to(SCREEN);
	ck_assert_str_eq(op_of(0), OP_CONNECTION_GET);
	args = args_of(OP_DRAFT_PUT);
	list = jsonx_path(args, "settings.access.list");
	ck_assert_uint_eq(json_object_array_length(list), 3);
	ck_assert_str_eq(
	    jsonx_path_str(args, "settings.interface.listen", ""), "all");
	/* Asked for anew, and empty: null, not what the draft had. */
	ck_assert_ptr_null(jsonx_path(args, "settings.access.policy"));
}
END_TEST

/* What was wrong is told at its field; the rest is safe in the draft. */
START_TEST(a_wrong_number_loses_nothing)
{
	struct json_object *args;

	accepting_state();
	add(&req.form, "private_key", "KEY", "k.pem");
	add(&req.form, "smtp_port", "2<5", NULL);
	add(&req.form, "listen", "all", NULL);
	req.method = HTTP_POST;
	add(&req.form, "do", "save", NULL);
	add(&req.form, "access_list", "192.0.2.1\n192.0.2.\n", NULL);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 422);
	args = args_of(OP_DRAFT_PUT);
	ck_assert_str_eq(jsonx_path_str(args, "files.private_key", ""), "S0VZ");
	ck_assert_ptr_null(args_of(OP_CONNECTION_APPLY));
	has("href=\"#at-smtp_port\"");
	has("href=\"#at-access_list\"");
	has("name=\"smtp_port\" value=\"2&lt;5\"");
	has("192.0.2.1\n192.0.2.\n</textarea>");
	has("Line 2:");
	has("name=\"listen\" value=\"all\" checked");
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
	{"Somebody else has saved"}},
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
    {"inbound_enabled", "maybe", ERR_FIELD_INVALID},
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

/* A destination that is tried: what is asked for, and what is said of it. */
static const struct {
	const char *lang, *typed, *asked, *answer;
	const char *has[4], *lacks[2];
} hops[] = {
    {"en", "example.jp", "example.jp",
	"{\"hop\":{\"next_hop\":\"example.jp\",\"state\":\"seen\",\"tls\":true,"
	"\"level\":\"may\",\"reason\":null,\"address\":\"mx[192.0.2.1]:25\","
	"\"protocol\":\"TLSv1.3\",\"trust\":\"untrusted\"}}",
	{"probe ok\" id=\"hop-seen\"", "its certificate is not trusted",
	    "value=\"example.jp\"", "mx[192.0.2.1]:25"},
	{"id=\"errors\""}},
    {"en", "  [mx]:587 ", "[mx]:587",
	"{\"hop\":{\"next_hop\":\"[mx]:587\",\"state\":\"seen\",\"tls\":false,"
	"\"level\":\"may\",\"reason\":null,\"transport\":\"relay:[mx2]\"}}",
	{"probe warn\" id=\"hop-seen\"", "in plaintext",
	    "transport_maps has relay:[mx2]"}, {"probe ok\" id"}},
    {"ja", "example.jp", "example.jp",
	"{\"hop\":{\"next_hop\":\"example.jp\",\"state\":\"not_seen\","
	"\"level\":\"encrypt\",\"reason\":\"starttls\",\"detail\":"
	"\"<b>TLS is required, but was not offered\"}}",
	{"probe error\" id=\"hop-seen\"",
	    "設定された水準（encrypt）で接続できません。相手がSTARTTLSに対応していません。",
	    "&lt;b&gt;TLS is required"},
	{"<b>"}},
    {"en", "", NULL,
	"{\"ERROR\":{\"code\":\"field.missing\",\"field\":\"next_hop\","
	"\"detail\":\"main.cf has no relayhost\"}}",
	{"id=\"errors\"", "href=\"#at-next_hop\"", "Domain or host",
	    "tabindex=\"-1\" open>"},
	{"id=\"hop-seen\""}},
};

START_TEST(tries_a_destination)
{
	struct json_object *args;
	size_t i;

	accepting_state();
	json_object_object_add(state, OP_CONNECTION_TEST,
	    json_tokener_parse(hops[_i].answer));
	req.lang = hops[_i].lang;
	post("test");
	add(&req.form, "next_hop", hops[_i].typed, NULL);
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	/* What was filled in is kept first. */
	ck_assert_str_eq(op_of(1), OP_DRAFT_PUT);
	ck_assert_ptr_nonnull(args = args_of(OP_CONNECTION_TEST));
	if (hops[_i].asked == NULL)
		ck_assert_ptr_null(jsonx_path(args, "next_hop"));
	else
		ck_assert_str_eq(
		    jsonx_path_str(args, "next_hop", ""), hops[_i].asked);
	for (i = 0; i < 4 && hops[_i].has[i] != NULL; i++)
		has(hops[_i].has[i]);
	for (i = 0; i < 2 && hops[_i].lacks[i] != NULL; i++)
		lacks(hops[_i].lacks[i]);
	if (_i == 0)
		keep_page("hop");
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, tries_a_destination, 0, N(hops));
	tcase_add_loop_test(tc, presses_the_button, 0, N(buttons));
	tcase_add_test(tc, pasted_text_is_a_file);
	tcase_add_test(tc, a_list_that_is_not_shown_stays);
	tcase_add_test(tc, a_wrong_number_loses_nothing);
	tcase_add_test(tc, save_asks_for_all_of_it);
	tcase_add_loop_test(tc, tells_a_refusal, 0, N(refusals));
	tcase_add_test(tc, a_refusal_with_a_job_leads_to_it);
	tcase_add_test(tc, a_hostile_job_id_leads_nowhere);
	tcase_add_loop_test(tc, refuses_fields, 0, N(bad_fields));
}

int
main(void)
{
	return run_suite("page_buttons", fill);
}
