/*
 * users.c - who may log in.  Names are compared without case (ASCII), so
 * that "Admin" cannot stand beside "admin".
 */
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "db.h"
#include "users.h"

bool
user_name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._@-";
	size_t len = strlen(name);

	return len >= 1 && len <= USER_NAME_MAX && name[0] != '-' &&
	       name[0] != '.' && strspn(name, allowed) == len;
}

static int
check_name(const char *name, struct err *err)
{
	if (!user_name_valid(name))
		return err_set(err, ERR_USER_NAME, "user",
		    "user name: expected 1 to %d of a-z A-Z 0-9 . _ @ -",
		    USER_NAME_MAX);
	return 0;
}

int
users_password_acceptable(
    struct db *db, const char *password, const char *name, struct err *err)
{
	if (password_acceptable(password, name, err) == -1)
		return -1;
	if (password_is_common(password, name, db->here))
		return err_set(err, ERR_PASSWORD_COMMON, "password",
		    "password: made of what this gateway is called");
	if (wordlist_has(db->list, password))
		return err_set(err, ERR_PASSWORD_COMMON, "password",
		    "password: it is in the list of known ones");
	return 0;
}

static int
unknown(const char *name, struct err *err)
{
	return err_set(err, ERR_USER_UNKNOWN, "user", "no user %s", name);
}

int
users_create(struct db *db, const char *name, const char *password,
    enum role role, time_t now, struct err *err)
{
	char hash[HASH_MAX];

	if (check_name(name, err) == -1 ||
	    users_password_acceptable(db, password, name, err) == -1 ||
	    password_hash(password, hash, err) == -1)
		return -1;
	if (db_run(db, err, DB_USER_ADD, "ssis", name, hash, (int64_t)now,
		role_name(role)) == -1) {
		if (db_is_constraint(db))
			return err_set(err, ERR_USER_EXISTS, "user",
			    "user %s exists", name);
		return -1;
	}
	return 0;
}

int
users_add(struct db *db, const char *name, const char *password, time_t now,
    struct err *err)
{
	return users_create(db, name, password, ROLE_ADMINISTRATOR, now, err);
}

/* Nothing was changed: is there no such user, is it of the host, or the last
 * administrator? */
static int
spared(struct db *db, const char *name, struct err *err)
{
	struct user_row row = {0};

	if (users_get(db, name, &row, err) == -1)
		return -1;
	if (row.pam)
		return err_set(err, ERR_USER_PAM, "user",
		    "%s is a user of the host, and is changed there", name);
	return err_set(
	    err, ERR_USER_LAST, "user", "%s is the last administrator", name);
}

/* own: the password that was given, which has to be the one still; NULL:
 * whatever it is. */
static int
new_password(struct db *db, const char *name, const struct proof *own,
    const char *password, time_t now, struct err *err)
{
	char hash[HASH_MAX];
	int rc;

	if (check_name(name, err) == -1 ||
	    users_password_acceptable(db, password, name, err) == -1 ||
	    password_hash(password, hash, err) == -1 || db_begin(db, err) == -1)
		return -1;
	rc = own == NULL ? db_run(db, err, DB_USER_PASSWD, "sis", hash,
			       (int64_t)now, name)
			 : db_run(db, err, DB_USER_PASSWD_OWN, "siii", hash,
			       (int64_t)now, (int64_t)own->id, own->version);
	if (rc == -1)
		goto undo;
	if (sqlite3_changes(db->h) == 0) {
		if (own == NULL)
			spared(db, name, err);
		else
			err_set(err, ERR_AUTH_FAILED, "",
			    "the password was changed meanwhile");
		goto undo;
	}
	if (db_run(db, err, DB_SESSION_DROP_USER, "s", name) == 0 &&
	    db_commit(db, err) == 0)
		return 0;
undo:
	db_rollback(db);
	return -1;
}

int
users_passwd(struct db *db, const char *name, const char *password, time_t now,
    struct err *err)
{
	return new_password(db, name, NULL, password, now, err);
}

int
users_passwd_own(struct db *db, const char *name, struct proof *proof,
    const char *password, time_t now, struct err *err)
{
	if (new_password(db, name, proof, password, now, err) == -1)
		return -1;
	proof->version++;
	return 0;
}

int
users_made(struct db *db, const char *name, time_t now, struct err *err)
{
	return db_run(db, err, DB_USER_MADE, "is", (int64_t)now, name);
}

#define FACTOR "second_factor"

int
users_factor_required(struct db *db, bool *ret, struct err *err)
{
	int on;

	if (db_number(db, db_query(db, err, DB_POLICY_GET, "s", FACTOR), &on,
		err) == -1)
		return -1;
	*ret = on != 0;
	return 0;
}

int
users_require_factor(struct db *db, bool on, struct err *err)
{
	return db_run(db, err, DB_POLICY_SET, "si", FACTOR, (int64_t)on);
}

int
users_failed(struct db *db, const char *name, const char *from, time_t now,
    struct err *err)
{
	if (!user_name_valid(name))
		return 0;
	return db_run(db, err, DB_USER_FAILED, "sis", name, (int64_t)now, from);
}

