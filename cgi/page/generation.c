/*
 * generation.c - one generation: what it is, what it did, how that
 * ended; Restore; and the choice of another one to compare it with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "history.h"
#include "util.h"

#define LIST_LIMIT 1000

struct sheet {
	struct screen s;
	int64_t id;
	struct json_object *gen;    /* GEN in full, owned */
	struct json_object *others; /* generations.list, owned */
};

static int
number_of(const char *s, int64_t *ret, struct err *err)
{
	if (!number_read(s, strlen(s), INT32_MAX, ret))
		return err_set(
		    err, ERR_GEN_UNKNOWN, "", "expected a generation's number");
	return 0;
}

/* The view is for its ETag, and for what is in force. */
static int
sheet_load(struct sheet *h)
{
	struct json_object *args = json_object_new_object();

	json_object_put(h->s.view);
	h->s.view = NULL;
	put_int(args, "id", h->id);
	if (screen_call(&h->s, OP_GENERATION_GET, args, &h->gen) == -1)
		return -1;
	if (screen_call(&h->s, OP_CONNECTION_GET, json_object_new_object(),
		&h->s.view) == -1)
		return -1;
	args = json_object_new_object();
	put_int(args, "limit", LIST_LIMIT);
	return screen_call(&h->s, OP_GENERATIONS_LIST, args, &h->others);
}

static void
sheet_clear(struct sheet *h)
{
	json_object_put(h->gen);
	json_object_put(h->others);
	screen_clear(&h->s);
}

static bool
is_applied(const struct sheet *h)
{
	return strcmp(jsonx_path_str(h->gen, "outcome", ""), "applied") == 0;
}

static void
put_failure(const struct sheet *h, struct json_object *ctx)
{
	const struct page *p = &h->s.page;
	struct json_object *e = jsonx_path(h->gen, "error"), *o, *args;
	const char *code = jsonx_path_str(e, "code", "internal");
	const char *step = jsonx_path_str(e, "step", "");
	char key[64];

	if (is_applied(h) || e == NULL) {
		json_object_object_add(ctx, "failure", NULL);
		return;
	}
	o = json_object_new_object();
	args = json_object_new_object();
	put_error(p, o, "reason", jsonx_path_str(e, "cause.code", code),
	    jsonx_path(e, "cause") != NULL ? jsonx_path(e, "cause") : e);
	put_str(o, "code", jsonx_path_str(e, "cause.code", code));
	put_str(o, "detail",
	    jsonx_path_str(e, "cause.detail", jsonx_path_str(e, "detail", "")));
	put_str(o, "step", "");
	if (*step != '\0') {
		snprintf(key, sizeof(key), "step.%.32s", step);
		put_str(args, "step", page_text(p, key));
		put_text(p, o, "step", "outcome.failed_step", args);
	}
	json_object_object_add(o, "log", log_text(jsonx_path(e, "log")));
	json_object_object_add(ctx, "failure", o);
	json_object_put(args);
}

static void
put_facts(const struct sheet *h, struct json_object *ctx)
{
	const struct page *p = &h->s.page;
	bool applied = is_applied(h);
	bool in_force = json_object_get_boolean(jsonx_path(h->gen, "in_force"));
	bool all;

	put_int(ctx, "id", h->id);
	put_bool(ctx, "in_force", in_force);
	put_str(ctx, "by", jsonx_path_str(h->gen, "by", ""));
	put_str(ctx, "why", jsonx_path_str(h->gen, "note", ""));
	put_origin(p, ctx, h->gen);
	put_time(p, ctx, jsonx_path_str(h->gen, "at", NULL));
	json_object_object_add(ctx, "what", gen_what(p, h->gen));
	put_bool(ctx, "original", h->id == 0);
	put_str(ctx, "end",
	    page_text(p, h->id == 0 ? "history.kept"
			 : applied  ? "history.applied"
				    : "history.failed"));
	put_icon(ctx, applied ? "ok" : "error");
	json_object_object_add(ctx, "how", how_text(p, h->gen));
	json_object_object_add(
	    ctx, "managed", managed_rows(p, jsonx_path(h->gen, "settings")));
	screen_levels(p, ctx, jsonx_path(h->gen, "settings"),
	    jsonx_path(h->gen, "result.probe"));
	all = json_object_get_boolean(
	    jsonx_path(h->gen, "settings.all_scanners"));
	put_str(ctx, "scanners",
	    page_text(p,
		all ? "generation.scanners_all" : "generation.scanners_one"));
	screen_probe(p, ctx, jsonx_path(h->gen, "result.probe"));
	screen_certificate(p, ctx, jsonx_path(h->gen, "certificate"));
}

