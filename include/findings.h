/*
 * findings.h - what was found about files and settings: a list of
 * {code, severity, field, args}, with one JSON form.
 *
 * Purpose: pki and apply produce them, the socket carries them, cgi and ctl
 * turn them into words: locale text "error.<code>" with {name} placeholders
 * taken from args.
 * JSON: [{"code": "key.mismatch", "severity": "error",
 *   "field": "private_key", "args": {"key": "4F2A..", "certificate": ".."}}]
 * Args are short strings (at most 256 bytes, cut at a UTF-8 boundary) made
 * of untrusted data: escape on output.  Never secret.
 * Ownership: the list owns its rows.  Limit: 64 rows; more are dropped
 * (errors are kept in preference to lower severities).
 */
#ifndef POSTSEAL_FINDINGS_H
#define POSTSEAL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define FINDINGS_MAX	64

struct finding {
	enum err_code		 code;
	enum severity		 severity;
	char			 field[48];
	struct json_object	*args;		/* object, owned, or NULL */
};

struct findings {
	struct finding	v[FINDINGS_MAX];
	size_t		n;
};

void	findings_init(struct findings *);
void	findings_clear(struct findings *);
/* Severity comes from the code's row.  The variadic part is pairs of
 * const char *name, const char *value, closed by NULL. */
void	findings_add(struct findings *, enum err_code, const char *field, ...)
	    __attribute__((__sentinel__));
/* The same with an explicit severity. */
void	findings_add_sev(struct findings *, enum err_code, enum severity,
	    const char *field, ...) __attribute__((__sentinel__));
/* The first row that blocks: severity error, or confirm with a code that is
 * not among the n_confirm confirmed codes; NULL when nothing blocks. */
const struct finding *findings_blocking(const struct findings *,
	    const char *const *confirm, size_t n_confirm);
struct json_object *findings_to_json(const struct findings *);
/* From a peer: rows of another shape or with unknown codes are an error
 * (ERR_FIELD_*); the list then keeps its rows. */
int	findings_from_json(struct findings *, struct json_object *,
	    struct err *);

#endif
