/*
 * mastercf.c - a new master.cf, made and proven in a directory of its own.
 *
 * postconf -F edits one column of one service and writes that service anew
 * in its own layout, with its -o options; comments between its lines come to
 * stand before it.  Proof that nothing of others moved: all services but ours
 * print the same with -M, ours differs in the planned columns alone, and the
 * file without its lines is the same bytes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "maincf.h"
#include "postfix_int.h"

#define COLUMNS	     7 /* before the command */
#define SERVICE_COL  0
#define LIMIT_COL    6
#define SMTPD_BEHIND "smtpd/pass"

struct edit {
	const struct conf *conf;
	const struct postfix_inbound *in;
	const struct param_plan *plan;
	const char *dir;
	char path[PATH_MAX];
};

int
mastercf_read(const struct conf *conf, struct buf *ret_content, struct err *err)
{
	char path[PATH_MAX];

	if (cf_path(conf, "master.cf", path, err) == -1)
		return -1;
	return fsx_read(path, MAINCF_SIZE_MAX, ret_content, err);
}

static const char *
wanted(const struct edit *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->plan->n; i++)
		if (strcmp(e->plan->v[i].name, name) == 0)
			return e->plan->v[i].after;
	return NULL;
}

/* The service that has the process limit, as "name/type". */
static void
limited(const struct edit *e, char dst[160])
{
	if (e->in->postscreen)
		(void)snprintf(dst, 160, "%s", SMTPD_BEHIND);
	else
		(void)snprintf(dst, 160, "%s/inet", e->in->service);
}

static int
run_postconf(
    struct edit *e, const char *const *args, struct buf *out, struct err *err)
{
	struct run_result r;
	char diag[DIAG_MAX], *where;
	int rc = -1;

	if (postconf_run(e->conf, e->dir, args, &r, err) == -1)
		goto out;
	/* A service that is not there is a warning and no more; a line that
	 * the editor cannot take is fatal, and named by the copy's path. */
	if (r.exit_code != 0 || (out == NULL && r.err.len > 0)) {
		diag_pick(&r.err, diag);
		where = strstr(diag, e->path);
		err_set(err,
		    r.exit_code != 0 ? ERR_POSTFIX_CONFIG : ERR_POSTFIX_COMMAND,
		    "", "master.cf%s%s", where == NULL ? ": " : "",
		    where == NULL ? diag : where + strlen(e->path));
		goto out;
	}
	if (out != NULL && buf_add(out, r.out.data, r.out.len) == -1)
		err_set(err, ERR_NOMEM, "", "postconf");
	else if (maincf_cool(AT_FDCWD, e->path, 0) == -1)
		err_sys(err, ERR_IO, "", "utime %s", e->path);
	else
		rc = 0;
out:
	run_result_clear(&r);
	return rc;
}

static int
edit_column(struct edit *e, const char *service, const char *column,
    const char *value, struct err *err)
{
	char text[512];
	const char *args[] = {"-F", "-e", text, NULL};

	if (strpbrk(value, " \t\r\n#={}") != NULL ||
	    snprintf(text, sizeof(text), "%s/%s=%s", service, column, value) >=
		(int)sizeof(text))
		return err_set(err, ERR_INTERNAL, "", "%s: bad value", column);
	return run_postconf(e, args, NULL, err);
}

/* First the column, then the name by which it is found. */
static int
edit_all(struct edit *e, struct err *err)
{
	const char *limit = wanted(e, PARAM_LIMIT);
	const char *service = wanted(e, PARAM_SERVICE);
	char name[160];

	limited(e, name);
	if (limit != NULL &&
	    edit_column(e, name, "process_limit", limit, err) == -1)
		return -1;
	if (service == NULL)
		return 0;
	(void)snprintf(name, sizeof(name), "%s/inet", e->in->service);
	return edit_column(e, name, "service", service, err);
}

static int
list(struct edit *e, struct buf *out, struct err *err)
{
	static const char *const args[] = {"-M", NULL};

	return run_postconf(e, args, out, err);
}

/* One -M line cut at its blanks; the command and its options are one. */
static void
columns(char *line, char *field[COLUMNS + 1])
{
	size_t i;

	for (i = 0; i <= COLUMNS; i++) {
		line += strspn(line, " \t");
		field[i] = line;
		if (i == COLUMNS)
			break;
		line += strcspn(line, " \t");
		if (*line != '\0')
			*line++ = '\0';
	}
}

