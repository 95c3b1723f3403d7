/*
 * once.h - what the page after this POST shows, once: a secret does not come
 * in the answer to a POST, which a reload would repeat.  It waits in the
 * session's row, sealed with a key that only the cookie gives.
 */
#ifndef POSTSEAL_ONCE_H
#define POSTSEAL_ONCE_H

#include "core.h"

/* what is borrowed; it takes the place of what waits. */
int once_put(struct app *, const struct request *, struct json_object *what,
    struct err *);
/* NULL when nothing waits, else owned: jsonx_wipe. */
int once_take(
    struct app *, const struct request *, struct json_object **, struct err *);

#endif
