/*
 * wanted.h - what settings ask for on a Postfix of which nothing else is known.
 */
#ifndef TEST_WANTED_H
#define TEST_WANTED_H

#include "postfix.h"
#include "params.h"

static inline int
wanted_of(const struct settings *settings, const struct postfix_info *info,
    const char *chain_file, struct json_object **ret, struct err *err)
{
	const struct params_context c = {
	    .settings = settings, .info = info, .chain_file = chain_file};

	return params_wanted(&c, ret, err);
}

#endif
