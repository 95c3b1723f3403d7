/*
 * bundle.c - settings are sealed for a scanner: signed with this console's
 * key in one child, encrypted to the host's certificate in another
 * (bundleseal.c).  What the scanner does with it is in bundlejail.c.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "bundle_int.h"
#include "jail.h"
#include "jsonx.h"
#include "pack.h"

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
encrypt_jailed(const struct pki_bytes *der, const struct pki_bytes *host,
    struct buf *out, struct err *err)
{
	const struct pki_jail jail = {.user = NULL};
	struct buf in, b;
	int rc;

	buf_init(&in, BUNDLE_PEM_MAX + BUNDLE_SEALED_MAX);
	buf_init(&b, BUNDLE_SEALED_MAX + JAIL_READ_SIZE);
	pack_bytes(&in, host->data, host->len);
	pack_bytes(&in, der->data, der->len);
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
	struct pki_bytes signed_der;
	const char *text;
	struct buf der;
	int rc = -1;

	if ((o = wrap(head, body, err)) == NULL)
		return -1;
	buf_init(&der, BUNDLE_SEALED_MAX);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || strlen(text) > BUNDLE_BODY_MAX)
		err_set(err, ERR_FILE_TOO_LARGE, "", "bundle too large");
	else if (identity_sealed(console, text, &der, err) == 0) {
		signed_der = (struct pki_bytes){der.data, der.len};
		rc = encrypt_jailed(&signed_der, host_certificate, out, err);
	}
	buf_clear(&der);
	if (text != NULL)
		OPENSSL_cleanse((char *)(uintptr_t)text, strlen(text));
	json_object_put(o);
	return rc;
}
