/*
 * sync.h - postseal-sync: between etcd and the local postseald, for src/sync
 * alone.
 *
 * It runs as an unprivileged user, speaks to etcd by HTTPS (libcurl, the JSON
 * gateway /v3/...) and to postseald by its socket, as a peer that may use the
 * cluster operations only.  It never has a readable key: bundles pass through
 * it as they are.
 * Keys in etcd, all below /postseal/:
 *   alive/NAME      written by NAME with its lease: gone when it is gone
 *   desired         DESIRED of ops.h; written by consoles with compare-and-swap
 *   status/NAME     {"text", "sig", "at"}, written by NAME alone
 *   x/NAME/DIR      {"generation", "wave", "sealed": seconds since 1970,
 *                   "blob"}: the bundle for NAME; DIR is named by desired, so a publication that lost the race
 *                   leaves nothing that anybody would take; "own-..." for
 *                   settings that NAME was chosen for (chosen.c)
 * A scanner may read desired and x/NAME/ and write alive/NAME and status/NAME;
 * a console may do everything below /postseal/.
 */
#ifndef POSTSEAL_SYNC_H
#define POSTSEAL_SYNC_H

#include "model.h"
#include "rollout.h"

/*
 * daemon.c: postseald.  args is taken over, and may be part of what is kept
 * here.  An answer that is not waited for comes by client_finish.
 */
int daemon_start(const struct conf *, const char *op, struct json_object *args,
    struct err *);
int daemon_call(const struct conf *, const char *op, struct json_object *args,
    struct json_object **data, struct err *);

/* console.c */
int console_publish(struct sync *, struct err *);
/* What x/NAME/DIR holds: the Save with the "id" of what, or, where it has none,
 * what is in force here. */
int console_seal(struct sync *s, const char *host, struct json_object *what,
    int wave, struct json_object **ret, struct err *err);
/* Send ops, which are taken over; *ops is NULL then. */
int console_flush(struct sync *s, struct json_object **ops, struct err *err);
/* keep: of these hosts' bundles whose names begin with prefix, those that sort
 * before dir; not sooner than dir is what "desired" names.  Else dir itself. */
int console_drop_bundles(struct sync *, const char *prefix, const char *dir,
    bool keep, const struct rollout_host *, size_t n, struct err *err);
/* Enrolled hosts for rollout.c, freed by the caller; names are borrowed. */
struct rollout_host *console_roster(struct sync *, size_t *ret_n);
/* desired as it is now, not as the watch last told; NULL: there is none. */
int console_desired(
    struct sync *, struct json_object **, int64_t *ret_mod, struct err *);
/* A roll-out of what was saved at that time, as it begins: the members that
 * "desired" and its "chosen" both have. */
struct json_object *console_rollout(struct sync *, struct json_object *what,
    const char *at, const char *dir, const struct rollout *, int waves);
/* o as desired, if that is still at mod. */
int console_swap(struct sync *, struct json_object *o, int64_t mod, bool *done,
    struct err *);
/* Is it etcd, or postseald, that is away?  Later, then; anything else would be
 * refused again. */
bool console_later(const struct err *);
/* Tell postseald what became of its request. */
int console_settle(struct sync *, const char *id, const char *outcome,
    const char *detail, struct err *);

/* chosen.c */
int chosen_publish(struct sync *, struct err *);
struct rollout_host *chosen_roster(struct sync *, size_t *ret_n);
/* True: there are fewer entries now. */
bool chosen_prune(struct sync *, struct json_object *chosen);

/* lead.c */
int console_command(struct sync *, struct err *);
int console_drive(struct sync *, struct err *);

/* tidy.c */
/* A bundle's wave when its host came after the publication: such a host waits
 * until the roll-out is done, and nobody waits for it. */
#define WAVE_LATE INT32_MAX
/* Take hosts off that came too late for the roll-out; how many are left? */
size_t tidy_late(struct sync *, struct rollout_host *, size_t n);
int console_tidy(struct sync *, struct err *);
int console_reseal(struct sync *, struct err *);

/* scanner.c */
int scanner_take(struct sync *, struct err *);
int scanner_status(struct sync *, struct err *);

/* report.c */
int report_send(struct sync *, struct err *);

#endif
