/*
 * maincf.h - main.cf and master.cf: steps stage, check and commit of an apply.
 */
#ifndef POSTSEAL_MAINCF_H
#define POSTSEAL_MAINCF_H

#include "buf.h"
#include "params.h"

/* Copy main.cf as it is (symlink followed), with its final newline added
 * when missing, master.cf and what postconf needs into stage_dir, edit the
 * copy with postconf -e/-X, read back: every planned parameter has its value,
 * every other line of postconf -n is as before, no new warning.
 * before: gets the bytes of the original; hash of it by sha256_hex. */
int	maincf_stage(const struct conf *, const struct param_plan *,
	    const char *stage_dir, struct buf *before, struct buf *after,
	    struct err *);
/* Durable rename of content onto main.cf (the target of a symlink), owner,
 * mode, ACL and xattrs kept, mtime some seconds in the past and different
 * from the old one.  expect_sha256: hash that main.cf must still have right
 * before the rename, else ERR_SETTINGS_STALE; NULL = whatever is there. */
int	maincf_commit(const struct conf *, const void *, size_t,
	    const char *expect_sha256, struct err *);
int	maincf_read(const struct conf *, struct buf *, struct err *);
/*
 * master.cf: the columns of the inbound service, by postconf -F on a copy in
 * stage_dir (a directory of its own).  Every other service and all comments
 * are proven to be as before.
 */
int	mastercf_stage(const struct conf *, const struct postfix_info *,
	    const struct param_plan *, const char *stage_dir,
	    struct buf *before, struct buf *after, struct err *);
int	mastercf_commit(const struct conf *, const void *, size_t,
	    const char *expect_sha256, struct err *);
int	mastercf_read(const struct conf *, struct buf *, struct err *);
int	mastercf_lock(const struct conf *, int wait_ms, struct err *);
/* Is a file made of what stood before the same as now, but for the lines of
 * these parameters (of this service, and of "smtpd")?  master.cf: the services
 * are the same, too; now is what mastercf_stage made in stage_dir. */
bool	maincf_same_but(param_mask, const struct buf *before,
	    const struct buf *now);
/* main.cf without those lines. */
int	maincf_strip(param_mask, const struct buf *, struct buf *);
int	mastercf_same(const struct conf *, const char *stage_dir,
	    const char *service, const struct buf *before,
	    const struct buf *now, bool *ret, struct err *);
/* The flock that postconf -e takes: CONFIG_DIR/main.cf.tmp; fd or -1.
 * Closing the fd releases it; the empty file stays and does no harm. */
int	maincf_lock(const struct conf *, int wait_ms, struct err *);

#endif
