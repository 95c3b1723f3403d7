/*
 * bundlejail.c - a bundle's CMS is parsed and decrypted in a child that can
 * do nothing.
 *
 *   parent                             child of the keeper (jail.h)
 *   key, certificate, bundle --------> bundle_take_apart
 *   read frame <---------------------- code, "len len len content attrs sig"
 *   verify the signature, read JSON    _exit
 *
 * Whoever may write into etcd chooses these bytes, and postseald is root.  The
 * child has the host's decryption key, as decrypting needs it, and no other
 * key, as the keeper never had one; the only way out is this pipe, and what comes out of it goes nowhere but into
 * bundle_parts_check: an OpenSSL that is taken over in the child can neither
 * carry the key away nor invent settings, as it cannot sign for a console.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "bundle_int.h"
#include "jail_int.h"
#include "pack.h"

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
