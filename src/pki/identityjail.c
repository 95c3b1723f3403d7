/*
 * identityjail.c - identities of hosts, as postseald asks for them: nothing
 * of a certificate, key or signature is parsed here (identityjob.c does, in
 * a child), but for the PEM around a certificate, by code of ours.
 */
#include <string.h>

#include "bundle_int.h"
#include "decode.h"
#include "jail.h"
#include "join.h"
#include "pack.h"

static const struct pki_jail jail = {.user = NULL};

static int
take_out(const struct buf *b, struct buf *const out[IDENTITY_PARTS])
{
	struct unpack u;
	const void *p;
	size_t n;
	int i;

	unpack_init(&u, b->data, b->len);
	for (i = 0; i < IDENTITY_PARTS; i++) {
		p = unpack_bytes(&u, &n);
		if (out[i] != NULL && n > 0 && p != NULL &&
		    buf_add(out[i], p, n) == -1)
			return -1;
	}
	return unpack_end(&u) ? 0 : -1;
}

/* 0, or -1: code and text are those of a child that could not. */
static int
ask(enum identity_op op, const struct pki_bytes in[IDENTITY_PARTS],
    struct buf *first, struct buf *second, enum err_code code,
    const char *field, const char *text, struct err *err)
{
	struct buf *const out[IDENTITY_PARTS] = {first, second};
	struct buf packed, b;
	int i, rc;

	pki_warm_up();
	buf_init(&packed, IDENTITY_FRAME_MAX);
	buf_init(&b, IDENTITY_FRAME_MAX + JAIL_READ_SIZE);
	pack_u32(&packed, op);
	for (i = 0; i < IDENTITY_PARTS; i++)
		pack_bytes(&packed, in[i].data, in[i].len);
	rc = packed.failed ? err_set(err, ERR_NOMEM, "", "identity")
			   : jail_ask(&jail, JAIL_PARSER, &bundle_identity_job,
				 &packed, &b, err);
	if (rc > 0 || (rc == 0 && take_out(&b, out) == -1))
		rc = err_set(err, code, field, "%s", text);
	buf_clear(&packed);
	buf_clear(&b);
	return rc;
}

int
bundle_identity_new(
    const char *name, struct buf *key, struct buf *certificate, struct err *err)
{
	const struct pki_bytes in[IDENTITY_PARTS] = {{name, strlen(name) + 1}};

	if (!bundle_name_valid(name))
		return err_set(err, ERR_SCANNER_IDENTITY, "name",
		    "a name has 1 to %d of a-z 0-9 . - _", BUNDLE_NAME_MAX);
	return ask(IDENTITY_NEW, in, key, certificate, ERR_INTERNAL, "",
	    "an identity could not be made", err);
}

/* The first certificate, written anew. */
int
bundle_fingerprint(const struct pki_bytes *certificate, struct buf *ret_pem,
    char ret_sha256[SHA256_HEX], struct err *err)
{
	const char *text = certificate->data == NULL ? "" : certificate->data;
	struct pem_scan scan = {text, text + certificate->len, 1, 0};
	struct pem_fault fault;
	struct pem_block b;
	int rc;

	buf_reset(ret_pem);
	pem_block_init(&b);
	while ((rc = pem_next(&scan, &b, &fault)) == 1)
		if (strcmp(b.label, "CERTIFICATE") == 0)
			break;
	if (rc == 1 && der_whole(b.der.data, b.der.len) &&
	    sha256_hex(b.der.data, b.der.len, ret_sha256) == 0 &&
	    pem_put(ret_pem, b.label, b.der.data, b.der.len) == 0)
		rc = 0;
	else
		rc = err_set(err, ERR_SCANNER_IDENTITY, "certificate",
		    "expected one PEM certificate with an EC or RSA key");
	pem_block_clear(&b);
	return rc;
}

int
bundle_identity_check(const struct pki_bytes *certificate, struct buf *ret_pem,
    char ret_sha256[SHA256_HEX], struct err *err)
{
	struct pki_bytes in[IDENTITY_PARTS] = {{NULL, 0}};

	if (bundle_fingerprint(certificate, ret_pem, ret_sha256, err) == -1)
		return -1;
	in[0] = (struct pki_bytes){ret_pem->data, ret_pem->len};
	return ask(IDENTITY_CHECK, in, NULL, NULL, ERR_SCANNER_IDENTITY,
	    "certificate", "expected one PEM certificate with an EC or RSA key",
	    err);
}

int
bundle_consoles_add(const struct pki_bytes *list,
    const struct pki_bytes *console, struct buf *out, struct err *err)
{
	const struct pki_bytes in[IDENTITY_PARTS] = {*list, *console};

	return ask(IDENTITY_CONSOLES, in, out, NULL, ERR_SCANNER_IDENTITY,
	    "certificate", "the console's certificate cannot be kept", err);
}

int
bundle_sign(const struct pki_bytes *key, const char *text,
    struct buf *signature, struct err *err)
{
	const struct pki_bytes in[IDENTITY_PARTS] = {
	    *key, {text, strlen(text)}};

	return ask(IDENTITY_SIGN, in, signature, NULL, ERR_INTERNAL, "",
	    "the identity cannot sign", err);
}

int
identity_sealed(const struct bundle_identity *console, const char *text,
    struct buf *der, struct err *err)
{
	const struct pki_bytes in[IDENTITY_PARTS] = {
	    console->key, console->certificate, {text, strlen(text)}};

	return ask(IDENTITY_SEAL, in, der, NULL, ERR_INTERNAL, "",
	    "the console's identity cannot sign", err);
}
