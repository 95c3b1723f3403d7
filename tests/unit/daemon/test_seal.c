/*
 * test_seal.c - a postseal-sync that was taken over: what it can have sealed,
 * under which number and name, and what a host takes of what was sealed.
 */
#include <time.h>

#include "former.h"

/* A save in force here, as number 1 of the cluster. */
static long
console_has(void)
{
	const struct ask a = {.settings = "{\"inbound\":{\"enabled\":true}}",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "restart",
	    .note = "ticket 4711"};
	long local;

	become("console");
	if ((local = rig_current()) == 0)
		local = rig_must_apply(&a);
	ck_assert_int_eq(
	    rig_sh("sed -i 's/\"local\":1,/\"local\":%ld,/' "
		   "$R/state/cluster/state.json",
		local),
	    0);
	return local;
}

static const char *
refused(const char *args)
{
	ck_assert_int_eq(sync_says("cluster.seal", args_new(args)), -1);
	ck_assert_ptr_null(strstr(answer.all, "blob"));
	return talk_code(&answer);
}

static bool
audited(const char *text)
{
	return rig_sh("grep -q '%s' $R/state/audit.log", text) == 0;
}

/* Generation 5 with TLS off, "by admin", as number 1000. */
START_TEST(says_nothing)
{
	struct json_object *body;
	int64_t generation = 0;

	console_has();
	ck_assert_str_eq(refused("{\"host\":\"scanner1\",\"generation\":1000,"
				 "\"local\":1,\"by\":\"admin\","
				 "\"apply\":\"reload\"}"),
	    "field.unknown");
	ck_assert_str_eq(
	    refused("{\"host\":\"scanner1\",\"id\":\"" ID "\"}"),
	    "scanner.unknown");
	ck_assert(audited("\"user\":\"postseal-sync\".*\"via\":\"sync\","
			  "\"event\":\"cluster.seal\",\"outcome\":\"refused\""));
	ck_assert_str_eq(refused("{\"host\":\"../../x\"}"), "scanner.unknown");
	/* What is in force, and no other; its own number and author. */
	ck_assert_int_eq(sync_says("cluster.seal",
			     args_new("{\"host\":\"scanner1\"}")),
	    0);
	body = former_opens(&generation);
	ck_assert_int_eq(generation, 1);
	ck_assert_str_eq(jsonx_path_str(body, "by", ""), "admin");
	ck_assert_str_eq(jsonx_path_str(body, "apply", ""), "restart");
	ck_assert_str_eq(jsonx_path_str(body, "note", ""), "ticket 4711");
	jsonx_wipe(body);
}
END_TEST

/* A Save that waits is sealed as it was made, and then no more. */
START_TEST(what_waits)
{
	const char *ask = "{\"host\":\"scanner1\",\"id\":\"" ID "\"}";
	struct json_object *body;
	int64_t generation = 0;

	waits(7, console_has());
	ck_assert_int_eq(sync_says("cluster.seal", args_new(ask)), 0);
	body = former_opens(&generation);
	ck_assert_int_eq(generation, 7);
	ck_assert_str_eq(jsonx_path_str(body, "apply", ""), "reload");
	ck_assert_int_gt(
	    jsonx_path_int(body, "expires"), time(NULL) + 29 * 24 * 3600);
	jsonx_wipe(body);
	ck_assert_int_eq(sync_says("cluster.published",
			     args_new("{\"id\":\"" ID
				      "\",\"outcome\":\"stale\"}")),
	    0);
	ck_assert_str_eq(refused(ask), "scanner.unknown");
}
END_TEST

/* Own settings are nobody else's. */
START_TEST(own_settings)
{
	console_has();
	ck_assert_int_eq(rig_sh("sed -i 's/\"own\":false/\"own\":true/' "
				"$R/state/cluster/state.json"),
	    0);
	ck_assert_str_eq(refused("{\"host\":\"scanner1\"}"), "scanner.unknown");
}
END_TEST

/* It is written down as itself, whoever it says that it is. */
START_TEST(speaks_for_nobody)
{
	become("scanner1");
	talk_done(&answer);
	talk_text(PEER_SYNC,
	    "{\"op\":\"scanners.get\",\"actor\":{\"user\":\"mallory\","
	    "\"from\":\"192.0.2.1\",\"via\":\"web\"},\"args\":{}}",
	    &answer);
	ck_assert_str_eq(talk_code(&answer), "op.denied");
	ck_assert(!audited("\"user\":\"mallory\""));
	ck_assert(audited("\"user\":\"postseal-sync\".*\"via\":\"sync\""));
}
END_TEST

/* scanner1 takes a bundle with these members; its code, or "". */
static const char *
taken(const char *members)
{
	struct json_object *state = recorded("scanner1/state.json"), *args;
	struct json_object *body, *all = recorded("settings.json");
	struct bundle_head head = {.host = "scanner1", .generation = 9};
	struct bundle_identity console;
	struct buf out, pair, host;
	struct pki_bytes cert;
	struct err err;

	become("scanner1");
	body = args_new(members);
	json_object_object_add(body, "settings", all);
	json_object_object_add(body, "console", json_object_new_string("c"));
	pair = rig_read(FORMER "console/identity.pem");
	host = rig_read(FORMER "scanner1/identity.pem");
	console.key.data = console.certificate.data = pair.data;
	console.key.len = console.certificate.len = pair.len;
	cert = (struct pki_bytes){host.data, host.len};
	head.cluster = jsonx_path_str(state, "id", "");
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(
	    bundle_seal(&head, body, &console, &cert, &out, &err), 0);
	args = args_new("{\"generation\":9,\"attempt\":1}");
	json_object_object_add(
	    args, "blob", jsonx_new_b64(out.data, out.len));
	(void)sync_says("cluster.apply", args);
	json_object_put(state);
	jsonx_wipe(body);
	buf_clear(&out);
	buf_clear(&pair);
	buf_clear(&host);
	return talk_code(&answer);
}

/* A frozen etcd delivers it when it is thawed. */
START_TEST(kept_back)
{
	char text[80];

	snprintf(text, sizeof(text), "{\"expires\":%lld}",
	    (long long)time(NULL) - 1);
	ck_assert_str_eq(taken(text), "bundle.expired");
	ck_assert(audited("bundle.expired"));
	snprintf(text, sizeof(text), "{\"expires\":%lld}",
	    (long long)time(NULL) + 100);
	ck_assert_str_ne(taken(text), "bundle.expired");
	/* A former console says nothing of it. */
	ck_assert_str_ne(taken("{}"), "bundle.expired");
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, says_nothing);
	tcase_add_test(tc, what_waits);
	tcase_add_test(tc, own_settings);
	tcase_add_test(tc, speaks_for_nobody);
	tcase_add_test(tc, kept_back);
}

int
main(void)
{
	return rig_run("seal", add, 120, RIG_POSTFIX);
}
