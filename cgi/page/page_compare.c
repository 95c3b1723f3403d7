/*
 * page_compare.c - two generations side by side: settings, certificate, and
 * what each of them has in main.cf.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "history.h"

/* A setting's path and the label that it has on the Connection screen. */
static const char *const labels[][2] = {
    {"inbound.enabled", "form.inbound"},
    {"inbound.tls_only", "form.tls_only"},
    {"outbound.enabled", "form.outbound"},
    {"all_scanners", "form.all_scanners"},
};

static const char *const sides[] = {"a", "b"};

/* Members "a", "b" as text; "" is shown as none. */
static void
put_sides(const struct page *p, struct json_object *o, struct json_object *row)
{
	struct json_object *v;

	for (size_t i = 0; i < 2; i++) {
		v = jsonx_path(row, sides[i]);
		if (json_object_is_type(v, json_type_boolean))
			put_str(o, sides[i],
			    page_text(p, json_object_get_boolean(v)
					     ? "compare.on"
					     : "compare.off"));
		else
			put_str(o, sides[i],
			    v != NULL ? json_object_get_string(v) : "");
	}
}

/* A setting that can be "as Postfix has it", or a list. */
static void
put_values(const struct page *p, struct json_object *o, struct json_object *row,
    const char *path)
{
	put_str(o, "name", page_text(p, setting_label(path)));
	for (size_t i = 0; i < 2; i++)
		put_setting(p, o, sides[i], path, jsonx_path(row, sides[i]));
}

/* What was added to the list and taken out of it. */
static struct json_object *
list_diff_of(struct json_object *settings)
{
	struct json_object *row;
	size_t i, n;

	n = jsonx_len(settings);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(settings, i);
		if (strcmp(jsonx_path_str(row, "path", ""), "access.list") == 0)
			return list_lines(jsonx_path(row, "removed"),
			    jsonx_path(row, "added"));
	}
	return NULL;
}

static struct json_object *
rows_of(const struct page *p, struct json_object *list, const char *name)
{
	struct json_object *rows = json_object_new_array(), *row, *o;
	const char *label;
	size_t i, j, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		label = jsonx_path_str(row, name, "");
		o = json_object_new_object();
		put_str(o, "name", label);
		for (j = 0; j < sizeof(labels) / sizeof(labels[0]); j++)
			if (strcmp(label, labels[j][0]) == 0)
				put_str(o, "name", page_text(p, labels[j][1]));
		put_sides(p, o, row);
		if (strcmp(name, "path") == 0 && setting_label(label) != NULL)
			put_values(p, o, row, label);
		json_object_array_add(rows, o);
	}
	return rows;
}

/* {"id", "by", time, "in_force"} */
static struct json_object *
side_of(const struct page *p, struct json_object *gen)
{
	struct json_object *o = json_object_new_object();

	put_int(o, "id", json_object_get_int64(jsonx_path(gen, "id")));
	put_str(o, "by", jsonx_path_str(gen, "by", ""));
	put_bool(o, "in_force",
	    json_object_get_boolean(jsonx_path(gen, "in_force")));
	put_time(p, o, jsonx_path_str(gen, "at", NULL));
	return o;
}

static void
put_certificates(
    const struct page *p, struct json_object *ctx, struct json_object *diff)
{
	struct json_object *o = json_object_new_object(), *one;
	struct json_object *cert = jsonx_path(diff, "certificate");
	bool same = json_object_get_boolean(jsonx_path(cert, "same"));

	put_bool(o, "same", same);
	put_bool(o, "neither",
	    jsonx_path(cert, "a") == NULL && jsonx_path(cert, "b") == NULL);
	for (size_t i = 0; i < 2; i++) {
		one = json_object_new_object();
		put_int(one, "id",
		    json_object_get_int64(i == 0 ? jsonx_path(diff, "a.id")
						 : jsonx_path(diff, "b.id")));
		screen_certificate(p, one, jsonx_path(cert, sides[i]));
		json_object_object_add(o, sides[i], one);
	}
	json_object_object_add(ctx, "certificates", o);
}

int
compare_render(struct screen *s, struct reply *reply, struct json_object *diff,
    struct json_object *others, struct err *err)
{
	struct json_object *ctx = json_object_new_object(), *settings;
	struct json_object *parameters, *args = json_object_new_object();
	int64_t a = json_object_get_int64(jsonx_path(diff, "a.id"));
	int64_t b = json_object_get_int64(jsonx_path(diff, "b.id"));
	int rc;

	put_int(args, "a", a);
	put_int(args, "b", b);
	put_text(&s->page, ctx, "title", "compare.title", args);
	put_str(ctx, "refresh", "");
	json_object_object_add(
	    ctx, "a", side_of(&s->page, jsonx_path(diff, "a")));
	json_object_object_add(
	    ctx, "b", side_of(&s->page, jsonx_path(diff, "b")));
	settings = rows_of(&s->page, jsonx_path(diff, "settings"), "path");
	parameters =
	    rows_of(&s->page, jsonx_path(diff, "parameters"), "parameter");
	put_bool(ctx, "has_settings", json_object_array_length(settings) > 0);
	put_bool(
	    ctx, "has_parameters", json_object_array_length(parameters) > 0);
	json_object_object_add(ctx, "settings", settings);
	json_object_object_add(
	    ctx, "list_diff", list_diff_of(jsonx_path(diff, "settings")));
	json_object_object_add(ctx, "parameters", parameters);
	put_certificates(&s->page, ctx, diff);
	json_object_object_add(
	    ctx, "diff", diff_lines(jsonx_path_str(diff, "diff", "")));
	json_object_object_add(
	    ctx, "others", generation_options(&s->page, others, a, b));
	rc = page_render(
	    s->page.app, s->page.req, reply, 200, "compare", ctx, err);
	json_object_put(args);
	json_object_put(ctx);
	return rc;
}
