/*
 * bundle.c - CMS for the way to a scanner: sign, then encrypt to one host, in
 * a child without our keys, as the host's certificate is a stranger's.
 * What the scanner does with it is in bundleopen.c and bundlejail.c.
 */
#include <string.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "bundle_int.h"
#include "jail.h"
#include "jsonx.h"
#include "pack.h"

#define SIGN_FLAGS (CMS_BINARY | CMS_NOCERTS | CMS_NOSMIMECAP)

static struct json_object *
wrap(const struct bundle_head *head, struct json_object *body, struct err *err)
{
	char nonce[33];
	struct json_object *o;

	if (random_hex(nonce, 16, err) == -1)
		return NULL;
	if ((o = json_object_new_object()) == NULL) {
		err_set(err, ERR_NOMEM, "", "bundle");
		return NULL;
	}
	json_object_object_add(o, "v", json_object_new_int(1));
	json_object_object_add(
	    o, "cluster", json_object_new_string(head->cluster));
	json_object_object_add(o, "host", json_object_new_string(head->host));
	json_object_object_add(
	    o, "generation", json_object_new_int64(head->generation));
	if (head->own)
		json_object_object_add(o, "own", json_object_new_boolean(true));
	json_object_object_add(o, "nonce", json_object_new_string(nonce));
	json_object_object_add(o, "body", json_object_get(body));
	return o;
}

static BIO *
sign(const char *text, const struct bundle_identity *console, struct err *err)
{
	EVP_PKEY *key = bundle_key(&console->key);
	X509 *x = bundle_cert(&console->certificate);
	BIO *in = BIO_new_mem_buf(text, -1), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = NULL;
	int ok = 0;

	if (key != NULL && x != NULL && in != NULL && out != NULL)
		cms =
		    CMS_sign(NULL, NULL, NULL, NULL, SIGN_FLAGS | CMS_PARTIAL);
	if (cms != NULL)
		ok = CMS_add1_signer(cms, x, key, EVP_sha256(), SIGN_FLAGS) !=
			 NULL &&
		     CMS_final(cms, in, NULL, SIGN_FLAGS) == 1 &&
		     i2d_CMS_bio(out, cms) == 1;
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	X509_free(x);
	EVP_PKEY_free(key);
	if (ok)
		return out;
	bundle_bio_wipe(out);
	err_set(err, ERR_INTERNAL, "", "the console's identity cannot sign");
	return NULL;
}

/*
 * SHA-256 of the DER in front of it.  A few bytes of the CMS frame mean
 * nothing and are covered by neither tag nor signature; with the digest, any
 * damage is refused.  Whoever recomputes it gains nothing.
 */
static int
add_digested(const struct buf *der, struct buf *out, struct err *err)
{
	unsigned char md[SHA256_DIGEST_LENGTH];

	if (EVP_Digest(der->data, der->len, md, NULL, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	if (buf_add(out, md, sizeof(md)) == -1 ||
	    buf_add(out, der->data, der->len) == -1)
		return err_set(err, ERR_NOMEM, "", "bundle too large");
	return 0;
}

static int
recipient_set(CMS_RecipientInfo *ri)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (ctx == NULL)
		return 0;
	if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_AGREE)
		return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
}

/* In the child: only the host that it is for can read it, so that there is
 * nothing in here which that host's certificate may not know. */
static int
encrypt(BIO *in, X509 *x, BIO *der)
{
	const unsigned int flags = CMS_BINARY | CMS_PARTIAL;
	CMS_RecipientInfo *ri = NULL;
	CMS_ContentInfo *cms;
	int rc = -1;

	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags);
	if (cms != NULL)
		ri =
		    CMS_add1_recipient_cert(cms, x, CMS_BINARY | CMS_KEY_PARAM);
	if (in != NULL && der != NULL && ri != NULL && recipient_set(ri) &&
	    CMS_final(cms, in, NULL, CMS_BINARY) == 1 &&
	    i2d_CMS_bio(der, cms) == 1)
		rc = 0;
	CMS_ContentInfo_free(cms);
	return rc;
}

static int
encrypt_job(int fd, const struct buf *packed)
{
	BIO *in, *der = BIO_new(BIO_s_mem());
	struct pki_bytes host, text;
	struct unpack u;
	char *data = NULL;
	X509 *x;
	long n;
	int rc = -1;

	unpack_init(&u, packed->data, packed->len);
	host.data = unpack_bytes(&u, &host.len);
	text.data = unpack_bytes(&u, &text.len);
	if (!unpack_end(&u) || host.data == NULL || text.data == NULL)
		return -1;
	x = bundle_cert(&host);
	in = bundle_bio(&text);
	if (x != NULL && bundle_key_usable(X509_get0_pubkey(x)) &&
	    encrypt(in, x, der) == 0 && (n = BIO_get_mem_data(der, &data)) > 0)
		rc = jail_send(fd, data, (size_t)n);
	X509_free(x);
	BIO_free(in);
	BIO_free(der);
	return rc;
}

const struct jail_job bundle_encrypt_job = {
    "encrypt", SANDBOX_INSPECT, encrypt_job};

static int
encrypt_jailed(
    BIO *der, const struct pki_bytes *host, struct buf *out, struct err *err)
{
	const struct pki_jail jail = {.user = NULL};
	struct buf in, b;
	char *data = NULL;
	long n = BIO_get_mem_data(der, &data);
	int rc;

	buf_init(&in, BUNDLE_PEM_MAX + BUNDLE_SEALED_MAX);
	buf_init(&b, BUNDLE_SEALED_MAX + JAIL_READ_SIZE);
	pack_bytes(&in, host->data, host->len);
	pack_bytes(&in, data, n > 0 ? (size_t)n : 0);
	rc = in.failed ? err_set(err, ERR_NOMEM, "", "bundle")
		       : jail_ask(&jail, JAIL_PARSER, &bundle_encrypt_job, &in,
			     &b, err);
	if (rc > 0)
		rc = err_set(err, ERR_SCANNER_IDENTITY, "certificate",
		    "the host's certificate cannot be sealed to");
	else if (rc == 0)
		rc = add_digested(&b, out, err);
	buf_clear(&in);
	buf_clear(&b);
	return rc;
}

int
bundle_seal(const struct bundle_head *head, struct json_object *body,
    const struct bundle_identity *console,
    const struct pki_bytes *host_certificate, struct buf *out, struct err *err)
{
	struct json_object *o;
	const char *text;
	BIO *der = NULL;
	int rc = -1;

	pki_warm_up();
	if ((o = wrap(head, body, err)) == NULL)
		return -1;
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || strlen(text) > BUNDLE_BODY_MAX)
		err_set(err, ERR_FILE_TOO_LARGE, "", "bundle too large");
	else if ((der = sign(text, console, err)) != NULL)
		rc = encrypt_jailed(der, host_certificate, out, err);
	bundle_bio_wipe(der);
	if (text != NULL)
		OPENSSL_cleanse((char *)(uintptr_t)text, strlen(text));
	json_object_put(o);
	ERR_clear_error();
	return rc;
}
