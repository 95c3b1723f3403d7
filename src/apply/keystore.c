/*
 * keystore.c - STATE/keys: keys that were made here and wait.
 *
 * Making a key takes seconds and needs no lock; counting and the rename that
 * makes it visible are done under keys/lock, so that two at once cannot pass
 * the limit.  "new-ID" is one that is being written, "old-ID" one that is
 * being wiped; both have their owner's lock held while they exist, so that
 * the sweep, which takes the lock too, meets only what a kill left.
 */
#include <sys/stat.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "keystore_int.h"
#include "state.h"

#define LOCK_MS	  5000
#define PEM_MAX	  (64 * 1024)
#define NAMES_MAX 64

struct ids {
	char v[NAMES_MAX][KEY_ID_LEN + 1];
	size_t n;
};

static int
key_path(const struct conf *conf, const char *prefix, const char *id,
    const char *file, char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(dst, STATE_PATH_MAX, err, "%s/keys/%s%s%s%s",
	    conf->state_directory, prefix, id, *file == '\0' ? "" : "/", file);
}

static bool
is_id(const char *s)
{
	return strlen(s) == KEY_ID_LEN &&
	       strspn(s, "0123456789abcdef") == KEY_ID_LEN;
}

static int
unknown(struct err *err)
{
	return err_set(err, ERR_KEYS_UNKNOWN, "id", "there is no such key");
}

