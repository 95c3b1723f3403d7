/*
 * probed.c - what the last look at the running Postfix said.
 */
#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "probed.h"

#define FILES_SEEN_MAX 128

static int
probe_path(const struct conf *conf, char dst[STATE_PATH_MAX])
{
	return fsx_path(
	    dst, STATE_PATH_MAX, NULL, "%s/probe.json", conf->state_directory);
}

/* probe.json, if it is about this generation, or NULL. */
static struct json_object *
kept_probe(const struct conf *conf, long id)
{
	struct json_object *kept = NULL;
	char path[STATE_PATH_MAX];

	if (probe_path(conf, path) == 0 &&
	    jsonx_file_read(path, &kept, NULL) == 0 &&
	    json_object_get_int64(jsonx_path(kept, "generation")) == id)
		return kept;
	json_object_put(kept);
	return NULL;
}

/* Which main.cf and master.cf a probe was about. */
static void
files_seen(const struct probed *v, char dst[FILES_SEEN_MAX])
{
	const struct stat *st = &v->facts->info.mastercf;

	(void)snprintf(dst, FILES_SEEN_MAX, "%s %lu %ld.%09ld",
	    v->facts->maincf_sha256, (unsigned long)st->st_ino,
	    (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

/* Nothing is in force that the files could be held against, so a look at
 * former ones says nothing of these: since when, or NULL. */
static struct json_object *
stale_since(const struct probed *v, struct json_object *kept)
{
	const char *then = jsonx_path_str(kept, "files", "");
	time_t a = v->facts->info.maincf.st_mtime;
	time_t b = v->facts->info.mastercf.st_mtime;
	char now[FILES_SEEN_MAX], at[32];

	files_seen(v, now);
	if (v->id != 0 || kept == NULL || strcmp(then, now) == 0)
		return NULL;
	time_iso(a > b ? a : b, at);
	return json_object_new_string(at);
}

/* The last probe of this generation that was passed: one asked for since, or
 * the one that the apply ended with; and the failure of a later one. */
void
probe_put(const struct conf *conf, const struct probed *v,
    struct json_object *meta, struct json_object *o)
{
	struct json_object *kept = kept_probe(conf, v->id), *probe;
	struct json_object *stale = stale_since(v, kept);

	json_object_object_add(o, "probe_stale", stale);
	if (stale != NULL) {
		json_object_put(kept);
		kept = NULL;
	}
	if ((probe = jsonx_path(kept, "probe")) == NULL)
		probe = jsonx_path(meta, "probe");
	json_object_object_add(o, "probe", json_object_get(probe));
	json_object_object_add(
	    o, "probe_error", json_object_get(jsonx_path(kept, "error")));
	json_object_put(kept);
}

static void
probe_write(const struct conf *conf, struct json_object *o)
{
	char path[STATE_PATH_MAX];
	const char *text;

	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text != NULL && probe_path(conf, path) == 0)
		(void)fsx_replace_fast(path, text, strlen(text), 0600, NULL);
}

void
probe_keep(
    const struct conf *conf, const struct probed *v, struct json_object *probe)
{
	struct json_object *o = json_object_new_object();
	char files[FILES_SEEN_MAX];

	files_seen(v, files);
	json_object_object_add(o, "generation", json_object_new_int64(v->id));
	jsonx_put_str(o, "files", files);
	json_object_object_add(o, "probe", json_object_get(probe));
	probe_write(conf, o);
	json_object_put(o);
}

/* {"code", "at"}: since when; the last probe that was passed stays.  While
 * somebody changes something a failure says nothing. */
void
probe_keep_failure(
    const struct conf *conf, const struct probed *v, enum err_code code)
{
	struct json_object *o, *error, *stale;
	long now = -1, id = v->id;
	char at[32], files[FILES_SEEN_MAX];

	if (state_busy(conf) || generation_current(conf, &now, NULL) == -1 ||
	    now != id)
		return;
	o = kept_probe(conf, id);
	if ((stale = stale_since(v, o)) != NULL) {
		json_object_put(stale);
		json_object_put(o);
		o = NULL;
	}
	if (strcmp(jsonx_path_str(o, "error.code", ""), err_name(code)) != 0) {
		if (o == NULL)
			o = json_object_new_object();
		jsonx_put_int(o, "generation", id);
		files_seen(v, files);
		jsonx_put_str(o, "files", files);
		error = json_object_new_object();
		jsonx_put_str(error, "code", err_name(code));
		time_iso(time(NULL), at);
		jsonx_put_str(error, "at", at);
		json_object_object_add(o, "error", error);
		probe_write(conf, o);
	}
	json_object_put(o);
}
