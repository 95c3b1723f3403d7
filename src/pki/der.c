/*
 * der.c - one DER (or BER) value -> key, certificate or container.
 *
 * The label of a PEM block and the suffix of a file name are often wrong; the
 * shape of the value is not.  der_sniff looks at the outermost tags only and
 * picks one decoder, so a hostile value meets one parser, not ten:
 *
 *   SEQ { INT 0, SEQ ..             PKCS#8          (INT 1: with public key)
 *   SEQ { INT 0, INT, INT ..        RSA (9 or more) or DSA (6 numbers)
 *   SEQ { INT 1, OCTETS ..          SEC 1
 *   SEQ { INT 3, SEQ ..             PKCS#12
 *   SEQ { OID ..                    PKCS#7
 *   SEQ { SEQ { OID .. } OCTETS     encrypted PKCS#8
 *   SEQ { SEQ { OID .. } BITS       public key
 *   SEQ { SEQ, SEQ, BITS            certificate, request, CRL
 */

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "decode.h"
#include "pki_int.h"

struct tlv {
	int tag;
	const unsigned char *body;
	size_t len;   /* of the body */
	size_t total; /* 0 = indefinite length */
};

static int
tlv_read(const unsigned char *p, size_t left, struct tlv *t)
{
	const unsigned char *q = p;
	long len;
	int tag, class, rc;

	rc = ASN1_get_object(&q, &len, &tag, &class, (long)left);
	if (rc & 0x80) {
		ERR_clear_error();
		return -1;
	}
	t->tag = class == V_ASN1_UNIVERSAL ? tag : -1;
	t->body = q;
	t->len = (rc & 0x01) ? left - (size_t)(q - p) : (size_t)len;
	t->total = (rc & 0x01) ? 0 : (size_t)(q - p) + (size_t)len;
	return 0;
}

/* A definite length that says more than there is. */
static bool
cut_short(const unsigned char *p, size_t len)
{
	size_t n, i, want = 0;

	if (len < 2 || p[0] != 0x30)
		return false;
	if (p[1] < 0x80)
		return (size_t)p[1] + 2 > len;
	n = p[1] & 0x7f;
	if (n == 0 || n > 4)
		return false;
	if (len < 2 + n)
		return true;
	for (i = 0; i < n; i++)
		want = want << 8 | p[2 + i];
	return want + 2 + n > len;
}

static int
next_tag(const struct tlv *in, const struct tlv *at, struct tlv *out)
{
	const unsigned char *end = in->body + in->len, *p;

	if (at->total == 0)
		return -1;
	p = at->body + at->len;
	return p < end ? tlv_read(p, (size_t)(end - p), out) : -1;
}

static int
count_integers(const struct tlv *in, const struct tlv *first)
{
	struct tlv t = *first, u;
	int n = 1;

	while (n < 16 && next_tag(in, &t, &u) == 0 && u.tag == V_ASN1_INTEGER) {
		t = u;
		n++;
	}
	return n;
}

static enum der_kind
sniff_numbered(const struct tlv *out, const struct tlv *first)
{
	int version = first->len == 1 ? first->body[0] : -1;
	struct tlv second;

	if (next_tag(out, first, &second) == -1)
		return DER_UNKNOWN;
	if (version == 3 && second.tag == V_ASN1_SEQUENCE)
		return DER_PKCS12;
	if ((version == 0 || version == 1) && second.tag == V_ASN1_SEQUENCE)
		return DER_PKCS8;
	if (version == 1 && second.tag == V_ASN1_OCTET_STRING)
		return DER_EC_KEY;
	if ((version == 0 || version == 1) && second.tag == V_ASN1_INTEGER)
		return count_integers(out, first) >= 9	 ? DER_RSA_KEY
		       : count_integers(out, first) == 6 ? DER_DSA_KEY
							 : DER_UNKNOWN;
	return DER_UNKNOWN;
}

static enum der_kind
sniff_nested(const struct tlv *out, const struct tlv *first)
{
	struct tlv inner, second;

	if (next_tag(out, first, &second) == -1)
		return DER_UNKNOWN;
	if (second.tag == V_ASN1_SEQUENCE)
		return DER_SIGNED;
	if (tlv_read(first->body, first->len, &inner) == -1 ||
	    inner.tag != V_ASN1_OBJECT)
		return DER_UNKNOWN;
	if (second.tag == V_ASN1_OCTET_STRING)
		return DER_ENCRYPTED_KEY;
	return second.tag == V_ASN1_BIT_STRING ? DER_PUBLIC_KEY : DER_UNKNOWN;
}

