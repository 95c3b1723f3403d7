/*
 * postseal.fcgi - the parent: opens what needs rights, gives them up, and
 * keeps conf.workers workers alive.
 *
 *   as root     socket (0660 root:listen_group), state directory
 *   setuid      to conf.web_user, for good
 *   as postseal database made or migrated, texts and templates loaded, fork
 *   worker      own database handle, sandbox, requests
 *
 * A worker that ends is replaced at once, unless its kind has been dying
 * young: then after a pause that doubles up to PAUSE_MAX_S, so that a fault
 * does not become a fork loop.  One that cannot even start (no sandbox on
 * this kernel, no database) while the console comes up ends the console.
 * SIGTERM and SIGINT: no new connections, running requests may end, then
 * whoever still runs after STOP_S is killed.
 *
 * Started without root it stays who it is, for tests and development.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "frame.h"
#include "fsx.h"
#include "ipc.h"
#include "notify.h"
#include "sandbox.h"
#include "store.h"
#include "template.h"
#include "util.h"

#define WORKERS_MAX 64
#define PAUSE_MAX_S 8
#define YOUNG_S	    2
#define COMES_UP_S  5
#define STOP_S	    20
#define BACKLOG	    4096

struct slot {
	pid_t pid; /* 0: none */
	time_t started;
	time_t not_before;
	int young_deaths; /* in a row */
};

struct parent {
	struct app app;
	int listen_fd;
	time_t started;
	bool unfit; /* a worker could not start */
	struct slot slot[WORKERS_MAX];
};

static time_t
now_s(void)
{
	return (time_t)(now_ms() / 1000);
}

static int
usage(void)
{
	fprintf(stderr, "usage: postseal.fcgi [-c CONF]\n");
	return 2;
}

static int
open_listen(const struct conf *conf, int *ret_fd, struct err *err)
{
	struct group *gr;
	gid_t gid = getgid();
	int fd, flags;

	if (geteuid() == 0) {
		if ((gr = getgrnam(conf->listen_group)) == NULL)
			return err_set(err, ERR_CONFIG, "",
			    "no group %s (listen_group)", conf->listen_group);
		gid = gr->gr_gid;
	}
	if ((fd = ipc_listen(conf->listen, 0660, gid, err)) == -1)
		return -1;
	/*
	 * Workers wait in accept(2) itself: the kernel wakes just one.  A full
	 * queue is a 502 of the web server: make it as long as the system
	 * allows.
	 */
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		err_sys(err, ERR_IO, "", "%s", conf->listen);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

/*
 * M_PERTURB (worker.c) overwrites what is freed, but for small blocks, which
 * glibc keeps in a cache of each thread and does not touch.  Without that
 * cache it is all; only the environment of a new program can say so.
 */
static void
start_without_cache(char **argv)
{
	static const char tunables[] = "glibc.malloc.tcache_count=0";
	char self[4096];
	ssize_t n;

	if (getenv("GLIBC_TUNABLES") != NULL)
		return;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0 || setenv("GLIBC_TUNABLES", tunables, 1) == -1)
		return;
	self[n] = '\0';
	execv(self, argv); /* if that fails, go on with it */
}

/* No core, no debugger, nothing to gain by a program with more rights. */
static int
harden(const struct parent *p, struct err *err)
{
	const struct rlimit none = {0, 0};

	sandbox_require(p->app.conf.sandbox_required);
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, ERR_CONFIG, "", "no core dumps");
	return 0;
}

/* What needs root, then the way down. */
static int
give_up_root(const struct conf *conf, int *ret_fd, struct err *err)
{
	struct passwd *pw = NULL;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (uid == 0) {
		if ((pw = getpwnam(conf->web_user)) == NULL)
			return err_set(err, ERR_CONFIG, "",
			    "no user %s ([web] user)", conf->web_user);
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (db_prepare(conf->web_state_directory, uid, gid, err) == -1 ||
	    open_listen(conf, ret_fd, err) == -1)
		return -1;
	return pw == NULL ? 0 : sandbox_drop_user(conf->web_user, err);
}

/* All that workers share without writing to it. */
static int
load(struct app *app, struct err *err)
{
	char path[CONF_STR_MAX + 16];
	struct db *db = NULL;

	snprintf(path, sizeof(path), "%s/locale", app->conf.template_directory);
	if (db_open(app->conf.web_state_directory, &db, err) == -1)
		return -1;
	db_close(db);
	if (places_make(app, err) == -1 ||
	    wordlist_load(app->conf.password_list, &app->list, err) == -1 ||
	    catalog_load(path, &app->texts, err) == -1)
		return -1;
	if (templates_load(
		app->conf.template_directory, &app->templates, err) == -1)
		return -1;
	snprintf(path, sizeof(path), "%s/openapi.json",
	    app->conf.template_directory);
	buf_init(&app->openapi, TEMPLATE_FILE_MAX);
	return fsx_read(path, TEMPLATE_FILE_MAX, &app->openapi, err);
}

static void
start_worker(struct parent *p, struct slot *s)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(0);
		_exit(worker_run(&p->app, p->listen_fd));
	}
	if (pid == -1) {
		log_warn("fork: %s", strerror(errno));
		s->not_before = now_s() + 1;
		return;
	}
	s->pid = pid;
	s->started = now_s();
}

