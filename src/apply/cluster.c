/*
 * cluster.c - files of cluster/: state, identity, enrolled hosts, trust.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "fsx.h"
#include "jsonx.h"
#include "state.h"

bool
cluster_on(const struct conf *conf)
{
	return conf->cluster_name[0] != '\0';
}

int
cluster_path(const struct conf *conf, const char *file, char *dst, size_t size,
    struct err *err)
{
	return fsx_path(
	    dst, size, err, "%s/cluster/%s", conf->state_directory, file);
}

int
cluster_file_read(const struct conf *conf, const char *file,
    struct json_object **ret, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	*ret = NULL;
	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	if (jsonx_file_read(path, ret, &cause) == 0 || fsx_missing(&cause))
		return 0;
	if (err != NULL)
		*err = cause;
	return -1;
}

int
cluster_file_write(const struct conf *conf, const char *file,
    struct json_object *obj, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	if (obj == NULL)
		return fsx_unlink(path, err);
	return jsonx_file_write(path, obj, err);
}

static int
pem_write(const struct conf *conf, const char *file, const void *data,
    size_t len, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return fsx_replace(path, data, len, &attr, err);
}

static int
pem_read(
    const struct conf *conf, const char *file, struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return fsx_read(path, b->max, b, err);
}

static int
identity_make(const struct conf *conf, struct err *err)
{
	struct buf key, cert;
	int rc = -1;

	buf_init(&key, BUNDLE_PEM_MAX);
	buf_init(&cert, BUNDLE_PEM_MAX / 2);
	/* One file: a crash leaves the old pair or the new. */
	if (bundle_identity_new(conf->cluster_name, &key, &cert, err) == 0) {
		if (buf_add(&key, cert.data, cert.len) == -1)
			err_set(err, ERR_NOMEM, "", "identity");
		else
			rc = pem_write(
			    conf, "identity.pem", key.data, key.len, err);
	}
	buf_clear(&key);
	buf_clear(&cert);
	return rc;
}

/* Believed from now on, in the place of what that console was before. */
static int
consoles_add(
    const struct conf *conf, const char *pem, bool others, struct err *err)
{
	const struct pki_bytes console = {pem, strlen(pem)};
	struct pki_bytes list = {"", 0};
	struct buf all, out;
	int rc;

	buf_init(&all, 8 * BUNDLE_PEM_MAX);
	buf_init(&out, 8 * BUNDLE_PEM_MAX);
	if (others && pem_read(conf, "consoles.pem", &all, NULL) == 0) {
		list.data = all.data;
		list.len = all.len;
	}
	rc = bundle_consoles_add(&list, &console, &out, err);
	if (rc == 0)
		rc = pem_write(conf, "consoles.pem", out.data, out.len, err);
	buf_clear(&all);
	buf_clear(&out);
	return rc;
}

/* A console trusts itself, and is its own first scanner. */
static int
trust_self(const struct conf *conf, struct err *err)
{
	char name[BUNDLE_NAME_MAX + 16], sha256[SHA256_HEX];
	struct buf pem;
	int rc = -1;

	buf_init(&pem, BUNDLE_PEM_MAX);
	(void)snprintf(name, sizeof(name), "hosts/%s.pem", conf->cluster_name);
	if (cluster_identity(conf, &pem, sha256, err) == 0 &&
	    consoles_add(conf, pem.data, true, err) == 0)
		rc = pem_write(conf, name, pem.data, pem.len, err);
	buf_clear(&pem);
	return rc;
}

/* A console begins a cluster. */
static int
console_make(const struct conf *conf, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (!conf->cluster_console || s.id[0] != '\0')
		return 0;
	if (trust_self(conf, err) == -1 ||
	    random_hex(s.id, BUNDLE_CLUSTER_LEN / 2, err) == -1)
		return -1;
	return cluster_state_write(conf, &s, err);
}

int
cluster_init(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;
	struct buf pem;
	int rc;

	if (!cluster_on(conf))
		return 0;
	if (cluster_path(conf, "hosts", path, sizeof(path), err) == -1 ||
	    fsx_mkdir_p(path, 0700, err) == -1 ||
	    cluster_path(conf, "chosen", path, sizeof(path), err) == -1 ||
	    fsx_mkdir_p(path, 0700, err) == -1)
		return -1;
	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = pem_read(conf, "identity.pem", &pem, &cause);
	buf_clear(&pem);
	if (rc == -1 && !fsx_missing(&cause)) {
		if (err != NULL)
			*err = cause;
		return -1;
	}
	if (rc == -1 && identity_make(conf, err) == -1)
		return -1;
	return console_make(conf, err);
}

