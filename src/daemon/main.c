/*
 * postseald - the only process that writes Postfix's configuration, holds
 * keys, restarts Postfix and probes it.
 *
 * Usage: postseald [-t] [-c CONF].  -t: looks at the configuration, says what
 * is wrong with it, and ends with 0 or 1.  Without it stays in the foreground,
 * logs to stderr and syslog.  At start: no core dumps, umask 077, the
 * capabilities that it uses and no other, a trial of the sandbox that uploads
 * are parsed in, the process whose children parse them, state directory,
 * recovery of what a crash left, then the socket.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "fsx.h"
#include "ipc.h"
#include "notify.h"
#include "server.h"
#include "util.h"

static int signal_pipe[2];

static void
on_signal(int sig)
{
	int saved = errno;
	char c = sig == SIGCHLD ? 'C' : 'T';

	if (write(signal_pipe[1], &c, 1) == -1)
		c = 0; /* the pipe is full: the parent will look anyway */
	errno = saved;
}

static void
ignore(int sig)
{
	(void)sig;
}

/*
 * A child must not end by the Ctrl-C that ends the parent: an apply runs to
 * its end.  A handler that does nothing, not SIG_IGN, which programs started
 * from here would inherit.
 */
static void
child_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = ignore;
	sa.sa_flags = SA_RESTART;
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_DFL;
	(void)sigaction(SIGCHLD, &sa, NULL);
	close(signal_pipe[1]);
}

static int
parent_signals(struct err *err)
{
	static const int sigs[] = {SIGTERM, SIGINT, SIGCHLD};
	struct sigaction sa;
	size_t i;

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(err, ERR_IO, "", "pipe");
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		if (sigaction(sigs[i], &sa, NULL) == -1)
			return err_sys(err, ERR_IO, "", "sigaction");
	}
	sa.sa_handler = ignore;
	(void)sigaction(SIGHUP, &sa, NULL);
	return 0;
}

static int
harden(struct err *err)
{
	const struct rlimit none = {0, 0};

	umask(077);
	if (geteuid() != 0)
		return err_set(
		    err, ERR_CONFIG, "", "postseald must be started by root");
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0) == -1)
		return err_sys(err, ERR_INTERNAL, "", "no core dumps");
	return 0;
}

static int
find_ids(
    const struct conf *conf, uid_t *ret_web, gid_t *ret_group, struct err *err)
{
	const struct passwd *pw;
	const struct group *gr;

	if ((pw = getpwnam(conf->web_user)) == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "web user: there is no user %.60s", conf->web_user);
	*ret_web = pw->pw_uid;
	if ((gr = getgrnam(conf->socket_group)) == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "socket_group: there is no group %.60s",
		    conf->socket_group);
	*ret_group = gr->gr_gid;
	return 0;
}

/* The peer that speaks for the cluster, on a host that is in one. */
static int
find_sync(struct server *s, const struct conf *conf, struct err *err)
{
	const struct passwd *pw;

	if (!cluster_on(conf))
		return 0;
	if ((pw = getpwnam(conf->cluster_sync_user)) == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "sync_user: there is no user %.60s",
		    conf->cluster_sync_user);
	s->sync_uid = pw->pw_uid;
	s->has_sync = true;
	return 0;
}

/* What this process does as root by them: programs that the configuration
 * names, files that a generation names. */
static int
trust(const char *path, const struct conf *conf, struct err *err)
{
	return fsx_trusted(path, err) == -1 ||
		       fsx_trusted(conf->state_directory, err) == -1
		   ? -1
		   : 0;
}

static int
start_keepers(struct server *s, const struct conf *conf, struct err *err)
{
	int i;

	for (i = 0; i < JAIL_KEEPERS; i++)
		if (confine_keep(conf, i, &s->keeper[i], err) == -1)
			return -1;
	return 0;
}

static int
start(struct server *s, const struct conf *conf, struct err *err)
{
	struct err cause;
	gid_t group = 0;

	if (harden(err) == -1 ||
	    find_ids(conf, &s->web_uid, &group, err) == -1 ||
	    find_sync(s, conf, err) == -1 || confine_start(conf, err) == -1 ||
	    start_keepers(s, conf, err) == -1 ||
	    apply_state_init(conf, err) == -1 || cluster_init(conf, err) == -1)
		return -1;
	/* What cannot be recovered now may be later; a console that does
	 * not start could not even say so. */
	if (apply_recover(conf, &cause) == -1)
		log_warn("recovery: %s", cause.msg);
	s->conf = conf;
	s->child_signals = child_signals;
	s->listen_fd = ipc_listen(conf->socket, 0660, group, err);
	if (s->listen_fd == -1 || parent_signals(err) == -1)
		return -1;
	s->signal_fd = signal_pipe[0];
	return 0;
}

/* -t: the file, and that there is what it names. */
static int
look(const char *path, struct err *err)
{
	struct server s;
	struct conf conf;
	gid_t group;

	memset(&s, 0, sizeof(s));
	conf_default(&conf);
	if (conf_read(&conf, path, err) == -1 ||
	    trust(path, &conf, err) == -1 ||
	    find_ids(&conf, &s.web_uid, &group, err) == -1 ||
	    find_sync(&s, &conf, err) == -1)
		return -1;
	if (getpwnam(conf.inspect_user) == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "inspect_user: there is no user %.60s", conf.inspect_user);
	if (getpwnam(conf.probe_user) == NULL)
		return err_set(err, ERR_CONFIG, "",
		    "probe_user: there is no user %.60s", conf.probe_user);
	if (access(conf.config_directory, X_OK) == -1)
		return err_sys(err, ERR_CONFIG, "", "config_directory: %s",
		    conf.config_directory);
	printf("%s: in order\n", path);
	return 0;
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: postseald [-t] [-c CONF]\n");
	return 2;
}

static int
serve(const char *path, struct err *err)
{
	struct server server;
	struct conf conf;

	memset(&server, 0, sizeof(server));
	conf_default(&conf);
	if (conf_read(&conf, path, err) == -1 ||
	    trust(path, &conf, err) == -1 ||
	    start(&server, &conf, err) == -1)
		return -1;
	log_info("ready on %s", conf.socket);
	if (notify_state("READY=1") == -1)
		log_warn("the service manager was not told");
	if (server_run(&server, err) == -1)
		return -1;
	(void)unlink(conf.socket);
	log_info("ended");
	return 0;
}

int
main(int argc, char *argv[])
{
	const char *path = CONF_DEFAULT_PATH;
	struct err err;
	bool test = false;
	int c;

	while ((c = getopt(argc, argv, "tc:")) != -1) {
		if (c != 't' && c != 'c')
			return usage();
		test |= c == 't';
		path = c == 'c' ? optarg : path;
	}
	if (optind != argc)
		return usage();
	log_open("postseald", !test);
	err_clear(&err);
	if ((test ? look(path, &err) : serve(path, &err)) == -1) {
		log_warn("%s", err.msg);
		return 1;
	}
	return 0;
}
