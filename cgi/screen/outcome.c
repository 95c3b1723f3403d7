/*
 * outcome.c - what became of a Save, in words: applied, unchanged,
 * refused (what to correct), rolled back (what failed, and what is in force
 * now), or still running.
 *
 * A Save that was refused because of what somebody uploaded is shown in the
 * list of errors, with a link to each field; everything else is an outcome.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "proof.h"

#define LOG_MAX (32 * 1024)

static void
line_add(const struct page *p, struct json_object *lines, const char *text,
    struct json_object *args)
{
	json_object_array_add(lines, new_text(p, text, args));
}

/* "how.restarted" and its like; "0.8" of 812 ms. */
struct json_object *
how_text(const struct page *p, struct json_object *result)
{
	struct json_object *args = json_object_new_object(), *text;
	struct json_object *outage = jsonx_path(result, "outage_ms");
	const char *apply = jsonx_path_str(result, "apply", "");
	bool failed =
	    strcmp(jsonx_path_str(result, "outcome", ""), "failed") == 0;
	/* Older generations did not keep it. */
	const char *what = jsonx_path_str(result, "postfix",
	    failed			    ? "unknown"
	    : strcmp(apply, "reload") == 0 ? "reloaded"
					    : "restarted");
	bool again = strcmp(what, "restarted") == 0 ||
		     strcmp(what, "reloaded") == 0;
	int64_t ms = json_object_get_int64(outage);
	char key[48], seconds[32];

	if (failed && strcmp(what, "untouched") == 0)
		what = "not_reached";
	snprintf(seconds, sizeof(seconds), "%.1f", (double)ms / 1000.0);
	put_str(args, "seconds", seconds);
	snprintf(key, sizeof(key), "how.%.16s%s", what,
	    !again || outage == NULL ? ""
	    : ms <= 0		     ? "_none"
	    : ms < 100		     ? "_short"
				     : "_for");
	text = new_text(p, key, args);
	json_object_put(args);
	return text;
}

/* A certificate that came, and that nobody gets. */
static bool
is_stored(const struct screen *s)
{
	struct json_object *list = jsonx_path(s->view, "generation.summary");
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(jsonx_str_at(list, i), "certificate") == 0)
			break;
	return i < jsonx_len(list) && *screen_unused(s) != '\0' &&
	       jsonx_path_int(s->view, "generation.id") ==
		   jsonx_path_int(s->job, "result.generation");
}

static void
applied_lines(const struct screen *s, struct json_object *lines)
{
	struct json_object *result = jsonx_path(s->job, "result");
	struct json_object *args = json_object_new_object();
	bool inbound;

	inbound = json_object_get_boolean(
	    jsonx_path(s->view, "settings.inbound.enabled"));
	put_int(args, "generation",
	    json_object_get_int64(jsonx_path(result, "generation")));
	put_str(
	    args, "name", cert_name(jsonx_path(s->view, "certificate.leaf")));
	put_str(
	    args, "protocol", jsonx_path_str(result, "probe.protocol", "TLS"));
	put_str(args, "cipher", jsonx_path_str(result, "probe.cipher", ""));
	put_str(args, "detail", jsonx_path_str(result, "probe.closed", ""));
	line_add(&s->page, lines, proof_sentence(result, inbound), args);
	json_object_array_add(lines, how_text(&s->page, result));
	put_str(args, "reason", screen_unused(s));
	if (is_stored(s))
		line_add(&s->page, lines, "outcome.stored", args);
	if (strcmp(jsonx_path_str(result, "cluster.state", ""), "published") ==
	    0) {
		put_int(args, "generation",
		    json_object_get_int64(
			jsonx_path(result, "cluster.generation")));
		line_add(&s->page, lines, "outcome.scanners", args);
	}
	json_object_put(args);
}

/* The reason, the step it came up in, and what is in force now. */
static void
failed_lines(
    const struct screen *s, struct json_object *lines, const char *state)
{
	struct json_object *e = jsonx_path(s->job, "error");
	struct json_object *args = json_object_new_object();
	const char *code = jsonx_path_str(e, "code", "internal");
	const char *step = jsonx_path_str(e, "step", "");
	int64_t gen = json_object_get_int64(jsonx_path(e, "generation"));
	char key[64];

	put_error(&s->page, args, "reason",
	    jsonx_path_str(e, "cause.code", code), jsonx_path(e, "cause"));
	json_object_array_add(
	    lines, json_object_get(jsonx_path(args, "reason")));
	if (strcmp(code, "apply.undo_failed") == 0) {
		put_error(&s->page, args, "reason", code, NULL);
		json_object_array_add(
		    lines, json_object_get(jsonx_path(args, "reason")));
	}
	if (*step != '\0') {
		snprintf(key, sizeof(key), "step.%.32s", step);
		put_str(args, "step", page_text(&s->page, key));
		line_add(&s->page, lines, "outcome.failed_step", args);
	}
	put_int(args, "generation", gen);
	if (jsonx_path(e, "hosts") != NULL)
		screen_chosen_lines(s, jsonx_path(e, "hosts"), lines);
	else if (strcmp(state, "rolled_back") == 0)
		line_add(&s->page, lines,
		    gen > 0 ? "outcome.back" : "outcome.back_first", args);
	else if (strcmp(code, "apply.undo_failed") != 0)
		line_add(&s->page, lines, "outcome.untouched", args);
	json_object_put(args);
}

struct json_object *
log_text(struct json_object *lines)
{
	struct json_object *o;
	struct buf b;
	size_t i, n;

	n = jsonx_len(lines);
	if (n == 0)
		return NULL;
	buf_init(&b, LOG_MAX);
	for (i = 0; i < n; i++) {
		buf_adds(&b, json_object_get_string(
				 json_object_array_get_idx(lines, i)));
		buf_addc(&b, '\n');
	}
	o = json_object_new_object();
	put_str(o, "text", b.data);
	buf_clear(&b);
	return o;
}

