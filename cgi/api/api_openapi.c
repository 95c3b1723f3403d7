/*
 * api_openapi.c - GET /api/v1/openapi.json: what templates/openapi.json says
 * of schemas, bodies and answers, and each call of routes.def by their names.
 *
 * A parameter is "tag.name" there, or "name" where it is the same everywhere.
 * The settings are those of settings.def, with what the screen says of them.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "ops.h"
#include "settings_table.h"

#define DEPTH	 32
#define LANGUAGE "en" /* of the rest of it */

static const struct call {
	const char *method, *path;
	const char *const *query;
	const char *body; /* or NULL */
	const char *tag, *id, *summary;
	const char *status, *answer;
	bool saves;
	enum need need;
} calls[] = {
#define GET			"get"
#define POST			"post"
#define DELETE			"delete"
#define Q(...)			((const char *const[]){__VA_ARGS__, NULL})
#define NO_QUERY		NULL
#define BODY(size, types, name) name
#define NO_BODY			NULL
#define CHOICES			"Choices"
#define ANSWER(status, name)	#status, name, false
#define SAVES			"200", "Result", true
#define PAGE(...)
#define FORM(...)
#define CALL(method, path, run, need, query, body, tag, id, answer, summary) \
	{method, path, query, body, tag, id, summary, answer, need},
#include "routes.def"
};

static struct json_object *
ref(const char *kind, const char *name)
{
	struct json_object *o = json_object_new_object();
	char text[128];

	(void)snprintf(text, sizeof(text), "#/components/%s/%s", kind, name);
	(void)jsonx_put_str(o, "$ref", text);
	return o;
}

static void
add_parameter(struct json_object *doc, const struct call *c, const char *name,
    struct json_object *list)
{
	struct json_object *known = jsonx_path(doc, "components.parameters");
	char special[64];

	(void)snprintf(special, sizeof(special), "%s.%s", c->tag, name);
	json_object_array_add(
	    list, ref("parameters",
		      jsonx_member(known, special) != NULL ? special : name));
}

static struct json_object *
parameters(struct json_object *doc, const struct call *c)
{
	struct json_object *list = json_object_new_array();
	const char *s = strchr(c->path, '{');
	char name[32];

	if (s != NULL) {
		(void)snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(s + 1, "}"), s + 1);
		add_parameter(doc, c, name, list);
	}
	for (size_t i = 0; c->query != NULL && c->query[i] != NULL; i++)
		add_parameter(doc, c, c->query[i], list);
	if (c->saves) {
		add_parameter(doc, c, "IfMatch", list);
		add_parameter(doc, c, "Prefer", list);
	}
	add_parameter(doc, c, "AcceptLanguage", list);
	return list;
}

static struct json_object *
responses(const struct call *c)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, c->status, ref("responses", c->answer));
	if (c->saves)
		json_object_object_add(o, "202", ref("responses", "Accepted"));
	json_object_object_add(o, "default", ref("responses", "Problem"));
	return o;
}

static struct json_object *
operation(struct json_object *doc, const struct call *c)
{
	struct json_object *o = json_object_new_object();
	struct json_object *tags = json_object_new_array();

	(void)jsonx_put_str(o, "operationId", c->id);
	json_object_array_add(tags, json_object_new_string(c->tag));
	json_object_object_add(o, "tags", tags);
	(void)jsonx_put_str(o, "summary", c->summary);
	json_object_object_add(o, "parameters", parameters(doc, c));
	if (c->body != NULL)
		json_object_object_add(
		    o, "requestBody", ref("requestBodies", c->body));
	json_object_object_add(o, "responses", responses(c));
	if (c->need == MAY_ANYONE)
		json_object_object_add(o, "security", json_object_new_array());
	return o;
}

static struct json_object *
paths(struct json_object *doc)
{
	struct json_object *all = json_object_new_object(), *one;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if ((one = jsonx_member(all, calls[i].path)) == NULL) {
			one = json_object_new_object();
			json_object_object_add(all, calls[i].path, one);
		}
		json_object_object_add(
		    one, calls[i].method, operation(doc, &calls[i]));
	}
	return all;
}

static struct json_object *
step_names(void)
{
	static const char *const names[] = {
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
	};
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_array_add(list, json_object_new_string(names[i]));
	return list;
}

/* "Inactivity; minutes": its label, and what the schema itself has to say. */
static void
describe(struct app *app, struct json_object *schema)
{
	const struct settings_field *f;
	struct json_object *one;
	const char *more;
	char text[256];

	for (f = settings_fields; f->form != NULL; f++) {
		one = settings_schema_of(schema, f);
		more = jsonx_path_str(one, "description", "");
		(void)snprintf(text, sizeof(text), "%s%s%s",
		    catalog_text(app->texts, LANGUAGE, f->text),
		    *more != '\0' ? "; " : "", more);
		(void)jsonx_put_str(one, "description", text);
	}
}

static void
put_settings(struct app *app, struct json_object *doc)
{
	struct json_object *all = jsonx_path(doc, "components.schemas");
	struct json_object *whole = jsonx_member(all, "Settings");
	struct json_object *patch = jsonx_member(all, "ConnectionRequest");

	settings_schema(whole, true);
	settings_schema(patch, false);
	settings_form_schema(jsonx_member(all, "ConnectionForm"));
	describe(app, whole);
	describe(app, patch);
}

int
api_openapi(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *doc = NULL;
	int rc;

	(void)req;
	if (jsonx_parse(
		app->openapi.data, app->openapi.len, DEPTH, &doc, err) == -1)
		return -1;
	json_object_object_add(doc, "paths", paths(doc));
	json_object_object_add(
	    jsonx_path(doc, "components.schemas.Step.properties.name"), "enum",
	    step_names());
	put_settings(app, doc);
	rc = api_answer(reply, 200, doc, err);
	json_object_put(doc);
	return rc;
}
