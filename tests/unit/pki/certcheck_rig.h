/*
 * certcheck_rig.h - one certificate made from facts, and what cert_rows[]
 * find in it.
 */
#ifndef CERTCHECK_RIG_H
#define CERTCHECK_RIG_H

#include "pki_test.h"

#include <openssl/x509v3.h>

#include "../../../src/pki/checks.h"
#include "../../../src/pki/checks.h"
#include "../../../src/pki/pki_int.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW  1800000000L /* 2027-01-15T08:00:00Z */
#define DAY  86400L
#define HOST "mx.example.jp"
#define SAN  "DNS:" HOST

/* What is not said is that of a sound certificate of 90 days, ten of them
 * gone. */
struct facts {
	long from, to; /* against NOW, unless both are 0 */
	const char *raw; /* not_after as it stands there */
	const char *san;
	struct {
		int nid;
		const char *value;
	} ext[3];
	const char *serial; /* hex */
	const char *md;
	int says; /* signed with sha256, but it says this */
	bool nameless;
	const char *host; /* "": none is known */
	/* of the leaf and of the chain */
	bool self_signed, self_issued, unchecked, is_ca;
	bool incomplete, with_chain, with_root, untrusted_root;
	int trusted; /* as pki_pair, one more; 0: unknown */
};

static EVP_PKEY *key;

static inline void
make_key(void)
{
	key = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(key);
}

static inline void
free_key(void)
{
	EVP_PKEY_free(key);
}

static inline void
add_ext(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_msg(ext != NULL, "%s", value);
	ck_assert_int_eq(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static inline X509 *
make(const struct facts *f)
{
	bool dated = f->from != 0 || f->to != 0;
	const EVP_MD *md = EVP_get_digestbyname(f->md ? f->md : "sha256");
	X509_NAME *name;
	BIGNUM *n = NULL;
	X509 *x = X509_new();
	size_t i;

	ck_assert_ptr_nonnull(x);
	X509_set_version(x, 2);
	BN_hex2bn(&n, f->serial != NULL ? f->serial : "4711");
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	ASN1_TIME_set(
	    X509_getm_notBefore(x), NOW + (dated ? f->from : -10 * DAY));
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + (dated ? f->to : 80 * DAY));
	if (f->raw != NULL) {
		ASN1_STRING_set(X509_getm_notAfter(x), f->raw, -1);
		X509_getm_notAfter(x)->type = f->raw[0] == '2' &&
						      f->raw[1] == '0'
						  ? V_ASN1_GENERALIZEDTIME
						  : V_ASN1_UTCTIME;
	}
	name = X509_get_subject_name(x);
	if (!f->nameless)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		    (const unsigned char *)"common", -1, -1, 0);
	name = X509_get_issuer_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"issuer", -1, -1, 0);
	X509_set_pubkey(x, key);
	if (f->san == NULL || f->san[0] != '\0')
		add_ext(x, NID_subject_alt_name, f->san ? f->san : SAN);
	for (i = 0; i < 3; i++)
		add_ext(x, f->ext[i].nid, f->ext[i].value);
	ck_assert_int_gt(X509_sign(x, key, md), 0);
	return x;
}

/* Of an algorithm that no library signs with any more. */
static inline void
say_signed(X509 *x, int nid)
{
	const X509_ALGOR *outer, *inner = X509_get0_tbs_sigalg(x);
	const ASN1_BIT_STRING *signature;

	X509_get0_signature(&signature, &outer, x);
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)outer, OBJ_nid2obj(nid),
	    V_ASN1_NULL, NULL);
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)inner, OBJ_nid2obj(nid),
	    V_ASN1_NULL, NULL);
	X509_set_version(x, 2); /* encoded anew */
}

/* As it would come from a file; NULL where this OpenSSL reads no such thing. */
static inline X509 *
reread(X509 *x)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_X509(x, &der);
	X509 *y;

	ck_assert_int_gt(len, 0);
	p = der;
	y = d2i_X509(NULL, &p, len);
	OPENSSL_free(der);
	X509_free(x);
	return y;
}

static inline X509 *
again(X509 *x)
{
	X509 *y = reread(x);

	ck_assert_ptr_nonnull(y);
	return y;
}

/* "cert.expired(days=3,subject=common) cert.serial": in this order, with
 * at least these arguments; "~" is a blank. */
static inline void
found_is(const struct findings *found, const char *want)
{
	char copy[512], *word, *save = NULL, *args, *arg, *rest, *value;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", want);
	for (word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save), n++) {
		ck_assert_msg(n < found->n, "no %s", word);
		if ((args = strchr(word, '(')) != NULL)
			*args++ = '\0';
		ck_assert_str_eq(err_name(found->v[n].code), word);
		ck_assert_str_eq(found->v[n].field, "server_certificate");
		rest = NULL;
		for (arg = args ? strtok_r(args, ",)", &rest) : NULL;
		     arg != NULL; arg = strtok_r(NULL, ",)", &rest)) {
			value = strchr(arg, '=');
			*value++ = '\0';
			for (char *c = value; *c != '\0'; c++)
				if (*c == '~')
					*c = ' ';
			ck_assert_str_eq(
			    json_object_get_string(
				json_object_object_get(found->v[n].args, arg)),
			    value);
		}
	}
	ck_assert_msg(n == found->n, "also %s", err_name(found->v[n].code));
}

static struct pki_set set;

static inline void
run(const struct facts *f, X509 *x)
{
	struct pki_cert leaf = {.x = x,
	    .self_signed = f->self_signed,
	    .self_issued = f->self_issued,
	    .unchecked = f->unchecked,
	    .is_ca = f->is_ca};
	struct pki_pair pair = {.leaf = &leaf,
	    .n_chain = f->with_chain,
	    .root = f->with_root ? x : NULL,
	    .complete = !f->incomplete,
	    .root_trusted = !f->untrusted_root,
	    .trusted = f->trusted - 1};
	struct pki_input in = {
	    .now = NOW, .hostname = f->host != NULL ? f->host : HOST};
	struct check_ctx c = {.set = &set, .in = &in, .pair = &pair, .leaf = x};
	const struct check_row *row;

	memset(leaf.sha256, 0xab, sizeof(leaf.sha256));
	findings_init(&set.found);
	for (row = cert_rows; row->fn != NULL; row++) {
		row->fn(&c, row);
		/* A number too long for us is no error of the next one. */
		ck_assert(
		    row->code != ERR_CERT_SERIAL || ERR_peek_error() == 0);
	}
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

/* A certificate of these facts, and whether exactly this is found in it. */
static inline void
finds(const struct facts *f, const char *want)
{
	X509 *x = make(f);

	if (f->says != 0)
		say_signed(x, f->says);
	if ((x = reread(x)) == NULL) {
		/* That of Debian 13 knows dates of the right length alone. */
		ck_assert(f->raw != NULL && strlen(f->raw) < 13);
		ck_assert_uint_ge(OpenSSL_version_num(), 0x30400000ul);
		ERR_clear_error();
		return;
	}
	run(f, x);
	found_is(&set.found, want);
	findings_clear(&set.found);
	X509_free(x);
}

#endif
