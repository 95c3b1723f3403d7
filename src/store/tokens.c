/*
 * tokens.c - API tokens: "pst_" and 43 base64url characters (256 bits).  The
 * prefix lets scanners for leaked secrets find them.  Stored as SHA-256:
 * a fast hash is right for a secret that cannot be guessed.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "db.h"
#include "jsonx.h"
#include "tokens.h"
#include "util.h"

#define TOKEN_BYTES 32
#define USED_EVERY  60
#define DAY_S	    INT64_C(86400)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

static const char host_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789.-";

/* RFC 4648 section 5 without padding: 32 bytes are 43 characters. */
static void
encode(char *dst, const unsigned char src[TOKEN_BYTES])
{
	unsigned int acc = 0, bits = 0;

	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		acc = (acc << 8) | src[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*dst++ = alphabet[(acc >> (bits - 6)) & 63];
	}
	*dst++ = alphabet[(acc << (6 - bits)) & 63];
	*dst = '\0';
}

/* In small letters, as certificates are called. */
static int
read_certificate(
    const struct token_want *w, char dst[TOKEN_CERT_MAX + 1], struct err *err)
{
	const char *name = w->certificate != NULL ? w->certificate : "";
	size_t i, len = strlen(name);

	if (len > TOKEN_CERT_MAX || name[strspn(name, host_chars)] != '\0')
		return err_set(
		    err, ERR_SNI_NAME, "certificate", "%.120s", name);
	if (len > 0 && w->scope != SCOPE_CERTIFICATES)
		return err_set(err, ERR_FIELD_INVALID, "certificate",
		    "certificate: only with scope %s",
		    scope_name(SCOPE_CERTIFICATES));
	for (i = 0; i <= len; i++)
		dst[i] = (char)tolower((unsigned char)name[i]);
	return 0;
}

static int
check_want(const struct token_want *w, char allowed[TOKEN_ALLOWED_MAX + 1],
    struct err *err)
{
	size_t len = strlen(w->name);

	if (len < 1 || len > TOKEN_NAME_MAX || !text_is_seen(w->name, len))
		return err_set(err, ERR_FIELD_INVALID, "name",
		    "token name: expected 1 to %d bytes of UTF-8 that can be "
		    "seen",
		    TOKEN_NAME_MAX);
	if (w->days < 0 || w->days > TOKEN_DAYS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "days",
		    "days: expected at most %d, got %d", TOKEN_DAYS_MAX,
		    w->days);
	return cidr_list_normal(w->allowed != NULL ? w->allowed : "", allowed,
	    TOKEN_ALLOWED_MAX + 1, err);
}

int
tokens_create(struct db *db, const struct token_want *w, time_t now,
    char dst[TOKEN_LEN + 1], long *ret_id, struct err *err)
{
	unsigned char raw[TOKEN_BYTES];
	char token[TOKEN_LEN + 1] = TOKEN_PREFIX, hash[SHA256_HEX];
	char allowed[TOKEN_ALLOWED_MAX + 1], certificate[TOKEN_CERT_MAX + 1];
	int rc = -1;

	if (check_want(w, allowed, err) == -1 ||
	    read_certificate(w, certificate, err) == -1 ||
	    random_bytes(raw, sizeof(raw), err) == -1)
		return -1;
	encode(token + strlen(TOKEN_PREFIX), raw);
	if (sha256_hex(token, TOKEN_LEN, hash) == -1) {
		err_set(err, ERR_INTERNAL, "", "SHA-256");
		goto out;
	}
	if (db_run(db, err, DB_TOKEN_ADD, "ssississ", hash, w->name,
		(int64_t)now, w->user, scope_name(w->scope),
		w->days == 0 ? (int64_t)0 : (int64_t)now + w->days * DAY_S,
		allowed, certificate) == -1)
		goto out;
	if (sqlite3_changes(db->h) == 0) {
		err_set(err, ERR_USER_UNKNOWN, "user", "no user %s", w->user);
		goto out;
	}
	*ret_id = (long)sqlite3_last_insert_rowid(db->h);
	memcpy(dst, token, sizeof(token));
	rc = 0;
out:
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(token, sizeof(token));
	return rc;
}

