/*
 * output.c - tables for people and JSON for scripts.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "ctl.h"
#include "util.h"

#define COLUMNS_MAX 8

/* Characters, not bytes: a token's name may be Japanese. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *
cell(struct json_object *row, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(row, key, &v) || v == NULL)
		return "-";
	if (json_object_is_type(v, json_type_string) &&
	    json_object_get_string_len(v) == 0)
		return "-";
	return json_object_get_string(v);
}

/* Bytes of the character at s. */
static size_t
step(const char *s, bool *unseen)
{
	size_t n = text_unseen(s, strlen(s));

	*unseen = n > 0;
	if (n == 0) {
		do {
			n++;
		} while (((unsigned char)s[n] & 0xc0) == 0x80);
	}
	return n;
}

/* Names come from our own database and from certificates, but a terminal obeys
 * what it reads. */
static void
print_cell(FILE *out, const char *s, size_t pad)
{
	bool unseen;
	size_t n;

	for (; *s != '\0'; s += n) {
		n = step(s, &unseen);
		(void)fwrite(unseen ? "?" : s, 1, unseen ? 1 : n, out);
	}
	while (pad-- > 0)
		fputc(' ', out);
}

void
ctl_table(FILE *out, struct json_object *rows, const char *const *columns)
{
	size_t w[COLUMNS_MAX] = {0}, n = json_object_array_length(rows), cols;
	struct json_object *row;
	const char *s;

	for (cols = 0; cols < COLUMNS_MAX && columns[cols] != NULL; cols++) {
		w[cols] = width(columns[cols]);
		for (size_t i = 0; i < n; i++) {
			row = json_object_array_get_idx(rows, i);
			if (width(cell(row, columns[cols])) > w[cols])
				w[cols] = width(cell(row, columns[cols]));
		}
	}
	for (size_t i = 0; i <= n; i++) {
		for (size_t c = 0; c < cols; c++) {
			row = i == 0 ? NULL
				     : json_object_array_get_idx(rows, i - 1);
			s = row == NULL ? columns[c] : cell(row, columns[c]);
			print_cell(
			    out, s, c + 1 < cols ? w[c] - width(s) + 2 : 0);
		}
		fputc('\n', out);
	}
}

void
ctl_line(struct ctl *ctl, const char *label, const char *value)
{
	fprintf(ctl->out, "%-16s ", label);
	print_cell(ctl->out, value, 0);
	fputc('\n', ctl->out);
}

void
ctl_text(FILE *out, const char *s)
{
	bool ended = false, unseen;
	size_t n;

	for (; *s != '\0'; s += n) {
		ended = *s == '\n';
		n = step(s, &unseen);
		unseen = unseen && !ended && *s != '\t';
		(void)fwrite(unseen ? "?" : s, 1, unseen ? 1 : n, out);
	}
	if (!ended)
		fputc('\n', out);
}

/* A terminal obeys C1 controls as well, and turns lines around: as \u, which
 * says the same.  Below a blank json-c has done so. */
static void
print_json(FILE *out, const char *s)
{
	const unsigned char *c;
	unsigned long u;
	bool unseen;
	size_t n;

	for (; *s != '\0'; s += n) {
		c = (const unsigned char *)s;
		n = step(s, &unseen);
		u = n == 1   ? c[0]
		    : n == 2 ? (c[0] & 0x1fUL) << 6 | (c[1] & 0x3fUL)
		    : n == 3 ? (c[0] & 0xfUL) << 12 | (c[1] & 0x3fUL) << 6 |
				   (c[2] & 0x3fUL)
			     : (c[0] & 7UL) << 18 | (c[1] & 0x3fUL) << 12 |
				   (c[2] & 0x3fUL) << 6 | (c[3] & 0x3fUL);
		if (!unseen || *c < 0x7f)
			(void)fwrite(s, 1, n, out);
		else if (u > 0xffff)
			fprintf(out, "\\u%04lx\\u%04lx",
			    0xd800 + ((u - 0x10000) >> 10),
			    0xdc00 + ((u - 0x10000) & 0x3ff));
		else
			fprintf(out, "\\u%04lx", u);
	}
}

int
ctl_json(struct ctl *ctl, struct json_object *o, struct err *err)
{
	const char *s;

	if (o == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	s = json_object_to_json_string_ext(
	    o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (s != NULL) {
		print_json(ctl->out, s);
		fputc('\n', ctl->out);
	}
	json_object_put(o);
	return s == NULL ? err_set(err, ERR_NOMEM, "", "out of memory") : 0;
}

struct json_object *
ctl_object(const char *key, ...)
{
	struct json_object *o = json_object_new_object(), *v;
	va_list ap;

	va_start(ap, key);
	for (; o != NULL && key != NULL; key = va_arg(ap, const char *)) {
		v = json_object_new_string(va_arg(ap, const char *));
		if (v == NULL || json_object_object_add(o, key, v) != 0) {
			json_object_put(v);
			json_object_put(o);
			o = NULL;
		}
	}
	va_end(ap);
	return o;
}
