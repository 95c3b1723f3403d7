/*
 * test_txn.c - one Save against a real Postfix: what it answers, and what
 * main.cf, Postfix and the state directory are afterwards.
 *
 * The tests share one instance and run in order; each brings the settings it
 * starts from.
 */
#include "rig.h"

#define ON  "{\"inbound\": {\"enabled\": true}}"
#define OFF "{\"inbound\": {\"enabled\": false}}"

static const struct ask self_pair = {
    .settings = "{\"inbound\": {\"enabled\": true, \"tls_only\": false}, "
		"\"outbound\": {\"enabled\": true}, \"all_scanners\": true}",
    .certificate = "self.pem",
    .key = "self.key",
    .apply = "reload",
};

/* The self-signed pair in force, in both directions. */
static long
base(void)
{
	struct outcome o = rig_apply(&self_pair);
	long id;

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	id =
	    (long)json_object_get_int64(jsonx_path(o.job, "result.generation"));
	rig_done(&o);
	return id;
}

static long
generations(void)
{
	struct err err;
	long id = 0;

	ck_assert_int_eq(generation_next(&rig_conf, &id, &err), 0);
	return id;
}

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
	ck_assert_int_eq(generations(), 1);
	rig_assert_whole();
}
END_TEST

START_TEST(dry_run_keeps_nothing)
{
	struct ask a = self_pair;
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	long next = generations();

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
	ck_assert_int_eq(generations(), next);
	rig_assert_whole();
}
END_TEST

static void
assert_steps(struct json_object *steps)
{
	static const char *const names[] = {APPLY_STEPS};
	struct json_object *row;
	size_t i, n = sizeof(names) / sizeof(names[0]);

	ck_assert_uint_eq(json_object_array_length(steps), n);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(steps, i);
		ck_assert_str_eq(jsonx_path_str(row, "name", ""), names[i]);
		ck_assert_str_eq(jsonx_path_str(row, "state", ""), "done");
	}
}

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

	(void)base();
	rig_leaf_hash("leaf", hash);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	assert_steps(jsonx_path(o.job, "result.steps"));
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.certificate_sha256", ""), hash);
	ck_assert_int_gt(
	    json_object_get_int(jsonx_path(o.job, "result.outage_ms")), 0);
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

	(void)base();
	next = generations();
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
	ck_assert_int_eq(generations(), next);
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
	long id = base();

	rig_maincf_hash(before);
	o = rig_apply(&self_pair);
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

	(void)base();
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

	(void)base();
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

	(void)base();
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

/* Somebody saves main.cf in an editor, at the step that a test names. */
static const char *edit_at;

static void
editor(struct json_object *job, void *arg)
{
	struct json_object *steps = jsonx_path(job, "steps"), *last;
	size_t n = json_object_array_length(steps);

	if (n == 0 || edit_at == NULL)
		return;
	last = json_object_array_get_idx(steps, n - 1);
	if (strcmp(jsonx_path_str(last, "name", ""), edit_at) != 0 ||
	    strcmp(jsonx_path_str(last, "state", ""), "running") != 0)
		return;
	edit_at = NULL;
	ck_assert_int_eq(rig_sh("cd $R/pf/conf && { cat main.cf; echo "
				"'# edited by hand'; } >new && mv new main.cf "
				"&& pfi_cool $R/pf"),
	    0);
}

static const char *const edits[] = {"check", "journal", "commit"};

START_TEST(editor_wins)
{
	const struct ask a = {.settings = "{\"outbound\": {\"enabled\": "
					  "false}}",
	    .progress = editor};
	struct outcome o;
	long next, id = base();

	next = generations();
	edit_at = edits[_i];
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_str_eq(err_name(o.err.code), "settings.stale");
	rig_done(&o);
	ck_assert_int_eq(rig_current(), id);
	ck_assert_int_eq(generations(), next);
	ck_assert_int_eq(rig_sh("grep -c '^# edited by hand' "
				"$R/pf/conf/main.cf >/dev/null"),
	    0);
	rig_assert_whole();
	ck_assert_int_eq(rig_sh("sed -i '/^# edited by hand/d' "
				"$R/pf/conf/main.cf; pfi_cool $R/pf"),
	    0);
}
END_TEST

