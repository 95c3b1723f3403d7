/*
 * entries.c - entries to lines: "TIME HOST TAG[PID]: TEXT", as line.h reads.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-journal.h>

#include "entries.h"
#include "util.h"

#define KEPT_S (31 * 24 * 60 * 60)

void
entries_warm_up(void)
{
	static const char *const used[] = {
	    "libzstd.so.1", "liblz4.so.1", "liblzma.so.5"};

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		(void)dlopen(used[i], RTLD_NOW);
}

/* Its value, on one line; "" = there is none. */
static void
field(sd_journal *j, const char *name, char *dst, size_t size)
{
	size_t len, skip = strlen(name) + 1;
	const void *data;

	dst[0] = '\0';
	if (sd_journal_get_data(j, name, &data, &len) < 0 || len <= skip)
		return;
	len = len - skip < size ? len - skip : size - 1;
	memcpy(dst, (const char *)data + skip, len);
	for (size_t i = 0; i < len; i++)
		if (dst[i] == '\n' || dst[i] == '\0')
			dst[i] = '?';
	dst[len] = '\0';
}

static void
entry(sd_journal *j, struct track *track, struct place *p)
{
	char host[256], tag[128], pid[16], text[LINE_READ_MAX], iso[32];
	char whole[LINE_READ_MAX + 512];
	uint64_t usec = 0;
	struct line line;
	int n;

	field(j, "_HOSTNAME", host, sizeof(host));
	field(j, "SYSLOG_IDENTIFIER", tag, sizeof(tag));
	field(j, "SYSLOG_PID", pid, sizeof(pid));
	if (pid[0] == '\0')
		field(j, "_PID", pid, sizeof(pid));
	field(j, "MESSAGE", text, sizeof(text));
	if (sd_journal_get_realtime_usec(j, &usec) < 0)
		return;
	p->at = (int64_t)(usec / 1000000);
	time_iso((time_t)p->at, iso);
	n = snprintf(whole, sizeof(whole), "%s %s %s[%s]: %s", iso,
	    host[0] == '\0' ? "host" : host, tag, pid, text);
	if (n < 0 || (size_t)n >= sizeof(whole))
		return;
	line_read(whole, (size_t)n, &line);
	track_line(track, &line, (time_t)p->at);
}

/* Behind the cursor, or where its time is. */
static int
seek(sd_journal *j, const struct place *p)
{
	int64_t since = p->at > 0 ? p->at + 1 : time(NULL) - KEPT_S;

	if (p->cursor[0] != '\0' && sd_journal_seek_cursor(j, p->cursor) >= 0 &&
	    sd_journal_next(j) > 0 && sd_journal_test_cursor(j, p->cursor) > 0)
		return 0;
	return sd_journal_seek_realtime_usec(j, (uint64_t)since * 1000000);
}

static int
read_some(
    sd_journal *j, struct track *track, struct place *p, size_t max, bool *more)
{
	char *cursor = NULL;
	size_t n = 0;
	int rc = seek(j, p);

	while (rc >= 0 && n < max && (rc = sd_journal_next(j)) > 0) {
		entry(j, track, p);
		n++;
	}
	*more = n == max;
	if (rc < 0 || n == 0 || (rc = sd_journal_get_cursor(j, &cursor)) < 0)
		return rc < 0 ? rc : 0;
	(void)snprintf(p->cursor, sizeof(p->cursor), "%s", cursor);
	free(cursor);
	return 0;
}

int
entries_read(const char *directory, struct track *track, struct place *p,
    size_t max, bool *more, struct err *err)
{
	sd_journal *j = NULL;
	int rc;

	rc = directory[0] != '\0' ? sd_journal_open_directory(&j, directory, 0)
				  : sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY |
							    SD_JOURNAL_SYSTEM);
	if (rc >= 0)
		rc = sd_journal_add_match(j, "SYSLOG_FACILITY=2", 0);
	if (rc >= 0)
		rc = read_some(j, track, p, max, more);
	sd_journal_close(j);
	errno = -rc;
	return rc < 0 ? err_sys(err, ERR_IO, "", "the journal") : 0;
}
