/*
 * identityjob.c - what a child is asked about identities, by number; and
 * whether a signature is good, which a child of its own is asked.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bundle_int.h"
#include "jail.h"
#include "pack.h"

static int
identity_work(int fd, const struct buf *packed)
{
	static int (*const works[IDENTITY__MAX])(
	    const struct pki_bytes *, struct buf *) = {
	    [IDENTITY_NEW] = identity_new,
	    [IDENTITY_CHECK] = identity_check,
	    [IDENTITY_CONSOLES] = identity_consoles,
	    [IDENTITY_SIGN] = identity_sign,
	    [IDENTITY_SEAL] = bundle_sign_cms,
	};
	struct pki_bytes in[IDENTITY_PARTS];
	struct buf out[IDENTITY_PARTS], frame;
	struct unpack u;
	uint32_t op;
	int i, rc = -1;

	unpack_init(&u, packed->data, packed->len);
	op = unpack_u32(&u);
	for (i = 0; i < IDENTITY_PARTS; i++) {
		in[i].data = unpack_bytes(&u, &in[i].len);
		buf_init(&out[i], BUNDLE_SEALED_MAX);
	}
	buf_init(&frame, IDENTITY_FRAME_MAX);
	if (unpack_end(&u) && op < IDENTITY__MAX && works[op](in, out) == 0) {
		for (i = 0; i < IDENTITY_PARTS; i++)
			pack_bytes(&frame, out[i].data, out[i].len);
		if (!frame.failed)
			rc = jail_send(fd, frame.data, frame.len);
	}
	for (i = 0; i < IDENTITY_PARTS; i++)
		buf_clear(&out[i]);
	buf_clear(&frame);
	return rc;
}

const struct jail_job bundle_identity_job = {
    "identity", SANDBOX_INSPECT, identity_work};

static bool
signed_by(X509 *x, const struct pki_bytes *text, const struct pki_bytes *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL && bundle_key_usable(X509_get0_pubkey(x)) &&
	     EVP_DigestVerifyInit(
		 ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(x)) == 1 &&
	     EVP_DigestVerify(
		 ctx, sig->data, sig->len, text->data, text->len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool
signed_by_any(const struct bundle_signed *v)
{
	BIO *in = bundle_bio(&v->certificates);
	bool ok = false;
	X509 *x;
	int n;

	for (n = 0; in != NULL && !ok && n < CONSOLES_MAX; n++) {
		x = PEM_read_bio_X509(in, NULL, bundle_no_passphrase, NULL);
		if (x == NULL)
			break;
		ok = signed_by(x, &v->text, &v->signature);
		X509_free(x);
	}
	BIO_free(in);
	return ok;
}

/* One row, of one host: a byte. */
static int
verify_work(int fd, const struct buf *packed)
{
	struct bundle_signed v;
	struct unpack u;
	unsigned char yes;

	unpack_init(&u, packed->data, packed->len);
	v.certificates.data = unpack_bytes(&u, &v.certificates.len);
	v.text.data = unpack_bytes(&u, &v.text.len);
	v.signature.data = unpack_bytes(&u, &v.signature.len);
	if (!unpack_end(&u) || v.text.data == NULL || v.signature.data == NULL)
		return -1;
	yes = signed_by_any(&v);
	return jail_send(fd, &yes, 1);
}

const struct jail_job bundle_verify_job = {
    "verify", SANDBOX_INSPECT, verify_work};
