/*
 * catalog.c - texts by language, and the choice of a language.
 *
 * Negotiation is the lookup of RFC 4647 section 3.4 over the ranges of
 * Accept-Language by falling q (RFC 9110 section 12.5.4): "ja-JP" is tried
 * as ja-jp, then ja.  Ranges that do not parse are skipped: the header is no
 * reason to refuse a request.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "catalog.h"
#include "fsx.h"
#include "jsonx.h"

#define LANGS_MAX  32
#define LANG_LEN   16
#define RANGES_MAX 32
#define FILE_MAX   (1024 * 1024)
#define FALLBACK   "en"

struct catalog {
	size_t n;
	char code[LANGS_MAX][LANG_LEN];
	struct json_object *texts[LANGS_MAX];
	const char *codes[LANGS_MAX + 1]; /* sorted */
};

struct range {
	const char *tag; /* into the header */
	size_t len;
	int q; /* thousandths */
};

static struct json_object *
texts_of(const struct catalog *c, const char *lang)
{
	size_t i;

	for (i = 0; lang != NULL && i < c->n; i++) {
		if (strcmp(c->code[i], lang) == 0)
			return c->texts[i];
	}
	return NULL;
}

/* "ja.json" -> "ja"; anything else in the directory is not ours. */
static bool
code_of_file(const char *name, char dst[LANG_LEN])
{
	size_t len = strlen(name), n;

	if (len < 7 || strcmp(name + len - 5, ".json") != 0)
		return false;
	n = len - 5;
	if (n >= LANG_LEN ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != n)
		return false;
	memcpy(dst, name, n);
	dst[n] = '\0';
	return true;
}

static int
load_file(struct catalog *c, const char *dir, const char *name, struct err *err)
{
	struct json_object *o = NULL;
	char path[PATH_MAX], code[LANG_LEN];
	struct err why;
	struct buf b;
	int rc = -1;

	if (!code_of_file(name, code))
		return 0;
	buf_init(&b, FILE_MAX);
	if (c->n >= LANGS_MAX) {
		err_set(err, ERR_CONFIG, NULL, "%s: more than %d languages",
		    dir, LANGS_MAX);
		goto out;
	}
	if (fsx_path(path, sizeof(path), err, "%s/%s", dir, name) != 0 ||
	    fsx_read(path, FILE_MAX, &b, err) != 0)
		goto out;
	if (jsonx_parse(b.data, b.len, 1, &o, &why) != 0) {
		err_set(err, ERR_CONFIG, NULL, "%s: %s", path, why.msg);
		goto out;
	}
	if (!json_object_is_type(o, json_type_object)) {
		err_set(err, ERR_CONFIG, NULL, "%s: expected an object", path);
		goto out;
	}
	json_object_object_foreach (o, key, val) {
		if (!json_object_is_type(val, json_type_string)) {
			err_set(err, ERR_CONFIG, NULL,
			    "%s: %s: expected a string", path, key);
			goto out;
		}
	}
	memcpy(c->code[c->n], code, sizeof(code));
	c->texts[c->n++] = o;
	o = NULL;
	rc = 0;
out:
	json_object_put(o);
	buf_clear(&b);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
catalog_load(const char *dir, struct catalog **ret, struct err *err)
{
	struct catalog *c = NULL;
	struct dirent *e;
	int rc = -1;
	size_t i;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return err_sys(err, ERR_CONFIG, NULL, "open %s", dir);
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		err_set(err, ERR_NOMEM, NULL, "no memory for texts");
		goto out;
	}
	while ((e = readdir(d)) != NULL) {
		if (load_file(c, dir, e->d_name, err) != 0)
			goto out;
	}
	if (texts_of(c, FALLBACK) == NULL) {
		err_set(err, ERR_CONFIG, NULL, "%s: no %s.json", dir, FALLBACK);
		goto out;
	}
	for (i = 0; i < c->n; i++)
		c->codes[i] = c->code[i];
	qsort(c->codes, c->n, sizeof(c->codes[0]), by_name);
	*ret = c;
	c = NULL;
	rc = 0;
out:
	catalog_free(c);
	closedir(d);
	return rc;
}

void
catalog_free(struct catalog *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		json_object_put(c->texts[i]);
	free(c);
}

size_t
catalog_languages(const struct catalog *c, const char *const **codes)
{
	*codes = c->codes;
	return c->n;
}

/* qvalue = "0" ["." 0*3DIGIT] / "1" ["." 0*3"0"]; -1 when it is none. */
static int
parse_q(const char *s, size_t len)
{
	static const int weight[] = {100, 10, 1};
	int q;
	size_t i;

	if (len == 0 || (s[0] != '0' && s[0] != '1') || len > 5 ||
	    (len > 1 && s[1] != '.'))
		return -1;
	q = (s[0] - '0') * 1000;
	for (i = 2; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		q += (s[i] - '0') * weight[i - 2];
	}
	return q <= 1000 ? q : -1;
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && (**s == ' ' || **s == '\t')) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && ((*s)[*len - 1] == ' ' || (*s)[*len - 1] == '\t'))
		(*len)--;
}

