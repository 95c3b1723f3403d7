/*
 * Bundles: what is sealed for one host opens there and nowhere else; every
 * flipped bit, other signer, other host, other cluster and older generation
 * is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bundle.h"
#include "ipc.h"
#include "jsonx.h"

#include "../../../src/pki/bundle_int.h"

#define CLUSTER "0123456789abcdef0123456789abcdef"
#define SECRET	"-----BEGIN PRIVATE KEY-----\nnever in the clear\n"

struct who {
	struct buf key, cert;
	struct bundle_identity id;
};

static void
who_point(struct who *w)
{
	w->id.key.data = w->key.data;
	w->id.key.len = w->key.len;
	w->id.certificate.data = w->cert.data;
	w->id.certificate.len = w->cert.len;
}

static void
who_new(struct who *w, const char *name)
{
	struct err err;

	buf_init(&w->key, BUNDLE_PEM_MAX);
	buf_init(&w->cert, BUNDLE_PEM_MAX);
	ck_assert_int_eq(bundle_identity_new(name, &w->key, &w->cert, &err), 0);
	who_point(w);
}

/* An identity with an RSA key, as somebody may bring along. */
static void
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

static void
who_clear(struct who *w)
{
	buf_clear(&w->key);
	buf_clear(&w->cert);
}

static struct json_object *
body_new(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "chain", json_object_new_string(SECRET));
	return o;
}

/* What the tests below change: open in the child, too; for one host alone. */
static bool walls, own;

static void
plain(void)
{
	walls = own = false;
}

static int
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
static void
open_in_jail(const struct pki_bytes *sealed, const struct who *host,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int want_rc, enum err_code want_code)
{
	const struct pki_jail jail = {geteuid() == 0 ? "nobody" : NULL, 0};
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

static int
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

START_TEST(opens_at_its_host_alone)
{
	static const struct {
		const char *cluster, *host;
		int64_t have;
		bool other_key, other_console;
		enum err_code want;
	} t[] = {
	    {CLUSTER, "mx1", 6, false, false, ERR_NONE},
	    {CLUSTER, "mx1", 0, false, false, ERR_NONE},
	    {CLUSTER, "mx1", 7, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx1", 8, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx1", INT32_MAX, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx2", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "mx", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "", 6, false, false, ERR_BUNDLE_TARGET},
	    {"f123456789abcdef0123456789abcdef", "mx1", 6, false, false,
		ERR_BUNDLE_TARGET},
	    {"", "mx1", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "mx1", 6, true, false, ERR_BUNDLE_INVALID},
	    {CLUSTER, "mx1", 6, false, true, ERR_BUNDLE_FORGED},
	};
	struct who console, host, other;
	struct bundle_head want = {.own = false};
	enum err_code code;
	struct buf out;

	walls = true;
	who_new(&console, "console");
	who_new(&other, "other");
	if (_i == 0)
		who_new(&host, "mx1");
	else
		who_rsa(&host, 2048);
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	ck_assert_ptr_null(memmem(out.data, out.len, "never in", 8));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		want.cluster = t[i].cluster;
		want.host = t[i].host;
		want.generation = t[i].have;
		ck_assert_int_eq(
		    open_as(t[i].other_key ? &other : &host,
			t[i].other_console ? &other.id.certificate
					   : &console.id.certificate,
			&want, out.data, out.len, &code),
		    t[i].want == ERR_NONE ? 0 : -1);
		ck_assert_int_eq(code, t[i].want);
	}
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
	who_clear(&other);
}
END_TEST

/* For one host alone is another count than for all. */
START_TEST(own_or_all)
{
	struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	enum err_code code;
	struct buf out;

	walls = true;
	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	own = _i == 1;
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	want.own = !own;
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_TARGET);
	want.own = own;
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    0);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* A child that was taken over: what it says is worth a signature. */
START_TEST(child_is_not_believed)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	struct json_object *body = NULL;
	struct bundle_parts p;
	struct pki_bytes sealed;
	struct buf out;
	int64_t generation;
	struct err err;
	size_t i;

	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	sealed.data = out.data;
	sealed.len = out.len;
	for (i = 0; i < 7; i++) {
		bundle_parts_init(&p);
		ck_assert_int_eq(
		    bundle_take_apart(&sealed, &host.id, &p, &err), 0);
		switch (i) {
		case 1: /* other settings under a true signature */
			memcpy(memmem(p.content.data, p.content.len, "mx1", 3),
			    "mx2", 3);
			break;
		case 2:
			p.attributes.data[p.attributes.len / 2] ^= 1;
			break;
		case 3:
			p.signature.data[p.signature.len - 1] ^= 1;
			break;
		case 4:
			buf_reset(&p.attributes);
			break;
		case 5: /* the signature right over the content */
			buf_reset(&p.attributes);
			buf_add(&p.attributes, p.content.data, p.content.len);
			break;
		case 6:
			buf_reset(&p.signature);
			break;
		}
		ck_assert_int_eq(bundle_parts_check(&p, &console.id.certificate,
				     &want, &generation, &body, &err),
		    i == 0 ? 0 : -1);
		if (i > 0)
			ck_assert_int_eq(err.code, ERR_BUNDLE_FORGED);
		json_object_put(body);
		body = NULL;
		bundle_parts_clear(&p);
	}
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* The largest that can come: 10,000 networks and a long chain.  It has to go
 * through frames and etcd as base64. */
