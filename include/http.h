/*
 * http.h - one request and its reply, inside postseal.fcgi.
 *
 * Order for each request: method, route row, exact content type, digits-only
 * length within the row's limit, authentication, all before a byte of the
 * body is read; then exactly that many bytes with a deadline; then the form;
 * then CSRF; then the handler.  Unknown or duplicate fields, NUL, bad escapes
 * and bad UTF-8 are errors with a code, never ignored.
 * Ownership: everything in struct request lives until the request ends;
 * secrets in it are wiped then.
 */
#ifndef POSTSEAL_HTTP_H
#define POSTSEAL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "findings.h"
#include "store.h"

struct app;
struct json_object;
struct source;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_DELETE, HTTP_OTHER };

#define FIELDS_MAX	160

struct field {
	char	*name;		/* UTF-8, NUL-terminated */
	char	*value;		/* NUL-terminated beyond len */
	size_t	 len;
	bool	 is_file;
	char	*filename;	/* NULL unless is_file; base name only */
};

/* What is kept of a value, said by whoever knows the field: at most `max`
 * bytes, of what is longer one more so that it shows (cut), or nothing, which
 * is an error; binary: not only text. */
struct field_limit {
	size_t	max;
	bool	cut;
	bool	binary;
};
typedef struct field_limit (*field_limits)(const char *name, bool is_file);

struct fields {
	struct field	v[FIELDS_MAX];
	size_t		n;
	field_limits	limits;		/* NULL: short text, short files */
};

const struct field	*fields_get(const struct fields *, const char *name);
/* Value of a text field, or fallback. */
const char		*fields_str(const struct fields *, const char *name,
			    const char *fallback);
void			 fields_clear(struct fields *);	/* wipes */
/* A name in neither list: ERR_FIELD_UNKNOWN; a name of `once` that comes
 * twice: ERR_FIELD_DUPLICATE.  Lists end with NULL and may be NULL. */
int			 fields_check(const struct fields *,
			    const char *const *once, const char *const *many,
			    struct err *);
/* The same, where a name may also be one of which `also` says that it may
 * come once. */
int			 fields_check_also(const struct fields *,
			    const char *const *once, const char *const *many,
			    bool (*also)(const char *name), struct err *);

/* Who is asking, once known. */
struct identity {
	bool	known;
	char	user[64];
	char	via[8];			/* "web" (cookie) or "api" (token) */
	char	csrf[65];		/* hex, for forms; "" with a token */
	char	draft[65];		/* draft ID of this session */
	char	loose[65];		/* the same, of files to be sorted */
	char	seal[65];		/* hex, the key of once.c */
	long	session;		/* row id, 0 with a token */
	enum role role;
	enum scope scope;		/* of the token; write with a cookie */
	char	certificate[254];	/* it is for that one; "" = any */
	bool	must_enrol;		/* a second factor comes first */
	bool	must_change;		/* a password of one's own does */
	bool	pam;			/* a user of the host */
	bool	fresh;			/* password or code a few minutes ago */
	int	news, fails;		/* session_row: for the page's head */
	/* Before log-in is complete: whose code is asked for. */
	long	half;			/* row id of that session, 0 = none */
	char	half_user[64];
};

/*
 * What a request needs of whoever asks: a row of a table in may.c says which
 * role and which token scopes have it.  Zero is refused: a route without the
 * column serves nobody.
 */
enum need {
	MAY_NOTHING,
	MAY_ANYONE,		/* no log-in needed */
	MAY_OWN,		/* own password, sessions: with a cookie */
	MAY_CHECK,		/* status, inspect */
	MAY_READ,		/* look at settings, history, audit, keys */
	MAY_RENEW,		/* certificate files of the connection */
	MAY_CHANGE,		/* settings, keys, restore */
	MAY_ACCESS,		/* users, tokens, all sessions, scanners */
	MAY_REVOKE,		/* tokens: in person, and at once */
	MAY_GRANT,		/* change who gets in: in person, and fresh */
	MAY__MAX
};
/* ERR_AUTH_FORBIDDEN (role), ERR_AUTH_SCOPE (token), ERR_AUTH_ENROL,
 * ERR_AUTH_CHANGE, ERR_AUTH_STEP_UP (session). */
