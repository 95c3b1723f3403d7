/*
 * kind_list.c - lists: text, one entry a line, each in the canonical form
 * that its item (kind.h) gives it.
 *
 * From a form or a file: '#' begins a comment, blank lines are skipped, CRLF
 * and a UTF-8 byte order mark are fine.  All bad lines (the first 20) are
 * findings with args line, entry and instead.  Duplicates do not count
 * against the most entries, up to as many again; a form's patch keeps them,
 * so that whoever takes the patch can say how many were dropped.
 * Cost: O(n log n); 10,000 networks in about 5 ms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"
#include "util.h"

#define BAD_LINES_MAX 20
#define ENTRY_SHOWN   60

/* A list that is read, and where to say what is wrong with it. */
struct list {
	const struct settings_field *f;
	const char *field; /* of the form, or the path */
	struct findings *findings;
	struct err *err;
	struct buf text; /* canonical lines */
	size_t n, bad;
};

static void
list_init(struct list *l, const struct settings_field *f, const char *field,
    struct findings *findings, struct err *err)
{
	*l = (struct list){
	    .f = f, .field = field, .findings = findings, .err = err};
	/* Twice the entries, each with its line end. */
	buf_init(&l->text, 2 * f->entries_max * ITEM_TEXT_MAX + 1);
}

static void
bad_entry(struct list *l, enum err_code code, const char *s, size_t len,
    size_t line, const char *instead)
{
	char shown[ENTRY_SHOWN], number[24];

	text_clean(shown, sizeof(shown), s, len);
	(void)snprintf(number, sizeof(number), "%zu", line);
	if (l->findings != NULL)
		findings_add(l->findings, code, l->field, "line", number,
		    "entry", shown, "instead", instead, NULL);
	if (l->bad++ == 0)
		(void)err_set(l->err, code, l->field, "line %zu: \"%s\"%s%s",
		    line, shown, instead[0] == '\0' ? "" : ", perhaps ",
		    instead);
}

/* A bad entry is counted in l->bad; of too many the text is not kept. */
static void
list_add(struct list *l, const char *s, size_t len, size_t line)
{
	char text[ITEM_TEXT_MAX], instead[ITEM_TEXT_MAX] = "";
	enum err_code why;

	if (l->f->item->read(s, len, text, &why, instead) == -1) {
		bad_entry(l, why, s, len, line, instead);
	} else if (l->n++ < 2 * l->f->entries_max) {
		buf_adds(&l->text, text);
		buf_addc(&l->text, '\n');
	}
}

static int
too_many(struct list *l, size_t n)
{
	char max[24], got[24];

	(void)snprintf(max, sizeof(max), "%zu", l->f->entries_max);
	(void)snprintf(got, sizeof(got), "%zu", n);
	if (l->findings != NULL)
		findings_add(l->findings, l->f->item->too_many, l->field, "max",
		    max, "got", got, NULL);
	return err_set(l->err, l->f->item->too_many, l->field,
	    "at most %zu entries, got %zu", l->f->entries_max, n);
}

struct line {
	const char *s;
	size_t len;
};

/* Equal ones in the order of the list. */
static int
by_text_and_place(const void *a, const void *b)
{
	const struct line *x = *(const struct line *const *)a;
	const struct line *y = *(const struct line *const *)b;
	size_t n = x->len < y->len ? x->len : y->len;
	int d = memcmp(x->s, y->s, n);

	if (d == 0)
		d = (x->len > y->len) - (x->len < y->len);
	return d != 0 ? d : (x > y) - (x < y);
}

