/*
 * sandbox.c - what every process may do, on one page: the tables below.
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
 * a 500.  socket() makes Unix sockets only.
 *
 * Order: no_new_privs (the others need it), Landlock (which opens files, so
 * before RLIMIT_NOFILE), rlimits, not dumpable, seccomp (which forbids all of
 * these).
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "landlock.h"
#include "sandbox.h"
#include "user.h"
#include "util.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

#define SWITCH	   "POSTSEAL_SANDBOX"
#define MIB	   (1024UL * 1024)
#define N(a)	   (sizeof(a) / sizeof((a)[0]))
#define CALL(name) SCMP_SYS(name)

struct limit {
	__rlimit_resource_t what;
	rlim_t max;
};

struct role {
	const char *name;
	const int *allow; /* system calls */
	size_t n_allow;
	const int *refuse; /* with EACCES, no kill */
	size_t n_refuse;
	const struct limit *limits;
	size_t n_limits;
	const char *ro[2];  /* on every host, if there */
	uint32_t otherwise; /* action */
	bool unix_sockets;
};

/* Both roles: memory, time, end. */
static const int allow_common[] = {CALL(read), CALL(write), CALL(readv),
    CALL(writev), CALL(close), CALL(lseek), CALL(poll), CALL(ppoll),
    CALL(recvfrom), CALL(brk), CALL(munmap), CALL(madvise), CALL(futex),
    CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time),
    CALL(getrandom), CALL(getpid), CALL(gettid), CALL(sysinfo),
    CALL(sched_yield), CALL(rt_sigreturn), CALL(rt_sigprocmask),
    CALL(restart_syscall), CALL(sigaltstack), CALL(exit), CALL(exit_group)};

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
    CALL(pwritev), CALL(fcntl), CALL(flock), CALL(fsync), CALL(fdatasync),
    CALL(ftruncate), CALL(fallocate), CALL(fadvise64), CALL(unlink),
    CALL(unlinkat), CALL(fchmod), CALL(fstatfs), CALL(dup),
    /* sockets that are there, and Unix sockets */
    CALL(connect), CALL(accept), CALL(accept4), CALL(sendto), CALL(sendmsg),
    CALL(recvmsg), CALL(shutdown), CALL(getsockopt), CALL(setsockopt),
    CALL(getsockname), CALL(getpeername), CALL(select), CALL(pselect6),
    /* itself */
    CALL(nanosleep), CALL(clock_nanosleep), CALL(alarm), CALL(setitimer),
    CALL(rt_sigaction), CALL(rt_sigtimedwait), CALL(getuid), CALL(geteuid),
    CALL(getgid), CALL(getegid), CALL(getppid), CALL(uname), CALL(getrusage),
    CALL(sched_getaffinity)};

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

static const struct role roles[SANDBOX__MAX] = {
    [SANDBOX_WEB] =
	{
	    .name = "web",
	    .allow = allow_web,
	    .n_allow = N(allow_web),
	    .limits = limits_web,
	    .n_limits = N(limits_web),
	    .ro = {"/dev/urandom"}, /* SQLite seeds from it */
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	    .unix_sockets = true,
	},
    [SANDBOX_KEEPER] =
	{
	    .name = "keeper",
	    .allow = allow_keeper,
	    .n_allow = N(allow_keeper),
	    .limits = limits_keeper,
	    .n_limits = N(limits_keeper),
	    .otherwise = SCMP_ACT_ERRNO(EPERM),
	},
    [SANDBOX_INSPECT] =
	{
	    .name = "inspect",
	    .refuse = refuse_inspect,
	    .n_refuse = N(refuse_inspect),
	    .limits = limits_inspect,
	    .n_limits = N(limits_inspect),
	    .otherwise = SCMP_ACT_KILL_PROCESS,
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
	},
};

