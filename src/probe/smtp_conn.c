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

#include <openssl/err.h>

#include "smtp_conn.h"
#include "util.h"

void
smtp_init(struct smtp_conn *c, int64_t deadline)
{
	memset(c, 0, sizeof(*c));
	c->fd = c->cancel_fd = -1;
	c->deadline = deadline;
}

void
smtp_close(struct smtp_conn *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
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

/* What OpenSSL wants to send. */
static int
tls_flush(struct smtp_conn *c)
{
	char chunk[4096];
	int n;

	while ((n = BIO_read(SSL_get_wbio(c->ssl), chunk, sizeof(chunk))) > 0)
		if (send_raw(c, chunk, (size_t)n) == -1)
			return -1;
	return 0;
}

/* 1 = call again, 0 = EOF, -1 = error (errno 0 when it is OpenSSL's). */
static int
tls_more(struct smtp_conn *c, int ssl_rc)
{
	char chunk[4096];
	ssize_t n;
	int what = SSL_get_error(c->ssl, ssl_rc);

	if (tls_flush(c) == -1)
		return -1;
	if (what == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (what != SSL_ERROR_WANT_READ) {
		errno = 0;
		return -1;
	}
	if ((n = recv_raw(c, chunk, sizeof(chunk))) <= 0)
		return (int)n;
	return BIO_write(SSL_get_rbio(c->ssl), chunk, (int)n) == n ? 1 : -1;
}

static int
send_all(struct smtp_conn *c, const char *p, size_t len)
{
	int n;

	if (c->ssl == NULL)
		return send_raw(c, p, len);
	ERR_clear_error();
	while ((n = SSL_write(c->ssl, p, (int)len)) <= 0)
		if (tls_more(c, n) != 1)
			return -1;
	return tls_flush(c);
}

static ssize_t
recv_some(struct smtp_conn *c, char *p, size_t size)
{
	int n, more;

	if (c->ssl == NULL)
		return recv_raw(c, p, size);
	ERR_clear_error();
	while ((n = SSL_read(c->ssl, p, (int)size)) <= 0)
		if ((more = tls_more(c, n)) != 1)
			return more;
	return n;
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
		n = recv_some(c, c->in + c->in_len, sizeof(c->in) - c->in_len);
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

/* Half a reply is quoted: it may say why. */
static int
no_reply(const struct smtp_conn *c, enum err_code code, struct err *err)
{
	char quote[120];
	int e = errno;

	if (e == 0)
		return err_set(err, code, "", "TLS broke: %s",
		    ERR_reason_error_string(ERR_peek_error()));
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
	if (send_all(c, line, (size_t)n) == -1)
		return err_sys(err, code, "", "send %.20s", command);
	return smtp_reply(c, code, err);
}

int
smtp_starttls(struct smtp_conn *c, SSL_CTX *ctx, struct err *err)
{
	BIO *rbio = NULL, *wbio = NULL;
	const char *why;
	int n, more = 1, e;

	if (c->in_len > 0)
		return err_set(err, ERR_PROBE_HANDSHAKE, "",
		    "bytes between the reply to STARTTLS and the handshake");
	ERR_clear_error();
	if ((c->ssl = SSL_new(ctx)) == NULL ||
	    (rbio = BIO_new(BIO_s_mem())) == NULL ||
	    (wbio = BIO_new(BIO_s_mem())) == NULL) {
		BIO_free(rbio);
		SSL_free(c->ssl);
		c->ssl = NULL;
		return err_set(err, ERR_NOMEM, "", "TLS");
	}
	SSL_set_bio(c->ssl, rbio, wbio);
	if ((c->servername != NULL &&
		SSL_set_tlsext_host_name(c->ssl, c->servername) != 1) ||
	    (c->sigalgs != NULL &&
		SSL_set1_sigalgs_list(c->ssl, c->sigalgs) != 1))
		return err_set(err, ERR_INTERNAL, "", "TLS client");
	do {
		if ((n = SSL_connect(c->ssl)) != 1)
			more = tls_more(c, n);
	} while (n != 1 && more == 1);
	if (n == 1 && tls_flush(c) == 0)
		return 0;
	e = errno;
	why = ERR_reason_error_string(ERR_peek_error());
	if (more == 0)
		why = "the server closed the connection";
	else if (why == NULL)
		why = e != 0 ? strerror(e) : "unknown reason";
	return err_set(err, ERR_PROBE_HANDSHAKE, "", "handshake: %s", why);
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
