/*
 * pki_int.h - what the files of src/pki share.
 *
 * Flow of one inspection:
 *
 *   bytes --read_file--> struct pki_set (keys, certificates, where from)
 *         --intake-----> struct pki_plan (key + leaf pairs)
 *         --chain------> each pair with its ordered intermediates and root
 *         --check------> findings        (const tables of checks)
 *         --handshake--> findings        (the chain file as Postfix loads it)
 *         --describe---> the report
 *
 * All findings go to set->found.  Nothing here keeps state between calls.
 * Ownership: the set owns every key and certificate; plan and pairs borrow
 * from it, except a root that came from the trust file (set->root[]).
 */
#ifndef POSTSEAL_PKI_INT_H
#define POSTSEAL_PKI_INT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "buf.h"
#include "findings.h"
#include "pki.h"
#include "util.h"

#define PKI_STORED     PKI_FIELD__MAX	     /* "field" of what is in use now */
#define PKI_SET_MAX    (2 * PKI_OBJECTS_MAX) /* uploaded and stored */
#define PKI_PAIRS_MAX  8
#define PKI_FORMS_MAX  8
#define PKI_NAME_MAX   256 /* a name in a finding */
#define PKI_SHORT_FP   12  /* "4F:2A:91:0C" */
#define PKI_ROOTS_FILE "/etc/ssl/certs/ca-certificates.crt"
#define PKI_ROOTS_MAX  (4 * 1024 * 1024)

enum pki_format {
	PKI_FORMAT_NONE,
	PKI_FORMAT_PEM,
	PKI_FORMAT_DER,
	PKI_FORMAT_PKCS12,
	PKI_FORMAT_PKCS7,
	PKI_FORMAT__MAX
};

enum pki_role {
	PKI_ROLE_UNUSED,
	PKI_ROLE_LEAF,
	PKI_ROLE_INTERMEDIATE,
	PKI_ROLE_ROOT,
	PKI_ROLE_ALTERNATIVE, /* another certificate of a chain member */
	PKI_ROLE_DUPLICATE
};

struct pki_key {
	EVP_PKEY *pkey;
	int field;
	int line; /* 0 = the format has no lines */
	bool encrypted;
	bool bundled; /* came in a PKCS#12 */
	bool used;
	bool of_ca; /* of an authority, and refused */
};

struct pki_cert {
	X509 *x;
	int field;
	int line;
	bool bundled;
	bool self_signed; /* and the signature is good */
	bool self_issued; /* subject = issuer */
	bool unchecked;	  /* ... and too dear to verify */
	bool is_ca;
	enum pki_role role;
	size_t who; /* the first of the set with this name and this key */
	X509 *root; /* its issuer in the trust file */
	unsigned char sha256[32];
};

struct pki_file {
	bool given;
	bool failed; /* an error finding names this file */
	size_t size;
	enum pki_format format;
	struct { /* what does no harm beside others, NONE = nothing */
		enum err_code code;
		int line;
		char what[80];
	} skipped;
};

enum pki_link {
	LINK_NONE,
	LINK_LOOSE, /* signed, and yet identifiers or key usage differ */
	LINK_FIRM
};

struct pki_set {
	struct pki_key key[PKI_SET_MAX];
	size_t n_key;
	struct pki_cert cert[PKI_SET_MAX];
	size_t n_cert;
	struct pki_file file[PKI_FIELD__MAX + 1];
	size_t objects; /* of the uploads */
	size_t seen;	/* the same with repeated keys */
	struct pki_form {
		const char *name; /* "" = as it came */
		char *text;
	} form[PKI_FORMS_MAX]; /* of the passphrase */
	size_t n_form;
	size_t fits;	/* the one that opened something */
	bool dear;	/* a budget for what takes seconds */
	uint64_t cost;	/* key derivation so far, in ns */
	struct {
		uint64_t ns;
		int field;
		char what[80];
	} dearest;
	int signatures; /* checked while linking */
	struct findings found;
	/* issued[i][j]: j issued i, name and signature */
	enum pki_link issued[PKI_SET_MAX][PKI_SET_MAX];
};

