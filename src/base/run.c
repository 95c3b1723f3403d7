/*
 * run.c - one child process at a time, under a deadline.
 *
 * The parent sleeps in poll() on the two output pipes and on a pidfd.  The
 * end is the child's exit, not EOF: Postfix's master inherits the pipes of
 * "postfix start" and would keep them open for weeks.  What lies in the pipes
 * at the exit is still taken, up to DRAIN_MAX.
 *
 * stdin is a memfd, not a pipe: no SIGPIPE, no deadlock with a child that
 * writes before it reads.
 *
 * Between fork and exec only async-signal-safe calls are made.  An exec that
 * fails sends its errno through a pipe that a successful exec closes.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "run.h"
#include "sandbox.h"
#include "user.h"
#include "util.h"

#define OUT_MAX_DEFAULT (64 * 1024)
#define TIMEOUT_DEFAULT 10000
#define DRAIN_MAX	(1024 * 1024) /* a pipe holds no more */
#define POLL_MAX_MS	20	      /* without pidfd */

enum { P_OUT, P_ERR, P_EXEC, P__MAX };

struct child {
	pid_t pid;
	int stdin_fd, pidfd;
	int rd[P__MAX], wr[P__MAX];
	int status;
	int64_t deadline;
	struct user user; /* 0 = stay */
};

static const char *const default_env[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL=C",
    NULL,
};

static void
shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
child_init(struct child *c, int timeout_ms)
{
	int i;

	memset(c, 0, sizeof(*c));
	c->stdin_fd = c->pidfd = -1;
	for (i = 0; i < P__MAX; i++)
		c->rd[i] = c->wr[i] = -1;
	c->deadline =
	    now_ms() + (timeout_ms > 0 ? timeout_ms : TIMEOUT_DEFAULT);
}

static void
child_close(struct child *c)
{
	int i;

	shut(&c->stdin_fd);
	shut(&c->pidfd);
	for (i = 0; i < P__MAX; i++) {
		shut(&c->rd[i]);
		shut(&c->wr[i]);
	}
}

/* Out of the way of 0, 1, 2, should our own be closed. */
static int
above_stdio(int *fd)
{
	int high;

	if (*fd > STDERR_FILENO)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (high == -1)
		return -1;
	close(*fd);
	*fd = high;
	return 0;
}

static int
open_pipes(struct child *c)
{
	int i, fd[2];

	for (i = 0; i < P__MAX; i++) {
		if (pipe2(fd, O_CLOEXEC) != 0)
			return -1;
		c->rd[i] = fd[0];
		c->wr[i] = fd[1];
		if (above_stdio(&c->rd[i]) != 0 || above_stdio(&c->wr[i]) != 0)
			return -1;
		if (i != P_EXEC && fcntl(c->rd[i], F_SETFL, O_NONBLOCK) != 0)
			return -1;
	}
	return 0;
}

static int
open_stdin(struct child *c, const void *in, size_t len)
{
	if (in == NULL) {
		c->stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} else {
		c->stdin_fd = memfd_create("stdin", MFD_CLOEXEC);
	}
	if (c->stdin_fd == -1 || above_stdio(&c->stdin_fd) != 0)
		return -1;
	if (in == NULL)
		return 0;
	if (write_all(c->stdin_fd, in, len) == -1)
		return -1;
	return lseek(c->stdin_fd, 0, SEEK_SET) == 0 ? 0 : -1;
}

/*
 * Signals ignored or blocked by us would stay so across exec.  The raw call,
 * because the C library keeps two numbers from its own sigaction(), and a
 * parent that ignored all of them has been seen.  All zeros is SIG_DFL.
 */
static void
reset_signals(void)
{
	static const unsigned long dflt[8];
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, dflt, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Marked close-on-exec only, since the exec pipe must live until then. */
static void
close_others(void)
{
	long fd, max;

	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U,
		CLOSE_RANGE_CLOEXEC) == 0)
		return;
	max = sysconf(_SC_OPEN_MAX);
	if (max < 0 || max > 65536)
		max = 65536;
	for (fd = STDERR_FILENO + 1; fd < max; fd++)
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

