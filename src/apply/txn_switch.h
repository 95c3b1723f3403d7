/*
 * txn_switch.h - how Postfix is brought over to what a Save planned, what it
 * answers then, and how everything is put back.
 *
 * What puts back may be called when nothing was done, and twice: it goes by
 * what it finds, as after a crash.
 */
#ifndef POSTSEAL_TXN_SWITCH_H
#define POSTSEAL_TXN_SWITCH_H

#include "txn.h"

/* txn_back.c: both files as they were. */
int txn_put_back(struct txn *, struct err *);
enum cf_state { CF_BEFORE, CF_AFTER, CF_OTHER };
/* Where the file stands; a file that does not change is CF_BEFORE. */
enum cf_state txn_main_state(const struct txn *);
enum cf_state txn_master_state(const struct txn *);

/* txn_probe.c */
int txn_baseline(struct txn *, struct err *);
/* Does the running Postfix do what main.cf now says, with this certificate? */
int txn_probe(struct txn *, int total_ms, struct err *);
/* Is it again what it was before? */
int txn_probe_former(const struct txn *, struct err *);
/* Does it do what both files say, as they were before?  With any certificate:
 * nobody read which one they name. */
int txn_probe_files(const struct txn *, struct err *);

/* txn_hop.c: the way out, before the commit and after it. */
bool txn_changes_way_out(const struct txn *);
void txn_hop_before(struct txn *);
int txn_hop_after(struct txn *, struct err *);

/* txn_switch.c */
/* main.cf, Postfix and its answers as they were before commit. */
int txn_go_back_if_needed(struct txn *, struct err *);
bool txn_former_serves(const struct txn *);
int txn_close(struct txn *, struct json_object *meta, struct err *);
void txn_keep_probe(const struct txn *, const char *maincf_sha256);

#endif
