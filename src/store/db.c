/*
 * db.c - open, migrate, and run statements of the console's database.
 *
 * Why WAL: readers (every request looks up its session or token) never wait
 * for a writer, and eight workers write seldom.  synchronous=NORMAL: a power
 * cut may lose the last log-in, never the database.
 *
 * Migrations: PRAGMA user_version counts the rows of migrations[] that were
 * run; each runs with its counter in one transaction, so that a crash leaves
 * either version.  Before that the database is copied to postseal.db.vN, for
 * whoever has to go back.  One newer than this program is refused.
 *
 * A handle must not cross fork(): the parent closes its own before it forks.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "db.h"
#include "util.h"

#define BUSY_MS	 5000
#define PATH_LEN 1024

static const char *const migrations[] = {
#include "migrations.def"
};

#define MIGRATIONS (int)(sizeof(migrations) / sizeof(migrations[0]))

static const char *const sql[DB__MAX] = {
#define Q(sym, text) [DB_##sym] = (text),
#include "sql.def"
#undef Q
};

static int
db_fail(struct db *db, struct err *err)
{
	return err_set(err, ERR_IO, "", "database: %s", sqlite3_errmsg(db->h));
}

bool
db_is_constraint(struct db *db)
{
	return sqlite3_errcode(db->h) == SQLITE_CONSTRAINT;
}

static int
exec(struct db *db, const char *text, struct err *err)
{
	if (sqlite3_exec(db->h, text, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, err);
	return 0;
}

static sqlite3_stmt *
vquery(
    struct db *db, struct err *err, enum db_sql q, const char *fmt, va_list ap)
{
	sqlite3_stmt *st = db->stmt[q];
	const char *s;
	int rc = SQLITE_OK;

	if (st == NULL) {
		if (sqlite3_prepare_v3(db->h, sql[q], -1,
			SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
			db_fail(db, err);
			return NULL;
		}
		db->stmt[q] = st;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (int i = 0; fmt[i] != '\0' && rc == SQLITE_OK; i++) {
		if (fmt[i] == 'i') {
			rc = sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t));
		} else if ((s = va_arg(ap, const char *)) != NULL) {
			rc = sqlite3_bind_text(
			    st, i + 1, s, -1, SQLITE_TRANSIENT);
		}
	}
	if (rc != SQLITE_OK) {
		db_fail(db, err);
		return NULL;
	}
	return st;
}

sqlite3_stmt *
db_query(struct db *db, struct err *err, enum db_sql q, const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, fmt);
	st = vquery(db, err, q, fmt, ap);
	va_end(ap);
	return st;
}

int
db_step(struct db *db, sqlite3_stmt *st, struct err *err)
{
	int rc;

	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		rc = 0;
		break;
	default:
		rc = db_fail(db, err);
		break;
	}
	db_done(st);
	return rc;
}

void
db_done(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

int
db_run(struct db *db, struct err *err, enum db_sql q, const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	st = vquery(db, err, q, fmt, ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	while ((rc = db_step(db, st, err)) == 1)
		;
	return rc;
}

int
db_number(struct db *db, sqlite3_stmt *st, int *ret, struct err *err)
{
	int rc;

	if (st == NULL || (rc = db_step(db, st, err)) == -1)
		return -1;
	*ret = rc == 1 ? sqlite3_column_int(st, 0) : 0;
	if (rc == 1)
		db_done(st);
	return 0;
}

void
db_column(sqlite3_stmt *st, int col, char *dst, size_t size)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	snprintf(dst, size, "%s", s == NULL ? "" : s);
}

static int
member(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v) != 0) {
		json_object_put(v);
		return -1;
	}
	return 0;
}

/* A time of 0 becomes null. */
static struct json_object *
column_json(sqlite3_stmt *st, int col, const struct db_member *m)
{
	const char *s;
	char iso[32];

	switch (m->kind) {
	case DB_JSON_INT:
		return json_object_new_int64(sqlite3_column_int64(st, col));
	case DB_JSON_BOOL:
		return json_object_new_boolean(
		    sqlite3_column_int(st, col) != 0);
	case DB_JSON_TIME:
		if (sqlite3_column_int64(st, col) == 0)
			return NULL;
		time_iso(sqlite3_column_int64(st, col), iso);
		return json_object_new_string(iso);
	case DB_JSON_STR:
		break;
	}
	s = (const char *)sqlite3_column_text(st, col);
	return json_object_new_string(s == NULL ? "" : s);
}

