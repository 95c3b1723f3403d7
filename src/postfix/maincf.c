/*
 * maincf.c - a new main.cf, made and proven in a directory of its own.
 *
 * postconf(1) edits a copy, never the file in service: Debian 12's glues the
 * new line to a last line that has no newline, and resets owner, mode, ACL
 * and symlink (shared/POSTFIX.md 1.8, 1.13).  A copy takes none of that
 * harm; maincf_commit.c carries it over.
 *
 * Calls: -n on the copy (a main.cf that Postfix refuses ends here), -e with
 * all values, -X with all removals, -n again: 40 to 70 ms.  Each call comes
 * after the copy's mtime was set back, or it would take two seconds.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "maincf.h"
#include "param_row.h"
#include "postfix_int.h"
#include "util.h"

#define COOL_SECONDS 5
#define UNUSED	     "unused parameter: "
#define OLD	     "support for parameter \""

struct stage {
	const struct conf *conf;
	const struct param_plan *plan;
	const char *dir;
	char path[PATH_MAX]; /* DIR/main.cf */
	char real_path[PATH_MAX];
};

/* What "postconf -n" says of the copy. */
struct readback {
	struct json_object *values;
	struct buf warnings;
};

int
maincf_cool(int dirfd, const char *path, time_t other)
{
	struct timespec ts[2] = {{0, UTIME_OMIT}, {0, 0}};

	ts[1].tv_sec = time(NULL) - COOL_SECONDS;
	if (ts[1].tv_sec == other)
		ts[1].tv_sec--;
	return utimensat(dirfd, path, ts, 0);
}

/* Canonical path of CONFIG_DIR/main.cf, symlinks followed. */
static int
maincf_path(const struct conf *conf, char dst[PATH_MAX], struct err *err)
{
	return cf_path(conf, "main.cf", dst, err);
}

int
cf_path(const struct conf *conf, const char *name, char dst[PATH_MAX],
    struct err *err)
{
	char path[PATH_MAX], *real;
	int rc;

	if (fsx_path(path, sizeof(path), err, "%s/%s", conf->config_directory,
		name) == -1)
		return -1;
	if ((real = realpath(path, NULL)) == NULL)
		return err_sys(err, ERR_POSTFIX_CONFIG, "", "%s", path);
	rc = fsx_path(dst, PATH_MAX, err, "%s", real);
	free(real);
	return rc;
}

int
maincf_read(const struct conf *conf, struct buf *ret_content, struct err *err)
{
	char path[PATH_MAX];

	if (maincf_path(conf, path, err) == -1)
		return -1;
	return fsx_read(path, MAINCF_SIZE_MAX, ret_content, err);
}

/* Scratch, so not durable. */
int
cf_copy(const struct conf *conf, const char *name, const char *dir,
    bool newline, struct buf *before, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct buf b;
	int rc = -1;

	buf_init(&b, MAINCF_SIZE_MAX + 1);
	if (cf_path(conf, name, from, err) == -1 ||
	    fsx_path(to, sizeof(to), err, "%s/%s", dir, name) == -1 ||
	    fsx_read(from, MAINCF_SIZE_MAX, before, err) == -1)
		goto out;
	if (memchr(before->data, '\0', before->len) != NULL) {
		err_set(
		    err, ERR_POSTFIX_CONFIG, "", "%s: holds a NUL byte", from);
		goto out;
	}
	if (buf_add(&b, before->data, before->len) == -1 ||
	    (newline && b.len > 0 && b.data[b.len - 1] != '\n' &&
		buf_addc(&b, '\n') == -1)) {
		err_set(err, ERR_NOMEM, "", "%s", name);
		goto out;
	}
	if (fsx_replace_fast(to, b.data, b.len, 0600, err) == -1)
		goto out;
	if (maincf_cool(AT_FDCWD, to, 0) == -1)
		err_sys(err, ERR_IO, "", "utime %s", to);
	else
		rc = 0;
out:
	buf_clear(&b);
	return rc;
}

