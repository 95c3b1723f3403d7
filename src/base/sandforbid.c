/*
 * sandforbid.c - filters that let all pass but what is never needed: for
 * processes that run programs of others (sandbox_forbidden of sandroles.c).
 */
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <sched.h>

#include <seccomp.h>

#include "sandbox_int.h"
#include "util.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t no = SCMP_ACT_ERRNO(EPERM);

static int
forbid_all(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		if (calls[i] >= 0 &&
		    (rc = seccomp_rule_add(ctx, no, calls[i], 0)) != 0)
			return rc;
	return 0;
}

/* clone3 is asked first, and no filter sees its flags. */
static int
forbid_clone(scmp_filter_ctx ctx, bool forks)
{
	static const scmp_datum_t space[] = {CLONE_NEWNS, CLONE_NEWUSER,
	    CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
	    CLONE_NEWCGROUP};
	size_t i;
	int rc;

	rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (i = 0; rc == 0 && forks && i < N(space); i++)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, space[i], space[i]));
	/* Without: threads alone. */
	if (rc == 0 && !forks &&
	    (rc = seccomp_rule_add(ctx, no, SCMP_SYS(clone), 1,
		 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0))) == 0) {
		static const int fork_calls[] = {
		    SCMP_SYS(fork), SCMP_SYS(vfork)};

		rc = forbid_all(ctx, fork_calls, N(fork_calls));
	}
	return rc;
}

/* Raw packets and the families that few use. */
static int
forbid_sockets(scmp_filter_ctx ctx, bool internet)
{
	static const scmp_datum_t family[] = {AF_INET, AF_INET6};
	size_t i;
	int rc;

	rc = seccomp_rule_add(ctx, no, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	if (rc != 0)
		return rc;
	if (!internet)
		return seccomp_rule_add(ctx, no, SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_NE, AF_UNIX));
	for (i = 0; rc == 0 && i < N(family); i++)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(socket), 2,
		    SCMP_A0(SCMP_CMP_EQ, family[i]),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
	return rc;
}

/*
 * A 32-bit program that pipe(8) starts is not killed for what it is.  It has
 * the rules that are added from here on, so not those of sockets, which it may
 * ask for by socketcall(), whose arguments no filter sees.
 */
static int
other_programs(scmp_filter_ctx ctx)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	if (rc == 0 && seccomp_arch_native() == SCMP_ARCH_X86_64 &&
	    (rc = seccomp_arch_add(ctx, SCMP_ARCH_X86)) == 0)
		rc = seccomp_arch_add(ctx, SCMP_ARCH_X32);
	return rc;
}

/*
 * Without no_new_privs where the process still has the right to.  Where it has
 * not, postseald does without the filter: with no_new_privs Postfix's setgid
 * programs below it had their group in vain.
 */
static int
load(scmp_filter_ctx ctx, enum sandbox_forbid which)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);

	/* The kernel's own error, please. */
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (rc == 0)
		rc = seccomp_load(ctx);
	if (rc != -EACCES)
		return rc;
	if (which == FORBID_ROOT) {
		log_warn("without CAP_SYS_ADMIN postseald and Postfix below it "
			 "have no system call filter");
		return 0;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? rc
							   : seccomp_load(ctx);
}

int
sandbox_forbid(enum sandbox_forbid which, struct err *err)
{
	const struct forbidden *f = &sandbox_forbidden[which];
	scmp_filter_ctx ctx;
	int rc;

	if ((rc = sandbox_wants_filter(f->name, err)) <= 0)
		return rc;
	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		return err_set(
		    err, ERR_NOMEM, NULL, "sandbox %s: no memory", f->name);
	if ((rc = forbid_sockets(ctx, f->internet)) != 0 ||
	    (which == FORBID_ROOT && (rc = other_programs(ctx)) != 0) ||
	    (rc = forbid_all(ctx, sandbox_never, sandbox_n_never)) != 0 ||
	    (rc = forbid_all(ctx, f->calls, f->n_calls)) != 0 ||
	    (rc = forbid_clone(ctx, f->forks)) != 0 ||
	    (rc = load(ctx, which)) != 0) {
		errno = -rc;
		err_sys(err, ERR_CONFIG, NULL, "sandbox %s: system call filter",
		    f->name);
		rc = -1;
	}
	seccomp_release(ctx);
	return rc;
}
