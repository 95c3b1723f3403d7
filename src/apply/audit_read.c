/*
 * audit_read.c - the audit log from its end, page by page.
 *
 * The log only grows, so a byte offset names a place in it for ever: "next"
 * of one answer is "before" of the next question.  One call reads at most
 * SCAN_MAX bytes; a filter that matches little then gives a short page with a
 * "next" all the same.
 * A line that a power cut tore is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "state.h"

#define SCAN_MAX (1024 * 1024)

static bool
has_text(struct json_object *line, const char *text)
{
	static const char *const names[] = {"user", "from", "detail"};
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

/* The part of the file to look at: whole lines that end at *end. */
static int
read_part(int fd, int64_t *from, int64_t *end, char *text, size_t *ret_len,
    struct err *err)
{
	const char *nl;
	ssize_t n;
	size_t len;

	*from = *end > SCAN_MAX ? *end - SCAN_MAX : 0;
	len = (size_t)(*end - *from);
	n = pread(fd, text, len, (off_t)*from);
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

static int
read_log(int fd, const struct audit_query *q, struct json_object **ret,
    struct err *err)
{
	struct json_object *o, *list;
	int64_t size = lseek(fd, 0, SEEK_END), from, end, done;
	size_t len = 0;
	char *text;

	end = q->before > 0 && q->before < size ? q->before : size;
	if ((text = malloc(SCAN_MAX)) == NULL)
		return err_set(err, ERR_NOMEM, "", "audit log");
	if (read_part(fd, &from, &end, text, &len, err) == -1) {
		free(text);
		return -1;
	}
	list = json_object_new_array();
	done = take_lines(text, len, from, q, list);
	free(text);
	o = json_object_new_object();
	json_object_object_add(o, "entries", list);
	json_object_object_add(
	    o, "next", done > 0 ? json_object_new_int64(done) : NULL);
	*ret = o;
	return 0;
}

int
audit_read(const struct conf *conf, const struct audit_query *q,
    struct json_object **ret, struct err *err)
{
	char path[STATE_PATH_MAX];
	int fd, rc;

	if (fsx_path(path, sizeof(path), err, "%s/audit.log",
		conf->state_directory) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && errno == ENOENT) {
		*ret = json_object_new_object();
		json_object_object_add(
		    *ret, "entries", json_object_new_array());
		json_object_object_add(*ret, "next", NULL);
		return 0;
	}
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "open %s", path);
	rc = read_log(fd, q, ret, err);
	close(fd);
	return rc;
}
