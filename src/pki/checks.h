/*
 * checks.h - inside src/pki: the checks as tables, and the proof by a
 * handshake.
 */
#ifndef POSTSEAL_CHECKS_H
#define POSTSEAL_CHECKS_H

#include "pki_int.h"

/* certcheck.c, keycheck.c, chaincheck.c: the tables, closed by fn = NULL */
#define CHECK_ERRORS_MAX 24
struct check_ctx {
	struct pki_set *set;
	const struct pki_pair *pair; /* NULL: a key alone, in a draft */
	const struct pki_input *in;
	EVP_PKEY *pkey;
	X509 *leaf;
	struct { /* what X509_verify_cert said, and of which one */
		int error;
		X509 *x;
	} v[CHECK_ERRORS_MAX];
	size_t n_v;
};
struct check_row {
	enum err_code code;
	int field;
	void (*fn)(struct check_ctx *, const struct check_row *);
};
extern const struct check_row key_rows[];
extern const struct check_row cert_rows[];
extern const struct check_row chain_rows[];
void check_pair(struct pki_set *, struct pki_pair *, const struct pki_input *);
void check_key(struct pki_set *, EVP_PKEY *, const struct pki_input *);
void check_authority(
    struct pki_set *, struct pki_cert *, const struct pki_input *);
bool verify_run(struct check_ctx *); /* true: up to the root, no error */
bool roca_fingerprint(const BIGNUM *n);

/* handshake.c: the plan as records of join.h */
int chain_write(const struct pki_plan *, struct buf *);
int write_cert(struct buf *, X509 *);

/* authorities.c: instead of intake and chain; CERT, or NULL without any. */
int authorities(struct pki_set *, const struct pki_input *,
    struct json_object **ret_cert, struct buf *records);

#endif
