/*
 * audit.c - the audit log: who did what, with filters and the order in
 * the address.  postseald alone writes and reads the log; this page only asks.
 *
 * postseald reads backwards from a place in the log.  The oldest first is
 * asked for piece by piece, each from its end: places are offsets, the log
 * only grows, and a line is far shorter than MARGIN.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "history.h"
#include "jsonx.h"

#define PAGE_SIZE  50
#define ASK_MAX	   1000 /* entries of one answer */
#define PIECE_MAX  (960 * 1024)
#define PIECE_MIN  (PIECE_MAX / 64)
#define MARGIN	   (16 * 1024)
#define PIECES_MAX 12 /* then a short page, with more to come */

/* What is worth a filter: the event, or the beginning of several. */
static const char *const events[][2] = {
    {"connection.apply", "audit.event.connection.apply"},
    {"generation.restore", "audit.event.generation.restore"},
    {"connection.adopt", "audit.event.connection.adopt"},
    {"connection.leave", "audit.event.connection.leave"},
    {"connection.test", "audit.event.connection.test"},
    {"recover", "audit.event.recover"},
    {"login", "audit.filter.login"},
    {"user.", "audit.filter.user"},
    {"token.", "audit.filter.token"},
    {"keys.", "audit.filter.keys"},
    {"scanner.", "audit.filter.scanner"},
    {"cluster.", "audit.filter.cluster"},
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

static void
put_repeats(const struct page *p, struct json_object *o, int64_t n)
{
	struct json_object *args = json_object_new_object();

	put_str(o, "repeats", "");
	put_int(args, "n", n);
	if (n > 1)
		put_text(p, o, "repeats", "audit.repeats", args);
	json_object_put(args);
}

static struct json_object *
row_of(const struct page *p, struct json_object *line, struct json_object *gens)
{
	struct json_object *o = json_object_new_object();
	const char *outcome = jsonx_path_str(line, "outcome", "");
	size_t i;

	put_bool(o, "claimed", jsonx_path_bool(line, "claimed"));
	put_repeats(p, o, jsonx_path_int(line, "repeats"));
	put_str(o, "why", jsonx_path_str(line, "note", ""));
	put_origin(p, o, line);
	put_time(p, o, jsonx_path_str(line, "at", NULL));
	put_str(o, "outcome", outcome);
	put_icon(o, "info");
	for (i = 0; i < OUTCOMES; i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0) {
			put_str(o, "outcome", page_text(p, outcomes[i].text));
			put_icon(o, outcomes[i].kind);
		}
	audit_say(p, o, line, gens);
	return o;
}

/* What the lines speak of; without it they have their numbers. */
static struct json_object *
read_generations(struct screen *s, struct json_object *lines)
{
	struct json_object *data = NULL;
	const char *detail;

	for (size_t i = 0; i < jsonx_len(lines); i++) {
		detail = jsonx_path_str(
		    json_object_array_get_idx(lines, i), "detail", "");
		if (strncmp(detail, "generation ", 11) != 0)
			continue;
		(void)screen_call(
		    s, OP_GENERATIONS_LIST, json_object_new_object(), &data);
		break;
	}
	return data;
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

/* The oldest first: entries from "after" on; the next page starts at "next",
 * -1 when there is none. */
struct upward {
	int64_t after, next;
	size_t page; /* entries on a page */
	struct json_object *list;
};

static int
ask(struct screen *s, struct json_object *args, int64_t before, int limit,
    struct json_object **data, struct err *err)
{
	if (before > 0)
		put_int(args, "before", before);
	put_int(args, "limit", limit);
	if (screen_call(s, OP_AUDIT_LIST, args, data) == 0)
		return 0;
	*err = s->err;
	return -1;
}

/* Of an answer, the newest of it first, those from that place on; returns the
 * place after the last. */
static int64_t
take_up(struct upward *up, struct json_object *entries, int64_t from)
{
	struct json_object *one;
	int64_t at;
	size_t i;

	for (i = jsonx_len(entries); i-- > 0;) {
		if (json_object_array_length(up->list) > up->page)
			break;
		one = json_object_array_get_idx(entries, i);
		at = json_object_get_int64(jsonx_path(one, "offset"));
		if (at < from)
			continue;
		json_object_array_add(up->list, json_object_get(one));
		from = at + 1;
	}
	return from;
}

/* Where the last entry of all stands; -1 when there is none. */
static int
last_of(struct screen *s, int64_t *last, struct err *err)
{
	struct json_object *data = NULL, *list;

	if (ask(s, json_object_new_object(), 0, 1, &data, err) == -1)
		return -1;
	list = jsonx_path(data, "entries");
	*last = -1;
	if (jsonx_len(list) > 0)
		*last = json_object_get_int64(
		    jsonx_path(json_object_array_get_idx(list, 0), "offset"));
	json_object_put(data);
	return 0;
}

static int
read_up(struct screen *s, struct upward *up, struct err *err)
{
	struct json_object *args, *data;
	int64_t last, from = up->after, start = from, piece = PIECE_MAX;
	int n;

	if (last_of(s, &last, err) == -1)
		return -1;
	for (n = 0; n < PIECES_MAX && start <= last &&
		    json_object_array_length(up->list) <= up->page;
	     n++) {
		args = json_object_new_object();
		data = NULL;
		if (audit_args(s->page.req, args, err) == -1) {
			json_object_put(args);
			return -1;
		}
		if (ask(s, args, start + piece, ASK_MAX, &data, err) == -1)
			return -1;
		if (piece > PIECE_MIN &&
		    json_object_get_int64(jsonx_path(data, "next")) > from) {
			piece /= 4; /* too many to see the first of them */
		} else {
			from = take_up(up, jsonx_path(data, "entries"), from);
			start += piece;
			if (from < start - MARGIN)
				from = start - MARGIN;
		}
		json_object_put(data);
	}
	up->next = start <= last ? from : -1;
	return 0;
}

/* The rest of what was read begins the next page. */
static void
cut_up(struct upward *up)
{
	struct json_object *one;

	if (json_object_array_length(up->list) <= up->page)
		return;
	one = json_object_array_get_idx(up->list, up->page);
	up->next = json_object_get_int64(jsonx_path(one, "offset"));
	json_object_array_del_idx(up->list, up->page, 1);
}

static bool
is_up(const struct fields *q)
{
	return strcmp(fields_str(q, "sort", ""), "at") == 0;
}

/* *ret: {entries, next} in the order that is asked for. */
static int
read_log(struct screen *s, struct json_object **ret, struct err *err)
{
	struct request *req = s->page.req;
	struct json_object *args = json_object_new_object();
	struct upward up = {0, -1, 0, NULL};
	int rc;

	put_int(args, "limit", PAGE_SIZE);
	if (audit_args(req, args, err) == -1 ||
	    api_put_number(req, args, "after", INT64_MAX / 2, err) == -1) {
		json_object_put(args);
		return -1;
	}
	up.after = json_object_get_int64(jsonx_path(args, "after"));
	up.page = (size_t)json_object_get_int64(jsonx_path(args, "limit"));
	json_object_object_del(args, "after");
	if (!is_up(&req->query)) {
		rc = screen_call(s, OP_AUDIT_LIST, args, ret);
		if (rc == -1)
			*err = s->err;
		return rc;
	}
	json_object_put(args);
	up.list = json_object_new_array();
	if (read_up(s, &up, err) == -1) {
		json_object_put(up.list);
		return -1;
	}
	cut_up(&up);
	*ret = json_object_new_object();
	json_object_object_add(*ret, "entries", up.list);
	json_object_object_add(
	    *ret, "next", up.next >= 0 ? json_object_new_int64(up.next) : NULL);
	return 0;
}

/* The head of the times is a link: the other way round. */
static void
put_order(struct json_object *ctx, const struct fields *q)
{
	const struct pair pairs[] = {{"user", fields_str(q, "user", "")},
	    {"event", fields_str(q, "event", "")},
	    {"outcome", fields_str(q, "outcome", "")},
	    {"text", fields_str(q, "text", "")},
	    {"limit", fields_str(q, "limit", "")},
	    {"sort", is_up(q) ? "-at" : "at"}};

	put_str(ctx, "sort", is_up(q) ? "at" : "-at");
	put_str(ctx, "sorted", is_up(q) ? "ascending" : "descending");
	put_link(
	    ctx, "turned", PATH_AUDIT, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

/* Where the next page is, and the first one when this is not it. */
static void
put_pages(
    struct json_object *ctx, const struct fields *q, struct json_object *next)
{
	const char *place = is_up(q) ? "after" : "before";
	char where[24] = "";
	const struct pair pairs[] = {{"user", fields_str(q, "user", "")},
	    {"event", fields_str(q, "event", "")},
	    {"outcome", fields_str(q, "outcome", "")},
	    {"text", fields_str(q, "text", "")},
	    {"limit", fields_str(q, "limit", "")},
	    {"sort", is_up(q) ? "at" : ""}, {place, where}};
	size_t n = sizeof(pairs) / sizeof(pairs[0]);

	put_link(ctx, "csv", PATH_AUDIT_CSV, pairs, 4);
	put_bool(ctx, "upward", is_up(q));
	put_str(ctx, "further", "");
	put_str(ctx, "first", "");
	if (next != NULL) {
		snprintf(where, sizeof(where), "%lld",
		    (long long)json_object_get_int64(next));
		put_link(ctx, "further", PATH_AUDIT, pairs, n);
	}
	if (*fields_str(q, place, "") != '\0')
		put_link(ctx, "first", PATH_AUDIT, pairs, n - 1);
}

static void
put_state(struct screen *s, struct json_object *ctx)
{
	struct json_object *data = NULL;

	(void)screen_call(s, OP_AUDIT_STATE, json_object_new_object(), &data);
	screen_audit(&s->page, ctx, data);
	json_object_put(data);
}

static int
check_order(const struct fields *q, struct err *err)
{
	const char *sort = fields_str(q, "sort", "-at");

	if (strcmp(sort, "at") == 0 || strcmp(sort, "-at") == 0 ||
	    *sort == '\0')
		return 0;
	return err_set(err, ERR_FIELD_INVALID, "sort",
	    "expected at or -at, got %.20s", sort);
}

int
page_audit(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *ctx = NULL, *list, *rows, *data = NULL;
	struct json_object *gens = NULL;
	struct screen s;
	size_t i, n;
	int rc = -1;

	screen_init(&s, app, req);
	if (check_order(&req->query, err) == -1 ||
	    read_log(&s, &data, err) == -1)
		goto out;
	list = jsonx_path(data, "entries");
	n = jsonx_len(list);
	gens = read_generations(&s, list);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows,
		    row_of(&s.page, json_object_array_get_idx(list, i), gens));
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s.page, "nav.audit"));
	put_str(ctx, "refresh", "");
	put_bool(ctx, "some", n > 0);
	put_state(&s, ctx);
	json_object_object_add(ctx, "rows", rows);
	put_filters(&s.page, ctx, &req->query);
	put_order(ctx, &req->query);
	put_pages(ctx, &req->query, jsonx_path(data, "next"));
	rc = page_render(app, req, reply, 200, "audit", ctx, err);
out:
	json_object_put(ctx);
	json_object_put(data);
	json_object_put(gens);
	screen_clear(&s);
	return rc;
}
