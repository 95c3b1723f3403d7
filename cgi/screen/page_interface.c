/*
 * page_interface.c - the sections SMTP Interface and Connection Control of the
 * Connection screen, and what a change of the list amounts to.
 *
 * Each setting can be "as Postfix has it" (null): then the console leaves it
 * alone, and the screen says what Postfix has.  What somebody typed stays in
 * its field, right or wrong, until it is saved or cancelled.
 *
 * A list may have ten thousand lines.  More than LIST_SHOWN bytes of it are
 * sent only when somebody asks to edit it; a form that has no such field
 * leaves the list as it is.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "parts.h"

#define LIST_SHOWN 2048 /* bytes in the page of everybody */
#define LIST_FEW   5	/* lines of a longer one */
#define LIST_MAX   (1024 * 1024)

/* The value at a path, which may be null; false: none there. */
static bool
find(struct json_object *o, const char *path, struct json_object **ret)
{
	const char *dot = strchr(path, '.');
	char group[32];

	if (dot != NULL) {
		snprintf(group, sizeof(group), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(o, group, &o))
			return false;
		path = dot + 1;
	}
	return json_object_object_get_ex(o, path, ret);
}

/* Asked for just now, kept in the draft, or in force; NULL is null. */
static struct json_object *
wanted(const struct screen *s, const char *path)
{
	struct json_object *v = NULL;

	if (find(s->patch, path, &v) ||
	    find(jsonx_path(s->view, "draft.settings"), path, &v) ||
	    find(jsonx_path(s->view, "settings"), path, &v))
		return v;
	return NULL;
}

/* What was typed and could not be taken, or NULL. */
static const char *
typed(const struct screen *s, const char *field)
{
	return s->failed ? fields_str(&s->page.req->form, field, NULL) : NULL;
}

/* What Postfix has for a setting that is left to it; "" where the console
 * manages it, as what Postfix had before is not what it has. */
static const char *
now(const struct screen *s, const char *path)
{
	static const struct {
		const char *path, *member[2]; /* of "current": the first set */
	} rows[] = {
	    {"interface.listen", {"address", "inet_interfaces"}},
	    {"interface.port", {"port", NULL}},
	    {"interface.idle_timeout", {"smtpd_timeout", NULL}},
	    {"interface.max_connections",
		{"process_limit", "default_process_limit"}},
	};
	struct json_object *current = jsonx_path(s->view, "current"), *v;
	const char *text;
	size_t i, j;

	if (jsonx_path(jsonx_path(s->view, "settings"), path) != NULL)
		return "";
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (j = 0; j < 2 && strcmp(rows[i].path, path) == 0 &&
			    rows[i].member[j] != NULL;
		     j++) {
			v = jsonx_path(current, rows[i].member[j]);
			text = v != NULL ? json_object_get_string(v) : "";
			if (*text != '\0' && strcmp(text, "-") != 0)
				return text;
		}
	}
	return "";
}

static void
put_findings(const struct screen *s, struct json_object *o, const char *field,
    const char *other)
{
	bool bad = false, worse = false;
	struct json_object *rows = findings_at(s, field, &bad), *more;
	size_t i;

	if (other != NULL) {
		more = findings_at(s, other, &worse);
		for (i = 0; i < json_object_array_length(more); i++)
			json_object_array_add(
			    rows, json_object_get(
				      json_object_array_get_idx(more, i)));
		json_object_put(more);
	}
	json_object_object_add(o, "findings", rows);
	put_bool(o, "bad", bad || worse);
}

struct choice {
	const char *value;
	const char *id;
	const char *label;
};

static struct json_object *
options(const struct screen *s, const struct choice *c, const char *chosen,
    const char *as_is)
{
	struct json_object *list = json_object_new_array(), *o;

	for (; c->value != NULL; c++) {
		o = json_object_new_object();
		put_str(o, "value", c->value);
		put_str(o, "id", c->id);
		put_str(o, "label", page_text(&s->page, c->label));
		put_str(o, "now", *c->value == '\0' ? as_is : "");
		put_bool(o, "chosen", strcmp(c->value, chosen) == 0);
		json_object_array_add(list, o);
	}
	return list;
}

