/*
 * postseal-logs - follows the log of this host's Postfix, and says who still
 * talks plaintext.
 *
 * Usage: postseal-logs [-c CONF].  Stays in the foreground.  Started by root it
 * makes its socket and directory, and becomes [logs] user for good.
 *
 * One loop, one thread: read on, answer, wait.  It has no network, writes
 * nothing but its directory, and reads the log (sandroles.c: logs).
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "entries.h"
#include "fsx.h"
#include "ipc.h"
#include "notify.h"
#include "own_log.h"
#include "sandbox.h"
#include "user.h"
#include "util.h"

#define LOOK_MS 2000

static volatile sig_atomic_t ended;

static void
on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

/* Between two looks only: poll would sleep over one that came before it. */
static void
take_signals(sigset_t *waiting)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, waiting);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
}

/* As root: the socket, which the web process may ask, and the directory. */
static int
make_places(const struct conf *conf, int *ret_fd, struct err *err)
{
	const bool root = geteuid() == 0;
	struct group *gr = getgrnam(conf->socket_group);
	struct user user = {getuid(), getgid()};

	if (root && user_find(conf->logs_user, &user, err) == -1)
		return -1;
	if (root && gr == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "no group %s (socket_group)", conf->socket_group);
	if (mkdir(conf->logs_state_directory, 0700) == -1 && errno != EEXIST)
		return err_sys(
		    err, ERR_IO, "", "mkdir %s", conf->logs_state_directory);
	if (root &&
	    lchown(conf->logs_state_directory, user.uid, user.gid) == -1)
		return err_sys(
		    err, ERR_IO, "", "chown %s", conf->logs_state_directory);
	*ret_fd = ipc_listen(
	    conf->logs_socket, 0660, root ? gr->gr_gid : getgid(), err);
	return *ret_fd == -1 ? -1 : 0;
}

static int
harden(const struct conf *conf, struct err *err)
{
	const struct rlimit none = {0, 0};

	if (geteuid() == 0 && sandbox_drop_user(conf->logs_user, err) == -1)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0) == -1)
		return err_sys(err, ERR_INTERNAL, "", "no core dumps");
	return 0;
}

/* The directories of the log, and of what it is a link to: the next one is
 * another file. */
static int
confine(const struct conf *conf, const struct follow *f, struct err *err)
{
	struct sandbox_paths paths = {.rw = {conf->logs_state_directory}};
	const char *const journal[] = {
	    conf->journal_directory, "/var/log/journal", "/run/log/journal"};
	char dir[CONF_STR_MAX], real[PATH_MAX];
	size_t n = 0;

	(void)snprintf(dir, sizeof(dir), "%s", f->path);
	if (access(dirname(dir), X_OK) == 0)
		paths.ro[n++] = dir;
	if (realpath(f->path, real) != NULL)
		paths.ro[n++] = dirname(real);
	for (size_t i = 0; i < sizeof(journal) / sizeof(journal[0]); i++)
		if (journal[i][0] != '\0' && access(journal[i], X_OK) == 0)
			paths.ro[n++] = journal[i];
	entries_warm_up();
	tzset();
	sandbox_require(conf->sandbox_required);
	return sandbox_enter(SANDBOX_LOGS, &paths, err);
}

/* A fault that lasts is said once. */
static void
look(struct follow *f)
{
	static char said[sizeof(((struct err *)0)->msg)];
	struct err err;

	err_clear(&err);
	if (follow_step(f, &f->reading, &err) == 0)
		said[0] = '\0';
	else if (strcmp(said, err.msg) != 0)
		log_warn("%s", strcpy(said, err.msg));
}

static void
run_until_end(
    struct follow *f, int listen_fd, uid_t web, const sigset_t *waiting)
{
	struct pollfd p = {.fd = listen_fd, .events = POLLIN};
	struct timespec wait;
	int64_t due = 0;
	int fd, ms;

	while (!ended) {
		if (f->reading || now_ms() >= due) {
			look(f);
			due = now_ms() + LOOK_MS;
		}
		ms = f->reading ? 0 : (int)(due - now_ms());
		wait.tv_sec = ms > 0 ? ms / 1000 : 0;
		wait.tv_nsec = ms > 0 ? ms % 1000 * 1000000L : 0;
		if (ppoll(&p, 1, &wait, waiting) == 1 &&
		    (fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) != -1)
			answer(f, fd, web);
	}
}

static int
start(struct conf *conf, const char *path, struct follow *f, int *fd,
    uid_t *web, struct err *err)
{
	struct user user = {0};

	umask(077);
	conf_default(conf);
	if (conf_read(conf, path, err) == -1)
		return -1;
	*web = user_find(conf->web_user, &user, NULL) == 0 ? user.uid : 0;
	if (make_places(conf, fd, err) == -1 || harden(conf, err) == -1)
		return -1;
	f->named = own_log_path(conf, f->path);
	f->journal = conf->journal_directory;
	if (follow_open(
		f, conf->logs_state_directory, conf->logs_domains, err) == -1)
		return -1;
	return confine(conf, f, err);
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: postseal-logs [-c CONF]\n");
	return 2;
}

int
main(int argc, char *argv[])
{
	static struct conf conf;
	static struct follow follow = {.reading = true};
	const char *path = CONF_DEFAULT_PATH;
	sigset_t waiting;
	struct err err;
	uid_t web;
	int c, fd = -1, manager;

	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	log_open("postseal-logs", true);
	err_clear(&err);
	take_signals(&waiting);
	manager = notify_open();
	if (start(&conf, path, &follow, &fd, &web, &err) == -1) {
		log_warn("%s", err.msg);
		return 1;
	}
	log_info("ready: %s", follow.path);
	if (notify_on(manager, "READY=1") == -1)
		log_warn("the service manager was not told");
	run_until_end(&follow, fd, web, &waiting);
	follow_close(&follow);
	log_info("ended");
	return 0;
}