static bool
well_formed(const char *token)
{
	size_t prefix = strlen(TOKEN_PREFIX);

	return strlen(token) == TOKEN_LEN &&
	       strncmp(token, TOKEN_PREFIX, prefix) == 0 &&
	       strspn(token + prefix, alphabet) == TOKEN_LEN - prefix;
}

int
tokens_find(struct db *db, const char *token, const char *from, time_t now,
    struct token_row *ret, struct err *err)
{
	char hash[SHA256_HEX], stored[SHA256_HEX];
	char allowed[TOKEN_ALLOWED_MAX + 1];
	struct token_row row = {0};
	sqlite3_stmt *st;
	time_t used, expires;
	int rc;

	if (!well_formed(token))
		return err_set(err, ERR_AUTH_FAILED, "", "not a token");
	if (sha256_hex(token, TOKEN_LEN, hash) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256");
	if ((st = db_query(db, err, DB_TOKEN_FIND, "s", hash)) == NULL ||
	    (rc = db_step(db, st, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_AUTH_FAILED, "", "unknown token");
	row.id = (long)sqlite3_column_int64(st, 0);
	db_column(st, 1, row.user, sizeof(row.user));
	db_column(st, 2, row.name, sizeof(row.name));
	used = sqlite3_column_int64(st, 3);
	db_column(st, 4, stored, sizeof(stored));
	row.role = db_role(st, 5);
	row.scope = db_scope(st, 6);
	expires = sqlite3_column_int64(st, 7);
	db_column(st, 8, allowed, sizeof(allowed));
	row.pam = sqlite3_column_int(st, 9) != 0;
	row.checked = sqlite3_column_int64(st, 10);
	db_column(st, 11, row.certificate, sizeof(row.certificate));
	db_done(st);
	if (!str_equal_secret(hash, stored))
		return err_set(err, ERR_AUTH_FAILED, "", "unknown token");
	if (expires != 0 && now >= expires)
		return err_set(err, ERR_TOKEN_EXPIRED, "", "token is over");
	if (!cidr_list_allows(allowed, from))
		return err_set(err, ERR_TOKEN_ADDRESS, "",
		    "token may not be used from %.50s", from);
	if (now - used >= USED_EVERY &&
	    db_run(db, err, DB_TOKEN_USED, "isi", (int64_t)now, from,
		(int64_t)row.id) == -1)
		return -1;
	*ret = row;
	return 0;
}

int
tokens_list(struct db *db, struct json_object **ret, struct err *err)
{
	static const struct db_member members[] = {
	    {"id", DB_JSON_INT},
	    {"name", DB_JSON_STR},
	    {"user", DB_JSON_STR},
	    {"scope", DB_JSON_STR},
	    {"certificate", DB_JSON_STR},
	    {"created_at", DB_JSON_TIME},
	    {"expires_at", DB_JSON_TIME},
	    {"addresses", DB_JSON_STR},
	    {"last_used_at", DB_JSON_TIME},
	    {"last_from", DB_JSON_STR},
	};

	return db_rows(db, db_query(db, err, DB_TOKEN_LIST, ""), members,
	    sizeof(members) / sizeof(members[0]), ret, err);
}

int
tokens_delete(struct db *db, long id, struct err *err)
{
	if (db_run(db, err, DB_TOKEN_DELETE, "i", (int64_t)id) == -1)
		return -1;
	if (sqlite3_changes(db->h) == 0)
		return err_set(
		    err, ERR_TOKEN_UNKNOWN, "id", "no token %ld", id);
	return 0;
}

int
tokens_count_of(struct db *db, const char *user, int *ret, struct err *err)
{
	return db_number(
	    db, db_query(db, err, DB_TOKEN_COUNT_OF, "s", user), ret, err);
}

int
tokens_delete_of(struct db *db, const char *user, struct err *err)
{
	return db_run(db, err, DB_TOKEN_DELETE_OF, "s", user);
}
