/*
 * totp.c - the second factor: RFC 6238 (and RFC 4226 for its truncation).
 *
 * A step that was accepted is noted by an UPDATE that only moves forward, so
 * that of two requests with the same code one loses, in whichever worker.
 * The same UPDATE names the secret: a reset in between is not undone.
 * A recovery code is 80 random bits, hence a fast hash, salted, is right for
 * it; it is used up by the DELETE that finds it.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "db.h"
#include "totp.h"
#include "util.h"

#define SECRET_BYTES   20
#define RECOVERY_BYTES 10
#define RECOVERY_CHARS 16
#define CODE_DIGITS    6
#define DRIFT	       1 /* steps */

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void
base32_encode(char *dst, const unsigned char *src, size_t n)
{
	unsigned int acc = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		acc = (acc << 8) | src[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*dst++ = alphabet[(acc >> (bits - 5)) & 31];
	}
	*dst = '\0';
}

static int
base32_decode(unsigned char *dst, size_t size, const char *s, size_t *ret_len)
{
	unsigned int acc = 0, bits = 0;
	const char *p;
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if ((p = strchr(alphabet, *s)) == NULL || n >= size)
			return -1;
		acc = (acc << 5) | (unsigned int)(p - alphabet);
		if ((bits += 5) >= 8) {
			bits -= 8;
			dst[n++] = (unsigned char)(acc >> bits);
		}
	}
	*ret_len = n;
	return 0;
}

int
totp_code(const char *secret, uint64_t step, char dst[7])
{
	unsigned char key[64], msg[8], mac[EVP_MAX_MD_SIZE];
	unsigned int mac_len = 0, at;
	uint32_t v;
	size_t len;
	int rc = -1;

	for (int i = 7; i >= 0; i--, step >>= 8)
		msg[i] = (unsigned char)(step & 0xff);
	if (base32_decode(key, sizeof(key), secret, &len) == -1 || len == 0 ||
	    HMAC(EVP_sha1(), key, (int)len, msg, sizeof(msg), mac, &mac_len) ==
		NULL ||
	    mac_len != 20)
		goto out;
	at = mac[19] & 0xf;
	v = ((uint32_t)(mac[at] & 0x7f) << 24) | ((uint32_t)mac[at + 1] << 16) |
	    ((uint32_t)mac[at + 2] << 8) | mac[at + 3];
	snprintf(dst, 7, "%06u", v % 1000000);
	rc = 0;
out:
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc;
}

struct secret {
	long user_id;
	char text[TOTP_SECRET_LEN + 1];
	bool on;
	uint64_t step; /* last one used */
};

