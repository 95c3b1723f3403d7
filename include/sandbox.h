/*
 * sandbox.h - the one place that shows what every process may do.
 *
 * Each role is a row of a const table: Landlock paths, seccomp allow-list,
 * rlimits, user.  All fail closed: a kernel without Landlock or seccomp is
 * ERR_CONFIG with a clear line.  "sandbox_required = no" in postseal.conf
 * goes on with what the kernel has (sandbox_require); the environment variable
 * POSTSEAL_SANDBOX=off turns all of it off (tests under ASan and valgrind
 * only).  What came of it is in sandbox_state, for the status page.
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
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct json_object;

enum sandbox_role {
	SANDBOX_INSPECT,	/* parses uploads: no files, no sockets */
	SANDBOX_FILES,		/* the same, and reads files that it was
				 * handed open */
	SANDBOX_WEB,		/* postseal.fcgi workers */
	SANDBOX_SYNC,		/* postseal-sync: etcd and postseald */
	SANDBOX_LOGS,		/* postseal-logs: reads logs, writes counts */
	SANDBOX_KEEPER,		/* makes children that enter one of the first
				 * two: no files, no sockets of its own */
	SANDBOX__MAX
};

/* Who is not told what it may do, but what it may not. */
enum sandbox_forbid {
	FORBID_ROOT,		/* postseald, and Postfix's tools below it */
	FORBID_TOOL,		/* posttls-finger, which meets strangers */
	FORBID_PARENT,		/* of postseal.fcgi's workers */
	FORBID__MAX
};

struct sandbox_paths {		/* what differs from host to host */
	const char	*rw[4];	/* directories; NULL-terminated */
	const char	*ro[8];
	const char	*sock[4]; /* Unix sockets it may connect to: their
				   * directories */
	uint16_t	 tcp[10]; /* ports to connect to (Landlock from ABI 4
				   * on; before, any); 0 = none */
	int		 listening; /* WEB: the socket that workers share */
};

struct sandbox_state {		/* what is in force in a process */
	int	landlock;	/* ABI, 0 = none */
	bool	seccomp;
	bool	no_new_privs;
	bool	limits;		/* rlimits, not dumpable, no core */
};

/* For main programs, before the first process is made: false = a kernel that
 * lacks a part is no reason to end. */
void	sandbox_require(bool);
/* Drop to the named user: groups, gid, uid, all ids, checked that the way
 * back is closed. */
int	sandbox_drop_user(const char *user, struct err *);
/* A filter for this process and all that it starts.  Where the kernel insists
 * on no_new_privs, without CAP_SYS_ADMIN, that is set, but for FORBID_ROOT,
 * which does without the filter then and logs it. */
int	sandbox_forbid(enum sandbox_forbid, struct err *);
/* Enter the role.  Cannot be undone. */
int	sandbox_enter(enum sandbox_role, const struct sandbox_paths *,
	    struct err *);
/* The same, and what is in force then. */
int	sandbox_enter_state(enum sandbox_role, const struct sandbox_paths *,
	    struct sandbox_state *, struct err *);
/* {"user", "landlock": ABI, "seccomp", "no_new_privs", "limits", "complete"};
 * NULL without memory. */
struct json_object *sandbox_state_to_json(const struct sandbox_state *,
	    const char *user);
/*
 * A process that stays root keeps these capabilities and no other, nor do
 * its children: what Postfix's start and its daemons use, and what
 * postseald.service names.
 */
int	sandbox_bound_capabilities(struct err *);
/* Their names, of this process as it is: ["chown", ...]. */
struct json_object *sandbox_capabilities(void);

#endif
