/*
 * sigalgs.c - one row for each kind of key that Postfix serves side by side
 * with another.
 */
#include <string.h>

#include "sigalgs.h"

static const struct {
	const char *key_type;
	const char *list;
} algs[] = {
    {"RSA", "RSA-PSS+SHA256:RSA+SHA256:RSA+SHA384"},
    {"RSA-PSS", "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512"},
    {"EC", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"},
    {"ED25519", "ed25519"},
    {"ED448", "ed448"},
};

const char *
sigalgs_of(const char *key_type)
{
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].key_type, key_type) == 0)
			return algs[i].list;
	return NULL;
}
