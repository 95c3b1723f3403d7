/*
 * decode.h - inside src/pki: from bytes of any kind to keys and certificates of
 * the set.
 */
#ifndef POSTSEAL_DECODE_H
#define POSTSEAL_DECODE_H

#include "pki_int.h"

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

#endif
