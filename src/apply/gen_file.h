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

#include "certs.h"
#include "generation.h"
#include "params.h"
#include "postfix.h"

enum gen_file {
	GEN_ACCESS,	/* cidr: map of Connection Control */
	GEN_SNI,	/* texthash: names and their certificates */
	GEN_CCERTS,	/* texthash: clients that may relay */
	GEN_FILE__MAX
};

struct gen_file_row {
	const char *name;	/* below gen-N/ */
	const char *record;	/* member of meta.json: its SHA-256 */
	/* Does a generation with these have it? */
	bool (*has)(const struct settings *, const struct certs *);
};
extern const struct gen_file_row gen_files[GEN_FILE__MAX];

/* Where a generation has, or would have, each of them. */
struct gen_paths {
	char chain[STATE_PATH_MAX];	/* of the default certificate */
	char client[STATE_PATH_MAX];	/* of the outbound one */
	char client_ca[STATE_PATH_MAX];
	char v[GEN_FILE__MAX][STATE_PATH_MAX];
};
int	gen_paths(const struct conf *, long id, struct gen_paths *,
	    struct err *);
/* The files of a context, with these certificates; borrowed. */
void	gen_paths_use(const struct gen_paths *, const struct certs *,
	    struct params_context *);

#endif
