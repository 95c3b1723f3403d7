/*
 * widget.c - the settings of the Connection screen, each as the widget of its
 * kind on the card of its row, and what a change of a list amounts to.
 *
 * A setting can be "as Postfix has it" (null): then the console leaves it
 * alone, and the screen says what Postfix has.  What somebody typed stays in
 * its field, right or wrong, until it is saved or cancelled.
 *
 * A list may have ten thousand lines.  More than LIST_SHOWN bytes of it are
 * sent only when somebody asks to edit it; a form that has no such field
 * leaves the list as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "settings_table.h"
#include "widget.h"

#define LIST_SHOWN 2048 /* bytes in the page of everybody */
#define LIST_FEW   5	/* lines of a longer one */
#define LIST_MAX   (1024 * 1024)
#define EXAMPLE_MAX 64

/* Asked for just now, kept in the draft, or in force; NULL is null. */
struct json_object *
screen_wanted(const struct screen *s, const struct settings_field *f)
{
	struct json_object *v = NULL;

	if (settings_find(screen_pending(s), f->path, &v) ||
	    settings_find(jsonx_path(s->view, "settings"), f->path, &v))
		return v;
	return NULL;
}

bool
screen_differs(const struct screen *s, const struct settings_field *f)
{
	struct json_object *v = NULL, *w = screen_wanted(s, f);

	(void)settings_find(jsonx_path(s->view, "settings"), f->path, &v);
	return f->kind == SETTING_SWITCH ? json_object_get_boolean(v) !=
					       json_object_get_boolean(w)
					 : !json_object_equal(v, w);
}

/* What this person typed and could not be taken, or NULL. */
static const char *
typed(const struct screen *s, const struct settings_field *f, const char *field)
{
	if (!s->failed || (!(s->wrong & SETTING_BIT(f->id)) &&
			      jsonx_member(s->was, f->form) == NULL))
		return NULL;
	return fields_str(&s->page.req->form, field, NULL);
}

/* What was typed, else what is wanted, else "". */
static const char *
text_of(const struct screen *s, const struct settings_field *f,
    struct json_object *v)
{
	const char *text = typed(s, f, f->form);

	if (text != NULL)
		return text;
	return v != NULL ? json_object_get_string(v) : "";
}

/* What Postfix has for a setting that is left to it; "" where the console
 * manages it, as what Postfix had before is not what it has. */
static const char *
now(const struct screen *s, const struct settings_field *f)
{
	if (jsonx_path(jsonx_path(s->view, "settings"), f->path) != NULL)
		return "";
	return settings_current(jsonx_path(s->view, "current"), f);
}

/* What is to be decided about several settings is asked once: asked has the
 * rows before these. */
static void
findings_add_to(struct json_object *rows, struct json_object *more,
    struct json_object *asked)
{
	struct json_object *row;
	size_t i;

	for (i = 0; i < json_object_array_length(more); i++) {
		row = json_object_array_get_idx(more, i);
		if (findings_have(asked, jsonx_path_str(row, "code", "")))
			put_str(row, "ask", "");
		json_object_array_add(rows, json_object_get(row));
	}
	for (i = 0; i < json_object_array_length(more); i++)
		json_object_array_add(
		    asked, json_object_get(json_object_array_get_idx(more, i)));
	json_object_put(more);
}

static void
put_findings(const struct screen *s, struct json_object *o,
    const struct settings_field *f, struct json_object *asked)
{
	struct json_object *rows = json_object_new_array();
	bool bad = false, worse = false;

	findings_add_to(rows, findings_at(s, f->form, &bad), asked);
	if (f->form2 != NULL)
		findings_add_to(rows, findings_at(s, f->form2, &worse), asked);
	json_object_object_add(o, "findings", rows);
	put_bool(o, "bad", bad || worse);
}

static void
option(struct json_object *list, const char *value, const char *id,
    const char *label, const char *chosen, const char *as_is)
{
	struct json_object *o = json_object_new_object();

	put_str(o, "value", value);
	put_str(o, "id", id);
	put_str(o, "label", label);
	put_str(o, "now", as_is);
	put_bool(o, "chosen", strcmp(value, chosen) == 0);
	json_object_array_add(list, o);
}

