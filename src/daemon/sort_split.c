/*
 * sort_split.c - a text that holds what belongs to several certificates, as
 * its blocks.
 *
 * A part is from one boundary line (RFC 7468) to the next: that is all that is
 * looked at here, what is in it says a jailed inspection of its own.  A file is
 * parted where its report has leaves or keys of several, and where a CA beside
 * its leaf is missing in the chain of another file.
 */
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "sort.h"

#define BOUNDARY "-----BEGIN "

/* A part begins with what is sorted: parameters, public keys, requests and
 * lists stay with what they stand beside. */
static bool
is_sorted(const char *label, const char *end)
{
	size_t n = (size_t)(end - label), len;
	const char *dash = memmem(label, n < 64 ? n : 64, "-----", 5);

	if (dash == NULL)
		return false;
	len = (size_t)(dash - label);
	if (memmem(label, len, "REQUEST", 7) != NULL ||
	    memmem(label, len, "ATTRIBUTE", 9) != NULL)
		return false;
	return memmem(label, len, "CERTIFICATE", 11) != NULL ||
	       memmem(label, len, "PRIVATE KEY", 11) != NULL ||
	       memmem(label, len, "PKCS", 4) != NULL;
}

/* Does a line begin at p, after blanks of any kind (a byte order mark, too), or
 * where an end without a line's end stands before it? */
static bool
begins_line(const struct buf *b, const char *p)
{
	const char *q = p;

	while (q > b->data && (q[-1] == ' ' || q[-1] == '\t' ||
				  (unsigned char)q[-1] >= 0x80))
		q--;
	return q == b->data || q[-1] == '\n' || q[-1] == '\r' ||
	       (p - b->data >= 5 && memcmp(p - 5, "-----", 5) == 0);
}

/* The next boundary of a part, or the end. */
static size_t
boundary(const struct buf *b, size_t from)
{
	const char *p = b->data + from, *end = b->data + b->len;
	const size_t n = strlen(BOUNDARY);

	while (p < end &&
	       (p = memmem(p, (size_t)(end - p), BOUNDARY, n)) != NULL) {
		if (begins_line(b, p) && is_sorted(p + n, end))
			return (size_t)(p - b->data);
		p++;
	}
	return b->len;
}

static size_t
count_parts(const struct buf *b)
{
	size_t at, n = 0;

	if (b->len == 0)
		return 0;
	for (at = boundary(b, 0); at < b->len; at = boundary(b, at + 1))
		n++;
	return n;
}

/* More than one inspection takes: each part is one of its own. */
static bool
is_large(const struct item *it)
{
	return item_error(it, err_name(ERR_FILE_OBJECTS)) != NULL;
}

/* How many leaves, or keys, the report has. */
static size_t
count(const struct item *it, bool keys)
{
	struct json_object *list = keys ? keys_of(it) : certs_of(it), *o;
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(list); i++) {
		o = at(list, i);
		n += keys || !jsonx_path_bool(o, "is_ca") ||
		     (same(o, "subject", o, "issuer") &&
			 jsonx_len(jsonx_path(o, "names")) > 0);
	}
	return n;
}

static bool
has_leaf(const struct item *it)
{
	return count(it, false) > 0;
}

static bool
has_subject(const struct item *it, const char *subject)
{
	struct json_object *list = certs_of(it);
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(text(at(list, i), "subject"), subject) == 0)
			return true;
	return false;
}

/* The issuers that files with a leaf lack, and no file of CAs has. */
static struct json_object *
missing(const struct sorting *s)
{
	struct json_object *o = json_object_new_object(), *list;
	size_t i, k, pass;
	const char *issuer;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < s->n; i++) {
			list = certs_of(&s->item[i]);
			if (has_leaf(&s->item[i]) != (pass == 0))
				continue;
			for (k = 0; k < jsonx_len(list); k++) {
				issuer = text(at(list, k), "issuer");
				if (pass == 1)
					json_object_object_del(
					    o, text(at(list, k), "subject"));
				else if (*issuer != '\0' &&
					 !has_subject(&s->item[i], issuer))
					jsonx_put_bool(o, issuer, true);
			}
		}
	return o;
}