int	may_check(const struct identity *, enum need, enum http_method,
	    struct err *);
bool	may(const struct identity *, enum need);

struct route;

struct request {
	enum http_method	 method;
	const char		*path;		/* decoded, normal form */
	const struct route	*route;
	struct fields		 query;
	struct fields		 form;		/* POST: multipart, urlencoded */
	struct json_object	*json;		/* POST: application/json */
	const char		*lang;		/* "ja", "en": see catalog.h */
	char			 remote[64];	/* client address */
	struct identity		 who;
	char			**env;		/* FastCGI parameters */
	char			*target;	/* storage of path */
	const struct source	*source;	/* core.h: for reply_send */
	char			 pre_csrf[65];	/* before login: see csrf.c */
	/* What a failing handler leaves for the frame's answer: the daemon's
	 * ERROR object (findings, step, log).  Owned by the request. */
	struct json_object	*problem;
};

/* The choice of language, set by page_language; wins over Accept-Language. */
#define COOKIE_LANG	"postseal-lang"

/* A request header by name ("If-Match"), or NULL. */
const char	*request_header(const struct request *, const char *name);
const char	*request_cookie(const struct request *, const char *name,
		    char *dst, size_t size);

struct reply {
	int		status;		/* 200 */
	struct buf	headers;	/* "Name: value\r\n" lines */
	struct buf	body;
	bool		sent;		/* reply_begin: nothing more to send */
};

/* Refuses CR, LF and other controls.  A header of the same name is replaced,
 * but Set-Cookie adds.  The security headers, Cache-Control: no-store and
 * Content-Length come from the frame. */
int	reply_header(struct reply *, const char *name, const char *value);
/* Set-Cookie with Path=/; Secure; HttpOnly; SameSite=Strict.  max_age < 0:
 * until the browser ends; 0: delete. */
int	reply_cookie(struct reply *, const char *name, const char *value,
	    int max_age);
int	reply_json(struct reply *, int status, struct json_object *);
/* For an answer that comes piece by piece: the headers go out now, without a
 * length; then reply_send, each piece at once.  -1: the peer has gone, or
 * cannot be served so; nothing more may be sent. */
int	reply_begin(struct reply *, const struct request *);
int	reply_send(const struct request *, const char *, size_t);
/* 303; path must be one of our own ("/..." and not "//"). */
int	reply_redirect(struct reply *, const char *path);

typedef int (*handler_fn)(struct app *, struct request *, struct reply *,
    struct err *);

enum route_auth {
	AUTH_NONE,		/* anyone */
	AUTH_SESSION,		/* cookie; pages: 303 to /login without it */
	AUTH_TOKEN		/* Bearer token, or cookie + X-CSRF-Token */
};

enum route_type {
	BODY_NONE,
	BODY_FORM = 1,		/* application/x-www-form-urlencoded */
	BODY_MULTIPART = 2,
	BODY_JSON = 4,
	BODY_EMPTY = 8		/* or none at all */
};

struct route {
	enum http_method	 method;
	const char		*path;		/* {name}: any one part */
	enum route_auth		 auth;
	bool			 csrf;		/* form field "csrf" is checked */
	size_t			 max_body;
	int			 types;		/* route_type bits */
	handler_fn		 handler;
	const char *const	*query;		/* names allowed; NULL = none */
	enum need		 need;		/* of whoever asks: may.c */
};
extern const struct route routes[];	/* routes.def; closed by path == NULL */
extern const size_t routes_n;

/* The last path part. */
const char	*request_path_arg(const struct request *);

/* The handlers of routes.def. */
#define ROUTE(run)	int run(struct app *, struct request *, struct reply *, \
			    struct err *);
#define PAGE(path, run, ...)		ROUTE(run)
#define FORM(path, run, ...)		ROUTE(run)
#define CALL(method, path, run, ...)	ROUTE(run)
#include "routes.def"
#undef ROUTE
#undef PAGE
#undef FORM
#undef CALL
/* What the frame answers with where a handler has failed. */
int	page_error(struct app *, struct request *, struct reply *,
	    const struct err *);

#endif
