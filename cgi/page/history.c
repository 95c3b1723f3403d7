/*
 * history.c - SMTP Routing > History: every generation in a table that
 * can be filtered and sorted by its address alone, so that a view can be
 * shared and works without JavaScript.
 *
 * What is kept are some twenty generations, so all are read and chosen from
 * here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "settings_table.h"
#include "history.h"

#define LIST_LIMIT 1000

static const struct {
	const char *value, *text;
} outcomes[] = {
    {"applied", "history.applied"},
    {"failed", "history.failed"},
};

struct filter {
	const char *by, *outcome, *changed;
	const char *sort; /* "-id": the newest first */
};

struct row {
	struct json_object *gen; /* borrowed */
};

static int
by_id(const void *a, const void *b)
{
	int64_t x, y;

	x = json_object_get_int64(
	    jsonx_path(((const struct row *)a)->gen, "id"));
	y = json_object_get_int64(
	    jsonx_path(((const struct row *)b)->gen, "id"));
	return x < y ? -1 : x > y;
}

/* Then the newest first, whatever the column. */
static int
by_member(const void *a, const void *b, const char *name)
{
	struct json_object *x = ((const struct row *)a)->gen;
	struct json_object *y = ((const struct row *)b)->gen;
	int cmp =
	    strcmp(jsonx_path_str(x, name, ""), jsonx_path_str(y, name, ""));

	return cmp != 0 ? cmp : by_id(b, a);
}

static int
by_user(const void *a, const void *b)
{
	return by_member(a, b, "by");
}

static int
by_outcome(const void *a, const void *b)
{
	return by_member(a, b, "outcome");
}

