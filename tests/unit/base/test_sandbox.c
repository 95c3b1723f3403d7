/*
 * test_sandbox.c - everything that a role must not do fails.
 *
 * Each attempt runs in a child of its own: once free, where it must succeed
 * (or the test would prove nothing), then in each role.  Without Landlock
 * (an old kernel, valgrind) the one thing to see is that entering fails,
 * which test_sandwork.c does.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>

#include "jail.h"

static int
done(long rc)
{
	return rc >= 0 ? DONE : REFUSED;
}

static int
open_passwd(void)
{
	return done(open("/etc/passwd", O_RDONLY));
}

static int
open_outside(void)
{
	return done(open(tmp_path("secret"), O_RDONLY));
}

static int
open_dotdot(void)
{
	return done(open(tmp_path("rw/../secret"), O_RDONLY));
}

static int
open_symlink(void)
{
	return done(open(tmp_path("rw/link"), O_RDONLY));
}

static int
open_proc(void)
{
	return done(open("/proc/self/mem", O_RDWR));
}

static int
create_outside(void)
{
	return done(open(tmp_path("new"), O_WRONLY | O_CREAT, 0600));
}

static int
write_ro(void)
{
	return done(open(tmp_path("ro/f"), O_WRONLY));
}

static int
unlink_ro(void)
{
	int fd = open(tmp_path("ro/g"), O_WRONLY | O_CREAT, 0600);

	close(fd);
	return done(unlink(tmp_path("ro/g")));
}

static int
truncate_outside(void)
{
	return done(truncate(tmp_path("secret"), 6));
}

static int
rename_out(void)
{
	if (rename(tmp_path("rw/moving"), tmp_path("moved")) != 0)
		return REFUSED;
	return done(rename(tmp_path("moved"), tmp_path("rw/moving")));
}

static int
make_dir(void)
{
	if (mkdir(tmp_path("rw/dir"), 0700) != 0)
		return REFUSED;
	return done(rmdir(tmp_path("rw/dir")));
}

static int
make_symlink(void)
{
	if (symlink("/etc", tmp_path("rw/sl")) != 0)
		return REFUSED;
	return done(unlink(tmp_path("rw/sl")));
}

static int
make_hardlink(void)
{
	if (link(tmp_path("rw/moving"), tmp_path("rw/hl")) != 0)
		return REFUSED;
	return done(unlink(tmp_path("rw/hl")));
}

static int
chmod_own(void)
{
	return done(chmod(tmp_path("rw/moving"), 0600));
}

static int
do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return done(pid);
}

static int
do_clone3(void)
{
	struct {
		uint64_t flags[8];
	} args = {{0}};
	long pid;

	args.flags[4] = SIGCHLD;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return done(pid);
}

static int
do_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return REFUSED;
}

static int
do_execveat(void)
{
	char name[] = "true", *const argv[] = {name, NULL};
	char *const envp[] = {NULL};

	syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, envp, 0);
	return REFUSED;
}

static int
do_ptrace(void)
{
	return done(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
ptrace_parent(void)
{
	return done(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static int
signal_parent(void)
{
	return done(kill(getppid(), 0));
}

static int
vm_readv(void)
{
	char byte = 'x', got;
	struct iovec a = {&got, 1}, b = {&byte, 1};

	return done(process_vm_readv(getpid(), &a, 1, &b, 1, 0));
}

static int
inet_socket(void)
{
	return done(socket(AF_INET, SOCK_STREAM, 0));
}

static int
inet6_udp_socket(void)
{
	return done(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int
netlink_socket(void)
{
	return done(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
unix_socket(void)
{
	return done(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
unix_pair(void)
{
	int fd[2];

	return done(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

static int
connect_sock(void)
{
	return done(ipc_connect(tmp_path("d.sock"), NULL));
}

static int
bind_sock(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1)
		return REFUSED;
	snprintf(
	    sun.sun_path, sizeof(sun.sun_path), "%s", tmp_path("rw/b.sock"));
	unlink(sun.sun_path);
	return done(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
}

static int
exec_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? REFUSED : DONE;
}

static int
exec_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return BROKEN;
	return done(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
be_dumpable(void)
{
	return done(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
raise_limit(void)
{
	struct rlimit l = {4096, 4096};

	return done(setrlimit(RLIMIT_NOFILE, &l));
}

static int
change_user(void)
{
	return done(setuid(getuid()));
}

static int
do_chroot(void)
{
	return done(chroot("/"));
}

static int
do_unshare(void)
{
	return done(unshare(CLONE_NEWNS));
}

static int
do_mount(void)
{
	if (mount("none", tmp_path("ro"), "tmpfs", 0, NULL) != 0)
		return REFUSED;
	return done(umount(tmp_path("ro")));
}

static int
memory_file(void)
{
	return done(memfd_create("x", 0));
}

static int
watch_files(void)
{
	return done(syscall(SYS_inotify_init1, 0));
}

static int
set_name(void)
{
	return done(prctl(PR_SET_NAME, "other", 0, 0, 0));
}

static int
terminal_injection(void)
{
	int fd = dup(0), rc;

	/* Not a terminal: ENOTTY is how far a free process comes. */
	errno = 0;
	rc = ioctl(fd, TIOCSTI, "x");
	close(fd);
	return rc == 0 || errno == ENOTTY || errno == EIO ? DONE : REFUSED;
}

