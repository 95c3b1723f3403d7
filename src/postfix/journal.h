/*
 * journal.h - Postfix's lines in the systemd journal.
 */
#ifndef POSTSEAL_POSTFIX_JOURNAL_H
#define POSTSEAL_POSTFIX_JOURNAL_H

#include <stdint.h>

#include "buf.h"
#include "postfix.h"

/* The clock of the journal's entries, in microseconds. */
int64_t journal_now(void);
/* Lines "TIME NAME[PID]: TEXT" of Postfix, added to b: since then, or of the
 * two hours before, newest first.  -1: there is no journal, or it cannot be
 * read. */
int journal_read_since(const struct conf *, const struct postfix_info *,
    int64_t usec, struct buf *b);
int journal_read_before(const struct conf *, const struct postfix_info *,
    int64_t usec, struct buf *b);

#endif
