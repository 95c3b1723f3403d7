/*
 * test_conflicts.c - the form and somebody else's change: what is sent, what
 * is asked, and in which words.
 */
#include "page_rig.h"

#define NOW "\"12-1a2b3c4d\""
#define OLD "\"11-99999999\""

/* In force: inbound on, TLS only off, outbound on, all scanners; generation 12
 * by admin. */
static void
states(const char *draft)
{
	load_state("force");
	json_object_object_add(state, OP_DRAFT_PUT, json_object_new_object());
	json_object_object_add(state, OP_CONNECTION_APPLY,
	    json_tokener_parse("{\"job\":\"" JOB "\"}"));
	json_object_object_add(state, OP_GENERATIONS_LIST,
	    json_tokener_parse(
		"{\"generations\":[{\"id\":13,\"by\":\"failed\",\"outcome\":"
		"\"failed\",\"at\":\"2026-11-24T01:52:19Z\",\"summary\":"
		"[\"outbound.enabled\"]},{\"id\":12,\"by\":\"tanaka\","
		"\"outcome\":\"applied\",\"at\":\"2026-11-24T01:52:19Z\","
		"\"summary\":[\"inbound.tls_only\",\"outbound.enabled\"]},"
		"{\"id\":10,\"by\":\"long ago\",\"outcome\":\"applied\",\"at\":"
		"\"2026-11-20T01:52:19Z\",\"summary\":[\"certificate\"]}]}"));
	if (draft != NULL)
		json_object_object_add(jsonx_member(state, OP_CONNECTION_GET),
		    "draft", json_tokener_parse(draft));
}

static void
form(const char *etag, const char *button)
{
	req.method = HTTP_POST;
	add(&req.form, "etag", etag, NULL);
	add(&req.form, "do", button, NULL);
	add(&req.form, "all_scanners", "on", NULL);
}

static int
press(void)
{
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	return reply.status;
}

/* Outbound on, with what means something only with it: all off. */
#define OUT_ON "on;4c8b657ce151aec5"

/* was and mine of three switches: what is sent of each, or what comes. */
static const struct {
	const char *was[3], *mine[3]; /* inbound, tls_only, outbound */
	int status;
	const char *sent;     /* settings, or NULL: no apply */
	const char *conflict; /* a field, or NULL */
	const char *also;     /* in the address, or NULL */
} merges[] = {
    {{"on", "off", "on"}, {"on", "off", "on"}, 303, "{}", NULL, NULL},
    {{"on", "off", "on"}, {"on", "on", "on"}, 303,
	"{\"inbound\":{\"tls_only\":true}}", NULL, NULL},
    /* Others turned outbound on, and inbound; this form has neither. */
    {{"on", "off", "off"}, {"on", "on", "off"}, 303,
	"{\"inbound\":{\"tls_only\":true}}", NULL, "also=4"},
    {{"off", "off", "off"}, {"off", "off", "off"}, 303, "{}", NULL, "also=5"},
    /* Both did the same. */
    {{"on", "off", "off"}, {"on", "off", "on"}, 303, "{}", NULL, "also=4"},
    /* "TLS only" was on, and is off by now: to turn inbound off is a decision
     * about another state. */
    {{"on", "on", "on"}, {"off", "off", "on"}, 409, NULL, "inbound_enabled",
	NULL},
    {{"?", "?", "?"}, {"on", "off", "off"}, 409, NULL, "outbound_enabled",
	NULL},
};

