/*
 * postseal-sync - takes settings from etcd to the local postseald, and this
 * host's state to etcd; on a console it publishes Saves and leads roll-outs.
 *
 * Usage: postseal-sync [-c CONF].  Stays in the foreground.  Started by root
 * it becomes [cluster] sync_user for good.
 *
 * One loop, one thread.  It waits for three things at once: the watch of
 * etcd, the door-bell of postseald (cluster.poll), and the answer of an apply
 * that runs.  Whatever fails is tried again; no failure here changes anything
 * about mail on this host.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "client.h"
#include "confine.h"
#include "jsonx.h"
#include "ops.h"
#include "sandbox.h"
#include "sync.h"
#include "notify.h"
#include "util.h"

/* The door-bell rings sooner; a postseald that ends waits for it. */
#define POLL_MS		3000
#define PROBE_MS	60000
#define REPORT_MS	10000
#define RETRY_MS	500
#define RETRY_DOUBLINGS 5 /* at most 8 s, give or take */
#define TICK_MS		1000
#define RECEIVE_MS	5000
#define TELL_MS		1000 /* what it has to say takes less */

static int signal_pipe[2];

static void
on_signal(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(signal_pipe[1], "T", 1) == -1)
		errno = 0; /* full: it will be read anyway */
	errno = saved;
}

static int
harden(const struct conf *conf, struct err *err)
{
	const struct rlimit none = {0, 0};
	struct sigaction sa;

	umask(077);
	if (conf->cluster_name[0] == '\0')
		return err_set(err, ERR_CONFIG, "",
		    "there is no [cluster] name: nothing to do here");
	if (geteuid() == 0 &&
	    sandbox_drop_user(conf->cluster_sync_user, err) == -1)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0) == -1)
		return err_sys(err, ERR_INTERNAL, "", "no core dumps");
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(err, ERR_IO, "", "pipe");
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	return 0;
}

/*
 * Longer and longer, and not all at once: a log-in costs etcd some 70 ms, and a
 * hundred hosts that come back together would keep it from ever answering.
 */
static int64_t
patience(struct sync *s)
{
	unsigned char dice = 128;

	if (s->failures < RETRY_DOUBLINGS)
		s->failures++;
	(void)random_bytes(&dice, 1, NULL);
	return (int64_t)RETRY_MS * (1 << (s->failures - 1)) * (64 + dice) / 256;
}

/* Off etcd: said once, tried again. */
static void
disconnect(struct sync *s, const struct err *why)
{
	if (s->connected || s->etcd_error[0] == '\0')
		log_warn("etcd: %s", why->msg);
	(void)snprintf(s->etcd_error, sizeof(s->etcd_error), "%s", why->msg);
	model_lost(s);
	s->connected = false;
	s->lease = 0;
	s->retry_at = now_ms() + patience(s);
	s->report_due = true;
	etcd_watch_stop(s->etcd);
}

static int
take_lease(struct sync *s, struct err *err)
{
	int seconds = s->conf->cluster_lease_seconds;
	char key[KEY_MAX];

	s->lease = 0;
	if (etcd_lease(s->etcd, seconds, &s->lease, err) == -1)
		return -1;
	(void)snprintf(key, sizeof(key), KEY_ALIVE "%s", s->conf->cluster_name);
	s->keepalive_at = now_ms() + seconds * 1000 / 3;
	if (etcd_put(s->etcd, key, "{}", s->lease, err) == -1)
		return -1;
	s->heard_at = time(NULL);
	return 0;
}

/* A watch that says nothing: is it alive? */
static int64_t
doubt_ms(const struct sync *s)
{
	return (int64_t)s->conf->cluster_check_seconds * 1000;
}

/* What this host says of itself may not be there any more either. */
static int
read_all(struct sync *s, struct err *err)
{
	free(s->put_text);
	s->put_text = NULL;
	return model_read(s, err);
}

static int
connect_etcd(struct sync *s, struct err *err)
{
	if (take_lease(s, err) == -1 || read_all(s, err) == -1)
		return -1;
	s->connected = true;
	s->doubt_at = now_ms() + doubt_ms(s);
	s->doubt_mod = 0;
	s->failures = 0;
	s->etcd_error[0] = '\0';
	log_info("etcd: connected, %s", etcd_endpoint(s->etcd));
	return 0;
}

static int
keep_lease(struct sync *s, struct err *err)
{
	bool alive = false;

	if (now_ms() < s->keepalive_at)
		return 0;
	if (etcd_keepalive(s->etcd, s->lease, &alive, err) == -1)
		return -1;
	if (!alive)
		return take_lease(s, err);
	s->heard_at = time(NULL);
	s->keepalive_at = now_ms() + s->conf->cluster_lease_seconds * 1000 / 3;
	return 0;
}

