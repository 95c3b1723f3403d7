/*
 * setting_words.c - settings in words, wherever they are shown: form, state,
 * history, comparison, preview, errors.
 *
 * The texts of a setting are "setting.NAME" and, behind that, ".short" (in
 * lists; or the same), ".help", ".guide" and so on; a word of a choice is
 * "setting.NAME.WORD".
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "settings_table.h"
#include "words.h"

#define KEY_MAX 96

/* Shown as levels and hosts, in words of their own. */
#define TOLD_APART (SETTINGS_LEVELS | SETTING_BIT(SETTING_all_scanners))

const char *
setting_text(
    const struct page *p, const struct settings_field *f, const char *tail)
{
	char key[KEY_MAX];

	(void)snprintf(key, sizeof(key), "%s%s", f->text, tail);
	return catalog_find(p->app->texts, p->req->lang, key);
}

const char *
setting_word(
    const struct page *p, const struct settings_field *f, const char *word)
{
	char tail[KEY_MAX];
	const char *s;

	(void)snprintf(tail, sizeof(tail), ".%s", word);
	s = setting_text(p, f, tail);
	return s != NULL ? s : word;
}

const char *
setting_short(const struct page *p, const struct settings_field *f)
{
	const char *s = setting_text(p, f, ".short");

	return s != NULL ? s : page_text(p, f->text);
}

const char *
setting_unset(const struct page *p, const struct settings_field *f)
{
	const char *s = setting_text(p, f, ".unset");

	return s != NULL ? s : page_text(p, "form.as_is");
}

static void
put_number(const struct page *p, struct json_object *o, const char *key,
    const struct settings_field *f, struct json_object *v)
{
	struct json_object *args;
	char text[KEY_MAX];

	if (f->kind == SETTING_LIMIT && json_object_get_int64(v) == 0) {
		put_str(o, key, page_text(p, "form.unlimited"));
		return;
	}
	if (f->unit == NULL || *f->unit == '\0') {
		put_str(o, key, json_object_get_string(v));
		return;
	}
	args = json_object_new_object();
	json_object_object_add(args, "n", json_object_get(v));
	(void)snprintf(text, sizeof(text), "unit.%s", f->unit);
	put_text(p, o, key, text, args);
	json_object_put(args);
}

/* The entries of a list, or how many there are. */
static size_t
entries_of(struct json_object *v)
{
	return json_object_is_type(v, json_type_array)
		   ? json_object_array_length(v)
		   : (size_t)json_object_get_int64(v);
}

void
put_setting(const struct page *p, struct json_object *o, const char *key,
    const struct settings_field *f, struct json_object *v)
{
	if (v == NULL) {
		put_str(o, key, setting_unset(p, f));
		return;
	}
	switch (f->kind) {
	case SETTING_SWITCH:
		put_str(o, key,
		    page_text(p, json_object_get_boolean(v) ? "compare.on"
							    : "compare.off"));
		break;
	case SETTING_CHOICE:
		put_str(o, key, setting_word(p, f, json_object_get_string(v)));
		break;
	case SETTING_NUMBER:
	case SETTING_LIMIT:
		put_number(p, o, key, f, v);
		break;
	case SETTING_LIST:
		put_entries(p, o, key, entries_of(v));
		break;
	}
}

/* Unset, a switch that is off, or no entries. */
static bool
is_none(const struct settings_field *f, struct json_object *v)
{
	if (f->kind == SETTING_SWITCH)
		return !json_object_get_boolean(v);
	return f->kind == SETTING_LIST ? entries_of(v) == 0 : v == NULL;
}

struct json_object *
managed_rows(const struct page *p, struct json_object *settings)
{
	struct json_object *rows = json_object_new_array(), *o, *v;
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if (TOLD_APART & SETTING_BIT(f->id))
			continue;
		v = settings_value(settings, f);
		if (is_none(f, v))
			continue;
		o = json_object_new_object();
		put_str(o, "label", page_text(p, f->text));
		put_setting(p, o, "value", f, v);
		json_object_array_add(rows, o);
	}
	return rows;
}
