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
#include <stdint.h>
#include <time.h>

#include "err.h"

#define STORE_FILE		"postseal.db"
#define USER_NAME_MAX		63
#define PASSWORD_MIN		12
#define PASSWORD_MAX		511	/* bytes: what crypt takes */
#define PASSWORD_CHARS_MAX	128
#define PASSWORD_MADE_S		259200	/* a made-up one is good for 3 days */
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

/*
 * Users.  Names: 1 to 63 of a-z A-Z 0-9 . _ - @, not starting with '-' or
 * '.'; else ERR_USER_NAME.  Passwords: UTF-8, PASSWORD_MIN to
 * PASSWORD_CHARS_MAX characters in at most PASSWORD_MAX bytes, else
 * ERR_PASSWORD_LENGTH; what is guessed early: ERR_PASSWORD_COMMON (common.c).
 * A user of the host (users_pam) has a row without a password, whose role
 * comes from its groups: ERR_USER_PAM for changes of either.
 */
bool	user_name_valid(const char *);
/* name may be NULL: whose own name the password must not be. */
int	password_acceptable(const char *password, const char *name,
	    struct err *);
/* The same, and not in the list that db_password_list loaded. */
int	users_password_acceptable(struct db *, const char *password,
	    const char *name, struct err *);
int	users_create(struct db *, const char *name, const char *password,
	    enum role, time_t now, struct err *);	/* ERR_USER_EXISTS */
/* An administrator. */
int	users_add(struct db *, const char *name, const char *password,
	    time_t now, struct err *);
/* The password was made up for the user, who has to change it. */
int	users_made(struct db *, const char *name, time_t now, struct err *);
/* Ends all sessions of the user. */
int	users_passwd(struct db *, const char *name, const char *password,
	    time_t now, struct err *);		/* ERR_USER_UNKNOWN */
/*
 * A password that was right: of whom, and the version of what it was compared
 * with, which each new password counts up.  What is done on it is refused with
 * ERR_AUTH_FAILED when that has changed meanwhile.
 */
struct proof {
	long	id;
	int64_t	version;
};
/* The same on a proof, which is then one of the new password. */
int	users_passwd_own(struct db *, const char *name, struct proof *,
	    const char *password, time_t now, struct err *);
/* ERR_USER_LAST: the last administrator stays one. */
int	users_set_role(struct db *, const char *name, enum role,
	    struct err *);
/* With sessions and tokens.  delete: any user (the shell's way); remove:
 * ERR_USER_LAST for the last administrator. */
int	users_delete(struct db *, const char *name, struct err *);
int	users_remove(struct db *, const char *name, struct err *);
/* [{"name", "role", "source": "local"|"pam", "second_factor", "created_at",
 * "changed_at", "last_login_at"}] */
int	users_list(struct db *, struct json_object **, struct err *);
/* ERR_AUTH_FAILED for a wrong password and for an unknown user, after the
 * same time. */
int	users_verify(struct db *, const char *name, const char *password,
	    struct proof *ret, struct err *);
struct user_row {
	long		id;
	struct proof	proof;		/* as of now, nobody having given it */
	char		name[USER_NAME_MAX + 1];
	enum role	role;
	bool		second_factor;
	bool		pam;		/* of the host */
	time_t		made;		/* when its password was made up, or 0 */
	time_t		changed;	/* its password, or 0 */
	time_t		factor_changed;	/* or 0 */
};
int	users_get(struct db *, const char *name, struct user_row *,
	    struct err *);		/* ERR_USER_UNKNOWN */
/*
 * A user of the host has given the right password: its row, made or brought
 * up to date.  ERR_AUTH_FAILED if the name is one of the console's own users,
 * or spelt otherwise than its row.
 */
int	users_pam(struct db *, const char *name, enum role,
	    const char *stamp, time_t now, struct proof *ret, struct err *);
/* The host was asked again.  ROLE_NONE with "": the user is not welcome any
 * more; that, and another stamp, ends all its sessions (*ret_ended). */
int	users_pam_again(struct db *, const char *name, enum role,
	    const char *stamp, time_t now, bool *ret_ended, struct err *);
