/*
 * jail_int.h - inside src/pki: an inspection in a child that can do nothing.
 */
#ifndef POSTSEAL_JAIL_INT_H
#define POSTSEAL_JAIL_INT_H

#include "join.h"

#define REPORT_MAX (768 * 1024)

/* In the frame of a trial: pair i stays; and struct trial's two. */
enum { TRIAL_STAYS = 1, TRIAL_CLIENT = 1 << 16, TRIAL_CLIENT_ONLY = 1 << 17 };

/* One inspection; NULL: pki_parse in a child of the keeper.  Any other work is
 * for tests of the walls, and has to have our memory. */
typedef int (*jail_work)(
    const struct pki_input *, struct pki_output *, struct err *);
int jail_run(const struct pki_jail *, const struct pki_input *, jail_work,
    struct pki_output *, struct err *);

/* jobs.c */
struct other_parse {
	const struct buf *packed;
	jail_work work;
};
int parse_other(int fd, const void *other_parse);

#endif
