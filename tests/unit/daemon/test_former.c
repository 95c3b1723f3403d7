/*
 * test_former.c - a cluster in which not all hosts are of this version: what
 * the first one (e01fcaf) has sealed, reported and joined is read, and what is
 * sealed for it has no member that it does not know (tests/data/former).
 */
#include <time.h>

#include "former.h"

static int
take(int n)
{
	struct json_object *bundle, *args = json_object_new_object();
	char file[32];

	snprintf(file, sizeof(file), "bundle-%d.json", n);
	bundle = recorded(file);
	json_object_object_add(
	    args, "blob", json_object_get(jsonx_path(bundle, "blob")));
	json_object_object_add(args, "generation", json_object_new_int(n));
	json_object_object_add(args, "attempt", json_object_new_int(1));
	json_object_put(bundle);
	return sync_says("cluster.apply", args);
}

/* What is in force, as the generation has it; owned. */
static struct json_object *
in_force(void)
{
	struct json_object *o;
	char path[256];

	snprintf(path, sizeof(path), "%s/state/generations/gen-%ld/%s",
	    rig_root, rig_current(), "settings.json");
	o = json_object_from_file(path);
	ck_assert_ptr_nonnull(o);
	/* Which the former has not. */
	ck_assert_int_eq(jsonx_path_int(o, "format"), 1);
	json_object_object_del(o, "format");
	return o;
}

START_TEST(takes_bundles)
{
	struct json_object *want = recorded("settings.json"), *got;

	become("scanner1");
	ck_assert_msg(take(1) == 0, "%s", talk_code(&answer));
	assert_no_secret(&answer);
	got = in_force();
	ck_assert_msg(json_object_equal(got, want), "%s",
	    json_object_to_json_string(got));
	json_object_put(got);
	rig_assert_whole();

	/* The next one, but not the same or the former again. */
	ck_assert_msg(take(2) == 0, "%s", talk_code(&answer));
	json_object_object_add(jsonx_path(want, "outbound"), "enabled",
	    json_object_new_boolean(false));
	got = in_force();
	ck_assert_msg(json_object_equal(got, want), "%s",
	    json_object_to_json_string(got));
	ck_assert_int_eq(take(2), -1);
	ck_assert_str_eq(talk_code(&answer), "bundle.replayed");
	ck_assert_int_eq(take(1), -1);
	ck_assert_str_eq(talk_code(&answer), "bundle.replayed");
	json_object_put(got);
	json_object_put(want);
	rig_assert_whole();
}
END_TEST

/* Bytes of a bundle that were changed on the way. */
START_TEST(takes_nothing_else)
{
	struct json_object *bundle = recorded("bundle-1.json"), *args;
	const char *blob = jsonx_path_str(bundle, "blob", "");
	char *text = strdup(blob);
	size_t at = strlen(blob) * (size_t)(_i + 1) / 8;
	long before = rig_current();

	become("scanner1");
	text[at] = text[at] == 'A' ? 'B' : 'A';
	args = args_new("{\"generation\":1,\"attempt\":1}");
	json_object_object_add(args, "blob", json_object_new_string(text));
	ck_assert_int_eq(sync_says("cluster.apply", args), -1);
	ck_assert_int_eq(rig_current(), before);
	json_object_put(bundle);
	free(text);
}
END_TEST

/* It would refuse the bundle, and say no more than that it is none: asked of
 * a Save and its dry run alike, for all and for chosen hosts, here too. */
static const char *const unreadable[] = {
    "{\"settings\":{\"all_scanners\":true}}",
    "{\"settings\":{\"all_scanners\":true},\"dry_run\":true}",
    "{\"scanners\":[\"scanner1\"]}",
    "{\"scanners\":[\"scanner1\"],\"dry_run\":true}",
    "{\"scanners\":[\"console\",\"scanner1\"]}",
    "{\"scanners\":[\"console\",\"scanner1\"],\"dry_run\":true}",
};

static void
refuses_what_it_cannot_read(const char *text)
{
	struct json_object *args = args_new(text);
	long before = rig_current();
	char path[256];
	struct buf pem;

	snprintf(path, sizeof(path), "%s/cert/root.pem", rig_root);
	pem = rig_read(path);
	json_object_object_add(
	    args, "client_ca", jsonx_new_b64(pem.data, pem.len));
	buf_clear(&pem);
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.apply", args, &answer), -1);
	ck_assert_msg(strcmp(talk_code(&answer), "scanner.former_version") == 0,
	    "%s: %s", text, talk_code(&answer));
	ck_assert_str_eq(jsonx_path_str(answer.last, "error.detail", ""),
	    "scanner1: client_ca");
	ck_assert_int_eq(rig_current(), before);
}

