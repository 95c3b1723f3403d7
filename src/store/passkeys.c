/*
 * passkeys.c - public keys of users, and what they are to sign.
 *
 * A challenge is taken by the UPDATE that empties it, a counter moves by an
 * UPDATE that only goes forward: of two requests with the same answer one
 * loses, in whichever worker.
 */
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>

#include "db.h"
#include "passkeys.h"
#include "totp.h"
#include "util.h"

int
passkeys_add(struct db *db, const char *user, const char *name,
    const struct passkey *k, time_t now, struct err *err)
{
	size_t len = strlen(name);

	if (len < 1 || len > PASSKEY_NAME_MAX || !text_is_seen(name, len))
		return err_set(err, ERR_FIELD_INVALID, "name",
		    "name: expected 1 to %d bytes of UTF-8 that can be seen",
		    PASSKEY_NAME_MAX);
	if (db_begin(db, err) == -1)
		return -1;
	if (db_run(db, err, DB_PASSKEY_ADD, "ssssiiii", user, name,
		k->credential, k->key, (int64_t)k->alg, k->counter,
		(int64_t)now, (int64_t)PASSKEYS_MAX) == -1) {
		if (db_is_constraint(db))
			err_set(err, ERR_AUTH_PASSKEY, "",
			    "this passkey is here already");
		goto undo;
	}
	if (sqlite3_changes(db->h) == 0) {
		err_set(err, ERR_AUTH_PASSKEY, "",
		    "no such user, or %d passkeys already", PASSKEYS_MAX);
		goto undo;
	}
	if (db_run(db, err, DB_USER_FACTOR, "is", (int64_t)now, user) == 0 &&
	    db_commit(db, err) == 0)
		return 0;
undo:
	db_rollback(db);
	return -1;
}

int
passkeys_find(struct db *db, const char *user, const char *credential,
    struct passkey *ret, struct err *err)
{
	struct passkey k = {0};
	sqlite3_stmt *st;
	int rc;

	if ((st = db_query(db, err, DB_PASSKEY_FIND, "ss", user, credential)) ==
		NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(
		    err, ERR_AUTH_PASSKEY, "", "not a passkey of this user");
	k.id = (long)sqlite3_column_int64(st, 0);
	db_column(st, 1, k.credential, sizeof(k.credential));
	db_column(st, 2, k.key, sizeof(k.key));
	k.alg = sqlite3_column_int(st, 3);
	k.counter = sqlite3_column_int64(st, 4);
	db_done(st);
	*ret = k;
	return 0;
}

int
passkeys_used(
    struct db *db, long id, int64_t counter, time_t now, struct err *err)
{
	if (db_run(db, err, DB_PASSKEY_USED, "iii", (int64_t)id, counter,
		(int64_t)now) == -1)
		return -1;
	return sqlite3_changes(db->h) == 1
		   ? 0
		   : err_set(err, ERR_AUTH_PASSKEY, "",
			 "its counter does not go on: is there a copy?");
}

int
passkeys_list(
    struct db *db, const char *user, struct json_object **ret, struct err *err)
{
	static const struct db_member members[] = {
	    {"id", DB_JSON_INT},
	    {"name", DB_JSON_STR},
	    {"credential", DB_JSON_STR},
	    {"created_at", DB_JSON_TIME},
	    {"last_used_at", DB_JSON_TIME},
	};

	return db_rows(db, db_query(db, err, DB_PASSKEY_LIST, "s", user),
	    members, sizeof(members) / sizeof(members[0]), ret, err);
}

int
passkeys_remove(
    struct db *db, const char *user, long id, time_t now, struct err *err)
{
	if (db_run(db, err, DB_PASSKEY_REMOVE, "si", user, (int64_t)id) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		return err_set(
		    err, ERR_PASSKEY_UNKNOWN, "id", "no passkey %ld", id);
	return db_run(db, err, DB_USER_FACTOR, "is", (int64_t)now, user);
}

int
factor_reset(struct db *db, const char *user, time_t now, struct err *err)
{
	if (db_begin(db, err) == -1)
		return -1;
	if (totp_reset(db, user, now, err) == 0 &&
	    db_run(db, err, DB_PASSKEY_CLEAR, "s", user) == 0 &&
	    db_commit(db, err) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

int
challenge_set(
    struct db *db, long session, const char *text, time_t now, struct err *err)
{
	return db_run(db, err, DB_CHALLENGE_SET, "isi", (int64_t)session, text,
	    (int64_t)now);
}

int
challenge_take(struct db *db, long session, time_t now,
    char dst[CHALLENGE_TEXT], struct err *err)
{
	char text[CHALLENGE_TEXT];
	sqlite3_stmt *st;
	time_t at;
	int rc;

	dst[0] = '\0';
	if ((st = db_query(db, err, DB_CHALLENGE_GET, "i", (int64_t)session)) ==
		NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return 0;
	db_column(st, 0, text, sizeof(text));
	at = sqlite3_column_int64(st, 1);
	db_done(st);
	if (db_run(db, err, DB_CHALLENGE_TAKE, "is", (int64_t)session, text) ==
	    -1)
		return -1;
	if (sqlite3_changes(db->h) == 1 && now >= at && now - at < CHALLENGE_S)
		memcpy(dst, text, sizeof(text));
	return 0;
}
