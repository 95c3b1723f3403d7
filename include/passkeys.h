/*
 * passkeys.h - public keys of users as a second factor (WebAuthn), and the
 * challenges that they sign.
 *
 * Nothing here is secret: a credential is its ID (base64url), a key its
 * SubjectPublicKeyInfo (base64url of DER).  What they mean: cgi/auth/webauthn.h.
 */
#ifndef POSTSEAL_PASSKEYS_H
#define POSTSEAL_PASSKEYS_H

#include "store.h"

#define PASSKEYS_MAX	  10	/* of one user */
#define PASSKEY_NAME_MAX  63	/* bytes of UTF-8 that can be seen */
#define CREDENTIAL_TEXT	  1365	/* base64url of 1,023 bytes, and NUL */
#define PASSKEY_KEY_TEXT  1100	/* of 800 bytes: RSA with 4,096 bits */
#define CHALLENGE_TEXT	  44	/* of 32 bytes */
#define CHALLENGE_S	  180

struct passkey {
	long	id;
	char	credential[CREDENTIAL_TEXT];
	char	key[PASSKEY_KEY_TEXT];
	int	alg;		/* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
	int64_t	counter;	/* of signatures, as it was last told */
};

/* ERR_FIELD_INVALID (name), ERR_AUTH_PASSKEY: there are PASSKEYS_MAX, or this
 * one is here already. */
int	passkeys_add(struct db *, const char *user, const char *name,
	    const struct passkey *, time_t now, struct err *);
/* ERR_AUTH_PASSKEY: not one of the user's. */
int	passkeys_find(struct db *, const char *user, const char *credential,
	    struct passkey *, struct err *);
/* It has signed.  ERR_AUTH_PASSKEY: the counter does not go on, as that of a
 * copy would not. */
int	passkeys_used(struct db *, long id, int64_t counter, time_t now,
	    struct err *);
/* [{"id", "name", "credential", "created_at", "last_used_at"}] */
int	passkeys_list(struct db *, const char *user, struct json_object **,
	    struct err *);
/* One, of that user: ERR_PASSKEY_UNKNOWN. */
int	passkeys_remove(struct db *, const char *user, long id, time_t now,
	    struct err *);
/* No second factor of any kind any more. */
int	factor_reset(struct db *, const char *user, time_t now, struct err *);

/* A session (half-open ones, too) has one challenge: the newest. */
int	challenge_set(struct db *, long session, const char *, time_t now,
	    struct err *);
/* It is gone then; "" when there is none, or it is too old. */
int	challenge_take(struct db *, long session, time_t now,
	    char dst[CHALLENGE_TEXT], struct err *);

#endif
