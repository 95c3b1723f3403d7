/*
 * api_scanners.c - /api/v1/scanners: the hosts of the cluster, one of them,
 * and what is to become of a roll-out that stopped.
 *
 * On a host without a cluster the list is empty, which is true, and scripts
 * need no special case.
 */
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "ops.h"

static int
get(struct app *app, struct request *req, struct json_object **data,
    struct err *err)
{
	return api_call(
	    app, req, OP_SCANNERS_GET, json_object_new_object(), data, err);
}

int
api_scanners(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	if (app->conf.cluster_name[0] == '\0') {
		data = json_object_new_object();
		json_object_object_add(data, "cluster", NULL);
		json_object_object_add(
		    data, "scanners", json_object_new_array());
	} else if (get(app, req, &data, err) == -1) {
		return -1;
	}
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

int
api_scanner(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	const char *name = request_path_arg(req);
	struct json_object *data = NULL, *list, *row;
	size_t i, n;
	int rc = -1;

	if (app->conf.cluster_name[0] == '\0')
		return err_set(err, ERR_SCANNER_UNKNOWN, "", "no cluster");
	if (get(app, req, &data, err) == -1)
		return -1;
	list = jsonx_path(data, "scanners");
	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(row, "name", ""), name) == 0) {
			rc = api_answer(reply, 200, row, err);
			break;
		}
	}
	if (i == n)
		err_set(err, ERR_SCANNER_UNKNOWN, "", "no such scanner");
	json_object_put(data);
	return rc;
}

int
api_scanner_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	int rc;

	if (api_put(args, "name",
		json_object_new_string(request_path_arg(req))) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (api_call(app, req, OP_SCANNER_REMOVE, args, &data, err) == -1)
		return -1;
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

/* {"do": "retry" | "leave" | "rollback" | "rejoin" | "retry_chosen" |
 * "leave_chosen", "scanner": NAME?} */
int
api_scanners_do(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {"do", "scanner", NULL};
	struct json_object *args = json_object_new_object(), *data = NULL;
	const char *what = NULL, *scanner = NULL;
	int rc;

	if (req->json != NULL) {
		if (jsonx_only(req->json, "", names, err) == -1 ||
		    jsonx_str(req->json, "do", "do", 16, &what, err) == -1 ||
		    jsonx_str(req->json, "scanner", "scanner", 63, &scanner,
			err) == -1)
			goto fail;
	} else {
		if (fields_check(&req->form, names, NULL, err) == -1)
			goto fail;
		what = fields_str(&req->form, "do", NULL);
		scanner = fields_str(&req->form, "scanner", NULL);
	}
	if (what == NULL) {
		err_set(err, ERR_FIELD_MISSING, "do",
		    "expected retry, leave, rollback, rejoin, retry_chosen or "
		    "leave_chosen");
		goto fail;
	}
	if (api_put(args, "do", json_object_new_string(what)) == -1 ||
	    (scanner != NULL && api_put(args, "scanner",
				    json_object_new_string(scanner)) == -1)) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		goto fail;
	}
	if (api_call(app, req, OP_CLUSTER_COMMAND, args, &data, err) == -1)
		return -1;
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
fail:
	json_object_put(args);
	return -1;
}