/* Copies of main.cf (with its last newline) and master.cf. */
static int
stage_copy(struct stage *s, struct buf *before, struct err *err)
{
	struct buf master;
	int rc = -1;

	buf_init(&master, MAINCF_SIZE_MAX);
	if (maincf_path(s->conf, s->real_path, err) == 0 &&
	    fsx_path(s->path, sizeof(s->path), err, "%s/main.cf", s->dir) ==
		0 &&
	    cf_copy(s->conf, "main.cf", s->dir, true, before, err) == 0)
		rc = cf_copy(s->conf, "master.cf", s->dir, false, &master, err);
	buf_clear(&master);
	return rc;
}

/* "DIR/main.cf, line 7: ..." is about the file that the reader knows. */
static int
refused(const struct stage *s, const struct run_result *r, enum err_code code,
    struct err *err)
{
	char diag[DIAG_MAX];
	const char *rest;
	size_t n = strlen(s->path);
	const char *at;

	diag_pick(&r->err, diag);
	if ((at = strstr(diag, s->path)) == NULL)
		return err_set(err, code, "", "%s",
		    diag[0] == '\0' ? "postconf failed without a word" : diag);
	rest = at + n;
	return err_set(err, code, "", "%.*s%s%s", (int)(at - diag), diag,
	    s->real_path, rest);
}

/* Run postconf on the copy; its exit status must be 0. */
static int
edit(struct stage *s, const char *const *args, struct err *err)
{
	struct run_result r;
	int rc = -1;

	if (postconf_run(s->conf, s->dir, args, &r, err) == -1)
		goto out;
	if (r.exit_code != 0)
		rc = refused(s, &r, ERR_POSTFIX_COMMAND, err);
	else if (maincf_cool(AT_FDCWD, s->path, 0) == -1)
		rc = err_sys(err, ERR_IO, "", "utime %s", s->path);
	else
		rc = 0;
out:
	run_result_clear(&r);
	return rc;
}

static int
edit_values(struct stage *s, struct err *err)
{
	const char *args[POSTCONF_ARGS_MAX + 1];
	char *text[POSTCONF_ARGS_MAX];
	size_t i, n = 0, k = 0;
	int rc = -1;

	args[n++] = "-e";
	for (i = 0; i < s->plan->n && k < POSTCONF_ARGS_MAX; i++) {
		if (s->plan->v[i].after == NULL ||
		    param_in_master(s->plan->v[i].name))
			continue;
		if (strpbrk(s->plan->v[i].after, "\r\n") != NULL) {
			err_set(err, ERR_INTERNAL, "", "%s: line break",
			    s->plan->v[i].name);
			goto out;
		}
		if (asprintf(&text[k], "%s = %s", s->plan->v[i].name,
			s->plan->v[i].after) == -1) {
			err_set(err, ERR_NOMEM, "", "postconf");
			goto out;
		}
		args[n++] = text[k++];
	}
	args[n] = NULL;
	rc = k == 0 ? 0 : edit(s, args, err);
out:
	while (k > 0)
		free(text[--k]);
	return rc;
}

static int
edit_removals(struct stage *s, struct err *err)
{
	const char *args[POSTCONF_ARGS_MAX + 1];
	size_t i, n = 0;

	args[n++] = "-X";
	for (i = 0; i < s->plan->n && n < POSTCONF_ARGS_MAX; i++)
		if (s->plan->v[i].after == NULL &&
		    !param_in_master(s->plan->v[i].name))
			args[n++] = s->plan->v[i].name;
	args[n] = NULL;
	return n == 1 ? 0 : edit(s, args, err);
}

static int
read_back(struct stage *s, struct readback *rb, struct err *err)
{
	static const char *const args[] = {"-n", NULL};
	struct run_result r;
	int rc = -1;

	if (postconf_run(s->conf, s->dir, args, &r, err) == -1)
		goto out;
	if (r.exit_code != 0) {
		refused(s, &r, ERR_POSTFIX_CONFIG, err);
		goto out;
	}
	if (buf_add(&rb->warnings, r.err.data, r.err.len) == -1) {
		err_set(err, ERR_NOMEM, "", "postconf");
		goto out;
	}
	rc = postconf_parse(&r.out, &rb->values, err);
out:
	run_result_clear(&r);
	return rc;
}

