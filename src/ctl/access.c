/*
 * access.c - users and tokens, straight in the console's database: works
 * when nothing else does.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "ctl.h"
#include "jsonx.h"
#include "sessions.h"
#include "tokens.h"
#include "passkeys.h"
#include "util.h"

/* Set a password and say so, together with it if we made it up. */
static int
set_password(struct ctl *ctl, const char *name,
    int (*set)(struct db *, const char *, const char *, time_t, struct err *),
    struct err *err)
{
	char password[CTL_PASSWORD_SIZE] = "";
	struct json_object *o;
	int rc = -1;

	if (db_password_list(ctl->db, ctl->conf.password_list, err) == -1 ||
	    ctl_password(ctl, password, err) == -1 ||
	    set(ctl->db, name, password, time(NULL), err) == -1 ||
	    (ctl->generate && users_made(ctl->db, name, time(NULL), err) == -1))
		goto out;
	if (ctl->json) {
		o = ctl->generate
			? ctl_object("user", name, "password", password, NULL)
			: ctl_object("user", name, NULL);
		rc = ctl_json(ctl, o, err);
		goto out;
	}
	if (ctl->generate)
		fprintf(ctl->out, "%s\n", password);
	rc = 0;
out:
	OPENSSL_cleanse(password, sizeof(password));
	return rc;
}

static int
add_viewer(struct db *db, const char *name, const char *password, time_t now,
    struct err *err)
{
	return users_create(db, name, password, ROLE_VIEWER, now, err);
}

static int
add_operator(struct db *db, const char *name, const char *password, time_t now,
    struct err *err)
{
	return users_create(db, name, password, ROLE_OPERATOR, now, err);
}

static int (*const adders[ROLE__MAX])(
    struct db *, const char *, const char *, time_t, struct err *) = {
    [ROLE_VIEWER] = add_viewer,
    [ROLE_OPERATOR] = add_operator,
    [ROLE_ADMINISTRATOR] = users_add,
};

/* --role, or what a user is without it. */
static int
wanted_role(struct ctl *ctl, enum role *ret, struct err *err)
{
	*ret = ROLE_ADMINISTRATOR;
	return ctl->role == NULL ? 0 : role_from_name(ctl->role, ret, err);
}

int
ctl_user_add(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	enum role role;

	(void)status;
	if (wanted_role(ctl, &role, err) == -1)
		return -1;
	return set_password(ctl, args[0], adders[role], err);
}

int
ctl_user_role(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	enum role role;

	(void)status;
	if (ctl->role == NULL)
		return err_set(err, ERR_FIELD_MISSING, "role",
		    "user role: expected --role");
	if (wanted_role(ctl, &role, err) == -1 ||
	    users_set_role(ctl->db, args[0], role, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl,
		    ctl_object("user", args[0], "role", ctl->role, NULL), err);
	return 0;
}

int
ctl_user_passwd(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)status;
	return set_password(ctl, args[0], users_passwd, err);
}

