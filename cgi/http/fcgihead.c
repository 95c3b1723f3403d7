/*
 * fcgihead.c - the head of a FastCGI request (its PARAMS), looked at before
 * libfcgi takes it.
 *
 * libfcgi was written for a web server that one trusts: it allocates what a
 * length says, ends the process by an assertion when there is not that much,
 * and reads on without a limit.  So the first bytes are looked at with
 * MSG_PEEK, up to HEAD_MAX, and must be exactly
 *
 *   BEGIN_REQUEST(responder)  PARAMS...  PARAMS(empty)
 *
 * of one request, whose pairs fill their bytes and hold no NUL.  Anything
 * else is answered here.  A web server's head comes in one write, so this is
 * one recv(2); a slow one is looked at again until the deadline.
 */
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "fcgihead.h"
#include "util.h"

#define HEAD_MAX     (64 * 1024)
#define PAIRS_MAX    256
#define RECORD_HEAD  8
#define WAIT_MS	     4 /* a part has come */
#define IDLE_MS	     100
#define TYPE_BEGIN   1
#define TYPE_PARAMS  4
#define ROLE_RESPOND 1

static size_t
get16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* A length of one or four bytes; false = not within the bytes that are left. */
static bool
take_length(const unsigned char **p, const unsigned char *end, size_t *ret)
{
	if (*p >= end)
		return false;
	if ((**p & 0x80) == 0) {
		*ret = *(*p)++;
		return true;
	}
	if (end - *p < 4)
		return false;
	*ret = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 |
	       get16(*p + 2);
	*p += 4;
	return true;
}

static bool
pairs_are_sound(const struct buf *b)
{
	const unsigned char *p = (const unsigned char *)b->data;
	const unsigned char *end = p + b->len;
	size_t name, value, n = 0;

	while (p < end) {
		if (++n > PAIRS_MAX || !take_length(&p, end, &name) ||
		    !take_length(&p, end, &value) || name == 0 ||
		    name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name ||
		    memchr(p, '\0', name + value) != NULL ||
		    memchr(p, '=', name) != NULL)
			return false;
		p += name + value;
	}
	return true;
}

/* The next record is one that may stand here. */
static bool
record_fits(const unsigned char *p, size_t at)
{
	const unsigned char *head = p + at;

	if (head[0] != 1 || get16(head + 2) == 0 ||
	    get16(head + 2) != get16(p + 2))
		return false;
	if (at == 0)
		return head[1] == TYPE_BEGIN && get16(head + 4) == 8;
	return head[1] == TYPE_PARAMS;
}

/* One whole record that fits: the role, or more of the pairs. */
static enum fcgi_head
take_record(const unsigned char *p, size_t at, size_t n, struct buf *params)
{
	if (at == 0)
		return get16(p + RECORD_HEAD) == ROLE_RESPOND ? FCGI_HEAD_MORE
							      : FCGI_HEAD_BAD;
	return buf_add(params, p + at + RECORD_HEAD, n) == 0 ? FCGI_HEAD_MORE
							     : FCGI_HEAD_LARGE;
}

enum fcgi_head
fcgi_head_check(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	enum fcgi_head ret = FCGI_HEAD_MORE;
	size_t at = 0, n, size;
	struct buf params;

	buf_init(&params, HEAD_MAX);
	while (ret == FCGI_HEAD_MORE && len - at >= RECORD_HEAD) {
		n = get16(p + at + 4);
		size = RECORD_HEAD + n + p[at + 6];
		if (!record_fits(p, at))
			ret = FCGI_HEAD_BAD;
		else if (at > 0 && n == 0)
			ret = pairs_are_sound(&params) ? FCGI_HEAD_GOOD
						       : FCGI_HEAD_BAD;
		else if (len - at < size)
			break;
		else
			ret = take_record(p, at, n, &params);
		at += size;
	}
	buf_clear(&params);
	if (ret == FCGI_HEAD_MORE && len >= HEAD_MAX)
		ret = FCGI_HEAD_LARGE;
	return ret;
}

/* Nothing new came: wait a little.  False = the peer has ended. */
static bool
wait_for_more(int fd, bool empty)
{
	struct pollfd p = {.fd = fd, .events = empty ? POLLIN : POLLRDHUP};

	return poll(&p, 1, empty ? IDLE_MS : WAIT_MS) <= 0 ||
	       (empty && (p.revents & POLLIN) != 0);
}

enum fcgi_head
fcgi_head_wait(int fd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	enum fcgi_head ret = FCGI_HEAD_MORE;
	ssize_t n, before = 0;
	struct buf b;

	buf_init(&b, HEAD_MAX);
	if (buf_reserve(&b, HEAD_MAX) == -1)
		return FCGI_HEAD_GONE;
	while (ret == FCGI_HEAD_MORE && now_ms() < end) {
		n = recv(fd, b.data, HEAD_MAX, MSG_PEEK | MSG_DONTWAIT);
		if (n > before) {
			ret = fcgi_head_check(b.data, (size_t)n);
			before = n;
		} else if (n == 0 || (n == -1 && errno != EAGAIN) ||
			   !wait_for_more(fd, n == -1)) {
			ret = FCGI_HEAD_GONE;
		}
	}
	b.len = HEAD_MAX; /* cookies, tokens: all of it is wiped */
	buf_clear(&b);
	return ret == FCGI_HEAD_MORE ? FCGI_HEAD_GONE : ret;
}

/* STDOUT with the answer, and END_REQUEST, of request 1, as all servers use. */
size_t
fcgi_head_answer(enum fcgi_head why, unsigned char dst[FCGI_ANSWER_MAX])
{
	static const char *const text[] = {
	    [FCGI_HEAD_BAD] = "400 Bad Request",
	    [FCGI_HEAD_LARGE] = "431 Request Header Fields Too Large",
	};
	unsigned char *p = dst;
	size_t n;

	if (why != FCGI_HEAD_BAD && why != FCGI_HEAD_LARGE)
		return 0;
	n = (size_t)snprintf((char *)p + RECORD_HEAD,
	    FCGI_ANSWER_MAX - 4 * RECORD_HEAD,
	    "Status: %s\r\nContent-Type: text/plain\r\n"
	    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
	    "\r\n%s\n",
	    text[why], text[why]);
	memcpy(p, (const unsigned char[]){1, 6, 0, 1, 0, 0, 0, 0}, RECORD_HEAD);
	p[4] = (unsigned char)(n >> 8);
	p[5] = (unsigned char)n;
	p += RECORD_HEAD + n;
	memcpy(p, (const unsigned char[]){1, 6, 0, 1, 0, 0, 0, 0}, RECORD_HEAD);
	p += RECORD_HEAD;
	memcpy(p, (const unsigned char[]){1, 3, 0, 1, 0, 8, 0, 0}, RECORD_HEAD);
	memset(p + RECORD_HEAD, 0, RECORD_HEAD);
	return (size_t)(p - dst) + 2 * RECORD_HEAD;
}
