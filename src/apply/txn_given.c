/*
 * txn_given.c - what is put back as it was, and not as settings say: all that
 * the console has written, where what stood before it is restored; else what
 * the restored generation had not written, and the console has since.
 *
 * Of main.cf and master.cf the whole file is put back, byte for byte, where it
 * is the one of now but for what the console has written; else each parameter
 * gets its value, and the lines of others stay.
 */
#include <string.h>

#include "jsonx.h"
#include "levels.h"
#include "maincf.h"
#include "named.h"
#include "original.h"
#include "txn_given.h"

/* Parameters as they will be once these are given back. */
static struct json_object *
values_after(const struct txn *t)
{
	struct param_plan plan = {NULL, 0};
	struct json_object *after = NULL;

	if (params_plan(t->facts.params, t->given, &plan, NULL) == 0)
		after = params_after(t->facts.params, &plan);
	param_plan_clear(&plan);
	return after;
}

/* The settings are what Postfix then has; switches of the console's own stay,
 * and nothing else is managed. */
static int
settings_then(struct txn *t, struct json_object *after, struct err *err)
{
	const struct params_context c = {
	    .info = &t->facts.info, .current = after};
	const char *all = "all_scanners";
	struct json_object *v = jsonx_path(t->req->settings, all);
	struct settings s;
	int rc = 0;

	settings_default(&s);
	s.all_scanners = v == NULL ? t->former.settings.all_scanners
				   : json_object_get_boolean(v);
	(void)params_take(&c, PARAMS_ALL, &s);
	if (settings_copy(&t->settings, &s) == -1)
		rc = err_set(err, ERR_NOMEM, "", "settings");
	settings_clear(&s);
	return rc;
}

/* Restrictions of others that came since stay: only our element goes, as when
 * the access list is given up. */
int
given_original(struct txn *t, struct err *err)
{
	struct json_object *meta = NULL, *after = NULL;
	struct original o = {0};
	int rc = -1;

	t->replaces = true;
	t->restored = 0;
	if (t->written == 0)
		return 0;
	if (generation_meta(t->conf, t->prev, &meta, err) == -1 ||
	    original_read(t->conf, t->prev, meta, &o, err) == -1)
		goto out;
	t->given_rows = t->written & ~param_bit(IN_CLIENTS);
	t->given = original_pick(o.values, t->given_rows);
	if (t->given == NULL || (after = values_after(t)) == NULL ||
	    buf_add(&t->origin_main, o.main_cf.data, o.main_cf.len) == -1) {
		err_set(err, ERR_NOMEM, "", "main.cf");
		goto out;
	}
	if ((t->written &
		(param_bit(PARAM_SERVICE) | param_bit(PARAM_LIMIT))) != 0 &&
	    buf_add(&t->origin_master, o.master_cf.data, o.master_cf.len) ==
		-1) {
		err_set(err, ERR_NOMEM, "", "master.cf");
		goto out;
	}
	rc = settings_then(t, after, err);
out:
	original_clear(&o);
	json_object_put(after);
	json_object_put(meta);
	return rc;
}

/* What is given back when its setting is given up goes by its own rule. */
void
given_restored(struct txn *t, struct json_object *meta)
{
	struct json_object *values = jsonx_path(meta, "values");
	const param_mask by_rule =
	    params_marked(PARAM_BACK) | param_bit(IN_CLIENTS);
	param_mask rows = t->written & ~t->restored & ~by_rule;

	t->theirs = t->written & ~original_written(meta);
	if (rows == 0)
		return;
	if (values == NULL) {
		/* A record of before there was such a list. */
		findings_add(&t->findings, ERR_GEN_VALUES_UNKNOWN, "id",
		    "generation", jsonx_path_str(meta, "at", ""), NULL);
		return;
	}
	t->given = original_pick(values, rows);
	t->given_rows = t->given == NULL ? 0 : rows;
}

