/*
 * jail.h - work in a child that can do nothing but send its answer.
 *
 * Trust: the child is not believed.  Errors of its own are its exit codes;
 * ERR_CONFIG: the walls could not be set up, and body was not run.
 */
#ifndef POSTSEAL_JAIL_H
#define POSTSEAL_JAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "sandbox.h"

#define JAIL_FILES_MAX	8

struct pki_jail {
	const char	*user;		/* to drop to, "nobody"; NULL: stay
					 * (tests not run by root) */
	int		 timeout_ms;	/* wall clock, 0 = 5 s */
	bool		 dear;		/* 45 s, and so much of the CPU */
	enum sandbox_role role;		/* SANDBOX_INSPECT: without files */
	const int	*files;		/* open; the child's JAIL_FILE(i) */
	size_t		 n_files;
};
#define JAIL_FILE(i)	(4 + (int)(i))

/*
 * Run body in the jailed child; what it sends goes into b, whose
 * maximum is the bound and JAIL_READ_SIZE more than the longest frame.  0, or
 * the child's fault (JAIL_FAILED: body returned -1), or -1 (ours).
 */
enum { JAIL_FAILED = 1, JAIL_DIED, JAIL_LATE };
#define JAIL_READ_SIZE	16384
typedef int (*jail_body)(int fd, const void *arg);
int	jail_spawn(const struct pki_jail *, jail_body, const void *arg,
	    struct buf *b, struct err *);
int	jail_send(int fd, const void *data, size_t len);
/* A length in a frame: four bytes, the highest first. */
void	jail_put32(unsigned char *, size_t);
size_t	jail_get32(const void *);

#endif
