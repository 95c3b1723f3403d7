/*
 * page_values.c - the settings below interface and access in words, wherever
 * they are told: state, history, comparison, preview; and what was added to a
 * list and taken out of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "words.h"

#define DIFF_LINES 20 /* of each kind */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The strings of a list, sorted; borrowed. */
static const char **
sorted(struct json_object *list, size_t *n)
{
	const char **v;
	size_t i;

	*n = jsonx_len(list);
	if ((v = calloc(*n + 1, sizeof(*v))) == NULL) {
		*n = 0;
		return NULL;
	}
	for (i = 0; i < *n; i++)
		v[i] =
		    json_object_get_string(json_object_array_get_idx(list, i));
	if (*n > 0)
		qsort(v, *n, sizeof(*v), by_text);
	return v;
}

static void
diff_add(struct json_object *lines, char sign, const char *text, size_t count)
{
	struct json_object *o;
	char line[80];

	if (count > DIFF_LINES)
		return;
	o = json_object_new_object();
	snprintf(line, sizeof(line), "%c%s", sign, text);
	put_str(o, "kind", sign == '+' ? "add" : "del");
	put_str(o, "text", line);
	json_object_array_add(lines, o);
}

/* The lines of one list, with their sign. */
static size_t
diff_side(struct json_object *lines, char sign, struct json_object *list)
{
	size_t i, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++)
		diff_add(lines, sign,
		    json_object_get_string(json_object_array_get_idx(list, i)),
		    i + 1);
	return n;
}

struct json_object *
list_lines(struct json_object *removed, struct json_object *added)
{
	struct json_object *o = json_object_new_object();
	struct json_object *lines = json_object_new_array();
	size_t gone = diff_side(lines, '-', removed);
	size_t came = diff_side(lines, '+', added);

	put_str(o, "text", "");
	put_bool(o, "more", gone > DIFF_LINES || came > DIFF_LINES);
	json_object_object_add(o, "lines", lines);
	return o;
}

/* "10,000" */
static void
put_count(struct json_object *o, const char *key, size_t n)
{
	char digits[24], text[32];
	size_t i, len, k = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%zu", n);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[k++] = ',';
		text[k++] = digits[i];
	}
	text[k] = '\0';
	put_str(o, key, text);
}

void
put_entries(
    const struct page *p, struct json_object *o, const char *key, size_t n)
{
	struct json_object *args = json_object_new_object();

	put_count(args, "n", n);
	put_text(p, o, key, n == 1 ? "form.list_one" : "form.list_count", args);
	json_object_put(args);
}

struct json_object *
list_diff(
    const struct page *p, struct json_object *before, struct json_object *after)
{
	struct json_object *o, *args, *lines = json_object_new_array();
	const char **a, **b;
	size_t i = 0, j = 0, na, nb, added = 0, removed = 0;
	int order;

	a = sorted(before, &na);
	b = sorted(after, &nb);
	while (i < na || j < nb) {
		order = i == na ? 1 : j == nb ? -1 : strcmp(a[i], b[j]);
		if (order < 0)
			diff_add(lines, '-', a[i], ++removed);
		else if (order > 0)
			diff_add(lines, '+', b[j], ++added);
		i += order <= 0;
		j += order >= 0;
	}
	free(a);
	free(b);
	if (added + removed == 0) {
		json_object_put(lines);
		return NULL;
	}
	args = json_object_new_object();
	put_count(args, "added", added);
	put_count(args, "removed", removed);
	put_entries(p, args, "entries", nb);
	o = json_object_new_object();
	put_text(p, o, "text", "preview.list", args);
	json_object_object_add(o, "lines", lines);
	put_bool(o, "more", added > DIFF_LINES || removed > DIFF_LINES);
	json_object_put(args);
	return o;
}

/* Settings below interface and access, and what they are called. */
static const struct {
	const char *path, *label;
} names[] = {
    {"interface.listen", "form.listen"},
    {"interface.port", "form.port_label"},
    {"interface.idle_timeout", "form.idle_label"},
    {"interface.max_connections", "form.connections"},
    {"access.policy", "form.control"},
    {"access.list", "form.list"},
};

/* Values that are words. */
static const struct {
	const char *value, *text;
} values[] = {
    {"loopback", "form.listen_loopback"},
    {"all", "form.listen_all"},
    {"accept_except", "form.accept_except"},
    {"deny_except", "form.deny_except"},
};

const char *
setting_label(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].path, path) == 0)
			return names[i].label;
	return NULL;
}

void
put_setting(const struct page *p, struct json_object *o, const char *key,
    const char *path, struct json_object *v)
{
	struct json_object *args = json_object_new_object();
	const char *text = NULL,
		   *s = v != NULL ? json_object_get_string(v) : "";
	size_t i;

	put_str(o, key, s);
	if (strcmp(path, "access.list") == 0 && v != NULL) {
		put_entries(p, o, key,
		    json_object_is_type(v, json_type_array)
			? json_object_array_length(v)
			: (size_t)json_object_get_int64(v));
		goto out;
	}
	if (v != NULL)
		json_object_object_add(args, "n", json_object_get(v));
	if (v == NULL)
		text = "form.as_is";
	else if (strcmp(path, "interface.idle_timeout") == 0)
		text = "form.minutes";
	else if (strcmp(path, "interface.max_connections") == 0 &&
		 json_object_get_int(v) == 0)
		text = "form.unlimited";
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].value, s) == 0)
			text = values[i].text;
	if (text != NULL)
		put_text(p, o, key, text, args);
out:
	json_object_put(args);
}

/* An empty list, or none of its entries. */
static bool
is_none(const char *path, struct json_object *v)
{
	if (strcmp(path, "access.list") != 0)
		return v == NULL;
	return json_object_is_type(v, json_type_array)
		   ? json_object_array_length(v) == 0
		   : json_object_get_int(v) == 0;
}

struct json_object *
managed_rows(const struct page *p, struct json_object *settings)
{
	struct json_object *rows = json_object_new_array(), *o, *v;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = jsonx_path(settings, names[i].path);
		/* Where the list itself would be too much. */
		if (v == NULL && strcmp(names[i].path, "access.list") == 0)
			v = jsonx_path(settings, "access.entries");
		if (is_none(names[i].path, v))
			continue;
		o = json_object_new_object();
		put_str(o, "label", page_text(p, names[i].label));
		put_setting(p, o, "value", names[i].path, v);
		json_object_array_add(rows, o);
	}
	return rows;
}
