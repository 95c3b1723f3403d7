/*
 * webauthn.c - see webauthn.h.
 *
 * Authenticator data (section 6.1): SHA-256 of the RP ID 32, flags 1, counter
 * 4; at creation AAGUID 16, length of the credential's ID 2, the ID, the key.
 */
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "jsonx.h"
#include "util.h"
#include "webauthn.h"

#define CLIENT_MAX     1024
#define DATA_MAX       2048
#define KEY_MAX	       800
#define SIGNATURE_MAX  520

#define HEAD_LEN       37
#define AAGUID_LEN     16
#define CREDENTIAL_MAX 1023
#define RSA_BITS_MIN   2048

enum { UP = 0x01, UV = 0x04, BE = 0x08, BS = 0x10, AT = 0x40, ED = 0x80 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

int
b64url_read(const char *s, unsigned char *dst, size_t size)
{
	unsigned int acc = 0, bits = 0;
	const char *p;
	size_t n = 0;

	if (strlen(s) % 4 == 1)
		return -1;
	for (; *s != '\0'; s++) {
		if ((p = strchr(alphabet, *s)) == NULL)
			return -1;
		acc = acc << 6 | (unsigned int)(p - alphabet);
		if ((bits += 6) < 8)
			continue;
		bits -= 8;
		if (n == size)
			return -1;
		dst[n++] = (unsigned char)(acc >> bits);
		acc &= (1u << bits) - 1;
	}
	return acc == 0 ? (int)n : -1;
}

void
b64url_write(const unsigned char *src, size_t n, char *dst)
{
	unsigned int acc = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		acc = (acc << 8 | src[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*dst++ = alphabet[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		*dst++ = alphabet[acc << (6 - bits) & 63];
	*dst = '\0';
}

static int
wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_AUTH_PASSKEY, "", "passkey: %s", what);
}

static bool
says(struct json_object *o, const char *key, const char *want)
{
	struct json_object *v = jsonx_path(o, key);

	return json_object_is_type(v, json_type_string) &&
	       str_equal_secret(json_object_get_string(v), want);
}

/* clientDataJSON; its hash is what is signed. */
static int
read_client(const struct webauthn_want *want, const char *text,
    unsigned char hash[SHA256_DIGEST_LENGTH], struct err *err)
{
	char raw[CLIENT_MAX + 1];
	struct json_object *o = NULL;
	struct json_tokener *tok;
	int n = b64url_read(text, (unsigned char *)raw, CLIENT_MAX), rc = -1;

	if (n <= 0 || memchr(raw, '\0', (size_t)n) != NULL ||
	    !utf8_valid(raw, (size_t)n))
		return wrong(err, "the client data are not readable");
	if (want->challenge[0] == '\0')
		return wrong(err, "the challenge is over");
	if ((tok = json_tokener_new_ex(4)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, raw, n);
	if (json_tokener_get_parse_end(tok) != (size_t)n ||
	    !json_object_is_type(o, json_type_object))
		wrong(err, "the client data are no JSON");
	else if (!says(o, "type", want->type))
		wrong(err, "another kind of answer");
	else if (!says(o, "challenge", want->challenge))
		wrong(err, "another challenge");
	else if (!says(o, "origin", want->origin))
		wrong(err, "another origin");
	else if (jsonx_path(o, "crossOrigin") != NULL &&
		 (!json_object_is_type(
		      jsonx_path(o, "crossOrigin"), json_type_boolean) ||
		     jsonx_path_bool(o, "crossOrigin")))
		wrong(err, "asked for inside another page");
	else
		rc = 0;
	json_object_put(o);
	json_tokener_free(tok);
	SHA256((unsigned char *)raw, (size_t)n, hash);
	return rc;
}

/* The RP ID is the origin's host. */
static bool
is_ours(const char *origin, const unsigned char *hash)
{
	unsigned char want[SHA256_DIGEST_LENGTH];
	const char *host = origin + strlen("https://");

	SHA256((const unsigned char *)host, strcspn(host, ":"), want);
	return CRYPTO_memcmp(want, hash, sizeof(want)) == 0;
}

static int
check_head(const char *origin, const unsigned char *d, int n, struct err *err)
{
	if (n < HEAD_LEN)
		return wrong(err, "the authenticator data are too short");
	if (!is_ours(origin, d))
		return wrong(err, "for another site");
	if ((d[32] & UP) == 0)
		return wrong(err, "nobody was there");
	if ((d[32] & UV) == 0)
		return wrong(err, "it is not known who was there");
	if ((d[32] & BS) != 0 && (d[32] & BE) == 0)
		return wrong(err, "copied, though it cannot be");
	return 0;
}

static int64_t
counter_of(const unsigned char *d)
{
	return (int64_t)d[33] << 24 | d[34] << 16 | d[35] << 8 | d[36];
}

/* One of the three kinds that are offered. */
static bool
key_fits(EVP_PKEY *key, int alg)
{
	char group[32] = "";
	size_t n = 0;

	switch (alg) {
	case -7:
		return EVP_PKEY_base_id(key) == EVP_PKEY_EC &&
		       EVP_PKEY_get_group_name(key, group, sizeof(group), &n) ==
			   1 &&
		       strcmp(group, "prime256v1") == 0;
	case -8:
		return EVP_PKEY_base_id(key) == EVP_PKEY_ED25519;
	case -257:
		return EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
		       EVP_PKEY_bits(key) >= RSA_BITS_MIN;
	default:
		return false;
	}
}

static EVP_PKEY *
key_read(const char *text, int alg)
{
	unsigned char raw[KEY_MAX];
	const unsigned char *p = raw;
	int n = b64url_read(text, raw, sizeof(raw));
	EVP_PKEY *key = n <= 0 ? NULL : d2i_PUBKEY(NULL, &p, n);

	if (key != NULL && (p != raw + n || !key_fits(key, alg))) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

int
webauthn_create(const struct webauthn_want *want, const char *client,
    const char *data, const char *key, int alg, struct passkey *ret,
    struct err *err)
{
	unsigned char d[DATA_MAX], hash[SHA256_DIGEST_LENGTH];
	const int at = HEAD_LEN + AAGUID_LEN + 2;
	struct passkey k = {.alg = alg};
	EVP_PKEY *pkey;
	int n = b64url_read(data, d, sizeof(d)), len;

	if (read_client(want, client, hash, err) == -1 ||
	    check_head(want->origin, d, n, err) == -1)
		return -1;
	len = n < at ? 0 : d[at - 2] << 8 | d[at - 1];
	/* Behind it is the key, as CBOR, of which the browser made `key`. */
	if ((d[32] & AT) == 0 || len < 1 || len > CREDENTIAL_MAX ||
	    n <= at + len)
		return wrong(err, "no credential in it");
	if (strlen(key) >= sizeof(k.key) || (pkey = key_read(key, alg)) == NULL)
		return wrong(err, "not a key of a kind that was asked for");
	EVP_PKEY_free(pkey);
	b64url_write(d + at, (size_t)len, k.credential);
	snprintf(k.key, sizeof(k.key), "%s", key);
	k.counter = counter_of(d);
	*ret = k;
	return 0;
}

static bool
verifies(EVP_PKEY *key, int alg, const unsigned char *sig, size_t sig_len,
    const unsigned char *text, size_t len)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok;

	ok = c != NULL &&
	     EVP_DigestVerifyInit(
		 c, NULL, alg == -8 ? NULL : EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestVerify(c, sig, sig_len, text, len) == 1;
	EVP_MD_CTX_free(c);
	return ok;
}

int
webauthn_get(const struct webauthn_want *want, const struct passkey *k,
    const char *client, const char *data, const char *signature,
    int64_t *ret_counter, struct err *err)
{
	unsigned char d[DATA_MAX + SHA256_DIGEST_LENGTH], sig[SIGNATURE_MAX];
	int n = b64url_read(data, d, DATA_MAX), len;
	EVP_PKEY *key;
	bool ok;

	if (n < 0)
		n = 0;
	if (read_client(want, client, d + n, err) == -1 ||
	    check_head(want->origin, d, n, err) == -1)
		return -1;
	if ((d[32] & AT) != 0 || (n > HEAD_LEN) != ((d[32] & ED) != 0))
		return wrong(err, "more or less data than it says");
	if ((len = b64url_read(signature, sig, sizeof(sig))) <= 0)
		return wrong(err, "no signature");
	if ((key = key_read(k->key, k->alg)) == NULL)
		return err_set(err, ERR_INTERNAL, "", "a stored key");
	ok = verifies(
	    key, k->alg, sig, (size_t)len, d, (size_t)n + SHA256_DIGEST_LENGTH);
	EVP_PKEY_free(key);
	if (!ok)
		return wrong(err, "not its signature");
	*ret_counter = counter_of(d);
	return 0;
}
