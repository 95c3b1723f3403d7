/*
 * original.c - what stood before the console wrote anything.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "levels.h"
#include "original.h"

/* Names that are not older ones of others. */
static param_mask
current_names(void)
{
	const param_mask heirs =
	    param_bit(IN_LEVEL) | param_bit(IN_CHAIN) | param_bit(OUT_LEVEL);

	return params_without_orphans(PARAMS_ALL & ~heirs) | heirs;
}

/* An older name that the console keeps away is its own only where it was
 * there: one that somebody has set since is theirs. */
param_mask
original_written(struct json_object *meta)
{
	struct json_object *list;
	param_mask mask = generation_owned(meta);
	size_t i;

	if (meta == NULL)
		return 0;
	mask &= current_names();
	if ((list = jsonx_path(meta, "written")) != NULL)
		return mask | params_from_json(list);
	/* A record of before there was such a list. */
	list = jsonx_path(meta, "changes");
	for (i = 0; i < jsonx_len(list); i++)
		mask |= param_bit(jsonx_path_str(
		    json_object_array_get_idx(list, i), "parameter", ""));
	return mask;
}

static bool
is_applied(struct json_object *meta)
{
	return strcmp(jsonx_path_str(meta, "outcome", ""), "applied") == 0;
}

static bool
has_file(const struct conf *conf, long id, const char *name)
{
	char path[STATE_PATH_MAX];

	return generation_path(conf, id, name, path, NULL) == 0 &&
	       access(path, R_OK) == 0;
}

/* By an older version: the newest up to id that nothing was in force before,
 * if its main.cf.before is still there. */
static int
guess(const struct conf *conf, long id, long *ret, struct err *err)
{
	struct json_object *meta;
	long *ids = NULL;
	size_t n = 0, i;
	bool found = false;

	if (generation_ids(conf, &ids, &n, err) == -1)
		return -1;
	for (i = 0; i < n && !found; i++) {
		meta = NULL;
		if (ids[i] > id ||
		    generation_meta(conf, ids[i], &meta, NULL) == -1)
			continue;
		found = is_applied(meta) &&
			jsonx_path_int(meta, "previous") == 0 &&
			has_file(conf, ids[i], "main.cf.before");
		json_object_put(meta);
		*ret = ids[i];
	}
	free(ids);
	return found ? 0
		     : err_set(err, ERR_GEN_NOT_RESTORABLE, "id",
			   "main.cf of before the first generation is gone");
}

int
original_id(const struct conf *conf, long id, struct json_object *meta,
    long *ret, struct err *err)
{
	int64_t origin = jsonx_path_int(meta, "origin");

	*ret = 0;
	if (original_written(meta) == 0)
		return 0;
	if (origin <= 0)
		return guess(conf, id, ret, err);
	*ret = (long)origin;
	return 0;
}

/* master.cf of an older version lies where it was first touched. */
static int
read_master(
    const struct conf *conf, long from, long to, struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];

	for (; from <= to; from++)
		if (has_file(conf, from, "master.cf.before"))
			return generation_path(conf, from, "master.cf.before",
				   path, err) == -1
				   ? -1
				   : fsx_read(path, MAINCF_MAX, b, err);
	/* Never touched: it is what it was. */
	if (fsx_path(path, sizeof(path), err, "%s/master.cf",
		conf->config_directory) == -1)
		return -1;
	return fsx_read(path, MAINCF_MAX, b, err);
}

static int
ask(const struct conf *conf, const char *dir, struct original *o,
    struct err *err)
{
	struct conf copy = *conf;
	struct postfix_info info;

	if (fsx_mkdir(dir, 0700, err) == -1 ||
	    state_scratch(conf, dir, "main.cf", &o->main_cf, err) == -1 ||
	    state_scratch(conf, dir, "master.cf", &o->master_cf, err) == -1 ||
	    fsx_path(copy.config_directory, sizeof(copy.config_directory), err,
		"%s", dir) == -1 ||
	    postfix_info_read(&copy, NULL, &info, err) == -1 ||
	    postfix_usable(&info, err) == -1 ||
	    params_read(&copy, &o->values, err) == -1)
		return -1;
	return params_add_master(o->values, &info) == -1
		   ? err_set(err, ERR_NOMEM, "", "parameters")
		   : 0;
}

