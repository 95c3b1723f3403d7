/*
 * resolver.h - does the resolver that smtp(8) asks validate DNSSEC?  DANE is
 * worth nothing without (POLICY: "dane" then acts as "may").
 *
 * What smtp reads is resolv.conf of its chroot, QUEUE/etc/resolv.conf, where
 * its service has one.  The first nameserver there that answers is asked for
 * what Postfix itself asks (dnssec_probe, "ns:." by default), with DO and AD
 * set (RFC 6840, 5.7), and its reply has the AD bit or not.
 * Trust: the resolver is a stranger; dns_ask.h.
 * Limits: RESOLVER_MS for each of three nameservers, nothing beyond
 * conf->until; replies over UDP alone, of which the header is enough.
 * Gaps: options of resolv.conf; nameservers of master.cf's other clients.
 */
#ifndef POSTSEAL_RESOLVER_H
#define POSTSEAL_RESOLVER_H

#include "dns_ask.h"
#include "postfix.h"

#define RESOLVER_MS	1500
#define RESOLVER_SERVERS 3

struct resolver {
	char	file[512];		/* that smtp reads */
	bool	stale;			/* a copy that is not the system's */
	char	server[RESOLVER_SERVERS][64];
	size_t	n_servers;
	bool	native;			/* smtp_host_lookup is without dns */
	char	lookup[64];		/* smtp_host_lookup */
	size_t	asked;			/* server[] that the answer is of */
	enum resolver_answer answer;
};

/* 0 with *ret filled; -1: Postfix could not be asked, nor its resolver, which
 * is silent then. */
int	resolver_look(const struct conf *, const struct postfix_info *,
	    struct resolver *ret, struct err *);
/* resolv.conf as glibc reads it: the first three nameservers, 127.0.0.1
 * without any. */
void	resolver_read(const char *text, struct resolver *);
/* Is the one that answered on another host? */
bool	resolver_is_remote(const struct resolver *);

#endif
