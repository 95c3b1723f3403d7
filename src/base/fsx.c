/*
 * fsx.c - durable file operations.
 *
 * Crash scenario behind each function that writes: after the fsync of a file
 * its bytes are on the disk but its name may not be; after the fsync of the
 * directory the name is.  A rename is atomic for readers, and lost or kept as
 * a whole at a power cut.  So: write aside, fsync, rename, fsync directory.
 *
 * Every system call that can be refused by a disk goes through a wrapper
 * that asks fsx_fault() first.  Removing trees is in fsxtree.c.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fault.h"
#include "fsx.h"
#include "util.h"

#define LOCK_POLL_MS 10
#define READ_CHUNK   8192

static int
fail(struct err *err, const char *op, const char *path)
{
	return err_sys(err, ERR_IO, NULL, "%s %s", op, path);
}

/* The directory that holds path. */
static int
parent_of(const char *path, char dst[PATH_MAX], struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	if (slash == NULL)
		return fsx_path(dst, PATH_MAX, err, ".");
	len = slash == path ? 1 : (size_t)(slash - path);
	return fsx_path(dst, PATH_MAX, err, "%.*s", (int)len, path);
}

static int
sync_parent(const char *path, struct err *err)
{
	char dir[PATH_MAX];

	if (parent_of(path, dir, err) != 0)
		return -1;
	return fsx_sync_dir(dir, err);
}

int
fsx_path(char *dst, size_t size, struct err *err, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path) || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return err_sys(err, ERR_IO, NULL, "path \"%.60s...\"", path);
	}
	memcpy(dst, path, (size_t)n + 1);
	return 0;
}

/* Read straight into the buffer: the file may be a key. */
static int
read_all(int fd, const char *path, size_t max, struct buf *b, struct err *err)
{
	size_t total = 0, want;
	char probe;
	ssize_t n;

	if (max > b->max - b->len)
		max = b->max - b->len;
	for (;;) {
		want = max - total < READ_CHUNK ? max - total : READ_CHUNK;
		if (buf_reserve(b, want) != 0)
			return err_set(err, ERR_NOMEM, NULL,
			    "%s: no memory for its bytes", path);
		if (fault_ask("read", path) != 0)
			return fail(err, "read", path);
		if (want > 0)
			n = read(fd, b->data + b->len, want);
		else
			n = read(fd, &probe, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "read", path);
		if (n > 0 && want == 0)
			return err_set(err, ERR_FILE_TOO_LARGE, NULL,
			    "%s: more than %zu bytes", path, max);
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		total += (size_t)n;
	}
}

int
fsx_read(const char *path, size_t max, struct buf *b, struct err *err)
{
	size_t before = b->len;
	struct stat st;
	int fd, rc = -1;

	if (fault_ask("open", path) != 0)
		return fail(err, "open", path);
	/* NONBLOCK: a FIFO must not hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return fail(err, "open", path);
	if (fstat(fd, &st) != 0) {
		fail(err, "stat", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		fail(err, "not a regular file:", path);
		goto out;
	}
	rc = read_all(fd, path, max, b, err);
	if (rc != 0 && b->len > before) {
		OPENSSL_cleanse(b->data + before, b->len - before);
		b->len = before;
		b->data[b->len] = '\0';
	}
out:
	close(fd);
	return rc;
}

static int
set_attr(int fd, const char *path, const struct fsx_attr *a)
{
	struct timespec ts[2];

	/* Owner first: chown takes set-id bits away again. */
	if (a->uid != (uid_t)-1 || a->gid != (gid_t)-1) {
		if (fault_ask("chown", path) != 0 ||
		    fchown(fd, a->uid, a->gid) != 0)
			return -1;
	}
	if (fault_ask("chmod", path) != 0 || fchmod(fd, a->mode) != 0)
		return -1;
	if (a->mtime == 0)
		return 0;
	memset(ts, 0, sizeof(ts));
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_sec = a->mtime;
	if (fault_ask("utime", path) != 0 || futimens(fd, ts) != 0)
		return -1;
	return 0;
}

/*
 * Make a new file with all its bytes and attributes.  Until they are set it
 * is 0600 of our own, so no one sees more than they will.  On failure nothing
 * is left.
 */
static int
write_new(const char *path, const void *data, size_t len,
    const struct fsx_attr *a, bool sync, struct err *err)
{
	const char *op = "create";
	bool made = false;
	int fd = -1;

	if (fault_ask(op, path) != 0)
		goto fail;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    a->mode & 0600);
	if (fd == -1)
		goto fail;
	made = true;
	op = "write";
	if ((len > 0 && fault_ask("write", path) != 0) ||
	    write_all(fd, data, len) != 0)
		goto fail;
	op = "set owner and mode of";
	if (set_attr(fd, path, a) != 0)
		goto fail;
	op = "sync";
	if (sync && (fault_ask("fsync", path) != 0 || fsync(fd) != 0))
		goto fail;
	op = "close";
	if (fault_ask(op, path) != 0)
		goto fail;
	if (close(fd) != 0) {
		fd = -1;
		goto fail;
	}
	return 0;
fail:
	fail(err, op, path);
	if (fd != -1)
		close(fd);
	if (made)
		unlink(path);
	return -1;
}

int
fsx_create(const char *path, const void *data, size_t len, mode_t mode,
    struct err *err)
{
	struct fsx_attr a = {mode, (uid_t)-1, (gid_t)-1, 0};