int
db_rows(struct db *db, sqlite3_stmt *st, const struct db_member *members,
    size_t n, struct json_object **ret, struct err *err)
{
	struct json_object *list, *o;
	size_t i;
	int rc;

	if (st == NULL)
		return -1;
	if ((list = json_object_new_array()) == NULL) {
		db_done(st);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	while ((rc = db_step(db, st, err)) == 1) {
		o = json_object_new_object();
		if (o == NULL || json_object_array_add(list, o) != 0) {
			json_object_put(o);
			goto nomem;
		}
		for (i = 0; i < n; i++)
			if (member(o, members[i].key,
				column_json(st, (int)i, &members[i])) == -1)
				goto nomem;
	}
	if (rc == -1) {
		json_object_put(list);
		return -1;
	}
	*ret = list;
	return 0;
nomem:
	db_done(st);
	json_object_put(list);
	return err_set(err, ERR_NOMEM, "", "out of memory");
}

static int
version_get(struct db *db, int *v, struct err *err)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db->h, "PRAGMA user_version", -1, &st, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW) {
		db_fail(db, err);
		sqlite3_finalize(st);
		return -1;
	}
	*v = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return 0;
}

/*
 * Look without a lock first: nearly always there is nothing to do.  Then take
 * the write lock and look again, because ctl and fcgi may start together.
 */
static int
migrate(struct db *db, const char *path, struct err *err)
{
	char pragma[64];
	int v, before;

	if (version_get(db, &before, err) == -1)
		return -1;
	if (before > MIGRATIONS)
		return err_set(err, ERR_CONFIG, "",
		    "database has version %d, this program knows %d: it is of "
		    "a newer Postseal",
		    before, MIGRATIONS);
	if (before == MIGRATIONS)
		return 0;
	if ((before > 0 && db_keep(db, path, before, err) == -1) ||
	    exec(db, "BEGIN IMMEDIATE", err) == -1)
		return -1;
	if (version_get(db, &v, err) == -1)
		goto undo;
	for (; v < MIGRATIONS; v++) {
		snprintf(
		    pragma, sizeof(pragma), "PRAGMA user_version = %d", v + 1);
		if (exec(db, migrations[v], err) == -1 ||
		    exec(db, pragma, err) == -1)
			goto undo;
	}
	if (exec(db, "COMMIT", err) == 0)
		return 0;
undo:
	sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int
db_prepare(const char *dir, uid_t uid, gid_t gid, struct err *err)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0) {
		if (chown(dir, uid, gid) == -1) {
			err_sys(err, ERR_IO, "", "chown %s", dir);
			rmdir(dir);
			return -1;
		}
		return 0;
	}
	if (errno != EEXIST)
		return err_sys(err, ERR_IO, "", "mkdir %s", dir);
	if (stat(dir, &st) == -1)
		return err_sys(err, ERR_IO, "", "stat %s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != uid)
		return err_set(err, ERR_CONFIG, "",
		    "%s: expected a directory owned by uid %d", dir, (int)uid);
	return 0;
}

/* SQLite would create the file with the umask's mode: create it ourselves. */
static int
create_file(const char *path, struct err *err)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "open %s", path);
	close(fd);
	return 0;
}

/* Before a sandbox hides them. */
static void
know_names(struct db *db)
{
	size_t n;
	FILE *f;

	(void)gethostname(db->here, sizeof(db->here) / 2);
	n = strlen(db->here);
	db->here[n++] = ' ';
	if ((f = fopen("/etc/mailname", "re")) == NULL)
		return;
	if (fgets(db->here + n, (int)(sizeof(db->here) - n), f) == NULL)
		db->here[n] = '\0';
	fclose(f);
}

int
db_open(const char *dir, struct db **ret_db, struct err *err)
{
	struct db *db;
	char path[PATH_LEN];
	/* A worker's sandbox lets it make no files: these stay. */
	int n, persist = 1;

	n = snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, ERR_CONFIG, "", "path too long: %s", dir);
	if (create_file(path, err) == -1)
		return -1;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (sqlite3_open_v2(path, &db->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		err_set(err, ERR_IO, "", "%s: %s", path,
		    db->h == NULL ? "out of memory" : sqlite3_errmsg(db->h));
		goto fail;
	}
	sqlite3_busy_timeout(db->h, BUSY_MS);
	know_names(db);
	(void)sqlite3_file_control(
	    db->h, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	/* Seeds its generator now, before a sandbox hides /dev/urandom. */
	sqlite3_randomness(sizeof(n), &n);
	if (exec(db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
		"PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON",
		err) == -1)
		goto fail;
	if (migrate(db, path, err) == -1)
		goto fail;
	*ret_db = db;
	return 0;
fail:
	db_close(db);
	return -1;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < DB__MAX; i++)
		sqlite3_finalize(db->stmt[i]);
	wordlist_free(db->list);
	sqlite3_close(db->h);
	free(db);
}

void
db_own_list(struct db *db, struct wordlist *list)
{
	if (list != db->list)
		wordlist_free(db->list);
	db->list = list;
}

int
db_password_list(struct db *db, const char *path, struct err *err)
{
	struct wordlist *list = NULL;

	if (wordlist_load(path, &list, err) == -1)
		return -1;
	db_own_list(db, list);
	return 0;
}
