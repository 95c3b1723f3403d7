/*
 * sandbox.c - the walls, as sandroles.c has them for each role.
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
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "landlock.h"
#include "sandbox_int.h"
#include "user.h"
#include "util.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

#define SWITCH "POSTSEAL_SANDBOX"
#define N(a)   (sizeof(a) / sizeof((a)[0]))

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
	for (i = 0; p != NULL && abi >= LANDLOCK_NET && i < N(p->tcp); i++) {
		if (p->tcp[i] != 0 && landlock_port(fd, p->tcp[i], err) != 0)
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

/* glibc asks clone3 first, whose flags no filter sees. */
static int
add_threads(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	return rc != 0 ? rc
		       : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone),
			     1,
			     SCMP_A0(SCMP_CMP_MASKED_EQ,
				 CLONE_VM | CLONE_THREAD,
				 CLONE_VM | CLONE_THREAD));
}

/* Rules that look at arguments. */
static int
add_conditional(scmp_filter_ctx ctx, const struct role *r)
{
	static const int pages[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	size_t i;
	int rc;

	for (i = 0; i < N(pages); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, pages[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (rc != 0)
			return rc;
	}
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0);
	if (rc != 0)
		return rc;
	/* abort() and assert() signal our own process. */
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (rc != 0)
		return rc;
	if (r->sends &&
	    (rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
		 SCMP_A4(SCMP_CMP_EQ, 0))) != 0)
		return rc;
	return r->threads ? add_threads(ctx) : 0;
}

/* Any number but this one: there is a bit in which they differ.  Of the 64 that
 * are handed over, the kernel takes the lower 32. */
static int
add_not(scmp_filter_ctx ctx, int call, int number)
{
	scmp_datum_t bit;
	int i, rc = 0;

	for (i = 0; rc == 0 && i < 32; i++) {
		bit = (scmp_datum_t)1 << i;
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, bit,
			~(scmp_datum_t)number & bit));
	}
	return rc;
}

/* Those of the role's own. */
static int
add_where(scmp_filter_ctx ctx, const struct role *r, int listening)
{
	const struct where *w;
	size_t i;
	int rc = 0;

	for (i = 0; i < r->n_where; i++) {
		w = &r->where[i];
		/* int is 32 bits; what is above them the kernel passes over */
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, w->call,
		    w->zero ? 2 : 1,
		    SCMP_CMP(w->arg, SCMP_CMP_MASKED_EQ, 0xffffffff, w->value),
		    SCMP_CMP(w->arg + 1, SCMP_CMP_EQ, 0));
		if (rc != 0)
			return rc;
	}
	for (i = 0; rc == 0 && i < r->n_not_listening; i++)
		rc = add_not(ctx, r->not_listening[i], listening);
	return rc;
}

static int
confine_calls(const struct role *r, int listening, struct err *err)
{
	scmp_filter_ctx ctx;
	int rc;

	if ((ctx = seccomp_init(r->otherwise)) == NULL)
		return err_set(
		    err, ERR_NOMEM, NULL, "sandbox %s: no memory", r->name);
	if ((rc = add_all(
		 ctx, SCMP_ACT_ALLOW, sandbox_common, sandbox_n_common)) != 0 ||
	    (rc = add_all(ctx, SCMP_ACT_ALLOW, r->allow, r->n_allow)) != 0 ||
	    (rc = add_all(
		 ctx, SCMP_ACT_ERRNO(EACCES), r->refuse, r->n_refuse)) != 0 ||
	    (rc = add_conditional(ctx, r)) != 0 ||
	    (rc = add_where(ctx, r, listening)) != 0 ||
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
without(const char *name, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, NULL,
	    "sandbox %s: this kernel has no %s; to go on without it set "
	    "sandbox_required = no in postseal.conf",
	    name, what);
}

/* Does the kernel know filters at all?  Below one of systemd's the answer is
 * 2, not 0. */
static bool
has_seccomp(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && seccomp_api_get() >= 1;
}

int
sandbox_wants_filter(const char *name, struct err *err)
{
	if (demand() == DEMAND_NOTHING)
		return 0;
	if (has_seccomp())
		return 1;
	return demand() == DEMAND_ALL ? without(name, "seccomp", err) : 0;
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
			return without(r->name, "Landlock", err);
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
		return all ? without(r->name, "seccomp", err) : 0;
	s->seccomp = true;
	return confine_calls(r, paths == NULL ? 0 : paths->listening, err);
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
	    enter(&sandbox_roles[role], paths, &s, err) != 0)
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
