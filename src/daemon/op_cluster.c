/*
 * op_cluster.c - what postseal-sync may ask: is there something to publish,
 * seal this for that host, apply this blob, here is what I saw in etcd.
 *
 * It is an unprivileged process that talks to the network: it gets blobs that
 * only a scanner can open, and what it reports is believed where a scanner's
 * identity has signed it.
 */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "cluster.h"
#include "jsonx.h"
#include "util.h"

int
op_cluster_poll(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *serial = jsonx_path_str(args, "serial", NULL);
	int wait = (int)jsonx_path_int(args, "wait_ms");

	if (!cluster_on(c->conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	if (serial != NULL && wait > 0 &&
	    cluster_wait(c->conf, c->fd, serial, wait, err) == -1)
		return -1;
	return cluster_poll(c->conf, jsonx_path_bool(args, "probe"), data, err);
}

int
op_cluster_seal(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *host = jsonx_path_str(args, "host", "");
	char detail[256];
	int rc;

	if (!c->conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "",
		    "this host is no console of the cluster");
	rc = cluster_seal_for(
	    c->conf, host, jsonx_path_str(args, "id", NULL), data, err);
	/* Not something that an honest postseal-sync asks for. */
	if (rc == 0 || err->code != ERR_SCANNER_UNKNOWN)
		return rc;
	(void)snprintf(
	    detail, sizeof(detail), "%s; %s", err_name(err->code), err->msg);
	if (audit_add(c->conf, &c->actor, EVENT_CLUSTER_SEAL, "refused", detail,
		NULL) == -1)
		log_warn("the audit log cannot be written");
	return rc;
}

int
op_cluster_published(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *id = jsonx_path_str(args, "id", "");
	const char *outcome = jsonx_path_str(args, "outcome", "");
	char detail[200];

	(void)data;
	if (id[0] == '\0' || (strcmp(outcome, "published") != 0 &&
				 strcmp(outcome, "stale") != 0 &&
				 strcmp(outcome, "failed") != 0))
		return err_set(err, ERR_FIELD_INVALID, "outcome",
		    "expected published, stale or failed");
	clean_copy(detail, sizeof(detail), jsonx_path_str(args, "detail", ""));
	return cluster_settle(c->conf, id, outcome, detail, err);
}

int
op_cluster_apply(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct cluster_order order = {
	    .own = jsonx_path_bool(args, "own"),
	    .claimed = jsonx_path_int(args, "generation"),
	    .attempt = jsonx_path_int(args, "attempt"),
	};
	struct buf blob;
	int rc = -1;

	buf_init(&blob, BUNDLE_SEALED_MAX);
	if (jsonx_b64(args, "blob", "blob", BUNDLE_SEALED_MAX, &blob, err) ==
	    -1)
		goto out;
	if (!cluster_on(c->conf)) {
		err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
		goto out;
	}
	order.sealed.data = blob.len > 0 ? blob.data : "";
	order.sealed.len = blob.len;
	rc = cluster_apply(c->conf, &order, data, &c->error, err);
out:
	buf_clear(&blob);
	return rc;
}

int
op_cluster_report(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *hosts = NULL;

	if (!cluster_on(c->conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	if (cluster_report(c->conf, jsonx_member(args, "etcd"),
		jsonx_member(args, "desired"), jsonx_member(args, "hosts"),
		&hosts, err) == -1)
		return -1;
	*data = json_object_new_object();
	json_object_object_add(*data, "hosts", hosts);
	return 0;
}
