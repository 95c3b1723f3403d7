/*
 * kdf.c - passphrases: what a derivation would cost is read from its
 * parameters and refused before it is run.
 *
 * A hostile file may ask for 2^31 iterations.  The prices below are for one
 * compression-pair on the slow side of today's servers; the budget counts
 * over all files of one inspection, so sixteen cheap keys do not add up to a
 * dear one.  PBKDF2 with SHA-256 fits with about 100,000 iterations, scrypt
 * with OpenSSL's default (N=16384, r=8).
 */
#include <stdio.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "pki_int.h"

#define SCRYPT_MEM_MAX (32u * 1024 * 1024)
#define SCRYPT_NS      420 /* for each N * r * p */
#define P12_NS	       250

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

bool
kdf_has_passphrase(const struct pki_set *s)
{
	return s->passphrase != NULL && s->passphrase[0] != '\0';
}

/* Spend ns from the budget of the inspection, or refuse. */
static int
spend(struct pki_set *s, int field, int line, uint64_t ns, const char *kdf)
{
	if (s->cost + ns > PKI_COST_MAX_NS || s->cost + ns < s->cost)
		return set_fail(s, field, ERR_FILE_COST, line, kdf);
	s->cost += ns;
	return 0;
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
	if ((uint64_t)n > PKI_COST_MAX_NS)
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

/* May this derivation run?  derivations: how often it will be tried. */
int
kdf_admit(struct pki_set *s, int field, int line, const X509_ALGOR *alg,
    int derivations)
{
	const ASN1_OBJECT *oid;
	char name[80];
	int i, nid, rc = 0;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	OBJ_obj2txt(name, sizeof(name), oid, 0);
	if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, NULL, NULL, NULL) != 1) {
		ERR_clear_error();
		return set_fail(s, field, ERR_FILE_UNSUPPORTED, line, name);
	}
	for (i = 0; i < derivations && rc == 0; i++)
		rc = nid == NID_pbes2 ? admit_pbes2(s, field, line, alg)
				      : admit_pbes1(s, field, line, alg, name);
	return rc;
}

int
kdf_admit_p12mac(struct pki_set *s, int field, int md_nid, long iterations)
{
	uint64_t each =
	    md_nid == NID_sha1 || md_nid == NID_sha256 ? P12_NS : 3 * P12_NS;
	char what[64];

	snprintf(what, sizeof(what), "PKCS#12 MAC, %ld", iterations);
	if (iterations < 1 || (uint64_t)iterations > PKI_COST_MAX_NS)
		return set_fail(s, field, ERR_FILE_COST, 0, what);
	return spend(s, field, 0, (uint64_t)iterations * each, what);
}

/* A cipher that this OpenSSL lacks is not a wrong passphrase. */
static enum err_code
why_not_decrypted(void)
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

int
kdf_decrypt_pkcs8(struct pki_set *s, int field, int line,
    const unsigned char *der, size_t len)
{
	const X509_ALGOR *alg;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	X509_SIG *sig;
	int rc = -1;

	if ((sig = d2i_X509_SIG(NULL, &der, (long)len)) == NULL)
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "PKCS#8");
	if (!kdf_has_passphrase(s)) {
		set_fail(s, field, ERR_KEY_ENCRYPTED, line, "PKCS#8");
		goto out;
	}
	X509_SIG_get0(sig, &alg, NULL);
	if (kdf_admit(s, field, line, alg, 1) == -1)
		goto out;
	ERR_clear_error();
	p8 = PKCS8_decrypt(sig, s->passphrase, (int)strlen(s->passphrase));
	if (p8 == NULL) {
		set_fail(s, field, why_not_decrypted(), line, "PKCS#8");
		goto out;
	}
	rc = der_take_pkcs8(s, field, line, p8, true, false);
out:
	PKCS8_PRIV_KEY_INFO_free(p8);
	X509_SIG_free(sig);
	return rc;
}

static int
give_passphrase(char *buf, int size, int rwflag, void *arg)
{
	const struct pki_set *s = arg;
	size_t n = strlen(s->passphrase);

	if (n > (size_t)size)
		return -1;
	memcpy(buf, s->passphrase, n);
	return (int)n;
}

/* "Proc-Type: 4,ENCRYPTED": one MD5 round, so there is no cost to bound. */
int
kdf_decrypt_pem(struct pki_set *s, int field, struct pem_block *b)
{
	EVP_CIPHER_INFO info;
	enum der_kind kind;
	char header[160];
	size_t n;
	long len = (long)b->der.len;

	if (!kdf_has_passphrase(s))
		return set_fail(s, field, ERR_KEY_ENCRYPTED, b->line, b->label);
	snprintf(header, sizeof(header),
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: %s\n", b->dek);
	if (PEM_get_EVP_CIPHER_INFO(header, &info) != 1 ||
	    info.cipher == NULL) {
		ERR_clear_error();
		return set_fail(s, field, ERR_FILE_UNSUPPORTED, b->line,
		    b->dek[0] != '\0' ? b->dek : "DEK-Info");
	}
	if (PEM_do_header(&info, (unsigned char *)b->der.data, &len,
		give_passphrase, s) != 1)
		return set_fail(
		    s, field, why_not_decrypted(), b->line, b->label);
	kind = der_sniff((unsigned char *)b->der.data, (size_t)len, &n);
	if (n != (size_t)len || (kind != DER_RSA_KEY && kind != DER_EC_KEY &&
				    kind != DER_DSA_KEY && kind != DER_PKCS8))
		return set_fail(
		    s, field, ERR_KEY_PASSPHRASE, b->line, b->label);
	return der_read_key(
	    s, field, kind, (unsigned char *)b->der.data, n, b->line, true);
}
