/*
 * user.h - the user that a process becomes, for good: never root.
 */
#ifndef POSTSEAL_USER_H
#define POSTSEAL_USER_H

#include <sys/types.h>

#include "err.h"

struct user {
	uid_t	uid;
	gid_t	gid;
};

/* ERR_CONFIG: there is none of that name, or it has the rights of root. */
int	user_find(const char *name, struct user *, struct err *);
/* All three ids of group and user; the other groups are the caller's matter.
 * -1 with errno.  Makes system calls only: for a child after fork, too. */
int	user_become(const struct user *);

#endif
