/*
 * fuzz_settings.c - the settings of a form with its access list: lines
 * NAME=VALUE, where access_list and access_file take all that follows.  What
 * is accepted becomes settings that come out of their JSON as they went in,
 * and a list in which each entry is canonical.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "findings.h"
#include "jsonx.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct form {
	const char *name[16];
	const char *value[16];
	size_t len[16];
	size_t n;
};

static const char *
get(void *arg, const char *name, size_t *len)
{
	const struct form *f = arg;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->name[i], name) == 0) {
			*len = f->len[i];
			return f->value[i];
		}
	}
	return NULL;
}

static void
split(char *s, size_t len, struct form *f)
{
	char *end = s + len, *line, *eq;

	while (s < end && f->n < 16) {
		if ((line = memchr(s, '\n', (size_t)(end - s))) == NULL)
			line = end;
		if ((eq = memchr(s, '=', (size_t)(line - s))) == NULL)
			break;
		*eq = '\0';
		if (strncmp(s, "access_", 7) == 0 &&
		    strcmp(s + 7, "policy") != 0)
			line = end;
		f->name[f->n] = s;
		f->value[f->n] = eq + 1;
		f->len[f->n++] = (size_t)(line - eq - 1);
		*line = '\0';
		s = line + 1;
	}
}

static void
check(struct json_object *patch)
{
	struct settings s, again;
	struct json_object *out;
	struct err err;

	settings_default(&s);
	settings_default(&again);
	if (settings_from_json(&s, patch, &err) == -1)
		abort(); /* the form accepted it */
	out = settings_to_json(&s);
	if (settings_from_json(&again, out, &err) == -1 ||
	    !settings_equal(&s, &again) ||
	    again.dropped[SETTING_access_list] != 0)
		abort();
	if (s.access_list != NULL &&
	    strspn(s.access_list, "0123456789abcdef.:/\n") !=
		strlen(s.access_list))
		abort();
	json_object_put(out);
	settings_clear(&s);
	settings_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_object *patch = json_object_new_object();
	struct findings found = {0};
	struct form f = {.n = 0};
	struct err err;
	char *copy;

	err_clear(&err);
	if ((copy = malloc(len + 1)) == NULL || patch == NULL)
		abort();
	memcpy(copy, data, len);
	copy[len] = '\0';
	split(copy, len, &f);
	if (settings_from_form(patch, get, &f, &found, &err) == 0)
		check(patch);
	else if (err.code == ERR_NONE)
		abort();
	findings_clear(&found);
	json_object_put(patch);
	free(copy);
	return 0;
}
