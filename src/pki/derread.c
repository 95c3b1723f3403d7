/*
 * derread.c - a file's DER values, each by the decoder of its kind: keys,
 * certificates and the containers that hold them.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "decode.h"
#include "pki_int.h"

/* The next value in [*pp, end): *ret is its content, and *pp behind it. */
static bool
der_next(const unsigned char **pp, const unsigned char *end,
    const unsigned char **ret, long *ret_len)
{
	int tag, class;

	*ret = *pp;
	if (ASN1_get_object(ret, ret_len, &tag, &class, end - *pp) & 0x81)
		return false;
	*pp = *ret + *ret_len;
	return true;
}

/* A time as it is written; what no time has in it is shown as '?'. */
static bool
time_text(const unsigned char **pp, const unsigned char *end, char ret[32])
{
	const unsigned char *p;
	long i, len;

	if (!der_next(pp, end, &p, &len))
		return false;
	for (i = 0; i < len && i < 31; i++)
		ret[i] = p[i] != '\0' && strchr("0123456789+-.Z", p[i]) != NULL
			     ? (char)p[i]
			     : '?';
	ret[i] = '\0';
	return true;
}

/*
 * OpenSSL since 3.4 does not decode a certificate at all whose times are not
 * as X.690 wants them.  It says so only as the name of the type in the data of
 * an error.
 */
static bool
times_refused(const unsigned char *p, size_t len, char from[32], char to[32])
{
	const unsigned char *end = p + len, *q;
	const char *data;
	bool times = false;
	int flags, i;
	long n;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0)
		times |= (flags & ERR_TXT_STRING) != 0 &&
			 strstr(data, "Type=X509_VAL") != NULL;
	if (!times || !der_next(&p, end, &q, &n) ||
	    !der_next(&q, q + n, &p, &n))
		return false;
	end = p + n;
	/* version [0], serialNumber, signature, issuer, validity */
	for (i = p < end && *p == 0xa0 ? 5 : 4; i > 0; i--) {
		if (!der_next(&p, end, &q, &n))
			return false;
	}
	end = q + n;
	return time_text(&q, end, from) && time_text(&q, end, to);
}

static int
fail_signed(
    struct pki_set *s, int field, const unsigned char *p, size_t len, int line)
{
	char from[32], to[32];

	if (!times_refused(p, len, from, to))
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "X.509");
	s->file[field].failed = true;
	if (field != PKI_STORED)
		findings_add(&s->found, ERR_CERT_DATES, field_name(field),
		    "not_before", from, "not_after", to, NULL);
	return -1;
}

static int
read_signed(
    struct pki_set *s, int field, const unsigned char *p, size_t len, int line)
{
	const unsigned char *q = p;
	X509_REQ *req;
	X509_CRL *crl;
	X509 *x;

	ERR_clear_error();
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
	return fail_signed(s, field, p, len, line);
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