static bool
is_same_line(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* Later copies of a line get the length 0, which no entry has; how many
 * those are. */
static size_t
drop_copies(struct line *lines, struct line **sorted, size_t n)
{
	size_t i, dropped = 0;

	for (i = 0; i < n; i++)
		sorted[i] = &lines[i];
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted */
	qsort(sorted, n, sizeof(sorted[0]), by_text_and_place);
	/* From the end: each is compared with one that has its length. */
	for (i = n; i > 1; i--)
		if (is_same_line(sorted[i - 1], sorted[i - 2])) {
			sorted[i - 1]->len = 0;
			dropped++;
		}
	return dropped;
}

/* All was read: few enough, and what is left without the copies. */
static int
list_end(struct list *l, char **ret_text, size_t *ret_dropped)
{
	struct line *lines = NULL, **sorted = NULL;
	char *text = NULL, *to;
	const char *p;
	size_t i;
	int rc = -1;

	*ret_text = NULL;
	*ret_dropped = 0;
	if (l->bad > 0)
		return -1;
	if (l->n == 0)
		return 0;
	if (l->n > 2 * l->f->entries_max)
		return too_many(l, l->n);
	if (l->text.failed || (lines = calloc(l->n, sizeof(*lines))) == NULL ||
	    (sorted = calloc(l->n, sizeof(struct line *))) == NULL ||
	    (text = malloc(l->text.len + 1)) == NULL) {
		err_set(l->err, ERR_NOMEM, l->field, "list");
		goto out;
	}
	for (i = 0, p = l->text.data; i < l->n;
	     i++, p += lines[i - 1].len + 1) {
		lines[i].s = p;
		lines[i].len = strcspn(p, "\n");
	}
	*ret_dropped = drop_copies(lines, sorted, l->n);
	if (l->n - *ret_dropped > l->f->entries_max) {
		too_many(l, l->n - *ret_dropped);
		goto out;
	}
	for (i = 0, to = text; i < l->n; i++) {
		if (lines[i].len > 0)
			to = mempcpy(to, lines[i].s, lines[i].len + 1);
	}
	*to = '\0';
	*ret_text = text;
	text = NULL;
	rc = 0;
out:
	free(text);
	free(sorted);
	free(lines);
	return rc;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The line without comment and the blanks around. */
static void
trim(const char **s, size_t *len)
{
	const char *hash = memchr(*s, '#', *len);

	if (hash != NULL)
		*len = (size_t)(hash - *s);
	while (*len > 0 && is_blank((*s)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_blank(**s)) {
		(*s)++;
		(*len)--;
	}
}

static void
add_lines(struct list *l, const char *s, size_t len)
{
	const char *end, *p, *nl, *entry;
	size_t line = 0, n;

	if (len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		len -= 3;
	}
	end = s + len;
	for (p = s; p < end && l->bad < BAD_LINES_MAX; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		line++;
		entry = p;
		n = (size_t)(nl - p);
		trim(&entry, &n);
		if (n > 0)
			list_add(l, entry, n, line);
	}
}

static struct json_object *
array_of(const char *text)
{
	struct json_object *list = json_object_new_array(), *v;
	size_t len;

	for (; list != NULL && *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		v = json_object_new_string_len(text, (int)len);
		if (v == NULL || json_object_array_add(list, v) != 0) {
			json_object_put(v);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

/* The file, unless it is empty: none was chosen. */
static const char *
source(struct form *fm, const struct settings_field *f, const char **ret_field,
    size_t *ret_len)
{
	const char *s = fm->get(fm->arg, f->form2, ret_len);

	*ret_field = f->form2;
	if (s != NULL && *ret_len > 0)
		return s;
	*ret_field = f->form;
	return fm->get(fm->arg, f->form, ret_len);
}

static void
from_form(struct form *fm, const struct settings_field *f)
{
	struct json_object *v;
	const char *s, *field;
	size_t len = 0, dropped;
	struct err why;
	struct list l;
	char *text;

	if ((s = source(fm, f, &field, &len)) == NULL)
		return;
	if (len > f->bytes_max) {
		(void)err_set(&why, ERR_FIELD_TOO_LONG, field,
		    "%s: at most %zu bytes", field, f->bytes_max);
		form_wrong(fm, &why);
		return;
	}
	list_init(&l, f, field, fm->findings, &why);
	add_lines(&l, s, len);
	if (list_end(&l, &text, &dropped) == -1)
		form_wrong(fm, &why);
	else if ((v = array_of(l.text.data)) == NULL)
		fm->nomem = true;
	else
		form_put(fm, f, v);
	free(text);
	buf_clear(&l.text);
}

static int
from_json(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	struct json_object *array = NULL, *v;
	size_t i, n, dropped;
	struct list l;
	char **member = setting_member(r->s, f), *text;
	int rc = -1;

	if (jsonx_array(o, key, f->path, SIZE_MAX, &array, r->err) == -1)
		return -1;
	if (array == NULL)
		return 0;
	list_init(&l, f, f->path, r->findings, r->err);
	n = json_object_array_length(array);
	for (i = 0; i < n && l.bad < BAD_LINES_MAX; i++) {
		v = json_object_array_get_idx(array, i);
		if (!json_object_is_type(v, json_type_string)) {
			err_set(r->err, ERR_FIELD_INVALID, f->path,
			    "%s: expected strings", f->path);
			goto out;
		}
		list_add(&l, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v), i + 1);
	}
	if (list_end(&l, &text, &dropped) == -1)
		goto out;
	free(*member);
	*member = text;
	r->s->dropped[f->id] = dropped;
	rc = 0;
out:
	buf_clear(&l.text);
	return rc;
}

static const char *
text_in(const void *member)
{
	const char *text = *(char *const *)member;

	return text == NULL ? "" : text;
}

static int
to_json(const struct settings_field *f, const void *member,
    struct json_object **ret)
{
	(void)f;
	if ((*ret = array_of(text_in(member))) == NULL)
		return -1;
	return *text_in(member) == '\0' ? 1 : 0;
}

static bool
same(const void *a, const void *b)
{
	return strcmp(text_in(a), text_in(b)) == 0;
}

static bool
managed(const void *member)
{
	return *text_in(member) != '\0';
}

static struct json_object *
schema(const struct settings_field *f)
{
	struct json_object *o = schema_of_type("array");
	struct json_object *line = schema_of_type("string");
	struct json_object *examples = json_object_new_array();
	const char *const *s;

	for (s = f->item->examples; *s != NULL; s++)
		json_object_array_add(examples, json_object_new_string(*s));
	json_object_object_add(line, "examples", examples);
	json_object_object_add(o, "items", line);
	(void)jsonx_put_int(o, "maxItems", (int64_t)f->entries_max);
	return o;
}

static void
form_schema(const struct settings_field *f, struct json_object *properties)
{
	struct json_object *file = schema_of_type("string");

	(void)jsonx_put_str(file, "format", "binary");
	json_object_object_add(properties, f->form, schema_of_type("string"));
	json_object_object_add(properties, f->form2, file);
}

const struct setting_kind kind_list = {
    from_form, from_json, to_json, same, managed, schema, form_schema};
