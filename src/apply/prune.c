/*
 * prune.c - generations beyond those that are kept, keys first of all.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "named.h"

/* In force, named by somebody, or kept for a reason of the caller's. */
static bool
is_needed(long id, long current, const long keep[2], const struct named *named)
{
	size_t i;

	for (i = 0; i < named->n; i++)
		if (named->v[i].id == id)
			return true;
	return id == current || id == keep[0] || id == keep[1];
}

static int
wipe(const struct conf *conf, long id, const char *file, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (generation_path(conf, id, file, path, err) == -1)
		return -1;
	return fsx_wipe_tree(path, err);
}

/* Of the first that wrote anything, the record, and main.cf and master.cf of
 * before it, stay; without its settings it is no history any more. */
static int
wipe_files(const struct conf *conf, long id, struct err *err)
{
	static const char *const stay[] = {
	    ".", "..", "meta.json", "main.cf.before", "master.cf.before"};
	char path[STATE_PATH_MAX];
	const struct dirent *e;
	size_t i, n = sizeof(stay) / sizeof(stay[0]);
	int rc = 0;
	DIR *d;

	if (generation_path(conf, id, NULL, path, err) == -1)
		return -1;
	if ((d = opendir(path)) == NULL)
		return err_sys(err, ERR_IO, "", "open %s", path);
	while ((e = readdir(d)) != NULL) {
		for (i = 0; i < n; i++)
			if (strcmp(e->d_name, stay[i]) == 0)
				break;
		if (i == n && wipe(conf, id, e->d_name, err) == -1)
			rc = -1;
	}
	closedir(d);
	return rc;
}

/* Failures are counted apart: a bad day must not push the good ones out. */
int
generation_prune(const struct conf *conf, const struct named *named,
    const long keep[2], struct err *err)
{
	struct json_object *meta;
	long *ids = NULL, current;
	size_t n = 0, i, seen[2] = {0, 0};
	bool failed, first;
	int rc = 0;

	if (generation_current(conf, &current, err) == -1 ||
	    generation_ids(conf, &ids, &n, err) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		meta = NULL;
		(void)generation_meta(conf, ids[i], &meta, NULL);
		failed =
		    strcmp(jsonx_path_str(meta, "outcome", ""), "failed") == 0;
		first = !failed && jsonx_path_int(meta, "origin") == ids[i];
		json_object_put(meta);
		if (seen[failed]++ < (size_t)conf->generations ||
		    is_needed(ids[i], current, keep, named))
			continue;
		if ((first ? wipe_files(conf, ids[i], err)
			   : wipe(conf, ids[i], NULL, err)) == -1)
			rc = -1;
	}
	free(ids);
	return rc;
}
