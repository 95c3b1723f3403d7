/*
 * smtp_conn.c - SMTP (RFC 5321 4.2) and STARTTLS (RFC 3207) as a client.
 *
 * Replies:   "250-text CRLF" ... "250 text CRLF": all lines carry the same
 * code, the last one a blank or nothing after it.
 *
 *   state   line              next
 *   first   DDD-text          more (code = DDD)
 *   first   DDD[ text]        end
 *   more    same DDD, '-'     more
 *   more    same DDD, else    end
 *   more    4DD or 5DD, else  end (code = that one: postscreen, which has
 *                             greeted with "220-" before it made up its mind)
 *   any     anything else     error, code 0
 *
 * What the server sends behind its 220 to STARTTLS before the handshake is an
 * injection (RFC 3207 4.2) and ends the probe.
 *
 * TLS is spoken by a child that can do nothing else (tls_child.c): it is
 * handed the socket, and what is read and written here from then on is the
 * text within.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "pack.h"
#include "smtp_conn.h"
#include "tls_child.h"
#include "util.h"

void
smtp_init(struct smtp_conn *c, int64_t deadline)
{
	memset(c, 0, sizeof(*c));
	c->fd = c->cancel_fd = c->words_fd = -1;
	c->deadline = deadline;
}

void
smtp_close(struct smtp_conn *c)
{
	if (c->fd != -1)
		(void)close(c->fd);
	if (c->words_fd != -1)
		(void)close(c->words_fd);
	c->fd = c->words_fd = -1;
}

/* 0 when fd is ready, -1 with errno (ETIMEDOUT at the deadline). */
static int
wait_fd(const struct smtp_conn *c, short events)
{
	struct pollfd p[2] = {{c->fd, events, 0}, {c->cancel_fd, POLLIN, 0}};
	int64_t left;
	int n;

	for (;;) {
		left = c->deadline - now_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = poll(p, 2, left > 60000 ? 60000 : (int)left);
		if (n > 0 && p[1].revents != 0) {
			errno = ECANCELED;
			return -1;
		}
		if (n > 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return -1;
	}
}

static int
finish_connect(struct smtp_conn *c)
{
	socklen_t len = sizeof(int);
	int e = 0;

	if (wait_fd(c, POLLOUT) == -1 ||
	    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		return -1;
	errno = e;
	return e == 0 ? 0 : -1;
}

/* From an address that the caller chose, of the family of the peer's. */
static int
bind_source(struct smtp_conn *c, int family)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (c->source == NULL)
		return 0;
	if (family != AF_INET ||
	    inet_pton(AF_INET, c->source, &in.sin_addr) != 1) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return bind(c->fd, (struct sockaddr *)&in, sizeof(in));
}

int
smtp_connect(struct smtp_conn *c, const char *host, int port, struct err *err)
{
	struct addrinfo hints = {0}, *ai = NULL;
	char service[16];
	int rc = -1;

	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	hints.ai_socktype = SOCK_STREAM;
	(void)snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host, service, &hints, &ai) != 0)
		return err_set(err, ERR_PROBE_CONNECT, "",
		    "%s port %d: no numeric address", host, port);
	c->fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd != -1 && bind_source(c, ai->ai_family) == 0 &&
	    (connect(c->fd, ai->ai_addr, ai->ai_addrlen) == 0 ||
		(errno == EINPROGRESS && finish_connect(c) == 0)))
		rc = 0;
	else
		err_sys(err, ERR_PROBE_CONNECT, "", "connect to %s port %d",
		    host, port);
	freeaddrinfo(ai);
	return rc;
}

static int
send_raw(struct smtp_conn *c, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == -1 && errno == EAGAIN) {
			if (wait_fd(c, POLLOUT) == -1)
				return -1;
		} else if (n == -1 && errno == EINTR) {
			continue;
		} else {
			return -1;
		}
	}
	return 0;
}

/* "127.0.0.1 40312" of one end of the connection. */
static int
end_text(const struct sockaddr_storage *ss, char host[64], char port[16])
{
	return getnameinfo((const struct sockaddr *)ss, sizeof(*ss), host, 64,
	    port, 16, NI_NUMERICHOST | NI_NUMERICSERV);
}

