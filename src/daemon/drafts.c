/*
 * drafts.c - uploads that wait for Save: STATE/drafts/ID/, root only.
 *
 * A private key lies here for at most draft_minutes.  Its file is overwritten
 * before it is removed or replaced.  Nothing here is durable: a draft that a
 * power cut takes is uploaded again.
 */
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "call.h"
#include "cluster.h"
#include "drafts.h"
#include "fsx.h"
#include "jsonx.h"
#include "util.h"

#define DRAFT_PATH_MAX 1024
#define DRAFT_JSON_MAX (1024 * 1024) /* 10,000 long entries: 470 KiB */
#define LOCK_TRIES     3
#define LOCK_WAIT_MS   8000

static const char hex[] = "0123456789abcdef";

static int
draft_check_id(const char *id, struct err *err)
{
	if (id == NULL)
		return err_set(
		    err, ERR_FIELD_MISSING, "draft", "draft is missing");
	if (strlen(id) != DRAFT_ID_LEN || strspn(id, hex) != DRAFT_ID_LEN)
		return err_set(err, ERR_FIELD_INVALID, "draft",
		    "a draft is %d hexadecimal digits", DRAFT_ID_LEN);
	return 0;
}

void
draft_init(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	files_init(&d->files);
}

void
draft_clear(struct draft *d)
{
	files_clear(&d->files);
	loose_clear(&d->loose);
	json_object_put(d->places);
	json_object_put(d->sorted);
	OPENSSL_cleanse(d->passphrase, sizeof(d->passphrase));
	json_object_put(d->settings);
	json_object_put(d->was);
	json_object_put(d->report);
	json_object_put(d->refused);
	json_object_put(d->scanners);
	memset(d, 0, sizeof(*d));
}

static int
draft_path(const struct conf *conf, const char *id, const char *file,
    char dst[DRAFT_PATH_MAX], struct err *err)
{
	return fsx_path(dst, DRAFT_PATH_MAX, err, "%s/drafts/%s%s%s",
	    conf->state_directory, id, file == NULL ? "" : "/",
	    file == NULL ? "" : file);
}

