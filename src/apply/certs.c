/*
 * certs.c - certificates by use and name: the list, its record and its files.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "certs.h"
#include "fsx.h"
#include "jsonx.h"
#include "state.h"

#define FORMER_FACTS "certificate"
#define FORMER_HASH  "chain_sha256"

const char *const cert_uses[CERT_USE__MAX] = {[CERT_INBOUND] = "inbound",
    [CERT_OUTBOUND] = "outbound",
    [CERT_CLIENT_CA] = "client_ca"};

const char *
cert_called(const struct cert *c)
{
	return c->use == CERT_INBOUND ? c->name : cert_uses[c->use];
}

/* No host has a name without a dot. */
void
cert_by_call(const char *call, enum cert_use *use, const char **name)
{
	int i = CERT_USE__MAX - 1;

	while (i > CERT_INBOUND && strcmp(call, cert_uses[i]) != 0)
		i--;
	*use = (enum cert_use)i;
	*name = i == CERT_INBOUND ? call : "";
}

bool
cert_is_default(const struct cert *c)
{
	return c->use == CERT_INBOUND && c->name[0] == '\0';
}

int
certs_init(struct certs *c)
{
	return certs_add(c, CERT_INBOUND, "") == NULL ? -1 : 0;
}

static void
cert_clear(struct cert *c)
{
	buf_clear(&c->chain);
	json_object_put(c->facts);
}

void
certs_clear(struct certs *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		cert_clear(&c->v[i]);
	free(c->v);
	memset(c, 0, sizeof(*c));
}

struct cert *
certs_find(const struct certs *c, enum cert_use use, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].use == use && strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	return NULL;
}

/* It goes into a map of Postfix's as it is. */
bool
cert_name_valid(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n;

	if (name[0] == '\0')
		return true;
	if (strlen(name) >= CERT_NAME_MAX ||
	    name[strspn(name, "0123456789.")] == '\0')
		return false; /* an address is no name */
	for (; (n = strspn(name, chars)) > 0 && n <= 63 && name[0] != '-' &&
	       name[n - 1] != '-';
	     name += n + 1)
		if (name[n] != '.')
			return name[n] == '\0';
	return false;
}

bool
cert_name_lower(const char *name, char dst[CERT_NAME_MAX])
{
	size_t i;

	for (i = 0; i < CERT_NAME_MAX; i++)
		if ((dst[i] = (char)tolower((unsigned char)name[i])) == '\0')
			return true;
	dst[0] = '\0';
	return false;
}

int
cert_name_read(const char *name, char dst[CERT_NAME_MAX], struct err *err)
{
	if (cert_name_lower(name, dst) && cert_name_valid(dst) &&
	    (dst[0] == '\0' || strchr(dst, '.') != NULL))
		return 0;
	return err_set(err, ERR_SNI_NAME, "name", "%.120s", name);
}

struct cert *
certs_add(struct certs *c, enum cert_use use, const char *name)
{
	struct cert *v = certs_find(c, use, name);

	if (v != NULL)
		return v;
	if (c->n == CERTS_MAX || !cert_name_valid(name) ||
	    (use != CERT_INBOUND && *name != '\0') ||
	    (v = reallocarray(c->v, c->n + 1, sizeof(*v))) == NULL)
		return NULL;
	c->v = v;
	v = &c->v[c->n++];
	memset(v, 0, sizeof(*v));
	v->use = use;
	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	buf_init(&v->chain, CHAIN_MAX);
	return v;
}

void
certs_drop(struct certs *c, const struct cert *v)
{
	size_t i = (size_t)(v - c->v);

	cert_clear(&c->v[i]);
	memmove(&c->v[i], &c->v[i + 1], (c->n - i - 1) * sizeof(*c->v));
	c->n--;
}

