/*
 * template.h - the pages' templates, in memory from start to end.
 *
 * templates_load parses every *.html of a directory (a name is the file name
 * without its ending; partials start with "_") and checks that each partial
 * that is named exists, so a page cannot fail later.  After that no file is
 * read: the worker may be in its sandbox.
 * Output limit: TEMPLATE_OUT_MAX a page.
 * Errors: ERR_CONFIG naming template and line.
 * Ownership: templates_free; a rendered page is the caller's buffer.
 */
#ifndef POSTSEAL_TEMPLATE_H
#define POSTSEAL_TEMPLATE_H

#include "buf.h"
#include "catalog.h"
#include "err.h"

#define TEMPLATE_OUT_MAX	(1024 * 1024)
#define TEMPLATE_FILE_MAX	(128 * 1024)

struct json_object;
struct templates;

int	templates_load(const char *dir, struct templates **, struct err *);
void	templates_free(struct templates *);
/* Texts come from the catalog in that language. */
int	templates_render(const struct templates *, const struct catalog *,
	    const char *lang, const char *name, struct json_object *ctx,
	    struct buf *, struct err *);

#endif
