/*
 * api_access.c - /api/v1/users, /tokens, /sessions: what /access does for an
 * administrator, for scripts.
 *
 * A secret that is made up comes once, in the answer that made it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "access.h"
#include "api.h"
#include "auth.h"
#include "jsonx.h"
#include "passkey.h"
#include "sessions.h"
#include "tokens.h"

/* {key: list}; list is taken over. */
static int
answer_list(struct reply *reply, const char *key, struct json_object *list,
    struct err *err)
{
	struct json_object *o = json_object_new_object();
	int rc;

	if (api_put(o, key, list) == -1) {
		json_object_put(o);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	rc = api_answer(reply, 200, o, err);
	json_object_put(o);
	return rc;
}

/* The part after "/api/v1/users/", or "". */
static const char *
path_part(const struct request *req)
{
	const char *s = strrchr(req->path, '/');

	return s == NULL ? "" : s + 1;
}

int
api_users_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *list = NULL;

	(void)req;
	if (users_list(app->db, &list, err) == -1)
		return -1;
	return answer_list(reply, "users", list, err);
}

/* With a password that was made up, and where it is changed. */
static int
answer_user(struct app *app, const struct request *req, struct reply *reply,
    const char *name, const char *made, struct err *err)
{
	struct json_object *o = json_object_new_object();
	char join[JOIN_MAX];
	int rc;

	access_join(app, req, name, join);
	if (api_put(o, "name", json_object_new_string(name)) == -1 ||
	    (*made != '\0' &&
		(api_put(o, "password", json_object_new_string(made)) == -1 ||
		    api_put(o, "join", json_object_new_string(join)) == -1))) {
		jsonx_wipe(o);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	rc = api_answer(reply, 200, o, err);
	jsonx_wipe(o);
	return rc;
}

int
api_users_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {"name", "role", "password", NULL};
	const char *name = NULL, *role = NULL, *password = "";
	char made[GENERATED_LEN + 1] = "";
	enum role r;
	int rc;

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    jsonx_str(req->json, "name", "name", USER_NAME_MAX, &name, err) ==
		-1 ||
	    jsonx_str(req->json, "role", "role", 32, &role, err) == -1 ||
	    jsonx_str(req->json, "password", "password", FIELD_TEXT_MAX,
		&password, err) == -1)
		return -1;
	if (name == NULL || role == NULL)
		return err_set(err, ERR_FIELD_MISSING,
		    name == NULL ? "name" : "role", "expected name and role");
	if (role_from_name(role, &r, err) == -1 ||
	    access_user_add(app, req, name, r, password != NULL ? password : "",
		made, err) == -1)
		return -1;
	rc = answer_user(app, req, reply, name, made, err);
	reply->status = 201;
	OPENSSL_cleanse(made, sizeof(made));
	return rc;
}

/* Every part is looked at before the first is done.  An unlocked screen is not
 * enough to change how its owner enters: with a session, not one's own. */
int
api_user_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {
	    "role", "password", "reset_second_factor", "revoke_tokens", NULL};
	const char *role = NULL, *password = NULL, *name = path_part(req);
	char made[GENERATED_LEN + 1] = "";
	struct user_row user;
	bool reset = false, revoke = false;
	enum role r = ROLE_NONE;

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    jsonx_str(req->json, "role", "role", 32, &role, err) == -1 ||
	    jsonx_str(req->json, "password", "password", FIELD_TEXT_MAX,
		&password, err) == -1 ||
	    jsonx_bool(req->json, "reset_second_factor", "reset_second_factor",
		&reset, err) == -1 ||
	    jsonx_bool(req->json, "revoke_tokens", "revoke_tokens", &revoke,
		err) == -1 ||
	    (role != NULL && role_from_name(role, &r, err) == -1) ||
	    (password != NULL && users_password_acceptable(
				     app->db, password, name, err) == -1) ||
	    users_get(app->db, name, &user, err) == -1)
		return -1;
	if (req->who.session != 0 && (password != NULL || reset) &&
	    strcmp(user.name, req->who.user) == 0)
		return err_set(err, ERR_AUTH_FORBIDDEN, "",
		    "one's own is changed at /access, with the password");
	/* Each is a change of its own: what takes access away comes first. */
	if ((revoke && access_tokens_revoke(app, req, user.name, err) == -1) ||
	    (password != NULL && access_user_password(app, req, user.name,
				     password, made, err) == -1) ||
	    (role != NULL &&
		access_user_role(app, req, user.name, r, err) == -1) ||
	    (reset && access_totp_reset(app, req, user.name, err) == -1))
		return -1;
	return answer_user(app, req, reply, user.name, "", err);
}

int
api_user_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (access_user_delete(app, req, path_part(req), err) == -1)
		return -1;
	reply->status = 204;
	return 0;
}

