/*
 * cluster_save.h - a Save on a host that is one of several.
 */
#ifndef POSTSEAL_CLUSTER_SAVE_H
#define POSTSEAL_CLUSTER_SAVE_H

#include <stdbool.h>
#include <stdint.h>

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

/* Before txn_run: may this host save that, and is it up to date? */
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
int cluster_outbox_put(struct call *, int64_t base, int64_t local,
    const char *apply, char id[33], struct err *);

#endif
