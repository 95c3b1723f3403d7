/*
 * issue.c - key, certificate request and self-signed certificate.
 *
 * The request asks for what an SMTP server needs: the names, serverAuth, and
 * the key usage that fits the key (RFC 5280 section 4.2.1.3).  The
 * self-signed certificate has the same and is no CA, so that nobody who
 * trusts it trusts more than this server.
 * An empty subject makes subjectAltName critical (RFC 5280 section 4.2.1.6).
 */
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "issue.h"
#include "issue_int.h"
#include "jail_int.h"

#define SKEW_S	    3600 /* clocks of clients that are behind */
#define SERIAL_SIZE 16

static EVP_PKEY *
make_key(enum issue_algorithm algorithm)
{
	switch (algorithm) {
	case ISSUE_RSA3072:
		return EVP_RSA_gen(3072);
	case ISSUE_P256:
		return EVP_EC_gen("P-256");
	case ISSUE_P384:
		return EVP_EC_gen("P-384");
	default:
		return NULL;
	}
}

static const EVP_MD *
digest_for(enum issue_algorithm algorithm)
{
	return algorithm == ISSUE_P384 ? EVP_sha384() : EVP_sha256();
}

/* From the country down to the common name. */
static X509_NAME *
make_subject(const struct issue_request *r)
{
	static const struct {
		enum issue_part part;
		int nid;
	} order[] = {
	    {ISSUE_C, NID_countryName},
	    {ISSUE_ST, NID_stateOrProvinceName},
	    {ISSUE_L, NID_localityName},
	    {ISSUE_O, NID_organizationName},
	    {ISSUE_OU, NID_organizationalUnitName},
	    {ISSUE_CN, NID_commonName},
	};
	X509_NAME *name = X509_NAME_new();
	const char *s;
	size_t i;

	for (i = 0; name != NULL && i < sizeof(order) / sizeof(order[0]); i++) {
		s = r->part[order[i].part];
		if (*s == '\0' || X509_NAME_add_entry_by_NID(name, order[i].nid,
				      MBSTRING_UTF8, (const unsigned char *)s,
				      -1, -1, 0) == 1)
			continue;
		X509_NAME_free(name);
		name = NULL;
	}
	return name;
}

static GENERAL_NAME *
make_dns(const char *s)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (g == NULL || text == NULL || ASN1_STRING_set(text, s, -1) != 1) {
		GENERAL_NAME_free(g);
		ASN1_IA5STRING_free(text);
		return NULL;
	}
	GENERAL_NAME_set0_value(g, GEN_DNS, text);
	return g;
}

static int
add_names(STACK_OF(X509_EXTENSION) * *list, const struct issue_request *r,
    bool critical)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *g;
	size_t i;
	int rc = -1;

	for (i = 0; names != NULL && i < r->n_names; i++) {
		if ((g = make_dns(r->name[i])) == NULL)
			goto out;
		if (sk_GENERAL_NAME_push(names, g) <= 0) {
			GENERAL_NAME_free(g);
			goto out;
		}
	}
	if (names != NULL && X509V3_add1_i2d(list, NID_subject_alt_name, names,
				 critical, X509V3_ADD_APPEND) == 1)
		rc = 0;
out:
	GENERAL_NAMES_free(names);
	return rc;
}

/* By its text, as in openssl.cnf; the text is ours. */
static int
add_text(
    STACK_OF(X509_EXTENSION) * *list, int nid, const char *value, X509 *self)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, self, self, NULL, NULL, 0);
	if ((e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return -1;
	if (X509v3_add_ext(list, e, -1) == NULL) {
		X509_EXTENSION_free(e);
		return -1;
	}
	X509_EXTENSION_free(e);
	return 0;
}

static int
add_extensions(STACK_OF(X509_EXTENSION) * *list, const struct issue_request *r,
    const X509_NAME *subject, X509 *self)
{
	const char *usage = r->algorithm == ISSUE_RSA3072
				? "critical,digitalSignature,keyEncipherment"
				: "critical,digitalSignature";

	if (self != NULL &&
	    (add_text(list, NID_basic_constraints, "critical,CA:FALSE", self) ==
		    -1 ||
		add_text(list, NID_subject_key_identifier, "hash", self) == -1))
		return -1;
	if (add_names(list, r, X509_NAME_entry_count(subject) == 0) == -1 ||
	    add_text(list, NID_key_usage, usage, self) == -1)
		return -1;
	return add_text(list, NID_ext_key_usage, "serverAuth", self);
}

/* PEM of one object into b; the BIO wipes what it held. */
static int
take_pem(BIO *bio, int written, struct buf *b)
{
	char *p = NULL;
	long n;
	int rc = -1;

	if (written == 1 && (n = BIO_get_mem_data(bio, &p)) > 0)
		rc = buf_add(b, p, (size_t)n);
	BIO_free(bio);
	return rc;
}

static int
put_key(EVP_PKEY *pkey, struct buf *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		return -1;
	return take_pem(bio,
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL),
	    b);
}

static int
put_csr(const struct issue_request *r, EVP_PKEY *pkey, const X509_NAME *subject,
    struct buf *b)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509_REQ *req = X509_REQ_new();
	BIO *bio;
	int rc = -1;

	if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_subject_name(req, subject) != 1 ||
	    X509_REQ_set_pubkey(req, pkey) != 1 ||
	    add_extensions(&list, r, subject, NULL) == -1 ||
	    X509_REQ_add_extensions(req, list) != 1 ||
	    X509_REQ_sign(req, pkey, digest_for(r->algorithm)) <= 0)
		goto out;
	if ((bio = BIO_new(BIO_s_mem())) != NULL)
		rc = take_pem(bio, PEM_write_bio_X509_REQ(bio, req), b);
