/*
 * sandbox.h - the one place that shows what every process may do.
 *
 * Each role is a row of a const table: Landlock paths, seccomp allow-list,
 * rlimits, user.  All fail closed: a kernel without Landlock or seccomp is
 * ERR_CONFIG with a clear line, unless the environment variable
 * POSTSEAL_SANDBOX=off says so (tests under ASan and valgrind only).
 * no_new_privs and PR_SET_DUMPABLE 0 are set for every role.
 * Before entering: load what must be loaded (libraries, OpenSSL providers,
 * templates), connect to syslog.  Digests, HMAC and the random source are
 * warmed up by sandbox_enter itself.
 * Afterwards no page can become executable; SIGXFSZ is ignored (a write
 * beyond RLIMIT_FSIZE fails with EFBIG, in SANDBOX_INSPECT any write to a
 * regular file, stderr included).
 * Known gap: Landlock does not check connect() to a socket file; there the
 * file's mode decides, and sock[] is for kernels that will.
 */
#ifndef POSTSEAL_SANDBOX_H
#define POSTSEAL_SANDBOX_H

#include <sys/types.h>

#include "err.h"

enum sandbox_role {
	SANDBOX_WEB,		/* postseal.fcgi workers */
	SANDBOX_INSPECT,	/* parses uploads: no files, no sockets */
	SANDBOX__MAX
};

struct sandbox_paths {		/* what differs from host to host */
	const char	*rw[4];	/* directories; NULL-terminated */
	const char	*ro[4];
	const char	*sock[4]; /* Unix sockets it may connect to: their
				   * directories */
};

/* Drop to the named user: groups, gid, uid, all ids, checked that the way
 * back is closed. */
int	sandbox_drop_user(const char *user, struct err *);
/* Enter the role.  Cannot be undone. */
int	sandbox_enter(enum sandbox_role, const struct sandbox_paths *,
	    struct err *);

#endif
