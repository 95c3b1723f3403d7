/*
 * once.c - a secret that was just made, on its way to the one page that shows
 * it.
 *
 * AES-256-GCM, hex of nonce, text and tag.  The key is HMAC-SHA256 of the
 * cookie's secret, of which the database knows the SHA-256 alone: a copy of
 * the database opens nothing.  The row is emptied before it is shown.
 */
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "jsonx.h"
#include "once.h"
#include "sessions.h"
#include "util.h"

#define KEY_LEN	   32
#define NONCE_LEN  12
#define TAG_LEN	   16
#define SEALED_MAX (ONCE_MAX / 2)
#define TEXT_MAX   (SEALED_MAX - NONCE_LEN - TAG_LEN - 1)

static int
digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Number of bytes, or -1. */
static int
unhex(unsigned char *dst, size_t size, const char *s)
{
	size_t n = strlen(s) / 2;

	if (strlen(s) % 2 != 0 || n > size)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (digit(s[2 * i]) == -1 || digit(s[2 * i + 1]) == -1)
			return -1;
		dst[i] =
		    (unsigned char)(digit(s[2 * i]) << 4 | digit(s[2 * i + 1]));
	}
	return (int)n;
}

static bool
seal(EVP_CIPHER_CTX *c, const unsigned char *key, unsigned char *nonce,
    const char *text, int len)
{
	unsigned char *out = nonce + NONCE_LEN;
	int n = 0;

	return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) ==
		   1 &&
	       EVP_EncryptUpdate(
		   c, out, &n, (const unsigned char *)text, len) == 1 &&
	       n == len && EVP_EncryptFinal_ex(c, out + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(
		   c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out + len) == 1;
}

static bool
unseal(EVP_CIPHER_CTX *c, const unsigned char *key, unsigned char *nonce,
    char *text, int len)
{
	unsigned char *in = nonce + NONCE_LEN;
	int n = 0;

	return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) ==
		   1 &&
	       EVP_DecryptUpdate(c, (unsigned char *)text, &n, in, len) == 1 &&
	       n == len &&
	       EVP_CIPHER_CTX_ctrl(
		   c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, in + len) == 1 &&
	       EVP_DecryptFinal_ex(c, (unsigned char *)text + n, &n) == 1;
}

int
once_put(struct app *app, const struct request *req, struct json_object *what,
    struct err *err)
{
	const char *text =
	    json_object_to_json_string_ext(what, JSON_C_TO_STRING_PLAIN);
	unsigned char key[KEY_LEN], raw[SEALED_MAX];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t len = text == NULL ? TEXT_MAX + 1 : strlen(text);
	char hex[ONCE_MAX];
	int rc = -1;

	if (c == NULL || len > TEXT_MAX ||
	    unhex(key, sizeof(key), req->who.seal) != KEY_LEN) {
		err_set(err, ERR_INTERNAL, "", "nothing to seal with");
		goto out;
	}
	if (random_bytes(raw, NONCE_LEN, err) == -1)
		goto out;
	if (!seal(c, key, raw, text, (int)len)) {
		err_set(err, ERR_INTERNAL, "", "AES-256-GCM");
		goto out;
	}
	hex_encode(hex, raw, NONCE_LEN + len + TAG_LEN);
	rc = sessions_keep(app->db, req->who.session, hex, err);
out:
	EVP_CIPHER_CTX_free(c);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int
once_take(struct app *app, const struct request *req, struct json_object **ret,
    struct err *err)
{
	unsigned char key[KEY_LEN], raw[SEALED_MAX];
	char hex[ONCE_MAX], text[TEXT_MAX + 1] = "";
	EVP_CIPHER_CTX *c;
	int n;

	*ret = NULL;
	if (sessions_take(app->db, req->who.session, hex, err) == -1)
		return -1;
	n = unhex(raw, sizeof(raw), hex) - NONCE_LEN - TAG_LEN;
	if (n <= 0 || unhex(key, sizeof(key), req->who.seal) != KEY_LEN ||
	    (c = EVP_CIPHER_CTX_new()) == NULL)
		return 0;
	if (unseal(c, key, raw, text, n))
		*ret = json_tokener_parse(text);
	EVP_CIPHER_CTX_free(c);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}
