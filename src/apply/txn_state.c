/*
 * txn_state.c - a transaction from its first breath to its last, and what
 * every step asks of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "maincf.h"
#include "txn.h"

int
undo_lock(struct txn *t, struct err *err)
{
	if (t->maincf_lock != -1)
		state_unlock_maincf(t->conf, t->maincf_lock);
	if (t->mastercf_lock != -1)
		state_unlock_mastercf(t->conf, t->mastercf_lock);
	if (t->lock != -1)
		close(t->lock);
	t->maincf_lock = t->mastercf_lock = t->lock = -1;
	return 0;
}

struct txn *
txn_new(const struct conf *conf, const struct apply_request *req)
{
	struct txn *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->limited = *conf;
	t->conf = &t->limited;
	t->until = conf->until;
	t->req = req;
	t->lock = t->maincf_lock = t->mastercf_lock = -1;
	t->mode = req != NULL && req->mode_given ? req->mode : conf->apply;
	t->leave = req != NULL && req->leave;
	buf_init(&t->before, MAINCF_MAX);
	buf_init(&t->after, MAINCF_MAX);
	buf_init(&t->master_before, MAINCF_MAX);
	buf_init(&t->master_after, MAINCF_MAX);
	buf_init(&t->origin_main, MAINCF_MAX);
	buf_init(&t->origin_master, MAINCF_MAX);
	findings_init(&t->findings);
	settings_default(&t->settings);
	settings_default(&t->former.settings);
	if (certs_init(&t->stored) == -1 || certs_init(&t->certs) == -1) {
		txn_free(t);
		return NULL;
	}
	return t;
}

void
txn_free(struct txn *t)
{
	int ms;

	if (t == NULL)
		return;
	if (t->outage != NULL)
		(void)outage_stop(t->outage, &ms, NULL);
	(void)undo_lock(t, NULL);
	settings_clear(&t->settings);
	settings_clear(&t->former.settings);
	facts_clear(&t->facts);
	certs_clear(&t->stored);
	certs_clear(&t->certs);
	buf_clear(&t->before);
	buf_clear(&t->after);
	buf_clear(&t->master_before);
	buf_clear(&t->master_after);
	buf_clear(&t->origin_main);
	buf_clear(&t->origin_master);
	named_clear(&t->copied);
	json_object_put(t->given);
	json_object_put(t->standing);
	json_object_put(t->drift);
	json_object_put(t->wanted);
	json_object_put(t->originals);
	json_object_put(t->former.originals);
	json_object_put(t->baseline);
	json_object_put(t->blind);
	json_object_put(t->probe);
	json_object_put(t->hop_before);
	json_object_put(t->hop);
	json_object_put(t->log);
	json_object_put(t->changes);
	json_object_put(t->job);
	param_plan_clear(&t->plan);
	findings_clear(&t->findings);
	free(t);
}

static const char *const kinds[] = {"save", "restore", "adopt", "leave"};
static const enum event events[] = {EVENT_CONNECTION_APPLY,
    EVENT_GENERATION_RESTORE, EVENT_CONNECTION_ADOPT, EVENT_CONNECTION_LEAVE};

bool
txn_restores(const struct txn *t)
{
	return t->req->restore != 0 || t->req->original;
}

static size_t
kind_of(const struct txn *t)
{
	return t->leave ? 3 : txn_restores(t) ? 1 : t->req->adopt ? 2 : 0;
}

const char *
txn_kind(const struct txn *t)
{
	return kinds[kind_of(t)];
}

enum event
txn_event(const struct txn *t)
{
	return events[kind_of(t)];
}

int
txn_context(const struct txn *t, long id, struct params_context *c,
    struct gen_paths *paths, struct err *err)
{
	if (gen_paths(t->conf, id, paths, err) == -1)
		return -1;
	memset(c, 0, sizeof(*c));
	c->settings = &t->settings;
	c->info = &t->facts.info;
	gen_paths_use(paths, &t->certs, c);
	c->current = t->facts.params;
	c->originals = t->former.originals;
	c->leave = ~t->rows;
	c->owned = t->asserted;
	return 0;
}

const struct cert *
txn_cert(const struct txn *t)
{
	return &t->certs.v[CERTS_DEFAULT];
}

const struct cert *
txn_stored(const struct txn *t)
{
	return &t->stored.v[CERTS_DEFAULT];
}

bool
txn_is_target(const struct txn *t, const struct cert *c)
{
	const char *name = t->req->cert_name;

	return strcmp(cert_called(c), name == NULL ? "" : name) == 0;
}

bool
txn_brings(const struct txn *t, const struct cert *c,
    struct pki_bytes into[PKI_FIELD__MAX])
{
	struct pki_bytes file[PKI_FIELD__MAX] = {{NULL, 0}};
	bool any = false;
	size_t i;

	for (i = 0; i < t->req->n_set; i++)
		if (strcmp(cert_called(c), t->req->set[i].call) == 0)
			memcpy(file, t->req->set[i].file, sizeof(file));
	if (t->req->n_set > 0)
		; /* they are all there is */
	else if (txn_is_target(t, c))
		memcpy(file, t->file, sizeof(file));
	else if (c->use == CERT_CLIENT_CA)
		file[PKI_CA_CERTIFICATE] = t->client_ca;
	for (i = 0; i < PKI_FIELD__MAX; i++)
		any = any || file[i].data != NULL;
	if (any && into != NULL)
		memcpy(into, file, sizeof(file));
	return any;
}

int
txn_same_certs(struct txn *t, struct err *err)
{
	const struct certs *s = &t->stored;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (certs_add(&t->certs, s->v[i].use, s->v[i].name) == NULL)
			return err_set(err, ERR_NOMEM, "", "certificates");
	return 0;
}

/* "key=4F:2A, certificate=91:0C": the facts of a finding in one line. */
static int
refuse(const struct finding *f, struct err *err)
{
	char text[160] = "";
	size_t len = 0;

	if (f->args != NULL) {
		json_object_object_foreach (f->args, name, value) {
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s%s=%.60s", len == 0 ? "" : ", ", name,
			    json_object_get_string(value));
			if (len >= sizeof(text))
				break;
		}
	}
	return err_set(err, f->code, f->field, "%s",
	    text[0] == '\0' ? err_name(f->code) : text);
}

int
txn_refuse(const struct txn *t, struct err *err)
{
	const struct finding *f;

	f = findings_blocking(&t->findings, t->req->confirm, t->req->n_confirm);
	return f == NULL ? 0 : refuse(f, err);
}
