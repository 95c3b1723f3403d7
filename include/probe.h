/*
 * probe.h - is the running Postfix what the settings say?  A real SMTP
 * client on loopback: banner, EHLO, STARTTLS, handshake, QUIT.
 *
 * Expectation: TLS off -> STARTTLS not offered; on -> offered, handshake with
 * TLS 1.2 and 1.3 (each where allowed), leaf SHA-256 = want_sha256; TLS only
 * -> MAIL without TLS gets 530.  No session resumption, no aNULL ciphers.
 * Retries for total_ms, because old smtpd processes answer for a while after
 * a reload (POSTFIX.md 1.6).
 * JSON result: {"protocol": "TLSv1.3", "cipher": "TLS_AES..",
 *   "certificate_sha256": hex, "starttls": true, "plaintext_refused": false,
 *   "protocols": ["TLSv1.2", "TLSv1.3"], "at": ISO, "tries": 1}
 * Errors: PROBE_*; msg quotes the server's line (control characters cut).
 */
#ifndef POSTSEAL_PROBE_H
#define POSTSEAL_PROBE_H

#include <stdbool.h>

#include "err.h"

struct json_object;

struct probe_want {
	const char	*host;		/* numeric */
	int		 port;
	bool		 starttls;	/* must be offered, or must not */
	bool		 tls_only;
	const char	*sha256;	/* of the leaf; NULL = any */
	int		 total_ms;	/* 0 = 5000 */
};

int	probe_run(const struct probe_want *, struct json_object **result,
	    struct err *);

/*
 * Is the port open where the settings say, and does the running Postfix
 * follow the access map?  Postfix must have been proven by probe_run before.
 * Listening sockets are read from /proc/net, so no packet filter interferes.
 * The map is proven by two sessions, MAIL and RCPT without DATA: one from
 * ACCESS_CANARY, an address that no client has and that every map of ours
 * refuses with a text that names the generation, and one from loopback, which
 * every map lets pass.
 * JSON: {"listen": "loopback" | "all" (or other addresses) | null,
 *   "port": N, "access":
 *   "proven" | "unproven" | null, "note"?: why unproven}
 * Errors: PROBE_LISTEN, PROBE_ACCESS.
 */
#define ACCESS_CANARY	"127.211.7.53"
#define ACCESS_REFUSAL	"Access denied by Connection Control"
/* Listening sockets on two ports as they were before a change of Postfix.
 * Whoever has them after its restart, it is not Postfix: such a socket is not
 * held against a Save.  Beyond LISTENERS_MAX they are forgotten. */
#define LISTENERS_MAX	64
struct listeners {
	unsigned long	inode[LISTENERS_MAX];
	size_t		n;
};
void	listeners_read(int port, int other_port, struct listeners *);

struct inbound_want {
	const char	*host;		/* of the probe */
	int		 port;
	int		 listen;	/* enum listen, or SETTING_KEEP */
	int		 old_port;	/* must be closed; 0 = none */
	const struct listeners *before;	/* NULL = every socket counts */
	bool		 restarted;	/* since then, so a new one is there */
	bool		 shared;	/* port of another service, too */
	bool		 tls_only;
	long		 generation;	/* of the map; 0 = no map */
	const char	*domain;	/* of the recipient: the host's name */
	int		 total_ms;	/* 0 = 5000 */
};
int	inbound_probe(const struct inbound_want *, struct json_object **result,
	    struct err *);

/* Watches the port through an apply from a child process of its own:
 * the time from the first refused connection to the first served banner,
 * which may come from another port (0 = the same). */
struct outage;
int	outage_start(const char *host, int port, const char *next_host,
	    int next_port, struct outage **, struct err *);
/* Stops the watch; ms without service (0 = nobody was refused). */
int	outage_stop(struct outage *, int *ret_ms, struct err *);

#endif
