/*
 * apply.c - a change, once what an interrupted one left is settled.
 *
 * A dry run settles nothing: it may not touch Postfix, and is refused as long
 * as main.cf may be neither the former one nor the new one.
 */
#include <unistd.h>

#include "fsx.h"
#include "txn.h"
#include "util.h"

#define WAIT_MS 30000

int
apply_recover(const struct conf *conf, struct err *err)
{
	struct err cause;
	int fd, rc;

	/* An apply of a former postseald may still be at work. */
	if ((fd = state_lock(conf, LOCK_CHANGE, WAIT_MS, err)) == -1)
		return -1;
	/* A key may be among what a kill left half written. */
	if (fsx_sweep(conf->state_directory, &cause) == -1)
		log_warn("sweep: %s", cause.msg);
	rc = recover_locked(conf, err);
	close(fd);
	return rc;
}

static bool
is_pending(const struct conf *conf)
{
	struct journal j;

	return journal_read(conf, &j, NULL) == 0 && j.pending;
}

/* One that is at work has the lock, and its journal is its own. */
static void
settle(const struct conf *conf)
{
	struct err err;
	int fd;

	if (!is_pending(conf) ||
	    (fd = state_lock(conf, LOCK_CHANGE, 0, &err)) == -1)
		return;
	if (is_pending(conf) && recover_locked(conf, &err) == -1)
		log_warn("recovery: %s", err.msg);
	close(fd);
}

/* With the steps before anything is written: what is refused or asked is what
 * it would be for a Save, and then it is taken away instead of applied. */
int
apply_look(const struct conf *conf, const struct apply_request *req,
    struct apply_looked *ret, struct json_object **ret_error, struct err *err)
{
	struct txn *t;
	struct err why;
	int rc;

	settle(conf);
	if ((t = txn_new(conf, req)) == NULL)
		return err_set(err, ERR_NOMEM, "", "transaction");
	err_clear(&why);
	rc = txn_look(t, &why);
	(void)undo_lock(t, NULL);
	if (rc == 0 &&
	    (settings_copy(&ret->settings, &t->settings) == -1 ||
		buf_add(&ret->chain, t->chain.data, t->chain.len) == -1))
		rc = err_set(&why, ERR_NOMEM, "", "settings");
	if (rc == 0)
		ret->findings = findings_to_json(&t->findings);
	else
		*ret_error = txn_error(t, &why, &why);
	if (rc == -1 && err != NULL)
		*err = why;
	txn_free(t);
	return rc;
}

int
apply_run(const struct conf *conf, const struct apply_request *req,
    apply_progress progress, void *arg, struct json_object **ret_job,
    struct err *err)
{
	if (!req->dry_run)
		settle(conf);
	return txn_run(conf, req, progress, arg, ret_job, err);
}
