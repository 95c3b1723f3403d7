/*
 * describe.h - inside src/pki: keys and certificates in words and as JSON.
 */
#ifndef POSTSEAL_DESCRIBE_H
#define POSTSEAL_DESCRIBE_H

#include "pki_int.h"

struct key_facts {
	const char *type;
	char curve[48];
	char label[80];
	int bits;
	bool explicit_curve;
};
void key_facts(EVP_PKEY *, struct key_facts *);
int key_slot(EVP_PKEY *); /* Postfix has one chain for each */
void key_print(EVP_PKEY *, char dst[PKI_SHORT_FP]);
void cert_print(const struct pki_cert *, char dst[PKI_SHORT_FP]);
void name_text(const X509_NAME *, char *, size_t);
void name_common(const X509_NAME *, char *, size_t);
void name_first(X509 *, char *, size_t);  /* DNS name, or "" */
/* Never empty: CN, first DNS name, whole name, fingerprint. */
void cert_subject(X509 *, char *, size_t);
void cert_issuer(X509 *, char *, size_t);
bool cert_is_ca(X509 *); /* it says so, whatever its key usage */
int cert_time(const ASN1_TIME *, time_t *);
bool time_strict(const ASN1_TIME *); /* in the one form of RFC 5280 */
struct json_object *describe_cert(X509 *, time_t now);
struct json_object *describe_key(EVP_PKEY *, bool encrypted);
struct json_object *describe_pair(const struct pki_pair *, time_t now);
const char *digest_name(const X509 *, int *ret_md);
void time_date(const ASN1_TIME *, char dst[32]);

#endif
