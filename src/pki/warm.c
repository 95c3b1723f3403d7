/*
 * warm.c - what OpenSSL does once in a process is done before the fork.
 *
 * The legacy provider (RC2 and DES of old PKCS#12 files) is a shared object
 * that the jailed child could not open any more.
 */
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "pki_int.h"

void
pki_warm_up(void)
{
	if (OSSL_PROVIDER_available(NULL, "legacy") == 1)
		return;
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
	OSSL_PROVIDER_try_load(NULL, "legacy", 1);
	ERR_clear_error();
}
