/*
 * jail_child.h - between jail.c and keeper.c: what a child does before its
 * work, and how its answer is read.
 */
#ifndef POSTSEAL_JAIL_CHILD_H
#define POSTSEAL_JAIL_CHILD_H

#include <stdint.h>

#include "jail.h"

#define JAIL_WALL_MS 5000
#define JAIL_DEAR_MS 45000 /* the great budget, on a slow machine */
#define JAIL_OUT     3

/* Exit codes of the child: its work failed; and, before it touches a byte of
 * somebody else's, our own trouble. */
enum jail_exit { EXIT_FAILED = 1, EXIT_SETUP, EXIT_USER, EXIT_SANDBOX };

int jail_wall(const struct pki_jail *); /* ms */
/* Descriptors, limits, user, sandbox: 0, or the exit code.  The way out is
 * JAIL_OUT then. */
int jail_enter(int fd, const struct pki_jail *);
/* What went wrong by the exit code, as ERR_CONFIG. */
int jail_trouble(int code, struct err *);
/* Everything up to end of file: 0, or -1 at the deadline. */
int jail_receive(int fd, int64_t deadline, struct buf *);

#endif
