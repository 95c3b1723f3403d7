/*
 * test_openapi.c - templates/openapi.json says what routes[] does: the same
 * paths, methods, query fields and bodies, and no reference leads nowhere; and
 * of each setting what settings_fields[] says.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../each_setting.h"
#include "../suite.h"
#include "core.h"
#include "jsonx.h"

static struct json_object *doc, *paths;

static void
setup(void)
{
	doc = json_object_from_file("templates/openapi.json");
	ck_assert_msg(doc != NULL, "%s", json_util_get_last_err());
	ck_assert(json_object_object_get_ex(doc, "paths", &paths));
}

static void
teardown(void)
{
	json_object_put(doc);
}

static const char *
text(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	return v == NULL ? "" : json_object_get_string(v);
}

static const char *
method_name(enum http_method m)
{
	return m == HTTP_GET ? "get" : m == HTTP_POST ? "post" : "delete";
}

static struct json_object *
operation(const struct route *r)
{
	return jsonx_member(
	    jsonx_member(paths, r->path), method_name(r->method));
}

static bool
has_query(struct json_object *op, const char *name)
{
	struct json_object *list = NULL, *p;

	json_object_object_get_ex(op, "parameters", &list);
	for (size_t i = 0; list != NULL && i < json_object_array_length(list);
	     i++) {
		p = json_object_array_get_idx(list, i);
		if (strcmp(text(p, "in"), "query") == 0 &&
		    strcmp(text(p, "name"), name) == 0)
			return true;
	}
	return false;
}

static size_t
count_query(struct json_object *op)
{
	struct json_object *list = NULL;
	size_t n = 0;

	json_object_object_get_ex(op, "parameters", &list);
	for (size_t i = 0; list != NULL && i < json_object_array_length(list);
	     i++)
		n += strcmp(text(json_object_array_get_idx(list, i), "in"),
			 "query") == 0;
	return n;
}

static bool
takes(struct json_object *op, const char *type)
{
	struct json_object *o = NULL, *content = NULL;

	return json_object_object_get_ex(op, "requestBody", &o) &&
	       json_object_object_get_ex(o, "content", &content) &&
	       json_object_object_get_ex(content, type, NULL);
}

START_TEST(every_route)
{
	struct json_object *op, *o;
	size_t n, seen = 0;

	for (const struct route *r = routes; r->path != NULL; r++) {
		if (!path_is_api(r->path))
			continue;
		op = operation(r);
		ck_assert_msg(
		    op != NULL, "%s %s", method_name(r->method), r->path);
		seen++;
		for (n = 0; r->query != NULL && r->query[n] != NULL; n++)
			ck_assert_msg(has_query(op, r->query[n]), "%s ?%s",
			    r->path, r->query[n]);
		ck_assert_msg(count_query(op) == n, "%s", r->path);
		ck_assert_msg(takes(op, "application/json") ==
				  ((r->types & BODY_JSON) != 0),
		    "%s", r->path);
		ck_assert_msg(takes(op, "multipart/form-data") ==
				  ((r->types & BODY_MULTIPART) != 0),
		    "%s", r->path);
		/* "security": [] where no token is asked for */
		ck_assert_msg(json_object_object_get_ex(op, "security", &o) ==
				  (r->auth == AUTH_NONE),
		    "%s", r->path);
	}
	ck_assert_uint_gt(seen, 20);
}
END_TEST

START_TEST(nothing_else)
{
	const struct route *r;

	json_object_object_foreach (paths, path, item) {
		json_object_object_foreach (item, method, op) {
			(void)op;
			for (r = routes; r->path != NULL; r++)
				if (strcmp(path, r->path) == 0 &&
				    strcmp(method, method_name(r->method)) == 0)
					break;
			ck_assert_msg(r->path != NULL, "%s %s", method, path);
		}
	}
}
END_TEST

/* "#/components/schemas/View" */
static bool
resolves(const char *ref)
{
	struct json_object *o = doc;
	char part[64];
	size_t len;

	if (*ref++ != '#')
		return false;
	while (*ref == '/') {
		len = strcspn(++ref, "/");
		if (len >= sizeof(part))
			return false;
		memcpy(part, ref, len);
		part[len] = '\0';
		ref += len;
		if (!json_object_object_get_ex(o, part, &o))
			return false;
	}
	return true;
}

static size_t
walk(struct json_object *o)
{
	size_t n = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			n += walk(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach (o, key, v) {
			if (strcmp(key, "$ref") == 0) {
				ck_assert_msg(
				    resolves(json_object_get_string(v)), "%s",
				    json_object_get_string(v));
				n++;
			} else {
				n += walk(v);
			}
		}
	}
	return n;
}

