/*
 * preview.c - what a Save or a Restore would do: first what it means for mail,
 * a sentence a change, then the settings before and after it, then main.cf
 * line by line.
 *
 * The sentences are texts of the setting: "setting.NAME.on.mail" of a switch,
 * "setting.NAME.WORD.mail" of a choice, else "setting.NAME.mail".  That nothing
 * changes for mail in one direction is said where the plan touches none of its
 * parameters.
 */
#include <stdio.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "upload.h"
#include "widget.h"

#define KEY_MAX 96

/* gen: that is restored; NULL: what the form asks for. */
struct after {
	const struct screen *s;
	struct json_object *gen;
	struct json_object *means, *rows; /* to be filled */
};

static struct json_object *
before_of(const struct after *a, const struct settings_field *f)
{
	return settings_value(jsonx_path(a->s->view, "settings"), f);
}

static struct json_object *
after_of(const struct after *a, const struct settings_field *f)
{
	return a->gen != NULL
		   ? settings_value(jsonx_path(a->gen, "settings"), f)
		   : screen_wanted(a->s, f);
}

static bool
changes(const struct after *a, const struct settings_field *f)
{
	return a->gen != NULL
		   ? !json_object_equal(before_of(a, f), after_of(a, f))
		   : screen_differs(a->s, f);
}

static void
say(const struct after *a, const char *icon, const char *key,
    struct json_object *args)
{
	struct json_object *o = json_object_new_object();

	put_text(&a->s->page, o, "text", key, args);
	put_icon(o, icon);
	json_object_array_add(a->means, o);
}

static void
say_setting(const struct after *a, const struct settings_field *f,
    struct json_object *row)
{
	struct json_object *v = after_of(a, f);
	const char *word = "";
	char key[KEY_MAX];
	bool on = f->kind == SETTING_SWITCH && json_object_get_boolean(v);

	if (f->kind == SETTING_SWITCH)
		word = on ? "on" : "off";
	else if (f->kind == SETTING_CHOICE && v != NULL)
		word = json_object_get_string(v);
	(void)snprintf(key, sizeof(key), "%s%s%s.mail", f->text,
	    *word != '\0' ? "." : "", word);
	say(a,
	    on && setting_text(&a->s->page, f, ".caution") != NULL ? "warn"
								   : "info",
	    key, row);
}

static struct json_object *
row_add(const struct after *a, const char *label)
{
	struct json_object *row = json_object_new_object();

	put_str(row, "label", page_text(&a->s->page, label));
	json_object_array_add(a->rows, row);
	return row;
}

static void
add_settings(const struct after *a)
{
	const struct settings_field *f;
	struct json_object *row;

	for (f = settings_fields; f->form != NULL; f++) {
		if (!changes(a, f))
			continue;
		row = row_add(a, f->text);
		put_setting(&a->s->page, row, "before", f, before_of(a, f));
		put_setting(&a->s->page, row, "after", f, after_of(a, f));
		say_setting(a, f, row);
	}
}

/* By name and end, and never by a path. */
static void
put_after(const struct after *a, struct json_object *row)
{
	if (a->gen != NULL)
		put_certificates(
		    a->s, row, "mine", jsonx_path(a->gen, "certificate"));
	else
		screen_own_certificate(a->s, row);
	put_str(row, "after", jsonx_path_str(row, "mine", ""));
}

static void
add_certificate(const struct after *a)
{
	struct json_object *now = jsonx_path(a->s->view, "certificate"), *row;
	bool gone, had = jsonx_path(now, "leaf") != NULL;

	if (a->gen == NULL
		? !screen_has_files(a->s)
		: strcmp(jsonx_path_str(now, "sha256", ""),
		      jsonx_path_str(a->gen, "certificate.sha256", "")) == 0)
		return;
	row = row_add(a, "file.server_certificate");
	put_certificates(a->s, row, "before", now);
	put_after(a, row);
	gone = *jsonx_path_str(row, "after", "") == '\0';
	if (!json_object_get_boolean(
		after_of(a, settings_by_form("inbound_enabled"))))
		say(a, "info",
		    gone ? "preview.mail.no_certificate"
			 : "preview.mail.stored",
		    row);
	else if (!gone)
		say(a, "info",
		    had ? "preview.mail.certificate" : "preview.mail.first",
		    row);
}

