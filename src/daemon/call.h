/*
 * call.h - one connection from request to reply: who asks, what for, and the
 * table of what may be asked.
 *
 * Trust: the arguments are a stranger's.  args_check has gone over them
 * before an operation sees them.  A reply never holds a key or a passphrase.
 */
#ifndef POSTSEAL_CALL_H
#define POSTSEAL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply.h"
#include "ipc.h"
#include "ops.h"

#define CONFIRM_MAX   16
#define LIST_MAX      1000 /* rows of a list */
#define POLL_WAIT_MAX 60000 /* ms */

/* call.c */
enum { PEER_ROOT = 1, PEER_WEB = 2, PEER_SYNC = 4 };

struct call {
	const struct conf *conf;
	int fd;
	unsigned peer; /* PEER_ROOT, PEER_WEB or PEER_SYNC */
	struct actor actor;
	struct json_object *error; /* whole ERROR, or NULL */
	bool replied;		   /* result was sent already */
	bool gone;		   /* client does not listen */
};
int call_reply(struct call *, struct json_object *data, const struct err *);
/* Copy of UTF-8 without control characters and those that turn the direction
 * of writing, cut at a character's end. */
void clean_copy(char *dst, size_t size, const char *src);

/* ops.c: a member of args. */
enum op_arg_type { ARG_BOOL, ARG_INT, ARG_STR, ARG_STRS, ARG_OBJ, ARG_LIST };
struct op_arg {
	const char *name;
	enum op_arg_type type;
	bool need;
	int64_t min, max; /* of a number; of bytes, of elements */
};

struct op {
	const char *name;
	unsigned peers;
	size_t max;		   /* bytes of the frame */
	const struct op_arg *args; /* {NULL} at the end */
	int (*run)(struct call *, struct json_object *args,
	    struct json_object **data, struct err *);
};
extern const struct op ops[]; /* ops.def; {NULL} at the end */
#define O(symbol, name, peers, size, patience, run, args)               \
	int run(struct call *, struct json_object *, struct json_object **, \
	    struct err *);
#include "ops.def"
#undef O

/* args.c.  Unknown, missing, of another type or size: ERR_FIELD_*. */
int args_check(const struct op *, struct json_object *args, struct err *);

/* One connection from request to reply. */
void serve(const struct conf *, int fd, unsigned peer);

#endif
