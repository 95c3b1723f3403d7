/*
 * generation.c - generations on disk: one directory each, never changed once
 * it is in force.
 *
 * generations/gen-N/ holds inbound.pem (key and chain, 0600), settings.json,
 * main.cf.before and meta.json.  "current" names the one in force; it is a
 * file of its own because main.cf need not name a generation at all (inbound
 * off, no certificate stored).
 * A directory without meta.json, or with outcome "pending" and no journal, is
 * what a crash left before the switch; the sweep removes it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsx.h"
#include "jsonx.h"
#include "state.h"

#define ID_MAX 1000000000L

long
generation_number(const char *s, const char **ret_rest)
{
	char *rest;
	long id;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	id = strtol(s, &rest, 10);
	*ret_rest = rest;
	return errno == 0 && id <= ID_MAX ? id : -1;
}

int
generation_path(const struct conf *conf, long id, const char *file,
    char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(dst, STATE_PATH_MAX, err, "%s/generations/gen-%ld%s%s",
	    conf->state_directory, id, file == NULL ? "" : "/",
	    file == NULL ? "" : file);
}

int
generation_current(const struct conf *conf, long *ret_id, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;
	struct buf b;
	const char *rest;
	long id;
	int rc = -1;

	buf_init(&b, 64);
	if (fsx_path(path, sizeof(path), err, "%s/current",
		conf->state_directory) == -1)
		goto out;
	if (fsx_read(path, 64, &b, &cause) == -1) {
		if ((rc = fsx_missing(&cause, err)) == 0)
			*ret_id = 0;
		goto out;
	}
	id = generation_number(b.data, &rest);
	if (id == -1 || rest + 1 != b.data + b.len || *rest != '\n') {
		err_set(err, ERR_IO, "", "%.150s is damaged", path);
		goto out;
	}
	*ret_id = id;
	rc = 0;
out:
	buf_clear(&b);
	return rc;
}

int
generation_set_current(const struct conf *conf, long id, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	char path[STATE_PATH_MAX], line[32];
	int n;

	if (fsx_path(path, sizeof(path), err, "%s/current",
		conf->state_directory) == -1)
		return -1;
	if (id == 0)
		return fsx_unlink(path, err);
	n = snprintf(line, sizeof(line), "%ld\n", id);
	return fsx_replace(path, line, (size_t)n, &attr, err);
}

static int
newest_first(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x < y) - (x > y);
}

static int
ids_add(long **ids, size_t *n, size_t *cap, long id)
{
	long *grown;

	if (*n == *cap) {
		grown = reallocarray(*ids, *cap + 64, sizeof(**ids));
		if (grown == NULL)
			return -1;
		*ids = grown;
		*cap += 64;
	}
	(*ids)[(*n)++] = id;
	return 0;
}

int
generation_ids(
    const struct conf *conf, long **ret_ids, size_t *ret_n, struct err *err)
{
	char path[STATE_PATH_MAX];
	const char *rest;
	const struct dirent *e;
	long *ids = NULL, id;
	size_t n = 0, cap = 0;
	DIR *d = NULL;
	int rc = -1;

	if (fsx_path(path, sizeof(path), err, "%s/generations",
		conf->state_directory) == -1)
		return -1;
	if ((d = opendir(path)) == NULL) {
		err_sys(err, ERR_IO, "", "open %s", path);
		goto out;
	}
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, "gen-", 4) != 0 ||
		    (id = generation_number(e->d_name + 4, &rest)) <= 0 ||
		    *rest != '\0')
			continue;
		if (ids_add(&ids, &n, &cap, id) == -1) {
			err_set(err, ERR_NOMEM, "", "no memory for %s", path);
			goto out;
		}
	}
	if (n > 0)
		qsort(ids, n, sizeof(*ids), newest_first);
	*ret_ids = ids;
	*ret_n = n;
	ids = NULL;
	rc = 0;
out:
	if (d != NULL)
		closedir(d);
	free(ids);
	return rc;
}

int
generation_next(const struct conf *conf, long *ret_id, struct err *err)
{
	long *ids = NULL, current;
	size_t n = 0;

	if (generation_current(conf, &current, err) == -1 ||
	    generation_ids(conf, &ids, &n, err) == -1)
		return -1;
	*ret_id = 1 + (n > 0 && ids[0] > current ? ids[0] : current);
	free(ids);
	return 0;
}

int
generation_meta(
    const struct conf *conf, long id, struct json_object **ret, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	if (id <= 0 || id > ID_MAX)
		return err_set(err, ERR_GEN_UNKNOWN, "id",
		    "there is no generation %ld", id);
	if (generation_path(conf, id, "meta.json", path, err) == -1)
		return -1;
	if (jsonx_file_read(path, ret, &cause) == 0)
		return 0;
	return fsx_missing(&cause, err) == -1
		   ? -1
		   : err_set(err, ERR_GEN_UNKNOWN, "id",
			 "there is no generation %ld", id);
}

int
generation_set_meta(
    const struct conf *conf, long id, struct json_object *meta, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (generation_path(conf, id, "meta.json", path, err) == -1)
		return -1;
	return jsonx_file_write(path, meta, err);
}

/* What reads these directories has to know: 1. */
#define FORMAT 1

