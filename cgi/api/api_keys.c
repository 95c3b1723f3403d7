/*
 * api_keys.c - /api/v1/keys: keys made on the host, their requests, and the
 * TLSA records.  No answer here can hold a key: postseald gives none out.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "keyid.h"
#include "ops.h"

#define CSR_MAX (64 * 1024)

/* ".../keys/ID" or ".../keys/ID/csr"; whether there is such an ID is
 * postseald's to say. */
static struct json_object *
key_args_of_path(const struct request *req)
{
	struct json_object *args = json_object_new_object();
	const char *id = strstr(req->path, "/keys/");
	size_t len;

	if (id == NULL)
		return args;
	id += strlen("/keys/");
	len = strcspn(id, "/");
	/* One that is too long is none of ours: the same answer. */
	json_object_object_add(args, "id",
	    len <= KEY_ID_SHOWN ? json_object_new_string_len(id, (int)len)
				: json_object_new_string("-"));
	return args;
}

int
api_keys_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	if (api_call(app, req, OP_KEYS_LIST, json_object_new_object(), &data,
		err) == -1)
		return -1;
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

int
api_keys_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {
	    "kind", "algorithm", "subject", "names", "days", NULL};
	struct json_object *data = NULL;
	char where[64];
	int rc = -1;

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    api_call(app, req, OP_KEYS_ADD, json_object_get(req->json), &data,
		err) == -1)
		return -1;
	(void)snprintf(where, sizeof(where), "/api/v1/keys/%.16s",
	    jsonx_path_str(data, "id", ""));
	if (reply_header(reply, "Location", where) == -1)
		err_set(err, ERR_INTERNAL, "", "postseald's key id");
	else
		rc = api_answer(reply, 201, data, err);
	json_object_put(data);
	return rc;
}

int
api_key_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	if (api_call(
		app, req, OP_KEYS_GET, key_args_of_path(req), &data, err) == -1)
		return -1;
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

int
api_key_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;

	if (api_call(app, req, OP_KEYS_DELETE, key_args_of_path(req), &data,
		err) == -1)
		return -1;
	json_object_put(data);
	reply->status = 204;
	return 0;
}

/* The file's name is its common name where that is a host's. */
static void
csr_name(struct json_object *key, char *dst, size_t size)
{
	struct json_object *names = jsonx_path(key, "names");
	const char *s = "";

	if (json_object_is_type(names, json_type_array) &&
	    json_object_array_length(names) > 0)
		s = json_object_get_string(json_object_array_get_idx(names, 0));
	if (strncmp(s, "*.", 2) == 0)
		s += 2;
	if (*s == '\0' || strlen(s) > 100 ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(s))
		s = "request";
	(void)snprintf(dst, size, "attachment; filename=\"%s.csr\"", s);
}

int
api_key_csr(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	const char *csr;
	char name[160];
	int rc = -1;

	if (api_call(
		app, req, OP_KEYS_GET, key_args_of_path(req), &data, err) == -1)
		return -1;
	csr = jsonx_path_str(data, "csr", "");
	csr_name(data, name, sizeof(name));
	if (*csr == '\0' || strlen(csr) > CSR_MAX ||
	    reply_header(reply, "Content-Type", "application/pkcs10") == -1 ||
	    reply_header(reply, "Content-Disposition", name) == -1 ||
	    buf_adds(&reply->body, csr) == -1)
		err_set(err, ERR_INTERNAL, "", "postseald's request");
	else
		rc = 0;
	json_object_put(data);
	return rc;
}