static const struct {
	const char *sort; /* NULL: not a column to sort by */
	const char *text;
	int (*cmp)(const void *, const void *);
} columns[] = {
    {"id", "history.number", by_id},
    {NULL, "history.when", NULL},
    {"by", "history.who", by_user},
    {NULL, "history.what", NULL},
    {"outcome", "history.outcome", by_outcome},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

void
put_origin(const struct page *p, struct json_object *o, struct json_object *gen)
{
	static const char *const vias[][2] = {{"web", "via.web"},
	    {"api", "via.api"}, {"ctl", "via.ctl"}, {"sync", "via.sync"}};
	const char *via = jsonx_path_str(gen, "via", "");
	const char *from = jsonx_path_str(gen, "from", "");
	size_t i;

	put_str(o, "from",
	    strcmp(from, "local") == 0 ? page_text(p, "via.local") : from);
	put_str(o, "via", via);
	for (i = 0; i < sizeof(vias) / sizeof(vias[0]); i++)
		if (strcmp(vias[i][0], via) == 0)
			put_str(o, "via", page_text(p, vias[i][1]));
}

/* What can have changed, as the filter has it: the certificate, or settings
 * by the first word of their path. */
static size_t
group_len(const char *path)
{
	return strcspn(path, ".");
}

static bool
has_changed(struct json_object *gen, const char *what)
{
	struct json_object *summary = jsonx_path(gen, "summary");
	const char *s;
	size_t i;

	if (strcmp(jsonx_path_str(gen, "kind", ""), what) == 0)
		return true;
	for (i = 0; i < jsonx_len(summary); i++) {
		s = jsonx_str_at(summary, i);
		if (s != NULL && strlen(what) == group_len(s) &&
		    strncmp(s, what, group_len(s)) == 0)
			return true;
	}
	return false;
}

static void
add_groups(
    const struct page *p, struct json_object *options, const char *chosen)
{
	const struct settings_field *f, *before;
	char text[64], *group = text + strlen("history.");

	for (f = settings_fields; f->form != NULL; f++) {
		snprintf(text, sizeof(text), "history.%.*s",
		    (int)group_len(f->path), f->path);
		for (before = settings_fields; before < f; before++)
			if (strncmp(before->path, group, strlen(group)) == 0 &&
			    group_len(before->path) == strlen(group))
				break;
		if (before == f)
			option_add(options, group, page_text(p, text), chosen);
	}
}

static bool
is_wanted(struct json_object *gen, const struct filter *f)
{
	if (*f->by != '\0' && strcmp(jsonx_path_str(gen, "by", ""), f->by) != 0)
		return false;
	if (*f->outcome != '\0' &&
	    strcmp(jsonx_path_str(gen, "outcome", ""), f->outcome) != 0)
		return false;
	return *f->changed == '\0' || has_changed(gen, f->changed);
}

static struct json_object *
row_of(const struct page *p, struct json_object *gen)
{
	struct json_object *o = json_object_new_object();
	const char *step = jsonx_path_str(gen, "error_step", "");
	bool applied =
	    strcmp(jsonx_path_str(gen, "outcome", ""), "applied") == 0;
	char key[64];

	put_bool(o, "original", false);
	put_int(o, "id", json_object_get_int64(jsonx_path(gen, "id")));
	put_bool(o, "in_force",
	    json_object_get_boolean(jsonx_path(gen, "in_force")));
	put_str(o, "by", jsonx_path_str(gen, "by", ""));
	put_str(o, "why", jsonx_path_str(gen, "note", ""));
	put_origin(p, o, gen);
	put_time(p, o, jsonx_path_str(gen, "at", NULL));
	json_object_object_add(o, "what", gen_what(p, gen));
	put_str(o, "outcome",
	    page_text(p, applied ? "history.applied" : "history.failed"));
	put_icon(o, applied ? "ok" : "error");
	put_bool(o, "restorable",
	    applied && !jsonx_path_bool(gen, "in_force"));
	put_str(o, "step", "");
	if (!applied && *step != '\0') {
		snprintf(key, sizeof(key), "step.%.32s", step);
		put_str(o, "step", page_text(p, key));
	}
	return o;
}

/* What stood before the first is at the foot of the whole list. */
static void
add_original(const struct page *p, struct json_object *rows,
    struct json_object *gen, const struct filter *f)
{
	struct json_object *o;

	if (gen == NULL || *f->by != '\0' || *f->outcome != '\0' ||
	    *f->changed != '\0')
		return;
	o = row_of(p, gen);
	put_bool(o, "original", true);
	put_str(o, "outcome", page_text(p, "history.kept"));
	json_object_array_add(rows, o);
}

/* Those that the filter lets through, sorted, as rows. */
static struct json_object *
rows_of(const struct page *p, struct json_object *list, const struct filter *f)
{
	struct json_object *rows = json_object_new_array();
	struct row *v;
	bool down = f->sort[0] == '-';
	size_t i, n = 0;

	if ((v = calloc(jsonx_len(list) + 1, sizeof(*v))) == NULL)
		return rows;
	for (i = 0; i < jsonx_len(list); i++)
		if (is_wanted(json_object_array_get_idx(list, i), f))
			v[n++].gen = json_object_array_get_idx(list, i);
	for (i = 0; i < COLUMNS; i++)
		if (columns[i].sort != NULL &&
		    strcmp(columns[i].sort, f->sort + down) == 0)
			qsort(v, n, sizeof(*v), columns[i].cmp);
	for (i = 0; i < n; i++)
		json_object_array_add(
		    rows, row_of(p, v[down ? n - 1 - i : i].gen));
	free(v);
	return rows;
}

/* A head is a link: sort by it, or the other way round. */
static struct json_object *
heads_of(const struct page *p, const struct filter *f)
{
	struct json_object *list = json_object_new_array(), *o;
	bool down = f->sort[0] == '-', is;
	char next[16];
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		o = json_object_new_object();
		put_str(o, "label", page_text(p, columns[i].text));
		put_str(o, "href", "");
		put_str(o, "sorted", "");
		put_bool(o, "number", i == 0);
		json_object_array_add(list, o);
		if (columns[i].sort == NULL)
			continue;
		is = strcmp(columns[i].sort, f->sort + down) == 0;
		if (is)
			put_str(o, "sorted", down ? "descending" : "ascending");
		snprintf(next, sizeof(next), "%s%s",
		    is ? (down ? "" : "-") : (i == 0 ? "-" : ""),
		    columns[i].sort);
		const struct pair pairs[] = {{"by", f->by},
		    {"outcome", f->outcome}, {"changed", f->changed},
		    {"sort", next}};
		put_link(o, "href", PATH_HISTORY, pairs,
		    sizeof(pairs) / sizeof(pairs[0]));
	}
	return list;
}

/* Everybody who saved something that is kept. */
static struct json_object *
people(const struct page *p, struct json_object *list, const char *chosen)
{
	struct json_object *options = json_object_new_array();
	const char *by;
	size_t i, j, n = jsonx_len(list);
	bool known = *chosen == '\0';

	option_add(options, "", page_text(p, "filter.all"), chosen);
	for (i = 0; i < n; i++) {
		by = jsonx_path_str(
		    json_object_array_get_idx(list, i), "by", "");
		for (j = 0; j < i; j++)
			if (strcmp(jsonx_path_str(
				       json_object_array_get_idx(list, j), "by",
				       ""),
				by) == 0)
				break;
		if (j < i)
			continue;
		option_add(options, by, by, chosen);
		known = known || strcmp(by, chosen) == 0;
	}
	if (!known)
		option_add(options, chosen, chosen, chosen);
	return options;
}

static void
put_filters(const struct page *p, struct json_object *ctx,
    struct json_object *list, const struct filter *f)
{
	struct json_object *o = json_object_new_array();
	size_t i;