struct json_object *
generation_record(struct json_object *settings)
{
	if (settings != NULL && json_object_object_add(settings, "format",
				    json_object_new_int(FORMAT)) != 0) {
		json_object_put(settings);
		return NULL;
	}
	return settings;
}

/* Those of before there was a number are of the first. */
static int
check_format(long id, struct json_object *obj, struct err *err)
{
	int64_t format = jsonx_path(obj, "format") == NULL
			     ? FORMAT
			     : jsonx_path_int(obj, "format");

	if (format != FORMAT)
		return err_set(err, ERR_CONFIG, "",
		    "generation %ld has format %lld, this program knows %d: it "
		    "is of a newer Postseal",
		    id, (long long)format, FORMAT);
	if (jsonx_path(obj, "format") != NULL)
		json_object_object_del(obj, "format");
	return 0;
}

int
generation_settings(
    const struct conf *conf, long id, struct settings *ret, struct err *err)
{
	struct json_object *obj = NULL;
	char path[STATE_PATH_MAX];
	struct settings s;
	int rc = 0;

	settings_default(&s);
	if (id != 0) {
		if (generation_path(conf, id, "settings.json", path, err) ==
			-1 ||
		    jsonx_file_read(path, &obj, err) == -1)
			return -1;
		rc = check_format(id, obj, err);
		if (rc == 0)
			rc = settings_from_json(&s, obj, err);
		json_object_put(obj);
	}
	if (rc == 0 && settings_copy(ret, &s) == -1)
		rc = err_set(err, ERR_NOMEM, "", "settings");
	settings_clear(&s);
	return rc;
}

/*
 * The key must be gone whatever happens to the record: wipe all, then write
 * the record anew.
 */
int
generation_fail(
    const struct conf *conf, long id, struct json_object *meta, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (generation_path(conf, id, NULL, path, err) == -1 ||
	    fsx_wipe_tree(path, err) == -1 || fsx_mkdir(path, 0700, err) == -1)
		return -1;
	return generation_set_meta(conf, id, meta, err);
}

/* Directories of the state directory that live only within one apply. */
static int
sweep_scratch(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	const struct dirent *e;
	DIR *d;
	int rc = 0;

	if ((d = opendir(conf->state_directory)) == NULL)
		return err_sys(
		    err, ERR_IO, "", "open %s", conf->state_directory);
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, "scratch-", 8) != 0)
			continue;
		if (fsx_path(path, sizeof(path), err, "%s/%s",
			conf->state_directory, e->d_name) == -1 ||
		    fsx_wipe_tree(path, err) == -1)
			rc = -1;
	}
	closedir(d);
	return rc;
}

static bool
has_outcome(const struct conf *conf, long id)
{
	struct json_object *meta = NULL;
	bool yes;

	if (generation_meta(conf, id, &meta, NULL) == -1)
		return false;
	yes =
	    strcmp(jsonx_path_str(meta, "outcome", "pending"), "pending") != 0;
	json_object_put(meta);
	return yes;
}

int
generation_sweep(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	long *ids = NULL, current;
	size_t n = 0, i;
	int rc;

	if (generation_current(conf, &current, err) == -1 ||
	    generation_ids(conf, &ids, &n, err) == -1)
		return -1;
	rc = sweep_scratch(conf, err);
	for (i = 0; i < n; i++) {
		if (ids[i] == current || has_outcome(conf, ids[i]))
			continue;
		if (generation_path(conf, ids[i], NULL, path, err) == -1 ||
		    fsx_wipe_tree(path, err) == -1)
			rc = -1;
	}
	free(ids);
	return rc;
}

static int
days_between(const char *iso, time_t now, int *ret)
{
	struct tm tm;
	time_t at;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(iso, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0' || (at = timegm(&tm)) == (time_t)-1)
		return -1;
	/* Whole days left; the day it ended counts as -1. */
	*ret = (int)((at - now) / 86400) - (at < now ? 1 : 0);
	return 0;
}

void
cert_set_days_left(struct json_object *obj, time_t now)
{
	struct json_object *v;
	size_t i, n;
	int days;

	if (json_object_is_type(obj, json_type_array)) {
		n = json_object_array_length(obj);
		for (i = 0; i < n; i++)
			cert_set_days_left(
			    json_object_array_get_idx(obj, i), now);
		return;
	}
	if (!json_object_is_type(obj, json_type_object))
		return;
	json_object_object_foreach (obj, key, val) {
		(void)key;
		cert_set_days_left(val, now);
	}
	if (json_object_object_get_ex(obj, "days_left", NULL) &&
	    json_object_object_get_ex(obj, "not_after", &v) &&
	    days_between(json_object_get_string(v), now, &days) == 0)
		json_object_object_add(
		    obj, "days_left", json_object_new_int(days));
}
