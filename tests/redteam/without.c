/*
 * without.c - runs a program as on a kernel that lacks something.
 *
 * Usage: without landlock|seccomp PROGRAM [ARGUMENT]...
 * The calls answer ENOSYS (prctl: EINVAL), as they do where the kernel was
 * built without them.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

static int
take_away(scmp_filter_ctx ctx, const char *what)
{
	if (strcmp(what, "landlock") == 0)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(landlock_create_ruleset), 0);
	if (strcmp(what, "seccomp") != 0)
		return -EINVAL;
	if (seccomp_rule_add(
		ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) != 0)
		return -ENOMEM;
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
	    SCMP_A0(SCMP_CMP_EQ, PR_GET_SECCOMP));
}

int
main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (argc < 3 || ctx == NULL)
		return 2;
	if ((rc = take_away(ctx, argv[1])) != 0 ||
	    (rc = seccomp_load(ctx)) != 0) {
		fprintf(stderr, "without: %s\n", strerror(-rc));
		return 2;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
