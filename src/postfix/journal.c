/*
 * journal.c - what Postfix wrote to the systemd journal, by sd-journal.
 *
 *   parent (root)                       child (jail.h, SANDBOX_FILES)
 *   system.journal and the newest
 *   archives opened, fork ------------> sd_journal_open_files_fd
 *   take lines <----------------------- "TIME NAME[PID]: TEXT"
 *
 * A journal holds whatever any program logged, in a format with offsets and
 * compressed parts: root hands it over and reads text.
 * Only this host's files: DIRECTORY itself and DIRECTORY/MACHINE-ID, not those
 * that others sent.  Files that were archived before the mark are left out.
 * libsystemd of Debian 13 loads its decompressors when it meets the first long
 * line, which the child could not do any more; so they are loaded before.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "fsx.h"
#include "jail.h"
#include "journal.h"
#include "util.h"

#define LINES_MAX_BYTES (256 * 1024)
#define LINE_BYTES	1024
#define ENTRIES_MAX	200000
#define READ_MS		3000
#define BACK_USEC	INT64_C(7200000000) /* mail is tried again sooner */

struct task {
	size_t n_files;
	uint64_t at;
	bool back;
	char name[2][72]; /* "postfix/" and that of the instance */
};

int64_t
journal_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* The value of a field of this entry, cut and on one line; "" = none. */
static void
field(sd_journal *j, const char *name, char *dst, size_t size)
{
	const void *data;
	size_t len, skip = strlen(name) + 1;

	dst[0] = '\0';
	if (sd_journal_get_data(j, name, &data, &len) >= 0 && len > skip)
		(void)text_clean(
		    dst, size, (const char *)data + skip, len - skip);
}

static bool
is_ours(const struct task *t, const char *name)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (t->name[i][0] != '\0' &&
		    strncmp(name, t->name[i], strlen(t->name[i])) == 0)
			return true;
	return false;
}

/* The next one, and it is not too old; false: that is all. */
static bool
step(sd_journal *j, const struct task *t)
{
	uint64_t usec;

	return (t->back ? sd_journal_previous(j) : sd_journal_next(j)) > 0 &&
	       (!t->back || (sd_journal_get_realtime_usec(j, &usec) >= 0 &&
				usec + BACK_USEC > t->at));
}

