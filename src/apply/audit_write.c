/*
 * audit_write.c - who did what: one JSON object a line, appended, never rewritten.
 *
 * Only postseald writes it, so that a web process that was taken over cannot
 * take lines out.  Who writes holds the lock of audit.head, so that lines of
 * several processes follow each other, in the file that is audit.log then; a
 * line that a power cut tore is ended first, so that it cannot swallow the
 * next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_int.h"
#include "fsx.h"
#include "jsonx.h"

#define ROOM 4096 /* bytes that have to be free */

static struct json_object *
audit_object(const struct audit_line *l)
{
	struct json_object *o;
	const struct {
		const char *name, *value;
	} member[] = {{"user", l->actor->user}, {"from", l->actor->from},
	    {"via", l->actor->via}, {"event", l->event},
	    {"outcome", l->outcome}, {"detail", l->detail},
	    {"note", l->note}};
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
	if (l->claimed)
		json_object_object_add(
		    o, "claimed", json_object_new_boolean(true));
	if (l->repeats > 0)
		json_object_object_add(
		    o, "repeats", json_object_new_int64(l->repeats));
	return o;
}

static int
open_log(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	int fd;

	if (fsx_path(path, sizeof(path), err, "%s/audit.log",
		conf->state_directory) == -1)
		return -1;
	fd = open(
	    path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd == -1 ? err_sys(err, ERR_AUDIT, "", "open %s", path) : fd;
}

static int
append(int fd, const struct buf *line, struct err *err)
{
	char last = '\n';
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) == -1)
		return err_sys(err, ERR_AUDIT, "", "write audit.log");
	n = write(fd, line->data, line->len);
	if (n != (ssize_t)line->len) {
		if (n >= 0)
			errno = ENOSPC;
		return err_sys(err, ERR_AUDIT, "", "write audit.log");
	}
	return fdatasync(fd) == -1
		   ? err_sys(err, ERR_AUDIT, "", "fsync audit.log")
		   : 0;
}

/* The lock is held, so that the file is the newest, whatever logrotate does
 * meanwhile. */
static int
write_locked(const struct conf *conf, struct audit_head *head, const char *text,
    struct err *err)
{
	struct buf line;
	int fd, rc = -1;

	if ((fd = open_log(conf, err)) == -1)
		return -1;
	buf_init(&line, AUDIT_LINE_MAX);
	audit_head_catch_up(conf, fd, head);
	if (audit_seal(head, text, &line, err) == 0 &&
	    append(fd, &line, err) == 0) {
		log_info("audit: %.*s", (int)line.len - 1, line.data);
		audit_head_store(head);
		rc = 0;
	}
	close(fd);
	buf_clear(&line);
	return rc;
}

int
audit_write(
    const struct conf *conf, const struct audit_line *l, struct err *err)
{
	struct json_object *o = audit_object(l);
	struct audit_head head;
	const char *text;
	int rc;

	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (o == NULL || text == NULL) {
		json_object_put(o);
		return err_set(err, ERR_NOMEM, "", "audit line");
	}
	if ((rc = audit_head_open(conf, &head, err)) == 0) {
		rc = write_locked(conf, &head, text, err);
		audit_head_close(&head);
	}
	if (rc == -1)
		log_warn("audit: not written: %s", text);
	json_object_put(o);
	return rc;
}

int
audit_check(const struct conf *conf, struct err *err)
{
	struct audit_head head;
	off_t size;
	int fd, rc = 0;

	if (audit_head_open(conf, &head, err) == -1)
		return -1;
	if ((fd = open_log(conf, err)) == -1) {
		audit_head_close(&head);
		return -1;
	}
	/* Not beyond its end: nobody sees a difference. */
	size = lseek(fd, 0, SEEK_END);
	if (size == -1 ||
	    (fallocate(fd, FALLOC_FL_KEEP_SIZE, size, ROOM) == -1 &&
		errno != EOPNOTSUPP && errno != ENOSYS))
		rc = err_sys(err, ERR_AUDIT, "", "no room for audit.log");
	close(fd);
	audit_head_close(&head);
	return rc;
}
