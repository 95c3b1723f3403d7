/*
 * test_openapi.c - what is served as openapi.json says what routes[] does: the
 * same methods, parameters and bodies, and no reference leads nowhere; and of
 * each setting what settings_fields[] says.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../each_setting.h"
#include "../suite.h"
#include "core.h"
#include "fsx.h"
#include "jsonx.h"
#include "settings_table.h"

static struct json_object *doc, *paths;

/* As it is served. */
static void
setup(void)
{
	struct request req = {.path = "/api/v1/openapi.json"};
	struct reply reply;
	struct app app;
	struct err err;

	memset(&app, 0, sizeof(app));
	ck_assert_int_eq(catalog_load("templates/locale", &app.texts, &err), 0);
	buf_init(&app.openapi, 1 << 20);
	reply_init(&reply);
	ck_assert_int_eq(
	    fsx_read("templates/openapi.json", 1 << 20, &app.openapi, &err), 0);
	ck_assert_msg(
	    api_openapi(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(
	    jsonx_parse(reply.body.data, reply.body.len, 32, &doc, &err), 0);
	paths = jsonx_member(doc, "paths");
	buf_clear(&app.openapi);
	catalog_free(app.texts);
	reply_clear(&reply);
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

/* What "#/components/schemas/View" leads to, or NULL. */
static struct json_object *
resolved(const char *ref)
{
	struct json_object *o = doc;
	char part[64];
	size_t len;

	if (*ref++ != '#')
		return NULL;
	while (*ref == '/') {
		len = strcspn(++ref, "/");
		if (len >= sizeof(part))
			return NULL;
		memcpy(part, ref, len);
		part[len] = '\0';
		ref += len;
		if ((o = jsonx_member(o, part)) == NULL)
			return NULL;
	}
	return o;
}

/* A member, where it is a reference what that leads to. */
static struct json_object *
member_of(struct json_object *o, const char *key)
{
	struct json_object *v = jsonx_member(o, key);
	const char *ref = text(v, "$ref");

	return *ref == '\0' ? v : resolved(ref);
}

static size_t
count(struct json_object *op, const char *in, const char *name)
{
	struct json_object *list = jsonx_member(op, "parameters"), *p;
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(list); i++) {
		p = resolved(text(json_object_array_get_idx(list, i), "$ref"));
		n += strcmp(text(p, "in"), in) == 0 &&
		     (name == NULL || strcmp(text(p, "name"), name) == 0);
	}
	return n;
}

static bool
takes(struct json_object *op, const char *type)
{
	return jsonx_member(
		   jsonx_member(member_of(op, "requestBody"), "content"),
		   type) != NULL;
}

static void
same_call(const struct route *r, struct json_object *op)
{
	const char *s = strchr(r->path, '{');
	char name[32] = "";
	size_t n;

	for (n = 0; r->query != NULL && r->query[n] != NULL; n++)
		ck_assert_uint_eq(count(op, "query", r->query[n]), 1);
	ck_assert_uint_eq(count(op, "query", NULL), n);
	if (s != NULL)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, "}") - 1,
		    s + 1);
	ck_assert_uint_eq(count(op, "path", NULL), s != NULL);
	ck_assert_uint_eq(count(op, "path", name), s != NULL);
	ck_assert_int_eq(
	    takes(op, "application/json"), (r->types & BODY_JSON) != 0);
	ck_assert_int_eq(
	    takes(op, "multipart/form-data"), (r->types & BODY_MULTIPART) != 0);
	if (r->types != BODY_NONE)
		ck_assert_int_eq(
		    jsonx_path_bool(member_of(op, "requestBody"), "required"),
		    (r->types & BODY_EMPTY) == 0);
	/* "security": [] where no token is asked for */
	ck_assert_int_eq(
	    jsonx_member(op, "security") != NULL, r->auth == AUTH_NONE);
}

START_TEST(every_route)
{
	struct json_object *op, *ids = json_object_new_object();
	size_t seen = 0;

	for (const struct route *r = routes; r->path != NULL; r++) {
		if (!path_is_api(r->path))
			continue;
		op = operation(r);
		ck_assert_msg(
		    op != NULL, "%s %s", method_name(r->method), r->path);
		same_call(r, op);
		ck_assert_msg(
		    jsonx_member(ids, text(op, "operationId")) == NULL,
		    "%s twice", text(op, "operationId"));
		jsonx_put_int(ids, text(op, "operationId"), 1);
		seen++;
	}
	ck_assert_uint_gt(seen, 20);
	json_object_put(ids);
}
END_TEST

/* Bodies, answers and parameters that no call names. */
START_TEST(nothing_idle)
{
	static const char *const kinds[] = {
	    "parameters", "requestBodies", "responses"};
	const char *all = json_object_to_json_string_ext(
	    doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char ref[128];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		json_object_object_foreach (
		    jsonx_member(jsonx_member(doc, "components"), kinds[i]),
		    name, value) {
			(void)value;
			snprintf(ref, sizeof(ref), "\"#/components/%s/%s\"",
			    kinds[i], name);
			ck_assert_msg(strstr(all, ref) != NULL, "%s", ref);
		}
	}
}
END_TEST

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
				    resolved(json_object_get_string(v)) != NULL,
				    "%s", json_object_get_string(v));
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
	tcase_add_test(t, nothing_idle);
	tcase_add_test(t, references);
	tcase_add_loop_test(t, each_setting, 0, each_count());
	tcase_add_test(t, steps);
	return suite_run("openapi", t) == 0 ? 0 : 1;
}
