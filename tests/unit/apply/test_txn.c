/*
 * test_txn.c - one Save against a real Postfix: what it answers, and what
 * main.cf, Postfix and the state directory are afterwards.  What goes wrong
 * on the way is in test_rollback.c.
 *
 * The tests share one instance and run in order; each brings the settings it
 * starts from.
 */
#include "rig.h"

#define ON  "{\"inbound\": {\"enabled\": true}}"
#define OFF "{\"inbound\": {\"enabled\": false}}"

START_TEST(fresh_is_unchanged)
{
	const struct ask a = {.settings = OFF};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;

	rig_maincf_hash(before);
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, 0);
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.result", ""), "unchanged");
	ck_assert_ptr_null(jsonx_path(o.job, "result.generation"));
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_next(), 1);
	rig_assert_whole();
}
END_TEST

START_TEST(dry_run_keeps_nothing)
{
	struct ask a = rig_self_pair;
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	long next = rig_next();

	a.dry_run = true;
	rig_maincf_hash(before);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "result.result", ""), "dry_run");
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(o.job, "result.diff", ""),
	    "\n+smtpd_tls_security_level = may\n"));
	ck_assert_uint_gt(
	    json_object_array_length(jsonx_path(o.job, "result.changes")), 5);
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_next(), next);
	rig_assert_whole();
}
END_TEST

static void
assert_steps(struct json_object *steps)
{
	static const char *const names[] = {
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
	};
	struct json_object *row;
	size_t i, n = sizeof(names) / sizeof(names[0]);

	ck_assert_uint_eq(json_object_array_length(steps), n);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(steps, i);
		ck_assert_str_eq(jsonx_path_str(row, "name", ""), names[i]);
		ck_assert_str_eq(jsonx_path_str(row, "state", ""), "done");
	}
}

/* What was written is taken back, up to the end; a dry run stops within. */
START_TEST(step_flags)
{
	enum { WRITES = 1, DRY_END = 2 };
	static const unsigned flags_of[] = {
#define S(name, undo, flags) flags,
#include "steps.def"
#undef S
	};
	unsigned ends = 0;
	size_t i;

	ck_assert_uint_eq(flags_of[STEP_lock] & WRITES, 0);
	for (i = 1; i < STEP__MAX; i++) {
		ck_assert((flags_of[i - 1] & WRITES) == 0 ||
			  (flags_of[i] & WRITES) != 0);
		if ((flags_of[i] & DRY_END) == 0)
			continue;
		ck_assert_uint_eq(ends++, 0);
		ck_assert((flags_of[i] & WRITES) != 0);
		ck_assert_uint_lt(i, STEP_journal);
	}
	ck_assert_uint_eq(ends, 1);
}
END_TEST

START_TEST(applies_and_serves)
{
	const struct ask a = {.settings = ON,
	    .certificate = "leaf.pem",
	    .key = "leaf.key",
	    .ca = "int.pem",
	    .apply = "restart"};
	struct json_object *gen = NULL;
	char hash[SHA256_HEX];
	struct outcome o;
	struct err err;

	(void)rig_ensure(&rig_self_pair);
	rig_leaf_hash("leaf", hash);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	assert_steps(jsonx_path(o.job, "result.steps"));
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.certificate_sha256", ""), hash);
	/* Known; a busy watch may have missed the fifty milliseconds. */
	ck_assert(json_object_is_type(
	    jsonx_path(o.job, "result.outage_ms"), json_type_int));
	ck_assert_int_eq(
	    json_object_get_int64(jsonx_path(o.job, "result.generation")),
	    rig_current());
	rig_done(&o);
	rig_assert_whole();
	ck_assert_int_eq(
	    generation_get(&rig_conf, rig_current(), &gen, &err), 0);
	ck_assert_str_eq(jsonx_path_str(gen, "outcome", ""), "applied");
	ck_assert_str_eq(jsonx_path_str(gen, "certificate.sha256", ""), hash);
	assert_steps(jsonx_path(gen, "result.steps"));
	json_object_put(gen);
	ck_assert_int_eq(rig_sh("cd $R/state/generations/gen-%ld && [ $(stat "
				"-c %%a%%U . inbound.pem meta.json "
				"settings.json main.cf.before | tr -d '\\n') "
				"= 700root600root600root600root600root ]",
			     rig_current()),
	    0);
}
END_TEST

