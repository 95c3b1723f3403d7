/*
 * rollout.h - inside src/cluster: a Save on its way to the other hosts, and
 * what they say of it.
 */
#ifndef POSTSEAL_ROLLOUT_H
#define POSTSEAL_ROLLOUT_H

#include "host.h"

/* request.c: the file's object while nobody has dealt with it, or NULL. */
int cluster_request_open(const struct conf *, const char *file,
    struct json_object **, struct err *);
bool cluster_on_its_way(const struct conf *, const char *file);
/* What became of the request `id` in file: *ret is "published", "stale",
 * "failed", or "waiting" when our patience ended. */
int cluster_outcome(const struct conf *, const char *file, const char *id,
    bool fresh, char ret[16], char detail[200], struct err *);

/* report.c: what postseal-sync saw last, or NULL; did it report lately? */
int cluster_seen(
    const struct conf *, struct json_object **ret, bool *fresh, struct err *);

/* reads.c: which uses of certificates this host reads, into its status; and
 * whether that one (NULL: each that has said anything) reads all of a set of
 * CERT_USE_BIT: ERR_SCANNER_FORMER with its name.  own: it is chosen, so it
 * gets them also where it has settings of its own. */
void cluster_reads_put(struct json_object *status);
int cluster_reads(const struct conf *, const char *host, bool own,
    unsigned uses, struct err *);
unsigned cluster_uses(const struct certs *);
/* Of the certificates that there are to be: those of the generation that is to
 * be in force, with what comes and without what goes. */
int cluster_uses_then(const struct conf *, const struct apply_request *,
    unsigned *ret, struct err *);

/* numbers.c: the highest that any host is known to have had, whatever etcd
 * says; the next Save gets one above. */
struct cluster_numbers {
	int64_t all, own; /* for all hosts; for chosen ones */
};
int cluster_numbers_read(
    const struct conf *, struct cluster_numbers *, struct err *);
/* From rows of cluster.report; kept on disk. */
/* What postseal-sync says that etcd has, or the highest, if that is far off. */
int64_t cluster_number_heard(int64_t highest, int64_t said);
int cluster_numbers_note(
    const struct conf *, struct json_object *rows, struct err *);

/* scanners.c: the order that has a host of scanners.json try again ("retry",
 * "retry_chosen"); NULL: it has not failed, or that cannot help. */
const char *cluster_retry_of(
    struct json_object *row, struct json_object *desired);

/* take.c: put generation `local` of this host back as a new one. */
int cluster_restore(const struct conf *, long local, const struct actor *,
    const char *job, struct json_object **ret_job, struct err *);

/* save.c: hand on a generation that was put back. */
int cluster_publish(const struct conf *, const char *by,
    const struct cluster_save *, struct json_object *result, struct err *);
/* ERR_SETTINGS_STALE when the cluster is ahead of this host. */
int cluster_up_to_date(int64_t seen, int64_t here, struct err *);
void cluster_add_finding(
    struct json_object *result, enum err_code, const char *detail);

/* chosen.c: order a host to take what all have again. */
int chosen_rejoin(
    const struct conf *, const char *by, const char *name, struct err *);

/* proof.c: [{"name", "state", ...}] of the names, as it is now, or once nobody
 * is waited for any more; and that as the end of the Save. */
struct json_object *chosen_hosts(const struct conf *, struct json_object *seen,
    struct json_object *names, int64_t generation);
int chosen_wait(const struct conf *, const struct chosen *,
    struct json_object **ret_hosts, struct err *);
int chosen_conclude(struct json_object *result, struct json_object *hosts,
    const char *state, int64_t generation, struct err *);

#endif
