/*
 * smtp_conn.h - one SMTP connection as a client: lines in, commands out,
 * STARTTLS, every step under one deadline.  Used by probe.c and outage.c.
 *
 * Trust: the peer is whatever listens on the port; its bytes are bounded
 * (SMTP_REPLY_MAX for one reply) and never trusted.
 * Signals: never raises SIGPIPE (MSG_NOSIGNAL; TLS over memory BIOs).
 */
#ifndef POSTSEAL_SMTP_CONN_H
#define POSTSEAL_SMTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "err.h"

#define SMTP_REPLY_MAX	8192

struct smtp_conn {
	int	 fd;
	SSL	*ssl;			/* NULL before STARTTLS */
	int64_t	 deadline;		/* now_ms() */
	int	 cancel_fd;		/* readable = give up; -1 = none */
	const char *source;		/* numeric address of ours, or NULL */
	char	 in[4096];		/* bytes not yet consumed */
	size_t	 in_len;
	char	 reply[SMTP_REPLY_MAX];	/* the last reply, all its lines */
	int	 code;			/* its code */
};

void	smtp_init(struct smtp_conn *, int64_t deadline);
void	smtp_close(struct smtp_conn *);
/* Connect to a numeric address: ERR_PROBE_CONNECT. */
int	smtp_connect(struct smtp_conn *, const char *host, int port,
	    struct err *);
/* Read one reply; errors carry the code given. */
int	smtp_reply(struct smtp_conn *, enum err_code, struct err *);
/* Send one command line (without CRLF), read the reply. */
int	smtp_command(struct smtp_conn *, const char *, enum err_code,
	    struct err *);
/* Handshake on the connection: ERR_PROBE_HANDSHAKE. */
int	smtp_starttls(struct smtp_conn *, SSL_CTX *, struct err *);
/* Does the last reply (to EHLO) offer the keyword? */
bool	smtp_offers(const struct smtp_conn *, const char *keyword);
/* First line of the last reply, clean, for messages. */
void	smtp_quote(const struct smtp_conn *, char *dst, size_t size);

/* probe.c: a client that looks at everything and trusts nothing; version: of
 * TLS, 0 = any. */
SSL_CTX	*probe_client_ctx(int version);

#endif
