/*
 * fsx.h - files that are there or not there, never half.
 *
 * Purpose: all file writing of the daemon goes through here.  Each function
 * that writes has called fsync on the file and its directory when it returns
 * 0 ("durable").
 * Mode is set at creation (open with O_CREAT|O_EXCL, then fchmod against the
 * umask), never tightened later.  Symlinks are not followed in the last part
 * (O_NOFOLLOW) except where the function says so.
 * Faults: with -DPOSTSEAL_FAULT every operation first asks
 * fsx_fault(op, path); a non-zero errno makes it fail (tests).
 * Errors: ERR_IO with the errno; too large is ERR_FILE_TOO_LARGE.
 * A failure leaves what was there, with one exception: when the last fsync of
 * the directory fails, fsx_replace and fsx_rename return -1 although the new
 * name is in place (read it to know; putting the old one back is an undo).
 * Locks: a lock file that its holder renamed away (postconf does that with
 * main.cf.tmp) is opened anew.
 * Kill: fsx_replace leaves at most path.tmp-PID; fsx_sweep removes it.
 */
#ifndef POSTSEAL_FSX_H
#define POSTSEAL_FSX_H

#include <sys/types.h>
#include <stddef.h>
#include <time.h>

#include "buf.h"
#include "err.h"

/* How a replaced file shall look; uid/gid (uid_t)-1 = ours; mtime 0 = now. */
struct fsx_attr {
	mode_t	mode;
	uid_t	uid;
	gid_t	gid;
	time_t	mtime;
};

/* Append a regular file of at most max bytes (follows symlinks) to a buffer
 * that the caller has initialised; on failure it is as before. */
int	fsx_read(const char *path, size_t max, struct buf *, struct err *);
/* Create: fails if it exists. Durable. */
int	fsx_create(const char *path, const void *, size_t, mode_t,
	    struct err *);
/* Write path.tmp-PID, fsync, rename onto path, fsync directory. */
int	fsx_replace(const char *path, const void *, size_t,
	    const struct fsx_attr *, struct err *);
/* The same without fsync, for progress files that a crash may lose. */
int	fsx_replace_fast(const char *path, const void *, size_t, mode_t,
	    struct err *);
int	fsx_rename(const char *from, const char *to, struct err *);
int	fsx_mkdir(const char *path, mode_t, struct err *);	/* durable */
int	fsx_mkdir_p(const char *path, mode_t, struct err *);
int	fsx_unlink(const char *path, struct err *);	/* ENOENT is fine */
int	fsx_sync_dir(const char *path, struct err *);
/* Overwrite regular files with zeros, then remove all below and path. */
int	fsx_wipe_tree(const char *path, struct err *);
/* 0: by cause there was no such file; else cause into err, and -1. */
int	fsx_missing(const struct err *cause, struct err *err);
/* Wipe what fsx_replace of killed processes left in the directory and below;
 * links and other file systems are left alone.  -1: not all of it. */
int	fsx_sweep(const char *dir, struct err *);
/* flock(LOCK_EX) on path, created 0600 when missing, waiting at most
 * wait_ms; returns the fd or -1 with ERR_APPLY_BUSY or ERR_IO. */
int	fsx_lock(const char *path, int wait_ms, struct err *);
/* Can nobody but root, and who owns our own program, put another file there, as
 * far as there is one?  Else ERR_CONFIG, with whose it is. */
int	fsx_trusted(const char *path, struct err *);
/* snprintf into a path buffer; too long is an error. */
int	fsx_path(char *dst, size_t size, struct err *, const char *fmt, ...)
	    __attribute__((__format__ (printf, 4, 5)));

#endif
