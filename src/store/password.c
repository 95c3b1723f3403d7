/*
 * password.c - yescrypt through libxcrypt, at the cost that Debian's own
 * passwords have (about 60 ms).  crypt_r's scratch space is 32 KiB and holds
 * the password: it lives on the heap and is wiped.
 */
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "db.h"
#include "jsonx.h"
#include "users.h"
#include "util.h"

#define SALT_BYTES 16
#define METHOD	   "$y$"

_Static_assert(HASH_MAX >= CRYPT_OUTPUT_SIZE, "room for every hash");

/* Characters, of what may not be UTF-8 at all. */
static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

int
password_acceptable(const char *password, const char *name, struct err *err)
{
	size_t n, len = strlen(password);

	n = characters(password);
	if (n < PASSWORD_MIN || n > PASSWORD_CHARS_MAX || len > PASSWORD_MAX)
		return err_set(err, ERR_PASSWORD_LENGTH, "password",
		    "password: expected %d to %d characters, got %zu in %zu "
		    "bytes",
		    PASSWORD_MIN, PASSWORD_CHARS_MAX, n, len);
	if (!utf8_valid(password, len))
		return err_set(err, ERR_FIELD_ENCODING, "password",
		    "password: expected UTF-8");
	if (password_is_common(password, name, NULL))
		return err_set(err, ERR_PASSWORD_COMMON, "password",
		    "password: made of widely known words and runs");
	return 0;
}

int
password_hash(const char *password, char dst[HASH_MAX], struct err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	unsigned char salt[SALT_BYTES];
	struct crypt_data *data;
	const char *hash;
	int rc = -1;

	if (random_bytes(salt, sizeof(salt), err) == -1)
		return -1;
	if (crypt_gensalt_rn(METHOD, 0, (const char *)salt, sizeof(salt),
		setting, sizeof(setting)) == NULL)
		return err_sys(err, ERR_INTERNAL, "", "crypt_gensalt");
	if ((data = calloc(1, sizeof(*data))) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	hash = crypt_r(password, setting, data);
	if (hash == NULL || hash[0] == '*') {
		err_sys(err, ERR_INTERNAL, "", "crypt");
		goto out;
	}
	memcpy(dst, hash, strlen(hash) + 1);
	rc = 0;
out:
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return rc;
}

/* hash NULL: an unknown user; costs the same and never matches. */
bool
password_matches(const char *password, const char *hash)
{
	static const char zero[SALT_BYTES] = "";
	char dummy[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data;
	const char *setting = hash, *got;
	bool ok = false;

	if (hash == NULL)
		setting = crypt_gensalt_rn(
		    METHOD, 0, zero, sizeof(zero), dummy, sizeof(dummy));
	if (setting == NULL || (data = calloc(1, sizeof(*data))) == NULL)
		return false;
	got = crypt_r(password, setting, data);
	if (hash != NULL && got != NULL && got[0] != '*')
		ok = str_equal_secret(got, hash);
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return ok;
}
