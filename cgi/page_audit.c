/*
 * page_audit.c - the audit log: who did what, newest first, with filters in
 * the address.  postseald alone writes and reads the log; this page only asks.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "page.h"

#define PAGE_SIZE 50

/* What is worth a filter: the event, or the beginning of several. */
static const char *const events[][2] = {
    {"connection.apply", "audit.event.connection.apply"},
    {"generation.restore", "audit.event.generation.restore"},
    {"connection.adopt", "audit.event.connection.adopt"},
    {"recover", "audit.event.recover"},
    {"login", "audit.filter.login"},
    {"user.", "audit.filter.user"},
    {"token.", "audit.filter.token"},
    {"keys.", "audit.filter.keys"},
    {"scanner.", "audit.filter.scanner"},
    {"cluster.", "audit.filter.cluster"},
};

static const struct {
	const char *event, *text;
} names[] = {
    {"connection.apply", "audit.event.connection.apply"},
    {"generation.restore", "audit.event.generation.restore"},
    {"connection.adopt", "audit.event.connection.adopt"},
    {"recover", "audit.event.recover"},
    {"login", "audit.event.login"},
    {"logout", "audit.event.logout"},
    {"login_failed", "audit.event.login_failed"},
    {"user.add", "audit.event.user.add"},
    {"user.passwd", "audit.event.user.passwd"},
    {"user.delete", "audit.event.user.delete"},
    {"user.role", "audit.event.user.role"},
    {"user.totp", "audit.event.user.totp"},
    {"user.totp_reset", "audit.event.user.totp_reset"},
    {"session.end", "audit.event.session.end"},
    {"token.add", "audit.event.token.add"},
    {"token.delete", "audit.event.token.delete"},
    {"keys.add", "audit.event.keys.add"},
    {"keys.delete", "audit.event.keys.delete"},
};

static const struct {
	const char *outcome, *text, *kind;
} outcomes[] = {
    {"ok", "audit.outcome.ok", "ok"},
    {"applied", "history.applied", "ok"},
    {"unchanged", "audit.outcome.unchanged", "info"},
    {"refused", "audit.outcome.refused", "warn"},
    {"rolled_back", "audit.outcome.rolled_back", "error"},
    {"failed", "history.failed", "error"},
    {"completed", "audit.outcome.completed", "ok"},
    {"not_serving", "audit.outcome.not_serving", "error"},
};

#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

static struct json_object *
row_of(const struct page *p, struct json_object *line)
{
	struct json_object *o = json_object_new_object();
	const char *event = jsonx_path_str(line, "event", "");
	const char *outcome = jsonx_path_str(line, "outcome", "");
	size_t i;

	put_str(o, "user", jsonx_path_str(line, "user", ""));
	put_str(o, "detail", jsonx_path_str(line, "detail", ""));
	put_str(o, "code", event);
	put_str(o, "event", "");
	put_origin(p, o, line);
	put_time(p, o, jsonx_path_str(line, "at", NULL));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].event, event) == 0)
			put_str(o, "event", page_text(p, names[i].text));
	put_str(o, "outcome", outcome);
	put_icon(o, "info");
	for (i = 0; i < OUTCOMES; i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0) {
			put_str(o, "outcome", page_text(p, outcomes[i].text));
			put_icon(o, outcomes[i].kind);
		}
	return o;
}

static void
put_filters(
    const struct page *p, struct json_object *ctx, const struct fields *q)
{
	const char *event = fields_str(q, "event", "");
	const char *outcome = fields_str(q, "outcome", "");
	struct json_object *list = json_object_new_array();
	bool known = *event == '\0';
	size_t i;

	option_add(list, "", page_text(p, "filter.all"), event);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		option_add(
		    list, events[i][0], page_text(p, events[i][1]), event);
		known = known || strcmp(events[i][0], event) == 0;
	}
	if (!known)
		option_add(list, event, event, event);
	json_object_object_add(ctx, "events", list);
	list = json_object_new_array();
	option_add(list, "", page_text(p, "filter.all"), outcome);
	for (i = 0; i < OUTCOMES; i++)
		option_add(list, outcomes[i].outcome,
		    page_text(p, outcomes[i].text), outcome);
	json_object_object_add(ctx, "outcomes", list);
	put_str(ctx, "by", fields_str(q, "user", ""));
	put_str(ctx, "text", fields_str(q, "text", ""));
	put_bool(ctx, "filtered",
	    *event != '\0' || *outcome != '\0' ||
		*fields_str(q, "user", "") != '\0' ||
		*fields_str(q, "text", "") != '\0');
}

/* Where the next page is, and the first one when this is not it. */
static void
put_pages(
    struct json_object *ctx, const struct fields *q, struct json_object *next)
{
	char before[24] = "";
	const struct pair pairs[] = {{"user", fields_str(q, "user", "")},
	    {"event", fields_str(q, "event", "")},
	    {"outcome", fields_str(q, "outcome", "")},
	    {"text", fields_str(q, "text", "")},
	    {"limit", fields_str(q, "limit", "")}, {"before", before}};
	size_t n = sizeof(pairs) / sizeof(pairs[0]);

	put_str(ctx, "older", "");
	put_str(ctx, "newest", "");
	if (next != NULL) {
		snprintf(before, sizeof(before), "%lld",
		    (long long)json_object_get_int64(next));
		put_link(ctx, "older", PATH_AUDIT, pairs, n);
	}
	if (*fields_str(q, "before", "") != '\0')
		put_link(ctx, "newest", PATH_AUDIT, pairs, n - 1);
}

int
page_audit(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct json_object *ctx = NULL, *list, *rows;
	struct screen s;
	size_t i, n = 0;
	int rc = -1;

	screen_init(&s, app, req);
	put_int(args, "limit", PAGE_SIZE);
	if (audit_args(req, args, err) == -1) {
		json_object_put(args);
		goto out;
	}
	if (screen_call(&s, OP_AUDIT_LIST, args, &data) == -1) {
		*err = s.err;
		goto out;
	}
	list = jsonx_path(data, "entries");
	if (json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(
		    rows, row_of(&s.page, json_object_array_get_idx(list, i)));
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s.page, "nav.audit"));
	put_str(ctx, "refresh", "");
	put_bool(ctx, "some", n > 0);
	json_object_object_add(ctx, "rows", rows);
	put_filters(&s.page, ctx, &req->query);
	put_pages(ctx, &req->query, jsonx_path(data, "next"));
	rc = page_render(app, req, reply, 200, "audit", ctx, err);
out:
	json_object_put(ctx);
	json_object_put(data);
	screen_clear(&s);
	return rc;
}
