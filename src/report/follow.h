/*
 * follow.h - the log of this host, read on from where it was left.
 *
 * A file is known by its first bytes, so under whatever name logrotate or
 * "postfix logrotate" gives it: what was not read of the old one is read to
 * its end (plain or gzip, renamed or copied by copytruncate), then the next
 * from its begin.  At the first start all that is there of 31 days is read,
 * the oldest first.  Without a file, the journal by its cursor (entries.h).
 * Each step is one transaction of counts.h, after which a kill is no matter.
 * Errors: -1 when nothing can be read, or counted; it is tried again.
 */
#ifndef POSTSEAL_REPORT_FOLLOW_H
#define POSTSEAL_REPORT_FOLLOW_H

#include "conf.h"
#include "counts.h"

struct follow {
	struct counts *counts;
	struct track *track;
	struct place place;
	char path[CONF_STR_MAX]; /* the newest is called so */
	bool named;		 /* in postseal.conf or main.cf */
	const char *journal;	 /* its directory; "": the system's */
	uint64_t chunk;		 /* bytes a step; 0 = 16 MiB */
	int64_t done, all;	 /* bytes of the files: how far it is */
	bool unreadable;	 /* at the last step */
	bool reading;		 /* and it was not at the end of the log */
};

/* path, named and journal are set. */
int follow_open(struct follow *, const char *dir, bool domains, struct err *);
/* *more: there is more to read at once. */
int follow_step(struct follow *, bool *more, struct err *);
void follow_close(struct follow *);

#endif
