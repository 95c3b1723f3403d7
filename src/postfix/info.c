/*
 * info.c - what Postfix is there, and can the console work with it?
 *
 * Four postconf calls at most: -d mail_version (works whatever main.cf looks
 * like, and is not fooled by a main.cf that sets mail_version), -x for the
 * values that we need expanded, -M for the services, -P for their overrides
 * (only when there is a loopback service to exempt).
 * Kinds: no postconf and no sendmail = none; a sendmail without postconf =
 * another MTA; before 3.4 there is no smtpd_tls_chain_files = too old; what
 * Postfix itself refuses to read = broken, with its own line.
 */
#include <fcntl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "postfix_int.h"
#include "util.h"

#define VERSION_MIN 30400

static int
stat_files(
    const struct conf *conf, struct stat *main_st, struct stat *master_st)
{
	char path[CONF_STR_MAX + 16];

	memset(main_st, 0, sizeof(*main_st));
	memset(master_st, 0, sizeof(*master_st));
	(void)snprintf(
	    path, sizeof(path), "%s/main.cf", conf->config_directory);
	if (stat(path, main_st) == -1)
		memset(main_st, 0, sizeof(*main_st));
	(void)snprintf(
	    path, sizeof(path), "%s/master.cf", conf->config_directory);
	if (stat(path, master_st) == -1)
		memset(master_st, 0, sizeof(*master_st));
	return 0;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool
postfix_info_fresh(const struct conf *conf, const struct postfix_info *info)
{
	struct stat main_st, master_st;

	(void)stat_files(conf, &main_st, &master_st);
	return main_st.st_ino != 0 && same_file(&main_st, &info->maincf) &&
	       same_file(&master_st, &info->mastercf);
}

/* No postconf: is there a sendmail of somebody else? */
static void
find_other_mta(const struct conf *conf, struct postfix_info *info)
{
	const char *dirs[] = {conf->command_directory, "/usr/sbin", "/usr/lib"};
	char path[CONF_STR_MAX + 16], *real;
	size_t i;

	info->kind = POSTFIX_NONE;
	(void)snprintf(info->detail, sizeof(info->detail),
	    "%.100s/postconf: not found", conf->command_directory);
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/sendmail", dirs[i]);
		if (access(path, X_OK) == -1)
			continue;
		real = realpath(path, NULL);
		info->kind = POSTFIX_OTHER_MTA;
		(void)snprintf(info->detail, sizeof(info->detail),
		    "sendmail is %.150s", real == NULL ? path : real);
		free(real);
		return;
	}
}

static void
broken(struct postfix_info *info, const struct buf *program_err)
{
	char diag[DIAG_MAX];

	info->kind = POSTFIX_BROKEN;
	diag_pick(program_err, diag);
	(void)snprintf(info->detail, sizeof(info->detail), "%s",
	    diag[0] == '\0' ? "postconf failed without a word" : diag);
}

/* One postconf call: 0 with *r filled, 1 when Postfix refused (info says
 * so), -1 when it could not run. */
static int
ask(const struct conf *conf, const char *const *args, struct run_result *r,
    struct postfix_info *info, struct err *err)
{
	if (postconf_run(conf, conf->config_directory, args, r, err) == -1)
		return -1;
	if (r->exit_code == 0)
		return 0;
	broken(info, &r->err);
	return 1;
}

/* "3.7.11", "3.10-20240101", "3.9.0-RC1" -> 30711, 31000, 30900 */
static unsigned
version_number(const char *text)
{
	unsigned part[3] = {0, 0, 0};
	size_t i;
	char *end;

	for (i = 0; i < 3; i++) {
		part[i] = (unsigned)strtoul(text, &end, 10);
		if (end == text || part[i] > 99)
			part[i] = part[i] > 99 ? 99 : 0;
		if (*end != '.')
			break;
		text = end + 1;
	}
	return part[0] * 10000 + part[1] * 100 + part[2];
}

