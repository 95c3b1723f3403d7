/*
 * api_metrics.c - GET /metrics: Prometheus text format 0.0.4.
 *
 * Cheap, so that it can be asked every few seconds: what postseald has at
 * hand, no probe, no program of Postfix.  When postseald does not answer the
 * page still comes, with postseal_up 0: a scrape that fails would be counted
 * as the web server's.
 * A sample that is not known (no certificate, never probed) is left out, as
 * the format's guide asks.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "certname.h"
#include "jsonx.h"
#include "ops.h"
#include "page.h"
#include "version.h"

#define METRICS_MAX (512 * 1024) /* a thousand scanners */
#define NAME	    "postseal_"

/* HELP and TYPE, once a family; labels "" or "{a=\"b\"}". */
static void
family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP " NAME "%s %s\n# TYPE " NAME "%s %s\n", name,
	    help, name, type);
}

static void
sample(struct buf *b, const char *name, const char *labels, int64_t value)
{
	buf_printf(b, NAME "%s%s %lld\n", name, labels, (long long)value);
}

static void
gauge(struct buf *b, const char *name, const char *help, int64_t value)
{
	family(b, name, "gauge", help);
	sample(b, name, "", value);
}

static void
put_build(struct buf *b)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "{version=\"%s\"}", postseal_version);
	family(b, "build_info", "gauge", "Which Postseal this is; always 1.");
	sample(b, "build_info", labels, 1);
}

static void
put_postfix(struct buf *b, struct json_object *view)
{
	static const char *const states[] = {
	    "running", "stopped", "missing", "other_mta", "too_old", "broken"};
	const char *state = jsonx_path_str(view, "postfix.state", "");
	char labels[48];

	family(b, "postfix_state", "gauge", "State of Postfix; one is 1.");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(labels, sizeof(labels), "{state=\"%s\"}", states[i]);
		sample(
		    b, "postfix_state", labels, strcmp(state, states[i]) == 0);
	}
	gauge(b, "postfix_running", "Is Postfix running.",
	    strcmp(state, "running") == 0);
	gauge(b, "inbound_tls", "0: off, 1: offered, 2: required.",
	    !jsonx_path_bool(view, "settings.inbound.enabled")	 ? 0
	    : jsonx_path_bool(view, "settings.inbound.tls_only") ? 2
								 : 1);
	gauge(b, "outbound_tls", "0: off, 1: used when offered, or asked for.",
	    jsonx_path_bool(view, "settings.outbound.enabled"));
	gauge(b, "drift_parameters",
	    "Managed parameters and files changed outside the console.",
	    (int64_t)jsonx_len(jsonx_path(view, "drift")));
	gauge(b, "apply_running", "Is a change being applied.",
	    jsonx_path_bool(view, "busy"));
}

/* The one that ends first, where there is one of each algorithm. */
static void
put_certificate(struct buf *b, struct json_object *view)
{
	struct json_object *cert = jsonx_path(view, "certificate"), *one;
	struct json_object *leaf = NULL;
	int64_t t = 0, ends;
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++) {
		if (time_parse(jsonx_path_str(one, "leaf.not_after", NULL),
			&ends) == -1 ||
		    (leaf != NULL && ends >= t))
			continue;
		leaf = jsonx_path(one, "leaf");
		t = ends;
	}
	if (leaf == NULL)
		return;
	gauge(b, "certificate_not_after_timestamp_seconds",
	    "When the certificate in force ends.", t);
	gauge(b, "certificate_days_left", "Whole days until then.",
	    json_object_get_int64(jsonx_path(leaf, "days_left")));
}

