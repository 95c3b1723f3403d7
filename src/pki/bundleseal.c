/*
 * bundleseal.c - CMS for the way to a scanner, as two children do it: one has
 * the console's key, and signs; the other has the certificate of the host,
 * which is a stranger's, and encrypts to it.
 */
#include <string.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bundle_int.h"
#include "jail.h"
#include "pack.h"

#define SIGN_FLAGS (CMS_BINARY | CMS_NOCERTS | CMS_NOSMIMECAP)

int
bundle_sign_cms(const struct pki_bytes *in, struct buf *der)
{
	EVP_PKEY *key = bundle_key(&in[0]);
	X509 *x = bundle_cert(&in[1]);
	BIO *text = bundle_bio(&in[2]), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = NULL;
	int rc = -1;

	if (key != NULL && x != NULL && text != NULL && out != NULL)
		cms =
		    CMS_sign(NULL, NULL, NULL, NULL, SIGN_FLAGS | CMS_PARTIAL);
	if (cms != NULL &&
	    CMS_add1_signer(cms, x, key, EVP_sha256(), SIGN_FLAGS) != NULL &&
	    CMS_final(cms, text, NULL, SIGN_FLAGS) == 1 &&
	    i2d_CMS_bio(out, cms) == 1)
		rc = bundle_bio_add(out, der, NULL);
	CMS_ContentInfo_free(cms);
	BIO_free(text);
	X509_free(x);
	EVP_PKEY_free(key);
	bundle_bio_wipe(out);
	return rc;
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
