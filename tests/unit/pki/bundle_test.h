/*
 * bundle_test.h - consoles and hosts with their identities, and a bundle
 * sealed and opened between them.
 */
#ifndef BUNDLE_TEST_H
#define BUNDLE_TEST_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "../../../src/pki/bundle_int.h"
#include "jsonx.h"

#define CLUSTER "0123456789abcdef0123456789abcdef"
#define SECRET	"-----BEGIN PRIVATE KEY-----\nnever in the clear\n"

struct who {
	struct buf key, cert;
	struct bundle_identity id;
};

static inline void
who_point(struct who *w)
{
	w->id.key.data = w->key.data;
	w->id.key.len = w->key.len;
	w->id.certificate.data = w->cert.data;
	w->id.certificate.len = w->cert.len;
}

static inline void
who_new(struct who *w, const char *name)
{
	struct err err;

	buf_init(&w->key, BUNDLE_PEM_MAX);
	buf_init(&w->cert, BUNDLE_PEM_MAX);
	ck_assert_int_eq(bundle_identity_new(name, &w->key, &w->cert, &err), 0);
	who_point(w);
}

/* An identity with an RSA key, as somebody may bring along. */
static inline void
who_rsa(struct who *w, unsigned int bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	BIO *k = BIO_new(BIO_s_mem()), *c = BIO_new(BIO_s_mem());
	X509 *x = X509_new();
	char *p;
	long n;

	ck_assert_ptr_nonnull(key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"rsa", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, key);
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	PEM_write_bio_PKCS8PrivateKey(k, key, NULL, NULL, 0, NULL, NULL);
	PEM_write_bio_X509(c, x);
	buf_init(&w->key, BUNDLE_PEM_MAX);
	buf_init(&w->cert, BUNDLE_PEM_MAX);
	n = BIO_get_mem_data(k, &p);
	buf_add(&w->key, p, (size_t)n);
	n = BIO_get_mem_data(c, &p);
	buf_add(&w->cert, p, (size_t)n);
	who_point(w);
	BIO_free(k);
	BIO_free(c);
	X509_free(x);
	EVP_PKEY_free(key);
}

static inline void
who_clear(struct who *w)
{
	buf_clear(&w->key);
	buf_clear(&w->cert);
}

static inline struct json_object *
body_new(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "chain", json_object_new_string(SECRET));
	return o;
}

/* What the tests below change: open in the child, too; for one host alone. */
static bool walls, own;

static inline void
plain(void)
{
	walls = own = false;
}

static inline int
seal(const struct who *console, const struct who *host, const char *name,
    int64_t generation, struct buf *out)
{
	const struct bundle_head head = {CLUSTER, name, generation, own};
	struct json_object *body = body_new();
	struct err err;
	int rc;

	err_clear(&err);
	rc = bundle_seal(
	    &head, body, &console->id, &host->id.certificate, out, &err);
	json_object_put(body);
	return rc;
}

/* The same through the child: the same answer. */
static inline void
open_in_jail(const struct pki_bytes *sealed, const struct who *host,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int want_rc, enum err_code want_code)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = 0};
	struct json_object *body = NULL;
	int64_t generation = 0;
	struct err err;

	err_clear(&err);
	ck_assert_int_eq(bundle_open_jailed(&jail, sealed, &host->id, consoles,
			     want, &generation, &body, &err),
	    want_rc);
	ck_assert_int_eq(err.code, want_code);
	if (want_rc == 0)
		ck_assert_str_eq(jsonx_path_str(body, "chain", ""), SECRET);
	else
		ck_assert_ptr_null(body);
	json_object_put(body);
}

/* Without the child. */
static inline int
bundle_open(const struct pki_bytes *sealed, const struct bundle_identity *host,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int64_t *ret_generation, struct json_object **ret_body, struct err *err)
{
	struct bundle_parts parts;
	int rc;

	bundle_parts_init(&parts);
	rc = bundle_take_apart(sealed, host, &parts, err);
	if (rc == 0)
		rc = bundle_parts_check(
		    &parts, consoles, want, ret_generation, ret_body, err);
	bundle_parts_clear(&parts);
	return rc;
}

static inline int
open_as(const struct who *host, const struct pki_bytes *consoles,
    const struct bundle_head *want, const void *data, size_t len,
    enum err_code *code)
{
	const struct pki_bytes sealed = {data, len};
	struct json_object *body = NULL;
	int64_t generation = 0;
	struct err err;
	int rc;

	err_clear(&err);
	rc = bundle_open(
	    &sealed, &host->id, consoles, want, &generation, &body, &err);
	if (rc == 0)
		ck_assert_str_eq(jsonx_path_str(body, "chain", ""), SECRET);
	else
		ck_assert_ptr_null(body);
	json_object_put(body);
	*code = err.code;
	if (walls)
		open_in_jail(&sealed, host, consoles, want, rc, err.code);
	return rc;
}

#endif