/*
 * A connection can be dead without anybody saying so: a firewall that forgot
 * it, a relay that hangs.  Requests of their own go through others, so every
 * now and then one asks for "desired"; a watch that does not tell of it
 * within TELL_MS is taken for dead.
 */
static int
doubt(struct sync *s, bool *ret_dead, struct err *err)
{
	struct json_object *kvs = NULL;

	*ret_dead = false;
	if (now_ms() < s->doubt_at)
		return 0;
	*ret_dead = s->doubt_mod > s->desired_mod;
	s->doubt_mod = 0;
	s->doubt_at = now_ms() + doubt_ms(s);
	if (*ret_dead)
		return 0;
	if (etcd_range(s->etcd, KEY_DESIRED, NULL, &kvs, NULL, err) == -1)
		return -1;
	if (json_object_array_length(kvs) > 0)
		s->doubt_mod =
		    jsonx_path_int(json_object_array_get_idx(kvs, 0), "mod");
	json_object_put(kvs);
	if (s->doubt_mod > s->desired_mod)
		s->doubt_at = now_ms() + TELL_MS;
	return 0;
}

/* Its revisions begin before those that were seen: a watch would wait for
 * them for ever. */
static int
put_back(struct sync *s, bool *ret, struct err *err)
{
	struct json_object *kvs = NULL;
	int64_t rev = 0;

	if (etcd_range(s->etcd, KEY_DESIRED, NULL, &kvs, &rev, err) == -1)
		return -1;
	json_object_put(kvs);
	*ret = rev + 1 < s->next_rev;
	return 0;
}

/* The stream goes on where it ended, or all is read anew when etcd has
 * forgotten that revision, or does not have it. */
static int
follow(struct sync *s, struct err *err)
{
	bool console = s->conf->cluster_console, dead, older;
	enum watch_state state;
	struct json_object *kv;
	int64_t lease = s->lease;

	while ((kv = etcd_watch_next(s->etcd, &s->next_rev)) != NULL) {
		model_event(s, kv);
		json_object_put(kv);
		s->heard_at = time(NULL);
	}
	if (doubt(s, &dead, err) == -1)
		return -1;
	if ((state = etcd_watch_state(s->etcd)) == WATCH_OK && !dead)
		return 0;
	if (state == WATCH_COMPACTED) {
		log_info("etcd: compacted, reading everything anew");
		return model_read(s, err);
	}
	/* Ask before hanging on: is anybody there at all? */
	s->keepalive_at = 0;
	if (keep_lease(s, err) == -1 || put_back(s, &older, err) == -1)
		return -1;
	if (older || lease != s->lease)
		return read_all(s, err);
	log_info("etcd: watching from revision %lld at %s",
	    (long long)s->next_rev, etcd_endpoint(s->etcd));
	return etcd_watch_start(s->etcd, console ? KEY_ALIVE : KEY_DESIRED,
	    console ? KEY_WATCH_END : NULL, s->next_rev, err);
}

static int
with_etcd(struct sync *s, struct err *err)
{
	if (follow(s, err) == -1 || keep_lease(s, err) == -1)
		return -1;
	if (s->me == NULL)
		return 0;
	if (scanner_status(s, err) == -1)
		return -1;
	if (!s->conf->cluster_console)
		return 0;
	if (console_publish(s, err) == -1 || chosen_publish(s, err) == -1 ||
	    console_command(s, err) == -1)
		return -1;
	if (console_drive(s, err) == -1 || console_tidy(s, err) == -1)
		return -1;
	return 0;
}

static void
start_poll(struct sync *s)
{
	struct json_object *args = json_object_new_object();
	bool probe = now_ms() >= s->probe_at;
	struct err err;

	if (s->me != NULL && !probe) {
		json_object_object_add(args, "serial",
		    json_object_get(jsonx_path(s->me, "serial")));
		json_object_object_add(
		    args, "wait_ms", json_object_new_int(POLL_MS));
	}
	json_object_object_add(args, "probe", json_object_new_boolean(probe));
	if (probe)
		s->probe_at = now_ms() + PROBE_MS;
	s->poll.until = now_ms() + POLL_MS + op_patience(OP_CLUSTER_POLL);
	s->poll.fd = daemon_start(s->conf, OP_CLUSTER_POLL, args, &err);
	if (s->poll.fd == -1 && s->me != NULL) {
		log_warn("postseald: %s", err.msg);
		json_object_put(s->me);
		s->me = NULL;
	}
}

/* Its answer is there, or its time is over. */
static int
finish(struct pending *p, struct json_object **data, struct err *err)
{
	int rc = client_finish(p->fd, RECEIVE_MS, data, NULL, err);

	p->fd = -1;
	return rc;
}

static void
drop(struct pending *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
}