static int
read_version(
    const struct conf *conf, struct postfix_info *info, struct err *err)
{
	static const char *const args[] = {"-d", "-h", "mail_version", NULL};
	struct run_result r;
	size_t n;
	int rc;

	if ((rc = ask(conf, args, &r, info, err)) != 0)
		goto out;
	n = strcspn(r.out.data, "\r\n");
	text_clean(
	    info->version_text, sizeof(info->version_text), r.out.data, n);
	info->version = version_number(info->version_text);
	if (info->version < VERSION_MIN) {
		info->kind = POSTFIX_TOO_OLD;
		(void)snprintf(info->detail, sizeof(info->detail),
		    "Postfix %s: expected 3.4 or later", info->version_text);
		rc = 1;
	}
out:
	run_result_clear(&r);
	return rc;
}

static int
read_values(const struct conf *conf, struct postfix_info *info,
    struct json_object **ret_values, struct err *err)
{
	static const char *const args[] = {"-x", "myhostname",
	    "queue_directory", "maillog_file", "inet_interfaces",
	    "inet_protocols", NULL};
	struct json_object *o = NULL;
	struct run_result r;
	const char *s;
	int rc;

	if ((rc = ask(conf, args, &r, info, err)) != 0)
		goto out;
	if ((rc = postconf_parse(&r.out, &o, err)) == -1)
		goto out;
	s = jsonx_path_str(o, "myhostname", "");
	text_clean(info->myhostname, sizeof(info->myhostname), s, strlen(s));
	(void)snprintf(info->queue_directory, sizeof(info->queue_directory),
	    "%s", jsonx_path_str(o, "queue_directory", ""));
	(void)snprintf(info->maillog, sizeof(info->maillog), "%s",
	    jsonx_path_str(o, "maillog_file", ""));
	if (info->queue_directory[0] != '/') {
		info->kind = POSTFIX_BROKEN;
		(void)snprintf(info->detail, sizeof(info->detail),
		    "queue_directory: expected an absolute path");
		rc = 1;
	}
	*ret_values = o;
	o = NULL;
out:
	json_object_put(o);
	run_result_clear(&r);
	return rc;
}

static bool
has_own_level(struct json_object *overrides, const char *service)
{
	static const char *const names[] = {"smtpd_tls_security_level",
	    "smtpd_tls_wrappermode", "smtpd_enforce_tls"};
	char key[256];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(
		    key, sizeof(key), "%s/inet/%s", service, names[i]);
		if (json_object_object_get_ex(overrides, key, NULL))
			return true;
	}
	return false;
}

/* Keep those candidates that have no level of their own in master.cf. */
static int
drop_overridden(
    const struct conf *conf, struct postfix_info *info, struct err *err)
{
	static const char *const args[] = {"-P", NULL};
	struct json_object *overrides = NULL;
	struct run_result r;
	size_t i, n = 0;
	int rc;

	if ((rc = ask(conf, args, &r, info, err)) != 0)
		goto out;
	if ((rc = postconf_parse(&r.out, &overrides, err)) == -1)
		goto out;
	for (i = 0; i < info->n_exempt; i++)
		if (!has_own_level(overrides, info->exempt[i]))
			memmove(info->exempt[n++], info->exempt[i],
			    sizeof(info->exempt[0]));
	info->n_exempt = n;
out:
	json_object_put(overrides);
	run_result_clear(&r);
	return rc;
}

struct scan {
	const struct conf *conf;
	struct postfix_info *info;
	const char *interfaces, *protocols;
	struct endpoint own; /* of conf->service */
	bool found;
};

/* One "postconf -M" line: name type private unpriv chroot wakeup limit cmd */
static void
scan_service(struct scan *s, char *line)
{
	struct postfix_info *info = s->info;
	char *field[8], *save = NULL, *word;
	struct endpoint e;
	size_t n = 0;
	bool own;

	for (word = strtok_r(line, " \t", &save); word != NULL && n < 8;
	     word = strtok_r(NULL, " \t", &save))
		field[n++] = word;
	if (n < 8 || strcmp(field[1], "inet") != 0 ||
	    strlen(field[0]) >= sizeof(info->exempt[0]) ||
	    endpoint_resolve(field[0], s->interfaces, s->protocols, &e, NULL) ==
		-1)
		return;
	own = strcmp(field[0], s->conf->service) == 0 ||
	      (e.port == s->own.port && strcmp(e.host, s->own.host) == 0);
	if (own) {
		s->found = true;
		return;
	}
	if (e.loopback && strcmp(field[7], "smtpd") == 0 &&
	    info->n_exempt < POSTFIX_EXEMPT_MAX)
		(void)snprintf(info->exempt[info->n_exempt++],
		    sizeof(info->exempt[0]), "%s", field[0]);
}

