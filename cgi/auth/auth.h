/*
 * auth.h - who is asking: log-in, sessions, tokens, users of the host, CSRF;
 * and postseald, asked in their name.
 */
#ifndef POSTSEAL_AUTH_H
#define POSTSEAL_AUTH_H

#include "app.h"
#include "recorded.h"
#include "sessions.h"

#define COOKIE_SESSION	"__Host-postseal"
#define COOKIE_LOGIN	"__Host-postseal-login"	/* before log-in, for CSRF */

/*
 * backend.c: one request to postseald, one reply.
 * args is taken over (put) also on failure.  0 with *data owned by the
 * caller; -1 with *err, and *error (owned, may be NULL) the daemon's whole
 * ERROR object with findings, step, log.
 */
int	backend_call(struct app *, const struct request *, const char *op,
	    struct json_object *args, struct json_object **data,
	    struct json_object **error, struct err *);
/* One audit line through postseald; a failure is logged, not told. */
void backend_audit(struct app *, const struct request *, enum event event,
    const char *outcome, const char *detail);

/* record.c: a change of access, between the two, and its audit line: both or
 * neither.  rc: of the change; -1 undoes it. */
int	record_begin(struct app *, struct err *);
int record_end(struct app *, const struct request *, int rc, enum event event,
    const char *detail, struct err *);

/*
 * Sessions (cookie "__Host-postseal", Secure, HttpOnly, SameSite=Strict,
 * Path=/; 256 bits, stored as SHA-256) and tokens ("pst_" + 43 base64url
 * characters, stored as SHA-256).
 */
int	session_login(struct app *, struct request *, struct reply *,
	    const char *user, const char *password, struct err *);
/* After session_login left a half-open session (who.half): the code. */
int	session_login_code(struct app *, struct request *, struct reply *,
	    const char *code, struct err *);
/* Password or code of a user once more, throttled as a log-in is.  What begins
 * with "{" is the answer of a passkey (passkey.h), wherever a code may be. */
int	session_password(struct app *, struct request *, struct reply *,
	    const char *user, const char *password, struct proof *ret,
	    struct err *);
/* So is the password that was made up for whoever is invited; of all others
 * none is right. */
int	session_invitation(struct app *, struct request *, struct reply *,
	    const char *user, const char *code, struct proof *ret,
	    struct err *);
int	session_code(struct app *, struct request *, struct reply *,
	    const char *user, const char *code, struct err *);
/* Password or code ("" = not given) of the request's own session, which is
 * fresh then. */
int	session_prove(struct app *, struct request *, struct reply *,
	    const char *password, const char *code, struct err *);
/* A new secret and session in the place of the request's: at log-in, where a
 * complete one is noted, or in between.  On a proof, or (NULL) on the request's
 * own session, half-open or not: see sessions_open. */
int	session_login_open(struct app *, struct request *, struct reply *,
	    long user_id, const struct proof *, enum stage, struct err *);
int	session_open(struct app *, struct request *, struct reply *,
	    long user_id, const struct proof *, enum stage, struct err *);
/* What a session of this user begins as. */
enum stage	session_stage(const struct app *, const struct user_row *);
int	session_idle_s(const struct app *);
int	session_max_s(const struct app *);
int	session_logout(struct app *, struct request *, struct reply *,
	    struct err *);
/* The CSRF value for a form: of the session, or of the pre-login cookie that
 * this call sets when it is missing. */
const char	*csrf_for_form(struct app *, struct request *, struct reply *);

/* session.c, csrf.c */
int auth_identify(
    struct app *, struct request *, enum route_auth, struct err *);
int csrf_check_form(struct app *, struct request *, struct err *);
int csrf_check_header(const struct request *, struct err *);

/* pam.c: users of the host, through postseald.  Log-in: ERR_AUTH_FAILED,
 * ERR_AUTH_EXPIRED, ERR_AUTH_UNAVAILABLE.  Recheck: of a user known from
 * the database, when the last check is older than pam_recheck_seconds; 1:
 * sessions have ended, tokens go on; *role is brought up to date. */
bool pam_wanted(const struct app *);   /* [auth] source names PAM */
bool local_wanted(const struct app *); /* ... and the console's own users */
int pam_login(struct app *, struct request *, const char *user,
    const char *password, struct proof *ret, struct err *);
int pam_recheck(struct app *, struct request *, const char *user, bool pam,
    time_t checked, enum role *, struct err *);

#endif
