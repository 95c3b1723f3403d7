/*
 * state.c - the card on top of the Connection screen: is the gateway
 * encrypting now, with which certificate, and did someone change it?
 */
#include <stdio.h>
#include <string.h>

#include "certname.h"
#include "finding.h"
#include "jsonx.h"
#include "parts.h"
#include "proof.h"
#include "sentence.h"

static struct json_object *
level(const struct page *p, const char *dir, const char *kind,
    struct json_object *args)
{
	struct json_object *o = json_object_new_object();
	char key[64];

	put_str(o, "kind", kind);
	snprintf(key, sizeof(key), "state.%s.%s", dir, kind);
	put_text(p, o, "word", key, args);
	snprintf(key, sizeof(key), "state.%s.%s_text", dir, kind);
	put_text(p, o, "text", key, args);
	return o;
}

static void
put_versions(struct json_object *args, struct json_object *probe)
{
	char text[64];

	tls_versions(jsonx_path(probe, "protocols"), text, sizeof(text));
	put_str(args, "versions", text[0] != '\0' ? text : "1.2, 1.3");
}

static void
add_address(char *list, size_t size, struct json_object *address)
{
	char at[80];
	size_t len = strlen(list);

	address_port(address, at, sizeof(at));
	snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", at);
}

/* What was not seen has no green light. */
static void
put_unseen(const struct page *p, struct json_object *o,
    struct json_object *probe, enum proven proof)
{
	struct json_object *list = jsonx_path(probe, "addresses"), *one;
	struct json_object *args = json_object_new_object();
	char where[256] = "", bare[256] = "";
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(one, "state", ""), "proven") == 0)
			continue;
		add_address(proof == PROOF_UNSEEN && address_is_bare(one)
				? bare
				: where,
		    sizeof(where), one);
	}
	put_str(args, "where", where);
	put_str(args, "bare", bare);
	put_text(p, o, "text",
	    proof == PROOF_CLOSED   ? "state.probe.closed"
	    : proof == PROOF_BARE   ? "state.probe.no_certificate"
	    : *bare != '\0'	    ? "state.probe.mixed"
	    : proof == PROOF_UNSEEN ? "state.probe.unseen"
	    : *where == '\0'	    ? "state.probe.more"
				    : "state.probe.part",
	    args);
	put_str(o, "detail", jsonx_path_str(probe, "closed", ""));
	json_object_put(args);
}

void
screen_probe(
    const struct page *p, struct json_object *ctx, struct json_object *probe)
{
	struct json_object *o;
	const char *code, *severity = "ok";
	enum proven proof = proof_of(probe);

	if (probe == NULL) {
		json_object_object_add(ctx, "probe", NULL);
		return;
	}
	o = json_object_new_object();
	code = jsonx_path_str(probe, "error.code", NULL);
	put_str(o, "detail", "");
	if (code != NULL) {
		put_error(p, o, "text", code, jsonx_path(probe, "error"));
		put_str(o, "detail", jsonx_path_str(probe, "error.detail", ""));
		severity = "error";
	} else if (proof != PROOF_ALL) {
		put_unseen(p, o, probe, proof);
		severity = proof == PROOF_CLOSED ? "info" : "warn";
	} else if (!jsonx_path_bool(probe, "starttls")) {
		put_text(p, o, "text", "state.probe.plain", probe);
	} else if (jsonx_path_bool(probe, "plaintext_refused")) {
		put_text(p, o, "text", "state.probe.tls_only", probe);
	} else {
		put_text(p, o, "text", "state.probe.tls", probe);
	}
	put_str(o, "severity", severity);
	put_icon(o, severity);
	put_time(p, o, jsonx_path_str(probe, "at", NULL));
	json_object_object_add(ctx, "probe", o);
}

/* One that was asked for now, else the last one that is known of. */
static void
put_probe(const struct page *p, struct json_object *ctx, struct json_object *v,
    struct json_object *live)
{
	struct json_object *failure = jsonx_path(v, "probe_error"), *o;
	const char *stale = jsonx_path_str(v, "probe_stale", NULL);

	if (live == NULL && stale != NULL) {
		o = json_object_new_object();
		put_text(p, o, "text", "state.probe.stale", NULL);
		put_str(o, "severity", "warn");
		put_icon(o, "warn");
		put_str(o, "detail", "");
		put_time(p, o, stale);
		json_object_object_add(ctx, "probe", o);
		return;
	}
	if (live != NULL || failure == NULL) {
		screen_probe(
		    p, ctx, live != NULL ? live : jsonx_path(v, "probe"));
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "error", json_object_get(failure));
	put_str(o, "at", jsonx_path_str(failure, "at", ""));
	screen_probe(p, ctx, o);
	json_object_put(o);
}

