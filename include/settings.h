/*
 * settings.h - what an administrator can set, as one struct with one JSON
 * form: the API, the socket frame, the generation on disk and the
 * multi-host store use it through these functions.
 *
 * JSON: {"inbound": {"enabled": true, "tls_only": false},
 *        "outbound": {"enabled": true}, "all_scanners": true,
 *        "interface": {"listen": null | "loopback" | "all",
 *            "port": null | 1..65535, "idle_timeout": null | 1..1440 (minutes),
 *            "max_connections": null | 0 (no limit) | 1..10000},
 *        "access": {"policy": null | "accept_except" | "deny_except",
 *            "list": ["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"]}}
 * null in "interface" and "policy" = not managed: Postfix keeps what it has.
 * Reading is a patch: a member that is absent keeps the value that *s had
 * (null does, too, in the four switches and in "list"), so a full object over
 * settings_default() and a partial one over the stored settings are the same
 * call.  Unknown members are ERR_FIELD_UNKNOWN with the dotted path as field.
 *
 * Ownership: a struct settings owns its list.  settings_default() first,
 * settings_clear() at the end; never copied by "=", but by settings_copy().
 * The list is canonical text (netlist.h), one entry a line, without
 * duplicates, in the order of the administrator.
 */
#ifndef POSTSEAL_SETTINGS_H
#define POSTSEAL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct findings;
struct json_object;

#define SETTING_KEEP	(-1)		/* null: not managed */

enum listen { LISTEN_LOOPBACK, LISTEN_ALL };
enum access_policy { ACCESS_ACCEPT_EXCEPT, ACCESS_DENY_EXCEPT };

struct settings {
	bool	 inbound_enabled;
	bool	 tls_only;
	bool	 outbound_enabled;
	bool	 all_scanners;
	/* each SETTING_KEEP or a value */
	int	 listen;		/* enum listen */
	int	 port;
	int	 idle_timeout;		/* minutes */
	int	 max_connections;	/* 0 = no limit */
	int	 access_policy;		/* enum access_policy */
	char	*access_list;		/* owned; NULL = empty */
	size_t	 access_dropped;	/* duplicates in the list that was read
					 * last; no setting */
};

void	settings_default(struct settings *);	/* all off, all_scanners on,
						 * nothing else managed */
void	settings_clear(struct settings *);	/* free, then the defaults */
/* dst keeps its value on failure (-1: memory). */
int	settings_copy(struct settings *dst, const struct settings *src);
int	settings_from_json(struct settings *, struct json_object *,
	    struct err *);
/* The same; what is wrong with the list goes entry by entry into findings. */
int	settings_check_json(struct settings *, struct json_object *,
	    struct findings *, struct err *);
struct json_object *settings_to_json(const struct settings *);
/* Without the list, with "entries": N in its place. */
struct json_object *settings_brief(const struct settings *);
bool	settings_equal(const struct settings *, const struct settings *);
size_t	settings_entries(const struct settings *);	/* of the list */

/* One switch of a form into a JSON patch object; ERR_FIELD_UNKNOWN when the
 * name is none of them, ERR_FIELD_INVALID when the value is not on|off. */
int	settings_set_form(struct json_object *patch, const char *name,
	    const char *value, struct err *);
/*
 * The other fields of a form, all at once, into a patch object:
 *   listen            "" | loopback | all
 *   smtp_port         "" | 1..65535
 *   idle_timeout      "" | 1..1440
 *   connection_limit  "" | unlimited | limited, with
 *   max_connections   1..10000 (read only with "limited", or alone)
 *   access_policy     "" | accept_except | deny_except
 *   access_list       text, one entry a line
 *   access_file       the same as a file; if not empty, it is the list
 * "" = null; a field that did not come is left out of the patch.  get: the
 * value (NUL-terminated beyond *len) or NULL.  All that is wrong is in
 * findings, with the form's names as fields, and the first of it in *err; the
 * patch then is not to be used.
 */
typedef const char *(*settings_get)(void *arg, const char *name, size_t *len);
int	settings_form_values(struct json_object *patch, settings_get, void *arg,
	    struct findings *, struct err *);
/* Names of settings_form_values' fields; NULL at the end. */
extern const char *const settings_form_names[];

/* The table behind it all, switches first; NULL at the end. */
enum settings_kind { SETTING_SWITCH, SETTING_CHOICE, SETTING_NUMBER,
    SETTING_LIST };
struct settings_field {
	const char	*form;		/* "inbound_enabled" */
	const char	*path;		/* "inbound.enabled" */
	size_t		 offset;	/* in struct settings: bool, int, char * */
	enum settings_kind kind;
	int		 min, max;		/* of a number */
	const char *const *names;	/* of a choice; NULL at the end */
};
extern const struct settings_field settings_fields[];

#endif
