/*
 * audit_state.c - what whoever watches is told of the audit log: can it be
 * written, is it as it was written, and is there too much for it.
 *
 * STATE/audit.verified keeps what the last look over all of it said, and of
 * which files, so that a log that nobody touched is read once.  A log of up to
 * ASKED_MAX bytes is looked at when somebody asks; a longer one by postseald
 * itself, in a process of its own, which takes no more than one part in SHARE
 * of the time.
 */
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit_int.h"
#include "fsx.h"
#include "jsonx.h"

#define ASKED_MAX (1024 * 1024)
#define SHARE	  50

static int
verified_path(const struct conf *conf, char path[STATE_PATH_MAX])
{
	return fsx_path(path, STATE_PATH_MAX, NULL, "%s/audit.verified",
	    conf->state_directory);
}

/* Which files they are, and how long; -1: they cannot be read. */
static int
sign(const struct conf *conf, char dst[SHA256_HEX], int64_t *ret_total)
{
	struct audit_files f = {.n = 0};
	struct audit_head head = {.fd = -1};
	struct stat st;
	struct buf b;
	int rc = 0;

	if (audit_files_open(conf, &f, NULL) == -1)
		return -1;
	audit_head_look(conf, &head);
	buf_init(&b, AUDIT_FILES_MAX * 96);
	buf_printf(&b, "%lld", (long long)head.seq);
	for (int i = 0; i < f.n && rc == 0; i++) {
		rc = fstat(f.fd[i], &st);
		buf_printf(&b, " %lu %lld %lld.%09ld", (unsigned long)st.st_ino,
		    (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec);
	}
	*ret_total = f.total;
	if (rc == 0 && (b.failed || sha256_hex(b.data, b.len, dst) == -1))
		rc = -1;
	buf_clear(&b);
	audit_files_close(&f);
	return rc;
}

static struct json_object *
kept(const struct conf *conf)
{
	struct json_object *o = NULL;
	char path[STATE_PATH_MAX];

	if (verified_path(conf, path) == 0)
		(void)jsonx_file_read(path, &o, NULL);
	return o;
}

static void
keep(const struct conf *conf, struct json_object *o)
{
	char path[STATE_PATH_MAX];
	const char *text =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

	if (text != NULL && verified_path(conf, path) == 0)
		(void)fsx_replace_fast(path, text, strlen(text), 0600, NULL);
}

/* As it is kept: {"files", "ms", "s", "at", "holds", "file"?, "line"?,
 * "fault"?}; NULL: it cannot be read. */
static struct json_object *
verify(const struct conf *conf, const char *files)
{
	static const char *const names[] = {"file", "line", "fault"};
	struct json_object *said = NULL, *o, *first;
	int64_t began = now_ms();
	char at[32];

	if (audit_verify(conf, &said, NULL) == -1)
		return NULL;
	o = json_object_new_object();
	time_iso(time(NULL), at);
	jsonx_put_str(o, "files", files);
	jsonx_put_str(o, "at", at);
	jsonx_put_int(o, "s", (int64_t)time(NULL));
	json_object_object_add(o, "holds",
	    json_object_get(jsonx_path(said, "holds")));
	first = jsonx_path(said, "faults");
	first = jsonx_len(first) > 0 ? json_object_array_get_idx(first, 0)
				     : NULL;
	for (size_t i = 0; first != NULL && i < 3; i++)
		json_object_object_add(o, names[i],
		    json_object_get(jsonx_path(first, names[i])));
	jsonx_put_int(o, "ms", now_ms() - began);
	json_object_put(said);
	return o;
}

/* Too soon after the last look, for how long that took. */
static bool
is_early(struct json_object *o)
{
	int64_t passed = (int64_t)time(NULL) - jsonx_path_int(o, "s");

	return passed >= 0 &&
	       passed * 1000 < jsonx_path_int(o, "ms") * SHARE;
}

static bool
is_due(const struct conf *conf, struct json_object *o, int64_t most,
    char files[SHA256_HEX])
{
	int64_t total = 0;

	return sign(conf, files, &total) == 0 &&
	       strcmp(jsonx_path_str(o, "files", ""), files) != 0 &&
	       total <= most && (total <= ASKED_MAX || !is_early(o));
}

bool
audit_look_due(const struct conf *conf)
{
	struct json_object *o = kept(conf);
	char files[SHA256_HEX];
	bool due = is_due(conf, o, INT64_MAX, files);

	json_object_put(o);
	return due;
}

static struct json_object *
look(const struct conf *conf, int64_t most)
{
	struct json_object *o = kept(conf), *now;
	char files[SHA256_HEX];

	if (!is_due(conf, o, most, files) ||
	    (now = verify(conf, files)) == NULL)
		return o;
	json_object_put(o);
	keep(conf, now);
	return now;
}

void
audit_look(const struct conf *conf)
{
	json_object_put(look(conf, INT64_MAX));
}

static void
put_chain(const struct conf *conf, struct json_object *o)
{
	static const char *const names[] = {
	    "holds", "at", "file", "line", "fault"};
	struct json_object *last = look(conf, ASKED_MAX), *chain = NULL, *v;

	if (last != NULL)
		chain = json_object_new_object();
	for (size_t i = 0; last != NULL && i < 5; i++)
		if ((v = jsonx_path(last, names[i])) != NULL)
			json_object_object_add(
			    chain, names[i], json_object_get(v));
	json_object_object_add(o, "chain", chain);
	json_object_put(last);
}

struct json_object *
audit_state(const struct conf *conf)
{
	struct json_object *o = json_object_new_object();
	struct audit_held held = {0};
	struct err err;
	bool good;

	err_clear(&err);
	good = audit_check(conf, &err) == 0;
	json_object_object_add(o, "writable", json_object_new_boolean(good));
	if (!good)
		jsonx_put_str(o, "error", err.msg);
	put_chain(conf, o);
	audit_held(conf, &held);
	json_object_object_add(
	    o, "throttled", json_object_new_boolean(held.throttled));
	jsonx_put_int(o, "collapsed", held.lines);
	return o;
}
