/*
 * txn_given.h - what stood before the console wrote it, given back: all of it,
 * or what the restored generation had not written.
 *
 * Nothing here is a setting: values are put back as they were recorded, and
 * whole files where nobody else changed them since.
 */
#ifndef POSTSEAL_TXN_GIVEN_H
#define POSTSEAL_TXN_GIVEN_H

#include "txn.h"

/* Source of "restore 0", and what the record of a generation adds to its
 * restore. */
int given_original(struct txn *, struct err *);
void given_restored(struct txn *, struct json_object *meta);
/* Into the parameters that are wanted. */
int given_want(struct txn *, struct err *);
/* Do files of somebody else serve again? */
bool given_certificate(const struct txn *);
/* What is to be said of it, once it is planned. */
int given_check(struct txn *, struct err *);
/* Where nothing else was changed in them, the files themselves. */
int given_main(struct txn *, struct err *);
int given_master(struct txn *, const char *dir, struct err *);
/* What a later way back needs. */
void given_record(const struct txn *, struct json_object *meta);
/* On leaving: copies of what others name; and without them again. */
int given_leave(struct txn *, struct err *);
int given_stay(struct txn *, struct err *);
/* Wipe generations that nobody needs with this main.cf. */
void txn_prune(const struct txn *, const struct buf *main_cf);

#endif
