/*
 * test_page_truth.c - what pages may not claim: a state of cardboard with one
 * thing about it that is worse than it looks, and the words that must be, and
 * must not be, on the page then.
 */
#include "page_rig.h"
#include "localise.h"

#define NAMES "/smtp-routing/certificates"
#define GEN   "/smtp-routing/history/7"

/* JSON in the place of a member: "OP:path.of.it". */
struct worse {
	const char *at, *json;
};

#define UNSEEN(more) \
	"[{\"address\":\"192.0.2.9\",\"port\":25,\"service\":\"smtp\"," \
	"\"state\":\"not_seen\",\"detail\":\"454 4.7.0\"" more "}]"
#define BARE UNSEEN(",\"tls_error\":\"454 4.7.0\"")
#define ROW(name, rest) \
	"[{\"use\":\"inbound\",\"name\":\"" name "\",\"subject\":\"CN=mx\"," \
	"\"not_after\":\"2027-01-31T00:00:00Z\",\"keys\":[\"RSA 3072\"]," rest \
	"}]"
#define RESULT "job.get:result."
#define VIEW   "connection.get:"
#define OTHERS "scanners.get:"
#define GATEWAYS(state) \
	"[{\"name\":\"gw1\",\"this_host\":true,\"state\":\"current\"}," \
	"{\"name\":\"gw2\",\"alive\":true,\"state\":\"" state "\"}," \
	"{\"name\":\"gw3\",\"alive\":true,\"state\":\"current\"}]"

