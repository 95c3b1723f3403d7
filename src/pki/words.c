/*
 * words.c - all that can be said of a trial handshake.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "join.h"

/* What is said of it: the first is for all that has no row. */
static const struct {
	int lib, reason;
	const char *text;
} reasons[] = {
    {0, 0, "the peer gave up"},
    {ERR_LIB_SSL, SSL_R_EE_KEY_TOO_SMALL, "ee key too small"},
    {ERR_LIB_SSL, SSL_R_CA_KEY_TOO_SMALL, "ca key too small"},
    {ERR_LIB_SSL, SSL_R_CA_MD_TOO_WEAK, "ca md too weak"},
    {ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER, "no shared cipher"},
    {ERR_LIB_SSL, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
	"no suitable signature algorithm"},
    {ERR_LIB_SSL, SSL_R_WRONG_SIGNATURE_TYPE, "wrong signature type"},
    {ERR_LIB_SSL, SSL_R_WRONG_CERTIFICATE_TYPE, "wrong certificate type"},
    {ERR_LIB_SSL, SSL_R_UNKNOWN_CERTIFICATE_TYPE, "unknown certificate type"},
    {ERR_LIB_SSL, SSL_R_BAD_SIGNATURE, "bad signature"},
    {ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, "key values mismatch"},
};
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

/* 1 = before any handshake, then the versions in their order. */
static const char *const times[] = {"", "SSL_CTX", "TLSv1.2", "TLSv1.3"};
#define N_TIMES (sizeof(times) / sizeof(times[0]))

unsigned char
handshake_why(int lib, int reason)
{
	size_t i;

	for (i = N_REASONS - 1; i > 0; i--)
		if (reasons[i].lib == lib && reasons[i].reason == reason)
			break;
	return (unsigned char)i;
}

int
handshake_text(const struct shaken *s, struct err *e)
{
	if (s->when >= N_TIMES || s->why >= N_REASONS)
		return -1;
	if (s->when == 0)
		return 0;
	err_set(e, ERR_HANDSHAKE_FAILED, "server_certificate", "%s: %s",
	    times[s->when], reasons[s->why].text);
	return 1;
}
