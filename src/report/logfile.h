/*
 * logfile.h - a log from a descriptor, line by line: as it is, or gzip.
 *
 * Trust: the bytes are a stranger's.  The caller has no rights to lose: this
 * runs in a child without files (logreport.h).
 * Limits: of a longer line than 128 KiB the begin is read, the rest passed
 * over.  Memory: 200 KiB, and zlib's.
 * Errors: ERR_IO, with what was read before counted.  A last
 * line that is cut is read as it is.
 */
#ifndef POSTSEAL_REPORT_LOGFILE_H
#define POSTSEAL_REPORT_LOGFILE_H

#include "err.h"
#include "track.h"

/* *lines: how many more there were. */
int logfile_read(
    int fd, struct track *, unsigned long long *lines, struct err *);

#endif
