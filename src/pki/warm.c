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
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "checks.h"
#include "decode.h"
#include "pki_int.h"

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

/* Parse, pair, check, describe; and the handshake, which an error finding
 * (a weak key) would leave out. */
static void
run(EVP_PKEY *pkey)
{
	struct pki_input in = {.now = time(NULL), .roots = {"", 0}, .client = true};
	struct pki_output out;
	struct pki_key key = {.pkey = pkey};
	struct pki_cert cert = {.x = make_cert(pkey)};
	struct pki_plan plan = {.n = 1, .pair = {{.key = &key, .leaf = &cert}}};
	struct buf chain;

	buf_init(&chain, PKI_FILE_MAX);
	pki_output_init(&out);
	if (cert.x != NULL && chain_write(&plan, &chain) == 0) {
		in.file[PKI_SERVER_CERTIFICATE].data = chain.data;
		in.file[PKI_SERVER_CERTIFICATE].len = chain.len;
		pki_inspect(&in, &out, NULL);
		handshake_chain(&chain, &plan, &in, NULL);
	}
	pki_output_clear(&out);
	buf_clear(&chain);
	X509_free(cert.x);
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
