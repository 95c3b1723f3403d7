/*
 * landlock.c - see landlock.h.
 *
 * The constants are ours because the headers of Debian 12 stop at ABI 2
 * while its backported kernels do not.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <unistd.h>

#include "landlock.h"

#define FS_WRITE_FILE  (1ULL << 1)
#define FS_READ_FILE   (1ULL << 2)
#define FS_READ_DIR    (1ULL << 3)
#define FS_ALL_ABI1    ((1ULL << 13) - 1)
#define FS_REFER       (1ULL << 13) /* ABI 2 */
#define FS_TRUNCATE    (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV   (1ULL << 15) /* ABI 5 */
#define NET_ALL	       3ULL	    /* ABI 4: TCP bind, connect */
#define NET_CONNECT    2ULL
#define SCOPE_ALL      3ULL	    /* ABI 6: abstract sockets, signals */

#define RIGHTS_RO      (FS_READ_FILE | FS_READ_DIR)
/* Files that are there: none is made, so that nobody can fill a disk. */
#define RIGHTS_RW      (RIGHTS_RO | FS_WRITE_FILE | FS_TRUNCATE)
#define RIGHTS_OF_FILE (FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define CREATE_VERSION 1U
#define RULE_PATH      1
#define RULE_NET       2

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((__packed__));

static uint64_t
handled_fs(int abi)
{
	uint64_t fs = FS_ALL_ABI1;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

int
landlock_abi(struct err *err)
{
	long abi;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	if (abi < 1)
		return err_sys(
		    err, ERR_CONFIG, NULL, "this kernel has no Landlock");
	return (int)abi;
}

int
landlock_new(int abi, struct err *err)
{
	struct ruleset_attr a = {handled_fs(abi), 0, 0};
	size_t size = sizeof(a.fs);
	long fd;

	if (abi >= LANDLOCK_NET) {
		a.net = NET_ALL;
		size += sizeof(a.net);
	}
	if (abi >= 6) {
		a.scoped = SCOPE_ALL;
		size += sizeof(a.scoped);
	}
	fd = syscall(SYS_landlock_create_ruleset, &a, size, 0);
	if (fd < 0)
		return err_sys(err, ERR_CONFIG, NULL, "Landlock ruleset");
	return (int)fd;
}

int
landlock_allow(int fd, int abi, enum landlock_right right, const char *path,
    struct err *err)
{
	struct path_attr a;
	struct stat st;
	int rc = -1;

	a.allowed = right == LANDLOCK_RW ? RIGHTS_RW : RIGHTS_RO;
	a.allowed &= handled_fs(abi);
	a.parent = open(path, O_PATH | O_CLOEXEC);
	if (a.parent == -1)
		return err_sys(err, ERR_CONFIG, NULL, "sandbox: %s", path);
	if (fstat(a.parent, &st) != 0) {
		err_sys(err, ERR_CONFIG, NULL, "sandbox: %s", path);
		goto out;
	}
	if (!S_ISDIR(st.st_mode))
		a.allowed &= RIGHTS_OF_FILE;
	if (syscall(SYS_landlock_add_rule, fd, RULE_PATH, &a, 0) != 0) {
		err_sys(err, ERR_CONFIG, NULL, "Landlock rule for %s", path);
		goto out;
	}
	rc = 0;
out:
	close(a.parent);
	return rc;
}

int
landlock_port(int fd, uint16_t port, struct err *err)
{
	struct {
		uint64_t allowed, port;
	} a = {NET_CONNECT, port};

	if (syscall(SYS_landlock_add_rule, fd, RULE_NET, &a, 0) != 0)
		return err_sys(
		    err, ERR_CONFIG, NULL, "Landlock rule for port %u", port);
	return 0;
}

int
landlock_enter(int fd, struct err *err)
{
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		return err_sys(err, ERR_CONFIG, NULL, "Landlock domain");
	return 0;
}
