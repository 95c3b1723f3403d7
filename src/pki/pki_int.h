/*
 * pki_int.h - what the files of src/pki share: the set, its pairs, and the way
 * of one inspection.  Beside it: decode.h, checks.h, describe.h, join.h.
 *
 * Flow of one inspection:
 *
 *   bytes --read_file--> struct pki_set (keys, certificates, where from)
 *         --intake-----> struct pki_plan (key + leaf pairs)
 *         --chain------> each pair with its ordered intermediates and root
 *         --check------> findings        (const tables of checks)
 *         --describe---> the report, and the chain as records
 * and in the parent, which alone has the keys that were there before:
 *   records --join-------> the chain file
 *         --handshake--> findings        (the chain file as Postfix loads it;
 *                                         in a child of its own)
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
#define PKI_FORMS_MAX  24
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
	bool held;  /* the public half alone: the parent has the key */
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
	unsigned ours;	/* fields whose public keys stand for keys */
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
/* inspect.c: the child's part.  in->stored has public keys in the place of
 * keys; out->chain is records (join.h). */
int pki_parse(
    const struct pki_input *, struct pki_output *, struct err *);
int roots_find(struct pki_set *, const struct pki_bytes *roots);
int roots_read(struct buf *);

#endif
