/*
 * catalog.h - texts in a language: templates/locale/LANG.json, flat
 * {"key": "text with {name} placeholders"}; used by cgi and ctl.
 *
 * catalog_load reads every *.json of the directory; "en" must be there and is
 * the fallback for a key that another language lacks.  Adding a language is
 * adding one file; its "language.name" is its own name for the switch.
 * catalog_format fills {name} from args (object of strings); a placeholder
 * without its arg becomes "".  Output is plain text, not escaped.
 * Ownership: the catalog owns texts; borrowed until catalog_free.
 */
#ifndef POSTSEAL_CATALOG_H
#define POSTSEAL_CATALOG_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

struct catalog;
struct json_object;

int		 catalog_load(const char *dir, struct catalog **, struct err *);
void		 catalog_free(struct catalog *);
size_t		 catalog_languages(const struct catalog *,
		    const char *const **codes);
/* Best match of an Accept-Language header (RFC 9110 section 12.5.4), or of a
 * plain code; never NULL. */
const char	*catalog_negotiate(const struct catalog *, const char *header);
/* Text for key, or NULL when no language has it. */
const char	*catalog_find(const struct catalog *, const char *lang,
		    const char *key);
/* The same; then the key itself. */
const char	*catalog_text(const struct catalog *, const char *lang,
		    const char *key);
int		 catalog_format(const struct catalog *, const char *lang,
		    const char *key, struct json_object *args, struct buf *);

#endif