static int
become(const struct child *c)
{
	struct err err;

	if (c->user.uid == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	if (geteuid() != 0)
		return geteuid() == c->user.uid ? 0 : -1;
	if (setgroups(0, NULL) == -1 || user_become(&c->user) == -1)
		return -1;
	err_clear(&err);
	return sandbox_forbid(FORBID_TOOL, &err);
}

static void
child_exec(const struct child *c, const struct run_spec *spec)
{
	const char *const *env = spec->envp == NULL ? default_env : spec->envp;
	ssize_t n;
	int e;

	setpgid(0, 0);
	reset_signals();
	if (dup2(c->stdin_fd, STDIN_FILENO) != -1 &&
	    dup2(c->wr[P_OUT], STDOUT_FILENO) != -1 &&
	    dup2(c->wr[P_ERR], STDERR_FILENO) != -1 && become(c) == 0) {
		close_others();
		execve(spec->argv[0], (char *const *)(uintptr_t)spec->argv,
		    (char *const *)(uintptr_t)env);
	}
	e = errno;
	n = write(c->wr[P_EXEC], &e, sizeof(e));
	(void)n;
	_exit(127);
}

static int
reap(struct child *c, int flags)
{
	pid_t pid;

	do {
		pid = waitpid(c->pid, &c->status, flags);
	} while (pid == -1 && errno == EINTR);
	return pid == c->pid ? 1 : (int)pid;
}

/* Fork and wait until exec has succeeded or said why not. */
static int
start(struct child *c, const struct run_spec *spec, struct err *err)
{
	ssize_t n;
	int e, i;

	if (open_stdin(c, spec->in, spec->in_len) != 0 || open_pipes(c) != 0 ||
	    (c->pid = fork()) == -1)
		return err_sys(err, ERR_IO, NULL, "run %s", spec->argv[0]);
	if (c->pid == 0)
		child_exec(c, spec);
	setpgid(c->pid, c->pid); /* both do: whoever is first */
	shut(&c->stdin_fd);
	for (i = 0; i < P__MAX; i++)
		shut(&c->wr[i]);
	do {
		n = read(c->rd[P_EXEC], &e, sizeof(e));
	} while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(e)) {
		reap(c, 0);
		errno = e;
		return err_sys(err, ERR_IO, NULL, "run %s", spec->argv[0]);
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

/* Take what is there; closes the pipe at EOF.  Returns the bytes taken. */
static size_t
collect(int *fd, struct buf *b)
{
	char chunk[4096];
	size_t total = 0, room;
	ssize_t n;

	while (*fd != -1 && total < DRAIN_MAX) {
		n = read(*fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			shut(fd);
			break;
		}
		total += (size_t)n;
		room = b->max - b->len;
		buf_add(b, chunk, (size_t)n < room ? (size_t)n : room);
	}
	return total;
}

static void
kill_group(struct child *c)
{
	/* The group's number is ours until the leader is reaped. */
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	reap(c, 0);
}

/* 0 = it exited; -1 = the deadline passed or its state was lost. */
static int
wait_exit(
    struct child *c, const char *name, struct run_result *r, struct err *err)
{
	struct pollfd p[3];
	int64_t left;
	int rc;

	for (;;) {
		if ((rc = reap(c, WNOHANG)) == 1)
			return 0;
		if (rc == -1)
			return err_sys(
			    err, ERR_INTERNAL, NULL, "exit status of %s", name);
		left = c->deadline - now_ms();
		if (left <= 0) {
			kill_group(c);
			return err_set(err, ERR_TIMEOUT, NULL,
			    "%s: killed at the end of its time", name);
		}
		if (c->pidfd == -1 && left > POLL_MAX_MS)
			left = POLL_MAX_MS;
		p[0].fd = c->rd[P_OUT];
		p[1].fd = c->rd[P_ERR];
		p[2].fd = c->pidfd;
		p[0].events = p[1].events = p[2].events = POLLIN;
		if (poll(p, 3, (int)left) > 0) {
			collect(&c->rd[P_OUT], &r->out);
			collect(&c->rd[P_ERR], &r->err);
		}
	}
}

static int
run_child(const struct run_spec *spec, struct run_result *r, struct err *err)
{
	struct child c;
	int rc = -1;

	child_init(&c, spec->timeout_ms);
	/* Before the fork: what looks a user up is not for a child of ours. */
	if ((spec->user != NULL && user_find(spec->user, &c.user, err) == -1) ||
	    start(&c, spec, err) != 0)
		goto out;
	rc = wait_exit(&c, spec->argv[0], r, err);
	collect(&c.rd[P_OUT], &r->out);
	collect(&c.rd[P_ERR], &r->err);
	if (rc == 0 && WIFEXITED(c.status))
		r->exit_code = WEXITSTATUS(c.status);
	else if (WIFSIGNALED(c.status))
		r->signal = WTERMSIG(c.status);
out:
	child_close(&c);
	return rc;
}

/* Tests only: what a failure with this number looks like, see fault.h. */
static int
pretend(int e, const char *name, struct run_result *r, struct err *err)
{
	r->exit_code = e == ECHILD ? 1 : -1;
	r->signal = e == EINTR ? SIGKILL : 0;
	if (e == ECHILD || e == EINTR)
		return 0;
	errno = e;
	return err_sys(
	    err, e == ETIMEDOUT ? ERR_TIMEOUT : ERR_IO, NULL, "run %s", name);
}

int
run(const struct run_spec *spec, struct run_result *r, struct err *err)
{
	size_t max = spec->out_max > 0 ? spec->out_max : OUT_MAX_DEFAULT;
	int e;

	r->exit_code = -1;
	r->signal = 0;
	buf_init(&r->out, max);
	buf_init(&r->err, max);
	e = fsx_fault("run", spec->argv[0]);
	if (e != 0 && !fault_late())
		return pretend(e, spec->argv[0], r, err);
	if (run_child(spec, r, err) != 0)
		return -1;
	return e == 0 ? 0 : pretend(e, spec->argv[0], r, err);
}

void
run_result_clear(struct run_result *r)
{
	buf_clear(&r->out);
	buf_clear(&r->err);
}
