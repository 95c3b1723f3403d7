/*
 * names.c - the words for roles and scopes: in the database, in the API, on
 * the command line and in the forms they are the same.
 */
#include <string.h>

#include "db.h"

static const char *const roles[ROLE__MAX] = {
    [ROLE_NONE] = "",
    [ROLE_VIEWER] = "viewer",
    [ROLE_OPERATOR] = "operator",
    [ROLE_ADMINISTRATOR] = "administrator",
};

static const char *const scopes[SCOPE__MAX] = {
    [SCOPE_NONE] = "",
    [SCOPE_CERTIFICATES] = "certificates",
    [SCOPE_READ] = "read",
    [SCOPE_WRITE] = "write",
};

/* Index of name, from 1; 0 = none. */
static int
find(const char *const *names, int n, const char *name)
{
	for (int i = 1; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return 0;
}

const char *
role_name(enum role r)
{
	return (unsigned int)r < ROLE__MAX ? roles[r] : "";
}

int
role_from_name(const char *name, enum role *ret, struct err *err)
{
	int i = find(roles, ROLE__MAX, name);

	if (i == 0)
		return err_set(err, ERR_FIELD_INVALID, "role",
		    "role: expected administrator, operator or viewer, "
		    "got %.20s",
		    name);
	*ret = (enum role)i;
	return 0;
}

const char *
scope_name(enum scope s)
{
	return (unsigned int)s < SCOPE__MAX ? scopes[s] : "";
}

int
scope_from_name(const char *name, enum scope *ret, struct err *err)
{
	int i = find(scopes, SCOPE__MAX, name);

	if (i == 0)
		return err_set(err, ERR_FIELD_INVALID, "scope",
		    "scope: expected read, write or certificates, got %.20s",
		    name);
	*ret = (enum scope)i;
	return 0;
}

/* What the database holds; a word that this program does not know gives no
 * right at all. */
enum role
db_role(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s == NULL ? ROLE_NONE : (enum role)find(roles, ROLE__MAX, s);
}

enum scope
db_scope(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s == NULL ? SCOPE_NONE : (enum scope)find(scopes, SCOPE__MAX, s);
}
