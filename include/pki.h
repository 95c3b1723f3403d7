/*
 * pki.h - uploaded bytes -> one proven chain file and a report.
 *
 * Purpose: take whatever an administrator has (PEM, DER, PKCS#12, PKCS#7, in
 * any field and order), pair key and certificate by public key, build the
 * chain, run the table of checks, load it into an SSL_CTX the way Postfix
 * does, shake hands in memory at security level 2 with TLS 1.2 and 1.3.
 * Trust: the bytes are hostile, and pki_inspect_jailed has them parsed in a
 * child (jail.h) that gets no key but those of the upload.  Of its answer
 * every member is checked; keys that were there before are put into the chain
 * by the parent, which compares the public keys itself.  A second child, with
 * keys and nothing but what was encoded anew, tries the chain and answers with
 * one of a few words.  pki_inspect does all of it in this process, for tests.
 * Limits: PKI_FILE_MAX a file, PKI_OBJECTS_MAX objects, RSA up to 8192 bits,
 * 75 ms of key derivation (PBKDF2, scrypt, PKCS#12) over all files, looked at
 * before it is run, 40 signatures; the child ends at 2 s of CPU or 256 MiB.
 * Beyond that the finding is file.cost.  With `dear` it is 12 s, 5,000,000
 * rounds for one object, and 30 s of CPU: for known users, one at a time each.
 * Errors: a bad upload is not an error of the call but findings in the
 * report with ok = false; a child that died, hung or lied is the finding
 * inspect.failed.  ERR_CONFIG: the child could not be locked up.
 * In a draft (partial) missing partners are not reported, and a certificate
 * for another key than the stored one is a warning.
 * Ownership: outputs by pki_output_clear, which wipes the key.
 * Gaps: no list of Debian-weak keys (Debian 12 has no package of one);
 * trust in the system's roots asks neither CRL nor OCSP.
 *
 * REPORT  {"ok": bool, "confirm": [code], "findings": [FINDING],
 *          "certificate": CERT | null,
 *          "files": {"server_certificate": FILE | null, "private_key": ...,
 *                    "ca_certificate": ...}}
 *          ok: a Save takes these files as they are; no finding is an error,
 *          and none is left to be confirmed.  confirm: the codes of those.
 * FILE    {"size": 1234, "format": "PEM"|"DER"|"PKCS12"|"PKCS7",
 *          "certificates": [CERTINFO], "keys": [KEYINFO]}
 * CERT    {"chain": [CERTINFO leaf first, as sent], "key": KEYINFO,
 *          "root": CERTINFO | null (known issuer that is not sent),
 *          "complete": bool, "self_signed": bool, "trusted": bool|null,
 *          "sha256": leaf, "leaf": CERTINFO}
 *          With two algorithms "more": [CERT] holds the others.
 *          trusted: the chain verifies up to a root of the system's file;
 *          null when there is no such file.
 * CERTINFO {"subject": "CN=..", "issuer": "..", "common_name": "..",
 *          "issuer_common_name": "..", "name": "mx.example.jp" (what to
 *          call it, never empty), "names": ["mx.example.jp"]
 *          (DNS and IP, the first 100 of "names_total": 1),
 *          "not_before": ISO, "not_after": ISO, "days_total": 90,
 *          "days_left": 61, "serial": "0A..", "signature": "sha256..",
 *          "sha256": hex, "key": KEYINFO, "is_ca": b, "self_signed": b}
 * KEYINFO {"type": "RSA", "bits": 3072, "curve": "P-256" | "",
 *          "label": "RSA 3072", "spki_sha256": hex, "encrypted": bool}
 */
#ifndef POSTSEAL_PKI_H
#define POSTSEAL_PKI_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "buf.h"
#include "err.h"
#include "jail.h"

#define PKI_FILE_MAX		(64 * 1024)
#define PKI_OBJECTS_MAX		16

struct json_object;

enum pki_field {
	PKI_SERVER_CERTIFICATE,
	PKI_PRIVATE_KEY,
	PKI_CA_CERTIFICATE,
	PKI_FIELD__MAX
};
extern const char *const pki_field_names[PKI_FIELD__MAX + 1]; /* HTTP names */

#define PKI_BIT(field)	(1u << (field))

struct pki_bytes {
	const void	*data;		/* NULL = not given */
	size_t		 len;
};

/* An issuer's certificate that was taken back. */
struct pki_revoked {
	const char	*sha256;	/* hex; NULL closes a list */
	const char	*date;
};

struct pki_input {
	struct pki_bytes file[PKI_FIELD__MAX];
	const char	*passphrase;	/* one a line; NULL = none */
	/* These files, by PKI_BIT, are no uploads: keys that we hold, each
	 * followed by its certificate or request, as we write them.  The
	 * parsing child gets the public half of such a key.  A file that has
	 * another form is one like others. */
	unsigned	 ours;
	struct pki_bytes stored;	/* chain file in use, or none: a new
					 * certificate may use its key, a new
					 * CA certificate its leaf */
	const char	*hostname;	/* myhostname, or NULL */
	time_t		 now;
	bool		 partial;	/* a draft: a missing partner is not
					 * an error yet */
	bool		 client;	/* goes out as a client's, too */
	bool		 client_only;	/* and is no server's (with client) */
	bool		 authorities;	/* CAs for certificates of clients: no
					 * key, no server's (authorities.c) */
	bool		 as_it_is;	/* in use: a chain comes out, whatever is
					 * found about it */
	bool		 dear;		/* 12 s of key derivation, not 75 ms */
	/* keystore.h: told what takes so long before such a file is opened */
	void		(*costly)(const char *what, void *arg);
	void		*arg;
	/* Codes that the administrator confirmed; three of them steer what
	 * becomes of stored chains, see below. */
	const char *const *confirm;
	size_t		 n_confirm;
	/* PEM of the trusted roots; data NULL = the system's file */
	struct pki_bytes roots;
	/* NULL = the built-in list, revoked.def */
	const struct pki_revoked *revoked;
};

/*
 * Several algorithms: pairs of different algorithms in one call are all used
 * (key1 chain1 key2 chain2).  With pairs stored, a new pair replaces the
 * stored one of its own algorithm and the others stay, unless
 * "cert.replace_all" is confirmed.  A pair of an algorithm that is not stored
 * replaces everything that is, unless "cert.add_algorithm" is confirmed.  An
 * info finding with that code says each time what happened.
 *
 * Chains: what is stored fills what the files leave open, and a longer way of
 * the stored chain stays (chain.stored), unless "chain.stored" is confirmed.
 */

struct pki_output {
	struct json_object	*report;
	struct buf		 chain;	/* PEM: key, leaf, intermediates, or
					 * the authorities;
					 * empty when not ok or partial */
};

/* Once in a process before it forks inspections: fetches algorithms and
 * runs a first handshake, so that no child has to pay for it.  Optional. */
void	pki_warm_up(void);
/* The jobs of this module for a keeper (jail.h): parse, handshake. */
extern const struct jail_job pki_parse_job, pki_handshake_job;
/* Of bundle.h: CMS of another host, and for one; identities; signatures. */
extern const struct jail_job bundle_open_job, bundle_encrypt_job,
    bundle_identity_job, bundle_verify_job;
void	pki_output_init(struct pki_output *);
void	pki_output_clear(struct pki_output *);
int	pki_inspect(const struct pki_input *, struct pki_output *,
	    struct err *);
int	pki_inspect_jailed(const struct pki_jail *, const struct pki_input *,
	    struct pki_output *, struct err *);

#endif
