/*
 * access.c - users and tokens, straight in the console's database: works
 * when nothing else does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "ctl.h"
#include "jsonx.h"

/* Set a password and say so, together with it if we made it up. */
static int
set_password(struct ctl *ctl, const char *name,
    int (*set)(struct db *, const char *, const char *, time_t, struct err *),
    struct err *err)
{
	char password[CTL_PASSWORD_SIZE] = "";
	struct json_object *o;
	int rc = -1;

	if (ctl_password(ctl, password, err) == -1 ||
	    set(ctl->db, name, password, time(NULL), err) == -1)
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

int
ctl_user_add(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)status;
	return set_password(ctl, args[0], users_add, err);
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
	static const char *const columns[] = {
	    "name", "created_at", "changed_at", "last_login_at", NULL};
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

int
ctl_token_add(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	char token[TOKEN_LEN + 1] = "", user[USER_NAME_MAX + 1];
	struct json_object *o;
	long id = 0;
	int rc = 0;

	(void)status;
	if (owner(ctl, user, err) == -1 ||
	    tokens_add(ctl->db, user, args[0], time(NULL), token, &id, err) ==
		-1)
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
	static const char *const columns[] = {"id", "name", "user",
	    "created_at", "last_used_at", "last_from", NULL};
	struct json_object *list = NULL;

	(void)args;
	(void)status;
	if (tokens_list(ctl->db, &list, err) == -1)
		return -1;
	return show(ctl, "tokens", list, columns, err);
}

int
ctl_token_delete(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	char *end = args[0];
	long id;

	(void)status;
	errno = 0;
	id = strtol(args[0], &end, 10);
	if (errno != 0 || end == args[0] || *end != '\0' || id < 1)
		return err_set(err, ERR_TOKEN_UNKNOWN, "id",
		    "expected the number of a token, got %.20s", args[0]);
	if (tokens_delete(ctl->db, id, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, ctl_object("id", args[0], NULL), err);
	return 0;
}
