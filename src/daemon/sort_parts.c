/*
 * sort_parts.c - sets and reports, for those who sort.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "sort.h"

struct json_object *
certs_of(const struct item *it)
{
	return jsonx_path(
	    it->report, "files.server_certificate.certificates");
}

struct json_object *
keys_of(const struct item *it)
{
	return jsonx_path(it->report, "files.server_certificate.keys");
}

struct json_object *
stored_cert(const struct cert *c, size_t i)
{
	return c->facts == NULL ? NULL : cert_of(c->facts, i);
}

struct json_object *
at(struct json_object *list, size_t i)
{
	return json_object_array_get_idx(list, i);
}

const char *
text(struct json_object *o, const char *path)
{
	return jsonx_path_str(o, path, "");
}

bool
same(struct json_object *a, const char *x, struct json_object *b, const char *y)
{
	return *text(a, x) != '\0' && strcmp(text(a, x), text(b, y)) == 0;
}

void
issuers_add(struct json_object *issuers, struct json_object *certs)
{
	struct json_object *c, *was;
	const char *issuer;
	size_t i;

	for (i = 0; i < jsonx_len(certs); i++) {
		c = at(certs, i);
		issuer = text(c, "issuer");
		was = NULL;
		if (*issuer == '\0')
			continue;
		if (!json_object_object_get_ex(issuers, issuer, &was))
			jsonx_put_str(issuers, issuer, text(c, "sha256"));
		else if (strcmp(json_object_get_string(was),
			     text(c, "sha256")) != 0)
			jsonx_put_str(issuers, issuer, "");
	}
}

bool
issuers_have(struct json_object *issuers, struct json_object *ca)
{
	struct json_object *one = NULL;

	return *text(ca, "subject") != '\0' &&
	       json_object_object_get_ex(issuers, text(ca, "subject"), &one) &&
	       strcmp(json_object_get_string(one), text(ca, "sha256")) != 0;
}

struct json_object *
item_error(const struct item *it, const char *prefix)
{
	struct json_object *list = jsonx_path(it->report, "findings"), *f;
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		f = at(list, i);
		/* It is in no field. */
		if (strcmp(text(f, "severity"), "error") == 0 &&
		    strcmp(text(f, "code"), err_name(ERR_FILE_WRONG_FIELD)) != 0 &&
		    strncmp(text(f, "code"), prefix, strlen(prefix)) == 0)
			return f;
	}
	return NULL;
}

void
items_free(struct item *v, size_t n)
{
	size_t i;

	for (i = 0; v != NULL && i < n; i++) {
		json_object_put(v[i].report);
		json_object_put(v[i].why);
	}
	free(v);
}

void
item_left_out(
    struct item *it, enum err_code code, const char *arg, const char *value)
{
	struct json_object *args;

	if (it->why != NULL)
		return;
	it->why = json_object_new_object();
	args = json_object_new_object();
	jsonx_put_str(it->why, "code", err_name(code));
	jsonx_put_str(it->why, "severity", "error");
	jsonx_put_str(it->why, "field", "files");
	jsonx_put_str(args, arg, value);
	json_object_object_add(it->why, "args", args);
}

struct sorted_set *
sort_set(struct sorting *s, const char *call)
{
	struct sorted *out = s->out;
	struct sorted_set *v;
	size_t i;

	for (i = 0; i < out->n; i++)
		if (strcmp(out->v[i].call, call) == 0)
			return &out->v[i];
	if ((v = reallocarray(out->v, out->n + 1, sizeof(*v))) == NULL)
		return NULL;
	out->v = v;
	v = &v[out->n++];
	memset(v, 0, sizeof(*v));
	(void)snprintf(v->call, sizeof(v->call), "%s", call);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		buf_init(&v->file[i], LOOSE_TOTAL);
	return v;
}

int
sort_put(struct sorting *s, const char *call, size_t i, enum pki_field field)
{
	struct sorted_set *set = sort_set(s, call);

	if (set == NULL)
		return -1;
	if (set->in[i] != 0)
		return 0;
	set->in[i] = (unsigned char)(field + 1);
	if (set->issuers != NULL)
		issuers_add(set->issuers, certs_of(&s->item[i]));
	return 0;
}

size_t
sort_count(const struct sorting *s, size_t i)
{
	size_t k, n = 0;

	for (k = 0; k < s->out->n; k++)
		n += s->out->v[k].in[i] != 0;
	return n;
}

/* What somebody decided, as people call it; false: nothing, or it is none. */
bool
sort_decided(const struct sorting *s, const char *id, char call[CERT_NAME_MAX])
{
	const char *place = s->places == NULL ? "" : text(s->places, id);

	call[0] = '\0';
	if (*place == '\0')
		return false;
	if (strcmp(place, "default") == 0)
		return true;
	if (strcmp(place, cert_uses[CERT_OUTBOUND]) == 0 ||
	    strcmp(place, cert_uses[CERT_CLIENT_CA]) == 0) {
		(void)snprintf(call, CERT_NAME_MAX, "%s", place);
		return true;
	}
	return cert_name_read(place, call, NULL) == 0;
}