/* A text around "{n}" as "before" and "after" a field. */
static void
put_around(
    const struct page *p, struct json_object *o, const struct settings_field *f)
{
	const char *s = setting_text(p, f, ".field"), *at;
	size_t n;

	if (s == NULL)
		s = page_text(p, f->text);
	at = strstr(s, "{n}");
	n = at != NULL ? (size_t)(at - s) : strlen(s);
	while (n > 0 && s[n - 1] == ' ')
		n--;
	json_object_object_add(
	    o, "before", json_object_new_string_len(s, (int)n));
	put_str(o, "after", at != NULL ? at + 3 + strspn(at + 3, " ") : "");
}

/* "5": digits of the largest. */
static void
put_digits(struct json_object *o, const struct settings_field *f)
{
	char text[16];

	put_int(o, "digits", snprintf(text, sizeof(text), "%d", f->max));
}

static void
put_switch(const struct screen *s, const struct settings_field *f,
    struct json_object *o)
{
	put_bool(o, "on", json_object_get_boolean(screen_wanted(s, f)));
	put_str(o, "master", setting_master(f));
}

static void
put_choice(const struct screen *s, const struct settings_field *f,
    struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	const char *chosen = text_of(s, f, screen_wanted(s, f));
	char card[64];
	size_t i;

	option(list, "", "keep", setting_unset(&s->page, f), chosen, now(s, f));
	for (i = 0; f->names[i] != NULL; i++)
		option(list, f->names[i], f->names[i],
		    setting_word(&s->page, f, f->names[i]), chosen, "");
	json_object_object_add(o, "options", list);
	/* What the card is named after needs no legend of its own. */
	snprintf(card, sizeof(card), "card.%s", f->card);
	put_bool(o, "titled",
	    strcmp(page_text(&s->page, card), page_text(&s->page, f->text)) ==
		0);
}

/* A time of Postfix's in the minutes that the field counts: "5 minutes" of
 * "300s"; what is no whole number of them stays as Postfix has it. */
static void
put_now(const struct page *p, struct json_object *o, const char *value,
    const char *unit)
{
	static const char units[] = "smhdw";
	static const int seconds[] = {1, 60, 3600, 86400, 604800};
	struct json_object *args;
	const char *at;
	char *end;
	long n = strtol(value, &end, 10);

	put_str(o, "value", value);
	if (unit == NULL || strcmp(unit, "minutes") != 0 || n <= 0 ||
	    n > 1000000 || (*end != '\0' && end[1] != '\0') ||
	    (at = strchr(units, *end != '\0' ? *end : 's')) == NULL ||
	    n * seconds[at - units] % 60 != 0)
		return;
	args = json_object_new_object();
	put_int(args, "n", n * seconds[at - units] / 60);
	put_text(p, o, "value", "unit.minutes", args);
	json_object_put(args);
}

static void
put_number(const struct screen *s, const struct settings_field *f,
    struct json_object *o)
{
	struct json_object *args;

	put_str(o, "value", text_of(s, f, screen_wanted(s, f)));
	put_around(&s->page, o, f);
	put_digits(o, f);
	put_str(o, "now", "");
	if (*now(s, f) == '\0')
		return;
	args = json_object_new_object();
	put_now(&s->page, args, now(s, f), f->unit);
	put_text(&s->page, o, "now", "form.empty_is", args);
	json_object_put(args);
}

static void
put_limit(const struct screen *s, const struct settings_field *f,
    struct json_object *o)
{
	struct json_object *list = json_object_new_array(), *v = screen_wanted(s, f);
	const char *chosen = typed(s, f, f->form2),
		   *value = typed(s, f, f->form);
	bool some = v != NULL && json_object_get_int(v) > 0;

	if (chosen == NULL)
		chosen = v == NULL ? "" : some ? "limited" : "unlimited";
	if (value == NULL)
		value = some ? json_object_get_string(v) : "";
	option(list, "", "keep", page_text(&s->page, "form.as_is"), chosen,
	    now(s, f));
	option(list, "unlimited", "unlimited",
	    page_text(&s->page, "form.unlimited"), chosen, "");
	json_object_object_add(o, "options", list);
	put_str(o, "choice_field", f->form2);
	put_bool(o, "limited", strcmp(chosen, "limited") == 0);
	put_str(o, "value", value);
	put_around(&s->page, o, f);
	put_digits(o, f);
}

/* A number of lines of the list, one below the other. */
static void
put_lines(struct json_object *o, struct json_object *list, size_t max)
{
	struct buf b;
	size_t i;

	buf_init(&b, LIST_MAX);
	for (i = 0; i < max; i++) {
		buf_adds(&b, jsonx_str_at(list, i));
		buf_addc(&b, '\n');
	}
	put_str(o, "lines", b.failed || b.len == 0 ? "" : b.data);
	buf_clear(&b);
}

