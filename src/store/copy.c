/*
 * copy.c - the database as one file, while others go on writing to it.
 */
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "db.h"

/* VACUUM INTO wants no file, or an empty one; ours has its mode from the
 * beginning. */
int
db_copy(struct db *db, const char *path, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int fd, rc;

	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "%s", path);
	close(fd);
	rc = sqlite3_prepare_v2(db->h, "VACUUM INTO ?", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_DONE)
		err_set(err, ERR_IO, "", "%s: %s", path, sqlite3_errmsg(db->h));
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE)
		return 0;
	(void)unlink(path);
	return -1;
}

/* PRAGMA user_version, where the file format has it; -1: not a database. */
static int
version_of(const char *path)
{
	unsigned char b[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), v = -1;

	if (fd == -1)
		return -1;
	if (pread(fd, b, sizeof(b), 60) == sizeof(b))
		v = b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
	close(fd);
	return v;
}

/* The copy may be of what somebody else has migrated meanwhile: then there is
 * one of before that, by him. */
int
db_keep(struct db *db, const char *path, int version, struct err *err)
{
	char part[1100], kept[1100];

	(void)snprintf(part, sizeof(part), "%s.part.%d", path, (int)getpid());
	(void)snprintf(kept, sizeof(kept), "%s.v%d", path, version);
	(void)unlink(part);
	if (db_copy(db, part, err) == -1)
		return -1;
	if (version_of(part) != version) {
		(void)unlink(part);
		return 0;
	}
	if (rename(part, kept) == -1) {
		err_sys(err, ERR_IO, "", "%s", kept);
		(void)unlink(part);
		return -1;
	}
	return 0;
}
