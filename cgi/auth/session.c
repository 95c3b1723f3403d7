/*
 * session.c - who is asking: by cookie or by token; opening and ending a
 * session.
 *
 * A session always begins with a new secret: nothing that an attacker may
 * have planted survives a log-in, its second step, or a change of password.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "auth.h"
#include "core.h"
#include "ops.h"
#include "sessions.h"
#include "store.h"
#include "tokens.h"
#include "util.h"

#define FRESH_S	     300
#define SECRET_BYTES 32
#define SECRET_HEX   (2 * SECRET_BYTES)

static bool
secret_well_formed(const char *s)
{
	return strlen(s) == SECRET_HEX &&
	       strspn(s, "0123456789abcdef") == SECRET_HEX;
}

int
session_idle_s(const struct app *app)
{
	return app->conf.session_idle_minutes * 60;
}

int
session_max_s(const struct app *app)
{
	return app->conf.session_max_hours * 3600;
}

/* Does the policy ask for a second factor, or the configuration with this
 * role?  What cannot be known is. */
static bool
required(const struct app *app, enum role role)
{
	const char *s = app->conf.totp_required, *name = role_name(role);
	size_t n = strlen(name);
	bool all = true;

	if (users_factor_required(app->db, &all, NULL) == -1 || all)
		return true;

	for (; (s = strstr(s, name)) != NULL; s += n) {
		if (n > 0 && strchr(", ", s[n]) != NULL)
			return true;
	}
	return false;
}

enum stage
session_stage(const struct app *app, const struct user_row *user)
{
	if (user->made != 0)
		return STAGE_CHANGE;
	return !user->second_factor && required(app, user->role) ? STAGE_ENROL
								 : STAGE_FULL;
}

static bool
is_fresh(time_t proven)
{
	time_t now = time(NULL);

	return proven <= now && now - proven < FRESH_S;
}

/* What follows from a session's secret. */
static int
know_session(const struct app *app, struct request *req,
    const struct session_row *row, const char *secret, struct err *err)
{
	/* What has to be done first depends on the user as it is now: role,
	 * second factor and configuration may have changed since the
	 * log-in. */
	struct user_row user = {.role = row->role,
	    .second_factor = row->second_factor,
	    .made = row->made};
	enum stage stage = session_stage(app, &user);
	struct identity who = {.known = true,
	    .session = row->id,
	    .role = row->role,
	    .scope = SCOPE_WRITE,
	    .must_enrol = stage == STAGE_ENROL || row->stage == STAGE_ENROL,
	    .must_change = stage == STAGE_CHANGE || row->stage == STAGE_CHANGE,
	    .pam = row->pam,
	    .fresh = is_fresh(row->proven),
	    .news = row->news,
	    .fails = row->fails};

	snprintf(who.user, sizeof(who.user), "%s", row->user);
	memcpy(who.via, "web", sizeof("web"));
	if (hmac_sha256_hex(secret, strlen(secret), "csrf", who.csrf) == -1 ||
	    hmac_sha256_hex(secret, strlen(secret), "draft", who.draft) == -1 ||
	    hmac_sha256_hex(secret, strlen(secret), "loose", who.loose) == -1 ||
	    hmac_sha256_hex(secret, strlen(secret), "once", who.seal) == -1)
		return err_set(err, ERR_INTERNAL, "", "HMAC");
	req->who = who;
	OPENSSL_cleanse(&who, sizeof(who));
	return 0;
}

/* The password was right, the code is to come: nobody yet. */
static int
half_way(struct request *req, const struct session_row *row, struct err *err)
{
	req->who.half = row->id;
	snprintf(
	    req->who.half_user, sizeof(req->who.half_user), "%s", row->user);
	return err_set(err, ERR_AUTH_REQUIRED, "", "the code is missing");
}

