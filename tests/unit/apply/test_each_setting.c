/*
 * test_each_setting.c - each setting alone, as a Save sees it: summary,
 * comparison, what a hand edit of its parameters becomes, what needs a
 * restart, what an option of master.cf shadows.  Without a Postfix.
 */
#include "../../../src/apply/setting_checks.h"
#include "../each_setting.h"
#include "../tmp.h"
#include "jsonx.h"
#include "settings_table.h"

#define GEN 7

/* What main.cf does not say; adopt leaves these as they were. */
static const char *const not_read[] = {
    "all_scanners", "access_policy", "access_list", "ccert_relay", NULL};
/* master(8) takes a new socket at a start alone. */
static const char *const sockets[] = {"listen", "smtp_port", NULL};
/* The service's own -o would win over main.cf. */
static const char *const shadowed[] = {"idle_timeout", "access_policy", NULL};

/* Without a service that takes mail there is nothing to set. */
static const char *const needs_listener[] = {"inbound_enabled", "listen",
    "smtp_port", "max_connections", "access_policy", NULL};

static struct conf conf;
static struct apply_request req;
static struct txn *t;

static const struct settings_field *
row(int i)
{
	return &settings_fields[i];
}

static void
old_file(const char *name, struct stat *st)
{
	struct timespec then[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char path[CONF_STR_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", conf.config_directory, name);
	tmp_write(path, "");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, then, 0), 0);
	ck_assert_int_eq(stat(path, st), 0);
}

static void
setup(void)
{
	static const char *confirm[ERR__MAX];
	static int round;
	struct err err;
	int i;

	conf_default(&conf);
	/* Each test is another process, or (valgrind) none is. */
	snprintf(conf.state_directory, sizeof(conf.state_directory),
	    "%s/state-%ld-%d", tmp_root, (long)getpid(), ++round);
	snprintf(conf.config_directory, sizeof(conf.config_directory),
	    "%s/pf-%ld-%d", tmp_root, (long)getpid(), round);
	snprintf(conf.command_directory, sizeof(conf.command_directory),
	    "%s/none", tmp_root);
	ck_assert_int_eq(fsx_mkdir(conf.state_directory, 0700, &err), 0);
	ck_assert_int_eq(fsx_mkdir(conf.config_directory, 0700, &err), 0);
	ck_assert_int_eq(apply_state_init(&conf, &err), 0);
	memset(&req, 0, sizeof(req));
	for (i = 0; i < ERR__MAX; i++)
		confirm[i] = err_name((enum err_code)i);
	req.confirm = confirm;
	req.n_confirm = ERR__MAX;
	req.mode_given = true;
	req.mode = APPLY_RELOAD;
	ck_assert_ptr_nonnull(t = txn_new(&conf, &req));
	t->prev = GEN;
	/* A generation that has written all there is. */
	t->owned = t->asserted = t->rows = PARAMS_ALL;
	t->facts.info.kind = POSTFIX_OK;
	t->facts.info.version = 31000;
	t->facts.params = json_object_new_object();
	strcpy(t->facts.info.inbound.service, "smtp");
	strcpy(t->facts.info.inbound.process_limit, "-");
	strcpy(t->facts.info.inbound.interfaces, "all");
	t->facts.info.n_listeners = 1;
	old_file("main.cf", &t->facts.info.maincf);
	old_file("master.cf", &t->facts.info.mastercf);
	ck_assert_int_eq(
	    buf_adds(&t->certs.v[CERTS_DEFAULT].chain, "a chain"), 0);
}

static void
teardown(void)
{
	txn_free(t);
}

static void
become(struct settings *to, int others, const struct settings_field *f, int k)
{
	settings_clear(to);
	each_all(to, others);
	if (k == EACH_VALUES)
		each_unset(to, f);
	else
		each_set(to, f, k);
}

/* What the settings of *t ask for, with the files of generation GEN. */
static struct json_object *
wanted(void)
{
	struct json_object *o = NULL;
	struct params_context c;
	static struct gen_paths paths;
	struct err err;

	ck_assert_int_eq(txn_context(t, GEN, &c, &paths, &err), 0);
	ck_assert_msg(params_wanted(&c, &o, &err) == 0, "%s", err.msg);
	if (t->former.originals == NULL)
		t->former.originals = params_originals(&c, o);
	return o;
}

static void
postfix_has(const char *name, const char *value)
{
	struct postfix_inbound *in = &t->facts.info.inbound;

	if (value == NULL)
		json_object_object_del(t->facts.params, name);
	else
		json_object_object_add(
		    t->facts.params, name, json_object_new_string(value));
	if (strcmp(name, PARAM_SERVICE) == 0)
		snprintf(in->service, sizeof(in->service), "%s", value);
	if (strcmp(name, PARAM_LIMIT) == 0)
		snprintf(
		    in->process_limit, sizeof(in->process_limit), "%s", value);
}

