/*
 * sni_map.h - the tables of tls_server_sni_maps: ours, and those of the
 * administrator's in front of it.
 *
 * maps: the value of the parameter.  sni_file: our table of any generation
 * (params_context).
 */
#ifndef POSTSEAL_SNI_MAP_H
#define POSTSEAL_SNI_MAP_H

#include <stdbool.h>

#include "conf.h"

#define SNI_MAPS    "tls_server_sni_maps"
#define SNI_MAP_MAX 512

#define CCERT_MAPS  "relay_clientcerts"

/* Is ours (of whatever generation) among them; and is another? */
bool	map_named(const char *maps, const char *file);
bool	map_others(const char *maps, const char *file);
/* Does a table that is not ours have this name?  Its name then. */
bool	sni_map_taken(const struct conf *, const char *maps,
	    const char *sni_file, const char *name, char map[SNI_MAP_MAX]);

#endif
