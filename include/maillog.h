/*
 * maillog.h - what Postfix logged.
 *
 * Log lines that Postfix wrote since the mark, errors and warnings first: of
 * log_file of postseal.conf, else maillog_file of main.cf, else
 * /var/log/mail.log; where that file is not there or says nothing, of the
 * systemd journal.  Passive: an unreadable log gives no lines.
 * Trust: the lines hold what clients and servers sent.  A journal is parsed
 * in a jailed child (journal.c).
 */
#ifndef POSTSEAL_MAILLOG_H
#define POSTSEAL_MAILLOG_H

#include <sys/types.h>

#include "postfix.h"

struct maillog_mark {
	off_t	 off;
	ino_t	 ino;
	dev_t	 dev;
	int64_t	 usec;		/* clock: of a journal */
};
void	maillog_mark(const struct conf *, const struct postfix_info *,
	    struct maillog_mark *);
/* Array of at most max strings, each at most 300 bytes. */
struct json_object *maillog_since(const struct conf *,
	    const struct postfix_info *, const struct maillog_mark *,
	    size_t max);

/* What stands around the mark: at most MAILLOG_BEFORE_MAX bytes in front of it
 * (of a journal: of two hours), and MAILLOG_AFTER_MAX behind it. */
#define MAILLOG_BEFORE_MAX	(256 * 1024)
#define MAILLOG_AFTER_MAX	(4 * 1024 * 1024)
void	maillog_around(const struct conf *, const struct postfix_info *,
	    const struct maillog_mark *, struct buf *before, struct buf *after);
/* Mail that waits since then, by lines of smtp(8) whose reason was not there
 * before: {"count", "sample": the first one's recipient and reason, in
 * Postfix's words | null}.  NULL without memory. */
struct json_object *maillog_deferred(const struct conf *,
	    const struct postfix_info *, const struct maillog_mark *);

#endif
