/*
 * list_diff.c - what was added to a list and taken out of it.
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
