/*
 * test_fsx.c - files: what is there afterwards, with which mode, and what is
 * left when it goes wrong.  (Failures in the middle are in test_fault.c.)
 */
#include <sys/file.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <signal.h>
#include <time.h>

#include "../asleep.h"
#include "../tmp.h"
#include "util.h"

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static int
count_files(const char *dir)
{
	DIR *d = opendir(dir);
	int n = -2;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static const char *
new_dir(const char *name)
{
	const char *dir = tmp_path(name);
	struct err err;

	ck_assert_msg(fsx_mkdir(dir, 0700, &err) == 0, "%s", err.msg);
	return dir;
}

START_TEST(read_limits)
{
	static const size_t size[] = {0, 1, 100, 8191, 8192, 8193, 20000};
	const char *path = tmp_path("read");
	static char text[20001];
	size_t len = size[_i], slack;
	struct err err;
	struct buf b;

	memset(text, 'r', len);
	text[len] = '\0';
	tmp_write(path, text);
	for (slack = 0; slack < 3; slack++) {
		buf_init(&b, 30000);
		buf_adds(&b, "<<");
		ck_assert_int_eq(fsx_read(path, len + slack, &b, &err), 0);
		ck_assert_uint_eq(b.len, len + 2);
		ck_assert_str_eq(b.data + 2, text);
		buf_clear(&b);
		/* the buffer's own limit counts too */
		buf_init(&b, len + slack);
		ck_assert_int_eq(fsx_read(path, 1 << 20, &b, &err), 0);
		ck_assert_str_eq(b.data, text);
		buf_clear(&b);
	}
	if (len == 0)
		return;
	buf_init(&b, 30000);
	buf_adds(&b, "<<");
	ck_assert_int_eq(fsx_read(path, len - 1, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_FILE_TOO_LARGE);
	ck_assert_str_eq(b.data, "<<");
	buf_clear(&b);
	buf_init(&b, len - 1);
	ck_assert_int_eq(fsx_read(path, 1 << 20, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_FILE_TOO_LARGE);
	buf_clear(&b);
}
END_TEST

START_TEST(read_what_is_no_file)
{
	const char *dir = new_dir("noread"), *path = tmp_path("noread/x");
	struct err err;
	struct buf b;

	buf_init(&b, 100);
	ck_assert_int_eq(fsx_read(path, 10, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_int_eq(fsx_read(dir, 10, &b, &err), -1);
	ck_assert_int_eq(err.sys, EISDIR);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(fsx_read(path, 10, &b, &err), -1);
	ck_assert_int_eq(err.sys, EINVAL);
	ck_assert_int_eq(fsx_read("/dev/zero", 10, &b, &err), -1);
	ck_assert_int_eq(err.sys, EINVAL);
	ck_assert_uint_eq(b.len, 0);
	/* a symlink is followed */
	tmp_write(tmp_path("noread/f"), "text");
	ck_assert_int_eq(symlink("f", tmp_path("noread/l")), 0);
	ck_assert_int_eq(fsx_read(tmp_path("noread/l"), 10, &b, &err), 0);
	ck_assert_str_eq(b.data, "text");
	buf_clear(&b);
}
END_TEST

/* The umask neither opens nor closes; the mode is as asked. */
START_TEST(create_mode_and_once)
{
	static const mode_t modes[] = {0600, 0644, 0640, 0400, 0, 0755};
	static const mode_t masks[] = {0, 022, 077, 0777};
	const char *path = tmp_path("created");
	struct err err;
	size_t m, u;

	for (m = 0; m < 6; m++) {
		for (u = 0; u < 4; u++) {
			umask(masks[u]);
			ck_assert_msg(
			    fsx_create(path, "abc", 3, modes[m], &err) == 0,
			    "%s", err.msg);
			umask(022);
			ck_assert_uint_eq(mode_of(path), modes[m]);
			ck_assert_int_eq(
			    fsx_create(path, "x", 1, 0600, &err), -1);
			ck_assert_int_eq(err.sys, EEXIST);
			if (modes[m] & 0400)
				tmp_expect(path, "abc");
			ck_assert_int_eq(fsx_unlink(path, &err), 0);
		}
	}
	ck_assert_int_eq(fsx_create(path, NULL, 0, 0600, &err), 0);
	tmp_expect(path, "");
}
END_TEST

START_TEST(create_follows_nothing)
{
	const char *link = tmp_path("dangling");
	struct err err;

	ck_assert_int_eq(symlink(tmp_path("target"), link), 0);
	ck_assert_int_eq(fsx_create(link, "x", 1, 0600, &err), -1);
	ck_assert(!tmp_exists(tmp_path("target")));
	ck_assert_int_eq(
	    fsx_create(tmp_path("nodir/x"), "x", 1, 0600, &err), -1);
	ck_assert_int_eq(err.sys, ENOENT);
}
END_TEST

START_TEST(replace_keeps_nothing_aside)
{
	const char *dir = new_dir("repl"), *path = tmp_path("repl/f");
	struct fsx_attr a = {0640, (uid_t)-1, (gid_t)-1, 1000000000};
	struct stat st;
	struct err err;
	char tmp[PATH_MAX];

	ck_assert_int_eq(fsx_replace(path, "one", 3, &a, &err), 0);
	tmp_expect(path, "one");
	ck_assert_uint_eq(mode_of(path), 0640);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mtime, 1000000000);
	a.mode = 0600;
	a.mtime = 0;
	/* a leftover of our own number is no obstacle */
	snprintf(tmp, sizeof(tmp), "%s.tmp-%ld", path, (long)getpid());
	tmp_write(tmp, "leftover, longer than the new text");
	ck_assert_int_eq(fsx_replace(path, "two", 3, &a, &err), 0);
	tmp_expect(path, "two");
	ck_assert_uint_eq(mode_of(path), 0600);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_ge(st.st_mtime, time(NULL) - 5);
	ck_assert_int_eq(fsx_replace_fast(path, "three", 5, 0604, &err), 0);
	tmp_expect(path, "three");
	ck_assert_uint_eq(mode_of(path), 0604);
	ck_assert_int_eq(count_files(dir), 1);
}
END_TEST

START_TEST(replace_owner)
{
	const char *path = tmp_path("owned");
	struct fsx_attr a = {04750, 12345, 23456, 0};
	struct stat st;
	struct err err;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(fsx_replace(path, "x", 1, &a, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 12345);
	ck_assert_uint_eq(st.st_gid, 23456);
	ck_assert_uint_eq(st.st_mode & 07777, 04750);
}
END_TEST

START_TEST(replace_that_cannot_be)
{
	const char *dir = new_dir("cannot");
	struct fsx_attr a = {0600, (uid_t)-1, (gid_t)-1, 0};
	char long_name[PATH_MAX + 10];
	struct err err;

	ck_assert_int_eq(fsx_mkdir(tmp_path("cannot/d"), 0700, &err), 0);
	tmp_write(tmp_path("cannot/d/f"), "x");
	ck_assert_int_eq(
	    fsx_replace(tmp_path("cannot/d"), "x", 1, &a, &err), -1);
	ck_assert_int_eq(err.sys, EISDIR);
	ck_assert_int_eq(count_files(dir), 1);
	tmp_expect(tmp_path("cannot/d/f"), "x");
	memset(long_name, 'n', sizeof(long_name));
	long_name[0] = '/';
	long_name[PATH_MAX + 9] = '\0';
	ck_assert_int_eq(fsx_replace(long_name, "x", 1, &a, &err), -1);
	ck_assert_int_eq(err.sys, ENAMETOOLONG);
	long_name[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(fsx_replace(long_name, "x", 1, &a, &err), -1);
	ck_assert_int_eq(err.sys, ENAMETOOLONG);
}
END_TEST

START_TEST(rename_and_unlink)
{
	const char *a = tmp_path("ra"), *b = tmp_path("rd/b");
	struct err err;

	new_dir("rd");
	tmp_write(a, "x");
	ck_assert_int_eq(fsx_rename(a, b, &err), 0);
	ck_assert(!tmp_exists(a));
	tmp_expect(b, "x");
	ck_assert_int_eq(fsx_rename(a, b, &err), -1);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_int_eq(fsx_unlink(b, &err), 0);
	ck_assert_int_eq(fsx_unlink(b, &err), 0);
	ck_assert_int_eq(fsx_unlink(tmp_root, &err), -1);
	ck_assert_int_eq(fsx_sync_dir(tmp_root, &err), 0);
	ck_assert_int_eq(fsx_sync_dir(a, &err), -1);
}
END_TEST

START_TEST(mkdirs)
{
	struct err err;

	umask(077);
	ck_assert_int_eq(fsx_mkdir(tmp_path("m"), 0755, &err), 0);
	ck_assert_uint_eq(mode_of(tmp_path("m")), 0755);
	ck_assert_int_eq(fsx_mkdir(tmp_path("m"), 0755, &err), -1);
	ck_assert_int_eq(err.sys, EEXIST);
	ck_assert_int_eq(fsx_mkdir(tmp_path("no/m"), 0755, &err), -1);
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("m/a/b/c"), 0711, &err), 0);
	ck_assert_uint_eq(mode_of(tmp_path("m/a/b/c")), 0711);
	ck_assert_uint_eq(mode_of(tmp_path("m/a")), 0711);
	ck_assert_uint_eq(mode_of(tmp_path("m")), 0755);
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("m/a/b/c"), 0700, &err), 0);
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("m//x///y/"), 0700, &err), 0);
	ck_assert(tmp_exists(tmp_path("m/x/y")));
	tmp_write(tmp_path("m/f"), "x");
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("m/f"), 0700, &err), -1);
	ck_assert_int_eq(err.sys, ENOTDIR);
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("m/f/g"), 0700, &err), -1);
	ck_assert_int_eq(fsx_mkdir_p("/", 0700, &err), 0);
	umask(022);
}
END_TEST

