/*
 * journal.c - one durable file that says whether a change is under way.
 *
 * "pending N BEFORE AFTER RUNNING" is written before main.cf is renamed,
 * "done N" after the probe; a change of master.cf adds its BEFORE and AFTER.
 * BEFORE and AFTER are the SHA-256 of main.cf on either side of the rename: a
 * recovery that finds the one or the other knows where the crash was; one that
 * finds a third file knows that somebody else wrote since, and must not put an
 * old file over it.
 */
#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "state.h"

#define JOURNAL_MAX 512

static int
journal_path(const struct conf *conf, char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(
	    dst, STATE_PATH_MAX, err, "%s/journal", conf->state_directory);
}

/* *ret_rest: behind what was understood. */
static int
parse(const char *s, struct journal *j, const char **ret_rest)
{
	char running[2];
	int end = 0, more = 0;

	if (s != NULL && strncmp(s, "done ", 5) == 0) {
		j->id = generation_number(s + 5, ret_rest);
		return j->id == -1 ? -1 : 0;
	}
	if (s == NULL || strncmp(s, "pending ", 8) != 0 ||
	    (j->id = generation_number(s + 8, &s)) == -1 ||
	    sscanf(s, " %64[0-9a-f] %64[0-9a-f] %1[01]%n", j->before, j->after,
		running, &end) != 3)
		return -1;
	j->pending = true;
	j->running = running[0] == '1';
	if (sscanf(s + end, " %64[0-9a-f] %64[0-9a-f]%n", j->master_before,
		j->master_after, &more) == 2)
		end += more;
	*ret_rest = s + end;
	return 0;
}

int
journal_read(const struct conf *conf, struct journal *ret, struct err *err)
{
	struct journal j;
	struct err cause;
	char path[STATE_PATH_MAX];
	struct buf b;
	const char *rest;
	int rc = -1;

	memset(&j, 0, sizeof(j));
	buf_init(&b, JOURNAL_MAX);
	if (journal_path(conf, path, err) == -1)
		goto out;
	if (fsx_read(path, JOURNAL_MAX, &b, &cause) == -1) {
		if ((rc = fsx_missing(&cause, err)) == 0)
			*ret = j;
		goto out;
	}
	if (parse(b.data, &j, &rest) == -1 || rest + 1 != b.data + b.len ||
	    *rest != '\n') {
		err_set(err, ERR_IO, "", "%.150s is damaged", path);
		goto out;
	}
	*ret = j;
	rc = 0;
out:
	buf_clear(&b);
	return rc;
}

int
journal_write(const struct conf *conf, const struct journal *j, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	char path[STATE_PATH_MAX], line[JOURNAL_MAX];
	int n;

	if (journal_path(conf, path, err) == -1)
		return -1;
	if (j->pending)
		n = snprintf(line, sizeof(line),
		    "pending %ld %s %s %d%s%s%s%s\n", j->id, j->before,
		    j->after, j->running ? 1 : 0,
		    j->master_before[0] == '\0' ? "" : " ", j->master_before,
		    j->master_after[0] == '\0' ? "" : " ", j->master_after);
	else
		n = snprintf(line, sizeof(line), "done %ld\n", j->id);
	return fsx_replace(path, line, (size_t)n, &attr, err);
}

int
journal_remove(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (journal_path(conf, path, err) == -1)
		return -1;
	return fsx_unlink(path, err);
}
