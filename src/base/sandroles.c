/*
 * sandroles.c - what every process may do, on one page: the tables below.
 *
 * Landlock decides which files, seccomp which system calls, rlimits how much.
 * The filter names what is allowed; whatever a new kernel adds is refused.
 * PROT_EXEC is never granted: libraries must be loaded before.
 *
 * SANDBOX_INSPECT parses hostile bytes.  A call outside its list is an
 * attack and kills it, except the few that a library makes out of habit
 * (look for a configuration file, ask whether stdout is a terminal): those
 * fail with an errno.  sendto() without an address is there for frames over
 * an inherited socket pair.
 * SANDBOX_FILES is the same for a child that reads open files: it may ask how
 * large one is, read it and map it.
 * SANDBOX_KEEPER may do what its children need to lock themselves up.
 * SANDBOX_WEB serves HTTP: a refused call fails with EPERM, the request with
 * a 500.  socket() makes Unix sockets only.  What all workers share, the
 * listening socket, it can neither close for them nor set up otherwise.
 * SANDBOX_SYNC talks to etcd and postseald.
 * SANDBOX_LOGS reads logs and writes its counts: it makes no socket at all, and
 * answers on one that it has.
 * What is only forbidden something (FORBID_*) stands at the end.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>

#include <seccomp.h>

#include "sandbox_int.h"

#define MIB	   (1024UL * 1024)
#define N(a)	   (sizeof(a) / sizeof((a)[0]))
#define CALL(name) SCMP_SYS(name)

const int sandbox_common[] = {CALL(read), CALL(write), CALL(readv),
    CALL(writev), CALL(close), CALL(lseek), CALL(poll), CALL(ppoll),
    CALL(recvfrom), CALL(brk), CALL(munmap), CALL(madvise), CALL(futex),
    CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time),
    CALL(getrandom), CALL(getpid), CALL(gettid), CALL(sysinfo),
    CALL(sched_yield), CALL(rt_sigreturn), CALL(rt_sigprocmask),
    CALL(restart_syscall), CALL(sigaltstack), CALL(exit), CALL(exit_group)};
const size_t sandbox_n_common = N(sandbox_common);

static const int refuse_inspect[] = {CALL(open), CALL(openat), CALL(stat),
    CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(access),
    CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
    CALL(getcwd), CALL(ioctl), CALL(fcntl), CALL(uname), CALL(getuid),
    CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getppid), CALL(prlimit64),
    CALL(sched_getaffinity), CALL(rt_sigaction)};

/* Files that are open; which ones, the parent has chosen. */
static const int allow_files[] = {CALL(fstat), CALL(newfstatat), CALL(pread64),
    CALL(fcntl), CALL(fstatfs), CALL(fadvise64)};

static const int refuse_files[] = {CALL(open), CALL(openat), CALL(stat),
    CALL(lstat), CALL(statx), CALL(access), CALL(faccessat), CALL(faccessat2),
    CALL(readlink), CALL(readlinkat), CALL(getcwd), CALL(ioctl), CALL(uname),
    CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getppid),
    CALL(prlimit64), CALL(sched_getaffinity), CALL(rt_sigaction)};

static const int allow_web[] = {
    /* files: which ones is Landlock's matter */
    CALL(open), CALL(openat), CALL(stat), CALL(lstat), CALL(fstat),
    CALL(newfstatat), CALL(statx), CALL(access), CALL(faccessat),
    CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getcwd),
    CALL(getdents64), CALL(pread64), CALL(pwrite64), CALL(preadv),
    CALL(pwritev), CALL(flock), CALL(fsync), CALL(fdatasync), CALL(ftruncate),
    CALL(fallocate), CALL(fadvise64), CALL(fchmod), CALL(fstatfs),
    /* sockets that are there, and Unix sockets */
    CALL(connect), CALL(accept), CALL(accept4), CALL(sendto), CALL(getsockopt),
    CALL(getsockname), CALL(getpeername), CALL(select), CALL(pselect6),
    /* itself */
    CALL(nanosleep), CALL(clock_nanosleep), CALL(alarm), CALL(setitimer),
    CALL(rt_sigaction), CALL(rt_sigtimedwait), CALL(getuid), CALL(geteuid),
    CALL(getgid), CALL(getegid), CALL(getppid), CALL(uname), CALL(getrusage),
    CALL(sched_getaffinity)};

/* No signals by a descriptor (F_SETOWN, O_ASYNC), no second number for one, no
 * other flags of the listening socket, which all share. */