START_TEST(sends_what_differs)
{
	static const char *const names[] = {
	    "inbound_enabled", "tls_only", "outbound_enabled"};
	struct json_object *args;
	char name[64], text[64];
	int i;

	states(NULL);
	form(OLD, "save");
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "was_%s", names[i]);
		/* With the digest of "TLS only", on or off. */
		snprintf(text, sizeof(text), "%s%s", merges[_i].was[i],
		    i > 0 || strcmp(merges[_i].was[0], "on") != 0 ? ""
		    : strcmp(merges[_i].was[1], "on") == 0
			? ";b8d31e852725afb1"
			: ";b4dc66dde806261b");
		add(&req.form, name, text, NULL);
		if (strcmp(merges[_i].mine[i], "on") == 0)
			add(&req.form, names[i], "on", NULL);
	}
	add(&req.form, "was_all_scanners", "on", NULL);
	ck_assert_int_eq(press(), merges[_i].status);
	args = args_of(OP_CONNECTION_APPLY);
	if (merges[_i].sent == NULL) {
		ck_assert_ptr_null(args);
		/* Nothing is lost: it waits in the draft. */
		ck_assert_ptr_nonnull(args_of(OP_DRAFT_PUT));
		snprintf(text, sizeof(text), "id=\"conflict-%s\"",
		    merges[_i].conflict);
		has(text);
		snprintf(text, sizeof(text), "value=\"theirs:%s\"",
		    merges[_i].conflict);
		has(text);
		snprintf(text, sizeof(text), "value=\"mine:%s\"",
		    merges[_i].conflict);
		has(text);
		snprintf(
		    text, sizeof(text), "href=\"#at-%s\"", merges[_i].conflict);
		has(text);
		return;
	}
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		jsonx_path(args, "settings"), JSON_C_TO_STRING_PLAIN),
	    merges[_i].sent);
	/* Bound to what it was compared with. */
	ck_assert_str_eq(jsonx_path_str(args, "if_match", ""), NOW);
	ck_assert((merges[_i].also == NULL) ==
		  (strstr(reply.headers.data, "also=") == NULL));
	if (merges[_i].also != NULL)
		ck_assert_ptr_nonnull(
		    strstr(reply.headers.data, merges[_i].also));
}
END_TEST

#define A "\"192.0.2.1\""
#define B "\"192.0.2.2\""
#define C "\"192.0.2.3\""
#define D "192.0.2.4"

/* A list that both changed: other entries are merged, from the generation that
 * the form was drawn from. */
static const struct {
	const char *base, *theirs, *mine, *policy;
	bool gone;	  /* that generation is not there */
	const char *sent; /* NULL: a conflict */
} lists[] = {
    {"[" A "," B "]", "[" A "," B "," C "]", "192.0.2.1\n192.0.2.2\n" D,
	"accept_except", false, "[" A "," B "," C ",\"" D "\"]"},
    {"[" A "," B "]", "[" B "]", "192.0.2.1\n192.0.2.2\n" D, "accept_except",
	false, "[" B ",\"" D "\"]"},
    {"[" A "," B "]", "[" A "," B "," C "]", "192.0.2.1", "accept_except",
	false, "[" A "," C "]"},
    /* From an empty one no generation is needed. */
    {"[]", "[" C "]", D, "accept_except", true, "[" C ",\"" D "\"]"},
    /* What the entries mean was changed, too. */
    {"[" A "]", "[" A "," C "]", "192.0.2.1\n" D, "deny_except", false, NULL},
    {"[" A "]", "[" A "," C "]", "192.0.2.1\n" D, "accept_except", true, NULL},
};

START_TEST(merges_lists)
{
	struct json_object *base = json_tokener_parse(lists[_i].base);
	struct json_object *args, *gen = json_object_new_object(), *access;
	char digest[SHA256_HEX] = "";
	const char *text = json_object_get_string(base);

	states(NULL);
	access = json_object_new_object();
	json_object_object_add(
	    access, "policy", json_object_new_string("accept_except"));
	json_object_object_add(
	    access, "list", json_tokener_parse(lists[_i].theirs));
	json_object_object_add(
	    jsonx_path(jsonx_member(state, OP_CONNECTION_GET), "settings"),
	    "access", access);
	if (json_object_array_length(base) > 0)
		ck_assert_int_eq(sha256_hex(text, strlen(text), digest), 0);
	access = json_object_new_object();
	json_object_object_add(access, "list", base);
	args = json_object_new_object();
	json_object_object_add(args, "access", access);
	json_object_object_add(gen, "settings", args);
	if (lists[_i].gone)
		json_object_put(gen);
	else
		json_object_object_add(state, OP_GENERATION_GET, gen);
	form(OLD, "save");
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "outbound_enabled", "on", NULL);
	add(&req.form, "access_policy", lists[_i].policy, NULL);
	add(&req.form, "was_access_policy", lists[_i].policy, NULL);
	add(&req.form, "access_list", lists[_i].mine, NULL);
	add(&req.form, "was_access_list", digest, NULL);
	ck_assert_int_eq(press(), lists[_i].sent == NULL ? 409 : 303);
	args = args_of(OP_CONNECTION_APPLY);
	if (lists[_i].sent == NULL) {
		ck_assert_ptr_null(args);
		has("id=\"conflict-access_list\"");
		return;
	}
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(args, "settings.access.list"),
			     JSON_C_TO_STRING_PLAIN),
	    lists[_i].sent);
	/* That others changed it, too, is told. */
	ck_assert_ptr_nonnull(strstr(reply.headers.data, "also="));
}
END_TEST

