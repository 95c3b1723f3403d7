/*
 * op_auth.h - the gate before postseal-pam: guesses that postseald passes on,
 * whoever asks.
 *
 * *ret_wait: seconds, 0 = this one is counted as a failure until
 * pam_gate_leave says that it was good (all are forgotten) or none (this one
 * is).  State: a file of fixed size, under its lock.
 */
#ifndef POSTSEAL_OP_AUTH_H
#define POSTSEAL_OP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"

#define PAM_USER_MAX	 63
#define PAM_PASSWORD_MAX 511

int pam_gate_enter(const struct conf *, const char *user, int64_t now,
    int *ret_wait, struct err *);
int pam_gate_leave(
    const struct conf *, const char *user, bool good, struct err *);

#endif
