/*
 * keycheck.c - is this key one that SMTP peers can and should use?
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "checks.h"
#include "describe.h"
#include "pki_int.h"

#define RSA_BITS_MIN  2048
#define RSA_BITS_MAX  8192
#define EXPONENT_BITS 64

static bool
is_rsa(EVP_PKEY *pkey)
{
	int id = pkey != NULL ? EVP_PKEY_get_base_id(pkey) : EVP_PKEY_NONE;

	return id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS;
}

static bool
usable(EVP_PKEY *pkey)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	struct key_facts f;
	size_t i;

	if (pkey == NULL)
		return false;
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return true;
	case EVP_PKEY_EC:
		key_facts(pkey, &f);
		for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			if (!f.explicit_curve &&
			    strcmp(f.curve, curves[i]) == 0)
				return true;
		return false;
	default:
		return false;
	}
}

static void
say_key(struct check_ctx *c, const struct check_row *row)
{
	struct key_facts f;
	char bits[16], print[PKI_SHORT_FP];
	int field = row->field;

	key_facts(c->pkey, &f);
	key_print(c->pkey, print);
	snprintf(bits, sizeof(bits), "%d", f.bits);
	if (c->pair != NULL && c->pair->key == NULL)
		field = c->in->authorities /* all we have is that */
			    ? PKI_CA_CERTIFICATE
			    : PKI_SERVER_CERTIFICATE;
	findings_add(&c->set->found, row->code, field_name(field), "type",
	    f.label, "label", f.label, "bits", bits, "key", print, NULL);
}

static void
check_type(struct check_ctx *c, const struct check_row *row)
{
	if (!usable(c->pkey))
		say_key(c, row);
}

static void
check_rare(struct check_ctx *c, const struct check_row *row)
{
	int id = c->pkey != NULL ? EVP_PKEY_get_base_id(c->pkey) : 0;

	if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448)
		say_key(c, row);
}

static void
check_weak(struct check_ctx *c, const struct check_row *row)
{
	if (is_rsa(c->pkey) && EVP_PKEY_get_bits(c->pkey) < RSA_BITS_MIN)
		say_key(c, row);
}

static void
check_large(struct check_ctx *c, const struct check_row *row)
{
	if (is_rsa(c->pkey) && EVP_PKEY_get_bits(c->pkey) > RSA_BITS_MAX)
		say_key(c, row);
}

/* 1 and even ones are no RSA; peers refuse what is longer than 64 bits. */
static void
check_exponent(struct check_ctx *c, const struct check_row *row)
{
	BIGNUM *e = NULL;

	if (is_rsa(c->pkey) &&
	    EVP_PKEY_get_bn_param(c->pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    (BN_is_one(e) || !BN_is_odd(e) || BN_num_bits(e) > EXPONENT_BITS))
		say_key(c, row);
	BN_free(e);
}

static void
check_exponent_small(struct check_ctx *c, const struct check_row *row)
{
	BIGNUM *e = NULL;

	if (is_rsa(c->pkey) &&
	    EVP_PKEY_get_bn_param(c->pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 16)
		say_key(c, row);
	BN_free(e);
}

/*
 * CVE-2017-15361: the library behind many smart cards made primes of the
 * form k * M + (65537^a mod M), M a product of the first primes.  So the
 * modulus is a power of 65537 modulo each of them, which happens by chance
 * once in 2^27 or so.
 */
bool
roca_fingerprint(const BIGNUM *n)
{
	static const unsigned char primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 29,
	    31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
	    103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
	unsigned p, power, rest, k;
	size_t i;

	for (i = 0; i < sizeof(primes); i++) {
		p = primes[i];
		rest = (unsigned)BN_mod_word(n, p);
		power = 1;
		for (k = 0; k < p && power != rest; k++)
			power = power * (65537 % p) % p;
		if (power != rest)
			return false;
	}
	return true;
}

static void
check_roca(struct check_ctx *c, const struct check_row *row)
{
	BIGNUM *n = NULL;

	if (is_rsa(c->pkey) &&
	    EVP_PKEY_get_bn_param(c->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    roca_fingerprint(n))
		say_key(c, row);
	BN_free(n);
}

/* Public exponent times private one is 1 for both primes, whose product is
 * the modulus.  That they are primes the handshake shows well enough. */
static bool
is_whole_rsa(EVP_PKEY *pkey)
{
	static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N,
	    OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
	    OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
	    OSSL_PKEY_PARAM_RSA_FACTOR3};
	enum { N, E, D, P, Q, MORE, COUNT };
	BIGNUM *v[COUNT] = {NULL}, *t = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool ok = true;
	int i;

	for (i = 0; i < COUNT; i++)
		if (EVP_PKEY_get_bn_param(pkey, names[i], &v[i]) != 1)
			break;
	if (i == MORE && t != NULL && ctx != NULL) {
		ok = BN_mul(t, v[P], v[Q], ctx) == 1 && BN_cmp(t, v[N]) == 0;
		for (i = P; ok && i <= Q; i++)
			ok = BN_sub_word(v[i], 1) == 1 && !BN_is_zero(v[i]) &&
			     BN_mod_mul(t, v[E], v[D], v[i], ctx) == 1 &&
			     BN_is_one(t);
	}
	for (i = 0; i < COUNT; i++)
		BN_clear_free(v[i]);
	BN_clear_free(t);
	BN_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* The scalar is in its range, and the public point is its own. */
static bool
is_whole_ec(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx == NULL || EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* Only where the key itself is there, and of a kind that is cheap enough. */
static void
check_whole(struct check_ctx *c, const struct check_row *row)
{
	if ((c->pair != NULL &&
		(c->pair->key == NULL || c->pair->key->held)) ||
	    !usable(c->pkey))
		return;
	if (EVP_PKEY_get_base_id(c->pkey) == EVP_PKEY_EC
		? !is_whole_ec(c->pkey)
		: is_rsa(c->pkey) && !is_whole_rsa(c->pkey))
		say_key(c, row);
}

const struct check_row key_rows[] = {
    {ERR_KEY_INVALID, PKI_PRIVATE_KEY, check_whole},
    {ERR_KEY_UNUSABLE, PKI_PRIVATE_KEY, check_type},
    {ERR_KEY_RARE, PKI_PRIVATE_KEY, check_rare},
    {ERR_KEY_WEAK, PKI_PRIVATE_KEY, check_weak},
    {ERR_KEY_TOO_LARGE, PKI_PRIVATE_KEY, check_large},
    {ERR_KEY_EXPONENT, PKI_PRIVATE_KEY, check_exponent},
    {ERR_KEY_EXPONENT_SMALL, PKI_PRIVATE_KEY, check_exponent_small},
    {ERR_KEY_ROCA, PKI_PRIVATE_KEY, check_roca},
    {ERR_NONE, 0, NULL},
};
