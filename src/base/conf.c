/*
 * conf.c - the configuration file, by a table.
 *
 * libinih reads the lines; we hand them to it ourselves, because its handler
 * is not told the line number and because it cuts lines of 200 bytes in two
 * without a word: here they are an error.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "buf.h"
#include "conf.h"
#include "confkind.h"
#include "fsx.h"
#include "jsonx.h"
#include "util.h"

#define CONF_FILE_MAX (64 * 1024)

static const char *const apply_modes[] = {
    [APPLY_RESTART] = "restart",
    [APPLY_RELOAD] = "reload",
};

struct key {
	const char *section, *name;
	enum conf_kind kind;
	size_t offset, size;
	int min, max;
	const char *dflt;
};

#define STR(sec, name, kind, member, dflt) \
	{ \
		sec, name, kind, offsetof(struct conf, member), \
		    sizeof(((struct conf *)0)->member), 0, 0, dflt \
	}
#define YES_NO(sec, name, member, dflt) \
	{ \
		sec, name, KIND_YES_NO, offsetof(struct conf, member), \
		    sizeof(int), 0, 1, dflt \
	}
#define INT(sec, name, member, min, max, dflt) \
	{ \
		sec, name, KIND_INT, offsetof(struct conf, member), \
		    sizeof(int), min, max, dflt \
	}

static const struct key keys[] = {
    STR("daemon", "state_directory", KIND_PATH, state_directory,
	"/var/lib/postseal/daemon"),
    STR("daemon", "socket", KIND_SOCKET, socket,
	"/run/postseal/postseald.sock"),
    STR("daemon", "socket_group", KIND_NAME, socket_group, "postseal"),
    STR("daemon", "inspect_user", KIND_NAME, inspect_user, "postseal-parse"),
    STR("daemon", "probe_user", KIND_NAME, probe_user, "postseal-probe"),
    YES_NO("daemon", "sandbox_required", sandbox_required, "yes"),
    INT("daemon", "generations", generations, 2, 1000, "20"),
    INT("daemon", "draft_minutes", draft_minutes, 1, 1440, "30"),
    STR("daemon", "apply", KIND_APPLY, apply, "restart"),
    STR("postfix", "config_directory", KIND_PATH, config_directory,
	"/etc/postfix"),
    STR("postfix", "command_directory", KIND_PATH, command_directory,
	"/usr/sbin"),
    STR("postfix", "service", KIND_SERVICE, service, "smtp"),
    STR("postfix", "log_file", KIND_PATH_OR_NONE, log_file, ""),
    STR("postfix", "journal_directory", KIND_PATH_OR_NONE, journal_directory,
	""),
    STR("web", "listen", KIND_SOCKET, listen, "/run/postseal/fcgi.sock"),
    STR("web", "listen_group", KIND_NAME, listen_group, "postseal-web"),
    STR("web", "user", KIND_NAME, web_user, "postseal"),
    STR("web", "state_directory", KIND_PATH, web_state_directory,
	"/var/lib/postseal/web"),
    STR("web", "template_directory", KIND_PATH, template_directory,
	"/usr/share/postseal/templates"),
    INT("web", "workers", workers, 1, 64, "8"),
    INT("web", "session_idle_minutes", session_idle_minutes, 1, 1440, "15"),
    INT("web", "session_max_hours", session_max_hours, 1, 168, "8"),
    STR("web", "origin", KIND_ORIGIN, origin, ""),
    STR("web", "totp_required", KIND_ROLES, totp_required, ""),
    STR("auth", "source", KIND_SOURCE, auth_source, "local"),
    STR("auth", "pam_service", KIND_NAME, pam_service, "postseal"),
    STR("auth", "pam_directory", KIND_PATH_OR_NONE, pam_directory, ""),
    STR("auth", "pam_helper", KIND_PATH, pam_helper,
	"/usr/libexec/postseal/postseal-pam"),
    STR("auth", "password_list", KIND_PATH_OR_NONE, password_list, ""),
    INT("auth", "pam_recheck_seconds", pam_recheck_seconds, 1, 3600, "60"),
    STR("auth", "pam_administrators", KIND_NAME_OR_NONE, pam_administrators,
	""),
    STR("auth", "pam_operators", KIND_NAME_OR_NONE, pam_operators, ""),
    STR("auth", "pam_viewers", KIND_NAME_OR_NONE, pam_viewers, ""),
    STR("logs", "user", KIND_NAME, logs_user, "postseal-logs"),
    STR("logs", "state_directory", KIND_PATH, logs_state_directory,
	"/var/lib/postseal/logs"),
    STR("logs", "socket", KIND_SOCKET, logs_socket, "/run/postseal/logs.sock"),
    YES_NO("logs", "domains", logs_domains, "yes"),
    STR("cluster", "name", KIND_HOST_OR_NONE, cluster_name, ""),
    YES_NO("cluster", "console", cluster_console, "no"),
    YES_NO("cluster", "own_certificate", cluster_own_certificate, "no"),
    STR("cluster", "endpoints", KIND_ENDPOINTS, cluster_endpoints, ""),
    STR("cluster", "ca", KIND_PATH_OR_NONE, cluster_ca, ""),
    STR("cluster", "certificate", KIND_PATH_OR_NONE, cluster_certificate, ""),
    STR("cluster", "key", KIND_PATH_OR_NONE, cluster_key, ""),
    STR("cluster", "user", KIND_HOST_OR_NONE, cluster_user, ""),
    STR("cluster", "password_file", KIND_PATH_OR_NONE, cluster_password_file,
	""),
    STR("cluster", "sync_user", KIND_NAME, cluster_sync_user, "postseal-sync"),
    STR("cluster", "canary", KIND_HOST_OR_NONE, cluster_canary, ""),
    INT("cluster", "batch", cluster_batch, 0, 10000, "0"),
    INT("cluster", "lease_seconds", cluster_lease_seconds, 5, 300, "10"),
    INT("cluster", "check_seconds", cluster_check_seconds, 1, 300, "15"),
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

struct state {
	struct conf conf;
	const char *path;
	const char *text;
	size_t len, at;
	int line;
	bool seen[N_KEYS];
	bool failed;
	int failed_at; /* line of the complaint */
	struct err *err;
};

