/*
 * daemon.h - postseald: socket, operations, drafts; for src/daemon alone.
 *
 * Trust: everything that comes over the socket is hostile, also from the web
 * process, which may have been taken over.  One child per connection: a crash
 * costs one request.  Nothing that goes out holds a key or a passphrase.
 */
#ifndef POSTSEAL_DAEMON_H
#define POSTSEAL_DAEMON_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply.h"
#include "ipc.h"
#include "ops.h"
#include "sandbox.h"

#define CHILDREN_MAX   80
#define CHILDREN_ROOT  8 /* of these, kept for root */
#define DRAFTS_MAX     64
#define FILE_SENT_MAX  (2 * PKI_FILE_MAX) /* pki says "too large" */
#define PASSPHRASE_MAX 1024
#define FILE_NAME_MAX  255
#define CONFIRM_MAX    16
#define LIST_MAX       1000 /* rows of a list */
#define POLL_WAIT_MAX  60000 /* ms */
#define PAM_USER_MAX   63
#define PAM_PASSWORD_MAX 511

/* server.c */
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
	/* In the child, before anything else: handlers back to harmless. */
	void (*child_signals)(void);
};
int server_run(struct server *, struct err *);

/* confine.c */
int confine_start(const struct conf *, struct err *);
struct json_object *confine_to_json(const struct conf *);

/* call.c */
enum { PEER_ROOT = 1, PEER_WEB = 2, PEER_SYNC = 4 };

struct call {
	const struct conf *conf;
	int fd;
	unsigned peer; /* PEER_ROOT, PEER_WEB or PEER_SYNC */
	struct actor actor;
	struct json_object *error; /* whole ERROR, or NULL */
	bool replied;		   /* result was sent already */
	bool gone;		   /* client does not listen */
};
int call_reply(struct call *, struct json_object *data, const struct err *);
/* Copy of UTF-8 without control characters and those that turn the direction
 * of writing, cut at a character's end. */
void clean_copy(char *dst, size_t size, const char *src);

/* ops.c: a member of args. */
enum op_arg_type { ARG_BOOL, ARG_INT, ARG_STR, ARG_STRS, ARG_OBJ, ARG_LIST };
struct op_arg {
	const char *name;
	enum op_arg_type type;
	bool need;
	int64_t min, max; /* of a number; of bytes, of elements */
};

struct op {
	const char *name;
	unsigned peers;
	size_t max;		   /* bytes of the frame */
	const struct op_arg *args; /* {NULL} at the end */
	int (*run)(struct call *, struct json_object *args,
	    struct json_object **data, struct err *);
};
extern const struct op ops[]; /* ops.def; {NULL} at the end */
#define O(symbol, name, peers, size, patience, run, args)               \
	int run(struct call *, struct json_object *, struct json_object **, \
	    struct err *);
#include "ops.def"
#undef O

/* args.c.  Unknown, missing, of another type or size: ERR_FIELD_*. */
int args_check(const struct op *, struct json_object *args, struct err *);

/* One connection from request to reply. */
void serve(const struct conf *, int fd, unsigned peer);

/* op_auth.c: guesses that postseald passes on, whoever asks: see op_auth.c.  *ret_wait:
 * seconds, 0 = this one is counted as a failure until pam_gate_leave says
 * that it was good (all are forgotten) or none (this one is). */
int pam_gate_enter(const struct conf *, const char *user, int64_t now,
    int *ret_wait, struct err *);
int pam_gate_leave(
    const struct conf *, const char *user, bool good, struct err *);

/* files.c: FILES of a request, and their inspection. */
struct files {
	struct buf data[PKI_FIELD__MAX];
	bool given[PKI_FIELD__MAX];
};
void files_init(struct files *);
void files_clear(struct files *); /* wipes */
int files_read(struct json_object *args, struct files *, struct err *);
size_t files_count(const struct files *);
void files_bytes(const struct files *, struct pki_bytes[PKI_FIELD__MAX]);
int files_inspect(const struct call *, const struct files *,
    const char *passphrase, bool partial, struct json_object **report,
    struct err *);
/* Field number of an HTTP name, or -1. */
int field_number(const char *name);

/* drafts.c */
struct draft {
	bool exists;
	struct files files;
	char name[PKI_FIELD__MAX][FILE_NAME_MAX + 1];
	char passphrase[PASSPHRASE_MAX + 1];
	struct json_object *settings, *report; /* or NULL */
	struct json_object *refused;	       /* findings of files not kept */
	struct json_object *scanners;	       /* names of chosen hosts */
	char apply[8];			       /* or "" */
	int64_t expires;
};
void draft_init(struct draft *);
void draft_clear(struct draft *); /* wipes */
/* fd of the draft's lock; makes the directory. */
int draft_lock(const struct conf *, const char *id, struct err *);
/* One that is not there, or is past its time, is empty. */
int draft_load(
    const struct conf *, const char *id, struct draft *, struct err *);
int draft_save(
    const struct conf *, const char *id, struct draft *, struct err *);
int draft_drop(const struct conf *, const char *id, struct err *);
struct json_object *draft_to_json(const struct draft *);
void drafts_sweep(const struct conf *);

/* op_draft.c: args of draft.put, and the files of them, into a draft; the
 * settings unread. */
int draft_merge(const struct conf *, struct json_object *args,
    const struct files *sent, struct draft *, struct err *);
int draft_check_settings(struct json_object *settings, struct err *);
int draft_inspect(const struct call *, struct draft *, struct err *);
/* Take those of the new files out again for which the draft's report has no
 * hope; true when there was one. */
bool draft_drop_hopeless(struct draft *, const struct files *sent);

#endif
