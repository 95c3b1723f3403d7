/*
 * txn_inspect.c - step inspect: files to one proven chain, in the jailed
 * child, and the rules that tie settings and certificate together.
 *
 * Everything that is wrong is collected before anything is refused, so that
 * the administrator sees all of it at once.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "keystore.h"
#include "txn_plan.h"

#define COSTLY_MAX 96

static bool
files_given(const struct txn *t)
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++) {
		if (t->file[i].data != NULL)
			return true;
	}
	return false;
}

/* The child's findings join those that are there already. */
static int
take_findings(struct txn *t, struct json_object *list, struct err *err)
{
	struct json_object *all, *mine;
	size_t i;
	int rc;

	if (t->findings.n == 0)
		return findings_from_json(&t->findings, list, err);
	if ((all = findings_to_json(&t->findings)) == NULL)
		return err_set(err, ERR_NOMEM, "", "findings");
	for (i = 0; i < json_object_array_length(list); i++) {
		mine = json_object_array_get_idx(list, i);
		json_object_array_add(all, json_object_get(mine));
	}
	findings_clear(&t->findings);
	rc = findings_from_json(&t->findings, all, err);
	json_object_put(all);
	return rc;
}

/* Take over the child's report: findings, CERT and chain. */
static int
take_report(struct txn *t, struct pki_output *out, struct err *err)
{
	struct json_object *v;

	if (t->req->report != NULL) {
		json_object_put(*t->req->report);
		*t->req->report = json_object_get(out->report);
	}
	v = jsonx_path(out->report, "findings");
	if (take_findings(t, v, err) == -1)
		return -1;
	if (out->chain.len == 0)
		return 0;
	if (buf_add(&t->chain, out->chain.data, out->chain.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	v = jsonx_path(out->report, "certificate");
	if (!json_object_is_type(v, json_type_object))
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave a chain without its description");
	t->cert = json_object_get(v);
	return 0;
}

/* The step that runs, this one, says why it takes so long. */
static void
say_costly(const char *what, void *arg)
{
	struct txn *t = arg;
	size_t n = jsonx_len(t->steps);
	char text[COSTLY_MAX];

	if (n == 0 || t->progress == NULL) /* a look, not a Save */
		return;
	text_clean(text, sizeof(text), what, strlen(what));
	json_object_object_add(json_object_array_get_idx(t->steps, n - 1),
	    "costly", json_object_new_string(text));
	t->progress(t->job, t->arg);
}

static int
inspect_files(struct txn *t, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? t->conf->inspect_user : NULL};
	struct pki_input in;
	struct pki_output out;
	int rc = -1;

	memset(&in, 0, sizeof(in));
	memcpy(in.file, t->file, sizeof(in.file));
	in.passphrase = t->req->passphrase;
	in.hostname = t->facts.info.myhostname;
	in.now = time(NULL);
	in.confirm = t->req->confirm;
	in.n_confirm = t->req->n_confirm;
	in.costly = say_costly;
	in.arg = t;
	in.client = jsonx_member(t->facts.params, PARAM_CLIENT) != NULL;
	if (t->stored.len > 0 && !t->replaces) {
		in.stored.data = t->stored.data;
		in.stored.len = t->stored.len;
	}
	pki_output_init(&out);
	if (keystore_inspect(
		t->conf, t->req->actor.user, &jail, &in, &out, err) == 0)
		rc = take_report(t, &out, err);
	pki_output_clear(&out);
	return rc;
}

/* Nothing new was given: what is stored stays, unexamined; a check that is
 * newer than the certificate must not block another change. */
static int
keep_stored(struct txn *t, struct err *err)
{
	if (t->replaces)
		return 0; /* a generation without certificate */
	if (t->stored.len > 0 &&
	    buf_add(&t->chain, t->stored.data, t->stored.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	if (t->stored.len > 0)
		t->cert = json_object_get(t->stored_cert);
	return 0;
}

static void
check_rules(struct txn *t)
{
	const struct settings *s = &t->settings;

	if (s->tls_only && !s->inbound_enabled)
		findings_add(
		    &t->findings, ERR_SETTINGS_TLS_ONLY, "tls_only", NULL);
	if (s->inbound_enabled && s->tls_only)
		findings_add(&t->findings, ERR_SETTINGS_MX, "tls_only", NULL);
	if (!files_given(t) && t->chain.len == 0 &&
	    scope_certificate_missing(t))
		findings_add(&t->findings, ERR_SETTINGS_CERT_MISSING,
		    "server_certificate", NULL);
}

int
step_inspect(struct txn *t, struct err *err)
{
	if (txn_source(t, err) == -1 ||
	    (files_given(t) ? inspect_files(t, err) : keep_stored(t, err)) ==
		-1)
		return -1;
	check_rules(t);
	scope_parameters(t);
	if (t->req->adopt && !(files_given(t) && t->chain.len == 0))
		adopt_check(t);
	if (txn_refuse(t, err) == -1)
		return -1;
	if (files_given(t) && t->chain.len == 0)
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave no chain");
	return 0;
}
