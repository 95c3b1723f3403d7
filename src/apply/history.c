/*
 * history.c - generations as the screen and the API show them: GEN of ops.h.
 *
 * meta.json is the record; what is only for recovery (hashes) stays inside.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certname.h"
#include "jsonx.h"
#include "original.h"
#include "settings_table.h"

static const char *const brief[] = {"id", "at", "by", "from", "via", "note",
    "outcome", "apply", "postfix", "outage_ms", "summary", "names", "kind", "restored",
    "previous", NULL};
static const char *const result[] = {"outage_ms", "apply", "postfix", "steps",
    "probe", "hop", "changes", "findings", "job", NULL};

static void
copy_members(
    struct json_object *dst, struct json_object *src, const char *const *names)
{
	struct json_object *v;

	for (; *names != NULL; names++) {
		if (json_object_object_get_ex(src, *names, &v))
			json_object_object_add(dst, *names, json_object_get(v));
	}
}

/* "changed": the settings of "summary" as they were and as they are, where
 * the generation before is still kept; of a list, its number of entries. */
static void
put_changed(
    const struct conf *conf, struct json_object *gen, struct json_object *meta)
{
	struct json_object *list, *before = NULL, *row, *was;
	struct json_object *summary = jsonx_path(meta, "summary");
	const struct settings_field *f;
	size_t i;

	if (jsonx_path_int(meta, "previous") <= 0 ||
	    generation_meta(conf, (long)jsonx_path_int(meta, "previous"),
		&before, NULL) == -1 ||
	    (list = json_object_new_array()) == NULL)
		return;
	was = jsonx_path(before, "settings");
	for (i = 0; i < jsonx_len(summary); i++) {
		if ((f = settings_by_path(jsonx_str_at(summary, i))) == NULL ||
		    (row = json_object_new_object()) == NULL)
			continue;
		jsonx_put_str(row, "setting", f->path);
		json_object_object_add(
		    row, "before", json_object_get(settings_value(was, f)));
		json_object_object_add(row, "after",
		    json_object_get(settings_value(
			jsonx_path(meta, "settings"), f)));
		json_object_array_add(list, row);
	}
	json_object_object_add(gen, "changed", list);
	json_object_put(before);
}

/* The brief GEN of one meta.json. */
static struct json_object *
gen_brief(const struct conf *conf, struct json_object *meta, long current)
{
	struct json_object *gen, *v;
	int64_t id = 0;

	if ((gen = json_object_new_object()) == NULL)
		return NULL;
	copy_members(gen, meta, brief);
	put_changed(conf, gen, meta);
	if (json_object_object_get_ex(meta, "id", &v))
		id = json_object_get_int64(v);
	json_object_object_add(
	    gen, "in_force", json_object_new_boolean(id == current));
	if ((v = jsonx_path(meta, "error.code")) != NULL)
		json_object_object_add(gen, "error_code", json_object_get(v));
	if ((v = jsonx_path(meta, "error.step")) != NULL)
		json_object_object_add(gen, "error_step", json_object_get(v));
	if ((v = jsonx_path(meta, "certificate.leaf")) != NULL)
		jsonx_put_str(gen, "certificate_name", cert_name(v));
	if ((v = jsonx_path(meta, "certificate.sha256")) != NULL)
		json_object_object_add(
		    gen, "certificate_sha256", json_object_get(v));
	return gen;
}

int
generation_brief(const struct conf *conf, long id, struct json_object **gen,
    struct json_object **ret_meta, struct err *err)
{
	struct json_object *meta = NULL, *g;

	if (generation_meta(conf, id, &meta, err) == -1)
		return -1;
	if ((g = gen_brief(conf, meta, id)) == NULL) {
		json_object_put(meta);
		return err_set(err, ERR_NOMEM, "", "generation %ld", id);
	}
	*gen = g;
	*ret_meta = meta;
	return 0;
}

/* Not one that is being made, nor the first when it is only kept for what
 * stood before it. */
static bool
is_history(const struct conf *conf, long id, struct json_object *meta)
{
	const char *outcome = jsonx_path_str(meta, "outcome", "pending");
	char path[STATE_PATH_MAX];

	if (strcmp(outcome, "applied") != 0)
		return strcmp(outcome, "pending") != 0;
	return jsonx_path_int(meta, "origin") != id ||
	       (generation_path(conf, id, "settings.json", path, NULL) == 0 &&
		   access(path, F_OK) == 0);
}

