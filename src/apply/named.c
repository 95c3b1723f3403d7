/*
 * named.c - which files of generations main.cf, master.cf and their tables
 * name.
 *
 * Read word by word, not by Postfix's grammar: a word too many keeps a file
 * too long, and does no other harm.  A line that begins with a blank belongs
 * to the parameter or service above it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "named.h"
#include "util.h"

#define TABLE_MAX (4 * 1024 * 1024)
#define BREAKS	  " \t\r\n,;={}()\"'"
#define WORD_MAX  1024

struct walk {
	const struct conf *conf;
	char state[STATE_PATH_MAX]; /* STATE/generations/gen- */
	char real[STATE_PATH_MAX];  /* the same without links */
	struct named *found;
	const char *table; /* the one that is read, or NULL */
	bool master;
	char line[sizeof(((struct named_row *)NULL)->line)];
};

static int
add(struct walk *w, long id, const char *file, struct err *err)
{
	struct named *f = w->found;
	struct named_row *v, *row;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].id == id && strcmp(f->v[i].line, w->line) == 0 &&
		    strcmp(f->v[i].file, file) == 0)
			return 0;
	if ((v = reallocarray(f->v, f->n + 1, sizeof(*v))) == NULL)
		return err_set(err, ERR_NOMEM, "", "main.cf");
	f->v = v;
	row = &v[f->n++];
	row->id = id;
	(void)snprintf(row->line, sizeof(row->line), "%s", w->line);
	(void)snprintf(row->file, sizeof(row->file), "%s", file);
	return 0;
}

/* Is it "HEAD<N>/FILE"? */
static int
add_if_below(
    struct walk *w, const char *path, const char *head, struct err *err)
{
	const char *rest;
	size_t len = strlen(head);
	long id;

	if (strncmp(path, head, len) != 0 ||
	    (id = generation_number(path + len, &rest)) <= 0 ||
	    (*rest != '/' && *rest != '\0'))
		return 0;
	rest += *rest == '/';
	return add(w, id,
	    strlen(rest) < sizeof(((struct named_row *)NULL)->file) &&
		    strchr(rest, '/') == NULL
		? rest
		: "",
	    err);
}

static int
one_path(struct walk *w, const char *path, struct err *err)
{
	char *real;
	int rc;

	if (add_if_below(w, path, w->state, err) == -1)
		return -1;
	if ((real = realpath(path, NULL)) == NULL)
		return 0;
	rc = add_if_below(w, real, w->real, err);
	free(real);
	return rc;
}

static int text_walk(struct walk *, const struct buf *, struct err *);

/* A table inside a table is none; of main.cf, those of mailboxes and aliases
 * are large and name no certificate. */
static int
one_table(struct walk *w, const char *path, struct err *err)
{
	struct walk in = *w;
	struct buf b;
	int rc = 0;

	if (w->table != NULL || (!w->master && strstr(w->line, "tls") == NULL))
		return 0;
	buf_init(&b, TABLE_MAX);
	in.table = path;
	text_clean(in.line, sizeof(in.line), path, strlen(path));
	if (fsx_read(path, TABLE_MAX, &b, NULL) == 0)
		rc = text_walk(&in, &b, err);
	buf_clear(&b);
	return rc;
}

/* "/path", "type:/path", "$config_directory/path" */
static int
one_word(struct walk *w, const char *word, size_t len, struct err *err)
{
	static const char own[] = "$config_directory";
	char text[WORD_MAX], path[STATE_PATH_MAX], *p;
	bool table;

	if (len == 0 || len >= sizeof(text))
		return 0;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, word);
	p = strstr(text, own);
	if (p != NULL)
		(void)snprintf(path, sizeof(path), "%s%s",
		    w->conf->config_directory, p + sizeof(own) - 1);
	else if ((p = strchr(text, '/')) != NULL)
		(void)snprintf(path, sizeof(path), "%s", p);
	else
		return 0;
	table = p > text && p[-1] == ':';
	if (one_path(w, path, err) == -1)
		return -1;
	return table ? one_table(w, path, err) : 0;
}

/* The name that the lines from here on go by. */
static void
name_line(struct walk *w, const char *p, const char *end)
{
	size_t n = 0, more;
	char name[sizeof(w->line)];

	if (w->table != NULL)
		return;
	while (p + n < end && !isspace((unsigned char)p[n]) && p[n] != '=')
		n++;
	more = n;
	if (w->master) { /* "smtp inet" is SERVICE/TYPE, as postconf has it */
		while (p + more < end && isspace((unsigned char)p[more]))
			more++;
		(void)snprintf(name, sizeof(name), "%.*s/", (int)n, p);
		p += more;
		for (n = 0; p + n < end && !isspace((unsigned char)p[n]);)
			n++;
		text_clean(w->line, sizeof(w->line), name, strlen(name));
		more = strlen(w->line);
		text_clean(w->line + more, sizeof(w->line) - more, p, n);
		return;
	}
	text_clean(w->line, sizeof(w->line), p, n);
}