	json_object_object_add(ctx, "people", people(p, list, f->by));
	option_add(o, "", page_text(p, "filter.all"), f->outcome);
	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		option_add(o, outcomes[i].value, page_text(p, outcomes[i].text),
		    f->outcome);
	json_object_object_add(ctx, "outcomes", o);
	o = json_object_new_array();
	option_add(o, "", page_text(p, "filter.all"), f->changed);
	option_add(
	    o, "certificate", page_text(p, "history.certificate"), f->changed);
	add_groups(p, o, f->changed);
	option_add(
	    o, "restore", page_text(p, "history.kind_restore"), f->changed);
	option_add(o, "adopt", page_text(p, "history.adopted"), f->changed);
	json_object_object_add(ctx, "changed", o);
	put_str(ctx, "sort", f->sort);
	put_bool(ctx, "filtered",
	    *f->by != '\0' || *f->outcome != '\0' || *f->changed != '\0');
}

static int
filter_read(const struct fields *q, struct filter *f, struct err *err)
{
	size_t i;

	f->by = fields_str(q, "by", "");
	f->outcome = fields_str(q, "outcome", "");
	f->changed = fields_str(q, "changed", "");
	f->sort = fields_str(q, "sort", "");
	if (*f->sort == '\0')
		f->sort = "-id";
	for (i = 0; i < COLUMNS; i++)
		if (columns[i].sort != NULL &&
		    strcmp(columns[i].sort, f->sort + (*f->sort == '-')) == 0)
			return 0;
	return err_set(err, ERR_FIELD_INVALID, "sort",
	    "expected id, by or outcome, got %.20s", f->sort);
}

int
page_history(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args, *data = NULL, *ctx = NULL, *list, *rows;
	struct filter f;
	struct screen s;
	int rc = -1;

	screen_init(&s, app, req);
	if (filter_read(&req->query, &f, err) == -1)
		goto out;
	args = json_object_new_object();
	put_int(args, "limit", LIST_LIMIT);
	if (screen_call(&s, OP_GENERATIONS_LIST, args, &data) == -1) {
		*err = s.err;
		goto out;
	}
	list = jsonx_path(data, "generations");
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s.page, "nav.history"));
	put_str(ctx, "refresh", "");
	rows = rows_of(&s.page, list, &f);
	add_original(&s.page, rows, jsonx_path(data, "original"), &f);
	put_bool(ctx, "any", jsonx_len(list) > 0);
	put_bool(ctx, "some", jsonx_len(rows) > 0);
	json_object_object_add(ctx, "rows", rows);
	json_object_object_add(ctx, "heads", heads_of(&s.page, &f));
	put_filters(&s.page, ctx, list, &f);
	rc = page_render(app, req, reply, 200, "history", ctx, err);
out:
	json_object_put(ctx);
	json_object_put(data);
	screen_clear(&s);
	return rc;
}

/* "Generation 7"; of 0 what it is. */
void
put_generation_name(
    const struct page *p, struct json_object *o, const char *name, int64_t id)
{
	struct json_object *args = json_object_new_object();

	put_int(args, "id", id);
	put_text(p, o, name,
	    id == 0 ? "generation.original" : "generation.title", args);
	json_object_put(args);
}

static void
add_option(const struct page *p, struct json_object *options,
    struct json_object *gen, int64_t but, int64_t chosen)
{
	struct json_object *args = json_object_new_object(), *label;
	int64_t id = json_object_get_int64(jsonx_path(gen, "id"));
	char value[24], at[24], is[24];

	snprintf(is, sizeof(is), "%lld", (long long)chosen);
	snprintf(value, sizeof(value), "%lld", (long long)id);
	snprintf(at, sizeof(at), "%.10s", jsonx_path_str(gen, "at", ""));
	put_int(args, "id", id);
	put_str(args, "at", at);
	put_str(args, "by", jsonx_path_str(gen, "by", ""));
	label = new_text(p,
	    id == 0 ? "generation.original"
	    : json_object_get_boolean(jsonx_path(gen, "in_force"))
		? "generation.option_in_force"
		: "generation.option",
	    args);
	if (gen != NULL && id != but)
		option_add(options, value, json_object_get_string(label), is);
	json_object_put(label);
	json_object_put(args);
}

struct json_object *
generation_options(
    const struct page *p, struct json_object *all, int64_t but, int64_t chosen)
{
	struct json_object *options = json_object_new_array();
	struct json_object *list = jsonx_path(all, "generations");
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		add_option(p, options, json_object_array_get_idx(list, i), but,
		    chosen);
	add_option(p, options, jsonx_path(all, "original"), but, chosen);
	return options;
}
