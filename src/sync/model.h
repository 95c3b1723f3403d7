/*
 * model.h - what etcd holds, as far as this program knows it, and what its
 * parts share.  The keys in etcd: sync.h.
 */
#ifndef POSTSEAL_MODEL_H
#define POSTSEAL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <json-c/json.h>

#include "conf.h"
#include "err.h"
#include "etcd.h"

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

/* A call whose answer comes while the loop does other things. */
struct pending {
	int fd; /* -1: none */
	int64_t until;
};

struct host {
	char name[HOST_MAX];
	bool alive;
	char seen[32];		    /* ISO, or "" */
	struct json_object *status; /* {"text", "sig", "at"} or NULL */
	char sealed[64];	    /* bundle that is there for it; "-": none */
	char unsealed[64];	    /* one that was said to be refused, or "" */
	char late[64];		    /* one that it is too late for, or "" */
	/* as postseald believes it */
	bool known, valid, own, unproven, refused, own_refused;
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
	int64_t renew_at; /* when to look for bundles that grow old */
	int64_t doubt_at;  /* when to ask whether the watch tells all */
	int64_t doubt_mod; /* what it should have told by then, or 0 */
	char enrolled[65]; /* serial of the enrolments */
	struct json_object *former; /* names at the last tidying, or NULL */
	char *put_text;		    /* status as it stands in etcd, or NULL */
	char etcd_error[200];
	struct wave wave[TRACK__MAX];
};

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

#endif