static void
put_outcome(const struct screen *s, struct json_object *o, const char *state)
{
	static const struct {
		const char *state;
		const char *kind;
		const char *title;
	} rows[] = {
	    {"applied", "ok", "outcome.title.applied"},
	    {"unchanged", "info", "outcome.title.unchanged"},
	    {"rolled_back", "error", "outcome.title.rolled_back"},
	    {"refused", "error", "outcome.title.refused"},
	    {"failed", "error", "outcome.title.failed"},
	};
	struct json_object *lines = json_object_new_array(), *probe = NULL;
	const char *kind, *title;
	size_t i, last = sizeof(rows) / sizeof(rows[0]) - 1;

	for (i = 0; i < last; i++)
		if (strcmp(rows[i].state, state) == 0)
			break;
	kind = rows[i].kind;
	title = rows[i].title;
	if (i == 0) {
		probe = jsonx_path(s->job, "result.probe");
		title = proof_title(jsonx_path(s->job, "result"), &kind);
		if (is_stored(s)) {
			kind = "warn";
			title = "outcome.title.stored";
		}
	}
	put_proof(&s->page, o, probe);
	put_str(o, "severity", kind);
	put_icon(o, kind);
	put_str(o, "title", page_text(&s->page, title));
	put_str(o, "code", "");
	put_str(o, "detail", "");
	if (i == 0) {
		if (jsonx_path(s->job, "result.generation") != NULL)
			applied_lines(s, lines);
		screen_chosen_lines(
		    s, jsonx_path(s->job, "result.cluster.hosts"), lines);
	} else if (i == 1) {
		line_add(&s->page, lines, "outcome.unchanged", NULL);
	} else {
		failed_lines(s, lines, state);
		put_str(o, "code",
		    jsonx_path_str(s->job, "error.cause.code",
			jsonx_path_str(s->job, "error.code", "internal")));
		put_str(o, "detail",
		    jsonx_path_str(s->job, "error.cause.detail",
			jsonx_path_str(s->job, "error.detail", "")));
	}
	/* The form for it stands below, for the generation in force. */
	put_bool(o, "undoable",
	    i == 0 && jsonx_path(s->view, "generation.previous") != NULL &&
		jsonx_path_int(s->view, "generation.id") ==
		    jsonx_path_int(s->job, "result.generation"));
	json_object_object_add(o, "lines", lines);
}

/* As they were: nothing is to be decided any more. */
static struct json_object *
notes_of(const struct screen *s, struct json_object *findings)
{
	struct json_object *rows = finding_rows(s, findings, "connection");
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++)
		put_str(json_object_array_get_idx(rows, i), "ask", "");
	return rows;
}

static void
put_details(const struct screen *s, struct json_object *o)
{
	struct json_object *result = jsonx_path(s->job, "result");
	struct json_object *changes = jsonx_path(result, "changes");
	struct json_object *steps = jsonx_path(s->job, "steps");
	struct json_object *findings = jsonx_path(result, "findings");

	if (findings == NULL)
		findings = jsonx_path(s->job, "error.findings");
	json_object_object_add(o, "notes", notes_of(s, findings));
	json_object_object_add(
	    o, "log", log_text(jsonx_path(s->job, "error.log")));
	put_bool(o, "has_changes",
	    json_object_is_type(changes, json_type_array) &&
		json_object_array_length(changes) > 0);
	json_object_object_add(o, "changes", json_object_get(changes));
	put_bool(o, "has_steps",
	    json_object_is_type(steps, json_type_array) &&
		json_object_array_length(steps) > 0);
}

void
screen_outcome(const struct screen *s, struct json_object *ctx)
{
	const char *state = jsonx_path_str(s->job, "state", "");
	struct json_object *o;
	bool running = strcmp(state, "running") == 0;

	screen_errors(s, ctx);
	if (s->job == NULL || screen_told_as_errors(s)) {
		json_object_object_add(ctx, "outcome", NULL);
		return;
	}
	o = json_object_new_object();
	put_bool(o, "running", running);
	put_str(o, "job", jsonx_path_str(s->job, "id", ""));
	json_object_object_add(o, "steps",
	    steps_rows(&s->page, jsonx_path(s->job, "steps"), running));
	if (!running) {
		put_outcome(s, o, state);
		put_details(s, o);
	}
	json_object_object_add(ctx, "outcome", o);
}

/* Lines with a kind, so that they can be coloured. */
struct json_object *
diff_lines(const char *diff)
{
	struct json_object *lines, *row, *o;
	const char *end, *kind;
	size_t len;

	if (*diff == '\0')
		return NULL;
	lines = json_object_new_array();
	for (; *diff != '\0'; diff = *end == '\n' ? end + 1 : end) {
		if ((end = strchr(diff, '\n')) == NULL)
			end = diff + strlen(diff);
		len = (size_t)(end - diff);
		kind = strncmp(diff, "+++", 3) == 0   ? "at"
		       : strncmp(diff, "---", 3) == 0 ? "at"
		       : *diff == '+'		      ? "add"
		       : *diff == '-'		      ? "del"
		       : *diff == '@'		      ? "at"
						      : "same";
		row = json_object_new_object();
		put_str(row, "kind", kind);
		json_object_object_add(
		    row, "text", json_object_new_string_len(diff, (int)len));
		json_object_array_add(lines, row);
	}
	o = json_object_new_object();
	json_object_object_add(o, "lines", lines);
	return o;
}
