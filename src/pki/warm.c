/*
 * warm.c - what OpenSSL does once in a process is done before the fork.
 *
 * The first inspection of a process reads openssl.cnf, fetches some fifty
 * algorithms and builds the tables of TLS; in a forked child that is lost
 * each time.  So one made-up pair of each common kind goes through the whole
 * of it here.  The legacy provider (RC2 and DES of old PKCS#12 files) is a
 * shared object that the jailed child could not open any more; whether it is
 * loaded also tells that we were here before.
 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "decode.h"
#include "join.h"

#define RSA_BITS 1024 /* good enough to warm up with, and quick to make */
#define DAY	 86400

static X509 *
make_cert(EVP_PKEY *pkey)
{
	X509 *x = X509_new();
	X509_NAME *name;

	if (x == NULL)
		return NULL;
	name = X509_get_subject_name(x);
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), DAY) == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"warm.invalid", -1, -1, 0) != 1 ||
	    X509_set_issuer_name(x, name) != 1 ||
	    X509_set_pubkey(x, pkey) != 1 ||
	    X509_sign(x, pkey, EVP_sha256()) == 0) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static void
chain_pem(EVP_PKEY *pkey, X509 *x, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (bio != NULL &&
	    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) ==
		1 &&
	    PEM_write_bio_X509(bio, x) == 1 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0)
		(void)buf_add(out, p, (size_t)n);
	BIO_free(bio);
}

/* Parse, pair, check, describe; and the handshake, which an error finding
 * (a weak key) would leave out. */
static void
run(EVP_PKEY *pkey)
{
	struct pki_input in = {
	    .now = time(NULL), .roots = {"", 0}, .client = true};
	struct pki_output out;
	struct trial t = {.client = true};
	struct pki_bytes *pem = &in.file[PKI_SERVER_CERTIFICATE];
	struct shaken s;
	struct buf chain;
	X509 *x = make_cert(pkey);

	buf_init(&chain, PKI_FILE_MAX);
	pki_output_init(&out);
	if (x != NULL)
		chain_pem(pkey, x, &chain);
	if (chain.len > 0) {
		pem->data = chain.data;
		pem->len = chain.len;
		pki_inspect(&in, &out, NULL);
		t.pem = *pem;
		handshake_chain(&t, &s);
	}
	pki_output_clear(&out);
	buf_clear(&chain);
	X509_free(x);
}

/*
 * At exit OpenSSL frees a provider only when nobody holds it.  Loading it
 * again gives the handle that pki_warm_up had no place to keep.
 */
static void
release_legacy(void)
{
	OSSL_PROVIDER *p = OSSL_PROVIDER_try_load(NULL, "legacy", 1);

	if (p != NULL) {
		OSSL_PROVIDER_unload(p);
		OSSL_PROVIDER_unload(p);
	}
}

void
pki_warm_up(void)
{
	EVP_PKEY *ec, *rsa;

	if (OSSL_PROVIDER_available(NULL, "legacy") == 1)
		return;
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
	if (OSSL_PROVIDER_try_load(NULL, "legacy", 1) != NULL)
		atexit(release_legacy);
	passphrase_warm_up();
	ec = EVP_EC_gen("P-256");
	rsa = EVP_RSA_gen(RSA_BITS);
	if (ec != NULL)
		run(ec);
	if (rsa != NULL)
		run(rsa);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	ERR_clear_error();
}
