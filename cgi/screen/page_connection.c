/*
 * page_connection.c - SMTP Routing > Connection: loading and showing the
 * screen, and the progress of a Save.  What the buttons do is in
 * page_press.c.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "page.h"

#define LOCATION_MAX 512

void
screen_init(struct screen *s, struct app *app, struct request *req)
{
	memset(s, 0, sizeof(*s));
	s->page.app = app;
	s->page.req = req;
	s->confirm = json_object_new_array();
}

void
screen_clear(struct screen *s)
{
	json_object_put(s->view);
	json_object_put(s->job);
	json_object_put(s->preview);
	json_object_put(s->patch);
	json_object_put(s->confirm);
	json_object_put(s->scanners);
	json_object_put(s->problem);
	memset(s, 0, sizeof(*s));
}

int
screen_call(struct screen *s, const char *op, struct json_object *args,
    struct json_object **data)
{
	json_object_put(s->problem);
	s->problem = NULL;
	return backend_call(
	    s->page.app, s->page.req, op, args, data, &s->problem, &s->err);
}

struct json_object *
screen_args(const struct screen *s)
{
	struct json_object *args = json_object_new_object();

	put_str(args, "draft", s->page.req->who.draft);
	return args;
}

bool
screen_is_job(const char *id)
{
	return id != NULL && strlen(id) == JOB_ID_LEN &&
	       strspn(id, "0123456789abcdef") == JOB_ID_LEN;
}

/* The view, with the live probe when one is asked for. */
int
screen_load(struct screen *s, bool probe)
{
	struct json_object *args = screen_args(s), *live = NULL;

	put_bool(args, "sandbox", true);
	if (screen_call(s, OP_CONNECTION_GET, args, &s->view) == -1)
		return -1;
	if (!probe)
		return 0;
	args = json_object_new_object();
	put_bool(args, "probe", true);
	if (screen_call(s, OP_STATUS, args, &live) == -1)
		return -1;
	json_object_object_add(
	    s->view, "live", json_object_get(jsonx_path(live, "live")));
	json_object_put(live);
	return 0;
}

int
screen_job(struct screen *s, const char *id)
{
	struct json_object *args;

	if (!screen_is_job(id))
		return err_set(&s->err, ERR_JOB_UNKNOWN, "", "job");
	args = json_object_new_object();
	put_str(args, "job", id);
	json_object_put(s->job);
	s->job = NULL;
	return screen_call(s, OP_JOB_GET, args, &s->job);
}

/* "cert.expired,chain.expired" of the address, codes of ours only. */
void
screen_confirm(struct screen *s, const char *list)
{
	enum err_code code;
	char name[48];
	size_t n;

	while (*list != '\0') {
		n = strcspn(list, ",");
		if (n < sizeof(name)) {
			memcpy(name, list, n);
			name[n] = '\0';
			if (err_from_name(name, &code) == 0)
				json_object_array_add(
				    s->confirm, json_object_new_string(name));
		}
		list += n;
		if (*list == ',')
			list++;
	}
}

/* A copy: what is sent to postseald is wiped afterwards, strings and all. */
int
screen_put_settings(struct json_object *args, struct json_object *settings)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(settings, &copy, NULL) == -1)
		return -1;
	return json_object_object_add(args, "settings", copy);
}

struct json_object *
screen_apply_args(const struct screen *s)
{
	struct json_object *args = screen_args(s);
	struct json_object *patch = s->patch;
	const char *apply = s->apply;

	if (patch == NULL)
		patch = jsonx_path(s->view, "draft.settings");
	if (patch != NULL)
		screen_put_settings(args, patch);
	if (*apply == '\0')
		apply = jsonx_path_str(s->view, "draft.apply", "");
	if (*apply != '\0')
		put_str(args, "apply", apply);
	json_object_object_add(args, "confirm", json_object_get(s->confirm));
	return args;
}

static int
load_preview(struct screen *s)
{
	struct json_object *args = screen_apply_args(s);

	put_bool(args, "dry_run", true);
	return screen_call(s, OP_CONNECTION_APPLY, args, &s->preview);
}

int
screen_render(
    struct screen *s, struct reply *reply, int status, struct err *err)
{
	struct json_object *ctx = json_object_new_object();
	int rc;