/* A text around "{n}" as "before" and "after" a field. */
static void
put_around(const struct page *p, struct json_object *o, const char *text)
{
	const char *s = page_text(p, text), *at = strstr(s, "{n}");
	size_t n = at != NULL ? (size_t)(at - s) : strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		n--;
	json_object_object_add(
	    o, "before", json_object_new_string_len(s, (int)n));
	put_str(o, "after", at != NULL ? at + 3 + strspn(at + 3, " ") : "");
}

static void
put_listen(const struct screen *s, struct json_object *ctx)
{
	static const struct choice choices[] = {
	    {"", "keep", "form.as_is"},
	    {"loopback", "loopback", "setting.listen.loopback"},
	    {"all", "all", "setting.listen.all"},
	    {NULL, NULL, NULL},
	};
	struct json_object *o = json_object_new_object();
	struct json_object *v = wanted(s, "interface.listen");
	const char *chosen = typed(s, "listen");

	if (chosen == NULL)
		chosen = v != NULL ? json_object_get_string(v) : "";
	json_object_object_add(o, "options",
	    options(s, choices, chosen, now(s, "interface.listen")));
	put_findings(s, o, "listen", NULL);
	json_object_object_add(ctx, "listen", o);
}

static void
put_numbers(const struct screen *s, struct json_object *ctx)
{
	static const struct {
		const char *field, *path, *text, *help, *parameter;
	} rows[] = {
	    {"smtp_port", "interface.port", "setting.smtp_port.field",
		"setting.smtp_port.help", "master.cf smtp"},
	    {"idle_timeout", "interface.idle_timeout",
		"setting.idle_timeout.field", "setting.idle_timeout.help",
		"smtpd_timeout"},
	};
	struct json_object *list = json_object_new_array(), *o, *v, *args;
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		o = json_object_new_object();
		v = wanted(s, rows[i].path);
		value = typed(s, rows[i].field);
		if (value == NULL)
			value = v != NULL ? json_object_get_string(v) : "";
		put_str(o, "field", rows[i].field);
		put_str(o, "value", value);
		put_around(&s->page, o, rows[i].text);
		put_str(o, "help", page_text(&s->page, rows[i].help));
		put_str(o, "parameter", rows[i].parameter);
		put_str(o, "now", "");
		args = json_object_new_object();
		put_str(args, "value", now(s, rows[i].path));
		if (*now(s, rows[i].path) != '\0')
			put_text(&s->page, o, "now", "form.empty_is", args);
		json_object_put(args);
		put_findings(s, o, rows[i].field, NULL);
		json_object_array_add(list, o);
	}
	json_object_object_add(ctx, "numbers", list);
}

static void
put_limit(const struct screen *s, struct json_object *ctx)
{
	static const struct choice choices[] = {
	    {"", "keep", "form.as_is"},
	    {"unlimited", "unlimited", "form.unlimited"},
	    {NULL, NULL, NULL},
	};
	struct json_object *o = json_object_new_object();
	struct json_object *v = wanted(s, "interface.max_connections");
	const char *chosen = typed(s, "connection_limit");
	const char *value = typed(s, "max_connections");
	bool some = v != NULL && json_object_get_int(v) > 0;

	if (chosen == NULL)
		chosen = v == NULL ? "" : some ? "limited" : "unlimited";
	if (value == NULL)
		value = some ? json_object_get_string(v) : "";
	json_object_object_add(o, "options",
	    options(s, choices, chosen, now(s, "interface.max_connections")));
	put_bool(o, "limited", strcmp(chosen, "limited") == 0);
	put_str(o, "value", value);
	put_around(&s->page, o, "setting.max_connections.field");
	put_findings(s, o, "max_connections", "connection_limit");
	json_object_object_add(ctx, "limit", o);
}

