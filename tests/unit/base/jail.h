/*
 * jail.h - run a function in a role of the sandbox, in a child of its own.
 */
#ifndef TEST_JAIL_H
#define TEST_JAIL_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "sandbox.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define LISTENING 40
#define FREE (-1) /* no role at all */

enum { DONE = 0, REFUSED = 1, BROKEN = 2 };

/* The kernel has what we need: asked once, in main. */
static bool able;

static inline struct sandbox_paths
paths(void)
{
	struct sandbox_paths p;

	memset(&p, 0, sizeof(p));
	p.rw[0] = tmp_path("rw");
	p.ro[0] = tmp_path("ro");
	p.sock[0] = tmp_root;
	p.listening = LISTENING;
	return p;
}

/* The number of a listening socket of the child's own. */
static inline void
listening_socket(void)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family));
	(void)listen(fd, 1);
	(void)dup2(fd, LISTENING);
}

/* Run fn in a role; its result, or the signal that killed it negated. */
static inline int
in_role(int role, int (*fn)(void))
{
	struct sandbox_paths p = paths();
	int status, rc;
	struct err err;
	pid_t pid;

	if ((pid = fork()) == 0) {
		listening_socket();
		if (role != FREE &&
		    sandbox_enter((enum sandbox_role)role,
			role == SANDBOX_WEB ? &p : NULL, &err) != 0) {
			fprintf(stderr, "%s\n", err.msg);
			_exit(77);
		}
		rc = fn();
		_exit(rc);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline int
jail_set_up(void)
{
	struct err err;
	int fd;

	if (fsx_mkdir(tmp_path("rw"), 0700, &err) != 0 ||
	    fsx_mkdir(tmp_path("ro"), 0700, &err) != 0 ||
	    fsx_create(tmp_path("secret"), "secret", 6, 0600, &err) != 0 ||
	    fsx_create(tmp_path("ro/f"), "template", 8, 0600, &err) != 0 ||
	    fsx_create(tmp_path("rw/moving"), "m", 1, 0600, &err) != 0 ||
	    symlink(tmp_path("secret"), tmp_path("rw/link")) != 0)
		return -1;
	fd = ipc_listen(tmp_path("d.sock"), 0600, (gid_t)-1, &err);
	if (fd == -1)
		return -1;
	able = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
	if (!able)
		fprintf(stderr, "no Landlock here: only that it fails\n");
	return 0;
}

#endif
