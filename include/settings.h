/*
 * settings.h - what an administrator can set, as one struct with one JSON
 * form: the API, the socket frame, the generation on disk and the
 * multi-host store use it through these two functions.
 *
 * JSON: {"inbound": {"enabled": true, "tls_only": false},
 *        "outbound": {"enabled": true}, "all_scanners": true}
 * Reading is a patch: a member that is absent keeps the value that *s had,
 * so a full object over settings_default() and a partial one over the stored
 * settings are the same call.  Unknown members are ERR_FIELD_UNKNOWN with
 * the dotted path as field.
 * HTTP form names: inbound_enabled, tls_only, outbound_enabled,
 * all_scanners ("on" | "off"), through settings_set_form.
 */
#ifndef POSTSEAL_SETTINGS_H
#define POSTSEAL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct json_object;

struct settings {
	bool	inbound_enabled;
	bool	tls_only;
	bool	outbound_enabled;
	bool	all_scanners;
};

enum apply_mode { APPLY_RESTART, APPLY_RELOAD };

void	settings_default(struct settings *);	/* all off, all_scanners on */
int	settings_from_json(struct settings *, struct json_object *,
	    struct err *);
struct json_object *settings_to_json(const struct settings *);
bool	settings_equal(const struct settings *, const struct settings *);
/* One form field into a JSON patch object; ERR_FIELD_UNKNOWN when the name
 * is none of ours, ERR_FIELD_INVALID when the value is not on|off. */
int	settings_set_form(struct json_object *patch, const char *name,
	    const char *value, struct err *);
/* The table behind it: form name and dotted JSON path; NULL at the end. */
struct settings_field {
	const char	*form;		/* "inbound_enabled" */
	const char	*path;		/* "inbound.enabled" */
	size_t		 offset;	/* of the bool in struct settings */
};
extern const struct settings_field settings_fields[];

int		 apply_mode_from_name(const char *, enum apply_mode *);
const char	*apply_mode_name(enum apply_mode);

#endif