static void
take_poll(struct sync *s)
{
	struct json_object *data = NULL;
	const char *enrolled;
	struct err err;

	if (finish(&s->poll, &data, &err) == -1) {
		log_warn("postseald: %s", err.msg);
		return;
	}
	json_object_put(s->me);
	s->me = data;
	enrolled = jsonx_path_str(data, "enrolled", "");
	if (strcmp(s->enrolled, enrolled) != 0) {
		s->tidy_due = s->report_due = true;
		(void)snprintf(
		    s->enrolled, sizeof(s->enrolled), "%s", enrolled);
	}
}

static void
take_work(struct sync *s)
{
	struct json_object *data = NULL;
	struct err err;

	if (finish(&s->work, &data, &err) == -1)
		log_warn("apply: %s: %s", err_name(err.code), err.msg);
	else {
		log_info("apply: %s", jsonx_path_str(data, "result", ""));
		s->fetch_at = 0; /* the next one may be there already */
	}
	json_object_put(data);
	/* What it changed is not known here before the next poll. */
	drop(&s->poll);
	json_object_put(s->me);
	s->me = NULL;
}

/* Wait until something happens, and take it in; true = end. */
static bool
wait_all(struct sync *s)
{
	struct curl_waitfd fds[3] = {
	    {.fd = signal_pipe[0], .events = CURL_WAIT_POLLIN}};
	unsigned int n = 1, poll_at = 0, work_at = 0;
	char c[16];

	if (s->poll.fd != -1) {
		fds[poll_at = n++] = (struct curl_waitfd){
		    .fd = s->poll.fd, .events = CURL_WAIT_POLLIN};
	}
	if (s->work.fd != -1) {
		fds[work_at = n++] = (struct curl_waitfd){
		    .fd = s->work.fd, .events = CURL_WAIT_POLLIN};
	}
	etcd_wait(s->etcd, fds, n, s->connected && s->me ? TICK_MS : RETRY_MS);
	if (read(signal_pipe[0], c, sizeof(c)) > 0)
		return true;
	if (work_at != 0 &&
	    (fds[work_at].revents != 0 || now_ms() > s->work.until)) {
		take_work(s);
		return false;
	}
	if (poll_at != 0 &&
	    (fds[poll_at].revents != 0 || now_ms() > s->poll.until))
		take_poll(s);
	return false;
}

static void
turn(struct sync *s)
{
	struct err err;

	err_clear(&err);
	if (s->poll.fd == -1)
		start_poll(s);
	if (!s->connected && now_ms() >= s->retry_at &&
	    connect_etcd(s, &err) == -1)
		disconnect(s, &err);
	if (s->connected && with_etcd(s, &err) == -1)
		disconnect(s, &err);
	if (s->connected && scanner_take(s, &err) == -1 &&
	    err.code == ERR_TIMEOUT)
		disconnect(s, &err);
	if (s->me != NULL && (s->report_due || now_ms() >= s->report_at)) {
		s->report_at = now_ms() + REPORT_MS;
		s->report_due = false;
		if (report_send(s, &err) == -1)
			log_warn("postseald: %s", err.msg);
		/* What was heard may move a roll-out on. */
		if (s->connected && s->conf->cluster_console &&
		    console_drive(s, &err) == -1)
			disconnect(s, &err);
	}
}

/* A host that leaves on purpose says so, and nobody waits for it. */
static void
farewell(struct sync *s)
{
	struct err err;

	if (s->connected && s->lease != 0 &&
	    etcd_revoke(s->etcd, s->lease, &err) == -1)
		log_warn("etcd: %s", err.msg);
	model_lost(s);
	s->connected = false;
	s->ended = true;
	(void)snprintf(
	    s->etcd_error, sizeof(s->etcd_error), "postseal-sync has ended");
	if (report_send(s, &err) == -1)
		log_warn("postseald: %s", err.msg);
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: postseal-sync [-c CONF]\n");
	return 2;
}

int
main(int argc, char *argv[])
{
	static struct conf conf;
	static struct sync s = {
	    .conf = &conf, .poll = {.fd = -1}, .work = {.fd = -1}};
	const char *path = CONF_DEFAULT_PATH;
	struct err err;
	int c;

	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	log_open("postseal-sync", true);
	err_clear(&err);
	conf_default(&conf);
	if (conf_read(&conf, path, &err) == -1 || harden(&conf, &err) == -1 ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    etcd_new(&conf, &s.etcd, &err) == -1 ||
	    sync_confine(&conf, &err) == -1) {
		log_warn("%s", err.msg);
		return 1;
	}
	log_info("%s: ready", conf.cluster_name);
	if (notify_state("READY=1") == -1)
		log_warn("the service manager was not told");
	do {
		turn(&s);
	} while (!wait_all(&s));
	farewell(&s);
	drop(&s.poll);
	drop(&s.work);
	model_clear(&s);
	json_object_put(s.me);
	json_object_put(s.former);
	free(s.put_text);
	etcd_free(s.etcd);
	curl_global_cleanup();
	log_info("ended");
	return 0;
}