/* The edit comes after the rename, and the apply fails: the edit stays. */
START_TEST(rollback_spares_an_edit)
{
	const struct ask a = {.settings = "{\"outbound\": {\"enabled\": "
					  "false}}",
	    .progress = editor};
	struct outcome o;
	long id = base();

	edit_at = "restart";
	rig_write("fault", "start failnew\n", 0600);
	o = rig_apply(&a);
	rig_write("fault", "", 0600);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(o.err.code == ERR_APPLY_ROLLED_BACK, "%s", o.err.msg);
	rig_done(&o);
	ck_assert_int_eq(rig_current(), id);
	ck_assert_int_eq(rig_sh("grep -c '^# edited by hand' "
				"$R/pf/conf/main.cf >/dev/null"),
	    0);
	ck_assert_str_eq(rig_parameter("smtp_tls_security_level"), "may");
	rig_assert_whole();
	ck_assert_int_eq(rig_sh("sed -i '/^# edited by hand/d' "
				"$R/pf/conf/main.cf; pfi_cool $R/pf"),
	    0);
}
END_TEST

static const struct {
	const char *fault, *apply, *want_step, *want_cause;
} failures[] = {
    {"start failnew\n", "restart", "restart", "postfix.start"},
    {"any failnew\n", "restart", "restart", NULL},
    {"reload failnew\n", "reload", "restart", "postfix.command"},
    {"reload spoil\n", "reload", "probe", NULL},
};

START_TEST(rolled_back)
{
	const struct ask a = {.settings = ON,
	    .certificate = "leaf.pem",
	    .key = "leaf.key",
	    .apply = failures[_i].apply};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct json_object *gen = NULL;
	struct outcome o;
	struct err err;
	long id = base(), failed;

	rig_maincf_hash(before);
	failed = generations();
	rig_write("fault", failures[_i].fault, 0600);
	o = rig_apply(&a);
	rig_write("fault", "", 0600);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(o.err.code == ERR_APPLY_ROLLED_BACK, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "rolled_back");
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "error.step", ""), failures[_i].want_step);
	if (failures[_i].want_cause != NULL)
		ck_assert_str_eq(jsonx_path_str(o.job, "error.cause.code", ""),
		    failures[_i].want_cause);
	ck_assert_int_eq(
	    json_object_get_int64(jsonx_path(o.job, "error.generation")), id);
	ck_assert(json_object_is_type(
	    jsonx_path(o.job, "error.log"), json_type_array));
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_current(), id);
	rig_assert_whole();
	rig_assert_no_stray_key();
	ck_assert_int_eq(generation_get(&rig_conf, failed, &gen, &err), 0);
	ck_assert_str_eq(jsonx_path_str(gen, "outcome", ""), "failed");
	ck_assert_str_eq(
	    jsonx_path_str(gen, "error.code", ""), "apply.rolled_back");
	json_object_put(gen);
}
END_TEST

START_TEST(undo_fails_and_the_next_save_mends)
{
	const struct ask a = {.settings = "{\"outbound\": {\"enabled\": "
					  "false}}"};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	struct journal j;
	struct err err;

	(void)base();
	rig_maincf_hash(before);
	rig_write("fault", "any fail\n", 0600);
	o = rig_apply(&a);
	rig_write("fault", "", 0600);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(o.err.code == ERR_APPLY_UNDO_FAILED, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "failed");
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(j.pending);
	(void)rig_must_apply(&a);
	rig_assert_whole();
	rig_assert_no_stray_key();
}
END_TEST

START_TEST(stopped_stays_stopped)
{
	const struct ask a = {.settings = "{\"outbound\": {\"enabled\": "
					  "false}}"};
	struct json_object *view = NULL;
	struct outcome o;
	struct err err;

	(void)base();
	ck_assert_int_eq(rig_sh("pfi_stop $R/pf"), 0);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	ck_assert_ptr_null(jsonx_path(o.job, "result.probe"));
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "apply.postfix_stopped"));
	rig_done(&o);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_str_eq(jsonx_path_str(view, "postfix.state", ""), "stopped");
	json_object_put(view);
	ck_assert_int_eq(rig_sh("pfi_start $R/pf && pfi_wait_port %s",
			     rig_conf.service + strlen("127.0.0.1:")),
	    0);
	rig_assert_whole();
}
END_TEST

START_TEST(reload_does_not_wake_a_throttled_one)
{
	const struct ask reload = {.settings = "{\"outbound\": {\"enabled\": "
					       "false}}",
	    .apply = "reload"};
	struct ask restart = reload;
	struct outcome o;

	restart.apply = "restart";
	(void)base();
	/* smtpd dies at once: master throttles the service. */
	ck_assert_int_eq(
	    rig_sh(
		"pfi_conf $R/pf smtpd_tls_security_level=bogus && "
		"pfi_stop $R/pf && pfi_start $R/pf; ! timeout 1 bash -c 'exec "
		"3<>/dev/tcp/127.0.0.1/%s && read -r l <&3 && [ \"$l\" ]'",
		rig_conf.service + strlen("127.0.0.1:")),
	    0);
	o = rig_apply(&reload);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(o.err.code == ERR_APPLY_RELOAD, "%s", o.err.msg);
	ck_assert_str_eq(o.err.field, "apply");
	rig_done(&o);
	(void)rig_must_apply(&restart);
	rig_assert_whole();
}
END_TEST