static bool
planned(const struct param_plan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (strcmp(plan->v[i].name, name) == 0)
			return true;
	return false;
}

/*
 * postconf -n leaves out a parameter of the administrator's own making as
 * soon as nothing refers to it any more, with a warning.  Its line is still
 * there, which same_bytes() proves.
 */
static bool
only_unused(const struct readback *rb, const char *name)
{
	char text[300];

	(void)snprintf(text, sizeof(text), UNUSED "%.255s=", name);
	return memmem(rb->warnings.data, rb->warnings.len, text,
		   strlen(text)) != NULL;
}

/* Every name of a, unless planned, has the same value in b. */
static int
same_values(const struct param_plan *plan, const struct readback *a,
    const struct readback *b, struct err *err)
{
	struct json_object *other;
	const char *va, *vb;

	json_object_object_foreach (a->values, name, v) {
		if (planned(plan, name) || only_unused(b, name))
			continue;
		va = json_object_get_string(v);
		vb = json_object_object_get_ex(b->values, name, &other)
			 ? json_object_get_string(other)
			 : NULL;
		if (vb == NULL || strcmp(va, vb) != 0)
			return err_set(err, ERR_POSTFIX_READBACK, "",
			    "%s: expected \"%.60s\", got \"%.60s\"", name, va,
			    vb == NULL ? "(not set)" : vb);
	}
	return 0;
}

static int
planned_values(
    const struct param_plan *plan, struct json_object *after, struct err *err)
{
	const struct param_change *c;
	struct json_object *v;
	const char *got;
	size_t i;

	for (i = 0; i < plan->n; i++) {
		c = &plan->v[i];
		if (param_in_master(c->name))
			continue;
		got = json_object_object_get_ex(after, c->name, &v)
			  ? json_object_get_string(v)
			  : NULL;
		if (c->after == NULL
			? got != NULL
			: got == NULL || strcmp(got, c->after) != 0)
			return err_set(err, ERR_POSTFIX_READBACK, "",
			    "%s: expected \"%.60s\", got \"%.60s\"", c->name,
			    c->after == NULL ? "(not set)" : c->after,
			    got == NULL ? "(not set)" : got);
	}
	return 0;
}

/* A warning without its line number, which the edit moves. */
static size_t
warning_key(const char *line, size_t len, char *dst, size_t size)
{
	static const char mark[] = ", line ";
	const char *at = memmem(line, len, mark, sizeof(mark) - 1);
	const char *rest, *end = line + len;
	size_t n = len < size ? len : size - 1;

	if (at == NULL) {
		memcpy(dst, line, n);
		dst[n] = '\0';
		return n;
	}
	rest = at + sizeof(mark) - 1;
	while (rest < end && *rest >= '0' && *rest <= '9')
		rest++;
	return (size_t)snprintf(dst, size, "%.*s%.*s", (int)(at - line), line,
	    (int)(end - rest), rest);
}

static bool
warned_before(const struct buf *before, const char *key)
{
	const char *p = before->data, *end = p + before->len, *nl;
	char other[1024];

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		(void)warning_key(p, (size_t)(nl - p), other, sizeof(other));
		if (strcmp(other, key) == 0)
			return true;
	}
	return false;
}

/* Of a parameter that nothing uses, or that a later Postfix will not have. */
static bool
is_harmless(const char *p, size_t len)
{
	return len == 0 || memmem(p, len, UNUSED, strlen(UNUSED)) != NULL ||
	       memmem(p, len, OLD, strlen(OLD)) != NULL;
}

