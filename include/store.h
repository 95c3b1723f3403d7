/*
 * store.h - the console's own database: users, sessions, tokens, log-in
 * throttle.  SQLite (WAL) in WEB_STATE_DIRECTORY/postseal.db, 0600, owner the
 * web user.  Used by postseal.fcgi (each worker has its own handle, opened
 * after fork) and postsealctl.
 *
 * Trust: names and passwords come from forms; all values are bound, no SQL
 * is ever built from them.
 * Secrets: passwords as yescrypt hashes, session secrets and tokens as
 * SHA-256.  Nothing here keeps one in clear.
 * Errors: ERR_IO for the database (its text in msg), else as told.
 * Time: every call that needs it takes now; unit tests pass their own.
 */
#ifndef POSTSEAL_STORE_H
#define POSTSEAL_STORE_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "err.h"

#define STORE_FILE		"postseal.db"
#define USER_NAME_MAX		63
#define PASSWORD_MIN		12
#define PASSWORD_MAX		256
#define TOKEN_NAME_MAX		63
#define TOKEN_PREFIX		"pst_"
#define TOKEN_LEN		47	/* "pst_" + 43 base64url characters */

struct db;
struct json_object;

/* The directory, 0700 and owned by uid:gid, created when missing. */
int	db_prepare(const char *dir, uid_t, gid_t, struct err *);
/* Open dir/postseal.db, create and migrate it when needed. */
int	db_open(const char *dir, struct db **, struct err *);
void	db_close(struct db *);
/* Rows that time has ended: sessions, old throttle rows. */
int	db_sweep(struct db *, time_t now, int idle_s, int max_s,
	    struct err *);

/*
 * Users.  Names: 1 to 63 of a-z A-Z 0-9 . _ - @, not starting with '-' or
 * '.'; else ERR_USER_NAME.  Passwords: UTF-8, PASSWORD_MIN to PASSWORD_MAX
 * bytes, else ERR_PASSWORD_LENGTH.
 */
bool	user_name_valid(const char *);
int	users_add(struct db *, const char *name, const char *password,
	    time_t now, struct err *);		/* ERR_USER_EXISTS */
/* Ends all sessions of the user. */
int	users_passwd(struct db *, const char *name, const char *password,
	    time_t now, struct err *);		/* ERR_USER_UNKNOWN */
/* With sessions and tokens. */
int	users_delete(struct db *, const char *name, struct err *);
/* [{"name", "created_at", "changed_at", "last_login_at"}] */
int	users_list(struct db *, struct json_object **, struct err *);
/* ERR_AUTH_FAILED for a wrong password and for an unknown user, after the
 * same time.  *ret_id: row of the user. */
int	users_verify(struct db *, const char *name, const char *password,
	    long *ret_id, struct err *);

/* Sessions.  secret: what the cookie holds. */
struct session_row {
	long	id;
	char	user[USER_NAME_MAX + 1];
	time_t	created, seen;
};

int	sessions_add(struct db *, long user_id, const char *secret,
	    const char *from, time_t now, struct err *);
/* ERR_AUTH_REQUIRED when there is none or its time is over.  Notes the visit,
 * at most once a minute. */
int	sessions_find(struct db *, const char *secret, time_t now, int idle_s,
	    int max_s, struct session_row *, struct err *);
int	sessions_drop(struct db *, long id, struct err *);

/* Tokens for scripts. */
struct token_row {
	long	id;
	char	user[USER_NAME_MAX + 1];
	char	name[TOKEN_NAME_MAX + 1];
};

/* A new one; dst gets the token, which is stored nowhere. */
int	tokens_add(struct db *, const char *user, const char *name,
	    time_t now, char dst[TOKEN_LEN + 1], long *ret_id, struct err *);
/* ERR_AUTH_FAILED.  Notes the use, at most once a minute. */
int	tokens_find(struct db *, const char *token, const char *from,
	    time_t now, struct token_row *, struct err *);
/* [{"id", "name", "user", "created_at", "last_used_at", "last_from"}] */
int	tokens_list(struct db *, struct json_object **, struct err *);
int	tokens_delete(struct db *, long id, struct err *);

/*
 * Throttle: counts failures of user+address, address, and user, each with
 * its own patience and longest wait, so that a stranger can slow down but
 * never lock out an administrator who comes from somewhere else.
 * *ret_wait: seconds to wait, 0 = go on.
 */
int	throttle_check(struct db *, const char *user, const char *from,
	    time_t now, int *ret_wait, struct err *);
int	throttle_fail(struct db *, const char *user, const char *from,
	    time_t now, struct err *);
int	throttle_clear(struct db *, const char *user, const char *from,
	    struct err *);

#endif
