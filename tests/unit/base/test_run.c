/*
 * test_run.c - child processes: what they see, what comes back, and that
 * nothing of them outlives its time.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "run.h"
#include "../tmp.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SH(script) \
	{ \
		"/bin/sh", "-c", script, NULL \
	}

static const struct {
	const char *argv[4];
	const char *in;
	int exit_code, signal;
	const char *out, *err;
} cases[] = {
    {{"/bin/true", NULL}, NULL, 0, 0, "", ""},
    {{"/bin/false", NULL}, NULL, 1, 0, "", ""},
    {{"/bin/echo", "a b", "$HOME;*", NULL}, NULL, 0, 0, "a b $HOME;*\n", ""},
    {SH("exit 127"), NULL, 127, 0, "", ""},
    {SH("exit 255"), NULL, 255, 0, "", ""},
    {SH("echo out; echo err >&2; exit 3"), NULL, 3, 0, "out\n", "err\n"},
    {SH("kill -9 $$"), NULL, -1, SIGKILL, "", ""},
    {SH("kill -15 $$"), NULL, -1, SIGTERM, "", ""},
    {SH("printf before; kill -11 $$"), NULL, -1, SIGSEGV, "before", ""},
    {{"/bin/cat", NULL}, NULL, 0, 0, "", ""},
    {{"/bin/cat", NULL}, "", 0, 0, "", ""},
    {{"/bin/cat", NULL}, "bytes\n\1", 0, 0, "bytes\n\1", ""},
    {{"/bin/cat", "/dev/stdin", NULL}, "again", 0, 0, "again", ""},
    {SH("exec <&-; exit 4"), "never read", 4, 0, "", ""},
    {SH("exec >&- 2>&-; sleep 0.1; exit 5"), NULL, 5, 0, "", ""},
    {{"/usr/bin/env", NULL}, NULL, 0, 0,
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	"LC_ALL=C\n",
	""},
    /* no descriptor but 0, 1, 2 and the one that ls opens */
    {{"/bin/ls", "/proc/self/fd", NULL}, NULL, 0, 0, "0\n1\n2\n3\n", ""},
};

