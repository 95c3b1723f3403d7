/*
 * keeper.c - jobs over hostile bytes in children of a process that never had
 * a secret.
 *
 *   caller (root)              keeper (own user)         child
 *   socketpair
 *   {job, limits} + socket --> fork ------------------> limits, sandbox
 *   <--------------------------------------------------- one byte: 0 = ready
 *   input ---------------------------------------------> work(input)
 *   <--------------------------------------------------- answer, end of file
 *                              kill at the deadline
 *
 * The keeper reads nothing but the fixed frame of a caller, and callers are
 * postseald and its children alone, which have the other end of the socket by
 * inheritance.  It ends when the last of them has.  Its children share its
 * user; none can reach another, as no filter lets kill or ptrace pass and
 * none is dumpable.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail_child.h"
#include "util.h"

#define CHILDREN_MAX 96
#define CTL	     3 /* in the keeper */
#define LOOK_MS	     1000
#define START_S	     10
#define SPARE_MS     1000 /* the caller gives up first */
#define FDS_MAX	     (1 + JAIL_FILES_MAX)

struct request {
	char job[JAIL_NAME_MAX];
	int wall_ms;
	bool dear;
};

struct told {
	struct err err;
	bool ok;
};

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* Sockets of this process and of all that it forks; 0 = none was made. */
static int keeper_fd[JAIL_KEEPERS];

/* --- the child ---------------------------------------------------------- */

