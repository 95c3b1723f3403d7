/*
 * logreport.h - who still talks plaintext: the report of log files.
 *
 * Purpose: postsealctl report tls.  The files are open; they are read in a
 * child that is nobody and can do nothing but send its answer (jail.h), so
 * bytes that strangers wrote are never taken apart where root is.
 * Errors: those of the jail.  A file that cannot be read to its end is no
 * error: the answer says so ("unread": its number) and is not "known" then.
 * Ownership: *ret_report is the caller's.
 * {"inbound": {...}, "outbound": {...}, "lines": N, "unread": [N, ...]}; the
 * members of the two are in postsealctl(8).
 */
#ifndef POSTSEAL_LOGREPORT_H
#define POSTSEAL_LOGREPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "jail.h"

#define REPORT_FILES_MAX JAIL_FILES_MAX
#define REPORT_ROWS_MAX	 1000

struct json_object;

enum direction { INBOUND, OUTBOUND, DIRECTION__MAX };
enum report_only { ONLY_ALL, ONLY_PLAIN, ONLY_OLD, ONLY_FAILED };

struct report_query {
	enum direction	 direction;
	enum report_only only;
	size_t		 limit;	/* rows */
	int		 days;	/* of what postseal-logs has counted */
	bool		 unreadable; /* a part of the log could not be read */
};

/* Of query, direction is passed over: both are made. */
int report_files(const int *files, size_t n, const struct report_query *query,
    struct json_object **ret_report, struct err *);

#endif
