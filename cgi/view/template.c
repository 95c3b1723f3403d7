/*
 * template.c - all templates of a directory, and one page from them.
 *
 * Everything is read and linked at start: a missing partial is found there
 * and not by the first visitor of a rare page.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mustache.h"
#include "template.h"

#define TEMPLATES_MAX 64

struct templates {
	struct mustache *v[TEMPLATES_MAX];
	char *name[TEMPLATES_MAX];
	size_t n;
};

struct words {
	const struct templates *t;
	const struct catalog *texts;
	const char *lang;
};

static const struct mustache *
find(const struct templates *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->name[i], name) == 0)
			return t->v[i];
	return NULL;
}

static const struct mustache *
get_partial(void *arg, const char *name)
{
	const struct words *s = arg;

	return find(s->t, name);
}

static const char *
get_text(void *arg, const char *key)
{
	const struct words *s = arg;

	return catalog_text(s->texts, s->lang, key);
}

static int
file_read(const char *path, struct buf *dst, struct err *err)
{
	char chunk[4096];
	ssize_t n;
	int fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return err_sys(err, ERR_CONFIG, "", "%.120s", path);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_sys(err, ERR_CONFIG, "", "%.120s", path);
			goto out;
		}
		if (buf_add(dst, chunk, (size_t)n) == -1) {
			err_set(err, ERR_CONFIG, "", "%.120s: too large", path);
			goto out;
		}
	}
	rc = 0;
out:
	close(fd);
	return rc;
}

static int
load_one(
    struct templates *t, const char *dir, const char *file, struct err *err)
{
	char path[1024];
	struct buf src;
	size_t len = strlen(file);
	int rc = -1;

	buf_init(&src, TEMPLATE_FILE_MAX);
	if (t->n == TEMPLATES_MAX) {
		err_set(err, ERR_CONFIG, "", "more than %d templates",
		    TEMPLATES_MAX);
		goto out;
	}
	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path)) {
		err_set(err, ERR_CONFIG, "", "%.100s: path too long", dir);
		goto out;
	}
	if (file_read(path, &src, err) == -1)
		goto out;
	if ((t->name[t->n] = strndup(file, len - 5)) == NULL) {
		err_set(err, ERR_NOMEM, "", "template");
		goto out;
	}
	if (mustache_parse(file, src.len > 0 ? src.data : "", src.len,
		&t->v[t->n], err) == -1) {
		free(t->name[t->n]);
		t->name[t->n] = NULL;
		goto out;
	}
	t->n++;
	rc = 0;
out:
	buf_clear(&src);
	return rc;
}

static int
link_check(const struct templates *t, struct err *err)
{
	const char *name;
	size_t i, pos;
	char kind;

	for (i = 0; i < t->n; i++) {
		pos = 0;
		while (
		    (name = mustache_reference(t->v[i], &pos, &kind)) != NULL)
			if (kind == '>' && find(t, name) == NULL)
				return err_set(err, ERR_CONFIG, "",
				    "template %.60s: no partial %.60s",
				    t->name[i], name);
	}
	return 0;
}

int
templates_load(const char *dir, struct templates **ret, struct err *err)
{
	struct templates *t;
	struct dirent *e;
	DIR *d = NULL;
	size_t len;
	int rc = -1;

	if ((t = calloc(1, sizeof(*t))) == NULL) {
		err_set(err, ERR_NOMEM, "", "templates");
		goto out;
	}
	if ((d = opendir(dir)) == NULL) {
		err_sys(err, ERR_CONFIG, "", "%.120s", dir);
		goto out;
	}
	while ((e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		if (e->d_name[0] == '.' || len <= 5 ||
		    strcmp(e->d_name + len - 5, ".html") != 0)
			continue;
		if (load_one(t, dir, e->d_name, err) == -1)
			goto out;
	}
	if (t->n == 0) {
		err_set(err, ERR_CONFIG, "", "%.120s: no templates", dir);
		goto out;
	}
	if (link_check(t, err) == -1)
		goto out;
	*ret = t;
	t = NULL;
	rc = 0;
out:
	if (d != NULL)
		closedir(d);
	templates_free(t);
	return rc;
}

void
templates_free(struct templates *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++) {
		mustache_free(t->v[i]);
		free(t->name[i]);
	}
	free(t);
}

int
templates_render(const struct templates *t, const struct catalog *texts,
    const char *lang, const char *name, struct json_object *ctx,
    struct buf *out, struct err *err)
{
	struct words s = {t, texts, lang};
	struct mustache_env env = {get_partial, get_text, &s};
	const struct mustache *m;

	if ((m = find(t, name)) == NULL)
		return err_set(
		    err, ERR_INTERNAL, "", "no template %.60s", name);
	return mustache_render(m, ctx, &env, out, err);
}