static bool
int_valid(const struct key *k, const char *s, int *ret)
{
	size_t len = strlen(s);
	long n;

	if (len == 0 || len > 9 || strspn(s, "0123456789") != len)
		return false;
	n = strtol(s, NULL, 10);
	if (n < k->min || n > k->max)
		return false;
	*ret = (int)n;
	return true;
}

static bool
value_valid(const struct key *k, const char *s)
{
	int n;

	return k->kind == KIND_INT ? int_valid(k, s, &n)
				   : conf_kind_valid(k->kind, s, k->size);
}

static void
expected(const struct key *k, char *dst, size_t size)
{
	if (k->kind == KIND_INT)
		snprintf(dst, size, "a number from %d to %d", k->min, k->max);
	else
		snprintf(dst, size, "%s", conf_kind_says(k->kind));
}

static void
store(struct conf *c, const struct key *k, const char *s)
{
	char *at = (char *)c + k->offset;
	int n;

	switch (k->kind) {
	case KIND_INT:
		if (int_valid(k, s, &n))
			memcpy(at, &n, sizeof(n));
		break;
	case KIND_APPLY:
		apply_mode_from_name(s, (enum apply_mode *)(void *)at);
		break;
	case KIND_YES_NO:
		n = strcmp(s, "yes") == 0;
		memcpy(at, &n, sizeof(n));
		break;
	default:
		snprintf(at, k->size, "%s", s);
		break;
	}
}

void
conf_default(struct conf *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < N_KEYS; i++)
		store(c, &keys[i], keys[i].dflt);
}

static const struct key *
find_key(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < N_KEYS; i++) {
		if (strcmp(keys[i].section, section) == 0 &&
		    (name == NULL || strcmp(keys[i].name, name) == 0))
			return &keys[i];
	}
	return NULL;
}

