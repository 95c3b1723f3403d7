/*
 * service.c - stop, start and reload one Postfix instance.
 *
 * Where systemd runs and has a unit for the instance (unit.c), that is asked.
 * Whichever was asked, success is what can be seen: the lock that master(8)
 * holds.  A Postfix that is down (a restart on a bad file leaves the unit
 * failed), or was started by hand, is started by systemd as well, in a unit of
 * its own if there is none (systemd-run): within the sandbox of our unit
 * /var/mail and /home cannot be written, local mail would bounce, and no
 * program of its users could become postdrop.  systemd refuses a unit that was
 * started five times in ten seconds.  That is for services that keep dying,
 * and must not turn the sixth Save down: the count is cleared first.
 *
 * Stopping: "postfix stop" signals master, looks once whether it is gone, and
 * if not sleeps for a second with the port closed.  "postfix abort" sends the
 * same signal and returns, and we look every few milliseconds; "postfix stop"
 * comes after it only for a master that does not go.
 * Starting: "postfix start" first scans the whole queue and the installation
 * for what an upgrade or a crash may have left.  A file quick-start in the
 * queue directory (what "postfix quick-stop" leaves there) skips that once;
 * a Postfix that ran a moment ago was checked when it started.  If that
 * start fails, a full one follows.
 * Measured (private instance, 2 busy cores, 7 runs, port closed for ms, median
 * and worst): stop + start 417, 1264; quick-stop + start 225, 297; abort +
 * start 388, 749; abort + quick start 40, 75.  With 6 sessions open: 196, 284;
 * 47, 131; 267, 308; 122, 138.  No run failed.
 */
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "maillog.h"
#include "postfix_int.h"
#include "service.h"
#include "smtp_conn.h"
#include "unit.h"
#include "util.h"

#define START_TIMEOUT_MS   60000 /* it may scan the queue */
#define COMMAND_TIMEOUT_MS 10000
#define START_WAIT_MS	   10000
#define STOP_WAIT_MS	   6000
#define PORT_WAIT_MS	   2000
#define POLL_MS		   5
#define LOG_LINES	   20

/* What postfix-script adds to whatever the reason was. */
static bool
is_echo(const char *line)
{
	return strstr(line, "mail system startup failed") != NULL;
}

static void
reason_from_log(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark, char dst[DIAG_MAX])
{
	struct json_object *lines = maillog_since(conf, info, mark, LOG_LINES);
	const char *line, *text;
	size_t i, n = jsonx_len(lines);

	for (i = 0; i < n; i++) {
		line = jsonx_str_at(lines, i);
		if (is_echo(line))
			continue;
		text = strstr(line, "]: ");
		text = text == NULL ? line : text + 3;
		(void)text_clean(dst, DIAG_MAX, text, strlen(text));
		break;
	}
	json_object_put(lines);
}

/* While Postfix is down its port is free, or somebody else has it. */
static void
reason_from_port(const struct postfix_listener *l, char dst[DIAG_MAX])
{
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *ai = NULL;
	char port[16];

	(void)snprintf(port, sizeof(port), "%d", l->port);
	if (getaddrinfo(l->host, port, &hints, &ai) != 0)
		return;
	if (address_in_use(ai->ai_addr, ai->ai_addrlen))
		(void)snprintf(dst, DIAG_MAX,
		    "port %d of %.60s is in use by another program", l->port,
		    l->host);
	freeaddrinfo(ai);
}

/*
 * postfix(1) prints nothing where stderr is no terminal, or (3.10) only that
 * it failed.  Either it could not read main.cf, which postconf(1) can tell, or
 * its words are in the log; there 3.10 has none while postlogd does not run.
 */
static void
find_reason(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark, char dst[DIAG_MAX])
{
	static const char *const args[] = {"-h", "queue_directory", NULL};
	struct run_result r;
	char echo[DIAG_MAX];
	size_t i;

	(void)snprintf(echo, sizeof(echo), "%s", dst);
	dst[0] = '\0';
	if (postconf_run(conf, conf->config_directory, args, &r, NULL) == 0 &&
	    r.exit_code != 0)
		diag_pick(&r.err, dst);
	run_result_clear(&r);
	if (dst[0] == '\0')
		reason_from_log(conf, info, mark, dst);
	for (i = 0;
	     dst[0] == '\0' && i < info->n_listeners && !postfix_running(info);
	     i++)
		reason_from_port(&info->listener[i], dst);
	if (dst[0] == '\0')
		(void)snprintf(dst, DIAG_MAX, "%s",
		    echo[0] != '\0' ? echo : "failed without a word");
}