static void
add_authorities(const struct after *a)
{
	struct json_object *file = jsonx_path(a->s->view, "draft.client_ca");
	struct json_object *row;

	if (a->gen != NULL || file == NULL)
		return;
	row = row_add(a, "names.client_ca");
	put_str(row, "before", "");
	put_str(row, "after", jsonx_path_str(file, "name", ""));
	say(a, "info", "preview.mail.client_ca", row);
}

/* Does the plan touch mail that goes out; with out false: that comes in? */
static bool
touches(struct json_object *plan, bool out)
{
	size_t i;

	for (i = 0; i < jsonx_len(plan); i++)
		if ((strncmp(jsonx_path_str(json_object_array_get_idx(plan, i),
				 "parameter", ""),
			 "smtp_", 5) == 0) == out)
			return true;
	return false;
}

/* How Postfix takes it over, and for whom nothing changes. */
static void
add_rest(const struct after *a, struct json_object *plan)
{
	const struct screen *s = a->s;

	if (strcmp(jsonx_path_str(s->view, "postfix.state", ""), "running") ==
	    0)
		say(a, "info",
		    strcmp(jsonx_path_str(s->preview, "apply", ""), "reload") ==
			    0
			? "form.reload_help"
			: "form.restart_help",
		    NULL);
	if (!touches(plan, false))
		say(a, "ok", "preview.mail.same_in", NULL);
	if (!touches(plan, true))
		say(a, "ok", "preview.mail.same_out", NULL);
}

/* What is to be decided, with the way to its field, and how it would be put in
 * force. */
static struct json_object *
notes_of(const struct screen *s, struct json_object *findings)
{
	struct json_object *list = json_object_new_array(), *all, *row;
	const char *field;
	size_t i;

	if (s->restoring) {
		json_object_put(list);
		return finding_rows(s, findings, "restore");
	}
	all = finding_rows_all(s, findings, "connection");
	for (i = 0; i < json_object_array_length(all); i++) {
		row = json_object_array_get_idx(all, i);
		field = jsonx_path_str(row, "field", "");
		if (*jsonx_path_str(row, "ask", "") == '\0' &&
		    strncmp(jsonx_path_str(row, "code", ""), "apply.", 6) !=
			0 &&
		    strncmp(jsonx_path_str(row, "code", ""), "policy.", 7) != 0)
			continue;
		put_str(row, "target", field_label(field) != NULL ? field : "");
		json_object_array_add(list, json_object_get(row));
	}
	json_object_put(all);
	return list;
}

static const char *
lead_of(bool restoring, bool none)
{
	static const char *const texts[2][2] = {
	    {"preview.text", "preview.nothing"},
	    {"preview.text_restore", "preview.nothing_restore"}};

	return texts[restoring][none];
}

void
screen_preview(
    const struct screen *s, struct json_object *gen, struct json_object *ctx)
{
	struct json_object *plan = jsonx_path(s->preview, "changes"), *o;
	struct after a = {s, gen, NULL, NULL};
	bool none = jsonx_len(plan) == 0;

	if (s->preview == NULL) {
		json_object_object_add(ctx, "preview", NULL);
		return;
	}
	a.means = json_object_new_array();
	a.rows = json_object_new_array();
	add_settings(&a);
	add_certificate(&a);
	add_authorities(&a);
	if (!none)
		add_rest(&a, plan);
	o = json_object_new_object();
	put_bool(o, "saves", !s->restoring);
	put_str(o, "title",
	    page_text(&s->page,
		s->restoring ? "preview.title_restore" : "preview.title"));
	put_str(o, "text", page_text(&s->page, lead_of(s->restoring, none)));
	put_bool(o, "has_means", jsonx_len(a.means) > 0);
	put_bool(o, "has_rows", jsonx_len(a.rows) > 0);
	json_object_object_add(o, "means", a.means);
	json_object_object_add(o, "rows", a.rows);
	json_object_object_add(
	    o, "diff", diff_lines(jsonx_path_str(s->preview, "diff", "")));
	json_object_object_add(o, "list_diffs", screen_list_diffs(s));
	json_object_object_add(
	    o, "notes", notes_of(s, jsonx_path(s->preview, "findings")));
	json_object_object_add(ctx, "preview", o);
}
