/*
 * api_state.c - how things are: /api/v1/status (looks at Postfix now), the
 * progress of an apply, and /healthz for whoever watches this process.
 */
#include <string.h>

#include "api.h"
#include "auth.h"
#include "jsonx.h"
#include "localise.h"
#include "ops.h"
#include "util.h"
#include "version.h"

#define HEALTH_MS 5000

int
api_status(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct json_object *sandbox;
	int rc;

	if (api_put(args, "probe", json_object_new_boolean(1)) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (api_call(app, req, OP_STATUS, args, &data, err) == -1)
		return -1;
	api_view(data);
	problem_localise(app, req->lang, jsonx_path(data, "live.error"));
	/* What postseald cannot know: the process that answers this. */
	sandbox = jsonx_path(data, "sandbox");
	if (api_put(data, "version",
		json_object_new_string(postseal_version)) == -1 ||
	    (json_object_is_type(sandbox, json_type_object) &&
		api_put(sandbox, "web",
		    sandbox_state_to_json(&app->sandbox, app->conf.web_user)) ==
		    -1)) {
		json_object_put(data);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

int
api_relay(struct app *app, struct request *req, struct reply *reply,
    const char *op, struct json_object *args, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	if (api_call(app, req, op, args, &data, err) == -1)
		return -1;
	problem_localise(app, req->lang, jsonx_path(data, "error"));
	localise_findings(app, req->lang, jsonx_path(data, "result.findings"));
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

int
api_job(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args;
	const char *id = request_path_arg(req);

	if (strlen(id) != JOB_ID_LEN ||
	    strspn(id, "0123456789abcdef") != JOB_ID_LEN)
		return err_set(err, ERR_JOB_UNKNOWN, "", "no such job");
	args = json_object_new_object();
	if (api_put(args, "job", json_object_new_string(id)) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return api_relay(app, req, reply, OP_JOB_GET, args, err);
}

/* Anybody asks as often as he likes; postseald is asked now and then. */
static bool
unrecorded(struct app *app, struct request *req)
{
	struct json_object *data = NULL;
	int64_t now = now_ms();
	struct err why;

	if (now < app->health_ms)
		return app->unrecorded;
	err_clear(&why);
	app->unrecorded =
	    backend_call(app, req, OP_AUDIT_STATE, json_object_new_object(),
		&data, NULL, &why) == 0 &&
	    jsonx_path(data, "audit.writable") != NULL &&
	    !jsonx_path_bool(data, "audit.writable");
	json_object_put(data);
	app->health_ms = now_ms() + HEALTH_MS;
	return app->unrecorded;
}

int
api_healthz(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *o;
	int rc;

	if (unrecorded(app, req))
		return err_set(err, ERR_AUDIT, "",
		    "the audit log cannot be written");
	o = json_object_new_object();
	if (o == NULL || json_object_object_add(
			     o, "status", json_object_new_string("ok")) != 0)
		rc = err_set(err, ERR_NOMEM, "", "out of memory");
	else
		rc = api_answer(reply, 200, o, err);
	json_object_put(o);
	return rc;
}
