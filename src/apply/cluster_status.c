/*
 * cluster_status.c - what a host says of itself, before it is signed.
 */
#include <string.h>

#include "cluster.h"
#include "jsonx.h"
#include "state.h"

int
cluster_status(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *view = NULL, *live = NULL, *o;
	char identity[SHA256_HEX];
	struct cluster_state s;
	const char *served;
	struct buf pem;
	int rc;

	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = cluster_identity(conf, &pem, identity, err);
	buf_clear(&pem);
	if (rc == -1 || cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (probe && apply_live(conf, &live, err) == -1)
		return -1;
	json_object_put(live);
	if (apply_view(conf, &view, err) == -1)
		return -1;
	served = jsonx_path_str(view, "probe.certificate_sha256", "");
	o = json_object_new_object();
	jsonx_put_str(o, "name", conf->cluster_name);
	/* So that a new one is told of though nothing else has changed. */
	jsonx_put_str(o, "identity", identity);
	cluster_counts_put(o, &s);
	jsonx_put_str(o, "code", s.code);
	jsonx_put_str(o, "own_code", s.own_code);
	json_object_object_add(
	    o, "local", json_object_get(jsonx_path(view, "generation.id")));
	jsonx_put_str(o, "postfix", jsonx_path_str(view, "postfix.state", ""));
	jsonx_put_str(
	    o, "version", jsonx_path_str(view, "postfix.version", ""));
	jsonx_put_str(o, "certificate_sha256", served);
	jsonx_put_str(o, "certificate_name",
	    jsonx_path_str(view, "certificate.leaf.common_name", ""));
	jsonx_put_str(o, "not_after",
	    jsonx_path_str(view, "certificate.leaf.not_after", ""));
	jsonx_put_str(
	    o, "probe_error", jsonx_path_str(view, "probe.error.code", ""));
	jsonx_put_int(
	    o, "drift", (int64_t)jsonx_len(jsonx_path(view, "drift")));
	json_object_put(view);
	*ret = o;
	return 0;
}
