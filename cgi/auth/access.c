/*
 * access.c - users, tokens and sessions, for the page and for the API.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "access.h"
#include "auth.h"
#include "sessions.h"
#include "tokens.h"
#include "passkeys.h"
#include "totp.h"
#include "util.h"

#define GENERATED_BYTES 15
#define DETAIL_MAX	160

static int
make_up(char made[GENERATED_LEN + 1], struct err *err)
{
	unsigned char raw[GENERATED_BYTES];

	if (random_bytes(raw, sizeof(raw), err) == -1)
		return -1;
	base32_encode(made, raw, sizeof(raw));
	OPENSSL_cleanse(raw, sizeof(raw));
	return 0;
}

/* What somebody makes is never wider than he is. */
static int
not_wider(const struct request *req, enum role role, struct err *err)
{
	return role <= req->who.role
		   ? 0
		   : err_set(err, ERR_AUTH_FORBIDDEN, "role",
			 "%s is more than one's own role", role_name(role));
}

/* Both or neither; a made-up one is only good for some days. */
static int
mark_made(struct app *app, const char *name, const char *made, struct err *err)
{
	return made[0] == '\0' ? 0 : users_made(app->db, name, time(NULL), err);
}

int
access_user_add(struct app *app, const struct request *req, const char *name,
    enum role role, const char *password, char made[GENERATED_LEN + 1],
    struct err *err)
{
	char detail[DETAIL_MAX];
	int rc;

	made[0] = '\0';
	if (not_wider(req, role, err) == -1)
		return -1;
	if (*password == '\0') {
		if (make_up(made, err) == -1)
			return -1;
		password = made;
	}
	snprintf(detail, sizeof(detail), "%s %s", name, role_name(role));
	if ((rc = record_begin(app, err)) == 0) {
		if (users_create(
			app->db, name, password, role, time(NULL), err) == -1 ||
		    mark_made(app, name, made, err) == -1)
			rc = -1;
		rc = record_end(app, req, rc, EVENT_USER_ADD, detail, err);
	}
	if (rc == -1)
		OPENSSL_cleanse(made, GENERATED_LEN + 1);
	return rc;
}

int
access_user_password(struct app *app, const struct request *req,
    const char *name, const char *password, char made[GENERATED_LEN + 1],
    struct err *err)
{
	int rc;

	made[0] = '\0';
	if (*password == '\0') {
		if (make_up(made, err) == -1)
			return -1;
		password = made;
	}
	if ((rc = record_begin(app, err)) == 0) {
		if (users_passwd(app->db, name, password, time(NULL), err) ==
			-1 ||
		    mark_made(app, name, made, err) == -1)
			rc = -1;
		rc = record_end(app, req, rc, EVENT_USER_PASSWD, name, err);
	}
	if (rc == -1)
		OPENSSL_cleanse(made, GENERATED_LEN + 1);
	return rc;
}

int
access_own_password(struct app *app, const struct request *req,
    struct proof *proof, const char *password, bool revoke_tokens,
    struct err *err)
{
	char detail[DETAIL_MAX];
	int rc;

	if (record_begin(app, err) == -1)
		return -1;
	rc = users_passwd_own(
	    app->db, req->who.user, proof, password, time(NULL), err);
	if (rc == -1 && err->code == ERR_AUTH_FAILED)
		snprintf(err->field, sizeof(err->field), "current");
	if (rc == 0 && revoke_tokens)
		rc = tokens_delete_of(app->db, req->who.user, err);
	snprintf(detail, sizeof(detail), "%s%s", req->who.user,
	    revoke_tokens ? "; all tokens revoked" : "");
	return record_end(app, req, rc, EVENT_USER_PASSWD, detail, err);
}

