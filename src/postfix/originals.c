/*
 * originals.c - what a parameter of the sections above TLS was before the
 * console took it over, and what it made of it, so that it can be given back.
 */
#include <stddef.h>

#include "jsonx.h"
#include "postfix_int.h"

static const struct owned {
	const char *name;
	size_t setting[2]; /* managed as soon as one of them is */
} owned[] = {
    {"inet_interfaces",
	{offsetof(struct settings, listen), offsetof(struct settings, listen)}},
    {"smtpd_timeout", {offsetof(struct settings, idle_timeout),
			  offsetof(struct settings, idle_timeout)}},
    {PARAM_SERVICE, {offsetof(struct settings, listen),
			offsetof(struct settings, smtp_port)}},
    {PARAM_LIMIT, {offsetof(struct settings, max_connections),
		      offsetof(struct settings, max_connections)}},
};

static bool
is_managed(const struct settings *s, const struct owned *o)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (*(const int *)(const void *)((const char *)s +
						 o->setting[i]) != SETTING_KEEP)
			return true;
	return false;
}

struct json_object *
params_originals(const struct params_context *c, struct json_object *wanted)
{
	struct json_object *all = json_object_new_object(), *row, *known;
	size_t i;

	for (i = 0; all != NULL && i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (!is_managed(c->settings, &owned[i]))
			continue;
		known = jsonx_member(c->originals, owned[i].name);
		if (known != NULL &&
		    (c->leave & param_bit(owned[i].name)) != 0) {
			json_object_object_add(
			    all, owned[i].name, json_object_get(known));
			continue;
		}
		if ((row = json_object_new_object()) == NULL)
			break;
		json_object_object_add(row, "was",
		    json_object_get(known != NULL ? jsonx_member(known, "was")
						  : jsonx_member(c->current,
							owned[i].name)));
		json_object_object_add(row, "set",
		    json_object_get(jsonx_member(wanted, owned[i].name)));
		json_object_object_add(all, owned[i].name, row);
	}
	return all;
}
