/*
 * txn_stage.c - steps stage and check: the new generation complete on disk,
 * its main.cf made by Postfix's own editor and read back, and nothing of it
 * in force.
 *
 * A dry run goes through the same two steps in STATE/scratch-JOB, which the
 * undo removes.
 */
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "maincf.h"
#include "txn_given.h"
#include "txn_plan.h"

static int
stage_file(const struct txn *t, const char *name, const void *data, size_t len,
    struct err *err)
{
	char path[STATE_PATH_MAX];

	if (fsx_path(path, sizeof(path), err, "%s/%s", t->dir, name) == -1)
		return -1;
	return fsx_create(path, data, len, 0600, err);
}

static int
stage_json(const struct txn *t, const char *name, struct json_object *obj,
    struct err *err)
{
	const char *text = NULL;
	int rc;

	if (obj != NULL)
		text =
		    json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		rc = err_set(err, ERR_NOMEM, "", "no memory for %s", name);
	else
		rc = stage_file(t, name, text, strlen(text), err);
	json_object_put(obj);
	return rc;
}

/* main.cf as it is now must be the one that the plan was made from. */
static int
read_before(struct txn *t, struct err *err)
{
	if (maincf_read(t->conf, &t->before, err) == -1)
		return -1;
	if (sha256_hex(t->before.data, t->before.len, t->before_sha256) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	if (strcmp(t->before_sha256, t->facts.maincf_sha256) != 0)
		return err_set(err, ERR_SETTINGS_STALE, "",
		    "main.cf was changed by somebody else meanwhile");
	if (!txn_touches_master(t) && t->origin != t->id)
		return 0;
	if (mastercf_read(t->conf, &t->master_before, err) == -1)
		return -1;
	if (sha256_hex(t->master_before.data, t->master_before.len,
		t->master_before_sha256) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	return 0;
}

int
step_stage(struct txn *t, struct err *err)
{
	int rc;

	if (t->req->dry_run)
		rc = fsx_path(t->dir, sizeof(t->dir), err, "%s/scratch-%s",
		    t->conf->state_directory, t->req->job);
	else
		rc = generation_path(t->conf, t->id, NULL, t->dir, err);
	if (rc == -1 || read_before(t, err) == -1)
		return -1;
	t->staged = true;
	if (fsx_mkdir(t->dir, 0700, err) == -1 ||
	    stage_file(t, "main.cf.before", t->before.data, t->before.len,
		err) == -1 ||
	    stage_json(t, "settings.json",
		generation_record(
		    settings_to_store(&t->settings, SETTINGS_FIRST)),
		err) == -1)
		return -1;
	if (t->master_before.len > 0 &&
	    stage_file(t, "master.cf.before", t->master_before.data,
		t->master_before.len, err) == -1)
		return -1;
	if (txn_files_stage(t, err) == -1)
		return -1;
	return stage_json(t, "meta.json", txn_meta(t, "pending"), err);
}

/* Only while main.cf does not name it: an undo that failed keeps it. */
int
undo_stage(struct txn *t, struct err *err)
{
	if (!t->staged)
		return 0;
	return fsx_wipe_tree(t->dir, err);
}

static int
check_dir(const struct txn *t, char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(dst, STATE_PATH_MAX, err, "%s/conf", t->dir);
}

int
step_check(struct txn *t, struct err *err)
{
	char dir[STATE_PATH_MAX], sha256[SHA256_HEX];
	struct buf seen;
	int rc = -1;

	buf_init(&seen, MAINCF_MAX);
	if (!txn_touches_main(t)) {
		if (buf_add(&t->after, t->before.data, t->before.len) == -1)
			err_set(err, ERR_NOMEM, "", "main.cf");
		else
			rc = 0;
		goto out;
	}
	if (check_dir(t, dir, err) == -1 || fsx_mkdir(dir, 0700, err) == -1 ||
	    maincf_stage(t->conf, &t->plan, dir, &seen, &t->after, err) == -1)
		goto out;
	if (sha256_hex(seen.data, seen.len, sha256) == -1 ||
	    strcmp(sha256, t->before_sha256) != 0) {
		err_set(err, ERR_SETTINGS_STALE, "",
		    "main.cf was changed by somebody else meanwhile");
		goto out;
	}
	rc = fsx_wipe_tree(dir, err);
out:
	if (rc == 0)
		rc = given_main(t, err);
	if (rc == 0)
		rc = inbound_preview(t, err);
	if (rc == 0 &&
	    sha256_hex(t->after.data, t->after.len, t->after_sha256) == -1)
		rc = err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	buf_clear(&seen);
	return rc;
}

/* The directory goes with the stage; this is for a failure in between. */
int
undo_check(struct txn *t, struct err *err)
{
	char dir[STATE_PATH_MAX];

	if (!t->staged)
		return 0;
	if (check_dir(t, dir, err) == -1)
		return -1;
	return fsx_wipe_tree(dir, err);
}
