/*
 * bundle.c - CMS for the way to a scanner: sign, then encrypt to one host.
 *
 * Two things OpenSSL's calls leave to their user are done here: CMS_verify
 * succeeds on signed data without any signer, so there must be exactly one;
 * and it takes whatever digest the sender chose, so that must be SHA-256.
 * Only certificates that we were given may verify (CMS_NOINTERN).
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
#include "jsonx.h"

#define SIGNERS_MAX  16
#define BODY_DEPTH   10

#define SIGN_FLAGS   (CMS_BINARY | CMS_NOCERTS | CMS_NOSMIMECAP)
#define VERIFY_FLAGS (CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY)

static STACK_OF(X509) * read_certs(const struct pki_bytes *pem)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *in = bundle_bio(pem);
	X509 *x;

	while (list != NULL && in != NULL && sk_X509_num(list) < SIGNERS_MAX &&
	       (x = PEM_read_bio_X509(in, NULL, bundle_no_passphrase, NULL)) !=
		   NULL) {
		if (sk_X509_push(list, x) <= 0)
			X509_free(x);
	}
	BIO_free(in);
	return list;
}

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
add_digested(BIO *der, struct buf *out, struct err *err)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	char *data = NULL;
	long n = BIO_get_mem_data(der, &data);

	if (n <= 0 ||
	    EVP_Digest(data, (size_t)n, md, NULL, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	if (buf_add(out, md, sizeof(md)) == -1)
		return err_set(err, ERR_NOMEM, "", "bundle too large");
	return bundle_bio_add(der, out, err);
}

/* The DER behind a digest that fits. */
static BIO *
digested(const struct pki_bytes *sealed)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	struct pki_bytes der;

	if (sealed->data == NULL || sealed->len <= sizeof(md) ||
	    sealed->len > BUNDLE_SEALED_MAX)
		return NULL;
	der.data = (const char *)sealed->data + sizeof(md);
	der.len = sealed->len - sizeof(md);
	if (EVP_Digest(der.data, der.len, md, NULL, EVP_sha256(), NULL) != 1 ||
	    memcmp(md, sealed->data, sizeof(md)) != 0)
		return NULL;
	return bundle_bio(&der);
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

static int
encrypt(BIO *in, const struct pki_bytes *host, struct buf *out, struct err *err)
{
	const unsigned int flags = CMS_BINARY | CMS_PARTIAL;
	BIO *der = BIO_new(BIO_s_mem());
	CMS_RecipientInfo *ri = NULL;
	CMS_ContentInfo *cms = NULL;
	X509 *x = bundle_cert(host);
	int rc = -1;

	if (x == NULL || !bundle_key_usable(X509_get0_pubkey(x))) {
		err_set(err, ERR_SCANNER_IDENTITY, "certificate",
		    "the host's certificate cannot be sealed to");
		goto out;
	}
	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags);
	if (cms != NULL)
		ri =
		    CMS_add1_recipient_cert(cms, x, CMS_BINARY | CMS_KEY_PARAM);
	if (der == NULL || ri == NULL || !recipient_set(ri) ||
	    CMS_final(cms, in, NULL, CMS_BINARY) != 1 ||
	    i2d_CMS_bio(der, cms) != 1) {
		err_set(err, ERR_INTERNAL, "", "a bundle cannot be encrypted");
		goto out;
	}
	rc = add_digested(der, out, err);
out:
	CMS_ContentInfo_free(cms);
	X509_free(x);
	BIO_free(der);
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

	if ((o = wrap(head, body, err)) == NULL)
		return -1;
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || strlen(text) > BUNDLE_BODY_MAX)
		err_set(err, ERR_FILE_TOO_LARGE, "", "bundle too large");
	else if ((der = sign(text, console, err)) != NULL)
		rc = encrypt(der, host_certificate, out, err);
	bundle_bio_wipe(der);
	if (text != NULL)
		OPENSSL_cleanse((char *)(uintptr_t)text, strlen(text));
	json_object_put(o);
	ERR_clear_error();
	return rc;
}

/* The whole of it, and nothing behind. */
static CMS_ContentInfo *
read_cms(BIO *in, int type)
{
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);

	if (cms != NULL && BIO_pending(in) == 0 &&
	    OBJ_obj2nid(CMS_get0_type(cms)) == type)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

static BIO *
decrypt(const struct pki_bytes *sealed, const struct bundle_identity *host,
    struct err *err)
{
	EVP_PKEY *key = bundle_key(&host->key);
	X509 *x = bundle_cert(&host->certificate);
	BIO *in = digested(sealed), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = NULL;
	int ok = 0;