/* web: what WEB does; inspect: REFUSED there means refused or killed.  root:
 * only root could do it when free. */
static const struct {
	const char *name;
	int (*fn)(void);
	int web;
	bool root;
} attempts[] = {
    {"open /etc/passwd", open_passwd, REFUSED, false},
    {"open outside", open_outside, REFUSED, false},
    {"open through ..", open_dotdot, REFUSED, false},
    {"open through a symlink", open_symlink, REFUSED, false},
    {"open /proc/self/mem", open_proc, REFUSED, false},
    {"create outside", create_outside, REFUSED, false},
    {"write to ro", write_ro, REFUSED, false},
    {"unlink in ro", unlink_ro, REFUSED, false},
    {"truncate outside", truncate_outside, REFUSED, false},
    {"rename out of rw", rename_out, REFUSED, false},
    {"mkdir in rw", make_dir, REFUSED, false},
    {"symlink in rw", make_symlink, REFUSED, false},
    {"hard link in rw", make_hardlink, REFUSED, false},
    {"chmod by name", chmod_own, REFUSED, false},
    {"fork", do_fork, REFUSED, false},
    {"clone3", do_clone3, REFUSED, false},
    {"exec", do_exec, REFUSED, false},
    {"execveat", do_execveat, REFUSED, false},
    {"ptrace me", do_ptrace, REFUSED, false},
    {"ptrace the parent", ptrace_parent, REFUSED, true},
    {"signal the parent", signal_parent, REFUSED, false},
    {"process_vm_readv", vm_readv, REFUSED, false},
    {"AF_INET", inet_socket, REFUSED, false},
    {"AF_INET6 UDP", inet6_udp_socket, REFUSED, false},
    {"AF_NETLINK", netlink_socket, REFUSED, false},
    {"AF_UNIX", unix_socket, DONE, false},
    {"socketpair", unix_pair, REFUSED, false},
    {"connect to a Unix socket", connect_sock, DONE, false},
    {"bind a Unix socket", bind_sock, REFUSED, false},
    {"executable memory", exec_memory, REFUSED, false},
    {"memory made executable", exec_later, REFUSED, false},
    {"dumpable again", be_dumpable, REFUSED, false},
    {"raise a limit", raise_limit, REFUSED, true},
    {"setuid", change_user, REFUSED, false},
    {"chroot", do_chroot, REFUSED, true},
    {"unshare", do_unshare, REFUSED, true},
    {"mount", do_mount, REFUSED, true},
    {"memfd", memory_file, REFUSED, false},
    {"inotify", watch_files, REFUSED, false},
    {"prctl", set_name, REFUSED, false},
    {"TIOCSTI", terminal_injection, REFUSED, false},
};

START_TEST(attempt)
{
	const char *name = attempts[_i].name;
	int got;

	if (!able || (attempts[_i].root && geteuid() != 0))
		return;
	got = in_role(FREE, attempts[_i].fn);
	ck_assert_msg(got == DONE, "%s, free: %d", name, got);
	got = in_role(SANDBOX_WEB, attempts[_i].fn);
	ck_assert_msg(got == attempts[_i].web, "%s, web: %d", name, got);
	got = in_role(SANDBOX_INSPECT, attempts[_i].fn);
	ck_assert_msg(
	    got == REFUSED || got == -SIGSYS, "%s, inspect: %d", name, got);
}
END_TEST

/* An attack in INSPECT is the end of it, not an errno to try again with. */
START_TEST(inspect_is_killed)
{
	static int (*const fns[])(void) = {do_fork, do_exec, do_ptrace,
	    inet_socket, unix_socket, exec_memory, exec_later, be_dumpable,
	    signal_parent, vm_readv, memory_file};

	if (!able)
		return;
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, fns[_i]), -SIGSYS);
}
END_TEST

static void
add(TCase *tc)
{
	if (jail_set_up() != 0)
		exit(1);
	tcase_add_loop_test(tc, attempt, 0, N(attempts));
	tcase_add_loop_test(tc, inspect_is_killed, 0, 11);
}

int
main(void)
{
	unsetenv("POSTSEAL_SANDBOX");
	return tmp_run("sandbox", add, 60);
}
