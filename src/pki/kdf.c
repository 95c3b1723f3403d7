/*
 * kdf.c - passphrases: what a derivation would cost is read from its
 * parameters and refused before it is run.
 *
 * A hostile file may ask for 2^31 iterations.  The prices below are for one
 * compression-pair on the slow side of today's servers; the budget counts
 * over all files of one inspection, so sixteen cheap keys do not add up to a
 * dear one.  The small budget is for everybody: PBKDF2 with SHA-256 fits with
 * about 100,000 iterations, scrypt with OpenSSL's default (N=16384, r=8).
 * Browsers and password managers ask for more by now, Firefox's PKCS#12 for
 * three times 600,000: the caller gives such a file a second try with the
 * great budget (set->dear), one at a time for each user.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "decode.h"
#include "pki_int.h"

#define PASSPHRASE_BYTES 8192 /* in any form */

#define SCRYPT_MEM_MAX	 (32u * 1024 * 1024)
#define SCRYPT_NS	 420 /* for each N * r * p */
#define P12_NS		 250

struct price {
	int nid; /* PRF or digest */
	int ns;	 /* an iteration */
	int out; /* bytes a block */
};

static const struct price prices[] = {
    {NID_hmacWithSHA1, 510, 20}, {NID_hmacWithSHA224, 630, 28},
    {NID_hmacWithSHA256, 630, 32}, {NID_hmacWithSHA384, 1350, 48},
    {NID_hmacWithSHA512, 1350, 64}, {NID_hmacWithMD5, 610, 16},
    {NID_undef, 2700, 16}, /* everything else */
};

static const struct price *
price_of(int nid)
{
	size_t i;

	for (i = 0; prices[i].nid != NID_undef; i++)
		if (prices[i].nid == nid)
			break;
	return &prices[i];
}

static bool
affordable(const struct pki_set *s, uint64_t ns)
{
	return s->cost + ns >= s->cost &&
	       s->cost + ns <= (s->dear ? PKI_COST_DEAR_NS : PKI_COST_MAX_NS);
}

/* Spend ns from the budget of the inspection, or refuse. */
static int
spend(struct pki_set *s, int field, int line, uint64_t ns, const char *kdf)
{
	if (!affordable(s, ns))
		return set_fail(s, field, ERR_FILE_COST, line, kdf);
	s->cost += ns;
	if (ns > s->dearest.ns) {
		s->dearest.ns = ns;
		s->dearest.field = field;
		snprintf(s->dearest.what, sizeof(s->dearest.what), "%s", kdf);
	}
	return 0;
}

void
kdf_say_slow(struct pki_set *s, int64_t ms)
{
	char seconds[24];

	if (s->cost <= PKI_COST_MAX_NS)
		return;
	snprintf(seconds, sizeof(seconds), "%lld.%lld", (long long)ms / 1000,
	    (long long)ms / 100 % 10);
	findings_add(&s->found, ERR_FILE_SLOW, field_name(s->dearest.field),
	    "seconds", seconds, "what", s->dearest.what, NULL);
}

static int
spend_iterations(struct pki_set *s, int field, int line,
    const ASN1_INTEGER *iter, uint64_t ns_each, const char *kdf)
{
	int64_t n;
	char what[64];

	if (ASN1_INTEGER_get_int64(&n, iter) != 1 || n < 1)
		return set_fail(s, field, ERR_FILE_COST, line, kdf);
	snprintf(what, sizeof(what), "%s, %lld", kdf, (long long)n);
	if (n > PKI_ROUNDS_MAX)
		return set_fail(s, field, ERR_FILE_COST, line, what);
	return spend(s, field, line, (uint64_t)n * ns_each, what);
}

static void *
unpack(const X509_ALGOR *alg, const ASN1_ITEM *it)
{
	const void *par;
	int type;

	X509_ALGOR_get0(NULL, &type, &par, alg);
	if (type != V_ASN1_SEQUENCE || par == NULL)
		return NULL;
	return ASN1_item_unpack(par, it);
}

