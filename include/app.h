/*
 * app.h - what a worker of postseal.fcgi has at hand, and the services that
 * handlers use: database, sessions, daemon client, templates, texts.
 *
 * Everything is opened before the sandbox is entered; templates, locale and
 * the list of common words live in memory afterwards.
 */
#ifndef POSTSEAL_APP_H
#define POSTSEAL_APP_H

#include <stdint.h>

#include "catalog.h"
#include "client.h"
#include "conf.h"
#include "http.h"
#include "sandbox.h"
#include "sessions.h"

struct db;			/* store.h: SQLite */
struct wordlist;		/* store.h */
struct templates;		/* template.h */

struct app {
	struct conf		 conf;
	struct catalog		*texts;
	struct templates	*templates;
	struct buf		 openapi;	/* openapi.json, without paths */
	struct db		*db;
	struct wordlist		*list;		/* db owns it, in a worker */
	struct sandbox_state	 sandbox;	/* of this worker */
	int64_t			 refusal_ms;	/* when a stranger's refusal
						 * may be recorded again */
	int			 late_ms;	/* of a refused log-in with
						 * PAM; 0 = the usual */
};

#define COOKIE_SESSION	"__Host-postseal"
#define COOKIE_LOGIN	"__Host-postseal-login"	/* before log-in, for CSRF */

/*
 * backend.h part: one request to postseald, one reply.
 * args is taken over (put) also on failure.  0 with *data owned by the
 * caller; -1 with *err, and *error (owned, may be NULL) the daemon's whole
 * ERROR object with findings, step, log.
 */
int	backend_call(struct app *, const struct request *, const char *op,
	    struct json_object *args, struct json_object **data,
	    struct json_object **error, struct err *);
/* One audit line through postseald; a failure is logged, not told. */
void	backend_audit(struct app *, const struct request *,
	    const char *event, const char *outcome, const char *detail);

/*
 * upload.c part: the three file fields of a form (file parts, or text parts
 * from `curl -F private_key=<key.pem`) as FILES of ops.h, and {field: file
 * name}.  A field that no file was chosen for is absent.  *files and *names
 * are NULL when no file came; owned by the caller, wiped with jsonx_wipe.
 * Too large: ERR_FILE_TOO_LARGE with its field.
 */
int	upload_from_form(const struct fields *, struct json_object **files,
	    struct json_object **names, struct err *);

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
/* Password or code of a user once more, throttled as a log-in is. */
int	session_password(struct app *, struct request *, struct reply *,
	    const char *user, const char *password, struct proof *ret,
	    struct err *);
int	session_code(struct app *, struct request *, struct reply *,
	    const char *user, const char *code, struct err *);
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

/* template.h part: render NAME.html with ctx into the reply (text/html,
 * no-store, CSP).  The frame adds to ctx: lang, languages, t (lambda-free
 * texts: {{t.key}}), user, csrf, nav, path. */
int	page_render(struct app *, struct request *, struct reply *,
	    int status, const char *name, struct json_object *ctx,
	    struct err *);

/* Findings of the daemon as they go out: each gets "message" in the
 * request's language. In place. */
void	localise_findings(struct app *, const char *lang,
	    struct json_object *findings);
/* "error.<code>" with {placeholders} from args (may be NULL): a time is shown
 * as its date, a field's name as its label.  Owned by caller; may be NULL. */
char	*localise_code(struct app *, const char *lang, const char *code,
	    struct json_object *args);
/* The sentence of an error in the request's language; owned by caller. */
char	*localise_error(struct app *, const char *lang, const struct err *);

#endif
