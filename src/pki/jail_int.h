/*
 * jail_int.h - inside src/pki: an inspection in a child that can do nothing.
 */
#ifndef POSTSEAL_JAIL_INT_H
#define POSTSEAL_JAIL_INT_H

#include "join.h"

/* Any work in place of pki_parse, for tests of the walls. */
typedef int (*jail_work)(
    const struct pki_input *, struct pki_output *, struct err *);
int jail_run(const struct pki_jail *, const struct pki_input *, jail_work,
    struct pki_output *, struct err *);

#endif
