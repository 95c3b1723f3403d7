/*
 * test_confine.c - the files of [cluster] can be read inside the walls, by
 * links too, and no others.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "../tmp.h"
#include "../../../src/sync/confine.h"
#include "fsx.h"

static int
opens(const char *file)
{
	return open(tmp_path(file), O_RDONLY) == -1 ? 0 : 1;
}

/* Bits of what a child inside can open; 64 = it could not enter. */
static int
inside(const struct conf *conf)
{
	struct err err;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sync_confine(conf, &err) == -1) {
			fprintf(stderr, "%s\n", err.msg);
			_exit(64);
		}
		_exit(opens("names/ca") | opens("names/key") << 1 |
		      opens("other/f") << 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
make(const char *dir, const char *file)
{
	ck_assert_int_eq(fsx_mkdir_p(tmp_path(dir), 0755, NULL), 0);
	ck_assert_int_eq(fsx_create(tmp_path(file), "x", 1, 0644, NULL), 0);
}

/* names/ca is a link elsewhere, names/key a file. */
START_TEST(by_links)
{
	struct conf conf;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return;
	make("names", "names/key");
	make("far/deep", "far/deep/ca");
	make("other", "other/f");
	ck_assert_int_eq(symlink("../far/deep/ca", tmp_path("names/ca")), 0);
	memset(&conf, 0, sizeof(conf));
	conf.sandbox_required = true;
	strcpy(conf.cluster_endpoints, "https://localhost:2379");
	strcpy(conf.cluster_ca, tmp_path("names/ca"));
	strcpy(conf.cluster_key, tmp_path("names/key"));
	ck_assert_int_eq(inside(&conf), 1 | 2);
	/* one that is not there yet */
	strcpy(conf.cluster_certificate, tmp_path("names/none"));
	ck_assert_int_eq(inside(&conf), 1 | 2);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, by_links);
}

int
main(void)
{
	unsetenv("POSTSEAL_SANDBOX");
	return tmp_run("confine", add, 60);
}