/* fd of the lock; makes the directory. */
static int
lock(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct stat st;

	if (fsx_path(path, sizeof(path), err, "%s/keys",
		conf->state_directory) == -1 ||
	    (lstat(path, &st) == -1 && fsx_mkdir_p(path, 0700, err) == -1) ||
	    key_path(conf, "", "lock", "", path, err) == -1)
		return -1;
	return fsx_lock(path, LOCK_MS, err);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Those that are whole; a directory that is not there holds none.  sweep:
 * wipe the others, the lock is held. */
static void
read_ids(const struct conf *conf, bool sweep, struct ids *ids)
{
	char path[STATE_PATH_MAX];
	const struct dirent *e;
	DIR *d;

	ids->n = 0;
	if (fsx_path(path, sizeof(path), NULL, "%s/keys",
		conf->state_directory) == -1 ||
	    (d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (is_id(e->d_name) && ids->n < NAMES_MAX) {
			memcpy(ids->v[ids->n++], e->d_name, KEY_ID_LEN + 1);
		} else if (sweep && (strncmp(e->d_name, "new-", 4) == 0 ||
					strncmp(e->d_name, "old-", 4) == 0)) {
			if (key_path(conf, "", e->d_name, "", path, NULL) == 0)
				(void)fsx_wipe_tree(path, NULL);
		}
	}
	closedir(d);
	qsort(ids->v, ids->n, sizeof(ids->v[0]), by_name);
}

static int
put(const struct conf *conf, const char *id, const char *file, const void *data,
    size_t len, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (key_path(conf, "new-", id, file, path, err) == -1)
		return -1;
	return fsx_create(path, data, len, 0600, err);
}

int
keystore_read(const struct conf *conf, const char *id, const char *file,
    struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	if (key_path(conf, "", id, file, path, err) == -1)
		return -1;
	if (fsx_read(path, PEM_MAX, b, &cause) == 0)
		return 0;
	return fsx_missing(&cause, err) == -1 ? -1 : unknown(err);
}

/* Everything about the key but the key. */
static struct json_object *
make_meta(const struct issue_request *r, const struct issue_output *out,
    const char *id, const char *by, struct err *err)
{
	struct json_object *o = NULL;
	char at[32];

	if (jsonx_parse(out->described.data, out->described.len, 4, &o, err) ==
	    -1)
		return NULL;
	time_iso(r->now, at);
	json_object_object_add(o, "id", json_object_new_string(id));
	json_object_object_add(o, "at", json_object_new_string(at));
	json_object_object_add(o, "by", json_object_new_string(by));
	json_object_object_add(o, "kind",
	    json_object_new_string(r->self_signed ? "self_signed" : "csr"));
	json_object_object_add(o, "algorithm",
	    json_object_new_string(issue_algorithm_names[r->algorithm]));
	json_object_object_add(o, "csr",
	    json_object_new_string_len(out->csr.data, (int)out->csr.len));
	time_iso(r->now + (time_t)r->days * 86400, at);
	json_object_object_add(
	    o, "not_after", r->self_signed ? json_object_new_string(at) : NULL);
	json_object_object_add(o, "certificate",
	    r->self_signed ? json_object_new_string_len(out->certificate.data,
				 (int)out->certificate.len)
			   : NULL);
	return o;
}

static int
write_files(const struct conf *conf, const char *id,
    const struct issue_output *out, struct json_object *meta, struct err *err)
{
	char path[STATE_PATH_MAX], to[STATE_PATH_MAX];

	if (key_path(conf, "new-", id, "", path, err) == -1 ||
	    fsx_mkdir(path, 0700, err) == -1 ||
	    put(conf, id, "key.pem", out->key.data, out->key.len, err) == -1 ||
	    put(conf, id, "csr.pem", out->csr.data, out->csr.len, err) == -1 ||
	    (out->certificate.len > 0 &&
		put(conf, id, "cert.pem", out->certificate.data,
		    out->certificate.len, err) == -1) ||
	    key_path(conf, "new-", id, "meta.json", to, err) == -1 ||
	    jsonx_file_write(to, meta, err) == -1 ||
	    key_path(conf, "", id, "", to, err) == -1)
		return -1;
	return fsx_rename(path, to, err);
}

static int
full(struct err *err)
{
	return err_set(
	    err, ERR_KEYS_FULL, "", "%d keys wait already", KEYSTORE_MAX);
}

static int
store(const struct conf *conf, const char *id, const struct issue_output *out,
    struct json_object *meta, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct ids *ids = malloc(sizeof(*ids));
	int fd, rc = -1;

	if (ids == NULL)
		return err_set(err, ERR_NOMEM, "", "key");
	if ((fd = lock(conf, err)) == -1)
		goto out;
	read_ids(conf, true, ids);
	if (ids->n >= KEYSTORE_MAX)
		(void)full(err);
	else if ((rc = write_files(conf, id, out, meta, err)) == -1 &&
		 key_path(conf, "new-", id, "", path, NULL) == 0)
		(void)fsx_wipe_tree(path, NULL);
	close(fd);
out:
	free(ids);
	return rc;
}

int
keystore_add(const struct conf *conf, const struct issue_request *r,
    const char *by, struct json_object **ret, struct err *err)
{
	char id[KEY_ID_LEN + 1];
	struct issue_output out;
	struct json_object *meta = NULL;
	struct ids ids;
	int rc = -1;

	read_ids(conf, false, &ids);
	if (ids.n >= KEYSTORE_MAX)
		return full(err);
	issue_output_init(&out);
	if (issue_make_jailed(r, &out, err) == 0 &&
	    random_hex(id, KEY_ID_LEN / 2, err) == 0 &&
	    (meta = make_meta(r, &out, id, by, err)) != NULL &&
	    store(conf, id, &out, meta, err) == 0) {
		*ret = meta;
		meta = NULL;
		rc = 0;
	}
	json_object_put(meta);
	issue_output_clear(&out);
	return rc;
}

int
keystore_get(const struct conf *conf, const char *id, struct json_object **ret,
    struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	if (!is_id(id))
		return unknown(err);
	if (key_path(conf, "", id, "meta.json", path, err) == -1)
		return -1;
	if (jsonx_file_read(path, ret, &cause) == 0)
		return 0;
	return fsx_missing(&cause, err) == -1 ? -1 : unknown(err);
}

static int
newest_first(const void *a, const void *b)
{
	struct json_object *x = *(struct json_object *const *)a;
	struct json_object *y = *(struct json_object *const *)b;
	int by_time;

	by_time =
	    strcmp(jsonx_path_str(y, "at", ""), jsonx_path_str(x, "at", ""));
	return by_time != 0 ? by_time
			    : strcmp(jsonx_path_str(x, "id", ""),
				  jsonx_path_str(y, "id", ""));
}

int
keystore_list(
    const struct conf *conf, struct json_object **ret, struct err *err)
{
	struct json_object *list = json_object_new_array(), *meta;
	struct ids ids;
	struct err cause;
	size_t i;

	read_ids(conf, false, &ids);
	for (i = 0; i < ids.n; i++) {
		meta = NULL;
		if (keystore_get(conf, ids.v[i], &meta, &cause) == 0) {
			json_object_array_add(list, meta);
			continue;
		}
		if (cause.code == ERR_KEYS_UNKNOWN) /* deleted meanwhile */
			continue;
		json_object_put(list);
		if (err != NULL)
			*err = cause;
		return -1;
	}
	json_object_array_sort(list, newest_first);
	*ret = list;
	return 0;
}

int
keystore_delete(const struct conf *conf, const char *id, struct err *err)
{
	char from[STATE_PATH_MAX], to[STATE_PATH_MAX];
	struct stat st;
	int fd, rc = -1;

	if (!is_id(id))
		return unknown(err);
	if ((fd = lock(conf, err)) == -1)
		return -1;
	if (key_path(conf, "", id, "", from, err) == -1 ||
	    key_path(conf, "old-", id, "", to, err) == -1)
		goto out;
	if (lstat(from, &st) == -1)
		(void)unknown(err);
	else if (fsx_rename(from, to, err) == 0)
		rc = fsx_wipe_tree(to, err);
out:
	close(fd);
	return rc;
}

int
keystore_certificate(
    const struct conf *conf, const char *id, struct buf *b, struct err *err)
{
	struct json_object *meta = NULL;
	bool has;

	if (keystore_get(conf, id, &meta, err) == -1)
		return -1;
	has = jsonx_path(meta, "certificate") != NULL;
	json_object_put(meta);
	if (!has)
		return err_set(err, ERR_KEYS_NO_CERTIFICATE, "key_id",
		    "the key waits for its certificate");
	return keystore_read(conf, id, "cert.pem", b, err);
}
