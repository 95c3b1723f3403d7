/*
 * tls_child.c - the probe's TLS, in a child that can do nothing else: it has
 * the connected socket, no file, no key, and a user of its own (jail.h).
 *
 *   JAIL_FILE(0)  the server        ciphertext
 *   the way out   smtp_conn.c       struct tls_told, then plaintext both ways
 *   JAIL_FILE(1)  a pipe            why TLS broke, after the handshake
 *
 * A client that looks at everything and verifies nothing: the parent compares
 * the leaf's SHA-256.  Security level 1, so that a weak certificate that was
 * set by hand can be seen, too.  The end of either side is the end.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "jail.h"
#include "pack.h"
#include "smtp_conn.h"
#include "tls_child.h"

#define CIPHERS "DEFAULT:!aNULL:!eNULL:@SECLEVEL=1"
#define SERVER	JAIL_FILE(0)
#define WORDS	JAIL_FILE(1)

static SSL_CTX *
client_ctx(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static SSL *
client(const struct buf *in)
{
	const char *servername, *sigalgs;
	struct unpack u;
	SSL_CTX *ctx;
	SSL *ssl = NULL;
	int version;

	unpack_init(&u, in->data, in->len);
	version = (int)unpack_u32(&u);
	servername = unpack_str(&u);
	sigalgs = unpack_str(&u);
	if (!unpack_end(&u) || (ctx = client_ctx(version)) == NULL)
		return NULL;
	if ((ssl = SSL_new(ctx)) == NULL || SSL_set_fd(ssl, SERVER) != 1 ||
	    (servername != NULL &&
		SSL_set_tlsext_host_name(ssl, servername) != 1) ||
	    (sigalgs != NULL && SSL_set1_sigalgs_list(ssl, sigalgs) != 1)) {
		SSL_free(ssl);
		ssl = NULL;
	}
	SSL_CTX_free(ctx);
	return ssl;
}

/* Until the server is ready; false when the parent has gone. */
static bool
wait_server(int out, short events)
{
	struct pollfd p[2] = {{SERVER, events, 0}, {out, 0, 0}};

	while (poll(p, 2, -1) == -1)
		if (errno != EINTR)
			return false;
	return p[1].revents == 0;
}

/* May the call be made again?  1, 0 = the server is gone, -1 = broken. */
static int
again(SSL *ssl, int rc, int out)
{
	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return wait_server(out, POLLIN) ? 1 : -1;
	case SSL_ERROR_WANT_WRITE:
		return wait_server(out, POLLOUT) ? 1 : -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SSL:
		return ERR_GET_REASON(ERR_peek_error()) ==
			       SSL_R_UNEXPECTED_EOF_WHILE_READING
			   ? 0
			   : -1;
	default:
		return rc == 0 || errno == 0 ? 0 : -1;
	}
}

static void
say_why(char dst[TLS_WHY_MAX], int rc, int e)
{
	const char *why = ERR_reason_error_string(ERR_peek_error());

	if (rc == 0)
		why = "the server closed the connection";
	else if (why == NULL)
		why = e != 0 ? strerror(e) : "unknown reason";
	(void)snprintf(dst, TLS_WHY_MAX, "%s", why);
}

static void
tell(SSL *ssl, struct tls_told *t)
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	unsigned n = 0;

	t->good = 1;
	(void)snprintf(
	    t->protocol, sizeof(t->protocol), "%s", SSL_get_version(ssl));
	(void)snprintf(
	    t->cipher, sizeof(t->cipher), "%s", SSL_get_cipher_name(ssl));
	t->has_leaf =
	    leaf != NULL && X509_digest(leaf, EVP_sha256(), t->sha256, &n) == 1;
	X509_free(leaf);
}

static int
shake(SSL *ssl, int out)
{
	struct tls_told t;
	int n, more = 1;

	memset(&t, 0, sizeof(t));
	ERR_clear_error();
	do {
		errno = 0;
		if ((n = SSL_connect(ssl)) != 1)
			more = again(ssl, n, out);
	} while (n != 1 && more == 1);
	if (n == 1)
		tell(ssl, &t);
	else
		say_why(t.why, more, errno);
	return jail_send(out, &t, sizeof(t)) == 0 && n == 1 ? 0 : -1;
}

/* From the parent to the server: 1, or 0 and -1 for the end. */
static int
pass_on(SSL *ssl, int out)
{
	char chunk[4096];
	ssize_t n = read(out, chunk, sizeof(chunk));
	int rc, more = 1;

	if (n <= 0)
		return 0;
	ERR_clear_error();
	while ((rc = SSL_write(ssl, chunk, (int)n)) <= 0 && more == 1)
		more = again(ssl, rc, out);
	return rc > 0 ? 1 : more;
}

static int
pass_back(SSL *ssl, int out)
{
	char chunk[4096];
	int n, what;

	ERR_clear_error();
	errno = 0;
	if ((n = SSL_read(ssl, chunk, sizeof(chunk))) > 0)
		return jail_send(out, chunk, (size_t)n) == 0 ? 1 : 0;
	what = SSL_get_error(ssl, n);
	if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE)
		return 1;
	return again(ssl, n, out);
}

static int
relay(SSL *ssl, int out)
{
	struct pollfd p[2] = {{SERVER, POLLIN, 0}, {out, POLLIN, 0}};
	int rc = 1;

	while (rc == 1) {
		if (SSL_pending(ssl) == 0 && poll(p, 2, -1) == -1) {
			if (errno != EINTR)
				return 0;
			continue;
		}
		if (SSL_pending(ssl) > 0 || p[0].revents != 0)
			rc = pass_back(ssl, out);
		if (rc == 1 && p[1].revents != 0)
			rc = pass_on(ssl, out);
	}
	return rc;
}

static int
speak_tls(int out, const struct buf *in)
{
	struct tls_told t;
	char why[TLS_WHY_MAX];
	SSL *ssl = client(in);

	if (ssl == NULL) {
		memset(&t, 0, sizeof(t));
		(void)snprintf(t.why, sizeof(t.why), "no TLS client");
		return jail_send(out, &t, sizeof(t));
	}
	if (shake(ssl, out) == 0 && relay(ssl, out) == -1) {
		say_why(why, -1, errno);
		if (write(WORDS, why, strlen(why)) == -1)
			return -1;
	}
	return 0;
}

const struct jail_job probe_tls_job = {"tls", SANDBOX_INSPECT, speak_tls};
