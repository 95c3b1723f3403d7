/*
 * settings.h - what an administrator can set, as one struct with one JSON
 * form: the API, the socket frame, the generation on disk and the
 * multi-host store use it through these functions.  What there is to set is
 * settings.def.
 *
 * JSON: {"inbound": {"enabled": true}, "interface": {"listen": "all"}, ...},
 * by the paths of the table.  A setting that is not managed, so that Postfix
 * keeps what it has, is SETTING_KEEP here, and null or absent there.
 * Reading is a patch: a member that is absent keeps the value that *s had
 * (null does, too, in switches and lists), so a full object over
 * settings_default() and a partial one over the stored settings are the same
 * call.  Unknown members are ERR_FIELD_UNKNOWN with the dotted path as field.
 *
 * Ownership: a struct settings owns its lists.  settings_default() first,
 * settings_clear() at the end; never copied by "=", but by settings_copy().
 * A list is canonical text (setting_item), one entry a line, without
 * duplicates, in the order of the administrator; NULL = empty.
 */
#ifndef POSTSEAL_SETTINGS_H
#define POSTSEAL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct findings;
struct json_object;
struct setting_item;

#define SETTING_KEEP	(-1)		/* null: not managed */

/* SETTING_listen and so on, in the order of the table. */
enum setting_id {
#define SWITCH(name, ...) SETTING_##name,
#define CHOICE(name, ...) SETTING_##name,
#define NUMBER(name, ...) SETTING_##name,
#define LIMIT(name, ...) SETTING_##name,
#define LIST(name, ...) SETTING_##name,
#include "settings.def"
	SETTING__MAX
};

/* A set of settings. */
typedef uint64_t settings_mask;
#define SETTING_BIT(id)	((settings_mask)1 << (id))
/* The files of a Save: no setting, but parameters follow from them too. */
#define SETTINGS_FILES	SETTING_BIT(SETTING__MAX)
/* What the levels of the two directions are made of: shown as levels. */
#define SETTINGS_LEVELS \
	(SETTING_BIT(SETTING_inbound_enabled) | \
	    SETTING_BIT(SETTING_tls_only) | \
	    SETTING_BIT(SETTING_outbound_enabled))

/* enum listen { LISTEN_LOOPBACK, ... }: the values of each choice. */
#define SWITCH(...)
#define W(constant, word) constant,
#define CHOICE(name, path, card, scope, since, par, cur, ...) \
	enum name { __VA_ARGS__ };
#define NUMBER(...)
#define LIMIT(...)
#define LIST(...)
#include "settings.def"

struct settings {
#define SWITCH(name, ...) bool name;
#define CHOICE(name, ...) int name;	/* SETTING_KEEP or a value */
#define NUMBER(name, ...) int name;	/* the same */
#define LIMIT(name, ...) int name;	/* the same; 0 = no limit */
#define LIST(name, ...) char *name;	/* owned; NULL = empty */
#include "settings.def"
	/* Duplicates in the lists that were read last; no setting. */
	size_t	dropped[SETTING__MAX];
};

void	settings_default(struct settings *);	/* switches as the table says,
						 * nothing else managed */
void	settings_clear(struct settings *);	/* free, then the defaults */
void	settings_unset(struct settings *);	/* all that can be: no switch */
/* dst keeps its value on failure (-1: memory). */
int	settings_copy(struct settings *dst, const struct settings *src);
int	settings_from_json(struct settings *, struct json_object *,
	    struct err *);
/* The same; what is wrong with a list goes entry by entry into findings. */
int	settings_check_json(struct settings *, struct json_object *,
	    struct findings *, struct err *);
/* All of them, null where unset: what the API shows, and a patch after which
 * nothing is as it was before. */
struct json_object *settings_to_json(const struct settings *);
/* For a reader who knows the settings of version `known` (their "since") and
 * perhaps no others: of newer ones, what is unset is left out.  To be read
 * over settings_default(). */
#define SETTINGS_FIRST	1
struct json_object *settings_to_store(const struct settings *, int known);
/* The same without the lists; in the place of "x.list" is "x.entries", of any
 * other "x.name" "x.name_entries": how many there are. */
struct json_object *settings_brief(const struct settings *, int known);
/* What settings_brief made, lists left as they are. */
int	settings_from_brief(struct settings *, struct json_object *,
	    struct err *);
bool	settings_equal(const struct settings *, const struct settings *);
/* Those in which the two are not the same. */
settings_mask settings_differ(const struct settings *,
	    const struct settings *);
/* Those that are managed: switches always, lists when they have an entry. */
settings_mask settings_managed(const struct settings *);
/* Those that a JSON object has a member of, be it null. */
settings_mask settings_named(struct json_object *);

/*
 * The fields of a form into a patch object.  By kind, "" = null:
 *   switch   on | off
 *   choice   one of its words
 *   number   digits
 *   limit    its second field: "" | unlimited | limited; the number itself is
 *            read with "limited", or when it comes alone
 *   list     text, one entry a line; its second field is the same as a file
 *            and, when it is not empty, goes before the text
 * A field that did not come is left out of the patch.  get: the value
 * (NUL-terminated beyond *len) or NULL.  All that is wrong is in findings,
 * with the form's names as fields, and the first of it in *err; the patch
 * then has what was right.
 */
typedef const char *(*settings_get)(void *arg, const char *name, size_t *len);
int	settings_from_form(struct json_object *patch, settings_get, void *arg,
	    struct findings *, struct err *);

/* on, true, yes, 1 and their opposites, in any case; false: none of these. */
bool	settings_word(const char *value, bool *ret_on);

#endif
