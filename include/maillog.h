/*
 * maillog.h - what Postfix logged.
 *
 * Log lines that Postfix wrote since the mark, errors and warnings first;
 * passive: an unreadable log gives no lines.
 */
#ifndef POSTSEAL_MAILLOG_H
#define POSTSEAL_MAILLOG_H

#include <sys/types.h>

#include "postfix.h"

struct maillog_mark { off_t off; ino_t ino; dev_t dev; };
void	maillog_mark(const struct conf *, const struct postfix_info *,
	    struct maillog_mark *);
/* Array of at most max strings, each at most 300 bytes. */
struct json_object *maillog_since(const struct conf *,
	    const struct postfix_info *, const struct maillog_mark *,
	    size_t max);

#endif
