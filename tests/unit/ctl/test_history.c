/*
 * test_history.c - generations, drift and the audit log from a shell: what is
 * asked of postseald, what people and scripts read, and the exit states.
 */
#include "../suite.h"
#include "ctl_rig.h"

#define RESULT(data)  "{\"type\":\"result\",\"ok\":true,\"data\":" data "}"
#define FAILED(error) "{\"type\":\"result\",\"ok\":false,\"error\":" error "}"
#define DONE \
	"{\"result\":\"applied\",\"generation\":8,\"outage_ms\":870," \
	"\"probe\":{\"protocol\":\"TLSv1.3\"},\"changes\":[{\"parameter\":" \
	"\"smtpd_tls_loglevel\",\"before\":\"2\",\"after\":null}]," \
	"\"diff\":\"-a\\u001b[31m\\n+b\"}"

/* Words, what postseald hears, and how it ends without an answer laid down. */
static const struct {
	const char *words, *op, *args;
	int status;
} asked[] = {
    {"show 7", "generation.get", "{\"id\":7}", EXIT_OK},
    {"diff 7 12", "generation.diff", "{\"a\":7,\"b\":12}", EXIT_OK},
    {"restore 7", "generation.restore", "{\"id\":7}", EXIT_OK},
    {"restore 7 --apply reload --dry-run --confirm cert.expired --confirm "
     "chain.expired",
	"generation.restore",
	"{\"id\":7,\"apply\":\"reload\",\"dry_run\":true,\"confirm\":"
	"[\"cert.expired\",\"chain.expired\"]}",
	EXIT_OK},
    {"--json restore 2147483647", "generation.restore", "{\"id\":2147483647}",
	EXIT_OK},
    {"restore 0", "generation.restore", "{\"id\":0}", EXIT_OK},
    {"show 0", "generation.get", "{\"id\":0}", EXIT_OK},
    {"diff 0 3", "generation.diff", "{\"a\":0,\"b\":3}", EXIT_OK},
    {"leave", "connection.leave", "{}", EXIT_OK},
    {"leave --dry-run --confirm level.lowered", "connection.leave",
	"{\"dry_run\":true,\"confirm\":[\"level.lowered\"]}", EXIT_OK},
    {"adopt", "connection.adopt", "{}", EXIT_OK},
    {"adopt --confirm drift.reset", "connection.adopt",
	"{\"confirm\":[\"drift.reset\"]}", EXIT_OK},
    {"recover", "recover", "{}", EXIT_OK},
    {"audit", "audit.list", "{}", EXIT_OK},
    {"audit --user admin --event login --outcome ok --text 192 --limit 5 "
     "--before 77",
	"audit.list",
	"{\"user\":\"admin\",\"event\":\"login\",\"outcome\":\"ok\","
	"\"text\":\"192\",\"limit\":5,\"before\":77}",
	EXIT_OK},
    /* refused before anybody is asked */
    {"show", "generation.get", NULL, EXIT_USAGE},
    {"show x", "generation.get", NULL, EXIT_USAGE},
    {"show 1x", "generation.get", NULL, EXIT_USAGE},
    {"show 2147483648", "generation.get", NULL, EXIT_USAGE},
    {"show 99999999999999999999", "generation.get", NULL, EXIT_USAGE},
    {"show -- -1", "generation.get", NULL, EXIT_USAGE},
    {"show 1 2", "generation.get", NULL, EXIT_USAGE},
    {"show 1 --dry-run", "generation.get", NULL, EXIT_USAGE},
    {"diff 1", "generation.diff", NULL, EXIT_USAGE},
    {"diff 1 x", "generation.diff", NULL, EXIT_USAGE},
    {"diff 1 2 3", "generation.diff", NULL, EXIT_USAGE},
    {"restore", "generation.restore", NULL, EXIT_USAGE},
    {"restore 1 --confirm", "generation.restore", NULL, EXIT_USAGE},
    {"restore 1 --limit 2", "generation.restore", NULL, EXIT_USAGE},
    {"adopt 1", "connection.adopt", NULL, EXIT_USAGE},
    {"adopt --event x", "connection.adopt", NULL, EXIT_USAGE},
    {"leave 0", "connection.leave", NULL, EXIT_USAGE},
    {"restore -- -1", "generation.restore", NULL, EXIT_USAGE},
    {"recover 1", "recover", NULL, EXIT_USAGE},
    {"recover --dry-run", "recover", NULL, EXIT_USAGE},
    {"audit x", "audit.list", NULL, EXIT_USAGE},
    {"audit --limit 0", "audit.list", NULL, EXIT_USAGE},
    {"audit --limit 1001", "audit.list", NULL, EXIT_USAGE},
    {"audit --before x", "audit.list", NULL, EXIT_USAGE},
    {"audit --apply reload", "audit.list", NULL, EXIT_USAGE},
};

START_TEST(asks)
{
	struct json_object *o;

	ck_assert_int_eq(ctl("", asked[_i].words), asked[_i].status);
	o = heard(asked[_i].op);
	if (asked[_i].args == NULL) {
		ck_assert_ptr_null(o);
		return;
	}
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
	    asked[_i].args);
	ck_assert_str_eq(jsonx_path_str(o, "actor.via", ""), "ctl");
	json_object_put(o);
}
END_TEST

