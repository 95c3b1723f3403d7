/*
 * p12.c - PKCS#12 and PKCS#7 containers taken apart by hand.
 *
 * PKCS12_parse would do the same, but it derives keys before anybody has
 * looked at the iteration counts, and drops what it does not understand.
 * Order: MAC (with its cost), then each safe, then each bag.  Nested safes
 * are walked to a small depth.
 */
#include <stdint.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include "decode.h"
#include "pki_int.h"

#define DEPTH_MAX 3

struct p12 {
	struct pki_set *s;
	int field;
};

static int walk(struct p12 *, const STACK_OF(PKCS12_SAFEBAG) *, int);

static int
fail(struct p12 *c, enum err_code code, const char *what)
{
	ERR_clear_error();
	return set_fail(c->s, c->field, code, 0, what);
}

static int
take_key(struct p12 *c, const PKCS8_PRIV_KEY_INFO *p8, bool encrypted)
{
	return der_take_pkcs8(c->s, c->field, 0, p8,
	    encrypted && c->s->fits < c->s->n_form, true);
}

/* NULL and "" are two passphrases in a PKCS#12, and both mean none. */
static void *
open_with(struct p12 *c, const X509_ALGOR *alg,
    void *(*fn)(void *, const char *, int), void *arg)
{
	const struct kdf_lock l = {.what = "PKCS#12",
	    .alg = alg,
	    .maybe_empty = true,
	    .open = fn,
	    .arg = arg};

	return kdf_open(c->s, c->field, 0, &l);
}

static void *
open_bag(void *sig, const char *pass, int len)
{
	return PKCS8_decrypt(sig, pass, len);
}

