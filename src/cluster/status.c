/*
 * status.c - what a host says of itself, before it is signed.
 */
#include <string.h>

#include "certname.h"
#include "host.h"
#include "jsonx.h"
#include "rollout.h"

/* A probe takes no longer than the first try needs when all is well. */
#define STATUS_PROBE_MS 4000

/* What somebody changed here since the last look is looked at now. */
static int
look(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *view = NULL;

	if (probe)
		(void)apply_prove(conf, STATUS_PROBE_MS, NULL, NULL);
	if (apply_view(conf, &view, err) == -1)
		return -1;
	if (!probe && jsonx_path(view, "probe_stale") != NULL) {
		json_object_put(view);
		return look(conf, true, ret, err);
	}
	*ret = view;
	return 0;
}

/* What is served is known by a probe that was passed, and by no failing one
 * since; one that cannot be passed need not be waited for. */
static void
put_served(struct json_object *o, struct json_object *view)
{
	const char *code = jsonx_path_str(view, "probe_error.code", "");
	const char *postfix = jsonx_path_str(view, "postfix.state", "");

	if (code[0] == '\0' && !jsonx_path_bool(view, "busy") &&
	    strcmp(postfix, "running") != 0)
		code = err_name(ERR_PROBE_CONNECT);
	jsonx_put_str(o, "certificate_sha256",
	    code[0] != '\0'
		? ""
		: jsonx_path_str(view, "probe.certificate_sha256", ""));
	jsonx_put_str(o, "probe_error", code);
	jsonx_put_str(
	    o, "probe_error_at", jsonx_path_str(view, "probe_error.at", ""));
}

int
cluster_status(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *view = NULL, *o;
	char identity[SHA256_HEX];
	struct cluster_state s;
	struct buf pem;
	int rc;

	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = cluster_identity(conf, &pem, identity, err);
	buf_clear(&pem);
	if (rc == -1 || cluster_state_read(conf, &s, err) == -1 ||
	    look(conf, probe, &view, err) == -1)
		return -1;
	o = json_object_new_object();
	jsonx_put_str(o, "name", conf->cluster_name);
	/* So that a new one is reported even though nothing else has
	 * changed. */
	jsonx_put_str(o, "identity", identity);
	cluster_counts_put(o, &s);
	jsonx_put_str(o, "code", s.code);
	jsonx_put_str(o, "own_code", s.own_code);
	json_object_object_add(
	    o, "local", json_object_get(jsonx_path(view, "generation.id")));
	cluster_reads_put(o);
	jsonx_put_str(o, "postfix", jsonx_path_str(view, "postfix.state", ""));
	jsonx_put_str(
	    o, "version", jsonx_path_str(view, "postfix.version", ""));
	put_served(o, view);
	jsonx_put_str(o, "certificate_name",
	    cert_name(jsonx_path(view, "certificate.leaf")));
	jsonx_put_str(o, "not_after",
	    jsonx_path_str(view, "certificate.leaf.not_after", ""));
	jsonx_put_int(
	    o, "drift", (int64_t)jsonx_len(jsonx_path(view, "drift")));
	json_object_put(view);
	*ret = o;
	return 0;
}
