/*
 * user.c - become another user, and not root.
 */
#include <pwd.h>
#include <unistd.h>

#include "user.h"

int
user_find(const char *name, struct user *ret, struct err *err)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return err_set(err, ERR_CONFIG, NULL, "no such user: %s", name);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return err_set(
		    err, ERR_CONFIG, NULL, "%s has the rights of root", name);
	ret->uid = pw->pw_uid;
	ret->gid = pw->pw_gid;
	return 0;
}

int
user_become(const struct user *u)
{
	return setresgid(u->gid, u->gid, u->gid) == -1 ||
		       setresuid(u->uid, u->uid, u->uid) == -1
		   ? -1
		   : 0;
}