static const struct {
	struct ask ask;
	enum err_code want_code;
	const char *want_field;
} refusals[] = {
    {{.settings = ON, .certificate = "self.pem", .key = "leaf.key"},
	ERR_KEY_MISMATCH, NULL},
    {{.settings = ON, .certificate = "root.key", .key = "root.key"}, ERR__MAX,
	NULL},
    {{.settings = ON, .certificate = "leaf.pem"}, ERR__MAX, NULL},
    {{.settings = "{\"inbound\": {\"enabled\": false, \"tls_only\": true}}"},
	ERR_SETTINGS_TLS_ONLY, "tls_only"},
    {{.settings = "{\"inbound\": {\"enabled\": 1}}"}, ERR_FIELD_INVALID,
	"inbound.enabled"},
    {{.settings = "{\"inbound\": {\"level\": \"may\"}}"}, ERR_FIELD_UNKNOWN,
	"inbound.level"},
    {{.settings = ON, .if_match = "\"1-00000000\""}, ERR_SETTINGS_STALE, ""},
    {{.settings = ON, .if_match = ""}, ERR_SETTINGS_STALE, ""},
};

START_TEST(refused)
{
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	long next;
	int http;

	(void)rig_ensure(&rig_self_pair);
	next = rig_next();
	rig_maincf_hash(before);
	o = rig_apply(&refusals[_i].ask);
	ck_assert_int_eq(o.rc, -1);
	if (refusals[_i].want_code != ERR__MAX)
		ck_assert_str_eq(
		    err_name(o.err.code), err_name(refusals[_i].want_code));
	if (refusals[_i].want_field != NULL)
		ck_assert_str_eq(o.err.field, refusals[_i].want_field);
	http = err_http(o.err.code);
	ck_assert_msg(http >= 400 && http < 500, "status %d", http);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "refused");
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "error.code", ""), err_name(o.err.code));
	ck_assert_int_eq(
	    json_object_get_int64(jsonx_path(o.job, "error.generation")),
	    rig_current());
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_next(), next);
	rig_assert_whole();
}
END_TEST

START_TEST(needs_a_certificate)
{
	const struct ask a = {.settings = ON};
	struct outcome o;
	struct err err;
	long current = rig_current();

	/* As if nothing was ever stored. */
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_int_eq(o.err.code, ERR_SETTINGS_CERT_MISSING);
	ck_assert_str_eq(o.err.field, "server_certificate");
	ck_assert(rig_has_finding(jsonx_path(o.job, "error.findings"),
	    "settings.certificate_missing"));
	rig_done(&o);
	ck_assert_int_eq(generation_set_current(&rig_conf, current, &err), 0);
}
END_TEST

START_TEST(same_again_is_unchanged)
{
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	long id = rig_ensure(&rig_self_pair);

	rig_maincf_hash(before);
	o = rig_apply(&rig_self_pair);
	ck_assert_int_eq(o.rc, 0);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_current(), id);
}
END_TEST

START_TEST(tls_only_and_off_again)
{
	const struct ask on = {
	    .settings = "{\"inbound\": {\"tls_only\": true}}",
	    .apply = "reload"};
	const struct ask off = {.settings = OFF, .apply = "reload"};
	const struct ask again = {.settings = ON, .apply = "reload"};
	struct settings s = rig_settings();
	struct outcome o;
	struct err err;

	(void)rig_ensure(&rig_self_pair);
	o = rig_apply(&on);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert(rig_has_finding(jsonx_path(o.job, "result.findings"),
	    "settings.tls_only_public_mx"));
	ck_assert(json_object_get_boolean(
	    jsonx_path(o.job, "result.probe.plaintext_refused")));
	rig_done(&o);
	rig_assert_whole();
	/* Off without a word about tls_only: that goes too. */
	(void)rig_must_apply(&off);
	ck_assert_int_eq(
	    generation_settings(&rig_conf, rig_current(), &s, &err), 0);
	ck_assert(!s.inbound_enabled && !s.tls_only && s.outbound_enabled);
	rig_assert_whole();
	ck_assert_str_eq(rig_parameter("smtpd_tls_security_level"), "none");
	/* The certificate was kept. */
	(void)rig_must_apply(&again);
	rig_assert_whole();
	ck_assert_str_eq(rig_parameter("smtpd_tls_security_level"), "may");
}
END_TEST

