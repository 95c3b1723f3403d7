/*
 * api_history.c - /api/v1/generations, the way back to one of them, and the
 * two ways out of drift: adopt what main.cf says, or restore what is in
 * force.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

#define LIST_LIMIT	 1000
#define PATH_GENERATIONS "/api/v1/generations/"

/* Digits only, 0 (what stood before the first) and up; what no generation can
 * have is not found. */
static int
generation_number(const char *s, size_t len, int64_t *ret, struct err *err)
{
	return number_read(s, len, INT32_MAX, ret)
		   ? 0
		   : err_set(err, ERR_GEN_UNKNOWN, "",
			 "expected a generation's number");
}

/* {"id": N} of ".../generations/N[/...]". */
static int
put_path_id(const struct request *req, struct json_object *args,
    const char *key, struct err *err)
{
	const char *s = req->path + sizeof(PATH_GENERATIONS) - 1;
	int64_t id = 0;

	if (generation_number(s, strcspn(s, "/"), &id, err) == -1)
		return -1;
	if (api_put(args, key, json_object_new_int64(id)) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}

/* A whole number of the query into args; absent is fine. */
int
api_put_number(const struct request *req, struct json_object *args,
    const char *name, int64_t max, struct err *err)
{
	const char *s = fields_str(&req->query, name, "");
	int64_t n;

	if (*s == '\0')
		return 0;
	if (!number_read(s, strlen(s), max, &n) || n < 1)
		return err_set(err, ERR_FIELD_INVALID, name,
		    "%s: expected 1 to %lld", name, (long long)max);
	if (api_put(args, name, json_object_new_int64(n)) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}

int
api_generations(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object();

	if (api_put_number(req, args, "limit", LIST_LIMIT, err) == -1) {
		json_object_put(args);
		return -1;
	}
	return api_relay(app, req, reply, OP_GENERATIONS_LIST, args, err);
}

int
api_generation(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object();

	if (put_path_id(req, args, "id", err) == -1) {
		json_object_put(args);
		return -1;
	}
	return api_relay(app, req, reply, OP_GENERATION_GET, args, err);
}

int
api_generation_diff(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	const char *with = fields_str(&req->query, "with", "");
	struct json_object *args = json_object_new_object();
	int64_t b = 0;

	if (*with == '\0')
		err_set(err, ERR_FIELD_MISSING, "with",
		    "with: expected the other generation's number");
	if (*with == '\0' || put_path_id(req, args, "a", err) == -1 ||
	    generation_number(with, strlen(with), &b, err) == -1) {
		json_object_put(args);
		return -1;
	}
	if (api_put(args, "b", json_object_new_int64(b)) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return api_relay(app, req, reply, OP_GENERATION_DIFF, args, err);
}

/* Restore and adopt: choices and manner as for a Save. */
static struct json_object *
change_args(const struct request *req, struct api_manner *how, struct err *err)
{
	struct api_input in = {0};
	struct json_object *args = NULL;

	if (api_manner_read(req, how, err) == 0 &&
	    api_choices_read(req, &in, err) == 0)
		args = api_apply_args(req, &in, how, err);
	api_input_clear(&in);
	return args;
}

int
api_generation_restore(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args;
	struct api_manner how;

	if ((args = change_args(req, &how, err)) == NULL)
		return -1;
	if (put_path_id(req, args, "id", err) == -1) {
		json_object_put(args);
		return -1;
	}
	return api_apply(
	    app, req, reply, OP_GENERATION_RESTORE, &how, args, err);
}

int
api_connection_adopt(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args;
	struct api_manner how;

	if ((args = change_args(req, &how, err)) == NULL)
		return -1;
	return api_apply(app, req, reply, OP_CONNECTION_ADOPT, &how, args, err);
}

/*
 * Back to the generation in force.  Which one that is, is looked up first;
 * the caller's If-Match, or else the ETag of that look, keeps somebody's Save
 * in between from being undone.
 */
int
api_connection_restore(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args, *view = NULL, *id;
	struct api_manner how;
	int rc = -1;

	if ((args = change_args(req, &how, err)) == NULL)
		return -1;
	if (api_call(app, req, OP_CONNECTION_GET, json_object_new_object(),
		&view, err) == -1)
		goto out;
	if ((id = jsonx_path(view, "generation.id")) == NULL) {
		err_set(err, ERR_GEN_UNKNOWN, "", "no generation is in force");
		goto out;
	}
	if (api_put(args, "id", json_object_get(id)) == -1 ||
	    (jsonx_path(args, "if_match") == NULL &&
		api_put(args, "if_match",
		    json_object_new_string(jsonx_path_str(view, "etag", ""))) ==
		    -1)) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	rc = api_apply(app, req, reply, OP_GENERATION_RESTORE, &how, args, err);
	args = NULL;
out:
	json_object_put(args);
	json_object_put(view);
	return rc;
}
