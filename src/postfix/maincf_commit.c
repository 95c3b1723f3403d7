/*
 * maincf_commit.c - the one rename that switches Postfix, and the lock that
 * keeps "postconf -e" out meanwhile; the same for master.cf, which master(8)
 * reads at a start or reload alone.
 *
 * Crash scenario: until the rename the old main.cf is in force and a file
 * main.cf.postseal-PID may be left beside it; after it the new one is, and
 * the fsync of the directory makes that last.  The next commit removes what
 * a crash left behind.
 *
 * The lock: postconf(1) opens CONFIG_DIR/main.cf.tmp, takes flock(LOCK_EX) on
 * it, writes it, and renames it onto main.cf.  So the name can move away
 * under a waiting process: a lock counts only if the name still is the file
 * that we locked.
 */
#include <sys/stat.h>
#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/fault.h"
#include "fsx.h"
#include "maincf.h"
#include "postfix_int.h"
#include "util.h"

#define ATTR_NAMES_MAX 4096
#define ATTR_VALUE_MAX (64 * 1024)
#define LOCK_ROUNDS    100

/* EOPNOTSUPP and the like are no failure: then there was nothing to keep. */
static int
copy_xattrs(const char *from, int to, struct err *err)
{
	char names[ATTR_NAMES_MAX], *value;
	ssize_t len, n;
	const char *p;
	int rc = -1;

	if ((len = listxattr(from, names, sizeof(names))) == -1)
		return errno == ENOTSUP
			   ? 0
			   : err_sys(err, ERR_IO, "", "listxattr %s", from);
	if ((value = malloc(ATTR_VALUE_MAX)) == NULL)
		return err_set(err, ERR_NOMEM, "", "attributes");
	for (p = names; p < names + len; p += strlen(p) + 1) {
		n = getxattr(from, p, value, ATTR_VALUE_MAX);
		if (n == -1 && (errno == ENODATA || errno == ENOTSUP))
			continue;
		if (n == -1 || (fsetxattr(to, p, value, (size_t)n, 0) == -1 &&
				   errno != ENOTSUP)) {
			err_sys(
			    err, ERR_IO, "", "attribute %.60s of %s", p, from);
			goto out;
		}
	}
	rc = 0;
out:
	free(value);
	return rc;
}

/* An immutable file, or a file system that is only read, refuses root too. */
int
cf_writable(const struct conf *conf, const char *name, struct err *err)
{
	char path[PATH_MAX], dir[PATH_MAX], *slash;

	if (cf_path(conf, name, path, err) == -1)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL && slash != dir)
		*slash = '\0';
	if (access(path, W_OK) == -1)
		return err_sys(err, ERR_POSTFIX_PROTECTED, "", "%s", path);
	return access(dir, W_OK) == 0
		   ? 0
		   : err_sys(err, ERR_POSTFIX_PROTECTED, "", "%s", dir);
}

/* The new file beside the old one, complete and durable. */
static int
write_beside(const char *path, const char *tmp, const void *content, size_t len,
    struct err *err)
{
	struct stat st;
	int fd, rc = -1;

