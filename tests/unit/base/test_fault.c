/*
 * test_fault.c - the promise of fsx under failure: make the Nth operation of
 * each function fail, for every N until none fails any more, and look at
 * what is there.  The same with SIGKILL at that operation.
 *
 * The hook is compiled in here, by including the sources with
 * POSTSEAL_FAULT: the linker then takes none of these from the library.
 */
#define POSTSEAL_FAULT 1

#include "../../../src/base/fault.c"
#define fail fsx_fail
#include "../../../src/base/fsx.c"
#undef fail
#define fail tree_fail
#include "../../../src/base/fsxtree.c"
#undef fail
#include "../../../src/base/run.c"

#include "../tmp.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define MAX_OPS 60

static struct fsx_attr attr = {0600, (uid_t)-1, (gid_t)-1, 1000000000};

static int
op_read(struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, 100);
	buf_adds(&b, "<");
	rc = fsx_read(tmp_path("f/file"), 100, &b, err);
	if (rc != 0 && (b.len != 1 || strcmp(b.data, "<") != 0))
		rc = -2;
	buf_clear(&b);
	return rc;
}

static int
op_create(struct err *err)
{
	return fsx_create(tmp_path("f/new"), "new", 3, 0640, err);
}

static int
op_replace(struct err *err)
{
	return fsx_replace(tmp_path("f/file"), "new", 3, &attr, err);
}

static int
op_replace_fast(struct err *err)
{
	return fsx_replace_fast(tmp_path("f/file"), "new", 3, 0600, err);
}

static int
op_rename(struct err *err)
{
	return fsx_rename(tmp_path("f/other"), tmp_path("f/file"), err);
}

static int
op_mkdir(struct err *err)
{
	return fsx_mkdir(tmp_path("f/dir"), 0700, err);
}

static int
op_mkdir_p(struct err *err)
{
	return fsx_mkdir_p(tmp_path("f/dir/a/b"), 0700, err);
}

static int
op_unlink(struct err *err)
{
	return fsx_unlink(tmp_path("f/file"), err);
}

static int
op_wipe(struct err *err)
{
	return fsx_wipe_tree(tmp_path("f/tree"), err);
}

static int
op_lock(struct err *err)
{
	int fd = fsx_lock(tmp_path("f/lock"), 0, err);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -1;
}

/* What may be there: "" = nothing, else one of two texts. */
static void
old_or_new(const char *path, const char *old, const char *new)
{
	struct err err;
	struct buf b;

	if (!tmp_exists(path)) {
		ck_assert_msg(
		    old[0] == '\0' || new[0] == '\0', "%s is gone", path);
		return;
	}
	buf_init(&b, 100);
	ck_assert_int_eq(fsx_read(path, 100, &b, &err), 0);
	ck_assert_msg(strcmp(b.data, old) == 0 || strcmp(b.data, new) == 0,
	    "%s holds \"%s\"", path, b.data);
	buf_clear(&b);
}

/*
 * after: is the name changed although it failed?  Only the last fsync of the
 * directory may do that, and only where fsx.h says so.
 */
static const struct {
	const char *name;
	int (*fn)(struct err *);
	const char *path, *old, *new;
	bool undone; /* a failure leaves the old state, always */
	int min_ops;
} ops[] = {
    {"read", op_read, "f/file", "old", "old", true, 2},
    {"create", op_create, "f/new", "", "new", true, 6},
    {"replace", op_replace, "f/file", "old", "new", false, 8},
    {"replace_fast", op_replace_fast, "f/file", "old", "new", true, 5},
    {"rename", op_rename, "f/file", "old", "other", false, 2},
    {"mkdir", op_mkdir, "f/nothing", "", "", true, 4},
    {"mkdir_p", op_mkdir_p, "f/nothing", "", "", true, 9},
    {"unlink", op_unlink, "f/file", "old", "", false, 2},
    {"wipe_tree", op_wipe, "f/nothing", "", "", true, 7},
    {"lock", op_lock, "f/file", "old", "old", true, 1},
};

static void
set_up(void)
{
	unsetenv("POSTSEAL_FAULT_COUNT");
	unlink(tmp_path("count"));
	ck_assert_int_eq(fsx_wipe_tree(tmp_path("f"), NULL), 0);
	ck_assert_int_eq(mkdir(tmp_path("f"), 0700), 0);
	tmp_write(tmp_path("f/file"), "old");
	tmp_write(tmp_path("f/other"), "other");
	ck_assert_int_eq(mkdir(tmp_path("f/tree"), 0700), 0);
	ck_assert_int_eq(mkdir(tmp_path("f/tree/sub"), 0700), 0);
	tmp_write(tmp_path("f/tree/sub/key"), "key");
	tmp_write(tmp_path("f/tree/key"), "key");
}

/* putenv with memory of ours: valgrind takes setenv's for a leak. */
static void
arm(int nth, int code)
{
	static char n[40], e[40], count[300];

	snprintf(n, sizeof(n), "POSTSEAL_FAULT_NTH=%d", nth);
	snprintf(e, sizeof(e), "POSTSEAL_FAULT_ERRNO=%d", code);
	snprintf(
	    count, sizeof(count), "POSTSEAL_FAULT_COUNT=%s", tmp_path("count"));
	putenv(n);
	putenv(e);
	putenv(count);
}

static int
leftovers(void)
{
	DIR *d = opendir(tmp_path("f"));
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".tmp-") != NULL;
	closedir(d);
	return n;
}

