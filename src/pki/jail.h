/*
 * jail.h - inside src/pki: work in a child that can do nothing.
 */
#ifndef POSTSEAL_JAIL_H
#define POSTSEAL_JAIL_H

#include "pki_int.h"

/*
 * Run body in the jailed child; what it sends goes into b, whose
 * maximum is the bound and JAIL_READ_SIZE more than the longest frame.  0, or
 * the child's fault (JAIL_FAILED: body returned -1), or -1 (ours).
 */
enum { JAIL_FAILED = 1, JAIL_DIED, JAIL_LATE };
#define JAIL_READ_SIZE 16384
typedef int (*jail_body)(int fd, const void *arg);
int jail_spawn(const struct pki_jail *, jail_body, const void *arg,
    struct buf *b, struct err *);
int jail_send(int fd, const void *data, size_t len);
/* A length in a frame: four bytes, the highest first. */
void jail_put32(unsigned char *, size_t);
size_t jail_get32(const void *);
/* Any work in place of pki_inspect, for tests of the walls. */
typedef int (*jail_work)(
    const struct pki_input *, struct pki_output *, struct err *);
int jail_run(const struct pki_jail *, const struct pki_input *, jail_work,
    struct pki_output *, struct err *);

#endif
