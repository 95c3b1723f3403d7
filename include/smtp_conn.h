/*
 * smtp_conn.h - one SMTP connection as a client: lines in, commands out,
 * STARTTLS, every step under one deadline.  Used by door.c, probe.c, outage.c
 * and probe_inbound.c.
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
	const char *servername;		/* sent by SNI, or NULL */
	const char *sigalgs;		/* all that we take, or NULL */
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
/* Say who connects, as a load balancer does (PROXY protocol, version 1). */
int	smtp_proxy(struct smtp_conn *, struct err *);
/* Read one reply; errors carry the code given. */
int	smtp_reply(struct smtp_conn *, enum err_code, struct err *);
/* Send one command line (without CRLF), read the reply. */
int	smtp_command(struct smtp_conn *, const char *, enum err_code,
	    struct err *);
/* Handshake on the connection, after STARTTLS or before anything else:
 * ERR_PROBE_HANDSHAKE. */
int	smtp_starttls(struct smtp_conn *, SSL_CTX *, struct err *);
/* Does the last reply (to EHLO) offer the keyword? */
bool	smtp_offers(const struct smtp_conn *, const char *keyword);
/* First line of the last reply, clean, for messages. */
void	smtp_quote(const struct smtp_conn *, char *dst, size_t size);

/* A client that looks at everything and trusts nothing; version: of TLS, 0 =
 * any. */
SSL_CTX	*probe_client_ctx(int version);

/* door.c: from the connection to the reply to EHLO, through whatever the
 * listener has in front of it.  Errors: PROBE_CONNECT, _BANNER, _HANDSHAKE. */
struct probe_door;
int	door_open(struct smtp_conn *, const struct probe_door *, SSL_CTX *,
	    struct err *);
/* EHLO, by another name where ours is refused: 0, or -1 with the code. */
int	door_hello(struct smtp_conn *, const struct probe_door *,
	    enum err_code, struct err *);

#endif
