/*
 * set.c - the keys and certificates of one inspection, and their findings.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "decode.h"
#include "describe.h"
#include "pki_int.h"

void
set_init(struct pki_set *s)
{
	memset(s, 0, sizeof(*s));
	findings_init(&s->found);
}

void
set_clear(struct pki_set *s)
{
	size_t i;

	for (i = 0; i < s->n_key; i++)
		EVP_PKEY_free(s->key[i].pkey);
	for (i = 0; i < s->n_cert; i++) {
		X509_free(s->cert[i].x);
		X509_free(s->cert[i].root);
	}
	findings_clear(&s->found);
	passphrase_clear(s);
	memset(s, 0, sizeof(*s));
}

static int
count_object(struct pki_set *s, int field, size_t have)
{
	char limit[16];

	if (field != PKI_STORED && ++s->objects > PKI_OBJECTS_MAX) {
		if (!s->file[field].failed) {
			snprintf(limit, sizeof(limit), "%d", PKI_OBJECTS_MAX);
			findings_add(&s->found, ERR_FILE_OBJECTS,
			    field_name(field), "limit", limit, NULL);
		}
		s->file[field].failed = true;
		return -1;
	}
	return have < PKI_SET_MAX ? 0 : -1;
}

int
set_add_cert(struct pki_set *s, int field, int line, X509 *x, bool bundled)
{
	struct pki_cert *c;
	unsigned n;

	s->seen++;
	if (count_object(s, field, s->n_cert) == -1) {
		X509_free(x);
		return -1;
	}
	c = &s->cert[s->n_cert];
	memset(c, 0, sizeof(*c));
	if (X509_digest(x, EVP_sha256(), c->sha256, &n) != 1) {
		X509_free(x);
		return set_fail(s, field, ERR_FILE_UNREADABLE, line, "X.509");
	}
	c->x = x;
	c->field = field;
	c->line = line;
	c->bundled = bundled;
	c->is_ca = cert_is_ca(x);
	c->self_issued = X509_NAME_cmp(X509_get_subject_name(x),
			     X509_get_issuer_name(x)) == 0;
	s->n_cert++;
	return 0;
}

int
set_add_key(struct pki_set *s, int field, int line, EVP_PKEY *pkey,
    bool encrypted, bool bundled)
{
	struct pki_key *k;
	size_t i;

	s->seen++;
	for (i = 0; i < s->n_key; i++) {
		if (s->key[i].field != PKI_STORED &&
		    EVP_PKEY_eq(s->key[i].pkey, pkey) == 1 &&
		    field != PKI_STORED) {
			EVP_PKEY_free(pkey);
			return 0;
		}
	}
	if (count_object(s, field, s->n_key) == -1) {
		EVP_PKEY_free(pkey);
		return -1;
	}
	k = &s->key[s->n_key++];
	memset(k, 0, sizeof(*k));
	k->pkey = pkey;
	k->field = field;
	k->line = line;
	k->encrypted = encrypted;
	k->bundled = bundled;
	return 0;
}

int
set_fail(struct pki_set *s, int field, enum err_code code, int line,
    const char *what)
{
	char num[16];

	s->file[field].failed = true;
	if (field == PKI_STORED)
		return -1;
	snprintf(num, sizeof(num), line > 0 ? "%d" : "-", line);
	findings_add(&s->found, code, field_name(field), "line", num, "what",
	    what != NULL ? what : "", NULL);
	return -1;
}

int
set_skip(struct pki_set *s, int field, enum err_code code, int line,
    const char *what)
{
	struct pki_file *f = &s->file[field];
	size_t len = strlen(f->skipped.what);

	if (f->skipped.code == ERR_NONE) {
		f->skipped.code = code;
		f->skipped.line = line;
	}
	if (strstr(f->skipped.what, what) == NULL)
		snprintf(f->skipped.what + len, sizeof(f->skipped.what) - len,
		    "%s%s", len == 0 ? "" : ", ", what);
	return 0;
}

bool
set_has_error(const struct pki_set *s)
{
	size_t i;

	for (i = 0; i < s->found.n; i++)
		if (s->found.v[i].severity == SEV_ERROR)
			return true;
	return false;
}
