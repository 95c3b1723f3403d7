/*
 * counts_sql.c - the tables, and how they are asked.
 *
 *   total  day, direction, version -> messages       (version -1: not told)
 *   ever   the same of all days, and never less
 *   span   day, direction -> first and last event
 *   peer   an address of one direction; odd: the last day that it was without
 *          TLS, old, refused or failed
 *   seen   what a peer did on a day
 *   sender a domain of a peer without TLS, the last day
 *   place  one row: struct place, and what track_save() wrote
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counts_int.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS total(day INT, direction INT, version INT,"
    " messages INT, PRIMARY KEY(day, direction, version)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS span(day INT, direction INT, first INT,"
    " last INT, PRIMARY KEY(day, direction)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS peer(id INTEGER PRIMARY KEY, direction INT,"
    " address BLOB, name TEXT, version INT, first INT, last INT,"
    " last_tls INT, last_plain INT, odd INT, UNIQUE(direction, address));"
    "CREATE INDEX IF NOT EXISTS peer_odd ON peer(odd);"
    "CREATE TABLE IF NOT EXISTS seen(peer INT, day INT, plain INT, tls INT,"
    " old INT, refused INT, failed INT, PRIMARY KEY(peer, day)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS sender(peer INT, name TEXT, day INT,"
    " PRIMARY KEY(peer, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS place(id INTEGER PRIMARY KEY CHECK (id = 1),"
    " inode INT, written INT, head INT, head_len INT, offset INT, skipping INT,"
    " at INT, gap INT, cursor TEXT, state BLOB);"
    "CREATE TABLE IF NOT EXISTS ever(direction INT, version INT, messages INT,"
    " PRIMARY KEY(direction, version)) WITHOUT ROWID;"
    "PRAGMA user_version = 1";

static const char *const sql[] = {
#define S(symbol, text) [S_##symbol] = (text),
    STATEMENTS
#undef S
};

int
counts_fail(struct counts *c, struct err *err)
{
	return err_set(
	    err, ERR_IO, "", COUNTS_FILE ": %s", sqlite3_errmsg(c->h));
}

int
counts_exec(struct counts *c, const char *text, struct err *err)
{
	return sqlite3_exec(c->h, text, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : counts_fail(c, err);
}

sqlite3_stmt *
counts_query(
    struct counts *c, struct err *err, enum statement s, const char *fmt, ...)
{
	sqlite3_stmt **st = &c->stmt[s];
	int rc = SQLITE_OK;
	va_list ap;

	if (*st == NULL)
		rc = sqlite3_prepare_v3(
		    c->h, sql[s], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	else
		(void)sqlite3_reset(*st);
	va_start(ap, fmt);
	for (int i = 0; fmt[i] != '\0' && rc == SQLITE_OK; i++)
		rc = fmt[i] == 'i'
			 ? sqlite3_bind_int64(*st, i + 1, va_arg(ap, int64_t))
		     : fmt[i] == 't'
			 ? sqlite3_bind_text(*st, i + 1,
			       va_arg(ap, const char *), -1, SQLITE_TRANSIENT)
			 : sqlite3_bind_blob(*st, i + 1,
			       va_arg(ap, const void *), ADDRESS_SIZE,
			       SQLITE_TRANSIENT);
	va_end(ap);
	if (rc == SQLITE_OK)
		return *st;
	counts_fail(c, err);
	return NULL;
}

int
counts_step(struct counts *c, sqlite3_stmt *st, struct err *err)
{
	int rc = st == NULL ? SQLITE_ERROR : sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (st == NULL)
		return -1;
	if (rc != SQLITE_DONE)
		(void)counts_fail(c, err);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
counts_number(struct counts *c, sqlite3_stmt *st, int64_t *ret, struct err *err)
{
	int rc = counts_step(c, st, err);

	*ret = rc == 1 ? sqlite3_column_int64(st, 0) : 0;
	if (rc == 1)
		(void)sqlite3_reset(st);
	return rc == -1 ? -1 : 0;
}

int
counts_open(const char *dir, bool domains, struct counts **ret, struct err *err)
{
	struct counts *c = calloc(1, sizeof(*c));
	char path[1024];
	int fd, persist = 1;

	if (c == NULL || (c->batch = tally_new()) == NULL) {
		free(c);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	c->domains = domains;
	(void)snprintf(path, sizeof(path), "%s/" COUNTS_FILE, dir);
	if ((fd = open(
		 path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) != -1)
		(void)close(fd);
	if (sqlite3_open_v2(path, &c->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		(void)err_set(err, ERR_IO, "", "%s: %s", path,
		    c->h == NULL ? "out of memory" : sqlite3_errmsg(c->h));
		counts_close(c);
		return -1;
	}
	(void)sqlite3_file_control(
	    c->h, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	sqlite3_randomness(sizeof(persist), &persist);
	if (counts_exec(c,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
		"PRAGMA journal_size_limit = 4194304",
		err) == -1 ||
	    counts_exec(c, schema, err) == -1 ||
	    counts_number(
		c, counts_query(c, err, S_PEERS, ""), &c->peers, err) == -1) {
		counts_close(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void
counts_close(struct counts *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < S__MAX; i++)
		(void)sqlite3_finalize(c->stmt[i]);
	(void)sqlite3_close(c->h);
	tally_free(c->batch);
	free(c);
}
