/*
 * owned.c - what the console has written by a generation, and the settings in
 * force: what it has not written is as Postfix has it.
 */
#include "jsonx.h"
#include "state.h"

param_mask
generation_owned(struct json_object *meta)
{
	struct json_object *list;

	if (meta == NULL)
		return 0;
	/* A record of before there was such a list: all that it wanted. */
	if ((list = jsonx_path(meta, "owned")) == NULL)
		return PARAMS_ALL;
	return params_from_json(list);
}

void
settings_as_postfix(
    const struct facts *facts, param_mask owned, struct settings *s)
{
	const struct params_context c = {
	    .info = &facts->info, .current = facts->params};

	if (facts->params != NULL)
		(void)params_take(&c, ~owned, s);
}

int
settings_in_force(const struct conf *conf, const struct facts *facts, long id,
    struct json_object *meta, struct settings *ret, struct err *err)
{
	if (generation_settings(conf, id, ret, err) == -1)
		return -1;
	settings_as_postfix(facts, generation_owned(meta), ret);
	return 0;
}
