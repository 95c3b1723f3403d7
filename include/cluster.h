/*
 * cluster.h - what a host of a cluster knows: its identity, whom it trusts,
 * whom it seals for, and which generation of the cluster is in force on it;
 * and what a Save means there.  For src/daemon; src/cluster knows nothing of
 * its socket.
 *
 * state_directory/cluster/ (0700 root; only made when [cluster] name is set):
 *   identity.pem         key and certificate: made here, the key never leaves
 *   consoles.pem         consoles whose bundles are applied, one identity each
 *   hosts/NAME.pem       console: scanners that are enrolled
 *   state.json           struct cluster_state (host.h), durable
 *   outbox.json          console: a Save on its way to etcd
 *   chosen.json          console: a Save for chosen hosts on its way to etcd,
 *   chosen/NAME.json     and what was sealed for each of them
 *   chosen.lock          held while these are written
 *   command.json         console: retry, leave: on its way to etcd
 *   highest.json         console: the highest numbers that Saves have had
 *   removed.json         console: who was removed and still knows the key
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
#define CLUSTER_CHOSEN_MAX	100	/* hosts of one Save that are chosen */

bool	cluster_on(const struct conf *);
/* Directories, and the identity if it is missing. */
int	cluster_init(const struct conf *, struct err *);

/* identity.c: certificate of this host (PEM) and its fingerprint. */
int	cluster_identity(const struct conf *, struct buf *pem,
	    char sha256[SHA256_HEX], struct err *);
/* A new key and certificate in place of the old. */
int	cluster_rotate(const struct conf *, struct err *);
/* Scanner: believe this console: {"cluster", "console", "certificate"}. */
int	cluster_trust(const struct conf *, struct json_object *join,
	    struct err *);
/* hosts.c, console: who is enrolled. */
int	cluster_enrol(const struct conf *, const char *name, const char *pem,
	    struct json_object **join, struct err *);
int	cluster_remove(const struct conf *, const char *name, struct err *);
/* scanners.c: all hosts as they are, see scanners.get of ops.def. */
int	cluster_scanners(const struct conf *, struct json_object **ret,
	    struct err *);

/*
 * poll.c: wait until a file of the cluster is another than when the serial was
 * told; also ends when the client goes, SIGTERM comes, or time is up.  Then
 * what postseal-sync is to know: cluster.poll.
 */
int	cluster_wait(const struct conf *, int client, const char *serial,
	    int ms, struct err *);
int	cluster_poll(const struct conf *, bool probe, struct json_object **ret,
	    struct err *);
/* request.c: what became of the request of that id. */
int	cluster_settle(const struct conf *, const char *id,
	    const char *outcome, const char *detail, struct err *);
/* report.c: what postseal-sync has seen; *ret: the hosts as believed. */
int	cluster_report(const struct conf *, struct json_object *etcd,
	    struct json_object *desired, struct json_object *hosts,
	    struct json_object **ret, struct err *);

/*
 * seal.c, console: settings sealed for an enrolled host as the cluster's
 * generation, or (own) as the next one that the host has for itself.  They are
 * those of generation `local`, or those given here, or with `rejoin` none: the
 * host then takes what all have.
 */
struct cluster_content {
	long		 local;
	const struct settings *settings;	/* or NULL */
	const struct certs *certs;		/* with settings */
	bool		 own, rejoin;
	int64_t		 generation;
	const char	*by;
	const char	*apply;		/* "restart" | "reload" */
	const char	*note;		/* with settings; or NULL */
	struct json_object *findings;	/* with settings: of what they are */
};
int	cluster_seal(const struct conf *, const char *host,
	    const struct cluster_content *, struct buf *sealed, struct err *);
/* {"blob"} for postseal-sync, which says no more than the id of a Save that
 * waits to be published, or NULL: what is in force.  Everything that is sealed
 * is this host's own record. */
int	cluster_seal_for(const struct conf *, const char *host, const char *id,
	    struct json_object **ret, struct err *);

/* take.c, scanner: open a bundle and run it through the very same apply_run;
 * the state is kept.  *ret_error: the ERROR of a failed apply, or NULL. */
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

/* order.c: what is to become of a roll-out, or of a host's own settings
 * ("do" and "scanner" of cluster.command).  *ret_error as above. */
int	cluster_command(const struct conf *, const struct actor *,
	    const char *what, const char *scanner, struct json_object **data,
	    struct json_object **ret_error, struct err *);

/*
 * save.c: a Save on a host that is one of several.
 */
struct cluster_save {
	bool on;		    /* this host is in a cluster */
	bool all;		    /* "Apply to all" is ticked */
	bool fresh;		    /* postseal-sync reported lately */
	int64_t base;		    /* generation that the Save builds on */
	long keep[2];		    /* for the apply_request */
	struct json_object *before; /* settings, owned */
};
/* Before apply_run, of a Save and of its dry run: may this host save that, is
 * it up to date, and can the others take it? */
int	cluster_save_begin(const struct conf *, const struct apply_request *,
	    struct cluster_save *, struct err *);
/* Is this an end that cluster_save_end has to write? */
bool	cluster_save_holds(const struct cluster_save *,
	    struct json_object *job);
void	cluster_save_clear(struct cluster_save *);
/* After it: hand the generation on.  On failure the JOB holds the ERROR. */
int	cluster_save_end(const struct conf *, const char *by,
	    const struct cluster_save *, struct json_object *job, struct err *);

/*
 * chosen.c: a Save for chosen hosts.
 */
struct chosen {
	struct json_object *names; /* of the request, borrowed; NULL: none */
	bool here;		   /* this host is one of them */
	size_t others;
	int64_t base;	    /* number of the last such Save in etcd */
	int64_t generation; /* of this one */
	bool fresh;
};
/* Checks the names and whether such a Save may begin; without a request they
 * are to go back to what all have. */
int	chosen_begin(const struct conf *, struct json_object *names,
	    const struct apply_request *, struct chosen *, struct err *);
/* The whole of it when this host is none of them: the job is told and kept. */
int	chosen_run(const struct conf *, const struct chosen *,
	    const struct apply_request *, apply_progress, void *arg,
	    struct json_object **ret_job, struct err *);
/* The others, after a Save that is in force here. */
int	chosen_end(const struct conf *, const struct chosen *,
	    const struct apply_request *, struct json_object *job,
	    apply_progress, void *arg, struct err *);

#endif