static const struct {
	const char *state, *path;
	handler_fn page;
	struct worse worse[5];
	const char *has[5], *lacks[6];
} shown[] = {
    /* Saved while Postfix was stopped. */
    {"applied", SCREEN, page_connection,
	{{RESULT "postfix", "\"stopped\""}, {RESULT "probe", "null"},
	    {RESULT "outage_ms", "0"}},
	{"class=\"notice warn\" id=\"outcome\"", "Postfix is stopped",
	    "nothing of it was proven", "was not started"},
	{"serves mx", "(TLS, )", "no connection was refused", "restarted",
	    "class=\"notice ok\""}},
    /* Nothing of Postfix's was changed: only the record. */
    {"applied", SCREEN, page_connection,
	{{RESULT "postfix", "\"untouched\""}, {RESULT "probe", "null"},
	    {RESULT "outage_ms", "0"}},
	{"class=\"notice info\" id=\"outcome\"", "Generation 13 is in force.",
	    "neither restarted nor reloaded"},
	{"serves mx", "(TLS, )", "no connection was refused",
	    "class=\"notice ok\""}},
    /* A certificate that nobody gets. */
    {"applied", SCREEN, page_connection,
	{{RESULT "postfix", "\"untouched\""}, {RESULT "probe", "null"},
	    {VIEW "generation.summary", "[\"certificate\"]"},
	    {RESULT "generation", "12"},
	    {VIEW "by_name", ROW("", "\"in_use\":false,\"days_left\":61")}},
	{"class=\"notice warn\" id=\"outcome\"", "Stored, not in use",
	    "main.cf does not name it"},
	{"class=\"notice ok\"", "serves mx"}},
    /* The outage is not known. */
    {"applied", SCREEN, page_connection,
	{{RESULT "postfix", "\"restarted\""}, {RESULT "outage_ms", "null"}},
	{"Postfix was restarted."}, {"no connection was refused"}},
    /* It answers, and has no certificate. */
    {"applied", SCREEN, page_connection,
	{{RESULT "probe.addresses", BARE}, {VIEW "probe.addresses", BARE}},
	{"no TLS for lack of a certificate", "has no certificate: TLS fails",
	    "192.0.2.9:25 answers"},
	{"no answer", "turns this host away", "serves mx"}},
    {"applied", SCREEN, page_connection,
	{{VIEW "probe.addresses", UNSEEN("")}},
	{"192.0.2.9:25 turns this host away or does not answer"},
	{"TLS fails"}},
    /* A generation as the history shows it. */
    {"generation", GEN, page_generation,
	{{"generation.get:postfix", "\"stopped\""},
	    {"generation.get:outage_ms", "0"}},
	{"was not started"}, {"restarted;", "no connection was refused"}},
    {"generation", GEN, page_generation,
	{{"generation.get:postfix", "\"untouched\""},
	    {"generation.get:outage_ms", "0"}},
	{"neither restarted nor reloaded"}, {"no connection was refused"}},
    {"generation", GEN, page_generation,
	{{"generation.get:postfix", "\"reloaded\""},
	    {"generation.get:outage_ms", "0"}},
	{"was reloaded; no connection was refused"}, {"restarted;"}},
    {"generation", GEN, page_generation,
	{{"generation.get:outage_ms", "null"}}, {"Postfix was restarted."},
	{"was refused"}},
    /* One that failed before Postfix was touched; one that an older version
     * kept. */
    {"generation", GEN, page_generation,
	{{"generation.get:outcome", "\"failed\""},
	    {"generation.get:postfix", "\"untouched\""}},
	{"neither restarted nor reloaded"}, {"had this already"}},
    {"generation", GEN, page_generation,
	{{"generation.get:outcome", "\"failed\""},
	    {"generation.get:outage_ms", "null"}},
	{"What became of Postfix was not kept."}, {"Postfix was re"}},
    /* Certificates: by what main.cf says. */
    {"force", NAMES, page_certificates,
	{{VIEW "by_name", ROW("", "\"in_use\":false,\"days_left\":61")},
	    {VIEW "settings.inbound.enabled", "false"}},
	{"stored, not in use: STARTTLS is off", "icon-info"},
	{">In use<", "icon-ok", "Save and prove"}},
    {"force", NAMES, page_certificates,
	{{VIEW "by_name", ROW("a.example", "\"in_use\":false,\"days_left\":9")}},
	{"stored, not in use: main.cf does not name it"}, {"icon-ok"}},
    {"force", NAMES, page_certificates,
	{{VIEW "by_name",
	     "[{\"use\":\"outbound\",\"name\":\"\",\"in_use\":false}]"},
	    {VIEW "settings.inbound.enabled", "false"}},
	{"stored, not in use: main.cf does not name it"},
	{"STARTTLS is off"}},
    {"force", NAMES, page_certificates,
	{{VIEW "by_name",
	    ROW("", "\"in_use\":true,\"days_left\":25,\"days_total\":90")}},
	{"icon-ok"}, {"not in use:", "icon-warn"}},
    {"force", NAMES, page_certificates,
	{{VIEW "by_name",
	    ROW("", "\"in_use\":true,\"days_left\":6,\"days_total\":7")}},
	{"icon-ok"}, {"icon-warn"}},
    {"force", NAMES, page_certificates,
	{{VIEW "by_name",
	    ROW("", "\"in_use\":true,\"days_left\":2,\"days_total\":7")}},
	{"icon-warn"}, {"icon-ok"}},
    /* The card above the form: green is for what was seen. */
    {"force", SCREEN, page_connection, {{NULL, NULL}},
	{"pill offered\">offered", "pill offered\">used when offered"},
	{"pill unknown"}},
    {"force", SCREEN, page_connection,
	{{VIEW "postfix.state", "\"stopped\""}},
	{"pill unknown\">offered", "pill unknown\">used when offered",
	    "Postfix is not running, so nothing is known"},
	{"pill offered", "pill required"}},
    {"force", SCREEN, page_connection,
	{{VIEW "probe_stale", "\"2026-11-24T04:40:19Z\""},
	    {VIEW "probe", "null"}},
	{"pill unknown\">offered", "pill offered\">used when offered",
	    "not seen since Postfix was changed"},
	{"pill offered\">offered"}},
    {"force", SCREEN, page_connection,
	{{VIEW "probe_error", "{\"code\":\"probe.connect\",\"at\":"
			      "\"2026-11-24T04:40:19Z\"}"}},
	{"pill unknown\">offered", "the last probe saw something else"},
	{"pill offered\">offered"}},
    {"force", SCREEN, page_connection, {{VIEW "probe", "null"}},
	{"pill unknown\">offered", "not probed yet"},
	{"pill offered\">offered"}},
    {"force", SCREEN, page_connection, {{VIEW "probe.addresses", UNSEEN("")}},
	{"pill unknown\">offered", "no address could be seen"},
	{"pill offered\">offered"}},
    {"force", SCREEN, page_connection,
	{{VIEW "drift", "[{\"parameter\":\"smtp_tls_security_level\","
			"\"expected\":\"may\",\"actual\":\"none\"}]"}},
	{"pill unknown\">used when offered", "main.cf says something else"},
	{"pill offered\">used when"}},
    {"force", SCREEN, page_connection,
	{{VIEW "by_name", ROW("", "\"in_use\":false,\"days_left\":61")},
	    {VIEW "settings.inbound.enabled", "false"}},
	{"stored, not in use: STARTTLS is off"}, {NULL}},
    /* The sentence above all: by the last probe, drift, Postfix's state. */
    {"force", SCREEN, page_connection, {{NULL, NULL}},
	{"class=\"card state ok\"",
	    "encrypts inbound and outbound mail with every server that can. "
	    "Inbound proven 2026-11-24 04:40 UTC. Certificate until "
	    "2027-01-24."},
	{"not known"}},
    {"force", SCREEN, page_connection,
	{{VIEW "settings.outbound.enabled", "false"},
	    {VIEW "probe.plaintext_refused", "true"}},
	{"class=\"card state ok\"",
	    "takes inbound mail by TLS only. Outbound mail goes in plaintext."},
	{"not known"}},
    {"force", SCREEN, page_connection, {{VIEW "probe.starttls", "false"}},
	{"class=\"card state warn\"",
	    "in plaintext: STARTTLS is not offered. Outbound mail is encrypted",
	    "pill unknown\">offered"},
	{"encrypts inbound", "pill offered\">offered"}},
    {"force", SCREEN, page_connection,
	{{VIEW "postfix.state", "\"stopped\""}},
	{"class=\"card state error\"", "takes no mail: Postfix is not running. "
	    "Whether it would encrypt is not known. Last proven 2026-11-24"},
	{"encrypts inbound", "icon-ok"}},
    {"force", SCREEN, page_connection,
	{{VIEW "probe_stale", "\"2026-11-24T04:40:19Z\""},
	    {VIEW "probe", "null"}},
	{"class=\"card state unknown\"", "icon-unknown",
	    "has not been probed since Postfix was changed or restarted"},
	{"encrypts inbound and", "Last proven"}},
    {"force", SCREEN, page_connection,
	{{VIEW "probe_error", "{\"code\":\"probe.connect\",\"at\":"
			      "\"2026-11-24T05:40:19Z\"}"}},
	{"class=\"card state error\"",
	    "did not pass the last probe, 2026-11-24 05:40 UTC"},
	{"encrypts inbound and"}},
    {"force", SCREEN, page_connection, {{VIEW "probe", "null"}},
	{"class=\"card state unknown\"", "has not been probed yet"},
	{"encrypts inbound and"}},
    {"force", SCREEN, page_connection,
	{{VIEW "probe.addresses", UNSEEN("")}},
	{"class=\"card state unknown\"", "could not be seen with TLS"},
	{"encrypts inbound and"}},
    {"force", SCREEN, page_connection, {{VIEW "probe.addresses", BARE}},
	{"class=\"card state warn\"", "without a certificate, so TLS fails"},
	{"encrypts inbound and"}},
    {"force", SCREEN, page_connection, {{VIEW "probe.addresses", "[]"}},
	{"class=\"card state unknown\"", "nothing listens on this host"},
	{"encrypts inbound and"}},
    {"force", SCREEN, page_connection,
	{{VIEW "drift", "[{\"parameter\":\"smtp_tls_security_level\","
			"\"expected\":\"may\",\"actual\":\"none\"}]"}},
	{"class=\"card state warn\"",
	    "encrypts inbound mail with every client that can. Whether outbound "
	    "mail is encrypted is not known.",
	    "main.cf was changed outside this console."},
	{"inbound and outbound mail with"}},
    {"expired", SCREEN, page_connection, {{NULL, NULL}},
	{"class=\"card state error\"", "Its certificate ended on 2026-11-21."},
	{"class=\"card state ok\""}},
    {"old", SCREEN, page_connection, {{NULL, NULL}},
	{"class=\"card state error\"", "cannot be managed or probed from here"},
	{"encrypts inbound and"}},
    /* The last change can be undone, in the outcome too while it is that. */
    {"applied", SCREEN, page_connection,
	{{VIEW "generation.previous", "11"}, {RESULT "generation", "12"}},
	{"id=\"undo\" method=\"post\" action=\"/smtp-routing/history/11\"",
	    "<input name=\"note\" maxlength=\"200\"",
	    "Undo the last change", "Undo this change"},
	{NULL}},
    {"applied", SCREEN, page_connection,
	{{VIEW "generation.previous", "11"}},
	{"Undo the last change"}, {"Undo this change"}},
    {"force", SCREEN, page_connection, {{NULL, NULL}}, {"No changes"},
	{"id=\"undo\"", "Undo"}},
    /* The sections: closed, with what is in force, until something waits. */
    {"force", SCREEN, page_connection, {{NULL, NULL}},
	{"id=\"interface\">", "id=\"control\">", "id=\"tls\">",
	    "Inbound TLS: on; TLS only: off; Outbound TLS: on", "No changes"},
	{"class=\"save some\""}},
    {"draft", SCREEN, page_connection, {{NULL, NULL}},
	{"id=\"interface\">", "id=\"tls\" open>", "class=\"save some\"",
	    ">2 changes</strong>", "TLS only: off \u2192 on; files: mx.example.jp"},
	{"No changes</strong>"}},
    {"interface", SCREEN, page_connection, {{NULL, NULL}},
	{"id=\"interface\" open>", "id=\"control\" open>", "and 3 more"},
	{"No changes</strong>"}},
    /* Other gateways: what was left behind is not what was saved. */
    {"force", SCREEN, page_connection,
	{{OTHERS "desired", "{\"state\":\"left\"}"},
	    {OTHERS "scanners", GATEWAYS("behind")}},
	{"class=\"card state warn\"", "Different from what was saved: gw2."},
	{"Not known", "gw3"}},
    {"force", SCREEN, page_connection,
	{{OTHERS "desired", "{\"state\":\"done\"}"},
	    {OTHERS "scanners", GATEWAYS("behind")}},
	{"Different from what was saved: gw2."}, {"Not known", "gw3"}},
    {"force", SCREEN, page_connection,
	{{OTHERS "desired", "{\"state\":\"rolling\"}"},
	    {OTHERS "scanners", GATEWAYS("behind")}},
	{"class=\"card state unknown\"",
	    "Not known yet, as the roll-out has not reached them: gw2."},
	{"Different", "they do not answer", "gw3"}},
    {"force", SCREEN, page_connection,
	{{OTHERS "desired",
	     "{\"state\":\"done\",\"chosen\":{\"state\":\"rolling\"}}"},
	    {OTHERS "scanners", GATEWAYS("chosen")}},
	{"has not reached them: gw2."}, {"Different", "gw3"}},
    {"force", SCREEN, page_connection,
	{{OTHERS "desired",
	     "{\"state\":\"done\",\"chosen\":{\"state\":\"stopped\"}}"},
	    {OTHERS "scanners", GATEWAYS("chosen")}},
	{"Different from what was saved: gw2."}, {"Not known", "gw3"}},
    {"fresh", SCREEN, page_connection, {{NULL, NULL}},
	{"id=\"interface\">", "id=\"tls\" open>", "As Postfix has it"},
	{"class=\"save some\""}},
};