static int
secret_get(struct db *db, const char *user, struct secret *ret, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	if ((st = db_query(db, err, DB_TOTP_GET, "s", user)) == NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(
		    err, ERR_USER_UNKNOWN, "user", "no user %s", user);
	ret->user_id = (long)sqlite3_column_int64(st, 0);
	db_column(st, 1, ret->text, sizeof(ret->text));
	ret->on = sqlite3_column_int(st, 2) != 0;
	ret->step = (uint64_t)sqlite3_column_int64(st, 3);
	db_done(st);
	return 0;
}

int
totp_start(struct db *db, const char *user, char dst[TOTP_SECRET_LEN + 1],
    struct err *err)
{
	unsigned char raw[SECRET_BYTES];
	char text[TOTP_SECRET_LEN + 1];
	int rc = -1;

	if (random_bytes(raw, sizeof(raw), err) == -1)
		return -1;
	base32_encode(text, raw, sizeof(raw));
	if (db_run(db, err, DB_TOTP_START, "ss", user, text) == -1)
		goto out;
	if (sqlite3_changes(db->h) == 0) {
		err_set(err, ERR_AUTH_FORBIDDEN, "",
		    "no such user, or it has a second factor");
		goto out;
	}
	memcpy(dst, text, sizeof(text));
	rc = 0;
out:
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

int
totp_pending(struct db *db, const char *user, char dst[TOTP_SECRET_LEN + 1],
    struct err *err)
{
	struct secret s = {0};

	if (secret_get(db, user, &s, err) == -1)
		return -1;
	memcpy(dst, s.on ? "" : s.text, s.on ? 1 : sizeof(s.text));
	OPENSSL_cleanse(&s, sizeof(s));
	return 0;
}

static int
wrong_code(struct err *err)
{
	return err_set(err, ERR_AUTH_CODE, "code", "wrong code");
}

/* Is it the code of a step around now that was not used?  Then it is now. */
static int
use_step(struct db *db, const struct secret *s, const char *code, time_t now,
    struct err *err)
{
	uint64_t step = (uint64_t)now / TOTP_STEP_S, found = 0;
	char want[CODE_DIGITS + 1];

	for (uint64_t i = step - DRIFT; i <= step + DRIFT; i++) {
		if (totp_code(s->text, i, want) == -1)
			return err_set(err, ERR_INTERNAL, "", "TOTP");
		if (str_equal_secret(want, code) && i > s->step)
			found = i;
	}
	OPENSSL_cleanse(want, sizeof(want));
	if (found == 0)
		return wrong_code(err);
	if (db_run(db, err, DB_TOTP_STEP, "iis", (int64_t)s->user_id,
		(int64_t)found, s->text) == -1)
		return -1;
	return sqlite3_changes(db->h) == 0 ? wrong_code(err) : 0;
}

/* Digits alone: people type "123 456". */
static bool
digits_of(const char *code, char dst[CODE_DIGITS + 1])
{
	size_t n = 0;

	for (; *code != '\0'; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || n == CODE_DIGITS)
			return false;
		dst[n++] = *code;
	}
	dst[n] = '\0';
	return n == CODE_DIGITS;
}

/* Salted with the secret, which is random and one user's own. */
static bool
recovery_hash(const char *salt, const char *code, char hash[SHA256_HEX])
{
	char s[TOTP_SECRET_LEN + RECOVERY_CHARS + 1];
	size_t start = strlen(salt), n = start;
	bool ok;
	char c;

	memcpy(s, salt, start);

	for (; (c = *code) != '\0'; code++) {
		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (n == start + RECOVERY_CHARS || strchr(alphabet, c) == NULL)
			return false;
		s[n++] = c;
	}
	s[n] = '\0';
	ok = n == start + RECOVERY_CHARS && sha256_hex(s, n, hash) == 0;
	OPENSSL_cleanse(s, sizeof(s));
	return ok;
}

static int
use_recovery(
    struct db *db, const struct secret *s, const char *code, struct err *err)
{
	char hash[SHA256_HEX];

	if (!recovery_hash(s->text, code, hash))
		return wrong_code(err);
	if (db_run(db, err, DB_RECOVERY_USE, "is", (int64_t)s->user_id, hash) ==
	    -1)
		return -1;
	return sqlite3_changes(db->h) == 0 ? wrong_code(err) : 0;
}

int
totp_check(struct db *db, const char *user, const char *code, time_t now,
    struct err *err)
{
	char digits[CODE_DIGITS + 1];
	struct secret s = {0};
	int rc;

	if (secret_get(db, user, &s, err) == -1)
		return -1;
	if (!s.on)
		rc = wrong_code(err);
	else if (digits_of(code, digits))
		rc = use_step(db, &s, digits, now, err);
	else
		rc = use_recovery(db, &s, code, err);
	OPENSSL_cleanse(&s, sizeof(s));
	return rc;
}

static int
one_recovery(struct db *db, const struct secret *owner,
    char dst[RECOVERY_LEN + 1], struct err *err)
{
	unsigned char raw[RECOVERY_BYTES];
	char s[RECOVERY_CHARS + 1], hash[SHA256_HEX];
	int rc = -1;

	if (random_bytes(raw, sizeof(raw), err) == -1)
		return -1;
	base32_encode(s, raw, sizeof(raw));
	if (!recovery_hash(owner->text, s, hash))
		err_set(err, ERR_INTERNAL, "", "SHA-256");
	else
		rc = db_run(db, err, DB_RECOVERY_ADD, "is",
		    (int64_t)owner->user_id, hash);
	snprintf(dst, RECOVERY_LEN + 1, "%.4s-%.4s-%.4s-%.4s", s, s + 4, s + 8,
	    s + 12);
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(s, sizeof(s));
	return rc;
}

int
totp_confirm(struct db *db, const char *user, const char *code, time_t now,
    char codes[RECOVERY_CODES][RECOVERY_LEN + 1], struct err *err)
{
	char digits[CODE_DIGITS + 1];
	struct secret s = {0};

	if (secret_get(db, user, &s, err) == -1)
		return -1;
	if (s.on || s.text[0] == '\0' || !digits_of(code, digits)) {
		OPENSSL_cleanse(&s, sizeof(s));
		return wrong_code(err);
	}
	if (db_begin(db, err) == -1)
		goto fail;
	if (use_step(db, &s, digits, now, err) == -1 ||
	    db_run(db, err, DB_RECOVERY_CLEAR, "s", user) == -1 ||
	    db_run(db, err, DB_USER_FACTOR, "is", (int64_t)now, user) == -1)
		goto undo;
	for (int i = 0; i < RECOVERY_CODES; i++) {
		if (one_recovery(db, &s, codes[i], err) == -1)
			goto undo;
	}
	OPENSSL_cleanse(&s, sizeof(s));
	if (db_commit(db, err) == 0)
		return 0;
undo:
	db_rollback(db);
fail:
	OPENSSL_cleanse(&s, sizeof(s));
	return -1;
}

int
totp_reset(struct db *db, const char *user, time_t now, struct err *err)
{
	int found;

	if (db_begin(db, err) == -1)
		return -1;
	if (db_run(db, err, DB_TOTP_RESET, "s", user) == -1)
		goto undo;
	if ((found = sqlite3_changes(db->h)) == 0)
		err_set(err, ERR_USER_UNKNOWN, "user", "no user %s", user);
	if (found != 0 && db_run(db, err, DB_RECOVERY_CLEAR, "s", user) == 0 &&
	    db_run(db, err, DB_USER_FACTOR, "is", (int64_t)now, user) == 0 &&
	    db_commit(db, err) == 0)
		return 0;
undo:
	db_rollback(db);
	return -1;
}

int
recovery_left(struct db *db, const char *user, int *ret, struct err *err)
{
	return db_number(
	    db, db_query(db, err, DB_RECOVERY_COUNT, "s", user), ret, err);
}