/* A tree of everything; what lies outside and is linked to stays. */
START_TEST(wipe_tree_stays_inside)
{
	const char *dir = new_dir("wipe");
	struct err err;
	int fd, i;
	char text[8];

	tmp_write(tmp_path("outside"), "keep me");
	tmp_write(tmp_path("twice"), "two names");
	new_dir("wipe_other");
	tmp_write(tmp_path("wipe_other/f"), "keep me too");
	ck_assert_int_eq(fsx_mkdir_p(tmp_path("wipe/a/b/c"), 0700, &err), 0);
	tmp_write(tmp_path("wipe/key"), "secret!");
	tmp_write(tmp_path("wipe/a/b/c/key"), "secret!");
	tmp_write(tmp_path("wipe/empty"), "");
	ck_assert_int_eq(chmod(tmp_path("wipe/key"), 0), 0);
	ck_assert_int_eq(symlink(tmp_path("outside"), tmp_path("wipe/l")), 0);
	ck_assert_int_eq(
	    symlink(tmp_path("wipe_other"), tmp_path("wipe/ld")), 0);
	ck_assert_int_eq(symlink("nowhere", tmp_path("wipe/a/dangling")), 0);
	ck_assert_int_eq(mkfifo(tmp_path("wipe/fifo"), 0600), 0);
	ck_assert_int_eq(link(tmp_path("twice"), tmp_path("wipe/twice")), 0);
	fd = open(tmp_path("wipe/a/b/c/key"), O_RDONLY);
	ck_assert_msg(fsx_wipe_tree(dir, &err) == 0, "%s", err.msg);
	ck_assert(!tmp_exists(dir));
	tmp_expect(tmp_path("outside"), "keep me");
	tmp_expect(tmp_path("wipe_other/f"), "keep me too");
	tmp_expect(tmp_path("twice"), "two names");
	/* who still had it open reads zeros */
	ck_assert_int_eq(read(fd, text, 8), 7);
	for (i = 0; i < 7; i++)
		ck_assert_int_eq(text[i], 0);
	close(fd);
	ck_assert_int_eq(fsx_wipe_tree(dir, &err), 0);
}
END_TEST

