/*
 * login.c - user and password, then the code where the user has a second
 * factor.
 *
 * A failure is counted before it is answered, and both go into the audit log.
 * Between the two steps the browser holds the cookie of a half-open session
 * that opens nothing but the second step, for CODE_WAIT_S.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "core.h"
#include "passkey.h"
#include "sessions.h"
#include "store.h"
#include "throttle.h"
#include "totp.h"
#include "util.h"

#define REFUSAL_MS 700

/* The name for the audit: what was typed may be anything, even a password,
 * so only a name that we know is written down. */
static const char *
audit_name(struct app *app, const char *user)
{
	struct user_row row;

	if (!user_name_valid(user))
		return "(not a user name)";
	return users_get(app->db, user, &row, NULL) == 0 ? user
							 : "(no such user)";
}

static void
note_refused(struct app *app, const struct request *req, const char *user,
    enum err_code why)
{
	char detail[128];

	(void)snprintf(detail, sizeof(detail), "%.64s; %s",
	    audit_name(app, user), err_name(why));
	backend_audit(app, req, EVENT_LOGIN_FAILED, "refused", detail);
}

/* A line of the audit for each wait: a stranger who does not wait cannot fill
 * the disk. */
static int
throttled(struct app *app, struct request *req, struct reply *reply,
    const char *user, bool code, struct err *err)
{
	char text[96];
	bool first = false;
	int wait = 0;

	if ((code ? throttle_code_check(app->db, user, req->remote, time(NULL),
			&wait, &first, err)
		  : throttle_check(app->db, user, req->remote, time(NULL),
			&wait, &first, err)) == -1)
		return -1;
	if (wait == 0)
		return 0;
	snprintf(text, sizeof(text), "%d", wait);
	reply_header(reply, "Retry-After", text);
	if (first)
		note_refused(app, req, user, ERR_AUTH_THROTTLED);
	return err_set(err, ERR_AUTH_THROTTLED, "",
	    "too many wrong %s: wait %d s", code ? "codes" : "passwords", wait);
}

static int
failed(struct app *app, struct request *req, const char *user, time_t now,
    struct err *err)
{
	struct err why;

	err_clear(&why);
	if (err->code == ERR_AUTH_EXPIRED)
		note_refused(app, req, user, err->code);
	if (err->code != ERR_AUTH_FAILED)
		return -1;
	if (throttle_fail(app->db, user, req->remote, now, &why) == -1 ||
	    users_failed(app->db, user, req->remote, now, &why) == -1)
		log_warn("throttle: %s", why.msg);
	note_refused(app, req, user, err->code);
	return -1;
}

/* One of our own: a password that was made up is good for some days. */
static int
local_login(struct app *app, const char *name, const char *password, time_t now,
    struct proof *ret, struct err *err)
{
	struct user_row user;

	if (users_verify(app->db, name, password, ret, err) == -1 ||
	    users_get(app->db, name, &user, err) == -1)
		return -1;
	if (user.made != 0 && now - user.made >= PASSWORD_MADE_S)
		return err_set(err, ERR_AUTH_EXPIRED, "",
		    "the password that was made up has run out");
	return 0;
}

/* The code of an invitation.  Nobody else's password is tried: it would be a
 * way to find it.  As a name that could not exist it costs the same time. */
static int
invited(struct app *app, struct request *req, const char *name,
    const char *code, time_t now, struct proof *ret, struct err *err)
{
	struct user_row user = {0};
	struct err why;

	(void)req;
	err_clear(&why);
	if (users_get(app->db, name, &user, &why) == -1 &&
	    why.code != ERR_USER_UNKNOWN) {
		*err = why;
		return -1;
	}
	if (!local_wanted(app) || user.made == 0 || user.pam)
		name = "";
	return local_login(app, name, code, now, ret, err);
}

/* PAM is never asked about our own users, whatever their password is. */
static int
verify(struct app *app, struct request *req, const char *name,
    const char *password, time_t now, struct proof *ret, struct err *err)
{
	struct user_row user = {.pam = true};
	struct err why;

	err_clear(&why);
	if (pam_wanted(app) && users_get(app->db, name, &user, &why) == -1 &&
	    why.code != ERR_USER_UNKNOWN) {
		*err = why;
		return -1;
	}
	if (pam_wanted(app) && user.pam)
		return pam_login(app, req, name, password, ret, err);
	if (local_wanted(app))
		return local_login(app, name, password, now, ret, err);
	return err_set(err, ERR_AUTH_FAILED, "", "not a user of the host");
}

