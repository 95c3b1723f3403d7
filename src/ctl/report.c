/*
 * report.c - "report tls": who still talks plaintext, by what postseal-logs has
 * counted, or this host's log, or one from anywhere.
 *
 * Whoever runs it opens the files; they are read by a child that is nobody
 * (logreport.h), and what that says is cleaned like any text of strangers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client.h"
#include "csv.h"
#include "ctl.h"
#include "jsonx.h"
#include "logreport.h"
#include "own_log.h"
#include "util.h"

#define ROWS_SHOWN 20
#define ASK_MS	   30000
#define DAYS_MAX   400

static int
read_query(const struct ctl *ctl, struct report_query *q, struct err *err)
{
	static const char *const words[] = {[ONLY_PLAIN] = "plain",
	    [ONLY_OLD] = "old",
	    [ONLY_FAILED] = "failed"};
	const char *only = ctl->report.only;
	int64_t days = 30;
	int64_t limit = ctl->report.csv ? REPORT_ROWS_MAX : ROWS_SHOWN;

	if (ctl->report.csv && ctl->json)
		return err_set(
		    err, ERR_FIELD_INVALID, "", "--csv or --json, not both");
	if (ctl->limit != NULL && (!number_read(ctl->limit, strlen(ctl->limit),
				       REPORT_ROWS_MAX, &limit) ||
				      limit < 1))
		return err_set(err, ERR_FIELD_MISSING, "limit",
		    "limit: expected 1 to %d, got %.20s", REPORT_ROWS_MAX,
		    ctl->limit);
	q->limit = (size_t)limit;
	if (ctl->days != NULL &&
	    (ctl->report.files.n > 0 ||
		!number_read(ctl->days, strlen(ctl->days), DAYS_MAX, &days) ||
		days < 1))
		return err_set(err, ERR_FIELD_MISSING, "days",
		    "days: expected 1 to %d, and no --file", DAYS_MAX);
	q->days = (int)days;
	q->only = ONLY_ALL;
	for (int i = ONLY_PLAIN; only != NULL && i <= ONLY_FAILED; i++)
		if (strcmp(only, words[i]) == 0)
			q->only = (enum report_only)i;
	if (only != NULL && q->only == ONLY_ALL)
		return err_set(err, ERR_FIELD_MISSING, "only",
		    "only: expected plain, old or failed, got %.20s", only);
	return 0;
}

/* Without the console's file, as on a host that has no console, its defaults.
 */
static int
read_conf(struct ctl *ctl, struct err *err)
{
	conf_default(&ctl->conf);
	return access(ctl->conf_path, F_OK) == 0
		   ? conf_read(&ctl->conf, ctl->conf_path, err)
		   : 0;
}

/* "-" is standard input. */
static int
open_named(const struct ctl_texts *names, struct own_log *log, struct err *err)
{
	const char *name;
	int fd;

	if (names->n > REPORT_FILES_MAX)
		return err_set(err, ERR_FIELD_MISSING, "file",
		    "--file: at most %d of it", REPORT_FILES_MAX);
	for (size_t i = 0; i < names->n; i++) {
		name = names->text[i];
		fd = strcmp(name, "-") == 0
			 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			 : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd == -1) {
			err_sys(err, ERR_IO, "file", "%.100s", name);
			(void)own_log_close(log);
			return -1;
		}
		(void)snprintf(
		    log->names[i], sizeof(log->names[i]), "%s", name);
		log->files[log->n++] = fd;
	}
	return 0;
}

/* "4310 of 361204 (1.2 %)" */
static void
share_line(struct ctl *ctl, const char *label, struct json_object *o,
    const char *what, const char *all)
{
	int64_t n = jsonx_path_int(o, what), total = jsonx_path_int(o, all);
	char text[96];

	(void)snprintf(text, sizeof(text), "%lld of %lld (%.1f %%)",
	    (long long)n, (long long)total,
	    total == 0 ? 0.0 : 100.0 * (double)n / (double)total);
	ctl_line(ctl, label, text);
}

static const char *
reason_text(const char *reason, bool inbound)
{
	static const struct {
		const char *reason, *in, *out;
	} texts[] = {
	    {"loglevel",
		"TLS leaves no line in this log: set "
		"smtpd_tls_loglevel = 1",
		"TLS leaves no line in this log: smtp_tls_loglevel is 0, or "
		"outbound TLS is off"},
	    {"no_tls_offered",
		"no client used TLS: as if STARTTLS was not offered", ""},
	    {"too_short", "the log is of less than 7 days",
		"the log is of less than 7 days"},
	    {"reading", "the log is still being read",
		"the log is still being read"},
	    {"log_unreadable", "a part of the log could not be read",
		"a part of the log could not be read"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].reason, reason) == 0)
			return inbound ? texts[i].in : texts[i].out;
	return reason;
}

