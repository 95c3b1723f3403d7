/*
 * cluster_offer.c - a Save for other hosts than this one: looked at here with
 * the steps lock, inspect and plan of a Save, so that what is refused or asked
 * is what it would be here, and then taken away instead of applied.
 *
 * The hosts do the rest, each for itself.  Nothing is written here, and the
 * lock is given back at once.
 */
#include <string.h>

#include "cluster.h"
#include "txn.h"

int
cluster_offer(const struct conf *conf, const struct apply_request *req,
    struct cluster_offer *ret, struct json_object **ret_error, struct err *err)
{
	struct txn *t;
	struct err why;
	int rc;

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
