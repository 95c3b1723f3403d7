/*
 * param_rules.h - inside src/postfix: both directions of the rows of params.c
 * that are not in that file (param_row.h says what they are).
 */
#ifndef POSTSEAL_PARAM_RULES_H
#define POSTSEAL_PARAM_RULES_H

#include "param_row.h"

#define FROM(name) \
	bool from_##name(const struct params_context *, struct settings *)
#define RULE(name) \
	int rule_##name( \
	    const struct params_context *, struct want *, struct err *)

/* params_from.c */
FROM(listen);
FROM(timeout);
FROM(access);
FROM(service);
FROM(limit);
FROM(ccert);
FROM(in_level);
FROM(out_level);
FROM(out_chain);
/* params_inbound.c */
RULE(listen);
RULE(timeout);
RULE(ask);
RULE(require);
RULE(digest);
RULE(access);
RULE(service);
RULE(limit);
/* sni_map.c */
RULE(sni);
RULE(ccerts);
FROM(ccerts);

#undef FROM
#undef RULE

#endif