START_TEST(wipe_tree_of_no_directory)
{
	static const char *const bad[] = {"", "/", "/.", "/..", ".", "..", "//",
	    "/tmp/..", "/tmp/.", "/tmp/../"};
	const char *f = tmp_path("wf"), *l = tmp_path("wl");
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(fsx_wipe_tree(bad[i], &err), -1);
		ck_assert_int_eq(err.sys, EINVAL);
	}
	tmp_write(f, "x");
	ck_assert_int_eq(symlink(f, l), 0);
	ck_assert_int_eq(fsx_wipe_tree(l, &err), 0);
	ck_assert(!tmp_exists(l));
	tmp_expect(f, "x");
	ck_assert_int_eq(fsx_wipe_tree(f, &err), 0);
	ck_assert(!tmp_exists(f));
	ck_assert_int_eq(fsx_wipe_tree(tmp_path("no/such"), &err), 0);
	/* a slash at the end, and a name without any */
	new_dir("slash");
	ck_assert_int_eq(fsx_wipe_tree(tmp_path("slash///"), &err), 0);
	ck_assert(!tmp_exists(tmp_path("slash")));
	ck_assert_int_eq(chdir(tmp_root), 0);
	new_dir("rel");
	ck_assert_int_eq(fsx_wipe_tree("rel", &err), 0);
	ck_assert(!tmp_exists(tmp_path("rel")));
}
END_TEST

