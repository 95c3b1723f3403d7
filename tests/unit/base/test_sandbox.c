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

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
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

/* What all workers share: one may not end it, or set it up otherwise. */
static int
end_listening(void)
{
	return done(shutdown(LISTENING, SHUT_RDWR));
}

static int
hurry_listening(void)
{
	const struct timeval tv = {0, 1};

	return done(
	    setsockopt(LISTENING, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
}

/* The kernel takes the lower half of the number. */
static int
end_listening_64(void)
{
	return done(syscall(SYS_shutdown, 1L << 32 | LISTENING, SHUT_RDWR));
}

static int
hurry_listening_64(void)
{
	const struct timeval tv = {0, 1};

	return done(syscall(SYS_setsockopt, 1L << 32 | LISTENING, SOL_SOCKET,
	    SO_RCVTIMEO, &tv, sizeof(tv)));
}

/* All others: done wrong, but not refused. */
static int
end_others(void)
{
	int fd;

	for (fd = 0; fd < 64; fd++)
		if (fd != LISTENING && shutdown(fd, 99) == -1 && errno == EPERM)
			return REFUSED;
	return DONE;
}

static int
unblock_listening(void)
{
	return done(fcntl(LISTENING, F_SETFL, O_NONBLOCK));
}

/* Nor by another number for it. */
static int
second_number(void)
{
	return done(dup(LISTENING));
}

static int
third_number(void)
{
	return done(fcntl(LISTENING, F_DUPFD, 50));
}

static int
fourth_number(void)
{
	struct msghdr msg = {.msg_iovlen = 0};

	/* no socket: what a free process is told */
	return recvmsg(0, &msg, MSG_DONTWAIT) == -1 && errno == EPERM ? REFUSED
								      : DONE;
}

/* Signals to the parent by a descriptor. */
static int
own_by_parent(void)
{
	return done(fcntl(LISTENING, F_SETOWN, getppid()));
}

static int
kill_by_descriptor(void)
{
	return done(fcntl(LISTENING, F_SETSIG, SIGKILL));
}

static int
signal_by_descriptor(void)
{
	return done(fcntl(LISTENING, F_SETFL, O_ASYNC));
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
    {"shut the listening socket down", end_listening, REFUSED, false},
    {"a time limit of it", hurry_listening, REFUSED, false},
    {"shut it down by 64 bits", end_listening_64, REFUSED, false},
    {"a time limit by 64 bits", hurry_listening_64, REFUSED, false},
    {"shut the others down", end_others, DONE, false},
    {"make it non-blocking", unblock_listening, REFUSED, false},
    {"dup", second_number, REFUSED, false},
    {"F_DUPFD", third_number, REFUSED, false},
    {"recvmsg", fourth_number, REFUSED, false},
    {"F_SETOWN", own_by_parent, REFUSED, false},
    {"F_SETSIG", kill_by_descriptor, REFUSED, false},
    {"O_ASYNC", signal_by_descriptor, REFUSED, false},
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

/* Refused by the kernel, not by who is not there. */
static int
other_port(void)
{
	const struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons(1),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return BROKEN;
	(void)connect(fd, (const struct sockaddr *)&sin, sizeof(sin));
	return errno == EACCES ? REFUSED : DONE;
}

static void *
strdup_x(void *arg)
{
	(void)arg;
	return strdup("x");
}

static int
a_thread(void)
{
	pthread_t t;
	void *got = NULL;

	if (pthread_create(&t, NULL, strdup_x, NULL) != 0)
		return REFUSED;
	pthread_join(t, &got);
	return got != NULL ? DONE : BROKEN;
}

/* Into a file that was open before. */
static int log_file = -1;

static int
log_line(void)
{
	return done(write(log_file, "x", 1));
}

/* postseal-sync asks etcd and postseald, and does nothing else. */
static const struct {
	int (*fn)(void);
	int want;
} of_sync[] = {
    {inet_socket, DONE},
    {unix_socket, DONE},
    {a_thread, DONE},
    {connect_sock, DONE},
    {log_line, DONE},
    {open_outside, REFUSED},
    {create_outside, REFUSED},
    {truncate_outside, REFUSED},
    {do_fork, REFUSED},
    {do_clone3, REFUSED},
    {do_exec, REFUSED},
    {do_execveat, REFUSED},
    {do_ptrace, REFUSED},
    {signal_parent, REFUSED},
    {vm_readv, REFUSED},
    {netlink_socket, REFUSED},
    {bind_sock, REFUSED},
    {exec_memory, REFUSED},
    {exec_later, REFUSED},
    {be_dumpable, REFUSED},
    {do_chroot, REFUSED},
    {do_unshare, REFUSED},
    {do_mount, REFUSED},
    {memory_file, REFUSED},
    {make_dir, REFUSED},
};

START_TEST(sync_confined)
{
	int got;

	if (!able)
		return;
	log_file = open(tmp_path("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	got = in_role(SANDBOX_SYNC, of_sync[_i].fn);
	close(log_file);
	ck_assert_msg(got == of_sync[_i].want, "%d: %d", _i, got);
}
END_TEST

/* postseal-logs reads and counts: no socket, no process, no other file. */
static int (*const of_logs[])(void) = {inet_socket, unix_socket, netlink_socket,
    bind_sock, a_thread, open_outside, create_outside, truncate_outside,
    do_fork, do_clone3, do_exec, do_execveat, do_ptrace, signal_parent,
    vm_readv, exec_memory, exec_later, be_dumpable, do_chroot, do_unshare,
    do_mount, memory_file, make_dir};

START_TEST(logs_confined)
{
	if (!able)
		return;
	ck_assert_int_eq(in_role(SANDBOX_LOGS, of_logs[_i]), REFUSED);
}
END_TEST

START_TEST(sync_ports)
{
	if (!able || syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 4)
		return;
	ck_assert_int_eq(in_role(FREE, other_port), DONE);
	ck_assert_int_eq(in_role(SANDBOX_SYNC, other_port), REFUSED);
}
END_TEST

/* Of those who are told what they may not: the exit code of fn, or 77. */
static int
forbidden(enum sandbox_forbid which, int (*fn)(void))
{
	struct err err;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(sandbox_forbid(which, &err) == -1 ? 77 : fn());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
raw_socket(void)
{
	return done(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
}

static int
packet_socket(void)
{
	return done(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
new_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return done(pid);
}

static int
number(long nr)
{
	return syscall(nr, 0, 0, 0, 0, 0) == -1 && errno == EPERM ? REFUSED
								  : DONE;
}

static int
keys(void)
{
	return number(SYS_keyctl);
}

static int
ring(void)
{
	return number(SYS_io_uring_setup);
}

static int
kernel_code(void)
{
	return number(SYS_bpf) == REFUSED &&
		       number(SYS_finit_module) == REFUSED &&
		       number(SYS_kexec_load) == REFUSED &&
		       number(SYS_perf_event_open) == REFUSED &&
		       number(SYS_userfaultfd) == REFUSED
		   ? REFUSED
		   : DONE;
}

static int
a_program(void)
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return REFUSED;
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? DONE : REFUSED;
}

/* root, tool, parent */
static const struct {
	int (*fn)(void);
	int want[FORBID__MAX];
} of_forbidden[] = {
    {a_program, {DONE, REFUSED, REFUSED}},
    {a_thread, {DONE, DONE, DONE}},
    {inet_socket, {DONE, DONE, REFUSED}},
    {netlink_socket, {DONE, DONE, REFUSED}},
    {unix_socket, {DONE, DONE, DONE}},
    {signal_parent, {DONE, REFUSED, DONE}},
    {memory_file, {DONE, REFUSED, REFUSED}},
    {raw_socket, {REFUSED, REFUSED, REFUSED}},
    {packet_socket, {REFUSED, REFUSED, REFUSED}},
    {do_mount, {REFUSED, REFUSED, REFUSED}},
    {do_unshare, {REFUSED, REFUSED, REFUSED}},
    {new_namespace, {REFUSED, REFUSED, REFUSED}},
    {do_ptrace, {REFUSED, REFUSED, REFUSED}},
    {vm_readv, {REFUSED, REFUSED, REFUSED}},
    {keys, {REFUSED, REFUSED, REFUSED}},
    {ring, {REFUSED, REFUSED, REFUSED}},
    {kernel_code, {REFUSED, REFUSED, REFUSED}},
};

START_TEST(never)
{
	int got, who;

	for (who = 0; who < FORBID__MAX; who++) {
		got = forbidden(who, of_forbidden[_i].fn);
		ck_assert_msg(got == of_forbidden[_i].want[who],
		    "attempt %d, who %d: %d", _i, who, got);
	}
}
END_TEST

/* As in a container: setgid programs of Postfix are to have their group. */
static int
without_admin(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	struct err err;

	if (syscall(SYS_capget, &head, data) != 0)
		return BROKEN;
	data[0].effective &= ~(1u << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &head, data) != 0 ||
	    sandbox_forbid(FORBID_ROOT, &err) == -1)
		return BROKEN;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? DONE : REFUSED;
}

START_TEST(never_in_vain)
{
	if (geteuid() == 0)
		ck_assert_int_eq(in_role(FREE, without_admin), DONE);
}
END_TEST

#ifdef __x86_64__
static long
of_32_bits(long nr)
{
	long rc;

	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(nr), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

/* getpid, keyctl */
static int
other_programs(void)
{
	return of_32_bits(20) != getpid()  ? BROKEN
	       : of_32_bits(288) == -EPERM ? REFUSED
					   : DONE;
}

/* Those of 32 bits live, by the same list. */
START_TEST(never_for_32_bits)
{
	if (in_role(FREE, other_programs) == DONE)
		ck_assert_int_eq(
		    forbidden(FORBID_ROOT, other_programs), REFUSED);
}
END_TEST
#endif

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
	tcase_add_loop_test(tc, sync_confined, 0, N(of_sync));
	tcase_add_loop_test(tc, logs_confined, 0, N(of_logs));
	tcase_add_test(tc, sync_ports);
	tcase_add_loop_test(tc, never, 0, N(of_forbidden));
	tcase_add_test(tc, never_in_vain);
#ifdef __x86_64__
	tcase_add_test(tc, never_for_32_bits);
#endif
	tcase_add_loop_test(tc, inspect_is_killed, 0, 11);
}

int
main(void)
{
	unsetenv("POSTSEAL_SANDBOX");
	return tmp_run("sandbox", add, 60);
}
