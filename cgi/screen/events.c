/*
 * events.c - the steps of a Save as they happen: server-sent events.
 *
 * A stream holds a worker, and there are eight.  So there are STREAMS of them
 * at most, however many workers (place.c).  A browser that finds no room gets
 * 204, which ends its EventSource, and polls instead; so does one that is cut
 * off after STREAM_MS.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "jsonx.h"
#include "screen.h"
#include "util.h"

#define STREAMS	    2
#define STREAM_MS   15000
#define LOOK_MS	    100	 /* between two looks at the job */
#define ALIVE_MS    1000 /* a peer that has gone is noticed by then */
#define EVENT_MAX   (64 * 1024)

static int
send_state(const struct screen *s, struct buf *last)
{
	const char *text = json_object_to_json_string_ext(
	    s->job, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	struct buf b;
	int rc = -1;

	if (text == NULL)
		return -1;
	if (last->len > 0 && strcmp(last->data, text) == 0)
		return 0;
	buf_init(&b, EVENT_MAX);
	buf_printf(&b, "data: %s\n\n", text);
	buf_clear(last);
	buf_adds(last, text);
	if (!b.failed && !last->failed)
		rc = reply_send(s->page.req, b.data, b.len);
	buf_clear(&b);
	return rc;
}

/* Until the job ends, the peer goes or the time is over. */
static void
stream(struct screen *s, const char *id)
{
	const struct timespec pause = {0, LOOK_MS * 1000000L};
	int64_t end = now_ms() + STREAM_MS, alive = now_ms() + ALIVE_MS;
	struct buf last;

	buf_init(&last, EVENT_MAX);
	while (send_state(s, &last) == 0 &&
	       strcmp(jsonx_path_str(s->job, "state", ""), "running") == 0 &&
	       now_ms() < end) {
		if (now_ms() >= alive) {
			if (reply_send(s->page.req, ":\n\n", 3) == -1)
				break;
			alive = now_ms() + ALIVE_MS;
		}
		nanosleep(&pause, NULL);
		if (screen_job(s, id) == -1)
			break;
	}
	buf_clear(&last);
}

/* A quarter of the workers, so few that somebody is left to answer even
 * while log-ins that wait for PAM take half of them. */
static int
places(const struct app *app)
{
	int n = app->conf.workers / 4;

	return n < STREAMS ? n : STREAMS;
}

int
screen_events(struct screen *s, struct reply *reply, const char *id)
{
	const struct app *app = s->page.app;
	int fd = place_take(app, PLACE_STREAM, places(app));

	if (fd == -1) {
		reply->status = 204;
		return 0;
	}
	/* nginx keeps a reply together unless it is told not to. */
	if (reply_header(reply, "Content-Type", "text/event-stream") == 0 &&
	    reply_header(reply, "X-Accel-Buffering", "no") == 0 &&
	    reply_begin(reply, s->page.req) == 0)
		stream(s, id);
	else if (!reply->sent)
		reply->status = 204;
	close(fd);
	return 0;
}
