/*
 * sort_set.c - loose files inspected: each alone, then each set as a whole,
 * the way a Save will; and SORTED, which says all of it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "generation.h"
#include "jsonx.h"
#include "keystore.h"
#include "sort.h"
#include "util.h"

/* Files that cost much, each less than its own limit. */
#define SORT_MS 45000

void
sorted_clear(struct sorted *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < PKI_FIELD__MAX; k++)
			buf_clear(&s->v[i].file[k]);
		json_object_put(s->v[i].issuers);
	}
	free(s->v);
	json_object_put(s->json);
	memset(s, 0, sizeof(*s));
}

/* What could not be read says why that was. */
static bool
say_error(struct item *it, const char *prefix)
{
	struct json_object *f = item_error(it, prefix), *why = NULL;

	if (f == NULL || json_object_deep_copy(f, &why, NULL) != 0)
		return false;
	jsonx_put_str(why, "field", "files");
	json_object_put(it->why);
	it->why = why;
	return true;
}

/* Nothing came out of it: the first error says why. */
static void
say_unread(struct item *it)
{
	if (!say_error(it, ""))
		item_left_out(it, ERR_FILE_UNREADABLE, "what", "-----BEGIN");
}

static int
inspect(const struct sorting *s, const struct pki_input *in,
    struct json_object **report, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? s->c->conf->inspect_user : NULL};
	struct pki_output out;
	int rc;

	if (now_ms() > s->ends)
		return err_set(err, ERR_TIMEOUT, "files", "sorting files");
	pki_output_init(&out);
	rc = keystore_inspect(
	    s->c->conf, s->c->actor.user, &jail, in, &out, err);
	if (rc == 0)
		*report = json_object_get(out.report);
	pki_output_clear(&out);
	return rc;
}

static int
inspect_alone(struct sorting *s, size_t i, struct err *err)
{
	const struct buf *b = &s->in->v[i].data;
	struct pki_input in = {.passphrase = s->passphrase,
	    .now = time(NULL),
	    .partial = true,
	    .file[PKI_SERVER_CERTIFICATE] = {b->len == 0 ? "" : b->data,
		b->len}};
	struct item *it = &s->item[i];

	if (inspect(s, &in, &it->report, err) == -1)
		return -1;
	if (jsonx_len(jsonx_path(it->report,
		"files.server_certificate.certificates")) == 0 &&
	    jsonx_len(jsonx_path(
		it->report, "files.server_certificate.keys")) == 0)
		say_unread(it);
	return 0;
}

/* Those that have no report yet. */
static int
inspect_each(struct sorting *s, struct err *err)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->item[i].report == NULL &&
		    inspect_alone(s, i, err) == -1)
			return -1;
	return 0;
}

/* --- a set --------------------------------------------------------------- */

/* DER begins so, and no text does: what is binary goes first, as the reader
 * takes a text for one up to its end. */
static bool
is_binary(const struct buf *b)
{
	return b->len > 1 && b->data[0] == 0x30 && (b->data[1] & 0x80) != 0;
}

static int
join_files(const struct sorting *s, struct sorted_set *set)
{
	const struct buf *data;
	struct buf *b;
	size_t i;
	int text;

	for (text = 0; text < 2; text++)
		for (i = 0; i < s->n; i++) {
			data = &s->in->v[i].data;
			if (set->in[i] == 0 || is_binary(data) != (text == 0))
				continue;
			b = &set->file[set->in[i] - 1];
			if ((b->len > 0 && buf_addc(b, '\n') == -1) ||
			    buf_add(b, data->data, data->len) == -1)
				return -1;
		}
	return 0;
}

static const struct cert *
stored_of(const struct sorting *s, const struct sorted_set *set)
{
	enum cert_use use;
	const char *name;

	cert_by_call(set->call, &use, &name);
	return certs_find(&s->now, use, name);
}

/* The set's bytes, and the report of what a Save of them would find. */
static int
inspect_set(struct sorting *s, struct sorted_set *set,
    struct json_object **report, struct err *err)
{
	const struct cert *was = stored_of(s, set);
	const struct buf *chain = set->call[0] == '\0' ? &s->beside
				  : was != NULL	       ? &was->chain
						       : NULL;
	struct pki_input in = {
	    .passphrase = s->passphrase, .now = time(NULL)};
	size_t i;

	in.client_only = strcmp(set->call, cert_uses[CERT_OUTBOUND]) == 0;
	in.authorities = strcmp(set->call, cert_uses[CERT_CLIENT_CA]) == 0;
	in.client = in.client_only || (set->call[0] == '\0' && s->client);
	in.hostname = strchr(set->call, '.') != NULL ? set->call
		      : s->host[0] != '\0'	     ? s->host
						     : NULL;
	if (join_files(s, set) == -1 ||
	    (in.authorities && chain != NULL && chain->len > 0 &&
		(buf_addc(&set->file[PKI_CA_CERTIFICATE], '\n') == -1 ||
		    buf_add(&set->file[PKI_CA_CERTIFICATE], chain->data,
			chain->len) == -1)))
		return err_set(err, ERR_NOMEM, "", "files");
	for (i = 0; i < PKI_FIELD__MAX; i++)
		if (set->file[i].len > 0)
			in.file[i] = (struct pki_bytes){
			    set->file[i].data, set->file[i].len};
	if (!in.authorities && chain != NULL && chain->len > 0)
		in.stored = (struct pki_bytes){chain->data, chain->len};
	return inspect(s, &in, report, err);
}

