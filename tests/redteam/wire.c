/*
 * wire.c - see wire.h.  Each answer is searched for private keys, as text and
 * in the three alignments that base64 gives them, and for the secrets that
 * the test knows.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "util.h"
#include "wire.h"

#define ANSWER_MAX (8 * 1024 * 1024)
#define ANSWER_MS  60000

void
wire_fail(struct wire *w, const char *fmt, ...)
{
	va_list ap;

	w->failures++;
	printf("FAIL: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

int
wire_connect(const struct wire *w)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(w->path) >= sizeof(sun.sun_path))
		return -1;
	strcpy(sun.sun_path, w->path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
send_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* refused in the middle: the answer says so */
		p += n;
		len -= (size_t)n;
	}
}

/* To end of file.  False: it hangs. */
static bool
receive(int fd, struct buf *b)
{
	int64_t end = now_ms() + ANSWER_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		if (now_ms() >= end)
			return false;
		if (poll(&p, 1, 200) <= 0)
			continue;
		if (buf_reserve(b, 65536) == -1)
			return false;
		n = recv(fd, b->data + b->len, 65536, MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return true;
		if (n > 0)
			b->len += (size_t)n;
	}
}

static void
search_secrets(struct wire *w, const struct buf *b, const char *what)
{
	static const char *const marks[] = {"PRIVATE KEY", "UFJJVkFURSBLRVk",
	    "BSSVZBVEUgS0VZ", "QUklWQVRFIEtFW", "root:x:0:0", "root:*:"};
	const char *s, *end;
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (b->len > 0 &&
		    memmem(b->data, b->len, marks[i], strlen(marks[i])) != NULL)
			wire_fail(w, "%s: the answer holds %s", what, marks[i]);
	for (s = w->secrets.data; *s != '\0'; s = end + (*end == '\n')) {
		end = s + strcspn(s, "\n");
		if (end - s >= 8 && b->len > 0 &&
		    memmem(b->data, b->len, s, (size_t)(end - s)) != NULL)
			wire_fail(w, "%s: the answer holds a secret", what);
	}
}

/* The last frame of the answer, or NULL: no frames, or not frames alone. */
static struct json_object *
last_frame(const struct buf *b)
{
	struct json_object *o = NULL;
	size_t at = 0;
	uint32_t len;

	while (b->len - at >= 4) {
		memcpy(&len, b->data + at, 4);
		len = ntohl(len);
		at += 4;
		json_object_put(o);
		o = NULL;
		if (len > b->len - at ||
		    jsonx_parse(b->data + at, len, 24, &o, NULL) == -1)
			return NULL;
		at += len;
	}
	if (at == b->len)
		return o;
	json_object_put(o);
	return NULL;
}

static enum wire_end
judge(struct wire *w, const struct buf *b, char code[64])
{
	struct json_object *o;
	enum wire_end end = WIRE_BROKEN;

	if (b->len == 0) {
		w->closed++;
		return WIRE_CLOSED;
	}
	w->answered++;
	if ((o = last_frame(b)) == NULL)
		return end;
	if (strcmp(jsonx_path_str(o, "type", ""), "result") != 0) {
		end = WIRE_BROKEN;
	} else if (json_object_get_boolean(jsonx_path(o, "ok"))) {
		end = WIRE_ACCEPTED;
		w->accepted++;
	} else {
		end = WIRE_REFUSED;
		w->refused++;
		snprintf(code, 64, "%s", jsonx_path_str(o, "error.code", "?"));
	}
	json_object_put(o);
	return end;
}

enum wire_end
wire_raw(struct wire *w, const void *bytes, size_t len, bool half_close,
    char code[64])
{
	enum wire_end end = WIRE_CLOSED;
	struct buf b;
	int fd;

	code[0] = '\0';
	w->sent++;
	if ((fd = wire_connect(w)) == -1) {
		wire_fail(w, "connect: %s", strerror(errno));
		return end;
	}
	buf_init(&b, ANSWER_MAX);
	send_all(fd, bytes, len);
	if (half_close)
		shutdown(fd, SHUT_WR);
	if (receive(fd, &b)) {
		search_secrets(w, &b, "a frame");
		end = judge(w, &b, code);
	} else {
		end = WIRE_HUNG;
	}
	buf_clear(&b);
	close(fd);
	return end;
}

enum wire_end
wire_text(struct wire *w, const char *text, size_t len, char code[64])
{
	enum wire_end end;
	uint32_t head = htonl((uint32_t)len);
	char *frame = malloc(len + 4);

	if (frame == NULL)
		abort();
	memcpy(frame, &head, 4);
	memcpy(frame + 4, text, len);
	end = wire_raw(w, frame, len + 4, false, code);
	free(frame);
	return end;
}

enum wire_end
wire_op(struct wire *w, const char *op, struct json_object *args, char code[64])
{
	struct json_object *o = json_object_new_object();
	struct json_object *actor = json_object_new_object();
	enum wire_end end;
	const char *text;
	size_t len;

	json_object_object_add(
	    actor, "user", json_object_new_string("mallory"));
	json_object_object_add(
	    actor, "from", json_object_new_string("192.0.2.66"));
	json_object_object_add(actor, "via", json_object_new_string("web"));
	json_object_object_add(o, "op", json_object_new_string(op));
	json_object_object_add(o, "actor", actor);
	json_object_object_add(o, "args", args);
	text =
	    json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	end = wire_text(w, text, len, code);
	json_object_put(o);
	return end;
}
