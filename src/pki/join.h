/*
 * join.h - inside src/pki: what the parent does with the keys that the parsing
 * child must not see, and with what that child says.
 *
 *   chain of ours --held_split--> keys (kept here) + certificates and public
 *                                 keys (for the child)
 *   child --> report + records --join_chain--> the chain file, its stored keys
 *                                 put in again
 *
 * None of this calls libcrypto's parsers: it runs where keys are.  PEM blocks
 * and the few tags of DER that lead to a public key are read by code of ours
 * (pem.c, spki.c).
 *
 * Records of the child, in the order of the chain file; a pair begins with
 * its key:
 *   K  a private key of the upload, PKCS#8
 *   H  one that we hold: the SHA-256 of its public half (SubjectPublicKeyInfo)
 *   S  the same, and the pair is in use and stays as it is
 *   C  a certificate
 */
#ifndef POSTSEAL_JOIN_H
#define POSTSEAL_JOIN_H

#include "pki_int.h"

#define RECORD_UPLOADED	 'K'
#define RECORD_HELD	 'H'
#define RECORD_STAYS	 'S'
#define RECORD_CERT	 'C'
#define RECORD_HEAD	 5 /* its letter, four bytes of length */
#define RECORDS_MAX	 (192 * 1024)
#define CHAIN_MAX	 (256 * 1024)
#define HELD_KEY_LABEL	 "PRIVATE KEY"
#define PUBLIC_KEY_LABEL "PUBLIC KEY"

/* SubjectPublicKeyInfo within a certificate or a request: borrowed. */
int spki_find(const void *der, size_t len, struct pki_bytes *ret);
int spki_sha256(const void *der, size_t len, unsigned char md[32]);
bool der_whole(const void *, size_t); /* one value, to its end */

/* PEM, written by us. */
int pem_put(struct buf *, const char *label, const void *der, size_t len);

struct held {
	struct {
		struct buf der; /* PKCS#8 */
		unsigned char spki[32];
		unsigned char leaf[32]; /* SHA-256, or 0 of a request */
	} key[PKI_PAIRS_MAX * 3];
	size_t n;
};
void held_init(struct held *);
void held_clear(struct held *); /* wipes */
/* Keys, each followed by its certificate or request, as we write them: kept,
 * and the rest appended as PEM with the public half in the place of each.
 * -1: it is not of that form. */
int held_split(struct held *, const struct pki_bytes *, struct buf *rest);

/* The child's input: files of ours split, the rest borrowed. */
struct for_child {
	struct pki_input in;
	struct buf rest[PKI_FIELD__MAX + 1];
	struct held held;
};
void for_child_make(struct for_child *, const struct pki_input *);
void for_child_clear(struct for_child *);

/* A chain of several pairs, and which of them stay as they are. */
struct joined {
	struct buf pem;
	bool stays[PKI_PAIRS_MAX];
	size_t n;
};
void joined_init(struct joined *);
void joined_clear(struct joined *);
/* cert: the child's CERT or null; its digests must be those of the records. */
int join_chain(const struct pki_bytes *records, const struct held *,
    struct json_object *cert, struct joined *);
/* The same without a key: certificates alone. */
int join_authorities(
    const struct pki_bytes *records, struct json_object *cert, struct joined *);

/* shape.c: the child's report {certificate, files}, member by member. */
bool shape_report(struct json_object *);

/* handshake.c: why a chain did not stand the trial; a closed set, as the
 * child that says so has the key. */
struct shaken {
	unsigned char when; /* 0 = good */
	unsigned char why;
};
struct trial {
	struct pki_bytes pem;
	bool stays[PKI_PAIRS_MAX]; /* left out */
	bool client, client_only;  /* as in pki.h */
};
int handshake_chain(const struct trial *, struct shaken *);
/* words.c: the row of an error of OpenSSL's; and 0 good, 1 and
 * ERR_HANDSHAKE_FAILED, -1: none of these. */
unsigned char handshake_why(int lib, int reason);
int handshake_text(const struct shaken *, struct err *);

/* finish.c: from what the child said to the report of pki.h and the chain
 * file.  prove: handshake_chain, in this process or another; -1: no answer.
 * finish itself: 0, -1 where the child is not to be believed. */
typedef int (*prove_fn)(const struct trial *, struct shaken *, const void *arg);
int finish(const struct for_child *, const struct pki_output *said, prove_fn,
    const void *arg, struct pki_output *out);
/* {"ok": false}, with the one finding that the inspection itself failed. */
void finish_failed(
    const struct pki_input *, const char *why, struct pki_output *);

/* A stored chain that is not as we write it becomes one, in *made. */
typedef int (*inspect_fn)(const struct pki_jail *, const struct pki_input *,
    struct pki_output *, struct err *);
int settle_stored(inspect_fn, const struct pki_jail *, struct pki_input *,
    struct pki_output *made, struct err *);

/* input.c: an inspection's input for another process; borrowed in *. */
struct input_room {
	struct pki_input in;
	const char *confirm[FINDINGS_MAX + 1];
	struct pki_revoked revoked[FINDINGS_MAX + 1];
};
int input_pack(const struct pki_input *, struct buf *);
int input_unpack(const struct buf *, struct input_room *);

#endif
