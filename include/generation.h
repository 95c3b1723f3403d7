/*
 * generation.h - the generations on disk: STATE/generations/gen-N/, and the
 * number of the one in force.  What they hold: apply.h.
 *
 * Trust: written by us alone, mode 0700, root.  Read with the strict parser all
 * the same: a damaged file is an error with its path, never a crash.
 * Ownership: objects and buffers that come back belong to the caller.
 */
#ifndef POSTSEAL_GENERATION_H
#define POSTSEAL_GENERATION_H

#include <stddef.h>

#include "apply.h"
#include "buf.h"
#include "params.h"

#define STATE_PATH_MAX	1024
#define CHAIN_MAX	(4 * PKI_FILE_MAX)

/* id 0 = no generation. */
int generation_path(const struct conf *, long id, const char *file,
    char dst[STATE_PATH_MAX], struct err *);
/* The number at the head of s, and what follows it; -1 when there is none or
 * it is too large. */
long generation_number(const char *s, const char **ret_rest);
int generation_current(const struct conf *, long *ret_id, struct err *);
int generation_set_current(const struct conf *, long id, struct err *);
int generation_next(const struct conf *, long *ret_id, struct err *);
/* Newest first. */
int generation_ids(
    const struct conf *, long **ret_ids, size_t *ret_n, struct err *);
int generation_meta(
    const struct conf *, long id, struct json_object **, struct err *);
/* Parameters that the console had written by then, by its record (NULL: no
 * generation). */
param_mask generation_owned(struct json_object *meta);
int generation_set_meta(
    const struct conf *, long id, struct json_object *, struct err *);
/* Settings as settings.json has them: with the format of all that is beside it.
 * Takes and gives one reference; NULL: no memory. */
struct json_object *generation_record(struct json_object *settings);
/* Settings of the generation; the defaults for 0.  ERR_CONFIG: one of a newer
 * program.  Into a struct that was initialised. */
int generation_settings(
    const struct conf *, long id, struct settings *, struct err *);
/* Wipe its files and keep meta as the record of a failure. */
int generation_fail(
    const struct conf *, long id, struct json_object *meta, struct err *);
struct named;
/* Wipe beyond conf.generations, but never the one in force, one whose files
 * are named, or one of keep (0 = none).  What stood before the first that wrote
 * anything stays for ever, without the files of that generation. */
int generation_prune(const struct conf *, const struct named *,
    const long keep[2], struct err *);
/* Remove what a crash left: directories without outcome, scratch. */
int generation_sweep(const struct conf *, struct err *);

/* history.c: GEN of the generation in force, and its record. */
int generation_brief(const struct conf *, long id, struct json_object **gen,
    struct json_object **meta, struct err *);

#endif
