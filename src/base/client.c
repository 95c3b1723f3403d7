/*
 * client.c - one request to postseald, one reply.
 *
 * Each call is one connection, as ops.h says.  Of progress frames only the
 * job's id is kept: a caller whose patience ends can say where to look.
 */
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client.h"
#include "ipc.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

#define SEND_MS	     5000
#define PROGRESS_MAX 1000 /* frames before the result */

/* {"op", "actor", "args"}; args stays the caller's, too. */
static struct json_object *
frame(const struct client_actor *who, const char *op, struct json_object *args)
{
	struct json_object *o, *actor;

	o = json_object_new_object();
	actor = json_object_new_object();
	if (o == NULL || actor == NULL ||
	    json_object_object_add(o, "actor", actor) != 0) {
		json_object_put(actor);
		goto fail;
	}
	if (jsonx_put_str(actor, "user", who->user) == -1 ||
	    jsonx_put_str(actor, "from", who->from) == -1 ||
	    jsonx_put_str(actor, "via", who->via) == -1 ||
	    jsonx_put_str(o, "op", op) == -1)
		goto fail;
	if (json_object_object_add(o, "args", json_object_get(args)) == 0)
		return o;
	json_object_put(args);
fail:
	json_object_put(o);
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

/* The id of the job that a progress frame tells of. */
static void
note_job(struct json_object *reply, char job[JOB_ID_LEN + 1])
{
	const char *id = jsonx_path_str(reply, "job.id", "");

	if (strlen(id) == JOB_ID_LEN &&
	    strspn(id, "0123456789abcdef") == JOB_ID_LEN)
		memcpy(job, id, JOB_ID_LEN + 1);
}

/* The connection is over or too slow, but the job goes on. */
static int
lost(const char *job, struct json_object **error, struct err *err)
{
	struct json_object *o;

	if (error == NULL || *job == '\0' ||
	    (o = json_object_new_object()) == NULL)
		return -1;
	if (jsonx_put_str(o, "code", err_name(err->code)) == -1 ||
	    jsonx_put_str(o, "job", job) == -1 ||
	    json_object_object_add(o, "lost", json_object_new_boolean(1)) !=
		0) {
		json_object_put(o);
		return -1;
	}
	*error = o;
	return -1;
}

static int
wait_result(int fd, int ms, struct json_object **data,
    struct json_object **error, struct err *err)
{
	int64_t end = now_ms() + ms, left;
	struct json_object *reply;
	char job[JOB_ID_LEN + 1] = "";
	const char *type;
	int rc;

	for (int i = 0; i < PROGRESS_MAX; i++) {
		reply = NULL;
		left = end - now_ms();
		if (ipc_recv(fd, &reply, IPC_FRAME_MAX,
			left > 0 ? (int)left : 1, err) == -1)
			return lost(job, error, err);
		type = jsonx_path_str(reply, "type", "");
		if (strcmp(type, "result") == 0) {
			rc = take_result(reply, data, error, err);
			json_object_put(reply);
			return rc;
		}
		if (strcmp(type, "progress") == 0)
			note_job(reply, job);
		else
			i = PROGRESS_MAX;
		json_object_put(reply);
	}
	return bad_reply(err, "expected progress or a result");
}

int
client_start(const char *socket, const struct client_actor *who, const char *op,
    struct json_object *args, struct err *err)
{
	struct json_object *out;
	int fd;

	if ((out = frame(who, op, args)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	fd = ipc_connect(socket, err);
	if (fd != -1 && ipc_send(fd, out, SEND_MS, err) == -1) {
		close(fd);
		fd = -1;
	}
	json_object_put(out);
	return fd;
}

int
client_finish(int fd, int ms, struct json_object **data,
    struct json_object **error, struct err *err)
{
	int rc = wait_result(fd, ms, data, error, err);

	close(fd);
	return rc;
}

int
client_call(const char *socket, const struct client_actor *who, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *err)
{
	int fd;

	if (error != NULL)
		*error = NULL;
	fd = client_start(socket, who, op, args, err);
	jsonx_wipe(args);
	if (fd == -1)
		return -1;
	return client_finish(fd, op_patience(op), data, error, err);
}
