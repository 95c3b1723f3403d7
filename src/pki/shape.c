/*
 * shape.c - the report of the parsing child, as pki.h describes it: each
 * member by name, kind and length.  What has no row is refused, and so is what
 * a row asks for and is not there.
 *
 * The child may have been taken over by what it parsed; its words go to the
 * screen, into the audit log and into generations.
 */
#include <string.h>

#include <json-c/json.h>

#include "join.h"
#include "jsonx.h"

#define TEXT_MAX 512
#define DAYS_MAX 100000000

enum kind {
	BOOL,
	BOOL_OR_NULL,
	NUMBER, /* -max to max */
	TEXT,	/* one clean line of at most max bytes */
	WORD,	/* of a name's characters */
	DIGEST, /* SHA-256 in hex, or "" */
	SERIAL,
	TIME, /* "2026-11-30T00:00:00Z", or "" */
	OBJECT,
	OBJECT_OR_NULL,
	OBJECTS, /* at most max of them */
	TEXTS
};

struct member {
	const char *name; /* NULL ends the table */
	enum kind kind;
	int max;
	const struct member *of;
	bool optional;
};

static const struct member keyinfo[] = {
    {"type", WORD, 16, NULL, false},
    {"bits", NUMBER, 1 << 20, NULL, false},
    {"curve", WORD, 48, NULL, false},
    {"label", TEXT, 80, NULL, false},
    {"spki_sha256", DIGEST, 0, NULL, false},
    {"encrypted", BOOL, 0, NULL, false},
    {NULL, BOOL, 0, NULL, false},
};

static const struct member certinfo[] = {
    {"subject", TEXT, TEXT_MAX, NULL, false},
    {"common_name", TEXT, TEXT_MAX, NULL, false},
    {"issuer", TEXT, TEXT_MAX, NULL, false},
    {"issuer_common_name", TEXT, TEXT_MAX, NULL, false},
    {"name", TEXT, PKI_NAME_MAX, NULL, false},
    {"names", TEXTS, 100, NULL, false},
    {"names_total", NUMBER, PKI_FILE_MAX, NULL, false},
    {"not_before", TIME, 0, NULL, false},
    {"not_after", TIME, 0, NULL, false},
    {"days_total", NUMBER, DAYS_MAX, NULL, false},
    {"days_left", NUMBER, DAYS_MAX, NULL, false},
    {"serial", SERIAL, 129, NULL, false},
    {"signature", TEXT, 80, NULL, false},
    {"sha256", DIGEST, 0, NULL, false},
    {"key", OBJECT, 0, keyinfo, false},
    {"is_ca", BOOL, 0, NULL, false},
    {"self_signed", BOOL, 0, NULL, false},
    {NULL, BOOL, 0, NULL, false},
};

/* Of several pairs the first one holds the others. */
#define CERT_MEMBERS \
	{"chain", OBJECTS, PKI_OBJECTS_MAX + 1, certinfo, false}, \
	    {"key", OBJECT, 0, keyinfo, false}, \
	    {"root", OBJECT_OR_NULL, 0, certinfo, false}, \
	    {"complete", BOOL, 0, NULL, false}, \
	    {"self_signed", BOOL, 0, NULL, false}, \
	    {"trusted", BOOL_OR_NULL, 0, NULL, false}, \
	    {"sha256", DIGEST, 0, NULL, false}, \
	{ \
		"leaf", OBJECT, 0, certinfo, false \
	}

static const struct member cert_more[] = {
    CERT_MEMBERS,
    {NULL, BOOL, 0, NULL, false},
};

static const struct member cert[] = {
    CERT_MEMBERS,
    {"more", OBJECTS, PKI_PAIRS_MAX, cert_more, true},
    {NULL, BOOL, 0, NULL, false},
};

static const struct member file[] = {
    {"size", NUMBER, 1 << 30, NULL, false},
    {"format", WORD, 8, NULL, false},
    {"certificates", OBJECTS, PKI_SET_MAX, certinfo, false},
    {"keys", OBJECTS, PKI_SET_MAX, keyinfo, false},
    {NULL, BOOL, 0, NULL, false},
};

static const struct member files[] = {
    {"server_certificate", OBJECT_OR_NULL, 0, file, false},
    {"private_key", OBJECT_OR_NULL, 0, file, false},
    {"ca_certificate", OBJECT_OR_NULL, 0, file, false},
    {NULL, BOOL, 0, NULL, false},
};

static const struct member report[] = {
    {"certificate", OBJECT_OR_NULL, 0, cert, false},
    {"files", OBJECT, 0, files, false},
    {NULL, BOOL, 0, NULL, false},
};

static bool fits(struct json_object *, const struct member *);

static bool
has_shape(struct json_object *o, const struct member *m)
{
	struct json_object *v;
	int n = 0;

	if (!json_object_is_type(o, json_type_object))
		return false;
	for (; m->name != NULL; m++) {
		if (json_object_object_get_ex(o, m->name, &v))
			n++;
		else if (m->optional)
			continue;
		else
			return false;
		if (!fits(v, m))
			return false;
	}
	return json_object_object_length(o) == n;
}

static bool
is_text(struct json_object *v, int max)
{
	char clean[TEXT_MAX + 1];
	size_t n;

	if (!json_object_is_type(v, json_type_string))
		return false;
	n = (size_t)json_object_get_string_len(v);
	return n <= (size_t)max && n < sizeof(clean) &&
	       text_clean(clean, sizeof(clean), json_object_get_string(v), n) ==
		   n &&
	       memcmp(clean, json_object_get_string(v), n) == 0;
}

static bool
is_made_of(struct json_object *v, const char *alphabet, int max)
{
	const char *s = json_object_get_string(v);

	return is_text(v, max) && strspn(s, alphabet) == strlen(s);
}

static bool
is_list(struct json_object *v, const struct member *m)
{
	static const struct member name = {"", TEXT, PKI_NAME_MAX, NULL, false};
	struct json_object *e;
	size_t i, n;

	if (!json_object_is_type(v, json_type_array) ||
	    (n = json_object_array_length(v)) > (size_t)m->max)
		return false;
	for (i = 0; i < n; i++) {
		e = json_object_array_get_idx(v, i);
		if (m->kind == OBJECTS ? !has_shape(e, m->of) : !fits(e, &name))
			return false;
	}
	return true;
}

static bool
fits(struct json_object *v, const struct member *m)
{
	int64_t n;

	switch (m->kind) {
	case BOOL_OR_NULL:
	case BOOL:
		return (v == NULL && m->kind == BOOL_OR_NULL) ||
		       json_object_is_type(v, json_type_boolean);
	case NUMBER:
		n = json_object_get_int64(v);
		return json_object_is_type(v, json_type_int) && n <= m->max &&
		       n >= -m->max;
	case TEXT:
		return is_text(v, m->max);
	case WORD:
		return is_made_of(v,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-_.?",
		    m->max);
	case DIGEST:
		return is_made_of(v, "0123456789abcdef", SHA256_HEX - 1) &&
		       json_object_get_string_len(v) % (SHA256_HEX - 1) == 0;
	case SERIAL:
		return is_made_of(v, "0123456789abcdef-", m->max);
	case TIME:
		return is_made_of(v, "0123456789-:TZ", 24);
	case OBJECT_OR_NULL:
	case OBJECT:
		return (v == NULL && m->kind == OBJECT_OR_NULL) ||
		       has_shape(v, m->of);
	case OBJECTS:
	case TEXTS:
		return is_list(v, m);
	}
	return false;
}

bool
shape_report(struct json_object *o)
{
	return has_shape(o, report);
}
