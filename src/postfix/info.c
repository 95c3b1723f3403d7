/*
 * info.c - what Postfix is there, and can the console work with it?
 *
 * Four postconf calls at most: -d mail_version (works whatever main.cf looks
 * like, and is not fooled by a main.cf that sets mail_version), -x for the
 * values that we need expanded, and two for master.cf (services.c).
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

	if ((rc = postconf_ask(conf, args, &r, info, err)) != 0)
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

/* The inbound service's own values, as Postfix expands them. */
static void
take_values(struct postfix_inbound *in, struct json_object *o)
{
	const struct {
		const char *name, *absent;
		char *dst;
		size_t size;
	} row[] = {
	    {"inet_interfaces", "all", in->interfaces, sizeof(in->interfaces)},
	    {"inet_protocols", "all", in->protocols, sizeof(in->protocols)},
	    {"smtpd_timeout", "", in->timeout, sizeof(in->timeout)},
	    {"default_process_limit", "", in->default_limit,
		sizeof(in->default_limit)},
	    {"mynetworks", "", in->mynetworks, sizeof(in->mynetworks)},
	};
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		s = jsonx_path_str(o, row[i].name, row[i].absent);
		(void)text_clean(row[i].dst, row[i].size, s, strlen(s));
	}
}

static int
read_values(const struct conf *conf, struct postfix_info *info,
    struct json_object **ret_values, struct err *err)
{
	static const char *const args[] = {"-x", "myhostname",
	    "queue_directory", "daemon_directory", "maillog_file",
	    "syslog_name", "inet_interfaces", "inet_protocols", "smtpd_timeout",
	    "default_process_limit", "mynetworks", "multi_instance_name",
	    /* listeners.c */
	    "smtpd_tls_security_level", "smtpd_use_tls", "smtpd_enforce_tls",
	    "smtpd_tls_wrappermode", "smtpd_tls_req_ccert",
	    "smtpd_upstream_proxy_protocol",
	    "postscreen_upstream_proxy_protocol", "postscreen_greet_wait",
	    "smtpd_discard_ehlo_keywords",
	    "smtpd_discard_ehlo_keyword_address_maps", "tls_server_sni_maps",
	    NULL};
	struct json_object *o = NULL;
	struct run_result r;
	const char *s;
	int rc;

	if ((rc = postconf_ask(conf, args, &r, info, err)) != 0)
		goto out;
	if ((rc = postconf_parse(&r.out, &o, err)) == -1)
		goto out;
	s = jsonx_path_str(o, "myhostname", "");
	text_clean(info->myhostname, sizeof(info->myhostname), s, strlen(s));
	(void)snprintf(info->queue_directory, sizeof(info->queue_directory),
	    "%s", jsonx_path_str(o, "queue_directory", ""));
	(void)snprintf(info->daemon_directory, sizeof(info->daemon_directory),
	    "%s", jsonx_path_str(o, "daemon_directory", ""));
	(void)snprintf(info->maillog, sizeof(info->maillog), "%s",
	    jsonx_path_str(o, "maillog_file", ""));
	(void)snprintf(info->syslog_name, sizeof(info->syslog_name), "%s",
	    jsonx_path_str(o, "syslog_name", ""));
	(void)snprintf(info->instance, sizeof(info->instance), "%s",
	    jsonx_path_str(o, "multi_instance_name", ""));
	take_values(&info->inbound, o);
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

int
postfix_info_read(const struct conf *conf, const char *const *services,
    struct postfix_info *ret_info, struct err *err)
{
	static const char *const none[] = {NULL};
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
		 (rc = read_values(conf, &info, &values, err)) == 0)
		rc = services_read(conf, services != NULL ? services : none,
		    values, &info, err);
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
