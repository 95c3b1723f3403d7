/*
 * derread.c - a file's DER values, each by the decoder of its kind: keys,
 * certificates and the containers that hold them.
 */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "decode.h"
#include "pki_int.h"

static int
read_signed(
    struct pki_set *s, int field, const unsigned char *p, size_t len, int line)
{
	const unsigned char *q = p;
	X509_REQ *req;
	X509_CRL *crl;
	X509 *x;

	if ((x = d2i_X509(NULL, &q, (long)len)) != NULL)
		return set_add_cert(s, field, line, x, false);
	q = p;
	if ((req = d2i_X509_REQ(NULL, &q, (long)len)) != NULL) {
		X509_REQ_free(req);
		return set_skip(
		    s, field, ERR_FILE_REQUEST, line, "CERTIFICATE REQUEST");
	}
	q = p;
	if ((crl = d2i_X509_CRL(NULL, &q, (long)len)) != NULL) {
		X509_CRL_free(crl);
		return set_skip(
		    s, field, ERR_FILE_UNSUPPORTED, line, "X509 CRL");
	}
	return set_fail(s, field, ERR_FILE_UNREADABLE, line, "X.509");
}

static int
read_one(struct pki_set *s, int field, enum der_kind kind,
    const unsigned char *p, size_t len, int line)
{
	switch (kind) {
	case DER_SIGNED:
		return read_signed(s, field, p, len, line);
	case DER_ENCRYPTED_KEY:
		return kdf_decrypt_pkcs8(s, field, line, p, len);
	case DER_PKCS12:
		return p12_read(s, field, p, len);
	case DER_PKCS7:
		return p7_read(s, field, p, len, line);
	case DER_PUBLIC_KEY:
		return set_skip(
		    s, field, ERR_FILE_UNSUPPORTED, line, "PUBLIC KEY");
	case DER_TRUNCATED:
		return set_fail(s, field, ERR_FILE_TRUNCATED, line, "ASN.1");
	default:
		return der_read_key(s, field, kind, p, len, line, false);
	}
}

/*
 * After the last value only white space and NULs may stand (a text-mode
 * transfer adds them), and the trust settings of a TRUSTED CERTIFICATE.
 */
int
der_read(
    struct pki_set *s, int field, const unsigned char *p, size_t len, int line)
{
	enum der_kind kind;
	size_t n;
	int rc = 0;

	if (len == 0)
		return set_fail(s, field, ERR_FILE_TRUNCATED, line, "ASN.1");
	while (len > 0 && rc == 0) {
		kind = der_sniff(p, len, &n);
		rc = read_one(s, field, kind, p, n, line);
		p += n;
		len -= n;
		while (len > 0 &&
		       (*p == '\0' || *p == '\n' || *p == '\r' || *p == ' ')) {
			p++;
			len--;
		}
	}
	ERR_clear_error();
	return rc;
}
