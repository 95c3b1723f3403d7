/*
 * api_connection.c - /api/v1/connection: the whole of the Connection screen
 * in one GET and one POST, and /api/v1/certificates/inspect.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "auth.h"
#include "jsonx.h"
#include "localise.h"
#include "ops.h"
#include "upload.h"
#include "settings.h"

#define ETAG_LEN_MAX 128
#define LOCATION_MAX 64

int
api_call(struct app *app, struct request *req, const char *op,
    struct json_object *args, struct json_object **data, struct err *err)
{
	if (args == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return backend_call(app, req, op, args, data, &req->problem, err);
}

int
api_answer(
    struct reply *reply, int status, struct json_object *o, struct err *err)
{
	if (o == NULL)
		return err_set(err, ERR_INTERNAL, "",
		    "postseald's reply: a member is missing");
	if (reply_json(reply, status, o) == -1)
		return err_set(err, ERR_INTERNAL, "", "reply too large");
	return 0;
}

int
api_connection_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	if (api_call(app, req, OP_CONNECTION_GET, json_object_new_object(),
		&data, err) == -1)
		return -1;
	api_view(data);
	rc = reply_header(reply, "ETag", jsonx_path_str(data, "etag", ""));
	if (rc == -1)
		err_set(err, ERR_INTERNAL, "", "postseald's etag");
	else
		rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}

static int
query_bool(
    const struct request *req, const char *name, bool *ret, struct err *err)
{
	const char *s = fields_str(&req->query, name, NULL);

	if (s == NULL)
		return 0;
	if (!settings_word(s, ret))
		return err_set(err, ERR_FIELD_INVALID, name,
		    "%s: expected true or false", name);
	return 0;
}

/* RFC 7240: a list of preferences; unknown ones are ignored. */
static bool
prefers_async(const struct request *req)
{
	static const char want[] = "respond-async";
	const char *s = request_header(req, "Prefer");
	size_t n;

	for (; s != NULL && *s != '\0'; s += n, s += *s == ',') {
		s += strspn(s, " \t");
		n = strcspn(s, ",");
		if (n >= sizeof(want) - 1 &&
		    strncasecmp(s, want, sizeof(want) - 1) == 0 &&
		    strspn(s + sizeof(want) - 1, " \t") ==
			n - (sizeof(want) - 1))
			return true;
	}
	return false;
}

/* "*" holds whenever there are settings, and there always are. */
static int
put_if_match(
    const struct request *req, struct json_object *args, struct err *err)
{
	const char *s = request_header(req, "If-Match");

	if (s == NULL || strcmp(s, "*") == 0)
		return 0;
	if (strlen(s) > ETAG_LEN_MAX || strlen(s) < 2 || s[0] != '"' ||
	    s[strlen(s) - 1] != '"' || !utf8_valid(s, strlen(s)))
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "If-Match: expected one quoted ETag");
	return api_put(args, "if_match", json_object_new_string(s));
}

static struct json_object *
new_string(const char *s)
{
	return s == NULL ? NULL : json_object_new_string(s);
}

int
api_manner_read(
    const struct request *req, struct api_manner *ret, struct err *err)
{
	ret->dry_run = false;
	if (query_bool(req, "dry_run", &ret->dry_run, err) == -1)
		return -1;
	ret->async = !ret->dry_run && prefers_async(req);
	return 0;
}

struct json_object *
api_apply_args(const struct request *req, struct api_input *in,
    const struct api_manner *how, struct err *err)
{
	struct json_object *args = json_object_new_object();
	const struct {
		const char *key;
		struct json_object *value;
	} members[] = {
	    {"settings", in->settings},
	    {"files", in->files},
	    {UPLOAD_CLIENT_CA, in->client_ca},
	    {"loose", in->loose},
	    {"confirm", in->confirm},
	    {"scanners", in->scanners},
	    {"apply", new_string(in->apply)},
	    {"note", new_string(in->note)},
	    {"passphrase", new_string(in->passphrase)},
	    {"key_id", new_string(in->key_id)},
	    {"dry_run", json_object_new_boolean(how->dry_run)},
	    {"wait", json_object_new_boolean(!how->async)},
	};
	int rc = 0;

	in->settings = in->files = in->confirm = in->scanners = NULL;
	in->client_ca = in->loose = NULL;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (api_put(args, members[i].key, members[i].value) == -1)
			rc = err_set(err, ERR_NOMEM, "", "out of memory");
	}
	if (rc == -1 || put_if_match(req, args, err) == -1) {
		jsonx_wipe(args);
		return NULL;
	}
	return args;
}

static int
accepted(struct reply *reply, const char *job, struct err *err)
{
	struct json_object *o = json_object_new_object();
	char location[LOCATION_MAX];
	int n, rc;

	n = snprintf(location, sizeof(location), "/api/v1/jobs/%s", job);
	if (n < 0 || (size_t)n >= sizeof(location) ||
	    api_put(o, "job", json_object_new_string(job)) == -1 ||
	    reply_header(reply, "Location", location) == -1)
		rc = err_set(err, ERR_INTERNAL, "", "postseald's job id");
	else
		rc = api_answer(reply, 202, o, err);
	json_object_put(o);
	return rc;
}

/* Ask and answer.  When our patience ends before the job does, the caller
 * gets what "respond-async" would have given. */
int
api_apply(struct app *app, struct request *req, struct reply *reply,
    const char *op, const struct api_manner *how, struct json_object *args,
    struct err *err)
{
	struct json_object *data = NULL;
	const char *job;
	int rc;

