/*
 * attempts.c - see attempts.h.  Most are one system call, by number: the
 * kernel must refuse before it looks at the arguments.  Places that differ
 * from host to host come from the environment: MAIN_CF, CHAIN (a key in
 * force), SMTP_PORT, OTHER_PID, DISK (a block device).
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempts.h"

enum { WORKED, REFUSED, OTHERWISE };

static int
result(long rc)
{
	if (rc >= 0)
		return WORKED;
	return errno == EPERM || errno == EACCES || errno == ENOSYS ? REFUSED
								    : OTHERWISE;
}

static const char *
place(const char *name, const char *otherwise)
{
	const char *s = getenv(name);

	return s == NULL ? otherwise : s;
}

static int
reading(const char *path)
{
	int fd = open(path, O_RDONLY);
	char c;

	if (fd == -1)
		return result(-1);
	return read(fd, &c, 1) == 1 ? WORKED : REFUSED;
}

static int
read_main_cf(void)
{
	return reading(place("MAIN_CF", "/etc/postfix/main.cf"));
}

static int
read_key(void)
{
	return reading(place("CHAIN", "/etc/shadow"));
}

static int
read_shadow(void)
{
	return reading("/etc/shadow");
}

static int
read_passwd(void)
{
	return reading("/etc/passwd");
}

static int
read_other_environ(void)
{
	char path[64];

	snprintf(
	    path, sizeof(path), "/proc/%s/environ", place("OTHER_PID", "1"));
	return reading(path);
}

static int
read_memory(void)
{
	return reading("/proc/self/mem");
}

static int
read_disk(void)
{
	return reading(place("DISK", "/dev/vda"));
}

static int
list_root(void)
{
	return result(open("/", O_RDONLY | O_DIRECTORY));
}

static int
write_main_cf(void)
{
	return result(open(
	    place("MAIN_CF", "/etc/postfix/main.cf"), O_WRONLY | O_APPEND));
}

static int
write_tmp(void)
{
	return result(open("/tmp/postseal-escaped", O_WRONLY | O_CREAT, 0600));
}

static int
write_shm(void)
{
	return result(
	    open("/dev/shm/postseal-escaped", O_WRONLY | O_CREAT, 0600));
}

static int
write_core_pattern(void)
{
	return result(open("/proc/sys/kernel/core_pattern", O_WRONLY));
}

static int
tcp(int family, int type, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(family, type, 0);

	if (fd == -1)
		return result(-1);
	in.sin_port = htons((uint16_t)atoi(place("SMTP_PORT", "25")));
	inet_pton(AF_INET, address, &in.sin_addr);
	return result(connect(fd, (struct sockaddr *)&in, sizeof(in)));
}

static int
tcp_smtp(void)
{
	return tcp(AF_INET, SOCK_STREAM, "127.0.0.1");
}

static int
tcp_metadata(void)
{
	return tcp(AF_INET, SOCK_STREAM, "169.254.169.254");
}

static int
udp_dns(void)
{
	return tcp(AF_INET, SOCK_DGRAM, "127.0.0.53");
}

static int
inherited_to_inet(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(25)};

	/* descriptors that are there, whatever they are */
	for (int fd = 3; fd < 64; fd++)
		if (sendto(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT,
			(struct sockaddr *)&in, sizeof(in)) == 1)
			return WORKED;
	return REFUSED;
}

static int
listen_unix(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1)
		return result(-1);
	strcpy(sun.sun_path + 1, "postseal-escaped"); /* abstract */
	return result(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
}

/* What the workers share. */
static int
shared_socket(void)
{
	int fd, on = 0;
	socklen_t len = sizeof(on);

	for (fd = 0; fd < 64; fd++)
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 &&
		    on)
			return fd;
	return -1;
}

static int
end_shared(void)
{
	int fd = shared_socket();

	return fd == -1 ? OTHERWISE : result(shutdown(fd, SHUT_RDWR));
}

