/*
 * pki_test.h - what the tests of src/pki share.
 */
#ifndef PKI_TEST_H
#define PKI_TEST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "pki.h"

#define FILE_SIZE_MAX (1024 * 1024)

/* It takes fifty times as long there: a sample must do. */
static inline bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* Owned by the caller; data is never NULL. */
static inline struct pki_bytes
slurp(const char *dir, const char *name)
{
	struct pki_bytes b = {NULL, 0};
	char path[1024];
	char *data;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "rb")) == NULL)
		ck_abort_msg("%s: cannot open", path);
	data = malloc(FILE_SIZE_MAX);
	ck_assert_ptr_nonnull(data);
	b.len = fread(data, 1, FILE_SIZE_MAX, f);
	fclose(f);
	/* exactly as long as it says, so that ASan sees a step too far */
	b.data = realloc(data, b.len > 0 ? b.len : 1);
	ck_assert_ptr_nonnull(b.data);
	return b;
}

/* PROGRAM's directory is BUILD/unit/pki: the corpus goes to BUILD/. */
static inline void
corpus_dir(const char *program, char *dst, size_t len)
{
	char command[1400], *slash;
	char base[512];

	snprintf(base, sizeof(base), "%s", program);
	slash = strrchr(base, '/');
	if (slash != NULL)
		*slash = '\0';
	else
		snprintf(base, sizeof(base), ".");
	snprintf(dst, len, "%s/../../corpus-pki", base);
	snprintf(
	    command, sizeof(command), "tests/data/pki/make-corpus '%s'", dst);
	if (system(command) != 0) {
		fprintf(stderr, "make-corpus failed, see %s/log\n", dst);
		exit(1);
	}
}

/* Does the report hold this code (with this field and line, or NULL)? */
static inline struct json_object *
find_code(struct json_object *report, const char *code, const char *field,
    const char *line)
{
	struct json_object *a, *f, *v, *args;
	size_t i;

	ck_assert(json_object_object_get_ex(report, "findings", &a));
	for (i = 0; i < json_object_array_length(a); i++) {
		f = json_object_array_get_idx(a, i);
		json_object_object_get_ex(f, "code", &v);
		if (strcmp(json_object_get_string(v), code) != 0)
			continue;
		json_object_object_get_ex(f, "field", &v);
		if (field != NULL &&
		    strcmp(json_object_get_string(v), field) != 0)
			continue;
		json_object_object_get_ex(f, "args", &args);
		if (line != NULL &&
		    (!json_object_object_get_ex(args, "line", &v) ||
			strcmp(json_object_get_string(v), line) != 0))
			continue;
		return f;
	}
	return NULL;
}

static inline const char *
verdict_of(struct json_object *report)
{
	struct json_object *a, *v;
	const char *verdict = "accept", *s;
	size_t i;

	ck_assert(json_object_object_get_ex(report, "findings", &a));
	for (i = 0; i < json_object_array_length(a); i++) {
		json_object_object_get_ex(
		    json_object_array_get_idx(a, i), "severity", &v);
		s = json_object_get_string(v);
		if (strcmp(s, "error") == 0)
			return "refuse";
		if (strcmp(s, "confirm") == 0)
			verdict = "confirm";
	}
	return verdict;
}

/*
 * A handshake that shares nothing with src/pki: the first key and its chain
 * as any server loads them.  true = done in that version.
 */
static inline bool
shakes(const struct buf *chain, int version)
{
	SSL_CTX *sc = SSL_CTX_new(TLS_server_method());
	SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
	BIO *pem = BIO_new_mem_buf(chain->data, (int)chain->len);
	BIO *pair_a = NULL, *pair_b = NULL;
	EVP_PKEY *key;
	X509 *x;
	SSL *s, *c;
	int i, rs = 0, rc = 0;

	key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
	x = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(key);
	ck_assert_ptr_nonnull(x);
	SSL_CTX_set_security_level(sc, 0);
	SSL_CTX_set_security_level(cc, 2);
	ck_assert_int_eq(SSL_CTX_use_certificate(sc, x), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(sc, key), 1);
	s = SSL_new(sc);
	c = SSL_new(cc);
	SSL_set_min_proto_version(c, version);
	SSL_set_max_proto_version(c, version);
	BIO_new_bio_pair(&pair_a, 65536, &pair_b, 65536);
	SSL_set_bio(s, pair_a, pair_a);
	SSL_set_bio(c, pair_b, pair_b);
	for (i = 0; i < 20 && (rs != 1 || rc != 1); i++) {
		rc = SSL_connect(c);
		rs = SSL_accept(s);
	}
	SSL_free(s);
	SSL_free(c);
	X509_free(x);
	EVP_PKEY_free(key);
	BIO_free(pem);
	SSL_CTX_free(sc);
	SSL_CTX_free(cc);
	ERR_clear_error();
	return rs == 1 && rc == 1;
}

#endif
