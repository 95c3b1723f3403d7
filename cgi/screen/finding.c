/*
 * finding.c - findings as rows of words, with the box that confirms one.
 */
#include <stdio.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"

bool
is_confirmed(const struct screen *s, const char *code)
{
	const char *one;
	size_t i, n;

	n = s->confirm != NULL ? json_object_array_length(s->confirm) : 0;
	for (i = 0; i < n; i++) {
		one = json_object_get_string(
		    json_object_array_get_idx(s->confirm, i));
		if (one != NULL && strcmp(one, code) == 0)
			return true;
	}
	return false;
}

/* What a tick in the box says; NULL when there is nothing to decide. */
static const char *
confirm_text(const char *code, const char *severity)
{
	static const char *const own[][2] = {
	    {"cert.add_algorithm", "finding.keep_both"},
	    {"cert.replace_all", "finding.replace_all"},
	    {"chain.stored", "finding.drop_stored"},
	    {"drift.reset", "finding.reset"},
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(code, own[i][0]) == 0)
			return own[i][1];
	if (strcmp(severity, "confirm") != 0)
		return NULL;
	return strncmp(code, "cert.", 5) == 0 || strncmp(code, "chain.", 6) == 0
		   ? "finding.confirm"
		   : "finding.save";
}

/* A FINDING made ready for partial "_finding". */
static struct json_object *
finding_row(const struct screen *s, struct json_object *finding)
{
	const char *code = jsonx_path_str(finding, "code", "internal");
	const char *severity = jsonx_path_str(finding, "severity", "info");
	struct json_object *o = json_object_new_object();
	const char *ask = confirm_text(code, severity);
	const char *url = jsonx_path_str(finding, "args.url", "");
	char id[64];
	size_t i;

	put_error(&s->page, o, "message", code, jsonx_path(finding, "args"));
	put_detail(
	    o, jsonx_path_str(o, "message", ""), jsonx_path(finding, "args"));
	put_str(o, "code", code);
	put_str(o, "severity", severity);
	put_str(o, "field", jsonx_path_str(finding, "field", ""));
	put_str(o, "form", "connection");
	put_str(o, "url", strncmp(url, "http", 4) == 0 ? url : "");
	put_str(o, "ask", ask != NULL ? page_text(&s->page, ask) : "");
	put_bool(o, "confirmed", is_confirmed(s, code));
	put_icon(o, strcmp(severity, "confirm") == 0 ? "warn" : severity);
	/* "cert.expired" names an element as "cert-expired". */
	snprintf(id, sizeof(id), "%s", code);
	for (i = 0; id[i] != '\0'; i++)
		if (id[i] == '.')
			id[i] = '-';
	put_str(o, "id", id);
	return o;
}

static const char *
code_at(struct json_object *findings, size_t i)
{
	return jsonx_path_str(
	    json_object_array_get_idx(findings, i), "code", "");
}

/* What is merely good to know is shown where it explains what Postfix did. */
static bool
is_told(struct json_object *f)
{
	return strcmp(jsonx_path_str(f, "severity", "info"), "info") != 0 ||
	       strncmp(jsonx_path_str(f, "code", ""), "apply.", 6) == 0;
}

static struct json_object *
rows_of(const struct screen *s, struct json_object *findings, const char *form,
    bool all)
{
	struct json_object *list = json_object_new_array(), *f, *row;
	char id[96];
	size_t i, j, n;

	n = jsonx_len(findings);
	for (i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		if (!all && !is_told(f))
			continue;
		row = finding_row(s, f);
		put_str(row, "form", form);
		if (strcmp(form, "connection") != 0) {
			snprintf(id, sizeof(id), "%s-%s", form,
			    jsonx_path_str(row, "id", ""));
			put_str(row, "id", id);
		}
		for (j = i + 1; j < n; j++)
			if (strcmp(code_at(findings, j),
				code_at(findings, i)) == 0)
				put_str(row, "ask", "");
		json_object_array_add(list, row);
	}
	return list;
}

struct json_object *
finding_rows(
    const struct screen *s, struct json_object *findings, const char *form)
{
	return rows_of(s, findings, form, false);
}

struct json_object *
finding_rows_all(
    const struct screen *s, struct json_object *findings, const char *form)
{
	return rows_of(s, findings, form, true);
}

static bool
has_value(struct json_object *rows, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < jsonx_len(rows); i++)
		if (strcmp(jsonx_path_str(
			       json_object_array_get_idx(rows, i), key, ""),
			value) == 0)
			return true;
	return false;
}

