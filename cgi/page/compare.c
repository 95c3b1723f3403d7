/*
 * compare.c - two generations side by side: settings, certificate, and
 * what each of them has in main.cf.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "settings_table.h"
#include "history.h"

static const char *const sides[] = {"a", "b"};

/* What was added to a list and taken out of it. */
static struct json_object *
list_diffs(const struct page *p, struct json_object *settings)
{
	struct json_object *all = json_object_new_array(), *row, *o;
	const struct settings_field *f;
	size_t i, n;

	n = jsonx_len(settings);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(settings, i);
		f = settings_by_path(jsonx_path_str(row, "path", ""));
		if (f == NULL || f->kind != SETTING_LIST)
			continue;
		o = list_lines(
		    jsonx_path(row, "removed"), jsonx_path(row, "added"));
		put_str(o, "label", page_text(p, f->text));
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *
setting_rows(const struct page *p, struct json_object *list)
{
	struct json_object *rows = json_object_new_array(), *row, *o;
	const struct settings_field *f;
	size_t i, j, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		f = settings_by_path(jsonx_path_str(row, "path", ""));
		if (f == NULL)
			continue;
		o = json_object_new_object();
		put_str(o, "name", page_text(p, f->text));
		for (j = 0; j < 2; j++)
			put_setting(
			    p, o, sides[j], f, jsonx_path(row, sides[j]));
		json_object_array_add(rows, o);
	}
	return rows;
}

/* Members "a", "b" as text; "" is shown as none. */
static struct json_object *
parameter_rows(struct json_object *list)
{
	struct json_object *rows = json_object_new_array(), *row, *o, *v;
	size_t i, j, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		o = json_object_new_object();
		put_str(o, "name", jsonx_path_str(row, "parameter", ""));
		for (j = 0; j < 2; j++) {
			v = jsonx_path(row, sides[j]);
			put_str(o, sides[j],
			    v != NULL ? json_object_get_string(v) : "");
		}
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
	put_generation_name(
	    p, o, "name", json_object_get_int64(jsonx_path(gen, "id")));
	put_str(o, "by", jsonx_path_str(gen, "by", ""));
	put_str(o, "why", jsonx_path_str(gen, "note", ""));
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
		put_generation_name(p, one, "name",
		    json_object_get_int64(i == 0 ? jsonx_path(diff, "a.id")
						 : jsonx_path(diff, "b.id")));
		screen_certificate(p, one, jsonx_path(cert, sides[i]));
		json_object_object_add(o, sides[i], one);
	}
	json_object_object_add(ctx, "certificates", o);
	o = json_object_new_array();
	add_names(p, jsonx_path(diff, "names"), SIZE_MAX, o);
	put_bool(ctx, "has_names", jsonx_len(o) > 0);
	json_object_object_add(ctx, "names", o);
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
	if (a == 0 || b == 0) {
		put_generation_name(&s->page, args, "a", a);
		put_generation_name(&s->page, args, "b", b);
	}
	put_text(&s->page, ctx, "title",
	    a == 0 || b == 0 ? "compare.title_original" : "compare.title",
	    args);
	put_str(ctx, "refresh", "");
	json_object_object_add(
	    ctx, "a", side_of(&s->page, jsonx_path(diff, "a")));
	json_object_object_add(
	    ctx, "b", side_of(&s->page, jsonx_path(diff, "b")));
	settings = setting_rows(&s->page, jsonx_path(diff, "settings"));
	parameters = parameter_rows(jsonx_path(diff, "parameters"));
	put_bool(ctx, "has_settings", json_object_array_length(settings) > 0);
	put_bool(
	    ctx, "has_parameters", json_object_array_length(parameters) > 0);
	json_object_object_add(ctx, "settings", settings);
	json_object_object_add(ctx, "list_diffs",
	    list_diffs(&s->page, jsonx_path(diff, "settings")));
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
