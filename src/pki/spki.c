/*
 * spki.c - the way to the public key in a certificate or a request, over the
 * tags alone.
 *
 *   certificate  SEQ { SEQ { [0] version?, INT serial, SEQ algorithm,
 *                            SEQ issuer, SEQ validity, SEQ subject, SEQ spki
 *   request      SEQ { SEQ { INT version, SEQ subject, SEQ spki
 *
 * Runs where keys are, on bytes that are not trusted: every length is checked
 * against what is left, nothing is copied, nothing recurses.
 */
#include <openssl/evp.h>

#include "join.h"

#define TAG_INTEGER  0x02
#define TAG_SEQUENCE 0x30
#define TAG_VERSION  0xa0

struct span {
	const unsigned char *p;
	size_t left;
};

/* The next value: its tag, its body, and the whole of it. */
static int
next(struct span *in, struct span *body, struct pki_bytes *whole)
{
	const unsigned char *p = in->p;
	size_t head = 2, len, n, i;

	if (in->left < 2)
		return -1;
	len = p[1];
	if (len >= 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 3 || in->left < 2 + n)
			return -1;
		for (len = 0, i = 0; i < n; i++)
			len = len << 8 | p[2 + i];
		head = 2 + n;
	}
	if (len > in->left - head)
		return -1;
	body->p = p + head;
	body->left = len;
	whole->data = p;
	whole->len = head + len;
	in->p += head + len;
	in->left -= head + len;
	return p[0];
}

bool
der_whole(const void *der, size_t len)
{
	struct span in = {der, len}, body;
	struct pki_bytes whole;

	return next(&in, &body, &whole) == TAG_SEQUENCE && in.left == 0;
}

int
spki_find(const void *der, size_t len, struct pki_bytes *ret)
{
	struct span in = {der, len}, outer, tbs, body;
	struct pki_bytes whole;
	int tag, left;

	if (next(&in, &outer, &whole) != TAG_SEQUENCE || in.left != 0 ||
	    next(&outer, &tbs, &whole) != TAG_SEQUENCE)
		return -1;
	tag = next(&tbs, &body, &whole);
	if (tag == TAG_VERSION)
		tag = next(&tbs, &body, &whole);
	if (tag != TAG_INTEGER)
		return -1;
	/* A request goes on with subject and key, a certificate has three
	 * more before these: its algorithm begins with an OID. */
	if (next(&tbs, &body, &whole) != TAG_SEQUENCE)
		return -1;
	for (left = body.left > 0 && body.p[0] == 0x06 ? 4 : 1; left > 0;
	     left--)
		if (next(&tbs, &body, &whole) != TAG_SEQUENCE)
			return -1;
	*ret = whole;
	return 0;
}

int
spki_sha256(const void *der, size_t len, unsigned char md[32])
{
	struct pki_bytes spki;

	if (spki_find(der, len, &spki) == -1)
		return -1;
	return EVP_Digest(spki.data, spki.len, md, NULL, EVP_sha256(), NULL) ==
		       1
		   ? 0
		   : -1;
}
