/*
 * txn_back.c - main.cf and master.cf as they were before the commit.
 *
 * Each of the two is BEFORE, AFTER, or something that somebody else made of it
 * in these seconds.  AFTER is replaced by the bytes of BEFORE; in a third
 * file only our own values are set back, by Postfix's editor, so that the
 * edit stays.  A file that the change does not touch counts as BEFORE.
 *
 * main.cf goes first here, for it is in force with its rename.
 */
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "maincf.h"
#include "txn_switch.h"

static enum cf_state
state_of(const struct buf *now, const char *before, const char *after)
{
	char sha256[SHA256_HEX];

	if (sha256_hex(now->data == NULL ? "" : now->data, now->len, sha256) ==
	    -1)
		return CF_OTHER;
	if (strcmp(sha256, before) == 0)
		return CF_BEFORE;
	return strcmp(sha256, after) == 0 ? CF_AFTER : CF_OTHER;
}

enum cf_state
txn_main_state(const struct txn *t)
{
	enum cf_state state = CF_OTHER;
	struct buf now;

	if (strcmp(t->before_sha256, t->after_sha256) == 0)
		return CF_BEFORE;
	buf_init(&now, MAINCF_MAX);
	if (maincf_read(t->conf, &now, NULL) == 0)
		state = state_of(&now, t->before_sha256, t->after_sha256);
	buf_clear(&now);
	return state;
}

enum cf_state
txn_master_state(const struct txn *t)
{
	enum cf_state state = CF_OTHER;
	struct buf now;

	if (t->master_after_sha256[0] == '\0')
		return CF_BEFORE;
	buf_init(&now, MAINCF_MAX);
	if (mastercf_read(t->conf, &now, NULL) == 0)
		state = state_of(
		    &now, t->master_before_sha256, t->master_after_sha256);
	buf_clear(&now);
	return state;
}

/* Values before the change, as a wish: name -> string or null.  Of one file
 * alone. */
static struct json_object *
former_values(const struct txn *t, bool master)
{
	struct json_object *row, *name, *before, *o;
	size_t i, n = json_object_array_length(t->changes);

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(t->changes, i);
		if (!json_object_object_get_ex(row, "parameter", &name) ||
		    param_in_master(json_object_get_string(name)) != master)
			continue;
		before = NULL;
		(void)json_object_object_get_ex(row, "before", &before);
		json_object_object_add(
		    o, json_object_get_string(name), json_object_get(before));
	}
	return o;
}

/* The name of the service before or after the change, as the record has it. */
static const char *
service_name(const struct txn *t, const char *when)
{
	struct json_object *row;
	size_t i;

	for (i = 0; i < json_object_array_length(t->changes); i++) {
		row = json_object_array_get_idx(t->changes, i);
		if (strcmp(jsonx_path_str(row, "parameter", ""),
			PARAM_SERVICE) == 0)
			return jsonx_path_str(row, when, NULL);
	}
	return NULL;
}

/* What is in both files now, whatever the service is called. */
static int
values_now(const struct txn *t, struct postfix_info *info,
    struct json_object **ret, struct err *err)
{
	const char *names[] = {service_name(t, "after"),
	    service_name(t, "before"), t->facts.info.inbound.service, NULL};
	const char *const *from = names[0] == NULL ? &names[2] : names;
	struct json_object *o = NULL;

	if (postfix_info_read(t->conf, from, info, err) == -1 ||
	    params_read(t->conf, &o, err) == -1)
		return -1;
	if (params_add_master(o, info) == -1) {
		json_object_put(o);
		return err_set(err, ERR_NOMEM, "", "parameters");
	}
	*ret = o;
	return 0;
}

static int
revert_file(struct txn *t, bool master, const char *dir, struct err *err)
{
	struct json_object *current = NULL, *wanted = NULL;
	struct param_plan back = {NULL, 0};
	struct postfix_info info;
	char sha256[SHA256_HEX];
	struct buf seen, result;
	int rc = -1;

	buf_init(&seen, MAINCF_MAX);
	buf_init(&result, MAINCF_MAX);
	if ((wanted = former_values(t, master)) == NULL) {
		err_set(err, ERR_NOMEM, "", "parameters");
		goto out;
	}
	if (values_now(t, &info, &current, err) == -1 ||
	    params_plan(current, wanted, &back, err) == -1 ||
	    (master ? mastercf_stage(
			  t->conf, &info, &back, dir, &seen, &result, err)
		    : maincf_stage(t->conf, &back, dir, &seen, &result, err)) ==
		-1 ||
	    sha256_hex(seen.data, seen.len, sha256) == -1)
		goto out;
	rc =
	    master
		? mastercf_commit(t->conf, result.data, result.len, sha256, err)
		: maincf_commit(t->conf, result.data, result.len, sha256, err);
out:
	json_object_put(current);
	json_object_put(wanted);
	param_plan_clear(&back);
	buf_clear(&seen);
	buf_clear(&result);
	return rc;
}

static int
revert_values(struct txn *t, bool master, struct err *err)
{
	char dir[STATE_PATH_MAX];
	int rc = -1;

	if (fsx_path(dir, sizeof(dir), err, "%s/scratch-revert",
		t->conf->state_directory) == -1 ||
	    fsx_wipe_tree(dir, err) == -1 || fsx_mkdir(dir, 0700, err) == -1)
		return -1;
	rc = revert_file(t, master, dir, err);
	(void)fsx_wipe_tree(dir, NULL);
	return rc;
}

static int
put_back_main(struct txn *t, struct err *err)
{
	switch (txn_main_state(t)) {
	case CF_BEFORE:
		return 0;
	case CF_AFTER:
		return maincf_commit(t->conf, t->before.data, t->before.len,
		    t->after_sha256, err);
	default:
		return revert_values(t, false, err);
	}
}

static int
put_back_master(struct txn *t, struct err *err)
{
	switch (txn_master_state(t)) {
	case CF_BEFORE:
		return 0;
	case CF_AFTER:
		return mastercf_commit(t->conf, t->master_before.data,
		    t->master_before.len, t->master_after_sha256, err);
	default:
		return revert_values(t, true, err);
	}
}

int
txn_put_back(struct txn *t, struct err *err)
{
	int rc;

	if (t->put_back)
		return 0;
	rc = put_back_main(t, err);
	if (rc == 0)
		rc = put_back_master(t, err);
	facts_drop(t->conf);
	t->put_back = rc == 0;
	return rc;
}
