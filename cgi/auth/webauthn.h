/*
 * webauthn.h - what a browser and its authenticator say, verified: W3C Web
 * Authentication Level 2, sections 7.1 and 7.2, for attestation "none".
 *
 * Trust: every byte is a stranger's, and is looked at in the web process,
 * which has no rights.  Nothing here is CBOR: of the attestation object only
 * the authenticator data is sent, whose layout is fixed up to the key, and the
 * key comes as SubjectPublicKeyInfo (getPublicKey() of the browser).
 * Texts are base64url without padding, in the one canonical form.
 * Errors: ERR_AUTH_PASSKEY, with what was wrong.
 */
#ifndef POSTSEAL_WEBAUTHN_H
#define POSTSEAL_WEBAUTHN_H

#include <stddef.h>
#include <stdint.h>

#include "passkeys.h"

/* What it has to be: "webauthn.create" or "webauthn.get", for this challenge,
 * at this origin ("https://name:port"). */
struct webauthn_want {
	const char *type, *challenge, *origin;
};

/* A new key: client and data of the browser's response, key, and alg, become
 * *ret, but for its id. */
int webauthn_create(const struct webauthn_want *, const char *client,
    const char *data, const char *key, int alg, struct passkey *ret,
    struct err *);
/* Signed by k?  *ret_counter: as it is now. */
int webauthn_get(const struct webauthn_want *, const struct passkey *k,
    const char *client, const char *data, const char *signature,
    int64_t *ret_counter, struct err *);

/* Bytes; -1: not base64url, or more than size. */
int b64url_read(const char *, unsigned char *dst, size_t size);
void b64url_write(const unsigned char *, size_t, char *dst);

#endif
