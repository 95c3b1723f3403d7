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

static char *
message(struct app *app, const char *lang, const char *code,
    struct json_object *args)
{
	char key[96], *s = NULL;
	struct buf b;

	buf_init(&b, MESSAGE_MAX);
	if (snprintf(key, sizeof(key), "error.%s", code) < (int)sizeof(key) &&
	    catalog_format(app->texts, lang, key, args, &b) == 0 && b.len > 0)
		s = strdup(b.data);
	buf_clear(&b);
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
		s = message(app, lang, code, jsonx_path(row, "args"));
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
	s = message(app, lang, err_name(err->code), args);
	json_object_put(args);
	return s != NULL ? s : strdup(err_name(err->code));
}
