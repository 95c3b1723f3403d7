/*
 * test_rollback.c - a Save that meets an editor, a Postfix that fails, is
 * stopped or throttled, and files that drifted.
 *
 * The tests share one instance; each brings the settings it starts from.
 */
#include "jail.h"
#include "rig.h"
#include "smtp_conn.h"

#define ON "{\"inbound\": {\"enabled\": true}}"

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
	long next, id = rig_ensure(&rig_self_pair);

	next = rig_next();
	edit_at = edits[_i];
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_str_eq(err_name(o.err.code), "settings.stale");
	rig_done(&o);
	ck_assert_int_eq(rig_current(), id);
	ck_assert_int_eq(rig_next(), next);
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
	long id = rig_ensure(&rig_self_pair);

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
	struct json_object *gen = NULL, *view = NULL;
	struct outcome o;
	struct err err;
	long id = rig_ensure(&rig_self_pair), failed;

	rig_maincf_hash(before);
	json_object_put(apply_live(&rig_conf));
	failed = rig_next();
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
	/* Postfix was seen again, after its restart. */
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_ptr_null(jsonx_path(view, "probe_stale"));
	ck_assert(jsonx_path_bool(view, "probe.starttls"));
	json_object_put(view);
}
END_TEST

START_TEST(undo_fails_and_the_next_save_mends)
{
	const struct ask a = {.settings = "{\"outbound\": {\"enabled\": "
					  "false}}"};
	struct ask trial = a;
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;
	struct journal j;
	struct err err;

	(void)rig_ensure(&rig_self_pair);
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
	/* A dry run mends nothing. */
	trial.dry_run = true;
	o = rig_apply(&trial);
	ck_assert_int_eq(o.err.code, ERR_APPLY_UNSETTLED);
	rig_done(&o);
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

	(void)rig_ensure(&rig_self_pair);
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
	ck_assert_ptr_nonnull(jsonx_path(view, "probe_stale"));
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
	struct ask restart = {.apply = "restart"};
	struct outcome o;

	restart.restore = rig_ensure(&rig_self_pair);
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

START_TEST(drift_is_shown_and_mended)
{
	struct json_object *view = NULL, *row;
	struct outcome o;
	struct err err;

	(void)rig_ensure(&rig_self_pair);
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
	/* The same settings are no change, but it is told. */
	o = rig_apply(&rig_self_pair);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "drift.stays"));
	rig_done(&o);
	ck_assert_str_eq(rig_parameter("smtpd_tls_loglevel"), "3");
	rig_mend();
	ck_assert_str_eq(rig_parameter("smtpd_tls_loglevel"), "1");
	rig_assert_whole();
}
END_TEST

/* The same when main.cf was written this second. */
START_TEST(drift_of_a_hot_file)
{
	struct json_object *view = NULL, *row;
	struct err err;

	(void)rig_ensure(&rig_self_pair);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -e "
				"smtpd_tls_loglevel=3"),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 1);
	row = json_object_array_get_idx(jsonx_path(view, "drift"), 0);
	ck_assert_str_eq(jsonx_path_str(row, "actual", ""), "3");
	json_object_put(view);
	rig_mend();
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
	long id = rig_ensure(&rig_self_pair);

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

static bool
is_unread(void)
{
	const struct ask a = {
	    .settings = "{\"interface\":{\"idle_timeout\":7}}",
	    .dry_run = true};
	struct outcome o = rig_apply(&a);
	bool yes;

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	yes = rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "postfix.unread");
	rig_done(&o);
	return yes;
}

/* What somebody does to main.cf, and is it an edit that Postfix has not read?
 * An mtime says nothing; the queue manager may have crashed since. */
static const struct {
	const char *cmd;
	bool unread;
} hands[] = {
    {"touch -d tomorrow $R/pf/conf/main.cf && pfi_stop $R/pf; pfi_start $R/pf",
	false},
    {"cp -p $R/pf/conf/main.cf $R/m && echo '# by hand' >>$R/m && "
     "touch -d yesterday $R/m && mv $R/m $R/pf/conf/main.cf",
	true},
    {"mv $R/pf/conf/main.cf $R/m && ln -s $R/m $R/pf/conf/main.cf", true},
    {"pfi_reload $R/pf", false},
    {"rm $R/pf/conf/main.cf && mv $R/m $R/pf/conf/main.cf", true},
    {"pid=$(pgrep -P $(pfi_master $R/pf) qmgr) && kill -9 $pid && "
     "until pgrep -P $(pfi_master $R/pf) qmgr | grep -qvx $pid; do "
     "timeout 5 /usr/sbin/postqueue -c $R/pf/conf -f; done",
	true},
    {"pfi_cool $R/pf; pfi_reload $R/pf", false},
};

