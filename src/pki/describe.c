/*
 * describe.c - keys and certificates as JSON and as short words.
 *
 * Names come from strangers: they are converted to UTF-8, control characters
 * escaped, and cut.  Fingerprints are SHA-256; of a key, over its public part
 * (SubjectPublicKeyInfo), so that a key and its certificate show the same.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "jsonx.h"
#include "pki_int.h"

#define NAMES_MAX 100
#define NAME_FLAGS \
	((ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | \
	    ASN1_STRFLGS_UTF8_CONVERT | XN_FLAG_SEP_CPLUS_SPC | \
	    XN_FLAG_FN_SN | XN_FLAG_DN_REV | XN_FLAG_DUMP_UNKNOWN_FIELDS)

static const struct {
	const char *openssl;
	const char *nist;
} curve_names[] = {
    {"prime256v1", "P-256"},
    {"secp384r1", "P-384"},
    {"secp521r1", "P-521"},
    {"secp224r1", "P-224"},
    {"prime192v1", "P-192"},
};

static const struct {
	int id;
	const char *type;
	const char *label; /* NULL: type and bits */
} key_types[] = {
    {EVP_PKEY_RSA, "RSA", NULL},
    {EVP_PKEY_RSA_PSS, "RSA-PSS", NULL},
    {EVP_PKEY_DSA, "DSA", NULL},
    {EVP_PKEY_EC, "EC", NULL},
    {EVP_PKEY_ED25519, "ED25519", "Ed25519"},
    {EVP_PKEY_ED448, "ED448", "Ed448"},
    {EVP_PKEY_X25519, "X25519", "X25519"},
    {EVP_PKEY_X448, "X448", "X448"},
    {EVP_PKEY_DH, "DH", NULL},
    {EVP_PKEY_DHX, "DH", NULL},
    {EVP_PKEY_SM2, "SM2", "SM2"},
};

void
name_text(const X509_NAME *name, char *dst, size_t dst_len)
{
	BIO *bio;
	char *p;
	long n;

	dst[0] = '\0';
	if ((bio = BIO_new(BIO_s_mem())) == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) >= 0 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0)
		text_clean(dst, dst_len, p, (size_t)n);
	BIO_free(bio);
}

void
name_common(const X509_NAME *name, char *dst, size_t dst_len)
{
	const ASN1_STRING *s;
	unsigned char *utf8 = NULL;
	int i, n;

	dst[0] = '\0';
	i = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (i < 0)
		return;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
	if ((n = ASN1_STRING_to_UTF8(&utf8, s)) > 0)
		text_clean_name(dst, dst_len, (char *)utf8, (size_t)n);
	OPENSSL_free(utf8);
	ERR_clear_error();
}

static void
short_print(const unsigned char *digest, char dst[PKI_SHORT_FP])
{
	snprintf(dst, PKI_SHORT_FP, "%02X:%02X:%02X:%02X", digest[0], digest[1],
	    digest[2], digest[3]);
}

void
name_first(X509 *x, char *dst, size_t dst_len)
{
	GENERAL_NAMES *names;
	GENERAL_NAME *g;
	int i;

	dst[0] = '\0';
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; dst[0] == '\0' && i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type == GEN_DNS)
			text_clean_name(dst, dst_len, (char *)g->d.dNSName->data,
			    (size_t)g->d.dNSName->length);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

/* Short-lived certificates of public CAs have no common name. */
void
cert_subject(X509 *x, char *dst, size_t dst_len)
{
	unsigned char md[EVP_MAX_MD_SIZE];

	name_common(X509_get_subject_name(x), dst, dst_len);
	if (dst[0] == '\0')
		name_first(x, dst, dst_len);
	if (dst[0] == '\0')
		name_text(X509_get_subject_name(x), dst, dst_len);
	if (dst[0] == '\0' && dst_len >= PKI_SHORT_FP &&
	    X509_digest(x, EVP_sha256(), md, NULL) == 1)
		short_print(md, dst);
}

void
cert_issuer(X509 *x, char *dst, size_t dst_len)
{
	name_common(X509_get_issuer_name(x), dst, dst_len);
	if (dst[0] == '\0')
		name_text(X509_get_issuer_name(x), dst, dst_len);
	if (dst[0] == '\0')
		snprintf(dst, dst_len, "?");
}

static int
digest_der(unsigned char *der, int n, unsigned char md[32])
{
	int rc = -1;

	if (n > 0 &&
	    EVP_Digest(der, (size_t)n, md, NULL, EVP_sha256(), NULL) == 1)
		rc = 0;
	OPENSSL_free(der);
	ERR_clear_error();
	return rc;
}

static int
spki_digest(EVP_PKEY *pkey, unsigned char md[32])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);

	return digest_der(der, n, md);
}

/* As the certificate has it: exact, and no provider has to encode it. */
static int
spki_digest_cert(X509 *x, unsigned char md[32])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	return digest_der(der, n, md);
}

