/*
 * sessions.h - who is logged in.
 *
 * secret: what the cookie holds.
 */
#ifndef POSTSEAL_SESSIONS_H
#define POSTSEAL_SESSIONS_H

#include "users.h"

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
	time_t		proven;		/* password or code were given then */
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
int	sessions_last(struct db *, long id, struct last_login *, struct err *);
int	sessions_news_read(struct db *, long id, struct err *);
int	sessions_set_stage(struct db *, long id, enum stage, struct err *);
/* ERR_AUTH_REQUIRED when there is none or its time is over.  Notes the visit,
 * at most once a minute. */
int	sessions_find(struct db *, const char *secret, time_t now, int idle_s,
	    int max_s, struct session_row *, struct err *);
/* Password or code were given once more. */
int	sessions_prove(struct db *, long id, time_t now, struct err *);
/* A text that the session keeps until it is taken, once; "" = none. */
#define ONCE_MAX	8192
int	sessions_keep(struct db *, long id, const char *, struct err *);
int	sessions_take(struct db *, long id, char dst[ONCE_MAX], struct err *);
/* How many there are. */
struct access_count {
	int		users, tokens, sessions;	/* those alive */
};
int	access_count(struct db *, time_t now, int idle_s, int max_s,
	    struct access_count *, struct err *);
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

#endif
