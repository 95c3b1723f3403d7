/*
 * cluster.h - what a host of a cluster knows: its identity, whom it trusts,
 * whom it seals for, and which generation of the cluster is in force on it.
 *
 * state_directory/cluster/ (0700 root; only made when [cluster] name is set):
 *   identity.pem         key and certificate: made here, the key never leaves
 *   consoles.pem         consoles whose bundles are applied, one identity each
 *   hosts/NAME.pem       console: scanners that are enrolled
 *   state.json           struct cluster_state below, durable
 *   outbox.json          console: a Save on its way to etcd
 *   chosen.json          console: a Save for chosen hosts on its way to etcd,
 *   chosen/NAME.json     and what was sealed for each of them
 *   chosen.lock          held while these are written
 *   command.json         console: retry, leave: on its way to etcd
 *   highest.json         console: the highest numbers that Saves have had
 *   scanners.json        what postseal-sync saw last; may be lost
 * Trust: postseal-sync hands over blobs and what it read in etcd; nothing of
 * that is believed without a signature.  It never gets a key.
 * Errors: ERR_CLUSTER_NONE without [cluster]; ERR_BUNDLE_*, ERR_SCANNER_*.
 * Ownership: buffers and objects that come back belong to the caller.
 */
#ifndef POSTSEAL_CLUSTER_H
#define POSTSEAL_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply.h"
#include "buf.h"
#include "bundle.h"
#include "conf.h"
#include "err.h"

#define CLUSTER_HOSTS_MAX	1000

#define CLUSTER_CODE_MAX	64
#define CLUSTER_CHOSEN_MAX	100	/* hosts of one Save that are chosen */

struct cluster_state {
	char	id[BUNDLE_CLUSTER_LEN + 1];	/* "": not joined yet */
	int64_t	generation;	/* of the cluster, in force here; 0 = none */
	int64_t	local;		/* generation on disk that holds it */
	int64_t	previous;	/* the one of the generation before */
	int64_t	newest;		/* of the cluster that was ever in force here */
	bool	own;		/* own settings: roll-outs leave it alone */
	int64_t	failed;		/* generation that failed here, or 0 */
	int64_t	attempt;	/* of the roll-out, when it failed */
	char	code[CLUSTER_CODE_MAX];		/* why */
	/* the same for what a console sent to this host alone */
	int64_t	own_generation, own_failed, own_attempt;
	char	own_code[CLUSTER_CODE_MAX];
};

bool	cluster_on(const struct conf *);
/* Directories, and the identity if it is missing. */
int	cluster_init(const struct conf *, struct err *);
int	cluster_path(const struct conf *, const char *file, char *dst,
	    size_t size, struct err *);

int	cluster_state_read(const struct conf *, struct cluster_state *,
	    struct err *);
int	cluster_state_write(const struct conf *, const struct cluster_state *,
	    struct err *);
/* The same as JSON, for status and pages. */
struct json_object *cluster_state_json(const struct cluster_state *);
/* Of it what a roll-out goes by, into an object. */
void	cluster_counts_put(struct json_object *, const struct cluster_state *);

/* JSON file of cluster/: *ret is NULL when there is none. */
int	cluster_file_read(const struct conf *, const char *file,
	    struct json_object **ret, struct err *);
int	cluster_file_write(const struct conf *, const char *file,
	    struct json_object *, struct err *);

/* Certificate of this host (PEM) and its fingerprint. */
int	cluster_identity(const struct conf *, struct buf *pem,
	    char sha256[SHA256_HEX], struct err *);
/* A new key and certificate in place of the old. */
int	cluster_rotate(const struct conf *, struct err *);
/* Private: key and certificate as one PEM; wiped by buf_clear. */
int	cluster_identity_pair(const struct conf *, struct buf *, struct err *);
/* Text signed with the identity. */
int	cluster_sign(const struct conf *, const char *text, struct buf *sig,
	    struct err *);

/* Console: enrolled hosts. */
int	cluster_hosts(const struct conf *, struct json_object **names,
	    struct err *);		/* sorted array of names */
int	cluster_host_cert(const struct conf *, const char *name,
	    struct buf *pem, struct err *);	/* ERR_SCANNER_UNKNOWN */
int	cluster_enrol(const struct conf *, const char *name, const char *pem,
	    struct json_object **join, struct err *);
int	cluster_remove(const struct conf *, const char *name, struct err *);
/* Scanner: believe this console: {"cluster", "console", "certificate"}. */
int	cluster_trust(const struct conf *, struct json_object *join,
	    struct err *);

/*
 * Console: settings sealed for an enrolled host as the cluster's generation,
 * or (own) as the next one that the host has for itself.  They are those of
 * generation `local`, or those given here, or with `rejoin` none: the host
 * then takes what all have.
 */
struct cluster_content {
	long		 local;
	const struct settings *settings;	/* or NULL */
	const struct buf *chain;		/* with settings */
	bool		 own, rejoin;
	int64_t		 generation;
	const char	*by;
	const char	*apply;		/* "restart" | "reload" */
};
int	cluster_seal(const struct conf *, const char *host,
	    const struct cluster_content *, struct buf *sealed, struct err *);
/* Console: what a Save would bring, inspected here, but not applied: settings
 * and chain for cluster_seal.  On failure *ret_error may hold the ERROR. */
struct cluster_offer {
	struct settings	 settings;	/* settings_clear */
	struct buf	 chain;		/* initialised by the caller */
	struct json_object *findings;	/* array, owned */
};
int	cluster_offer(const struct conf *, const struct apply_request *,
	    struct cluster_offer *, struct json_object **ret_error,
	    struct err *);

/* Scanner: open a bundle and run it through the very same apply_run; the state
 * is kept.  *ret_error: the ERROR of a failed apply, or NULL. */
struct cluster_order {
	struct pki_bytes sealed;
	bool		 own;		/* for this host alone */
	int64_t		 claimed;	/* the generation that etcd says it is,
					 * for the record when it does not
					 * open */
	int64_t		 attempt;	/* of the roll-out */
};
int	cluster_apply(const struct conf *, const struct cluster_order *,
	    struct json_object **ret_result, struct json_object **ret_error,
	    struct err *);
/* Back from own settings to those of all: they are taken once more. */
void	cluster_state_rejoin(struct cluster_state *);
/* Put generation `local` of this host back as a new one. */
int	cluster_restore(const struct conf *, long local, const struct actor *,
	    const char *job, struct json_object **ret_job, struct err *);

/* What this host says of itself, unsigned, as one line of JSON. */
int	cluster_status(const struct conf *, bool probe,
	    struct json_object **ret, struct err *);

#endif