/* What column i of this service is to be afterwards. */
static const char *
column_after(const struct edit *e, char *const field[], size_t i)
{
	char name[160], own[160];
	const char *value = NULL;

	limited(e, name);
	(void)snprintf(own, sizeof(own), "%.100s/%.40s", field[0], field[1]);
	if (i == LIMIT_COL && strcmp(own, name) == 0)
		value = wanted(e, PARAM_LIMIT);
	(void)snprintf(name, sizeof(name), "%s/inet", e->in->service);
	if (i == SERVICE_COL && strcmp(own, name) == 0)
		value = wanted(e, PARAM_SERVICE);
	return value == NULL ? field[i] : value;
}

static int
same_line(const struct edit *e, char *was, char *is, struct err *err)
{
	char *a[COLUMNS + 1], *b[COLUMNS + 1];
	const char *want;
	size_t i;

	columns(was, a);
	columns(is, b);
	for (i = 0; i <= COLUMNS; i++) {
		want = column_after(e, a, i);
		if (strcmp(want, b[i]) != 0)
			return err_set(err, ERR_POSTFIX_READBACK, "",
			    "master.cf, %s: expected \"%.60s\", got \"%.60s\"",
			    a[0], want, b[i]);
	}
	return 0;
}

static int
same_services(
    const struct edit *e, struct buf *was, struct buf *is, struct err *err)
{
	char *a, *b, *sa = NULL, *sb = NULL;

	a = was->len == 0 ? NULL : strtok_r(was->data, "\n", &sa);
	b = is->len == 0 ? NULL : strtok_r(is->data, "\n", &sb);
	for (; a != NULL && b != NULL;
	     a = strtok_r(NULL, "\n", &sa), b = strtok_r(NULL, "\n", &sb))
		if (same_line(e, a, b, err) == -1)
			return -1;
	return a == b ? 0
		      : err_set(err, ERR_POSTFIX_READBACK, "",
			    "master.cf: services came or went");
}

/* Comments and everything else but the lines of the edited services. */
static int
same_bytes(const struct edit *e, const struct buf *before,
    const struct buf *after, struct err *err)
{
	const char *service = wanted(e, PARAM_SERVICE);
	const char *names[4] = {e->in->service,
	    service == NULL ? e->in->service : service,
	    e->in->postscreen ? "smtpd" : NULL, NULL};

	return cf_same_but("master.cf", names, before, after, err);
}

int
mastercf_stage(const struct conf *conf, const struct postfix_info *info,
    const struct param_plan *plan, const char *stage_dir, struct buf *before,
    struct buf *after, struct err *err)
{
	struct edit e = {conf, &info->inbound, plan, stage_dir, ""};
	struct buf main_cf, was, is;
	int rc = -1;

	buf_init(&main_cf, MAINCF_SIZE_MAX);
	buf_init(&was, POSTCONF_OUT_MAX);
	buf_init(&is, POSTCONF_OUT_MAX);
	if (fsx_path(e.path, sizeof(e.path), err, "%s/master.cf", stage_dir) ==
		-1 ||
	    cf_copy(conf, "main.cf", stage_dir, true, &main_cf, err) == -1 ||
	    cf_copy(conf, "master.cf", stage_dir, true, before, err) == -1 ||
	    list(&e, &was, err) == -1 || edit_all(&e, err) == -1 ||
	    list(&e, &is, err) == -1 || same_services(&e, &was, &is, err) == -1)
		goto out;
	if (fsx_read(e.path, MAINCF_SIZE_MAX, after, err) == -1 ||
	    same_bytes(&e, before, after, err) == -1)
		goto out;
	rc = 0;
out:
	buf_clear(&main_cf);
	buf_clear(&was);
	buf_clear(&is);
	return rc;
}

/* Both are asked about in the directory where the second was made. */
int
mastercf_same(const struct conf *conf, const char *stage_dir,
    const char *service, const struct buf *before, const struct buf *now,
    bool *ret, struct err *err)
{
	const char *names[] = {service, "smtpd", NULL};
	struct edit e = {.conf = conf, .dir = stage_dir};
	struct buf a, b;
	int rc = -1;

	buf_init(&a, POSTCONF_OUT_MAX);
	buf_init(&b, POSTCONF_OUT_MAX);
	if (fsx_path(e.path, sizeof(e.path), err, "%s/master.cf", stage_dir) ==
		-1 ||
	    list(&e, &b, err) == -1 ||
	    fsx_replace_fast(e.path, before->data, before->len, 0600, err) ==
		-1)
		goto out;
	if (maincf_cool(AT_FDCWD, e.path, 0) == -1) {
		err_sys(err, ERR_IO, "", "utime %s", e.path);
		goto out;
	}
	if (list(&e, &a, err) == -1)
		goto out;
	*ret = a.len == b.len && memcmp(a.data, b.data, a.len) == 0 &&
	       cf_same_but("master.cf", names, before, now, NULL) == 0;
	rc = 0;
out:
	buf_clear(&a);
	buf_clear(&b);
	return rc;
}