bool
findings_have(struct json_object *rows, const char *code)
{
	return has_value(rows, "code", code);
}

bool
findings_undecided(struct json_object *rows)
{
	struct json_object *row;
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (strcmp(jsonx_path_str(row, "severity", ""), "confirm") ==
			0 &&
		    !json_object_get_boolean(jsonx_path(row, "confirmed")))
			return true;
	}
	return false;
}

/* Findings of one list that belong to field, each sentence once; what is to be
 * decided is asked once a code. */
static void
findings_for(const struct screen *s, struct json_object *rows,
    struct json_object *findings, const char *field, bool *bad)
{
	struct json_object *f, *row;
	size_t i, n;

	n = jsonx_len(findings);
	for (i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		if (strcmp(jsonx_path_str(f, "field", ""), field) != 0)
			continue;
		row = finding_row(s, f);
		if (has_value(
			rows, "message", jsonx_path_str(row, "message", ""))) {
			json_object_put(row);
			continue;
		}
		if (findings_have(rows, jsonx_path_str(f, "code", "")))
			put_str(row, "ask", "");
		if (strcmp(jsonx_path_str(f, "severity", ""), "error") == 0)
			*bad = true;
		json_object_array_add(rows, row);
	}
}

/* An error without findings that names the field (too large, for one). */
static void
error_for(const struct screen *s, struct json_object *rows, const char *field,
    bool *bad)
{
	struct json_object *f;

	if (!s->failed || strcmp(s->err.field, field) != 0 ||
	    findings_have(rows, err_name(s->err.code)))
		return;
	f = json_object_new_object();
	put_str(f, "code", err_name(s->err.code));
	put_str(f, "severity", "error");
	put_str(f, "field", field);
	json_object_array_add(rows, finding_row(s, f));
	json_object_put(f);
	*bad = true;
}

/* What Preview asks is asked there, within what it means for mail. */
static void
leave_to_preview(const struct screen *s, struct json_object *rows)
{
	struct json_object *asked = jsonx_path(s->preview, "findings"), *row;
	size_t i;

	for (i = 0; !s->restoring && i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (findings_have(asked, jsonx_path_str(row, "code", "")))
			put_str(row, "ask", "");
	}
}

struct json_object *
findings_at(const struct screen *s, const char *field, bool *bad)
{
	struct json_object *rows = json_object_new_array();
	struct json_object *lists[] = {
	    jsonx_path(s->view, "draft.report.findings"),
	    jsonx_path(s->job, "error.findings"),
	    jsonx_path(s->problem, "findings"),
	    jsonx_path(s->preview, "findings"),
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		findings_for(s, rows, lists[i], field, bad);
		/* The passphrase has no row of its own. */
		if (strcmp(field, "private_key") == 0)
			findings_for(s, rows, lists[i], "passphrase", bad);
	}
	error_for(s, rows, field, bad);
	leave_to_preview(s, rows);
	return rows;
}

/* The worst first: {id, text, and whether it is an error}. */
void
screen_audit(
    const struct page *p, struct json_object *ctx, struct json_object *answer)
{
	struct json_object *a = jsonx_path(answer, "audit"), *row, *args;
	struct json_object *list = json_object_new_array();
	const bool bad[] = {jsonx_path(a, "writable") != NULL &&
				!jsonx_path_bool(a, "writable"),
	    jsonx_path(a, "chain.holds") != NULL &&
		!jsonx_path_bool(a, "chain.holds"),
	    jsonx_path_bool(a, "throttled"),
	    jsonx_path_int(a, "collapsed") > 0};
	static const char *const rows[][3] = {
	    {"unwritable", "error.audit.unwritable", "error"},
	    {"broken-chain", "audit.alarm.broken", "error"},
	    {"throttled", "audit.alarm.throttled", "warn"},
	    {"collapsed", "audit.alarm.collapsed", "warn"}};

	args = json_object_new_object();
	put_str(args, "file", jsonx_path_str(a, "chain.file", "audit.log"));
	put_int(args, "line", jsonx_path_int(a, "chain.line"));
	put_int(args, "n", jsonx_path_int(a, "collapsed"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!bad[i])
			continue;
		row = json_object_new_object();
		put_str(row, "id", rows[i][0]);
		put_icon(row, rows[i][2]);
		put_str(row, "kind", rows[i][2]);
		put_text(p, row, "text", rows[i][1], args);
		json_object_array_add(list, row);
	}
	json_object_put(args);
	json_object_object_add(ctx, "audit_alarms", list);
}
