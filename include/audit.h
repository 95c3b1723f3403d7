/*
 * audit.h - who did what: STATE/audit.log, one JSON object a line, each with a
 * hash over itself and the line before.
 *
 * Trust: only postseald writes it; what the web process says is marked so.
 * Errors: ERR_AUDIT, ERR_AUDIT_THROTTLED, ERR_IO.
 */
#ifndef POSTSEAL_AUDIT_H
#define POSTSEAL_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "conf.h"
#include "err.h"
#include "recorded.h"

struct actor;

/* ERR_AUDIT: it does not stand in the log; ERR_AUDIT_THROTTLED: because of
 * too much else, and not at all.  What is refused to the same actor
 * over and over is counted, not written, and audit_flush, from time to time,
 * says how often. */
int audit_add(const struct conf *, const struct actor *, enum event,
    const char *outcome, const char *detail, struct err *);
/* With the note of a change (note.h); "" or NULL: none. */
int audit_change(const struct conf *, const struct actor *, enum event,
    const char *outcome, const char *detail, const char *note, struct err *);
/* What the web process says, marked "claimed": all of it is counted so. */
int audit_claim(const struct conf *, const struct actor *, enum event,
    const char *outcome, const char *detail, struct err *);
/* A few lines at most, without waiting for who writes; true: more is left. */
bool	audit_flush(const struct conf *);
/* Could a line be written now?  ERR_AUDIT. */
int	audit_check(const struct conf *, struct err *);
/* {"writable", "error"?, "chain": {"holds", "at", "file"?, "line"?, "fault"?}
 * (of the first fault) | null (never looked at), "throttled": a change found no
 * room in the last minute, "collapsed": lines that are counted instead} */
struct json_object *audit_state(const struct conf *);
/* Is it another than at the last look over it; such a look, however long. */
bool audit_look_due(const struct conf *);
void audit_look(const struct conf *);
/* {"holds": bool, "files", "lines", "old" (before there were hashes), "torn",
 * "first", "last" (numbers; 0 = none), "hash": of the last, "n_faults",
 * "faults": [{"file", "line", "fault"}]}; audit_verify.c */
int	audit_verify(const struct conf *, struct json_object **, struct err *);
/* Lines of the log, newest first.  A NULL member matches all; event matches
 * as a prefix, text anywhere in user, from, detail and note. */
struct audit_query {
	const char	*user, *event, *outcome, *text;
	int64_t		 before;	/* byte offset; 0 = the end */
	size_t		 limit;
};
/* {"entries": [LINE with "offset"], "next": offset | null} */
int	audit_read(const struct conf *, const struct audit_query *,
	    struct json_object **, struct err *);

#endif
