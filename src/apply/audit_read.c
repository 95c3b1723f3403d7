/*
 * audit_read.c - the audit log from its end, page by page.
 *
 * The log is audit.log and what logrotate made of it, audit.log.1 and so on,
 * the oldest first.  It only grows, so a byte offset names a place in it, until
 * the oldest file goes: "next" of one answer is "before" of the next question.
 * One call reads at most SCAN_MAX bytes of a file, and no more files once it
 * has a line; a filter that matches little then gives a short page with a
 * "next" all the same.
 * A line that a power cut tore is skipped.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_int.h"
#include "fsx.h"
#include "jsonx.h"

#define SCAN_MAX (1024 * 1024)

static bool
has_text(struct json_object *line, const char *text)
{
	static const char *const names[] = {"user", "from", "detail", "note"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasestr(jsonx_path_str(line, names[i], ""), text) !=
		    NULL)
			return true;
	}
	return false;
}

static bool
matches(struct json_object *line, const struct audit_query *q)
{
	const char *event = jsonx_path_str(line, "event", "");

	if (q->user != NULL &&
	    strcmp(jsonx_path_str(line, "user", ""), q->user) != 0)
		return false;
	if (q->outcome != NULL &&
	    strcmp(jsonx_path_str(line, "outcome", ""), q->outcome) != 0)
		return false;
	if (q->event != NULL && strncmp(event, q->event, strlen(q->event)) != 0)
		return false;
	return q->text == NULL || has_text(line, q->text);
}

/* Lines of text, which starts at offset from, backwards into list.  Returns
 * the offset down to which everything was looked at. */
static int64_t
take_lines(const char *text, size_t len, int64_t from,
    const struct audit_query *q, struct json_object *list)
{
	struct json_object *line;
	size_t start, end = len;

	while (end > 0) {
		if (json_object_array_length(list) >= q->limit)
			break;
		start = end - 1; /* text[end - 1] is the newline */
		while (start > 0 && text[start - 1] != '\n')
			start--;
		line = NULL;
		if (jsonx_parse(text + start, end - start, 4, &line, NULL) ==
			0 &&
		    json_object_is_type(line, json_type_object) &&
		    matches(line, q)) {
			json_object_object_add(line, "offset",
			    json_object_new_int64(from + (int64_t)start));
			json_object_array_add(list, line);
		} else {
			json_object_put(line);
		}
		end = start;
	}
	return from + (int64_t)end;
}

void
audit_files_close(struct audit_files *f)
{
	while (f->n > 0)
		close(f->fd[--f->n]);
}

/* 1: added; 0: there is none, or it is the former one, which logrotate has
 * just renamed. */
static int
files_add(struct audit_files *f, const char *path, ino_t *former, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_IO, "", "open %s", path);
	if (fstat(fd, &st) == -1) {
		close(fd);
		return err_sys(err, ERR_IO, "", "stat %s", path);
	}
	if (st.st_ino == *former) {
		close(fd);
		return 0;
	}
	*former = st.st_ino;
	f->fd[f->n] = fd;
	f->size[f->n++] = st.st_size;
	f->total += st.st_size;
	return 1;
}

/* From the newest on: one that is renamed meanwhile is met twice, none is
 * missed. */
int
audit_files_open(
    const struct conf *conf, struct audit_files *f, struct err *err)
{
	char path[STATE_PATH_MAX], number[8] = "";
	ino_t former = 0;

	for (int i = 0; i < AUDIT_FILES_MAX; i++) {
		if (i > 0)
			(void)snprintf(number, sizeof(number), ".%d", i);
		if (fsx_path(path, sizeof(path), err, "%s/audit.log%s",
			conf->state_directory, number) == -1 ||
		    files_add(f, path, &former, err) == -1) {
			audit_files_close(f);
			return -1;
		}
	}
	return 0;
}

/* The part of a file to look at: whole lines that end at end. */
static int
read_part(int fd, int64_t *from, int64_t end, char *text, size_t *ret_len,
    struct err *err)
{
	const char *nl;
	ssize_t n;
	size_t len;

	*from = end > SCAN_MAX ? end - SCAN_MAX : 0;
	n = pread(fd, text, (size_t)(end - *from), (off_t)*from);
	if (n == -1)
		return err_sys(err, ERR_IO, "", "read the audit log");
	len = (size_t)n;
	while (len > 0 && text[len - 1] != '\n')
		len--; /* being written, or torn */
	if (*from > 0) {
		nl = memchr(text, '\n', len);
		if (nl != NULL) {
			len -= (size_t)(nl + 1 - text);
			*from += nl + 1 - text;
			memmove(text, nl + 1, len);
		}
	}
	*ret_len = len;
	return 0;
}

/* Files from that of *end on, until there is a line; *end: what was not looked
 * at. */
static int
read_files(const struct audit_files *f, const struct audit_query *q, char *text,
    int64_t *end, struct json_object *list, struct err *err)
{
	int64_t base = f->total, from;
	size_t len = 0;

	for (int i = 0; i < f->n; i++) {
		base -= f->size[i];
		if (*end <= base)
			continue;
		if (read_part(f->fd[i], &from, *end - base, text, &len, err) ==
		    -1)
			return -1;
		*end = take_lines(text, len, base + from, q, list);
		if (*end > base || json_object_array_length(list) > 0)
			break;
	}
	return 0;
}

static int
read_log(const struct audit_files *f, const struct audit_query *q,
    struct json_object **ret, struct err *err)
{
	struct json_object *o, *list;
	int64_t end = f->total;
	char *text;

	if (q->before > 0 && q->before < end)
		end = q->before;
	if ((text = malloc(SCAN_MAX)) == NULL)
		return err_set(err, ERR_NOMEM, "", "audit log");
	list = json_object_new_array();
	if (read_files(f, q, text, &end, list, err) == -1) {
		json_object_put(list);
		free(text);
		return -1;
	}
	free(text);
	o = json_object_new_object();
	json_object_object_add(o, "entries", list);
	json_object_object_add(
	    o, "next", end > 0 ? json_object_new_int64(end) : NULL);
	*ret = o;
	return 0;
}

int
audit_read(const struct conf *conf, const struct audit_query *q,
    struct json_object **ret, struct err *err)
{
	struct audit_files f = {.n = 0};
	int rc;

	if (audit_files_open(conf, &f, err) == -1)
		return -1;
	rc = read_log(&f, q, ret, err);
	audit_files_close(&f);
	return rc;
}
