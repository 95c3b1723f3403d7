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

int
access_user_add(struct app *app, const struct request *req, const char *name,
    enum role role, const char *password, char made[GENERATED_LEN + 1],
    struct err *err)
{
	char detail[DETAIL_MAX];

	made[0] = '\0';
	if (*password == '\0') {
		if (make_up(made, err) == -1)
			return -1;
		password = made;
	}
	if (users_create(app->db, name, password, role, time(NULL), err) ==
		-1 ||
	    (made[0] != '\0' &&
		users_made(app->db, name, time(NULL), err) == -1)) {
		OPENSSL_cleanse(made, GENERATED_LEN + 1);
		return -1;
	}
	snprintf(detail, sizeof(detail), "%s %s", name, role_name(role));
	backend_audit(app, req, "user.add", "ok", detail);
	return 0;
}

int
access_user_password(struct app *app, const struct request *req,
    const char *name, const char *password, char made[GENERATED_LEN + 1],
    struct err *err)
{
	made[0] = '\0';
	if (*password == '\0') {
		if (make_up(made, err) == -1)
			return -1;
		password = made;
	}
	if (users_passwd(app->db, name, password, time(NULL), err) == -1 ||
	    (made[0] != '\0' &&
		users_made(app->db, name, time(NULL), err) == -1)) {
		OPENSSL_cleanse(made, GENERATED_LEN + 1);
		return -1;
	}
	backend_audit(app, req, "user.passwd", "ok", name);
	return 0;
}

int
access_own_password(struct app *app, const struct request *req,
    struct proof *proof, const char *password, struct err *err)
{
	if (users_passwd_own(app->db, req->who.user, proof, password,
		time(NULL), err) == -1) {
		if (err->code == ERR_AUTH_FAILED)
			snprintf(err->field, sizeof(err->field), "current");
		return -1;
	}
	backend_audit(app, req, "user.passwd", "ok", req->who.user);
	return 0;
}

int
access_user_role(struct app *app, const struct request *req, const char *name,
    enum role role, struct err *err)
{
	char detail[DETAIL_MAX];

	if (users_set_role(app->db, name, role, err) == -1)
		return -1;
	snprintf(detail, sizeof(detail), "%s %s", name, role_name(role));
	backend_audit(app, req, "user.role", "ok", detail);
	return 0;
}

int
access_user_delete(struct app *app, const struct request *req, const char *name,
    struct err *err)
{
	if (users_remove(app->db, name, err) == -1)
		return -1;
	backend_audit(app, req, "user.delete", "ok", name);
	return 0;
}

int
access_totp_reset(struct app *app, const struct request *req, const char *name,
    struct err *err)
{
	struct user_row user;

	if (users_get(app->db, name, &user, err) == -1 ||
	    totp_reset(app->db, user.name, time(NULL), err) == -1 ||
	    sessions_end_others(app->db, user.name, 0, err) == -1)
		return -1;
	backend_audit(app, req, "user.totp_reset", "ok", user.name);
	return 0;
}

int
access_token_add(struct app *app, const struct request *req,
    const struct token_want *want, char token[TOKEN_LEN + 1], long *ret_id,
    struct err *err)
{
	char detail[DETAIL_MAX];

	if (tokens_create(app->db, want, time(NULL), token, ret_id, err) == -1)
		return -1;
	snprintf(detail, sizeof(detail), "%ld %s %s %s", *ret_id, want->name,
	    scope_name(want->scope), want->user);
	backend_audit(app, req, "token.add", "ok", detail);
	return 0;
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
access_token_delete(
    struct app *app, const struct request *req, const char *id, struct err *err)
{
	if (tokens_delete(app->db, row_number(id), err) == -1)
		return -1;
	backend_audit(app, req, "token.delete", "ok", id);
	return 0;
}

int
access_session_end(struct app *app, const struct request *req, const char *user,
    const char *id, struct err *err)
{
	if (sessions_end(app->db, user, row_number(id), err) == -1)
		return -1;
	backend_audit(app, req, "session.end", "ok", id);
	return 0;
}

int
access_sign_out(struct app *app, const struct request *req, const char *user,
    long keep, struct err *err)
{
	if (sessions_end_others(app->db, user, keep, err) == -1)
		return -1;
	backend_audit(app, req, "session.end", "ok",
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
