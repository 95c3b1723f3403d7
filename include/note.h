/*
 * note.h - the line "why" that comes with a change: kept in its generation and
 * in the audit log, and sealed for the other hosts.
 *
 * Trust: a person typed it, or a script sent it; it is shown to others.  So it
 * is one line of at most NOTE_MAX characters, without any that are not seen
 * (text_unseen of util.h).  ERR_NOTE says which it is.
 */
#ifndef POSTSEAL_NOTE_H
#define POSTSEAL_NOTE_H

#include "err.h"

#define NOTE_MAX	200	/* characters */
#define NOTE_SIZE	(4 * NOTE_MAX + 1)
#define NOTE_SENT_MAX	4096	/* bytes that are looked at */

/* Without the spaces around it; "" is none, and so is NULL. */
int note_read(const char *, char dst[NOTE_SIZE], struct err *);

#endif
