/*
 * apply.c - a change, once what an interrupted one left is settled.
 *
 * A dry run settles nothing: it may not touch Postfix, and is refused as long
 * as main.cf may be neither the former one nor the new one.
 */
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "txn.h"
#include "util.h"

#define WAIT_MS	  30000
#define SETTLE_MS 40000

/* What is begun now ends within ms, or sooner where that is asked for. */
static int64_t
ends(const struct conf *conf, int ms)
{
	return now_ms() + conf_ms(conf, ms);
}

int
apply_recover(const struct conf *conf, struct err *err)
{
	struct err cause;
	struct conf limit = *conf;
	int fd, rc;

	/* An apply of a former postseald may still be at work. */
	if ((fd = state_lock(conf, LOCK_CHANGE, WAIT_MS, err)) == -1)
		return -1;
	/* A key may be among what a kill left half written. */
	if (fsx_sweep(conf->state_directory, &cause) == -1)
		log_warn("sweep: %s", cause.msg);
	limit.until = ends(conf, APPLY_LONGEST_MS - WAIT_MS);
	rc = recover_locked(&limit, err);
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
	struct conf limit = *conf;
	struct err err;
	int fd;

	limit.until = ends(conf, SETTLE_MS);

	if (!is_pending(conf) ||
	    (fd = state_lock(conf, LOCK_CHANGE, 0, &err)) == -1)
		return;
	if (is_pending(conf) && recover_locked(&limit, &err) == -1)
		log_warn("recovery: %s", err.msg);
	close(fd);
}

/* With the steps before anything is written: what is refused or asked is what
 * it would be for a Save, and then it is taken away instead of applied. */
int
apply_look(const struct conf *conf, const struct apply_request *req,
    struct apply_looked *ret, struct json_object **ret_error, struct err *err)
{
	struct conf limit = *conf;
	struct txn *t;
	struct err why;
	int rc;

	limit.until = ends(conf, APPLY_LONGEST_MS);
	settle(&limit);
	if ((t = txn_new(&limit, req)) == NULL)
		return err_set(err, ERR_NOMEM, "", "transaction");
	err_clear(&why);
	rc = txn_look(t, &why);
	(void)undo_lock(t, NULL);
	if (rc == 0 && settings_copy(&ret->settings, &t->settings) == -1)
		rc = err_set(&why, ERR_NOMEM, "", "settings");
	if (rc == 0) {
		ret->findings = findings_to_json(&t->findings);
		ret->certs = t->certs;
		memset(&t->certs, 0, sizeof(t->certs));
	} else
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
	struct conf limit = *conf;

	limit.until = ends(conf, APPLY_LONGEST_MS);
	if (!req->dry_run)
		settle(&limit);
	return txn_run(&limit, req, progress, arg, ret_job, err);
}
