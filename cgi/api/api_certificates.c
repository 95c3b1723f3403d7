/*
 * api_certificates.c - /api/v1/certificates: the certificates by use and name.
 *
 * A name is one that mail servers ask for by SNI; "default" is the certificate
 * of all others, which POST /api/v1/connection changes as well.
 */
#include <string.h>
#include <strings.h>

#include "api.h"
#include "auth.h"
#include "jsonx.h"
#include "ops.h"

#define NAME_SHOWN 253

int
api_certificates_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL, *o = json_object_new_object();
	int rc = -1;

	if (api_call(app, req, OP_CONNECTION_GET, json_object_new_object(),
		&data, err) == 0 &&
	    api_put(o, "certificates",
		json_object_get(jsonx_path(data, "by_name"))) == 0)
		rc = api_answer(reply, 200, o, err);
	json_object_put(data);
	json_object_put(o);
	return rc;
}

/* The part of the path behind the collection; "*" = none is named. */
static int
put_name(const struct request *req, struct json_object *args, struct err *err)
{
	static const char head[] = "/api/v1/certificates/";
	const char *name = "*", *own = req->who.certificate;

	if (strncmp(req->path, head, sizeof(head) - 1) == 0) {
		name = req->path + sizeof(head) - 1;
		if (strlen(name) > NAME_SHOWN)
			return err_set(
			    err, ERR_SNI_NAME, "name", "%.60s...", name);
		if (strcmp(name, "*") == 0)
			return err_set(err, ERR_SNI_NAME, "name", "*");
	}
	if (*own != '\0' && strcmp(name, "*") == 0) {
		/* No name of a host: nothing in the files says so. */
		if (strchr(own, '.') == NULL && strcmp(own, "default") != 0)
			name = own;
		else if (api_put(args, "only",
			     json_object_new_string(
				 strcmp(own, "default") == 0 ? "" : own)) == -1)
			return -1;
	} else if (*own != '\0' && strcasecmp(name, own) != 0)
		return err_set(err, ERR_AUTH_SCOPE, "name",
		    "a token for the certificate %.150s", own);
	/* Of several certificates, postseald says it of each. */
	if (jsonx_member(args, "loose") != NULL && strcmp(name, "*") != 0) {
		jsonx_put_str(args, "only", own);
		return 0;
	}
	/* Whom clients are trusted by is nobody's renewal by the way. */
	if (*own == '\0' && strcmp(name, "client_ca") == 0 &&
	    req->who.scope == SCOPE_CERTIFICATES)
		return err_set(err, ERR_AUTH_SCOPE, "name",
		    "CAs of clients: with a token for client_ca alone");
	if (strcmp(name, "default") == 0)
		return 0;
	return api_put(args, "certificate", json_object_new_string(name));
}

static int
certificate_apply(struct app *app, struct request *req, struct reply *reply,
    struct api_input *in, bool drop, struct err *err)
{
	struct api_manner how;
	struct json_object *args;

	if (api_manner_read(req, &how, err) == -1 ||
	    (args = api_apply_args(req, in, &how, err)) == NULL)
		return -1;
	if (put_name(req, args, err) == -1 ||
	    api_put(args, "drop", json_object_new_boolean(drop)) == -1 ||
	    api_put(args, "renew",
		json_object_new_boolean(req->who.scope != SCOPE_WRITE)) == -1) {
		jsonx_wipe(args);
		return -1;
	}
	return api_apply(app, req, reply, OP_CONNECTION_APPLY, &how, args, err);
}

int
api_certificate_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct api_input in = {0};
	int rc = -1;

	if (api_input_read(req, false, &in, err) == 0 &&
	    api_only_loose(&in, strcmp(req->path, "/api/v1/certificates") == 0,
		err) == 0 &&
	    api_only_files(&req->who, &in, true, err) == 0)
		rc = certificate_apply(app, req, reply, &in, false, err);
	api_input_clear(&in);
	return rc;
}

int
api_certificate_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct api_input in = {0};
	int rc;

	if (strcmp(req->path, "/api/v1/certificates/default") == 0)
		return err_set(err, ERR_SNI_NAME, "name", "default");
	rc = api_choices_read(req, &in, err);
	if (rc == 0)
		rc = certificate_apply(app, req, reply, &in, true, err);
	api_input_clear(&in);
	return rc;
}
