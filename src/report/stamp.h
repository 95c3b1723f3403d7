/*
 * stamp.h - the time that a line of a log says.
 *
 * A stamp without a year is of the year that brings it before `latest` (when
 * the file was last written), with a day's grace for clocks; it is in the
 * host's zone.  A clock that was set back is believed: the line says so.
 * Errors: -1 is no time.  One of these for each file; nothing is allocated,
 * and lines of one hour cost a comparison.
 */
#ifndef POSTSEAL_REPORT_STAMP_H
#define POSTSEAL_REPORT_STAMP_H

#include <time.h>

#include "line.h"

struct stamps {
	time_t latest;
	char hour[16]; /* "Nov 30 07:", the last one that was read */
	size_t len;
	int zone;
	time_t begin;
};

void stamps_init(struct stamps *, time_t latest);
time_t stamp_read(struct stamps *, struct text);

#endif
