/*
 * op_scanner.c - the administrator's side of a cluster: who is enrolled, how
 * everybody is, and what is to become of a roll-out.
 */
#include <stdio.h>

#include "call.h"
#include "cluster.h"
#include "jsonx.h"

static void
note(struct call *c, enum event event, bool ok, const char *detail)
{
	(void)audit_add(
	    c->conf, &c->actor, event, ok ? "ok" : "failed", detail, NULL);
}

int
op_scanners_get(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	(void)args;
	return cluster_scanners(c->conf, data, err);
}

int
op_scanner_identity(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	char sha256[SHA256_HEX];
	struct buf pem;
	int rc;

	(void)args;
	buf_init(&pem, BUNDLE_PEM_MAX);
	if ((rc = cluster_identity(c->conf, &pem, sha256, err)) == 0) {
		*data = json_object_new_object();
		jsonx_put_str(*data, "name", c->conf->cluster_name);
		jsonx_put_str(*data, "certificate", pem.data);
		jsonx_put_str(*data, "sha256", sha256);
	}
	buf_clear(&pem);
	return rc;
}

int
op_scanner_rotate(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	if (cluster_rotate(c->conf, err) == -1)
		return -1;
	note(c, EVENT_SCANNER_ROTATE, true, NULL);
	return op_scanner_identity(c, args, data, err);
}

int
op_scanner_enrol(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *name = jsonx_path_str(args, "name", "");
	const char *pem = jsonx_path_str(args, "certificate", "");
	struct json_object *join = NULL;

	if (cluster_enrol(c->conf, name, pem, &join, err) == -1)
		return -1;
	note(c, EVENT_SCANNER_ENROL, true, name);
	*data = json_object_new_object();
	json_object_object_add(*data, "join", join);
	return 0;
}

int
op_scanner_trust(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *join = jsonx_member(args, "join");

	(void)data;
	if (cluster_trust(c->conf, join, err) == -1)
		return -1;
	note(c, EVENT_SCANNER_TRUST, true, jsonx_path_str(join, "console", ""));
	return 0;
}

int
op_scanner_remove(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *name = jsonx_path_str(args, "name", "");

	(void)data;
	if (cluster_remove(c->conf, name, err) == -1)
		return -1;
	note(c, EVENT_SCANNER_REMOVE, true, name);
	return 0;
}

int
op_cluster_command(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *what = jsonx_path_str(args, "do", "");
	char detail[128];
	int rc;

	if (!cluster_on(c->conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	rc = cluster_command(c->conf, &c->actor, what,
	    jsonx_path_str(args, "scanner", NULL), data, &c->error, err);
	(void)snprintf(detail, sizeof(detail), "%.40s%s%s", what,
	    rc == 0 ? "" : "; ", rc == 0 ? "" : err_name(err->code));
	note(c, EVENT_CLUSTER_COMMAND, rc == 0, detail);
	return rc;
}
