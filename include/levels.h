/*
 * levels.h - security levels as main.cf has them, whoever set them, also by
 * their older names.
 */
#ifndef POSTSEAL_LEVELS_H
#define POSTSEAL_LEVELS_H

#include "params.h"

enum tls_direction { TLS_INBOUND, TLS_OUTBOUND };
enum tls_rank {
	RANK_NONE,
	RANK_MAY,
	RANK_ENCRYPT,		/* it, and whatever asks for more */
	RANK_OWN,		/* an expression of somebody's own */
	RANK_BAD		/* no level of Postfix */
};
#define DEMAND_TLS	1u	/* where it is offered */
#define DEMAND_ALWAYS	2u
#define DEMAND_TLSA	4u	/* what DNS says of the certificate */
#define DEMAND_NAME	8u	/* of the host, by a CA that is trusted */
#define DEMAND_NEXT_HOP	16u	/* the same, of the destination */
#define DEMAND_PRINT	32u	/* a fingerprint */
struct tls_level {
	enum tls_rank	 rank;
	unsigned	 demands;	/* DEMAND_*; of RANK_OWN those of
					 * encrypt, as nobody knows */
	const char	*parameter;	/* that says so; static */
	const char	*value;		/* borrowed of the parameters; "" */
};
/* params: as params_read gives them; NULL = nothing is set. */
void	level_read(struct json_object *params, enum tls_direction,
	    struct tls_level *);
/* Values of what levels refer to ("$strict") and is not ours, as "$NAME" into
 * ret.  -1: no memory. */
int	levels_references(struct json_object *all, struct json_object *ret);
/* Parameters as they will be: owned by the caller; NULL without memory. */
struct json_object *params_after(struct json_object *current,
	    const struct param_plan *);
/* Does main.cf name a certificate that is not of the console's making? */
bool	params_own_certificate(struct json_object *params);
/* Does this parameter name a file of certificates of the console's? */
bool	params_name_ours(struct json_object *params, const char *name);
/* Is this value one, as ".../generations/gen-N/inbound.pem"? */
bool	chain_path_ours(const char *value);
/* Are clients asked for a certificate? */
bool	params_ask_clients(struct json_object *params);

#endif