/* A wrong password or code for that name: told at the next log-in. */
int	users_failed(struct db *, const char *name, const char *from,
	    time_t now, struct err *);

/* Sessions.  secret: what the cookie holds. */
enum stage {
	STAGE_FULL,
	STAGE_CODE,	/* password given; the second factor is asked for */
	STAGE_ENROL,	/* logged in, but has to set up a second factor first */
	STAGE_CHANGE	/* logged in, but has to choose a password first */
};
#define CODE_WAIT_S	300	/* a session ends that stays in STAGE_CODE */

struct session_row {
	long		id;
	char		user[USER_NAME_MAX + 1];
	time_t		created, seen;
	enum role	role;
	enum stage	stage;
	bool		pam;
	time_t		checked;	/* when the host was asked last */
	int		news;		/* NEWS_ bits that wait to be read */
	int		fails;
	bool		second_factor;	/* the user's, as it is now */
	time_t		made;		/* as in user_row */
};

/* What happened to the account between the last log-in and this one. */
#define NEWS_FAILS	1	/* wrong passwords or codes */
#define NEWS_PASSWORD	2	/* another password */
#define NEWS_FACTOR	4	/* second factor set up or taken off */
struct last_login {
	time_t		at, fail_at;		/* 0 = never */
	char		from[64], fail_from[64];
	int		fails, news;
};

int	sessions_add(struct db *, long user_id, const char *secret,
	    const char *from, time_t now, struct err *);
/*
 * A session in one step, in the place of `before` (0: of none), which ends.
 * On a proof: ERR_AUTH_FAILED when it does not hold any more; without one,
 * `before` is what it is opened on: ERR_AUTH_REQUIRED when that has ended.
 * inherit: it goes on with what `before` knew of the log-in; else a stage that
 * is not STAGE_CODE is a complete log-in, and noted.
 */
struct session_want {
	const struct proof	*proof;
	long			 user_id;
	long			 before;
	bool			 inherit;
	enum stage		 stage;
	const char		*secret, *from;
	time_t			 now;
};
int	sessions_open(struct db *, const struct session_want *, struct err *);
/* The log-in is complete: notes it, and in the session what went before. */
int	sessions_login(struct db *, long id, long user_id, const char *from,
	    time_t now, struct err *);
/* A session in the place of another knows what that one knew. */
int	sessions_inherit(struct db *, long id, long old, struct err *);
int	sessions_last(struct db *, long id, struct last_login *, struct err *);
int	sessions_news_read(struct db *, long id, struct err *);
int	sessions_set_stage(struct db *, long id, enum stage, struct err *);
/* ERR_AUTH_REQUIRED when there is none or its time is over.  Notes the visit,
 * at most once a minute. */
int	sessions_find(struct db *, const char *secret, time_t now, int idle_s,
	    int max_s, struct session_row *, struct err *);
int	sessions_drop(struct db *, long id, struct err *);
/* [{"id", "user", "from", "created_at", "seen_at"}] of those alive; of one
 * user, or of all with NULL. */
int	sessions_list(struct db *, const char *user, time_t now, int idle_s,
	    int max_s, struct json_object **, struct err *);
/* One session, of that user if not NULL: ERR_SESSION_UNKNOWN. */
int	sessions_end(struct db *, const char *user, long id, struct err *);
/* All of a user's, but the one given (0: none is kept). */
int	sessions_end_others(struct db *, const char *user, long keep,
	    struct err *);

/* Tokens for scripts.  A token may what its scope and its owner's role both
 * allow. */
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

struct token_row {
	long		id;
	char		user[USER_NAME_MAX + 1];
	char		name[TOKEN_NAME_MAX + 1];
	enum role	role;
	enum scope	scope;
	bool		pam;		/* the owner is a user of the host */
	time_t		checked;
};

struct token_want {
	const char	*user, *name;
	enum scope	 scope;
	int		 days;		/* until it expires; 0 = never */
	const char	*allowed;	/* addresses, see cidr; NULL = any */
};
#define TOKEN_DAYS_MAX		3650
#define TOKEN_ALLOWED_MAX	1024