START_TEST(busy)
{
	const struct ask a = {.settings = OFF};
	struct outcome o;
	struct err err;
	long id = base();
	int lock = state_lock(&rig_conf, 0, &err);

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

START_TEST(drift_is_shown_and_mended)
{
	struct json_object *view = NULL, *row;
	struct outcome o;
	struct err err;

	(void)base();
	ck_assert_int_eq(rig_sh("pfi_conf $R/pf smtpd_tls_loglevel=3"), 0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 1);
	row = json_object_array_get_idx(jsonx_path(view, "drift"), 0);
	ck_assert_str_eq(
	    jsonx_path_str(row, "parameter", ""), "smtpd_tls_loglevel");
	ck_assert_str_eq(jsonx_path_str(row, "expected", ""), "1");
	ck_assert_str_eq(jsonx_path_str(row, "actual", ""), "3");
	json_object_put(view);
	/* The same settings are a change then. */
	o = rig_apply(&self_pair);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	rig_done(&o);
	rig_assert_whole();
}
END_TEST

/* The same when main.cf was written this second. */
START_TEST(drift_of_a_hot_file)
{
	struct json_object *view = NULL, *row;
	struct err err;

	(void)base();
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -e "
				"smtpd_tls_loglevel=3"),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 1);
	row = json_object_array_get_idx(jsonx_path(view, "drift"), 0);
	ck_assert_str_eq(jsonx_path_str(row, "actual", ""), "3");
	json_object_put(view);
	(void)base();
	rig_assert_whole();
	/* One that Postfix refuses is refused by its own name. */
	ck_assert_int_eq(rig_sh("cp $R/pf/conf/main.cf $R/kept && echo "
				"nonsense >>$R/pf/conf/main.cf"),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_str_eq(jsonx_path_str(view, "postfix.state", ""), "broken");
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(view, "postfix.detail", ""),
	    rig_conf.config_directory));
	json_object_put(view);
	ck_assert_int_eq(rig_sh("cp $R/kept $R/pf/conf/main.cf && pfi_cool "
				"$R/pf"),
	    0);
	rig_assert_whole();
}
END_TEST

static const struct {
	const char *spoil, *mend, *want_actual;
} files[] = {
    {"chmod 644", "chmod 600", "0644 uid 0"},
    {"chown nobody", "chown root", "0600 uid 65534"},
    {"mv -t ..", "mv ../inbound.pem", NULL},
};

START_TEST(drift_of_the_file)
{
	struct json_object *view = NULL, *row, *v;
	struct err err;
	long id = base();

	ck_assert_int_eq(rig_sh("cd $R/state/generations/gen-%ld && %s "
				"inbound.pem",
			     id, files[_i].spoil),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 1);
	row = json_object_array_get_idx(jsonx_path(view, "drift"), 0);
	v = jsonx_path(row, "actual");
	if (files[_i].want_actual == NULL)
		ck_assert_ptr_null(v);
	else
		ck_assert_str_eq(
		    json_object_get_string(v), files[_i].want_actual);
	json_object_put(view);
	ck_assert_int_eq(rig_sh("cd $R/state/generations/gen-%ld && %s "
				"inbound.pem",
			     id, files[_i].mend),
	    0);
	rig_assert_whole();
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

	(void)base();
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
	tcase_add_test(tc, applies_and_serves);
	tcase_add_loop_test(tc, refused, 0, COUNT(refusals));
	tcase_add_test(tc, needs_a_certificate);
	tcase_add_test(tc, same_again_is_unchanged);
	tcase_add_test(tc, tls_only_and_off_again);
	tcase_add_test(tc, files_stored_for_later);
	tcase_add_test(tc, etag_lets_the_current_pass);
	tcase_add_loop_test(tc, editor_wins, 0, COUNT(edits));
	tcase_add_test(tc, rollback_spares_an_edit);
	tcase_add_loop_test(tc, rolled_back, 0, COUNT(failures));
	tcase_add_test(tc, undo_fails_and_the_next_save_mends);
	tcase_add_test(tc, stopped_stays_stopped);
	tcase_add_test(tc, reload_does_not_wake_a_throttled_one);
	tcase_add_test(tc, busy);
	tcase_add_test(tc, drift_is_shown_and_mended);
	tcase_add_test(tc, drift_of_a_hot_file);
	tcase_add_loop_test(tc, drift_of_the_file, 0, COUNT(files));
	tcase_add_test(tc, old_generations_go);
}

int
main(void)
{
	return rig_run("txn", add, 60, RIG_POSTFIX);
}