int
given_want(struct txn *t, struct err *err)
{
	if (t->given == NULL)
		return 0;
	json_object_object_foreach (t->given, name, v) {
		if (json_object_object_add(
			t->wanted, name, json_object_get(v)) != 0)
			return err_set(err, ERR_NOMEM, "", "parameters");
	}
	return 0;
}

bool
given_certificate(const struct txn *t)
{
	struct json_object *after;
	bool yes;

	if ((t->given_rows & param_bit(IN_CHAIN)) == 0)
		return false;
	after = values_after(t);
	yes = after != NULL && params_own_certificate(after);
	json_object_put(after);
	return yes;
}

/* The files that serve then must be there: TLS would run without a
 * certificate (POSTFIX.md 1.3). */
static int
check_files(struct txn *t, struct json_object *after, struct err *err)
{
	const char *unread[STANDING_FILES_MAX];
	struct facts then = t->facts;
	struct tls_level level;
	struct buf all;
	size_t i, n = 0;
	int rc;

	level_read(after, TLS_INBOUND, &level);
	if (!params_own_certificate(after))
		return 0;
	buf_init(&all, 2 * PKI_FILE_MAX);
	rc = standing_files(t->conf, after, &all, unread, &n, err);
	buf_clear(&all);
	/* Without a level of main.cf's, one of master.cf's may still serve it. */
	for (i = 0; i < n && level.rank != RANK_NONE; i++)
		findings_add(&t->findings, ERR_GEN_FILE_GONE, "id", "parameter",
		    unread[i], "path", jsonx_path_str(after, unread[i], ""),
		    NULL);
	/* Nor do files that nobody serves keep anybody from leaving. */
	if (level.rank == RANK_NONE && rc == -1)
		return 0;
	then.params = after;
	if (rc == 0 && n == 0)
		(void)standing_certificate(
		    t->conf, &then, CERT_INBOUND, &t->standing, NULL);
	return rc;
}

/* A line of somebody else names a parameter that is not set any more. */
static void
check_references(struct txn *t, struct json_object *after)
{
	const char *by = jsonx_path_str(t->facts.params, PARAM_CLIENT, "");

	if (by[0] != '\0' && jsonx_path_str(after, IN_CHAIN, "")[0] == '\0')
		findings_add(&t->findings, ERR_PARAMETER_EMPTY, "", "parameter",
		    by, "value", IN_CHAIN, NULL);
}

/* main.cf without the lines that will go. */
static int
read_others(const struct txn *t, struct named *ret, struct err *err)
{
	struct buf main_cf, rest, master_cf;
	int rc = -1;

	buf_init(&main_cf, MAINCF_MAX);
	buf_init(&rest, MAINCF_MAX + 1);
	buf_init(&master_cf, MAINCF_MAX);
	if (maincf_read(t->conf, &main_cf, err) == -1 ||
	    mastercf_read(t->conf, &master_cf, err) == -1)
		goto out;
	rc = maincf_strip(t->written, &main_cf, &rest) == -1
		 ? err_set(err, ERR_NOMEM, "", "main.cf")
		 : named_find(t->conf, &rest, &master_cf, ret, err);
out:
	buf_clear(&main_cf);
	buf_clear(&rest);
	buf_clear(&master_cf);
	return rc;
}

/* Lines of somebody else that name files of generations. */
static int
check_named(struct txn *t, struct err *err)
{
	struct named named = {NULL, 0};
	char path[STATE_PATH_MAX], copy[STATE_PATH_MAX];
	size_t i;
	int rc;

	if ((rc = read_others(t, &named, err)) == -1)
		return -1;
	for (i = 0; i < named.n && rc == 0; i++) {
		if (generation_path(t->conf, named.v[i].id, named.v[i].file,
			path, err) == -1 ||
		    named_copy_path(t->conf, &named.v[i], copy, err) == -1)
			rc = -1;
		else if (t->leave && !t->req->dry_run &&
			 named_is_there(t->conf, &named.v[i]))
			findings_add(&t->findings, ERR_FILE_COPIED, "",
			    "parameter", named.v[i].line, "path", path, "copy",
			    copy, NULL);
		else
			findings_add(&t->findings, ERR_FILE_NAMED, "",
			    "parameter", named.v[i].line, "path", path, NULL);
	}
	named_clear(&named);
	return rc;
}