/* What was proven before Postfix ended is no good news. */
static void
put_past(struct json_object *probe, const char *postfix)
{
	if (strcmp(postfix, "running") == 0 ||
	    strcmp(jsonx_path_str(probe, "severity", ""), "ok") != 0)
		return;
	put_str(probe, "severity", "info");
	put_icon(probe, "info");
}

static void
put_generation(
    const struct page *p, struct json_object *ctx, struct json_object *gen)
{
	struct json_object *o;

	if (gen == NULL) {
		json_object_object_add(ctx, "generation", NULL);
		return;
	}
	o = json_object_new_object();
	put_int(o, "id", json_object_get_int64(jsonx_path(gen, "id")));
	put_str(o, "by", jsonx_path_str(gen, "by", ""));
	put_str(o, "why", jsonx_path_str(gen, "note", ""));
	put_time(p, o, jsonx_path_str(gen, "at", NULL));
	put_bool(o, "undo", jsonx_path(gen, "previous") != NULL);
	put_int(o, "previous", jsonx_path_int(gen, "previous"));
	json_object_object_add(ctx, "generation", o);
}

static void
put_postfix(
    const struct page *p, struct json_object *ctx, struct json_object *view)
{
	struct json_object *o = json_object_new_object();
	const char *state = jsonx_path_str(view, "postfix.state", "missing");
	char key[64];

	snprintf(key, sizeof(key), "postfix.state.%s", state);
	put_text(p, o, "text", key, jsonx_path(view, "postfix"));
	put_str(o, "config_directory",
	    jsonx_path_str(view, "postfix.config_directory", ""));
	json_object_object_add(ctx, "postfix", o);
}

/* What to do about a certificate that clients get and that is old. */
static struct json_object *
renew_of(const struct page *p, struct json_object *view)
{
	struct json_object *leaf = oldest_leaf(jsonx_path(view, "certificate"));
	struct json_object *o, *args;
	const char *kind = cert_life(leaf);
	bool gone = strcmp(kind, "gone") == 0;
	char date[11];

	if (leaf == NULL || strcmp(kind, "fresh") == 0 ||
	    !jsonx_path_bool(view, "settings.inbound.enabled"))
		return NULL;
	o = json_object_new_object();
	args = json_object_new_object();
	date_of(jsonx_path_str(leaf, "not_after", NULL), date);
	put_str(args, "name", cert_name(leaf));
	put_str(args, "date", date);
	put_str(o, "severity", gone ? "error" : "warn");
	put_icon(o, gone ? "error" : "warn");
	put_str(o, "title",
	    page_text(p, gone ? "renew.gone_title" : "renew.soon_title"));
	put_text(p, o, "text", gone ? "renew.gone" : "renew.soon", args);
	json_object_put(args);
	return o;
}

/* Why the form is closed: no Postfix, another MTA, too old, broken. */
static struct json_object *
unusable_of(const struct page *p, struct json_object *view)
{
	const char *state = jsonx_path_str(view, "postfix.state", "missing");
	struct json_object *o;
	char code[64];

	if (jsonx_path_bool(view, "usable"))
		return NULL;
	snprintf(code, sizeof(code), "postfix.%s",
	    strcmp(state, "broken") == 0 ? "config_invalid" : state);
	o = json_object_new_object();
	put_error(p, o, "message", code, jsonx_path(view, "postfix"));
	put_str(o, "code", code);
	put_str(o, "detail", jsonx_path_str(view, "postfix.detail", ""));
	return o;
}

/* A level of its own words; those that ask for more have one colour. */
static const char *
outbound_level(struct json_object *settings)
{
	const char *level = jsonx_path_str(settings, "outbound.level", "may");

	if (!jsonx_path_bool(settings, "outbound.enabled"))
		return "off";
	return strcmp(level, "may") == 0    ? "offered"
	       : strcmp(level, "dane") == 0 ? "dane"
					    : "required";
}

void
screen_levels(const struct page *p, struct json_object *ctx,
    struct json_object *settings, struct json_object *probe)
{
	struct json_object *args = json_object_new_object(), *out;
	bool in = jsonx_path_bool(settings, "inbound.enabled");
	bool only = jsonx_path_bool(settings, "inbound.tls_only");

	put_versions(args, probe);
	json_object_object_add(ctx, "inbound",
	    level(p, "inbound",
		!in    ? "off"
		: only ? "required"
		       : "offered",
		args));
	out = level(p, "outbound", outbound_level(settings), args);
	if (strcmp(jsonx_path_str(out, "kind", ""), "dane") == 0)
		put_str(out, "kind", "offered"); /* its colour */
	json_object_object_add(ctx, "outbound", out);
	json_object_put(args);
}

