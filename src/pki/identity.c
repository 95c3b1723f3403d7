/*
 * identity.c - who signs and who is sealed to: a key that its host makes
 * itself, and the self-signed certificate that carries its public half.
 *
 * All of it runs in a child (identityjob.c), as certificates of other hosts
 * are a stranger's bytes; the caller's half is identityjail.c.  A child that
 * has a key of ours parses nothing else.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "bundle_int.h"

#define IDENTITY_DAYS 7300L

BIO *
bundle_bio(const struct pki_bytes *b)
{
	if (b->data == NULL || b->len > INT32_MAX)
		return NULL;
	return BIO_new_mem_buf(b->data, (int)b->len);
}

/* No passphrase is ever asked for. */
int
bundle_no_passphrase(char *dst, int size, int writing, void *arg)
{
	(void)dst;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

EVP_PKEY *
bundle_key(const struct pki_bytes *pem)
{
	EVP_PKEY *key = NULL;
	BIO *in = bundle_bio(pem);

	if (in != NULL)
		key = PEM_read_bio_PrivateKey(
		    in, NULL, bundle_no_passphrase, NULL);
	BIO_free(in);
	return key;
}

X509 *
bundle_cert(const struct pki_bytes *pem)
{
	X509 *x = NULL;
	BIO *in = bundle_bio(pem);

	if (in != NULL && pem->len <= BUNDLE_PEM_MAX)
		x = PEM_read_bio_X509(in, NULL, bundle_no_passphrase, NULL);
	BIO_free(in);
	return x;
}

int
bundle_bio_add(BIO *from, struct buf *to, struct err *err)
{
	char *data = NULL;
	long n = BIO_get_mem_data(from, &data);

	if (n < 0 || buf_add(to, data, (size_t)n) == -1)
		return err_set(err, ERR_NOMEM, "", "bundle too large");
	return 0;
}

/* A memory BIO may have held a key. */
void
bundle_bio_wipe(BIO *b)
{
	char *data = NULL;
	long n;

	if (b == NULL)
		return;
	if ((n = BIO_get_mem_data(b, &data)) > 0 && data != NULL)
		OPENSSL_cleanse(data, (size_t)n);
	BIO_free(b);
}

static int
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e != NULL && X509_add_ext(x, e, -1) == 1;

	X509_EXTENSION_free(e);
	return ok;
}

static X509 *
self_signed(const char *name, EVP_PKEY *key, struct err *err)
{
	unsigned char serial[16];
	ASN1_INTEGER *number;
	BIGNUM *bn = NULL;
	X509_NAME *dn;
	X509 *x = NULL;
	int ok;

	if (random_bytes(serial, sizeof(serial), err) == -1)
		return NULL;
	serial[0] &= 0x7f;
	if ((x = X509_new()) == NULL ||
	    (bn = BN_bin2bn(serial, sizeof(serial), NULL)) == NULL)
		goto fail;
	number = X509_get_serialNumber(x);
	dn = X509_get_subject_name(x);
	ok = BN_to_ASN1_INTEGER(bn, number) != NULL &&
	     X509_set_version(x, X509_VERSION_3) == 1 &&
	     X509_NAME_add_entry_by_txt(dn, "CN", MBSTRING_ASC,
		 (const unsigned char *)name, -1, -1, 0) == 1 &&
	     X509_set_issuer_name(x, dn) == 1 &&
	     X509_gmtime_adj(X509_getm_notBefore(x), -300) != NULL &&
	     X509_time_adj_ex(X509_getm_notAfter(x), IDENTITY_DAYS, 0, NULL) !=
		 NULL &&
	     X509_set_pubkey(x, key) == 1 &&
	     add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	     add_extension(
		 x, NID_key_usage, "critical,digitalSignature,keyAgreement") &&
	     add_extension(x, NID_subject_key_identifier, "hash") &&
	     X509_sign(x, key, EVP_sha256()) > 0;
	BN_free(bn);
	if (ok)
		return x;
	bn = NULL;
fail:
	BN_free(bn);
	X509_free(x);
	err_set(err, ERR_INTERNAL, "", "an identity could not be made");
	return NULL;
}

int
identity_new(const struct pki_bytes *in, struct buf *out)
{
	BIO *k = BIO_new(BIO_s_mem()), *c = BIO_new(BIO_s_mem());
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = NULL;
	struct err err;
	int rc = -1;

	if (k != NULL && c != NULL && pkey != NULL &&
	    (x = self_signed(in[0].data, pkey, &err)) != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(k, pkey, NULL, NULL, 0, NULL, NULL) ==
		1 &&
	    PEM_write_bio_X509(c, x) == 1 &&
	    bundle_bio_add(k, &out[0], &err) == 0)
		rc = bundle_bio_add(c, &out[1], &err);
	bundle_bio_wipe(k);
	BIO_free(c);
	EVP_PKEY_free(pkey);
	X509_free(x);
	return rc;
}

/* EC on the curves that OpenSSL and we agree on, or RSA from 2048 bits. */
bool
bundle_key_usable(EVP_PKEY *key)
{
	if (key == NULL)
		return false;
	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_bits(key) >= 256;
	return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048 &&
	       EVP_PKEY_get_bits(key) <= 8192;
}

int
identity_check(const struct pki_bytes *in, struct buf *out)
{
	X509 *x = bundle_cert(&in[0]);
	int rc = x != NULL && bundle_key_usable(X509_get0_pubkey(x)) ? 0 : -1;

	(void)out;
	X509_free(x);
	return rc;
}

int
identity_consoles(const struct pki_bytes *in, struct buf *out)
{
	X509 *x = bundle_cert(&in[1]), *old;
	BIO *list = bundle_bio(&in[0]), *text = BIO_new(BIO_s_mem());
	bool ok = x != NULL && list != NULL && text != NULL;
	int rc = -1;

	while (ok && (old = PEM_read_bio_X509(
			  list, NULL, bundle_no_passphrase, NULL)) != NULL) {
		if (X509_NAME_cmp(X509_get_subject_name(old),
			X509_get_subject_name(x)) != 0)
			ok = PEM_write_bio_X509(text, old) == 1;
		X509_free(old);
	}
	if (ok && PEM_write_bio_X509(text, x) == 1)
		rc = bundle_bio_add(text, &out[0], NULL);
	BIO_free(text);
	BIO_free(list);
	X509_free(x);
	return rc;
}

int
identity_sign(const struct pki_bytes *in, struct buf *out)
{
	unsigned char sig[BUNDLE_SIGNATURE_MAX];
	EVP_PKEY *pkey = bundle_key(&in[0]);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = sizeof(sig);
	int rc = -1;

	if (pkey != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, sig, &n, in[1].data, in[1].len) == 1)
		rc = buf_add(&out[0], sig, n);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return rc;
}
