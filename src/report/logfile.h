/*
 * logfile.h - a log from a descriptor, line by line: as it is, or gzip.
 *
 * Trust: the bytes are a stranger's.  The caller has no rights to lose: this
 * runs in a child without files (logreport.h), or in postseal-logs.
 * Limits: of a longer line than 128 KiB the begin is read, the rest passed
 * over.  Memory: 200 KiB, and zlib's.
 * Errors: ERR_IO, with what was read before counted.
 */
#ifndef POSTSEAL_REPORT_LOGFILE_H
#define POSTSEAL_REPORT_LOGFILE_H

#include "err.h"
#include "track.h"

#define LOGFILE_HEAD 256

/* How far a log was read; {0}: it is read from its begin to its end, and a last
 * line that is cut is read as it is. */
struct logplace {
	uint64_t offset; /* of what gzip has unpacked; behind what was read */
	uint64_t most;	 /* bytes to read, about; 0 = all.  gzip: all */
	bool skipping;	 /* behind the begin of a line that is too long */
	bool growing;	 /* a last line that is cut waits for its end */
	bool ended;	 /* out: there is no more */
	unsigned long long lines; /* how many more were read */
};

int logfile_read(int fd, struct track *, struct logplace *, struct err *);

/* Its first bytes, by which a file is known under whatever name, and whether
 * gzip packed it.  The descriptor stands at its begin before and after. */
int logfile_head(int fd, char head[LOGFILE_HEAD], size_t *ret_len,
    bool *ret_gzip, struct err *);

#endif
