/*
 * csv.h - a cell of a table for a spreadsheet (RFC 4180).
 *
 * Purpose: text of strangers as a cell that nothing computes and no terminal
 * obeys.  It is always quoted; one that begins like a formula gets an
 * apostrophe in front; a character that cannot be seen becomes '?'.
 * Errors: those of the buffer (buf.h).
 */
#ifndef POSTSEAL_CSV_H
#define POSTSEAL_CSV_H

#include "buf.h"

/* end: what stands behind it, "," or the end of the line. */
void csv_cell(struct buf *, const char *, const char *end);

#endif
