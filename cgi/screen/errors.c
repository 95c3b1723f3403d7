/*
 * errors.c - the list of what is to be put right, or to be decided, before a
 * Save can be: each with a link to its field.
 */
#include <stdio.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"

struct collect {
	const struct screen *s;
	struct json_object *list;
	size_t wrong; /* of them; the others are to be decided */
};

/* Is there a finding, or an error, that stops it and names a field? */
static bool
findings_block(const struct screen *s, struct json_object *findings)
{
	struct json_object *f;
	const char *severity;
	size_t i, n;

	n = jsonx_len(findings);
	for (i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		severity = jsonx_path_str(f, "severity", "");
		if (strcmp(severity, "error") == 0 ||
		    (strcmp(severity, "confirm") == 0 &&
			!is_confirmed(s, jsonx_path_str(f, "code", ""))))
			return true;
	}
	return false;
}

bool
screen_told_as_errors(const struct screen *s)
{
	const char *state = jsonx_path_str(s->job, "state", "");

	if (strcmp(state, "refused") != 0)
		return false;
	return findings_block(s, jsonx_path(s->job, "error.findings")) ||
	       field_label(jsonx_path_str(s->job, "error.field", "")) != NULL;
}

static void
error_add(struct collect *c, const char *code, const char *field,
    struct json_object *args)
{
	struct json_object *o, *old;
	const char *label = field_label(field);
	char at[64];
	size_t i;

	for (i = 0; i < json_object_array_length(c->list); i++) {
		old = json_object_array_get_idx(c->list, i);
		if (strcmp(jsonx_path_str(old, "code", ""), code) == 0 &&
		    strcmp(jsonx_path_str(old, "field", ""), field) == 0)
			return;
	}
	o = json_object_new_object();
	put_str(o, "code", code);
	put_str(o, "field", field);
	snprintf(at, sizeof(at), "at-%.48s",
	    strcmp(field, "passphrase") == 0 ? "private_key" : field);
	if (c->s->restoring) {
		label = c->s->anchor != NULL ? "restore.title" : NULL;
		snprintf(at, sizeof(at), "%s",
		    c->s->anchor != NULL ? c->s->anchor : "");
	}
	put_str(o, "target", label != NULL ? at : "");
	put_str(o, "label", label != NULL ? page_text(&c->s->page, label) : "");
	put_error(&c->s->page, o, "message", code, args);
	put_detail(o, jsonx_path_str(o, "message", ""), args);
	json_object_array_add(c->list, o);
}

/* saving: a decision that was not taken counts as well. */
static void
errors_from(struct collect *c, struct json_object *findings, bool saving)
{
	struct json_object *f;
	const char *severity, *code;
	size_t i, n;

	n = jsonx_len(findings);
	for (i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		severity = jsonx_path_str(f, "severity", "");
		code = jsonx_path_str(f, "code", "internal");
		if (strcmp(severity, "error") == 0 ||
		    (saving && strcmp(severity, "confirm") == 0 &&
			!is_confirmed(c->s, code))) {
			c->wrong += strcmp(severity, "error") == 0;
			error_add(c, code, jsonx_path_str(f, "field", ""),
			    jsonx_path(f, "args"));
		}
	}
}

static void
errors_from_problem(
    struct collect *c, struct json_object *problem, const struct err *err)
{
	struct json_object *args;
	struct json_object *findings = jsonx_path(problem, "findings");
	size_t before = json_object_array_length(c->list);

	errors_from(c, findings, true);
	if (json_object_array_length(c->list) > before)
		return;
	c->wrong++;
	args = json_object_new_object();
	put_str(args, "detail", err->msg);
	put_str(args, "field", err->field);
	error_add(c, err_name(err->code), err->field, args);
	json_object_put(args);
}

static void
conflict_add(struct collect *c, const char *field, struct json_object *row)
{
	struct json_object *args = jsonx_path(row, "conflict");

	if (args != NULL)
		error_add(c, "settings.conflict", field, args);
	json_object_put(row);
}

/* What somebody else changed as well is to be decided, too. */
static void
errors_from_others(struct collect *c)
{
	const struct settings_field *f;
	struct json_object *row;

	for (f = settings_fields; f->form != NULL; f++) {
		row = json_object_new_object();
		put_conflict(c->s, row, f);
		conflict_add(c, f->form, row);
	}
	row = json_object_new_object();
	put_conflict_of_files(c->s, row, "server_certificate");
	conflict_add(c, "server_certificate", row);
}

/* What only has to be confirmed need not be corrected. */
static const char *
errors_title(const struct collect *c, bool refused)
{
	bool wrong = c->wrong > 0;

	if (refused)
		return wrong ? "errors.title_refused"
			     : "errors.title_undecided";
	return wrong ? "errors.title" : "errors.title_decide";
}

void
screen_errors(const struct screen *s, struct json_object *ctx)
{
	struct collect c = {s, json_object_new_array(), 0};
	struct json_object *o;
	bool refused = screen_told_as_errors(s);
	struct err err;

	if (refused) {
		err_from_json(&err, jsonx_path(s->job, "error"));
		errors_from_problem(&c, jsonx_path(s->job, "error"), &err);
	}
	errors_from_others(&c);
	if (s->failed && s->err.code != ERR_SETTINGS_CONFLICT)
		errors_from_problem(&c, s->problem, &s->err);
	if (s->unchosen[0] != '\0') {
		c.wrong++;
		error_add(&c, "upload.no_file", s->unchosen, NULL);
	}
	errors_from(&c, jsonx_path(s->view, "draft.report.findings"), false);
	if (json_object_array_length(c.list) == 0) {
		json_object_put(c.list);
		json_object_object_add(ctx, "errors", NULL);
		return;
	}
	o = json_object_new_object();
	put_str(o, "title", page_text(&s->page, errors_title(&c, refused)));
	json_object_object_add(o, "list", c.list);
	json_object_object_add(ctx, "errors", o);
}
