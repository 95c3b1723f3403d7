/*
 * params_take.c - settings as Postfix has them, by the rows of params.c, and
 * what settings have no words for.
 */
#include <string.h>

#include "jsonx.h"
#include "levels.h"
#include "param_row.h"
#include "postfix_int.h"

#define BIT(i) ((param_mask)1 << (i))

static const char *
value_now(const struct params_context *c, const char *name)
{
	return jsonx_path_str(c->current, name, "");
}

param_mask
params_take(const struct params_context *c, param_mask rows, struct settings *s)
{
	param_mask unsaid = 0;
	size_t i;

	for (i = 0; i < n_params; i++)
		if ((rows & BIT(i)) != 0 && params[i].from != NULL &&
		    !params[i].from(c, s))
			unsaid |= BIT(i);
	return unsaid;
}

static int
own_add(struct json_object *list, const char *name, const char *value)
{
	struct json_object *row = json_object_new_object();

	if (row == NULL || json_object_array_add(list, row) != 0) {
		json_object_put(row);
		return -1;
	}
	jsonx_put_str(row, "parameter", name);
	jsonx_put_str(row, "value", value);
	return 0;
}

/* A value counts under the name that sets it, which may be an older one. */
static const char *
own_name(const struct params_context *c, size_t i)
{
	struct tls_level now;

	if (strcmp(params[i].name, OUT_CHAIN) == 0 &&
	    value_now(c, OUT_CHAIN)[0] == '\0')
		return OUT_CERT;
	if (strcmp(params[i].name, IN_LEVEL) != 0 &&
	    strcmp(params[i].name, OUT_LEVEL) != 0)
		return params[i].name;
	level_read(c->current,
	    strcmp(params[i].name, IN_LEVEL) == 0 ? TLS_INBOUND : TLS_OUTBOUND,
	    &now);
	return now.parameter;
}

struct json_object *
params_own(const struct params_context *c)
{
	struct json_object *list = json_object_new_array();
	struct settings scratch;
	param_mask unsaid;
	const char *name, *v;
	size_t i;

	if (list == NULL || c->current == NULL)
		return list;
	settings_default(&scratch);
	unsaid =
	    params_take(c, PARAMS_ALL & ~params_marked(PARAM_FACTS), &scratch);
	for (i = 0; i < n_params; i++) {
		if ((unsaid & BIT(i)) == 0)
			continue;
		name = own_name(c, i);
		if (own_add(list, name, value_now(c, name)) == -1)
			goto fail;
	}
	for (i = 0; params_looked_at[i] != NULL; i++) {
		v = value_now(c, params_looked_at[i]);
		if (v[0] != '\0' && own_add(list, params_looked_at[i], v) == -1)
			goto fail;
	}
	return list;
fail:
	json_object_put(list);
	return NULL;
}