#define DRAFT(settings, was, files) \
	"{\"settings\":" settings ",\"was\":" was ",\"files\":" files "}"
#define OUT \
	DRAFT("{\"outbound\":{\"enabled\":false}}", \
	    "{\"outbound_enabled\":\"off\"}", "{}")
/* The value was on, is on, and is to be off: no conflict. */
#define OUT_FINE \
	DRAFT("{\"outbound\":{\"enabled\":false}}", \
	    "{\"outbound_enabled\":\"" OUT_ON "\"}", "{}")
#define PORT \
	DRAFT("{\"interface\":{\"port\":26}}", "{\"smtp_port\":\"25\"}", "{}")
#define FILES \
	DRAFT("{}", "{\"certificate\":\"older\"}", \
	    "{\"server_certificate\":{\"name\":\"my.pem\",\"size\":1}}")

static const struct {
	const char *draft, *has[8], *lacks;
} words[] = {
    {OUT,
	{"id=\"conflict-outbound_enabled\"", "<bdi>tanaka</bdi>",
	    "datetime=\"2026-11-24T01:52:19Z\"", "<strong>on</strong>",
	    "<strong>off</strong>", "settings.conflict", "(tanaka)",
	    "name=\"was_outbound_enabled\" value=\"off\""},
	"by hand"},
    {OUT_FINE, {"name=\"was_outbound_enabled\" value=\"" OUT_ON "\""},
	"id=\"conflict-"},
    /* No generation has it: somebody with an editor. */
    {PORT,
	{"id=\"conflict-smtp_port\"", "by hand, in main.cf",
	    "<strong>26</strong>", "name=\"was_smtp_port\" value=\"25\""},
	"tanaka"},
    {FILES,
	{"id=\"conflict-server_certificate\"", "<bdi>long ago</bdi>",
	    "mx.example.jp (RSA 3072), until 2027-01-24",
	    "<strong>my.pem</strong>", "value=\"theirs:server_certificate\"",
	    "name=\"was_certificate\" value=\"older\""},
	"by hand"},
};

START_TEST(says_who_and_when)
{
	size_t i;

	states(words[_i].draft);
	ck_assert_int_eq(press(), 200);
	for (i = 0; i < 8 && words[_i].has[i] != NULL; i++)
		has(words[_i].has[i]);
	lacks(words[_i].lacks);
	lacks("{{");
}
END_TEST

/* What was merged is told by name, with who and when. */
START_TEST(names_what_was_merged)
{
	states(NULL);
	add(&req.query, "also", "4006", NULL);
	ck_assert_int_eq(press(), 200);
	has("id=\"also\"");
	has("Only accept SMTP connections by TLS");
	has("<bdi>tanaka</bdi>");
	has("<bdi>long ago</bdi>");
	has("mx.example.jp (RSA 3072), until 2027-01-24");
}
END_TEST

static const char *const bad_also[] = {"", "0", "zz", "-1", "0x4",
    "800000000000", "11111111111111111", "4 ", "%3Cscript%3E"};

START_TEST(also_is_bits_or_nothing)
{
	states(NULL);
	add(&req.query, "also", bad_also[_i], NULL);
	ck_assert_int_eq(press(), 200);
	lacks("id=\"also\"");
}
END_TEST

