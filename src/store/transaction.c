/*
 * transaction.c - one transaction, and those inside it, which are part of it:
 * SQLite sees the outermost alone.
 */
#include "db.h"

int
db_begin(struct db *db, struct err *err)
{
	if (db->depth == 0) {
		db->undone = false;
		if (db_run(db, err, DB_BEGIN, "") == -1)
			return -1;
	}
	db->depth++;
	return 0;
}

int
db_commit(struct db *db, struct err *err)
{
	if (db->depth == 1) {
		if (db->undone)
			return err_set(err, ERR_INTERNAL, "",
			    "a part of the change was undone");
		if (db_run(db, err, DB_COMMIT, "") == -1)
			return -1;
	}
	db->depth--;
	return 0;
}

void
db_rollback(struct db *db)
{
	if (db->depth == 0)
		return;
	db->undone = true;
	if (--db->depth == 0)
		db_run(db, NULL, DB_ROLLBACK, "");
}
