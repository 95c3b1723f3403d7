/*
 * preflight.c - would Postfix itself take this main.cf and master.cf?
 *
 * postconf(1) reads every main.cf; whether the values can be lived with is
 * seen by the programs that use them, and with a start or reload it is too
 * late.  So two of them are run on the staged directory, where they touch
 * nothing of the running instance:
 *   postmap -q     reads the parameters that all programs share
 *                  (message_size_limit = 10MB is fatal in each of them);
 *   smtpd -S       what "sendmail -bs" runs: reads smtpd's own, opens its
 *                  tables, greets, and ends at the end of its input.  -V:
 *                  words to stderr; the mail log gets none, by a postlog
 *                  service that is not there.
 * Measured on 3.7.11: 15 to 30 ms each; 1 s more where it is refused (fatal
 * sleeps).  A smtpd that fails in any other way than by a fatal word of its
 * own is no reason: a table may be out of reach for a moment.
 *
 * master.cf is read by postconf as strictly as by master(8), but for what only
 * the system can tell: names and numbers of ports, addresses of this host,
 * file names of the other services.  master ends over each of these, and a
 * reload with it.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "postfix_int.h"

#define PROGRAM_MS   5000
#define OPTIONS_MAX  64
#define OPTION_BYTES 512

/* A word of its own: not a part of another name. */
static bool
has_name(const char *words, const char *name, size_t n)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *p;

	for (p = words; (p = memmem(p, strlen(p), name, n)) != NULL; p++)
		if ((p == words || strchr(word, p[-1]) == NULL) &&
		    (p[n] == '\0' || strchr(word, p[n]) == NULL))
			return true;
	return false;
}

/* "main.cf, line 7: " where a word of the text is a parameter set there. */
static void
find_line(const char *dir, const char *words, char dst[64])
{
	char path[PATH_MAX];
	const char *p, *eol, *end;
	size_t line = 1, n;
	struct buf b;

	dst[0] = '\0';
	buf_init(&b, MAINCF_SIZE_MAX);
	if (fsx_path(path, sizeof(path), NULL, "%s/main.cf", dir) == -1 ||
	    fsx_read(path, MAINCF_SIZE_MAX, &b, NULL) == -1 || b.len == 0)
		goto out;
	end = b.data + b.len;
	for (p = b.data; p < end; p = eol + 1, line++) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (n > 0 && p[n + strspn(p + n, " \t")] == '=' &&
		    has_name(words, p, n))
			(void)snprintf(dst, 64, "main.cf, line %zu: ", line);
	}
out:
	buf_clear(&b);
}

/* "DIR/main.cf" is main.cf to everybody else. */
static void
without_dir(struct buf *b, const char *dir)
{
	size_t n = strlen(dir) + 1;
	char *p = b->data;

	/* A warning of Postfix's about a former config_directory names it, too.
	 */
	while (p != NULL && (p = strstr(p, dir)) != NULL) {
		if (p[n - 1] != '/') {
			p += n - 1;
			continue;
		}
		memmove(p, p + n, strlen(p + n) + 1);
		b->len -= n;
	}
}

/* The program's fatal word, or 0. */
static int
judge(const char *dir, struct run_result *r, struct err *err)
{
	char diag[DIAG_MAX], line[64];

	without_dir(&r->err, dir);
	diag_pick(&r->err, diag);
	if (r->exit_code == 0 || (strncmp(diag, "fatal: ", 7) != 0 &&
				     strncmp(diag, "panic: ", 7) != 0))
		return 0;
	find_line(dir, diag, line);
	return err_set(err, ERR_POSTFIX_CONFIG, "", "%s%.130s",
	    line[0] == '\0' ? "main.cf: " : line, diag);
}

int
postfix_takes_main(const struct conf *conf, const char *dir, struct err *err)
{
	struct run_result r;
	int rc = postmap_ask(conf, dir, "postseal", "static:known", &r, err);

	if (rc == 0)
		rc = judge(dir, &r, err);
	run_result_clear(&r);
	return rc;
}