START_TEST(wipe_tree_has_a_depth)
{
	char path[PATH_MAX];
	struct err err;
	int i;

	snprintf(path, sizeof(path), "%s/deep", tmp_root);
	for (i = 0; i < 30; i++)
		strcat(path, "/d");
	ck_assert_int_eq(fsx_mkdir_p(path, 0700, &err), 0);
	ck_assert_int_eq(fsx_wipe_tree(tmp_path("deep"), &err), -1);
	ck_assert_int_eq(err.sys, ELOOP);
	ck_assert_int_eq(
	    fsx_wipe_tree(tmp_path("deep/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d"), &err),
	    0);
	ck_assert_int_eq(fsx_wipe_tree(tmp_path("deep"), &err), 0);
}
END_TEST

/* Somebody swaps a directory for a symlink, all the time. */
START_TEST(wipe_tree_under_a_swapper)
{
	const char *d = tmp_path("race/d"), *aside = tmp_path("race/aside");
	const char *away = tmp_path("away");
	struct err err;
	pid_t pid;
	int i;

	new_dir("away");
	tmp_write(tmp_path("away/f"), "keep");
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(fsx_mkdir_p(d, 0700, &err), 0);
		tmp_write(tmp_path("race/d/f"), "x");
		if ((pid = fork()) == 0) {
			for (;;) {
				rename(d, aside);
				if (symlink(away, d) != 0)
					_exit(1);
				unlink(d);
				rename(aside, d);
			}
		}
		usleep(200);
		fsx_wipe_tree(tmp_path("race"), NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		tmp_expect(tmp_path("away/f"), "keep");
		fsx_wipe_tree(tmp_path("race"), NULL);
	}
}
END_TEST

START_TEST(sweep_leftovers)
{
	const char *dir = new_dir("sweep");
	static const char *const stay[] = {"f", "f.tmp-", "f.tmp-1", "f.tmp-x",
	    "f.tmp-2147483646x", ".tmp-2147483646", "f.tmp",
	    "f.tmp-99999999999999999999", "f.tmp-0", "f.tmp--5"};
	const struct timespec old[2] = {{1, 0}, {1, 0}};
	char name[64];
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(stay) / sizeof(stay[0]); i++) {
		snprintf(name, sizeof(name), "sweep/%s", stay[i]);
		tmp_write(tmp_path(name), "x");
	}
	/* no process has these numbers */
	tmp_write(tmp_path("sweep/f.tmp-2147483646"), "secret");
	tmp_write(tmp_path("sweep/f.tmp-2147483645"), "secret");
	/* one that is somebody else's by now */
	tmp_write(tmp_path("sweep/g.tmp-1"), "secret");
	ck_assert_int_eq(
	    utimensat(AT_FDCWD, tmp_path("sweep/g.tmp-1"), old, 0), 0);
	/* and below, but not behind a link */
	new_dir("swept-not");
	tmp_write(tmp_path("swept-not/f.tmp-2147483646"), "x");
	ck_assert_int_eq(symlink("../swept-not", tmp_path("sweep/link")), 0);
	new_dir("sweep/a");
	new_dir("sweep/a/b");
	tmp_write(tmp_path("sweep/a/b/f.tmp-9.tmp-2147483646"), "secret");
	ck_assert_int_eq(fsx_sweep(dir, &err), 0);
	ck_assert_int_eq(count_files(tmp_path("sweep/a/b")), 0);
	ck_assert_int_eq(count_files(tmp_path("swept-not")), 1);
	ck_assert_int_eq(unlink(tmp_path("sweep/link")), 0);
	ck_assert_int_eq(rmdir(tmp_path("sweep/a/b")), 0);
	ck_assert_int_eq(rmdir(tmp_path("sweep/a")), 0);
	ck_assert_int_eq(count_files(dir), (int)i);
	ck_assert(!tmp_exists(tmp_path("sweep/f.tmp-2147483646")));
	ck_assert(!tmp_exists(tmp_path("sweep/g.tmp-1")));
	ck_assert_int_eq(fsx_sweep(tmp_path("no/such"), &err), 0);
	ck_assert_int_eq(fsx_sweep(tmp_path("sweep/f"), &err), -1);
}
END_TEST

