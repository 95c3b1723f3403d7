/*
 * host.h - inside src/cluster: the files of cluster/, and what this host is.
 */
#ifndef POSTSEAL_HOST_H
#define POSTSEAL_HOST_H

#include "cluster.h"
#include "generation.h"

#define CLUSTER_CODE_MAX 64

/* file.c */
int cluster_path(const struct conf *, const char *file, char *dst, size_t size,
    struct err *);
/* JSON: *ret is NULL when there is none; written NULL, there is none. */
int cluster_file_read(const struct conf *, const char *file,
    struct json_object **ret, struct err *);
int cluster_file_write(const struct conf *, const char *file,
    struct json_object *, struct err *);
int cluster_pem_read(
    const struct conf *, const char *file, struct buf *, struct err *);
int cluster_pem_write(const struct conf *, const char *file, const void *,
    size_t, struct err *);

/* state.c */
struct cluster_state {
	char id[BUNDLE_CLUSTER_LEN + 1]; /* "": not joined yet */
	int64_t generation;		 /* of the cluster, in force; 0 = none */
	int64_t local;			 /* generation on disk that holds it */
	int64_t previous;		 /* the one of the generation before */
	int64_t newest;	 /* of the cluster that was ever in force here */
	bool own;	 /* own settings: roll-outs leave it alone */
	int64_t failed;	 /* generation that failed here, or 0 */
	int64_t attempt; /* of the roll-out, when it failed */
	char code[CLUSTER_CODE_MAX]; /* why */
	/* the same for what a console sent to this host alone */
	int64_t own_generation, own_failed, own_attempt;
	char own_code[CLUSTER_CODE_MAX];
};
int cluster_state_read(
    const struct conf *, struct cluster_state *, struct err *);
int cluster_state_write(
    const struct conf *, const struct cluster_state *, struct err *);
/* The same as JSON, for status and pages. */
struct json_object *cluster_state_json(const struct cluster_state *);
/* Of it what a roll-out goes by, into an object. */
void cluster_counts_put(struct json_object *, const struct cluster_state *);
/* Back from own settings to those of all: they are taken once more. */
void cluster_state_rejoin(struct cluster_state *);
/* What a console would seal, rejoin with and roll back to: not to be wiped. */
void cluster_state_keep(const struct cluster_state *, long keep[2]);

/* identity.c: private: key and certificate as one PEM; wiped by buf_clear. */
int cluster_identity_pair(const struct conf *, struct buf *, struct err *);
/* Text signed with the identity. */
int cluster_sign(
    const struct conf *, const char *text, struct buf *sig, struct err *);

/* hosts.c, console: sorted array of names. */
int cluster_hosts(const struct conf *, struct json_object **, struct err *);
/* ERR_SCANNER_UNKNOWN */
int cluster_host_cert(
    const struct conf *, const char *name, struct buf *pem, struct err *);

/* removed.c: who knows the key in use and is enrolled no more. */
struct json_object *cluster_key_known_to(const struct conf *);
void cluster_removed_forget(const struct conf *, const char *name);
void cluster_removed_note(const struct conf *, const char *name);

/* status.c: what this host says of itself, unsigned. */
int cluster_status(
    const struct conf *, bool probe, struct json_object **, struct err *);

#endif
