/*
 * passkey.h - the passkeys of users: what a browser is asked, and what it
 * answers.
 *
 * An answer is JSON, and stands where a code of the second factor does:
 *   {"id", "client", "data", "signature"}	of a passkey that is here
 *   {"client", "data", "key", "alg"}		a new one
 * base64url, as in webauthn.h.  A challenge belongs to the session, is good
 * once and for CHALLENGE_S.
 */
#ifndef POSTSEAL_PASSKEY_H
#define POSTSEAL_PASSKEY_H

#include "core.h"
#include "passkeys.h"

/* Only where the console's own name is configured: it is what they are for. */
bool passkeys_possible(const struct app *);
/* {"challenge", "rp", "user", "handle", "credentials": [id]}; owned.
 * ERR_AUTH_PASSKEY where they are not possible. */
int passkey_offer(struct app *, const struct request *, const char *user,
    struct json_object **, struct err *);
/* ERR_AUTH_PASSKEY. */
int passkey_check(struct app *, const struct request *, const char *user,
    const char *answer, time_t now, struct err *);
/* Of the asker; with a line of the audit log. */
int passkey_add(struct app *, const struct request *, const char *name,
    const char *answer, struct err *);
int passkey_remove(
    struct app *, const struct request *, const char *id, struct err *);

#endif