static int
read_services(const struct conf *conf, struct postfix_info *info,
    struct json_object *values, struct err *err)
{
	static const char *const args[] = {"-M", NULL};
	struct scan s = {.conf = conf, .info = info};
	char *line, *save = NULL;
	struct run_result r;
	struct err why;
	int rc;

	s.interfaces = jsonx_path_str(values, "inet_interfaces", "all");
	s.protocols = jsonx_path_str(values, "inet_protocols", "all");
	if ((rc = ask(conf, args, &r, info, err)) != 0)
		goto out;
	if (endpoint_resolve(
		conf->service, s.interfaces, s.protocols, &s.own, &why) == -1) {
		info->kind = POSTFIX_BROKEN;
		(void)snprintf(
		    info->detail, sizeof(info->detail), "%s", why.msg);
		rc = 1;
		goto out;
	}
	memcpy(info->probe_host, s.own.host, sizeof(info->probe_host));
	info->probe_port = s.own.port;
	for (line = strtok_r(r.out.data, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		scan_service(&s, line);
	if (!s.found) {
		info->kind = POSTFIX_BROKEN;
		(void)snprintf(info->detail, sizeof(info->detail),
		    "master.cf has no inet service \"%.100s\"", conf->service);
		rc = 1;
	}
out:
	run_result_clear(&r);
	return rc;
}

int
postfix_info_read(
    const struct conf *conf, struct postfix_info *ret_info, struct err *err)
{
	struct json_object *values = NULL;
	struct postfix_info info;
	char path[CONF_STR_MAX + 16];
	int rc = 0;

	memset(&info, 0, sizeof(info));
	(void)stat_files(conf, &info.maincf, &info.mastercf);
	(void)snprintf(
	    path, sizeof(path), "%s/postconf", conf->command_directory);
	if (access(path, X_OK) == -1)
		find_other_mta(conf, &info);
	else if ((rc = read_version(conf, &info, err)) == 0 &&
		 (rc = read_values(conf, &info, &values, err)) == 0 &&
		 (rc = read_services(conf, &info, values, err)) == 0 &&
		 info.n_exempt > 0)
		rc = drop_overridden(conf, &info, err);
	json_object_put(values);
	if (rc == -1)
		return -1;
	*ret_info = info;
	return 0;
}

int
postfix_usable(const struct postfix_info *info, struct err *err)
{
	static const enum err_code codes[] = {
	    [POSTFIX_OK] = ERR_NONE,
	    [POSTFIX_NONE] = ERR_POSTFIX_MISSING,
	    [POSTFIX_OTHER_MTA] = ERR_POSTFIX_FOREIGN,
	    [POSTFIX_TOO_OLD] = ERR_POSTFIX_OLD,
	    [POSTFIX_BROKEN] = ERR_POSTFIX_CONFIG,
	};

	if (info->kind == POSTFIX_OK)
		return 0;
	return err_set(err, codes[info->kind], "", "%s", info->detail);
}

/*
 * master(8) holds flock(LOCK_EX) on pid/master.pid as long as it lives.  The
 * pid in the file is looked at first, so that the lock is not taken, even for
 * a microsecond, from a master that is just starting.
 */
bool
postfix_running(const struct postfix_info *info)
{
	char path[sizeof(info->queue_directory) + 32], text[64];
	bool running = false;
	ssize_t n;
	long pid;
	int fd;

	if (info->queue_directory[0] == '\0')
		return false;
	(void)snprintf(
	    path, sizeof(path), "%s/pid/master.pid", info->queue_directory);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return false;
	if ((n = read(fd, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		pid = strtol(text, NULL, 10);
		if (pid > 1 && (kill((pid_t)pid, 0) == 0 || errno == EPERM))
			running = flock(fd, LOCK_SH | LOCK_NB) == -1;
	}
	(void)close(fd);
	return running;
}
