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
#include "txn_given.h"
#include "txn_plan.h"

/* Turning inbound off turns "TLS only" off, unless the patch asks for it. */
static int
patch_settings(struct txn *t, struct err *err)
{
	if (t->req->settings == NULL)
		return 0;
	if (t->req->whole)
		settings_unset(&t->settings);
	if (settings_from_json(&t->settings, t->req->settings, err) == -1)
		return -1;
	if (!t->settings.inbound_enabled &&
	    t->former.settings.inbound_enabled &&
	    jsonx_path(t->req->settings, "inbound.tls_only") == NULL)
		t->settings.tls_only = false;
	return 0;
}

static int
restore_source(struct txn *t, struct err *err)
{
	struct json_object *meta = NULL;
	long id = t->req->restore;
	bool applied;

	if (generation_meta(t->conf, id, &meta, err) == -1)
		return -1;
	applied = strcmp(jsonx_path_str(meta, "outcome", ""), "applied") == 0;
	t->restored = generation_owned(meta);
	if (applied)
		given_restored(t, meta);
	json_object_put(meta);
	if (!applied)
		return err_set(err, ERR_GEN_NOT_RESTORABLE, "id",
		    "generation %ld was never in force", id);
	if (generation_settings(t->conf, id, &t->settings, err) == -1 ||
	    generation_certs(t->conf, id, &t->certs, err) == -1 ||
	    certs_whole(&t->certs, id, err) == -1)
		return -1;
	settings_as_postfix(
	    &t->facts, t->owned | t->restored | t->given_rows, &t->settings);
	t->replaces = true;
	return 0;
}

/* This one comes, or goes. */
static int
named_cert(struct txn *t, const char *call, struct err *err)
{
	const char *name;
	enum cert_use use;
	struct cert *c;

	if (call == NULL || *call == '\0')
		return 0;
	cert_by_call(call, &use, &name);
	c = certs_find(&t->certs, use, name);
	if (c == NULL && (t->req->cert_drop || t->req->cert_renew))
		return err_set(err, ERR_SNI_UNKNOWN, "name",
		    "there is no certificate for %.120s", call);
	if (t->req->cert_drop) {
		certs_drop(&t->certs, c);
		return 0;
	}
	if ((c = certs_add(&t->certs, use, name)) == NULL)
		return err_set(err, ERR_SNI_TOO_MANY, "name",
		    "at most %d names", CERTS_MAX - 1);
	if (!txn_brings(t, c, NULL))
		return err_set(err, ERR_FIELD_MISSING, "server_certificate",
		    "expected at least one file");
	return 0;
}

static int
named_certs(struct txn *t, struct err *err)
{
	size_t i;

	for (i = 0; i < t->req->n_set; i++)
		if (named_cert(t, t->req->set[i].call, err) == -1)
			return -1;
	return named_cert(t, t->req->cert_name, err);
}

/* Of another host: all that there are to be besides the default one. */
static int
sent_certs(struct txn *t, struct err *err)
{
	const struct certs *sent = t->req->certs;
	struct cert *c;
	size_t i;

	for (i = 1; i < sent->n; i++) {
		c = certs_add(&t->certs, sent->v[i].use, sent->v[i].name);
		if (c == NULL)
			return err_set(err, ERR_NOMEM, "", "certificates");
		if (cert_take(c, &sent->v[i], err) == -1)
			return -1;
	}
	return 0;
}

/*
 * A stored chain is not what was written: it is looked at like an upload,
 * unless one comes, or has come, that replaces it.
 */
static int
changed_certs(struct txn *t, struct err *err)
{
	const struct cert *was;
	size_t i;

	for (i = t->certs.n; i-- > 0;) {
		was = certs_find(
		    &t->stored, t->certs.v[i].use, t->certs.v[i].name);
		if (was == NULL || !was->changed ||
		    t->certs.v[i].chain.len > 0 || /* sent */
		    txn_brings(t, &t->certs.v[i], NULL))
			continue;
		findings_add(&t->findings, ERR_DRIFT_CHAIN,
		    "server_certificate", "name", cert_called(was), NULL);
		if (was->chain.len == 0 && i != CERTS_DEFAULT)
			certs_drop(&t->certs, &t->certs.v[i]);
		else if (cert_take(&t->certs.v[i], was, err) == -1)
			return -1;
	}
	return 0;
}

int
txn_source(struct txn *t, struct err *err)
{
	if (t->req->original)
		return given_original(t, err);
	if (t->req->restore != 0)
		return restore_source(t, err);
	if (t->req->adopt)
		return adopt_source(t, err);
	if (patch_settings(t, err) == -1)
		return -1;
	scope_settings(t);
	memcpy(t->file, t->req->file, sizeof(t->file));
	t->client_ca = t->req->client_ca;
	if ((t->req->certs != NULL ? sent_certs(t, err)
				   : txn_same_certs(t, err)) == -1)
		return -1;
	if (t->client_ca.data != NULL &&
	    certs_add(&t->certs, CERT_CLIENT_CA, "") == NULL)
		return err_set(err, ERR_SNI_TOO_MANY, "client_ca",
		    "at most %d certificates", CERTS_MAX);
	return named_certs(t, err) == -1 ? -1 : changed_certs(t, err);
}