/* Of the domains of a row one text, for the table. */
static void
join_domains(struct json_object *rows)
{
	struct json_object *row, *list;
	char text[512];
	size_t len;

	for (size_t i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		list = jsonx_path(row, "domains");
		text[0] = '\0';
		len = 0;
		for (size_t j = 0; j < jsonx_len(list) && len < sizeof(text);
		     j++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s%s", j == 0 ? "" : " ", jsonx_str_at(list, j));
		jsonx_put_str(row, "domains", text);
	}
}

static void
print_shares(struct ctl *ctl, struct json_object *o, const char *peers)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.2f %%",
	    100.0 * json_object_get_double(jsonx_path(o, "coverage")));
	ctl_line(ctl, "coverage", text);
	share_line(ctl, "plaintext", o, "messages.plain", "messages.total");
	share_line(ctl, "TLS before 1.2", o, "messages.old", "messages.total");
	share_line(ctl, peers, o, "clients.plain", "clients.total");
}

/* NULL: all that it tells is known. */
static const char *
why_not(struct json_object *o, bool inbound)
{
	const char *reason = jsonx_path_str(o, "reason", "");

	if (jsonx_path_bool(o, "known"))
		return NULL;
	if (jsonx_path(o, "coverage") == NULL &&
	    strcmp(reason, "log_unreadable") != 0)
		return "no message in this log";
	return reason_text(reason, inbound);
}

static void
print_direction(struct ctl *ctl, const char *label, struct json_object *o)
{
	static const char *const columns[] = {"address", "name", "plain", "tls",
	    "old", "refused", "last_seen", "domains"};
	const char *shown[sizeof(columns) / sizeof(columns[0]) + 1] = {NULL};
	bool inbound = strcmp(label, "inbound") == 0;
	bool empty = jsonx_path(o, "coverage") == NULL;
	struct json_object *rows = jsonx_path(o, "rows");
	const char *why = why_not(o, inbound);

	memcpy(shown, columns, sizeof(columns));
	ctl_line(ctl, label, why == NULL ? "known" : why);
	if (empty && jsonx_len(rows) == 0)
		return;
	ctl_line(ctl, "from", jsonx_path_str(o, "from", ""));
	ctl_line(ctl, "to", jsonx_path_str(o, "to", ""));
	if (jsonx_path(o, "messages.plain") == NULL)
		return;
	if (!empty)
		print_shares(ctl, o, inbound ? "clients" : "servers");
	if (jsonx_path_bool(o, "more_clients"))
		ctl_line(ctl, "", "or more: not all were told apart");
	join_domains(rows);
	if (jsonx_len(rows) > 0) {
		fputc('\n', ctl->out);
		ctl_table(ctl->out, rows, shown);
	}
	if (jsonx_path_int(o, "rows_left") > 0)
		fprintf(ctl->out, "%lld more: --limit\n",
		    (long long)jsonx_path_int(o, "rows_left"));
}

/* Into *report: "files" read, and "unread" by their names, too. */
static void
name_files(struct json_object *report, const struct own_log *log)
{
	struct json_object *files = json_object_new_array();
	struct json_object *unread = json_object_new_array(), *old;
	int64_t n;

	for (size_t i = 0; i < log->n; i++)
		json_object_array_add(
		    files, json_object_new_string(log->names[i]));
	old = jsonx_path(report, "unread");
	for (size_t i = 0; i < jsonx_len(old); i++) {
		n = json_object_get_int64(json_object_array_get_idx(old, i));
		if (n >= 0 && n < (int64_t)log->n)
			json_object_array_add(
			    unread, json_object_new_string(log->names[n]));
	}
	json_object_object_add(report, "files", files);
	json_object_object_add(report, "unread", unread);
}

/* journalctl has failed: nothing is known. */
static void
not_read(struct json_object *report, const char *name)
{
	static const char *const ways[] = {"inbound", "outbound"};
	struct json_object *o;

	json_object_array_add(
	    jsonx_path(report, "unread"), json_object_new_string(name));
	for (size_t i = 0; i < 2; i++) {
		o = jsonx_path(report, ways[i]);
		jsonx_put_bool(o, "known", false);
		jsonx_put_str(o, "reason", "log_unreadable");
		json_object_object_add(o, "impact", NULL);
	}
}

static void
csv_row(FILE *out, const char *const *fields, size_t n)
{
	struct buf b;

	buf_init(&b, 64 * 1024);
	for (size_t i = 0; i < n; i++)
		csv_cell(&b, fields[i], i + 1 < n ? "," : "\n");
	(void)fwrite(b.data, 1, b.len, out);
	buf_clear(&b);
}

