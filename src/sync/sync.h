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
 *   x/NAME/DIR      {"generation", "wave", "blob"}: the bundle for NAME; DIR is
 *                   named by desired, so a publication that lost the race
 *                   leaves nothing that anybody would take; "own-..." for
 *                   settings that NAME was chosen for (chosen.c)
 * A scanner may read desired and x/NAME/ and write alive/NAME and status/NAME;
 * a console may all below /postseal/.
 */
#ifndef POSTSEAL_SYNC_H
#define POSTSEAL_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <json-c/json.h>

#include "conf.h"
#include "err.h"

#define KEY_ROOT    "/postseal/"
#define KEY_ALIVE   KEY_ROOT "alive/"
#define KEY_DESIRED KEY_ROOT "desired"
#define KEY_STATUS  KEY_ROOT "status/"
#define KEY_BUNDLE  KEY_ROOT "x/"
/* DIR of what a host was chosen for: sorts behind all others. */
#define CHOSEN_PREFIX "own-"
/* What a console watches: alive/, desired and status/, but no bundles. */
#define KEY_WATCH_END KEY_ROOT "status0"

#define KEY_MAX	      256
#define HOST_MAX      64

/*
 * etcd.c: one request at a time, at one of several endpoints; the next one is
 * tried when this one does not answer.
 * Errors: ERR_TIMEOUT (nobody answers, or no leader), ERR_OP_DENIED (403),
 * ERR_INTERNAL (an answer that is none).
 */
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

/*
 * daemon.c: postseald.  args is taken over, and may be part of what is kept
 * here.  An answer that is not waited for comes by client_finish.
 */
int daemon_start(const struct conf *, const char *op, struct json_object *args,
    struct err *);
int daemon_call(const struct conf *, const char *op, struct json_object *args,
    struct json_object **data, struct err *);
/* A call whose answer comes while the loop does other things. */
struct pending {
	int fd; /* -1: none */
	int64_t until;
};

/*
 * rollout.c: when does who get it?  Pure, for tests and simulation.
 * Wave 0 is the console that saved; wave 1 the canary, if there is one; then
 * batches by name.
 */
struct rollout_host {
	const char *name;
	bool alive, own, self;
	bool unproven;		 /* its last probe failed */
	int64_t generation;	 /* in force */
	int64_t failed, attempt; /* generation that failed there, or 0 */
};
struct rollout {
	int64_t generation, attempt;
	int wave, batch;
	const char *canary; /* "" = none */
};
enum rollout_verdict {
	ROLLOUT_WAIT,
	ROLLOUT_NEXT, /* the next wave may begin */
	ROLLOUT_STOP, /* somebody failed, or does not answer */
	ROLLOUT_DONE
};
#define ROLLOUT_PATIENCE_MS 180000
const char *rollout_canary(
    const struct rollout_host *, size_t n, const char *preferred);
int rollout_wave(
    const struct rollout *, const struct rollout_host *, size_t n, size_t i);
int rollout_waves(
    const struct rollout *, const struct rollout_host *, size_t n);
enum rollout_verdict rollout_judge(const struct rollout *,
    const struct rollout_host *, size_t n, int64_t waited_ms);
/* Did this host fail the generation, or is it a canary that has it and cannot
 * show that it is served? */
bool rollout_failed(const struct rollout *, const struct rollout_host *);
bool rollout_unproven(const struct rollout *, const struct rollout_host *);

/*
 * What the parts of the program share.
 */
struct host {
	char name[HOST_MAX];
	bool alive;
	char seen[32];		    /* ISO, or "" */
	struct json_object *status; /* {"text", "sig", "at"} or NULL */
	char sealed[64];	    /* bundle that is there for it; "-": none */
	char late[64];		    /* one that it is too late for, or "" */
	/* as postseald believes it */
	bool known, valid, own, unproven;
	int64_t generation, failed, attempt;
	int64_t own_generation, own_failed, own_attempt;
};

/* The two roll-outs of "desired", and since when a wave of each lasts. */
enum track { TRACK_ALL, TRACK_CHOSEN, TRACK__MAX };
struct wave {
	int64_t since, generation, attempt;
	int seen;
};

struct sync {
	const struct conf *conf;
	struct etcd *etcd;
	bool connected, ended;
	int failures; /* to connect, in a row */
	int64_t retry_at, keepalive_at, lease, next_rev;
	time_t heard_at;	     /* of etcd, last */
	struct json_object *desired; /* or NULL */
	int64_t desired_mod;
	struct host *hosts;
	size_t n_hosts, cap_hosts;

	struct pending poll, work;
	struct json_object *me; /* last POLL, or NULL */
	int64_t probe_at, report_at, fetch_at;
	bool report_due, tidy_due;
	int64_t doubt_at;  /* when to ask whether the watch tells all */
	int64_t doubt_mod; /* what it should have told by then, or 0 */
	char enrolled[65]; /* serial of the enrolments */
	struct json_object *former; /* names at the last tidying, or NULL */
	char *put_text;		    /* status as it stands in etcd, or NULL */
	char etcd_error[200];
	struct wave wave[TRACK__MAX];
};

/* model.c: what etcd holds, as this program knows it. */
void model_clear(struct sync *);
int model_read(struct sync *, struct err *); /* snapshot, then watch */
void model_event(struct sync *, struct json_object *kv);
/* All that etcd holds, in place of what was known. */
void model_fill(struct sync *, struct json_object *kvs);
/* Off etcd: nothing is known of the hosts from when it last spoke on. */
void model_lost(struct sync *);
struct host *model_host(struct sync *, const char *name, bool make);
/* Is this name among the enrolled hosts that postseald named? */
bool model_enrolled(const struct sync *, const char *name);
/* Does the host say that it has what this entry of "chosen" is about? */
bool model_has(struct sync *, const char *name, struct json_object *entry);
/* The number of the chosen settings that this host shall still get, or 0. */
int64_t model_chosen(struct sync *, const char *name);
/* "desired", or its member "chosen". */
struct json_object *model_track(struct sync *, enum track);
/* This console leads that roll-out, or the one that does is away. */
bool model_leads(struct sync *, enum track);

/* console.c */
int console_publish(struct sync *, struct err *);
/* {"generation", "wave", "blob"} for host. */
int console_seal(struct sync *s, const char *host, struct json_object *what,
    int wave, struct json_object **ret, struct err *err);
/* Send ops, which are taken over; *ops is NULL then. */
int console_flush(struct sync *s, struct json_object **ops, struct err *err);
/* Enrolled hosts for rollout.c, freed by the caller; names are borrowed. */
struct rollout_host *console_roster(struct sync *, size_t *ret_n);
/* desired as it is now, not as the watch last told; NULL: there is none. */
int console_desired(
    struct sync *, struct json_object **, int64_t *ret_mod, struct err *);
/* o as desired, if that is still at mod. */
int console_swap(struct sync *, struct json_object *o, int64_t mod, bool *done,
    struct err *);
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