static int
take_shrouded(struct p12 *c, const PKCS12_SAFEBAG *bag)
{
	const X509_SIG *sig = PKCS12_SAFEBAG_get0_pkcs8(bag);
	const X509_ALGOR *alg;
	PKCS8_PRIV_KEY_INFO *p8;
	int rc;

	if (sig == NULL)
		return fail(c, ERR_FILE_UNREADABLE, "PKCS#12");
	X509_SIG_get0(sig, &alg, NULL);
	if ((p8 = open_with(c, alg, open_bag, (void *)(uintptr_t)sig)) == NULL)
		return -1;
	rc = take_key(c, p8, true);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

static int
take_bag(struct p12 *c, const PKCS12_SAFEBAG *bag, int depth)
{
	const PKCS8_PRIV_KEY_INFO *p8;
	X509 *x;

	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		p8 = PKCS12_SAFEBAG_get0_p8inf(bag);
		return p8 != NULL ? take_key(c, p8, false)
				  : fail(c, ERR_FILE_UNREADABLE, "PKCS#12");
	case NID_pkcs8ShroudedKeyBag:
		return take_shrouded(c, bag);
	case NID_certBag:
		if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
			return 0;
		if ((x = PKCS12_SAFEBAG_get1_cert(bag)) == NULL)
			return fail(c, ERR_FILE_UNREADABLE, "X.509");
		return set_add_cert(c->s, c->field, 0, x, true);
	case NID_safeContentsBag:
		if (depth >= DEPTH_MAX)
			return fail(c, ERR_FILE_UNSUPPORTED, "PKCS#12");
		return walk(c, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
	default:
		return 0; /* CRLs and secrets are not for us */
	}
}

static int
walk(struct p12 *c, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth)
{
	int i;

	for (i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		if (take_bag(c, sk_PKCS12_SAFEBAG_value(bags, i), depth) == -1)
			return -1;
	return 0;
}

static void *
open_sealed(void *p7, const char *pass, int len)
{
	return PKCS12_unpack_p7encdata(p7, pass, len);
}

static STACK_OF(PKCS12_SAFEBAG) * open_safe(struct p12 *c, PKCS7 *p7)
{
	STACK_OF(PKCS12_SAFEBAG) * bags;

	switch (OBJ_obj2nid(p7->type)) {
	case NID_pkcs7_data:
		if ((bags = PKCS12_unpack_p7data(p7)) == NULL)
			fail(c, ERR_FILE_UNREADABLE, "PKCS#12");
		return bags;
	case NID_pkcs7_encrypted:
		if (p7->d.encrypted == NULL ||
		    p7->d.encrypted->enc_data == NULL)
			break;
		return open_with(
		    c, p7->d.encrypted->enc_data->algorithm, open_sealed, p7);
	default:
		break;
	}
	fail(c, ERR_FILE_UNSUPPORTED, "PKCS#12");
	return NULL;
}

static int
read_safes(struct p12 *c, const PKCS12 *p12)
{
	STACK_OF(PKCS12_SAFEBAG) * bags;
	STACK_OF(PKCS7) * safes;
	int i, rc = 0;

	if ((safes = PKCS12_unpack_authsafes(p12)) == NULL)
		return fail(c, ERR_FILE_UNREADABLE, "PKCS#12");
	for (i = 0; i < sk_PKCS7_num(safes) && rc == 0; i++) {
		bags = open_safe(c, sk_PKCS7_value(safes, i));
		rc = bags != NULL ? walk(c, bags, 0) : -1;
		sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	}
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return rc;
}

static void *
open_mac(void *p12, const char *pass, int len)
{
	return PKCS12_verify_mac(p12, pass, len) == 1 ? p12 : NULL;
}

/*
 * Finds out which passphrase is right.  A MAC of a kind that this OpenSSL
 * lacks (PBMAC1, RFC 9579) proves nothing here, and what it would tell the
 * encryption tells as well.
 */
static int
check_mac(struct p12 *c, PKCS12 *p12)
{
	struct kdf_lock l = {.what = "PKCS#12",
	    .maybe_empty = true,
	    .open = open_mac,
	    .arg = p12};
	const ASN1_INTEGER *iter = NULL;
	const X509_ALGOR *alg = NULL;
	const ASN1_OBJECT *oid;

	if (PKCS12_mac_present(p12) != 1)
		return 0;
	PKCS12_get0_mac(NULL, &alg, NULL, &iter, p12);
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	l.md = OBJ_obj2nid(oid);
	if (EVP_get_digestbynid(l.md) == NULL)
		return 0;
	l.rounds = iter == NULL ? 1 : ASN1_INTEGER_get(iter);
	if (l.rounds == 0)
		l.rounds = -1; /* not free: refused */
	return kdf_open(c->s, c->field, 0, &l) != NULL ? 0 : -1;
}

int
p12_read(struct pki_set *s, int field, const unsigned char *p, size_t len)
{
	struct p12 c = {.s = s, .field = field};
	PKCS12 *p12;
	int rc;

	if ((p12 = d2i_PKCS12(NULL, &p, (long)len)) == NULL)
		return fail(&c, ERR_FILE_UNREADABLE, "PKCS#12");
	s->file[field].format = PKI_FORMAT_PKCS12;
	rc = check_mac(&c, p12);
	if (rc == 0)
		rc = read_safes(&c, p12);
	PKCS12_free(p12);
	ERR_clear_error();
	return rc;
}

int
p7_read(
    struct pki_set *s, int field, const unsigned char *p, size_t len, int line)
{
	STACK_OF(X509) *certs = NULL;
	PKCS7 *p7;
	X509 *x;
	int i, rc = 0;

	if ((p7 = d2i_PKCS7(NULL, &p, (long)len)) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#7");
	s->file[field].format = PKI_FORMAT_PKCS7;
	if (PKCS7_type_is_signed(p7) && p7->d.sign != NULL)
		certs = p7->d.sign->cert;
	if (sk_X509_num(certs) <= 0)
		rc = set_fail(s, field, ERR_FILE_UNSUPPORTED, line, "PKCS#7");
	for (i = 0; i < sk_X509_num(certs) && rc == 0; i++) {
		x = sk_X509_value(certs, i);
		X509_up_ref(x);
		rc = set_add_cert(s, field, line, x, true);
	}
	PKCS7_free(p7);
	ERR_clear_error();
	return rc;
}
