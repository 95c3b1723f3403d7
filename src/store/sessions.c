/*
 * sessions.c - who is logged in.  The cookie's secret is stored as its
 * SHA-256: a stolen copy of the database opens no session.
 */
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>

#include "db.h"
#include "sessions.h"
#include "util.h"

#define SEEN_EVERY 60 /* seconds between two notes of a visit */

int
sessions_add(struct db *db, long user_id, const char *secret, const char *from,
    time_t now, struct err *err)
{
	char hash[SHA256_HEX];

	if (sha256_hex(secret, strlen(secret), hash) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256");
	return db_run(db, err, DB_SESSION_ADD, "sisi", hash, (int64_t)user_id,
	    from, (int64_t)now);
}

int
sessions_login(struct db *db, long id, long user_id, const char *from,
    time_t now, struct err *err)
{
	if (db_run(db, err, DB_SESSION_LOGIN, "ii", (int64_t)id,
		(int64_t)user_id) == -1)
		return -1;
	if (db_run(db, err, DB_USER_LOGIN, "isi", (int64_t)now, from,
		(int64_t)user_id) == -1)
		return -1;
	return network_note(db, user_id, from, now, err);
}

/* A session in the place of another knows what that one knew. */
static int
inherit(struct db *db, long id, long old, bool as_proven, struct err *err)
{
	if (as_proven && db_run(db, err, DB_SESSION_AS_PROVEN, "ii",
			     (int64_t)id, (int64_t)old) == -1)
		return -1;
	return db_run(
	    db, err, DB_SESSION_INHERIT, "ii", (int64_t)id, (int64_t)old);
}

int
sessions_prove(struct db *db, long id, time_t now, struct err *err)
{
	return db_run(
	    db, err, DB_SESSION_PROVEN, "ii", (int64_t)id, (int64_t)now);
}

int
sessions_keep(struct db *db, long id, const char *text, struct err *err)
{
	if (strlen(text) >= ONCE_MAX)
		return err_set(err, ERR_INTERNAL, "", "too long to keep");
	return db_run(db, err, DB_SESSION_KEEP, "is", (int64_t)id, text);
}

int
sessions_take(struct db *db, long id, char dst[ONCE_MAX], struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	dst[0] = '\0';
	if ((st = db_query(db, err, DB_SESSION_ONCE, "i", (int64_t)id)) ==
		NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return 0;
	db_column(st, 0, dst, ONCE_MAX);
	db_done(st);
	if (dst[0] == '\0')
		return 0;
	if (db_run(db, err, DB_SESSION_TAKE, "is", (int64_t)id, dst) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		dst[0] = '\0';
	return 0;
}

int
access_count(struct db *db, time_t now, int idle_s, int max_s,
    struct access_count *ret, struct err *err)
{
	sqlite3_stmt *st;

	if ((st = db_query(db, err, DB_ACCESS_COUNT, "ii",
		 (int64_t)now - idle_s, (int64_t)now - max_s)) == NULL ||
	    db_step(db, st, err) == -1)
		return -1;
	ret->users = sqlite3_column_int(st, 0);
	ret->tokens = sqlite3_column_int(st, 1);
	ret->sessions = sqlite3_column_int(st, 2);
	db_done(st);
	return 0;
}

int
sessions_last(struct db *db, long id, struct last_login *ret, struct err *err)
{
	struct last_login last = {0};
	sqlite3_stmt *st;
	int rc;

	if ((st = db_query(db, err, DB_SESSION_LAST, "i", (int64_t)id)) ==
		NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 1) {
		last.at = sqlite3_column_int64(st, 0);
		db_column(st, 1, last.from, sizeof(last.from));
		last.fails = sqlite3_column_int(st, 2);
		last.fail_at = sqlite3_column_int64(st, 3);
		db_column(st, 4, last.fail_from, sizeof(last.fail_from));
		last.news = sqlite3_column_int(st, 5);
		db_done(st);
	}
	*ret = last;
	return 0;
}

int
sessions_news_read(struct db *db, long id, struct err *err)
{
	return db_run(db, err, DB_SESSION_READ, "i", (int64_t)id);
}

/* Does what the session is opened on hold still?  A new password counts the
 * user's version up and ends sessions, half-open ones too. */
static int
still_good(struct db *db, const struct session_want *w, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	st = w->proof != NULL ? db_query(db, err, DB_USER_PROVEN, "ii",
				    (int64_t)w->proof->id, w->proof->version)
			      : db_query(db, err, DB_SESSION_THERE, "ii",
				    (int64_t)w->before, (int64_t)w->user_id);
	if (st == NULL || (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(err,
		    w->proof != NULL ? ERR_AUTH_FAILED : ERR_AUTH_REQUIRED, "",
		    "the password was changed meanwhile");
	db_done(st);
	return 0;
}

static int
open_in(struct db *db, const struct session_want *w, struct err *err)
{
	int64_t id;
	int rc = 0;

	if (still_good(db, w, err) == -1 ||
	    sessions_add(db, w->user_id, w->secret, w->from, w->now, err) == -1)
		return -1;
	id = sqlite3_last_insert_rowid(db->h);
	if (w->inherit)
		rc = inherit(db, (long)id, w->before, w->proof == NULL, err);
	else if (w->stage != STAGE_CODE)
		rc = sessions_login(
		    db, (long)id, w->user_id, w->from, w->now, err);
	if (rc == -1 ||
	    (w->before != 0 && sessions_drop(db, w->before, err) == -1))
		return -1;
	return sessions_set_stage(db, (long)id, w->stage, err);
}

int
sessions_open(struct db *db, const struct session_want *want, struct err *err)
{
	if (db_begin(db, err) == -1)
		return -1;
	if (open_in(db, want, err) == 0 && db_commit(db, err) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

int
sessions_find(struct db *db, const char *secret, time_t now, int idle_s,
    int max_s, struct session_row *ret, struct err *err)
{
	char hash[SHA256_HEX], stored[SHA256_HEX];
	struct session_row row = {0};
	sqlite3_stmt *st;
	int rc;

	if (sha256_hex(secret, strlen(secret), hash) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256");
	if ((st = db_query(db, err, DB_SESSION_FIND, "s", hash)) == NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_AUTH_REQUIRED, "", "no such session");
	row.id = (long)sqlite3_column_int64(st, 0);
	db_column(st, 1, row.user, sizeof(row.user));
	row.created = sqlite3_column_int64(st, 2);
	row.seen = sqlite3_column_int64(st, 3);
	db_column(st, 4, stored, sizeof(stored));
	row.role = db_role(st, 5);
	row.stage = (enum stage)sqlite3_column_int(st, 6);
	row.pam = sqlite3_column_int(st, 7) != 0;
	row.checked = sqlite3_column_int64(st, 8);
	row.news = sqlite3_column_int(st, 9);
	row.fails = sqlite3_column_int(st, 10);
	row.second_factor = sqlite3_column_int(st, 11) != 0;
	row.made = sqlite3_column_int64(st, 12);
	row.proven = sqlite3_column_int64(st, 13);
	db_done(st);
	if (row.stage == STAGE_CODE && max_s > CODE_WAIT_S)
		max_s = CODE_WAIT_S;
	if (!str_equal_secret(hash, stored) || now - row.seen >= idle_s ||
	    now - row.created >= max_s)
		return err_set(err, ERR_AUTH_REQUIRED, "", "session is over");
	if (now - row.seen >= SEEN_EVERY &&
	    db_run(db, err, DB_SESSION_SEEN, "ii", (int64_t)now,
		(int64_t)row.id) == -1)
		return -1;
	*ret = row;
	return 0;
}

int
sessions_drop(struct db *db, long id, struct err *err)
{
	return db_run(db, err, DB_SESSION_DROP, "i", (int64_t)id);
}

int
sessions_set_stage(struct db *db, long id, enum stage stage, struct err *err)
{
	return db_run(
	    db, err, DB_SESSION_STAGE, "ii", (int64_t)stage, (int64_t)id);
}

int
sessions_list(struct db *db, const char *user, time_t now, int idle_s,
    int max_s, struct json_object **ret, struct err *err)
{
	static const struct db_member members[] = {
	    {"id", DB_JSON_INT},
	    {"user", DB_JSON_STR},
	    {"from", DB_JSON_STR},
	    {"created_at", DB_JSON_TIME},
	    {"seen_at", DB_JSON_TIME},
	};

	return db_rows(db,
	    db_query(db, err, DB_SESSION_LIST, "sii", user,
		(int64_t)now - idle_s, (int64_t)now - max_s),
	    members, sizeof(members) / sizeof(members[0]), ret, err);
}

int
sessions_end(struct db *db, const char *user, long id, struct err *err)
{
	if (db_run(db, err, DB_SESSION_END, "is", (int64_t)id, user) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		return err_set(
		    err, ERR_SESSION_UNKNOWN, "id", "no session %ld", id);
	return 0;
}

int
sessions_end_others(struct db *db, const char *user, long keep, struct err *err)
{
	return db_run(
	    db, err, DB_SESSION_END_OTHERS, "si", user, (int64_t)keep);
}

int
db_sweep(struct db *db, time_t now, int idle_s, int max_s, struct err *err)
{
	if (db_run(db, err, DB_SESSION_SWEEP, "ii", (int64_t)now - idle_s,
		(int64_t)now - max_s) == -1 ||
	    networks_sweep(db, now, err) == -1)
		return -1;
	return throttle_sweep(db, now, err);
}
