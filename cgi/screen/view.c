/*
 * view.c - the Connection screen as a page, and the way back to it.
 */
#include <stdio.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "sentence.h"

#define LOCATION_MAX 512

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
	s->conflicts = screen_conflicts(s);
	screen_load_history(s);
	screen_audit(&s->page, ctx, s->view);
	screen_state(s, ctx);
	screen_form(s, ctx);
	screen_also(s, ctx);
	screen_outcome(s, ctx);
	screen_preview(s, NULL, ctx);
	screen_sentence(s, ctx);
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
	if (s->also != 0)
		buf_printf(&b, "%calso=%llx", strchr(b.data, '?') ? '&' : '?',
		    (unsigned long long)s->also);
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

int
screen_refused(struct screen *s, struct reply *reply, struct err *err)
{
	struct json_object *problem = json_object_get(s->problem);
	struct err why = s->err;
	int rc;

	json_object_put(s->view);
	s->view = NULL;
	rc = screen_load(s, false);
	json_object_put(s->problem);
	s->problem = problem;
	s->failed = true;
	if (rc == -1) {
		*err = s->err;
		return -1;
	}
	s->err = why;
	return screen_render(
	    s, reply, err_http(why.code) != 0 ? err_http(why.code) : 422, err);
}