/* Postfix becomes what the settings of *t ask for. */
static void
postfix_follows(void)
{
	struct json_object *want = wanted();
	struct param_plan plan = {NULL, 0};
	size_t i;

	params_add_master(t->facts.params, &t->facts.info);
	ck_assert_int_eq(params_plan(t->facts.params, want, &plan, NULL), 0);
	for (i = 0; i < plan.n; i++)
		postfix_has(plan.v[i].name, plan.v[i].after);
	param_plan_clear(&plan);
	json_object_put(want);
}

/* Is it what a change of this row alone leaves in the record? */
static void
summary_is(const struct settings_field *f)
{
	struct json_object *meta = txn_meta(t, "applied"), *list;

	list = jsonx_path(meta, "summary");
	ck_assert_msg(json_object_array_length(list) == 1 &&
			  strcmp(json_object_get_string(
				     json_object_array_get_idx(list, 0)),
			      f->path) == 0,
	    "%s: %s", f->path, json_object_to_json_string(list));
	json_object_put(meta);
}

START_TEST(summary)
{
	const struct settings_field *f = row(_i);
	int k;

	ck_assert_int_eq(
	    buf_adds(&t->stored.v[CERTS_DEFAULT].chain, "a chain"), 0);
	become(&t->former.settings, EACH_A, f, EACH_A);
	become(&t->settings, EACH_A, f, EACH_B);
	summary_is(f);
	if (!each_may_be_unset(f))
		return;
	for (k = 0; k < EACH_VALUES; k++) {
		become(&t->settings, EACH_A, f, k);
		become(&t->former.settings, EACH_A, f, EACH_VALUES);
		summary_is(f);
	}
}
END_TEST

/* To Postfix with one value, while the console remembers the other. */
static void
adopts(const struct settings_field *f, int is, int was)
{
	struct settings want;
	struct err err;

	settings_default(&want);
	become(&t->settings, EACH_A, f, is);
	become(&want, EACH_A, f, each_listed(f, not_read) ? was : is);
	postfix_follows();
	become(&t->settings, EACH_A, f, was);
	/* No level says whether TLS would be required if there were any. */
	if (!want.inbound_enabled)
		want.tls_only = t->settings.tls_only;
	become(&t->former.settings, EACH_A, f, was);
	ck_assert_msg(adopt_source(t, &err) == 0, "%s", err.msg);
	each_same_but(&t->settings, &want, NULL);
	adopt_check(t);
	ck_assert_msg(t->findings.n == 0, "%s: %s", f->form,
	    err_name(t->findings.v[0].code));
	settings_clear(&want);
}

START_TEST(is_adopted) /* each both ways */
{
	const struct settings_field *f = row(_i / 2);

	adopts(f, _i % 2, 1 - _i % 2);
}
END_TEST

/* The same said in other words than the console's is no reset. */
START_TEST(another_spelling)
{
	struct settings want;
	struct err err;

	settings_default(&t->settings);
	t->settings.idle_timeout = t->former.settings.idle_timeout = 5;
	postfix_follows();
	postfix_has("smtpd_timeout", "480m");
	ck_assert_msg(adopt_source(t, &err) == 0, "%s", err.msg);
	settings_default(&want);
	want.idle_timeout = 480;
	each_same_but(&t->settings, &want, NULL);
	adopt_check(t);
	ck_assert_uint_eq(t->findings.n, 0);
	/* What no setting says goes back to the managed value, and is told. */
	t->settings.inbound_enabled = true;
	postfix_has("smtpd_tls_loglevel", "2");
	adopt_check(t);
	ck_assert_uint_eq(t->findings.n, 1);
	ck_assert_int_eq(t->findings.v[0].code, ERR_DRIFT_RESET);
}
END_TEST

/* What is not managed is no setting for being in main.cf. */
START_TEST(adopts_nothing_else)
{
	const struct settings_field *f = row(_i);
	struct settings want;
	struct err err;

	if (!each_may_be_unset(f))
		return;
	settings_default(&want);
	become(&want, EACH_A, f, EACH_VALUES);
	become(&t->settings, EACH_A, f, EACH_B);
	postfix_follows();
	become(&t->settings, EACH_A, f, EACH_VALUES);
	become(&t->former.settings, EACH_A, f, EACH_VALUES);
	ck_assert_msg(adopt_source(t, &err) == 0, "%s", err.msg);
	each_same_but(&t->settings, &want, NULL);
	settings_clear(&want);
}
END_TEST

/* What the console has no word for is left to Postfix: not managed any more,
 * not reset, and never given back to what was there before the console. */