START_TEST(references)
{
	ck_assert_uint_gt(walk(doc), 50);
}
END_TEST

/* The schema of the member at a dotted path below an object's schema. */
static struct json_object *
member(struct json_object *schema, const char *path)
{
	const char *dot = strchr(path, '.');
	struct json_object *o = NULL;
	char name[64];

	snprintf(name, sizeof(name), "%.*s",
	    dot == NULL ? (int)strlen(path) : (int)(dot - path), path);
	if (!json_object_object_get_ex(schema, "properties", &o) ||
	    !json_object_object_get_ex(o, name, &o))
		return NULL;
	return dot == NULL ? o : member(o, dot + 1);
}

/* Is it, or has it among others, this string? NULL: null. */
static bool
allows(struct json_object *o, const char *word)
{
	struct json_object *v;

	if (json_object_is_type(o, json_type_string))
		return word != NULL &&
		       strcmp(json_object_get_string(o), word) == 0;
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		v = json_object_array_get_idx(o, i);
		if (word == NULL
			? v == NULL
			: v != NULL &&
			      strcmp(json_object_get_string(v), word) == 0)
			return true;
	}
	return false;
}

static void
same_number(struct json_object *schema, const struct settings_field *f)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_object_object_get_ex(schema, "minimum", &v) &&
			  json_object_get_int64(v) == each_min(f),
	    "%s: minimum", f->path);
	ck_assert_msg(json_object_object_get_ex(schema, "maximum", &v) &&
			  json_object_get_int64(v) == f->max,
	    "%s: maximum", f->path);
	ck_assert(json_object_object_get_ex(schema, "type", &v));
	ck_assert_msg(allows(v, "integer") && allows(v, "null"), "%s", f->path);
}

static void
same_words(struct json_object *schema, const struct settings_field *f)
{
	struct json_object *v = NULL;
	size_t n = 0;

	ck_assert(json_object_object_get_ex(schema, "enum", &v));
	for (; f->names[n] != NULL; n++)
		ck_assert_msg(
		    allows(v, f->names[n]), "%s: %s", f->path, f->names[n]);
	ck_assert_msg(allows(v, NULL), "%s: null", f->path);
	ck_assert_uint_eq(json_object_array_length(v), n + 1);
}

static void
same_schema(struct json_object *schema, const struct settings_field *f)
{
	struct json_object *v = NULL;

	ck_assert_msg(schema != NULL, "no %s", f->path);
	switch (f->kind) {
	case SETTING_NUMBER:
	case SETTING_LIMIT:
		same_number(schema, f);
		return;
	case SETTING_CHOICE:
		same_words(schema, f);
		return;
	default:
		ck_assert(json_object_object_get_ex(schema, "type", &v));
		ck_assert_str_eq(json_object_get_string(v),
		    f->kind == SETTING_LIST ? "array" : "boolean");
	}
}

/* In every schema that has settings at all: what is answered, and what is
 * asked for.  In the form by its other name. */
START_TEST(each_setting)
{
	const struct settings_field *f = &settings_fields[_i];
	struct json_object *schemas = NULL;
	int seen = 0, forms = 0;

	ck_assert(json_object_object_get_ex(doc, "components", &schemas));
	ck_assert(json_object_object_get_ex(schemas, "schemas", &schemas));
	json_object_object_foreach (schemas, name, schema) {
		(void)name;
		if (member(schema, "inbound.enabled") != NULL) {
			same_schema(member(schema, f->path), f);
			seen++;
		}
		if (member(schema, "inbound_enabled") != NULL) {
			ck_assert_msg(
			    member(schema, f->form) != NULL, "no %s", f->form);
			forms++;
		}
	}
	ck_assert_int_ge(seen, 2);
	ck_assert_int_ge(forms, 1);
}
END_TEST

START_TEST(steps)
{
	static const char *const names[] = {
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
	};
	struct json_object *o =
	    jsonx_path(doc, "components.schemas.Step.properties.name.enum");
	size_t i, n = sizeof(names) / sizeof(names[0]);

	ck_assert_uint_eq(jsonx_len(o), n);
	for (i = 0; i < n; i++)
		ck_assert_str_eq(jsonx_str_at(o, i), names[i]);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("openapi");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_route);
	tcase_add_test(t, nothing_else);
	tcase_add_test(t, references);
	tcase_add_loop_test(t, each_setting, 0, each_count());
	tcase_add_test(t, steps);
	return suite_run("openapi", t) == 0 ? 0 : 1;
}
