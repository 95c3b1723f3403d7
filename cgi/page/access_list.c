/*
 * access_list.c - Access > the users, tokens or sessions that a text names,
 * in the order that was asked for, a page of them; all of it in the address,
 * so that a view can be shared and works without JavaScript.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_page.h"
#include "jsonx.h"
#include "util.h"

#define KEYS 3

static const char *const sorts[][2] = {
    {"", "access.sort.added"},
    {"name", "access.sort.name"},
    {"-last", "access.sort.last"},
};

static bool
is_named(struct json_object *row, const char *const *keys, const char *text)
{
	for (; *keys != NULL; keys++)
		if (strcasestr(jsonx_path_str(row, *keys, ""), text) != NULL)
			return true;
	return false;
}

/* json_object_array_sort() passes nothing on, hence one for each. */
static struct json_object *
row_of(const void *p)
{
	return *(struct json_object *const *)p;
}

static int
by_key(const void *a, const void *b, const char *key, bool down)
{
	const char *x = jsonx_path_str(row_of(a), key, "");
	const char *y = jsonx_path_str(row_of(b), key, "");

	return down ? strcmp(y, x) : strcasecmp(x, y);
}

static int
by_name(const void *a, const void *b)
{
	return by_key(a, b, "name", false);
}

static int
by_user(const void *a, const void *b)
{
	return by_key(a, b, "user", false);
}

static int
by_login(const void *a, const void *b)
{
	return by_key(a, b, "last_login_at.at", true);
}

static int
by_use(const void *a, const void *b)
{
	return by_key(a, b, "last_used_at.at", true);
}

static int
by_seen(const void *a, const void *b)
{
	return by_key(a, b, "seen_at.at", true);
}

/* Where a text is searched for, and the two ways of sorting. */
static const struct {
	const char *list;
	const char *keys[KEYS + 1];
	int (*by_name)(const void *, const void *);
	int (*by_last)(const void *, const void *);
} lists[] = {
    {"users", {"name", "role_text", NULL}, by_name, by_login},
    {"tokens", {"name", "user", "scope", NULL}, by_name, by_use},
    {"sessions", {"user", "from", NULL}, by_user, by_seen},
};

/* A link to that page of the list; "" when there is none. */
static void
put_turn(const struct page *p, struct json_object *o, const char *key,
    const char *path, size_t page, bool there)
{
	char text[24];

	put_str(o, key, "");
	snprintf(text, sizeof(text), "%zu", page);
	if (there)
		put_link(o, key, path,
		    (const struct pair[]){
			{"text", fields_str(&p->req->query, "text", "")},
			{"sort", fields_str(&p->req->query, "sort", "")},
			{"page", text}},
		    3);
}

/* Of a long list one page, and "pages": which it is, and the next to it. */
static void
put_page(const struct page *p, struct json_object *ctx,
    struct json_object *rows, const char *path, size_t shown)
{
	const char *asked = fields_str(&p->req->query, "page", "1");
	size_t n = json_object_array_length(rows), first, end;
	struct json_object *o = NULL;
	int64_t at = 1;

	if (n > shown) {
		(void)number_read(asked, strlen(asked), 100000, &at);
		if (at < 1 || (size_t)(at - 1) * shown >= n)
			at = 1;
		first = (size_t)(at - 1) * shown;
		end = first + shown < n ? first + shown : n;
		o = json_object_new_object();
		put_int(o, "from", (int64_t)first + 1);
		put_int(o, "to", (int64_t)end);
		put_int(o, "total", (int64_t)n);
		put_text(p, o, "range", "access.range", o);
		put_turn(p, o, "prev", path, (size_t)at - 1, at > 1);
		put_turn(p, o, "next", path, (size_t)at + 1, end < n);
		json_object_array_del_idx(rows, end, n - end);
		json_object_array_del_idx(rows, 0, first);
	}
	json_object_object_add(ctx, "pages", o);
}

void
access_narrow(const struct page *p, struct json_object *ctx, const char *list,
    const char *path, size_t shown)
{
	const char *text = fields_str(&p->req->query, "text", "");
	const char *sort = fields_str(&p->req->query, "sort", "");
	struct json_object *all = jsonx_path(ctx, list), *row, *options;
	struct json_object *some = json_object_new_array();
	size_t i = 0, j, n = json_object_array_length(all);

	while (strcmp(lists[i].list, list) != 0)
		i++;
	for (j = 0; j < n; j++) {
		row = json_object_array_get_idx(all, j);
		if (is_named(row, lists[i].keys, text))
			json_object_array_add(some, json_object_get(row));
	}
	if (strcmp(sort, "name") == 0)
		json_object_array_sort(some, lists[i].by_name);
	else if (strcmp(sort, "-last") == 0)
		json_object_array_sort(some, lists[i].by_last);
	put_page(p, ctx, some, path, shown);
	json_object_object_add(ctx, list, some);
	options = json_object_new_array();
	for (i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		option_add(
		    options, sorts[i][0], page_text(p, sorts[i][1]), sort);
	json_object_object_add(ctx, "sorts", options);
	put_str(ctx, "text", text);
	put_str(ctx, "list_path", path);
	put_bool(ctx, "filtered", *text != '\0' || *sort != '\0');
	/* A list that is seen whole needs none of it. */
	put_bool(ctx, "filter", n > shown || *text != '\0' || *sort != '\0');
}
