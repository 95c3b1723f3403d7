/*
 * worker.c - one process, one request at a time, through libfcgi.
 *
 * The connection is accepted here, its head looked at (fcgihead.c), and handed
 * to libfcgi (its public struct has the member, though it asks to be left
 * alone): so a deadline covers the request from its first byte, and libfcgi
 * never waits in accept(2) itself; its listening socket is -1, a broken request
 * ends the connection instead of taking the next.
 *
 * Deadlines: libfcgi reads and writes blocking.  SIGALRM shuts the socket
 * down, which makes the blocked call return; that also holds against a peer
 * that sends a byte now and then.
 *
 * The end: the parent shuts the listening socket down and accept(2) returns
 * EINVAL in every worker.  SIGTERM ends an idle worker at once, a busy one
 * after its request.  Signal handlers can reach static data only, hence the
 * three variables below.
 *
 * M_PERTURB: freed memory is overwritten, as libfcgi and json-c free blocks
 * that may have held a key.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <fcgiapp.h>
#include <libgen.h>

#include "core.h"
#include "fcgihead.h"
#include "frame.h"
#include "sandbox.h"
#include "store.h"
#include "util.h"

#define HEAD_S	5
#define BODY_S	30
#define WRITE_S 30
#define OUT_MAX (5 * 1024 * 1024)

static volatile sig_atomic_t idle, stopping, alarm_fd = -1, alarm_how;

static void
on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	if (alarm_fd != -1)
		shutdown(alarm_fd, alarm_how);
	errno = saved;
}

static void
on_term(int sig)
{
	(void)sig;
	stopping = 1;
	if (idle)
		_exit(0);
}

static void
deadline(int fd, int how, unsigned int seconds)
{
	alarm(0);
	alarm_fd = fd;
	alarm_how = how;
	alarm(seconds);
}

static void
deadline_off(void)
{
	alarm(0);
	alarm_fd = -1;
}

static ssize_t
read_body(void *arg, void *dst, size_t max)
{
	FCGX_Request *r = arg;
	int n;

	n = FCGX_GetStr(dst, (int)max, r->in);
	/* A body that ends too early: by the peer, or by our deadline? */
	if (n <= 0 && alarm(BODY_S) == 0)
		return -1;
	return n;
}

static void
body_done(void *arg)
{
	(void)arg;
	deadline_off();
}

/* A piece of a long answer.  A worker that has been told to stop sends no
 * more of them. */
static int
send_piece(void *arg, const void *s, size_t len)
{
	FCGX_Request *r = arg;
	int rc;

	if (stopping)
		return -1;
	deadline(r->ipcFd, SHUT_RDWR, WRITE_S);
	rc = FCGX_PutStr(s, (int)len, r->out) == (int)len &&
		     FCGX_FFlush(r->out) == 0
		 ? 0
		 : -1;
	deadline_off();
	return rc;
}

static void
send_reply(FCGX_Request *r, const struct buf *out)
{
	static const char failed[] =
	    "Status: 500 Internal Server Error\r\n"
	    "Content-Type: text/plain\r\n\r\nout of memory\n";

	if (out->failed)
		FCGX_PutStr(failed, sizeof(failed) - 1, r->out);
	else
		FCGX_PutStr(out->data, (int)out->len, r->out);
}

/* Otherwise answered here, where the peer still listens. */
static bool
head_is_sound(int fd)
{
	unsigned char answer[FCGI_ANSWER_MAX];
	enum fcgi_head head = fcgi_head_wait(fd, HEAD_S * 1000);
	size_t n = fcgi_head_answer(head, answer);

	if (n > 0)
		(void)send(fd, answer, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	return head == FCGI_HEAD_GOOD;
}

static void
one_connection(struct app *app, int fd)
{
	FCGX_Request r;
	struct source src = {.read = read_body,
	    .done = body_done,
	    .send = send_piece,
	    .arg = &r};
	struct buf out;

	if (!head_is_sound(fd)) {
		close(fd);
		return;
	}
	FCGX_InitRequest(&r, -1, 0);
	r.ipcFd = fd;
	r.keepConnection = 1; /* or Accept_r would close it at once */
	deadline(fd, SHUT_RD, HEAD_S);
	if (FCGX_Accept_r(&r) != 0) {
		deadline_off();
		return;
	}
	r.keepConnection = 0; /* one request a connection, always */
	deadline(fd, SHUT_RD, BODY_S);
	buf_init(&out, OUT_MAX);
	serve(app, routes, routes_n, r.envp, &src, &out);
	deadline(fd, SHUT_RDWR, WRITE_S);
	if (out.failed || out.len > 0)
		send_reply(&r, &out);
	FCGX_Finish_r(&r);
	deadline_off();
	buf_clear(&out);
}

static void
set_signal(int sig, void (*fn)(int))
{
	/* Restart: a signal must not break a request off. */
	struct sigaction sa = {.sa_handler = fn, .sa_flags = SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static int
prepare(struct app *app, int listen_fd, struct err *err)
{
	struct sandbox_paths paths = {.listening = listen_fd};
	char dir[CONF_STR_MAX];
	sigset_t none;

	mallopt(M_PERTURB, 0x5a);
	if (FCGX_Init() != 0)
		return err_set(err, ERR_INTERNAL, "", "FCGX_Init");
	set_signal(SIGPIPE, SIG_IGN);
	set_signal(SIGALRM, on_alarm);
	set_signal(SIGTERM, on_term);
	set_signal(SIGINT, on_term);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (db_open(app->conf.web_state_directory, &app->db, err) == -1)
		return -1;
	db_own_list(app->db, app->list);
	memcpy(dir, app->conf.socket, sizeof(dir));
	paths.rw[0] = app->conf.web_state_directory;
	paths.sock[0] = dirname(dir);
	return sandbox_enter_state(SANDBOX_WEB, &paths, &app->sandbox, err);
}

int
worker_run(struct app *app, int listen_fd)
{
	struct err err;
	int fd, served = 0;

	err_clear(&err);
	if (prepare(app, listen_fd, &err) == -1) {
		log_warn("worker: %s: %s", err_name(err.code), err.msg);
		return WORKER_UNFIT;
	}
	while (!stopping && served < WORKER_REQUESTS) {
		idle = 1;
		errno = EINTR;
		fd = stopping ? -1
			      : accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		idle = 0;
		if (fd != -1) {
			served++;
			one_connection(app, fd);
		} else if (errno == EINVAL) {
			break;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			log_warn("accept: %s", strerror(errno));
			return 1;
		}
	}
	db_close(app->db);
	return 0;
}