/* The two buttons: what is kept in the draft then. */
static const struct {
	const char *button, *settings, *was;
	size_t removed;
	const char *where;
} choices[] = {
    {"mine:outbound_enabled", "{\"outbound\":{\"enabled\":false}}",
	"{\"outbound_enabled\":\"" OUT_ON "\",\"certificate\":\"older\"}", 0,
	SCREEN "?also=2#at-outbound_enabled"},
    {"theirs:outbound_enabled", "{}", "{\"certificate\":\"older\"}", 0,
	SCREEN "?also=2#at-outbound_enabled"},
    {"mine:server_certificate", "{\"outbound\":{\"enabled\":false}}",
	"{\"outbound_enabled\":\"?\",\"certificate\":"
	"\"SHA\"}",
	0, SCREEN "?also=2#at-server_certificate"},
    {"theirs:server_certificate", "{\"outbound\":{\"enabled\":false}}",
	"{\"outbound_enabled\":\"?\",\"certificate\":\"SHA\"}", 3,
	SCREEN "?also=2#at-server_certificate"},
    /* Of what is no conflict, and of no field. */
    {"mine:listen", "{\"outbound\":{\"enabled\":false}}",
	"{\"outbound_enabled\":\"?\",\"certificate\":\"older\"}", 0,
	SCREEN "?also=2#at-listen"},
};

START_TEST(keeps_what_was_chosen)
{
	struct json_object *args;
	char was[256], *sha;

	states(FILES);
	form(OLD, choices[_i].button);
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "was_inbound_enabled", "on", NULL);
	add(&req.form, "was_tls_only", "on", NULL);
	add(&req.form, "was_all_scanners", "on", NULL);
	add(&req.form, "was_outbound_enabled", "?", NULL);
	add(&req.form, "was_certificate", "older", NULL);
	ck_assert_int_eq(press(), 303);
	leads_to(choices[_i].where);
	args = args_of(OP_DRAFT_PUT);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		jsonx_path(args, "settings"), JSON_C_TO_STRING_PLAIN),
	    choices[_i].settings);
	snprintf(was, sizeof(was), "%s", choices[_i].was);
	if ((sha = strstr(was, "SHA")) != NULL)
		snprintf(was, sizeof(was),
		    "{\"outbound_enabled\":\"?\",\"certificate\":\"%s\"}",
		    jsonx_path_str(jsonx_member(state, OP_CONNECTION_GET),
			"certificate.sha256", ""));
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(args, "was"), JSON_C_TO_STRING_PLAIN),
	    was);
	ck_assert_uint_eq(
	    jsonx_len(jsonx_path(args, "remove")), choices[_i].removed);
}
END_TEST

/* What was confirmed for another state is asked again. */
START_TEST(forgets_decisions)
{
	states(NULL);
	form(_i == 0 ? NOW : OLD, "save");
	add(&req.form, "confirm", "drift.overwrites", NULL);
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "outbound_enabled", "on", NULL);
	ck_assert_int_eq(press(), 303);
	ck_assert_uint_eq(
	    jsonx_len(jsonx_path(args_of(OP_CONNECTION_APPLY), "confirm")),
	    _i == 0);
}
END_TEST

/* A form of an older version: while nothing happened all is well, and
 * afterwards what differs is asked about. */
START_TEST(knows_nothing_of_was)
{
	states(NULL);
	form(_i == 0 ? NOW : OLD, "save");
	add(&req.form, "inbound_enabled", "on", NULL);
	ck_assert_int_eq(press(), _i == 0 ? 303 : 409);
	if (_i == 1) {
		has("id=\"conflict-outbound_enabled\"");
		lacks("id=\"conflict-tls_only\"");
		lacks("id=\"also\"");
	}
}
END_TEST

/* Somebody is faster between the look and the Save, each time: it ends. */
START_TEST(gives_up)
{
	states(NULL);
	json_object_object_add(state, OP_CONNECTION_APPLY,
	    json_tokener_parse("{\"ERROR\":{\"code\":\"settings.stale\"}}"));
	form(NOW, "save");
	add(&req.form, "inbound_enabled", "on", NULL);
	ck_assert_int_eq(press(), 412);
	has("Somebody else has saved");
	ck_assert_uint_le(json_object_array_length(calls), 6);
}
END_TEST

/* A wrong number keeps what the form was drawn from: corrected, it is asked
 * about, and does not go over what somebody else set. */
START_TEST(a_wrong_number_keeps_its_was)
{
	states(NULL);
	form(OLD, "save");
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "outbound_enabled", "on", NULL);
	add(&req.form, "smtp_port", "2x", NULL);
	add(&req.form, "was_smtp_port", "25", NULL);
	ck_assert_int_eq(press(), 422);
	has("name=\"smtp_port\" value=\"2x\"");
	has("name=\"was_smtp_port\" value=\"25\"");
}
END_TEST

