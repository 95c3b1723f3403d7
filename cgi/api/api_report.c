/*
 * api_report.c - GET /api/v1/report/tls and /report/tls.csv: who still talks
 * plaintext, as postseal-logs has counted it (answer.h).
 *
 * Where that does not run nothing is known, and that is the answer.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "client.h"
#include "csv.h"
#include "jsonx.h"
#include "page.h"

#define DAYS_MAX 400
#define ROWS_MAX 1000
#define ASK_MS	 10000

static int
put_choice(const struct request *req, struct json_object *args,
    const char *name, const char *const *words, struct err *err)
{
	const char *s = fields_str(&req->query, name, "");

	for (; *words != NULL; words++)
		if (strcmp(*words, s) == 0) {
			if (*s != '\0')
				put_str(args, name, s);
			return 0;
		}
	return err_set(err, ERR_FIELD_INVALID, name, "%s: %.20s", name, s);
}

/* What postseal-logs would say if it ran. */
static struct json_object *
not_followed(const struct request *req)
{
	static const char *const nothing[] = {"from", "to", "coverage",
	    "messages", "clients", "impact", "protocols", "days", "rows",
	    "rows_left", "progress", "ever"};
	struct json_object *o = json_object_new_object();

	put_str(o, "direction",
	    strcmp(fields_str(&req->query, "direction", ""), "outbound") == 0
		? "outbound"
		: "inbound");
	put_bool(o, "known", false);
	put_str(o, "reason", "off");
	put_bool(o, "more_clients", false);
	json_object_object_add(o, "files", json_object_new_array());
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		json_object_object_add(o, nothing[i], NULL);
	return o;
}

int
report_ask(struct app *app, const struct request *req, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const struct client_actor who = {req->who.user, req->remote, "web"};
	int fd =
	    client_start(app->conf.logs_socket, &who, "report.tls", args, err);

	json_object_put(args);
	if (fd != -1)
		return client_finish(fd, ASK_MS, data, NULL, err);
	*data = not_followed(req);
	return 0;
}

static int
ask(struct app *app, struct request *req, struct json_object **data,
    struct err *err)
{
	static const char *const ways[] = {"", "inbound", "outbound", NULL};
	static const char *const only[] = {"", "plain", "old", "failed", NULL};
	struct json_object *args = json_object_new_object();

	if (put_choice(req, args, "direction", ways, err) == -1 ||
	    put_choice(req, args, "only", only, err) == -1 ||
	    api_put_number(req, args, "days", DAYS_MAX, err) == -1 ||
	    api_put_number(req, args, "limit", ROWS_MAX, err) == -1) {
		json_object_put(args);
		return -1;
	}
	return report_ask(app, req, args, data, err);
}

int
api_report(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	int rc = ask(app, req, &data, err);

	if (rc == 0)
		rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

static const char *const columns[] = {"address", "network", "name", "plain",
    "tls", "old", "refused", "ever_tls", "first_seen", "last_seen", "protocol",
    "domains"};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* NULL: the heads.  Domains stand in one cell, blanks between. */
static void
add_row(struct buf *b, struct json_object *row)
{
	struct json_object *list = jsonx_path(row, "domains"), *v;
	char domains[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < jsonx_len(list) && len < sizeof(domains); i++)
		len += (size_t)snprintf(domains + len, sizeof(domains) - len,
		    "%s%s", i == 0 ? "" : " ", jsonx_str_at(list, i));
	for (size_t i = 0; i + 1 < COLUMNS; i++) {
		v = jsonx_path(row, columns[i]);
		csv_cell(b,
		    row == NULL ? columns[i]
		    : v == NULL ? ""
				: json_object_get_string(v),
		    ",");
	}
	csv_cell(b, row == NULL ? "domains" : domains, "\r\n");
}

/* With the mark that makes a spreadsheet read UTF-8. */
int
api_report_csv(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL, *rows;
	int rc = ask(app, req, &data, err);

	if (rc == -1)
		return -1;
	rows = jsonx_path(data, "rows");
	buf_adds(&reply->body, "\xef\xbb\xbf");
	add_row(&reply->body, NULL);
	for (size_t i = 0; i < jsonx_len(rows); i++)
		add_row(&reply->body, json_object_array_get_idx(rows, i));
	if (reply->body.failed ||
	    reply_header(reply, "Content-Type", "text/csv; charset=utf-8") ==
		-1 ||
	    reply_header(reply, "Content-Disposition",
		"attachment; filename=\"tls.csv\"") == -1)
		rc = err_set(err, ERR_NOMEM, "", "tls.csv");
	json_object_put(data);
	return rc;
}
