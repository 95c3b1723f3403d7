/*
 * hop_int.h - how a next hop is met, and what came of it.
 */
#ifndef POSTSEAL_HOP_INT_H
#define POSTSEAL_HOP_INT_H

#include <stdbool.h>

#include "conf.h"
#include "err.h"
#include "run.h"

struct json_object;

#define HOP_VALUE_MAX 256
struct hop_way {
	const char *next_hop;
	char level[32], match[HOP_VALUE_MAX], protocols[HOP_VALUE_MAX],
	    ciphers[HOP_VALUE_MAX], servername[HOP_VALUE_MAX];
	bool policy;		 /* of smtp_tls_policy_maps */
	struct json_object *set; /* main.cf, expanded */
};

/* A parameter that names tables, expanded.  hop_ask: what the first one that
 * has the key says of it; 1 with *ret (the caller's), 0: none has it. */
struct hop_maps {
	const char *name, *list;
};
int hop_ask(const struct conf *, const struct hop_maps *, const char *key,
    char **ret, struct err *);

/* More than "none" and "may". */
bool hop_is_mandatory(const char *level);
/* What the client printed, into HOP. */
void hop_judge(
    const struct hop_way *, const struct run_result *, struct json_object *);
void hop_not_seen(
    struct json_object *, const char *reason, const char *detail);

#endif
