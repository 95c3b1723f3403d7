/*
 * throttle.h - whoever guesses has to wait.
 *
 * Counts failures of user+address, address, and tries at an account from
 * networks that its user has not come from before, each with its own patience
 * and longest wait, so that a stranger can slow down other strangers but never
 * shut out the owner (throttle.c).  Of an IPv6 address the /64 counts.
 * *ret_wait: seconds to wait; 0 = go on, and the try is counted at the
 * account.  *ret_first: nobody has been told of this wait yet.
 */
#ifndef POSTSEAL_THROTTLE_H
#define POSTSEAL_THROTTLE_H

#include "store.h"

int	throttle_check(struct db *, const char *user, const char *from,
	    time_t now, int *ret_wait, bool *ret_first, struct err *);
int	throttle_fail(struct db *, const char *user, const char *from,
	    time_t now, struct err *);
int	throttle_clear(struct db *, const char *user, const char *from,
	    struct err *);
/* The same for codes of the second factor, which only someone with the
 * password gets to guess: less patient, and counted when they are tried. */
int	throttle_code_check(struct db *, const char *user, const char *from,
	    time_t now, int *ret_wait, bool *ret_first, struct err *);
int	throttle_code_clear(struct db *, const char *user, const char *from,
	    struct err *);

#endif
