/*
 * probed.c - what the last look at the running Postfix said.
 */
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>

#include "dns_ask.h"
#include "fsx.h"
#include "jsonx.h"
#include "maincf.h"
#include "probed.h"
#include "smtp_conn.h"

const struct jail_job *const apply_prober_jobs[] = {
    &probe_tls_job, &resolver_job, NULL};

static void
changed_at(const char *dir, const char *name, struct probed *p, struct stat *st)
{
	char path[STATE_PATH_MAX];

	if (fsx_path(path, sizeof(path), NULL, "%s/%s", dir, name) == -1 ||
	    stat(path, st) == -1)
		memset(st, 0, sizeof(*st));
	if (st->st_ctime > p->changed)
		p->changed = st->st_ctime;
}

/* Both files by their hashes: put back as they were they are the same.
 * master(8) writes its own when it starts. */
void
probed_now(const struct conf *conf, const struct postfix_info *info,
    const char *maincf_sha256, long id, struct probed *p)
{
	char master[SHA256_HEX] = "";
	struct stat st;
	struct buf b;

	memset(p, 0, sizeof(*p));
	p->id = id;
	buf_init(&b, MAINCF_MAX);
	if (mastercf_read(conf, &b, NULL) == 0)
		(void)sha256_hex(b.data == NULL ? "" : b.data, b.len, master);
	buf_clear(&b);
	changed_at(conf->config_directory, "main.cf", p, &st);
	changed_at(conf->config_directory, "master.cf", p, &st);
	changed_at(info->queue_directory, "pid/master.pid", p, &st);
	(void)snprintf(p->files, sizeof(p->files), "%s %s %lu %ld.%09ld",
	    maincf_sha256, master, (unsigned long)st.st_ino,
	    (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static int
probe_path(const struct conf *conf, char dst[STATE_PATH_MAX])
{
	return fsx_path(
	    dst, STATE_PATH_MAX, NULL, "%s/probe.json", conf->state_directory);
}

static struct json_object *
kept_probe(const struct conf *conf)
{
	struct json_object *kept = NULL;
	char path[STATE_PATH_MAX];

	if (probe_path(conf, path) == 0)
		(void)jsonx_file_read(path, &kept, NULL);
	return kept;
}

/* A former version kept only when it was. */
static bool
is_stale(const struct probed *p, struct json_object *kept)
{
	const char *files = jsonx_path_str(kept, "files", "");
	const char *at = jsonx_path_str(kept, "probe.at", "");
	char changed[32];

	if (files[0] != '\0')
		return strcmp(files, p->files) != 0;
	time_iso(p->changed, changed);
	return at[0] != '\0' && strcmp(at, changed) < 0;
}

/* The last probe that was passed: one asked for since, or the one that the
 * apply ended with; and the failure of a later one. */
void
probe_put(const struct conf *conf, const struct probed *p,
    struct json_object *meta, struct json_object *o)
{
	struct json_object *kept = kept_probe(conf), *stale = NULL;
	char at[32];

	if (kept == NULL) {
		kept = json_object_new_object();
		json_object_object_add(
		    kept, "probe", json_object_get(jsonx_path(meta, "probe")));
	}
	if (is_stale(p, kept)) {
		time_iso(p->changed, at);
		stale = json_object_new_string(at);
		json_object_put(kept);
		kept = NULL;
	}
	json_object_object_add(o, "probe_stale", stale);
	json_object_object_add(
	    o, "probe", json_object_get(jsonx_path(kept, "probe")));
	json_object_object_add(
	    o, "probe_error", json_object_get(jsonx_path(kept, "error")));
	json_object_put(kept);
}

static void
probe_write(
    const struct conf *conf, const struct probed *p, struct json_object *o)
{
	char path[STATE_PATH_MAX];
	const char *text;

	jsonx_put_str(o, "files", p->files);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text != NULL && probe_path(conf, path) == 0)
		(void)fsx_replace_fast(path, text, strlen(text), 0600, NULL);
}

static bool
in_force(const struct conf *conf, const struct probed *p)
{
	long now = -1;

	return generation_current(conf, &now, NULL) == 0 && now == p->id;
}

void
probe_keep(
    const struct conf *conf, const struct probed *p, struct json_object *probe)
{
	struct json_object *o;

	if (!in_force(conf, p) || (o = json_object_new_object()) == NULL)
		return;
	json_object_object_add(o, "probe", json_object_get(probe));
	probe_write(conf, p, o);
	json_object_put(o);
}

/* {"code", "at"}: since when; the last probe that was passed stays.  While
 * somebody changes something a failure says nothing. */
void
probe_keep_failure(
    const struct conf *conf, const struct probed *p, enum err_code code)
{
	struct json_object *o, *error;
	char at[32];

	if (state_busy(conf) || !in_force(conf, p))
		return;
	o = kept_probe(conf);
	if (o == NULL || is_stale(p, o)) {
		json_object_put(o);
		o = json_object_new_object();
	}
	if (strcmp(jsonx_path_str(o, "error.code", ""), err_name(code)) != 0) {
		error = json_object_new_object();
		jsonx_put_str(error, "code", err_name(code));
		time_iso(time(NULL), at);
		jsonx_put_str(error, "at", at);
		json_object_object_add(o, "error", error);
		probe_write(conf, p, o);
	}
	json_object_put(o);
}

void
probe_renew(
    const struct conf *conf, const struct probed *was, const struct probed *is)
{
	struct json_object *o = kept_probe(conf);

	if (o != NULL && !is_stale(was, o))
		probe_write(conf, is, o);
	json_object_put(o);
}
