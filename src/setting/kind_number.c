/*
 * kind_number.c - whole numbers: one of min to max, and a limit, which is the
 * same or 0 for none.  An int, or SETTING_KEEP.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"

/* Digits with blanks around, as people paste them; -1: none, or over max. */
static int
number_of(const char *s, int max)
{
	size_t len;
	int n = 0;

	s += strspn(s, " \t");
	len = strspn(s, "0123456789");
	if (len == 0 || len > 9 || s[len + strspn(s + len, " \t\r\n")] != '\0')
		return -1;
	for (; len > 0; len--)
		n = n * 10 + (*s++ - '0');
	return n <= max ? n : -1;
}

static void
wrong_number(struct form *fm, const struct settings_field *f, const char *value)
{
	char expected[32];

	(void)snprintf(expected, sizeof(expected), "%d-%d", f->min, f->max);
	form_wrong_value(fm, f->form, expected, value);
}

static void
from_form(struct form *fm, const struct settings_field *f)
{
	const char *value = form_text(fm, f->form);
	int n;

	if (value == NULL)
		return;
	if (*value == '\0') {
		form_put(fm, f, NULL);
		return;
	}
	if ((n = number_of(value, f->max)) < f->min)
		wrong_number(fm, f, value);
	else
		form_put(fm, f, json_object_new_int(n));
}

/* A number that stands beside "unlimited" is what the text box still held. */
static void
limit_from_form(struct form *fm, const struct settings_field *f)
{
	const char *limit = form_text(fm, f->form2);
	const char *number = form_text(fm, f->form);
	bool limited = limit != NULL && strcmp(limit, "limited") == 0;

	if (limited && (number == NULL || *number == '\0'))
		wrong_number(fm, f, "");
	else if (limited || limit == NULL)
		from_form(fm, f);
	else if (*limit == '\0')
		form_put(fm, f, NULL);
	else if (strcmp(limit, "unlimited") == 0)
		form_put(fm, f, json_object_new_int(0));
	else
		form_wrong_value(fm, f->form2, "unlimited, limited", limit);
}

static int
read_int(struct reader *r, const struct settings_field *f, int min,
    struct json_object *o, const char *key)
{
	int64_t n = SETTING_KEEP;

	if (jsonx_int(o, key, f->path, min, f->max, &n, r->err) == -1)
		return -1;
	*(int *)setting_member(r->s, f) = (int)n;
	return 0;
}

static int
from_json(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	return read_int(r, f, f->min, o, key);
}

static int
limit_from_json(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	return read_int(r, f, 0, o, key);
}

static int
to_json(const struct settings_field *f, const void *member,
    struct json_object **ret)
{
	int n = *(const int *)member;

	(void)f;
	if (n == SETTING_KEEP)
		return 1;
	*ret = json_object_new_int(n);
	return *ret == NULL ? -1 : 0;
}

static struct json_object *
bounds(int min, int max)
{
	struct json_object *o = json_object_new_object();
	struct json_object *types = json_object_new_array();

	json_object_array_add(types, json_object_new_string("integer"));
	json_object_array_add(types, json_object_new_string("null"));
	json_object_object_add(o, "type", types);
	(void)jsonx_put_int(o, "minimum", min);
	(void)jsonx_put_int(o, "maximum", max);
	return o;
}

static struct json_object *
schema(const struct settings_field *f)
{
	struct json_object *o = bounds(f->min, f->max);

	if (*f->unit != '\0')
		(void)jsonx_put_str(o, "description", f->unit);
	return o;
}

static struct json_object *
limit_schema(const struct settings_field *f)
{
	struct json_object *o = bounds(0, f->max);

	(void)jsonx_put_str(o, "description", "0: no limit");
	return o;
}

static void
form_schema(const struct settings_field *f, struct json_object *properties)
{
	json_object_object_add(properties, f->form, schema_of_type("string"));
}

static void
limit_form_schema(
    const struct settings_field *f, struct json_object *properties)
{
	static const char *const words[] = {"unlimited", "limited", NULL};

	form_schema(f, properties);
	json_object_object_add(
	    properties, f->form2, schema_of_words("", words));
}

const struct setting_kind kind_number = {from_form, from_json, to_json,
    kind_int_same, kind_int_managed, schema, form_schema};
const struct setting_kind kind_limit = {limit_from_form, limit_from_json,
    to_json, kind_int_same, kind_int_managed, limit_schema, limit_form_schema};
