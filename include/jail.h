/*
 * jail.h - work in a child that can do nothing but send its answer.
 *
 * A child by fork has the memory of its parent, and with it every key that
 * the parent has read.  So hostile bytes are parsed in children of a keeper:
 * a small process that was made before postseald read its first key, under a
 * user of its own, which forks a child for each job that it is asked for
 * (jail_ask, jail_open).  What the job needs, and no more, goes through a
 * socket.  Where no keeper was started (tests), the caller forks.
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
	const char	*user;		/* to drop to; NULL: stay
					 * (tests not run by root) */
	int		 timeout_ms;	/* wall clock, 0 = 5 s */
	bool		 dear;		/* 45 s, and so much of the CPU */
	int		 cpu_s;		/* 0: 2 s of it, or 30 */
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

/* A job that a keeper knows by its name.  work gets all of its input before
 * it begins, and 0 or -1 is what it comes to. */
struct jail_job {
	const char	*name;		/* under JAIL_NAME_MAX bytes */
	enum sandbox_role role;
	int		(*work)(int fd, const struct buf *in);
};
#define JAIL_NAME_MAX	16
#define JAIL_INPUT_MAX	(8 * 1024 * 1024)
/* One keeper for each kind of stranger. */
enum jail_keeper { JAIL_PARSER, JAIL_PROBER, JAIL_KEEPERS };

/* As jail_spawn, with the input as bytes; of `jail` user and role count where
 * there is no keeper. */
int	jail_ask(const struct pki_jail *, enum jail_keeper,
	    const struct jail_job *, const struct buf *in, struct buf *b,
	    struct err *);
/* The socket to a child that is at work: it ends when that is closed. */
int	jail_open(const struct pki_jail *, enum jail_keeper,
	    const struct jail_job *, const struct buf *in, int *ret_fd,
	    struct err *);

/* Make the keeper, which drops to the user and never comes back.  For a main
 * program, before it reads a secret, and again when that child (*ret_pid) has
 * ended.  The jobs are closed by NULL. */
int	jail_keep(enum jail_keeper, const char *user,
	    const struct jail_job *const *jobs, pid_t *ret_pid, struct err *);
int	jail_send(int fd, const void *data, size_t len);
/* A length in a frame: four bytes, the highest first. */
void	jail_put32(unsigned char *, size_t);
size_t	jail_get32(const void *);

#endif
