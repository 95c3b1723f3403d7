/*
 * txn_source.c - what a Save is about: a patch and files of the request, a
 * former generation, or what somebody wrote into main.cf by hand.
 *
 * Whatever the source is, its files go through the same inspection: a chain
 * that was good last year may have expired, and nobody vouches for one that
 * was changed on the disk.
 */
#include <string.h>

#include "jsonx.h"
#include "txn_plan.h"

/* Inbound turned off turns "TLS only" off, unless the patch asks for it. */
static int
patch_settings(struct txn *t, struct err *err)
{
	if (t->req->settings == NULL)
		return 0;
	if (t->req->whole)
		settings_clear(&t->settings);
	if (settings_from_json(&t->settings, t->req->settings, err) == -1)
		return -1;
	if (!t->settings.inbound_enabled &&
	    jsonx_path(t->req->settings, "inbound.tls_only") == NULL)
		t->settings.tls_only = false;
	return 0;
}

/* A chain file, key and certificates in one, as an upload. */
static void
use_chain(struct txn *t)
{
	const struct buf *b = &t->source[PKI_SERVER_CERTIFICATE];

	if (b->len == 0)
		return;
	t->file[PKI_SERVER_CERTIFICATE].data = b->data;
	t->file[PKI_SERVER_CERTIFICATE].len = b->len;
}

static int
restore_source(struct txn *t, struct err *err)
{
	struct json_object *meta = NULL;
	long id = t->req->restore;
	bool applied, had_chain;

	if (generation_meta(t->conf, id, &meta, err) == -1)
		return -1;
	applied = strcmp(jsonx_path_str(meta, "outcome", ""), "applied") == 0;
	had_chain = json_object_is_type(
	    jsonx_path(meta, "certificate"), json_type_object);
	t->restored = generation_owned(meta);
	json_object_put(meta);
	if (!applied)
		return err_set(err, ERR_GEN_NOT_RESTORABLE, "id",
		    "generation %ld was never in force", id);
	if (generation_settings(t->conf, id, &t->settings, err) == -1 ||
	    generation_chain(
		t->conf, id, &t->source[PKI_SERVER_CERTIFICATE], err) == -1)
		return -1;
	if (had_chain && t->source[PKI_SERVER_CERTIFICATE].len == 0)
		return err_set(err, ERR_GEN_NOT_RESTORABLE, "id",
		    "the certificate of generation %ld is gone", id);
	settings_as_postfix(&t->facts, t->owned | t->restored, &t->settings);
	t->replaces = true;
	use_chain(t);
	return 0;
}

/*
 * The stored chain is not what was written: it is looked at like an upload,
 * unless one comes that replaces it.
 */
static int
changed_source(struct txn *t, struct err *err)
{
	findings_add(&t->findings, ERR_DRIFT_CHAIN, "server_certificate", NULL);
	if (t->stored.len == 0)
		return 0;
	if (buf_add(&t->source[PKI_SERVER_CERTIFICATE], t->stored.data,
		t->stored.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	t->replaces = true;
	use_chain(t);
	return 0;
}

static bool
any_file(const struct txn *t)
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++) {
		if (t->req->file[i].data != NULL)
			return true;
	}
	return false;
}

int
txn_source(struct txn *t, struct err *err)
{
	if (t->req->restore != 0)
		return restore_source(t, err);
	if (t->req->adopt)
		return adopt_source(t, err);
	if (patch_settings(t, err) == -1)
		return -1;
	scope_settings(t);
	memcpy(t->file, t->req->file, sizeof(t->file));
	if (t->stored_changed && !any_file(t))
		return changed_source(t, err);
	return 0;
}
