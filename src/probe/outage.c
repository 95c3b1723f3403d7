/*
 * outage.c - how long was nobody served?  A child process that connects
 * through the whole apply and reads the banner, as the next mail client
 * would.
 *
 * While the service answers it connects every UP_MS: each connection wakes
 * an smtpd that is there anyway and costs two log lines, so a restart of one
 * second leaves about ten of them, and the measured start is at most UP_MS
 * late.  Once refused it tries every DOWN_MS, which costs nothing while the
 * port is closed, so the end is exact to DOWN_MS.  After the first banner the
 * watch is over.
 * Postfix's limits (smtpd_client_connection_rate_limit, off by default) count
 * per minute; its default exceptions are $mynetworks, loopback included.
 *
 * A child and no thread: the apply forks all the time (run.c), and a fork
 * beside a thread is a fork with somebody else's locks held.  The child keeps
 * two descriptors and nothing else, above all not the flock on main.cf.tmp.
 * It ends when `go` closes, so also when its parent is killed.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "smtp_conn.h"
#include "util.h"

#define UP_MS	   25
#define DOWN_MS	   5
#define CONNECT_MS 10000
#define ANSWER_MS  2000

struct outage {
	pid_t pid;
	int go;	    /* closing it ends the watch */
	int result; /* struct seen comes back here */
};

/* now_ms() of both processes is the same clock; 0 = did not happen. */
struct seen {
	int64_t down_at, up_at;
};

/* [1] is where it will listen afterwards; asked once [0] is refused. */
struct watch {
	struct probe_door at[2];
	int go;
	int64_t banner_at;
};

static bool
stopped(const struct watch *w, int wait_ms)
{
	struct pollfd p = {w->go, POLLIN, 0};

	return poll(&p, 1, wait_ms) > 0;
}

/* A door that greets late, or only after TLS, or turns us away, says enough
 * when it opens. */
static bool
greets(struct smtp_conn *c, const struct probe_door *d)
{
	if (smtp_connect(c, d->host, d->port, NULL) == -1 ||
	    (d->proxy && smtp_proxy(c, NULL) == -1))
		return false;
	return d->bare || d->wrapper || d->greet_ms > 0 ||
	       (smtp_reply(c, ERR_PROBE_BANNER, NULL) == 0 && c->code == 220);
}

/* One client: 1 served, 0 refused or no banner, -1 cut short by the stop. */
static int
knock(struct watch *w, size_t at)
{
	struct smtp_conn c;
	int served = 0;

	smtp_init(&c, now_ms() + CONNECT_MS);
	c.cancel_fd = w->go;
	if (greets(&c, &w->at[at])) {
		served = 1;
		w->banner_at = now_ms();
		if (c.code == 220)
			(void)smtp_command(&c, "QUIT", ERR_PROBE_BANNER, NULL);
	}
	smtp_close(&c);
	return served == 0 && stopped(w, 0) ? -1 : served;
}

/* The service moved, or is moving. */
static int
knock_next(struct watch *w, struct seen *seen, int64_t since)
{
	if (seen->down_at == 0)
		seen->down_at = since;
	return knock(w, 1);
}

static void
watch(struct watch *w, struct seen *seen)
{
	int64_t before;
	int served;

	do {
		before = now_ms();
		served = knock(w, 0);
		if (served == 0 && w->at[1].port != 0)
			served = knock_next(w, seen, before);
		if (served == 0 && seen->down_at == 0)
			seen->down_at = before;
		if (served == 1 && seen->down_at != 0) {
			seen->up_at = w->banner_at;
			return;
		}
	} while (!stopped(w, seen->down_at == 0 ? UP_MS : DOWN_MS));
}

/* Keep go and result as 3 and 4, and default signals. */
static void
child_alone(int go, int result)
{
	int a = fcntl(go, F_DUPFD_CLOEXEC, 10);
	int b = fcntl(result, F_DUPFD_CLOEXEC, 10), fd;

	if (a == -1 || b == -1 || dup2(a, 3) == -1 || dup2(b, 4) == -1)
		_exit(1);
	if (syscall(SYS_close_range, 5U, ~0U, 0U) == -1)
		for (fd = 5; fd < 1024; fd++)
			(void)close(fd);
	for (fd = 1; fd < NSIG; fd++)
		(void)signal(fd, SIG_DFL);
}

static void
child_main(const struct watch *from, int go, int result)
{
	struct watch w = *from;
	struct seen seen = {0, 0};
	ssize_t n;

	child_alone(go, result);
	w.go = 3;
	watch(&w, &seen);
	n = write(4, &seen, sizeof(seen));
	_exit(n == (ssize_t)sizeof(seen) ? 0 : 1);
}

int
outage_start(const struct probe_door *at, const struct probe_door *next,
    struct outage **ret_outage, struct err *err)
{
	struct watch w = {.at = {*at}, .go = -1};
	int go[2] = {-1, -1}, result[2] = {-1, -1}, rc = -1;
	struct outage *o;

	if (next != NULL)
		w.at[1] = *next;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return err_set(err, ERR_NOMEM, "", "outage");
	if (pipe2(go, O_CLOEXEC) == -1 || pipe2(result, O_CLOEXEC) == -1 ||
	    (o->pid = fork()) == -1) {
		err_sys(err, ERR_IO, "", "outage watch");
		goto out;
	}
	if (o->pid == 0)
		child_main(&w, go[0], result[1]);
	o->go = go[1];
	o->result = result[0];
	go[1] = result[0] = -1;
	*ret_outage = o;
	o = NULL;
	rc = 0;
out:
	free(o);
	if (go[0] != -1)
		(void)close(go[0]);
	if (go[1] != -1)
		(void)close(go[1]);
	if (result[0] != -1)
		(void)close(result[0]);
	if (result[1] != -1)
		(void)close(result[1]);
	return rc;
}

int
outage_stop(struct outage *o, int *ret_ms, struct err *err)
{
	struct pollfd p = {o->result, POLLIN, 0};
	struct seen seen = {0, 0};
	int64_t now = now_ms();
	int rc = 0, n;

	(void)close(o->go);
	do {
		n = poll(&p, 1, ANSWER_MS);
	} while (n == -1 && errno == EINTR);
	if (n != 1 ||
	    read(o->result, &seen, sizeof(seen)) != (ssize_t)sizeof(seen))
		rc = err_set(err, ERR_INTERNAL, "", "outage watch: no answer");
	(void)kill(o->pid, SIGKILL);
	while (waitpid(o->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	(void)close(o->result);
	free(o);
	if (rc == -1)
		return -1;
	if (seen.down_at == 0)
		*ret_ms = 0;
	else
		*ret_ms =
		    (int)((seen.up_at == 0 ? now : seen.up_at) - seen.down_at);
	return 0;
}
