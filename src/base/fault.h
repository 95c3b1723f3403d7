/*
 * fault.h - failures on order, for tests built with -DPOSTSEAL_FAULT.
 *
 * fsx_fault(op, path) is asked before each file operation of fsx and each
 * child process of run ("run", argv[0]).  It returns 0, or the errno that the
 * operation shall fail with.  It is driven by the environment, which the
 * children of a fork share:
 *   POSTSEAL_FAULT_NTH=N      the Nth operation fails (1 is the first)
 *   POSTSEAL_FAULT_ERRNO=E    with this errno (a number; EIO when unset)
 *   POSTSEAL_FAULT_COUNT=FILE where the count is kept, under flock, so that
 *                             it goes on across a process tree
 *   POSTSEAL_FAULT_KILL=1     SIGKILL to ourselves there instead
 *   POSTSEAL_FAULT_TRACE=FILE one line "N op path" appended an operation
 *   POSTSEAL_FAULT_LATE=1     a child process that shall fail does its work
 *                             first (fault_late)
 * For the op "run" three numbers stand for more than "could not be started":
 * ETIMEDOUT is a timeout, ECHILD exit status 1, EINTR death by SIGKILL.
 * Without POSTSEAL_FAULT_COUNT nothing is counted and nothing fails.
 */
#ifndef POSTSEAL_FAULT_H
#define POSTSEAL_FAULT_H

#include <errno.h>
#include <stdbool.h>

int fsx_fault(const char *op, const char *path);
bool fault_late(void);

#ifndef POSTSEAL_FAULT
#define fsx_fault(op, path) 0
#define fault_late()	    false
#endif

/* -1 with errno set when a test wants this operation to fail. */
static inline int
fault_ask(const char *op, const char *path)
{
	int e = fsx_fault(op, path);

	if (e == 0)
		return 0;
	errno = e;
	return -1;
}

#endif