static int
set_limits(const struct role *r, struct err *err)
{
	struct rlimit l;
	size_t i;

	/* A write beyond RLIMIT_FSIZE shall fail, not kill. */
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < r->n_limits; i++) {
		/* ASan's shadow alone takes terabytes of address space. */
		if (WITH_ASAN && r->limits[i].what == RLIMIT_AS)
			continue;
		/* Time is a matter for whoever comes in: a limit of its own
		 * stays.
		 */
		if (getrlimit(r->limits[i].what, &l) == 0 &&
		    (l.rlim_max < r->limits[i].max ||
			(r->limits[i].what == RLIMIT_CPU &&
			    l.rlim_max != RLIM_INFINITY)))
			continue;
		l.rlim_cur = l.rlim_max = r->limits[i].max;
		if (setrlimit(r->limits[i].what, &l) != 0)
			return err_sys(err, ERR_CONFIG, NULL,
			    "sandbox %s: rlimit %d", r->name,
			    (int)r->limits[i].what);
	}
	return 0;
}

static int
allow_paths(int fd, int abi, enum landlock_right right,
    const char *const *paths, size_t n, struct err *err)
{
	size_t i;

	for (i = 0; i < n && paths[i] != NULL; i++) {
		if (landlock_allow(fd, abi, right, paths[i], err) != 0)
			return -1;
	}
	return 0;
}

static int
confine_files(const struct role *r, const struct sandbox_paths *p, int abi,
    struct err *err)
{
	int fd, rc = -1;
	size_t i;

	if ((fd = landlock_new(abi, err)) < 0)
		return -1;
	for (i = 0; i < N(r->ro) && r->ro[i] != NULL; i++) {
		if (access(r->ro[i], F_OK) == 0 &&
		    landlock_allow(fd, abi, LANDLOCK_RO, r->ro[i], err) != 0)
			goto out;
	}
	if (p != NULL &&
	    (allow_paths(fd, abi, LANDLOCK_RW, p->rw, N(p->rw), err) != 0 ||
		allow_paths(fd, abi, LANDLOCK_RO, p->ro, N(p->ro), err) != 0))
		goto out;
	rc = landlock_enter(fd, err);
out:
	close(fd);
	return rc;
}

static int
add_all(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		/* open, stat and their like do not exist everywhere. */
		if (calls[i] < 0)
			continue;
		if ((rc = seccomp_rule_add(ctx, action, calls[i], 0)) != 0)
			return rc;
	}
	return 0;
}

/* Rules that look at arguments. */
static int
add_conditional(scmp_filter_ctx ctx, const struct role *r)
{
	static const int pages[] = {CALL(mmap), CALL(mprotect)};
	size_t i;
	int rc;

	for (i = 0; i < N(pages); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, pages[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (rc != 0)
			return rc;
	}
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mremap), 0);
	if (rc != 0)
		return rc;
	/* abort() and assert() signal our own process. */
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (rc != 0)
		return rc;
	if (r->unix_sockets)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	return seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, CALL(sendto), 1, SCMP_A4(SCMP_CMP_EQ, 0));
}

static int
confine_calls(const struct role *r, struct err *err)
{
	scmp_filter_ctx ctx;
	int rc;

	if ((ctx = seccomp_init(r->otherwise)) == NULL)
		return err_set(
		    err, ERR_NOMEM, NULL, "sandbox %s: no memory", r->name);
	if ((rc = add_all(
		 ctx, SCMP_ACT_ALLOW, allow_common, N(allow_common))) != 0 ||
	    (rc = add_all(ctx, SCMP_ACT_ALLOW, r->allow, r->n_allow)) != 0 ||
	    (rc = add_all(
		 ctx, SCMP_ACT_ERRNO(EACCES), r->refuse, r->n_refuse)) != 0 ||
	    (rc = add_conditional(ctx, r)) != 0 ||
	    (rc = seccomp_load(ctx)) != 0) {
		errno = -rc;
		err_sys(err, ERR_CONFIG, NULL, "sandbox %s: system call filter",
		    r->name);
		rc = -1;
	}
	seccomp_release(ctx);
	return rc;
}

/*
 * OpenSSL reads its configuration file and makes its tables at the first use,
 * which would be too late.  Cheap when it has happened before the fork.
 */