static size_t
list_size(struct json_object *list)
{
	size_t i, n = 0, len = jsonx_len(list);

	for (i = 0; i < len && n <= LIST_SHOWN; i++)
		n += 1 + strlen(jsonx_str_at(list, i));
	return n;
}

static void
put_examples(struct json_object *o, const struct settings_field *f)
{
	struct json_object *list = json_object_new_array();
	const char *const *s;

	/* Of what is long one says it all. */
	for (s = settings_examples(f); *s != NULL; s++)
		if (jsonx_len(list) == 0 || strlen(*s) <= EXAMPLE_MAX)
			json_object_array_add(
			    list, json_object_new_string(*s));
	json_object_object_add(o, "examples", list);
}

static void
put_list(const struct screen *s, const struct settings_field *f,
    struct json_object *o)
{
	struct json_object *v = screen_wanted(s, f);
	const char *text = typed(s, f, f->form);
	const char *ask = fields_str(&s->page.req->query, "edit", "");
	size_t n = jsonx_len(v);
	bool edit;

	edit = text != NULL || strcmp(ask, f->form) == 0 ||
	       list_size(v) <= LIST_SHOWN;
	put_lines(o, v, edit || n < LIST_FEW ? n : LIST_FEW);
	if (text != NULL)
		put_str(o, "lines", text);
	put_bool(o, "edit", edit);
	put_int(o, "rows", n < 4 ? 4 : n > 12 ? 16 : (int64_t)n + 1);
	put_entries(&s->page, o, "count_text", n);
	put_str(o, "file", f->form2);
	put_examples(o, f);
}

/* By kind: what templates/_setting.html calls it, and what it shows. */
static const struct {
	const char *name;
	void (*put)(const struct screen *, const struct settings_field *,
	    struct json_object *);
} widgets[] = {
    [SETTING_SWITCH] = {"switch", put_switch},
    [SETTING_CHOICE] = {"choice", put_choice},
    [SETTING_NUMBER] = {"number", put_number},
    [SETTING_LIMIT] = {"limit", put_limit},
    [SETTING_LIST] = {"list", put_list},
};

#define WIDGETS (sizeof(widgets) / sizeof(widgets[0]))

static struct json_object *
widget(const struct screen *s, const struct settings_field *f,
    struct json_object *asked)
{
	struct json_object *o = json_object_new_object();
	const char *text, *is;
	char parameter[64];
	size_t i;

	for (i = 0; i < WIDGETS; i++)
		put_bool(o, widgets[i].name, i == (size_t)f->kind);
	put_str(o, "field", f->form);
	put_bool(o, "changed", screen_differs(s, f));
	put_was(s, o, f);
	put_conflict(s, o, f);
	put_str(o, "label", page_text(&s->page, f->text));
	text = setting_text(&s->page, f, ".help");
	put_str(o, "help", text != NULL ? text : "");
	text = setting_text(&s->page, f, ".caution");
	put_str(o, "caution", text != NULL ? text : "");
	is = strstr(f->parameter, " = ");
	snprintf(parameter, sizeof(parameter), "%.*s",
	    is != NULL ? (int)(is - f->parameter) : (int)sizeof(parameter),
	    f->parameter);
	put_str(o, "parameter", parameter);
	put_findings(s, o, f, asked);
	widgets[f->kind].put(s, f, o);
	return o;
}

void
screen_settings(const struct screen *s, struct json_object *ctx)
{
	struct json_object *cards = json_object_new_object(), *card;
	struct json_object *asked = json_object_new_array();
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if ((card = jsonx_member(cards, f->card)) == NULL) {
			card = json_object_new_array();
			json_object_object_add(cards, f->card, card);
		}
		json_object_array_add(card, widget(s, f, asked));
	}
	json_object_object_add(ctx, "card", cards);
	json_object_put(asked);
}

struct json_object *
screen_list_diffs(const struct screen *s)
{
	struct json_object *all = json_object_new_array(), *o;
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL && !s->restoring; f++) {
		if (f->kind != SETTING_LIST)
			continue;
		o = list_diff(&s->page,
		    jsonx_path(jsonx_path(s->view, "settings"), f->path),
		    screen_wanted(s, f));
		if (o == NULL)
			continue;
		put_str(o, "label", page_text(&s->page, f->text));
		json_object_array_add(all, o);
	}
	return all;
}