START_TEST(cannot_be_said)
{
	const struct settings_field *f = row(_i);
	struct json_object *with, *without, *originals = NULL, *v;
	struct settings want;
	struct err err;
	/* "may" is what outbound TLS comes to without a level. */
	int n = 0, k = f->id == SETTING_outbound_level ? EACH_B : EACH_A;

	if (!each_may_be_unset(f))
		return;
	settings_default(&want);
	become(&want, EACH_A, f, EACH_VALUES);
	become(&t->settings, EACH_A, f, EACH_VALUES);
	without = wanted();
	json_object_put(t->former.originals);
	t->former.originals = NULL;
	become(&t->settings, EACH_A, f, k);
	postfix_follows();
	with = wanted();
	become(&t->former.settings, EACH_A, f, k);
	json_object_object_foreach (with, name, value) {
		if (json_object_equal(value, jsonx_member(without, name)))
			continue;
		/* Any word but a level would be refused. */
		postfix_has(name,
		    strcmp(name, OUT_LEVEL) == 0 ? "fingerprint" : "by-hand");
		n++;
	}
	ck_assert_int_gt(n, 0);
	json_object_deep_copy(t->former.originals, &originals, NULL);
	ck_assert_int_gt(json_object_object_length(originals), 2);
	ck_assert_msg(adopt_source(t, &err) == 0, "%s", err.msg);
	each_same_but(&t->settings, &want, NULL);
	adopt_check(t);
	ck_assert_msg(t->findings.n == 0, "%s: %s", f->form,
	    err_name(t->findings.v[0].code));
	json_object_object_foreach (originals, other, is) {
		(void)is;
		ck_assert_msg(
		    json_object_object_get_ex(t->former.originals, other, &v) ==
			((param_settings(other) & SETTING_BIT(f->id)) == 0),
		    "%s: %s", f->form, other);
	}
	json_object_put(originals);
	json_object_put(with);
	json_object_put(without);
	settings_clear(&want);
}
END_TEST

/* Findings "shadowed" that name the setting; SHADOWED codes end so. */
static size_t
count_shadowed(const struct settings_field *f)
{
	const struct finding *found;
	size_t i, n = 0;

	for (i = 0; i < t->findings.n; i++) {
		found = &t->findings.v[i];
		if (strstr(err_name(found->code), ".shadowed") == NULL)
			continue;
		ck_assert_str_eq(found->field, f->form);
		n++;
	}
	return n;
}

START_TEST(is_shadowed)
{
	const struct settings_field *f = row(_i);
	bool may = each_listed(f, shadowed);

	t->facts.info.inbound.own_timeout = true;
	t->facts.info.inbound.own_restrictions = true;
	(void)setting_checks_run(t, NULL);
	ck_assert_uint_eq(count_shadowed(f), 0);
	each_set(&t->settings, f, EACH_A);
	ck_assert_int_eq(setting_checks_run(t, NULL), may ? -1 : 0);
	ck_assert_uint_eq(count_shadowed(f), may ? 1 : 0);
}
END_TEST

START_TEST(of_a_null_client)
{
	const struct settings_field *f = row(_i);
	bool must = each_listed(f, needs_listener), found = false;
	struct json_object *want;
	struct err err;
	size_t i;

	t->facts.info.n_listeners = 0;
	each_set(&t->settings, f, EACH_A);
	want = wanted();
	ck_assert_int_eq(params_plan(t->facts.params, want, &t->plan, &err), 0);
	(void)setting_checks_run(t, &err);
	for (i = 0; i < t->findings.n; i++)
		if (t->findings.v[i].code == ERR_INBOUND_CLOSED) {
			ck_assert_str_eq(t->findings.v[i].field, f->form);
			found = true;
		}
	ck_assert_msg(found == must, "%s", f->form);
	json_object_put(want);
}
END_TEST

/* As an applied one lies there. */
static void
generation(long id, int k, const struct settings_field *f)
{
	struct json_object *meta = json_object_new_object(), *o;
	char path[STATE_PATH_MAX];
	struct settings s;
	struct err err;

	settings_default(&s);
	become(&s, EACH_A, f, k);
	ck_assert_int_eq(generation_path(&conf, id, NULL, path, &err), 0);
	ck_assert_int_eq(fsx_mkdir(path, 0700, &err), 0);
	ck_assert_int_eq(
	    generation_path(&conf, id, "settings.json", path, &err), 0);
	o = settings_to_json(&s);
	ck_assert_int_eq(jsonx_file_write(path, o, &err), 0);
	json_object_put(o);
	json_object_object_add(meta, "id", json_object_new_int64(id));
	json_object_object_add(
	    meta, "outcome", json_object_new_string("applied"));
	ck_assert_int_eq(generation_set_meta(&conf, id, meta, &err), 0);
	json_object_put(meta);
	settings_clear(&s);
}

static bool
is_planned(const char *name)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if (strcmp(t->plan.v[i].name, name) == 0)
			return true;
	return false;
}

