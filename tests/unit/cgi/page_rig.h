/*
 * page_rig.h - the pages against a postseald of cardboard.  States are the
 * files of tests/data/screen/: {op: data, "query": {..}}; {"ERROR": ERROR} in
 * the place of data is a refusal.
 */
#ifndef PAGE_RIG_H
#define PAGE_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "core.h"
#include "jsonx.h"
#include "ops.h"
#include "template.h"
#include "util.h"
#include "auth.h"

#define N(a)   ((int)(sizeof(a) / sizeof((a)[0])))
#define SCREEN "/smtp-routing/connection"
#define JOB    "0123456789abcdef0123456789abcdef"

static struct app app;
static struct request req;
static struct reply reply;
static struct err err;
static struct json_object *state; /* op -> data */
static struct json_object *calls; /* [{"op", "args"}] */
static char *envp[] = {NULL, NULL};

/* Plays postseald where states of cardboard are not enough. */
typedef int (*play_fn)(const char *op, struct json_object *args,
    struct json_object **data, struct err *);
static play_fn play;

/* In the place of backend.c. */
int
backend_call(struct app *a, const struct request *r, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *e)
{
	struct json_object *call = json_object_new_object(), *v = NULL, *bad;

	(void)a;
	(void)r;
	json_object_object_add(call, "op", json_object_new_string(op));
	json_object_object_add(call, "args", args);
	json_object_array_add(calls, call);
	if (play != NULL)
		return play(op, args, data, e);
	if (!json_object_object_get_ex(state, op, &v))
		return err_set(
		    e, ERR_DAEMON_UNREACHABLE, "", "no data for %s", op);
	if ((bad = jsonx_path(v, "ERROR")) != NULL) {
		if (error != NULL)
			*error = json_object_get(bad);
		err_from_json(e, bad);
		return -1;
	}
	*data = NULL;
	json_object_deep_copy(v, data, NULL);
	return 0;
}

void
backend_audit(struct app *a, const struct request *r, enum event event,
    const char *outcome, const char *detail)
{
	(void)a;
	(void)r;
	(void)event;
	(void)outcome;
	(void)detail;
}

static inline void
load_once(void)
{
	ck_assert_msg(catalog_load("templates/locale", &app.texts, &err) == 0,
	    "%s", err.msg);
	ck_assert_msg(templates_load("templates", &app.templates, &err) == 0,
	    "%s", err.msg);
}

static inline void
unload(void)
{
	templates_free(app.templates);
	catalog_free(app.texts);
}

static inline void
add(struct fields *to, const char *name, const char *value, const char *file)
{
	struct field f = {0};

	f.name = strdup(name);
	f.value = strdup(value);
	f.len = strlen(value);
	f.is_file = file != NULL;
	f.filename = file != NULL ? strdup(file) : NULL;
	ck_assert_int_eq(fields_add(to, &f, &err), 0);
}

static inline void
setup(void)
{
	err_clear(&err);
	request_init(&req, envp);
	reply_init(&reply);
	req.method = HTTP_GET;
	req.path = SCREEN;
	req.lang = "en";
	req.who.known = true;
	req.who.role = ROLE_ADMINISTRATOR;
	req.who.scope = SCOPE_WRITE;
	req.who.session = 1;
	strcpy(req.who.user, "admin");
	strcpy(req.who.via, "web");
	memset(req.who.draft, 'd', 64);
	memset(req.who.csrf, 'c', 64);
	calls = json_object_new_array();
	state = NULL;
}

static inline void
teardown(void)
{
	/* The path is not on the heap here. */
	request_clear(&req);
	reply_clear(&reply);
	json_object_put(state);
	json_object_put(calls);
}

static inline void
load_state(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/data/screen/%s.json", name);
	json_object_put(state);
	state = json_object_from_file(path);
	ck_assert_msg(state != NULL, "%s", path);
}

static inline void
query_of_state(void)
{
	struct json_object *q = jsonx_path(state, "query");

	if (q == NULL)
		return;
	json_object_object_foreach (q, name, v)
		add(&req.query, name, json_object_get_string(v), NULL);
}

