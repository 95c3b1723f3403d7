/*
 * opcluster.h - the operations of a host that is one of several; the
 * files behind them are include/cluster.h's.
 */
#ifndef POSTSEAL_OPCLUSTER_H
#define POSTSEAL_OPCLUSTER_H

#include "cluster.h"
#include "daemon.h"

/* cluster_wait.c: wait until a file of the cluster has changed. */
#define CLUSTER_SERIAL_MAX 65
int cluster_serial(
    const struct conf *, char dst[CLUSTER_SERIAL_MAX], struct err *);
/* Of the enrolled hosts alone. */
int cluster_enrolled(
    const struct conf *, char dst[CLUSTER_SERIAL_MAX], struct err *);
/* Also ends when the client goes, SIGTERM comes, or time is up. */
int cluster_wait(
    const struct conf *, int client, const char *serial, int ms, struct err *);

/* op_scanner.c: the order that has a host of scanners.json try again
 * ("retry", "retry_chosen"); NULL: it has not failed. */
const char *scanner_retry(
    struct json_object *row, struct json_object *desired);
/* A file for postseal-sync, which has not said what became of it. */
bool cluster_on_its_way(const struct conf *, const char *file);

#endif