START_TEST(files_stored_for_later)
{
	const struct ask off = {.settings = OFF,
	    .certificate = "leaf.pem",
	    .key = "leaf.key",
	    .apply = "reload"};
	const struct ask on = {.settings = ON, .apply = "reload"};
	char hash[SHA256_HEX];
	struct outcome o;

	(void)rig_ensure(&rig_self_pair);
	rig_leaf_hash("leaf", hash);
	(void)rig_must_apply(&off);
	rig_assert_whole();
	o = rig_apply(&on);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.certificate_sha256", ""), hash);
	rig_done(&o);
	rig_assert_whole();
}
END_TEST

START_TEST(etag_lets_the_current_pass)
{
	struct ask a = {.settings = "{\"all_scanners\": false}"};
	struct json_object *view = NULL;
	struct outcome o;
	struct err err;
	char before[SHA256_HEX];

	(void)rig_ensure(&rig_self_pair);
	rig_maincf_hash(before);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	a.if_match = jsonx_path_str(view, "etag", "");
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	rig_done(&o);
	json_object_put(view);
	rig_assert_whole();
}
END_TEST

START_TEST(busy)
{
	const struct ask a = {.settings = OFF};
	struct outcome o;
	struct err err;
	long id = rig_ensure(&rig_self_pair);
	int lock = state_lock(&rig_conf, LOCK_CHANGE, 0, &err);

	ck_assert_int_ne(lock, -1);
	o = rig_apply(&a);
	close(lock);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_int_eq(o.err.code, ERR_APPLY_BUSY);
	ck_assert_int_eq(
	    json_object_get_int64(jsonx_path(o.job, "error.generation")), id);
	rig_done(&o);
	ck_assert_int_eq(rig_current(), id);
}
END_TEST

START_TEST(old_generations_go)
{
	static const char *const toggle[] = {
	    "{\"outbound\": {\"enabled\": false}}",
	    "{\"outbound\": {\"enabled\": true}}"};
	struct ask a = {.apply = "reload"};
	int kept = rig_conf.generations, i;
	struct json_object *list = NULL, *row;
	struct err err;
	size_t n = 0, k;

	(void)rig_ensure(&rig_self_pair);
	rig_conf.generations = 2;
	for (i = 0; i < 3; i++) {
		a.settings = toggle[i % 2];
		(void)rig_must_apply(&a);
	}
	rig_conf.generations = kept;
	ck_assert_int_eq(generations_list(&rig_conf, 100, &list, &err), 0);
	for (k = 0; k < json_object_array_length(list); k++) {
		row = json_object_array_get_idx(list, k);
		n += strcmp(jsonx_path_str(row, "outcome", ""), "applied") == 0;
	}
	json_object_put(list);
	ck_assert_uint_eq(n, 2);
	rig_assert_whole();
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, fresh_is_unchanged);
	tcase_add_test(tc, dry_run_keeps_nothing);
	tcase_add_test(tc, step_flags);
	tcase_add_test(tc, applies_and_serves);
	tcase_add_loop_test(tc, refused, 0, COUNT(refusals));
	tcase_add_test(tc, needs_a_certificate);
	tcase_add_test(tc, same_again_is_unchanged);
	tcase_add_test(tc, tls_only_and_off_again);
	tcase_add_test(tc, files_stored_for_later);
	tcase_add_test(tc, etag_lets_the_current_pass);
	tcase_add_test(tc, busy);
	tcase_add_test(tc, old_generations_go);
}

int
main(void)
{
	return rig_run("txn", add, 60, RIG_POSTFIX);
}