/* What is not known is never drawn as on or off. */
static void
put_doubt(const struct page *p, struct json_object *level, const char *why)
{
	if (why == NULL)
		return;
	put_str(level, "kind", "unknown");
	put_str(level, "text", page_text(p, why));
}

/* Mail that waits since the way out was changed. */
static void
put_deferred(
    const struct page *p, struct json_object *ctx, struct json_object *view)
{
	struct json_object *told = jsonx_path(view, "deferred"), *o;

	if (jsonx_path_int(told, "count") <= 0)
		return;
	o = json_object_new_object();
	put_text(p, o, "text", "state.deferred", told);
	put_str(o, "sample", jsonx_path_str(told, "sample", ""));
	put_icon(o, "warn");
	json_object_object_add(ctx, "deferred", o);
}

static struct json_object *
drift_row(const struct page *p, struct json_object *row)
{
	static const char *const keys[] = {"expected", "actual"};
	const char *name = jsonx_path_str(row, "parameter", ""), *v;
	struct json_object *o = json_object_new_object();
	char none[32];
	size_t i;

	put_str(o, "parameter", name);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		v = jsonx_path_str(row, keys[i], "");
		snprintf(none, sizeof(none), "no_%s", keys[i]);
		put_str(o, keys[i], v);
		put_str(o, none,
		    *v != '\0'	     ? ""
		    : name[0] == '/' ? page_text(p, "drift.missing")
				     : page_text(p, "table.unset"));
	}
	return o;
}

static void
put_drift(const struct screen *s, struct json_object *ctx)
{
	const struct page *p = &s->page;
	struct json_object *drift = jsonx_path(s->view, "drift"), *o, *rows;
	struct json_object *args = json_object_new_object();
	struct json_object *id = jsonx_path(s->view, "generation.id");
	size_t i, n = 0;

	if (json_object_is_type(drift, json_type_array))
		n = json_object_array_length(drift);
	if (n == 0) {
		json_object_object_add(ctx, "drift", NULL);
		json_object_put(args);
		return;
	}
	o = json_object_new_object();
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(
		    rows, drift_row(p, json_object_array_get_idx(drift, i)));
	json_object_object_add(o, "rows", rows);
	put_int(args, "generation", json_object_get_int64(id));
	put_str(o, "text", page_text(p, "drift.text"));
	put_text(p, o, "adopt_help", "drift.adopt_help", args);
	put_text(p, o, "restore_help", "drift.restore_help", args);
	put_bool(o, "closed",
	    !json_object_get_boolean(jsonx_path(s->view, "usable")));
	json_object_object_add(o, "notes",
	    finding_rows(s,
		s->failed && s->restoring ? jsonx_path(s->problem, "findings")
					  : NULL,
		"drift"));
	json_object_object_add(ctx, "drift", o);
	json_object_put(args);
}

void
screen_state(const struct screen *s, struct json_object *ctx)
{
	const struct page *p = &s->page;
	struct json_object *o = json_object_new_object();
	struct json_object *v = s->view;
	struct json_object *live = jsonx_path(v, "live");
	bool usable = jsonx_path_bool(v, "usable");
	const char *state = jsonx_path_str(v, "postfix.state", "");

	put_generation(p, o, jsonx_path(v, "generation"));
	screen_levels(p, o, jsonx_path(v, "settings"), jsonx_path(v, "probe"));
	put_doubt(p, jsonx_path(o, "inbound"), screen_inbound_doubt(v));
	put_doubt(p, jsonx_path(o, "outbound"), screen_outbound_doubt(v));
	screen_hop(s, o);
	put_deferred(p, o, v);
	put_probe(p, o, v, live);
	put_past(jsonx_path(o, "probe"), state);
	put_postfix(p, o, v);
	screen_certificate(p, o, jsonx_path(v, "certificate"));
	put_str(o, "unused", screen_unused(s));
	json_object_object_add(
	    o, "managed", managed_rows(p, jsonx_path(v, "settings")));
	put_bool(o, "can_probe", usable);
	screen_sandbox(s, o);
	json_object_object_add(ctx, "state", o);
	put_drift(s, ctx);
	screen_welcome(s, ctx);
	json_object_object_add(ctx, "unusable", unusable_of(p, v));
	json_object_object_add(ctx, "renew", renew_of(p, v));
	/* One's own running Save is shown by its steps. */
	put_bool(ctx, "busy", jsonx_path_bool(v, "busy") && s->job == NULL);
	put_bool(ctx, "stopped", usable && strcmp(state, "stopped") == 0);
}
