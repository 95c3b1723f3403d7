/*
 * state.h - the state directory of postseald, as the files of src/apply see
 * it: the lock of an apply, the journal, what Postfix is, and what differs.
 *
 * Trust: everything below state_directory was written by us, mode 0600 or
 * 0700, root.  It is read with the strict parser all the same: a damaged file
 * is an error with its path, never a crash.
 * Ownership: objects and buffers that come back belong to the caller.
 */
#ifndef POSTSEAL_STATE_H
#define POSTSEAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "apply.h"
#include "generation.h"
#include "params.h"
#include "util.h"

#define MAINCF_MAX (4 * 1024 * 1024)

/* state.c */
/* The lock of one apply: an OFD lock, so that others can look without
 * taking it.  fd, or -1 with ERR_APPLY_BUSY: somebody else has been changing
 * something for wait_ms.  A dry run (LOCK_LOOK) is waited for besides. */
enum lock_for { LOCK_LOOK, LOCK_CHANGE };
int state_lock(
    const struct conf *, enum lock_for, int wait_ms, struct err *);
/* Somebody changes something. */
bool state_busy(const struct conf *);
/* Give back a maincf_lock or mastercf_lock and leave no file of it. */
void state_unlock_maincf(const struct conf *, int fd);
void state_unlock_mastercf(const struct conf *, int fd);

/* A file for Postfix's programs to look at: some seconds old; $config_directory
 * in main.cf is the real one. */
int state_scratch(const struct conf *, const char *dir, const char *name,
    const struct buf *, struct err *);

/* Recompute every days_left below obj from its not_after. */
void cert_set_days_left(struct json_object *, time_t now);

/* journal.c */
struct journal {
	bool pending;
	long id;
	bool running;		 /* was Postfix, before */
	char before[SHA256_HEX]; /* main.cf */
	char after[SHA256_HEX];
	char master_before[SHA256_HEX]; /* master.cf; "" = not changed */
	char master_after[SHA256_HEX];
};
int journal_read(const struct conf *, struct journal *, struct err *);
int journal_write(const struct conf *, const struct journal *, struct err *);
int journal_remove(const struct conf *, struct err *);

/* facts.c: what Postfix is, kept between requests. */
struct facts {
	struct postfix_info info;
	struct json_object *params;	/* params_read, or NULL */
	char maincf_sha256[SHA256_HEX]; /* "" = none */
};
int facts_get(const struct conf *, struct facts *, struct err *);
void facts_clear(struct facts *);
/* main.cf is now ours with this hash and these values: keep that without
 * asking Postfix again.  Best effort. */
void facts_update(const struct conf *, const struct postfix_info *,
    struct json_object *params, const char *sha256);
void facts_drop(const struct conf *);

/* owned.c */
/* The levels that are not among them, as Postfix has them. */
void settings_as_postfix(
    const struct facts *, param_mask owned, struct settings *);
/* Settings of the generation with those levels; for 0, of Postfix. */
int settings_in_force(const struct conf *, const struct facts *, long id,
    struct json_object *meta, struct settings *, struct err *);

/* standing.c: files of somebody else that main.cf names for smtpd.  all: the
 * bytes of those that can be read; unread: the parameters of the others,
 * static or of params. */
#define STANDING_FILES_MAX 16
int standing_files(const struct conf *, struct json_object *params,
    struct buf *all, const char *unread[STANDING_FILES_MAX], size_t *n_unread,
    struct err *);
/* The bytes of all where they are of more than one algorithm, else nothing:
 * a Save that replaces one keeps the other. */
int standing_beside(const struct conf *, const struct facts *, struct buf *all,
    struct err *);
/* CERT of them, kept until one is another file; NULL: there are none, or
 * nothing can be said of them. */
int standing_certificate(const struct conf *, const struct facts *, enum cert_use,
    struct json_object **ret, struct err *);

/* drift.c */
/* Array of {"parameter", "expected", "actual"}; empty = none.  meta: of the
 * generation, or NULL. */
int drift_find(const struct conf *, const struct facts *, long id,
    const struct settings *, struct json_object *meta,
    struct json_object **ret_array, struct err *);

/* diff.c: unified diff of two texts. */
int diff_unified(const char *name, const char *a, size_t a_len, const char *b,
    size_t b_len, struct buf *, struct err *);

#endif