static int
command(const struct conf *conf, const struct postfix_info *info,
    const char *const *argv, enum err_code code, const char *what,
    struct err *err)
{
	struct run_spec spec = {.argv = argv,
	    .timeout_ms = code == ERR_POSTFIX_START ? START_TIMEOUT_MS
						    : COMMAND_TIMEOUT_MS};
	struct maillog_mark mark;
	struct run_result r;
	char diag[DIAG_MAX];
	int rc = -1;

	maillog_mark(conf, info, &mark);
	if (postfix_run(conf, &spec, &r, err) == -1)
		goto out;
	if (r.exit_code == 0) {
		rc = 0;
		goto out;
	}
	diag_pick(r.err.len > 0 ? &r.err : &r.out, diag);
	if (diag[0] == '\0' || is_echo(diag))
		find_reason(conf, info, &mark, diag);
	err_set(err, code, "", "%s: %s", what, diag);
out:
	run_result_clear(&r);
	return rc;
}

static int
postfix_command(const struct conf *conf, const struct postfix_info *info,
    const char *verb, enum err_code code, struct err *err)
{
	char path[CONF_STR_MAX + 16], what[64];
	const char *argv[] = {path, "-c", conf->config_directory, verb, NULL};

	(void)snprintf(
	    path, sizeof(path), "%s/postfix", conf->command_directory);
	(void)snprintf(what, sizeof(what), "postfix %s", verb);
	return command(conf, info, argv, code, what, err);
}

static int
systemctl(const struct conf *conf, const struct postfix_info *info,
    const char *verb, const struct unit *unit, enum err_code code,
    struct err *err)
{
	const char *argv[] = {UNIT_SYSTEMCTL, verb, unit->name, NULL};
	char what[UNIT_NAME_MAX + 32];

	(void)snprintf(what, sizeof(what), "systemctl %s %s", verb, unit->name);
	return command(conf, info, argv, code, what, err);
}

static bool
wait_running(const struct conf *conf, const struct postfix_info *info,
    bool running, int ms)
{
	int64_t deadline = now_ms() + conf_ms(conf, ms);

	while (postfix_running(info) != running) {
		if (now_ms() >= deadline)
			return false;
		(void)poll(NULL, 0, POLL_MS);
	}
	return true;
}

static int
verify_started(
    const struct conf *conf, const struct postfix_info *info, struct err *err)
{
	if (wait_running(conf, info, true, START_WAIT_MS))
		return 0;
	return err_set(err, ERR_POSTFIX_START, "",
	    "Postfix was started but its master is not running");
}

static int
start_outside(const struct conf *conf, const struct postfix_info *info)
{
	char path[CONF_STR_MAX + 16];
	const char *argv[] = {UNIT_RUN, "--quiet", "--collect",
	    "--service-type=forking", "--property=GuessMainPID=no",
	    "--description=Postfix, started by postseald", path, "-c",
	    conf->config_directory, "start", NULL};

	(void)snprintf(
	    path, sizeof(path), "%s/postfix", conf->command_directory);
	return command(
	    conf, info, argv, ERR_POSTFIX_START, "systemd-run", NULL);
}

int
service_start(
    const struct conf *conf, const struct postfix_info *info, struct err *err)
{
	struct unit unit;
	bool done = false;

	if (postfix_running(info))
		return 0;
	if (unit_find(conf, info, &unit)) {
		unit_clear_count(conf, &unit);
		done = systemctl(conf, info, "start", &unit, ERR_POSTFIX_START,
			   NULL) == 0;
	}
	if (!done && unit_inside())
		done = start_outside(conf, info) == 0;
	/* systemd may refuse for reasons of its own; mail has to flow. */
	if (!done && !postfix_running(info) &&
	    postfix_command(conf, info, "start", ERR_POSTFIX_START, err) == -1)
		return -1;
	return verify_started(conf, info, err);
}

/*
 * master's lock goes with master, but its children hold the listening sockets
 * for a moment longer, and a start would find the port in use.  (To ask for
 * the process group would count zombies, which some init leaves for seconds.)
 */
