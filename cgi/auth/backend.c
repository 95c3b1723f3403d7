/*
 * backend.c - postseald, asked in the name of whoever made this request.
 */
#include <string.h>

#include <json-c/json.h>

#include "auth.h"
#include "client.h"
#include "core.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

int
backend_call(struct app *app, const struct request *req, const char *op,
    struct json_object *args, struct json_object **data,
    struct json_object **error, struct err *err)
{
	const struct client_actor who = {
	    req->who.user,
	    req->remote,
	    strcmp(req->who.via, "api") == 0 ? "api" : "web",
	};

	return client_call(app->conf.socket, &who, op, args, data, error, err);
}

void
backend_audit(struct app *app, const struct request *req, enum event event,
    const char *outcome, const char *detail)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct err err;

	err_clear(&err);
	if (args == NULL ||
	    jsonx_put_str(args, "event", event_name(event)) == -1 ||
	    jsonx_put_str(args, "outcome", outcome) == -1 ||
	    (detail != NULL && jsonx_put_str(args, "detail", detail) == -1)) {
		json_object_put(args);
		log_warn("audit %s: out of memory", event_name(event));
		return;
	}
	if (backend_call(app, req, OP_AUDIT_ADD, args, &data, NULL, &err) == -1)
		log_warn("audit %s %s: %s: %s", event_name(event), outcome,
		    err_name(err.code), err.msg);
	json_object_put(data);
}
