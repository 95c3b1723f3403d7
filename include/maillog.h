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

#endif
