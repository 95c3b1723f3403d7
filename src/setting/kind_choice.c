/*
 * kind_choice.c - one of some words: an int that counts them, or
 * SETTING_KEEP.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"

#define WORD_MAX     64
#define EXPECTED_MAX 128

static int
value_of(const struct settings_field *f, const char *word)
{
	int i;

	for (i = 0; f->names[i] != NULL; i++)
		if (strcmp(f->names[i], word) == 0)
			return i;
	return SETTING_KEEP;
}

/* "loopback, all" */
static const char *
expected(const struct settings_field *f, char dst[EXPECTED_MAX])
{
	size_t i, len = 0;

	dst[0] = '\0';
	for (i = 0; f->names[i] != NULL && len < EXPECTED_MAX; i++)
		len += (size_t)snprintf(dst + len, EXPECTED_MAX - len, "%s%s",
		    i == 0 ? "" : ", ", f->names[i]);
	return dst;
}

static void
from_form(struct form *fm, const struct settings_field *f)
{
	const char *value = form_text(fm, f->form);
	char words[EXPECTED_MAX];

	if (value == NULL)
		return;
	if (*value == '\0')
		form_put(fm, f, NULL);
	else if (value_of(f, value) == SETTING_KEEP)
		form_wrong_value(fm, f->form, expected(f, words), value);
	else
		form_put(fm, f, json_object_new_string(value));
}

static int
from_json(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	const char *word = NULL;
	char words[EXPECTED_MAX];
	int value = SETTING_KEEP;

	if (jsonx_str(o, key, f->path, WORD_MAX, &word, r->err) == -1)
		return -1;
	if (word != NULL && (value = value_of(f, word)) == SETTING_KEEP)
		return err_set(r->err, ERR_FIELD_INVALID, f->path,
		    "%s: expected %s or null, got \"%.32s\"", f->path,
		    expected(f, words), word);
	*(int *)setting_member(r->s, f) = value;
	return 0;
}

static int
to_json(const struct settings_field *f, const void *member,
    struct json_object **ret)
{
	int value = *(const int *)member;

	if (value == SETTING_KEEP)
		return 1;
	*ret = json_object_new_string(f->names[value]);
	return *ret == NULL ? -1 : 0;
}

static struct json_object *
schema(const struct settings_field *f)
{
	return schema_of_words(NULL, f->names);
}

static void
form_schema(const struct settings_field *f, struct json_object *properties)
{
	json_object_object_add(
	    properties, f->form, schema_of_words("", f->names));
}

const struct setting_kind kind_choice = {from_form, from_json, to_json,
    kind_int_same, kind_int_managed, schema, form_schema};