START_TEST(nth_fails)
{
	static const int codes[] = {ENOSPC, EIO, EACCES, EROFS};
	const char *path = tmp_path(ops[_i].path);
	struct err err;
	int n, rc = -1;
	size_t c;

	for (c = 0; c < 4; c++) {
		for (n = 1; n < MAX_OPS; n++) {
			set_up();
			arm(n, codes[c]);
			err_clear(&err);
			rc = ops[_i].fn(&err);
			unsetenv("POSTSEAL_FAULT_COUNT");
			if (rc == 0)
				break;
			ck_assert_msg(rc == -1, "%s: %d", ops[_i].name, rc);
			ck_assert_int_eq(err.code, ERR_IO);
			ck_assert_int_eq(err.sys, codes[c]);
			ck_assert_int_eq(leftovers(), 0);
			if (ops[_i].undone)
				old_or_new(path, ops[_i].old, ops[_i].old);
			else
				old_or_new(path, ops[_i].old, ops[_i].new);
			/* and it can be done afterwards */
			rc = ops[_i].fn(&err);
			if (ops[_i].fn == op_rename &&
			    !tmp_exists(tmp_path("f/other")))
				rc = 0;
			ck_assert_msg(rc == 0, "%s after %d: %s", ops[_i].name,
			    n, err.msg);
		}
		ck_assert_msg(n > ops[_i].min_ops && n < MAX_OPS,
		    "%s: %d operations", ops[_i].name, n - 1);
		old_or_new(path, ops[_i].new, ops[_i].new);
	}
}
END_TEST

START_TEST(killed_at_the_nth)
{
	static char deadly[] = "POSTSEAL_FAULT_KILL=1";
	const char *path = tmp_path(ops[_i].path);
	struct err err;
	int n, status;
	pid_t pid;

	for (n = 1; n < MAX_OPS; n++) {
		set_up();
		arm(n, EIO);
		putenv(deadly);
		if ((pid = fork()) == 0)
			_exit(ops[_i].fn(NULL) == 0 ? 0 : 1);
		unsetenv("POSTSEAL_FAULT_COUNT");
		unsetenv("POSTSEAL_FAULT_KILL");
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		old_or_new(path, ops[_i].old, ops[_i].new);
		if (status == 0)
			break;
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		ck_assert_int_eq(fsx_sweep(tmp_path("f"), &err), 0);
		ck_assert_int_eq(leftovers(), 0);
	}
	ck_assert_msg(n > ops[_i].min_ops && n < MAX_OPS, "%s: %d operations",
	    ops[_i].name, n - 1);
}
END_TEST

static const struct {
	int code;
	int rc;
	enum err_code want;
	int exit_code, signal;
} pretended[] = {
    {ENOENT, -1, ERR_IO, -1, 0},
    {EAGAIN, -1, ERR_IO, -1, 0},
    {ETIMEDOUT, -1, ERR_TIMEOUT, -1, 0},
    {ECHILD, 0, ERR_NONE, 1, 0},
    {EINTR, 0, ERR_NONE, -1, SIGKILL},
};

START_TEST(child_pretends)
{
	const char *mark = tmp_path("mark");
	const char *argv[] = {
	    "/bin/sh", "-c", "echo said; touch \"$0\"", mark, NULL};
	struct run_spec spec = {.argv = argv};
	struct run_result r;
	struct err err;
	int late;

	for (late = 0; late < 2; late++) {
		set_up();
		unlink(mark);
		setenv("POSTSEAL_FAULT_LATE", late ? "1" : "0", 1);
		arm(1, pretended[_i].code);
		err_clear(&err);
		ck_assert_int_eq(run(&spec, &r, &err), pretended[_i].rc);
		ck_assert_int_eq(err.code, pretended[_i].want);
		ck_assert_int_eq(r.exit_code, pretended[_i].exit_code);
		ck_assert_int_eq(r.signal, pretended[_i].signal);
		ck_assert_int_eq(tmp_exists(mark), late);
		ck_assert_str_eq(r.out.data, late ? "said\n" : "");
		run_result_clear(&r);
		/* only that one: the next runs */
		ck_assert_int_eq(run(&spec, &r, &err), 0);
		ck_assert_int_eq(r.exit_code, 0);
		run_result_clear(&r);
	}
	unsetenv("POSTSEAL_FAULT_COUNT");
	unsetenv("POSTSEAL_FAULT_LATE");
}
END_TEST

/* The count goes on in children, and the trace names what was asked. */
START_TEST(counted_across_processes)
{
	struct err err;
	int status;
	pid_t pid;

	set_up();
	arm(6, EIO);
	setenv("POSTSEAL_FAULT_TRACE", tmp_path("trace"), 1);
	ck_assert_int_eq(fsx_unlink(tmp_path("f/other"), &err), 0);
	if ((pid = fork()) == 0)
		_exit(fsx_unlink(tmp_path("f/file"), NULL) == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(fsx_unlink(tmp_path("f/none"), &err), 0);
	ck_assert_int_eq(fsx_unlink(tmp_path("f/none"), &err), -1);
	ck_assert_int_eq(fsx_unlink(tmp_path("f/none"), &err), 0);
	unsetenv("POSTSEAL_FAULT_COUNT");
	tmp_expect(tmp_path("count"), "7\n");
	ck_assert(tmp_exists(tmp_path("trace")));
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, nth_fails, 0, N(ops));
	tcase_add_loop_test(tc, killed_at_the_nth, 0, N(ops));
	tcase_add_loop_test(tc, child_pretends, 0, N(pretended));
	tcase_add_test(tc, counted_across_processes);
}

int
main(void)
{
	return tmp_run("fault", add, 60);
}