	if (key == NULL || x == NULL) {
		err_set(err, ERR_INTERNAL, "", "no identity of this host");
		goto out;
	}
	if (in != NULL && out != NULL)
		cms = read_cms(in, NID_id_smime_ct_authEnvelopedData);
	ok =
	    cms != NULL && CMS_decrypt(cms, key, x, NULL, out, CMS_BINARY) == 1;
	if (!ok)
		err_set(err, ERR_BUNDLE_INVALID, "",
		    "damaged, or not for this host's key");
out:
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	X509_free(x);
	EVP_PKEY_free(key);
	if (ok)
		return out;
	bundle_bio_wipe(out);
	return NULL;
}

/* Exactly one signer, and SHA-256. */
static bool
signer_fits(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo) *list = CMS_get0_SignerInfos(cms);
	X509_ALGOR *digest = NULL;
	const ASN1_OBJECT *oid = NULL;

	if (list == NULL || sk_CMS_SignerInfo_num(list) != 1)
		return false;
	CMS_SignerInfo_get0_algs(
	    sk_CMS_SignerInfo_value(list, 0), NULL, NULL, &digest, NULL);
	X509_ALGOR_get0(&oid, NULL, NULL, digest);
	return OBJ_obj2nid(oid) == NID_sha256;
}

static BIO *
verify(BIO *in, const struct pki_bytes *consoles, struct err *err)
{
	STACK_OF(X509) *trusted = read_certs(consoles);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	int ok;

	cms = read_cms(in, NID_pkcs7_signed);
	ok = cms != NULL && out != NULL && trusted != NULL &&
	     sk_X509_num(trusted) > 0 && signer_fits(cms) &&
	     CMS_verify(cms, trusted, NULL, NULL, out, VERIFY_FLAGS) == 1;
	CMS_ContentInfo_free(cms);
	sk_X509_pop_free(trusted, X509_free);
	if (ok)
		return out;
	bundle_bio_wipe(out);
	err_set(err, ERR_BUNDLE_FORGED, "",
	    "no console that this host trusts has signed it");
	return NULL;
}

static int
check_head(struct json_object *o, const struct bundle_head *want,
    int64_t *ret_generation, struct err *err)
{
	static const char *const names[] = {
	    "v", "cluster", "host", "generation", "nonce", "body", NULL};
	const char *cluster = "", *host = "";
	int64_t v = 0, generation = 0;

	if (jsonx_only(o, "", names, err) == -1 ||
	    jsonx_int(o, "v", "v", 0, INT32_MAX, &v, err) == -1 ||
	    jsonx_str(o, "cluster", "cluster", 64, &cluster, err) == -1 ||
	    jsonx_str(o, "host", "host", 64, &host, err) == -1 ||
	    jsonx_int(o, "generation", "generation", 1, INT32_MAX, &generation,
		err) == -1)
		return -1;
	if (v != 1)
		return err_set(err, ERR_BUNDLE_INVALID, "v",
		    "version %lld is not known here", (long long)v);
	if (strcmp(cluster, want->cluster) != 0)
		return err_set(
		    err, ERR_BUNDLE_TARGET, "cluster", "of another cluster");
	if (strcmp(host, want->host) != 0)
		return err_set(err, ERR_BUNDLE_TARGET, "host",
		    "for %.64s, this is %.64s", host, want->host);
	if (generation <= want->generation)
		return err_set(err, ERR_BUNDLE_REPLAYED, "generation",
		    "generation %lld, but %lld is here already",
		    (long long)generation, (long long)want->generation);
	*ret_generation = generation;
	return 0;
}

static int
read_text(BIO *text, const struct bundle_head *want, int64_t *ret_generation,
    struct json_object **ret_body, struct err *err)
{
	struct json_object *o = NULL, *body = NULL;
	struct err why;
	char *data = NULL;
	long n = BIO_get_mem_data(text, &data);
	int rc = -1;

	if (n <= 0 || n > BUNDLE_BODY_MAX ||
	    jsonx_parse(data, (size_t)n, BODY_DEPTH, &o, &why) == -1)
		return err_set(
		    err, ERR_BUNDLE_INVALID, "", "signed, but not readable");
	if (check_head(o, want, ret_generation, err) == 0 &&
	    jsonx_obj(o, "body", "body", &body, err) == 0) {
		if (body == NULL)
			err_set(err, ERR_BUNDLE_INVALID, "body", "is missing");
		else {
			*ret_body = json_object_get(body);
			rc = 0;
		}
	}
	json_object_put(o);
	return rc;
}

int
bundle_open(const struct pki_bytes *sealed, const struct bundle_identity *host,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int64_t *ret_generation, struct json_object **ret_body, struct err *err)
{
	BIO *der = NULL, *text = NULL;
	int rc = -1;

	if ((der = decrypt(sealed, host, err)) != NULL &&
	    (text = verify(der, consoles, err)) != NULL)
		rc = read_text(text, want, ret_generation, ret_body, err);
	bundle_bio_wipe(der);
	bundle_bio_wipe(text);
	ERR_clear_error();
	return rc;
}
