/*
 * probe.h - is the running Postfix what the settings say?  A real SMTP
 * client on this host: greeting, EHLO, STARTTLS, handshake, QUIT.
 *
 * Expectation: TLS off -> STARTTLS not offered; on -> offered, handshake with
 * TLS 1.2 and 1.3 (each where allowed) for each certificate by itself, leaf
 * SHA-256 as wanted, EHLO answered after it; TLS only -> MAIL without TLS gets
 * 530.  No session resumption, no aNULL ciphers.
 * Retries for total_ms, because old smtpd processes answer for a while after
 * a reload (POSTFIX.md 1.6).
 * ADDRESS: {"address", "port", "state", "at": ISO, "tries": 1,
 *   "starttls": true, "plaintext_refused": false, "wrapper": false,
 *   "protocols": ["TLSv1.2", "TLSv1.3"],
 *   "protocol": "TLSv1.3", "cipher": "TLS_AES..", "certificate_sha256": hex,
 *   "certificates": [{"algorithm", "sha256", "protocols"}] (of each leaf that
 *   was wanted, proven by a handshake of its own),
 *   "names": [..] that are given such a certificate when asked for by SNI,
 *   "names_other": [..] that are not,
 *   "tls_error" (observed only: TLS is offered and does not work),
 *   "reason", "code": reply, "detail": the server's words}
 *   state: "proven"; observed: "seen"; "blind": the listener turns us away and
 *   others perhaps not; "dark": it does not answer; "differs".
 *   reason: of the last three: "no_connection", "no_greeting", "refused" (in
 *   the greeting or at EHLO), "starttls_hidden", "session" (after TLS),
 *   "differs".
 * Errors: PROBE_*, of them PROBE_UNABLE: this host cannot look, so nothing is
 * known; msg quotes the server's line (control characters cut).
 */
#ifndef POSTSEAL_PROBE_H
#define POSTSEAL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct json_object;

/* How a listener is entered (door.c). */
struct probe_door {
	const char	*host;		/* numeric */
	int		 port;
	bool		 proxy;		/* a PROXY line comes first */
	bool		 wrapper;	/* then TLS, without STARTTLS */
	int		 greet_ms;	/* how much longer than usual the
					 * greeting may take */
	const char	*helo;		/* a second name for EHLO, or NULL */
	bool		 bare;		/* to be accepted is all that outage.c
					 * asks for */
};

/* As in KEYINFO and CERT of pki.h. */
struct probe_leaf {
	const char	*key_type, *sha256;
};

#define PROBE_LEAVES_MAX 4
#define PROBE_NAMES_MAX	 8
struct probe_want {
	struct probe_door door;
	bool		 observe;	/* nothing is wanted: see what there
					 * is, with one handshake a version */
	bool		 starttls;	/* must be offered, or must not */
	bool		 tls_only;
	bool		 cuts_off;	/* whom has no certificate, after the
					 * handshake: 421 */
	struct probe_leaf leaf[PROBE_LEAVES_MAX];
	size_t		 n_leaf;	/* 0 = any certificate */
	const char	*sni;		/* the name that all of this is about,
					 * or NULL */
	const char	*name[PROBE_NAMES_MAX]; /* to be asked for by SNI */
	size_t		 n_name;
	const char	*hidden;	/* the parameter that may hide STARTTLS
					 * from us, or NULL */
	int		 total_ms;	/* 0 = 5000 */
};

/* 0: proven, or seen.  1: blind or dark, -1: not as wanted; *err says why.
 * ret: ADDRESS in any case, NULL without memory. */
int	probe_address(const struct probe_want *, struct json_object **ret,
	    struct err *);

/*
 * Is the port open where the settings say, and does the running Postfix
 * follow the access map?  Postfix must have been proven by probe_address
 * before.  Listening sockets are read from /proc/net, so no packet filter
 * interferes.
 * The map is proven by two sessions, MAIL and RCPT without DATA: one from
 * ACCESS_CANARY, an address that no client has and that every map of ours
 * refuses with a text that names the generation, and one from loopback, which
 * every map lets pass.
 * JSON: {"listen": "loopback" | "all" (or other addresses) | null,
 *   "port": N, "access": "proven" | "unproven" | null, "note"?: why unproven}
 * Errors: PROBE_LISTEN, PROBE_ACCESS.
 */
#define ACCESS_CANARY	"127.211.7.53"
#define ACCESS_REFUSAL	"Access denied by Connection Control"
/* Listening sockets on two ports as they were before a change of Postfix.
 * A socket that is still there after the restart belongs to somebody else,
 * and is not held against a Save.  Beyond LISTENERS_MAX they are forgotten. */
#define LISTENERS_MAX	64
struct listeners {
	unsigned long	inode[LISTENERS_MAX];
	size_t		n;
};
void	listeners_read(int port, int other_port, struct listeners *);
/* Somebody listens on the port, and not root, as Postfix's master would. */
bool	listeners_of_users(int port);

struct inbound_want {
	struct probe_door door;
	int		 listen;	/* enum listen, or SETTING_KEEP */
	int		 old_port;	/* must be closed; 0 = none */
	const struct listeners *before;	/* NULL = every socket counts */
	bool		 restarted;	/* since then, so a new one is there */
	bool		 shared;	/* port of another service, too */
	bool		 tls_only;
	bool		 wants_certificate; /* of clients, in TLS */
	long		 generation;	/* of the map; 0 = no map */
	const char	*domain;	/* of the recipient: the host's name */
	int		 total_ms;	/* 0 = 5000 */
};
int	inbound_probe(const struct inbound_want *, struct json_object **result,
	    struct err *);

/* Watches the port through an apply from a child process of its own:
 * the time from the first refused connection to the first served banner,
 * which may come from another port (NULL = the same). */
struct outage;
int	outage_start(const struct probe_door *, const struct probe_door *next,
	    struct outage **, struct err *);
/* Stops the watch; ms without service (0 = nobody was refused). */
int	outage_stop(struct outage *, int *ret_ms, struct err *);

#endif
