/*
 * cluster_wait.c - the door-bell of postseal-sync: one request that stays
 * open until something of the cluster has changed on this host.
 *
 * The serial is made of inode, size and time of the files that matter, so
 * nothing is missed between two requests.  inotify wakes, it does not decide.
 */
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "opcluster.h"
#include "util.h"

#define PATH_SIZE 1024

static const char *const watched[] = {"cluster/state.json",
    "cluster/outbox.json", "cluster/chosen.json", "cluster/command.json",
    "cluster/identity.pem", "cluster/consoles.pem", "cluster/hosts", "current",
    "probe.json"};

static int
serial_of(const struct conf *conf, const char *const *files, size_t n,
    char dst[CLUSTER_SERIAL_MAX], struct err *err)
{
	char path[PATH_SIZE];
	struct stat st;
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, 4096);
	for (i = 0; i < n; i++) {
		if (fsx_path(path, sizeof(path), err, "%s/%s",
			conf->state_directory, files[i]) == -1)
			return -1;
		if (lstat(path, &st) == -1)
			buf_adds(&b, "-;");
		else
			buf_printf(&b, "%llu.%lld.%lld.%ld;",
			    (unsigned long long)st.st_ino,
			    (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			    st.st_mtim.tv_nsec);
	}
	rc = b.failed ? -1 : sha256_hex(b.data, b.len, dst);
	buf_clear(&b);
	return rc == -1 ? err_set(err, ERR_INTERNAL, "", "serial") : 0;
}

int
cluster_serial(
    const struct conf *conf, char dst[CLUSTER_SERIAL_MAX], struct err *err)
{
	return serial_of(
	    conf, watched, sizeof(watched) / sizeof(watched[0]), dst, err);
}

int
cluster_enrolled(
    const struct conf *conf, char dst[CLUSTER_SERIAL_MAX], struct err *err)
{
	static const char *const hosts[] = {"cluster/hosts"};

	return serial_of(conf, hosts, 1, dst, err);
}

static int
watch_open(const struct conf *conf)
{
	static const char *const dirs[] = {"cluster", "cluster/hosts", "."};
	char path[PATH_SIZE];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	size_t i;

	for (i = 0; fd != -1 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (fsx_path(path, sizeof(path), NULL, "%s/%s",
			conf->state_directory, dirs[i]) == 0)
			(void)inotify_add_watch(
			    fd, path, IN_MOVED_TO | IN_DELETE);
	}
	return fd;
}

static int
term_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
cluster_wait(const struct conf *conf, int client, const char *serial, int ms,
    struct err *err)
{
	struct pollfd p[3] = {
	    {.events = POLLIN}, {.events = POLLIN}, {.events = POLLRDHUP}};
	int64_t end = now_ms() + ms, left;
	char now[CLUSTER_SERIAL_MAX], junk[4096];
	int rc = 0;

	p[0].fd = watch_open(conf);
	p[1].fd = term_open();
	p[2].fd = client;
	for (;;) {
		if ((rc = cluster_serial(conf, now, err)) == -1 ||
		    strcmp(now, serial) != 0 || (left = end - now_ms()) <= 0)
			break;
		/* Without inotify, look four times a second. */
		if (p[0].fd == -1 && left > 250)
			left = 250;
		if (poll(p, 3, (int)left) <= 0)
			continue;
		if ((p[1].revents | p[2].revents) != 0)
			break;
		while (read(p[0].fd, junk, sizeof(junk)) > 0)
			;
	}
	if (p[0].fd != -1)
		close(p[0].fd);
	if (p[1].fd != -1)
		close(p[1].fd);
	return rc;
}