int
given_check(struct txn *t, struct err *err)
{
	struct json_object *after;
	int rc;

	if (!txn_restores(t))
		return 0;
	if ((after = params_after(t->facts.params, &t->plan)) == NULL)
		return err_set(err, ERR_NOMEM, "", "parameters");
	rc = check_files(t, after, err);
	check_references(t, after);
	json_object_put(after);
	return rc == 0 && t->req->original ? check_named(t, err) : rc;
}

/* Are all of them again what they were? */
static bool
values_are_back(const struct txn *t)
{
	struct json_object *after = params_after(t->facts.params, &t->plan);
	bool same = after != NULL;

	json_object_object_foreach (t->given, name, v) {
		same = same &&
		       (param_in_master(name) ||
			   json_object_equal(jsonx_member(after, name), v));
	}
	json_object_put(after);
	return same;
}

int
given_main(struct txn *t, struct err *err)
{
	struct buf *o = &t->origin_main;

	if (o->len == 0 || !values_are_back(t) ||
	    !maincf_same_but(t->written, o, &t->after))
		return 0;
	buf_clear(&t->after);
	return buf_add(&t->after, o->data, o->len) == -1
		   ? err_set(err, ERR_NOMEM, "", "main.cf")
		   : 0;
}

int
given_master(struct txn *t, const char *dir, struct err *err)
{
	struct buf *o = &t->origin_master;
	bool same = false;

	if (o->len == 0)
		return 0;
	if (mastercf_same(t->conf, dir, t->service, o, &t->master_after, &same,
		err) == -1)
		return -1;
	if (!same)
		return 0;
	buf_clear(&t->master_after);
	return buf_add(&t->master_after, o->data, o->len) == -1
		   ? err_set(err, ERR_NOMEM, "", "master.cf")
		   : 0;
}

static param_mask
planned(const struct txn *t)
{
	param_mask mask = 0;
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		mask |= param_bit(t->plan.v[i].name);
	return mask;
}

/* What the console has written until then, since when, and what each managed
 * parameter is, whoever set it. */
void
given_record(const struct txn *t, struct json_object *meta)
{
	struct json_object *after = params_after(t->facts.params, &t->plan);
	param_mask written = (t->written | planned(t)) & ~t->theirs;

	if (t->req->original)
		written = 0;
	json_object_object_add(meta, "written", params_to_json(written));
	if (!t->req->original && t->origin > 0)
		json_object_object_add(
		    meta, "origin", json_object_new_int64(t->origin));
	/* Without the list a restore says that it is not known; with an empty
	 * one it would take away what stands. */
	if (after != NULL)
		json_object_object_add(
		    meta, "values", original_pick(after, PARAMS_ALL));
	json_object_put(after);
}

int
given_leave(struct txn *t, struct err *err)
{
	named_clear(&t->copied);
	if (read_others(t, &t->copied, err) == -1)
		return -1;
	return named_copy(t->conf, &t->copied, err);
}

int
given_stay(struct txn *t, struct err *err)
{
	return named_uncopy(t->conf, &t->copied, err);
}

void
txn_prune(const struct txn *t, const struct buf *main_cf)
{
	struct named named = {NULL, 0};
	struct buf master_cf;

	buf_init(&master_cf, MAINCF_MAX);
	if (mastercf_read(t->conf, &master_cf, NULL) == -1 ||
	    named_find(t->conf, main_cf, &master_cf, &named, NULL) == -1 ||
	    generation_prune(t->conf, &named, t->req->keep, NULL) == -1)
		log_warn("old generations could not be wiped");
	named_clear(&named);
	buf_clear(&master_cf);
}