/* A former host's word counts as every host's. */
START_TEST(believes_reports)
{
	struct json_object *status = recorded("status.json"), *args, *row;
	size_t i;

	become("console");
	args =
	    args_new("{\"etcd\":{\"connected\":true},\"hosts\":"
		     "[{\"name\":\"scanner1\",\"alive\":true,\"seen\":\"\"}]}");
	row = json_object_array_get_idx(jsonx_path(args, "hosts"), 0);
	json_object_object_add(
	    row, "text", json_object_get(jsonx_path(status, "text")));
	json_object_object_add(
	    row, "sig", json_object_get(jsonx_path(status, "sig")));
	json_object_object_add(args, "desired", recorded("desired.json"));
	json_object_put(status);
	ck_assert_msg(
	    sync_says("cluster.report", args) == 0, "%s", talk_code(&answer));
	row =
	    json_object_array_get_idx(jsonx_path(answer.last, "data.hosts"), 0);
	ck_assert(jsonx_path_bool(row, "known"));
	ck_assert(jsonx_path_bool(row, "valid"));
	ck_assert_int_eq(jsonx_path_int(row, "says.generation"), 1);

	/* And it is on the list: behind, and not refused. */
	talk_done(&answer);
	ck_assert_int_eq(
	    talk("scanners.get", json_object_new_object(), &answer), 0);
	ck_assert_ptr_nonnull(
	    memmem(answer.all, answer.all_len, "\"behind\"", 8));
	for (i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++)
		refuses_what_it_cannot_read(unreadable[i]);
}
END_TEST

/* Every member of ours is one that the former version knows, of its type. */
static void
assert_known(struct json_object *ours, struct json_object *theirs)
{
	json_object_object_foreach (ours, name, v) {
		struct json_object *known = NULL;

		ck_assert_msg(json_object_object_get_ex(theirs, name, &known),
		    "%s is new to it", name);
		if (json_object_is_type(v, json_type_object))
			assert_known(v, known);
	}
}

static const char *const asked[] = {
    "{\"inbound\":{\"enabled\":true}}",
    "{\"inbound\":{\"enabled\":true},\"interface\":{\"listen\":\"loopback\","
    "\"idle_timeout\":7,\"max_connections\":0}}",
    "{\"inbound\":{\"enabled\":true,\"tls_only\":true},\"access\":{\"policy\":"
    "\"deny_except\",\"list\":[\"192.0.2.1\",\"2001:db8::/32\"]}}",
};

START_TEST(seals_what_is_known)
{
	const struct ask a = {.settings = asked[_i],
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "restart"};
	struct json_object *theirs = recorded("settings.json"), *body, *ours;
	int64_t generation = 0;

	become("console");
	waits(7, rig_must_apply(&a));
	ck_assert_msg(
	    sync_says("cluster.seal",
		args_new("{\"host\":\"scanner1\",\"id\":\"" ID "\"}")) == 0,
	    "%s", talk_code(&answer));
	body = former_opens(&generation);
	ck_assert_int_eq(generation, 7);
	ours = jsonx_path(body, "settings");
	ck_assert_int_gt(json_object_object_length(ours), 0);
	assert_known(ours, theirs);
	/* It refuses a body without these. */
	json_object_object_foreach (theirs, name, v) {
		(void)v;
		ck_assert_msg(
		    json_object_object_get_ex(ours, name, NULL), "%s", name);
	}
	/* It takes members by name, and passes over these. */
	ck_assert_ptr_nonnull(jsonx_path(body, "left"));
	ck_assert_ptr_nonnull(jsonx_path(body, "confirm"));
	ck_assert_int_gt(jsonx_path_int(body, "expires"), time(NULL));
	ck_assert_int_eq(json_object_object_length(body), 8);
	jsonx_wipe(body);
	json_object_put(theirs);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, takes_bundles);
	tcase_add_loop_test(tc, takes_nothing_else, 0, 7);
	tcase_add_test(tc, believes_reports);
	tcase_add_loop_test(tc, seals_what_is_known, 0,
	    (int)(sizeof(asked) / sizeof(asked[0])));
}

int
main(void)
{
	return rig_run("former", add, 120, RIG_POSTFIX);
}
