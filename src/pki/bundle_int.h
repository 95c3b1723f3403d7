/*
 * bundle_int.h - what the bundle*.c and identity.c share.
 */
#ifndef POSTSEAL_BUNDLE_INT_H
#define POSTSEAL_BUNDLE_INT_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bundle.h"

#define BUNDLE_ATTRIBUTES_MAX 4096

/* What is inside of a sealed bundle, believed or not. */
struct bundle_parts {
	struct buf content;    /* JSON: may hold a private key */
	struct buf attributes; /* DER, what the signature is over */
	struct buf signature;
};
void bundle_parts_init(struct bundle_parts *);
void bundle_parts_clear(struct bundle_parts *);
/* bundleopen.c, in the child: its frame is two bytes, the parts' lengths, and
 * the parts. */
#define BUNDLE_PARTS	 3
#define BUNDLE_HEAD_SIZE (2 + 4 * BUNDLE_PARTS)
/* CMS away; nothing is verified. */
int bundle_take_apart(const struct pki_bytes *sealed,
    const struct bundle_identity *host, struct bundle_parts *, struct err *);
/* Signature, then head, as bundle_open_jailed says. */
int bundle_parts_check(const struct bundle_parts *,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int64_t *ret_generation, struct json_object **ret_body, struct err *);

BIO *bundle_bio(const struct pki_bytes *);
/* No passphrase is ever asked for. */
int bundle_no_passphrase(char *, int, int, void *);
EVP_PKEY *bundle_key(const struct pki_bytes *pem);
X509 *bundle_cert(const struct pki_bytes *pem);
/* EC from 256 bits, RSA from 2048. */
bool bundle_key_usable(EVP_PKEY *);
int bundle_bio_add(BIO *from, struct buf *to, struct err *);
/* Free a memory BIO that may have held a key. */
void bundle_bio_wipe(BIO *);

#endif
