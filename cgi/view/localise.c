/*
 * localise.c - findings and errors of the daemon, in the reader's words.
 *
 * The daemon speaks in codes with arguments; the sentence is
 * "error.<code>" of the catalog with {placeholders} filled.  Arguments are
 * other people's data (names in certificates), so the result is plain text
 * and is escaped by whoever prints it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "jsonx.h"
#include "words.h"

#define MESSAGE_MAX 4096

/* Fields of the form for keys. */
static const char *const label_keys[][2] = {
    {"common_name", "keys.form.common_name"},
    {"organization", "keys.form.organization"},
    {"organizational_unit", "keys.form.organizational_unit"},
    {"locality", "keys.form.locality"},
    {"state", "keys.form.state"},
    {"country", "keys.form.country"},
};

/* A field's name in an argument becomes the label that the reader sees. */
static const char *
label_of(const char *field)
{
	size_t i;

	for (i = 0; i < sizeof(label_keys) / sizeof(label_keys[0]); i++)
		if (strcmp(field, label_keys[i][0]) == 0)
			return label_keys[i][1];
	return field_label(field);
}

static bool
is_iso_time(const char *s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t i;

	for (i = 0; i < sizeof(shape); i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9'
				    : s[i] != shape[i])
			return false;
	return true;
}

/* Of HOP: "verified" and its like. */
static const char *
word_of_trust(struct app *app, const char *lang, const char *trust)
{
	char key[48];

	snprintf(key, sizeof(key), "hop.trust.%.24s", trust);
	return catalog_text(app->texts, lang, key);
}

/* The argument is what a parameter has. */
static bool
is_value(const char *name)
{
	return strcmp(name, "value") == 0 || strcmp(name, "managed") == 0 ||
	       strcmp(name, "after") == 0;
}

/* Arguments as people read them: a time is its date, a field its label. */
static struct json_object *
readable(struct app *app, const char *lang, struct json_object *args)
{
	struct json_object *o = json_object_new_object(), *to;
	const char *s, *label;

	if (!json_object_is_type(args, json_type_object))
		return o;
	json_object_object_foreach (args, name, v) {
		to = NULL;
		s = json_object_is_type(v, json_type_string)
			? json_object_get_string(v)
			: "";
		if (is_iso_time(s))
			to = json_object_new_string_len(s, 10);
		/* A parameter that somebody took out, or that goes. */
		if (*s == '\0' && is_value(name))
			to = json_object_new_string(
			    catalog_text(app->texts, lang, "table.unset"));
		if (*s == '\0' && strcmp(name, "field") == 0)
			to = json_object_new_string(
			    catalog_text(app->texts, lang, "field.nameless"));
		if (strcmp(name, "trust") == 0)
			to = json_object_new_string(word_of_trust(app, lang, s));
		if ((label = label_of(s)) != NULL)
			to = json_object_new_string(
			    catalog_text(app->texts, lang, label));
		json_object_object_add(
		    o, name, to != NULL ? to : json_object_get(v));
	}
	return o;
}

char *
localise_code(struct app *app, const char *lang, const char *code,
    struct json_object *args)
{
	struct json_object *words = readable(app, lang, args);
	char key[96], *s = NULL;
	struct buf b;

	buf_init(&b, MESSAGE_MAX);
	if (snprintf(key, sizeof(key), "error.%s", code) < (int)sizeof(key) &&
	    catalog_format(app->texts, lang, key, words, &b) == 0 && b.len > 0)
		s = strdup(b.data);
	buf_clear(&b);
	json_object_put(words);
	return s;
}

/* Of a file among many its name goes before the sentence. */
static void
put_message(struct json_object *row, const char *sentence)
{
	const char *name = jsonx_path_str(row, "name", "");
	struct buf b;

	buf_init(&b, MESSAGE_MAX + 1024);
	(void)buf_printf(&b, "%s%s%s", name, *name == '\0' ? "" : ": ", sentence);
	jsonx_put_str(row, "message", b.data == NULL ? sentence : b.data);
	buf_clear(&b);
}

void
localise_findings(
    struct app *app, const char *lang, struct json_object *findings)
{
	struct json_object *row;
	const char *code;
	size_t i, n;
	char *s;

	if (!json_object_is_type(findings, json_type_array))
		return;
	n = json_object_array_length(findings);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(findings, i);
		code = jsonx_path_str(row, "code", NULL);
		if (code == NULL)
			continue;
		s = localise_code(app, lang, code, jsonx_path(row, "args"));
		put_message(row, s != NULL ? s : code);
		free(s);
	}
}

void
localise_sorted(struct app *app, const char *lang, struct json_object *sorted)
{
	struct json_object *sets = jsonx_path(sorted, "sets");
	size_t i;

	for (i = 0; i < jsonx_len(sets); i++)
		localise_findings(app, lang,
		    jsonx_path(json_object_array_get_idx(sets, i),
			"report.findings"));
	localise_findings(app, lang, jsonx_path(sorted, "left_out"));
}

char *
localise_error(struct app *app, const char *lang, const struct err *err)
{
	struct json_object *args = json_object_new_object();
	char *s;

	json_object_object_add(
	    args, "detail", json_object_new_string(err->msg));
	json_object_object_add(
	    args, "field", json_object_new_string(err->field));
	s = localise_code(app, lang, err_name(err->code), args);
	json_object_put(args);
	return s != NULL ? s : strdup(err_name(err->code));
}
