/*
 * access_map.h - the access list of Connection Control for Postfix.
 *
 * The cidr: map of a generation.  Its first rows are the
 * probe's canary (probe.h) and loopback, which always passes; then the list.
 */
#ifndef POSTSEAL_ACCESS_MAP_H
#define POSTSEAL_ACCESS_MAP_H

#include "postfix.h"

int	access_map_text(const struct settings *, long generation, struct buf *,
	    struct err *);
/* Ask Postfix's own look-up about the list's edges and the neighbours:
 * ERR_POSTFIX_READBACK. */
int	access_map_check(const struct conf *, const char *config_directory,
	    const char *map, const struct settings *, long generation,
	    struct err *);

#endif