int
cluster_identity(const struct conf *conf, struct buf *pem,
    char sha256[SHA256_HEX], struct err *err)
{
	struct pki_bytes b;
	struct buf both;
	const char *cert;
	int rc = -1;

	if (!cluster_on(conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	buf_init(&both, BUNDLE_PEM_MAX);
	if (pem_read(conf, "identity.pem", &both, err) == -1)
		goto out;
	cert = strstr(both.data, "-----BEGIN CERTIFICATE-----");
	if (cert == NULL || buf_adds(pem, cert) == -1) {
		err_set(err, ERR_IO, "", "identity.pem is damaged");
		goto out;
	}
	b.data = pem->data;
	b.len = pem->len;
	rc = bundle_identity_check(&b, sha256, err);
out:
	buf_clear(&both);
	return rc;
}

int
cluster_identity_pair(const struct conf *conf, struct buf *b, struct err *err)
{
	return pem_read(conf, "identity.pem", b, err);
}

int
cluster_rotate(const struct conf *conf, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    identity_make(conf, err) == -1)
		return -1;
	return conf->cluster_console ? trust_self(conf, err) : 0;
}

int
cluster_sign(
    const struct conf *conf, const char *text, struct buf *sig, struct err *err)
{
	struct pki_bytes b;
	struct buf key;
	int rc = -1;

	buf_init(&key, BUNDLE_PEM_MAX);
	if (pem_read(conf, "identity.pem", &key, err) == 0) {
		b.data = key.data;
		b.len = key.len;
		rc = bundle_sign(&b, text, sig, err);
	}
	buf_clear(&key);
	return rc;
}

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
	if (pem_read(conf, file, pem, &cause) == 0)
		return 0;
	if (fsx_missing(&cause))
		return err_set(err, ERR_SCANNER_UNKNOWN, "name",
		    "%s is not enrolled", name);
	if (err != NULL)
		*err = cause;
	return -1;
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

int
cluster_enrol(const struct conf *conf, const char *name, const char *pem,
    struct json_object **join, struct err *err)
{
	const struct pki_bytes b = {pem, strlen(pem)};
	char file[BUNDLE_NAME_MAX + 16], sha256[SHA256_HEX];
	struct json_object *names = NULL;
	struct cluster_state s;
	size_t n;

	if (need_console(conf, &s, err) == -1 ||
	    host_file(name, file, sizeof(file), err) == -1 ||
	    bundle_identity_check(&b, sha256, err) == -1 ||
	    cluster_hosts(conf, &names, err) == -1)
		return -1;
	n = json_object_array_length(names);
	json_object_put(names);
	if (n >= CLUSTER_HOSTS_MAX)
		return err_set(err, ERR_SCANNER_IDENTITY, "name",
		    "at most %d scanners", CLUSTER_HOSTS_MAX);
	if (pem_write(conf, file, pem, strlen(pem), err) == -1)
		return -1;
	return join_make(conf, &s, name, join, err);
}

int
cluster_remove(const struct conf *conf, const char *name, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16], path[STATE_PATH_MAX];
	struct cluster_state s;
	struct buf pem;
	int rc;

	if (need_console(conf, &s, err) == -1)
		return -1;
	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = cluster_host_cert(conf, name, &pem, err);
	buf_clear(&pem);
	if (rc == -1 || host_file(name, file, sizeof(file), err) == -1 ||
	    cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return fsx_unlink(path, err);
}

/* A host of another cluster, or of none, becomes one of this: what it had
 * from the other counts no more.  A second console of the same cluster is
 * believed as well. */
int
cluster_trust(
    const struct conf *conf, struct json_object *join, struct err *err)
{
	const char *id = "", *pem = "", *name = "";
	char sha256[SHA256_HEX];
	struct cluster_state s;
	struct pki_bytes b;
	bool same;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    jsonx_str(join, "cluster", "cluster", 64, &id, err) == -1 ||
	    jsonx_str(join, "scanner", "scanner", 64, &name, err) == -1 ||
	    jsonx_str(join, "certificate", "certificate", BUNDLE_PEM_MAX / 2,
		&pem, err) == -1)
		return -1;
	b.data = pem;
	b.len = strlen(pem);
	if (strlen(id) != BUNDLE_CLUSTER_LEN ||
	    strspn(id, "0123456789abcdef") != BUNDLE_CLUSTER_LEN)
		return err_set(err, ERR_FIELD_INVALID, "cluster",
		    "this is not what enrolment gave");
	if (strcmp(name, conf->cluster_name) != 0)
		return err_set(err, ERR_BUNDLE_TARGET, "scanner",
		    "this is for %.64s", name);
	if (bundle_identity_check(&b, sha256, err) == -1)
		return -1;
	if (!(same = strcmp(s.id, id) == 0)) {
		memset(&s, 0, sizeof(s));
		memcpy(s.id, id, BUNDLE_CLUSTER_LEN + 1);
	}
	/* Consoles first: with an id and nobody to believe, nothing would
	 * ever be applied, and that is the safe half. */
	if (consoles_add(conf, pem, same, err) == -1)
		return -1;
	return cluster_state_write(conf, &s, err);
}
