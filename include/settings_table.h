/*
 * settings_table.h - what there is to set, a row each, for whoever goes over
 * all of them: forms, widgets, histories, schemas.  The rows are made from
 * settings.def; how one of them is read and written is kind.h.
 *
 * The values themselves: settings.h.  Nothing here is owned by the caller but
 * what a schema function adds to an object of his.
 */
#ifndef POSTSEAL_SETTINGS_TABLE_H
#define POSTSEAL_SETTINGS_TABLE_H

#include "settings.h"

struct setting_item;

/* A row with form NULL is the end. */
enum settings_kind { SETTING_SWITCH, SETTING_CHOICE, SETTING_NUMBER,
    SETTING_LIMIT, SETTING_LIST };
enum setting_scope { SCOPE_SHARED, SCOPE_GROUP, SCOPE_HOST };
struct settings_field {
	enum setting_id	 id;
	const char	*form;		/* "inbound_enabled": its name */
	const char	*text;		/* "setting.inbound_enabled" */
	const char	*path;		/* "inbound.enabled" */
	const char	*card;
	enum setting_scope scope;
	int		 since;
	enum settings_kind kind;
	size_t		 offset;	/* in struct settings */
	const char	*parameter;
	const char	*current;	/* "a b": members of VIEW's current */
	bool		 on;		/* of a switch: at first */
	const char *const *names;	/* of a choice; NULL at the end */
	int		 min, max;	/* of a number or limit */
	const char	*unit;		/* of a number; "" = none */
	const char	*form2;		/* second field of the form, or NULL */
	const struct setting_item *item;	/* of a list */
	size_t		 entries_max, bytes_max;
};
extern const struct settings_field settings_fields[];

/* The setting that a field of the form belongs to, by its first name or the
 * second; NULL: to none. */
const struct settings_field *settings_by_form(const char *name);
bool	settings_has_form(const char *name);
const struct settings_field *settings_by_path(const char *path);
/* Is that the second field of a list, which may come as a file? */
bool	settings_is_file(const char *form);
/* Lines that a list takes; NULL at the end. */
const char *const *settings_examples(const struct settings_field *);
/* "inbound", "all_scanners": does a path begin with it? */
bool	settings_is_group(const char *key);
/* The member at a dotted path; false: none is there.  NULL is null. */
bool	settings_find(struct json_object *, const char *path,
	    struct json_object **);
/* The value of a setting in what settings_to_json or settings_brief made: of
 * a list perhaps the number of its entries.  NULL: unset. */
struct json_object *settings_value(struct json_object *,
	    const struct settings_field *);
/* What Postfix has, out of a VIEW's "current"; "" where it does not say. */
const char *settings_current(struct json_object *current,
	    const struct settings_field *);
/* v (taken over) there, with the objects on the way; -1: memory. */
int	settings_put(struct json_object *, const char *path,
	    struct json_object *v);

/* JSON Schema.  The members of settings into the properties of an object's
 * schema; whole: as settings_to_json or settings_brief has them, with what is
 * always there in "required".  The fields of a form into those of another. */
void	settings_schema(struct json_object *schema, bool whole);
void	settings_form_schema(struct json_object *schema);
/* The schema of one of them there, or NULL. */
struct json_object *settings_schema_of(struct json_object *schema,
	    const struct settings_field *);

#endif
