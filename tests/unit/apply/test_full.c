/*
 * test_full.c - a disk that is really full: the state directory, and the one
 * of main.cf, on a small tmpfs with a few pages left, one more each time.
 */
#include "rig.h"

#include <sys/mount.h>

#define PAGE 4096

static const struct ask ways[] = {
    {.settings = "{\"outbound\": {\"enabled\": false}}", .apply = "reload"},
    {.settings = "{\"outbound\": {\"enabled\": true}}", .apply = "reload"},
};

/* Put what is in DIR onto a file system of its own. */
static int
move_onto_small(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", rig_root, dir);
	/* Not under the feet of a running Postfix. */
	ck_assert_int_eq(
	    rig_sh("pfi_stop $R/pf; cp -a %s %s.keep", path, path), 0);
	if (mount("none", path, "tmpfs", 0, "size=512k,mode=755") == -1)
		return -1;
	ck_assert_int_eq(rig_sh("cp -a %s.keep/. %s/ && rm -rf %s.keep && "
				"pfi_start $R/pf",
			     path, path, path),
	    0);
	return 0;
}

/* Leave so many pages. */
static void
fill(const char *dir, int pages)
{
	char path[256];
	struct statvfs fs;
	static const char zeros[PAGE];
	unsigned long n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/filler", rig_root, dir);
	ck_assert_int_ne(
	    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), -1);
	ck_assert_int_eq(fstatvfs(fd, &fs), 0);
	for (n = fs.f_bavail * fs.f_frsize / PAGE; n > (unsigned long)pages;
	     n--)
		ck_assert_int_eq(write(fd, zeros, PAGE), PAGE);
	close(fd);
}

static void
unfill(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/filler", rig_root, dir);
	ck_assert_int_eq(unlink(path), 0);
}

static void
full(const char *dir)
{
	char before[SHA256_HEX], after[SHA256_HEX];
	struct settings s = rig_settings();
	struct outcome o;
	struct err err;
	int pages, old = 0, fresh = 0, staged = 0;
	long was;

	for (pages = 0; fresh < 3 && pages < 64; pages++) {
		was = rig_current();
		rig_maincf_hash(before);
		ck_assert_int_eq(
		    generation_settings(&rig_conf, was, &s, &err), 0);
		fill(dir, pages);
		o = rig_apply(&ways[s.outbound_enabled ? 0 : 1]);
		unfill(dir);
		rig_maincf_hash(after);
		if (o.rc == 0) {
			ck_assert_int_gt(rig_current(), was);
			fresh++;
		} else {
			ck_assert_msg(err_http(o.err.code) >= 500 &&
					  o.err.code != ERR_APPLY_UNDO_FAILED,
			    "%d pages: %s %s", pages, err_name(o.err.code),
			    o.err.msg);
			/* What has begun to write is rolled back. */
			if (strcmp(jsonx_path_str(o.job, "error.step", ""),
				"stage") == 0) {
				ck_assert_int_eq(
				    o.err.code, ERR_APPLY_ROLLED_BACK);
				staged++;
			}
			ck_assert_int_eq(rig_current(), was);
			ck_assert_str_eq(before, after);
			old++;
		}
		rig_done(&o);
		rig_assert_whole();
		rig_assert_no_stray_key();
	}
	ck_assert_int_eq(fresh, 3);
	ck_assert_int_gt(old, 0);
	ck_assert_int_eq(staged > 0, strcmp(dir, "state") == 0);
	printf("full disk below %s: %d refused, then %d applied\n", dir, old,
	    fresh);
}

static const char *const dirs[] = {"state", "pf/conf"};

START_TEST(disk_is_full)
{
	rig_conf.generations = 2;
	(void)rig_ensure(&rig_self_pair);
	if (move_onto_small(dirs[_i]) == -1) {
		printf("not tried: this machine lets nobody mount\n");
		return;
	}
	full(dirs[_i]);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, disk_is_full, 0, 2);
}

int
main(void)
{
	return rig_run("full", add, 300, RIG_POSTFIX);
}
