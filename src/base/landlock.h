/*
 * landlock.h - Landlock through raw system calls, for sandbox.c only.
 *
 * A domain starts with no rights; landlock_allow() adds what may be done
 * below one path.  Works from ABI 1 (Linux 5.13) and takes what newer kernels
 * offer: truncation, device ioctls, TCP, signals and abstract sockets.
 * Known gap: connect() to a socket file is not covered by these ABIs; the
 * file's mode decides.
 */
#ifndef POSTSEAL_LANDLOCK_H
#define POSTSEAL_LANDLOCK_H

#include <stdint.h>

#include "err.h"

enum landlock_right { LANDLOCK_RO, LANDLOCK_RW };

/* The kernel's ABI, or -1 with ERR_CONFIG. */
int landlock_abi(struct err *);
/* A ruleset fd, owned by the caller. */
int landlock_new(int abi, struct err *);
int landlock_allow(
    int fd, int abi, enum landlock_right, const char *path, struct err *);
/* To connect to; for an abi from LANDLOCK_NET on, which forbid all others. */
#define LANDLOCK_NET 4
int landlock_port(int fd, uint16_t port, struct err *);
/* Needs no_new_privs. */
int landlock_enter(int fd, struct err *);

#endif
