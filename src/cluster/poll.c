/*
 * poll.c - the door-bell of postseal-sync: one request that stays open until
 * something of the cluster has changed on this host, and then tells
 * everything.
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
#include "jsonx.h"
#include "rollout.h"
#include "util.h"

#define SERIAL_MAX 65

static const char *const watched[] = {"cluster/state.json",
    "cluster/outbox.json", "cluster/chosen.json", "cluster/command.json",
    "cluster/identity.pem", "cluster/consoles.pem", "cluster/hosts", "current",
    "probe.json"};

static int
serial_of(const struct conf *conf, const char *const *files, size_t n,
    char dst[SERIAL_MAX], struct err *err)
{
	char path[STATE_PATH_MAX];
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

static int
serial_now(const struct conf *conf, char dst[SERIAL_MAX], struct err *err)
{
	return serial_of(
	    conf, watched, sizeof(watched) / sizeof(watched[0]), dst, err);
}

static int
enrolled_now(const struct conf *conf, char dst[SERIAL_MAX], struct err *err)
{
	static const char *const hosts[] = {"cluster/hosts"};

	return serial_of(conf, hosts, 1, dst, err);
}

static int
watch_open(const struct conf *conf)
{
	static const char *const dirs[] = {"cluster", "cluster/hosts", "."};
	char path[STATE_PATH_MAX];
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
	char now[SERIAL_MAX], junk[4096];
	int rc = 0;

	p[0].fd = watch_open(conf);
	p[1].fd = term_open();
	p[2].fd = client;
	for (;;) {
		if ((rc = serial_now(conf, now, err)) == -1 ||
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

/* {"text", "sig"}: what this host says of itself. */
static int
signed_status(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *o = NULL;
	const char *text;
	struct buf sig;
	int rc = -1;

	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	if (cluster_status(conf, probe, &o, err) == -1)
		goto out;
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || cluster_sign(conf, text, &sig, err) == -1)
		goto out;
	*ret = json_object_new_object();
	jsonx_put_str(*ret, "text", text);
	json_object_object_add(*ret, "sig", jsonx_new_b64(sig.data, sig.len));
	rc = 0;
out:
	json_object_put(o);
	buf_clear(&sig);
	return rc;
}

static int
put_all(
    const struct conf *conf, bool probe, struct json_object *o, struct err *err)
{
	struct json_object *publish = NULL, *command = NULL, *hosts = NULL;
	struct json_object *status = NULL, *chosen = NULL;
	char serial[SERIAL_MAX], enrolled[SERIAL_MAX];
	struct cluster_state s;

	/* The serial first: what changes meanwhile is seen next time. */
	if (serial_now(conf, serial, err) == -1 ||
	    enrolled_now(conf, enrolled, err) == -1 ||
	    cluster_state_read(conf, &s, err) == -1 ||
	    cluster_hosts(conf, &hosts, err) == -1)
		return -1;
	if (cluster_request_open(conf, "outbox.json", &publish, err) == -1 ||
	    cluster_request_open(conf, "command.json", &command, err) == -1 ||
	    cluster_request_open(conf, "chosen.json", &chosen, err) == -1 ||
	    signed_status(conf, probe, &status, err) == -1) {
		json_object_put(publish);
		json_object_put(command);
		json_object_put(chosen);
		json_object_put(hosts);
		return -1;
	}
	/* The probe's own trace is no change. */
	if (probe && serial_now(conf, serial, err) == -1)
		serial[0] = '\0';
	jsonx_put_str(o, "serial", serial);
	jsonx_put_str(o, "enrolled", enrolled);
	jsonx_put_str(o, "name", conf->cluster_name);
	jsonx_put_str(o, "cluster", s.id);
	jsonx_put_bool(o, "console", conf->cluster_console);
	jsonx_put_int(o, "local", s.local);
	cluster_counts_put(o, &s);
	json_object_object_add(o, "publish", publish);
	json_object_object_add(o, "chosen", chosen);
	json_object_object_add(o, "command", command);
	json_object_object_add(o, "hosts", hosts);
	json_object_object_add(o, "status", status);
	return 0;
}

int
cluster_poll(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *o = json_object_new_object();

	if (put_all(conf, probe, o, err) == -1) {
		json_object_put(o);
		return -1;
	}
	*ret = o;
	return 0;
}