static size_t
drafts_count(const struct conf *conf)
{
	char path[DRAFT_PATH_MAX];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	if (fsx_path(path, sizeof(path), NULL, "%s/drafts",
		conf->state_directory) == -1 ||
	    (d = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += strlen(e->d_name) == DRAFT_ID_LEN;
	closedir(d);
	return n;
}

int
draft_lock(const struct conf *conf, const char *id, struct err *err)
{
	char dir[DRAFT_PATH_MAX], path[DRAFT_PATH_MAX];
	struct err why;
	struct stat st;
	int fd = -1, i;

	if (draft_check_id(id, err) == -1 ||
	    draft_path(conf, id, NULL, dir, err) == -1 ||
	    draft_path(conf, id, "lock", path, err) == -1)
		return -1;
	/* Who waits for a put that fails finds its directory gone. */
	for (i = 0; fd == -1 && i < LOCK_TRIES; i++) {
		if (lstat(dir, &st) == -1) {
			if (drafts_count(conf) >= DRAFTS_MAX)
				return err_set(err, ERR_DRAFT_FULL, "draft",
				    "%d drafts wait already", DRAFTS_MAX);
			if (mkdir(dir, 0700) == -1 && errno != EEXIST)
				return err_sys(
				    err, ERR_IO, "draft", "mkdir %s", dir);
		}
		fd = fsx_lock(path, LOCK_WAIT_MS, &why);
		if (fd == -1 && why.sys != ENOENT)
			break;
	}
	if (fd == -1 && err != NULL)
		*err = why;
	return fd;
}

void
draft_release(const struct conf *conf, const char *id, int fd)
{
	char path[DRAFT_PATH_MAX];
	struct stat st;

	if (fd == -1)
		return;
	if (draft_path(conf, id, "draft.json", path, NULL) == 0 &&
	    lstat(path, &st) == -1 && errno == ENOENT)
		(void)draft_drop(conf, id, NULL);
	close(fd);
}

static int
load_json(const char *path, struct json_object **ret, struct err *err)
{
	struct buf b;
	int rc = -1;

	buf_init(&b, DRAFT_JSON_MAX);
	if (fsx_read(path, DRAFT_JSON_MAX, &b, err) == 0)
		rc = jsonx_parse(b.data, b.len, 24, ret, err);
	buf_clear(&b);
	return rc;
}

static int
load_members(struct json_object *o, struct draft *d, struct err *err)
{
	struct json_object *names = NULL;
	const char *s;
	size_t i;

	if (jsonx_int(o, "expires", "expires", 0, INT64_MAX, &d->expires,
		err) == -1 ||
	    jsonx_obj(o, "names", "names", &names, err) == -1 ||
	    jsonx_obj(o, "settings", "settings", &d->settings, err) == -1 ||
	    jsonx_obj(o, "was", "was", &d->was, err) == -1 ||
	    jsonx_obj(o, "report", "report", &d->report, err) == -1 ||
	    jsonx_obj(o, "places", "places", &d->places, err) == -1 ||
	    jsonx_obj(o, "sorted", "sorted", &d->sorted, err) == -1 ||
	    jsonx_array(o, "refused", "refused", FINDINGS_MAX, &d->refused,
		err) == -1 ||
	    jsonx_array(o, "scanners", "scanners", CLUSTER_CHOSEN_MAX,
		&d->scanners, err) == -1)
		return -1;
	json_object_get(d->scanners);
	json_object_get(d->places);
	json_object_get(d->sorted);
	json_object_get(d->settings);
	json_object_get(d->was);
	json_object_get(d->report);
	json_object_get(d->refused);
	clean_copy(d->apply, sizeof(d->apply), jsonx_path_str(o, "apply", ""));
	clean_copy(d->note, sizeof(d->note), jsonx_path_str(o, "note", ""));
	for (i = 0; i < FILES__MAX; i++) {
		s = names == NULL ? ""
				  : jsonx_path_str(names, file_names[i], "");
		clean_copy(d->name[i], sizeof(d->name[i]), s);
	}
	return 0;
}

static int
load_file(const char *path, size_t max, struct buf *b, bool *ret_given,
    struct err *err)
{
	struct err cause;

	if (fsx_read(path, max, b, &cause) == 0) {
		*ret_given = true;
		return 0;
	}
	return fsx_missing(&cause, err);
}

static int
load_passphrase(
    const struct conf *conf, const char *id, struct draft *d, struct err *err)
{
	char path[DRAFT_PATH_MAX];
	bool given = false;
	struct buf b;
	int rc;

	buf_init(&b, PASSPHRASE_MAX);
	rc = draft_path(conf, id, "passphrase", path, err);
	if (rc == 0)
		rc = load_file(path, PASSPHRASE_MAX, &b, &given, err);
	if (rc == 0 && given)
		(void)snprintf(d->passphrase, sizeof(d->passphrase), "%s",
		    b.data == NULL ? "" : b.data);
	buf_clear(&b);
	return rc;
}

static int
load_loose(
    const struct conf *conf, const char *id, struct draft *d, struct err *err)
{
	char path[DRAFT_PATH_MAX];
	bool given = false;
	struct buf b;
	int rc;

	buf_init(&b, LOOSE_PACKED_MAX);
	rc = draft_path(conf, id, "loose", path, err);
	if (rc == 0)
		rc = load_file(path, LOOSE_PACKED_MAX, &b, &given, err);
	if (rc == 0 && given)
		rc = loose_unpack(&b, &d->loose, err);
	buf_clear(&b);
	return rc;
}

int
draft_load(
    const struct conf *conf, const char *id, struct draft *d, struct err *err)
{
	char path[DRAFT_PATH_MAX];
	struct json_object *o = NULL;
	struct err cause;
	size_t i;
	int rc = -1;

	if (draft_check_id(id, err) == -1 ||
	    draft_path(conf, id, "draft.json", path, err) == -1)
		return -1;
	if (load_json(path, &o, &cause) == -1)
		return fsx_missing(&cause, err);
	if (load_members(o, d, err) == -1)
		goto out;
	if (d->expires <= (int64_t)time(NULL)) {
		draft_clear(d);
		draft_init(d);
		rc = 0;
		goto out;
	}
	for (i = 0; i < FILES__MAX; i++) {
		if (draft_path(conf, id, file_names[i], path, err) == -1 ||
		    load_file(path, PKI_FILE_MAX, &d->files.data[i],
			&d->files.given[i], err) == -1)
			goto out;
	}
	if (load_passphrase(conf, id, d, err) == -1 ||
	    load_loose(conf, id, d, err) == -1)
		goto out;
	d->exists = true;
	rc = 0;
out:
	json_object_put(o);
	return rc;
}

/* The old content is overwritten, not only unlinked. */
static int
put_file(const struct conf *conf, const char *id, const char *name,
    const void *data, size_t len, bool wanted, struct err *err)
{
	char path[DRAFT_PATH_MAX];
	struct stat st;

	if (draft_path(conf, id, name, path, err) == -1)
		return -1;
	if (lstat(path, &st) == 0 && fsx_wipe_tree(path, err) == -1)
		return -1;
	if (!wanted)
		return 0;
	return fsx_replace_fast(path, data == NULL ? "" : data, len, 0600, err);
}

static struct json_object *
save_members(const struct draft *d)
{
	struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_object();
	size_t i;

	for (i = 0; i < FILES__MAX; i++) {
		if (d->files.given[i])
			json_object_object_add(names, file_names[i],
			    json_object_new_string(d->name[i]));
	}
	json_object_object_add(o, "expires", json_object_new_int64(d->expires));
	json_object_object_add(o, "names", names);
	json_object_object_add(o, "settings", json_object_get(d->settings));
	json_object_object_add(o, "was", json_object_get(d->was));
	json_object_object_add(o, "report", json_object_get(d->report));
	json_object_object_add(o, "refused", json_object_get(d->refused));
	json_object_object_add(o, "scanners", json_object_get(d->scanners));
	json_object_object_add(o, "places", json_object_get(d->places));
	json_object_object_add(o, "sorted", json_object_get(d->sorted));
	json_object_object_add(o, "apply", json_object_new_string(d->apply));
	json_object_object_add(o, "note", json_object_new_string(d->note));
	return o;
}

static int
save_loose(const struct conf *conf, const char *id, const struct draft *d,
    struct err *err)
{
	struct buf b;
	int rc = -1;

	if (loose_pack(&d->loose, &b) == -1)
		err_set(err, ERR_NOMEM, "", "draft");
	else
		rc = put_file(conf, id, "loose", b.data, b.len,
		    d->loose.n > 0, err);
	buf_clear(&b);
	return rc;
}

int
draft_save(
    const struct conf *conf, const char *id, struct draft *d, struct err *err)
{
	struct json_object *o;
	const char *text;
	size_t i;
	int rc = 0;

	d->expires = (int64_t)time(NULL) + 60 * (int64_t)conf->draft_minutes;
	for (i = 0; i < FILES__MAX && rc == 0; i++)
		rc = put_file(conf, id, file_names[i], d->files.data[i].data,
		    d->files.data[i].len, d->files.given[i], err);
	if (rc == 0)
		rc = put_file(conf, id, "passphrase", d->passphrase,
		    strlen(d->passphrase), d->passphrase[0] != '\0', err);
	if (rc == 0)
		rc = save_loose(conf, id, d, err);
	if (rc == -1)
		return -1;
	o = save_members(d);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		rc = err_set(err, ERR_NOMEM, "", "draft");
	else
		rc = put_file(
		    conf, id, "draft.json", text, strlen(text), true, err);
	json_object_put(o);
	d->exists = true;
	return rc;
}

int
draft_drop(const struct conf *conf, const char *id, struct err *err)
{
	char path[DRAFT_PATH_MAX];
	struct stat st;

	if (draft_check_id(id, err) == -1 ||
	    draft_path(conf, id, NULL, path, err) == -1)
		return -1;
	if (lstat(path, &st) == -1)
		return 0;
	return fsx_wipe_tree(path, err);
}

/* REPORT and, in front of its findings, those of files that were not kept. */
static struct json_object *
whole_report(const struct draft *d)
{
	struct json_object *r = NULL, *all, *v;
	size_t i;

	if (d->refused == NULL || json_object_array_length(d->refused) == 0)
		return json_object_get(d->report);
	if (d->report != NULL)
		(void)json_object_deep_copy(d->report, &r, NULL);
	if (r == NULL) {
		r = json_object_new_object();
		json_object_object_add(r, "certificate", NULL);
		json_object_object_add(r, "files", json_object_new_object());
	}
	all = json_object_new_array();
	for (i = 0; i < json_object_array_length(d->refused); i++)
		json_object_array_add(all,
		    json_object_get(json_object_array_get_idx(d->refused, i)));
	v = jsonx_path(r, "findings");
	for (i = 0; v != NULL && i < json_object_array_length(v); i++)
		json_object_array_add(
		    all, json_object_get(json_object_array_get_idx(v, i)));
	json_object_object_add(r, "findings", all);
	json_object_object_add(r, "ok", json_object_new_boolean(false));
	return r;
}

static void
put_file_json(struct json_object *o, const struct draft *d, size_t i)
{
	struct json_object *f;

	if (!d->files.given[i])
		return;
	f = json_object_new_object();
	jsonx_put_str(f, "name", d->name[i]);
	jsonx_put_int(f, "size", (int64_t)d->files.data[i].len);
	json_object_object_add(o, file_names[i], f);
}

struct json_object *
draft_to_json(const struct draft *d)
{
	struct json_object *o = json_object_new_object();
	struct json_object *files = json_object_new_object();
	char at[32];
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		put_file_json(files, d, i);
	put_file_json(o, d, FILE_CLIENT_CA);
	time_iso((time_t)d->expires, at);
	json_object_object_add(o, "files", files);
	json_object_object_add(o, "report", whole_report(d));
	json_object_object_add(o, "settings", json_object_get(d->settings));
	json_object_object_add(o, "was", json_object_get(d->was));
	json_object_object_add(o, "scanners", json_object_get(d->scanners));
	json_object_object_add(o, "sorted", json_object_get(d->sorted));
	json_object_object_add(o, "apply",
	    d->apply[0] == '\0' ? NULL : json_object_new_string(d->apply));
	jsonx_put_str(o, "note", d->note);
	json_object_object_add(
	    o, "passphrase", json_object_new_boolean(d->passphrase[0] != '\0'));
	json_object_object_add(o, "expires_at", json_object_new_string(at));
	return o;
}

/* Every put writes draft.json anew, so its age is the draft's. */
void
drafts_sweep(const struct conf *conf)
{
	char path[DRAFT_PATH_MAX];
	const struct dirent *e;
	struct stat st;
	time_t limit = time(NULL) - 60 * (time_t)conf->draft_minutes;
	DIR *d;

	if (fsx_path(path, sizeof(path), NULL, "%s/drafts",
		conf->state_directory) == -1 ||
	    (d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (strlen(e->d_name) != DRAFT_ID_LEN)
			continue;
		if (draft_path(conf, e->d_name, "draft.json", path, NULL) ==
			-1 ||
		    (stat(path, &st) == -1 &&
			(draft_path(conf, e->d_name, NULL, path, NULL) == -1 ||
			    stat(path, &st) == -1)))
			continue;
		if (st.st_mtime > limit)
			continue;
		if (draft_drop(conf, e->d_name, NULL) == -1)
			log_warn("an expired draft could not be wiped");
	}
	closedir(d);
}
