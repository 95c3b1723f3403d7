/*
 * originals.c - what a parameter was before the console took it over, and
 * what it made of it, so that it can be given back (PARAM_BACK).
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "param_row.h"
#include "postfix_int.h"

bool
param_given_back(
    const struct params_context *c, const struct param_row *p, struct want *w)
{
	if ((p->flags & PARAM_BACK) == 0 ||
	    (p->of & settings_managed(c->settings)) != 0)
		return false;
	want_original(c, p->name, w);
	return true;
}

static bool
is_kept(const struct params_context *c, const struct param_row *p,
    settings_mask managed)
{
	return ((p->flags & PARAM_BACK) != 0 && (p->of & managed) != 0) ||
	       (c->client_ca != NULL && strcmp(p->name, IN_CAFILE) == 0);
}

struct json_object *
params_originals(const struct params_context *c, struct json_object *wanted)
{
	settings_mask managed = settings_managed(c->settings);
	struct json_object *all = json_object_new_object(), *row, *known;
	const struct param_row *p;

	for (p = params; all != NULL && p < params + n_params; p++) {
		if (!is_kept(c, p, managed))
			continue;
		known = jsonx_member(c->originals, p->name);
		if (known != NULL && (c->leave & param_bit(p->name)) != 0) {
			json_object_object_add(
			    all, p->name, json_object_get(known));
			continue;
		}
		/* Given back, or not touched yet: it is somebody's own. */
		if (!json_object_object_get_ex(wanted, p->name, &row) ||
		    jsonx_len(row) == 2)
			continue;
		if ((row = json_object_new_object()) == NULL)
			break;
		json_object_object_add(row, "was",
		    json_object_get(known != NULL
					? jsonx_member(known, "was")
					: jsonx_member(c->current, p->name)));
		json_object_object_add(
		    row, "set", json_object_get(jsonx_member(wanted, p->name)));
		json_object_object_add(all, p->name, row);
	}
	return all;
}

void
params_forget(struct json_object *originals, settings_mask settings)
{
	const struct param_row *p;

	for (p = params; originals != NULL && p < params + n_params; p++)
		if ((p->flags & PARAM_BACK) != 0 && (p->of & settings) != 0)
			json_object_object_del(originals, p->name);
}
