/*
 * recorded.h - the events of the audit log, as recorded.def has them.  Nothing
 * else can be written there.
 */
#ifndef POSTSEAL_RECORDED_H
#define POSTSEAL_RECORDED_H

#include <stdbool.h>

enum event {
	EVENT_NONE,
#define E(symbol, name, writer, kind) EVENT_##symbol,
#include "recorded.def"
#undef E
	EVENT__MAX
};

/* "user.add"; "" of EVENT_NONE. */
const char *event_name(enum event);
/* EVENT_NONE: no event has this name. */
enum event event_named(const char *);
/* postseald alone may say that it was done. */
bool event_is_daemons(enum event);
/* It says of itself that somebody was turned away. */
bool event_is_refusal(enum event);

#endif
