/*
 * smtp_conn.h - one SMTP connection as a client: lines in, commands out,
 * STARTTLS, every step under one deadline.  Used by door.c, probe.c, outage.c
 * and probe_inbound.c.
 *
 * Trust: the peer is whatever listens on the port; its bytes are bounded
 * (SMTP_REPLY_MAX for one reply) and never trusted.
 * TLS is spoken in a child (tls_child.c): certificates are parsed there.
 * Signals: never raises SIGPIPE (MSG_NOSIGNAL).
 */
#ifndef POSTSEAL_SMTP_CONN_H
#define POSTSEAL_SMTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "util.h"

#define SMTP_REPLY_MAX	8192

struct jail_job;

struct smtp_conn {
	int	 fd;			/* after the handshake: to a child that
					 * speaks TLS */
	int	 words_fd;		/* its last words, or -1 */
	struct {
		bool	 on;
		char	 protocol[16], cipher[64];
		char	 sha256[SHA256_HEX];	/* of the leaf; "": none */
	} tls;
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
/* Handshake on the connection, after STARTTLS or before anything else, with a
 * client that looks at everything and trusts nothing; version: of TLS, as
 * OpenSSL numbers it, 0 = any.  ERR_PROBE_HANDSHAKE, and where this host has
 * no child for it ERR_PROBE_UNABLE: nothing is known of the server then. */
int	smtp_starttls(struct smtp_conn *, int version, struct err *);
extern const struct jail_job probe_tls_job;
/* Does the last reply (to EHLO) offer the keyword? */
bool	smtp_offers(const struct smtp_conn *, const char *keyword);
/* First line of the last reply, clean, for messages. */
void	smtp_quote(const struct smtp_conn *, char *dst, size_t size);

/* door.c: from the connection to the reply to EHLO, through whatever the
 * listener has in front of it.  Errors: PROBE_CONNECT, _BANNER, _HANDSHAKE. */
struct probe_door;
int	door_open(struct smtp_conn *, const struct probe_door *, int version,
	    struct err *);
/* EHLO, by another name where ours is refused: 0, or -1 with the code. */
int	door_hello(struct smtp_conn *, const struct probe_door *,
	    enum err_code, struct err *);

#endif
