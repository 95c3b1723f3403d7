/*
 * roots.c - the system's trusted roots, looked up by name.
 *
 * The trust file holds some 140 certificates; decoding them all costs more
 * than the rest of an inspection.  So only the subject of each is cut out
 * of its DER (RFC 5280 section 4.1) and compared with the issuers we look
 * for; the one or two that fit are decoded and their signature is tried.
 */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "decode.h"
#include "pki_int.h"

/* Enter a constructed value, or step over one; NULL when it is not there. */
static const unsigned char *
step(const unsigned char *p, const unsigned char *end, bool enter,
    const unsigned char **ret_end)
{
	const unsigned char *q = p;
	long len;
	int tag, class, rc;

	if (p == NULL || p >= end)
		return NULL;
	rc = ASN1_get_object(&q, &len, &tag, &class, end - p);
	if (rc & 0x81) {
		ERR_clear_error();
		return NULL;
	}
	if (!enter)
		return q + len;
	*ret_end = q + len;
	return q;
}

/* Certificate { tbs { [0] version, serial, alg, issuer, validity, subject */
static const unsigned char *
find_subject(const unsigned char *der, size_t len, size_t *ret_len)
{
	const unsigned char *p, *end = der + len, *next;
	int i, fields;

	p = step(der, end, true, &end);
	p = step(p, end, true, &end);
	if (p == NULL || p >= end)
		return NULL;
	fields = *p == 0xa0 ? 5 : 4;
	for (i = 0; i < fields; i++)
		p = step(p, end, false, NULL);
	if ((next = step(p, end, false, NULL)) == NULL)
		return NULL;
	*ret_len = (size_t)(next - p);
	return p;
}

static bool
is_string_tag(unsigned char c)
{
	return c == V_ASN1_UTF8STRING || c == V_ASN1_PRINTABLESTRING ||
	       c == V_ASN1_T61STRING || c == V_ASN1_IA5STRING;
}

/* Equal but for the case of letters and the type of strings; X509_check_issued
 * has the last word. */
static bool
same_name(const X509_NAME *want, const unsigned char *der, size_t len)
{
	const unsigned char *raw;
	size_t raw_len, i;

	if (X509_NAME_get0_der(want, &raw, &raw_len) != 1 || raw_len != len)
		return false;
	for (i = 0; i < len; i++)
		if (raw[i] != der[i] && tolower(raw[i]) != tolower(der[i]) &&
		    !(is_string_tag(raw[i]) && is_string_tag(der[i])))
			return false;
	return true;
}

static void
try_root(struct pki_cert *c, const unsigned char *der, size_t len)
{
	X509 *root;

	if ((root = d2i_X509(NULL, &der, (long)len)) == NULL)
		goto out;
	if (c->self_signed || c->unchecked
		? X509_cmp(root, c->x) == 0
		: X509_check_issued(root, c->x) == X509_V_OK &&
		      X509_verify(c->x, X509_get0_pubkey(root)) == 1) {
		c->root = root;
		root = NULL;
	}
out:
	X509_free(root);
	ERR_clear_error();
}

static void
match_root(struct pki_set *s, const struct pem_block *b)
{
	const unsigned char *der = (unsigned char *)b->der.data, *subject;
	struct pki_cert *c;
	size_t i, len;

	if ((subject = find_subject(der, b->der.len, &len)) == NULL)
		return;
	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->root == NULL && c->role != PKI_ROLE_DUPLICATE &&
		    same_name(X509_get_issuer_name(c->x), subject, len))
			try_root(c, der, b->der.len);
	}
}

/* cert[i].root for all; -1 when there is no trust file to look in. */
int
roots_find(struct pki_set *s, const struct pki_bytes *roots)
{
	struct pem_scan scan = {roots->data, NULL, 1, 0};
	struct pem_block b;
	struct pem_fault fault;

	if (roots->data == NULL || roots->len == 0)
		return -1;
	scan.end = scan.p + roots->len;
	pem_block_init(&b);
	while (pem_next(&scan, &b, &fault) == 1)
		match_root(s, &b);
	pem_block_clear(&b);
	return 0;
}