/* What it says to this op, before any other state. */
static inline void
says(const char *op, const char *data)
{
	struct json_object *o = json_tokener_parse(data);

	ck_assert_msg(o != NULL, "%s", data);
	if (state == NULL)
		state = json_object_new_object();
	json_object_object_add(state, op, o);
}

static inline const char *
op_of(size_t i)
{
	return jsonx_path_str(json_object_array_get_idx(calls, i), "op", "");
}

static inline struct json_object *
args_of(const char *op)
{
	size_t i;

	for (i = 0; i < json_object_array_length(calls); i++)
		if (strcmp(op_of(i), op) == 0)
			return jsonx_path(
			    json_object_array_get_idx(calls, i), "args");
	return NULL;
}

static inline void
has(const char *text)
{
	ck_assert_msg(strstr(reply.body.data, text) != NULL,
	    "the page lacks \"%s\"", text);
}

static inline void
lacks(const char *text)
{
	ck_assert_msg(
	    strstr(reply.body.data, text) == NULL, "the page has \"%s\"", text);
}

static inline void
leads_to(const char *where)
{
	char line[256];

	snprintf(line, sizeof(line), "Location: %s\r\n", where);
	ck_assert_int_eq(reply.status, 303);
	ck_assert_msg(
	    strstr(reply.headers.data, line) != NULL, "%s", reply.headers.data);
}

/* With POSTSEAL_PAGES=DIR the page is kept as DIR/NAME-LANG.html: the browser
 * tests look at every state in that way. */
static inline void
keep_page(const char *name)
{
	const char *dir = getenv("POSTSEAL_PAGES");
	char path[512];
	FILE *f;

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%s.html", dir, name, req.lang);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fwrite(reply.body.data, 1, reply.body.len, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* The page, and the same in Japanese. */
static inline void
keep_both(const char *name, handler_fn page)
{
	keep_page(name);
	if (strcmp(req.lang, "en") != 0)
		return;
	reply_clear(&reply);
	reply_init(&reply);
	req.lang = "ja";
	ck_assert_int_eq(page(&app, &req, &reply, &err), 0);
	has("<html lang=\"ja\">");
	lacks("{{");
	keep_page(name);
}

/* A page in a language, of what postseald says; kept for the browser tests. */
struct shown {
	const char *lang, *data;
	const char *has[6], *lacks[3];
	const char *keep;
};

static inline void
shows_page(
    const struct shown *s, const char *path, const char *op, handler_fn page)
{
	size_t i;

	req.path = path;
	req.lang = s->lang;
	says(op, s->data);
	ck_assert_msg(page(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, 200);
	for (i = 0; i < 6 && s->has[i] != NULL; i++)
		has(s->has[i]);
	for (i = 0; i < 3 && s->lacks[i] != NULL; i++)
		lacks(s->lacks[i]);
	if (s->keep != NULL)
		keep_both(s->keep, page);
}

/* Every string of a state replaced by markup: nothing of it gets out. */
static inline struct json_object *
poisoned(struct json_object *v)
{
	static const char poison[] = "<script>alert(1)</script>\"'><img src=x>";
	struct json_object *o;
	size_t i;

	switch (json_object_get_type(v)) {
	case json_type_string:
		/* Words that the page decides by must stay. */
		if (strchr(json_object_get_string(v), ' ') == NULL &&
		    strchr(json_object_get_string(v), '.') == NULL &&
		    strlen(json_object_get_string(v)) < 16)
			return json_object_get(v);
		return json_object_new_string(poison);
	case json_type_array:
		o = json_object_new_array();
		for (i = 0; i < json_object_array_length(v); i++)
			json_object_array_add(
			    o, poisoned(json_object_array_get_idx(v, i)));
		return o;
	case json_type_object:
		o = json_object_new_object();
		json_object_object_foreach (v, key, member)
			json_object_object_add(o, key, poisoned(member));
		return o;
	default:
		return json_object_get(v);
	}
}

static inline int
run_suite(const char *name, void (*fill)(TCase *))
{
	TCase *tc = tcase_create(name);

	tcase_add_unchecked_fixture(tc, load_once, unload);
	tcase_add_checked_fixture(tc, setup, teardown);
	fill(tc);
	return suite_run(name, tc) == 0 ? 0 : 1;
}

#endif