/* Parts of one file are told once for each. */
static bool
is_told(struct json_object *list, const char *id, const char *member,
    const char *value)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		o = at(list, i);
		if (strcmp(text(o, "id"), id) == 0 &&
		    strcmp(text(o, member), value) == 0)
			return true;
	}
	return false;
}

static struct json_object *
files_json(const struct sorting *s, const struct sorted_set *set)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (set->in[i] == 0 ||
		    is_told(list, s->in->v[i].id, "field",
			pki_field_names[set->in[i] - 1]))
			continue;
		o = json_object_new_object();
		jsonx_put_str(o, "id", s->in->v[i].id);
		jsonx_put_str(o, "name", s->in->v[i].name);
		jsonx_put_str(o, "field", pki_field_names[set->in[i] - 1]);
		json_object_array_add(list, o);
	}
	return list;
}

static int
set_json(struct sorting *s, struct sorted_set *set, struct json_object *list,
    struct err *err)
{
	struct json_object *o = json_object_new_object(), *report = NULL;
	bool there = stored_of(s, set) != NULL;
	int rc = inspect_set(s, set, &report, err);

	if (set->call[0] == '\0')
		there = s->beside.len > 0;
	json_object_array_add(list, o);
	jsonx_put_str(o, "certificate",
	    set->call[0] == '\0' ? "default" : set->call);
	jsonx_put_str(o, "change",
	    !there ? "new"
	    : strcmp(set->call, cert_uses[CERT_CLIENT_CA]) == 0 ? "added"
								: "renewed");
	jsonx_put_str(o, "id", set->id);
	json_object_object_add(o, "files", files_json(s, set));
	json_object_object_add(o, "report", report);
	return rc;
}

static int
say_all(struct sorting *s, struct err *err)
{
	struct json_object *sets = json_object_new_array();
	struct json_object *rest = json_object_new_array(), *why;
	bool in;
	size_t i, k;
	int rc = 0;

	s->out->json = json_object_new_object();
	json_object_object_add(s->out->json, "sets", sets);
	json_object_object_add(s->out->json, "left_out", rest);
	for (i = 0; i < s->out->n && rc == 0; i++)
		rc = set_json(s, &s->out->v[i], sets, err);
	for (i = 0; i < s->n; i++) {
		for (k = 0, in = false; k < s->out->n; k++)
			in = in || s->out->v[k].in[i] != 0;
		if (in)
			continue;
		/* A part that is damaged is why the rest has no place. */
		(void)say_error(&s->item[i], "file.");
		if (s->item[i].why == NULL)
			item_left_out(
			    &s->item[i], ERR_FILE_UNREADABLE, "what", "");
		if (s->in == &s->parts &&
		    is_told(rest, s->in->v[i].id, "code",
			text(s->item[i].why, "code")))
			continue;
		why = json_object_get(s->item[i].why);
		jsonx_put_str(why, "id", s->in->v[i].id);
		jsonx_put_str(why, "name", s->in->v[i].name);
		jsonx_put_str(why, "place", s->item[i].id);
		json_object_array_add(rest, why);
	}
	return rc;
}

static int
prepare(struct sorting *s, struct err *err)
{
	struct json_object *view = NULL;
	long id;
	int rc;

	if (apply_inspect_base(s->c->conf, &s->beside, s->host,
		sizeof(s->host), &s->client, err) == -1 ||
	    apply_view(s->c->conf, &view, err) == -1)
		return -1;
	rc = json_object_deep_copy(view, &s->view, NULL);
	json_object_put(view);
	if (rc == -1 || certs_init(&s->now) == -1 ||
	    (s->item = calloc(s->in->n + 1, sizeof(*s->item))) == NULL)
		return err_set(err, ERR_NOMEM, "", "files");
	if (jsonx_path(s->view, "by_name") == NULL)
		json_object_object_add(
		    s->view, "by_name", json_object_new_array());
	s->n = s->in->n;
	if (generation_current(s->c->conf, &id, err) == -1)
		return -1;
	return generation_certs(s->c->conf, id, &s->now, err);
}

int
loose_sort(const struct call *c, const struct loose *in,
    const char *passphrase, struct json_object *places, struct sorted *out,
    struct err *err)
{
	struct sorting s = {.c = c,
	    .in = in,
	    .passphrase = passphrase,
	    .places = places,
	    .ends = now_ms() + SORT_MS,
	    .out = out};
	int rc;

	buf_init(&s.beside, 4 * PKI_FILE_MAX);
	rc = prepare(&s, err);
	if (rc == 0 && (rc = inspect_each(&s, err)) == 0 &&
	    (rc = sort_split(&s, err)) == 0)
		rc = inspect_each(&s, err);
	if (rc == 0 && (rc = sort_items(&s, err)) == 0)
		rc = say_all(&s, err);
	items_free(s.item, s.n);
	sort_parts_clear(&s);
	certs_clear(&s.now);
	json_object_put(s.view);
	json_object_put(s.issuers);
	buf_clear(&s.beside);
	return rc;
}