/* The first complaint stays; inih's word for failure is 0. */
static int
on_pair(void *arg, const char *section, const char *name, const char *value)
{
	struct state *st = arg;
	const struct key *k;
	char want[64];

	if (st->failed)
		return 0;
	st->failed = true;
	st->failed_at = st->line;
	k = find_key(section, name);
	if (k == NULL) {
		err_set(st->err, ERR_CONFIG, name,
		    "%s:%d: unknown key \"%s\" in [%s]", st->path, st->line,
		    name, section);
		return 0;
	}
	if (st->seen[k - keys]) {
		err_set(st->err, ERR_CONFIG, name,
		    "%s:%d: %s is given twice or continued", st->path, st->line,
		    name);
		return 0;
	}
	if (!value_valid(k, value)) {
		expected(k, want, sizeof(want));
		err_set(st->err, ERR_CONFIG, name,
		    "%s:%d: %s: expected %s, got \"%s\"", st->path, st->line,
		    name, want, value);
		return 0;
	}
	store(&st->conf, k, value);
	st->seen[k - keys] = true;
	st->failed = false;
	return 1;
}

/* inih calls its handler for pairs only: an empty section is seen here. */
static bool
section_known(const char *line)
{
	char section[64];
	size_t n;

	line += strspn(line, " \t");
	if (*line != '[')
		return true;
	n = strcspn(++line, "]");
	if (n >= sizeof(section))
		return false;
	memcpy(section, line, n);
	section[n] = '\0';
	return find_key(section, NULL) != NULL;
}

/* As fgets. */
static char *
next_line(char *dst, int size, void *arg)
{
	struct state *st = arg;
	const char *p, *nl;
	size_t n;

	if (st->failed || st->at >= st->len)
		return NULL;
	st->line++;
	p = st->text + st->at;
	nl = memchr(p, '\n', st->len - st->at);
	n = nl == NULL ? st->len - st->at : (size_t)(nl - p) + 1;
	if (n >= (size_t)size) {
		st->failed = true;
		st->failed_at = st->line;
		err_set(st->err, ERR_CONFIG, NULL,
		    "%s:%d: line of more than %d bytes", st->path, st->line,
		    size - 1);
		return NULL;
	}
	memcpy(dst, p, n);
	dst[n] = '\0';
	st->at += n;
	if (!section_known(dst)) {
		st->failed = true;
		st->failed_at = st->line;
		err_set(st->err, ERR_CONFIG, NULL, "%s:%d: unknown section %s",
		    st->path, st->line, dst);
	}
	return dst;
}

static int
parse(struct state *st)
{
	int line;

	if (memchr(st->text, '\0', st->len) != NULL ||
	    !utf8_valid(st->text, st->len))
		return err_set(
		    st->err, ERR_CONFIG, NULL, "%s: not UTF-8 text", st->path);
	line = ini_parse_stream(next_line, st, on_pair, st);
	/* inih goes on behind a line that it did not understand. */
	if (st->failed && (line <= 0 || line >= st->failed_at))
		return -1;
	if (line != 0)
		return err_set(st->err, ERR_CONFIG, NULL,
		    "%s:%d: neither [section] nor key = value", st->path, line);
	return 0;
}

int
conf_read(struct conf *c, const char *path, struct err *err)
{
	struct state st;
	struct err why;
	struct buf text;
	int rc = -1;

	memset(&st, 0, sizeof(st));
	buf_init(&text, CONF_FILE_MAX);
	if (fsx_read(path, CONF_FILE_MAX, &text, &why) != 0) {
		err_set(err, ERR_CONFIG, NULL, "%s", why.msg);
		if (err != NULL)
			err->sys = why.sys;
		goto out;
	}
	st.conf = *c;
	st.path = path;
	st.text = text.data;
	st.len = text.len;
	st.err = err;
	if (parse(&st) != 0)
		goto out;
	*c = st.conf;
	rc = 0;
out:
	buf_clear(&text);
	return rc;
}

int
conf_ms(const struct conf *c, int ms)
{
	int64_t left = c->until - now_ms();

	if (c->until == 0 || left >= ms)
		return ms;
	return left > 0 ? (int)left : 1;
}

int
apply_mode_from_name(const char *name, enum apply_mode *ret)
{
	size_t i;

	for (i = 0;
	     name != NULL && i < sizeof(apply_modes) / sizeof(apply_modes[0]);
	     i++) {
		if (strcmp(apply_modes[i], name) == 0) {
			*ret = (enum apply_mode)i;
			return 0;
		}
	}
	return -1;
}

const char *
apply_mode_name(enum apply_mode mode)
{
	return mode == APPLY_RELOAD ? apply_modes[APPLY_RELOAD]
				    : apply_modes[APPLY_RESTART];
}