out:
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(req);
	return rc;
}

/* Positive, at most 16 bytes, never 0. */
static int
set_serial(X509 *x)
{
	unsigned char raw[SERIAL_SIZE];
	BIGNUM *n;
	int rc = -1;

	if (random_bytes(raw, sizeof(raw), NULL) == -1)
		return -1;
	raw[0] = (unsigned char)((raw[0] & 0x7f) | 0x40);
	n = BN_bin2bn(raw, sizeof(raw), NULL);
	if (n != NULL &&
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL)
		rc = 0;
	BN_free(n);
	return rc;
}

static int
set_times(X509 *x, const struct issue_request *r)
{
	time_t from = r->now - SKEW_S;
	time_t to = r->now + (time_t)r->days * 86400;

	return ASN1_TIME_set(X509_getm_notBefore(x), from) != NULL &&
		       ASN1_TIME_set(X509_getm_notAfter(x), to) != NULL
		   ? 0
		   : -1;
}

static int
put_certificate(const struct issue_request *r, EVP_PKEY *pkey,
    const X509_NAME *subject, struct buf *b)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509 *x = X509_new();
	BIO *bio;
	int i, rc = -1;

	if (x == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
	    set_serial(x) == -1 || set_times(x, r) == -1 ||
	    X509_set_subject_name(x, subject) != 1 ||
	    X509_set_issuer_name(x, subject) != 1 ||
	    X509_set_pubkey(x, pkey) != 1 ||
	    add_extensions(&list, r, subject, x) == -1)
		goto out;
	for (i = 0; i < sk_X509_EXTENSION_num(list); i++) {
		if (X509_add_ext(x, sk_X509_EXTENSION_value(list, i), -1) != 1)
			goto out;
	}
	if (X509_sign(x, pkey, digest_for(r->algorithm)) <= 0)
		goto out;
	if ((bio = BIO_new(BIO_s_mem())) != NULL)
		rc = take_pem(bio, PEM_write_bio_X509(bio, x), b);
out:
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_free(x);
	return rc;
}

int
issue_make(
    const struct issue_request *r, struct issue_output *out, struct err *err)
{
	struct issue_output made;
	X509_NAME *subject = make_subject(r);
	EVP_PKEY *pkey = make_key(r->algorithm);
	int rc = -1;

	issue_output_init(&made);
	if (subject != NULL && pkey != NULL && put_key(pkey, &made.key) == 0 &&
	    put_csr(r, pkey, subject, &made.csr) == 0 &&
	    (!r->self_signed ||
		put_certificate(r, pkey, subject, &made.certificate) == 0)) {
		issue_output_clear(out);
		*out = made;
		rc = 0;
	} else {
		issue_output_clear(&made);
		err_set(err, ERR_KEYS_FAILED, "", "OpenSSL: %s",
		    ERR_reason_error_string(ERR_peek_last_error()) != NULL
			? ERR_reason_error_string(ERR_peek_last_error())
			: "failed");
	}
	EVP_PKEY_free(pkey); /* wipes */
	X509_NAME_free(subject);
	ERR_clear_error();
	return rc;
}

static struct json_object *
names_of(X509_REQ *req)
{
	struct json_object *a = json_object_new_array();
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
	GENERAL_NAMES *names;
	const ASN1_STRING *s;
	int i, type;

	names = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		s = GENERAL_NAME_get0_value(
		    sk_GENERAL_NAME_value(names, i), &type);
		if (type == GEN_DNS)
			json_object_array_add(
			    a, json_object_new_string_len(
				   (const char *)ASN1_STRING_get0_data(s),
				   ASN1_STRING_length(s)));
	}
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return a;
}

int
issue_describe(
    const void *pem, size_t len, struct json_object **ret, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	X509_REQ *req = NULL;
	struct json_object *o;
	char text[1024];
	int rc = -1;

	if (bio != NULL)
		req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	if (req == NULL ||
	    X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1) {
		err_set(err, ERR_KEYS_FAILED, "",
		    "the request's signature is not that of its key");
		goto out;
	}
	o = json_object_new_object();
	name_text(X509_REQ_get_subject_name(req), text, sizeof(text));
	json_object_object_add(o, "subject", json_object_new_string(text));
	json_object_object_add(o, "names", names_of(req));
	json_object_object_add(
	    o, "key", describe_key(X509_REQ_get0_pubkey(req), false));
	json_object_put(*ret);
	*ret = o;
	rc = 0;
out:
	X509_REQ_free(req);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

/* In the child. */
int
issue_make_and_send(int fd, const void *arg)
{
	struct issue_output out;
	const struct buf *part[ISSUE_PARTS] = {
	    &out.key, &out.csr, &out.certificate, &out.described};
	unsigned char head[4];
	struct json_object *o = NULL;
	struct err e;
	size_t i;
	int rc;

	err_clear(&e);
	issue_output_init(&out);
	rc = issue_make(arg, &out, &e);
	if (rc == 0)
		rc = issue_describe(out.csr.data, out.csr.len, &o, &e);
	if (rc == 0)
		rc = buf_adds(&out.described,
		    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	for (i = 0; i < ISSUE_PARTS && rc == 0; i++) {
		jail_put32(head, part[i]->len);
		rc = jail_send(fd, head, sizeof(head));
		if (rc == 0)
			rc = jail_send(fd, part[i]->data, part[i]->len);
	}
	json_object_put(o);
	issue_output_clear(&out);
	return rc;
}