	if (api_call(app, req, op, args, &data, err) == -1) {
		job = jsonx_path_str(req->problem, "job", "");
		/* The Save goes on, or the recovery ends it: ask the job. */
		if (*job != '\0' && jsonx_path(req->problem, "lost") != NULL)
			return accepted(reply, job, err);
		return -1;
	}
	if (how->async) {
		reply_header(reply, "Preference-Applied", "respond-async");
		rc = accepted(reply, jsonx_path_str(data, "job", ""), err);
	} else {
		localise_findings(app, req->lang, jsonx_path(data, "findings"));
		localise_sorted(app, req->lang, jsonx_path(data, "sorted"));
		rc = api_answer(reply, 200, data, err);
	}
	json_object_put(data);
	return rc;
}

/* What a person has to decide who may change more than files. */
static bool
confirms_more(struct json_object *confirm)
{
	static const enum err_code more[] = {
	    ERR_DRIFT_OVERWRITES, ERR_LEVEL_LOWERED};
	size_t i, j;

	for (i = 0; i < jsonx_len(confirm); i++)
		for (j = 0; j < sizeof(more) / sizeof(more[0]); j++)
			if (strcmp(jsonx_str_at(confirm, i),
				err_name(more[j])) == 0)
				return true;
	return false;
}

int
api_only_files(const struct identity *who, const struct api_input *in,
    bool always, struct err *err)
{
	if (who->scope == SCOPE_WRITE && !always)
		return 0;
	if (always && (in->settings != NULL || in->scanners != NULL ||
			  in->client_ca != NULL))
		return err_set(err, ERR_FIELD_UNKNOWN, "",
		    "expected the files of one certificate alone");
	if (who->scope == SCOPE_WRITE) {
		if (in->files == NULL && in->key_id == NULL &&
		    in->loose == NULL)
			return err_set(err, ERR_FIELD_MISSING,
			    "server_certificate", "expected at least one file");
		return 0;
	}
	if (!always && *who->certificate != '\0' &&
	    strcmp(who->certificate, "default") != 0)
		return err_set(err, ERR_AUTH_SCOPE, "",
		    "a token for the certificate %.150s", who->certificate);
	if (in->settings != NULL || in->key_id != NULL ||
	    in->scanners != NULL || in->client_ca != NULL)
		return err_set(err, ERR_AUTH_SCOPE, "",
		    "a token of scope %s sends files alone",
		    scope_name(who->scope));
	if (confirms_more(in->confirm))
		return err_set(err, ERR_AUTH_SCOPE, "confirm",
		    "a token of scope %s confirms what its files need alone",
		    scope_name(who->scope));
	if (in->files == NULL && in->loose == NULL)
		return err_set(err, ERR_FIELD_MISSING, "server_certificate",
		    "expected at least one file");
	return 0;
}

int
api_connection_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args;
	struct api_input in = {0};
	struct api_manner how;
	int rc = -1;

	if (api_manner_read(req, &how, err) == 0 &&
	    api_input_read(req, false, &in, err) == 0 &&
	    api_only_loose(&in, false, err) == 0 &&
	    api_only_files(&req->who, &in, false, err) == 0 &&
	    (args = api_apply_args(req, &in, &how, err)) != NULL)
		rc = api_apply(
		    app, req, reply, OP_CONNECTION_APPLY, &how, args, err);
	api_input_clear(&in);
	return rc;
}

int
api_only_loose(const struct api_input *in, bool here, struct err *err)
{
	if (in->loose == NULL)
		return 0;
	if (!here)
		return err_set(err, ERR_FIELD_UNKNOWN, "files",
		    "files: with POST /api/v1/certificates alone");
	if (in->files == NULL && in->key_id == NULL)
		return 0;
	return err_set(err, ERR_FIELD_INVALID, "files",
	    "files: not beside the fields of one certificate");
}

int
api_inspect(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = NULL, *data = NULL, *report;
	struct api_input in = {0};
	int rc = -1;

	if (api_input_read(req, true, &in, err) == -1 ||
	    api_only_loose(&in, true, err) == -1)
		goto out;
	if (in.files == NULL && in.loose == NULL) {
		err_set(err, ERR_FIELD_MISSING, "server_certificate",
		    "expected at least one file");
		goto out;
	}
	args = json_object_new_object();
	rc = api_put(args, "files", in.files);
	if (api_put(args, "loose", in.loose) == -1)
		rc = -1;
	in.files = in.loose = NULL;
	if (rc == -1 || (in.passphrase != NULL &&
			    api_put(args, "passphrase",
				json_object_new_string(in.passphrase)) == -1)) {
		jsonx_wipe(args);
		rc = err_set(err, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	if ((rc = api_call(app, req, OP_INSPECT, args, &data, err)) == -1)
		goto out;
	report = jsonx_path(data, "report");
	localise_findings(app, req->lang, jsonx_path(report, "findings"));
	localise_sorted(app, req->lang, jsonx_path(data, "sorted"));
	rc = api_answer(reply, 200,
	    jsonx_path(data, "sorted") != NULL ? data : report, err);
out:
	json_object_put(data);
	api_input_clear(&in);
	return rc;
}

/* {"next_hop"?} */
int
api_connection_test(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {"next_hop", NULL};
	struct json_object *args = json_object_new_object(), *data = NULL;
	const char *hop = NULL;
	int rc = -1;

	if (req->json != NULL
		? jsonx_only(req->json, "", names, err) == -1 ||
		      jsonx_str(req->json, "next_hop", "next_hop", HOP_NAME_MAX,
			  &hop, err) == -1
		: fields_check(&req->form, names, NULL, err) == -1) {
		json_object_put(args);
		return -1;
	}
	if (req->json == NULL)
		hop = fields_str(&req->form, "next_hop", NULL);
	if (hop != NULL &&
	    api_put(args, "next_hop", json_object_new_string(hop)) == -1) {
		json_object_put(args);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	if (api_call(app, req, OP_CONNECTION_TEST, args, &data, err) == 0)
		rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}
