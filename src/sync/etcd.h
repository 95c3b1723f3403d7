/*
 * etcd.h - etcd, as postseal-sync uses it.
 *
 * One request at a time, at one of several endpoints; the next one is
 * tried when this one does not answer.
 * Errors: ERR_TIMEOUT (nobody answers, or no leader), ERR_OP_DENIED (403),
 * ERR_INTERNAL (an answer that is none).
 */
#ifndef POSTSEAL_ETCD_H
#define POSTSEAL_ETCD_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"

struct json_object;
struct etcd;
struct curl_waitfd;

int etcd_new(const struct conf *, struct etcd **, struct err *);
void etcd_free(struct etcd *);
/* [{"key", "value", "mod"}]; end NULL = one key. */
int etcd_range(struct etcd *, const char *key, const char *end,
    struct json_object **kvs, int64_t *ret_rev, struct err *);
int etcd_put(struct etcd *, const char *key, const char *value, int64_t lease,
    struct err *);
struct json_object *etcd_op_put(const char *key, const char *value);
struct json_object *etcd_op_delete(const char *key, const char *end);
/* ops (taken over) if key's mod revision is still mod (mod < 0: always). */
int etcd_txn(struct etcd *, const char *key, int64_t mod,
    struct json_object *ops, bool *ret_done, struct err *);
int etcd_lease(struct etcd *, int seconds, int64_t *ret_id, struct err *);
int etcd_revoke(struct etcd *, int64_t id, struct err *);
/* *ret_alive false: the lease is gone. */
int etcd_keepalive(struct etcd *, int64_t id, bool *ret_alive, struct err *);
const char *etcd_endpoint(const struct etcd *);

/*
 * etcd_watch.c: the stream of changes from a revision on.
 */
enum watch_state { WATCH_OK, WATCH_BROKEN, WATCH_COMPACTED };
int etcd_watch_start(struct etcd *, const char *key, const char *end,
    int64_t revision, struct err *);
void etcd_watch_stop(struct etcd *);
/* Wait for the stream and for fds. */
void etcd_wait(struct etcd *, struct curl_waitfd *, unsigned int n, int ms);
/* The next {"key", "value" (absent: deleted), "mod"}, owned by the caller, or
 * NULL; *ret_next: revision to go on from after it. */
struct json_object *etcd_watch_next(struct etcd *, int64_t *ret_next);
enum watch_state etcd_watch_state(const struct etcd *);

#endif