/* *ret_len is the size of the whole value, or all of it when indefinite. */
enum der_kind
der_sniff(const unsigned char *p, size_t len, size_t *ret_len)
{
	struct tlv out, first;

	*ret_len = len;
	if (cut_short(p, len))
		return DER_TRUNCATED;
	if (len < 2 || p[0] != 0x30 || tlv_read(p, len, &out) == -1 ||
	    tlv_read(out.body, out.len, &first) == -1)
		return DER_UNKNOWN;
	if (out.total != 0)
		*ret_len = out.total;
	switch (first.tag) {
	case V_ASN1_INTEGER:
		return sniff_numbered(&out, &first);
	case V_ASN1_OBJECT:
		return DER_PKCS7;
	case V_ASN1_SEQUENCE:
		return sniff_nested(&out, &first);
	default:
		return DER_UNKNOWN;
	}
}

/*
 * Keys that no mail server can use are not even decoded: finishing a DH or
 * DSA key of 10,000 bits costs a second.
 */
static const struct {
	int nid;
	const char *name; /* NULL: decode it */
} algorithms[] = {
    {NID_rsaEncryption, NULL},
    {NID_rsassaPss, NULL},
    {NID_X9_62_id_ecPublicKey, NULL},
    {NID_ED25519, NULL},
    {NID_ED448, NULL},
    {NID_dsa, "DSA"},
    {NID_dhKeyAgreement, "DH"},
    {NID_dhpublicnumber, "DH"},
    {NID_X25519, "X25519"},
    {NID_X448, "X448"},
};

static int
say_unusable(struct pki_set *s, int field, const char *type)
{
	s->file[field].failed = true;
	if (field != PKI_STORED)
		findings_add(&s->found, ERR_KEY_UNUSABLE, field_name(field),
		    "type", type, "label", type, "bits", "-", "key", "-", NULL);
	return -1;
}

/* Name of an algorithm that is not decoded, or NULL. */
static const char *
refused_algorithm(const ASN1_OBJECT *oid, char *dst, size_t dst_len)
{
	int nid = OBJ_obj2nid(oid);
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].nid == nid)
			return algorithms[i].name;
	return OBJ_obj2txt(dst, (int)dst_len, oid, 0) > 0 ? dst : "?";
}

/* PKCS#8, also out of a PKCS#12; borrowed. */
int
der_take_pkcs8(struct pki_set *s, int field, int line,
    const PKCS8_PRIV_KEY_INFO *p8, bool encrypted, bool bundled)
{
	const ASN1_OBJECT *oid;
	const char *name;
	EVP_PKEY *pkey;
	char text[80];

	if (PKCS8_pkey_get0(&oid, NULL, NULL, NULL, p8) != 1)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#8");
	name = refused_algorithm(oid, text, sizeof(text));
	if (name != NULL)
		return say_unusable(s, field, name);
	if ((pkey = EVP_PKCS82PKEY(p8)) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#8");
	return set_add_key(s, field, line, pkey, encrypted, bundled);
}

static int
read_pkcs8(struct pki_set *s, int field, const unsigned char *p, size_t len,
    int line, bool encrypted)
{
	PKCS8_PRIV_KEY_INFO *p8;
	int rc;

	if ((p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)len)) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#8");
	rc = der_take_pkcs8(s, field, line, p8, encrypted, false);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

int
der_read_key(struct pki_set *s, int field, enum der_kind kind,
    const unsigned char *p, size_t len, int line, bool encrypted)
{
	static const struct {
		enum der_kind kind;
		int type;
		const char *what;
	} keys[] = {
	    {DER_RSA_KEY, EVP_PKEY_RSA, "RSA PRIVATE KEY"},
	    {DER_EC_KEY, EVP_PKEY_EC, "EC PRIVATE KEY"},
	};
	EVP_PKEY *pkey;
	size_t i;

	if (kind == DER_DSA_KEY)
		return say_unusable(s, field, "DSA");
	if (kind == DER_PKCS8)
		return read_pkcs8(s, field, p, len, line, encrypted);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].kind != kind)
			continue;
		pkey = d2i_PrivateKey(keys[i].type, NULL, &p, (long)len);
		if (pkey == NULL)
			return set_fail(
			    s, field, ERR_FILE_UNREADABLE, line, keys[i].what);
		return set_add_key(s, field, line, pkey, encrypted, false);
	}
	return set_fail(s, field, ERR_FILE_UNREADABLE, line, "ASN.1");
}