static void
put_policy(const struct screen *s, struct json_object *ctx)
{
	static const struct choice choices[] = {
	    {"", "keep", "form.as_is"},
	    {"accept_except", "accept", "setting.access_policy.accept_except"},
	    {"deny_except", "deny", "setting.access_policy.deny_except"},
	    {NULL, NULL, NULL},
	};
	struct json_object *o = json_object_new_object();
	struct json_object *v = wanted(s, "access.policy");
	const char *chosen = typed(s, "access_policy");

	if (chosen == NULL)
		chosen = v != NULL ? json_object_get_string(v) : "";
	json_object_object_add(o, "options", options(s, choices, chosen, ""));
	put_findings(s, o, "access_policy", NULL);
	json_object_object_add(ctx, "policy", o);
}

/* A number of lines of the list, one below the other. */
static void
put_lines(struct json_object *o, struct json_object *list, size_t max)
{
	struct buf b;
	size_t i;

	buf_init(&b, LIST_MAX);
	for (i = 0; i < max; i++) {
		buf_adds(&b,
		    json_object_get_string(json_object_array_get_idx(list, i)));
		buf_addc(&b, '\n');
	}
	put_str(o, "text", b.failed || b.len == 0 ? "" : b.data);
	buf_clear(&b);
}

static size_t
list_size(struct json_object *list)
{
	size_t i, n = 0, len = json_object_array_length(list);

	for (i = 0; i < len && n <= LIST_SHOWN; i++)
		n += 1 + strlen(json_object_get_string(
			     json_object_array_get_idx(list, i)));
	return n;
}

static void
put_list(const struct screen *s, struct json_object *ctx)
{
	struct json_object *o = json_object_new_object();
	struct json_object *none = json_object_new_array();
	struct json_object *v = wanted(s, "access.list"), *was;
	const char *text = typed(s, "access_list");
	const char *ask = fields_str(&s->page.req->query, "edit", "");
	bool edit;
	size_t n;

	if (!json_object_is_type(v, json_type_array))
		v = none;
	was = jsonx_path(s->view, "settings.access.list");
	n = json_object_array_length(v);
	edit = text != NULL || strcmp(ask, "list") == 0 ||
	       list_size(v) <= LIST_SHOWN;
	put_lines(o, v, edit || n < LIST_FEW ? n : LIST_FEW);
	if (text != NULL)
		put_str(o, "text", text);
	put_bool(o, "edit", edit);
	put_int(o, "rows", n < 4 ? 4 : n > 12 ? 16 : (int64_t)n + 1);
	put_bool(o, "changed", !json_object_equal(v, was != NULL ? was : none));
	put_entries(&s->page, o, "count_text", n);
	put_findings(s, o, "access_list", "access_file");
	json_object_object_add(ctx, "list", o);
	json_object_put(none);
}

void
screen_interface(const struct screen *s, struct json_object *ctx)
{
	put_listen(s, ctx);
	put_numbers(s, ctx);
	put_limit(s, ctx);
	put_policy(s, ctx);
	put_list(s, ctx);
}

bool
screen_interface_differs(const struct screen *s)
{
	static const char *const paths[] = {"interface.listen",
	    "interface.port", "interface.idle_timeout",
	    "interface.max_connections", "access.policy", "access.list"};
	struct json_object *v;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		v = NULL;
		(void)find(jsonx_path(s->view, "settings"), paths[i], &v);
		if (!json_object_equal(wanted(s, paths[i]), v))
			return true;
	}
	return false;
}

struct json_object *
screen_list_diff(const struct screen *s)
{
	if (s->restoring)
		return NULL;
	return list_diff(&s->page, jsonx_path(s->view, "settings.access.list"),
	    wanted(s, "access.list"));
}