static void
start_missing(struct parent *p)
{
	for (int i = 0; i < p->app.conf.workers; i++) {
		if (p->slot[i].pid == 0 && p->slot[i].not_before <= now_s())
			start_worker(p, &p->slot[i]);
	}
}

static int
pause_after(int young_deaths)
{
	int s = 1;

	if (young_deaths < 2)
		return 0;
	while (young_deaths-- > 2 && s < PAUSE_MAX_S)
		s *= 2;
	return s;
}

static void
worker_ended(struct parent *p, struct slot *s, int status)
{
	int pause;

	s->pid = 0;
	/* Whatever it says of itself: one that ends young ends the next soon. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    now_s() - s->started >= YOUNG_S) {
		s->young_deaths = 0;
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_UNFIT &&
	    now_s() - p->started < COMES_UP_S)
		p->unfit = true;
	if (now_s() - s->started < YOUNG_S)
		s->young_deaths++;
	else
		s->young_deaths = 1;
	pause = pause_after(s->young_deaths);
	s->not_before = now_s() + pause;
	if (WIFSIGNALED(status))
		log_warn("a worker died of signal %d; the next in %d s",
		    WTERMSIG(status), pause);
	else
		log_warn("a worker failed; the next in %d s", pause);
}

static int
reap(struct parent *p)
{
	int status, running = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < WORKERS_MAX; i++) {
			if (p->slot[i].pid == pid)
				worker_ended(p, &p->slot[i], status);
		}
	}
	for (int i = 0; i < WORKERS_MAX; i++)
		running += p->slot[i].pid != 0;
	return running;
}

static void
wait_signal(const sigset_t *set, int *ret_sig)
{
	static const struct timespec second = {1, 0};
	int sig = sigtimedwait(set, NULL, &second);

	*ret_sig = sig > 0 ? sig : 0;
}

static void
stop(struct parent *p, const sigset_t *set)
{
	time_t end = now_s() + STOP_S;
	int sig;

	shutdown(p->listen_fd, SHUT_RDWR);
	unlink(p->app.conf.listen); /* where its directory is ours */
	while (reap(p) > 0 && now_s() < end)
		wait_signal(set, &sig);
	for (int i = 0; i < WORKERS_MAX; i++) {
		if (p->slot[i].pid != 0)
			kill(p->slot[i].pid, SIGKILL);
	}
}

static int
run(struct parent *p)
{
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	log_info("%d workers on %s", p->app.conf.workers, p->app.conf.listen);
	p->started = now_s();
	start_missing(p);
	if (notify_state("READY=1") == -1)
		log_warn("the service manager was not told");
	while (sig != SIGTERM && sig != SIGINT && !p->unfit) {
		start_missing(p);
		wait_signal(&set, &sig);
		reap(p);
	}
	stop(p, &set);
	return p->unfit ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static struct parent p;
	const char *path = CONF_DEFAULT_PATH;
	struct err err;
	int c, status;

	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	start_without_cache(argv);
	err_clear(&err);
	log_open("postseal.fcgi", true);
	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	conf_default(&p.app.conf);
	if (conf_read(&p.app.conf, path, &err) == -1 ||
	    harden(&p, &err) == -1 ||
	    give_up_root(&p.app.conf, &p.listen_fd, &err) == -1 ||
	    load(&p.app, &err) == -1 ||
	    sandbox_forbid(FORBID_PARENT, &err) == -1) {
		log_warn("%s: %s", err_name(err.code), err.msg);
		return 1;
	}
	status = run(&p);
	wordlist_free(p.app.list);
	buf_clear(&p.app.openapi);
	templates_free(p.app.templates);
	catalog_free(p.app.texts);
	return status;
}
