/*
 * audit_csv.c - GET /audit.csv: the audit log as a table for a spreadsheet
 * (RFC 4180), the newest first, with the filters of the page; names and codes
 * are those of the API, in every language.
 *
 * What a stranger typed stands in it: the cells are those of csv.h.  Where
 * more is in the log than ROWS_MAX lines, a Link header has the place of the
 * rest, and so has the last row, of which the event is "more": nobody who opens
 * the file sees a header.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "csv.h"
#include "history.h"
#include "jsonx.h"

#define ROWS_MAX  1000
#define CALLS_MAX 32 /* postseald reads a piece of the log at a time */

static const char *const columns[] = {"at", "user", "from", "via", "event",
    "outcome", "detail", "repeats", "claimed", "note"};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *
end_of(size_t column)
{
	return column + 1 < COLUMNS ? "," : "\r\n";
}

/* With the mark that makes a spreadsheet read UTF-8. */
static void
add_head(struct buf *b)
{
	buf_adds(b, "\xef\xbb\xbf");
	for (size_t i = 0; i < COLUMNS; i++)
		csv_cell(b, columns[i], end_of(i));
}

static void
add_row(struct buf *b, struct json_object *line)
{
	struct json_object *v;

	for (size_t i = 0; i < COLUMNS; i++) {
		v = jsonx_path(line, columns[i]);
		csv_cell(
		    b, v != NULL ? json_object_get_string(v) : "", end_of(i));
	}
}

/* Rows from *before on; *before is then the place of the rest, or 0. */
static int
add_rows(struct screen *s, struct buf *b, int64_t *before, struct err *err)
{
	struct json_object *args, *data, *list;
	size_t rows = 0, i;

	for (int n = 0; n < CALLS_MAX && rows < ROWS_MAX; n++) {
		args = json_object_new_object();
		data = NULL;
		if (audit_args(s->page.req, args, err) == -1) {
			json_object_put(args);
			return -1;
		}
		if (*before > 0)
			put_int(args, "before", *before);
		put_int(args, "limit", (int64_t)(ROWS_MAX - rows));
		if (screen_call(s, OP_AUDIT_LIST, args, &data) == -1) {
			*err = s->err;
			return -1;
		}
		list = jsonx_path(data, "entries");
		for (i = 0; i < jsonx_len(list); i++)
			add_row(b, json_object_array_get_idx(list, i));
		rows += jsonx_len(list);
		*before = jsonx_path_int(data, "next");
		json_object_put(data);
		if (*before <= 0)
			break;
	}
	return 0;
}

/* Where the rest is: for a script, and for who reads the file. */
static int
add_next(const struct fields *q, struct reply *reply, int64_t before)
{
	struct json_object *o = json_object_new_object();
	char where[24], link[1024];
	const struct pair pairs[] = {{"user", fields_str(q, "user", "")},
	    {"event", fields_str(q, "event", "")},
	    {"outcome", fields_str(q, "outcome", "")},
	    {"text", fields_str(q, "text", "")}, {"before", where}};

	snprintf(where, sizeof(where), "%lld", (long long)before);
	put_link(
	    o, "next", PATH_AUDIT_CSV, pairs, sizeof(pairs) / sizeof(pairs[0]));
	snprintf(link, sizeof(link), "<%.900s>; rel=\"next\"",
	    jsonx_path_str(o, "next", ""));
	put_str(o, "event", "more");
	put_str(o, "detail", jsonx_path_str(o, "next", ""));
	add_row(&reply->body, o);
	json_object_put(o);
	return reply->body.failed ? -1 : reply_header(reply, "Link", link);
}

int
page_audit_csv(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct screen s;
	int64_t before = 0;
	int rc = -1;

	screen_init(&s, app, req);
	add_head(&reply->body);
	if (add_rows(&s, &reply->body, &before, err) == -1)
		goto out;
	if (reply->body.failed ||
	    reply_header(reply, "Content-Type", "text/csv; charset=utf-8") ==
		-1 ||
	    reply_header(reply, "Content-Disposition",
		"attachment; filename=\"audit.csv\"") == -1 ||
	    (before > 0 && add_next(&req->query, reply, before) == -1))
		err_set(err, ERR_NOMEM, "", "audit.csv");
	else
		rc = 0;
out:
	if (rc == -1)
		buf_reset(&reply->body);
	screen_clear(&s);
	return rc;
}