/* Has it one that others lack?  One file lends it. */
static bool
lends(const struct item *it, struct json_object *lacking)
{
	struct json_object *list = certs_of(it);
	const char *subject;
	bool any = false;
	size_t k;

	for (k = 0; has_leaf(it) && k < jsonx_len(list); k++) {
		subject = text(at(list, k), "subject");
		if (!jsonx_path_bool(at(list, k), "is_ca") ||
		    !json_object_object_get_ex(lacking, subject, NULL))
			continue;
		json_object_object_del(lacking, subject);
		any = true;
	}
	return any;
}

/* One more item, of these bytes of the file. */
static int
add_part(struct sorting *s, struct item *item, const struct loose_file *f,
    size_t from, size_t to, struct err *err)
{
	struct loose_file *v = &s->parts.v[s->parts.n];

	*v = *f;
	buf_init(&v->data, f->data.len);
	s->parts.n++;
	memset(item, 0, sizeof(*item));
	return to > from && buf_add(&v->data, f->data.data + from, to - from) == -1
		   ? err_set(err, ERR_NOMEM, "", "files")
		   : 0;
}

/* These bytes are a part of file i already, which has them from there on. */
static bool
is_there(const struct sorting *s, size_t first, const char *p, size_t len)
{
	const struct buf *b;
	size_t i;

	for (i = first; i < s->parts.n; i++) {
		b = &s->parts.v[i].data;
		if (b->len == len && memcmp(b->data, p, len) == 0)
			return true;
	}
	return false;
}

/* Each part of file i; what stands before the first is of the first. */
static int
part(struct sorting *s, struct item *item, size_t i, struct err *err)
{
	const struct loose_file *f = &s->in->v[i];
	size_t from, to, first = s->parts.n;

	for (from = 0; from < f->data.len; from = to) {
		to = boundary(&f->data, boundary(&f->data, from) + 1);
		if (!is_there(s, first, f->data.data + from, to - from) &&
		    add_part(s, &item[s->parts.n], f, from, to, err) == -1)
			return -1;
	}
	return 0;
}

/* Which files are parted, and how many items that gives. */
static size_t
choose(struct sorting *s, bool split[LOOSE_MAX])
{
	struct json_object *lacking = missing(s);
	size_t i, n, more = 0;

	for (i = 0; i < s->n; i++) {
		n = count_parts(&s->in->v[i].data);
		split[i] = n > 1 && s->n + more + n - 1 <= SORT_ITEMS &&
			   (is_large(&s->item[i]) ||
			       count(&s->item[i], false) > 1 ||
			       count(&s->item[i], true) > 1 ||
			       lends(&s->item[i], lacking));
		more += split[i] ? n - 1 : 0;
	}
	json_object_put(lacking);
	return s->n + more;
}

void
sort_parts_clear(struct sorting *s)
{
	size_t i;

	for (i = 0; i < s->parts.n; i++)
		buf_clear(&s->parts.v[i].data);
	free(s->parts.v);
	memset(&s->parts, 0, sizeof(s->parts));
}

int
sort_split(struct sorting *s, struct err *err)
{
	bool split[LOOSE_MAX];
	size_t i, was, n = choose(s, split);
	struct item *item;

	if (n == s->n)
		return 0;
	item = calloc(n, sizeof(*item));
	s->parts.v = calloc(n, sizeof(*s->parts.v));
	if (item == NULL || s->parts.v == NULL) {
		free(item);
		return err_set(err, ERR_NOMEM, "", "files");
	}
	for (i = 0; i < s->n; i++) {
		was = s->parts.n;
		if (split[i] ? part(s, item, i, err) == -1
			     : add_part(s, &item[was], &s->in->v[i], 0,
				   s->in->v[i].data.len, err) == -1)
			goto fail;
		if (!split[i]) {
			item[was].report = s->item[i].report;
			item[was].why = s->item[i].why;
			memset(&s->item[i], 0, sizeof(s->item[i]));
		}
	}
	items_free(s->item, s->n);
	s->item = item;
	s->n = s->parts.n;
	s->in = &s->parts;
	return 0;
fail:
	items_free(item, s->parts.n);
	return -1;
}
