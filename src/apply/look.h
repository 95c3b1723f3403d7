/*
 * look.h - all inbound addresses of Postfix, looked at through the probe.
 *
 * Expected is what main.cf and master.cf say (postfix_info), not what settings
 * would say: somebody may have set something else by hand, and it stays.  Not
 * every listener lets this host in.  If it was turned away before a change,
 * and is turned away in the same way after it, it has learnt nothing: the
 * address is "blind", and a caller that has a baseline goes on.
 *
 * PROBE: the members of ADDRESS (probe.h) of the first address, and
 *   "addresses": [ADDRESS with "service"], "proven": all of them,
 *   "more_addresses": true (if there are more than are looked at),
 *   "closed": why nothing listens,
 *   "by_name": [{"name", "certificates"}] (of certificates by name).
 *   state: "proven", "blind", "not_seen" (it answered neither before nor now,
 *   so nothing is held against the change).
 */
#ifndef POSTSEAL_LOOK_H
#define POSTSEAL_LOOK_H

#include <stdbool.h>

#include "certs.h"
#include "postfix.h"

struct look {
	const struct conf *conf;	 /* its deadline */
	const struct postfix_info *info; /* as it is meant to be */
	struct json_object *cert;   /* CERT that main.cf names, or NULL: what
				     * was served before, or any */
	const struct certs *certs;  /* by name, or NULL */
	bool by_name;		    /* is each of them proven? */
	struct json_object *before; /* [ADDRESS] of look_see, or NULL */
	bool accept_blind;	    /* whatever it was before; one that does
				     * not answer it must not have become */
	bool any_certificate;	    /* nobody knows which main.cf names */
	bool no_certificate;	    /* main.cf names none: STARTTLS may be
				     * offered, and is not to be had */
	int total_ms;		    /* for each address, 0 = 5000 */
};

/* What is there: [ADDRESS], states seen, blind or dark. */
int look_see(const struct conf *, const struct postfix_info *, int total_ms,
    struct json_object **, struct err *);
/* 0 with PROBE, or -1 with the first address that is not as expected. */
int look_prove(const struct look *, struct json_object **ret, struct err *);
/* Is all that was seen before seen again, and the same?  -1: err says what
 * differs. */
int look_same(const struct conf *, const struct postfix_info *,
    struct json_object *before, int total_ms, struct err *);
/* The row of this address and port, or NULL. */
struct json_object *look_find(
    struct json_object *list, const char *address, int port);
/* Was the host turned away from both in the same way? */
bool look_same_reason(struct json_object *a, struct json_object *b);

#endif
