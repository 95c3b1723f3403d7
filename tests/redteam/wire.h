/*
 * wire.h - the socket of postseald as somebody sees it who keeps to nothing:
 * raw bytes out, whatever comes back in, under a deadline.
 */
#ifndef REDTEAM_WIRE_H
#define REDTEAM_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct json_object;

struct wire {
	const char	*path;		/* postseald.sock */
	struct buf	 secrets;	/* one a line: must never come back */
	long		 sent, answered, refused, accepted, closed;
	long		 failures;
};

/* What became of one exchange. */
enum wire_end {
	WIRE_CLOSED,		/* without a frame */
	WIRE_REFUSED,		/* a result with ok: false */
	WIRE_ACCEPTED,		/* a result with ok: true */
	WIRE_HUNG,		/* nothing within the deadline */
	WIRE_BROKEN		/* something that is no frame */
};

int	 wire_connect(const struct wire *);
/* code: of a refusal, or "". */
enum wire_end wire_raw(struct wire *, const void *, size_t, bool half_close,
	    char code[64]);
/* Length in front. */
enum wire_end wire_text(struct wire *, const char *, size_t, char code[64]);
/* {"op", "actor", "args"}; args is taken over. */
enum wire_end wire_op(struct wire *, const char *op, struct json_object *args,
	    char code[64]);
void	 wire_fail(struct wire *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* values.c: what nobody should send. */
extern const char *const hostile_text[];
bool	 hostile_at(size_t i, struct json_object **ret);

#endif
