/*
 * bundle.h - settings and private key on their way from a console to one
 * scanner, so that what lies in etcd can be read by that scanner alone.
 *
 * A bundle is CMS (RFC 5652): the JSON below, signed by the console, then
 * encrypted to one host (AuthEnvelopedData, RFC 5083, AES-256-GCM; EC
 * recipients by ECDH with X9.63 KDF and SHA-256, RSA by OAEP with SHA-256);
 * the SHA-256 of all that stands in front of it.  The JSON:
 *   {"v": 1, "cluster": ID, "host": NAME, "generation": N, "nonce": hex,
 *    "own": true?, "body": {...}}
 * Cluster, host and generation are inside the signed part: a bundle for
 * another host or cluster, or an older one sent again, is refused.  "own":
 * settings for this host alone, whose generations are counted apart.
 * Identities are pinned, not issued: each host makes its own key, and its
 * self-signed certificate is carried to the console (and the console's to the
 * host) by the administrator.  Neither expiry nor chain is looked at.
 * Trust: a bundle is whatever somebody put into etcd.  Its CMS is parsed and
 * decrypted in a child without files, sockets or rights; what the child gives
 * is believed only as far as a console's signature over it, which another
 * child verifies (bundleopen.c says how).  Certificates of hosts, signatures
 * and our own key, too, are read in children alone.
 * Errors: ERR_BUNDLE_INVALID (not a bundle, or damaged, or for another key),
 * ERR_BUNDLE_FORGED (no console that is trusted signed it),
 * ERR_BUNDLE_TARGET, ERR_BUNDLE_REPLAYED, ERR_SCANNER_IDENTITY.
 * Ownership: keys in buffers are wiped by buf_clear.
 * Threads: none of its own, no global state.
 */
#ifndef POSTSEAL_BUNDLE_H
#define POSTSEAL_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "pki.h"
#include "util.h"

struct json_object;

/* Key and chain, and an access list of 10,000 IPv6 networks; sealed and in
 * base64 it has to fit into a frame (1 MiB) and an etcd value (1.5 MiB). */
#define BUNDLE_BODY_MAX		(640 * 1024)
#define BUNDLE_SEALED_MAX	(700 * 1024)
#define BUNDLE_NAME_MAX		63	/* of a host in a cluster */
#define BUNDLE_CLUSTER_LEN	32	/* hex digits */
#define BUNDLE_PEM_MAX		(16 * 1024)
#define BUNDLE_SIGNATURE_MAX	1024

/* 1 to 63 of a-z 0-9 . - _, beginning with a letter or digit. */
bool	bundle_name_valid(const char *);

/* A new key (EC P-256) and its certificate, both PEM. */
int	bundle_identity_new(const char *name, struct buf *key,
	    struct buf *certificate, struct err *);
/* One certificate: its fingerprint, and it as we write it. */
int	bundle_fingerprint(const struct pki_bytes *certificate,
	    struct buf *ret_pem, char ret_sha256[SHA256_HEX], struct err *);
/* The same, of one with a key that can be sealed to. */
int	bundle_identity_check(const struct pki_bytes *certificate,
	    struct buf *ret_pem, char ret_sha256[SHA256_HEX], struct err *);

/* list (PEM, may be empty) with console in the place of all of its name, into
 * out: what a console was before it rotated is trusted no more. */
int	bundle_consoles_add(const struct pki_bytes *list,
	    const struct pki_bytes *console, struct buf *out, struct err *);

struct bundle_head {
	const char	*cluster;
	const char	*host;
	int64_t		 generation;
	bool		 own;		/* for this host alone */
};

struct bundle_identity {		/* PEM */
	struct pki_bytes key;
	struct pki_bytes certificate;
};

/* Sign, then encrypt; DER is added to out.  body stays the caller's. */
int	bundle_seal(const struct bundle_head *, struct json_object *body,
	    const struct bundle_identity *console,
	    const struct pki_bytes *host_certificate, struct buf *out,
	    struct err *);
/*
 * Decrypt, verify against the certificates of the trusted consoles (PEM, any
 * number), then check cluster and host, and that generation is larger than
 * want->generation.  *ret_body is owned by the caller: wipe it.  The CMS is
 * opened in a child: a user of its own (jail->user), no files, no sockets, 2 s of
 * CPU, limited memory, a deadline.  A child that dies or hangs is
 * ERR_BUNDLE_INVALID.
 */
int	bundle_open_jailed(const struct pki_jail *,
	    const struct pki_bytes *sealed, const struct bundle_identity *host,
	    const struct pki_bytes *consoles, const struct bundle_head *want,
	    int64_t *ret_generation, struct json_object **ret_body,
	    struct err *);

/* Signature of a text (a scanner's report) by its identity. */
int	bundle_sign(const struct pki_bytes *key, const char *text,
	    struct buf *signature, struct err *);
/*
 * Is each signed by one of its certificates (PEM, up to 16)?  A child for each,
 * eight at a time, in their order; wall_ms (0: 5 s) is the limit of one, and
 * after three times that nobody is asked any more.  -1: ours; nobody was asked.
 */
enum bundle_said {
	BUNDLE_UNASKED,		/* nobody can tell */
	BUNDLE_LATE,		/* its own child gave no answer in time */
	BUNDLE_UNSIGNED,
	BUNDLE_SIGNED
};
struct bundle_signed {
	struct pki_bytes certificates, text, signature;
	enum bundle_said said;
};
int	bundle_verify(struct bundle_signed *, size_t n, int wall_ms,
	    struct err *);

#endif