int
cert_take(struct cert *c, const struct cert *src, struct err *err)
{
	if (buf_add(&c->chain, src->chain.data, src->chain.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	if (c->chain.len > 0)
		c->facts = json_object_get(src->facts);
	return 0;
}

bool
cert_same(const struct cert *a, const struct cert *b)
{
	return a->chain.len == b->chain.len &&
	       (a->chain.len == 0 ||
		   memcmp(a->chain.data, b->chain.data, a->chain.len) == 0);
}

bool
certs_same(const struct certs *a, const struct certs *b)
{
	const struct cert *other;
	size_t i;

	for (i = 0; i < a->n; i++) {
		other = certs_find(b, a->v[i].use, a->v[i].name);
		if (other == NULL || !cert_same(&a->v[i], other))
			return false;
	}
	return a->n == b->n;
}

static void
add_change(struct json_object *list, const char *name, const char *change)
{
	struct json_object *row = json_object_new_object();

	jsonx_put_str(row, "name", name);
	jsonx_put_str(row, "change", change);
	json_object_array_add(list, row);
}

static bool
same_file(const struct cert *a, const struct cert *b)
{
	return a->chain.len > 0 && b->chain.len > 0
		   ? cert_same(a, b)
		   : strcmp(a->sha256, b->sha256) == 0;
}

struct json_object *
certs_changed(const struct certs *was, const struct certs *is)
{
	struct json_object *list = json_object_new_array();
	const struct cert *c;
	size_t i;

	for (i = CERTS_DEFAULT + 1; i < is->n; i++) {
		c = certs_find(was, is->v[i].use, is->v[i].name);
		if (c == NULL || !same_file(c, &is->v[i]))
			add_change(list, cert_called(&is->v[i]),
			    c == NULL ? "added" : "renewed");
	}
	for (i = CERTS_DEFAULT + 1; i < was->n; i++)
		if (certs_find(is, was->v[i].use, was->v[i].name) == NULL)
			add_change(list, cert_called(&was->v[i]), "removed");
	return list;
}

static int
read_use(const char *name, enum cert_use *ret)
{
	int i;

	for (i = 0; i < CERT_USE__MAX; i++)
		if (strcmp(cert_uses[i], name) == 0) {
			*ret = (enum cert_use)i;
			return 0;
		}
	return -1;
}

/* The row of a record or a bundle in the list. */
static struct cert *
add_row(struct certs *c, struct json_object *row)
{
	enum cert_use use;

	if (read_use(jsonx_path_str(row, "use", ""), &use) == -1 ||
	    strchr(jsonx_path_str(row, "file", ""), '/') != NULL)
		return NULL;
	return certs_add(c, use, jsonx_path_str(row, "name", ""));
}

static void
of_former(struct cert *c, struct json_object *meta)
{
	struct json_object *facts = jsonx_path(meta, FORMER_FACTS);

	if (!json_object_is_type(facts, json_type_object))
		return;
	c->facts = json_object_get(facts);
	(void)snprintf(c->file, sizeof(c->file), "%s.pem", cert_uses[c->use]);
	(void)snprintf(c->sha256, sizeof(c->sha256), "%s",
	    jsonx_path_str(meta, FORMER_HASH, ""));
}

int
certs_of_meta(struct certs *c, struct json_object *meta, struct err *err)
{
	struct json_object *rows = jsonx_path(meta, "certificates"), *row;
	struct cert *v;
	size_t i;

	of_former(&c->v[CERTS_DEFAULT], meta);
	for (i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if ((v = add_row(c, row)) == NULL)
			return err_set(err, ERR_IO, "",
			    "the record of a generation names a certificate "
			    "that cannot be");
		(void)snprintf(v->file, sizeof(v->file), "%s",
		    jsonx_path_str(row, "file", ""));
		(void)snprintf(v->sha256, sizeof(v->sha256), "%s",
		    jsonx_path_str(row, "sha256", ""));
		if (v->facts == NULL)
			v->facts =
			    json_object_get(jsonx_path(row, "certificate"));
	}
	return 0;
}

/* The facts of the default one stand beside the list. */
int
certs_to_meta(const struct certs *c, struct json_object *meta)
{
	struct json_object *rows = json_object_new_array(), *row;
	const struct cert *v;
	size_t i;

	for (i = 0; rows != NULL && i < c->n; i++) {
		v = &c->v[i];
		if (v->chain.len == 0 ||
		    (row = json_object_new_object()) == NULL)
			continue;
		jsonx_put_str(row, "use", cert_uses[v->use]);
		jsonx_put_str(row, "name", v->name);
		jsonx_put_str(row, "file", v->file);
		jsonx_put_str(row, "sha256", v->sha256);
		if (i != CERTS_DEFAULT)
			json_object_object_add(
			    row, "certificate", json_object_get(v->facts));
		json_object_array_add(rows, row);
	}
	json_object_object_add(meta, "certificates", rows);
	v = &c->v[CERTS_DEFAULT];
	if (v->sha256[0] != '\0')
		jsonx_put_str(meta, FORMER_HASH, v->sha256);
	return json_object_object_add(
	    meta, FORMER_FACTS, json_object_get(v->facts));
}

static int
read_chain(const struct conf *conf, long id, struct cert *c, struct err *err)
{
	char path[STATE_PATH_MAX], is[SHA256_HEX];
	struct err cause;

	if (c->file[0] == '\0')
		return 0;
	if (generation_path(conf, id, c->file, path, err) == -1)
		return -1;
	if (fsx_read(path, c->chain.max, &c->chain, &cause) == -1 &&
	    fsx_missing(&cause, err) == -1)
		return -1;
	c->changed = c->sha256[0] != '\0' &&
		     (sha256_hex(c->chain.data == NULL ? "" : c->chain.data,
			  c->chain.len, is) == -1 ||
			 strcmp(is, c->sha256) != 0);
	return 0;
}

int
generation_certs(
    const struct conf *conf, long id, struct certs *c, struct err *err)
{
	struct json_object *meta = NULL;
	size_t i;
	int rc;

	if (id == 0)
		return 0;
	if (generation_meta(conf, id, &meta, err) == -1)
		return -1;
	rc = certs_of_meta(c, meta, err);
	json_object_put(meta);
	for (i = 0; rc == 0 && i < c->n; i++)
		rc = read_chain(conf, id, &c->v[i], err);
	return rc;
}

int
certs_whole(const struct certs *c, long id, struct err *err)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].file[0] != '\0' && c->v[i].chain.len == 0)
			return err_set(err, ERR_GEN_NOT_RESTORABLE, "id",
			    "the certificate of generation %ld is gone", id);
	return 0;
}