struct pki_pair {
	struct pki_key *key; /* NULL in a draft */
	struct pki_cert *leaf;
	struct pki_cert *chain[PKI_OBJECTS_MAX];
	size_t n_chain;
	struct pki_cert *sent_root; /* uploaded, dropped */
	X509 *root;		    /* known issuer of the last one */
	bool complete;
	bool root_trusted; /* root is in the trust file */
	int trusted;	   /* -1 unknown, else 0 or 1 */
	bool kept;	   /* stored, stays as it is */
	size_t stored_chain; /* so long is the one in force, if a gap is left */
};

struct pki_plan {
	struct pki_pair pair[PKI_PAIRS_MAX];
	size_t n;
};

/* text.c: whatever encoding -> UTF-8 with the line count intact */
#define TEXT_CRLF    0x01u
#define TEXT_CR	     0x02u
#define TEXT_BOM     0x04u
#define TEXT_UTF16   0x08u
#define TEXT_ESCAPED 0x10u /* "\n" as two characters */
#define TEXT_BARE    0x20u /* base64 without BEGIN and END */
#define TEXT_PARAMS  0x40u /* EC PARAMETERS left out */
#define TEXT_INDENT  0x80u
#define TEXT_TWICE   0x100u /* base64 of the armour */
#define TEXT_BLANK   0x200u /* the first of the unusual blanks */
int text_decode(const void *, size_t, struct buf *, unsigned *notes);
void text_notes(unsigned notes, char *dst, size_t dst_len);

/* pem.c: blocks of an armoured text */
struct pem_scan {
	const char *p, *end;
	int line;
	unsigned notes;
};
struct pem_block {
	char label[64];
	char dek[96];	/* DEK-Info of an encrypted key */
	bool encrypted; /* Proc-Type: 4,ENCRYPTED */
	int line;
	struct buf der;
};
struct pem_fault {
	enum err_code code;
	int line;
	char what[64];
};
void pem_block_init(struct pem_block *);
void pem_block_clear(struct pem_block *);
/* 1 = a block, 0 = no more, -1 = *fault says what and where. */
int pem_next(struct pem_scan *, struct pem_block *, struct pem_fault *);
int pem_bare(const char *, size_t, struct buf *);
int pem_unwrap(const char *, size_t, struct buf *);

/* der.c: one DER value -> object */
enum der_kind {
	DER_UNKNOWN,
	DER_TRUNCATED,
	DER_SIGNED, /* certificate, request or CRL */
	DER_PKCS8,
	DER_RSA_KEY,
	DER_DSA_KEY,
	DER_EC_KEY,
	DER_ENCRYPTED_KEY,
	DER_PUBLIC_KEY,
	DER_PKCS7,
	DER_PKCS12
};
enum der_kind der_sniff(const unsigned char *, size_t, size_t *ret_len);
int der_take_pkcs8(struct pki_set *, int field, int line,
    const PKCS8_PRIV_KEY_INFO *, bool encrypted, bool bundled);
int der_read_key(struct pki_set *, int field, enum der_kind,
    const unsigned char *, size_t, int line, bool encrypted);

/* derread.c: decode all values that stand one after the other. */
int der_read(
    struct pki_set *, int field, const unsigned char *, size_t, int line);

/* passphrase.c: all the bytes that it may have been */
void passphrase_set(struct pki_set *, const char *);
void passphrase_clear(struct pki_set *); /* wipes */
void passphrase_warm_up(void);

/* kdf.c: keys from passphrases, with their cost looked at first */
#define PKI_COST_MAX_NS	 (75ull * 1000 * 1000)
#define PKI_COST_DEAR_NS (12ull * 1000 * 1000 * 1000)
#define PKI_ROUNDS_MAX	 5000000
/* Something that a passphrase opens. */
struct kdf_lock {
	const char *what;
	const X509_ALGOR *alg; /* NULL: a MAC of these rounds, 0 = free */
	int md;
	long rounds;
	bool maybe_empty; /* also tried without a passphrase, and with "" */
	void *(*open)(void *arg, const char *pass, int len);
	void *arg;
};
/* What open gave, or NULL and a finding. */
void *kdf_open(
    struct pki_set *, int field, int line, const struct kdf_lock *);
