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

#include "certname.h"
#include "jsonx.h"
#include "keystore.h"
#include "txn_plan.h"

#define COSTLY_MAX 96

/* What goes first where a hundred certificates have more to say than there is
 * room for: what is good to know, what is warned of, what is said twice. */
static bool
is_spare(struct json_object *all, size_t i, int pass)
{
	struct json_object *row = json_object_array_get_idx(all, i);
	const char *code = jsonx_path_str(row, "code", "");
	const char *severity = jsonx_path_str(row, "severity", "");
	size_t k;

	if (pass < 2)
		return strcmp(severity, pass == 0 ? "info" : "warn") == 0;
	for (k = 0; k < i; k++)
		if (strcmp(jsonx_path_str(json_object_array_get_idx(all, k),
			       "code", ""),
			code) == 0)
			return true;
	return false;
}

static void
make_room(struct json_object *all)
{
	size_t i;
	int pass;

	for (pass = 0; pass < 3; pass++)
		for (i = jsonx_len(all); i-- > 0;)
			if (jsonx_len(all) > FINDINGS_MAX &&
			    is_spare(all, i, pass))
				json_object_array_del_idx(all, i, 1);
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
	make_room(all);
	findings_clear(&t->findings);
	rc = findings_from_json(&t->findings, all, err);
	json_object_put(all);
	return rc;
}

/* What came beside other files has a field of its own. */
static void
set_field(struct json_object *findings, const char *field)
{
	size_t i;

	for (i = 0; i < jsonx_len(findings); i++)
		jsonx_put_str(
		    json_object_array_get_idx(findings, i), "field", field);
}

/* Take over the child's report: findings, CERT and chain. */
static int
take_report(
    struct txn *t, struct cert *c, struct pki_output *out, struct err *err)
{
	struct json_object *v;

	if (t->req->report != NULL && txn_is_target(t, c)) {
		json_object_put(*t->req->report);
		*t->req->report = json_object_get(out->report);
	}
	v = jsonx_path(out->report, "findings");
	if (c->use == CERT_CLIENT_CA)
		set_field(v, cert_uses[c->use]);
	if (take_findings(t, v, err) == -1)
		return -1;
	if (out->chain.len == 0)
		return 0;
	if (buf_add(&c->chain, out->chain.data, out->chain.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	v = jsonx_path(out->report, "certificate");
	if (!json_object_is_type(v, json_type_object))
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave a chain without its description");
	c->facts = json_object_get(v);
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

/* The server's certificate, to servers that ask for one. */
static bool
goes_out(const struct txn *t)
{
	return t->settings.client_certificate ||
	       jsonx_member(t->facts.params, PARAM_CLIENT) != NULL;
}

/* stored: what it takes the place of, or NULL. */
static int
inspect(struct txn *t, struct cert *c, struct pki_input *in,
    const struct cert *stored, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? t->conf->inspect_user : NULL};
	struct pki_output out;
	int rc = -1;

	in->hostname = c->name[0] != '\0' ? c->name : t->facts.info.myhostname;
	in->client_only = c->use == CERT_OUTBOUND;
	in->authorities = c->use == CERT_CLIENT_CA;
	if (in->authorities)
		stored = NULL; /* they stand alone */
	in->now = time(NULL);
	in->confirm = t->req->confirm;
	in->n_confirm = t->req->n_confirm;
	in->costly = say_costly;
	in->arg = t;
	in->client = in->client_only ||
		     (cert_is_default(c) && goes_out(t));
	if (stored != NULL && stored->chain.len > 0) {
		in->stored.data = stored->chain.data;
		in->stored.len = stored->chain.len;
	}
	pki_output_init(&out);
	if (keystore_inspect(
		t->conf, t->req->actor.user, &jail, in, &out, err) == 0)
		rc = take_report(t, c, &out, err);
	pki_output_clear(&out);
	return rc;
}

/* Of an inspection of what is stored this is all that is new. */
static bool
client_says(const char *code)
{
	static const enum err_code codes[] = {
	    ERR_CLIENT_CERT_EKU, ERR_HANDSHAKE_FAILED, ERR_INSPECT_FAILED};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(code, err_name(codes[i])) == 0)
			return true;
	return false;
}

/* A tick alone makes the stored certificate one that goes out. */
static int
look_at_client(struct txn *t, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? t->conf->inspect_user : NULL};
	const struct buf *chain = &txn_cert(t)->chain;
	struct pki_input in = {.now = time(NULL),
	    .client = true,
	    .ours = PKI_BIT(PKI_SERVER_CERTIFICATE)};
	struct json_object *all, *row, *list = json_object_new_array();
	struct pki_output out;
	size_t i;
	int rc = -1;

