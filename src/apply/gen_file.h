/*
 * gen_file.h - the files of a generation that main.cf names, one row each
 * (certificates are a list of their own, certs.h):
 * what it is called, which member of the record holds its hash, and which
 * settings it follows from.  How one is written and checked is said beside it,
 * in txn_files.c.  Mode 0600, root's; the rename of main.cf switches them.
 */
#ifndef POSTSEAL_GEN_FILE_H
#define POSTSEAL_GEN_FILE_H

#include <stdbool.h>

#include "generation.h"
#include "params.h"
#include "postfix.h"

enum gen_file {
	GEN_ACCESS,	/* cidr: map of Connection Control */
	GEN_FILE__MAX
};

struct gen_file_row {
	const char *name;	/* below gen-N/ */
	const char *record;	/* member of meta.json: its SHA-256 */
	/* Does a generation with these settings have it? */
	bool (*has)(const struct settings *);
};
extern const struct gen_file_row gen_files[GEN_FILE__MAX];

/* Where a generation has, or would have, each of them. */
struct gen_paths {
	char chain[STATE_PATH_MAX];	/* of the default certificate */
	char v[GEN_FILE__MAX][STATE_PATH_MAX];
};
int	gen_paths(const struct conf *, long id, struct gen_paths *,
	    struct err *);
/* chain_file (where there is one) and access_file of a context; borrowed. */
void	gen_paths_use(const struct gen_paths *, bool has_chain,
	    struct params_context *);

#endif