static void
put_others(struct buf *b, struct json_object *view)
{
	static const struct {
		const char *use, *metric, *help;
	} uses[] = {
	    {"outbound", "outbound_certificate_days_left",
		"Whole days until that of outbound connections ends."},
	    {"client_ca", "client_ca_days_left",
		"Whole days until the first CA of clients' certificates "
		"ends."},
	};
	struct json_object *list = jsonx_path(view, "by_name"), *row, *of;
	size_t i, use;

	for (use = 0; use < sizeof(uses) / sizeof(uses[0]); use++) {
		/* One that is stored, or the one that is used instead. */
		for (of = NULL, i = 0; i < jsonx_len(list); i++) {
			row = json_object_array_get_idx(list, i);
			if (strcmp(jsonx_path_str(row, "use", ""),
				uses[use].use) == 0)
				of = row;
		}
		if (of != NULL)
			gauge(b, uses[use].metric, uses[use].help,
			    jsonx_path_int(of, "days_left"));
	}
}

/* Names are those of hosts: nothing in them needs an escape. */
static void
put_names(struct buf *b, struct json_object *view)
{
	static const char metric[] = "named_certificate_days_left";
	struct json_object *list = jsonx_path(view, "by_name"), *row;
	const char *name;
	char labels[300];
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		name = jsonx_path_str(row, "name", "");
		if (*name == '\0' || strpbrk(name, "\"\\\n") != NULL)
			continue;
		if (n++ == 0)
			family(b, metric, "gauge",
			    "Whole days until that of a name ends.");
		(void)snprintf(
		    labels, sizeof(labels), "{name=\"%.253s\"}", name);
		sample(b, metric, labels, jsonx_path_int(row, "days_left"));
	}
}

static void
put_probe(struct buf *b, struct json_object *view)
{
	struct json_object *probe = jsonx_path(view, "probe");
	const char *since = jsonx_path_str(view, "probe_error.at", NULL);
	int64_t t;

	gauge(b, "probe_stale",
	    "Was Postfix changed or restarted since the last probe.",
	    jsonx_path(view, "probe_stale") != NULL);
	if (probe == NULL && since == NULL)
		return;
	gauge(b, "probe_ok", "Did the last probe see what it should.",
	    since == NULL);
	if (since == NULL)
		since = jsonx_path_str(probe, "at", NULL);
	if (time_parse(since, &t) == 0)
		gauge(b, "probe_timestamp_seconds",
		    "When that was; since when it fails.", t);
}

static void
put_audit(struct buf *b, struct json_object *view)
{
	if (jsonx_path(view, "audit.writable") != NULL)
		gauge(b, "audit_writable",
		    "Could a line be written to the audit log now.",
		    jsonx_path_bool(view, "audit.writable"));
	if (jsonx_path(view, "audit.chain.holds") != NULL)
		gauge(b, "audit_chain_holds",
		    "Is each line of the audit log as it was written.",
		    jsonx_path_bool(view, "audit.chain.holds"));
	if (jsonx_path(view, "audit.throttled") == NULL)
		return;
	gauge(b, "audit_throttled",
	    "Did a change find no room in the audit log in the last minute.",
	    jsonx_path_bool(view, "audit.throttled"));
	gauge(b, "audit_collapsed_lines",
	    "Refusals that are counted and not written yet.",
	    jsonx_path_int(view, "audit.collapsed"));
}

/* Counts of what is kept: the oldest are wiped, so these may fall. */
static void
put_generations(struct buf *b, struct json_object *data)
{
	struct json_object *list = jsonx_path(data, "generations"), *g;
	int64_t applied = 0, failed = 0, last = 0, t;
	size_t n = jsonx_len(list);

	for (size_t i = 0; i < n; i++) {
		g = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(g, "outcome", ""), "applied") == 0)
			applied++;
		else
			failed++;
		t = json_object_get_int64(jsonx_path(g, "id"));
		last = t > last ? t : last;
	}
	family(b, "generations", "gauge",
	    "Generations that are kept, by outcome of their apply.");
	sample(b, "generations", "{outcome=\"applied\"}", applied);
	sample(b, "generations", "{outcome=\"failed\"}", failed);
	family(b, "applies_total", "counter", "Applies that were begun.");
	sample(b, "applies_total", "", last);
	if (n == 0)
		return;
	g = json_object_array_get_idx(list, 0);
	gauge(b, "last_apply_ok", "Was the newest one applied.",
	    strcmp(jsonx_path_str(g, "outcome", ""), "applied") == 0);
	if (time_parse(jsonx_path_str(g, "at", NULL), &t) == 0)
		gauge(b, "last_apply_timestamp_seconds", "When that was.", t);
}