/* language-range [ ";" "q=" qvalue ] */
static bool
parse_range(const char *s, size_t len, struct range *r)
{
	const char *semi = memchr(s, ';', len);
	const char *q;
	size_t q_len, i;

	r->q = 1000;
	if (semi != NULL) {
		q = semi + 1;
		q_len = (size_t)(s + len - q);
		len = (size_t)(semi - s);
		trim(&q, &q_len);
		if (q_len < 2 || (q[0] != 'q' && q[0] != 'Q') || q[1] != '=' ||
		    (r->q = parse_q(q + 2, q_len - 2)) < 0)
			return false;
	}
	trim(&s, &len);
	if (len == 0)
		return false;
	for (i = 0; i < len; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*",
			s[i]) == NULL)
			return false;
	}
	r->tag = s;
	r->len = len;
	return true;
}

static size_t
parse_header(const char *s, struct range v[RANGES_MAX])
{
	size_t n = 0, len;

	for (;;) {
		len = strcspn(s, ",");
		if (n < RANGES_MAX && parse_range(s, len, &v[n]))
			n++;
		if (s[len] == '\0')
			return n;
		s += len + 1;
	}
}

static const char *
exact(const struct catalog *c, const char *tag, size_t len)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (strlen(c->code[i]) == len &&
		    strncasecmp(c->code[i], tag, len) == 0)
			return c->code[i];
	}
	return NULL;
}

/* Cut subtags from the right; a single character goes with the one behind. */
static const char *
lookup(const struct catalog *c, const char *tag, size_t len)
{
	const char *code;

	while (len > 0) {
		if ((code = exact(c, tag, len)) != NULL)
			return code;
		while (len > 0 && tag[len - 1] != '-')
			len--;
		if (len > 0)
			len--;
		if (len >= 2 && tag[len - 2] == '-')
			len -= 2;
	}
	return NULL;
}

/* Named with q=0: "not this one". */
static bool
refused(const struct range *v, size_t n, const char *code)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].q == 0 && v[i].len == strlen(code) &&
		    strncasecmp(v[i].tag, code, v[i].len) == 0)
			return true;
	}
	return false;
}

static const char *
match(const struct catalog *c, const struct range *v, size_t n,
    const struct range *r)
{
	const char *code;
	size_t i;

	if (r->len != 1 || r->tag[0] != '*') {
		code = lookup(c, r->tag, r->len);
		return code == NULL || refused(v, n, code) ? NULL : code;
	}
	if (!refused(v, n, FALLBACK))
		return exact(c, FALLBACK, strlen(FALLBACK));
	for (i = 0; i < c->n; i++) {
		if (!refused(v, n, c->codes[i]))
			return c->codes[i];
	}
	return NULL;
}

const char *
catalog_negotiate(const struct catalog *c, const char *header)
{
	struct range v[RANGES_MAX];
	bool tried[RANGES_MAX] = {false};
	const char *code;
	size_t n, i, best, round;

	n = header == NULL ? 0 : parse_header(header, v);
	for (round = 0; round < n; round++) {
		best = n;
		for (i = 0; i < n; i++) {
			if (!tried[i] && (best == n || v[i].q > v[best].q))
				best = i;
		}
		tried[best] = true;
		if (v[best].q > 0 && (code = match(c, v, n, &v[best])) != NULL)
			return code;
	}
	return exact(c, FALLBACK, strlen(FALLBACK));
}

const char *
catalog_find(const struct catalog *c, const char *lang, const char *key)
{
	struct json_object *v;

	if (json_object_object_get_ex(texts_of(c, lang), key, &v) ||
	    json_object_object_get_ex(texts_of(c, FALLBACK), key, &v))
		return json_object_get_string(v);
	return NULL;
}

const char *
catalog_text(const struct catalog *c, const char *lang, const char *key)
{
	const char *s = catalog_find(c, lang, key);

	return s != NULL ? s : key;
}

/* The length of a "{name}" at s, or 0. */
static size_t
placeholder(const char *s)
{
	size_t n;

	if (s[0] != '{')
		return 0;
	n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
	return n > 0 && n < 48 && s[n + 1] == '}' ? n + 2 : 0;
}

static const char *
arg_text(struct json_object *args, const char *s, size_t len)
{
	struct json_object *v;
	char name[48];

	memcpy(name, s + 1, len - 2);
	name[len - 2] = '\0';
	if (!json_object_is_type(args, json_type_object) ||
	    !json_object_object_get_ex(args, name, &v) || v == NULL)
		return "";
	return json_object_get_string(v);
}

int
catalog_format(const struct catalog *c, const char *lang, const char *key,
    struct json_object *args, struct buf *out)
{
	const char *s = catalog_text(c, lang, key);
	size_t n;

	while (*s != '\0') {
		if ((n = placeholder(s)) > 0) {
			buf_adds(out, arg_text(args, s, n));
			s += n;
			continue;
		}
		n = 1 + strcspn(s + 1, "{");
		buf_add(out, s, n);
		s += n;
	}
	return out->failed ? -1 : 0;
}