START_TEST(lock_excludes)
{
	const char *path = tmp_path("lock");
	struct err err;
	int64_t start;
	pid_t pid;
	int fd, p[2], go[2], status;
	char c;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pipe(go), 0);
	if ((pid = fork()) == 0) {
		fd = fsx_lock(path, 0, NULL);
		_exit(fd >= 0 && write(p[1], "x", 1) == 1 &&
			      read(go[0], &c, 1) == 1 && asleep(getppid())
			  ? 0
			  : 1);
	}
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	ck_assert_int_eq(fsx_lock(path, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_APPLY_BUSY);
	start = now_ms();
	ck_assert_int_eq(fsx_lock(path, 50, &err), -1);
	ck_assert_int_ge(now_ms() - start, 49);
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	fd = fsx_lock(path, 10000, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(mode_of(path), 0600);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	/* free again */
	fd = fsx_lock(path, 0, &err);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

/* As postconf does: lock F, rename F away, unlock.  Who waited gets a lock
 * on the new F. */
START_TEST(lock_that_was_renamed_away)
{
	const char *path = tmp_path("main.cf.tmp");
	struct stat a, b;
	struct err err;
	pid_t pid;
	int fd, p[2];
	char c;

	ck_assert_int_eq(pipe(p), 0);
	if ((pid = fork()) == 0) {
		fd = open(path, O_RDWR | O_CREAT, 0600);
		flock(fd, LOCK_EX);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		(void)asleep(getppid());
		rename(path, tmp_path("main.cf"));
		_exit(0);
	}
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	fd = fsx_lock(path, 10000, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &a), 0);
	ck_assert_int_eq(stat(path, &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	close(fd);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(lock_of_other_things)
{
	const char *path = tmp_path("locklink");
	struct err err;

	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert_int_eq(fsx_lock(path, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_int_eq(fsx_lock(tmp_root, 0, &err), -1);
	ck_assert_int_eq(fsx_lock(tmp_path("no/such"), 0, &err), -1);
	ck_assert_int_eq(err.sys, ENOENT);
}
END_TEST

START_TEST(path_sizes)
{
	char path[8] = "before";
	struct err err;

	ck_assert_int_eq(fsx_path(path, 8, &err, "%s/%d", "/abc", 12), 0);
	ck_assert_str_eq(path, "/abc/12");
	ck_assert_int_eq(fsx_path(path, 8, &err, "%s/%d", "/abc", 123), -1);
	ck_assert_int_eq(err.sys, ENAMETOOLONG);
	ck_assert_str_eq(path, "/abc/12");
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, read_limits, 0, 7);
	tcase_add_test(tc, read_what_is_no_file);
	tcase_add_test(tc, create_mode_and_once);
	tcase_add_test(tc, create_follows_nothing);
	tcase_add_test(tc, replace_keeps_nothing_aside);
	tcase_add_test(tc, replace_owner);
	tcase_add_test(tc, replace_that_cannot_be);
	tcase_add_test(tc, rename_and_unlink);
	tcase_add_test(tc, mkdirs);
	tcase_add_test(tc, wipe_tree_stays_inside);
	tcase_add_test(tc, wipe_tree_of_no_directory);
	tcase_add_test(tc, wipe_tree_has_a_depth);
	tcase_add_test(tc, wipe_tree_under_a_swapper);
	tcase_add_test(tc, sweep_leftovers);
	tcase_add_test(tc, lock_excludes);
	tcase_add_test(tc, lock_that_was_renamed_away);
	tcase_add_test(tc, lock_of_other_things);
	tcase_add_test(tc, path_sizes);
}

int
main(void)
{
	return tmp_run("fsx", add, 60);
}