/* A new one; dst gets the token, which is stored nowhere. */
int	tokens_create(struct db *, const struct token_want *, time_t now,
	    char dst[TOKEN_LEN + 1], long *ret_id, struct err *);
/* ERR_AUTH_FAILED; of a good token ERR_TOKEN_EXPIRED, ERR_TOKEN_ADDRESS.
 * Notes the use, at most once a minute. */
int	tokens_find(struct db *, const char *token, const char *from,
	    time_t now, struct token_row *, struct err *);
/* [{"id", "name", "user", "scope", "created_at", "expires_at", "addresses",
 * "last_used_at", "last_from"}] */
int	tokens_list(struct db *, struct json_object **, struct err *);
int	tokens_delete(struct db *, long id, struct err *);

/*
 * cidr.c: addresses and networks ("192.0.2.0/24", "2001:db8::/32", "::1"),
 * with commas, blanks or line ends between.
 */
/* In one form, ", " between; ERR_FIELD_INVALID, field "addresses". */
int	cidr_list_normal(const char *, char *dst, size_t size, struct err *);
/* An empty list allows every address; one that is none of ours matches no
 * other list. */
bool	cidr_list_allows(const char *list, const char *address);

/*
 * Second factor: TOTP (RFC 6238: SHA-1, 6 digits, 30 s), one step early or
 * late, each step once; and recovery codes, each once, stored hashed.  The
 * secret itself has to be readable to whoever checks codes: it lies in the
 * database, which belongs to the web user alone.
 */
#define TOTP_SECRET_LEN	32	/* base32 of 160 bits */
#define TOTP_STEP_S	30
#define RECOVERY_CODES	10
#define RECOVERY_LEN	19	/* "abcd-efgh-ijkl-mnop" */

/* base32 of RFC 4648, lower case, without padding: n a multiple of 5. */
void	base32_encode(char *dst, const unsigned char *, size_t n);
/* The code of a step (seconds / 30) for a key in base32. */
int	totp_code(const char *secret, uint64_t step, char dst[7]);
/* A new secret that is not in force yet; replaces one that is not. */
int	totp_start(struct db *, const char *user,
	    char dst[TOTP_SECRET_LEN + 1], struct err *);
/* The secret that waits for its first code; "" = none. */
int	totp_pending(struct db *, const char *user,
	    char dst[TOTP_SECRET_LEN + 1], struct err *);
/* The first code puts it in force; *codes are shown once. ERR_AUTH_CODE. */
int	totp_confirm(struct db *, const char *user, const char *code,
	    time_t now, char codes[RECOVERY_CODES][RECOVERY_LEN + 1],
	    struct err *);
/* A code of the device, or a recovery code: ERR_AUTH_CODE. */
int	totp_check(struct db *, const char *user, const char *code,
	    time_t now, struct err *);
/* No second factor any more. */
int	totp_reset(struct db *, const char *user, time_t now, struct err *);
int	recovery_left(struct db *, const char *user, int *, struct err *);

/*
 * Throttle: counts failures of user+address, address, and tries at an account
 * from networks that its user has not come from before, each with its own
 * patience and longest wait, so that a stranger can slow down other strangers
 * but never shut out the owner (throttle.c).  Of an IPv6 address the /64
 * counts.
 * *ret_wait: seconds to wait; 0 = go on, and the try is counted at the account.
 * *ret_first: nobody was told of this wait yet.
 */
int	throttle_check(struct db *, const char *user, const char *from,
	    time_t now, int *ret_wait, bool *ret_first, struct err *);
int	throttle_fail(struct db *, const char *user, const char *from,
	    time_t now, struct err *);
int	throttle_clear(struct db *, const char *user, const char *from,
	    struct err *);
/* The same for codes of the second factor, which only someone with the
 * password gets to guess: less patient, and counted when they are tried. */
int	throttle_code_check(struct db *, const char *user, const char *from,
	    time_t now, int *ret_wait, bool *ret_first, struct err *);
int	throttle_code_clear(struct db *, const char *user, const char *from,
	    struct err *);

#endif
