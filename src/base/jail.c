/*
 * jail.c - hostile bytes are parsed in a child that can do nothing.
 *
 *   parent                               child
 *   socketpair, fork ------------------> rlimits, its user, sandbox
 *   poll until deadline                  body
 *   read to end of file <--------------- what it sends
 *   wait, kill at the deadline           _exit(0)
 *
 * Whoever calls believes nothing of it: what comes is parsed strictly.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail_child.h"
#include "util.h"

#define CPU_S	    2
#define DEAR_S	    30
#define POLL_MAX_MS 20 /* without pidfd */
#define FD_HIGH	    100 /* above all that are handed over */

/* The sandbox keeps what is set here; where it is off (tests) it holds, too. */
static int
limit_cpu(const struct pki_jail *jail)
{
	rlim_t max = jail->cpu_s > 0 ? (rlim_t)jail->cpu_s
		     : jail->dear      ? DEAR_S
				       : CPU_S;
	struct rlimit r;

	if (getrlimit(RLIMIT_CPU, &r) == -1)
		return -1;
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > max)
		r.rlim_max = max;
	r.rlim_cur = r.rlim_max;
	return setrlimit(RLIMIT_CPU, &r);
}

int
jail_send(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void
jail_put32(unsigned char *p, size_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

size_t
jail_get32(const void *data)
{
	const unsigned char *p = data;

	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	       p[3];
}

/* The way out as JAIL_OUT, what is handed over behind it, and no other: first
 * all of them out of the way. */
static int
hand_over(int fd, const struct pki_jail *jail)
{
	int high[1 + JAIL_FILES_MAX];
	size_t i;

	if (jail->n_files > JAIL_FILES_MAX)
		return -1;
	for (i = 0; i <= jail->n_files; i++) {
		high[i] =
		    fcntl(i == 0 ? fd : jail->files[i - 1], F_DUPFD, FD_HIGH);
		if (high[i] == -1)
			return -1;
	}
	for (i = 0; i <= jail->n_files; i++)
		if (dup2(high[i], JAIL_OUT + (int)i) == -1)
			return -1;
	return close_range(JAIL_OUT + 1 + (unsigned)jail->n_files, ~0u, 0);
}

int
jail_enter(int fd, const struct pki_jail *jail)
{
	struct sandbox_paths none = {.rw = {NULL}};
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	if (hand_over(fd, jail) == -1 || limit_cpu(jail) == -1)
		return EXIT_SETUP;
	err_clear(&e);
	if (jail->user != NULL && sandbox_drop_user(jail->user, &e) == -1)
		return EXIT_USER;
	return sandbox_enter(jail->role, &none, &e) == -1 ? EXIT_SANDBOX : 0;
}

/* Never returns. */
static void
child(int fd, const struct pki_jail *jail, jail_body body, const void *arg)
{
	int code = jail_enter(fd, jail);

	if (code != 0)
		_exit(code);
	_exit(body(JAIL_OUT, arg) == 0 ? 0 : EXIT_FAILED);
}

int
jail_wall(const struct pki_jail *jail)
{
	if (jail->timeout_ms > 0)
		return jail->timeout_ms;
	return jail->dear ? JAIL_DEAR_MS : JAIL_WALL_MS;
}

int
jail_receive(int fd, int64_t deadline, struct buf *b)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;
	ssize_t n;

	for (;;) {
		if ((left = deadline - now_ms()) <= 0)
			return -1;
		if (poll(&p, 1, (int)left) == -1 && errno != EINTR)
			return -1;
		if (p.revents == 0)
			continue;
		p.revents = 0;
		if (buf_reserve(b, JAIL_READ_SIZE) == -1)
			return -1;
		n = recv(fd, b->data + b->len, JAIL_READ_SIZE, MSG_DONTWAIT);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0)
			b->len += (size_t)n;
	}
}

/* Ends the child if it has not ended by then: one that has closed its end may
 * stay all the same.  Its exit code, or -1. */
static int
reap(pid_t pid, int64_t deadline)
{
	struct pollfd p = {.events = POLLIN};
	int64_t left;
	int status = 0;
	pid_t rc;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	do {
		if ((left = deadline - now_ms()) <= 0)
			kill(pid, SIGKILL);
		else if (p.fd == -1 && left > POLL_MAX_MS)
			left = POLL_MAX_MS;
		if (left > 0)
			(void)poll(&p, 1, (int)left);
		rc = waitpid(pid, &status, left > 0 ? WNOHANG : 0);
	} while (rc == 0 || (rc == -1 && errno == EINTR));
	if (p.fd != -1)
		(void)close(p.fd);
	return rc == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
jail_trouble(int code, struct err *e)
{
	static const char *const setup[] = {
	    [EXIT_SETUP] = "descriptors and limits",
	    [EXIT_USER] = "user",
	    [EXIT_SANDBOX] = "sandbox",
	};

	return err_set(e, ERR_CONFIG, "",
	    "jailed child: could not set up its %s",
	    code >= EXIT_SETUP && code <= EXIT_SANDBOX ? setup[code]
						       : "process");
}

int
jail_spawn(const struct pki_jail *jail, jail_body body, const void *arg,
    struct buf *b, struct err *e)
{
	int64_t deadline = now_ms() + jail_wall(jail);
	int fd[2], got, code;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1)
		return err_sys(e, ERR_INTERNAL, "", "socketpair");
	if ((pid = fork()) == -1) {
		err_sys(e, ERR_INTERNAL, "", "fork");
		close(fd[0]);
		close(fd[1]);
		return -1;
	}
	if (pid == 0) {
		close(fd[0]);
		child(fd[1], jail, body, arg);
	}
	close(fd[1]);
	got = jail_receive(fd[0], deadline, b);
	code = reap(pid, got == -1 ? 0 : deadline);
	close(fd[0]);
	if (code >= EXIT_SETUP && code <= EXIT_SANDBOX && b->len == 0)
		return jail_trouble(code, e);
	if (got == -1)
		return JAIL_LATE;
	if (code == EXIT_FAILED)
		return JAIL_FAILED;
	return code != 0 ? JAIL_DIED : 0;
}
