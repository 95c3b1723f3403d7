/*
 * access_list.c - Access > the users, tokens and sessions that a text names,
 * in the order that was asked for; all of it in the address, so that a view
 * can be shared and works without JavaScript.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_page.h"
#include "jsonx.h"

#define KEYS  3
#define SHOWN 20

/* Where a text is searched for, and the time by which a list is sorted. */
static const struct {
	const char *list;
	const char *keys[KEYS + 1];
	const char *last;
} lists[] = {
    {"users", {"name", "role_text", NULL}, "last_login_at.at"},
    {"tokens", {"name", "user", "scope", NULL}, "last_used_at.at"},
    {"sessions", {"user", "from", NULL}, "seen_at.at"},
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

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
	return by_key(a, b, lists[0].last, true);
}

static int
by_use(const void *a, const void *b)
{
	return by_key(a, b, lists[1].last, true);
}

static int
by_seen(const void *a, const void *b)
{
	return by_key(a, b, lists[2].last, true);
}

/* The first of a long list, and how many there are: "users_more". */
static void
put_shown(const struct page *p, struct json_object *ctx, size_t i,
    struct json_object *rows)
{
	size_t n = json_object_array_length(rows);
	struct json_object *args;
	char key[32];

	snprintf(key, sizeof(key), "%s_more", lists[i].list);
	put_str(ctx, key, "");
	if (n <= SHOWN || fields_get(&p->req->query, "all") != NULL)
		return;
	args = json_object_new_object();
	put_int(args, "shown", SHOWN);
	put_int(args, "total", (int64_t)n);
	put_text(p, ctx, key, "access.more", args);
	json_object_put(args);
	json_object_array_del_idx(rows, SHOWN, n - SHOWN);
}

static void
narrow_one(const struct page *p, struct json_object *ctx, size_t i,
    const char *text, const char *sort)
{
	static int (*const names[LISTS])(const void *, const void *) = {
	    by_name, by_name, by_user};
	static int (*const times[LISTS])(const void *, const void *) = {
	    by_login, by_use, by_seen};
	struct json_object *all = jsonx_path(ctx, lists[i].list), *row;
	struct json_object *some = json_object_new_array();
	size_t j;

	for (j = 0; j < json_object_array_length(all); j++) {
		row = json_object_array_get_idx(all, j);
		if (is_named(row, lists[i].keys, text))
			json_object_array_add(some, json_object_get(row));
	}
	if (strcmp(sort, "name") == 0)
		json_object_array_sort(some, names[i]);
	else if (strcmp(sort, "-last") == 0)
		json_object_array_sort(some, times[i]);
	put_shown(p, ctx, i, some);
	json_object_object_add(ctx, lists[i].list, some);
}

void
access_narrow(const struct page *p, struct json_object *ctx)
{
	const char *text = fields_str(&p->req->query, "text", "");
	const char *sort = fields_str(&p->req->query, "sort", "");
	struct json_object *options = json_object_new_array();
	size_t i;

	for (i = 0; i < LISTS; i++)
		narrow_one(p, ctx, i, text, sort);
	for (i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		option_add(
		    options, sorts[i][0], page_text(p, sorts[i][1]), sort);
	put_str(ctx, "text", text);
	put_link(ctx, "all_href", "/access",
	    (const struct pair[]){{"all", "1"}, {"text", text}, {"sort", sort}},
	    3);
	put_bool(ctx, "filtered", *text != '\0' || *sort != '\0');
	json_object_object_add(ctx, "sorts", options);
}
