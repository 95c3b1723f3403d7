/*
 * pam.c - users of the host: PAM says who they are.  A child of postseald asks
 * it (op auth.pam), never this process.
 *
 * PAM is never asked about a name on the console's own list: whoever can make
 * accounts on the host cannot become an administrator of the console by
 * choosing a name.
 *
 * Rights that were taken away on the host (account locked or expired, another
 * password, out of the groups) end here at the latest pam_recheck_seconds
 * later: each request of a user of the host, by cookie or token, whose row is
 * older than that asks again, without a password.  Without an answer nobody
 * gets in.
 *
 * A directory that is slow or gone holds each question for seconds, and whoever
 * asks need not be signed in.  So half of the workers may wait for PAM at a
 * time; the others serve everybody else, own users among them.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "auth.h"
#include "core.h"
#include "jsonx.h"
#include "ops.h"
#include "users.h"
#include "util.h"


enum answer { PAM_OK, PAM_DENIED, PAM_EXPIRED, PAM_UNAVAILABLE };

struct verdict {
	enum answer answer;
	enum role role;
	char stamp[64];
};

bool
pam_wanted(const struct app *app)
{
	return strcmp(app->conf.auth_source, "local") != 0;
}

bool
local_wanted(const struct app *app)
{
	return strcmp(app->conf.auth_source, "pam") != 0;
}

static int
unavailable(struct err *err, const char *why)
{
	return err_set(err, ERR_AUTH_UNAVAILABLE, "", "PAM: %s", why);
}

static int
read_verdict(struct json_object *data, struct verdict *ret, struct err *err)
{
	static const char *const words[] = {
	    [PAM_OK] = "ok",
	    [PAM_DENIED] = "denied",
	    [PAM_EXPIRED] = "expired",
	    [PAM_UNAVAILABLE] = "unavailable",
	};
	const char *word = jsonx_path_str(data, "answer", "");
	const char *stamp = jsonx_path_str(data, "stamp", "");
	struct verdict v = {.answer = PAM_UNAVAILABLE};

	for (int i = PAM_OK; i < PAM_UNAVAILABLE; i++) {
		if (strcmp(words[i], word) == 0)
			v.answer = (enum answer)i;
	}
	if (v.answer == PAM_OK &&
	    (role_from_name(jsonx_path_str(data, "role", ""), &v.role, err) ==
		    -1 ||
		strlen(stamp) >= sizeof(v.stamp)))
		return unavailable(err, "postseald named no role");
	memcpy(v.stamp, stamp, v.answer == PAM_OK ? strlen(stamp) + 1 : 1);
	if (v.answer != PAM_OK)
		v.stamp[0] = '\0';
	*ret = v;
	return 0;
}

/* The question itself, by whoever holds a place. */
static int
ask_now(struct app *app, const struct request *req, const char *user,
    const char *password, struct verdict *ret, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL, *v;
	int rc;

	if (args == NULL || json_object_object_add(args, "user",
				json_object_new_string(user)) != 0)
		goto nomem;
	if (password != NULL) {
		if ((v = json_object_new_string(password)) == NULL)
			goto nomem;
		if (json_object_object_add(args, "password", v) != 0) {
			jsonx_wipe(v);
			goto nomem;
		}
	}
	if (backend_call(app, req, OP_AUTH_PAM, args, &data, NULL, err) == -1)
		return -1;
	rc = read_verdict(data, ret, err);
	json_object_put(data);
	return rc;
nomem:
	json_object_put(args);
	return err_set(err, ERR_NOMEM, "", "out of memory");
}

static int
ask(struct app *app, const struct request *req, const char *user,
    const char *password, struct verdict *ret, struct err *err)
{
	int n = app->conf.workers > 1 ? app->conf.workers / 2 : 1;
	int rc, fd = place_take(app, PLACE_PAM, n);

	if (fd == -1)
		return unavailable(err, "too many ask at a time");
	rc = ask_now(app, req, user, password, ret, err);
	close(fd);
	return rc;
}

int
pam_login(struct app *app, struct request *req, const char *user,
    const char *password, struct proof *ret, struct err *err)
{
	struct verdict v = {PAM_DENIED, ROLE_NONE, ""};

	if (!user_name_valid(user) || strlen(password) > PASSWORD_MAX)
		return err_set(
		    err, ERR_AUTH_FAILED, "", "wrong user or password");
	if (ask(app, req, user, password, &v, err) == -1)
		return err != NULL && err->code == ERR_AUTH_THROTTLED
			   ? -1
			   : unavailable(err, "postseald has no answer");
	switch (v.answer) {
	case PAM_OK:
		return users_pam(
		    app->db, user, v.role, v.stamp, time(NULL), ret, err);
	case PAM_EXPIRED:
		return err_set(
		    err, ERR_AUTH_EXPIRED, "", "expired on the host");
	case PAM_UNAVAILABLE:
		return unavailable(err, "no verdict");
	default:
		return err_set(
		    err, ERR_AUTH_FAILED, "", "wrong user or password");
	}
}

/* A user whose source is no longer in the configuration is nobody. */
static int
check_source(const struct app *app, bool pam, struct err *err)
{
	if (pam ? pam_wanted(app) : local_wanted(app))
		return 0;
	return err_set(err, ERR_AUTH_REQUIRED, "",
	    "users of that kind may not sign in here");
}

int
pam_recheck(struct app *app, struct request *req, const char *user, bool pam,
    time_t checked, enum role *role, struct err *err)
{
	struct verdict v = {PAM_DENIED, ROLE_NONE, ""};
	time_t now = time(NULL);
	bool ended = false;

	if (check_source(app, pam, err) == -1)
		return -1;
	if (!pam ||
	    (now >= checked && now - checked < app->conf.pam_recheck_seconds))
		return 0;
	if (ask(app, req, user, NULL, &v, err) == -1 ||
	    v.answer == PAM_UNAVAILABLE)
		return unavailable(err, "postseald has no answer");
	if (users_pam_again(app->db, user, v.role, v.stamp, now, &ended, err) ==
	    -1)
		return -1;
	*role = v.role;
	if (ended)
		backend_audit(app, req, EVENT_SESSION_END, "ok",
		    v.answer == PAM_OK ? "password of the host changed"
				       : "not welcome on the host any more");
	if (v.answer != PAM_OK)
		return err_set(err, ERR_AUTH_REQUIRED, "",
		    "not welcome on the host any more");
	if (!ended)
		return 0;
	err_set(err, ERR_AUTH_REQUIRED, "", "another password on the host");
	return 1;
}
