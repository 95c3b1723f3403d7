/*
 * tokens.h - tokens for scripts, and the addresses that they may come from.
 *
 * A token is stored as its SHA-256, and shown once.
 */
#ifndef POSTSEAL_TOKENS_H
#define POSTSEAL_TOKENS_H

#include "store.h"

#define TOKEN_NAME_MAX		63
#define TOKEN_CERT_MAX		253
#define TOKEN_PREFIX		"pst_"
#define TOKEN_LEN		47	/* "pst_" + 43 base64url characters */

struct token_row {
	long		id;
	char		user[USER_NAME_MAX + 1];
	char		name[TOKEN_NAME_MAX + 1];
	enum role	role;
	enum scope	scope;
	/* of scope certificates: the one it is for; "" = any */
	char		certificate[TOKEN_CERT_MAX + 1];
	bool		pam;		/* the owner is a user of the host */
	time_t		checked;
};

struct token_want {
	const char	*user, *name;
	enum scope	 scope;
	int		 days;		/* until it expires; 0 = never */
	const char	*allowed;	/* addresses, see cidr; NULL = any */
	const char	*certificate;	/* a name, "default", "outbound"; NULL,
					 * "" = any */
};
#define TOKEN_DAYS_MAX		3650
#define TOKEN_ALLOWED_MAX	1024

/* A new one; dst gets the token, which is stored nowhere. */
int	tokens_create(struct db *, const struct token_want *, time_t now,
	    char dst[TOKEN_LEN + 1], long *ret_id, struct err *);
/* ERR_AUTH_FAILED; of a good token ERR_TOKEN_EXPIRED, ERR_TOKEN_ADDRESS.
 * Notes the use, at most once a minute. */
int	tokens_find(struct db *, const char *token, const char *from,
	    time_t now, struct token_row *, struct err *);
/* [{"id", "name", "user", "scope", "certificate", "created_at", "expires_at", "addresses",
 * "last_used_at", "last_from"}] */
int	tokens_list(struct db *, struct json_object **, struct err *);
/* Those of a user. */
int	tokens_count_of(struct db *, const char *user, int *ret,
	    struct err *);
int	tokens_delete_of(struct db *, const char *user, struct err *);
int	tokens_delete(struct db *, long id, struct err *);

/*
 * cidr.c: addresses and networks ("192.0.2.0/24", "2001:db8::/32", "::1"),
 * with commas, blanks or line ends between.
 */
/* In one form, ", " between; ERR_FIELD_INVALID, field "addresses". */
int	cidr_list_normal(const char *, char *dst, size_t size, struct err *);
/* An empty list allows every address; one that is none of ours matches no
 * other list. */
bool	cidr_list_allows(const char *list, const char *address);

#endif
