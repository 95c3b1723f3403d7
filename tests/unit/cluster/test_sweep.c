/*
 * test_sweep.c - a kill in the middle of writing this host's identity: no half
 * of a key stays once postseald starts again.
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

#include <sys/wait.h>

#include "../suite.h"
#include "../../../src/cluster/host.h"

#define OPS_MAX 60

static char root[] = "/tmp/postseal-cluster.XXXXXX";
static struct conf conf;

static void
setup(void)
{
	char path[256];

	memcpy(strrchr(root, '.'), ".XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(root));
	conf_default(&conf);
	(void)snprintf(conf.state_directory, sizeof(conf.state_directory),
	    "%s/state", root);
	(void)snprintf(conf.config_directory, sizeof(conf.config_directory),
	    "%s/postfix", root);
	memcpy(conf.cluster_name, "mx1", 4);
	conf.cluster_console = true;
	(void)snprintf(path, sizeof(path), "%s/postfix", root);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(apply_state_init(&conf, NULL), 0);
	ck_assert_int_eq(cluster_init(&conf, NULL), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(fsx_wipe_tree(root, NULL), 0);
}

/* Dies at the Nth operation; true: it was over before. */
static bool
rotate_until(int nth)
{
	char text[16], counter[64];
	int status;
	pid_t pid;

	(void)snprintf(text, sizeof(text), "%d", nth);
	(void)snprintf(counter, sizeof(counter), "%s/count", root);
	(void)unlink(counter);
	if ((pid = fork()) == 0) {
		setenv("POSTSEAL_FAULT_NTH", text, 1);
		setenv("POSTSEAL_FAULT_KILL", "1", 1);
		setenv("POSTSEAL_FAULT_COUNT", counter, 1);
		_exit(cluster_rotate(&conf, NULL) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return false;
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	return true;
}

/* Files of cluster/ that are halves. */
static int
halves(void)
{
	char path[256];
	const struct dirent *e;
	int n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/state/cluster", root);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".tmp-") != NULL;
	closedir(d);
	return n;
}

START_TEST(nothing_stays)
{
	char sha256[SHA256_HEX];
	int nth, left = 0;
	struct buf pem;
	struct err err;

	for (nth = 1; nth < OPS_MAX && !rotate_until(nth); nth++) {
		left += halves();
		ck_assert_msg(
		    apply_recover(&conf, &err) == 0, "%d: %s", nth, err.msg);
		ck_assert_int_eq(halves(), 0);
		buf_init(&pem, BUNDLE_PEM_MAX);
		ck_assert_msg(cluster_identity(&conf, &pem, sha256, &err) == 0,
		    "%d: %s", nth, err.msg);
		buf_clear(&pem);
	}
	ck_assert_int_gt(left, 0);
	ck_assert_int_lt(nth, OPS_MAX);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_stays);
	return suite_run("sweep", tc);
}
