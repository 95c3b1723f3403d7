/*
 * original.h - what stood before the console wrote anything: main.cf and
 * master.cf of that moment, and which parameters are the console's since.
 *
 * A generation's record has "written", all that the console has written since,
 * and "origin", the first generation that did; that one's main.cf.before and
 * master.cf.before are kept for ever.  Where nothing is written any more (after
 * a way back to it), or was not yet (taken over as it is), the next generation
 * that writes is the first.
 * Trust: files of ours, mode 0600; Postfix is asked about a copy.
 */
#ifndef POSTSEAL_ORIGINAL_H
#define POSTSEAL_ORIGINAL_H

#include "state.h"

struct original {
	long id;	/* the first generation that wrote something */
	param_mask written;
	struct buf main_cf, master_cf;
	/* As params_read and params_add_master give them; owned. */
	struct json_object *values;
};

/* By the record of a generation; a NULL record has written nothing. */
param_mask original_written(struct json_object *meta);
/* 0: nothing is written. */
int original_id(const struct conf *, long id, struct json_object *meta,
    long *ret, struct err *);
/* ret->id 0: nothing is written, and nothing else is said.  Asks Postfix
 * unless it is so.  ERR_GEN_NOT_RESTORABLE: an older version wiped the
 * files. */
int original_read(const struct conf *, long id, struct json_object *meta,
    struct original *ret, struct err *);
void original_clear(struct original *);
/* Of what was read: GEN of kind "original" with "settings" and "certificate",
 * as they would be now; NULL without memory. */
struct json_object *original_gen(
    const struct conf *, const struct facts *, const struct original *);
/* The same in short, without a question to Postfix; NULL: nothing is written,
 * or the files are gone. */
struct json_object *original_brief(
    const struct conf *, long id, struct json_object *meta);
/* Name -> string or null for the parameters of the set, out of values. */
struct json_object *original_pick(struct json_object *values, param_mask);

#endif