static int
hurry_shared(void)
{
	const struct timeval tv = {0, 1};
	int fd = shared_socket();

	return fd == -1 ? OTHERWISE
			: result(setsockopt(
			      fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
}

/* The kernel takes the lower half of the number. */
static long
shared_and_more(void)
{
	return (1L << 32) | shared_socket();
}

static int
end_shared_64(void)
{
	return result(syscall(SYS_shutdown, shared_and_more(), SHUT_RDWR));
}

static int
hurry_shared_64(void)
{
	const struct timeval tv = {0, 1};

	return result(syscall(SYS_setsockopt, shared_and_more(), SOL_SOCKET,
	    SO_RCVTIMEO, &tv, sizeof(tv)));
}

static int
unblock_shared(void)
{
	int fd = shared_socket();

	return fd == -1 ? OTHERWISE : result(fcntl(fd, F_SETFL, O_NONBLOCK));
}

static int
signals_by_shared(void)
{
	int fd = shared_socket();

	return fd == -1 ? OTHERWISE : result(fcntl(fd, F_SETOWN, getppid()));
}

static int
second_shared(void)
{
	int fd = shared_socket();

	return fd == -1 ? OTHERWISE : result(fcntl(fd, F_DUPFD, 40));
}

static int
fill_state(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/more", place("WEB_STATE", "/tmp"));
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
exec_shell(void)
{
	execl("/bin/sh", "sh", "-c", "echo escaped >&2", (char *)NULL);
	return result(-1);
}

static int
exec_self(void)
{
	execl("/proc/self/exe", "self", (char *)NULL);
	return result(-1);
}

static int
kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int
kill_other(void)
{
	return result(kill(atoi(place("OTHER_PID", "1")), 0));
}

static int
kill_all(void)
{
	return result(kill(-1, 0));
}

static int
tgkill_parent(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM));
}

static int
run_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? result(-1) : WORKED;
}