int
smtp_proxy(struct smtp_conn *c, struct err *err)
{
	struct sockaddr_storage us = {0}, them = {0};
	socklen_t ul = sizeof(us), tl = sizeof(them);
	char from[64], to[64], from_port[16], to_port[16], line[256];
	int n;

	if (getsockname(c->fd, (struct sockaddr *)&us, &ul) == -1 ||
	    getpeername(c->fd, (struct sockaddr *)&them, &tl) == -1)
		return err_sys(err, ERR_PROBE_CONNECT, "", "PROXY");
	if (end_text(&us, from, from_port) != 0 ||
	    end_text(&them, to, to_port) != 0)
		return err_set(err, ERR_PROBE_CONNECT, "", "PROXY: address");
	n = snprintf(line, sizeof(line), "PROXY TCP%d %s %s %s %s\r\n",
	    us.ss_family == AF_INET6 ? 6 : 4, from, to, from_port, to_port);
	if (n < 0 || (size_t)n >= sizeof(line) ||
	    send_raw(c, line, (size_t)n) == -1)
		return err_sys(err, ERR_PROBE_CONNECT, "", "PROXY");
	return 0;
}

/* Bytes of the socket; 0 at EOF. */
static ssize_t
recv_raw(struct smtp_conn *c, char *p, size_t size)
{
	ssize_t n;

	for (;;) {
		n = recv(c->fd, p, size, 0);
		if (n >= 0)
			return n;
		if (errno == EAGAIN && wait_fd(c, POLLIN) == -1)
			return -1;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
}

/* One line, without its CRLF or LF, appended to the reply. */
static int
read_line(struct smtp_conn *c, size_t *reply_len, const char **ret_line)
{
	char *nl;
	size_t len;
	ssize_t n;

	while ((nl = memchr(c->in, '\n', c->in_len)) == NULL) {
		if (c->in_len == sizeof(c->in)) {
			errno = EMSGSIZE;
			return -1;
		}
		n = recv_raw(c, c->in + c->in_len, sizeof(c->in) - c->in_len);
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return -1;
		c->in_len += (size_t)n;
	}
	len = (size_t)(nl - c->in);
	if (*reply_len + len + 2 > sizeof(c->reply)) {
		errno = EMSGSIZE;
		return -1;
	}
	*ret_line = c->reply + *reply_len;
	memcpy(c->reply + *reply_len, c->in, len);
	*reply_len += len;
	if (len > 0 && c->reply[*reply_len - 1] == '\r')
		(*reply_len)--;
	c->reply[(*reply_len)++] = '\n';
	c->reply[*reply_len] = '\0';
	c->in_len -= len + 1;
	memmove(c->in, nl + 1, c->in_len);
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Why TLS broke, if it did: the last words of the child. */
static bool
last_words(const struct smtp_conn *c, char *dst, size_t size)
{
	char words[TLS_WHY_MAX];
	ssize_t n;

	if (c->words_fd == -1 ||
	    (n = read(c->words_fd, words, sizeof(words))) <= 0)
		return false;
	(void)text_clean(dst, size, words, strnlen(words, (size_t)n));
	return true;
}

/* Half a reply is quoted: it may say why. */
static int
no_reply(const struct smtp_conn *c, enum err_code code, struct err *err)
{
	char quote[120];
	int e = errno;

	if (last_words(c, quote, sizeof(quote)))
		return err_set(err, code, "", "TLS broke: %s", quote);
	smtp_quote(c, quote, sizeof(quote));
	errno = e;
	if (quote[0] == '\0')
		return err_sys(err, code, "", "no reply");
	return err_sys(err, code, "", "no reply after \"%s\"", quote);
}

/* The code of a line, or 0. */
static int
line_code(const char *l)
{
	int n = is_digit(l[0]) && is_digit(l[1]) && is_digit(l[2])
		    ? (l[0] - '0') * 100 + (l[1] - '0') * 10 + l[2] - '0'
		    : 0;

	return n >= 200 && n <= 599 && strchr(" -\n", l[3]) != NULL ? n : 0;
}

int
smtp_reply(struct smtp_conn *c, enum err_code code, struct err *err)
{
	char quote[120];
	const char *l;
	size_t len = 0;
	int n, first = 0;

	c->reply[0] = '\0';
	c->code = 0;
	do {
		errno = 0;
		if (read_line(c, &len, &l) == -1)
			return no_reply(c, code, err);
		n = line_code(l);
		if (first == 0)
			first = n;
		if (n == 0 || (n != first && (n < 400 || l[3] == '-'))) {
			smtp_quote(c, quote, sizeof(quote));
			return err_set(
			    err, code, "", "no SMTP reply: \"%s\"", quote);
		}
	} while (l[3] == '-');
	if (n != first)
		memmove(c->reply, l, strlen(l) + 1);
	c->code = n;
	return 0;
}

int
smtp_command(struct smtp_conn *c, const char *command, enum err_code code,
    struct err *err)
{
	char line[256];
	int n;

	n = snprintf(line, sizeof(line), "%s\r\n", command);
	if (n < 0 || (size_t)n >= sizeof(line))
		return err_set(err, ERR_INTERNAL, "", "command too long");
	if (send_raw(c, line, (size_t)n) == -1)
		return err_sys(err, code, "", "send %.20s", command);
	return smtp_reply(c, code, err);
}

/* The child has the socket now, and we have the child's. */
static int
hand_over(struct smtp_conn *c, int version, struct err *err)
{
	int64_t left = c->deadline - now_ms();
	int words[2] = {-1, -1}, files[2], fd = -1, rc = -1;
	const struct pki_jail jail = {.files = files,
	    .n_files = 2,
	    .timeout_ms = left > 0 ? (int)left : 1};
	struct err e;
	struct buf in;

	buf_init(&in, 1024);
	pack_u32(&in, (uint32_t)version);
	pack_str(&in, c->servername);
	pack_str(&in, c->sigalgs);
	if (in.failed || pipe2(words, O_CLOEXEC | O_NONBLOCK) == -1) {
		err_set(err, ERR_PROBE_UNABLE, "", "TLS client");
		goto out;
	}
	files[0] = c->fd;
	files[1] = words[1];
	if (jail_open(&jail, JAIL_PROBER, &probe_tls_job, &in, &fd, &e) == -1) {
		err_set(err, ERR_PROBE_UNABLE, "", "%s", e.msg);
		goto out;
	}
	(void)close(c->fd);
	c->fd = fd;
	c->words_fd = words[0];
	words[0] = -1;
	rc = fcntl(fd, F_SETFL, O_NONBLOCK) == -1
		 ? err_sys(err, ERR_PROBE_UNABLE, "", "TLS client")
		 : 0;
out:
	if (words[0] != -1)
		(void)close(words[0]);
	if (words[1] != -1)
		(void)close(words[1]);
	buf_clear(&in);
	return rc;
}

/* What the child has seen; of text nothing but clean lines. */
static int
take_seen(struct smtp_conn *c, struct err *err)
{
	struct tls_told t;
	char why[TLS_WHY_MAX];
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(t)) {
		errno = 0;
		n = recv_raw(c, (char *)&t + have, sizeof(t) - have);
		if (n <= 0)
			return err_set(err, ERR_PROBE_HANDSHAKE, "",
			    "handshake: %s",
			    n == 0 ? "it ended the child" : strerror(errno));
		have += (size_t)n;
	}
	(void)text_clean(why, sizeof(why), t.why, strnlen(t.why, TLS_WHY_MAX));
	if (t.good != 1)
		return err_set(
		    err, ERR_PROBE_HANDSHAKE, "", "handshake: %s", why);
	c->tls.on = true;
	(void)text_clean(c->tls.protocol, sizeof(c->tls.protocol), t.protocol,
	    strnlen(t.protocol, sizeof(t.protocol)));
	(void)text_clean(c->tls.cipher, sizeof(c->tls.cipher), t.cipher,
	    strnlen(t.cipher, sizeof(t.cipher)));
	if (t.has_leaf == 1)
		hex_encode(c->tls.sha256, t.sha256, sizeof(t.sha256));
	return 0;
}

int
smtp_starttls(struct smtp_conn *c, int version, struct err *err)
{
	if (c->in_len > 0)
		return err_set(err, ERR_PROBE_HANDSHAKE, "",
		    "bytes between the reply to STARTTLS and the handshake");
	return hand_over(c, version, err) == -1 ? -1 : take_seen(c, err);
}

bool
smtp_offers(const struct smtp_conn *c, const char *keyword)
{
	size_t n = strlen(keyword);
	const char *l;

	/* The first line is the greeting, not a keyword. */
	for (l = strchr(c->reply, '\n'); l != NULL && l[1] != '\0';
	     l = strchr(l, '\n')) {
		l++;
		if (strlen(l) > 4 + n && strncasecmp(l + 4, keyword, n) == 0 &&
		    strchr(" \n", l[4 + n]) != NULL)
			return true;
	}
	return false;
}

void
smtp_quote(const struct smtp_conn *c, char *dst, size_t size)
{
	text_clean(dst, size, c->reply, strcspn(c->reply, "\n"));
}
