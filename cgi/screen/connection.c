/*
 * connection.c - SMTP Routing > Connection: the screen as it is asked for, and
 * the progress of a Save.  What the buttons do is in press.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "merge.h"
#include "parts.h"

/* A dry run may ask more once something was answered. */
#define QUESTIONS_MAX 8

/* What a refusal only asks, beside what *confirm has: how much that is; 0 as
 * well where something is wrong. */
static size_t
add_questions(const struct screen *s, struct json_object *confirm)
{
	struct json_object *list = jsonx_path(s->problem, "findings"), *f;
	const char *severity;
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(list); i++) {
		f = json_object_array_get_idx(list, i);
		severity = jsonx_path_str(f, "severity", "error");
		if (strcmp(severity, "error") == 0)
			return 0;
		if (strcmp(severity, "confirm") != 0)
			continue;
		json_object_array_add(confirm,
		    json_object_new_string(jsonx_path_str(f, "code", "")));
		n++;
	}
	return n;
}

/* What a Save would do if all that it asks were answered with yes: each
 * question stands within the preview, and none is ticked by it. */
static int
load_preview(struct screen *s)
{
	struct json_object *args, *confirm = NULL;
	int rc, left = QUESTIONS_MAX;

	if (s->confirm == NULL)
		confirm = json_object_new_array();
	else
		(void)json_object_deep_copy(s->confirm, &confirm, NULL);
	do {
		args = screen_apply_args(s);
		put_bool(args, "dry_run", true);
		json_object_object_add(
		    args, "confirm", json_object_get(confirm));
		rc = screen_call(s, OP_CONNECTION_APPLY, args, &s->preview);
	} while (rc == -1 && left-- > 0 && add_questions(s, confirm) > 0);
	json_object_put(confirm);
	return rc;
}

/* "also=HEX": bits of settings that there are. */
static void
read_also(struct screen *s)
{
	const char *hex = fields_str(&s->page.req->query, "also", "");

	if (*hex != '\0' && strlen(hex) <= 16 &&
	    strspn(hex, "0123456789abcdef") == strlen(hex))
		s->also = strtoull(hex, NULL, 16);
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
	read_also(&s);
	unchosen = fields_str(q, "unchosen", "");
	if (field_label(unchosen) != NULL)
		snprintf(s.unchosen, sizeof(s.unchosen), "%s", unchosen);
	if (screen_load(&s, fields_get(q, "probe") != NULL) == -1)
		goto out;
	job = fields_str(q, "job", NULL);
	if (job != NULL && screen_job(&s, job) == -1 &&
	    s.err.code != ERR_JOB_UNKNOWN)
		goto out;
	if (fields_get(q, "preview") != NULL && screen_conflicts(&s) == 0 &&
	    load_preview(&s) == -1) {
		s.failed = true;
		status = err_http(s.err.code);
	}
	/* The web server did not let the files through, and asks in the
	 * place of the browser that sent them. */
	if (fields_get(q, "too_large") != NULL) {
		err_set(&s.err, ERR_REQ_TOO_LARGE, "", "files");
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
	read_also(&s);
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
