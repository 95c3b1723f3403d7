/*
 * fsxtrust.c - whoever can put another file in the place of one decides what
 * it says: its owner, who may write to it, and the same for every directory
 * above it and for links on the way.
 *
 * Root is trusted, and whoever owns a directory above our own program, as he
 * can put another program there (a clone in somebody's home, run with sudo).
 */
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"

#define OWNERS_MAX 16
#define LINKS_MAX  8

struct owners {
	uid_t uid[OWNERS_MAX];
	size_t n;
};

static bool
is_owner(const struct owners *o, uid_t uid)
{
	size_t i;

	for (i = 0; i < o->n && o->uid[i] != uid; i++)
		;
	return uid == 0 || i < o->n;
}

static void
owners_of_program(struct owners *o)
{
	char path[PATH_MAX], *slash;
	struct stat st;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	o->n = 0;
	path[n > 0 ? n : 0] = '\0';
	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if (lstat(path, &st) == 0 && !is_owner(o, st.st_uid) &&
		    o->n < OWNERS_MAX)
			o->uid[o->n++] = st.st_uid;
	}
}

/* The owner's private one, of his name and with nobody else in it: umask 002
 * (pam_umask: usergroups) means him alone. */
static bool
is_own_group(uid_t uid, gid_t gid)
{
	const struct passwd *pw = getpwuid(uid);
	const struct group *gr;
	char **m;

	if (pw == NULL || pw->pw_gid != gid || (gr = getgrgid(gid)) == NULL ||
	    strcmp(gr->gr_name, pw->pw_name) != 0)
		return false;
	for (m = gr->gr_mem; *m != NULL && strcmp(*m, pw->pw_name) == 0; m++)
		;
	return *m == NULL;
}

/* May only trusted people say what this is, or, in a directory with the sticky
 * bit, what of theirs is in it? */
static int
check_one(const struct owners *o, const char *path, const struct stat *st,
    bool last, struct err *err)
{
	bool own = st->st_gid == 0 || is_own_group(st->st_uid, st->st_gid);
	mode_t others = S_IWOTH | (own ? 0 : S_IWGRP);

	if (!is_owner(o, st->st_uid))
		return err_set(err, ERR_CONFIG, "",
		    "%s belongs to user %lu, who could have programs run as "
		    "root by it: it has to be root's",
		    path, (unsigned long)st->st_uid);
	if (S_ISLNK(st->st_mode) || (st->st_mode & others) == 0 ||
	    (!last && (st->st_mode & S_ISVTX) != 0))
		return 0;
	return err_set(err, ERR_CONFIG, "",
	    "%s can be written by others than root, who could have programs "
	    "run as root by it: chmod go-w",
	    path);
}

static int
walk(const struct owners *o, const char *path, int links, struct err *err)
{
	char head[PATH_MAX], to[PATH_MAX], next[2 * PATH_MAX];
	const char *p = path, *end;
	struct stat st;
	ssize_t n;

	do {
		end = p + 1 + strcspn(p + 1, "/");
		(void)snprintf(
		    head, sizeof(head), "%.*s", (int)(end - path), path);
		if (lstat(head, &st) == -1)
			return errno == ENOENT
				   ? 0 /* made by us, then */
				   : err_sys(err, ERR_CONFIG, "", "%s", head);
		if (check_one(o, head, &st, *end == '\0', err) == -1)
			return -1;
		if (S_ISLNK(st.st_mode)) {
			n = readlink(head, to, sizeof(to) - 1);
			if (n <= 0 || links == LINKS_MAX)
				return err_set(
				    err, ERR_CONFIG, "", "%s: links", head);
			to[n] = '\0';
			(void)snprintf(next, sizeof(next), "%.*s%s%s",
			    to[0] == '/' ? 0 : (int)(p - path + 1), path, to,
			    end);
			return strlen(next) < PATH_MAX
				   ? walk(o, next, links + 1, err)
				   : err_set(err, ERR_CONFIG, "", "too long");
		}
		p = end;
	} while (*p != '\0');
	return 0;
}

int
fsx_trusted(const char *path, struct err *err)
{
	char cwd[PATH_MAX / 2], whole[PATH_MAX];
	struct owners o;

	if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
		return err_sys(err, ERR_CONFIG, "", "%s", path);
	if (snprintf(whole, sizeof(whole), "%s%s%s",
		path[0] == '/' ? "" : cwd, path[0] == '/' ? "" : "/",
		path) >= (int)sizeof(whole))
		return err_set(err, ERR_CONFIG, "", "%s: too long", path);
	owners_of_program(&o);
	return walk(&o, whole, 0, err);
}