static void
csv_rows(FILE *out, struct json_object *report, const char *way)
{
	static const char *const columns[] = {"direction", "address", "network",
	    "name", "plain", "tls", "old", "refused", "ever_tls", "first_seen",
	    "last_seen", "protocol", "domains"};
	const char *fields[sizeof(columns) / sizeof(columns[0])] = {way};
	size_t n = sizeof(columns) / sizeof(columns[0]);
	struct json_object *o = jsonx_path(report, way), *row, *v;
	struct json_object *rows = jsonx_path(o, "rows");
	bool inbound = strcmp(way, "inbound") == 0;
	const char *why = why_not(o, inbound);

	if (why != NULL)
		fprintf(stderr, "postsealctl: %s: %s\n", way, why);
	join_domains(rows);
	if (inbound)
		csv_row(out, columns, n);
	for (size_t i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		for (size_t c = 1; c < n; c++) {
			v = jsonx_path(row, columns[c]);
			fields[c] = v == NULL ? "" : json_object_get_string(v);
		}
		csv_row(out, fields, n);
	}
	if (jsonx_path_int(o, "rows_left") > 0)
		fprintf(stderr, "postsealctl: %s: %lld more rows: --limit\n",
		    way, (long long)jsonx_path_int(o, "rows_left"));
}

static void
print_report(struct ctl *ctl, struct json_object *report)
{
	static const char *const lists[] = {"files", "unread"};
	struct json_object *list;

	for (size_t i = 0; i < 2; i++) {
		list = jsonx_path(report, lists[i]);
		for (size_t j = 0; j < jsonx_len(list); j++)
			ctl_line(ctl, i == 0 ? "log" : "unread",
			    jsonx_str_at(list, j));
	}
	fputc('\n', ctl->out);
	print_direction(ctl, "inbound", jsonx_path(report, "inbound"));
	fputc('\n', ctl->out);
	print_direction(ctl, "outbound", jsonx_path(report, "outbound"));
}

/* Of one direction, by postseal-logs. */
static struct json_object *
ask_one(const struct ctl *ctl, const struct report_query *q, const char *way,
    struct err *err)
{
	static const char *const words[] = {"", "plain", "old", "failed"};
	const struct client_actor who = {ctl->caller, "local", "ctl"};
	struct json_object *args = json_object_new_object(), *data = NULL;
	int fd;

	jsonx_put_str(args, "direction", way);
	jsonx_put_int(args, "limit", (int64_t)q->limit);
	jsonx_put_int(args, "days", q->days);
	if (q->only != ONLY_ALL)
		jsonx_put_str(args, "only", words[q->only]);
	fd = client_start(ctl->conf.logs_socket, &who, "report.tls", args, err);
	json_object_put(args);
	if (fd != -1)
		(void)client_finish(fd, ASK_MS, &data, NULL, err);
	return data;
}

/* What postseal-logs has counted; -1: it is not there, or does not say. */
static int
ask_logs(struct ctl *ctl, const struct report_query *q,
    struct json_object **ret, struct err *err)
{
	struct json_object *in, *out, *o;

	if ((in = ask_one(ctl, q, "inbound", err)) == NULL)
		return -1;
	if ((out = ask_one(ctl, q, "outbound", err)) == NULL) {
		json_object_put(in);
		return -1;
	}
	o = json_object_new_object();
	json_object_object_add(
	    o, "files", json_object_get(jsonx_path(in, "files")));
	json_object_object_add(o, "unread", json_object_new_array());
	json_object_object_add(o, "inbound", in);
	json_object_object_add(o, "outbound", out);
	*ret = o;
	return 0;
}

/* The files, or this host's log, read now. */
static int
read_now(struct ctl *ctl, const struct report_query *query,
    struct json_object **report, struct err *err)
{
	const struct ctl_texts *names = &ctl->report.files;
	struct own_log log = {.n = 0};
	int rc;

	if ((names->n > 0 ? open_named(names, &log, err)
			  : own_log_open(&ctl->conf, &log, err)) == -1)
		return -1;
	rc = report_files(log.files, log.n, query, report, err);
	if (rc == 0)
		name_files(*report, &log);
	if (!own_log_close(&log) && rc == 0)
		not_read(*report, "journal");
	return rc;
}

int
ctl_report_tls(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	const bool own = ctl->report.files.n == 0;
	struct json_object *report = NULL;
	struct report_query query = {.limit = 0};

	(void)args;
	if (read_query(ctl, &query, err) == -1 ||
	    (own && read_conf(ctl, err) == -1))
		return -1;
	/* Read now, it is of 30 days. */
	if ((!own || ask_logs(ctl, &query, &report, err) == -1) &&
	    (ctl->days != NULL || read_now(ctl, &query, &report, err) == -1))
		return -1;
	if (jsonx_len(jsonx_path(report, "unread")) > 0)
		*status = EXIT_ATTENTION;
	if (ctl->json)
		return ctl_json(ctl, report, err);
	if (ctl->report.csv) {
		csv_rows(ctl->out, report, "inbound");
		csv_rows(ctl->out, report, "outbound");
	} else {
		print_report(ctl, report);
	}
	json_object_put(report);
	return 0;
}
