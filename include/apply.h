/*
 * apply.h - generations, journal, and the one transaction that changes
 * Postfix.
 *
 * State directory (0700 root):
 *   generations/gen-N/   0700: certificates 0600 (certs.h), settings.json,
 *                        meta.json, main.cf.before, master.cf.before (if it
 *                        changes, or N is the first that wrote anything: kept
 *                        for ever),
 *                        access.cidr 0600 (with an access policy)
 *   current              number of the generation in force (durable replace)
 *   journal              "pending N HASHES" / "done N": one durable file
 *   jobs/ID.json         progress of an apply (fsx_replace_fast)
 *   drafts/ID/           uploads that wait for Save (daemon/)
 *   audit.log            0600, append only, one JSON object a line
 *   keys/ID/             keys made here (keystore.h)
 *   cluster/             of a host of a cluster (cluster.h)
 * The steps are a const table {name, do, undo}; apply_run walks it down and,
 * on a failure, walks the undos back up.  A failed generation stays recorded
 * (meta.json outcome "failed") without its key.
 * Threads: one process runs one transaction; processes exclude each other by
 * the lock step.  Progress is told through a callback.
 */
#ifndef POSTSEAL_APPLY_H
#define POSTSEAL_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "buf.h"
#include "certs.h"
#include "conf.h"
#include "err.h"
#include "findings.h"
#include "pki.h"
#include "settings.h"

struct json_object;

/* The jobs of the process that speaks TLS with what listens here (jail.h). */
extern const struct jail_job *const apply_prober_jobs[];

struct actor {
	char	user[64];
	char	from[64];
	char	via[8];
};

/* Files for one certificate, by what people call it ("" the default one). */
struct apply_set {
	const char		*call;
	struct pki_bytes	 file[PKI_FIELD__MAX];
};

struct apply_request {
	struct actor		 actor;
	struct json_object	*settings;	/* patch, or NULL */
	bool			 whole;		/* what it lacks is unset */
	struct pki_bytes	 file[PKI_FIELD__MAX];
	/* All that there are to be besides the default one, chains as they
	 * came; NULL: those that there are. */
	const struct certs	*certs;
	/* The name that the files are for; NULL or "": the default one. */
	const char		*cert_name;
	/* For several at once, beside the above. */
	const struct apply_set	*set;
	size_t			 n_set;
	/* CAs for clients' certificates, whatever the other files are for */
	struct pki_bytes	 client_ca;
	bool			 cert_drop;	/* it goes, with its files */
	bool			 cert_renew;	/* only if there is one */
	const char		*passphrase;
	const char *const	*confirm;
	size_t			 n_confirm;
	const char		*if_match;	/* etag, or NULL */
	const char		*note;		/* note.h; NULL or "": none */
	/* Where the REPORT of the inspection goes, owned; or NULL. */
	struct json_object	**report;
	bool			 dry_run;
	bool			 mode_given;
	enum apply_mode		 mode;
	long			 restore;	/* generation, or 0: its settings
						 * and chain, not those above */
	bool			 original;	/* what stood before the console
						 * wrote anything */
	bool			 leave;		/* original, and then nothing is
						 * managed here */
	bool			 adopt;		/* take main.cf's hand edits over */
	bool			 form;		/* the patch is all that a form
						 * showed: what is as it was is
						 * not asked for */
	/* Generations that may be put back, however old they are. */
	long			 keep[2];	/* 0 = none */
	char			 job[33];	/* id, chosen by the caller */
};

/* Called after each change of a step; the JOB object is borrowed. */
typedef void (*apply_progress)(struct json_object *job, void *arg);

/* Run one Save from lock to close.  *ret_job is the finished JOB (owned by
 * the caller), also on failure, when *err holds the reason.  What an
 * interrupted one left is settled first; a dry run settles nothing, and is
 * refused with ERR_APPLY_UNSETTLED. */
int	apply_run(const struct conf *, const struct apply_request *,
	    apply_progress, void *arg, struct json_object **ret_job,
	    struct err *);
/* What a Save would bring, inspected, but not applied here; on failure
 * *ret_error may hold the ERROR. */
struct apply_looked {
	struct settings	 settings;	/* settings_clear */
	struct certs	 certs;		/* certs_clear */
	struct json_object *findings;	/* array, owned */
};
int	apply_look(const struct conf *, const struct apply_request *,
	    struct apply_looked *, struct json_object **ret_error,
	    struct err *);
/* At start: a pending journal is rolled back, or completed if main.cf,
 * Postfix and probe already agree. */
int	apply_recover(const struct conf *, struct err *);

/* VIEW without its draft; quick (no postconf unless main.cf changed). */
int	apply_view(const struct conf *, struct json_object **view,
	    struct err *);
/* Does the running Postfix serve what is in force?  Tries for ms.  Either
 * answer is kept for the VIEW: "probe" is the last one that was passed,
 * "probe_error" {"code", "at"} the failure since, or null.  ret: the probe's
 * result, or NULL when it is not wanted.  Errors: PROBE_*, POSTFIX_*. */
int	apply_prove(const struct conf *, int ms, struct json_object **ret,
	    struct err *);
/* The same in short, as an answer: the result, or {"error": ERROR}. */
struct json_object *apply_live(const struct conf *);
/* {"count", "sample": Postfix's words | null, "since": ISO}: mail deferred
 * since the generation in force changed the way out, for reasons that were not
 * there before; NULL: it did not, or more than a day ago. */
struct json_object *apply_deferred(const struct conf *);
/* HOP of hop.h; next_hop NULL: relayhost of main.cf.  One at a time. */
int	apply_test_hop(const struct conf *, const char *next_hop,
	    struct json_object **, struct err *);
/* What an inspection compares uploads with: the chain in force (with its key;
 * wiped by buf_clear), myhostname, and whether it goes out as well. */
int	apply_inspect_base(const struct conf *, struct buf *chain, char *host,
	    size_t host_size, bool *ret_client, struct err *);
/* ETag of a generation, main.cf and what is managed of master.cf:
 * "<generation>-<8 hex of a hash over them>", with the quotes. */
#define APPLY_ETAG_MAX	40
struct postfix_inbound;
void	apply_etag(long generation, const char *maincf_sha256,
	    const struct postfix_inbound *, char dst[APPLY_ETAG_MAX]);
/* A Save, with its way back and the recovery of an interrupted one before it,
 * ends within so many ms whatever Postfix's programs do (conf.until). */
#define APPLY_LONGEST_MS	95000
/* Prepare the state directory's layout. */
int	apply_state_init(const struct conf *, struct err *);

int	generations_list(const struct conf *, size_t limit,
	    struct json_object **array, struct err *);
/* GEN of what stood before the first; NULL: there is nothing to bring back. */
struct json_object *generations_original(const struct conf *);
/* id 0: what stood before the first. */
int	generation_get(const struct conf *, long id, struct json_object **gen,
	    struct err *);

/* {"a": GEN, "b": GEN, "settings": [{"path", "a", "b"}], "certificate":
 * {"a": CERT | null, "b": ..., "same": bool}, "names": of certs_changed,
 * "parameters": [{"parameter", "a", "b"}], "diff": unified diff of the managed part of main.cf} */
int	generation_diff(const struct conf *, long a, long b,
	    struct json_object **, struct err *);

int	job_write(const struct conf *, struct json_object *job, struct err *);
int	job_read(const struct conf *, const char *id, struct json_object **,
	    struct err *);

void	job_prune(const struct conf *);	/* keeps the newest 50 */

#endif