/* {key: list} or a table; list is taken over. */
static int
show(struct ctl *ctl, const char *key, struct json_object *list,
    const char *const *columns, struct err *err)
{
	struct json_object *o;

	if (!ctl->json) {
		ctl_table(ctl->out, list, columns);
		json_object_put(list);
		return 0;
	}
	if ((o = json_object_new_object()) == NULL ||
	    json_object_object_add(o, key, list) != 0) {
		json_object_put(o);
		json_object_put(list);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	return ctl_json(ctl, o, err);
}

int
ctl_user_list(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {"name", "role", "source",
	    "second_factor", "created_at", "changed_at", "last_login_at", NULL};
	struct json_object *list = NULL;

	(void)args;
	(void)status;
	if (users_list(ctl->db, &list, err) == -1)
		return -1;
	return show(ctl, "users", list, columns, err);
}

int
ctl_user_delete(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)status;
	if (users_delete(ctl->db, args[0], err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, ctl_object("user", args[0], NULL), err);
	return 0;
}

/* For who lost device, passkeys and recovery codes. */
int
ctl_user_totp_reset(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)status;
	if (factor_reset(ctl->db, args[0], time(NULL), err) == -1 ||
	    sessions_end_others(ctl->db, args[0], 0, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, ctl_object("user", args[0], NULL), err);
	return 0;
}

int
ctl_user_factor(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	bool on = strcmp(args[0], "required") == 0;

	(void)status;
	if (!on && strcmp(args[0], "optional") != 0)
		return err_set(err, ERR_FIELD_INVALID, "factor",
		    "user factor: expected required or optional");
	if (users_require_factor(ctl->db, on, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(
		    ctl, ctl_object("second_factor", args[0], NULL), err);
	return 0;
}

/* The only user there is. */
static int
only_user(struct ctl *ctl, char dst[USER_NAME_MAX + 1], struct err *err)
{
	struct json_object *list = NULL;
	size_t n;

	if (users_list(ctl->db, &list, err) == -1)
		return -1;
	if ((n = json_object_array_length(list)) == 1)
		snprintf(dst, USER_NAME_MAX + 1, "%s",
		    jsonx_path_str(
			json_object_array_get_idx(list, 0), "name", ""));
	json_object_put(list);
	if (n != 1)
		return err_set(err, ERR_FIELD_MISSING, "user",
		    "there are %zu users: say --user", n);
	return 0;
}

/* Whose token?  Without --user it is plain only if there is one user. */
static int
owner(struct ctl *ctl, char dst[USER_NAME_MAX + 1], struct err *err)
{
	if (ctl->user == NULL)
		return only_user(ctl, dst, err);
	if (!user_name_valid(ctl->user))
		return err_set(err, ERR_USER_UNKNOWN, "user", "no such user");
	snprintf(dst, USER_NAME_MAX + 1, "%s", ctl->user);
	return 0;
}

/* Scope, end and addresses: everything without the options. */
static int
read_want(struct ctl *ctl, struct token_want *w, struct err *err)
{
	const char *s = ctl->token.expires;

	w->scope = SCOPE_WRITE;
	w->allowed = ctl->token.from;
	w->certificate = ctl->token.certificate;
	if (s != NULL) {
		if (*s == '\0' || strlen(s) > 5 ||
		    strspn(s, "0123456789") != strlen(s))
			return err_set(err, ERR_FIELD_INVALID, "days",
			    "--expires: expected a number of days");
		w->days = (int)strtol(s, NULL, 10);
	}
	return ctl->token.scope == NULL
		   ? 0
		   : scope_from_name(ctl->token.scope, &w->scope, err);
}

int
ctl_token_add(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	char token[TOKEN_LEN + 1] = "", user[USER_NAME_MAX + 1];
	struct token_want want = {.user = user, .name = args[0]};
	struct json_object *o;
	long id = 0;
	int rc = 0;

	(void)status;
	if (owner(ctl, user, err) == -1 || read_want(ctl, &want, err) == -1 ||
	    tokens_create(ctl->db, &want, time(NULL), token, &id, err) == -1)
		return -1;
	if (!ctl->json) {
		fprintf(ctl->out, "%s\n", token);
	} else {
		o = ctl_object(
		    "token", token, "name", args[0], "user", user, NULL);
		if (o != NULL)
			json_object_object_add(
			    o, "id", json_object_new_int64(id));
		rc = ctl_json(ctl, o, err);
	}
	OPENSSL_cleanse(token, sizeof(token));
	return rc;
}

int
ctl_token_list(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {"id", "name", "user", "scope",
	    "certificate", "created_at", "expires_at", "addresses", "last_used_at",
	    "last_from", NULL};
	struct json_object *list = NULL;

	(void)args;
	(void)status;
	if (tokens_list(ctl->db, &list, err) == -1)
		return -1;
	return show(ctl, "tokens", list, columns, err);
}

/* A number that names a row, or 0. */
static long
row_number(const char *s)
{
	int64_t n = 0;

	(void)number_read(s, strlen(s), INT32_MAX, &n);
	return (long)n;
}

int
ctl_token_delete(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	long id = row_number(args[0]);

	(void)status;
	if (id == 0)
		return err_set(err, ERR_TOKEN_UNKNOWN, "id",
		    "expected the number of a token, got %.20s", args[0]);
	if (tokens_delete(ctl->db, id, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, ctl_object("id", args[0], NULL), err);
	return 0;
}

int
ctl_session_list(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {
	    "id", "user", "from", "created_at", "seen_at", NULL};
	struct json_object *list = NULL;

	(void)args;
	(void)status;
	if (sessions_list(ctl->db, NULL, time(NULL),
		ctl->conf.session_idle_minutes * 60,
		ctl->conf.session_max_hours * 3600, &list, err) == -1)
		return -1;
	return show(ctl, "sessions", list, columns, err);
}

int
ctl_session_delete(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	long id = row_number(args[0]);

	(void)status;
	if (id == 0)
		return err_set(err, ERR_SESSION_UNKNOWN, "id",
		    "expected the number of a session, got %.20s", args[0]);
	if (sessions_end(ctl->db, NULL, id, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, ctl_object("id", args[0], NULL), err);
	return 0;
}
