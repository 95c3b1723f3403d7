/*
 * finish.c - what the parsing child said becomes a report.
 *
 * What can be told from the findings is not asked of the child: whether the
 * files are good, and what is left to be confirmed.
 */
#include <string.h>

#include <json-c/json.h>

#include "join.h"
#include "jsonx.h"

static bool
has_error(const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].severity == SEV_ERROR)
			return true;
	return false;
}

/* The codes that a Save of these files would have to confirm, each once. */
static struct json_object *
open_questions(const struct findings *f, const struct pki_input *in)
{
	struct json_object *a = json_object_new_array();
	bool asked[ERR__MAX] = {false};
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->v[i].severity != SEV_CONFIRM || asked[f->v[i].code] ||
		    pki_confirmed(in, f->v[i].code))
			continue;
		asked[f->v[i].code] = true;
		json_object_array_add(
		    a, json_object_new_string(err_name(f->v[i].code)));
	}
	return a;
}

static void
put_report(const struct pki_input *in, const struct findings *f,
    struct json_object *cert, struct json_object *files, struct pki_output *out)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "ok",
	    json_object_new_boolean(
		findings_blocking(f, in->confirm, in->n_confirm) == NULL));
	json_object_object_add(o, "confirm", open_questions(f, in));
	json_object_object_add(o, "findings", findings_to_json(f));
	json_object_object_add(o, "certificate", json_object_get(cert));
	json_object_object_add(o, "files", json_object_get(files));
	json_object_put(out->report);
	out->report = o;
}

/* A report {findings, certificate, files}; findings are taken out of it. */
static int
take_findings(struct json_object *report, struct findings *f)
{
	struct json_object *a = jsonx_member(report, "findings");
	struct err e;

	err_clear(&e);
	if (a == NULL || findings_from_json(f, a, &e) == -1)
		return -1;
	json_object_object_del(report, "findings");
	return 0;
}

/* A finding where the trial fails; -1 where nobody can say. */
static int
prove(const struct joined *j, const struct pki_input *in, struct findings *f,
    prove_fn fn, const void *arg)
{
	struct trial t = {.pem = {j->pem.data, j->pem.len},
	    .client = in->client,
	    .client_only = in->client_only};
	struct shaken s = {0, 0};
	struct err why;
	int rc;

	err_clear(&why);
	memcpy(t.stays, j->stays, sizeof(t.stays));
	if (fn(&t, &s, arg) == -1 || (rc = handshake_text(&s, &why)) == -1)
		return -1;
	if (rc == 1)
		findings_add(f, ERR_HANDSHAKE_FAILED,
		    pki_field_names[PKI_SERVER_CERTIFICATE], "reason", why.msg,
		    NULL);
	return 0;
}

int
finish(const struct for_child *c, const struct pki_output *said, prove_fn fn,
    const void *arg, struct pki_output *out)
{
	const struct pki_bytes records = {said->chain.data, said->chain.len};
	struct json_object *cert;
	struct findings f;
	struct joined j;
	int rc = -1;

	findings_init(&f);
	joined_init(&j);
	if (take_findings(said->report, &f) == -1 ||
	    !shape_report(said->report) ||
	    (records.len > 0 && has_error(&f) && !c->in.as_it_is))
		goto out;
	cert = jsonx_member(said->report, "certificate");
	if ((c->in.authorities
		    ? join_authorities(&records, cert, &j)
		    : join_chain(&records, &c->held, cert, &j)) == -1 ||
	    (j.n > 0 && !c->in.as_it_is &&
		prove(&j, &c->in, &f, fn, arg) == -1))
		goto out;
	buf_clear(&out->chain);
	if (!c->in.partial && (c->in.as_it_is || !has_error(&f)) &&
	    buf_add(&out->chain, j.pem.data, j.pem.len) == -1)
		goto out;
	put_report(&c->in, &f, cert, jsonx_member(said->report, "files"), out);
	rc = 0;
out:
	joined_clear(&j);
	findings_clear(&f);
	return rc;
}

