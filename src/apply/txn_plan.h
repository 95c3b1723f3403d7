/*
 * txn_plan.h - how a Save comes to a plan: what is asked for, what is there,
 * which parameters and files follow, and whether they may.
 *
 * Nothing of this changes anything outside the directory of the new
 * generation.  What stands in the way is a finding of the Save, or *err.
 */
#ifndef POSTSEAL_TXN_PLAN_H
#define POSTSEAL_TXN_PLAN_H

#include "txn.h"

/* txn_source.c: settings and files that this Save is about. */
int txn_source(struct txn *, struct err *);

/* adopt.c: settings and files as main.cf has them now. */
int adopt_source(struct txn *, struct err *);
void adopt_check(struct txn *);

/* txn_scope.c: what this Save is about.  First the settings (before the
 * inspection), then the parameters. */
void scope_settings(struct txn *);
void scope_parameters(struct txn *);
bool scope_certificate_missing(const struct txn *);
bool scope_is_empty(const struct txn *);
bool scope_came_to_nothing(const struct txn *); /* once it is planned */
int scope_check(struct txn *, struct err *);
void scope_tell_drift(struct txn *);

/* txn_files.c: files of the new generation, and what Postfix says of them. */
int txn_files_stage(struct txn *, struct err *);
bool txn_files_asked(const struct txn *);
int txn_files_check(const struct txn *, const char *dir, struct err *);
/* inbound_map.c: what Postfix will be. */
int inbound_preview(struct txn *, struct err *);
/* The first parameter of the plan with one of the marks, or NULL. */
const char *txn_changes(const struct txn *, unsigned flags);
/* What it changes there, or NULL. */
const struct param_change *txn_planned(const struct txn *, const char *name);
bool txn_touches_main(const struct txn *);
bool txn_touches_master(const struct txn *);

#endif