static const struct where where_web[] = {
    {CALL(fcntl), 1, F_GETFD, false},
    {CALL(fcntl), 1, F_SETFD, false},
    {CALL(fcntl), 1, F_GETFL, false},
    {CALL(fcntl), 1, F_SETFL, true},
    {CALL(fcntl), 1, F_GETLK, false},
    {CALL(fcntl), 1, F_SETLK, false},
    {CALL(fcntl), 1, F_SETLKW, false},
    {CALL(socket), 0, AF_UNIX, false},
};
static const int not_listening_web[] = {CALL(shutdown), CALL(setsockopt)};

/* Two servers by name: libcurl looks names up in threads, and reads what the
 * host has to say of names and certificates.  No listening, no files to write,
 * no programs. */
static const int allow_sync[] = {CALL(open), CALL(openat), CALL(stat),
    CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(access),
    CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
    CALL(getcwd), CALL(getdents64), CALL(pread64), CALL(fcntl), CALL(ioctl),
    CALL(connect), CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(recvmsg),
    CALL(shutdown), CALL(getsockopt), CALL(setsockopt), CALL(getsockname),
    CALL(getpeername), CALL(socketpair), CALL(pipe2), CALL(eventfd2),
    CALL(select), CALL(pselect6), CALL(nanosleep), CALL(clock_nanosleep),
    CALL(rt_sigaction), CALL(getuid), CALL(geteuid), CALL(getgid),
    CALL(getegid), CALL(getppid), CALL(uname), CALL(getrusage),
    CALL(sched_getaffinity), CALL(set_robust_list), CALL(rseq), CALL(prlimit64),
    CALL(membarrier)};

static const struct where where_sync[] = {
    {CALL(socket), 0, AF_UNIX, false},
    {CALL(socket), 0, AF_INET, false},
    {CALL(socket), 0, AF_INET6, false},
};

