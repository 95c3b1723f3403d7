/*
 * link.c - requests to postseald: one that is waited for here, and one whose
 * answer comes while the loop does other things.
 */
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

#define SEND_MS	   5000
#define CALL_MS	   15000
#define RECEIVE_MS 5000

int
link_start(struct link *l, const struct conf *conf, const char *op,
    struct json_object *args, int ms, struct err *err)
{
	struct json_object *o = json_object_new_object(), *who;
	int rc;

	who = json_object_new_object();
	jsonx_put_str(who, "user", "postseal-sync");
	jsonx_put_str(who, "from", conf->cluster_name);
	jsonx_put_str(who, "via", "sync");
	jsonx_put_str(o, "op", op);
	json_object_object_add(o, "actor", who);
	json_object_object_add(
	    o, "args", args != NULL ? args : json_object_new_object());
	l->fd = ipc_connect(conf->socket, err);
	rc = l->fd == -1 ? -1 : ipc_send(l->fd, o, SEND_MS, err);
	json_object_put(o);
	if (rc == -1)
		link_drop(l);
	l->until = now_ms() + ms;
	return rc;
}

void
link_drop(struct link *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}

static int
take(struct json_object *reply, struct json_object **data, struct err *err)
{
	struct json_object *o = NULL;
	bool ok = false;

	if (jsonx_bool(reply, "ok", "ok", &ok, err) == -1)
		return -1;
	if (ok) {
		if (jsonx_obj(reply, "data", "data", &o, err) == -1)
			return -1;
		*data =
		    o != NULL ? json_object_get(o) : json_object_new_object();
		return 0;
	}
	if (jsonx_obj(reply, "error", "error", &o, err) == -1)
		return -1;
	if (o == NULL)
		return err_set(
		    err, ERR_INTERNAL, "", "postseald's error is missing");
	err_from_json(err, o);
	return -1;
}

int
link_finish(struct link *l, struct json_object **data, struct err *err)
{
	struct json_object *reply = NULL;
	int rc = -1;

	if (ipc_recv(l->fd, &reply, IPC_FRAME_MAX, RECEIVE_MS, err) == 0)
		rc = take(reply, data, err);
	json_object_put(reply);
	link_drop(l);
	return rc;
}

int
link_call(const struct conf *conf, const char *op, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *reply = NULL;
	struct link l = {.fd = -1};
	int rc = -1;

	if (link_start(&l, conf, op, args, CALL_MS, err) == -1)
		return -1;
	if (ipc_recv(l.fd, &reply, IPC_FRAME_MAX, CALL_MS, err) == 0)
		rc = take(reply, data, err);
	json_object_put(reply);
	link_drop(&l);
	return rc;
}