static void
put_record(const struct sheet *h, struct json_object *ctx)
{
	struct json_object *changes = jsonx_path(h->gen, "result.changes");
	struct json_object *steps = jsonx_path(h->gen, "result.steps");

	put_bool(ctx, "has_changes",
	    json_object_is_type(changes, json_type_array) &&
		json_object_array_length(changes) > 0);
	json_object_object_add(ctx, "changes", json_object_get(changes));
	put_bool(ctx, "has_steps",
	    json_object_is_type(steps, json_type_array) &&
		json_object_array_length(steps) > 0);
	json_object_object_add(
	    ctx, "steps", steps_rows(&h->s.page, steps, false));
	/* As they were then; nothing is to be decided any more. */
	json_object_object_add(ctx, "findings",
	    finding_rows(
		&h->s, jsonx_path(h->gen, "result.findings"), "record"));
}

static void
put_restore(const struct sheet *h, struct json_object *ctx)
{
	const struct page *p = &h->s.page;
	struct json_object *o = json_object_new_object();
	struct json_object *args = json_object_new_object();
	struct json_object *drift = jsonx_path(h->s.view, "drift");
	bool in_force = json_object_get_boolean(jsonx_path(h->gen, "in_force"));
	bool drifted = json_object_is_type(drift, json_type_array) &&
		       json_object_array_length(drift) > 0;
	const char *apply = h->s.apply[0] != '\0' ? h->s.apply
						  : jsonx_path_str(h->s.view,
							"apply_default", "");

	put_int(args, "id", h->id);
	put_bool(o, "possible", is_applied(h) && (!in_force || drifted));
	put_text(p, o, "text",
	    !is_applied(h)	  ? "restore.failed"
	    : in_force && drifted ? "restore.drift"
	    : in_force		  ? "restore.in_force"
	    : h->id == 0	  ? "restore.original"
				  : "restore.text",
	    args);
	put_bool(o, "restart", strcmp(apply, "reload") != 0);
	put_bool(o, "reload", strcmp(apply, "reload") == 0);
	put_str(o, "etag", jsonx_path_str(h->s.view, "etag", ""));
	put_str(o, "note_text", h->s.note != NULL ? h->s.note : "");
	put_bool(o, "note_wrong", h->s.failed && h->s.err.code == ERR_NOTE);
	json_object_object_add(o, "notes",
	    finding_rows(&h->s,
		h->s.failed ? jsonx_path(h->s.problem, "findings") : NULL,
		"restore"));
	json_object_object_add(ctx, "restore", o);
	json_object_put(args);
}

static int
sheet_render(struct sheet *h, struct reply *reply, int status, struct err *err)
{
	struct json_object *ctx = json_object_new_object(), *options, *args;
	int rc;

	args = json_object_new_object();
	put_int(args, "id", h->id);
	put_generation_name(&h->s.page, ctx, "title", h->id);
	put_str(ctx, "refresh", "");
	put_failure(h, ctx);
	put_facts(h, ctx);
	put_record(h, ctx);
	put_restore(h, ctx);
	options = generation_options(&h->s.page, h->others, h->id,
	    json_object_get_int64(jsonx_path(h->s.view, "generation.id")));
	put_bool(ctx, "has_others", json_object_array_length(options) > 0);
	json_object_object_add(ctx, "others", options);
	screen_outcome(&h->s, ctx);
	screen_preview(&h->s, h->gen, ctx);
	rc = page_render(h->s.page.app, h->s.page.req, reply, status,
	    "generation", ctx, err);
	json_object_put(args);
	json_object_put(ctx);
	return rc;
}

