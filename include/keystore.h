/*
 * keystore.h - keys made on this host that wait for their certificate, and
 * the TLSA records of all keys.
 *
 * STATE/keys/ID/ (0700, root): key.pem (0600), csr.pem, meta.json, and
 * cert.pem when it was made self-signed.  ID is 16 hexadecimal digits.
 * A key leaves this directory in one way only: keystore_inspect gives it to
 * the inspection of a certificate that has its public key, and so it becomes
 * part of a generation; after that keystore_retire wipes it here.
 * Trust: names and subject come from the administrator through issue.h.
 * Limits: KEYSTORE_MAX keys.
 * Crash: a directory appears and goes by rename; what a kill leaves half
 * made or half wiped is wiped by the next keystore_add.
 * Errors: ERR_KEYS_FULL, ERR_KEYS_UNKNOWN, ERR_KEYS_NO_CERTIFICATE.
 * Ownership: objects and buffers that come back are the caller's; nothing in
 * a KEY object is secret.
 *
 * KEY {"id", "at": ISO, "by", "kind": "self_signed"|"csr",
 *   "algorithm": "p256", "subject": "CN=..", "names": [..],
 *   "key": KEYINFO, "csr": PEM, "certificate": PEM | null,
 *   "not_after": ISO | null}
 * TLSA {"name": "_25._tcp.mx.example.jp.", "usage": 3, "selector": 1,
 *   "matching": 1, "data": hex, "of": common name, "record": the whole line}
 */
#ifndef POSTSEAL_KEYSTORE_H
#define POSTSEAL_KEYSTORE_H

#include <stddef.h>

#include "conf.h"
#include "err.h"
#include "issue.h"
#include "pki.h"

#define KEYSTORE_MAX	16
#define KEY_ID_LEN	16

struct json_object;

int	keystore_add(const struct conf *, const struct issue_request *,
	    const char *by, struct json_object **ret_key, struct err *);
/* Array of KEY, newest first. */
int	keystore_list(const struct conf *, struct json_object **ret_array,
	    struct err *);
int	keystore_get(const struct conf *, const char *id,
	    struct json_object **ret_key, struct err *);
int	keystore_delete(const struct conf *, const char *id, struct err *);
/* The self-signed certificate of a key, appended to the buffer. */
int	keystore_certificate(const struct conf *, const char *id, struct buf *,
	    struct err *);

/* pki_inspect_jailed that also knows the keys that wait here: a certificate
 * that came without its key, and that the key in use does not fit, is
 * inspected with the one that it was requested with (finding key.pending).
 * Files that take seconds to open are opened one at a time for each user:
 * ERR_INSPECT_BUSY after five seconds of waiting. */
int	keystore_inspect(const struct conf *, const char *user,
	    const struct pki_jail *, const struct pki_input *,
	    struct pki_output *, struct err *);
/* Wipe the keys that these are made of: they live in a generation now. */
struct certs;
void	keystore_retire(const struct conf *, const struct certs *);

/* Adds the TLSA of a CERT (3 1 1 of each leaf, 2 1 1 of each issuer that is
 * sent), or of a KEYINFO, to an array. */
void	tlsa_of_cert(const char *host, struct json_object *cert,
	    struct json_object *array);
void	tlsa_of_key(const char *host, struct json_object *key_info,
	    const char *of, struct json_object *array);

#endif