static int
by_cookie(struct app *app, struct request *req, struct err *err)
{
	char secret[SECRET_HEX + 1];
	struct session_row row;
	int rc = -1;

	if (request_cookie(req, COOKIE_SESSION, secret, sizeof(secret)) ==
		NULL ||
	    !secret_well_formed(secret))
		err_set(err, ERR_AUTH_REQUIRED, "", "not logged in");
	else if (sessions_find(app->db, secret, time(NULL), session_idle_s(app),
		     session_max_s(app), &row, err) == 0 &&
		 pam_recheck(app, req, row.user, row.pam, row.checked,
		     &row.role, err) == 0)
		rc = row.stage == STAGE_CODE
			 ? half_way(req, &row, err)
			 : know_session(app, req, &row, secret, err);
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

static int
by_token(
    struct app *app, struct request *req, const char *header, struct err *err)
{
	struct token_row row;

	if (strncasecmp(header, "Bearer ", 7) != 0)
		return err_set(
		    err, ERR_AUTH_FAILED, "", "Authorization: expected Bearer");
	header += 7;
	header += strspn(header, " ");
	if (tokens_find(app->db, header, req->remote, time(NULL), &row, err) ==
		-1 ||
	    pam_recheck(
		app, req, row.user, row.pam, row.checked, &row.role, err) == -1)
		return -1;
	req->who = (struct identity){.known = true,
	    .role = row.role,
	    .scope = row.scope,
	    .pam = row.pam};
	memcpy(req->who.via, "api", sizeof("api"));
	snprintf(req->who.user, sizeof(req->who.user), "%s", row.user);
	snprintf(req->who.certificate, sizeof(req->who.certificate), "%s",
	    row.certificate);
	return 0;
}

int
auth_identify(
    struct app *app, struct request *req, enum route_auth auth, struct err *err)
{
	const char *header = request_header(req, "Authorization");
	struct err ignored;

	if (auth == AUTH_NONE) {
		err_clear(&ignored);
		by_cookie(app, req, &ignored);
		return 0;
	}
	if (auth == AUTH_TOKEN && header != NULL)
		return by_token(app, req, header, err);
	if (by_cookie(app, req, err) == -1)
		return -1;
	if (auth == AUTH_TOKEN && req->method != HTTP_GET &&
	    req->method != HTTP_HEAD)
		return csrf_check_header(req, err);
	return 0;
}

static int
open_new(struct app *app, struct request *req, struct reply *reply,
    struct session_want *want, struct err *err)
{
	char secret[SECRET_HEX + 1];
	struct session_row row;
	enum stage stage = want->stage;
	int rc = -1;

	want->now = time(NULL);
	want->secret = secret;
	want->from = req->remote;
	want->before = req->who.session != 0 ? req->who.session : req->who.half;
	if (db_sweep(app->db, want->now, session_idle_s(app),
		session_max_s(app), err) == -1 ||
	    random_hex(secret, SECRET_BYTES, err) == -1 ||
	    sessions_open(app->db, want, err) == -1 ||
	    sessions_find(app->db, secret, want->now, session_idle_s(app),
		session_max_s(app), &row, err) == -1)
		goto out;
	req->who = (struct identity){0};
	if (reply_cookie(reply, COOKIE_SESSION, secret, -1) == -1 ||
	    (stage != STAGE_CODE &&
		reply_cookie(reply, COOKIE_LOGIN, "", 0) == -1)) {
		err_set(err, ERR_INTERNAL, "", "cookie");
		goto out;
	}
	if (stage != STAGE_CODE)
		rc = know_session(app, req, &row, secret, err);
	else
		rc = half_way(req, &row, NULL) == -1 ? 0 : -1;
out:
	want->secret = NULL;
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

int
session_login_open(struct app *app, struct request *req, struct reply *reply,
    long user_id, const struct proof *proof, enum stage stage, struct err *err)
{
	struct session_want want = {
	    .proof = proof, .user_id = user_id, .stage = stage};

	return open_new(app, req, reply, &want, err);
}

int
session_open(struct app *app, struct request *req, struct reply *reply,
    long user_id, const struct proof *proof, enum stage stage, struct err *err)
{
	struct session_want want = {.proof = proof,
	    .user_id = user_id,
	    .stage = stage,
	    .inherit = true};

	return open_new(app, req, reply, &want, err);
}

/* Uploads that wait for Save go with the session. */
static void
drop_draft(struct app *app, struct request *req, const char *id)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct json_object *error = NULL;
	struct err why;

	err_clear(&why);
	if (args == NULL)
		return;
	json_object_object_add(
	    args, "draft", json_object_new_string(id));
	if (backend_call(app, req, OP_DRAFT_DROP, args, &data, &error, &why) ==
	    -1)
		log_warn("draft of a closed session: %s", why.msg);
	json_object_put(data);
	json_object_put(error);
}

int
session_logout(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (req->who.session == 0)
		return err_set(err, ERR_AUTH_REQUIRED, "", "not logged in");
	if (sessions_drop(app->db, req->who.session, err) == -1)
		return -1;
	drop_draft(app, req, req->who.draft);
	drop_draft(app, req, req->who.loose);
	backend_audit(app, req, EVENT_LOGOUT, "ok", NULL);
	if (reply_cookie(reply, COOKIE_SESSION, "", 0) == -1)
		return err_set(err, ERR_INTERNAL, "", "cookie");
	req->who = (struct identity){0};
	return 0;
}