void
finish_failed(
    const struct pki_input *in, const char *why, struct pki_output *out)
{
	struct json_object *files = json_object_new_object();
	const char *field = "";
	struct findings f;
	int i;

	for (i = PKI_FIELD__MAX - 1; i >= 0; i--)
		if (in->file[i].data != NULL)
			field = pki_field_names[i];
	findings_init(&f);
	findings_add(&f, ERR_INSPECT_FAILED, field, "reason", why, NULL);
	put_report(in, &f, NULL, files, out);
	buf_clear(&out->chain);
	json_object_put(files);
	findings_clear(&f);
}

static void
take_back(struct held *h, size_t n)
{
	while (h->n > n)
		buf_clear(&h->key[--h->n].der);
}

/* What is not as we write it: of what is stored nothing goes to the child, and
 * a file is one like others. */
void
for_child_make(struct for_child *c, const struct pki_input *in)
{
	struct pki_bytes *part;
	size_t i, n;

	memset(c, 0, sizeof(*c));
	c->in = *in;
	for (i = 0; i <= PKI_STORED; i++) {
		part = i == PKI_STORED ? &c->in.stored : &c->in.file[i];
		buf_init(&c->rest[i], CHAIN_MAX);
		if (part->data == NULL ||
		    (i != PKI_STORED && (in->ours & PKI_BIT(i)) == 0))
			continue;
		n = c->held.n;
		if (held_split(&c->held, part, &c->rest[i]) == 0) {
			part->data = c->rest[i].len > 0 ? c->rest[i].data : "";
			part->len = c->rest[i].len;
			continue;
		}
		take_back(&c->held, n);
		c->in.ours &= ~PKI_BIT(i);
		if (i == PKI_STORED)
			part->data = NULL;
	}
}

void
for_child_clear(struct for_child *c)
{
	size_t i;

	for (i = 0; i <= PKI_STORED; i++)
		buf_clear(&c->rest[i]);
	held_clear(&c->held);
}

static bool
is_canonical(const struct pki_bytes *chain)
{
	struct held h;
	struct buf rest;
	bool ok;

	held_init(&h);
	buf_init(&rest, CHAIN_MAX);
	ok = held_split(&h, chain, &rest) == 0;
	buf_clear(&rest);
	held_clear(&h);
	return ok;
}

static bool
says_failed(struct json_object *report)
{
	struct json_object *all = jsonx_path(report, "findings");
	size_t i;

	for (i = 0; i < jsonx_len(all); i++)
		if (strcmp(jsonx_path_str(json_object_array_get_idx(all, i),
			       "code", ""),
			err_name(ERR_INSPECT_FAILED)) == 0)
			return true;
	return false;
}

/*
 * A chain that is in use and not as we write it, from files of somebody else:
 * a child that sees nothing but these makes one of it, so that its keys, too,
 * are out of the way of what is uploaded.  Where that child fails nothing is
 * known of the chain, and it is not dropped for that.
 */
int
settle_stored(inspect_fn inspect, const struct pki_jail *jail,
    struct pki_input *in, struct pki_output *made, struct err *e)
{
	static const char *const all[] = {"cert.add_algorithm"};
	const struct pki_input alone = {
	    .file[PKI_SERVER_CERTIFICATE] = in->stored,
	    .as_it_is = true,
	    .now = in->now,
	    .roots = in->roots,
	    .revoked = in->revoked,
	    .confirm = all,
	    .n_confirm = 1};

	if (in->stored.data == NULL || is_canonical(&in->stored))
		return 0;
	if (inspect(jail, &alone, made, e) == -1)
		return -1;
	if (says_failed(made->report))
		return err_set(e, ERR_INSPECT_FAILED, "server_certificate",
		    "what is in use could not be read");
	in->stored.data = made->chain.len > 0 ? made->chain.data : NULL;
	in->stored.len = made->chain.len;
	return 0;
}
