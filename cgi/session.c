/*
 * session.c - who is asking: by cookie or by token; log-in and log-out.
 *
 * A log-in always makes a new secret (nothing an attacker may have planted
 * survives it).  A failure is counted before it is answered, and both are
 * told to the audit.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "core.h"
#include "ops.h"
#include "store.h"
#include "util.h"

#define SECRET_BYTES 32
#define SECRET_HEX   (2 * SECRET_BYTES)

static bool
secret_well_formed(const char *s)
{
	return strlen(s) == SECRET_HEX &&
	       strspn(s, "0123456789abcdef") == SECRET_HEX;
}

static int
idle_s(const struct app *app)
{
	return app->conf.session_idle_minutes * 60;
}

static int
max_s(const struct app *app)
{
	return app->conf.session_max_hours * 3600;
}

/* What follows from a session's secret. */
static int
know_session(struct request *req, const struct session_row *row,
    const char *secret, struct err *err)
{
	struct identity who = {.known = true,
	    .session = row->id,
	    .role = row->role,
	    .scope = SCOPE_WRITE,
	    .must_enrol = row->stage == STAGE_ENROL};

	snprintf(who.user, sizeof(who.user), "%s", row->user);
	memcpy(who.via, "web", sizeof("web"));
	if (hmac_sha256_hex(secret, strlen(secret), "csrf", who.csrf) == -1 ||
	    hmac_sha256_hex(secret, strlen(secret), "draft", who.draft) == -1)
		return err_set(err, ERR_INTERNAL, "", "HMAC");
	req->who = who;
	OPENSSL_cleanse(&who, sizeof(who));
	return 0;
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
	else if (sessions_find(app->db, secret, time(NULL), idle_s(app),
		     max_s(app), &row, err) == 0)
		rc = know_session(req, &row, secret, err);
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
	    -1)
		return -1;
	req->who = (struct identity){
	    .known = true, .role = row.role, .scope = row.scope};
	memcpy(req->who.via, "api", sizeof("api"));
	snprintf(req->who.user, sizeof(req->who.user), "%s", row.user);
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

/* The name for the audit: what was typed may be anything. */
static const char *
audit_name(const char *user)
{
	return user_name_valid(user) ? user : "(not a user name)";
}

static int
throttled(struct app *app, struct request *req, struct reply *reply,
    const char *user, time_t now, struct err *err)
{
	char seconds[16];
	int wait = 0;

	if (throttle_check(app->db, user, req->remote, now, &wait, err) == -1)
		return -1;
	if (wait == 0)
		return 0;
	snprintf(seconds, sizeof(seconds), "%d", wait);
	reply_header(reply, "Retry-After", seconds);
	backend_audit(app, req, "login_failed", "refused", "throttled");
	return err_set(
	    err, ERR_AUTH_THROTTLED, "", "too many failures: wait %d s", wait);
}

static int
failed(struct app *app, struct request *req, const char *user, time_t now,
    struct err *err)
{
	struct err why;

	err_clear(&why);
	if (err->code != ERR_AUTH_FAILED)
		return -1;
	if (throttle_fail(app->db, user, req->remote, now, &why) == -1)
		log_warn("throttle: %s", why.msg);
	backend_audit(app, req, "login_failed", "refused", audit_name(user));
	return -1;
}

int
session_login(struct app *app, struct request *req, struct reply *reply,
    const char *user, const char *password, struct err *err)
{
	char secret[SECRET_HEX + 1];
	time_t now = time(NULL);
	struct session_row row;
	long id = 0, old = req->who.session;
	int rc = -1;

	if (throttled(app, req, reply, user, now, err) == -1)
		return -1;
	if (users_verify(app->db, user, password, &id, err) == -1)
		return failed(app, req, user, now, err);
	if (throttle_clear(app->db, user, req->remote, err) == -1 ||
	    (old != 0 && sessions_drop(app->db, old, err) == -1) ||
	    db_sweep(app->db, now, idle_s(app), max_s(app), err) == -1 ||
	    random_hex(secret, SECRET_BYTES, err) == -1)
		return -1;
	if (sessions_add(app->db, id, secret, req->remote, now, err) == -1 ||
	    sessions_find(app->db, secret, now, idle_s(app), max_s(app), &row,
		err) == -1 ||
	    know_session(req, &row, secret, err) == -1)
		goto out;
	if (reply_cookie(reply, COOKIE_SESSION, secret, -1) == -1 ||
	    reply_cookie(reply, COOKIE_LOGIN, "", 0) == -1) {
		err_set(err, ERR_INTERNAL, "", "cookie");
		goto out;
	}
	backend_audit(app, req, "login", "ok", NULL);
	rc = 0;
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

/* Uploads that wait for Save go with the session. */
static void
drop_draft(struct app *app, struct request *req)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct json_object *error = NULL;
	struct err why;

	err_clear(&why);
	if (args == NULL)
		return;
	json_object_object_add(
	    args, "draft", json_object_new_string(req->who.draft));
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
	drop_draft(app, req);
	backend_audit(app, req, "logout", "ok", NULL);
	if (reply_cookie(reply, COOKIE_SESSION, "", 0) == -1)
		return err_set(err, ERR_INTERNAL, "", "cookie");
	req->who = (struct identity){0};
	return 0;
}
