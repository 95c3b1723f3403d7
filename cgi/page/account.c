/*
 * account.c - one's own part of /access: password, second factor, sessions.
 *
 * Whoever changes how the account is entered, or ends sessions, gives the
 * password once more: an unlocked screen is not enough to keep its owner out.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "access_page.h"
#include "jsonx.h"
#include "passkey.h"
#include "sessions.h"
#include "totp.h"

int
account_password_again(const struct page *p, struct reply *reply,
    struct proof *ret, struct err *why)
{
	int rc = session_password(p->app, p->req, reply, p->req->who.user,
	    fields_str(&p->req->form, "current", ""), ret, why);

	if (rc == -1 && why->code == ERR_AUTH_FAILED)
		snprintf(why->field, sizeof(why->field), "current");
	return rc;
}

int
account_password(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	const char *new = fields_str(&p->req->form, "password", "");
	struct user_row user;
	struct proof proof = {0};

	(void)arg;
	if (p->req->who.pam)
		return err_set(why, ERR_USER_PAM, "",
		    "the password is the host's, and is changed there");
	if (strcmp(new, fields_str(&p->req->form, "again", "")) != 0)
		return err_set(why, ERR_PASSWORD_AGAIN, "again",
		    "the two passwords differ");
	if (strcmp(new, fields_str(&p->req->form, "current", "")) == 0)
		return err_set(why, ERR_PASSWORD_SAME, "password",
		    "the new password is the current one");
	if (password_acceptable(new, p->req->who.user, why) == -1 ||
	    account_password_again(p, reply, &proof, why) == -1 ||
	    access_own_password(p->app, p->req, &proof, new,
		fields_get(&p->req->form, "revoke_tokens") != NULL,
		why) == -1 ||
	    users_get(p->app->db, p->req->who.user, &user, why) == -1 ||
	    session_open(p->app, p->req, reply, proof.id, &proof,
		session_stage(p->app, &user), why) == -1)
		return -1;
	return access_back(reply, PATH_ACCESS "?done=password", why);
}

int
account_totp_start(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	char secret[TOTP_SECRET_LEN + 1];
	struct proof proof = {0};

	(void)arg;
	if (account_password_again(p, reply, &proof, why) == -1 ||
	    totp_start(p->app->db, p->req->who.user, secret, why) == -1)
		return -1;
	OPENSSL_cleanse(secret, sizeof(secret));
	return access_back(reply, PATH_ACCESS "#second-factor", why);
}

static int
show_codes(
    const struct page *p, char (*codes)[RECOVERY_LEN + 1], struct err *why)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int rc;

	for (size_t i = 0; i < RECOVERY_CODES; i++)
		json_object_array_add(list, json_object_new_string(codes[i]));
	json_object_object_add(o, "codes", list);
	rc = once_put(p->app, p->req, o, why);
	jsonx_wipe(o);
	return rc;
}

int
account_totp_confirm(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	char codes[RECOVERY_CODES][RECOVERY_LEN + 1] = {{0}};
	struct user_row user;
	int rc = -1;

	(void)arg;
	if (record_begin(p->app, why) == -1)
		return -1;
	rc = totp_confirm(p->app->db, p->req->who.user,
	    fields_str(&p->req->form, "code", ""), time(NULL), codes, why);
	rc = record_end(p->app, p->req, rc, EVENT_USER_TOTP, "on", why);
	if (rc == -1)
		goto out;
	rc = -1;
	if (users_get(p->app->db, p->req->who.user, &user, why) == 0 &&
	    session_open(
		p->app, p->req, reply, user.id, NULL, STAGE_FULL, why) == 0 &&
	    /* They were opened without it. */
	    sessions_end_others(
		p->app->db, user.name, p->req->who.session, why) == 0 &&
	    show_codes(p, codes, why) == 0)
		rc = access_back(reply, PATH_ACCESS "?done=totp", why);
out:
	OPENSSL_cleanse(codes, sizeof(codes));
	return rc;
}

int
account_totp_off(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	struct user_row user;
	struct proof proof = {0};

	(void)arg;
	if (account_password_again(p, reply, &proof, why) == -1 ||
	    session_code(p->app, p->req, reply, p->req->who.user,
		fields_str(&p->req->form, "code", ""), why) == -1 ||
	    record_begin(p->app, why) == -1 ||
	    record_end(p->app, p->req,
		totp_reset(p->app->db, p->req->who.user, time(NULL), why),
		EVENT_USER_TOTP, "off", why) == -1)
		return -1;
	if (users_get(p->app->db, p->req->who.user, &user, why) == -1 ||
	    session_open(p->app, p->req, reply, proof.id, &proof,
		session_stage(p->app, &user), why) == -1)
		return -1;
	return access_back(reply, PATH_ACCESS "?done=totp_off", why);
}

/* Password, code or passkey of the last minutes, or the password with it. */
static int
fresh(const struct page *p, struct reply *reply, struct err *why)
{
	const char *again = fields_str(&p->req->form, "current", "");

	if (p->req->who.fresh)
		return 0;
	if (*again != '\0')
		return session_prove(p->app, p->req, reply, again, "", why);
	return err_set(why, ERR_AUTH_STEP_UP, "current",
	    "the password or a passkey once more");
}

/* The session goes on with another secret, as it is now. */
static int
renew(const struct page *p, struct reply *reply, struct err *why)
{
	struct user_row user;

	if (users_get(p->app->db, p->req->who.user, &user, why) == -1)
		return -1;
	return session_open(p->app, p->req, reply, user.id, NULL,
	    session_stage(p->app, &user), why);
}

int
account_passkey_add(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	(void)arg;
	if (fresh(p, reply, why) == -1 ||
	    passkey_add(p->app, p->req, fields_str(&p->req->form, "name", ""),
		fields_str(&p->req->form, "code", ""), why) == -1 ||
	    renew(p, reply, why) == -1 ||
	    /* They were opened without it. */
	    sessions_end_others(
		p->app->db, p->req->who.user, p->req->who.session, why) == -1)
		return -1;
	return access_back(reply, PATH_ACCESS "?done=passkey", why);
}

int
account_passkey_remove(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	if (fresh(p, reply, why) == -1 ||
	    passkey_remove(p->app, p->req, arg, why) == -1 ||
	    renew(p, reply, why) == -1)
		return -1;
	return access_back(reply, PATH_ACCESS "?done=passkey_off", why);
}

int
account_end(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	struct proof proof = {0};

	if (account_password_again(p, reply, &proof, why) == -1 ||
	    access_session_end(p->app, p->req, p->req->who.user, arg, why) ==
		-1)
		return -1;
	return access_back(reply, PATH_ACCESS "?done=session", why);
}

/* Everywhere: this session, too. */
int
account_sign_out(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	struct proof proof = {0};

	if (account_password_again(p, reply, &proof, why) == -1 ||
	    access_sign_out(p->app, p->req, p->req->who.user, 0, why) == -1 ||
	    session_logout(p->app, p->req, reply, why) == -1)
		return -1;
	(void)arg;
	return reply_redirect(reply, "/login") == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}
