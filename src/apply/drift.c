/*
 * drift.c - where main.cf says something else than the generation in force.
 *
 * With a generation in force, every difference counts in what the console
 * has written; what it never wrote is Postfix's own.  Without one the
 * console has promised nothing yet: only what somebody set by hand counts, so
 * that a fresh Postfix with its defaults is not called drifted.
 * A chain file that is missing, changed or open to others is drift too:
 * Postfix would run TLS with another certificate, or without (POSTFIX.md 1.3).
 */
#include <sys/stat.h>
#include <unistd.h>
#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "fsx.h"
#include "gen_file.h"
#include "jsonx.h"
#include "state.h"

#define GEN_FILE_MAX (2 * 1024 * 1024) /* the access map is the largest */

static int
drift_add(struct json_object *list, const char *parameter, const char *expected,
    const char *actual)
{
	struct json_object *row;

	if ((row = json_object_new_object()) == NULL)
		return -1;
	json_object_object_add(
	    row, "parameter", json_object_new_string(parameter));
	json_object_object_add(row, "expected",
	    expected == NULL ? NULL : json_object_new_string(expected));
	json_object_object_add(row, "actual",
	    actual == NULL ? NULL : json_object_new_string(actual));
	return json_object_array_add(list, row);
}

/* Is the file there, root's alone, and as it was written? */
static int
drift_file(struct json_object *list, const char *path, const char *want)
{
	char is[SHA256_HEX], rights[64];
	struct stat st;
	struct buf b;
	int rc = 0;

	if (lstat(path, &st) == -1)
		return drift_add(list, path, "0600 root", NULL);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600 ||
	    st.st_uid != geteuid()) {
		(void)snprintf(rights, sizeof(rights), "%04o uid %lu",
		    (unsigned)(st.st_mode & 07777), (unsigned long)st.st_uid);
		rc = drift_add(list, path, "0600 root", rights);
	}
	buf_init(&b, GEN_FILE_MAX);
	if (rc == 0 && want != NULL) {
		if (fsx_read(path, GEN_FILE_MAX, &b, NULL) == -1 ||
		    sha256_hex(b.data == NULL ? "" : b.data, b.len, is) == -1)
			rc = drift_add(list, path, want, NULL);
		else if (strcmp(is, want) != 0)
			rc = drift_add(list, path, want, is);
	}
	buf_clear(&b);
	return rc;
}

/* The parameters that would be written now. */
static int
drift_plan(const struct conf *conf, const struct facts *facts, long id,
    const struct settings *settings, struct json_object *meta,
    const struct certs *certs, struct param_plan *plan, struct err *err)
{
	struct params_context c = {.settings = settings,
	    .info = &facts->info,
	    .current = facts->params,
	    .originals = jsonx_path(meta, "originals"),
	    .owned = generation_owned(meta)};
	struct gen_paths paths;

	if (gen_paths(conf, id, &paths, err) == -1)
		return -1;
	gen_paths_use(&paths, certs, &c);
	c.leave = ~c.owned;
	return params_plan_all(&c, plan, err);
}

static int
drift_files(const struct conf *conf, long id, const struct settings *settings,
    struct json_object *meta, const struct certs *certs,
    struct json_object *list)
{
	struct gen_paths paths;
	char path[STATE_PATH_MAX];
	const struct cert *c;
	size_t i;

	if (gen_paths(conf, id, &paths, NULL) == -1)
		return -1;
	for (i = 0; i < certs->n; i++) {
		c = &certs->v[i];
		if (c->file[0] != '\0' &&
		    (generation_path(conf, id, c->file, path, NULL) == -1 ||
			drift_file(list, path,
			    c->sha256[0] == '\0' ? NULL : c->sha256) == -1))
			return -1;
	}
	for (i = 0; i < GEN_FILE__MAX; i++)
		if (gen_files[i].has(settings, certs) &&
		    drift_file(list, paths.v[i],
			jsonx_path_str(meta, gen_files[i].record, NULL)) == -1)
			return -1;
	return 0;
}

int
drift_find(const struct conf *conf, const struct facts *facts, long id,
    const struct settings *settings, struct json_object *meta,
    struct json_object **ret_array, struct err *err)
{
	struct param_plan plan = {NULL, 0};
	struct json_object *list;
	struct certs certs = {NULL, 0};
	size_t i;
	int rc = -1;

	if ((list = json_object_new_array()) == NULL ||
	    certs_init(&certs) == -1) {
		err_set(err, ERR_NOMEM, "", "drift");
		goto out;
	}
	if (id == 0 || facts->info.kind != POSTFIX_OK ||
	    facts->params == NULL) {
		rc = 0;
		goto out;
	}
	if (certs_of_meta(&certs, meta, err) == -1 ||
	    drift_plan(conf, facts, id, settings, meta, &certs, &plan, err) ==
		-1)
		goto out;
	for (i = 0; i < plan.n; i++) {
		if (drift_add(list, plan.v[i].name, plan.v[i].after,
			plan.v[i].before) == -1) {
			err_set(err, ERR_NOMEM, "", "drift");
			goto out;
		}
	}
	if (drift_files(conf, id, settings, meta, &certs, list) == -1) {
		err_set(err, ERR_NOMEM, "", "drift");
		goto out;
	}
	rc = 0;
out:
	param_plan_clear(&plan);
	certs_clear(&certs);
	if (rc == 0)
		*ret_array = list;
	else
		json_object_put(list);
	return rc;
}