static void
make_worse(const struct worse *w)
{
	char path[128], *dot;
	const char *colon = strchr(w->at, ':');
	struct json_object *o;

	snprintf(path, sizeof(path), "%.*s", (int)(colon - w->at), w->at);
	if (strncmp(w->at, OTHERS, strlen(OTHERS)) == 0) {
		strcpy(app.conf.cluster_name, "gw1");
		if (json_object_object_get(state, path) == NULL)
			says(path, "{}");
	}
	o = json_object_object_get(state, path);
	ck_assert_msg(o != NULL, "%s", path);
	snprintf(path, sizeof(path), "%s", colon + 1);
	if ((dot = strrchr(path, '.')) != NULL) {
		*dot = '\0';
		o = jsonx_path(o, path);
	}
	ck_assert_msg(o != NULL, "%s", w->at);
	json_object_object_add(o, dot != NULL ? dot + 1 : path,
	    json_tokener_parse(w->json));
}

START_TEST(tells_the_truth)
{
	size_t i;

	app.conf.cluster_name[0] = '\0';
	load_state(shown[_i].state);
	for (i = 0; i < N(shown[_i].worse) && shown[_i].worse[i].at; i++)
		make_worse(&shown[_i].worse[i]);
	query_of_state();
	req.path = shown[_i].path;
	ck_assert_msg(
	    shown[_i].page(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, 200);
	for (i = 0; i < N(shown[_i].has) && shown[_i].has[i] != NULL; i++)
		has(shown[_i].has[i]);
	for (i = 0; i < N(shown[_i].lacks) && shown[_i].lacks[i] != NULL; i++)
		lacks(shown[_i].lacks[i]);
	lacks("{{");
}
END_TEST

/* What somebody took out of main.cf, or what goes, is told as such. */
static const struct {
	const char *code, *args, *says;
} empty[] = {
    {"drift.overwrites",
	"{\"parameter\":\"p\",\"value\":\"\",\"managed\":\"may\"}",
	"Now: not set. After this Save: may."},
    {"drift.overwrites",
	"{\"parameter\":\"p\",\"value\":\"may\",\"managed\":\"\"}",
	"Now: may. After this Save: not set."},
    {"drift.stays",
	"{\"parameter\":\"p\",\"value\":\"\",\"managed\":\"may\"}",
	"Now: not set. Expected: may."},
    {"level.lowered",
	"{\"parameter\":\"p\",\"value\":\"encrypt\",\"after\":\"\"}",
	"which lowers it: not set."},
};

START_TEST(says_not_set)
{
	struct json_object *args = json_tokener_parse(empty[_i].args);
	char *text = localise_code(&app, "en", empty[_i].code, args);

	ck_assert_msg(strstr(text, empty[_i].says) != NULL, "%s", text);
	free(text);
	json_object_put(args);
}
END_TEST

/* What a program said in English is apart from a sentence in Japanese. */
START_TEST(in_english)
{
	load_state("rolled");
	query_of_state();
	req.lang = "ja";
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	has("<details class=\"detail\"><summary>\xe8\xa9\xb3\xe7\xb4\xb0"
	    "</summary><code class=\"small\">STARTTLS: expected 220, got 454");
	lacks("<p><code>");
	reply_clear(&reply);
	reply_init(&reply);
	req.lang = "en";
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	has("<p><code>STARTTLS: expected 220, got 454");
	lacks("<details class=\"detail\">");
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, says_not_set, 0, N(empty));
	tcase_add_loop_test(tc, tells_the_truth, 0, N(shown));
	tcase_add_test(tc, in_english);
}

int
main(void)
{
	return run_suite("page truth", fill);
}