	put_str(ctx, "title", page_text(&s->page, "crumb.connection"));
	put_str(ctx, "refresh",
	    strcmp(jsonx_path_str(s->job, "state", ""), "running") == 0 ? "1"
									: "");
	screen_state(s, ctx);
	screen_form(s, ctx);
	screen_outcome(s, ctx);
	screen_preview(s, ctx);
	rc = page_render(
	    s->page.app, s->page.req, reply, status, "connection", ctx, err);
	json_object_put(ctx);
	return rc;
}

/* 303 to path; query is "" or "job=..". The confirmed codes go along. */
static int
go(const struct screen *s, struct reply *reply, const char *path,
    const char *query, const char *anchor, struct err *err)
{
	struct buf b;
	size_t i, n = json_object_array_length(s->confirm);
	char sep = '?';
	int rc = 0;

	buf_init(&b, LOCATION_MAX);
	buf_adds(&b, path);
	if (*query != '\0') {
		buf_printf(&b, "%c%s", sep, query);
		sep = '&';
	}
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s%s",
		    i > 0	 ? ","
		    : sep == '?' ? "?confirm="
				 : "&confirm=",
		    json_object_get_string(
			json_object_array_get_idx(s->confirm, i)));
	if (*anchor != '\0')
		buf_printf(&b, "#%s", anchor);
	if (b.failed || reply_redirect(reply, b.data) == -1)
		rc = err_set(err, ERR_INTERNAL, "", "redirect");
	buf_clear(&b);
	return rc;
}

int
screen_back(const struct screen *s, struct reply *reply, const char *query,
    const char *anchor, struct err *err)
{
	return go(s, reply, PATH_CONNECTION, query, anchor, err);
}

int
screen_to_job(const struct screen *s, struct reply *reply, const char *id,
    bool wait, struct err *err)
{
	char where[128];

	if (!screen_is_job(id))
		return err_set(err, ERR_INTERNAL, "", "no job in the answer");
	if (!wait) {
		snprintf(where, sizeof(where), PATH_JOB "%s", id);
		return go(s, reply, where, "", "", err);
	}
	snprintf(where, sizeof(where), "job=%s", id);
	return screen_back(s, reply, where, "", err);
}

static int
screen_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	const struct fields *q = &req->query;
	struct screen s;
	const char *job, *unchosen;
	int rc = -1, status = 200;

	screen_init(&s, app, req);
	screen_confirm(&s, fields_str(q, "confirm", ""));
	unchosen = fields_str(q, "unchosen", "");
	if (field_label(unchosen) != NULL)
		snprintf(s.unchosen, sizeof(s.unchosen), "%s", unchosen);
	if (screen_load(&s, fields_get(q, "probe") != NULL) == -1)
		goto out;
	job = fields_str(q, "job", NULL);
	if (job != NULL && screen_job(&s, job) == -1 &&
	    s.err.code != ERR_JOB_UNKNOWN)
		goto out;
	if (fields_get(q, "preview") != NULL && load_preview(&s) == -1) {
		s.failed = true;
		status = err_http(s.err.code);
	}
	rc = screen_render(&s, reply, status != 0 ? status : 422, err);
	screen_clear(&s);
	return rc;
out:
	*err = s.err;
	screen_clear(&s);
	return rc;
}

int
page_connection(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (req->method == HTTP_POST)
		return screen_press(app, req, reply, err);
	return screen_get(app, req, reply, err);
}

static bool
wants(const struct request *req, const char *type)
{
	const char *accept = request_header(req, "Accept");

	return accept != NULL && strncmp(accept, type, strlen(type)) == 0;
}

int
page_progress(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct screen s;
	struct json_object *ctx;
	const char *id = request_path_arg(req);
	int rc = -1;

	screen_init(&s, app, req);
	screen_confirm(&s, fields_str(&req->query, "confirm", ""));
	if (screen_job(&s, id) == -1) {
		*err = s.err;
		goto out;
	}
	if (wants(req, "text/event-stream")) {
		rc = screen_events(&s, reply, id);
		goto out;
	}
	if (wants(req, "application/json")) {
		rc = reply_json(reply, 200, s.job);
		if (rc == -1)
			err_set(err, ERR_NOMEM, "", "job");
		goto out;
	}
	if (strcmp(jsonx_path_str(s.job, "state", ""), "running") != 0) {
		rc = screen_to_job(&s, reply, id, true, err);
		goto out;
	}
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s.page, "progress.title"));
	put_str(ctx, "refresh", "1");
	screen_outcome(&s, ctx);
	rc = page_render(app, req, reply, 200, "progress", ctx, err);
	json_object_put(ctx);
out:
	screen_clear(&s);
	return rc;
}