	if (write_new(path, data, len, &a, true, err) != 0)
		return -1;
	if (sync_parent(path, err) != 0) {
		unlink(path);
		return -1;
	}
	return 0;
}

static int
replace(const char *path, const void *data, size_t len,
    const struct fsx_attr *a, bool sync, struct err *err)
{
	char tmp[PATH_MAX];

	if (fsx_path(
		tmp, sizeof(tmp), err, "%s.tmp-%ld", path, (long)getpid()) != 0)
		return -1;
	/* Of an earlier process with our number, which is dead. */
	if (unlink(tmp) != 0 && errno != ENOENT)
		return fail(err, "unlink", tmp);
	if (write_new(tmp, data, len, a, sync, err) != 0)
		return -1;
	if (fault_ask("rename", path) != 0 || rename(tmp, path) != 0) {
		fail(err, "rename onto", path);
		unlink(tmp);
		return -1;
	}
	return 0;
}

int
fsx_replace(const char *path, const void *data, size_t len,
    const struct fsx_attr *a, struct err *err)
{
	if (replace(path, data, len, a, true, err) != 0)
		return -1;
	return sync_parent(path, err);
}

int
fsx_replace_fast(const char *path, const void *data, size_t len, mode_t mode,
    struct err *err)
{
	struct fsx_attr a = {mode, (uid_t)-1, (gid_t)-1, 0};

	return replace(path, data, len, &a, false, err);
}

int
fsx_rename(const char *from, const char *to, struct err *err)
{
	char a[PATH_MAX], b[PATH_MAX];

	if (parent_of(from, a, err) != 0 || parent_of(to, b, err) != 0)
		return -1;
	if (fault_ask("rename", to) != 0 || rename(from, to) != 0)
		return fail(err, "rename onto", to);
	if (fsx_sync_dir(b, err) != 0)
		return -1;
	return strcmp(a, b) == 0 ? 0 : fsx_sync_dir(a, err);
}

int
fsx_mkdir(const char *path, mode_t mode, struct err *err)
{
	int fd, rc = -1;

	if (fault_ask("mkdir", path) != 0 || mkdir(path, mode & 0700) != 0)
		return fail(err, "mkdir", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fault_ask("chmod", path) != 0 ||
	    fchmod(fd, mode) != 0 || fault_ask("fsync", path) != 0 ||
	    fsync(fd) != 0) {
		fail(err, "set mode of", path);
		goto out;
	}
	rc = sync_parent(path, err);
out:
	if (fd != -1)
		close(fd);
	if (rc != 0)
		rmdir(path);
	return rc;
}

static int
mkdir_one(const char *path, mode_t mode, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fsx_mkdir(path, mode, err);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail(err, "mkdir", path);
	}
	return 0;
}

int
fsx_mkdir_p(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	char *p;

	if (fsx_path(part, sizeof(part), err, "%s", path) != 0)
		return -1;
	for (p = part; *p != '\0'; p++) {
		if (*p != '/' || p == part)
			continue;
		*p = '\0';
		if (mkdir_one(part, mode, err) != 0)
			return -1;
		*p = '/';
	}
	return mkdir_one(part, mode, err);
}

int
fsx_unlink(const char *path, struct err *err)
{
	if (fault_ask("unlink", path) != 0)
		return fail(err, "unlink", path);
	if (unlink(path) != 0) {
		if (errno == ENOENT)
			return 0;
		return fail(err, "unlink", path);
	}
	return sync_parent(path, err);
}

int
fsx_sync_dir(const char *path, struct err *err)
{
	int fd, rc = 0;

	if (fault_ask("fsync-dir", path) != 0)
		return fail(err, "sync", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return fail(err, "open", path);
	/* Some file systems have nothing to sync in a directory: EINVAL. */
	if (fsync(fd) != 0 && errno != EINVAL)
		rc = fail(err, "sync", path);
	close(fd);
	return rc;
}

/*
 * The file that is locked may be renamed or removed by its last holder
 * (postconf renames main.cf.tmp onto main.cf): a lock counts only if the name
 * still leads to what was locked.  1 = ours, 0 = try again, -1 = error.
 */
static int
try_lock(const char *path, int *ret_fd, struct err *err)
{
	struct stat a, b;
	int fd, rc = -1;

	if (fault_ask("lock", path) != 0)
		return fail(err, "lock", path);
	fd = open(
	    path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd == -1)
		return fail(err, "open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK || errno == EINTR)
			rc = 0;
		else
			fail(err, "lock", path);
		goto out;
	}
	if (fstat(fd, &a) != 0 || !S_ISREG(a.st_mode)) {
		fail(err, "not a regular file:", path);
		goto out;
	}
	rc = 0;
	if (lstat(path, &b) != 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		goto out;
	*ret_fd = fd;
	return 1;
out:
	close(fd);
	return rc;
}

int
fsx_lock(const char *path, int wait_ms, struct err *err)
{
	int64_t end = now_ms() + wait_ms;
	int fd = -1, rc;

	while ((rc = try_lock(path, &fd, err)) == 0) {
		if (now_ms() >= end)
			return err_set(err, ERR_APPLY_BUSY, NULL,
			    "%s: locked by another process for %d ms", path,
			    wait_ms);
		poll(NULL, 0, LOCK_POLL_MS);
	}
	return rc == 1 ? fd : -1;
}

int
fsx_missing(const struct err *cause, struct err *err)
{
	if (cause->sys == ENOENT)
		return 0;
	if (err != NULL)
		*err = *cause;
	return -1;
}