/* The number of the format is there; one of before it is read as the first,
 * one of a newer program is refused in a sentence. */
START_TEST(has_a_format)
{
	struct json_object *o =
	    generation_record(settings_to_json(&t->settings));
	char path[STATE_PATH_MAX];
	struct settings s;
	struct err err;

	settings_default(&s);
	generation(GEN, EACH_A, row(0));
	ck_assert_int_eq(generation_settings(&conf, GEN, &s, &err), 0);
	ck_assert_int_eq(jsonx_path_int(o, "format"), 1);
	ck_assert_int_eq(
	    generation_path(&conf, GEN, "settings.json", path, &err), 0);
	ck_assert_int_eq(jsonx_file_write(path, o, &err), 0);
	ck_assert_int_eq(generation_settings(&conf, GEN, &s, &err), 0);
	json_object_object_add(o, "format", json_object_new_int(2));
	ck_assert_int_eq(jsonx_file_write(path, o, &err), 0);
	ck_assert_int_eq(generation_settings(&conf, GEN, &s, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "newer Postseal"));
	json_object_put(o);
	settings_clear(&s);
}
END_TEST

/* A Save that changes one setting writes what that alone changes. */
START_TEST(is_written)
{
	const struct settings_field *f = row(_i);
	struct json_object *was, *is;
	struct err err;

	generation(GEN, EACH_A, f);
	become(&t->settings, EACH_A, f, EACH_A);
	postfix_follows();
	was = wanted();
	become(&t->former.settings, EACH_A, f, EACH_A);
	become(&t->settings, EACH_A, f, EACH_B);
	is = wanted();
	scope_settings(t);
	ck_assert_msg(step_plan(t, &err) == 0, "%s", err.msg);
	json_object_object_foreach (is, name, value)
		if (!json_object_equal(value, jsonx_member(was, name)))
			ck_assert_msg(
			    is_planned(name), "%s: %s", f->form, name);
	json_object_put(was);
	json_object_put(is);
}
END_TEST

START_TEST(needs_a_restart)
{
	const struct settings_field *f = row(_i);
	bool must = each_listed(f, sockets);
	struct err err;
	size_t i, n = 0;

	generation(GEN, EACH_A, f);
	become(&t->settings, EACH_A, f, EACH_A);
	postfix_follows();
	become(&t->former.settings, EACH_A, f, EACH_A);
	become(&t->settings, EACH_A, f, EACH_B);
	scope_settings(t);
	ck_assert_msg(step_plan(t, &err) == 0, "%s", err.msg);
	ck_assert_int_ne(t->end, TXN_UNCHANGED);
	for (i = 0; i < t->findings.n; i++)
		n += t->findings.v[i].code == ERR_APPLY_ESCALATED;
	ck_assert_uint_eq(n, must ? 1 : 0);
	ck_assert_msg((t->mode == APPLY_RESTART) == must, "%s", f->form);
}
END_TEST

START_TEST(comparison)
{
	const struct settings_field *f = row(_i);
	struct json_object *diff = NULL, *rows, *one, *want[2];
	struct err err;
	int k;

	generation(1, EACH_A, f);
	generation(2, EACH_B, f);
	ck_assert_msg(
	    generation_diff(&conf, 1, 2, &diff, &err) == 0, "%s", err.msg);
	rows = jsonx_path(diff, "settings");
	ck_assert_uint_eq(json_object_array_length(rows), 1);
	one = json_object_array_get_idx(rows, 0);
	ck_assert_str_eq(jsonx_path_str(one, "path", ""), f->path);
	for (k = 0; k < EACH_VALUES; k++) {
		want[k] = f->kind == SETTING_LIST ? json_object_new_int(k + 1)
						  : each_json(f, k);
		ck_assert_msg(
		    json_object_equal(
			jsonx_path(one, k == EACH_A ? "a" : "b"), want[k]),
		    "%s: %s", f->path, json_object_to_json_string(one));
		json_object_put(want[k]);
	}
	json_object_put(diff);
}
END_TEST

static void
add(TCase *tc)
{
	int n = each_count();

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, summary, 0, n);
	tcase_add_loop_test(tc, is_adopted, 0, 2 * n);
	tcase_add_test(tc, another_spelling);
	tcase_add_loop_test(tc, adopts_nothing_else, 0, n);
	tcase_add_loop_test(tc, cannot_be_said, 0, n);
	tcase_add_loop_test(tc, is_shadowed, 0, n);
	tcase_add_loop_test(tc, of_a_null_client, 0, n);
	tcase_add_test(tc, has_a_format);
	tcase_add_loop_test(tc, is_written, 0, n);
	tcase_add_loop_test(tc, needs_a_restart, 0, n);
	tcase_add_loop_test(tc, comparison, 0, n);
}

int
main(void)
{
	return tmp_run("each_setting", add, 20);
}