static int
run_stack(void)
{
	char page[8192];
	uintptr_t at = ((uintptr_t)page + 4095) & ~(uintptr_t)4095;

	return result(
	    mprotect((void *)at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int
map_library(void)
{
	int fd = open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY);

	return result(fd);
}

/* One call each; {0} where the kernel must not even look. */
static const struct {
	const char *name;
	long nr, arg[5];
} calls[] = {
#define C(name, ...) \
	{ \
#name, SYS_##name, \
		{ \
			__VA_ARGS__ \
		} \
	}
    C(ptrace, PTRACE_TRACEME),
    C(process_vm_readv, 1),
    C(process_vm_writev, 1),
    C(clone, SIGCHLD),
    C(clone3, 0),
    C(dup, 0),
    C(recvmsg, 0),
    C(unlink, 0),
    C(pidfd_open, 1),
    C(pidfd_getfd, 0),
    C(pidfd_send_signal, 0),
    C(kcmp, 1, 1),
    C(mount, 0),
    C(umount2, 0),
    C(pivot_root, 0),
    C(chroot, 0),
    C(unshare, CLONE_NEWUSER),
    C(setns, 0, CLONE_NEWNET),
    C(fsopen, 0),
    C(move_mount, 0),
    C(bpf, 0),
    C(keyctl, 0),
    C(add_key, 0),
    C(request_key, 0),
    C(perf_event_open, 0),
    C(userfaultfd, 0),
    C(io_uring_setup, 1),
    C(io_setup, 1),
    C(memfd_create, 0),
    C(memfd_secret, 0),
    C(init_module, 0),
    C(finit_module, 0),
    C(delete_module, 0),
    C(kexec_load, 0),
    C(reboot, 0),
    C(swapon, 0),
    C(sethostname, 0),
    C(setdomainname, 0),
    C(settimeofday, 0),
    C(clock_settime, 0),
    C(adjtimex, 0),
    C(personality, 0xffffffff),
    C(setuid, 0),
    C(setgid, 0),
    C(setreuid, 0, 0),
    C(setresuid, 0, 0, 0),
    C(setresgid, 0, 0, 0),
    C(setgroups, 0, 0),
    C(setfsuid, 0),
    C(capset, 0),
    C(prctl, PR_SET_DUMPABLE, 1),
    C(seccomp, 0),
    C(setsid, 0),
    C(setpgid, 0),
    C(setrlimit, 7),
    C(sched_setscheduler, 0),
    C(setpriority, 0, 0, -20),
    C(open_by_handle_at, 0),
    C(name_to_handle_at, 0),
    C(fanotify_init, 0),
    C(inotify_init1, 0),
    C(quotactl, 0),
    C(acct, 0),
    C(syslog, 0),
    C(mknodat, -100),
    C(mkdirat, -100),
    C(symlinkat, 0, -100),
    C(linkat, -100, 0, -100),
    C(renameat2, -100, 0, -100),
    C(truncate, 0),
    C(fchmodat, -100),
    C(fchownat, -100),
    C(utimensat, -100),
    C(setxattr, 0),
    C(getxattr, 0),
    C(shmget, 0, 4096, 0600),
    C(shmat, 0),
    C(msgget, 0, 0600),
    C(semget, 0, 1, 0600),
    C(mq_open, 0),
    C(timer_create, 0),
    C(splice, 0),
    C(vmsplice, 0),
    C(sendfile, 1, 0),
    C(copy_file_range, 0),
    C(pkey_mprotect, 0),
    C(remap_file_pages, 0),
    C(modify_ldt, 0),
    C(landlock_create_ruleset, 0),
    C(process_madvise, 0),
    C(socketpair, 1),
    C(listen, 3, 1),
    C(vhangup, 0),
    C(iopl, 3),
    C(ioperm, 0, 1, 1),
    C(ioctl, 0, 0x5412),
    C(epoll_create1, 0),
    C(openat2, -100),
    C(close_range, 3, 3, 4),
#undef C
};

static const struct {
	const char *name;
	int (*fn)(void);
	const char *aim;
} works[] = {
    {"read main.cf", read_main_cf, "key"},
    {"read the key in force", read_key, "key"},
    {"read /etc/shadow", read_shadow, "key"},
    {"read /etc/passwd", read_passwd, "key"},
    {"read another process's environment", read_other_environ, "key"},
    {"read /proc/self/mem", read_memory, "key"},
    {"read the disk", read_disk, "key"},
    {"list /", list_root, "key"},
    {"write main.cf", write_main_cf, "value"},
    {"write /tmp", write_tmp, "value"},
    {"write /dev/shm", write_shm, "value"},
    {"write core_pattern", write_core_pattern, "root"},
    {"TCP to SMTP", tcp_smtp, "value"},
    {"TCP to the metadata service", tcp_metadata, "key"},
    {"UDP to DNS", udp_dns, "key"},
    {"a datagram by what is open", inherited_to_inet, "value"},
    {"listen on an abstract socket", listen_unix, "session"},
    {"end the shared socket", end_shared, "stop"},
    {"give it a time limit", hurry_shared, "stop"},
    {"end it by 64 bits", end_shared_64, "stop"},
    {"a time limit by 64 bits", hurry_shared_64, "stop"},
    {"make it non-blocking", unblock_shared, "stop"},
    {"have signals sent by it", signals_by_shared, "stop"},
    {"a second number for it", second_shared, "stop"},
    {"more files in the state", fill_state, "stop"},
    {"exec /bin/sh", exec_shell, "root"},
    {"exec itself", exec_self, "root"},
    {"kill the parent", kill_parent, "stop"},
    {"kill another", kill_other, "stop"},
    {"kill all", kill_all, "stop"},
    {"tgkill the parent", tgkill_parent, "stop"},
    {"writable executable memory", run_memory, "root"},
    {"an executable stack", run_stack, "root"},
    {"open a library", map_library, "root"},
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))
#define N_WORKS (sizeof(works) / sizeof(works[0]))

const size_t attempts_n = N_CALLS + N_WORKS;

const char *
attempt_name(size_t i)
{
	return i < N_WORKS ? works[i].name : calls[i - N_WORKS].name;
}

const char *
attempt_aim(size_t i)
{
	return i < N_WORKS ? works[i].aim : "root";
}

int
attempt_run(size_t i)
{
	const long *a;

	errno = 0;
	if (i < N_WORKS)
		return works[i].fn();
	a = calls[i - N_WORKS].arg;
	return result(
	    syscall(calls[i - N_WORKS].nr, a[0], a[1], a[2], a[3], a[4], 0L));
}