static void
put_view(struct buf *b, struct json_object *view)
{
	gauge(b, "generation",
	    "Generation in force; 0: not managed yet, as Postfix has it.",
	    json_object_get_int64(jsonx_path(view, "generation.id")));
	put_audit(b, view);
	put_postfix(b, view);
	put_certificate(b, view);
	put_names(b, view);
	put_others(b, view);
	put_probe(b, view);
}

static const char *const ways[] = {"inbound", "outbound"};

/* Counters of one direction; the names of versions are those of tally_json.c,
 * whatever else the answer has. */
static void
put_messages(struct buf *b, const char *way, struct json_object *report)
{
	static const char *const versions[] = {"plain", "unknown", "SSLv3",
	    "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
	struct json_object *ever = jsonx_path(report, "ever");
	char labels[64];

	for (size_t i = 0;
	     ever != NULL && i < sizeof(versions) / sizeof(versions[0]); i++) {
		(void)snprintf(labels, sizeof(labels),
		    "{direction=\"%s\",protocol=\"%s\"}", way, versions[i]);
		sample(b, "messages_total", labels,
		    json_object_get_int64(jsonx_member(ever, versions[i])));
	}
}

static void
put_report(struct app *app, struct request *req, struct buf *b)
{
	struct json_object *report[2] = {NULL, NULL}, *args;
	char labels[32];
	struct err why;

	for (size_t i = 0; i < 2; i++) {
		args = json_object_new_object();
		put_str(args, "direction", ways[i]);
		put_int(args, "limit", 1);
		(void)report_ask(app, req, args, &report[i], &why);
	}
	family(b, "report_known", "gauge",
	    "Does the mail log of 30 days tell who has TLS.");
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(
		    labels, sizeof(labels), "{direction=\"%s\"}", ways[i]);
		sample(b, "report_known", labels,
		    jsonx_path_bool(report[i], "known"));
	}
	if (jsonx_path_bool(report[0], "known"))
		gauge(b, "plain_clients",
		    "Clients that sent without TLS in 30 days.",
		    jsonx_path_int(report[0], "clients.plain"));
	family(b, "messages_total", "counter",
	    "Messages that came or went, by TLS version.");
	for (size_t i = 0; i < 2; i++) {
		put_messages(b, ways[i], report[i]);
		json_object_put(report[i]);
	}
}

int
api_metrics(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *view = NULL, *list = NULL;
	struct err why;
	struct buf b;
	int rc = 0;

	err_clear(&why);
	buf_init(&b, METRICS_MAX);
	(void)backend_call(app, req, OP_CONNECTION_GET,
	    json_object_new_object(), &view, NULL, &why);
	put_build(&b);
	gauge(&b, "up", "Does postseald answer.", view != NULL);
	if (view != NULL)
		put_view(&b, view);
	if (view != NULL &&
	    backend_call(app, req, OP_GENERATIONS_LIST,
		json_object_new_object(), &list, NULL, &why) == 0)
		put_generations(&b, list);
	if (view != NULL)
		put_report(app, req, &b);
	if (view != NULL)
		metrics_scanners(app, req, &b);
	if (b.failed || buf_add(&reply->body, b.data, b.len) == -1 ||
	    reply_header(reply, "Content-Type",
		"text/plain; version=0.0.4; charset=utf-8") == -1)
		rc = err_set(err, ERR_NOMEM, "", "metrics");
	json_object_put(list);
	json_object_put(view);
	buf_clear(&b);
	return rc;
}