START_TEST(unread)
{
	size_t i, n;

	(void)rig_ensure(&rig_self_pair);
	for (i = 0; i < sizeof(hands) / sizeof(hands[0]); i++) {
		ck_assert_int_eq(rig_sh("%s", hands[i].cmd), 0);
		/* A reload is told of before it is done. */
		for (n = 0; is_unread() != hands[i].unread; n++)
			ck_assert_msg(n < 20, "%s", hands[i].cmd);
	}
	rig_assert_whole();
}
END_TEST

/* An edit that was not read yet, and does not work: it came into force with
 * the change, and what was served before it is not served again. */
START_TEST(unread_and_broken)
{
	const struct ask a = {
	    .settings = "{\"interface\":{\"idle_timeout\":9}}"};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;

	(void)rig_ensure(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("cp -p $R/pf/conf/main.cf $R/m.good && "
		   "cp $R/cert/self.pem $R/cert/nokey.pem && pfi_conf $R/pf "
		   "smtpd_tls_chain_files=$R/cert/nokey.pem"),
	    0);
	rig_maincf_hash(before);
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(o.err.code == ERR_APPLY_UNDO_FAILED, "%s: %s",
	    err_name(o.err.code), o.err.msg);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "error.findings"), "postfix.unread"));
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_sh("cp -p $R/m.good $R/pf/conf/main.cf && "
				"pfi_cool $R/pf && pfi_reload $R/pf"),
	    0);
	(void)rig_must_apply(&a);
	rig_assert_whole();
}
END_TEST

/* Whoever cannot look proves nothing: refused before anything is touched. */
START_TEST(nobody_can_look)
{
	static const struct jail_job *const none[] = {NULL};
	static const struct jail_job *const prober[] = {&probe_tls_job, NULL};
	const struct ask a = {
	    .settings = "{\"interface\":{\"idle_timeout\":11}}"};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct json_object *live;
	struct outcome o;
	struct err err;
	pid_t pid[2];
	long next;
	int i;

	(void)rig_ensure(&rig_self_pair);
	rig_assert_whole();
	rig_files_hash(before);
	next = rig_next();
	ck_assert_int_eq(jail_keep(JAIL_PROBER, NULL, none, &pid[0], &err), 0);
	ck_assert_int_eq(rig_sh("pfi_master $R/pf >$R/master"), 0);
	for (i = 0; i < 2; i++) {
		struct ask one = a;

		one.dry_run = i == 0;
		o = rig_apply(&one);
		ck_assert_msg(o.rc == -1, "dry run %d: %s", one.dry_run,
		    json_object_to_json_string(o.job));
		ck_assert_str_eq(err_name(o.err.code), "probe.unable");
		ck_assert_str_eq(
		    jsonx_path_str(o.job, "state", ""), "failed");
		rig_done(&o);
	}
	rig_files_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_next(), next);
	ck_assert_int_eq(
	    rig_sh("[ $(pfi_master $R/pf) = $(cat $R/master) ]"), 0);
	live = apply_live(&rig_conf);
	ck_assert_str_eq(
	    jsonx_path_str(live, "error.code", ""), "probe.unable");
	json_object_put(live);
	ck_assert_int_eq(
	    jail_keep(JAIL_PROBER, NULL, prober, &pid[1], &err), 0);
	(void)rig_must_apply(&a);
	rig_assert_whole();
	for (i = 0; i < 2; i++) {
		(void)kill(pid[i], SIGKILL);
		(void)waitpid(pid[i], NULL, 0);
	}
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, editor_wins, 0, COUNT(edits));
	tcase_add_test(tc, rollback_spares_an_edit);
	tcase_add_loop_test(tc, rolled_back, 0, COUNT(failures));
	tcase_add_test(tc, undo_fails_and_the_next_save_mends);
	tcase_add_test(tc, stopped_stays_stopped);
	tcase_add_test(tc, reload_does_not_wake_a_throttled_one);
	tcase_add_test(tc, drift_is_shown_and_mended);
	tcase_add_test(tc, drift_of_a_hot_file);
	tcase_add_loop_test(tc, drift_of_the_file, 0, COUNT(files));
	tcase_add_test(tc, unread);
	tcase_add_test(tc, unread_and_broken);
	tcase_add_test(tc, nobody_can_look);
}

int
main(void)
{
	return rig_run("rollback", add, 60, RIG_POSTFIX);
}
