/*
 * Bundles that no console sealed: every flipped bit, a child that lies, other
 * signers, contents that a bundle never has, junk.
 */
#include <openssl/cms.h>
#include <openssl/err.h>

#include "../suite.h"
#include "../../../src/pki/bundle_int.h"
#include "bundle_test.h"

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

int
main(void)
{
	TCase *c = tcase_create("bundle forged");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, plain, NULL);
	tcase_add_test(c, child_is_not_believed);
	tcase_add_test(c, flipped_bits);
	tcase_add_loop_test(c, forged, 0, 5);
	tcase_add_test(c, bad_content);
	tcase_add_test(c, not_a_bundle);
	return suite_run("bundle forged", c) == 0 ? 0 : 1;
}