void
key_print(EVP_PKEY *pkey, char dst[PKI_SHORT_FP])
{
	unsigned char md[32];

	snprintf(dst, PKI_SHORT_FP, "?");
	if (pkey != NULL && spki_digest(pkey, md) == 0)
		short_print(md, dst);
}

void
cert_print(const struct pki_cert *c, char dst[PKI_SHORT_FP])
{
	short_print(c->sha256, dst);
}

static void
curve_facts(EVP_PKEY *pkey, struct key_facts *f)
{
	char name[sizeof(f->curve)];
	size_t i;
	int explicit_curve = 0;

	if (EVP_PKEY_get_int_param(pkey,
		OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		&explicit_curve) == 1)
		f->explicit_curve = explicit_curve != 0;
	if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
		name, sizeof(name), NULL) != 1)
		snprintf(name, sizeof(name), "%s", "?");
	snprintf(f->curve, sizeof(f->curve), "%s", name);
	for (i = 0; i < sizeof(curve_names) / sizeof(curve_names[0]); i++)
		if (strcmp(name, curve_names[i].openssl) == 0)
			snprintf(f->curve, sizeof(f->curve), "%s",
			    curve_names[i].nist);
	snprintf(f->label, sizeof(f->label), "ECDSA %s%s", f->curve,
	    f->explicit_curve ? " (explicit parameters)" : "");
	ERR_clear_error();
}

void
key_facts(EVP_PKEY *pkey, struct key_facts *f)
{
	int id;
	size_t i;

	memset(f, 0, sizeof(*f));
	f->type = "?";
	snprintf(f->label, sizeof(f->label), "?");
	if (pkey == NULL)
		return;
	id = EVP_PKEY_get_base_id(pkey);
	f->bits = EVP_PKEY_get_bits(pkey);
	for (i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
		if (key_types[i].id != id)
			continue;
		f->type = key_types[i].type;
		if (key_types[i].label != NULL)
			snprintf(f->label, sizeof(f->label), "%s",
			    key_types[i].label);
		else
			snprintf(f->label, sizeof(f->label), "%s %d", f->type,
			    f->bits);
	}
	if (id == EVP_PKEY_EC)
		curve_facts(pkey, f);
}

int
key_slot(EVP_PKEY *pkey)
{
	return EVP_PKEY_get_base_id(pkey); /* all EC curves are one */
}

bool
cert_is_ca(X509 *x)
{
	return (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
}

/* RFC 5280 section 4.1.2.5: with seconds, in UTC.  OpenSSL reads other forms,
 * and then refuses to verify what has them. */
bool
time_strict(const ASN1_TIME *t)
{
	size_t n = (size_t)ASN1_STRING_length(t);
	const char *p = (const char *)ASN1_STRING_get0_data(t);

	return n == (ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 13u : 15u) &&
	       p[n - 1] == 'Z' && strspn(p, "0123456789") == n - 1;
}

int
cert_time(const ASN1_TIME *t, time_t *ret)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
		ERR_clear_error();
		return -1;
	}
	*ret = timegm(&tm);
	return 0;
}

static void
add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *
key_info(EVP_PKEY *pkey, const unsigned char *md, bool encrypted)
{
	struct json_object *o = json_object_new_object();
	struct key_facts f;
	char hex[SHA256_HEX] = "";

	key_facts(pkey, &f);
	if (md != NULL)
		hex_encode(hex, md, 32);
	add_string(o, "type", f.type);
	json_object_object_add(o, "bits", json_object_new_int(f.bits));
	add_string(o, "curve", f.curve);
	add_string(o, "label", f.label);
	add_string(o, "spki_sha256", hex);
	json_object_object_add(
	    o, "encrypted", json_object_new_boolean(encrypted));
	return o;
}

struct json_object *
describe_key(EVP_PKEY *pkey, bool encrypted)
{
	unsigned char md[32];
	bool ok = pkey != NULL && spki_digest(pkey, md) == 0;

	return key_info(pkey, ok ? md : NULL, encrypted);
}

static struct json_object *
describe_cert_key(X509 *x, bool encrypted)
{
	unsigned char md[32];
	bool ok = spki_digest_cert(x, md) == 0;

	return key_info(X509_get0_pubkey(x), ok ? md : NULL, encrypted);
}

static void
add_ip(struct json_object *a, const ASN1_OCTET_STRING *ip)
{
	char *text;

	if ((text = i2s_ASN1_OCTET_STRING(NULL, ip)) == NULL)
		return;
	OPENSSL_free(text);
	if (ip->length == 4) {
		char dotted[16];

		snprintf(dotted, sizeof(dotted), "%d.%d.%d.%d", ip->data[0],
		    ip->data[1], ip->data[2], ip->data[3]);
		json_object_array_add(a, json_object_new_string(dotted));
	}
}

