/*
 * certs.h - the certificates of a generation, by use and name.
 *
 * In gen-N/ each is a file of its own: the default of a use is USE.pem
 * ("inbound.pem"), another USE-K.pem; key, leaf, intermediates.  meta.json says
 * which is which: "certificates": [{"use", "name", "file", "sha256" (of the
 * file), "certificate": CERT}].  The default inbound one stands there by its
 * former members as well ("certificate", "chain_sha256"), and a record that
 * has only these is read: it is of the version before there was a list.
 *
 * The default inbound one is always the first of a list; without a chain there
 * is none.  Names are for inbound ones; of the others there is one at most:
 * outbound, which Postfix shows to servers that ask for it ("outbound.pem"),
 * and the CAs of clients' certificates ("client_ca.pem", without a key).
 * Ownership: a list owns chains and facts; keys are wiped.
 */
#ifndef POSTSEAL_CERTS_H
#define POSTSEAL_CERTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "util.h"

#define CERTS_MAX	201	/* the default, and 200 names */
#define CERT_NAME_MAX	254	/* with NUL */
#define CERT_FILE_MAX	32
#define CERTS_DEFAULT	0	/* its place in a list */
#define CERT_DEFAULT_FILE "inbound.pem"
#define CERT_CLIENT_FILE "outbound.pem"
#define CERT_CA_FILE	 "client_ca.pem"

struct json_object;

enum cert_use {
	CERT_INBOUND,
	CERT_OUTBOUND,
	CERT_CLIENT_CA,
	CERT_USE__MAX
};
extern const char *const cert_uses[CERT_USE__MAX];
#define CERT_USE_BIT(use) (1u << (use))

struct cert {
	enum cert_use	 use;
	char		 name[CERT_NAME_MAX];	/* "" = the default */
	char		 file[CERT_FILE_MAX];	/* "" = not on disk yet */
	char		 sha256[SHA256_HEX];	/* of the file; "" = unknown */
	bool		 changed;	/* the file is not what was written */
	struct buf	 chain;
	struct json_object *facts;	/* CERT, or NULL */
};
struct certs {
	struct cert	*v;
	size_t		 n;
};

/* "" or the name of a host, in small letters. */
bool	cert_name_valid(const char *);
/* A name in small letters; false: it is too long to be one. */
bool	cert_name_lower(const char *, char dst[CERT_NAME_MAX]);
/* "", or the name of a host with a dot in it, as somebody wrote it; else
 * ERR_SNI_NAME. */
int	cert_name_read(const char *, char dst[CERT_NAME_MAX], struct err *);
/* What people and requests call one: "" the default inbound one, "outbound",
 * "client_ca", or its name; and the other way. */
const char *cert_called(const struct cert *);
void	cert_by_call(const char *call, enum cert_use *, const char **name);
bool	cert_is_default(const struct cert *);
/* Emptied by memset before: a list with the default one in it, and nothing in
 * that; -1: memory. */
int	certs_init(struct certs *);
void	certs_clear(struct certs *);
struct cert *certs_find(const struct certs *, enum cert_use,
	    const char *name);
/* The one that there is, or a new one; NULL: memory, or there are too many.
 * Moves the others. */
struct cert *certs_add(struct certs *, enum cert_use, const char *name);
void	certs_drop(struct certs *, const struct cert *);
/* chain and facts of src into it; it keeps use, name and file. */
int	cert_take(struct cert *, const struct cert *src, struct err *);
bool	cert_same(const struct cert *, const struct cert *);
/* The same ones, with the same bytes, in any order. */
bool	certs_same(const struct certs *, const struct certs *);

/* [{"name", "change": "added" | "renewed" | "removed"}] of those by name; by
 * the hashes of their files where chains are unread. */
struct json_object *certs_changed(const struct certs *was,
	    const struct certs *is);

/* As the record has them, chains unread; meta NULL: none. */
int	certs_of_meta(struct certs *, struct json_object *meta, struct err *);
/* The members of a record. */
int	certs_to_meta(const struct certs *, struct json_object *meta);
/* Of a generation, with their chains; 0 has none. */
int	generation_certs(const struct conf *, long id, struct certs *,
	    struct err *);
/* None of these of a generation has lost its file. */
int	certs_whole(const struct certs *, long id, struct err *);
/* What an administrator looks for, of each: [{"use", "name", "subject",
 * "issuer_common_name", "not_before", "not_after", "days_left", "days_total",
 * "sha256",
 * "keys": ["RSA 3072"], "in_use": bool, "managed": bool (by the console)}].
 * first: CERT of the default one as Postfix has it, or NULL; standing: of each
 * use, what somebody else put into main.cf.  used: do others get the default one, those by
 * name, the outbound one, and are clients' checked with theirs? */
enum { CERTS_MAIN, CERTS_CLIENT, CERTS_CA, CERTS_NAMED, CERTS_KINDS };
struct json_object *certs_to_view(const struct certs *,
	    struct json_object *first,
	    struct json_object *const standing[CERT_USE__MAX],
	    const bool used[CERTS_KINDS]);
/* Does maps (tls_server_sni_maps) name the table of this generation?  One
 * that somebody took out by hand answers for no name. */
bool	certs_names_served(const struct conf *, long id, const char *maps);
/* The rows of a bundle: [{"use", "name", "chain": base64}], without the
 * default one; NULL: there are no others, or memory.  Read back into a list;
 * each row has a chain. */
struct json_object *certs_to_body(const struct certs *);
int	certs_of_body(struct certs *, struct json_object *, struct err *);

#endif