START_TEST(largest)
{
	const struct bundle_head head = {CLUSTER, "mx1", 7, false};
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	const struct pki_jail jail = {geteuid() == 0 ? "nobody" : NULL, 0};
	struct json_object *body = body_new(), *list, *got = NULL;
	struct who console, host;
	struct pki_bytes sealed;
	char text[64], chain[88 * 1024];
	int64_t generation;
	struct buf out;
	struct err err;
	int i;

	list = json_object_new_array();
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text),
		    "2001:0db8:1234:5678:9abc:def0:1234:%04x/128", i);
		json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(body, "list", list);
	memset(chain, 'A', sizeof(chain) - 1);
	chain[sizeof(chain) - 1] = '\0';
	json_object_object_add(body, "long", json_object_new_string(chain));
	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(bundle_seal(&head, body, &console.id,
			     &host.id.certificate, &out, &err),
	    0);
	ck_assert_uint_lt(
	    (size_t)BUNDLE_SEALED_MAX * 4 / 3 + 4096, (size_t)IPC_FRAME_MAX);
	sealed.data = out.data;
	sealed.len = out.len;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &got, &err),
	    0);
	ck_assert(json_object_equal(body, got));
	json_object_put(got);
	json_object_put(body);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* A child without time is the bundle's fault; the caller lives. */
START_TEST(slow_child)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct pki_jail jail = {geteuid() == 0 ? "nobody" : NULL, 1};
	struct who console, host;
	struct json_object *body = NULL;
	struct pki_bytes sealed;
	int64_t generation;
	struct buf out;
	struct err err;

	who_new(&console, "console");
	who_rsa(&host, 4096);
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	sealed.data = out.data;
	sealed.len = out.len;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &body, &err),
	    -1);
	ck_assert_int_eq(err.code, ERR_BUNDLE_INVALID);
	ck_assert_ptr_null(body);
	sealed.len = BUNDLE_SEALED_MAX + 1;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &body, &err),
	    -1);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* Any of several trusted consoles may sign. */
START_TEST(two_consoles)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who a, b, host;
	struct pki_bytes both;
	struct buf pem, out;
	enum err_code code;

	walls = true;
	who_new(&a, "a");
	who_new(&b, "b");
	who_new(&host, "mx1");
	buf_init(&pem, BUNDLE_PEM_MAX);
	buf_init(&out, BUNDLE_SEALED_MAX);
	buf_add(&pem, a.cert.data, a.cert.len);
	buf_add(&pem, b.cert.data, b.cert.len);
	both.data = pem.data;
	both.len = pem.len;
	ck_assert_int_eq(seal(&b, &host, "mx1", 2, &out), 0);
	ck_assert_int_eq(
	    open_as(&host, &both, &want, out.data, out.len, &code), 0);
	ck_assert_int_eq(
	    open_as(&host, &a.id.certificate, &want, out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_FORGED);
	both.len = 0;
	ck_assert_int_eq(
	    open_as(&host, &both, &want, out.data, out.len, &code), -1);
	buf_clear(&pem);
	buf_clear(&out);
	who_clear(&a);
	who_clear(&b);
	who_clear(&host);
}
END_TEST

