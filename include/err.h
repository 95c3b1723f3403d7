/*
 * err.h - the one error type, and the one table of codes.
 *
 * Purpose: every function that can fail fills a caller-owned struct err
 * and returns -1.  It holds no pointers, so it crosses a privilege boundary
 * as a bounded copy (err_to_json, err_from_json).
 * Codes: include/err_codes.def holds one row for each code: symbol, stable
 * dotted name, HTTP status, severity.  Findings about certificates use the
 * same table.  The text for people is in templates/locale/LANG.json under
 * "error.<code>"; msg here is one English line for logs and for the
 * placeholder {detail}: name the thing, expected, then got.
 * Secrets (key bytes, passphrases, tokens) never go into msg.
 * Ownership: nothing is allocated.  On failure outputs keep their old value.
 * Threads: no global state.
 */
#ifndef POSTSEAL_ERR_H
#define POSTSEAL_ERR_H

#include <stdbool.h>

struct json_object;

enum severity {
	SEV_INFO,
	SEV_WARN,
	SEV_CONFIRM,		/* refused unless its code is confirmed */
	SEV_ERROR,
	SEV__MAX
};

enum err_code {
#define E(sym, name, http, sev) ERR_##sym,
#include "err_codes.def"
#undef E
	ERR__MAX
};

struct err {
	enum err_code	code;
	int		sys;		/* errno, or 0 */
	char		field[48];	/* HTTP field, or "" */
	char		msg[200];	/* one English line, UTF-8 */
};

/* Fill *err (NULL is allowed) and return -1. */
int		 err_set(struct err *, enum err_code, const char *field,
		    const char *fmt, ...)
		    __attribute__((__format__ (printf, 4, 5)));
/* The same, with errno kept in sys and its text appended to msg. */
int		 err_sys(struct err *, enum err_code, const char *field,
		    const char *fmt, ...)
		    __attribute__((__format__ (printf, 4, 5)));
void		 err_clear(struct err *);

const char	*err_name(enum err_code);	/* "key.mismatch" */
int		 err_http(enum err_code);	/* 422 */
enum severity	 err_severity(enum err_code);
/* Range-checked reverse look-up; -1 when there is no such code. */
int		 err_from_name(const char *name, enum err_code *);
const char	*severity_name(enum severity);	/* "error" */
int		 severity_from_name(const char *, enum severity *);

/* {"code": "...", "field": "...", "detail": "..."}; NULL on no memory. */
struct json_object *err_to_json(const struct err *);
/* A peer's error: unknown code -> ERR_INTERNAL, text cut and cleaned of
 * control characters.  Never fails. */
void		 err_from_json(struct err *, struct json_object *);

#endif
