/*
 * server.c - the parent: accept, fork, reap, sweep drafts.
 *
 * It parses nothing.  Each connection is a child of its own, so a request
 * that kills its process costs that request; a child that died inside an
 * apply leaves a pending journal, which a child of its own then recovers.
 * At CHILDREN_MAX the listening socket rests and the kernel's queue waits.
 * The last CHILDREN_ROOT are for root: a web process gone wrong cannot shut
 * postsealctl out.  More than 64 workers never ask at once (conf.h).
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "drafts.h"
#include "server.h"
#include "util.h"

#define SWEEP_MS 30000
#define REST_MS 1000 /* to the next one, when something is left */
#define KEEPER_MS 1000
#define KEEPER_GONE -1
#define DRAIN_MS 20000

static pid_t
fork_child(const struct server *s)
{
	sigset_t all, old;
	pid_t pid;

	/* No signal may reach the parent's handlers inside the child. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if ((pid = fork()) == 0) {
		s->child_signals();
		close(s->listen_fd);
		close(s->signal_fd);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static void
start_recovery(struct server *s)
{
	struct err err;
	pid_t pid;

	if (s->recoverer != 0)
		return;
	if ((pid = fork_child(s)) == 0) {
		if (apply_recover(s->conf, &err) == -1) {
			log_warn("recovery: %s", err.msg);
			_exit(1);
		}
		_exit(0);
	}
	if (pid == -1)
		log_warn("recovery: no process");
	else
		s->recoverer = pid;
}

/* A long audit log takes a while; nobody waits for it. */
static void
start_auditor(struct server *s)
{
	pid_t pid;

	if (s->auditor != 0 || !audit_look_due(s->conf))
		return;
	if ((pid = fork_child(s)) == 0) {
		audit_look(s->conf);
		_exit(0);
	}
	if (pid > 0)
		s->auditor = pid;
}

/* It holds nothing, and neither does this process: make_keepers makes
 * another. */
static bool
was_keeper(struct server *s, pid_t pid)
{
	int i;

	for (i = 0; i < JAIL_KEEPERS && s->keeper[i] != pid; i++)
		;
	if (i == JAIL_KEEPERS)
		return false;
	log_warn("the %s has ended", i == JAIL_PARSER ? "parser" : "prober");
	s->keeper[i] = KEEPER_GONE;
	return true;
}

/* Those that have ended anew, a try a second, until they live.  How long
 * poll may wait. */
static int
make_keepers(struct server *s)
{
	const bool due = now_ms() >= s->keeper_try;
	struct err err;
	bool missing = false;
	int i;

	for (i = 0; i < JAIL_KEEPERS; i++) {
		if (s->keeper[i] != KEEPER_GONE)
			continue;
		missing = true;
		if (!due)
			continue;
		if (confine_keep(s->conf, i, &s->keeper[i], &err) == -1)
			log_warn("%s", err.msg);
		s->keeper_try = now_ms() + KEEPER_MS;
	}
	return missing ? KEEPER_MS : SWEEP_MS;
}

static void
reap(struct server *s)
{
	bool crashed = false;
	int status;
	size_t i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->recoverer) {
			s->recoverer = 0;
			continue;
		}
		if (pid == s->auditor) {
			s->auditor = 0;
			continue;
		}
		if (was_keeper(s, pid))
			continue;
		for (i = 0; i < s->n_children && s->child[i] != pid; i++)
			;
		if (i == s->n_children)
			continue;
		s->child[i] = s->child[--s->n_children];
		if (WIFSIGNALED(status)) {
			log_warn(
			    "a request died of signal %d", WTERMSIG(status));
			crashed = true;
		}
	}
	if (crashed)
		start_recovery(s);
}

static int
peer_kind(const struct server *s, int fd, unsigned *ret)
{
	struct ipc_peer peer;

	if (ipc_peer(fd, &peer, NULL) == -1)
		return -1;
	if (peer.uid == 0)
		*ret = PEER_ROOT;
	else if (peer.uid == s->web_uid)
		*ret = PEER_WEB;
	else if (s->has_sync && peer.uid == s->sync_uid)
		*ret = PEER_SYNC;
	else {
		log_warn(
		    "user %lu may not use the socket", (unsigned long)peer.uid);
		return -1;
	}
	return 0;
}

/*
 * OpenSSL's clean-up at exit would copy most of the parent's memory to free
 * it: 4 ms a request.  Only the leak checker needs it.
 */
static _Noreturn void
child_end(void)
{
#ifdef __SANITIZE_ADDRESS__
	exit(0);
#else
	_exit(0);
#endif
}

static void
take_connection(struct server *s)
{
	unsigned kind = 0;
	pid_t pid;
	int fd;

	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd == -1)
		return;
	if (peer_kind(s, fd, &kind) == -1 ||
	    (kind != PEER_ROOT &&
		s->n_children >= CHILDREN_MAX - CHILDREN_ROOT)) {
		close(fd);
		return;
	}
	if ((pid = fork_child(s)) == 0) {
		serve(s->conf, fd, kind);
		child_end();
	}
	close(fd);
	if (pid == -1)
		log_warn("no process for a request");
	else
		s->child[s->n_children++] = pid;
}

/* Bytes of the self-pipe; true = end. */
static bool
take_signals(struct server *s)
{
	char c[64];
	ssize_t n;
	bool end = false;

	while ((n = read(s->signal_fd, c, sizeof(c))) > 0)
		end = end || memchr(c, 'T', (size_t)n) != NULL;
	reap(s);
	return end;
}

/* An apply that has begun is brought to its end. */
static void
drain(struct server *s)
{
	int64_t deadline = now_ms() + DRAIN_MS;
	struct pollfd p = {.fd = s->signal_fd, .events = POLLIN};
	while (
	    (s->n_children > 0 || s->recoverer != 0) && now_ms() < deadline) {
		(void)poll(&p, 1, 200);
		(void)take_signals(s);
	}
}

/* When it is due.  What there is to wait until the next one. */
static int
sweep(struct server *s, int64_t *due)
{
	int64_t now = now_ms();
	int rest;

	if (now >= *due) {
		drafts_sweep(s->conf);
		rest = audit_flush(s->conf) ? REST_MS : SWEEP_MS;
		start_auditor(s);
		now = now_ms();
		*due = now + rest;
	}
	return (int)(*due - now);
}

int
server_run(struct server *s, struct err *err)
{
	struct pollfd p[2];
	int64_t due = 0;
	bool end = false;
	int rest, wait;

	while (!end) {
		rest = sweep(s, &due);
		p[0] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
		p[1] = (struct pollfd){.fd = s->listen_fd, .events = POLLIN};
		if (s->n_children >= CHILDREN_MAX)
			p[1].fd = -1;
		wait = make_keepers(s);
		if (poll(p, 2, wait < rest ? wait : rest) == -1) {
			if (errno == EINTR)
				continue;
			return err_sys(err, ERR_IO, "", "poll");
		}
		if (p[0].revents != 0)
			end = take_signals(s);
		(void)make_keepers(s);
		if (!end && p[1].revents != 0)
			take_connection(s);
	}
	close(s->listen_fd);
	s->listen_fd = -1;
	drain(s);
	return 0;
}
