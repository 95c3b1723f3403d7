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
#define DER_SET		      0x31

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

/* In the child, by number: up to three things in, up to two out. */
enum identity_op {
	IDENTITY_NEW,	   /* name with its NUL: key, certificate (PEM) */
	IDENTITY_CHECK,	   /* certificate: can it be sealed to? */
	IDENTITY_CONSOLES, /* list, certificate: the list with it in the place
			    * of all of its name */
	IDENTITY_SIGN,	   /* key, text: signature */
	IDENTITY_SEAL,	   /* key, certificate, text: CMS (DER) */
	IDENTITY__MAX
};
#define IDENTITY_PARTS	   3
#define IDENTITY_FRAME_MAX (9 * BUNDLE_PEM_MAX + BUNDLE_SEALED_MAX)
#define CONSOLES_MAX	   16
/* identity.c, bundleseal.c */
int identity_new(const struct pki_bytes *in, struct buf *out);
int identity_check(const struct pki_bytes *in, struct buf *out);
int identity_consoles(const struct pki_bytes *in, struct buf *out);
int identity_sign(const struct pki_bytes *in, struct buf *out);
int bundle_sign_cms(const struct pki_bytes *in, struct buf *out);
/* identityjail.c: IDENTITY_SEAL. */
int identity_sealed(const struct bundle_identity *console, const char *text,
    struct buf *der, struct err *);

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
