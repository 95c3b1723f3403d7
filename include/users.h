/*
 * users.h - who may log in to the console.
 *
 * Names: 1 to 63 of a-z A-Z 0-9 . _ - @, not starting with '-' or
 * '.'; else ERR_USER_NAME.  Passwords: UTF-8, PASSWORD_MIN to
 * PASSWORD_CHARS_MAX characters in at most PASSWORD_MAX bytes, else
 * ERR_PASSWORD_LENGTH; what is guessed early: ERR_PASSWORD_COMMON (common.c).
 * A user of the host (users_pam) has a row without a password, whose role
 * comes from its groups: ERR_USER_PAM for changes of either.
 */
#ifndef POSTSEAL_USERS_H
#define POSTSEAL_USERS_H

#include "store.h"

#define PASSWORD_MIN		12
#define PASSWORD_MAX		511	/* bytes: what crypt takes */
#define PASSWORD_CHARS_MAX	128
#define PASSWORD_MADE_S		259200	/* a made-up one is good for 3 days */

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
/* Does everybody need a second factor, whatever the role?  -1 with *err. */
int	users_factor_required(struct db *, bool *, struct err *);
int	users_require_factor(struct db *, bool, struct err *);
/* With sessions and tokens.  delete: any user (the shell's way); remove:
 * ERR_USER_LAST for the last administrator. */
int	users_delete(struct db *, const char *name, struct err *);
int	users_remove(struct db *, const char *name, struct err *);
/* [{"name", "role", "source": "local"|"pam", "second_factor", "created_at",
 * "changed_at", "last_login_at", "invited_at": when a password was made up
 * that waits to be changed}] */
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
	bool		second_factor;	/* of either kind */
	bool		totp;
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

#endif