int
api_policy_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *o;
	bool on = false;
	int rc = -1;

	(void)req;
	if (users_factor_required(app->db, &on, err) == -1)
		return -1;
	o = json_object_new_object();
	if (api_put(o, "second_factor_required", json_object_new_boolean(on)) ==
	    -1)
		err_set(err, ERR_NOMEM, "", "out of memory");
	else
		rc = api_answer(reply, 200, o, err);
	json_object_put(o);
	return rc;
}

int
api_policy_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {"second_factor_required", NULL};
	bool on = false;

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    jsonx_bool(req->json, names[0], names[0], &on, err) == -1)
		return -1;
	if (jsonx_path(req->json, names[0]) == NULL)
		return err_set(err, ERR_FIELD_MISSING, names[0],
		    "expected second_factor_required");
	if (access_require_factor(app, req, on, err) == -1)
		return -1;
	return api_policy_get(app, req, reply, err);
}

int
api_tokens_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *list = NULL;

	(void)req;
	if (tokens_list(app->db, &list, err) == -1)
		return -1;
	return answer_list(reply, "tokens", list, err);
}

static int
read_want(const struct request *req, struct token_want *w, struct err *err)
{
	static const char *const names[] = {
	    "name", "user", "scope", "certificate", "days", "addresses", NULL};
	const char *scope = NULL;
	int64_t days = 0;

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    jsonx_str(req->json, "name", "name", TOKEN_NAME_MAX, &w->name,
		err) == -1 ||
	    jsonx_str(req->json, "user", "user", USER_NAME_MAX, &w->user,
		err) == -1 ||
	    jsonx_str(req->json, "scope", "scope", 32, &scope, err) == -1 ||
	    jsonx_str(req->json, "certificate", "certificate", TOKEN_CERT_MAX,
		&w->certificate, err) == -1 ||
	    jsonx_int(req->json, "days", "days", 0, TOKEN_DAYS_MAX, &days,
		err) == -1 ||
	    jsonx_str(req->json, "addresses", "addresses", TOKEN_ALLOWED_MAX,
		&w->allowed, err) == -1)
		return -1;
	if (w->name == NULL || scope == NULL)
		return err_set(err, ERR_FIELD_MISSING,
		    w->name == NULL ? "name" : "scope",
		    "expected name and scope");
	w->days = (int)days;
	return scope_from_name(scope, &w->scope, err);
}

int
api_tokens_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct token_want want = {.user = req->who.user};
	struct json_object *o;
	char token[TOKEN_LEN + 1] = "";
	long id = 0;
	int rc = -1;

	if (read_want(req, &want, err) == -1 ||
	    access_token_add(app, req, &want, token, &id, err) == -1)
		return -1;
	o = json_object_new_object();
	if (api_put(o, "id", json_object_new_int64(id)) == -1 ||
	    api_put(o, "name", json_object_new_string(want.name)) == -1 ||
	    api_put(o, "token", json_object_new_string(token)) == -1)
		err_set(err, ERR_NOMEM, "", "out of memory");
	else
		rc = api_answer(reply, 201, o, err);
	jsonx_wipe(o);
	OPENSSL_cleanse(token, sizeof(token));
	return rc;
}

int
api_token_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (access_token_delete(app, req, path_part(req), err) == -1)
		return -1;
	reply->status = 204;
	return 0;
}

int
api_sessions_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *list = NULL;

	(void)req;
	if (sessions_list(app->db, NULL, time(NULL), session_idle_s(app),
		session_max_s(app), &list, err) == -1)
		return -1;
	return answer_list(reply, "sessions", list, err);
}

int
api_session_delete(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (access_session_end(app, req, NULL, path_part(req), err) == -1)
		return -1;
	reply->status = 204;
	return 0;
}

int
api_challenge(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {NULL};
	struct json_object *o = NULL;
	int rc;

	if ((req->json != NULL &&
		jsonx_only(req->json, "", names, err) == -1) ||
	    passkey_offer(app, req, req->who.user, &o, err) == -1)
		return -1;
	rc = api_answer(reply, 200, o, err);
	json_object_put(o);
	return rc;
}

int
api_proof(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = {"password", "code", NULL};
	const char *password = "", *code = "";

	if (jsonx_only(req->json, "", names, err) == -1 ||
	    jsonx_str(req->json, "password", "password", FIELD_TEXT_MAX,
		&password, err) == -1 ||
	    jsonx_str(req->json, "code", "code", FIELD_TEXT_MAX, &code, err) ==
		-1)
		return -1;
	if ((*password == '\0') == (*code == '\0'))
		return err_set(err, ERR_FIELD_MISSING, "password",
		    "expected password or code");
	if (session_prove(app, req, reply, password, code, err) == -1)
		return -1;
	reply->status = 204;
	return 0;
}
