/*
 * hop.h - one next hop, looked at as Postfix's own client would meet it:
 * name, address, connection, EHLO, STARTTLS, certificate, at the level that
 * main.cf and smtp_tls_policy_maps give it.  No mail is sent.
 *
 * Trust: the remote is a stranger.  Postfix's posttls-finger(1) speaks to it,
 * as a user that owns nothing, without a key of ours (so a remote that asks
 * for a client certificate gets none); its words are taken as text.
 * Limits: HOP_MS for the client, of which 4 s each for a connection and an
 * answer, some 10 ms for each question to postconf(1) and postmap(1) before it;
 * nothing beyond conf->until.
 * HOP: {"next_hop", "level" (as Postfix has it), "policy": bool (from
 *   smtp_tls_policy_maps), "at": ISO, "state": "seen" | "not_seen",
 *   "reason": null | "lookup" | "connection" | "session" | "starttls" |
 *     "handshake" | "certificate" | "failed",
 *   "tls": bool, "address", "protocol", "cipher", "trust": "verified" |
 *   "trusted" | "untrusted" | "anonymous" (of "tls"), "detail": Postfix's
 *   words, of "not_seen", "transport": of connection.test, by a name for which
 *   transport_maps have something, see hop_transport}
 */
#ifndef POSTSEAL_HOP_H
#define POSTSEAL_HOP_H

#include <stdbool.h>

#include "conf.h"
#include "err.h"
#include "ops.h"

struct json_object;

#define HOP_MS		9000

/* "[mx.example.jp]:587", "example.jp": can it be one? */
bool	hop_name_valid(const char *);
/* relayhost, as main.cf has it; false: there is none, or not one that can be
 * looked at. */
bool	hop_relayhost(const struct conf *, char dst[HOP_NAME_MAX + 1]);
/* What transport_maps has for mail to the domain of that name, as Postfix has
 * it ("relay:[mx.example.jp]"); "" = nothing, or the name is of a host. */
#define HOP_TRANSPORT_MAX 256
int	hop_transport(const struct conf *, const char *next_hop,
	    char dst[HOP_TRANSPORT_MAX], struct err *);
/* 0 with HOP; -1: it could not be tried (no posttls-finger, no user). */
int	hop_look(const struct conf *, const char *next_hop,
	    struct json_object **ret, struct err *);

#endif