/* One line; 0 when it is not Postfix's. */
static size_t
line_of(sd_journal *j, const struct task *t, char *dst, size_t size)
{
	char name[96], pid[16], text[LINE_BYTES - 160], at[32];
	uint64_t usec = 0;
	int n;

	field(j, "SYSLOG_IDENTIFIER", name, sizeof(name));
	if (!is_ours(t, name))
		return 0;
	field(j, "SYSLOG_PID", pid, sizeof(pid));
	if (pid[0] == '\0')
		field(j, "_PID", pid, sizeof(pid));
	field(j, "MESSAGE", text, sizeof(text));
	(void)sd_journal_get_realtime_usec(j, &usec);
	time_iso((time_t)(usec / 1000000), at);
	n = snprintf(dst, size, "%s %s[%s]: %s\n", at, name, pid, text);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* In the child. */
static int
send_lines(int fd, const void *arg)
{
	const struct task *t = arg;
	int file[JAIL_FILES_MAX], n = 0;
	char line[LINE_BYTES];
	size_t i, len, sent = 0;
	sd_journal *j;

	for (i = 0; i < t->n_files; i++)
		file[i] = JAIL_FILE(i);
	if (sd_journal_open_files_fd(&j, file, (unsigned)t->n_files, 0) < 0 ||
	    sd_journal_set_data_threshold(j, LINE_BYTES) < 0 ||
	    sd_journal_seek_realtime_usec(j, t->at) < 0)
		return -1;
	while (n++ < ENTRIES_MAX && step(j, t)) {
		if ((len = line_of(j, t, line, sizeof(line))) == 0)
			continue;
		if ((sent += len) > LINES_MAX_BYTES)
			break;
		if (jail_send(fd, line, len) == -1)
			return -1;
	}
	return 0;
}

/* "system.journal", or "system@....journal" that was still written then. */
static bool
is_wanted(int dir, const char *name, int64_t usec)
{
	size_t n = strlen(name);
	struct stat st;

	if (strcmp(name, "system.journal") == 0)
		return true;
	return strncmp(name, "system@", 7) == 0 && n > 8 &&
	       strcmp(name + n - 8, ".journal") == 0 &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime >= usec / 1000000 - 1;
}

static void
open_files(const char *path, int64_t usec, int *file, size_t *n)
{
	const struct dirent *e;
	struct stat st;
	DIR *d;
	int fd;

	if ((d = opendir(path)) == NULL)
		return;
	while (*n < JAIL_FILES_MAX && (e = readdir(d)) != NULL) {
		if (!is_wanted(dirfd(d), e->d_name, usec))
			continue;
		fd = openat(dirfd(d), e->d_name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size > 0)
			file[(*n)++] = fd;
		else if (fd != -1)
			(void)close(fd);
	}
	(void)closedir(d);
}

static size_t
open_all(const struct conf *conf, int64_t usec, int file[JAIL_FILES_MAX])
{
	const char *dir[] = {"/var/log/journal", "/run/log/journal"};
	char path[CONF_STR_MAX + 64], id[33] = "";
	size_t i, n = 0, n_dir = 2;
	struct buf b;

	if (conf->journal_directory[0] != '\0') {
		dir[0] = conf->journal_directory;
		n_dir = 1;
	}
	buf_init(&b, 4096);
	if (fsx_read("/etc/machine-id", 4096, &b, NULL) == 0 && b.len >= 32 &&
	    strspn(b.data, "0123456789abcdef") == 32)
		memcpy(id, b.data, 32);
	buf_clear(&b);
	for (i = 0; i < n_dir; i++) {
		open_files(dir[i], usec, file, &n);
		(void)snprintf(path, sizeof(path), "%s/%s", dir[i], id);
		if (id[0] != '\0')
			open_files(path, usec, file, &n);
	}
	return n;
}

static void
warm_up(void)
{
	static const char *const used[] = {
	    "libzstd.so.1", "liblz4.so.1", "liblzma.so.5"};
	size_t i;

	for (i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		(void)dlopen(used[i], RTLD_NOW);
	tzset();
}

static int
take(const struct conf *conf, const struct postfix_info *info, int64_t usec,
    bool back, struct buf *b)
{
	struct task t = {
	    .at = (uint64_t)usec, .back = back, .name = {"postfix/"}};
	int file[JAIL_FILES_MAX], rc;
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? conf->inspect_user : NULL,
	    .timeout_ms = conf_ms(conf, READ_MS),
	    .role = SANDBOX_FILES,
	    .files = file,
	    .n_files = t.n_files =
		open_all(conf, back ? usec - BACK_USEC : usec, file)};
	struct err why;
	struct buf got;
	size_t i;

	if (t.n_files == 0)
		return -1;
	if (info->syslog_name[0] != '\0')
		(void)snprintf(
		    t.name[1], sizeof(t.name[1]), "%s/", info->syslog_name);
	warm_up();
	err_clear(&why);
	buf_init(&got, LINES_MAX_BYTES + JAIL_READ_SIZE);
	rc = jail_spawn(&jail, send_lines, &t, &got, &why);
	if (rc != 0)
		log_warn("the journal could not be read%s%s",
		    rc == -1 ? ": " : "", rc == -1 ? why.msg : "");
	else
		rc = buf_add(b, got.data, got.len);
	buf_clear(&got);
	for (i = 0; i < t.n_files; i++)
		(void)close(file[i]);
	return rc == 0 ? 0 : -1;
}

int
journal_read_since(const struct conf *conf, const struct postfix_info *info,
    int64_t usec, struct buf *b)
{
	return take(conf, info, usec, false, b);
}

int
journal_read_before(const struct conf *conf, const struct postfix_info *info,
    int64_t usec, struct buf *b)
{
	return take(conf, info, usec, true, b);
}
