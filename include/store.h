/*
 * store.h - the console's own database: SQLite (WAL) in
 * WEB_STATE_DIRECTORY/postseal.db, 0600, owner the web user.  Used by
 * postseal.fcgi (each worker has its own handle, opened after fork) and
 * postsealctl.  What it holds: users.h, sessions.h, tokens.h, totp.h,
 * throttle.h.
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
#include <stdint.h>
#include <time.h>

#include "err.h"

#define STORE_FILE		"postseal.db"
#define USER_NAME_MAX		63

struct db;
struct json_object;

/* The directory, 0700 and owned by uid:gid, created when missing. */
int	db_prepare(const char *dir, uid_t, gid_t, struct err *);
/* Open dir/postseal.db, create and migrate it when needed; what it was before
 * that is kept as postseal.db.vN. */
int	db_open(const char *dir, struct db **, struct err *);
/* All of it as one file, 0600, that must not be there yet. */
int	db_copy(struct db *, const char *path, struct err *);
void	db_close(struct db *);
/* One transaction; those inside another are part of it: when one of them is
 * rolled back the outermost cannot be committed.  After a commit that failed,
 * db_rollback. */
int	db_begin(struct db *, struct err *);
int	db_commit(struct db *, struct err *);
void	db_rollback(struct db *);
/*
 * A file of passwords that are refused, one a line, without case; "" = none,
 * which is a NULL list.  ERR_CONFIG when it cannot be read.  A handle owns its
 * list; after a fork each process has its own, of the same memory.
 */
struct wordlist;
int	wordlist_load(const char *path, struct wordlist **, struct err *);
void	wordlist_free(struct wordlist *);
void	db_own_list(struct db *, struct wordlist *);
int	db_password_list(struct db *, const char *path, struct err *);
/* Rows that time has ended: sessions, old throttle rows. */
int	db_sweep(struct db *, time_t now, int idle_s, int max_s,
	    struct err *);

/*
 * Roles, from the least.  A viewer reads; an operator also changes what the
 * Connection screen, keys and history change; an administrator also decides
 * who gets in.  Which request needs what: cgi/may.c.
 */
enum role {
	ROLE_NONE,
	ROLE_VIEWER,
	ROLE_OPERATOR,
	ROLE_ADMINISTRATOR,
	ROLE__MAX
};
const char	*role_name(enum role);
/* ERR_FIELD_INVALID, field "role". */
int		 role_from_name(const char *, enum role *, struct err *);

/* Tokens for scripts.  A token may do what its scope and its owner's role
 * both allow. */
enum scope {
	SCOPE_NONE,
	SCOPE_CERTIFICATES,	/* renew files, inspect, status */
	SCOPE_READ,
	SCOPE_WRITE,		/* all that the owner may */
	SCOPE__MAX
};
const char	*scope_name(enum scope);
/* ERR_FIELD_INVALID, field "scope". */
int		 scope_from_name(const char *, enum scope *, struct err *);

#endif
