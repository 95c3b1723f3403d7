/*
 * cluster_save.h - a Save on a host that is one of several.
 */
#ifndef POSTSEAL_CLUSTER_SAVE_H
#define POSTSEAL_CLUSTER_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "apply.h"
#include "err.h"

struct call;
struct json_object;

struct cluster_save {
	bool on;		    /* this host is in a cluster */
	bool all;		    /* "Apply to all" is ticked */
	bool fresh;		    /* postseal-sync reported lately */
	int64_t base;		    /* generation that the Save builds on */
	struct json_object *before; /* settings, owned */
};

/* Before apply_run: may this host save that, and is it up to date? */
int cluster_save_begin(struct call *, struct json_object *patch,
    struct cluster_save *, struct err *);
/* Is this an end that cluster_save_end has to write? */
bool cluster_save_holds(const struct cluster_save *, struct json_object *job);
void cluster_save_clear(struct cluster_save *);
/* After it: hand the generation on.  On failure the JOB holds the ERROR. */
int cluster_save_end(struct call *, const struct cluster_save *,
    struct json_object *job, struct err *);
/* The same for a generation that was put back. */
int cluster_publish(struct call *, const struct cluster_save *,
    struct json_object *result, struct err *);

/* What postseal-sync saw last, or NULL; did it report lately? */
int cluster_seen(
    const struct conf *, struct json_object **ret, bool *fresh, struct err *);
/*
 * cluster_highest.c: the highest numbers that any host is known to have had,
 * whatever etcd says; the next Save gets one above.
 */
struct cluster_highest {
	int64_t all, own; /* for all hosts; for chosen ones */
};
int cluster_highest(
    const struct conf *, struct cluster_highest *, struct err *);
/* From rows of cluster.report; kept on disk. */
int cluster_highest_note(
    const struct conf *, struct json_object *rows, struct err *);
/* ERR_SETTINGS_STALE when the cluster is ahead of this host. */
int cluster_up_to_date(int64_t seen, int64_t here, struct err *);
/* What became of the request `id` in file: *ret is "published", "stale",
 * "failed", or "waiting" when our patience ended. */
int cluster_outcome(struct call *, const char *file, const char *id, bool fresh,
    char ret[16], char detail[200], struct err *);
void cluster_add_finding(
    struct json_object *result, enum err_code, const char *detail);

/*
 * cluster_chosen.c: a Save for chosen hosts.
 */
struct chosen {
	struct json_object *names; /* of the request, borrowed; NULL: none */
	bool here;		   /* this host is one of them */
	size_t others;
	int64_t base;	    /* number of the last such Save in etcd */
	int64_t generation; /* of this one */
	bool fresh;
};
/* Checks the names and whether such a Save may begin. */
int chosen_begin(struct call *, struct json_object *names,
    struct json_object *settings, struct chosen *, struct err *);
/* The whole of it when this host is none of them: the job is told and kept. */
int chosen_run(struct call *, const struct chosen *,
    const struct apply_request *, apply_progress, void *arg,
    struct json_object **ret_job, struct err *);
/* The others, after a Save that is in force here. */
int chosen_end(struct call *, const struct chosen *,
    const struct apply_request *, struct json_object *job, apply_progress,
    void *arg, struct err *);
/* Order a host to take what all have again. */
int chosen_rejoin(struct call *, const char *name, struct err *);

/* cluster_prove.c: [{"name", "state", ...}] of the names, as it is now, or
 * once nobody is waited for any more; and that as the end of the Save. */
struct json_object *chosen_hosts(const struct call *, struct json_object *seen,
    struct json_object *names, int64_t generation);
int chosen_wait(struct call *, const struct chosen *,
    struct json_object **ret_hosts, struct err *);
int chosen_conclude(struct json_object *result, struct json_object *hosts,
    const char *state, int64_t generation, struct err *);

#endif
