/*
 * maillog.c - what Postfix itself said during an apply.
 *
 * The file comes first; the journal is asked where it has nothing (Debian 12
 * has no rsyslog unless somebody installs it).  journald may be a moment
 * behind, so an empty one is asked again for a short while.
 * The mark is a file's identity and size; later everything behind it is
 * read, across one rotation.  Lines that say fatal, error or warning come
 * first, since few fit on the screen.  Log lines carry names that clients
 * chose: they leave here cut and clean of control characters, and are text
 * to be escaped.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "jsonx.h"
#include "maillog.h"
#include "postfix_int.h"
#include "util.h"

#define SYSTEM_LOG   "/var/log/mail.log"
#define READ_MAX     (256 * 1024)
#define LOG_LINE_MAX 301
#define BEHIND_MS    600
#define AGAIN_MS     100

static const char *
log_path(const struct conf *conf, const struct postfix_info *info)
{
	if (conf->log_file[0] != '\0')
		return conf->log_file;
	return info->maillog[0] != '\0' ? info->maillog : SYSTEM_LOG;
}

void
maillog_mark(const struct conf *conf, const struct postfix_info *info,
    struct maillog_mark *mark)
{
	struct stat st;

	memset(mark, 0, sizeof(*mark));
	mark->usec = journal_now();
	if (stat(log_path(conf, info), &st) == -1 || !S_ISREG(st.st_mode))
		return;
	mark->off = st.st_size;
	mark->ino = st.st_ino;
	mark->dev = st.st_dev;
}

/* The bytes of path from off on, at most the last READ_MAX of them. */
static void
read_from(int fd, off_t off, off_t size, struct buf *b)
{
	char chunk[8192];
	ssize_t n;

	if (size - off > READ_MAX)
		off = size - READ_MAX;
	while ((n = pread(fd, chunk, sizeof(chunk), off)) > 0) {
		if (buf_add(b, chunk, (size_t)n) == -1)
			return;
		off += n;
	}
}

/* 1 when path is the file of the mark. */
static int
read_since(const char *path, const struct maillog_mark *mark, bool only_marked,
    struct buf *b)
{
	struct stat st;
	bool marked = false;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		marked = st.st_ino == mark->ino && st.st_dev == mark->dev;
		if (marked && st.st_size >= mark->off)
			read_from(fd, mark->off, st.st_size, b);
		else if (!only_marked)
			read_from(fd, 0, st.st_size, b);
	}
	(void)close(fd);
	return marked;
}

static bool
is_serious(const char *line, size_t len)
{
	static const char *const words[] = {
	    "panic: ", "fatal: ", "error: ", "warning: "};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (memmem(line, len, words[i], strlen(words[i])) != NULL)
			return true;
	return false;
}

/* A log shared with other programs: only Postfix's lines count. */
static bool
is_postfix(const struct postfix_info *info, const char *line, size_t len)
{
	char name[sizeof(info->syslog_name) + 2];

	if (info->maillog[0] != '\0' ||
	    memmem(line, len, "postfix/", 8) != NULL)
		return true;
	(void)snprintf(name, sizeof(name), "%s/", info->syslog_name);
	return name[1] != '\0' && memmem(line, len, name, strlen(name)) != NULL;
}

static void
add_lines(const struct postfix_info *info, const struct buf *b, bool serious,
    size_t max, struct json_object *list)
{
	const char *p = b->data, *end = p + b->len, *nl;
	char clean[LOG_LINE_MAX];
	size_t len;

	for (; p < end && json_object_array_length(list) < max; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		len = (size_t)(nl - p);
		if (len == 0 || is_serious(p, len) != serious ||
		    !is_postfix(info, p, len))
			continue;
		text_clean(clean, sizeof(clean), p, len);
		json_object_array_add(list, json_object_new_string(clean));
	}
}

/* Only where the file has nothing. */
static void
read_journal(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark, struct buf *b)
{
	int64_t end = now_ms() + conf_ms(conf, BEHIND_MS);

	while (journal_read_since(conf, info, mark->usec, b) == 0 &&
	       b->len == 0 && now_ms() < end)
		(void)poll(NULL, 0, AGAIN_MS);
}

/* From off on, but no more than max. */
static void
read_range(int fd, off_t off, off_t max, struct buf *b)
{
	char chunk[8192];
	ssize_t n;

	while (max > 0 && (n = pread(fd, chunk, sizeof(chunk), off)) > 0) {
		if (n > max)
			n = (ssize_t)max;
		if (buf_add(b, chunk, (size_t)n) == -1)
			return;
		off += n;
		max -= n;
	}
}

/* true when path is the file of the mark. */
static bool
read_around(const char *path, const struct maillog_mark *mark,
    struct buf *before, struct buf *after)
{
	off_t from =
	    mark->off > MAILLOG_BEFORE_MAX ? mark->off - MAILLOG_BEFORE_MAX : 0;
	struct stat st;
	bool is;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	     st.st_ino == mark->ino && st.st_dev == mark->dev &&
	     st.st_size >= mark->off;
	if (is) {
		read_range(fd, from, mark->off - from, before);
		read_range(fd, mark->off, MAILLOG_AFTER_MAX, after);
	} else if (after->len < MAILLOG_AFTER_MAX && S_ISREG(st.st_mode)) {
		read_range(fd, 0, MAILLOG_AFTER_MAX - (off_t)after->len, after);
	}
	(void)close(fd);
	return is;
}

void
maillog_around(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark, struct buf *before, struct buf *after)
{
	const char *path = log_path(conf, info);
	char rotated[CONF_STR_MAX + 8];
	struct stat st;
	bool same;

	(void)snprintf(rotated, sizeof(rotated), "%s.1", path);
	same = stat(path, &st) == 0 && st.st_ino == mark->ino &&
	       st.st_dev == mark->dev;
	if (!same && mark->ino != 0 && stat(rotated, &st) == 0 &&
	    st.st_ino == mark->ino)
		(void)read_around(rotated, mark, before, after);
	(void)read_around(path, mark, before, after);
	if (before->len > 0 || after->len > 0 || mark->usec == 0)
		return;
	(void)journal_read_since(conf, info, mark->usec, after);
	if (after->len > 0)
		(void)journal_read_before(conf, info, mark->usec, before);
}

struct json_object *
maillog_since(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark, size_t max)
{
	const char *path = log_path(conf, info);
	char rotated[CONF_STR_MAX + 8];
	struct json_object *list;
	struct buf old, now;

	if ((list = json_object_new_array()) == NULL)
		return NULL;
	buf_init(&old, 2 * READ_MAX);
	buf_init(&now, 2 * READ_MAX);
	if (!read_since(path, mark, false, &now) && mark->ino != 0) {
		(void)snprintf(rotated, sizeof(rotated), "%s.1", path);
		(void)read_since(rotated, mark, true, &old);
	}
	if (now.len == 0 && old.len == 0 && mark->usec != 0)
		read_journal(conf, info, mark, &now);
	add_lines(info, &old, true, max, list);
	add_lines(info, &now, true, max, list);
	add_lines(info, &old, false, max, list);
	add_lines(info, &now, false, max, list);
	buf_clear(&old);
	buf_clear(&now);
	return list;
}