/* Its stderr may be a file, and Landlock has it open no other to write. */
static const struct limit limits_sync[] = {
    {RLIMIT_NOFILE, 256},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

static const int allow_logs[] = {CALL(open), CALL(openat), CALL(stat),
    CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(access),
    CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
    CALL(getcwd), CALL(getdents64), CALL(pread64), CALL(pwrite64), CALL(preadv),
    CALL(pwritev), CALL(fcntl), CALL(fsync), CALL(fdatasync), CALL(ftruncate),
    CALL(fallocate), CALL(fadvise64), CALL(fstatfs), CALL(accept4),
    CALL(getsockopt), CALL(nanosleep), CALL(clock_nanosleep),
    CALL(rt_sigaction), CALL(getuid), CALL(geteuid), CALL(getgid),
    CALL(getegid), CALL(getppid), CALL(uname), CALL(sched_getaffinity)};

/* Its counts end long before; a journal is mapped. */
static const struct limit limits_logs[] = {
    {RLIMIT_AS, 4096 * MIB},
    {RLIMIT_FSIZE, 2048 * MIB},
    {RLIMIT_NOFILE, 256},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

static const int allow_keeper[] = {CALL(recvmsg), CALL(clone), CALL(clone3),
    CALL(fork), CALL(wait4), CALL(waitid), CALL(kill), CALL(dup2), CALL(dup3),
    CALL(fcntl), CALL(close_range), CALL(prctl), CALL(seccomp),
    CALL(landlock_create_ruleset), CALL(landlock_add_rule),
    CALL(landlock_restrict_self), CALL(getrlimit), CALL(setrlimit),
    CALL(prlimit64), CALL(rt_sigaction), CALL(set_robust_list), CALL(rseq),
    CALL(fstat), CALL(newfstatat), CALL(pread64), CALL(fstatfs),
    CALL(fadvise64)};

static const struct limit limits_inspect[] = {
    {RLIMIT_CPU, 2},
    {RLIMIT_AS, 256 * MIB},
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NOFILE, 8},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

static const struct limit limits_files[] = {
    {RLIMIT_CPU, 2},
    {RLIMIT_AS, 1024 * MIB}, /* a journal is mapped */
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NOFILE, 32},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

static const struct limit limits_keeper[] = {
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NOFILE, 256},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

static const struct limit limits_web[] = {
    {RLIMIT_AS, 512 * MIB},
    {RLIMIT_FSIZE, 256 * MIB},
    {RLIMIT_NOFILE, 64},
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 * 1024},
};

const struct role sandbox_roles[SANDBOX__MAX] = {
    [SANDBOX_WEB] =
	{
	    .name = "web",
	    .allow = allow_web,
	    .n_allow = N(allow_web),
	    .limits = limits_web,
	    .n_limits = N(limits_web),
	    .where = where_web,
	    .n_where = N(where_web),
	    .not_listening = not_listening_web,
	    .n_not_listening = N(not_listening_web),
	    .ro = {"/dev/urandom"}, /* SQLite seeds from it */
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	},
    [SANDBOX_SYNC] =
	{
	    .name = "sync",
	    .allow = allow_sync,
	    .n_allow = N(allow_sync),
	    .where = where_sync,
	    .n_where = N(where_sync),
	    .limits = limits_sync,
	    .n_limits = N(limits_sync),
	    /* Names and roots; resolv.conf is put anew, so its directory. */
	    .ro = {"/etc", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/dev/urandom",
		"/run/systemd/resolve", "/run/resolvconf",
		"/run/NetworkManager"},
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	    .threads = true,
	},
    [SANDBOX_LOGS] =
	{
	    .name = "logs",
	    .allow = allow_logs,
	    .n_allow = N(allow_logs),
	    .limits = limits_logs,
	    .n_limits = N(limits_logs),
	    .ro = {"/dev/urandom", "/etc/machine-id"},
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	    .sends = true,
	},
    [SANDBOX_KEEPER] =
	{
	    .name = "keeper",
	    .allow = allow_keeper,
	    .n_allow = N(allow_keeper),
	    .limits = limits_keeper,
	    .n_limits = N(limits_keeper),
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	    .sends = true,
	},
    [SANDBOX_INSPECT] =
	{
	    .name = "inspect",
	    .refuse = refuse_inspect,
	    .n_refuse = N(refuse_inspect),
	    .limits = limits_inspect,
	    .n_limits = N(limits_inspect),
	    .otherwise = SCMP_ACT_KILL_PROCESS,
	    .sends = true,
	},
    [SANDBOX_FILES] =
	{
	    .name = "files",
	    .allow = allow_files,
	    .n_allow = N(allow_files),
	    .refuse = refuse_files,
	    .n_refuse = N(refuse_files),
	    .limits = limits_files,
	    .n_limits = N(limits_files),
	    .otherwise = SCMP_ACT_KILL_PROCESS,
	    .sends = true,
	},
};

/*
 * A root process that runs `postfix start` and PAM cannot name all that these
 * call.  So what is never needed is named: the kernel's own parts, which are
 * large and where its faults were; other processes; other views of the host.
 */
const int sandbox_never[] = {
    /* mounts, namespaces (clone: by its flags) */
    CALL(mount), CALL(umount2), CALL(pivot_root), CALL(move_mount),
    CALL(open_tree), CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick),
    CALL(mount_setattr), CALL(unshare), CALL(setns), CALL(open_by_handle_at),
    CALL(fanotify_init), CALL(quotactl), CALL(quotactl_fd), CALL(swapon),
    CALL(swapoff), CALL(acct),
    /* other processes */
    CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(kcmp),
    CALL(pidfd_getfd), CALL(process_madvise),
    /* code in the kernel, and its less used parts */
    CALL(kexec_load), CALL(kexec_file_load), CALL(init_module),
    CALL(finit_module), CALL(delete_module), CALL(bpf), CALL(perf_event_open),
    CALL(userfaultfd), CALL(io_uring_setup), CALL(io_uring_enter),
    CALL(io_uring_register), CALL(keyctl), CALL(add_key), CALL(request_key),
    CALL(vmsplice), CALL(modify_ldt), CALL(personality), CALL(iopl),
    CALL(ioperm), CALL(uselib), CALL(move_pages), CALL(migrate_pages),
    CALL(mbind), CALL(set_mempolicy), CALL(lookup_dcookie),
    CALL(remap_file_pages),
    /* the host as a whole */
    CALL(reboot), CALL(syslog), CALL(sethostname), CALL(setdomainname),
    CALL(settimeofday), CALL(clock_settime), CALL(clock_adjtime),
    CALL(adjtimex), CALL(vhangup)};
const size_t sandbox_n_never = N(sandbox_never);

/* It has a file descriptor for its answer, and asks servers. */
static const int never_tool[] = {CALL(kill), CALL(tkill), CALL(rt_sigqueueinfo),
    CALL(rt_tgsigqueueinfo), CALL(pidfd_send_signal), CALL(listen),
    CALL(accept), CALL(accept4), CALL(memfd_create), CALL(mknod), CALL(mknodat),
    CALL(chroot)};

static const int never_parent[] = {CALL(execve), CALL(execveat), CALL(setuid),
    CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid),
    CALL(setresgid), CALL(setgroups), CALL(chroot), CALL(mknod), CALL(mknodat),
    CALL(memfd_create)};

const struct forbidden sandbox_forbidden[FORBID__MAX] = {
    [FORBID_ROOT] = {"postseald", NULL, 0, true, true},
    [FORBID_TOOL] = {"tool", never_tool, N(never_tool), true, false},
    [FORBID_PARENT] = {"web parent", never_parent, N(never_parent), false,
	true},
};