int
users_delete(struct db *db, const char *name, struct err *err)
{
	if (check_name(name, err) == -1 ||
	    db_run(db, err, DB_USER_DELETE, "s", name) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		return unknown(name, err);
	return 0;
}

int
users_remove(struct db *db, const char *name, struct err *err)
{
	if (check_name(name, err) == -1 ||
	    db_run(db, err, DB_USER_REMOVE, "s", name) == -1)
		return -1;
	return sqlite3_changes(db->h) == 0 ? spared(db, name, err) : 0;
}

int
users_set_role(struct db *db, const char *name, enum role role, struct err *err)
{
	if (check_name(name, err) == -1 ||
	    db_run(db, err, DB_USER_ROLE, "ss", name, role_name(role)) == -1)
		return -1;
	return sqlite3_changes(db->h) == 0 ? spared(db, name, err) : 0;
}

int
users_get(
    struct db *db, const char *name, struct user_row *ret, struct err *err)
{
	struct user_row row = {0};
	sqlite3_stmt *st;
	int rc;

	if (!user_name_valid(name))
		return err_set(err, ERR_USER_UNKNOWN, "user", "no such user");
	if ((st = db_query(db, err, DB_USER_GET, "s", name)) == NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return unknown(name, err);
	row.id = (long)sqlite3_column_int64(st, 0);
	row.proof.id = row.id;
	db_column(st, 2, row.name, sizeof(row.name));
	row.role = db_role(st, 3);
	row.second_factor = sqlite3_column_int(st, 4) != 0;
	row.pam = sqlite3_column_int(st, 5) != 0;
	row.made = sqlite3_column_int64(st, 6);
	row.changed = sqlite3_column_int64(st, 7);
	row.factor_changed = sqlite3_column_int64(st, 8);
	row.proof.version = sqlite3_column_int64(st, 9);
	row.totp = sqlite3_column_int(st, 10) != 0;
	db_done(st);
	*ret = row;
	return 0;
}

int
users_list(struct db *db, struct json_object **ret, struct err *err)
{
	static const struct db_member members[] = {
	    {"name", DB_JSON_STR},
	    {"role", DB_JSON_STR},
	    {"second_factor", DB_JSON_BOOL},
	    {"created_at", DB_JSON_TIME},
	    {"changed_at", DB_JSON_TIME},
	    {"last_login_at", DB_JSON_TIME},
	    {"source", DB_JSON_STR},
	    {"invited_at", DB_JSON_TIME},
	};

	return db_rows(db, db_query(db, err, DB_USER_LIST, ""), members,
	    sizeof(members) / sizeof(members[0]), ret, err);
}

int
users_verify(struct db *db, const char *name, const char *password,
    struct proof *ret, struct err *err)
{
	struct proof proof = {0};
	char hash[HASH_MAX] = "";
	sqlite3_stmt *st;
	bool ok;
	int rc = 0;

	/* A name or password that could not exist costs the same time. */
	if (strlen(password) > PASSWORD_MAX)
		password = "";
	if (user_name_valid(name)) {
		st = db_query(db, err, DB_USER_GET, "s", name);
		if (st == NULL || (rc = db_step(db, st, err)) == -1)
			return -1;
		if (rc == 1) {
			proof.id = (long)sqlite3_column_int64(st, 0);
			proof.version = sqlite3_column_int64(st, 9);
			db_column(st, 1, hash, sizeof(hash));
			db_done(st);
		}
	}
	/* A user of the host has no hash. */
	ok = password_matches(
	    password, rc == 1 && hash[0] != '\0' ? hash : NULL);
	OPENSSL_cleanse(hash, sizeof(hash));
	if (!ok)
		return err_set(
		    err, ERR_AUTH_FAILED, "", "wrong user or password");
	*ret = proof;
	return 0;
}

int
users_pam(struct db *db, const char *name, enum role role, const char *stamp,
    time_t now, struct proof *ret, struct err *err)
{
	struct user_row row = {0};

	if (check_name(name, err) == -1 ||
	    db_run(db, err, DB_PAM_LOGIN, "sssi", name, role_name(role), stamp,
		(int64_t)now) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		return err_set(err, ERR_AUTH_FAILED, "",
		    "the name belongs to another user here");
	if (users_get(db, name, &row, err) == -1)
		return -1;
	*ret = row.proof;
	return 0;
}

int
users_pam_again(struct db *db, const char *name, enum role role,
    const char *stamp, time_t now, bool *ret_ended, struct err *err)
{
	sqlite3_stmt *st;
	char old[64] = "";
	bool over;
	int rc;

	if ((st = db_query(db, err, DB_PAM_STAMP, "s", name)) == NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return unknown(name, err);
	db_column(st, 0, old, sizeof(old));
	db_done(st);
	/* Unwelcome users have an empty stamp. */
	over = old[0] != '\0' && strcmp(old, stamp) != 0;
	if (db_run(db, err, DB_PAM_AGAIN, "sssi", name, role_name(role), stamp,
		(int64_t)now) == -1 ||
	    (over && db_run(db, err, DB_SESSION_DROP_USER, "s", name) == -1))
		return -1;
	*ret_ended = over;
	return 0;
}
