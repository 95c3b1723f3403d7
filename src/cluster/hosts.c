/*
 * hosts.c - console: the hosts that are enrolled.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "host.h"
#include "jsonx.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp(json_object_get_string(*(struct json_object *const *)a),
	    json_object_get_string(*(struct json_object *const *)b));
}

int
cluster_hosts(
    const struct conf *conf, struct json_object **ret, struct err *err)
{
	char path[STATE_PATH_MAX], name[BUNDLE_NAME_MAX + 1];
	struct json_object *list;
	const struct dirent *e;
	size_t n;
	DIR *d;

	if (!cluster_on(conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	if (cluster_path(conf, "hosts", path, sizeof(path), err) == -1)
		return -1;
	if ((d = opendir(path)) == NULL)
		return err_sys(err, ERR_IO, "", "open %s", path);
	list = json_object_new_array();
	while ((e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (n < 5 || n - 4 > BUNDLE_NAME_MAX ||
		    strcmp(e->d_name + n - 4, ".pem") != 0)
			continue;
		memcpy(name, e->d_name, n - 4);
		name[n - 4] = '\0';
		if (bundle_name_valid(name))
			json_object_array_add(
			    list, json_object_new_string(name));
	}
	closedir(d);
	json_object_array_sort(list, by_name);
	*ret = list;
	return 0;
}

static int
host_file(const char *name, char *dst, size_t size, struct err *err)
{
	if (!bundle_name_valid(name))
		return err_set(err, ERR_SCANNER_UNKNOWN, "name",
		    "a name has 1 to %d of a-z 0-9 . - _", BUNDLE_NAME_MAX);
	(void)snprintf(dst, size, "hosts/%s.pem", name);
	return 0;
}

int
cluster_host_cert(
    const struct conf *conf, const char *name, struct buf *pem, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16];
	struct err cause;

	if (host_file(name, file, sizeof(file), err) == -1)
		return -1;
	if (cluster_pem_read(conf, file, pem, &cause) == 0)
		return 0;
	return fsx_missing(&cause, err) == -1
		   ? -1
		   : err_set(err, ERR_SCANNER_UNKNOWN, "name",
			 "%s is not enrolled", name);
}

static int
need_console(const struct conf *conf, struct cluster_state *s, struct err *err)
{
	if (cluster_state_read(conf, s, err) == -1)
		return -1;
	if (!conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "",
		    "this host is no console of the cluster");
	return 0;
}

/* What the scanner needs to believe this console. */
static int
join_make(const struct conf *conf, const struct cluster_state *s,
    const char *name, struct json_object **join, struct err *err)
{
	char sha256[SHA256_HEX];
	struct json_object *o;
	struct buf pem;
	int rc;

	buf_init(&pem, BUNDLE_PEM_MAX);
	if ((rc = cluster_identity(conf, &pem, sha256, err)) == 0) {
		o = json_object_new_object();
		json_object_object_add(
		    o, "cluster", json_object_new_string(s->id));
		json_object_object_add(
		    o, "scanner", json_object_new_string(name));
		json_object_object_add(
		    o, "console", json_object_new_string(conf->cluster_name));
		json_object_object_add(
		    o, "certificate", json_object_new_string(pem.data));
		*join = o;
	}
	buf_clear(&pem);
	return rc;
}

static int
check_room(const struct conf *conf, struct err *err)
{
	struct json_object *names = NULL;
	size_t n;

	if (cluster_hosts(conf, &names, err) == -1)
		return -1;
	n = json_object_array_length(names);
	json_object_put(names);
	return n < CLUSTER_HOSTS_MAX
		   ? 0
		   : err_set(err, ERR_SCANNER_IDENTITY, "name",
			 "at most %d scanners", CLUSTER_HOSTS_MAX);
}

int
cluster_enrol(const struct conf *conf, const char *name, const char *pem,
    struct json_object **join, struct err *err)
{
	const struct pki_bytes b = {pem, strlen(pem)};
	char file[BUNDLE_NAME_MAX + 16], sha256[SHA256_HEX];
	struct cluster_state s;
	struct buf clean;
	int rc = -1;

	buf_init(&clean, BUNDLE_PEM_MAX);
	if (need_console(conf, &s, err) == 0 &&
	    host_file(name, file, sizeof(file), err) == 0 &&
	    bundle_identity_check(&b, &clean, sha256, err) == 0 &&
	    check_room(conf, err) == 0)
		rc = cluster_pem_write(conf, file, clean.data, clean.len, err);
	buf_clear(&clean);
	if (rc == -1)
		return -1;
	cluster_removed_forget(conf, name);
	return join_make(conf, &s, name, join, err);
}

int
cluster_remove(const struct conf *conf, const char *name, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16], path[STATE_PATH_MAX];
	struct cluster_state s;
	struct buf pem;
	int rc;

	if (strcmp(name, conf->cluster_name) == 0)
		return err_set(err, ERR_SCANNER_UNKNOWN, "name",
		    "the console itself stays enrolled");
	if (need_console(conf, &s, err) == -1)
		return -1;
	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = cluster_host_cert(conf, name, &pem, err);
	buf_clear(&pem);
	if (rc == -1 || host_file(name, file, sizeof(file), err) == -1 ||
	    cluster_path(conf, file, path, sizeof(path), err) == -1 ||
	    fsx_unlink(path, err) == -1)
		return -1;
	cluster_removed_note(conf, name);
	return 0;
}
