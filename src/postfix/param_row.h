/*
 * param_row.h - inside src/postfix: the rows of the managed parameters.
 *
 * One row each (params.c), in the order of writing.
 * `to` says what the settings ask for (with PARAM_BACK: where one of them is
 * managed), `from` which settings say what Postfix has.  WANT_OVER_OURS: only
 * over a value that the console itself wrote; a value set by hand stays.
 */
#ifndef POSTSEAL_PARAM_ROW_H
#define POSTSEAL_PARAM_ROW_H

#include "params.h"

enum want_kind {
	WANT_KEEP,
	WANT_UNSET,
	WANT_VALUE,
	WANT_OVER_OURS,
	WANT_OVER	/* only over the value `over` (NULL = not set) */
};
struct want {
	/* in: the console has written it before (an older name: what took
	 * its place) */
	bool		 owned;
	enum want_kind	 kind;
	char		 value[16384];	/* "" with WANT_OVER*: remove */
	const char	*over;		/* borrowed of the originals */
};
struct param_row {
	const char	*name;
	unsigned	 since;
	settings_mask	 of;	/* what it follows from */
	unsigned	 flags;	/* PARAM_* of postfix.h */
	int		(*to)(const struct params_context *, struct want *,
			    struct err *);
	/* The settings of `of` as this value has them, all else as it is.
	 * false: not all that it says can be said so; what can be is set,
	 * and what cannot be at all is not managed then.  NULL: nothing can. */
	bool		(*from)(const struct params_context *,
			    struct settings *);
	/* The value that "not set" is as good as, as long as no parameter of
	 * legacy[] says "yes"; NULL = none. */
	const char	*absent;
	const char	*legacy[2];
	/* A legacy name: what took its place; NULL = current. */
	const char	*replaced_by;
};
extern const struct param_row params[];
extern const size_t n_params;
/* originals.c: true when none of its settings is managed any more; then it
 * goes back to what it was before the console took it over, if it did. */
bool	param_given_back(const struct params_context *,
	    const struct param_row *, struct want *);
/* What it was then, over what the console made of it; else it stays. */
void	want_original(const struct params_context *, const char *name,
	    struct want *);
extern const char *const params_looked_at[];	/* NULL at the end */
const struct param_row *param_find(const char *name);
/* levels.c: an inbound level with exemptions, as the console writes it. */
#define LEVEL_CONDITIONAL "${{$service_name} == {"
/* Would a list of ours allow a protocol that this value does not?  Also when
 * the value cannot be read. */
bool	protocols_loosened(const char *value);

/* Is this word HEAD and the map `file`, of whatever generation? */
bool	map_is_ours(const char *word, size_t len, const char *head,
	    const char *file);
bool	path_is_plain(const char *);
/* A list of restrictions without our element. */
int	restrictions_without(const char *value, const char *access_file,
	    char *dst, size_t size);

#endif
