/*
 * authenticator.h - an authenticator of our own: answers as a browser passes
 * them on, good, or with one point of them changed.
 */
#ifndef TEST_AUTHENTICATOR_H
#define TEST_AUTHENTICATOR_H

#include <check.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "webauthn.h"

#define ORIGIN	  "https://mx.example.test:8443"
#define RP	  "mx.example.test"
#define CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

enum { UP = 1, UV = 4, BE = 8, BS = 16, AT = 64, ED = 128 };

/* What is said; a test changes one point of it. */
struct answer {
	const char *type, *challenge, *origin, *more, *rp;
	int flags, alg;
	uint32_t counter;
	EVP_PKEY *key;
	size_t extra; /* bytes behind the data */
	char client[1024], data[2048], key_text[1200], signature[800];
};

static inline EVP_PKEY *
key_of(int alg)
{
	return alg == -7   ? EVP_EC_gen("P-256")
	       : alg == -8 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
			   : EVP_RSA_gen(2048);
}

static inline struct answer
good(EVP_PKEY *key, int alg)
{
	return (struct answer){.type = "webauthn.get",
	    .challenge = CHALLENGE,
	    .origin = ORIGIN,
	    .more = ",\"crossOrigin\":false",
	    .rp = RP,
	    .flags = UP | UV,
	    .alg = alg,
	    .counter = 7,
	    .key = key};
}

/* The texts of it. */
static inline void
speak(struct answer *a)
{
	unsigned char d[1024] = {0}, text[1200], sig[512], *p;
	unsigned char *der = NULL;
	char json[700];
	size_t n = 37, sig_len = sizeof(sig);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int len;

	snprintf(json, sizeof(json),
	    "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}",
	    a->type, a->challenge, a->origin, a->more);
	b64url_write((unsigned char *)json, strlen(json), a->client);
	SHA256((const unsigned char *)a->rp, strlen(a->rp), d);
	d[32] = (unsigned char)a->flags;
	for (int i = 0; i < 4; i++)
		d[33 + i] = (unsigned char)(a->counter >> (24 - 8 * i));
	if ((a->flags & AT) != 0) {
		d[n + 17] = 16;
		memset(d + n + 18, 0x5a, 16 + 77);
		n += 18 + 16 + 77;
	}
	n += a->extra;
	b64url_write(d, n, a->data);
	memcpy(text, d, n);
	SHA256((unsigned char *)json, strlen(json), text + n);
	ck_assert_int_eq(EVP_DigestSignInit(c, NULL,
			     a->alg == -8 ? NULL : EVP_sha256(), NULL, a->key),
	    1);
	ck_assert_int_eq(EVP_DigestSign(c, sig, &sig_len, text, n + 32), 1);
	b64url_write(sig, sig_len, a->signature);
	EVP_MD_CTX_free(c);
	ck_assert_int_gt(len = i2d_PUBKEY(a->key, &der), 0);
	p = der;
	b64url_write(p, (size_t)len, a->key_text);
	OPENSSL_free(der);
}

#endif
