/*
 * issuejail.c - a key is made in a child that can do nothing else.
 *
 *   parent                            child
 *   socketpair, fork ---------------> sandbox (no files, no network, 2 s CPU)
 *   poll until deadline               issue_make
 *   read frame <--------------------- "len len len key csr certificate"
 *   kill at the deadline, wait        _exit(0)
 *
 * A search for two primes that has bad luck runs into the child's limit of
 * CPU time; another child then begins anew, so that one slow search costs
 * two seconds and not the request.  The child stays root's: it holds a key.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "issue.h"
#include "sandbox.h"
#include "util.h"

#define WALL_MS	   45000 /* of all attempts; nobody waits longer */
#define FD_OUT	   3
#define PARTS	   3
#define PART_MAX   (64 * 1024)
#define FRAME_MAX  (PARTS * (4 + PART_MAX))
#define READ_SIZE  8192
#define EXIT_SETUP 2

static int
send_all(int fd, const void *data, size_t len)
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

/* Never returns. */
static void
child(int fd, const struct issue_request *r)
{
	const struct sandbox_paths none = {.rw = {NULL}};
	struct issue_output out;
	const struct buf *part[PARTS] = {&out.key, &out.csr, &out.certificate};
	unsigned char head[4];
	struct err e;
	size_t i;
	int rc = 0;

	signal(SIGPIPE, SIG_IGN);
	if ((fd != FD_OUT && dup2(fd, FD_OUT) == -1) ||
	    close_range(FD_OUT + 1, ~0u, 0) == -1)
		_exit(EXIT_SETUP);
	if (sandbox_enter(SANDBOX_INSPECT, &none, &e) == -1)
		_exit(EXIT_SETUP);
	issue_output_init(&out);
	if (issue_make(r, &out, &e) == -1)
		_exit(1);
	for (i = 0; i < PARTS && rc == 0; i++) {
		head[0] = 0;
		head[1] = (unsigned char)(part[i]->len >> 16);
		head[2] = (unsigned char)(part[i]->len >> 8);
		head[3] = (unsigned char)part[i]->len;
		if (send_all(FD_OUT, head, sizeof(head)) == -1 ||
		    send_all(FD_OUT, part[i]->data, part[i]->len) == -1)
			rc = 1;
	}
	issue_output_clear(&out);
	_exit(rc);
}

/* Everything up to end of file, or the deadline. */
static int
receive(int fd, int64_t deadline, struct buf *b)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;
	ssize_t n;

	for (;;) {
		if ((left = deadline - now_ms()) <= 0)
			return -1;
		if (poll(&p, 1, (int)left) == -1 && errno != EINTR)
			return -1;
		if (buf_reserve(b, READ_SIZE) == -1)
			return -1;
		n = recv(fd, b->data + b->len, READ_SIZE, MSG_DONTWAIT);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0)
			b->len += (size_t)n;
	}
}

static int
split(const struct buf *b, struct issue_output *out)
{
	struct issue_output made;
	struct buf *part[PARTS] = {&made.key, &made.csr, &made.certificate};
	const unsigned char *p = (const unsigned char *)b->data;
	size_t at = 0, len, i;

	issue_output_init(&made);
	for (i = 0; i < PARTS; i++) {
		if (b->len - at < 4)
			goto fail;
		len = (size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 |
		      p[at + 3];
		at += 4;
		if (len > b->len - at ||
		    (len > 0 && buf_add(part[i], b->data + at, len) == -1))
			goto fail;
		at += len;
	}
	if (at != b->len || made.key.len == 0 || made.csr.len == 0)
		goto fail;
	issue_output_clear(out);
	*out = made;
	return 0;
fail:
	issue_output_clear(&made);
	return -1;
}

/* 1 = again, as the child ran into its limits. */
static int
attempt(const struct issue_request *r, int64_t deadline,
    struct issue_output *out, struct err *err)
{
	int fd[2], status = 0, got, rc = 1;
	struct buf b;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1)
		return err_sys(err, ERR_INTERNAL, "", "socketpair");
	if ((pid = fork()) == 0) {
		close(fd[0]);
		child(fd[1], r);
	}
	close(fd[1]);
	if (pid == -1) {
		close(fd[0]);
		return err_sys(err, ERR_INTERNAL, "", "fork");
	}
	buf_init(&b, FRAME_MAX + READ_SIZE);
	got = receive(fd[0], deadline, &b);
	if (got == -1)
		kill(pid, SIGKILL);
	close(fd[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SETUP)
		rc = err_set(err, ERR_CONFIG, "",
		    "the child that makes keys could not enter its sandbox");
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		rc = err_set(err, ERR_KEYS_FAILED, "", "OpenSSL made no key");
	else if (got == 0 && WIFEXITED(status))
		rc = split(&b, out) == 0 ? 0
					 : err_set(err, ERR_KEYS_FAILED, "",
					       "the child's answer is damaged");
	buf_clear(&b);
	return rc;
}

int
issue_make_jailed(
    const struct issue_request *r, struct issue_output *out, struct err *err)
{
	int64_t end = now_ms() + WALL_MS;
	int rc;

	do
		rc = attempt(r, end, out, err);
	while (rc == 1 && now_ms() < end);
	if (rc == 1)
		return err_set(err, ERR_KEYS_FAILED, "", "no key came in %d s",
		    WALL_MS / 1000);
	return rc;
}
