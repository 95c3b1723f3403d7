/*
 * test_trust.c - who could put another file in the place of one.
 */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "../tmp.h"
#include "fsx.h"

#define STRANGER 65534

/* /tmp itself is everybody's, with the sticky bit. */
static const char *
refused(const char *file)
{
	static struct err err;

	err_clear(&err);
	if (fsx_trusted(tmp_path(file), &err) == 0)
		return "";
	ck_assert_int_eq(err.code, ERR_CONFIG);
	return err.msg;
}

static void
make(const char *dir, const char *file)
{
	ck_assert_int_eq(fsx_mkdir_p(tmp_path(dir), 0755, NULL), 0);
	ck_assert_int_eq(fsx_create(tmp_path(file), "x", 1, 0644, NULL), 0);
}

START_TEST(roots)
{
	make("a/b", "a/b/f");
	ck_assert_str_eq(refused("a/b/f"), "");
	/* not there yet: made by us */
	ck_assert_str_eq(refused("a/c/d"), "");
	ck_assert_int_eq(symlink("b", tmp_path("a/link")), 0);
	ck_assert_int_eq(symlink(tmp_path("a/b"), tmp_path("far")), 0);
	ck_assert_str_eq(refused("a/link/f"), "");
	ck_assert_str_eq(refused("far/f"), "");
}
END_TEST

START_TEST(somebody_elses)
{
	if (geteuid() != 0)
		return;
	make("s/b", "s/b/f");
	ck_assert_int_eq(chown(tmp_path("s/b/f"), STRANGER, 0), 0);
	ck_assert_ptr_nonnull(strstr(refused("s/b/f"), "/s/b/f belongs to"));
	ck_assert_int_eq(chown(tmp_path("s/b/f"), 0, 0), 0);
	ck_assert_int_eq(chown(tmp_path("s"), STRANGER, 0), 0);
	ck_assert_ptr_nonnull(strstr(refused("s/b/f"), "/s belongs to"));
	/* by links that are its own, and that another made */
	ck_assert_int_eq(symlink("s/b", tmp_path("to")), 0);
	ck_assert_ptr_nonnull(strstr(refused("to/f"), "/s belongs to"));
	make("t", "t/f");
	ck_assert_int_eq(symlink("t", tmp_path("theirs")), 0);
	ck_assert_int_eq(lchown(tmp_path("theirs"), STRANGER, 0), 0);
	ck_assert_ptr_nonnull(strstr(refused("theirs/f"), "theirs belongs"));
}
END_TEST

START_TEST(everybodys)
{
	make("w/b", "w/b/f");
	ck_assert_int_eq(chmod(tmp_path("w"), 0777), 0);
	ck_assert_ptr_nonnull(strstr(refused("w/b/f"), "/w can be written"));
	ck_assert_int_eq(chmod(tmp_path("w"), 01777), 0);
	ck_assert_str_eq(refused("w/b/f"), "");
	/* what is in there is anybody's */
	ck_assert_ptr_nonnull(strstr(refused("w"), "/w can be written"));
	ck_assert_int_eq(chmod(tmp_path("w"), 0755), 0);
	ck_assert_int_eq(chmod(tmp_path("w/b/f"), 0646), 0);
	ck_assert_ptr_nonnull(strstr(refused("w/b/f"), "f can be written"));
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(tmp_path("w/b/f"), 0664), 0);
	ck_assert_str_eq(refused("w/b/f"), ""); /* root's group */
	ck_assert_int_eq(chown(tmp_path("w/b/f"), 0, STRANGER), 0);
	ck_assert_ptr_nonnull(strstr(refused("w/b/f"), "f can be written"));
}
END_TEST

START_TEST(in_circles)
{
	ck_assert_int_eq(symlink("c2", tmp_path("c1")), 0);
	ck_assert_int_eq(symlink("c1", tmp_path("c2")), 0);
	ck_assert_str_ne(refused("c1/f"), "");
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, roots);
	tcase_add_test(tc, somebody_elses);
	tcase_add_test(tc, everybodys);
	tcase_add_test(tc, in_circles);
}

int
main(void)
{
	return tmp_run("trust", add, 60);
}
