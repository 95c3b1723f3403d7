/*
 * gen_file.c - the table of a generation's files.
 */
#include <json-c/json.h>

#include "fsx.h"
#include "gen_file.h"
#include "jsonx.h"
#include "params.h"

static bool
has_chain(const struct settings *s, struct json_object *meta)
{
	return json_object_is_type(
	    jsonx_path(meta, "certificate"), json_type_object);
}

static bool
has_access(const struct settings *s, struct json_object *meta)
{
	return s->access_policy != SETTING_KEEP;
}

const struct gen_file_row gen_files[GEN_FILE__MAX] = {
    [GEN_CHAIN] = {"inbound.pem", "chain_sha256", has_chain},
    [GEN_ACCESS] = {"access.cidr", "access_sha256", has_access},
};

int
gen_paths(
    const struct conf *conf, long id, struct gen_paths *ret, struct err *err)
{
	int i;

	for (i = 0; i < GEN_FILE__MAX; i++)
		if (generation_path(
			conf, id, gen_files[i].name, ret->v[i], err) == -1)
			return -1;
	return 0;
}

void
gen_paths_use(
    const struct gen_paths *p, bool has_chain_file, struct params_context *c)
{
	c->chain_file = has_chain_file ? p->v[GEN_CHAIN] : NULL;
	c->access_file = p->v[GEN_ACCESS];
}

int
generation_chain(
    const struct conf *conf, long id, struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	if (id == 0)
		return 0;
	if (generation_path(conf, id, gen_files[GEN_CHAIN].name, path, err) ==
	    -1)
		return -1;
	if (fsx_read(path, b->max, b, &cause) == 0 || fsx_missing(&cause))
		return 0;
	if (err != NULL)
		*err = cause;
	return -1;
}
