/*
 * bundle_int.h - what bundle.c and identity.c share.
 */
#ifndef POSTSEAL_BUNDLE_INT_H
#define POSTSEAL_BUNDLE_INT_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bundle.h"

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