static void
add_names(struct json_object *o, X509 *x)
{
	struct json_object *a = json_object_new_array();
	GENERAL_NAMES *names;
	GENERAL_NAME *g;
	char text[PKI_NAME_MAX];
	int i, total = 0;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != GEN_DNS && g->type != GEN_IPADD)
			continue;
		if (++total > NAMES_MAX)
			continue;
		if (g->type == GEN_IPADD) {
			add_ip(a, g->d.iPAddress);
			continue;
		}
		text_clean(text, sizeof(text), (char *)g->d.dNSName->data,
		    (size_t)g->d.dNSName->length);
		json_object_array_add(a, json_object_new_string(text));
	}
	json_object_object_add(o, "names", a);
	json_object_object_add(o, "names_total", json_object_new_int(total));
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

static void
add_times(struct json_object *o, X509 *x, time_t now)
{
	time_t from = 0, to = 0;
	char iso[32];
	bool ok;

	ok = cert_time(X509_get0_notBefore(x), &from) == 0;
	time_iso(from, iso);
	add_string(o, "not_before", ok ? iso : "");
	ok = cert_time(X509_get0_notAfter(x), &to) == 0;
	time_iso(to, iso);
	add_string(o, "not_after", ok ? iso : "");
	json_object_object_add(
	    o, "days_total", json_object_new_int64((to - from) / 86400));
	json_object_object_add(o, "days_left",
	    json_object_new_int64(
		to > now ? (to - now) / 86400 : -((now - to) / 86400)));
}

static void
add_name(struct json_object *o, const char *whole, const char *common,
    const X509_NAME *name)
{
	char text[512];

	name_text(name, text, sizeof(text));
	add_string(o, whole, text);
	name_common(name, text, sizeof(text));
	add_string(o, common, text);
}

struct json_object *
describe_cert(X509 *x, time_t now)
{
	struct json_object *o = json_object_new_object();
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	unsigned char md[EVP_MAX_MD_SIZE];
	char name[PKI_NAME_MAX], hex[2 * 64 + 2] = "";
	bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
	int n;

	add_name(o, "subject", "common_name", X509_get_subject_name(x));
	add_name(o, "issuer", "issuer_common_name", X509_get_issuer_name(x));
	cert_subject(x, name, sizeof(name));
	add_string(o, "name", name);
	add_names(o, x);
	add_times(o, x, now);
	n = ASN1_STRING_length(serial);
	hex[0] = '-';
	hex_encode(hex + negative, ASN1_STRING_get0_data(serial),
	    (size_t)(n > 64 ? 64 : n));
	add_string(o, "serial", hex);
	add_string(o, "signature", digest_name(x, NULL));
	hex[0] = '\0';
	if (X509_digest(x, EVP_sha256(), md, NULL) == 1)
		hex_encode(hex, md, 32);
	add_string(o, "sha256", hex);
	json_object_object_add(o, "key", describe_cert_key(x, false));
	json_object_object_add(
	    o, "is_ca", json_object_new_boolean(cert_is_ca(x)));
	json_object_object_add(o, "self_signed",
	    json_object_new_boolean(X509_self_signed(x, 0) == 1));
	ERR_clear_error();
	return o;
}

/* CERT of pki.h. */
struct json_object *
describe_pair(const struct pki_pair *p, time_t now)
{
	struct json_object *o = json_object_new_object();
	struct json_object *a = json_object_new_array(), *leaf;
	size_t i;

	leaf = describe_cert(p->leaf->x, now);
	json_object_array_add(a, json_object_get(leaf));
	for (i = 0; i < p->n_chain; i++)
		json_object_array_add(a, describe_cert(p->chain[i]->x, now));
	json_object_object_add(o, "chain", a);
	json_object_object_add(o, "key",
	    describe_cert_key(p->leaf->x, p->key != NULL && p->key->encrypted));
	json_object_object_add(
	    o, "root", p->root != NULL ? describe_cert(p->root, now) : NULL);
	json_object_object_add(
	    o, "complete", json_object_new_boolean(p->complete));
	json_object_object_add(
	    o, "self_signed", json_object_new_boolean(p->leaf->self_signed));
	json_object_object_add(o, "trusted",
	    p->trusted < 0 ? NULL : json_object_new_boolean(p->trusted));
	add_string(o, "sha256", jsonx_path_str(leaf, "sha256", ""));
	json_object_object_add(o, "leaf", leaf);
	return o;
}

void
time_date(const ASN1_TIME *t, char dst[32])
{
	time_t when;

	if (!time_strict(t))
		text_clean(dst, 32, (const char *)ASN1_STRING_get0_data(t),
		    (size_t)ASN1_STRING_length(t));
	else if (cert_time(t, &when) == 0)
		time_iso(when, dst);
	else
		snprintf(dst, 32, "?");
}

const char *
digest_name(const X509 *x, int *ret_md)
{
	const char *name;
	int md = NID_undef;

	if (X509_get_signature_info((X509 *)x, &md, NULL, NULL, NULL) != 1)
		ERR_clear_error();
	if (ret_md != NULL)
		*ret_md = md;
	name = OBJ_nid2ln(X509_get_signature_nid(x));
	return name != NULL ? name : "?";
}