int
original_read(const struct conf *conf, long id, struct json_object *meta,
    struct original *ret, struct err *err)
{
	char path[STATE_PATH_MAX], dir[STATE_PATH_MAX];
	int rc = -1;

	memset(ret, 0, sizeof(*ret));
	buf_init(&ret->main_cf, MAINCF_MAX);
	buf_init(&ret->master_cf, MAINCF_MAX);
	if (original_id(conf, id, meta, &ret->id, err) == -1)
		return -1;
	if (ret->id == 0)
		return 0;
	ret->written = original_written(meta);
	if (generation_path(conf, ret->id, "main.cf.before", path, err) == -1)
		return -1;
	if (!has_file(conf, ret->id, "main.cf.before"))
		return err_set(
		    err, ERR_GEN_NOT_RESTORABLE, "id", "%.150s is gone", path);
	if (fsx_read(path, MAINCF_MAX, &ret->main_cf, err) == -1 ||
	    read_master(conf, ret->id, id, &ret->master_cf, err) == -1 ||
	    fsx_path(dir, sizeof(dir), err, "%s/scratch-original-%ld",
		conf->state_directory, (long)getpid()) == -1)
		return -1;
	rc = ask(conf, dir, ret, err);
	(void)fsx_wipe_tree(dir, NULL);
	return rc;
}

void
original_clear(struct original *o)
{
	buf_clear(&o->main_cf);
	buf_clear(&o->master_cf);
	json_object_put(o->values);
	o->values = NULL;
}

/* A column of master.cf cannot be unset. */
struct json_object *
original_pick(struct json_object *values, param_mask mask)
{
	struct json_object *names = params_to_json(mask), *o, *v;
	const char *name;
	size_t i;

	o = names == NULL ? NULL : json_object_new_object();
	for (i = 0; o != NULL && i < jsonx_len(names); i++) {
		name = jsonx_str_at(names, i);
		v = jsonx_member(values, name);
		if (v != NULL || !param_in_master(name))
			json_object_object_add(o, name, json_object_get(v));
	}
	json_object_put(names);
	return o;
}

static struct json_object *
gen_of(const struct conf *conf, long first)
{
	struct json_object *o = json_object_new_object(), *meta = NULL;

	if (o == NULL)
		return NULL;
	(void)generation_meta(conf, first, &meta, NULL);
	jsonx_put_int(o, "id", 0);
	jsonx_put_str(o, "at", jsonx_path_str(meta, "at", ""));
	jsonx_put_str(o, "by", "");
	jsonx_put_str(o, "outcome", "applied");
	jsonx_put_str(o, "kind", "original");
	jsonx_put_int(o, "first", first);
	jsonx_put_bool(o, "in_force", false);
	json_object_put(meta);
	return o;
}

struct json_object *
original_brief(const struct conf *conf, long id, struct json_object *meta)
{
	long first;

	if (original_id(conf, id, meta, &first, NULL) == -1 || first == 0 ||
	    !has_file(conf, first, "main.cf.before"))
		return NULL;
	return gen_of(conf, first);
}

struct json_object *
original_gen(const struct conf *conf, const struct facts *facts,
    const struct original *o)
{
	struct facts then = *facts;
	const struct params_context c = {
	    .info = &facts->info, .current = o->values};
	struct json_object *gen = gen_of(conf, o->id), *cert = NULL;
	struct settings s;

	if (gen == NULL)
		return NULL;
	settings_default(&s);
	(void)params_take(&c, PARAMS_ALL, &s);
	json_object_object_add(gen, "settings", settings_to_json(&s));
	settings_clear(&s);
	then.params = o->values;
	if (params_own_certificate(o->values))
		(void)standing_certificate(
		    conf, &then, CERT_INBOUND, &cert, NULL);
	json_object_object_add(gen, "certificate", cert);
	return gen;
}