static int
admit_pbkdf2(struct pki_set *s, int field, int line, const X509_ALGOR *kdf)
{
	const struct price *pr;
	const ASN1_OBJECT *oid;
	PBKDF2PARAM *p;
	int nid = NID_hmacWithSHA1, rc;

	if ((p = unpack(kdf, ASN1_ITEM_rptr(PBKDF2PARAM))) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PBKDF2");
	if (p->prf != NULL) {
		X509_ALGOR_get0(&oid, NULL, NULL, p->prf);
		nid = OBJ_obj2nid(oid);
	}
	pr = price_of(nid);
	/* 32 bytes of key are the most that our ciphers take */
	rc = spend_iterations(s, field, line, p->iter,
	    (uint64_t)pr->ns * (uint64_t)((32 + pr->out - 1) / pr->out),
	    "PBKDF2");
	PBKDF2PARAM_free(p);
	return rc;
}

static int
admit_scrypt(struct pki_set *s, int field, int line, const X509_ALGOR *kdf)
{
	SCRYPT_PARAMS *p;
	uint64_t n, r, par, work;
	char what[80];
	int rc = -1;

	if ((p = unpack(kdf, ASN1_ITEM_rptr(SCRYPT_PARAMS))) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "scrypt");
	if (ASN1_INTEGER_get_uint64(&n, p->costParameter) != 1 ||
	    ASN1_INTEGER_get_uint64(&r, p->blockSize) != 1 ||
	    ASN1_INTEGER_get_uint64(&par, p->parallelizationParameter) != 1 ||
	    n > 1u << 24 || r > 1u << 16 || par > 1u << 16 ||
	    n * r * 128 > SCRYPT_MEM_MAX || n * r * par > 1u << 24) {
		set_fail(s, field, ERR_FILE_COST, line, "scrypt");
		goto out;
	}
	work = n * r * par;
	snprintf(what, sizeof(what), "scrypt, N=%llu r=%llu p=%llu",
	    (unsigned long long)n, (unsigned long long)r,
	    (unsigned long long)par);
	rc = spend(s, field, line, work * SCRYPT_NS, what);
out:
	SCRYPT_PARAMS_free(p);
	return rc;
}

static int
admit_pbes2(struct pki_set *s, int field, int line, const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;
	PBE2PARAM *p;
	int rc, nid;

	if ((p = unpack(alg, ASN1_ITEM_rptr(PBE2PARAM))) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PBES2");
	X509_ALGOR_get0(&oid, NULL, NULL, p->keyfunc);
	nid = OBJ_obj2nid(oid);
	if (nid == NID_id_pbkdf2)
		rc = admit_pbkdf2(s, field, line, p->keyfunc);
	else if (nid == NID_id_scrypt)
		rc = admit_scrypt(s, field, line, p->keyfunc);
	else
		rc = set_fail(s, field, ERR_FILE_UNSUPPORTED, line, "PBES2");
	PBE2PARAM_free(p);
	return rc;
}

/* PBES1 and PKCS#12: salt and iterations; key and IV are separate runs. */
static int
admit_pbes1(struct pki_set *s, int field, int line, const X509_ALGOR *alg,
    const char *name)
{
	PBEPARAM *p;
	int rc;

	if ((p = unpack(alg, ASN1_ITEM_rptr(PBEPARAM))) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, name);
	rc = spend_iterations(s, field, line, p->iter, 3 * P12_NS, name);
	PBEPARAM_free(p);
	return rc;
}

static int
admit_alg(struct pki_set *s, int field, int line, const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;
	char name[80];
	int nid;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	OBJ_obj2txt(name, sizeof(name), oid, 0);
	if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, NULL, NULL, NULL) != 1) {
		ERR_clear_error();
		return set_fail(s, field, ERR_FILE_UNSUPPORTED, line, name);
	}
	return nid == NID_pbes2 ? admit_pbes2(s, field, line, alg)
				: admit_pbes1(s, field, line, alg, name);
}

static int
admit_mac(struct pki_set *s, int field, int line, int md, long rounds)
{
	uint64_t each =
	    md == NID_sha1 || md == NID_sha256 ? P12_NS : 3 * P12_NS;
	char what[64];

	snprintf(what, sizeof(what), "PKCS#12 MAC, %ld", rounds);
	if (rounds < 1 || rounds > PKI_ROUNDS_MAX)
		return set_fail(s, field, ERR_FILE_COST, line, what);
	return spend(s, field, line, (uint64_t)rounds * each, what);
}

/* May it be tried once? */
static int
admit(struct pki_set *s, int field, int line, const struct kdf_lock *l)
{
	if (l->alg != NULL)
		return admit_alg(s, field, line, l->alg);
	return l->rounds != 0 ? admit_mac(s, field, line, l->md, l->rounds) : 0;
}

/* A cipher that this OpenSSL lacks is not a wrong passphrase. */
static enum err_code
why_not_opened(void)
{
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_REASON(e);

	ERR_clear_error();
	if (ERR_GET_LIB(e) == ERR_LIB_EVP &&
	    (reason == EVP_R_UNSUPPORTED_ALGORITHM ||
		reason == EVP_R_UNKNOWN_CIPHER || reason == ERR_R_UNSUPPORTED ||
		reason == EVP_R_UNSUPPORTED_CIPHER))
		return ERR_FILE_UNSUPPORTED;
	return ERR_KEY_PASSPHRASE;
}

/* The form for try i, that which fitted before as the first; false = no more.
 */
static bool
form_at(const struct pki_set *s, const struct kdf_lock *l, size_t i,
    size_t *ret_form, const char **ret_text)
{
	size_t n = s->n_form + (l->maybe_empty ? 2 : 0);

	if (i >= n)
		return false;
	*ret_form = (s->fits + i) % n;
	*ret_text = *ret_form < s->n_form    ? s->form[*ret_form].text
		    : *ret_form == s->n_form ? NULL
					     : "";
	return true;
}