	if (stat(path, &st) == -1)
		return err_sys(err, ERR_IO, "", "stat %s", path);
	if (fault_ask("create", tmp) == -1 ||
	    (fd = open(tmp,
		 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) ==
		-1)
		return err_sys(err, ERR_IO, "", "create %s", tmp);
	if (fault_ask("write", tmp) == -1 ||
	    write_all(fd, content, len) == -1 ||
	    fault_ask("chown", tmp) == -1 ||
	    fchown(fd, st.st_uid, st.st_gid) == -1 ||
	    fault_ask("chmod", tmp) == -1 ||
	    fchmod(fd, st.st_mode & 07777) == -1) {
		err_sys(err, ERR_IO, "", "write %s", tmp);
		goto out;
	}
	/* After the mode: an ACL carries the group bits with it. */
	if (copy_xattrs(path, fd, err) == -1)
		goto out;
	if (fault_ask("utime", tmp) == -1 ||
	    maincf_cool(AT_FDCWD, tmp, st.st_mtime) == -1 ||
	    fault_ask("fsync", tmp) == -1 || fsync(fd) == -1) {
		err_sys(err, ERR_IO, "", "sync %s", tmp);
		goto out;
	}
	rc = 0;
out:
	if (close(fd) == -1 && rc == 0)
		rc = err_sys(err, ERR_IO, "", "close %s", tmp);
	return rc;
}

static int
check_hash(const char *path, const char *expect, struct err *err)
{
	char is[SHA256_HEX];
	struct buf b;
	int rc = -1;

	buf_init(&b, MAINCF_SIZE_MAX);
	if (fsx_read(path, MAINCF_SIZE_MAX, &b, err) == -1)
		goto out;
	if (sha256_hex(b.data, b.len, is) == -1)
		err_set(err, ERR_INTERNAL, "", "SHA-256");
	else if (strcmp(is, expect) != 0)
		err_set(err, ERR_SETTINGS_STALE, "",
		    "%s: changed by somebody else meanwhile", path);
	else
		rc = 0;
out:
	buf_clear(&b);
	return rc;
}

static void
remove_leftovers(const char *path)
{
	char pattern[PATH_MAX + 32];
	glob_t g;
	size_t i;

	(void)snprintf(pattern, sizeof(pattern), "%s.postseal-*", path);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (i = 0; i < g.gl_pathc; i++)
		(void)unlink(g.gl_pathv[i]);
	globfree(&g);
}

static int
commit(const struct conf *conf, const char *name, const void *content,
    size_t len, const char *expect_sha256, struct err *err)
{
	char path[PATH_MAX], tmp[PATH_MAX];

	if (cf_path(conf, name, path, err) == -1 ||
	    fsx_path(tmp, sizeof(tmp), err, "%s.postseal-%ld", path,
		(long)getpid()) == -1)
		return -1;
	remove_leftovers(path);
	if (write_beside(path, tmp, content, len, err) == -1 ||
	    (expect_sha256 != NULL &&
		check_hash(path, expect_sha256, err) == -1) ||
	    fsx_rename(tmp, path, err) == -1) {
		(void)unlink(tmp);
		return -1;
	}
	return 0;
}

int
maincf_commit(const struct conf *conf, const void *content, size_t len,
    const char *expect_sha256, struct err *err)
{
	return commit(conf, "main.cf", content, len, expect_sha256, err);
}

int
mastercf_commit(const struct conf *conf, const void *content, size_t len,
    const char *expect_sha256, struct err *err)
{
	return commit(conf, "master.cf", content, len, expect_sha256, err);
}

static int
lock(const struct conf *conf, const char *name, int wait_ms, struct err *err)
{
	int64_t deadline = now_ms() + conf_ms(conf, wait_ms), left;
	struct stat by_fd, by_name;
	char path[PATH_MAX];
	int fd, i;

	if (fsx_path(path, sizeof(path), err, "%s/%s.tmp",
		conf->config_directory, name) == -1)
		return -1;
	for (i = 0; i < LOCK_ROUNDS; i++) {
		left = deadline - now_ms();
		fd = fsx_lock(path, left > 0 ? (int)left : 0, err);
		if (fd == -1)
			return -1;
		if (fstat(fd, &by_fd) == 0 && stat(path, &by_name) == 0 &&
		    by_fd.st_ino == by_name.st_ino &&
		    by_fd.st_dev == by_name.st_dev)
			return fd;
		(void)close(fd);
	}
	return err_set(
	    err, ERR_APPLY_BUSY, "", "%s: others write all the time", path);
}

int
maincf_lock(const struct conf *conf, int wait_ms, struct err *err)
{
	return lock(conf, "main.cf", wait_ms, err);
}

int
mastercf_lock(const struct conf *conf, int wait_ms, struct err *err)
{
	return lock(conf, "master.cf", wait_ms, err);
}