int
generations_list(const struct conf *conf, size_t limit,
    struct json_object **array, struct err *err)
{
	struct json_object *list, *meta, *gen;
	long *ids = NULL, current;
	size_t n = 0, i;

	if (generation_current(conf, &current, err) == -1 ||
	    generation_ids(conf, &ids, &n, err) == -1)
		return -1;
	if ((list = json_object_new_array()) == NULL) {
		free(ids);
		return err_set(err, ERR_NOMEM, "", "list of generations");
	}
	for (i = 0; i < n && json_object_array_length(list) < limit; i++) {
		meta = NULL;
		/* One that is damaged or just being made is not history. */
		if (generation_meta(conf, ids[i], &meta, NULL) == -1)
			continue;
		if (is_history(conf, ids[i], meta) &&
		    (gen = gen_brief(conf, meta, current)) != NULL)
			json_object_array_add(list, gen);
		json_object_put(meta);
	}
	free(ids);
	*array = list;
	return 0;
}

struct json_object *
generations_original(const struct conf *conf)
{
	struct json_object *meta = NULL, *gen;
	long current;

	if (generation_current(conf, &current, NULL) == -1 || current == 0 ||
	    generation_meta(conf, current, &meta, NULL) == -1)
		return NULL;
	gen = original_brief(conf, current, meta);
	json_object_put(meta);
	return gen;
}

static int
get_original(const struct conf *conf, long current, struct json_object **ret,
    struct err *err)
{
	struct json_object *meta = NULL, *there;
	struct original o = {0};
	struct facts facts;
	int rc = -1;

	memset(&facts, 0, sizeof(facts));
	if ((there = generations_original(conf)) == NULL)
		return err_set(err, ERR_GEN_UNKNOWN, "id",
		    "nothing has been written that could be taken back");
	json_object_put(there);
	if (generation_meta(conf, current, &meta, err) == -1 ||
	    original_read(conf, current, meta, &o, err) == -1 ||
	    facts_get(conf, &facts, err) == -1)
		goto out;
	if ((*ret = original_gen(conf, &facts, &o)) == NULL)
		err_set(err, ERR_NOMEM, "", "generation 0");
	else
		rc = 0;
	if (rc == 0)
		json_object_object_add(
		    *ret, "result", json_object_new_object());
out:
	original_clear(&o);
	facts_clear(&facts);
	json_object_put(meta);
	return rc;
}

int
generation_get(
    const struct conf *conf, long id, struct json_object **ret, struct err *err)
{
	struct json_object *meta = NULL, *gen = NULL, *res = NULL, *v;
	struct settings s;
	long current;
	int rc = -1;

	settings_default(&s);
	if (generation_current(conf, &current, err) == -1)
		goto out;
	if (id == 0)
		return get_original(conf, current, ret, err);
	if (generation_meta(conf, id, &meta, err) == -1)
		goto out;
	if ((gen = gen_brief(conf, meta, current)) == NULL ||
	    (res = json_object_new_object()) == NULL) {
		err_set(err, ERR_NOMEM, "", "generation %ld", id);
		goto out;
	}
	copy_members(res, meta, result);
	json_object_object_add(gen, "result", res);
	/* A failed one has no more than the record, without the list. */
	if (generation_settings(conf, id, &s, NULL) == 0)
		json_object_object_add(gen, "settings", settings_to_json(&s));
	else if (json_object_object_get_ex(meta, "settings", &v))
		json_object_object_add(gen, "settings", json_object_get(v));
	if (json_object_object_get_ex(meta, "certificate", &v)) {
		cert_set_days_left(v, time(NULL));
		json_object_object_add(gen, "certificate", json_object_get(v));
	}
	if (json_object_object_get_ex(meta, "error", &v))
		json_object_object_add(gen, "error", json_object_get(v));
	*ret = gen;
	gen = NULL;
	rc = 0;
out:
	settings_clear(&s);
	json_object_put(gen);
	json_object_put(meta);
	return rc;
}
