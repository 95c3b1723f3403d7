/*
 * entries.h - the mail entries of the systemd journal, by a cursor.
 *
 * Trust: what is in a journal any program may have written; this runs in
 * postseal-logs, which has nothing to lose.
 * A cursor that is no more there: on from the time of the last line.
 */
#ifndef POSTSEAL_REPORT_ENTRIES_H
#define POSTSEAL_REPORT_ENTRIES_H

#include "counts.h"

/* Loads what libsystemd would load later. */
void entries_warm_up(void);
/* Up to max entries from p->cursor on, and the cursor and time behind them;
 * *more: there are others.  directory "": the system's. */
int entries_read(const char *directory, struct track *, struct place *,
    size_t max, bool *more, struct err *);

#endif
