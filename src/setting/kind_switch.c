/*
 * kind_switch.c - on or off: a bool, never unset.
 */
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"

/* A checkbox, curl, Ansible, PowerShell: each has its own. */
bool
settings_word(const char *value, bool *ret)
{
	static const char *const words[][2] = {
	    {"off", "on"}, {"false", "true"}, {"no", "yes"}, {"0", "1"}};
	size_t i;
	int on;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (on = 0; on < 2; on++)
			if (strcasecmp(value, words[i][on]) == 0) {
				*ret = on == 1;
				return true;
			}
	return false;
}

static void
from_form(struct form *fm, const struct settings_field *f)
{
	const char *value = form_text(fm, f->form);
	struct err why;
	bool on;

	if (value == NULL)
		return;
	if (settings_word(value, &on)) {
		form_put(fm, f, json_object_new_boolean(on));
		return;
	}
	(void)err_set(&why, ERR_FIELD_INVALID, f->form,
	    "%s: expected on or off (true or false, yes or no, 1 or 0), got "
	    "\"%.32s\"",
	    f->form, value);
	form_wrong(fm, &why);
}

static int
from_json(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	return jsonx_bool(o, key, f->path, setting_member(r->s, f), r->err);
}

static int
to_json(const struct settings_field *f, const void *member,
    struct json_object **ret)
{
	bool on = *(const bool *)member;

	if ((*ret = json_object_new_boolean(on)) == NULL)
		return -1;
	return on == f->on ? 1 : 0;
}

static bool
same(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static bool
managed(const void *member)
{
	(void)member;
	return true;
}

static struct json_object *
schema(const struct settings_field *f)
{
	(void)f;
	return schema_of_type("boolean");
}

static void
form_schema(const struct settings_field *f, struct json_object *properties)
{
	static const char *const off[] = {"off", NULL};

	json_object_object_add(properties, f->form, schema_of_words("on", off));
}

const struct setting_kind kind_switch = {
    from_form, from_json, to_json, same, managed, schema, form_schema};
