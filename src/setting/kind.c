/*
 * kind.c - what all kinds of settings use: the member of a struct, the member
 * of an object, and a field of the form that is read.
 */
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"

void *
setting_member(struct settings *s, const struct settings_field *f)
{
	return (char *)s + f->offset;
}

const void *
setting_in(const struct settings *s, const struct settings_field *f)
{
	return (const char *)s + f->offset;
}

bool
settings_find(struct json_object *o, const char *path, struct json_object **ret)
{
	const char *dot;
	char key[48];

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		(void)snprintf(
		    key, sizeof(key), "%.*s", (int)(dot - path), path);
		if ((o = jsonx_member(o, key)) == NULL)
			return false;
	}
	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, path, ret);
}

int
settings_put(struct json_object *o, const char *path, struct json_object *v)
{
	struct json_object *sub;
	const char *dot;
	char key[48];

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		(void)snprintf(
		    key, sizeof(key), "%.*s", (int)(dot - path), path);
		sub = jsonx_member(o, key);
		if (!json_object_is_type(sub, json_type_object)) {
			if ((sub = json_object_new_object()) == NULL)
				goto fail;
			if (json_object_object_add(o, key, sub) != 0) {
				json_object_put(sub);
				goto fail;
			}
		}
		o = sub;
	}
	if (json_object_object_add(o, path, v) == 0)
		return 0;
fail:
	json_object_put(v);
	return -1;
}

struct json_object *
schema_of_type(const char *type)
{
	struct json_object *o = json_object_new_object();

	(void)jsonx_put_str(o, "type", type);
	return o;
}

struct json_object *
schema_of_words(const char *first, const char *const *words)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_array_add(
	    list, first != NULL ? json_object_new_string(first) : NULL);
	for (; *words != NULL; words++)
		json_object_array_add(list, json_object_new_string(*words));
	json_object_object_add(o, "enum", list);
	return o;
}

const char *
form_text(struct form *fm, const char *name)
{
	size_t len = 0;
	const char *s = fm->get(fm->arg, name, &len);

	return s != NULL && strlen(s) != len ? "?" : s;
}

void
form_put(struct form *fm, const struct settings_field *f, struct json_object *v)
{
	if (settings_put(fm->patch, f->path, v) == -1)
		fm->nomem = true;
}

/* The first thing that is wrong is the error. */
void
form_wrong(struct form *fm, const struct err *why)
{
	if (!fm->bad && fm->err != NULL)
		*fm->err = *why;
	fm->bad = true;
}

void
form_wrong_value(
    struct form *fm, const char *field, const char *expected, const char *got)
{
	struct err why;

	if (fm->findings != NULL)
		findings_add(fm->findings, ERR_INTERFACE_VALUE, field, "field",
		    field, "expected", expected, "got", got, NULL);
	(void)err_set(&why, ERR_INTERFACE_VALUE, field,
	    "%s: expected %s, got \"%.32s\"", field, expected, got);
	form_wrong(fm, &why);
}

bool
kind_int_same(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

bool
kind_int_managed(const void *member)
{
	return *(const int *)member != SETTING_KEEP;
}