static int
no_new_warning(
    const struct buf *before, const struct buf *after, struct err *err)
{
	const char *p = after->data, *end = p + after->len, *nl;
	char key[1024], clean[DIAG_MAX];

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (is_harmless(p, (size_t)(nl - p)))
			continue;
		(void)warning_key(p, (size_t)(nl - p), key, sizeof(key));
		if (!warned_before(before, key)) {
			text_clean(clean, sizeof(clean), p, (size_t)(nl - p));
			return err_set(err, ERR_POSTFIX_READBACK, "",
			    "new warning: %s", clean);
		}
	}
	return 0;
}

int
cf_same_but(const char *name, const char *const *names,
    const struct buf *before, const struct buf *after, struct err *err)
{
	struct buf a, b;
	int rc = -1;

	buf_init(&a, MAINCF_SIZE_MAX + 1);
	buf_init(&b, MAINCF_SIZE_MAX + 1);
	if (maincf_without(before, names, &a) == -1 ||
	    (a.len > 0 && a.data[a.len - 1] != '\n' &&
		buf_addc(&a, '\n') == -1) ||
	    maincf_without(after, names, &b) == -1)
		err_set(err, ERR_NOMEM, "", "%s", name);
	else if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		err_set(err, ERR_POSTFIX_READBACK, "",
		    "%s: lines that are not ours would change", name);
	else
		rc = 0;
	buf_clear(&a);
	buf_clear(&b);
	return rc;
}

/* The bytes of everything that is not planned are as they were. */
static int
same_bytes(const struct param_plan *plan, const struct buf *before,
    const struct buf *after, struct err *err)
{
	const char *names[POSTCONF_ARGS_MAX + 1];
	size_t i;

	for (i = 0; i < plan->n && i < POSTCONF_ARGS_MAX; i++)
		names[i] = plan->v[i].name;
	names[i] = NULL;
	return cf_same_but("main.cf", names, before, after, err);
}

int
maincf_stage(const struct conf *conf, const struct param_plan *plan,
    const char *stage_dir, struct buf *before, struct buf *after,
    struct err *err)
{
	struct stage s = {.conf = conf, .plan = plan, .dir = stage_dir};
	struct readback was = {0}, is = {0};
	int rc = -1;

	buf_init(&was.warnings, POSTCONF_OUT_MAX);
	buf_init(&is.warnings, POSTCONF_OUT_MAX);
	if (stage_copy(&s, before, err) == -1 ||
	    read_back(&s, &was, err) == -1 || edit_values(&s, err) == -1 ||
	    edit_removals(&s, err) == -1 || read_back(&s, &is, err) == -1)
		goto out;
	if (planned_values(plan, is.values, err) == -1 ||
	    same_values(plan, &was, &is, err) == -1 ||
	    same_values(plan, &is, &was, err) == -1 ||
	    no_new_warning(&was.warnings, &is.warnings, err) == -1)
		goto out;
	if (fsx_read(s.path, MAINCF_SIZE_MAX, after, err) == -1 ||
	    same_bytes(plan, before, after, err) == -1)
		goto out;
	rc = 0;
out:
	json_object_put(was.values);
	json_object_put(is.values);
	buf_clear(&was.warnings);
	buf_clear(&is.warnings);
	return rc;
}

static void
names_of(param_mask mask, const char *names[POSTCONF_ARGS_MAX + 1])
{
	size_t i, n = 0;

	for (i = 0; i < n_params && n < POSTCONF_ARGS_MAX; i++)
		if ((mask & (param_mask)1 << i) != 0)
			names[n++] = params[i].name;
	names[n] = NULL;
}

bool
maincf_same_but(
    param_mask mask, const struct buf *before, const struct buf *now)
{
	const char *names[POSTCONF_ARGS_MAX + 1];

	names_of(mask, names);
	return cf_same_but("main.cf", names, before, now, NULL) == 0;
}

int
maincf_strip(param_mask mask, const struct buf *src, struct buf *dst)
{
	const char *names[POSTCONF_ARGS_MAX + 1];

	names_of(mask, names);
	return maincf_without(src, names, dst);
}