/* Every byte changed, at one bit each; and every seventh length. */
START_TEST(flipped_bits)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	size_t i, opened = 0;
	enum err_code code;
	struct buf out;

	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 2, &out), 0);
	for (i = 0; i < out.len; i++) {
		out.data[i] ^= (char)(1 << (i % 8));
		if (open_as(&host, &console.id.certificate, &want, out.data,
			out.len, &code) == 0)
			opened++;
		out.data[i] ^= (char)(1 << (i % 8));
	}
	ck_assert_uint_eq(opened, 0);
	for (i = 0; i < out.len; i += 7) {
		ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
				     out.data, i, &code),
		    -1);
	}
	/* and with something behind it */
	buf_addc(&out, '\0');
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_INVALID);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* Encrypted to the host by somebody who cannot sign as the console. */
static void
forge(const struct who *host, const void *data, size_t len, int kind,
    const struct who *signer, struct buf *out)
{
	BIO *in = BIO_new_mem_buf(data, (int)len);
	BIO *cert = BIO_new_mem_buf(host->cert.data, (int)host->cert.len);
	BIO *mid = BIO_new(BIO_s_mem()), *der = BIO_new(BIO_s_mem()), *b;
	STACK_OF(X509) *to = sk_X509_new_null();
	unsigned char md[32];
	CMS_ContentInfo *cms = NULL;
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	char *p;
	long n;

	sk_X509_push(to, PEM_read_bio_X509(cert, NULL, NULL, NULL));
	if (kind == 1) { /* signed data without a signer */
		cms = CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_PARTIAL);
		CMS_final(cms, in, NULL, CMS_BINARY);
	} else if (kind == 2 || kind == 3) { /* by another, with certificate */
		b = BIO_new_mem_buf(signer->key.data, (int)signer->key.len);
		key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
		BIO_free(b);
		b = BIO_new_mem_buf(signer->cert.data, (int)signer->cert.len);
		x = PEM_read_bio_X509(b, NULL, NULL, NULL);
		BIO_free(b);
		cms = CMS_sign(NULL, NULL, NULL, in, CMS_BINARY | CMS_PARTIAL);
		CMS_add1_signer(cms, x, key,
		    kind == 3 ? EVP_sha1() : EVP_sha256(), CMS_BINARY);
		CMS_final(cms, in, NULL, CMS_BINARY);
	} else if (kind == 4) {
		cms = CMS_digest_create(in, EVP_sha256(), CMS_BINARY);
	}
	if (cms != NULL)
		i2d_CMS_bio(mid, cms);
	else
		BIO_write(mid, data, (int)len);
	CMS_ContentInfo_free(cms);
	cms = CMS_encrypt(to, mid, EVP_aes_256_gcm(), CMS_BINARY);
	ck_assert_ptr_nonnull(cms);
	i2d_CMS_bio(der, cms);
	n = BIO_get_mem_data(der, &p);
	EVP_Digest(p, (size_t)n, md, NULL, EVP_sha256(), NULL);
	buf_add(out, md, sizeof(md));
	buf_add(out, p, (size_t)n);
	CMS_ContentInfo_free(cms);
	sk_X509_pop_free(to, X509_free);
	EVP_PKEY_free(key);
	X509_free(x);
	BIO_free(in);
	BIO_free(cert);
	BIO_free(mid);
	BIO_free(der);
	ERR_clear_error();
}

START_TEST(forged)
{
	static const char text[] =
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":9,\"nonce\":\"00\",\"body\":{\"chain\":\"x\"}}";
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host, thief;
	enum err_code code;
	struct buf out;

	walls = true;
	who_new(&console, "console");
	who_new(&host, "mx1");
	who_new(&thief, "console");
	buf_init(&out, BUNDLE_SEALED_MAX);
	forge(&host, text, sizeof(text) - 1, _i, _i == 3 ? &console : &thief,
	    &out);
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_FORGED);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
	who_clear(&thief);
}
END_TEST

/* Signed by the console, but not what a bundle holds. */
START_TEST(bad_content)
{
	static const char *const text[] = {
	    "",
	    "{}",
	    "[]",
	    "null",
	    "{\"v\":1}",
	    "\xff",
	    "{\"v\":2,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":9,\"nonce\":\"00\",\"body\":{}}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":9,\"nonce\":\"00\"}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":9,\"nonce\":\"00\",\"body\":3}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":-9,\"nonce\":\"00\",\"body\":{}}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"generation\":\"9\",\"nonce\":\"00\",\"body\":{}}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\","
	    "\"host\":\"mx1\",\"generation\":9,\"nonce\":\"00\",\"body\":{}}",
	    "{\"v\":1,\"cluster\":\"" CLUSTER "\",\"host\":\"mx1\",\"x\":1,"
	    "\"generation\":9,\"nonce\":\"00\",\"body\":{}}",
	    "{\"v\":1,\"cluster\":7,\"host\":\"mx1\","
	    "\"generation\":9,\"nonce\":\"00\",\"body\":{}}",
	};
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	enum err_code code;
	struct buf out;

	who_new(&console, "console");
	who_new(&host, "mx1");
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		buf_init(&out, BUNDLE_SEALED_MAX);
		forge(&host, text[i], strlen(text[i]), 2, &console, &out);
		ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
				     out.data, out.len, &code),
		    -1);
		ck_assert_int_ne(code, ERR_NONE);
		buf_clear(&out);
	}
	who_clear(&console);
	who_clear(&host);
}
END_TEST

