/*
 * param_mask.c - sets of managed parameters.
 */
#include <string.h>

#include "jsonx.h"
#include "param_row.h"
#include "postfix_int.h"

#define BIT(i) ((param_mask)1 << (i))

param_mask
params_of(settings_mask settings)
{
	param_mask mask = 0;
	size_t i;

	for (i = 0; i < n_params; i++)
		if ((params[i].of & settings) != 0)
			mask |= BIT(i);
	return mask;
}

param_mask
params_marked(unsigned flags)
{
	param_mask mask = 0;
	size_t i;

	for (i = 0; i < n_params; i++)
		if ((params[i].flags & flags) != 0)
			mask |= BIT(i);
	return mask;
}

param_mask
param_bit(const char *name)
{
	const struct param_row *row = param_find(name);

	return row == NULL ? 0 : BIT(row - params);
}

settings_mask
param_settings(const char *name)
{
	const struct param_row *row = param_find(name);

	return row == NULL ? 0 : row->of;
}

settings_mask
params_say(param_mask mask)
{
	settings_mask said = 0;
	size_t i;

	for (i = 0; i < n_params; i++)
		if ((mask & BIT(i)) != 0 && params[i].from != NULL)
			said |= params[i].of;
	return said;
}

param_mask
params_without_orphans(param_mask mask)
{
	size_t i;

	for (i = 0; i < n_params; i++)
		if (params[i].replaced_by != NULL &&
		    (mask & param_bit(params[i].replaced_by)) == 0)
			mask &= ~BIT(i);
	return mask;
}

struct json_object *
params_to_json(param_mask mask)
{
	struct json_object *list, *v;
	size_t i;

	if ((list = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < n_params; i++) {
		if ((mask & BIT(i)) == 0)
			continue;
		v = json_object_new_string(params[i].name);
		if (v == NULL || json_object_array_add(list, v) != 0) {
			json_object_put(v);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

param_mask
params_from_json(struct json_object *list)
{
	param_mask mask = 0;
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		mask |= param_bit(jsonx_str_at(list, i));
	return mask;
}

/* A wish that holds over one value alone gives something back. */
param_mask
params_owned(const struct params_context *c, struct json_object *wanted)
{
	param_mask mask = c->owned & c->leave;
	struct json_object *v;
	size_t i;

	for (i = 0; i < n_params; i++)
		if ((c->leave & BIT(i)) == 0 &&
		    json_object_object_get_ex(wanted, params[i].name, &v) &&
		    jsonx_len(v) != 2)
			mask |= BIT(i);
	return mask;
}