	in.file[PKI_SERVER_CERTIFICATE] =
	    (struct pki_bytes){chain->data, chain->len};
	pki_output_init(&out);
	if (list == NULL)
		err_set(err, ERR_NOMEM, "", "findings");
	else if (pki_inspect_jailed(&jail, &in, &out, err) == 0) {
		all = jsonx_path(out.report, "findings");
		for (i = 0; i < jsonx_len(all); i++) {
			row = json_object_array_get_idx(all, i);
			if (client_says(jsonx_path_str(row, "code", "")))
				json_object_array_add(
				    list, json_object_get(row));
		}
		rc = take_findings(t, list, err);
	}
	json_object_put(list);
	pki_output_clear(&out);
	return rc;
}

/* The pairs of somebody else's files, when a Save brings one of them anew; a
 * roll-out brings all that there is to be. */
static int
inspect_beside(struct txn *t, struct cert *c, struct pki_input *in,
    const struct cert *was, struct err *err)
{
	bool by_chain =
	    jsonx_path_str(t->facts.params, IN_CHAIN, "")[0] != '\0';
	struct cert files = {.name = ""};
	int rc = -1;

	buf_init(&files.chain, 2 * PKI_FILE_MAX);
	if (cert_is_default(c) && (was == NULL || was->chain.len == 0) &&
	    t->facts.params != NULL && !t->req->whole &&
	    standing_beside(t->conf, &t->facts, &files.chain, err) == -1)
		goto out;
	rc = inspect(t, c, in, files.chain.len > 0 ? &files : was, err);
	/* A copy now, and whoever renews the file does not reach it. */
	if (rc == 0 && files.chain.len > 0 && t->settings.inbound_enabled &&
	    cert_of(c->facts, 1) != NULL)
		findings_add(&t->findings, ERR_CERT_COPIED,
		    "server_certificate", "parameter",
		    by_chain ? IN_CHAIN
			     : "smtpd_tls_cert_file, smtpd_tls_eccert_file",
		    NULL);
out:
	buf_clear(&files.chain);
	return rc;
}

/*
 * Files of the request first, then the chain that is to be looked at as if it
 * were one.  Where neither is, what is stored stays, unexamined: a check that
 * is newer than the certificate must not block another change.
 */
static int
settle(struct txn *t, struct cert *c, bool *ret_looked, struct err *err)
{
	const struct cert *was = certs_find(&t->stored, c->use, c->name);
	struct pki_input in;
	struct cert raw = *c;
	int rc = 0;

	memset(&in, 0, sizeof(in));
	buf_init(&c->chain, CHAIN_MAX);
	c->facts = NULL;
	*ret_looked = true;
	if (txn_brings(t, c, in.file)) {
		in.passphrase = t->req->passphrase;
		rc = t->replaces ? inspect(t, c, &in, NULL, err)
				 : inspect_beside(t, c, &in, was, err);
	} else if (raw.chain.len > 0 &&
		   (cert_is_default(c) || was == NULL || was->changed ||
		       !cert_same(&raw, was))) {
		in.file[PKI_SERVER_CERTIFICATE].data = raw.chain.data;
		in.file[PKI_SERVER_CERTIFICATE].len = raw.chain.len;
		in.ours = PKI_BIT(PKI_SERVER_CERTIFICATE);
		rc = inspect(t, c, &in, NULL, err);
	} else {
		*ret_looked = false;
		if (was != NULL && (raw.chain.len > 0 || !t->replaces))
			rc = cert_take(c, was, err);
	}
	buf_clear(&raw.chain);
	json_object_put(raw.facts);
	return rc;
}

static void
check_rules(struct txn *t, bool looked)
{
	const settings_mask level = SETTING_BIT(SETTING_inbound_enabled) |
				    SETTING_BIT(SETTING_tls_only);
	const struct settings *s = &t->settings;

	/* Who asks for it; it may stand where inbound was turned off by hand
	 * and taken over so. */
	if (s->tls_only && !s->inbound_enabled && (t->touched & level) != 0)
		findings_add(
		    &t->findings, ERR_SETTINGS_TLS_ONLY, "tls_only", NULL);
	if (s->inbound_enabled && s->tls_only)
		findings_add(&t->findings, ERR_SETTINGS_MX, "tls_only", NULL);
	if (!looked && txn_cert(t)->chain.len == 0 &&
	    scope_certificate_missing(t))
		findings_add(&t->findings, ERR_SETTINGS_CERT_MISSING,
		    "server_certificate", NULL);
}

int
step_inspect(struct txn *t, struct err *err)
{
	bool looked, looked_default = false, failed = false;
	size_t i;

	if (txn_source(t, err) == -1)
		return -1;
	for (i = 0; i < t->certs.n; i++) {
		if (settle(t, &t->certs.v[i], &looked, err) == -1)
			return -1;
		failed |= looked && t->certs.v[i].chain.len == 0;
		looked_default |= looked && i == CERTS_DEFAULT;
	}
	if (!looked_default && t->settings.client_certificate &&
	    !t->former.settings.client_certificate &&
	    txn_cert(t)->chain.len > 0 && look_at_client(t, err) == -1)
		return -1;
	check_rules(t, looked_default);
	scope_parameters(t);
	if (t->req->adopt && !failed)
		adopt_check(t);
	if (txn_refuse(t, err) == -1)
		return -1;
	if (failed)
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave no chain");
	return 0;
}