static struct json_object *
restore_args(const struct sheet *h, const char *etag)
{
	struct json_object *args = json_object_new_object();

	put_int(args, "id", h->id);
	if (h->s.apply[0] != '\0')
		put_str(args, "apply", h->s.apply);
	if (h->s.note != NULL)
		put_str(args, "note", h->s.note);
	if (*etag != '\0')
		put_str(args, "if_match", etag);
	return args;
}

/* The page with what Restore would change, and with what was typed. */
static int
preview(struct sheet *h, struct reply *reply, struct err *err)
{
	struct json_object *args = restore_args(h, "");
	int status = 200;

	put_bool(args, "dry_run", true);
	if (screen_call(&h->s, OP_GENERATION_RESTORE, args, &h->s.preview) ==
	    -1) {
		h->s.failed = true;
		status = err_http(h->s.err.code);
	}
	return sheet_render(h, reply, status, err);
}

static int
sheet_get(struct sheet *h, struct reply *reply, struct err *err)
{
	const struct fields *q = &h->s.page.req->query;
	struct json_object *args, *diff = NULL;
	const char *with = fields_str(q, "with", "");
	int64_t b = 0;
	int rc = -1;

	if (sheet_load(h) == -1) {
		*err = h->s.err;
		return -1;
	}
	if (*with != '\0') {
		if (number_of(with, &b, err) == -1)
			return -1;
		args = json_object_new_object();
		put_int(args, "a", h->id);
		put_int(args, "b", b);
		if (screen_call(&h->s, OP_GENERATION_DIFF, args, &diff) == -1)
			*err = h->s.err;
		else
			rc = compare_render(&h->s, reply, diff, h->others, err);
		json_object_put(diff);
		return rc;
	}
	return fields_get(q, "preview") != NULL
		   ? preview(h, reply, err)
		   : sheet_render(h, reply, 200, err);
}

/* 0: answered; -1: *err, or h->s.err, says why not. */
static int
press(struct sheet *h, struct reply *reply, struct err *err)
{
	const struct fields *form = &h->s.page.req->form;
	const char *button = fields_str(form, "do", "");
	const char *apply = fields_str(form, "apply", "");
	enum apply_mode mode;

	if (*apply != '\0' && apply_mode_from_name(apply, &mode) == -1)
		return err_set(&h->s.err, ERR_FIELD_INVALID, "apply",
		    "expected restart or reload, got %.20s", apply);
	snprintf(h->s.apply, sizeof(h->s.apply), "%s", apply);
	h->s.note = fields_str(form, "note", NULL);
	for (size_t i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(&h->s, form->v[i].value);
	if (strcmp(button, "restore") == 0)
		return screen_change(&h->s, reply, OP_GENERATION_RESTORE,
		    restore_args(h, fields_str(form, "etag", "")), err);
	if (strcmp(button, "preview") != 0)
		return err_set(&h->s.err, ERR_FIELD_INVALID, "do",
		    "no such button: %.40s", button);
	return sheet_load(h) == -1 ? -1 : preview(h, reply, err);
}

static int
sheet_post(struct sheet *h, struct reply *reply, struct err *err)
{
	struct json_object *problem;
	struct err why;
	int status;

	if (press(h, reply, err) == 0)
		return 0;
	if (h->s.err.code == ERR_NONE)
		return -1;
	/* The page again, with the reason on it. */
	why = h->s.err;
	problem = json_object_get(h->s.problem);
	if (sheet_load(h) == -1) {
		json_object_put(problem);
		*err = h->s.err;
		return -1;
	}
	json_object_put(h->s.problem);
	h->s.problem = problem;
	h->s.err = why;
	h->s.failed = true;
	status = err_http(why.code);
	return sheet_render(h, reply, status != 0 ? status : 422, err);
}

int
page_generation(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {
	    "csrf", "etag", "do", "apply", "note", NULL};
	static const char *const many[] = {"confirm", NULL};
	struct sheet h = {0};
	int rc = -1;

	screen_init(&h.s, app, req);
	h.s.restoring = true;
	h.s.anchor = "at-restore";
	if (number_of(request_path_arg(req), &h.id, err) == 0) {
		if (req->method != HTTP_POST)
			rc = sheet_get(&h, reply, err);
		else if (fields_check(&req->form, once, many, err) == 0)
			rc = sheet_post(&h, reply, err);
	}
	sheet_clear(&h);
	return rc;
}
