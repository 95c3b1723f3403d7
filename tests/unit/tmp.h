/*
 * tmp.h - a private directory for one test program.  It is removed when all
 * tests passed and kept, with its name printed, when one failed.
 */
#ifndef TEST_TMP_H
#define TEST_TMP_H

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#include "suite.h"
#include "buf.h"
#include "err.h"
#include "fsx.h"

/* Set once by main before the tests are forked. */
static char tmp_root[64];

static inline void
tmp_open(void)
{
	strcpy(tmp_root, "/tmp/base-test-XXXXXX");
	if (mkdtemp(tmp_root) == NULL) {
		perror(tmp_root);
		exit(1);
	}
}

static inline int
tmp_close(int failed)
{
	if (failed == 0 && fsx_wipe_tree(tmp_root, NULL) != 0) {
		fprintf(stderr, "cannot remove %s\n", tmp_root);
		return 1;
	}
	if (failed != 0)
		fprintf(stderr, "kept: %s\n", tmp_root);
	return failed == 0 ? 0 : 1;
}

/* The path of a name in the directory, in one of many static buffers. */
static inline const char *
tmp_path(const char *name)
{
	static char path[2048][256];
	static unsigned int next;
	char *p = path[next++ % 2048];

	snprintf(p, sizeof(path[0]), "%s/%s", tmp_root, name);
	return p;
}

static inline void
tmp_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

static inline void
tmp_expect(const char *path, const char *text)
{
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	ck_assert_msg(fsx_read(path, 1 << 20, &b, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(b.len, strlen(text));
	ck_assert_str_eq(b.data, text);
	buf_clear(&b);
}

static inline int
tmp_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Run a suite of one case with the tests added by add(). */
static inline int
tmp_run(const char *name, void (*add)(TCase *), double timeout)
{
	TCase *tc = tcase_create(name);

	tmp_open();
	tcase_set_timeout(tc, timeout);
	add(tc);
	return tmp_close(suite_run(name, tc));
}

#endif
