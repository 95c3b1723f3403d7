/*
 * bundleopen.c - a bundle is opened in two halves.
 *
 *   sealed --bundle_take_apart--> content, attributes, signature
 *          (CMS: hostile bytes, so in a child: bundlejail.c)
 *          --bundle_parts_check--> JSON, believed
 *          (no CMS: one signature over a byte string, and one digest)
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
#include "jsonx.h"
#include "pack.h"

#define CONSOLES_MAX 16
#define BODY_DEPTH   10
#define DER_SET	     0x31
/* OBJECT messageDigest, SET of one OCTET STRING of 32 bytes. */
static const unsigned char digest_attribute[] = {0x30, 0x2f, 0x06, 0x09, 0x2a,
    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20};

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
open_packed(const struct buf *packed, struct bundle_parts *parts,
    struct err *err)
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

/* Is one of these the SHA-256 of the content? */
static bool
digest_fits(const struct bundle_parts *p)
{
	unsigned char want[sizeof(digest_attribute) + SHA256_DIGEST_LENGTH];

	memcpy(want, digest_attribute, sizeof(digest_attribute));
	return p->attributes.len > 0 &&
	       (unsigned char)p->attributes.data[0] == DER_SET &&
	       EVP_Digest(p->content.data, p->content.len,
		   want + sizeof(digest_attribute), NULL, EVP_sha256(),
		   NULL) == 1 &&
	       memmem(p->attributes.data, p->attributes.len, want,
		   sizeof(want)) != NULL;
}

static bool
signed_by(X509 *console, const struct bundle_parts *p)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL && bundle_key_usable(X509_get0_pubkey(console)) &&
	     EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
		 X509_get0_pubkey(console)) == 1 &&
	     EVP_DigestVerify(ctx, (const unsigned char *)p->signature.data,
		 p->signature.len, (const unsigned char *)p->attributes.data,
		 p->attributes.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int
verify(const struct bundle_parts *p, const struct pki_bytes *consoles,
    struct err *err)
{
	BIO *in = bundle_bio(consoles);
	bool ok = false, fits;
	X509 *x = NULL;
	int n;

	fits = p->content.len > 0 && p->signature.len > 0 && digest_fits(p);
	for (n = 0; fits && in != NULL && !ok && n < CONSOLES_MAX; n++) {
		x = PEM_read_bio_X509(in, NULL, bundle_no_passphrase, NULL);
		if (x == NULL)
			break;
		ok = signed_by(x, p);
		X509_free(x);
	}
	BIO_free(in);
	return ok ? 0
		  : err_set(err, ERR_BUNDLE_FORGED, "",
			"no console that this host trusts has signed it");
}

static int
check_head(struct json_object *o, const struct bundle_head *want,
    int64_t *ret_generation, struct err *err)
{
	static const char *const names[] = {
	    "v", "cluster", "host", "generation", "own", "nonce", "body", NULL};
	const char *cluster = "", *host = "";
	bool own = false;
	int64_t v = 0, generation = 0;

	if (jsonx_only(o, "", names, err) == -1 ||
	    jsonx_int(o, "v", "v", 0, INT32_MAX, &v, err) == -1 ||
	    jsonx_bool(o, "own", "own", &own, err) == -1 ||
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
	if (own != want->own)
		return err_set(err, ERR_BUNDLE_TARGET, "own", "for %s",
		    own ? "this host alone" : "all hosts");
	if (generation <= want->generation)
		return err_set(err, ERR_BUNDLE_REPLAYED, "generation",
		    "generation %lld, but %lld is here already",
		    (long long)generation, (long long)want->generation);
	*ret_generation = generation;
	return 0;
}

int
bundle_parts_check(const struct bundle_parts *parts,
    const struct pki_bytes *consoles, const struct bundle_head *want,
    int64_t *ret_generation, struct json_object **ret_body, struct err *err)
{
	struct json_object *o = NULL, *body = NULL;
	struct err why;
	int rc = -1;

	rc = verify(parts, consoles, err);
	ERR_clear_error();
	if (rc == -1)
		return -1;
	rc = -1;
	if (jsonx_parse(parts->content.data, parts->content.len, BODY_DEPTH, &o,
		&why) == -1)
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
