/*
 * audit.c - who did what: one JSON object a line, appended, never rewritten.
 *
 * Only postseald writes it, so that a web process that was taken over cannot
 * take lines out.  One write(2) with O_APPEND keeps lines of several
 * processes apart; a line that a power cut tore is ended first, so that it
 * cannot swallow the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "state.h"

static struct json_object *
audit_object(const struct actor *actor, const char *event, const char *outcome,
    const char *detail)
{
	struct json_object *o;
	const struct {
		const char *name, *value;
	} member[] = {{"user", actor->user}, {"from", actor->from},
	    {"via", actor->via}, {"event", event}, {"outcome", outcome},
	    {"detail", detail}};
	char at[32];
	size_t i;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	time_iso(time(NULL), at);
	json_object_object_add(o, "at", json_object_new_string(at));
	for (i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		if (member[i].value == NULL)
			continue;
		json_object_object_add(
		    o, member[i].name, json_object_new_string(member[i].value));
	}
	return o;
}

static int
append(const char *path, const struct buf *line, struct err *err)
{
	char last = '\n';
	ssize_t n;
	off_t size;
	int fd, rc = -1;

	fd = open(
	    path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "open %s", path);
	size = lseek(fd, 0, SEEK_END);
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) == -1) {
		err_sys(err, ERR_IO, "", "write %s", path);
		goto out;
	}
	n = write(fd, line->data, line->len);
	if (n != (ssize_t)line->len) {
		if (n >= 0)
			errno = ENOSPC;
		err_sys(err, ERR_IO, "", "write %s", path);
		goto out;
	}
	if (fdatasync(fd) == -1) {
		err_sys(err, ERR_IO, "", "fsync %s", path);
		goto out;
	}
	rc = 0;
out:
	close(fd);
	return rc;
}

int
audit_add(const struct conf *conf, const struct actor *actor, const char *event,
    const char *outcome, const char *detail, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct json_object *o;
	struct buf line;
	int rc = -1;

	buf_init(&line, 8192);
	o = audit_object(actor, event, outcome, detail);
	if (o == NULL ||
	    buf_adds(&line, json_object_to_json_string_ext(
				o, JSON_C_TO_STRING_PLAIN)) == -1 ||
	    buf_addc(&line, '\n') == -1) {
		err_set(err, ERR_NOMEM, "", "audit line");
		goto out;
	}
	log_info("audit: %.*s", (int)line.len - 1, line.data);
	if (fsx_path(path, sizeof(path), err, "%s/audit.log",
		conf->state_directory) == -1)
		goto out;
	rc = append(path, &line, err);
out:
	json_object_put(o);
	buf_clear(&line);
	return rc;
}
