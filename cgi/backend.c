/*
 * backend.c - one request to postseald, one reply.
 *
 * Each call is one connection, as ops.h says.  The reply is a peer's frame
 * like any other: checked for shape before it is used.  Request frames may
 * hold a private key: the object is wiped when it has gone out.
 */
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "core.h"
#include "ipc.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

#define SEND_MS	     5000
#define PROGRESS_MAX 1000 /* frames before the result */

static const struct {
	const char *op;
	int reply_ms;
} patience[] = {
    {OP_CONNECTION_APPLY, 240000},
    {OP_INSPECT, 15000},
    {OP_DRAFT_PUT, 15000},
    {OP_STATUS, 20000},
    {OP_AUDIT_ADD, 2000},
};

#define REPLY_MS 10000

static int
reply_ms(const char *op)
{
	for (size_t i = 0; i < sizeof(patience) / sizeof(patience[0]); i++) {
		if (strcmp(patience[i].op, op) == 0)
			return patience[i].reply_ms;
	}
	return REPLY_MS;
}

static int
put_str(struct json_object *o, const char *key, const char *value)
{
	struct json_object *v = json_object_new_string(value);

	if (v == NULL || json_object_object_add(o, key, v) != 0) {
		json_object_put(v);
		return -1;
	}
	return 0;
}

/* {"op", "actor", "args"}; args is taken over. */
static struct json_object *
frame(const struct request *req, const char *op, struct json_object *args)
{
	struct json_object *o, *actor;

	o = json_object_new_object();
	actor = json_object_new_object();
	if (o == NULL || actor == NULL ||
	    json_object_object_add(o, "actor", actor) != 0) {
		json_object_put(actor);
		goto fail;
	}
	if (put_str(actor, "user", req->who.user) == -1 ||
	    put_str(actor, "from", req->remote) == -1 ||
	    put_str(actor, "via",
		strcmp(req->who.via, "api") == 0 ? "api" : "web") == -1 ||
	    put_str(o, "op", op) == -1)
		goto fail;
	if (json_object_object_add(o, "args", args) != 0)
		goto fail;
	return o;
fail:
	json_object_put(o);
	json_wipe(args);
	return NULL;
}

static int
bad_reply(struct err *err, const char *what)
{
	return err_set(err, ERR_INTERNAL, "", "postseald's reply: %s", what);
}

/* Takes a result frame apart. */
static int
take_result(struct json_object *reply, struct json_object **data,
    struct json_object **error, struct err *err)
{
	struct json_object *o = NULL;
	bool ok = false;

	if (jsonx_bool(reply, "ok", "ok", &ok, err) == -1)
		return bad_reply(err, "no ok");
	if (ok) {
		if (jsonx_obj(reply, "data", "data", &o, err) == -1 ||
		    o == NULL)
			return bad_reply(err, "no data");
		*data = json_object_get(o);
		return 0;
	}
	if (jsonx_obj(reply, "error", "error", &o, err) == -1 || o == NULL)
		return bad_reply(err, "no error");
	err_from_json(err, o);
	if (err->code == ERR_NONE)
		bad_reply(err, "error without a code");
	if (error != NULL)
		*error = json_object_get(o);
	return -1;
}

static int
wait_result(int fd, const char *op, struct json_object **data,
    struct json_object **error, struct err *err)
{
	int64_t end = now_ms() + reply_ms(op), left;
	struct json_object *reply = NULL;
	const char *type = "";
	int rc;

	for (int i = 0; i < PROGRESS_MAX; i++) {
		left = end - now_ms();
		if (ipc_recv(fd, &reply, IPC_FRAME_MAX,
			left > 0 ? (int)left : 1, err) == -1)
			return -1;
		if (jsonx_str(reply, "type", "type", 16, &type, err) == -1)
			type = "";
		if (strcmp(type, "result") == 0) {
			rc = take_result(reply, data, error, err);
			json_object_put(reply);
			return rc;
		}
		rc = strcmp(type, "progress") == 0;
		json_object_put(reply);
		reply = NULL;
		if (!rc)
			return bad_reply(err, "unknown type");
	}
	return bad_reply(err, "no end of progress");
}

int
backend_call(struct app *app, const struct request *req, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *err)
{
	struct json_object *out;
	int fd, rc = -1;

	if (error != NULL)
		*error = NULL;
	if ((out = frame(req, op, args)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if ((fd = ipc_connect(app->conf.socket, err)) == -1)
		goto out;
	rc = ipc_send(fd, out, SEND_MS, err);
	json_wipe(out);
	out = NULL;
	if (rc == 0)
		rc = wait_result(fd, op, data, error, err);
	close(fd);
out:
	json_wipe(out);
	return rc;
}

void
backend_audit(struct app *app, const struct request *req, const char *event,
    const char *outcome, const char *detail)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct err err;

	err_clear(&err);
	if (args == NULL || put_str(args, "event", event) == -1 ||
	    put_str(args, "outcome", outcome) == -1 ||
	    (detail != NULL && put_str(args, "detail", detail) == -1)) {
		json_object_put(args);
		log_warn("audit %s: out of memory", event);
		return;
	}
	if (backend_call(app, req, OP_AUDIT_ADD, args, &data, NULL, &err) == -1)
		log_warn("audit %s %s: %s: %s", event, outcome,
		    err_name(err.code), err.msg);
	json_object_put(data);
}
