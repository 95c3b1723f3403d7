/*
 * outage.c - how long was nobody served?  A thread that connects through the
 * whole apply and reads the banner, as the next mail client would.
 *
 * While the service answers it connects every UP_MS: each connection wakes
 * an smtpd that is there anyway and costs two log lines, so a restart of one
 * second leaves about ten of them, and the measured start is at most UP_MS
 * late.  Once refused it tries every DOWN_MS, which costs nothing while the
 * port is closed, so the end is exact to DOWN_MS.  After the first banner the
 * watch is over and the thread ends.
 * Postfix's limits (smtpd_client_connection_rate_limit, off by default) count
 * per minute; its default exceptions are $mynetworks, loopback included.
 *
 * Threads: the thread touches only its own struct until it is joined.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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

struct outage {
	pthread_t thread;
	int stop[2]; /* closing stop[1] ends the watch */
	char host[64];
	int port;
	int64_t down_at, up_at; /* 0 = not seen */
	int64_t banner_at;
};

static bool
stopped(struct outage *o, int wait_ms)
{
	struct pollfd p = {o->stop[0], POLLIN, 0};

	return poll(&p, 1, wait_ms) != 0;
}

/* One client: 1 served, 0 refused or no banner, -1 cut short by the stop. */
static int
knock(struct outage *o)
{
	struct smtp_conn c;
	int served = 0;

	smtp_init(&c, now_ms() + CONNECT_MS);
	c.cancel_fd = o->stop[0];
	if (smtp_connect(&c, o->host, o->port, NULL) == 0 &&
	    smtp_reply(&c, ERR_PROBE_BANNER, NULL) == 0 && c.code == 220) {
		served = 1;
		o->banner_at = now_ms();
		(void)smtp_command(&c, "QUIT", ERR_PROBE_BANNER, NULL);
	}
	smtp_close(&c);
	return served == 0 && stopped(o, 0) ? -1 : served;
}

static void *
watch(void *arg)
{
	struct outage *o = arg;
	int64_t before;
	int served;

	do {
		before = now_ms();
		served = knock(o);
		if (served == 1) {
			if (o->down_at != 0) {
				o->up_at = o->banner_at;
				break;
			}
		} else if (served == 0 && o->down_at == 0) {
			o->down_at = before;
		}
	} while (!stopped(o, o->down_at == 0 ? UP_MS : DOWN_MS));
	return NULL;
}

int
outage_start(
    const char *host, int port, struct outage **ret_outage, struct err *err)
{
	struct outage *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return err_set(err, ERR_NOMEM, "", "outage");
	(void)snprintf(o->host, sizeof(o->host), "%s", host);
	o->port = port;
	if (pipe2(o->stop, O_CLOEXEC) == -1) {
		free(o);
		return err_sys(err, ERR_IO, "", "pipe");
	}
	if (pthread_create(&o->thread, NULL, watch, o) != 0) {
		(void)close(o->stop[0]);
		(void)close(o->stop[1]);
		free(o);
		return err_set(err, ERR_NOMEM, "", "thread");
	}
	*ret_outage = o;
	return 0;
}

int
outage_stop(struct outage *o, int *ret_ms, struct err *err)
{
	(void)close(o->stop[1]);
	(void)pthread_join(o->thread, NULL);
	if (o->down_at == 0)
		*ret_ms = 0;
	else
		*ret_ms =
		    (int)((o->up_at == 0 ? now_ms() : o->up_at) - o->down_at);
	(void)close(o->stop[0]);
	free(o);
	return 0;
}