int
access_user_role(struct app *app, const struct request *req, const char *name,
    enum role role, struct err *err)
{
	char detail[DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%s %s", name, role_name(role));
	if (not_wider(req, role, err) == -1 || record_begin(app, err) == -1)
		return -1;
	return record_end(app, req, users_set_role(app->db, name, role, err),
	    EVENT_USER_ROLE, detail, err);
}

int
access_user_delete(struct app *app, const struct request *req, const char *name,
    struct err *err)
{
	if (record_begin(app, err) == -1)
		return -1;
	return record_end(app, req, users_remove(app->db, name, err),
	    EVENT_USER_DELETE, name, err);
}

int
access_require_factor(
    struct app *app, const struct request *req, bool on, struct err *err)
{
	if (record_begin(app, err) == -1)
		return -1;
	return record_end(app, req, users_require_factor(app->db, on, err),
	    EVENT_ACCESS_POLICY, on ? "required" : "optional", err);
}

void
access_origin(
    const struct app *app, const struct request *req, char dst[ORIGIN_MAX])
{
	const char *host = request_header(req, "Host");

	if (host == NULL || strlen(host) > 256 || *host == '\0' ||
	    host[strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			      "uvwxyz0123456789.-:[]")] != '\0')
		host = "localhost";
	if (app->conf.origin[0] != '\0')
		snprintf(dst, ORIGIN_MAX, "%s", app->conf.origin);
	else
		snprintf(dst, ORIGIN_MAX, "https://%s", host);
}

void
access_join(const struct app *app, const struct request *req, const char *user,
    char dst[JOIN_MAX])
{
	char origin[ORIGIN_MAX];

	access_origin(app, req, origin);
	snprintf(dst, JOIN_MAX, "%s/join?user=%s", origin,
	    user_name_valid(user) ? user : "");
}

int
access_totp_reset(struct app *app, const struct request *req, const char *name,
    struct err *err)
{
	struct user_row user;
	int rc = 0;

	if (users_get(app->db, name, &user, err) == -1 ||
	    record_begin(app, err) == -1)
		return -1;
	if (factor_reset(app->db, user.name, time(NULL), err) == -1 ||
	    sessions_end_others(app->db, user.name, 0, err) == -1)
		rc = -1;
	return record_end(app, req, rc, EVENT_USER_TOTP_RESET, user.name, err);
}

int
access_token_add(struct app *app, const struct request *req,
    const struct token_want *want, char token[TOKEN_LEN + 1], long *ret_id,
    struct err *err)
{
	char detail[DETAIL_MAX] = "";
	struct user_row owner;
	int rc;

	if (users_get(app->db, want->user, &owner, err) == -1 ||
	    not_wider(req, owner.role, err) == -1 ||
	    record_begin(app, err) == -1)
		return -1;
	rc = tokens_create(app->db, want, time(NULL), token, ret_id, err);
	if (rc == 0)
		snprintf(detail, sizeof(detail), "%ld %s %s %s", *ret_id,
		    want->name, scope_name(want->scope), want->user);
	rc = record_end(app, req, rc, EVENT_TOKEN_ADD, detail, err);
	if (rc == -1)
		OPENSSL_cleanse(token, TOKEN_LEN + 1);
	return rc;
}

/* A number that names a row, or 0, which names none. */
static long
row_number(const char *s)
{
	int64_t n = 0;

	(void)number_read(s, strlen(s), INT32_MAX, &n);
	return (long)n;
}

int
access_tokens_revoke(struct app *app, const struct request *req,
    const char *user, struct err *err)
{
	char detail[DETAIL_MAX];

	snprintf(detail, sizeof(detail), "all of %s", user);
	if (record_begin(app, err) == -1)
		return -1;
	return record_end(app, req, tokens_delete_of(app->db, user, err),
	    EVENT_TOKEN_DELETE, detail, err);
}

int
access_token_delete(
    struct app *app, const struct request *req, const char *id, struct err *err)
{
	if (record_begin(app, err) == -1)
		return -1;
	return record_end(app, req, tokens_delete(app->db, row_number(id), err),
	    EVENT_TOKEN_DELETE, id, err);
}

int
access_session_end(struct app *app, const struct request *req, const char *user,
    const char *id, struct err *err)
{
	if (sessions_end(app->db, user, row_number(id), err) == -1)
		return -1;
	backend_audit(app, req, EVENT_SESSION_END, "ok", id);
	return 0;
}

int
access_sign_out(struct app *app, const struct request *req, const char *user,
    long keep, struct err *err)
{
	if (sessions_end_others(app->db, user, keep, err) == -1)
		return -1;
	backend_audit(app, req, EVENT_SESSION_END, "ok",
	    keep == 0 ? "everywhere" : "everywhere else");
	return 0;
}

int
access_days(const char *s, int *ret, struct err *err)
{
	size_t n = strlen(s);

	if (n > 4 || strspn(s, "0123456789") != n)
		return err_set(err, ERR_FIELD_INVALID, "days",
		    "days: expected 0 to %d", TOKEN_DAYS_MAX);
	*ret = (int)strtol(s, NULL, 10);
	return 0;
}