/* Four bytes of length, and the input; exactly so much. */
static int
read_input(int fd, struct buf *in)
{
	unsigned char head[4];
	size_t want;
	ssize_t n;

	if (recv(fd, head, sizeof(head), MSG_WAITALL) != sizeof(head) ||
	    (want = jail_get32(head)) > JAIL_INPUT_MAX)
		return -1;
	buf_init(in, want + 1);
	if (buf_reserve(in, want) == -1)
		return -1;
	while (in->len < want) {
		n = recv(fd, in->data + in->len, want - in->len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		in->len += (size_t)n;
	}
	if (in->data != NULL)
		in->data[in->len] = '\0';
	return 0;
}

static _Noreturn void
work(int fd, const struct pki_jail *jail, const struct jail_job *job)
{
	struct buf in;
	unsigned char code = (unsigned char)jail_enter(fd, jail);

	if (jail_send(code == EXIT_SETUP ? fd : JAIL_OUT, &code, 1) == -1 ||
	    code != 0 || read_input(JAIL_OUT, &in) == -1)
		_exit(EXIT_SETUP);
	_exit(job->work(JAIL_OUT, &in) == 0 ? 0 : EXIT_FAILED);
}

/* --- the keeper --------------------------------------------------------- */

struct flock_of {
	struct {
		pid_t pid;
		int64_t end;
	} child[CHILDREN_MAX];
	size_t n;
};

/* Those that have ended, and an end to those that should have. */
static void
look_after(struct flock_of *f)
{
	size_t i = 0;

	while (i < f->n) {
		if (waitpid(f->child[i].pid, NULL, WNOHANG) != 0) {
			f->child[i] = f->child[--f->n];
			continue;
		}
		if (now_ms() >= f->child[i].end)
			(void)kill(f->child[i].pid, SIGKILL);
		i++;
	}
}

static const struct jail_job *
find_job(const struct jail_job *const *jobs, const struct request *r)
{
	for (; *jobs != NULL; jobs++)
		if (strncmp((*jobs)->name, r->job, sizeof(r->job)) == 0)
			return *jobs;
	return NULL;
}

/* The descriptors of a message: how many, or -1 at the end of all callers. */
static int
take_request(struct request *r, int fds[FDS_MAX])
{
	union control control;
	struct iovec iov = {r, sizeof(*r)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	const struct cmsghdr *c;
	size_t n = 0;
	ssize_t got;

	memset(&control, 0, sizeof(control));
	if ((got = recvmsg(CTL, &msg, MSG_CMSG_CLOEXEC)) == 0)
		return -1;
	if (got == -1)
		return errno == EINTR ? 0 : -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS) {
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	if (got != sizeof(*r))
		r->job[0] = '\0';
	return (int)n;
}

static void
start(struct flock_of *f, const struct jail_job *const *jobs,
    const struct request *r, const int *fds, size_t n)
{
	const struct jail_job *job = find_job(jobs, r);
	const struct pki_jail jail = {.dear = r->dear,
	    .role = job == NULL ? SANDBOX_INSPECT : job->role,
	    .files = fds + 1,
	    .n_files = n - 1};
	pid_t pid;

	if (job == NULL || f->n == CHILDREN_MAX || (pid = fork()) == -1)
		return;
	if (pid == 0)
		work(fds[0], &jail, job);
	f->child[f->n].pid = pid;
	f->child[f->n++].end = now_ms() + r->wall_ms + SPARE_MS;
}

static _Noreturn void
keep(const struct jail_job *const *jobs)
{
	struct flock_of f = {.n = 0};
	struct pollfd p = {.fd = CTL, .events = POLLIN};
	struct request r;
	int fds[FDS_MAX], n;

	for (;;) {
		n = poll(&p, 1, f.n > 0 ? LOOK_MS : -1);
		look_after(&f);
		if (n <= 0)
			continue;
		if ((n = take_request(&r, fds)) == -1)
			break;
		if (n > 0)
			start(&f, jobs, &r, fds, (size_t)n);
		while (n > 0)
			(void)close(fds[--n]);
	}
	_exit(0);
}

/* A Ctrl-C is for the parent: what it has begun it brings to an end. */
static void
keeper_signals(void)
{
	static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	sigset_t none;
	size_t i;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	for (i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
		(void)signal(deaf[i], SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
become(int fd, const char *user, const struct jail_job *const *jobs)
{
	const struct sandbox_paths none = {.rw = {NULL}};
	struct told t;

	memset(&t, 0, sizeof(t));
	err_clear(&t.err);
	keeper_signals();
	(void)prctl(PR_SET_NAME, "postseal-jail", 0, 0, 0);
	if (dup2(fd, CTL) == -1 || close_range(CTL + 1, ~0u, 0) == -1)
		_exit(EXIT_SETUP);
	t.ok = (user == NULL || sandbox_drop_user(user, &t.err) == 0) &&
	       sandbox_enter(SANDBOX_KEEPER, &none, &t.err) == 0;
	if (jail_send(CTL, &t, sizeof(t)) == -1 || !t.ok)
		_exit(EXIT_SANDBOX);
	keep(jobs);
}

/* A signal that comes before it has its own is not told to the caller. */
static pid_t
fork_keeper(int fd, const char *user, const struct jail_job *const *jobs)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	if ((pid = fork()) == 0)
		become(fd, user, jobs);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* It looks its user up first, which may ask a server elsewhere. */
static int
told_ready(int fd, struct err *e)
{
	struct timeval tv = {START_S, 0};
	struct told t;
	ssize_t n;

	memset(&t, 0, sizeof(t));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while ((n = recv(fd, &t, sizeof(t), 0)) == -1 && errno == EINTR)
		continue;
	if (n == sizeof(t) && t.ok)
		return 0;
	t.err.msg[sizeof(t.err.msg) - 1] = '\0';
	return err_set(e, ERR_CONFIG, "", "%s",
	    n == sizeof(t) ? t.err.msg : "jail: its keeper does not answer");
}

int
jail_keep(enum jail_keeper which, const char *user,
    const struct jail_job *const *jobs, pid_t *ret_pid, struct err *e)
{
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return err_sys(e, ERR_INTERNAL, "", "socketpair");
	pid = fork_keeper(fd[1], user, jobs);
	(void)close(fd[1]);
	if (pid == -1 || told_ready(fd[0], e) == -1) {
		(void)close(fd[0]);
		if (pid == -1)
			return err_set(e, ERR_INTERNAL, "", "no process");
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			continue;
		return -1;
	}
	if (keeper_fd[which] > 0)
		(void)close(keeper_fd[which]);
	keeper_fd[which] = fd[0];
	*ret_pid = pid;
	return 0;
}

/* --- the caller --------------------------------------------------------- */

static int
ask_keeper(
    int keeper, const struct pki_jail *jail, const struct jail_job *job, int fd)
{
	struct request r = {.wall_ms = jail_wall(jail), .dear = jail->dear};
	union control control;
	struct iovec iov = {&r, sizeof(r)};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room};
	struct cmsghdr *c;
	int fds[FDS_MAX];
	size_t n = 1 + jail->n_files;

	if (n > FDS_MAX)
		return -1;
	(void)snprintf(r.job, sizeof(r.job), "%s", job->name);
	memset(&control, 0, sizeof(control));
	fds[0] = fd;
	if (jail->n_files > 0)
		memcpy(fds + 1, jail->files, jail->n_files * sizeof(int));
	msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return sendmsg(keeper, &msg, MSG_NOSIGNAL) == sizeof(r) ? 0 : -1;
}

/* Without a keeper: a grandchild, for which nobody has to wait. */
static int
fork_child(const struct pki_jail *jail, const struct jail_job *job, int fd)
{
	struct pki_jail own = *jail;
	pid_t pid = fork();

	own.role = job->role;
	if (pid == -1)
		return -1;
	if (pid == 0) {
		if ((pid = fork()) == 0)
			work(fd, &own, job);
		_exit(pid == -1);
	}
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return 0;
}

/* The byte that says whether its walls stand, then its input. */
static int
greet(int fd, const struct buf *in, struct err *e)
{
	unsigned char code = EXIT_FAILED, head[4];
	ssize_t n;

	while ((n = recv(fd, &code, 1, 0)) == -1 && errno == EINTR)
		continue;
	if (n != 1 || code != 0)
		return jail_trouble(code, e);
	jail_put32(head, in->len);
	if (in->len > JAIL_INPUT_MAX ||
	    jail_send(fd, head, sizeof(head)) == -1 ||
	    jail_send(fd, in->data, in->len) == -1)
		return err_set(e, ERR_INTERNAL, "", "jailed child: no input");
	return 0;
}

int
jail_open(const struct pki_jail *jail, enum jail_keeper which,
    const struct jail_job *job, const struct buf *in, int *ret_fd,
    struct err *e)
{
	int wall = jail_wall(jail), fd[2], rc;
	struct timeval tv = {wall / 1000, wall % 1000 * 1000};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1)
		return err_sys(e, ERR_INTERNAL, "", "socketpair");
	(void)setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	rc = keeper_fd[which] > 0
		 ? ask_keeper(keeper_fd[which], jail, job, fd[1])
		 : fork_child(jail, job, fd[1]);
	(void)close(fd[1]);
	if (rc == -1)
		rc = err_set(e, ERR_CONFIG, "", "jailed child: no process");
	else
		rc = greet(fd[0], in, e);
	if (rc == -1)
		(void)close(fd[0]);
	else
		*ret_fd = fd[0];
	return rc;
}

int
jail_ask(const struct pki_jail *jail, enum jail_keeper which,
    const struct jail_job *job, const struct buf *in, struct buf *b,
    struct err *e)
{
	int64_t deadline = now_ms() + jail_wall(jail);
	int fd = -1, rc;

	if (jail_open(jail, which, job, in, &fd, e) == -1)
		return -1;
	rc = jail_receive(fd, deadline, b);
	(void)close(fd);
	if (rc == -1)
		return JAIL_LATE;
	return b->len == 0 ? JAIL_DIED : 0;
}
