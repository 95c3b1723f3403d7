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
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "fsx.h"

#define TREE_DEPTH_MAX 16

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
ask(const char *op, const char *name)
{
	int e = fsx_fault(op, name);

	if (e == 0)
		return 0;
	errno = e;
	return -1;
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

	if (ask("wipe", name) != 0)
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
	if (ask("unlink", name) != 0 ||
	    (unlinkat(dir, name, flag) != 0 && errno != ENOENT))
		return fail(w, "remove", name);
	return 0;
}

/* Split into the directory above, which is trusted, and the last name. */
int
fsx_wipe_tree(const char *path, struct err *err)
{
	struct wipe w = {.path = path, .err = err};
	char above[PATH_MAX], *name;
	struct stat st;
	size_t len;
	int dir, rc = -1;

	if (fsx_path(above, sizeof(above), err, "%s", path) != 0)
		return -1;
	len = strlen(above);
	while (len > 1 && above[len - 1] == '/')
		above[--len] = '\0';
	name = strrchr(above, '/');
	if (name == NULL || name[1] == '\0' || strcmp(name, "/..") == 0 ||
	    strcmp(name, "/.") == 0) {
		errno = EINVAL;
		return err_sys(err, ERR_IO, NULL, "wipe \"%s\"", path);
	}
	*name++ = '\0';
	dir = open(
	    above[0] == '\0' ? "/" : above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, ERR_IO, NULL, "open %s", above);
	}
	if (fstat(dir, &st) != 0) {
		fail(&w, "stat", above);
		goto out;
	}
	w.dev = st.st_dev;
	if (wipe_entry(&w, dir, name, 0) != 0)
		goto out;
	if (ask("fsync-dir", path) != 0 ||
	    (fsync(dir) != 0 && errno != EINVAL)) {
		fail(&w, "sync", above);
		goto out;
	}
	rc = 0;
out:
	close(dir);
	return rc;
}
