/*
 * bundlejail.c - a bundle's CMS is parsed and decrypted in a child that can
 * do nothing.
 *
 *   parent                             child of the keeper (jail.h)
 *   key, certificate, bundle --------> bundle_take_apart
 *   read frame <---------------------- code, "len len len content attrs sig"
 *   digest, signature, JSON            _exit
 *
 * Whoever may write into etcd chooses these bytes, and postseald is root.  The
 * child has the host's decryption key, as decrypting needs it, and no other
 * key, as the keeper never had one; the only way out is this pipe, and what
 * comes out of it goes nowhere but into bundle_parts_check: an OpenSSL that is
 * taken over in the child can neither carry the key away nor invent settings,
 * as it cannot sign for a console.  The signature is verified by a child that
 * is asked nothing else.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "bundle_int.h"
#include "jail_int.h"
#include "jsonx.h"
#include "pack.h"

#define BODY_DEPTH 10
/* OBJECT messageDigest, SET of one OCTET STRING of 32 bytes. */
static const unsigned char digest_attribute[] = {0x30, 0x2f, 0x06, 0x09, 0x2a,
    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20};

#define FRAME_MAX \
	(BUNDLE_HEAD_SIZE + BUNDLE_BODY_MAX + BUNDLE_ATTRIBUTES_MAX + \
	    BUNDLE_SIGNATURE_MAX)

#define TASK_MAX (2 * BUNDLE_PEM_MAX + BUNDLE_SEALED_MAX + 64)

/* The child's frame, to its end. */
static int
take_parts(const struct buf *b, struct bundle_parts *parts, struct err *err)
{
	struct buf *part[BUNDLE_PARTS] = {
	    &parts->content, &parts->attributes, &parts->signature};
	const unsigned char *p = (const unsigned char *)b->data;
	size_t at = BUNDLE_HEAD_SIZE, len;
	int i;

	if (b->len < BUNDLE_HEAD_SIZE || p[0] > 1 || p[1] > 1)
		goto bad;
	if (p[0] == 1 && b->len == BUNDLE_HEAD_SIZE)
		return p[1] ? err_set(err, ERR_BUNDLE_FORGED, "",
				  "what was sealed is not signed by one "
				  "console")
			    : err_set(err, ERR_BUNDLE_INVALID, "",
				  "damaged, or not for this host's key");
	for (i = 0; i < BUNDLE_PARTS; i++) {
		len = jail_get32(p + 2 + 4 * i);
		if (len == 0 || len > b->len - at ||
		    buf_add(part[i], p + at, len) == -1)
			goto bad;
		at += len;
	}
	if (p[0] == 0 && at == b->len)
		return 0;
bad:
	return err_set(
	    err, ERR_BUNDLE_INVALID, "", "the child's answer is damaged");
}

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

static int
verify(const struct bundle_parts *p, const struct pki_bytes *consoles,
    struct err *err)
{
	struct bundle_signed v = {*consoles,
	    {p->attributes.data, p->attributes.len},
	    {p->signature.data, p->signature.len}, BUNDLE_UNSIGNED};

	if (p->content.len > 0 && p->signature.len > 0 && digest_fits(p) &&
	    bundle_verify(&v, 1, 0, err) == -1)
		return -1;
	/* A busy host is no forged signature. */
	if (v.said == BUNDLE_LATE)
		return err_set(err, ERR_TIMEOUT, "", "signatures");
	return v.said == BUNDLE_SIGNED
		   ? 0
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

	if (verify(parts, consoles, err) == -1)
		return -1;
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

int
bundle_open_jailed(const struct pki_jail *jail, const struct pki_bytes *sealed,
    const struct bundle_identity *host, const struct pki_bytes *consoles,
    const struct bundle_head *want, int64_t *ret_generation,
    struct json_object **ret_body, struct err *err)
{
	struct bundle_parts parts;
	struct buf in, b;
	int rc;

	if (sealed->len > BUNDLE_SEALED_MAX)
		return err_set(err, ERR_BUNDLE_INVALID, "", "too large");
	/* What the child could not load any more. */
	pki_warm_up();
	bundle_parts_init(&parts);
	buf_init(&in, TASK_MAX);
	buf_init(&b, FRAME_MAX + JAIL_READ_SIZE);
	pack_bytes(&in, host->key.data, host->key.len);
	pack_bytes(&in, host->certificate.data, host->certificate.len);
	pack_bytes(&in, sealed->data, sealed->len);
	rc = in.failed
		 ? err_set(err, ERR_NOMEM, "", "bundle")
		 : jail_ask(jail, JAIL_PARSER, &bundle_open_job, &in, &b, err);
	if (rc > 0)
		rc = err_set(err, ERR_BUNDLE_INVALID, "", "%s",
		    rc == JAIL_LATE ? "opening it took too long"
				    : "opening it ended the child");
	else if (rc == 0 && (rc = take_parts(&b, &parts, err)) == 0)
		rc = bundle_parts_check(
		    &parts, consoles, want, ret_generation, ret_body, err);
	buf_clear(&in);
	buf_clear(&b);
	bundle_parts_clear(&parts);
	return rc;
}
