/*
 * schema.c - JSON Schema of the settings and of a form: the objects that the
 * paths lead through; what is in them is each kind's.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "kind.h"
#include "settings_table.h"

static struct json_object *
member_or(
    struct json_object *o, const char *key, struct json_object *(*make)(void))
{
	struct json_object *v = jsonx_member(o, key);

	if (v == NULL && (v = make()) != NULL)
		json_object_object_add(o, key, v);
	return v;
}

static void
add_required(struct json_object *schema, const char *name)
{
	struct json_object *list =
	    member_or(schema, "required", json_object_new_array);
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(jsonx_str_at(list, i), name) == 0)
			return;
	json_object_array_add(list, json_object_new_string(name));
}

/* The schema of the object that holds the last word of a path, which is left
 * in *ret_name; required: all on the way are. */
static struct json_object *
walk(struct json_object *schema, const char *path, bool required,
    const char **ret_name)
{
	struct json_object *properties;
	const char *dot;
	char key[48];

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		(void)snprintf(
		    key, sizeof(key), "%.*s", (int)(dot - path), path);
		if (required)
			add_required(schema, key);
		properties =
		    member_or(schema, "properties", json_object_new_object);
		schema = member_or(properties, key, json_object_new_object);
		if (jsonx_member(schema, "type") == NULL) {
			(void)jsonx_put_str(schema, "type", "object");
			(void)jsonx_put_bool(
			    schema, "additionalProperties", false);
		}
	}
	*ret_name = path;
	return schema;
}

static void
put(struct json_object *schema, const char *path, bool required,
    struct json_object *v)
{
	struct json_object *properties;
	const char *name;

	schema = walk(schema, path, required, &name);
	if (required)
		add_required(schema, name);
	properties = member_or(schema, "properties", json_object_new_object);
	json_object_object_add(properties, name, v);
}

/* How many there are, where a list itself is not kept. */
static struct json_object *
count_schema(void)
{
	struct json_object *o = schema_of_type("integer");

	(void)jsonx_put_int(o, "minimum", 0);
	(void)jsonx_put_str(o, "description",
	    "in place of the list, of a generation that failed");
	return o;
}

void
settings_schema(struct json_object *schema, bool whole)
{
	const struct settings_field *f;
	char count[SETTING_PATH_MAX];
	bool list;

	for (f = settings_fields; f->form != NULL; f++) {
		list = f->kind == SETTING_LIST;
		put(schema, f->path,
		    whole && !list && f->since == SETTINGS_FIRST,
		    setting_kind(f)->schema(f));
		if (!whole || !list)
			continue;
		setting_count_path(f, count);
		put(schema, count, false, count_schema());
	}
}

void
settings_form_schema(struct json_object *schema)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		setting_kind(f)->form_schema(
		    f, member_or(schema, "properties", json_object_new_object));
}

struct json_object *
settings_schema_of(struct json_object *schema, const struct settings_field *f)
{
	const char *name;

	schema = walk(schema, f->path, false, &name);
	return jsonx_member(jsonx_member(schema, "properties"), name);
}
