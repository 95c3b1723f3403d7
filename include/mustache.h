/*
 * mustache.h - a small Mustache that cannot print anything unescaped.
 *
 * Purpose: HTML pages from a JSON object.  A template is parsed once into a
 * flat array of nodes; rendering walks it.
 * Supported, as mustache(5) and the public specification have it: variables,
 * sections (list, object, value), inverted sections, comments, partials,
 * dotted names, the implicit iterator "{{.}}", the context stack, and tags
 * alone on their line leaving no blank line behind.  Case by case:
 * tests/data/mustache, 115 cases, one rule each.
 * Refused when parsed: {{{name}}} and {{&name}} (there is no unescaped
 * output), {{=...=}} (no other delimiters), {{.name}}, and what the optional
 * modules add (inheritance, dynamic names).  Not done: lambdas, and the
 * indentation of partials.  False are: absent, null, false, "", [].  A number
 * comes out as json-c writes it.
 * Ours: {{t.some.key}} is a text of the catalog; {name} in that text is
 * filled from the context, escaped like everything else.
 * Trust: templates are ours; every value in the context is hostile.
 * Escaping: & < > " ' become entities, so a value is safe in text and in a
 * quoted attribute; control characters, marks of direction and of no width
 * and bytes that are no UTF-8 become U+FFFD, so a certificate's subject cannot
 * turn the line around or hide a part of itself.
 * Limits: 64 levels of sections and partials, names of 96 bytes, 250,000
 * steps a page, output by the buffer's own limit.
 * Errors: ERR_CONFIG at parse (template and line), ERR_INTERNAL at render.
 * Threads: a parsed template is never written again.
 */
#ifndef POSTSEAL_MUSTACHE_H
#define POSTSEAL_MUSTACHE_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

struct json_object;
struct mustache;

#define MUSTACHE_DEPTH_MAX	64
#define MUSTACHE_NAME_MAX	96
#define MUSTACHE_STEPS_MAX	250000	/* lists in lists in lists */

struct mustache_env {
	/* Template of that name, or NULL. */
	const struct mustache	*(*partial)(void *, const char *name);
	/* Plain text of the catalog; never NULL. */
	const char		*(*text)(void *, const char *key);
	void			*arg;
};

int	mustache_parse(const char *name, const char *src, size_t len,
	    struct mustache **, struct err *);
void	mustache_free(struct mustache *);
int	mustache_render(const struct mustache *, struct json_object *ctx,
	    const struct mustache_env *, struct buf *, struct err *);

/* The partials and texts that a template names, for checks at start: *pos
 * starts at 0; NULL at the end.  kind is '>' or 't'. */
const char	*mustache_reference(const struct mustache *, size_t *pos,
		    char *ret_kind);

int	html_escape(struct buf *, const char *, size_t);
/* Percent-encodes all but RFC 3986's unreserved characters. */
int	url_escape(struct buf *, const char *);

#endif
