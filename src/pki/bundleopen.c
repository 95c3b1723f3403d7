/*
 * bundleopen.c - a bundle is opened in two halves.
 *
 *   sealed --bundle_take_apart--> content, attributes, signature
 *          (CMS: hostile bytes, so in a child: bundlejail.c)
 *          --bundle_parts_check--> JSON, believed
 *          (no CMS: one digest here, and one signature over a byte string,
 *          in another child that has seen nothing of the CMS)
 *
 * RFC 5652, 5.4: the signature is over the DER of the signed attributes, and
 * one of them is the SHA-256 of the content.  So whoever has these three can
 * check them with a public key alone, and need not believe who took them out
 * of the CMS.  Attributes that a console never signed have no signature, and
 * those that it did sign hold one digest: its own bundle's.  The other text
 * that the same key signs, a host's report, begins with "{", not with SET.
 */
#include <string.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "bundle_int.h"
#include "jail_int.h"
#include "pack.h"

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

/* The attributes as they were signed: a SET of them, in the order that they
 * came in. */
static int
take_attributes(CMS_SignerInfo *si, struct buf *to)
{
	unsigned char *der, head[4] = {DER_SET, 0x82};
	struct buf all;
	int i, len, n = CMS_signed_get_attr_count(si), rc = -1;

	buf_init(&all, to->max);
	for (i = 0; i < n; i++) {
		der = NULL;
		len = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);
		if (len <= 0 || buf_add(&all, der, (size_t)len) == -1) {
			OPENSSL_free(der);
			goto out;
		}
		OPENSSL_free(der);
	}
	if (n <= 0 || all.len > 0xffff)
		goto out;
	head[2] = (unsigned char)(all.len >> 8);
	head[3] = (unsigned char)all.len;
	if (all.len < 0x80) {
		head[1] = (unsigned char)all.len;
		rc = buf_add(to, head, 2);
	} else if (all.len < 0x100) {
		head[1] = 0x81;
		head[2] = (unsigned char)all.len;
		rc = buf_add(to, head, 3);
	} else {
		rc = buf_add(to, head, 4);
	}
	if (rc == 0)
		rc = buf_add(to, all.data, all.len);
out:
	buf_clear(&all);
	return rc;
}

/* Exactly one signer, and nothing is believed of it here. */
static int
take_signed(BIO *in, struct bundle_parts *parts)
{
	CMS_ContentInfo *cms = read_cms(in, NID_pkcs7_signed);
	STACK_OF(CMS_SignerInfo) *list = NULL;
	ASN1_OCTET_STRING **content = NULL, *sig;
	CMS_SignerInfo *si;
	int rc = -1;

	if (cms != NULL) {
		list = CMS_get0_SignerInfos(cms);
		content = CMS_get0_content(cms);
	}
	if (list != NULL && sk_CMS_SignerInfo_num(list) == 1 &&
	    content != NULL && *content != NULL) {
		si = sk_CMS_SignerInfo_value(list, 0);
		sig = CMS_SignerInfo_get0_signature(si);
		if (buf_add(&parts->content, ASN1_STRING_get0_data(*content),
			(size_t)ASN1_STRING_length(*content)) == 0 &&
		    buf_add(&parts->signature, ASN1_STRING_get0_data(sig),
			(size_t)ASN1_STRING_length(sig)) == 0)
			rc = take_attributes(si, &parts->attributes);
	}
	if (content != NULL && *content != NULL)
		OPENSSL_cleanse(
		    (unsigned char *)(uintptr_t)ASN1_STRING_get0_data(*content),
		    (size_t)ASN1_STRING_length(*content));
	CMS_ContentInfo_free(cms);
	return rc;
}

int
bundle_take_apart(const struct pki_bytes *sealed,
    const struct bundle_identity *host, struct bundle_parts *parts,
    struct err *err)
{
	BIO *der = decrypt(sealed, host, err);
	int rc = -1;

	if (der != NULL && (rc = take_signed(der, parts)) == -1)
		err_set(err, ERR_BUNDLE_FORGED, "",
		    "what was sealed is not signed by one console");
	bundle_bio_wipe(der);
	ERR_clear_error();
	return rc;
}

/* In the child. */
static int
open_packed(
    const struct buf *packed, struct bundle_parts *parts, struct err *err)
{
	struct bundle_identity host;
	struct pki_bytes sealed;
	struct unpack u;

	unpack_init(&u, packed->data, packed->len);
	host.key.data = unpack_bytes(&u, &host.key.len);
	host.certificate.data = unpack_bytes(&u, &host.certificate.len);
	sealed.data = unpack_bytes(&u, &sealed.len);
	return unpack_end(&u) ? bundle_take_apart(&sealed, &host, parts, err)
			      : -1;
}

static int
open_bundle(int fd, const struct buf *packed)
{
	struct bundle_parts parts;
	const struct buf *part[BUNDLE_PARTS] = {
	    &parts.content, &parts.attributes, &parts.signature};
	unsigned char head[BUNDLE_HEAD_SIZE] = {0};
	struct err err;
	int i, rc;

	err_clear(&err);
	bundle_parts_init(&parts);
	if (open_packed(packed, &parts, &err) == -1) {
		head[0] = 1;
		head[1] = err.code == ERR_BUNDLE_FORGED;
		bundle_parts_clear(&parts);
	}
	for (i = 0; i < BUNDLE_PARTS; i++)
		jail_put32(head + 2 + 4 * i, part[i]->len);
	rc = jail_send(fd, head, sizeof(head));
	for (i = 0; rc == 0 && i < BUNDLE_PARTS; i++)
		rc = jail_send(fd, part[i]->data, part[i]->len);
	bundle_parts_clear(&parts);
	return rc;
}

const struct jail_job bundle_open_job = {
    "bundle", SANDBOX_INSPECT, open_bundle};
