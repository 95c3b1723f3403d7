/*
 * sections.c - the three sections of the original as rows that open in place,
 * each with what is in force in it, and what waits to be saved, by name.
 *
 * A row is open when something in it is wrong, waits, or was asked for; that
 * of TLS until there is TLS.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "settings_table.h"
#include "widget.h"

#define VALUES_MAX 2048
#define NAMED	   2 /* changes that the bar tells by name */

static const char *const cards[] = {"interface", "control", "tls"};

static void
item_add(const struct page *p, struct buf *b, const char *text,
    struct json_object *args)
{
	struct json_object *s = new_text(p, text, args);

	buf_printf(b, "%s%s", b->len > 0 ? page_text(p, "punct.list") : "",
	    json_object_get_string(s));
	json_object_put(s);
}

/* Is there something to say of it?  Neither of what is left to Postfix, nor
 * of what means something only with a switch that is off. */
static bool
is_told(struct json_object *settings, const struct settings_field *f)
{
	const struct settings_field *master =
	    settings_by_form(setting_master(f));
	struct json_object *v = settings_value(settings, f);

	if (f->kind == SETTING_LIST)
		return jsonx_len(v) > 0;
	if (f->kind != SETTING_SWITCH)
		return v != NULL;
	return v != NULL &&
	       (master == NULL ||
		   json_object_get_boolean(settings_value(settings, master)));
}

/* "Port: 25; Inactivity: 5 minutes", as it is in force. */
static void
put_values(const struct screen *s, struct json_object *o, const char *card)
{
	struct json_object *settings = jsonx_path(s->view, "settings"), *args;
	const struct settings_field *f;
	struct buf b;

	buf_init(&b, VALUES_MAX);
	for (f = settings_fields; f->form != NULL; f++) {
		if (strcmp(f->card, card) != 0 || !is_told(settings, f))
			continue;
		args = json_object_new_object();
		put_str(args, "label", setting_short(&s->page, f));
		put_setting(
		    &s->page, args, "value", f, settings_value(settings, f));
		item_add(&s->page, &b, "section.value", args);
		json_object_put(args);
	}
	put_str(o, "values",
	    b.len > 0 ? b.data : page_text(&s->page, "form.as_is"));
	buf_clear(&b);
}

static bool
has_notes(struct json_object *row)
{
	return jsonx_len(jsonx_path(row, "findings")) > 0 ||
	       jsonx_path(row, "conflict") != NULL;
}

static bool
is_asked_for(const struct screen *s, struct json_object *row)
{
	const char *field = jsonx_path_str(row, "field", "");
	const char *file = jsonx_path_str(row, "file", "-");
	const char *edit = fields_str(&s->page.req->query, "edit", "");

	return strcmp(edit, field) == 0 || strcmp(s->unchosen, field) == 0 ||
	       strcmp(s->unchosen, file) == 0;
}

/* How many of rows wait; *open: one of them has to be seen. */
static int
count(const struct screen *s, struct json_object *rows, const char *waits,
    bool *open)
{
	struct json_object *row;
	int n = 0;
	size_t i;

	for (i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		n += jsonx_path_bool(row, waits);
		*open = *open || has_notes(row) || is_asked_for(s, row);
	}
	return n;
}

/* "2 changes" */
static void
put_count(const struct page *p, struct json_object *o, const char *key, int n)
{
	struct json_object *args = json_object_new_object();

	put_int(args, "n", n);
	put_text(p, o, key, n == 1 ? "changes.one" : "changes.many", args);
	json_object_put(args);
}

static void
section_add(const struct screen *s, struct json_object *ctx,
    struct json_object *list, const char *card)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = jsonx_path(jsonx_path(ctx, "card"), card);
	bool tls = strcmp(card, "tls") == 0, open = false;
	char key[64];
	int n;

	n = count(s, rows, "changed", &open);
	if (tls) {
		n += count(
		    s, jsonx_path(ctx, "card.scanners"), "changed", &open);
		n += count(s, jsonx_path(ctx, "files"), "pending", &open) > 0;
		open =
		    open ||
		    (!jsonx_path_bool(s->view, "settings.inbound.enabled") &&
			!jsonx_path_bool(s->view, "settings.outbound.enabled"));
	}
	put_str(o, "id", card);
	snprintf(key, sizeof(key), "card.%s", card);
	put_str(o, "title", page_text(&s->page, key));
	put_values(s, o, card);
	put_bool(o, "open", open || n > 0);
	put_str(o, "count", "");
	if (n > 0)
		put_count(&s->page, o, "count", n);
	put_bool(o, "has_files", tls);
	json_object_object_add(o, "settings", json_object_get(rows));
	json_object_array_add(list, o);
}

/* What waits: "TLS only: off -> on", the first ones by name. */
static void
put_waits(const struct screen *s, struct json_object *ctx)
{
	bool files = screen_has_files(s),
	     cas = jsonx_path(s->view, "draft.client_ca") != NULL;
	struct json_object *o = json_object_new_object(), *args;
	struct json_object *settings = jsonx_path(s->view, "settings");
	const struct settings_field *f;
	struct buf b;
	int n = 0;

	buf_init(&b, VALUES_MAX);
	for (f = settings_fields; f->form != NULL; f++) {
		if (!screen_differs(s, f) || ++n > NAMED)
			continue;
		args = json_object_new_object();
		put_str(args, "label", setting_short(&s->page, f));
		put_setting(
		    &s->page, args, "before", f, settings_value(settings, f));
		put_setting(&s->page, args, "after", f, screen_wanted(s, f));
		item_add(&s->page, &b, "changes.value", args);
		json_object_put(args);
	}
	args = json_object_new_object();
	if (files && ++n <= NAMED) {
		screen_own_certificate(s, args);
		item_add(&s->page, &b, "changes.files", args);
	}
	if (cas && ++n <= NAMED)
		item_add(&s->page, &b, "names.client_ca", NULL);
	put_int(args, "n", n - NAMED);
	if (n > NAMED)
		item_add(&s->page, &b, "changes.more", args);
	json_object_put(args);
	put_bool(ctx, "pending", n > 0);
	put_int(o, "sent", files + cas);
	/* For the script, which counts what is typed as well. */
	put_str(o, "n", "{n}");
	put_str(o, "list", b.data);
	put_str(o, "count", page_text(&s->page, "changes.none"));
	if (n > 0)
		put_count(&s->page, o, "count", n);
	json_object_object_add(ctx, "waits", o);
	buf_clear(&b);
}

void
screen_sections(const struct screen *s, struct json_object *ctx)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
		section_add(s, ctx, list, cards[i]);
	json_object_object_add(ctx, "sections", list);
	put_waits(s, ctx);
}