START_TEST(not_a_bundle)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	unsigned char junk[512];
	enum err_code code;
	unsigned int seed = 5;

	who_new(&console, "console");
	who_new(&host, "mx1");
	for (int i = 0; i < 200; i++) {
		for (size_t j = 0; j < sizeof(junk); j++)
			junk[j] = (unsigned char)rand_r(&seed);
		junk[32] = junk[0] = 0x30;
		junk[33] = junk[1] = (unsigned char)(i % 2 ? 0x80 : 0x82);
		ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
				     junk, (size_t)i * 2, &code),
		    -1);
		ck_assert_int_eq(code, ERR_BUNDLE_INVALID);
		EVP_Digest(junk + 32, sizeof(junk) - 32, junk, NULL,
		    EVP_sha256(), NULL);
		ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
				     junk, sizeof(junk), &code),
		    -1);
		ck_assert_int_eq(code, ERR_BUNDLE_INVALID);
	}
	who_clear(&console);
	who_clear(&host);
}
END_TEST

START_TEST(identities)
{
	static const struct {
		const char *name;
		bool ok;
	} names[] = {{"a", true}, {"mx1.example.test", true}, {"0", true},
	    {"a_b-c", true}, {"", false}, {"-a", false}, {".a", false},
	    {"_a", false}, {"A", false}, {"a/b", false}, {"a b", false},
	    {"a\n", false}, {"\xc3\xa4", false}, {"..", false}};
	static const char *const bad[] = {"", "x",
	    "-----BEGIN CERTIFICATE-----",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"};
	char sha256[SHA256_HEX], again[SHA256_HEX], name[80];
	struct pki_bytes pem;
	struct who w, weak;
	struct err err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(bundle_name_valid(names[i].name), names[i].ok);
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	ck_assert(!bundle_name_valid(name));
	name[63] = '\0';
	ck_assert(bundle_name_valid(name));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pem.data = bad[i];
		pem.len = strlen(bad[i]);
		ck_assert_int_eq(bundle_identity_check(&pem, sha256, &err), -1);
		ck_assert_int_eq(err.code, ERR_SCANNER_IDENTITY);
	}
	who_rsa(&weak, 1024);
	ck_assert_int_eq(
	    bundle_identity_check(&weak.id.certificate, sha256, &err), -1);
	who_new(&w, "mx1");
	ck_assert_int_eq(
	    bundle_identity_check(&w.id.certificate, sha256, &err), 0);
	ck_assert_int_eq(strlen(sha256), 64);
	who_clear(&w);
	who_new(&w, "mx1");
	ck_assert_int_eq(
	    bundle_identity_check(&w.id.certificate, again, &err), 0);
	ck_assert_str_ne(sha256, again);
	who_clear(&w);
	who_clear(&weak);
}
END_TEST

START_TEST(signatures)
{
	struct who a, b;
	struct buf sig;
	struct pki_bytes s;
	struct err err;

	who_new(&a, "a");
	who_new(&b, "b");
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	ck_assert_int_eq(bundle_sign(&a.id.key, "{\"g\":1}", &sig, &err), 0);
	s.data = sig.data;
	s.len = sig.len;
	ck_assert_int_eq(
	    bundle_verify(&a.id.certificate, "{\"g\":1}", &s, &err), 0);
	ck_assert_int_eq(
	    bundle_verify(&a.id.certificate, "{\"g\":2}", &s, &err), -1);
	ck_assert_int_eq(err.code, ERR_BUNDLE_FORGED);
	ck_assert_int_eq(
	    bundle_verify(&b.id.certificate, "{\"g\":1}", &s, &err), -1);
	for (size_t i = 0; i < sig.len; i++) {
		sig.data[i] ^= 4;
		ck_assert_int_eq(
		    bundle_verify(&a.id.certificate, "{\"g\":1}", &s, &err),
		    -1);
		sig.data[i] ^= 4;
		s.len = i;
		ck_assert_int_eq(
		    bundle_verify(&a.id.certificate, "{\"g\":1}", &s, &err),
		    -1);
		s.len = sig.len;
	}
	buf_clear(&sig);
	who_clear(&a);
	who_clear(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bundle");
	TCase *c = tcase_create("bundle");
	SRunner *r;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, plain, NULL);
	tcase_add_loop_test(c, opens_at_its_host_alone, 0, 2);
	tcase_add_loop_test(c, own_or_all, 0, 2);
	tcase_add_test(c, child_is_not_believed);
	tcase_add_test(c, largest);
	tcase_add_test(c, slow_child);
	tcase_add_test(c, two_consoles);
	tcase_add_test(c, flipped_bits);
	tcase_add_loop_test(c, forged, 0, 5);
	tcase_add_test(c, bad_content);
	tcase_add_test(c, not_a_bundle);
	tcase_add_test(c, identities);
	tcase_add_test(c, signatures);
	suite_add_tcase(suite, c);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