/* Our own users are answered after 60 ms, PAM takes its time: with both, a
 * refusal comes at the same time, or names could be told apart.  That PAM has
 * no answer is seen anyway, and must not hold a worker for longer. */
static void
wait_until(int64_t when_ms)
{
	int64_t left = when_ms - now_ms();
	struct timespec t = {left / 1000, left % 1000 * 1000000};

	while (left > 0 && nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

typedef int verify_fn(struct app *, struct request *, const char *,
    const char *, time_t, struct proof *, struct err *);

/* Not while the user has to wait; a wrong one is counted. */
static int
guarded(struct app *app, struct request *req, struct reply *reply,
    verify_fn *right, const char *user, const char *password, struct proof *ret,
    struct err *err)
{
	time_t now = time(NULL);
	int64_t begin = now_ms();

	if (throttled(app, req, reply, user, false, err) == -1)
		return -1;
	if (right(app, req, user, password, now, ret, err) == -1) {
		failed(app, req, user, now, err);
		if (pam_wanted(app) && err->code != ERR_AUTH_UNAVAILABLE)
			wait_until(begin + (app->late_ms != 0 ? app->late_ms
							      : REFUSAL_MS));
		return -1;
	}
	return throttle_clear(app->db, user, req->remote, err);
}

int
session_password(struct app *app, struct request *req, struct reply *reply,
    const char *user, const char *password, struct proof *ret, struct err *err)
{
	return guarded(app, req, reply, verify, user, password, ret, err);
}

int
session_invitation(struct app *app, struct request *req, struct reply *reply,
    const char *user, const char *code, struct proof *ret, struct err *err)
{
	return guarded(app, req, reply, invited, user, code, ret, err);
}

int
session_login(struct app *app, struct request *req, struct reply *reply,
    const char *name, const char *password, struct err *err)
{
	struct user_row user;
	struct proof proof = {0};
	enum stage stage;

	if (session_password(app, req, reply, name, password, &proof, err) ==
		-1 ||
	    users_get(app->db, name, &user, err) == -1)
		return -1;
	stage = user.second_factor ? STAGE_CODE : session_stage(app, &user);
	if (session_login_open(app, req, reply, proof.id, &proof, stage, err) ==
	    -1)
		return failed(app, req, name, time(NULL), err);
	if (stage != STAGE_CODE)
		backend_audit(app, req, EVENT_LOGIN, "ok", NULL);
	return 0;
}

int
session_code(struct app *app, struct request *req, struct reply *reply,
    const char *name, const char *code, struct err *err)
{
	time_t now = time(NULL);
	struct err why;

	if (throttled(app, req, reply, name, true, err) == -1)
		return -1;
	if ((*code == '{' ? passkey_check(app, req, name, code, now, err)
			  : totp_check(app->db, name, code, now, err)) == 0)
		return throttle_code_clear(app->db, name, req->remote, err);
	err_clear(&why);
	if (err->code == ERR_AUTH_CODE || err->code == ERR_AUTH_PASSKEY) {
		if (users_failed(app->db, name, req->remote, now, &why) == -1)
			log_warn("throttle: %s", why.msg);
		note_refused(app, req, name, err->code);
	}
	return -1;
}

int
session_login_code(struct app *app, struct request *req, struct reply *reply,
    const char *code, struct err *err)
{
	struct user_row user;

	if (req->who.half == 0)
		return err_set(err, ERR_AUTH_REQUIRED, "", "not logged in");
	if (session_code(app, req, reply, req->who.half_user, code, err) ==
		-1 ||
	    users_get(app->db, req->who.half_user, &user, err) == -1 ||
	    session_login_open(app, req, reply, user.id, NULL,
		session_stage(app, &user), err) == -1)
		return -1;
	backend_audit(app, req, EVENT_LOGIN, "ok", "second factor");
	return 0;
}

int
session_prove(struct app *app, struct request *req, struct reply *reply,
    const char *password, const char *code, struct err *err)
{
	struct proof proof;
	int rc;

	rc = *code != '\0'
		 ? session_code(app, req, reply, req->who.user, code, err)
		 : session_password(
		       app, req, reply, req->who.user, password, &proof, err);
	if (rc == -1) {
		if (err->code == ERR_AUTH_FAILED)
			snprintf(err->field, sizeof(err->field), "current");
		return -1;
	}
	if (sessions_prove(app->db, req->who.session, time(NULL), err) == -1)
		return -1;
	req->who.fresh = true;
	return 0;
}
