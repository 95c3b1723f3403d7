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

#define MESSAGE_MAX 4096

/* Names of fields in arguments become the label that the reader sees. */
static const char *const label_keys[][2] = {
    {"ca_certificate", "file.ca_certificate"},
    {"private_key", "file.private_key"},
    {"server_certificate", "file.server_certificate"},
    {"listen", "form.listen"},
    {"smtp_port", "form.port_label"},
    {"idle_timeout", "form.idle_label"},
    {"connection_limit", "form.connections"},
    {"max_connections", "form.connections"},
    {"access_policy", "form.control"},
    {"access_list", "form.list"},
    {"access_file", "form.import_file"},
    {"common_name", "keys.form.common_name"},
    {"organization", "keys.form.organization"},
    {"organizational_unit", "keys.form.organizational_unit"},
    {"locality", "keys.form.locality"},
    {"state", "keys.form.state"},
    {"country", "keys.form.country"},
};

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

/* Arguments as people read them: a time is its date, a field its label. */
static struct json_object *
readable(struct app *app, const char *lang, struct json_object *args)
{
	struct json_object *o = json_object_new_object(), *to;
	const char *s;
	size_t i;

	if (!json_object_is_type(args, json_type_object))
		return o;
	json_object_object_foreach (args, name, v) {
		to = NULL;
		s = json_object_is_type(v, json_type_string)
			? json_object_get_string(v)
			: "";
		if (is_iso_time(s))
			to = json_object_new_string_len(s, 10);
		for (i = 0; i < sizeof(label_keys) / sizeof(label_keys[0]); i++)
			if (strcmp(s, label_keys[i][0]) == 0)
				to = json_object_new_string(catalog_text(
				    app->texts, lang, label_keys[i][1]));
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
		json_object_object_add(row, "message",
		    json_object_new_string(s != NULL ? s : code));
		free(s);
	}
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
