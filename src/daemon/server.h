/*
 * server.h - postseald's socket: who may come in, and how many.
 *
 * Trust: everything that comes over the socket is hostile, also from the web
 * process, which may have been taken over.  One child per connection: a crash
 * costs one request.  Nothing that goes out holds a key or a passphrase.
 */
#ifndef POSTSEAL_SERVER_H
#define POSTSEAL_SERVER_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "err.h"
#include "jail.h"

#define CHILDREN_MAX  80
#define CHILDREN_ROOT 8 /* of these, kept for root */

struct server {
	const struct conf *conf;
	uid_t web_uid;
	bool has_sync;
	uid_t sync_uid; /* postseal-sync, in a cluster */
	int listen_fd;
	int signal_fd; /* bytes: 'C' child, 'T' end */
	pid_t child[CHILDREN_MAX];
	size_t n_children;
	pid_t recoverer; /* a child that recovers, or 0 */
	pid_t auditor;	 /* one that looks over the audit log, or 0 */
	pid_t keeper[JAIL_KEEPERS]; /* 0: none was asked for */
	int64_t keeper_try;	    /* not before */
	/* In the child, before anything else: handlers back to harmless. */
	void (*child_signals)(void);
};
int server_run(struct server *, struct err *);

/* confine.c: what postseald itself may do, and the processes that parse what
 * strangers send (jail.h): before the first key is read, and anew when one
 * has ended. */
int confine_start(const struct conf *, struct err *);
int confine_keep(const struct conf *, enum jail_keeper, pid_t *ret_pid,
    struct err *);
struct json_object *confine_to_json(const struct conf *);

#endif
