/*
 * localise.h - codes, findings and errors as sentences in a language.
 */
#ifndef POSTSEAL_LOCALISE_H
#define POSTSEAL_LOCALISE_H

#include "app.h"

/* Findings of the daemon as they go out: each gets "message" in the
 * request's language. In place. */
void	localise_findings(struct app *, const char *lang,
	    struct json_object *findings);
/* The same of SORTED, or NULL: of each set, and of what is left out. */
void	localise_sorted(struct app *, const char *lang, struct json_object *);
/* "error.<code>" with {placeholders} from args (may be NULL): a time is shown
 * as its date, a field's name as its label.  Owned by caller; may be NULL. */
char	*localise_code(struct app *, const char *lang, const char *code,
	    struct json_object *args);
/* The sentence of an error in the request's language; owned by caller. */
char	*localise_error(struct app *, const char *lang, const struct err *);

/* problem.c: RFC 9457. */
int problem_reply(
    struct app *, struct request *, struct reply *, const struct err *);
/* "message" into an ERROR of the daemon that is part of a good answer. */
void problem_localise(struct app *, const char *lang, struct json_object *);

#endif
