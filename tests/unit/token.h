/*
 * token.h - a token of scope write, without end, from anywhere.
 */
#ifndef TEST_TOKEN_H
#define TEST_TOKEN_H

#include "store.h"
#include "tokens.h"

static inline int
tokens_add(struct db *db, const char *user, const char *name, time_t now,
    char dst[TOKEN_LEN + 1], long *ret_id, struct err *err)
{
	const struct token_want w = {user, name, SCOPE_WRITE, 0, NULL, NULL};

	return tokens_create(db, &w, now, dst, ret_id, err);
}

#endif
