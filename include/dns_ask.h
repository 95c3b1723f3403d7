/*
 * dns_ask.h - one question to one resolver: is its answer authenticated?
 *
 * Asked is what Postfix asks, the NS of a zone, with DO and AD set (RFC 6840,
 * 5.7); the reply has the AD bit or not.
 * Trust: the resolver is a stranger; its reply is looked at in a jailed child.
 * Limits: two tries over UDP within timeout_ms; of the reply the header alone.
 */
#ifndef POSTSEAL_DNS_ASK_H
#define POSTSEAL_DNS_ASK_H

#include "jail.h"

#define DNS_PORT	53

enum resolver_answer {
	RESOLVER_SILENT,		/* none, or none that is one */
	RESOLVER_FAILS,			/* SERVFAIL and the like */
	RESOLVER_PLAIN,			/* answers, and does not validate */
	RESOLVER_VALIDATES
};
/* zone: "." or "example.jp"; server: numeric. */
enum resolver_answer resolver_ask(const struct pki_jail *,
	    const char *server, int port, const char *zone, int timeout_ms);
extern const struct jail_job resolver_job;

#endif
