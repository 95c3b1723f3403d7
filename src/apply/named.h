/*
 * named.h - files of generations that Postfix's configuration names: in
 * main.cf, in master.cf (-o), in tables that one of them names by "type:/path"
 * and that can be read, under their own path or by a link.
 *
 * Such a generation is not wiped: whoever wrote that line needs the file.
 */
#ifndef POSTSEAL_NAMED_H
#define POSTSEAL_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "generation.h"

struct named_row {
	long id;
	char line[160]; /* parameter, "SERVICE/TYPE" or path of the table */
	char file[64];	/* below gen-N/, "" = the directory */
	bool made;	/* its copy, by named_copy */
};
struct named {
	struct named_row *v;
	size_t n;
};

int named_find(const struct conf *, const struct buf *main_cf,
    const struct buf *master_cf, struct named *, struct err *);
void named_clear(struct named *);
/* CONFIG_DIRECTORY/postseal/gen-N-FILE. */
int named_copy_path(const struct conf *, const struct named_row *,
    char dst[STATE_PATH_MAX], struct err *);
/* Is there a file that can be copied there? */
bool named_is_there(const struct conf *, const struct named_row *);
/* Copy what is named there, 0600. */
int named_copy(const struct conf *, struct named *, struct err *);
/* The copies that it made go again. */
int named_uncopy(const struct conf *, struct named *, struct err *);

#endif
