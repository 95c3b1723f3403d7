/* db.h - inside src/store/ only: statements with their parameters bound. */
#ifndef POSTSEAL_DB_H
#define POSTSEAL_DB_H

#include <sqlite3.h>

#include "store.h"

enum db_sql {
#define Q(sym, sql) DB_##sym,
#include "sql.def"
#undef Q
	DB__MAX
};

struct db {
	sqlite3 *h;
	sqlite3_stmt *stmt[DB__MAX]; /* prepared at first use */
	struct wordlist *list;	     /* NULL: none */
	char here[512]; /* host and mail name, for password_is_common */
	int depth;   /* of transactions; SQLite sees the outermost */
	bool undone; /* one of them was rolled back */
};

/* The statement, reset, with parameters bound: fmt has one letter each,
 * 's' const char * (NULL = NULL) or 'i' int64_t.  NULL with *err. */
sqlite3_stmt *db_query(
    struct db *, struct err *, enum db_sql, const char *fmt, ...);
/* 1 = a row, 0 = no row, -1.  At 0 and -1 the statement is reset. */
int db_step(struct db *, sqlite3_stmt *, struct err *);
/* A statement without rows, from binding to reset. */
int db_run(struct db *, struct err *, enum db_sql, const char *fmt, ...);
/* After the last row that the caller wants. */
void db_done(sqlite3_stmt *);
bool db_is_constraint(struct db *);

/* The only column of a query (NULL: -1); no row is 0. */
int db_number(struct db *, sqlite3_stmt *, int *ret, struct err *);

/* Column into a fixed array, always closed by NUL. */
void db_column(sqlite3_stmt *, int col, char *dst, size_t size);
/* The rows of a query (NULL: -1) as objects, a member for each column. */
struct db_member {
	const char *key;
	enum { DB_JSON_STR, DB_JSON_INT, DB_JSON_BOOL, DB_JSON_TIME } kind;
};
int db_rows(struct db *, sqlite3_stmt *, const struct db_member *, size_t n,
    struct json_object **ret, struct err *);

/* copy.c: the database of that version, before it is migrated, to PATH.vN. */
int db_keep(struct db *, const char *path, int version, struct err *);

/* password.c */
#define HASH_MAX 384 /* CRYPT_OUTPUT_SIZE */
int password_hash(const char *, char dst[HASH_MAX], struct err *);
bool password_matches(const char *, const char *hash);
bool wordlist_has(const struct wordlist *, const char *password);
/* common.c.  here: names of this gateway; NULL = none. */
bool password_is_common(const char *, const char *name, const char *here);

/* names.c */
enum role db_role(sqlite3_stmt *, int col);
enum scope db_scope(sqlite3_stmt *, int col);

/* networks.c: where from, as the throttle counts it: of IPv6 the /64; wide,
 * the /48, and of IPv4 the /24.  What is not an address stays as it is. */
#define NETWORK_MAX 64
void network_of(const char *from, bool wide, char dst[NETWORK_MAX]);
/* A complete log-in came from there. */
int network_note(
    struct db *, long user_id, const char *from, time_t now, struct err *);
int network_known(struct db *, const char *user, const char *from, time_t now,
    bool *ret, struct err *);
int networks_sweep(struct db *, time_t now, struct err *);

/* throttle.c */
int throttle_sweep(struct db *, time_t now, struct err *);

#endif