static void
wait_port_closed(const struct postfix_info *info)
{
	int64_t deadline = now_ms() + PORT_WAIT_MS;
	struct smtp_conn c;
	size_t i = 0;

	while (i < info->n_listeners && now_ms() < deadline) {
		smtp_init(&c, deadline);
		if (smtp_connect(&c, info->listener[i].host,
			info->listener[i].port, NULL) == -1)
			i++;
		else
			(void)poll(NULL, 0, POLL_MS);
		smtp_close(&c);
	}
}

/* master's process group, or 0: it makes one of its own. */
pid_t
master_group(const struct postfix_info *info)
{
	char path[sizeof(info->queue_directory) + 32], text[64];
	ssize_t n;
	pid_t pid = 0;
	int fd;

	(void)snprintf(
	    path, sizeof(path), "%s/pid/master.pid", info->queue_directory);
	if (!postfix_running(info) ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return 0;
	if ((n = read(fd, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		pid = (pid_t)strtol(text, NULL, 10);
	}
	(void)close(fd);
	return pid > 1 && getpgid(pid) == pid ? pid : 0;
}

/*
 * All of Postfix's programs write to the log, and wait for a postlogd that
 * hangs: "postfix stop" too.  What that signals is signalled here; then what
 * is left of master's children, the one that hangs above all.
 */
static void
stop_by_signal(
    const struct conf *conf, const struct postfix_info *info, pid_t group)
{
	(void)kill(group, SIGTERM);
	(void)wait_running(conf, info, false, STOP_WAIT_MS);
	(void)kill(-group, SIGKILL);
	(void)wait_running(conf, info, false, STOP_WAIT_MS);
}

static int
stop_master(
    const struct conf *conf, const struct postfix_info *info, struct err *err)
{
	pid_t group = master_group(info);
	struct err why;

	err_clear(&why);
	(void)postfix_command(conf, info, "abort", ERR_POSTFIX_COMMAND, &why);
	if (why.code == ERR_POSTFIX_HANGS && group != 0)
		stop_by_signal(conf, info, group);
	/* A main.cf that Postfix refuses makes every verb fail. */
	else if ((why.code != ERR_NONE ||
		     !wait_running(conf, info, false, STOP_WAIT_MS)) &&
		 postfix_running(info))
		(void)postfix_command(
		    conf, info, "stop", ERR_POSTFIX_COMMAND, &why);
	if (postfix_running(info)) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	wait_port_closed(info);
	return 0;
}

/* Not fatal: without the file the start takes longer. */
static void
quick_start(const struct postfix_info *info, bool wanted)
{
	char path[sizeof(info->queue_directory) + 16];
	int fd;

	(void)snprintf(
	    path, sizeof(path), "%s/quick-start", info->queue_directory);
	if (!wanted) {
		(void)unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1)
		(void)close(fd);
}

/* unit: what runs it now, NULL = nobody but itself. */
static int
restart_by(const struct conf *conf, const struct postfix_info *info,
    const struct unit *unit, struct err *err)
{
	int rc;

	if (unit == NULL && stop_master(conf, info, err) == -1)
		return -1;
	if (unit != NULL)
		unit_clear_count(conf, unit);
	quick_start(info, true);
	if (unit != NULL)
		rc = systemctl(
		    conf, info, "restart", unit, ERR_POSTFIX_START, err);
	else
		rc = service_start(conf, info, err);
	quick_start(info, false);
	return rc;
}

int
service_restart(
    const struct conf *conf, const struct postfix_info *info, struct err *err)
{
	struct unit unit;
	struct err why;
	bool by_unit;

	if (!postfix_running(info))
		return service_start(conf, info, err);
	by_unit = unit_find(conf, info, &unit) && unit.active;
	if (restart_by(conf, info, by_unit ? &unit : NULL, &why) == 0 &&
	    verify_started(conf, info, &why) == 0)
		return 0;
	if (!by_unit && !postfix_running(info))
		return service_start(conf, info, err);
	if (err != NULL)
		*err = why;
	return -1;
}

int
service_reload(
    const struct conf *conf, const struct postfix_info *info, struct err *err)
{
	if (!postfix_running(info))
		return err_set(err, ERR_POSTFIX_COMMAND, "",
		    "reload: Postfix is not running");
	if (postfix_command(conf, info, "reload", ERR_POSTFIX_COMMAND, err) ==
	    -1)
		return -1;
	return verify_started(conf, info, err);
}
