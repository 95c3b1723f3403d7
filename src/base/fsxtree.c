/*
 * fsxtree.c - remove a tree that held keys.
 *
 * Everything is done relative to open directories (openat, unlinkat), with
 * O_NOFOLLOW: whoever swaps a directory for a symlink while we walk gains
 * nothing.  Other file systems are not entered.  A file with several names
 * is not overwritten, since the other name may be in use; only this name
 * goes.  Overwriting is for the disk's sake and no promise on copy-on-write
 * file systems.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "fsx.h"

#define TREE_DEPTH_MAX 16
#define WRITE_MAX_S    60

struct wipe {
	const char *path; /* of the tree, for messages */
	dev_t dev;
	struct err *err;
};

static int
fail(struct wipe *w, const char *op, const char *name)
{
	return err_sys(w->err, ERR_IO, NULL, "%s %s in %s", op, name, w->path);
}

static int
overwrite(int fd, off_t size)
{
	static const char zeros[4096];
	size_t n;
	ssize_t done;

	while (size > 0) {
		n = size < (off_t)sizeof(zeros) ? (size_t)size : sizeof(zeros);
		done = write(fd, zeros, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		size -= done;
	}
	return fdatasync(fd);
}

static int
wipe_file(struct wipe *w, int dir, const char *name)
{
	struct stat st;
	int fd, rc = 0;

	if (fault_ask("wipe", name) != 0)
		return fail(w, "wipe", name);
	fd = openat(dir, name,
	    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return fail(w, "open", name);
	if (fstat(fd, &st) != 0)
		rc = fail(w, "stat", name);
	else if (S_ISREG(st.st_mode) && st.st_nlink == 1 &&
		 overwrite(fd, st.st_size) != 0)
		rc = fail(w, "overwrite", name);
	close(fd);
	return rc;
}

static int wipe_entry(struct wipe *, int, const char *, int);

static int
wipe_dir(struct wipe *w, int dir, const char *name, int depth)
{
	struct dirent *e;
	struct stat st;
	DIR *d = NULL;
	int fd, rc = -1;

	if (depth > TREE_DEPTH_MAX) {
		errno = ELOOP;
		return fail(w, "descend into", name);
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fail(w, "open", name);
	if (fstat(fd, &st) != 0 || st.st_dev != w->dev) {
		errno = EXDEV;
		fail(w, "descend into", name);
		goto out;
	}
	if ((d = fdopendir(fd)) == NULL) {
		fail(w, "read", name);
		goto out;
	}
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (wipe_entry(w, fd, e->d_name, depth + 1) != 0)
			goto out;
	}
	if (errno != 0) {
		fail(w, "read", name);
		goto out;
	}
	rc = 0;
out:
	if (d != NULL)
		closedir(d);
	else
		close(fd);
	return rc;
}

static int
wipe_entry(struct wipe *w, int dir, const char *name, int depth)
{
	struct stat st;
	int flag = 0;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : fail(w, "stat", name);
	if (S_ISDIR(st.st_mode)) {
		if (wipe_dir(w, dir, name, depth) != 0)
			return -1;
		flag = AT_REMOVEDIR;
	} else if (S_ISREG(st.st_mode) && wipe_file(w, dir, name) != 0)
		return -1;
	if (fault_ask("unlink", name) != 0 ||
	    (unlinkat(dir, name, flag) != 0 && errno != ENOENT))
		return fail(w, "remove", name);
	return 0;
}

/* Into the directory above, which is trusted, and the last name. */
static int
split(const char *path, char above[PATH_MAX], const char **ret_dir,
    const char **ret_name, struct err *err)
{
	char *name;
	size_t len;

	if (fsx_path(above, PATH_MAX, err, "%s%s",
		strchr(path, '/') == NULL ? "./" : "", path) != 0)
		return -1;
	len = strlen(above);
	while (len > 1 && above[len - 1] == '/')
		above[--len] = '\0';
	name = strrchr(above, '/');
	if (path[0] == '\0' || name == NULL || name[1] == '\0' ||
	    strcmp(name, "/..") == 0 || strcmp(name, "/.") == 0) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, NULL, "path \"%s\"", path);
	}
	*name++ = '\0';
	*ret_name = name;
	*ret_dir = above[0] == '\0' ? "/" : above;
	return 0;
}

int
fsx_wipe_tree(const char *path, struct err *err)
{
	struct wipe w = {.path = path, .err = err};
	const char *where = "/", *name = "";
	char above[PATH_MAX];
	struct stat st;
	int dir, rc = -1;

	if (split(path, above, &where, &name, err) != 0)
		return -1;
	dir = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, ERR_IO, NULL, "open %s", where);
	}
	if (fstat(dir, &st) != 0) {
		fail(&w, "stat", where);
		goto out;
	}
	w.dev = st.st_dev;
	if (wipe_entry(&w, dir, name, 0) != 0)
		goto out;
	if (fault_ask("fsync-dir", path) != 0 ||
	    (fsync(dir) != 0 && errno != EINVAL)) {
		fail(&w, "sync", where);
		goto out;
	}
	rc = 0;
out:
	close(dir);
	return rc;
}

/* "NAME.tmp-PID" of a process that is gone.  After a start of the machine
 * another may have its number, but no write takes so long. */
static bool
is_leftover(int dir, const char *file)
{
	const char *tail = NULL, *at;
	struct stat st;
	long pid;
	char *end;

	for (at = file; (at = strstr(at, ".tmp-")) != NULL; at += 5)
		tail = at;
	if (tail == NULL || tail == file || tail[5] < '1' || tail[5] > '9')
		return false;
	errno = 0;
	pid = strtol(tail + 5, &end, 10);
	if (errno != 0 || *end != '\0' || pid > INT_MAX)
		return false;
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return true;
	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime < time(NULL) - WRITE_MAX_S;
}

static int
sweep_dir(struct wipe *w, int dir, const char *name, int depth)
{
	struct dirent *e;
	struct stat st;
	int fd, rc = 0;
	DIR *d;

	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : fail(w, "open", name);
	if (depth > TREE_DEPTH_MAX || fstat(fd, &st) != 0 ||
	    (depth > 0 && st.st_dev != w->dev)) {
		close(fd);
		return 0;
	}
	w->dev = st.st_dev;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return fail(w, "read", name);
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (is_leftover(fd, e->d_name))
			rc |= wipe_entry(w, fd, e->d_name, depth + 1);
		else if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			     0 &&
			 S_ISDIR(st.st_mode))
			rc |= sweep_dir(w, fd, e->d_name, depth + 1);
	}
	closedir(d);
	return rc;
}

int
fsx_sweep(const char *path, struct err *err)
{
	struct wipe w = {.path = path, .err = err};

	return sweep_dir(&w, AT_FDCWD, path, 0);
}
