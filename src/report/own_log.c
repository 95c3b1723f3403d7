/*
 * own_log.c - the log of this host, found and opened.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "own_log.h"
#include "run.h"
#include "user.h"

#define SYSTEM_LOG "/var/log/mail.log"
#define JOURNALCTL "/usr/bin/journalctl"
#define GROUP	   "systemd-journal"
#define KEPT_S	   (31 * 24 * 60 * 60)

/* What main.cf says; "" where it says nothing, or there is no Postfix. */
static void
maillog_file(const struct conf *conf, char *dst, size_t size)
{
	char postconf[CONF_STR_MAX + 16];
	const char *const argv[] = {postconf, "-c", conf->config_directory,
	    "-hx", "maillog_file", NULL};
	struct run_spec spec = {.argv = argv};
	struct run_result r;

	*dst = '\0';
	(void)snprintf(
	    postconf, sizeof(postconf), "%s/postconf", conf->command_directory);
	if (run(&spec, &r, NULL) == -1)
		return;
	if (r.exit_code == 0 && r.out.len > 1 && r.out.data[0] == '/')
		(void)snprintf(dst, size, "%.*s",
		    (int)strcspn(r.out.data, "\n"), r.out.data);
	run_result_clear(&r);
}

/* "", ".1", ".2.gz", "-20261130": what logrotate calls them; and
 * ".20261130-073811", as "postfix logrotate" does. */
static bool
rotated(const char *end)
{
	size_t n;

	if (*end == '\0')
		return true;
	if (*end != '.' && *end != '-')
		return false;
	if (*++end < '0' || *end > '9')
		return false;
	n = strspn(end, "0123456789-");
	return (end[n] == '\0' || strcmp(end + n, ".gz") == 0);
}

struct found {
	const char *name;
	struct timespec at;
};

static int
newest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec > y->at.tv_sec ? -1 : 1;
	if (x->at.tv_nsec != y->at.tv_nsec)
		return x->at.tv_nsec > y->at.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* NAME.gz while NAME is still there: gzip is at it. */
static bool
being_packed(const char *name)
{
	char plain[CONF_STR_MAX + 32];
	size_t n = strlen(name);

	return n > 3 && n < sizeof(plain) && strcmp(name + n - 3, ".gz") == 0 &&
	       snprintf(plain, n - 2, "%s", name) > 0 &&
	       access(plain, F_OK) == 0;
}

/* The names with their times, the newest first; how many. */
static size_t
sort_found(const glob_t *g, size_t begin, struct found *found)
{
	struct stat st;
	size_t n = 0;

	for (size_t i = 0; i < g->gl_pathc; i++) {
		if (!rotated(g->gl_pathv[i] + begin) ||
		    stat(g->gl_pathv[i], &st) == -1 || !S_ISREG(st.st_mode) ||
		    st.st_size == 0 || st.st_mtime < time(NULL) - KEPT_S ||
		    being_packed(g->gl_pathv[i]))
			continue;
		found[n].name = g->gl_pathv[i];
		found[n++].at = st.st_mtim;
	}
	qsort(found, n, sizeof(*found), newest_first);
	return n < REPORT_FILES_MAX ? n : REPORT_FILES_MAX;
}

int
own_log_names(const char *path, struct own_log *log, struct err *err)
{
	char pattern[CONF_STR_MAX + 8];
	struct found *found = NULL;
	glob_t g = {0};
	size_t n;
	int rc = 0;

	log->n = 0;
	(void)snprintf(pattern, sizeof(pattern), "%s*", path);
	if (glob(pattern, 0, NULL, &g) == 0 &&
	    (found = calloc(g.gl_pathc, sizeof(*found))) == NULL)
		rc = err_set(err, ERR_NOMEM, "", "out of memory");
	if (found != NULL)
		for (n = sort_found(&g, strlen(path), found); n-- > 0;)
			(void)snprintf(log->names[log->n++],
			    sizeof(log->names[0]), "%s", found[n].name);
	free(found);
	globfree(&g);
	return rc;
}

static int
open_files(const char *path, struct own_log *log, struct err *err)
{
	size_t n;

	if (own_log_names(path, log, err) == -1)
		return -1;
	n = log->n;
	for (log->n = 0; log->n < n; log->n++) {
		log->files[log->n] =
		    open(log->names[log->n], O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (log->files[log->n] == -1) {
			err_sys(err, ERR_IO, "", "%.100s", log->names[log->n]);
			(void)own_log_close(log);
			return -1;
		}
	}
	return 0;
}

/* In the child: nobody, who may read the journal. */
static void
exec_journalctl(const struct conf *conf, const struct user *nobody, int out)
{
	char dir[CONF_STR_MAX + 16], *const envp[] = {NULL};
	char *const argv[] = {(char *)(uintptr_t) "journalctl",
	    (char *)(uintptr_t) "--quiet", (char *)(uintptr_t) "--no-pager",
	    (char *)(uintptr_t) "--output=short-iso",
	    (char *)(uintptr_t) "--facility=mail",
	    (char *)(uintptr_t) "--since=-30d",
	    conf->journal_directory[0] != '\0' ? dir : NULL, NULL};
	struct group *gr = getgrnam(GROUP);
	int null = open("/dev/null", O_RDWR);

	(void)snprintf(
	    dir, sizeof(dir), "--directory=%s", conf->journal_directory);
	if (geteuid() == 0 && (setgroups(gr == NULL ? 0 : 1,
				   gr == NULL ? NULL : &gr->gr_gid) == -1 ||
				  user_become(nobody) == -1))
		_exit(126);
	if (dup2(null, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 || close_range(3, ~0u, 0) == -1)
		_exit(126);
	execve(JOURNALCTL, argv, envp);
	_exit(127);
}

static int
open_journal(const struct conf *conf, struct own_log *log, struct err *err)
{
	struct user nobody = {0};
	int fd[2];

	if ((geteuid() == 0 && user_find("nobody", &nobody, err) == -1))
		return -1;
	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_sys(err, ERR_IO, "", "pipe");
	if ((log->journal = fork()) == 0)
		exec_journalctl(conf, &nobody, fd[1]);
	(void)close(fd[1]);
	if (log->journal == -1) {
		log->journal = 0;
		(void)close(fd[0]);
		return err_sys(err, ERR_IO, "", "fork");
	}
	log->files[0] = fd[0];
	(void)strcpy(log->names[0], "journal");
	log->n = 1;
	return 0;
}

bool
own_log_path(const struct conf *conf, char path[CONF_STR_MAX])
{
	(void)snprintf(path, CONF_STR_MAX, "%s", conf->log_file);
	if (*path == '\0')
		maillog_file(conf, path, CONF_STR_MAX);
	if (*path != '\0')
		return true;
	(void)strcpy(path, SYSTEM_LOG);
	return false;
}

int
own_log_open(const struct conf *conf, struct own_log *log, struct err *err)
{
	char path[CONF_STR_MAX];

	memset(log, 0, sizeof(*log));
	(void)own_log_path(conf, path);
	if (open_files(path, log, err) == -1)
		return -1;
	return log->n > 0 ? 0 : open_journal(conf, log, err);
}

bool
own_log_close(struct own_log *log)
{
	int status = 0;

	while (log->n > 0)
		(void)close(log->files[--log->n]);
	if (log->journal == 0)
		return true;
	while (waitpid(log->journal, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
