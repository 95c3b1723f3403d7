/* rig.h - a database of its own for each test. */
#ifndef STORE_RIG_H
#define STORE_RIG_H

#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <sqlite3.h>

#include "../suite.h"
#include "../token.h"
#include "fsx.h"
#include "store.h"
#include "users.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW  1800000000
#define GOOD "correct horse battery"
#define SECRET \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char dir[64];
static struct db *db;
static struct err err;

static inline void
setup(void)
{
	strcpy(dir, "/tmp/store-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	err_clear(&err);
	ck_assert_msg(db_open(dir, &db, &err) == 0, "%s", err.msg);
}

static inline void
teardown(void)
{
	db_close(db);
	fsx_wipe_tree(dir, NULL);
}

static inline long
user_id(const char *name)
{
	struct proof p = {0};

	ck_assert_msg(
	    users_verify(db, name, GOOD, &p, &err) == 0, "%s", err.msg);
	return p.id;
}

/* -1: not with this password. */
static inline long
user_id_with(const char *name, const char *password)
{
	struct proof p = {.id = -1};

	users_verify(db, name, password, &p, &err);
	return p.id;
}

static inline void
add(const char *name)
{
	ck_assert_msg(users_add(db, name, GOOD, NOW, &err) == 0, "%s", err.msg);
}

static inline int
is(int rc, enum err_code code)
{
	if (rc == -1 && err.code == code)
		return 1;
	fprintf(stderr, "got %d %s: %s\n", rc, err_name(err.code), err.msg);
	return 0;
}

#endif