struct json_object *
certs_to_body(const struct certs *c)
{
	struct json_object *rows, *row;
	size_t i;

	if (c->n < 2 || (rows = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < c->n; i++) {
		if (i == CERTS_DEFAULT ||
		    (row = json_object_new_object()) == NULL)
			continue;
		jsonx_put_str(row, "use", cert_uses[c->v[i].use]);
		jsonx_put_str(row, "name", c->v[i].name);
		json_object_object_add(row, "chain",
		    jsonx_new_b64(c->v[i].chain.data, c->v[i].chain.len));
		json_object_array_add(rows, row);
	}
	return rows;
}

int
certs_of_body(struct certs *c, struct json_object *body, struct err *err)
{
	static const char field[] = "certificates";
	struct json_object *rows = NULL, *row;
	struct cert *v;
	size_t i;

	if (jsonx_array(body, field, field, CERTS_MAX, &rows, err) == -1)
		return -1;
	for (i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if ((v = add_row(c, row)) == NULL ||
		    v == &c->v[CERTS_DEFAULT] || v->chain.len > 0)
			return err_set(err, ERR_BUNDLE_INVALID, field,
			    "a certificate that cannot be");
		if (jsonx_b64(row, "chain", field, CHAIN_MAX, &v->chain, err) ==
		    -1)
			return -1;
		if (v->chain.len == 0)
			return err_set(err, ERR_BUNDLE_INVALID, field,
			    "%.150s comes without its chain", v->name);
	}
	return 0;
}

/* ["RSA 3072", "EC P-256"] */
static struct json_object *
key_labels(struct json_object *cert)
{
	struct json_object *list = json_object_new_array(), *v;
	size_t i;

	for (i = 0; (v = cert_of(cert, i)) != NULL; i++)
		json_object_array_add(
		    list, json_object_get(jsonx_path(v, "leaf.key.label")));
	return list;
}

static void
add_view(struct json_object *list, enum cert_use use, const char *name,
    struct json_object *facts, bool used, bool managed)
{
	static const char *const members[] = {"subject", "issuer_common_name",
	    "not_before", "not_after", "days_left", "days_total", "sha256",
	    NULL};
	struct json_object *o = json_object_new_object();
	const char *const *m;

	cert_set_days_left(facts, time(NULL));
	jsonx_put_str(o, "use", cert_uses[use]);
	jsonx_put_str(o, "name", name);
	for (m = members; *m != NULL; m++)
		json_object_object_add(o, *m,
		    json_object_get(
			jsonx_member(jsonx_path(facts, "leaf"), *m)));
	json_object_object_add(o, "keys", key_labels(facts));
	jsonx_put_bool(o, "in_use", used);
	jsonx_put_bool(o, "managed", managed);
	json_object_array_add(list, o);
}

struct json_object *
certs_to_view(const struct certs *c, struct json_object *first,
    struct json_object *const standing[CERT_USE__MAX],
    const bool used[CERTS_KINDS])
{
	struct json_object *list = json_object_new_array(), *facts;
	const struct cert *v;
	size_t i;
	int use;

	for (i = 0; i < c->n; i++) {
		v = &c->v[i];
		facts = i == CERTS_DEFAULT ? first : v->facts;
		if (facts != NULL)
			add_view(list, v->use, v->name, facts,
			    used[v->name[0] != '\0' ? CERTS_NAMED
						    : CERTS_MAIN + (int)v->use] &&
				(v->use == CERT_INBOUND ||
				    standing[v->use] == NULL),
			    i != CERTS_DEFAULT || first != standing[v->use]);
	}
	for (use = CERT_INBOUND + 1; use < CERT_USE__MAX; use++)
		if (standing[use] != NULL)
			add_view(list, (enum cert_use)use, "", standing[use],
			    used[CERTS_MAIN + use], false);
	return list;
}

bool
certs_names_served(const struct conf *conf, long id, const char *maps)
{
	char path[STATE_PATH_MAX];

	if (generation_path(conf, id, "sni", path, NULL) == -1)
		return false;
	/* Others may stand before and behind it. */
	maps = strstr(maps, path);
	return maps != NULL && strchr(", \t\r\n", maps[strlen(path)]) != NULL;
}