int kdf_decrypt_pkcs8(
    struct pki_set *, int field, int line, const unsigned char *, size_t);
int kdf_decrypt_pem(struct pki_set *, int field, struct pem_block *);
void kdf_say_slow(struct pki_set *, int64_t ms);

/* p12.c: containers */
int p12_read(struct pki_set *, int field, const unsigned char *, size_t);
int p7_read(
    struct pki_set *, int field, const unsigned char *, size_t, int line);

/* set.c */
void set_init(struct pki_set *);
void set_clear(struct pki_set *);
int set_add_cert(struct pki_set *, int field, int line, X509 *,
    bool bundled); /* takes the certificate */
int set_add_key(struct pki_set *, int field, int line, EVP_PKEY *,
    bool encrypted, bool bundled); /* takes the key */
/* An error finding about one file; returns -1. */
int set_fail(
    struct pki_set *, int field, enum err_code, int line, const char *what);
/* Something that does no harm beside keys and certificates; returns 0. */
int set_skip(
    struct pki_set *, int field, enum err_code, int line, const char *what);
bool set_has_error(const struct pki_set *);
const char *field_name(int field);
bool pki_confirmed(const struct pki_input *, enum err_code);

/* file.c: one upload -> set */
int file_read(struct pki_set *, int field, const struct pki_bytes *);

/* intake.c, merge.c, chain.c, roots.c */
void intake(struct pki_set *, const struct pki_input *, struct pki_plan *);
void intake_fields(struct pki_set *, const struct pki_plan *);
void merge_stored(
    struct pki_set *, const struct pki_input *, struct pki_plan *);
struct pki_pair *plan_add(
    struct pki_plan *, struct pki_key *, struct pki_cert *);
void chain_link(struct pki_set *);
bool chain_same_ca(const X509 *, const X509 *); /* name and key */
/* Is the signature this key's?  false as well when it costs too much. */
bool chain_signed(struct pki_set *, const struct pki_cert *, EVP_PKEY *);
void chain_build(struct pki_set *, struct pki_pair *, const struct pki_input *);
void chain_leftovers(
    struct pki_set *, const struct pki_plan *, const struct pki_input *);
/* revoked.c: when its issuer took it back, or NULL. */
const char *revoked_on(const struct pki_cert *, const struct pki_input *);
int roots_find(struct pki_set *, const struct pki_bytes *roots);
int roots_read(struct buf *);

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
bool verify_run(struct check_ctx *); /* true: up to the root, no error */
bool roca_fingerprint(const BIGNUM *n);

/* handshake.c */
int chain_write(const struct pki_plan *, struct buf *);
int handshake_chain(
    const struct buf *chain, const struct pki_plan *, struct err *);

/*
 * jail.c: run body in the jailed child; what it sends goes into b, whose
 * maximum is the bound and JAIL_READ_SIZE more than the longest frame.  0, or
 * the child's fault (JAIL_FAILED: body returned -1), or -1 (ours).
 */
enum { JAIL_FAILED = 1, JAIL_DIED, JAIL_LATE };
#define JAIL_READ_SIZE 16384
typedef int (*jail_body)(int fd, const void *arg);
int jail_spawn(const struct pki_jail *, jail_body, const void *arg,
    struct buf *b, struct err *);
int jail_send(int fd, const void *data, size_t len);
/* A length in a frame: four bytes, the highest first. */
void jail_put32(unsigned char *, size_t);
size_t jail_get32(const void *);
/* Any work in place of pki_inspect, for tests of the walls. */
typedef int (*jail_work)(
    const struct pki_input *, struct pki_output *, struct err *);
int jail_run(const struct pki_jail *, const struct pki_input *, jail_work,
    struct pki_output *, struct err *);

/* describe.c */
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