static int
warm_up(struct err *err)
{
	unsigned char byte;
	char hex[SHA256_HEX];

	if (random_bytes(&byte, sizeof(byte), err) != 0)
		return -1;
	if (sha256_hex("", 0, hex) != 0 || hmac_sha256_hex("", 0, "", hex) != 0)
		return err_set(err, ERR_INTERNAL, NULL, "no SHA-256");
	return 0;
}

/* Read from the environment, so that children made by fork know it, too. */
enum demand { DEMAND_ALL, DEMAND_WHAT_IS_THERE, DEMAND_NOTHING };

static enum demand
demand(void)
{
	const char *v = getenv(SWITCH);

	if (v != NULL && strcmp(v, "off") == 0)
		return DEMAND_NOTHING;
	if (v != NULL && strcmp(v, "partial") == 0)
		return DEMAND_WHAT_IS_THERE;
	return DEMAND_ALL;
}

void
sandbox_require(bool all)
{
	if (!all)
		(void)setenv(SWITCH, "partial", 0);
}

static int
without(const struct role *r, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, NULL,
	    "sandbox %s: this kernel has no %s; to go on without it set "
	    "sandbox_required = no in postseal.conf",
	    r->name, what);
}

/* Does the kernel know filters at all?  Below one of systemd's the answer is
 * 2, not 0. */
static bool
has_seccomp(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && seccomp_api_get() >= 1;
}

static int
enter(const struct role *r, const struct sandbox_paths *paths,
    struct sandbox_state *s, struct err *err)
{
	bool all = demand() == DEMAND_ALL;

	if (warm_up(err) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(
		    err, ERR_CONFIG, NULL, "sandbox %s: no_new_privs", r->name);
	s->no_new_privs = true;
	s->landlock = landlock_abi(NULL);
	if (s->landlock < 1) {
		s->landlock = 0;
		if (all)
			return without(r, "Landlock", err);
	} else if (confine_files(r, paths, s->landlock, err) != 0) {
		return -1;
	}
	if (set_limits(r, err) != 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(
		    err, ERR_CONFIG, NULL, "sandbox %s: dumpable", r->name);
	s->limits = true;
	if (!has_seccomp())
		return all ? without(r, "seccomp", err) : 0;
	s->seccomp = true;
	return confine_calls(r, err);
}

int
sandbox_enter_state(enum sandbox_role role, const struct sandbox_paths *paths,
    struct sandbox_state *ret, struct err *err)
{
	struct sandbox_state s = {0};

	if ((int)role < 0 || role >= SANDBOX__MAX)
		return err_set(
		    err, ERR_INTERNAL, NULL, "sandbox role %d", (int)role);
	if (demand() != DEMAND_NOTHING &&
	    enter(&roles[role], paths, &s, err) != 0)
		return -1;
	*ret = s;
	return 0;
}

int
sandbox_enter(
    enum sandbox_role role, const struct sandbox_paths *paths, struct err *err)
{
	struct sandbox_state s;

	return sandbox_enter_state(role, paths, &s, err);
}

/* All three ids are the user's, and the way back is shut. */
static int
verify_user(uid_t uid, gid_t gid, struct err *err)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	if (getresuid(&ru, &eu, &su) != 0 || getresgid(&rg, &eg, &sg) != 0 ||
	    ru != uid || eu != uid || su != uid || rg != gid || eg != gid ||
	    sg != gid)
		return err_set(err, ERR_CONFIG, NULL,
		    "could not become uid %u gid %u", (unsigned int)uid,
		    (unsigned int)gid);
	if (setuid(0) == 0 || setgid(0) == 0)
		return err_set(
		    err, ERR_CONFIG, NULL, "the way back to root is open");
	return 0;
}

int
sandbox_drop_user(const char *user, struct err *err)
{
	struct user u;

	if (user_find(user, &u, err) == -1)
		return -1;
	/* Not root: there is nothing to drop if we are that user. */
	if (geteuid() == 0 &&
	    (initgroups(user, u.gid) == -1 || user_become(&u) == -1))
		return err_sys(err, ERR_CONFIG, NULL, "become user %s", user);
	return verify_user(u.uid, u.gid, err);
}