START_TEST(comes_back)
{
	struct run_spec spec = {.argv = cases[_i].argv, .in = cases[_i].in};
	struct run_result r;
	struct err err;

	if (spec.in != NULL)
		spec.in_len = strlen(cases[_i].in);
	ck_assert_msg(run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(r.out.data, cases[_i].out);
	ck_assert_str_eq(r.err.data, cases[_i].err);
	ck_assert_int_eq(r.exit_code, cases[_i].exit_code);
	ck_assert_int_eq(r.signal, cases[_i].signal);
	run_result_clear(&r);
	run_result_clear(&r);
}
END_TEST

START_TEST(signals_are_reset)
{
	static const char *const argv[] = {
	    "/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
	struct run_spec spec = {.argv = argv};
	struct run_result r;
	struct err err;
	sigset_t all;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	ck_assert_int_eq(run(&spec, &r, &err), 0);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	ck_assert_str_eq(r.out.data, "SigBlk:\t0000000000000000\n"
				     "SigIgn:\t0000000000000000\n");
	run_result_clear(&r);
}
END_TEST

/* Even if our own 0, 1, 2 are closed the child has its three. */
START_TEST(without_stdio)
{
	static const char *const argv[] = SH("cat; echo e >&2");
	struct run_spec spec = {.argv = argv, .in = "in", .in_len = 2};
	struct run_result r;
	struct err err;
	int rc, ok, keep[3], i;

	for (i = 0; i < 3; i++) {
		keep[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	rc = run(&spec, &r, &err);
	for (i = 0; i < 3; i++)
		dup2(keep[i], i);
	for (i = 0; i < 3; i++)
		close(keep[i]);
	ck_assert_int_eq(rc, 0);
	ok = strcmp(r.out.data, "in") == 0 && strcmp(r.err.data, "e\n") == 0;
	ck_assert_int_eq(ok, 1);
	run_result_clear(&r);
}
END_TEST

START_TEST(own_environment)
{
	static const char *const argv[] = {"/usr/bin/env", NULL};
	static const char *const envp[] = {"A=1", "B=x y", NULL};
	static const char *const none[] = {NULL};
	struct run_spec spec = {.argv = argv, .envp = envp};
	struct run_result r;
	struct err err;

	setenv("LEAK", "no", 1);
	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_str_eq(r.out.data, "A=1\nB=x y\n");
	run_result_clear(&r);
	spec.envp = none;
	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_str_eq(r.out.data, "");
	run_result_clear(&r);
}
END_TEST

START_TEST(cannot_start)
{
	static const struct {
		const char *path;
		int sys;
	} bad[] = {{"/no/such/program", ENOENT}, {"/etc/passwd", EACCES},
	    {"/etc", EACCES}, {"/etc/passwd/x", ENOTDIR}};
	const char *argv[2] = {bad[_i].path, NULL};
	struct run_spec spec = {.argv = argv, .in = "x", .in_len = 1};
	struct run_result r;
	struct err err;

	ck_assert_int_eq(run(&spec, &r, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_int_eq(err.sys, bad[_i].sys);
	ck_assert_int_eq(r.exit_code, -1);
	ck_assert_str_eq(r.out.data, "");
	run_result_clear(&r);
}
END_TEST

/* More than the limit on both, more than the pipes hold: the child ends. */
START_TEST(output_is_bounded)
{
	static const size_t max[] = {1, 100, 65536, 100000};
	static const char *const argv[] =
	    SH("head -c 300000 /dev/zero | tr '\\0' x;"
	       "head -c 300000 /dev/zero | tr '\\0' y >&2; exit 6");
	struct run_spec spec = {.argv = argv, .out_max = max[_i]};
	struct run_result r;
	struct err err;

	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_int_eq(r.exit_code, 6);
	ck_assert_uint_eq(r.out.len, max[_i]);
	ck_assert_uint_eq(r.err.len, max[_i]);
	ck_assert_uint_eq(strspn(r.out.data, "x"), max[_i]);
	ck_assert_uint_eq(strspn(r.err.data, "y"), max[_i]);
	run_result_clear(&r);
}
END_TEST

START_TEST(large_input)
{
	static const char *const argv[] = {"/usr/bin/sha256sum", NULL};
	size_t len = 3000000;
	char *in = malloc(len), hex[SHA256_HEX];
	struct run_spec spec = {.argv = argv, .in = in, .in_len = len};
	struct run_result r;
	struct err err;

	memset(in, 'i', len);
	sha256_hex(in, len, hex);
	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_uint_eq(r.out.len, 68);
	ck_assert_int_eq(memcmp(r.out.data, hex, 64), 0);
	run_result_clear(&r);
	free(in);
}
END_TEST

/* Does a process of this number exist (and is no zombie)? */
static int
alive(pid_t pid)
{
	char path[64], text[512] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((fd = open(path, O_RDONLY)) == -1)
		return 0;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(fd);
	return text[0] != '\0' && strstr(text, ") Z ") == NULL;
}

static int
gone_within(pid_t pid, int ms)
{
	int64_t end = now_ms() + ms;

	while (alive(pid)) {
		if (now_ms() > end)
			return 0;
		usleep(5000);
	}
	return 1;
}

/* The deadline kills the whole group, also what ignores SIGTERM, and gives
 * what was said until then. */
START_TEST(deadline)
{
	static const char *const scripts[] = {
	    "echo $$; sleep 60",
	    "trap '' TERM INT HUP; echo $$; sleep 60; sleep 60",
	    "sleep 60 & echo $!; wait",
	    "(trap '' TERM; sleep 60) & echo $!; exec sleep 60",
	    "echo $$; while :; do :; done",
	    "echo $$; exec yes",
	    "echo $$; exec >&- 2>&-; sleep 60",
	};
	const char *argv[] = {"/bin/sh", "-c", scripts[_i], NULL};
	struct run_spec spec = {.argv = argv, .timeout_ms = 300};
	struct run_result r;
	int64_t start = now_ms();
	struct err err;
	pid_t pid;

	ck_assert_int_eq(run(&spec, &r, &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert_int_ge(now_ms() - start, 299);
	ck_assert_int_lt(now_ms() - start, 5000);
	ck_assert_int_eq(r.exit_code, -1);
	pid = (pid_t)strtol(r.out.data, NULL, 10);
	ck_assert_int_gt(pid, 1);
	ck_assert(gone_within(pid, 3000));
	run_result_clear(&r);
}
END_TEST

/* Postfix's master: its own session, pipes kept open, sometimes talking. */
START_TEST(daemons_survive_and_do_not_hang_us)
{
	static const char *const scripts[] = {
	    "setsid sleep 20 & echo $!",
	    "setsid sh -c 'exec sleep 20' & echo $!; exit 0",
	    "setsid yes & echo $! >&2",
	};
	const char *argv[] = {"/bin/sh", "-c", scripts[_i], NULL};
	struct run_spec spec = {.argv = argv, .timeout_ms = 10000};
	struct run_result r;
	int64_t start = now_ms();
	struct err err;
	pid_t pid;

	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_int_lt(now_ms() - start, 5000);
	ck_assert_int_eq(r.exit_code, 0);
	pid = (pid_t)strtol(_i == 2 ? r.err.data : r.out.data, NULL, 10);
	ck_assert_int_gt(pid, 1);
	/* "yes" dies of SIGPIPE once our ends are closed */
	if (_i != 2)
		ck_assert(alive(pid));
	kill(pid, SIGKILL);
	run_result_clear(&r);
}
END_TEST

/* Everything that was written before the exit is there. */
START_TEST(last_words)
{
	static const char *const argv[] =
	    SH("head -c 60000 /dev/zero | tr '\\0' x; echo end");
	struct run_spec spec = {.argv = argv};
	struct run_result r;
	struct err err;
	int i;

	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(run(&spec, &r, &err), 0);
		ck_assert_uint_eq(r.out.len, 60004);
		ck_assert_str_eq(r.out.data + 60000, "end\n");
		run_result_clear(&r);
	}
}
END_TEST

START_TEST(no_descriptor_is_left)
{
	static const char *const good[] = {"/bin/true", NULL};
	static const char *const bad[] = {"/no/such", NULL};
	static const char *const slow[] = {"/bin/sleep", "9", NULL};
	const char *const *argv[] = {good, bad, slow};
	struct run_spec spec = {.in = "x", .in_len = 1, .timeout_ms = 50};
	struct run_result r;
	int before, after, i;

	before = dup(0);
	close(before);
	for (i = 0; i < 9; i++) {
		spec.argv = argv[i % 3];
		spec.timeout_ms = i % 3 == 2 ? 50 : 5000;
		run(&spec, &r, NULL);
		run_result_clear(&r);
	}
	after = dup(0);
	close(after);
	ck_assert_int_eq(before, after);
}
END_TEST

/* A caller that lets the kernel reap is told that the status is lost. */
START_TEST(sigchld_ignored)
{
	static const char *const argv[] = {"/bin/true", NULL};
	struct run_spec spec = {.argv = argv};
	struct run_result r;
	struct err err;
	int rc;

	signal(SIGCHLD, SIG_IGN);
	rc = run(&spec, &r, &err);
	signal(SIGCHLD, SIG_DFL);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert_int_eq(err.sys, ECHILD);
	run_result_clear(&r);
}
END_TEST

/* A user is become for good, or nothing is run. */
START_TEST(other_user)
{
	const char *argv[] = {"/bin/grep", "-E",
	    "^(Uid|Groups|NoNewPrivs|Seccomp):", "/proc/self/status", NULL};
	struct run_spec spec = {.argv = argv, .user = "nobody"};
	struct run_result r;
	struct err err;
	const char *set = getenv("POSTSEAL_SANDBOX"); /* check-asan: off */
	bool off = set != NULL && strcmp(set, "off") == 0;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(run(&spec, &r, &err), 0);
	ck_assert_str_eq(r.out.data,
	    off ? "Uid:\t65534\t65534\t65534\t65534\nGroups:\t \n"
		  "NoNewPrivs:\t1\nSeccomp:\t0\n"
		: "Uid:\t65534\t65534\t65534\t65534\nGroups:\t \n"
		  "NoNewPrivs:\t1\nSeccomp:\t2\n");
	run_result_clear(&r);
	spec.user = "root";
	ck_assert_int_eq(run(&spec, &r, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	run_result_clear(&r);
	spec.user = "no-such-user";
	ck_assert_int_eq(run(&spec, &r, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	run_result_clear(&r);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, comes_back, 0, N(cases));
	tcase_add_test(tc, signals_are_reset);
	tcase_add_test(tc, without_stdio);
	tcase_add_test(tc, own_environment);
	tcase_add_loop_test(tc, cannot_start, 0, 4);
	tcase_add_loop_test(tc, output_is_bounded, 0, 4);
	tcase_add_test(tc, large_input);
	tcase_add_loop_test(tc, deadline, 0, 7);
	tcase_add_loop_test(tc, daemons_survive_and_do_not_hang_us, 0, 3);
	tcase_add_test(tc, last_words);
	tcase_add_test(tc, no_descriptor_is_left);
	tcase_add_test(tc, sigchld_ignored);
	tcase_add_test(tc, other_user);
}

int
main(void)
{
	return tmp_run("run", add, 60);
}
