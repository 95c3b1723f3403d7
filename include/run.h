/*
 * run.h - child processes: argv, no shell, clean environment, a deadline,
 * bounded output, and the whole process group killed at the end of time.
 *
 * argv[0] is an absolute path.  The environment is exactly envp (NULL = PATH
 * of the system, LC_ALL=C, nothing else).  stdin is /dev/null or `in`;
 * stdout and stderr are collected apart, each at most out_max bytes, the rest
 * is read and dropped.  All other descriptors are closed in the child.
 * Errors: -1 only if the child could not be started or timed out
 * (ERR_TIMEOUT), ERR_CONFIG for a user that is not there; a non-zero exit is a
 * result, not an error.
 * Daemons left behind by the child (Postfix's master) survive: they make
 * their own session; output is read until the child exits, not until EOF.
 */
#ifndef POSTSEAL_RUN_H
#define POSTSEAL_RUN_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

struct run_spec {
	const char *const	*argv;		/* NULL-terminated */
	const char *const	*envp;
	const void		*in;
	size_t			 in_len;
	size_t			 out_max;	/* 0 = 64 KiB */
	int			 timeout_ms;	/* 0 = 10 s */
	const char		*user;		/* to become, for good; not
						 * root, no program can make
						 * it so again, and with the
						 * filter FORBID_TOOL: it
						 * cannot fork; NULL: stay */
};

struct run_result {
	int		exit_code;	/* -1 when killed by a signal */
	int		signal;
	struct buf	out, err;	/* init by run(), clear by caller */
};

int	run(const struct run_spec *, struct run_result *, struct err *);
void	run_result_clear(struct run_result *);

#endif
