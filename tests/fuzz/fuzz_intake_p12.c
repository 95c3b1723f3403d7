/*
 * fuzz_intake_p12.c - PKCS#12 and PKCS#7 containers.  The first byte chooses
 * the passphrase (none, the right one of the corpus, a wrong one), and with
 * 0x40 that there is nothing to derive: every MAC is right, and what is
 * encrypted is read as it stands, so that what is inside is reached without a
 * key that no mutation would find.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/pkcs12.h>

#include "../../src/pki/decode.h"
#include "../../src/pki/pki_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool plain;

/* These three stand in front of libcrypto's. */
int
PKCS12_verify_mac(PKCS12 *p12, const char *pass, int len)
{
	static int (*real)(PKCS12 *, const char *, int);

	if (plain)
		return 1;
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "PKCS12_verify_mac");
	return real(p12, pass, len);
}

STACK_OF(PKCS12_SAFEBAG) *
    PKCS12_unpack_p7encdata(PKCS7 *p7, const char *pass, int len)
{
	static STACK_OF(PKCS12_SAFEBAG) * (*real)(PKCS7 *, const char *, int);

	if (plain)
		return ASN1_item_unpack(p7->d.encrypted->enc_data->enc_data,
		    ASN1_ITEM_rptr(PKCS12_SAFEBAGS));
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "PKCS12_unpack_p7encdata");
	return real(p7, pass, len);
}

PKCS8_PRIV_KEY_INFO *
PKCS8_decrypt(const X509_SIG *sig, const char *pass, int len)
{
	static PKCS8_PRIV_KEY_INFO *(*real)(
	    const X509_SIG *, const char *, int);
	const ASN1_OCTET_STRING *inner;

	if (plain) {
		X509_SIG_get0(sig, NULL, &inner);
		return ASN1_item_unpack(
		    inner, ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO));
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "PKCS8_decrypt");
	return real(sig, pass, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const passphrases[] = {NULL, "geheim", "", "x"};
	static struct pki_set s; /* too large for the stack under ASan */

	if (len < 2 || len > PKI_FILE_MAX)
		return 0;
	plain = (data[0] & 0x40) != 0;
	set_init(&s);
	s.cost = PKI_COST_MAX_NS - 300 * 1000;
	passphrase_set(&s, passphrases[data[0] % 4]);
	s.file[PKI_SERVER_CERTIFICATE].given = true;
	if (data[0] & 0x80)
		p7_read(&s, PKI_SERVER_CERTIFICATE, data + 1, len - 1, 0);
	else
		p12_read(&s, PKI_SERVER_CERTIFICATE, data + 1, len - 1);
	set_clear(&s);
	return 0;
}
