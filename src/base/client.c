/*
 * client.c - one request to postseald, one reply.
 *
 * Each call is one connection, as ops.h says.  Of progress frames only the
 * job's id is kept: a caller whose patience ends can say where to look.
 */
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "client.h"
#include "ipc.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

#define SEND_MS	     5000
#define PROGRESS_MAX 1000 /* frames before the result */

void
json_wipe(struct json_object *o)
{
	size_t n;

	if (o == NULL)
		return;
	switch (json_object_get_type(o)) {
	case json_type_object: {
		json_object_object_foreach (o, key, value) {
			(void)key;
			json_wipe(json_object_get(value));
		}
		break;
	}
	case json_type_array:
		n = json_object_array_length(o);
		for (size_t i = 0; i < n; i++)
			json_wipe(
			    json_object_get(json_object_array_get_idx(o, i)));
		break;
	case json_type_string:
		/* json-c hands out its own buffer; the object is ours. */
		OPENSSL_cleanse((char *)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	default:
		break;
	}
	json_object_put(o);
}

static const struct {
	const char *op;
	int reply_ms;
} patience[] = {
    {OP_CONNECTION_APPLY, 100000}, /* below the web server's 120 s */
    {OP_GENERATION_RESTORE, 100000},
    {OP_CONNECTION_ADOPT, 100000},
    {OP_RECOVER, 100000},
    {OP_INSPECT, 15000},
    {OP_DRAFT_PUT, 15000},
    {OP_STATUS, 20000},
    {OP_KEYS_ADD, 60000},
    {OP_AUTH_PAM, 20000},
    {OP_AUDIT_ADD, 2000},
    {OP_CLUSTER_COMMAND, 240000},
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

/* {"op", "actor", "args"}; args is taken over. */
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
wait_result(int fd, const char *op, struct json_object **data,
    struct json_object **error, struct err *err)
{
	int64_t end = now_ms() + reply_ms(op), left;
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
client_call(const char *socket, const struct client_actor *who, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *err)
{
	struct json_object *out;
	int fd, rc;

	if (error != NULL)
		*error = NULL;
	if ((out = frame(who, op, args)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if ((fd = ipc_connect(socket, err)) == -1) {
		json_wipe(out);
		return -1;
	}
	rc = ipc_send(fd, out, SEND_MS, err);
	json_wipe(out);
	if (rc == 0)
		rc = wait_result(fd, op, data, error, err);
	close(fd);
	return rc;
}