/* Not as it was entered: what fitted is said, once. */
static void
opened(struct pki_set *s, int field, size_t form)
{
	bool as_entered = form == 0 || form >= s->n_form;

	if (!as_entered && form != s->fits)
		findings_add(&s->found, ERR_KEY_PASSPHRASE_FORM,
		    field_name(field), "what", s->form[form].name, NULL);
	s->fits = form;
}

void *
kdf_open(struct pki_set *s, int field, int line, const struct kdf_lock *l)
{
	enum err_code code = ERR_KEY_ENCRYPTED;
	uint64_t before = s->cost, price = 0;
	const char *text;
	size_t i, form;
	void *got;

	for (i = 0; form_at(s, l, i, &form, &text); i++) {
		if (i == 0) {
			if (admit(s, field, line, l) == -1)
				return NULL;
			price = s->cost - before;
		} else if (affordable(s, price))
			s->cost += price;
		else {
			code = s->dear ? code : ERR_FILE_COST;
			break;
		}
		ERR_clear_error();
		got =
		    l->open(l->arg, text, text != NULL ? (int)strlen(text) : 0);
		if (got != NULL) {
			opened(s, field, form);
			return got;
		}
		if ((code = why_not_opened()) == ERR_FILE_UNSUPPORTED)
			break;
		if (s->n_form == 0)
			code = ERR_KEY_ENCRYPTED;
	}
	set_fail(s, field, code, line, l->what);
	return NULL;
}

static void *
open_pkcs8(void *sig, const char *pass, int len)
{
	return PKCS8_decrypt(sig, pass, len);
}

int
kdf_decrypt_pkcs8(struct pki_set *s, int field, int line,
    const unsigned char *der, size_t len)
{
	struct kdf_lock l = {.what = "PKCS#8", .open = open_pkcs8};
	PKCS8_PRIV_KEY_INFO *p8;
	X509_SIG *sig;
	int rc = -1;

	if ((sig = d2i_X509_SIG(NULL, &der, (long)len)) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#8");
	X509_SIG_get0(sig, &l.alg, NULL);
	l.arg = sig;
	if ((p8 = kdf_open(s, field, line, &l)) != NULL) {
		rc = der_take_pkcs8(s, field, line, p8, true, false);
		PKCS8_PRIV_KEY_INFO_free(p8);
	}
	X509_SIG_free(sig);
	return rc;
}

struct pem_try {
	EVP_CIPHER_INFO info;
	const struct buf *sealed;
	struct buf der;
	enum der_kind kind;
};

static int
give_passphrase(char *buf, int size, int rwflag, void *arg)
{
	const char *pass = arg;
	size_t n = strlen(pass);

	if (n > (size_t)size)
		return -1;
	memcpy(buf, pass, n); /* NOLINT: its length is returned */
	return (int)n;
}

/* Padding that looks right is no proof: a key must come out. */
static void *
open_pem(void *arg, const char *pass, int len)
{
	struct pem_try *t = arg;
	long n = (long)t->sealed->len;
	char secret[PASSPHRASE_BYTES];
	size_t key;
	int rc;

	if (pass == NULL || (size_t)len >= sizeof(secret))
		return NULL;
	memcpy(secret, pass, (size_t)len + 1);
	buf_clear(&t->der);
	if (buf_add(&t->der, t->sealed->data, t->sealed->len) == -1)
		return NULL;
	rc = PEM_do_header(&t->info, (unsigned char *)t->der.data, &n,
	    give_passphrase, secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (rc != 1)
		return NULL;
	t->kind = der_sniff((unsigned char *)t->der.data, (size_t)n, &key);
	t->der.len = (size_t)n;
	return key == (size_t)n &&
		       (t->kind == DER_RSA_KEY || t->kind == DER_EC_KEY ||
			   t->kind == DER_DSA_KEY || t->kind == DER_PKCS8)
		   ? t
		   : NULL;
}

/* "Proc-Type: 4,ENCRYPTED": one MD5 round, so there is no cost to bound. */
int
kdf_decrypt_pem(struct pki_set *s, int field, struct pem_block *b)
{
	struct pem_try t = {.sealed = &b->der};
	const struct kdf_lock l = {
	    .what = b->label, .open = open_pem, .arg = &t};
	char header[160];
	int rc = -1;

	snprintf(header, sizeof(header),
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: %s\n", b->dek);
	if (s->n_form > 0 && (PEM_get_EVP_CIPHER_INFO(header, &t.info) != 1 ||
				 t.info.cipher == NULL)) {
		ERR_clear_error();
		return set_fail(s, field, ERR_FILE_UNSUPPORTED, b->line,
		    b->dek[0] != '\0' ? b->dek : "DEK-Info");
	}
	buf_init(&t.der, b->der.len + 1);
	if (kdf_open(s, field, b->line, &l) != NULL)
		rc = der_read_key(s, field, t.kind, (unsigned char *)t.der.data,
		    t.der.len, b->line, true);
	buf_clear(&t.der);
	return rc;
}
