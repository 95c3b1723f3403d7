/*
 * revoked.c - is this an issuer's certificate that its CA has taken back?
 * Nothing is asked over the network: the table is part of the program.
 */
#include <string.h>

#include "pki_int.h"

static const struct pki_revoked rows[] = {
#define R(sha256, date, what) {sha256, date},
#include "revoked.def"
#undef R
    {NULL, NULL},
};

const char *
revoked_on(const struct pki_cert *c, const struct pki_input *in)
{
	const struct pki_revoked *r = in->revoked != NULL ? in->revoked : rows;
	char hex[SHA256_HEX];

	hex_encode(hex, c->sha256, sizeof(c->sha256));
	for (; r->sha256 != NULL; r++)
		if (strcmp(r->sha256, hex) == 0)
			return r->date;
	return NULL;
}
