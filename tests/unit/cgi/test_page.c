/*
 * test_page.c - what the Connection screen shows in each state, in both
 * languages, and what hostile data becomes.
 */
#include "page_rig.h"

/* What each state shows, in English. */
static const struct {
	const char *state;
	int status;
	const char *has[9];
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
	{"id=\"outcome\"", "the previous settings are in force",
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
    {"costly", 200,
	{"id=\"progress\"", "data-step=\"inspect\"",
	    "half a minute at most (PBKDF2, 5000000)<"},
	{"id=\"outcome\"", "at most ()"}},
    {"bundle", 200,
	{"\">new: bundle.pfx<", "\">new: RSA 2048, from bundle.pfx<",
	    "\">new: R12, from bundle.pfx<", "mx04.example.jp and 96 more",
	    ">All names</summary>", "mx99.example.jp, mx100.example.jp<"},
	{"in use: RSA 3072", "in use: R11"}},
    {"made", 200,
	{"\">new: mx.pem<", "\">new: RSA 2048, made on this gateway<",
	    "\">new: R12, from mx.pem<"},
	{"in use: RSA 3072"}},
    {"longest", 200, {"from nnnnnnnn", "nnnn.pfx", "In force"},
	{"id=\"errors\""}},
    {"preview", 200,
	{"id=\"preview\"", "Senders without TLS are refused from now on",
	    "until 2027-01-24 → mx.example.jp (RSA 3072), until",
	    "<span class=\"del\">-smtpd_use_tls = yes</span>",
	    "<span class=\"at\">--- main.cf</span>", "gen-13/inbound.pem"},
	{"id=\"errors\""}},
    {"nothing", 200, {"already in force"}, {"<span class=\"add\">"}},
    {"drift", 200,
	{"main.cf was changed outside this console", "gen-12/inbound.pem",
	    "Postfix is not running", "Renew soon: 9 of 90", "missing",
	    "required", "The certificate in use expires soon"},
	{"root, not sent"}},
    {"old", 200,
	{"fieldset class=\"whole\" disabled", "older than 3.4",
	    "postfix.too_old", "Update Postfix"},
	{"id=\"errors\""}},
    {"interface", 200,
	{"name=\"listen\" value=\"loopback\" checked",
	    "id=\"smtp_port\" name=\"smtp_port\" value=\"\"",
	    "name=\"idle_timeout\" value=\"3\"",
	    "name=\"connection_limit\" value=\"unlimited\" checked",
	    "name=\"access_policy\" value=\"deny_except\" checked",
	    "192.0.2.16/28\n2001:db8:25::/48\n</textarea>", "3 entries",
	    "name=\"confirm\"", "name=\"client_ca\""},
	{"value=\"edit:access_list\"", "id=\"outcome\""}},
    {"proven", 200,
	{"class=\"notice ok\" id=\"outcome\"", "Applied and proven",
	    "192.0.2.25:25", "[2001:db8::25]:25",
	    "mx.example.jp, smtp.example.jp", "RSA: TLS 1.2, 1.3; EC: TLS 1.3",
	    "mail without TLS is refused", "STARTTLS is not offered, as set"},
	{"Not seen", "probe warn", "name=\"client_ca\""}},
    {"part", 200,
	{"class=\"notice warn\" id=\"outcome\"", "part of it was not seen",
	    "Generation 13 serves mx.example.jp", "this host is turned away",
	    "554 5.7.1 No services &lt;here&gt;", "neither before nor now",
	    "Proven, except at 198.51.100.7:25, 203.0.113.9:25",
	    "more addresses than were looked at"},
	{"class=\"notice ok\""}},
    {"unseen", 200,
	{"class=\"notice warn\" id=\"outcome\"", "Applied, not seen",
	    "what clients get is not proven", "554 5.7.1",
	    "Not seen: 198.51.100.7:25 turns"},
	{"class=\"notice ok\"", "serves mx.example.jp", "class=\"probe ok\"",
	    "and proven"}},
    {"closed", 200,
	{"class=\"notice info\" id=\"outcome\"", "nothing to prove",
	    "Nothing listens for mail on this host",
	    "no inet service of smtpd or postscreen"},
	{"class=\"notice ok\"", "class=\"probe ok\"", "id=\"proof\"",
	    "serves mx.example.jp"}},
    {"two", 200,
	{"</bdi></strong> RSA 3072", "</bdi></strong> EC P-256",
	    "61 of 90 days left", "Renew soon: 9 of 90 days left",
	    "The certificate in use expires soon",
	    "in use: RSA 3072, EC P-256"},
	{"class=\"cert none-yet\""}},
    {"probed", 200, {"Nothing answered on the SMTP port", "Connection refused"},
	{"id=\"renew\""}},
    {"expired", 200,
	{"id=\"renew\"", "The certificate in use has expired",
	    "was valid until 2026-11-21", "href=\"#at-server_certificate\"",
	    "Expired 3 days ago"},
	{"expires soon"}},
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
	keep_page(shown[_i].state);
	ck_assert_uint_lt(reply.body.len, 33 * 1024);
	/* How many files wait is a number, where none does as well. */
	lacks("data-files=\"[");
}
END_TEST

/* A certificate alone names a key, too: it was not made here for that. */
START_TEST(was_not_made_here)
{
	struct json_object *report;

	load_state("made");
	report =
	    jsonx_path(jsonx_member(state, OP_CONNECTION_GET), "draft.report");
	ck_assert_ptr_nonnull(report);
	json_object_object_add(report, "findings", json_object_new_array());
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	lacks("made on this gateway");
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
	keep_page(shown[_i].state);
}
END_TEST

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

/* A list of ten thousand is told by its number and its beginning. */
START_TEST(a_long_list_stays_small)
{
	struct json_object *list = json_object_new_array(), *access;
	char text[32];
	int i;

	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.0/24", i / 250, i % 250);
		json_object_array_add(list, json_object_new_string(text));
	}
	load_state("interface");
	access = json_object_object_get(state, "connection.get");
	access = jsonx_path(access, "draft.settings.access");
	json_object_object_add(access, "list", list);
	if (_i == 1)
		add(&req.query, "edit", "access_list", NULL);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	has("10,000 entries");
	has("10.0.4.0/24\n");
	if (_i == 0) {
		has("value=\"edit:access_list\"");
		lacks("10.0.5.0/24");
		lacks("<textarea id=\"access_list\"");
		ck_assert_uint_lt(reply.body.len, 31 * 1024);
		keep_both("long", page_connection);
	} else {
		has("10.39.249.0/24\n</textarea>");
		lacks("value=\"edit:access_list\"");
	}
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, shows_the_state, 0, N(shown));
	tcase_add_test(tc, was_not_made_here);
	tcase_add_loop_test(tc, speaks_japanese, 0, N(shown));
	tcase_add_loop_test(tc, lets_no_markup_out, 0, N(shown));
	tcase_add_loop_test(tc, a_long_list_stays_small, 0, 2);
}

int
main(void)
{
	return run_suite("page", fill);
}