/* For the browser tests: a conflict of each sort, and what was merged. */
START_TEST(is_looked_at)
{
	struct json_object *s;

	states("{\"settings\":{\"interface\":{\"idle_timeout\":9},\"access\":"
	       "{\"list\":[\"192.0.2.1\",\"192.0.2.9\"]}},\"was\":{"
	       "\"idle_timeout\":\"5\",\"access_list\":\"x\",\"certificate\":"
	       "\"x\"},\"files\":{\"server_certificate\":{\"name\":"
	       "\"my.pem\",\"size\":1}}}");
	s = jsonx_path(jsonx_member(state, OP_CONNECTION_GET), "settings");
	json_object_object_add(s, "access",
	    json_tokener_parse(
		"{\"list\":[\"192.0.2.1\",\"198.51.100.0/24\"]}"));
	json_object_object_add(
	    s, "interface", json_tokener_parse("{\"idle_timeout\":3}"));
	add(&req.query, "also", "4", NULL);
	ck_assert_int_eq(press(), 200);
	has("id=\"conflict-idle_timeout\"");
	has("id=\"conflict-access_list\"");
	has("id=\"conflict-server_certificate\"");
	has("<span class=\"add\">+192.0.2.9</span>");
	keep_both("conflict", page_connection);
}
END_TEST

/* Files that wait and the page did not show are not saved with it. */
static const struct {
	const char *draft, *was, *changes;
	bool asks;
} unseen[] = {
    {FILES, "", "tls_only", true},
    {FILES, "0123456789abcdef", "tls_only", true},
    {FILES, "", NULL, true},
    {FILES, "SHOWN", "tls_only", false},
    {FILES, NULL, "tls_only", false},
    {OUT_FINE, "", "tls_only", false},
    {OUT_FINE, "0123456789abcdef", "tls_only", false},
    {NULL, "", "tls_only", false},
};

START_TEST(saves_no_unseen_files)
{
	char shown[17] = "";
	const char *at, *was = unseen[_i].was;

	states(unseen[_i].draft);
	if (was != NULL && strcmp(was, "SHOWN") == 0) {
		ck_assert_int_eq(press(), 200);
		at = strstr(reply.body.data, "name=\"was_files\" value=\"");
		ck_assert_ptr_nonnull(at);
		(void)snprintf(shown, sizeof(shown), "%s", at + 24);
		ck_assert_uint_eq(strspn(shown, "0123456789abcdef"), 16);
		was = shown;
	}
	form(NOW, "save");
	add(&req.form, "inbound_enabled", "on", NULL);
	add(&req.form, "outbound_enabled", "on", NULL);
	if (unseen[_i].changes != NULL)
		add(&req.form, unseen[_i].changes, "on", NULL);
	if (was != NULL)
		add(&req.form, "was_files", was, NULL);
	ck_assert_int_eq(press(), unseen[_i].asks ? 409 : 303);
	ck_assert_int_eq(
	    args_of(OP_CONNECTION_APPLY) == NULL, unseen[_i].asks);
	ck_assert_int_eq(args_of(OP_DRAFT_PUT) != NULL, unseen[_i].asks);
	if (unseen[_i].asks)
		has("Files of this session wait to be saved");
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, sends_what_differs, 0, N(merges));
	tcase_add_loop_test(tc, merges_lists, 0, N(lists));
	tcase_add_loop_test(tc, says_who_and_when, 0, N(words));
	tcase_add_test(tc, names_what_was_merged);
	tcase_add_loop_test(tc, also_is_bits_or_nothing, 0, N(bad_also));
	tcase_add_loop_test(tc, keeps_what_was_chosen, 0, N(choices));
	tcase_add_loop_test(tc, forgets_decisions, 0, 2);
	tcase_add_loop_test(tc, knows_nothing_of_was, 0, 2);
	tcase_add_test(tc, is_looked_at);
	tcase_add_test(tc, gives_up);
	tcase_add_test(tc, a_wrong_number_keeps_its_was);
	tcase_add_loop_test(tc, saves_no_unseen_files, 0, N(unseen));
}

int
main(void)
{
	return run_suite("conflicts", fill);
}
