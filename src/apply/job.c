/*
 * job.c - progress of applies, one file each, read by whoever waits.
 *
 * Written without fsync: after a crash the journal, not the job, says what is
 * true.  A job file that still says "running" though no apply runs belongs to
 * a process that died; the reader is told "failed".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsx.h"
#include "jsonx.h"
#include "ops.h"
#include "state.h"

#define JOBS_KEPT 50
#define JOBS_SEEN 512
#define GRACE_S	  10

static int
job_path(const struct conf *conf, const char *id, char dst[STATE_PATH_MAX],
    struct err *err)
{
	if (strlen(id) != JOB_ID_LEN ||
	    strspn(id, "0123456789abcdef") != JOB_ID_LEN)
		return err_set(err, ERR_JOB_UNKNOWN, "job",
		    "a job is %d hexadecimal digits", JOB_ID_LEN);
	return fsx_path(dst, STATE_PATH_MAX, err, "%s/jobs/%s.json",
	    conf->state_directory, id);
}

int
job_write(const struct conf *conf, struct json_object *job, struct err *err)
{
	char path[STATE_PATH_MAX];
	const char *text;

	if (job_path(conf, jsonx_path_str(job, "id", ""), path, err) == -1)
		return -1;
	text = json_object_to_json_string_ext(job, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		return err_set(err, ERR_NOMEM, "", "job");
	return fsx_replace_fast(path, text, strlen(text), 0600, err);
}

/* A job that has just begun has not taken the lock yet. */
static bool
is_settled(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && time(NULL) - st.st_mtime > GRACE_S;
}

int
job_read(const struct conf *conf, const char *id, struct json_object **ret,
    struct err *err)
{
	char path[STATE_PATH_MAX];
	struct json_object *job = NULL, *cause;
	struct err e;

	if (job_path(conf, id, path, err) == -1)
		return -1;
	if (jsonx_file_read(path, &job, &e) == -1)
		return fsx_missing(&e, err) == -1
			   ? -1
			   : err_set(err, ERR_JOB_UNKNOWN, "job",
				 "there is no such job");
	if (strcmp(jsonx_path_str(job, "state", ""), "running") == 0 &&
	    !state_busy(conf) && is_settled(path)) {
		err_set(&e, ERR_APPLY_INTERRUPTED, "",
		    "the process that worked on it has ended");
		json_object_object_add(
		    job, "state", json_object_new_string("failed"));
		if ((cause = err_to_json(&e)) != NULL)
			json_object_object_add(job, "error", cause);
	}
	*ret = job;
	return 0;
}

struct job_file {
	time_t mtime;
	char name[64];
};

static int
older_last(const void *a, const void *b)
{
	const struct job_file *x = a, *y = b;

	return (x->mtime < y->mtime) - (x->mtime > y->mtime);
}

/* Keep the newest JOBS_KEPT.  Best effort: a job too many hurts nobody. */
void
job_prune(const struct conf *conf)
{
	char path[STATE_PATH_MAX];
	struct job_file *v = NULL;
	const struct dirent *e;
	struct stat st;
	size_t n = 0, i;
	DIR *d = NULL;

	if (fsx_path(path, sizeof(path), NULL, "%s/jobs",
		conf->state_directory) == -1 ||
	    (d = opendir(path)) == NULL ||
	    (v = calloc(JOBS_SEEN, sizeof(*v))) == NULL)
		goto out;
	while (n < JOBS_SEEN && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || strlen(e->d_name) >= sizeof(v->name))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1)
			continue;
		v[n].mtime = st.st_mtime;
		memcpy(v[n].name, e->d_name, strlen(e->d_name) + 1);
		n++;
	}
	if (n > JOBS_KEPT)
		qsort(v, n, sizeof(*v), older_last);
	for (i = JOBS_KEPT; i < n; i++) {
		if (fsx_path(path, sizeof(path), NULL, "%s/jobs/%s",
			conf->state_directory, v[i].name) == 0)
			(void)fsx_unlink(path, NULL);
	}
out:
	if (d != NULL)
		closedir(d);
	free(v);
}