/* "${config_directory}" without its braces, which part words. */
static size_t
word_len(const char *p, const char *end, const char **ret_word)
{
	static const char braced[] = "{config_directory}";
	size_t n = 0, skip = sizeof(braced) - 1;

	*ret_word = p;
	while (p + n < end && strchr(BREAKS, p[n]) == NULL) {
		if (p[n] == '$' && (size_t)(end - p) > n + skip &&
		    strncmp(p + n + 1, braced, skip) == 0)
			n += skip;
		n++;
	}
	return n;
}

static int
line_walk(struct walk *w, const char *p, const char *end, struct err *err)
{
	char text[WORD_MAX], *brace;
	const char *word;
	size_t n;

	for (; p < end; p += n == 0 ? 1 : n) {
		n = word_len(p, end, &word);
		if (n == 0 || n >= sizeof(text))
			continue;
		(void)snprintf(text, sizeof(text), "%.*s", (int)n, word);
		while ((brace = strpbrk(text, "{}")) != NULL)
			memmove(brace, brace + 1, strlen(brace));
		if (one_word(w, text, strlen(text), err) == -1)
			return -1;
	}
	return 0;
}

static int
text_walk(struct walk *w, const struct buf *b, struct err *err)
{
	const char *p = b->data, *end, *nl, *text;

	if (b->len == 0)
		return 0;
	end = b->data + b->len;
	for (; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl + 1;
		for (text = p; text < nl && isspace((unsigned char)*text);)
			text++;
		if (text == nl || *text == '#')
			continue;
		if (text == p)
			name_line(w, p, nl);
		if (line_walk(w, text, nl, err) == -1)
			return -1;
	}
	return 0;
}

int
named_find(const struct conf *conf, const struct buf *main_cf,
    const struct buf *master_cf, struct named *ret, struct err *err)
{
	struct named found = {NULL, 0};
	struct walk w = {.conf = conf, .found = &found};
	char *real;

	if (fsx_path(w.state, sizeof(w.state), err, "%s/generations/gen-",
		conf->state_directory) == -1)
		return -1;
	real = realpath(conf->state_directory, NULL);
	if (fsx_path(w.real, sizeof(w.real), err, "%s/generations/gen-",
		real == NULL ? conf->state_directory : real) == -1 ||
	    text_walk(&w, main_cf, err) == -1)
		goto fail;
	w.master = true;
	if (text_walk(&w, master_cf, err) == -1)
		goto fail;
	free(real);
	*ret = found;
	return 0;
fail:
	free(real);
	named_clear(&found);
	return -1;
}

void
named_clear(struct named *f)
{
	free(f->v);
	f->v = NULL;
	f->n = 0;
}

int
named_copy_path(const struct conf *conf, const struct named_row *row,
    char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(dst, STATE_PATH_MAX, err, "%s/postseal/gen-%ld-%s",
	    conf->config_directory, row->id, row->file);
}

bool
named_is_there(const struct conf *conf, const struct named_row *row)
{
	char path[STATE_PATH_MAX];

	return row->file[0] != '\0' &&
	       generation_path(conf, row->id, row->file, path, NULL) == 0 &&
	       access(path, F_OK) == 0;
}

static int
copy_one(const struct conf *conf, struct named_row *row, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	char from[STATE_PATH_MAX], to[STATE_PATH_MAX];
	struct err cause;
	struct buf b;
	int rc = -1;

	if (row->file[0] == '\0')
		return 0;
	buf_init(&b, TABLE_MAX);
	if (generation_path(conf, row->id, row->file, from, err) == -1 ||
	    named_copy_path(conf, row, to, err) == -1)
		goto out;
	if (fsx_read(from, TABLE_MAX, &b, &cause) == -1) {
		rc = fsx_missing(&cause, err); /* named, and gone already */
		goto out;
	}
	row->made = access(to, F_OK) == -1;
	rc = fsx_replace(to, b.data == NULL ? "" : b.data, b.len, &attr, err);
out:
	buf_clear(&b);
	return rc;
}

int
named_copy(const struct conf *conf, struct named *f, struct err *err)
{
	char dir[STATE_PATH_MAX];
	size_t i;

	if (f->n == 0)
		return 0;
	if (fsx_path(dir, sizeof(dir), err, "%s/postseal",
		conf->config_directory) == -1 ||
	    fsx_mkdir_p(dir, 0700, err) == -1)
		return -1;
	for (i = 0; i < f->n; i++)
		if (copy_one(conf, &f->v[i], err) == -1)
			return -1;
	return 0;
}

int
named_uncopy(const struct conf *conf, struct named *f, struct err *err)
{
	char path[STATE_PATH_MAX];
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!f->v[i].made)
			continue;
		if (named_copy_path(conf, &f->v[i], path, err) == -1 ||
		    fsx_wipe_tree(path, err) == -1)
			return -1;
		f->v[i].made = false;
	}
	/* With copies of an earlier time in it, it stays. */
	if (f->n > 0 && fsx_path(path, sizeof(path), err, "%s/postseal",
			    conf->config_directory) == 0)
		(void)rmdir(path);
	return 0;
}