static const struct {
	const char *words, *op, *frame;
	int status;
} ends[] = {
    {"show 9", "generation.get", FAILED("{\"code\":\"generation.unknown\"}"),
	EXIT_NO_SUCH},
    {"diff 1 9", "generation.diff", FAILED("{\"code\":\"generation.unknown\"}"),
	EXIT_NO_SUCH},
    {"restore 9", "generation.restore",
	FAILED("{\"code\":\"generation.unknown\"}"), EXIT_NO_SUCH},
    {"restore 1", "generation.restore",
	FAILED("{\"code\":\"generation.not_restorable\"}"), EXIT_FAILED},
    {"restore 1", "generation.restore",
	FAILED("{\"code\":\"apply.rolled_back\",\"log\":[\"x\\u001b\",7]}"),
	EXIT_FAILED},
    {"restore 1", "generation.restore",
	FAILED("{\"code\":\"apply.undo_failed\"}"), EXIT_ATTENTION},
    {"restore 1", "generation.restore",
	FAILED("{\"code\":\"apply.busy\",\"findings\":{},\"log\":1}"),
	EXIT_FAILED},
    {"adopt", "connection.adopt",
	FAILED("{\"code\":\"drift.reset\",\"findings\":[{\"code\":"
	       "\"drift.reset\",\"severity\":\"confirm\",\"args\":"
	       "{\"parameter\":\"smtpd_tls_loglevel\"}},{},7]}"),
	EXIT_FAILED},
    {"recover", "recover", FAILED("{\"code\":\"op.denied\"}"), EXIT_FAILED},
    {"audit", "audit.list", "[]", EXIT_FAILED},
};

START_TEST(exit_states)
{
	struct json_object *o;
	char words[64];

	write_file(ends[_i].op, ends[_i].frame);
	ck_assert_int_eq(ctl("", ends[_i].words), ends[_i].status);
	ck_assert_str_eq(out, "");
	snprintf(words, sizeof(words), "--json %s", ends[_i].words);
	ck_assert_int_eq(ctl("", words), ends[_i].status);
	o = out_json();
	ck_assert_ptr_nonnull(jsonx_path(o, "error.code"));
	json_object_put(o);
	daemon_stop();
	ck_assert_int_eq(ctl("", ends[_i].words), EXIT_UNREACHABLE);
}
END_TEST

/* What people read; nothing that a terminal would obey gets through. */
static const struct {
	const char *words, *op, *frame;
	const char *has[6];
} shown[] = {
    {"restore 7", "generation.restore", RESULT(DONE),
	{"result           applied\n", "generation       8\n",
	    "outage ms        870\n", "smtpd_tls_loglevel  2",
	    "\n-a?[31m\n+b\n"}},
    {"show 7", "generation.get",
	RESULT("{\"id\":7,\"by\":\"admin\\u001b]\",\"outcome\":\"failed\","
	       "\"settings\":{\"inbound\":{\"enabled\":true}},\"certificate\":"
	       "{\"sha256\":\"ab\",\"leaf\":{\"subject\":\"CN=mx\"}},"
	       "\"result\":{\"steps\":[{\"name\":\"lock\",\"state\":\"done\","
	       "\"ms\":1}],\"changes\":[]},\"error\":{\"code\":"
	       "\"apply.rolled_back\",\"cause\":{\"code\":\"probe.banner\"},"
	       "\"log\":[\"one\",\"two\"]}}"),
	{"by               admin?]\n", "inbound enabled  on\n", "CN=mx",
	    "cause            probe.banner\n", "lock  done   1\n",
	    "log\none\ntwo\n"}},
    {"diff 7 8", "generation.diff",
	RESULT("{\"certificate\":{\"same\":true,\"a\":null,\"b\":{\"leaf\":"
	       "{\"subject\":\"CN=b\"}}},\"settings\":[{\"path\":"
	       "\"outbound.enabled\",\"a\":false,\"b\":true}],\"parameters\":"
	       "[],\"diff\":\"+x\\n\"}"),
	{"the same\n", "  a              none\n", "  b              CN=b\n",
	    "outbound.enabled  false  true\n", "\n+x\n"}},
    {"audit", "audit.list",
	RESULT("{\"entries\":[{\"at\":\"2026-11-24T04:00:00Z\",\"user\":"
	       "\"admin\",\"event\":\"login\",\"outcome\":\"ok\",\"detail\":"
	       "\"a\\nb\",\"offset\":5}],\"next\":5}"),
	{"login", "a?b\n", "older: --before 5\n"}},
    {"recover", "recover",
	RESULT("{\"generation\":null,\"postfix\":{\"state\":\"running\"}}"),
	{"generation       none\n", "postfix          running\n"}},
    {"status", "status",
	RESULT("{\"drift\":[{\"parameter\":\"smtpd_tls_security_level\","
	       "\"expected\":\"may\",\"actual\":\"none\"},{\"parameter\":"
	       "\"smtp_tls_CAfile\",\"expected\":\"/x\",\"actual\":null}]}"),
	{"drift            2\n",
	    "smtpd_tls_security_level: expected may, is none\n",
	    "smtp_tls_CAfile: expected /x, is not set\n"}},
};

START_TEST(shows)
{
	struct json_object *o;
	char words[64];

	write_file(shown[_i].op, shown[_i].frame);
	ctl("", shown[_i].words);
	for (size_t i = 0; i < 6 && shown[_i].has[i] != NULL; i++)
		ck_assert_msg(strstr(out, shown[_i].has[i]) != NULL,
		    "no \"%s\" in:\n%s", shown[_i].has[i], out);
	ck_assert_ptr_null(strchr(out, '\x1b'));
	snprintf(words, sizeof(words), "%s --json", shown[_i].words);
	ctl("", words);
	o = out_json();
	ck_assert_int_gt(json_object_object_length(o), 0);
	json_object_put(o);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, asks, 0, N(asked));
	tcase_add_loop_test(t, exit_states, 0, N(ends));
	tcase_add_loop_test(t, shows, 0, N(shown));
	return suite_run("ctl history", t) == 0 ? 0 : 1;
}
