/*
 * problem.c - errors of the API: application/problem+json (RFC 9457) with
 * our stable "code", the findings that stand in the way as "errors", and for
 * a Save that was rolled back what the administrator needs to see why: step,
 * log, and the generation now in force.
 *
 * "type" stays about:blank, and "title" therefore the phrase of the status:
 * programs tell cases apart by "code".
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"
#include "localise.h"

static void
put(struct json_object *o, const char *key, struct json_object *v)
{
	if (v != NULL && json_object_object_add(o, key, v) != 0)
		json_object_put(v);
}

/* Does a finding of this severity stand in the way? */
static bool
blocks(struct json_object *finding)
{
	enum severity sev = SEV_INFO;

	severity_from_name(jsonx_path_str(finding, "severity", ""), &sev);
	return sev == SEV_ERROR || sev == SEV_CONFIRM;
}

static void
add_row(struct json_object *rows, const char *code, const char *field,
    const char *severity, const char *message)
{
	struct json_object *row = json_object_new_object();

	if (row == NULL)
		return;
	jsonx_put_str(row, "code", code);
	jsonx_put_str(row, "field", field);
	jsonx_put_str(row, "severity", severity);
	jsonx_put_str(row, "message", message);
	if (json_object_array_add(rows, row) != 0)
		json_object_put(row);
}

static struct json_object *
error_rows(
    struct json_object *findings, const struct err *why, const char *message)
{
	struct json_object *rows = json_object_new_array(), *f;
	size_t n = 0;

	if (rows == NULL)
		return NULL;
	if (json_object_is_type(findings, json_type_array))
		n = json_object_array_length(findings);
	for (size_t i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		if (blocks(f))
			add_row(rows, jsonx_path_str(f, "code", ""),
			    jsonx_path_str(f, "field", ""),
			    jsonx_path_str(f, "severity", ""),
			    jsonx_path_str(f, "message", ""));
	}
	if (json_object_array_length(rows) == 0)
		add_row(rows, err_name(why->code), why->field,
		    severity_name(err_severity(why->code)), message);
	return rows;
}

/* Members of the daemon's ERROR that go out as they are. */
static void
copy_members(struct json_object *from, struct json_object *to)
{
	static const char *const keys[] = {
	    "step", "log", "generation", "job", "findings", "hosts",
	    "sorted"};
	struct json_object *v;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_object_object_get_ex(from, keys[i], &v))
			put(to, keys[i], json_object_get(v));
	}
}

/* Why a Save was rolled back: the error behind the error. */
static struct json_object *
cause_row(struct app *app, const char *lang, struct json_object *cause)
{
	struct json_object *row;
	struct err why;
	char *message;

	if (!json_object_is_type(cause, json_type_object))
		return NULL;
	err_clear(&why);
	err_from_json(&why, cause);
	message = localise_error(app, lang, &why);
	row = json_object_new_object();
	if (message != NULL && row != NULL) {
		jsonx_put_str(row, "code", err_name(why.code));
		jsonx_put_str(row, "message", message);
		jsonx_put_str(row, "technical", why.msg);
	}
	free(message);
	return row;
}

/*
 * The sentence of the finding that the error's code names, as that one has
 * the details; else of the error itself.  Owned by the caller.
 * "auth.failed" speaks of a password on the log-in page; here it is a token.
 */
static char *
sentence(struct app *app, const char *lang, const struct err *why,
    struct json_object *findings)
{
	struct json_object *f;
	size_t n = 0;

	if (why->code == ERR_AUTH_FAILED)
		return strdup(
		    catalog_text(app->texts, lang, "api.token_wrong"));
	if (json_object_is_type(findings, json_type_array))
		n = json_object_array_length(findings);
	for (size_t i = 0; i < n; i++) {
		f = json_object_array_get_idx(findings, i);
		if (strcmp(jsonx_path_str(f, "code", ""),
			err_name(why->code)) == 0 &&
		    jsonx_path(f, "message") != NULL)
			return strdup(jsonx_path_str(f, "message", ""));
	}
	return localise_error(app, lang, why);
}

int
problem_reply(struct app *app, struct request *req, struct reply *reply,
    const struct err *why)
{
	struct json_object *o = json_object_new_object();
	struct json_object *findings = NULL;
	int rc = -1, status = err_http(why->code);
	char *message;

	if (status < 400)
		status = 500;
	if (req->problem != NULL) {
		findings = jsonx_path(req->problem, "findings");
		if (json_object_is_type(findings, json_type_array))
			localise_findings(app, req->lang, findings);
		else
			findings = NULL;
	}
	message = sentence(app, req->lang, why, findings);
	if (o == NULL || message == NULL)
		goto out;
	jsonx_put_str(o, "type", "about:blank");
	jsonx_put_str(o, "title", reply_phrase(status));
	put(o, "status", json_object_new_int(status));
	jsonx_put_str(o, "detail", message);
	jsonx_put_str(o, "code", err_name(why->code));
	/* 502: Postfix's own words, such as the line that it cannot read. */
	if (why->msg[0] != '\0' && (status < 500 || status == 502) &&
	    findings == NULL)
		jsonx_put_str(o, "technical", why->msg);
	put(o, "errors", error_rows(findings, why, message));
	if (req->problem != NULL) {
		put(o, "cause",
		    cause_row(
			app, req->lang, jsonx_path(req->problem, "cause")));
		copy_members(req->problem, o);
	}
	if (reply_json(reply, status, o) == -1)
		goto out;
	rc = reply_header(reply, "Content-Type", "application/problem+json");
out:
	free(message);
	json_object_put(o);
	return rc;
}

void
problem_localise(struct app *app, const char *lang, struct json_object *error)
{
	struct json_object *findings;
	struct err err;
	char *message;

	if (!json_object_is_type(error, json_type_object))
		return;
	err_clear(&err);
	err_from_json(&err, error);
	if ((message = localise_error(app, lang, &err)) != NULL)
		jsonx_put_str(error, "message", message);
	free(message);
	findings = jsonx_path(error, "findings");
	if (json_object_is_type(findings, json_type_array))
		localise_findings(app, lang, findings);
}