/* "-o" "name=value" for each option of the inbound service. */
static size_t
options(const struct conf *conf, const char *dir, const char *service,
    char (*text)[OPTION_BYTES], const char **argv)
{
	static const char *const args[] = {"-P", "-x", NULL};
	struct json_object *all = NULL;
	char prefix[160];
	struct run_result r;
	size_t n = 0, len;

	len = (size_t)snprintf(prefix, sizeof(prefix), "%.120s/", service);
	if (postconf_run(conf, dir, args, &r, NULL) == 0 && r.exit_code == 0)
		(void)postconf_parse(&r.out, &all, NULL);
	run_result_clear(&r);
	if (all == NULL)
		return 0;
	json_object_object_foreach (all, key, v) {
		if (n == OPTIONS_MAX || strncmp(key, prefix, len) != 0)
			continue;
		(void)snprintf(text[n], OPTION_BYTES, "%.100s=%.400s",
		    key + len, json_object_get_string(v));
		argv[2 * n] = "-o";
		argv[2 * n + 1] = text[n];
		n++;
	}
	json_object_put(all);
	return 2 * n;
}

static int
check_smtpd(const struct conf *conf, const char *dir,
    const struct postfix_info *info, struct err *err)
{
	static const char *const quiet[] = {"-S", "-V", "-o",
	    "postlog_service_name=none", "-o", "maillog_file_prefixes=/dev",
	    "-o", "maillog_file=/dev/null"};
	const size_t n_quiet = sizeof(quiet) / sizeof(quiet[0]);
	char path[600], config[PATH_MAX + 16], service[160];
	char(*text)[OPTION_BYTES];
	const char *argv[1 + 8 + 2 * OPTIONS_MAX + 1] = {path};
	const char *envp[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", config, NULL};
	struct run_spec spec = {
	    .argv = argv, .envp = envp, .in = "", .timeout_ms = PROGRAM_MS};
	struct run_result r;
	size_t n;
	int rc = 0;

	if ((text = calloc(OPTIONS_MAX, sizeof(*text))) == NULL)
		return err_set(err, ERR_NOMEM, "", "smtpd");
	(void)snprintf(path, sizeof(path), "%s/smtpd", info->daemon_directory);
	(void)snprintf(config, sizeof(config), "MAIL_CONFIG=%s", dir);
	(void)snprintf(service, sizeof(service), "%.128s%s",
	    info->inbound.postscreen ? "smtpd" : info->inbound.service,
	    info->inbound.postscreen ? "/pass" : "/inet");
	memcpy(argv + 1, quiet, sizeof(quiet));
	n = 1 + n_quiet + options(conf, dir, service, text, argv + 1 + n_quiet);
	argv[n] = NULL;
	if (postfix_run(conf, &spec, &r, NULL) == 0)
		rc = judge(dir, &r, err);
	run_result_clear(&r);
	free(text);
	return rc;
}

/* A program that a stop or start needs. */
static int
check_program(
    const char *parameter, const char *dir, const char *name, struct err *err)
{
	char path[PATH_MAX];

	if (dir[0] != '/' ||
	    fsx_path(path, sizeof(path), NULL, "%s/%s", dir, name) == -1 ||
	    access(path, X_OK) == 0)
		return 0;
	return err_set(err, ERR_POSTFIX_CONFIG, "",
	    "main.cf: %s: %.100s is no program", parameter, path);
}

/* Where the queue is not there, a Postfix that runs on the former one would
 * count as stopped; without the others none is stopped or started. */
static int
check_directories(const struct conf *conf, const char *dir,
    const struct postfix_info *info, struct err *err)
{
	static const char *const args[] = {
	    "-x", "-h", "command_directory", NULL};
	struct run_result r;
	struct stat st;
	int rc = 0;

	if (info->queue_directory[0] == '/' &&
	    (stat(info->queue_directory, &st) == -1 || !S_ISDIR(st.st_mode)))
		return err_set(err, ERR_POSTFIX_CONFIG, "",
		    "main.cf: queue_directory: %.120s is no directory",
		    info->queue_directory);
	if (check_program("daemon_directory", info->daemon_directory, "master",
		err) == -1)
		return -1;
	if (postconf_run(conf, dir, args, &r, NULL) == 0 && r.exit_code == 0 &&
	    r.out.len > 0) {
		r.out.data[strcspn(r.out.data, "\n")] = '\0';
		rc = check_program(
		    "command_directory", r.out.data, "postsuper", err);
	}
	run_result_clear(&r);
	return rc;
}

int
postfix_preflight(const struct conf *conf, const char *dir,
    const struct postfix_info *info, bool running, struct err *err)
{
	if (check_directories(conf, dir, info, err) == -1 ||
	    postfix_takes_main(conf, dir, err) == -1 ||
	    mastercf_check(conf, dir, info, err) == -1)
		return -1;
	/* A table by way of a proxymap that does not run is waited for. */
	if (!running || info->n_listeners == 0 ||
	    info->daemon_directory[0] != '/')
		return 0;
	return check_smtpd(conf, dir, info, err);
}
