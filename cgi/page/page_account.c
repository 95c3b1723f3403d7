/*
 * page_account.c - one's own part of /access: password, second factor,
 * sessions.
 *
 * Whoever changes how the account is entered, or ends sessions, gives the
 * password once more: an unlocked screen is not enough to keep its owner out.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "access_page.h"
#include "mustache.h"
#include "util.h"

#define URI_MAX	  512
#define GROUP_LEN 4

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
	    access_own_password(p->app, p->req, &proof, new, why) == -1 ||
	    users_get(p->app->db, p->req->who.user, &user, why) == -1 ||
	    session_open(p->app, p->req, reply, proof.id, &proof,
		session_stage(p->app, &user), why) == -1)
		return -1;
	return access_back(reply, "password", "account", why);
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
	return access_back(reply, "", "second-factor", why);
}

int
account_totp_confirm(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	char codes[RECOVERY_CODES][RECOVERY_LEN + 1] = {{0}};
	struct access_page say = {.done = "access.done.totp", .codes = codes};
	struct user_row user;
	int rc = -1;

	(void)arg;
	if (totp_confirm(p->app->db, p->req->who.user,
		fields_str(&p->req->form, "code", ""), time(NULL), codes,
		why) == -1)
		return -1;
	backend_audit(p->app, p->req, "user.totp", "ok", "on");
	if (users_get(p->app->db, p->req->who.user, &user, why) == 0 &&
	    session_open(
		p->app, p->req, reply, user.id, NULL, STAGE_FULL, why) == 0 &&
	    /* They were opened without it. */
	    sessions_end_others(
		p->app->db, user.name, p->req->who.session, why) == 0)
		rc = access_render(p, reply, &say, why);
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
	    totp_reset(p->app->db, p->req->who.user, time(NULL), why) == -1)
		return -1;
	backend_audit(p->app, p->req, "user.totp", "ok", "off");
	if (users_get(p->app->db, p->req->who.user, &user, why) == -1 ||
	    session_open(p->app, p->req, reply, proof.id, &proof,
		session_stage(p->app, &user), why) == -1)
		return -1;
	return access_back(reply, "totp_off", "second-factor", why);
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
	return access_back(reply, "session", "account", why);
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

/* The secret in groups to type, and as a QR code to scan. */
static void
put_secret(const struct page *p, const char *secret, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	const char *host = request_env(p->req, "SERVER_NAME");
	struct buf b, path;
	int size = 0;

	for (const char *s = secret; *s != '\0'; s += GROUP_LEN)
		json_object_array_add(
		    list, json_object_new_string_len(s, GROUP_LEN));
	json_object_object_add(o, "groups", list);
	buf_init(&b, URI_MAX);
	buf_init(&path, 128 * 1024);
	buf_adds(&b, "otpauth://totp/Postseal:");
	url_escape(&b, p->req->who.user);
	buf_adds(&b, "%40");
	url_escape(&b, host != NULL && strlen(host) < 128 ? host : "postseal");
	buf_adds(&b, "?secret=");
	for (const char *s = secret; *s != '\0'; s++)
		buf_addc(&b, *s >= 'a' ? (char)(*s - 'a' + 'A') : *s);
	buf_adds(&b, "&issuer=Postseal");
	put_str(o, "qr",
	    !b.failed && qr_path(b.data, &path, &size) == 0 ? path.data : "");
	put_str(o, "uri", b.failed ? "" : b.data);
	put_int(o, "size", size);
	buf_clear(&b);
	buf_clear(&path);
}

/* The log-in before this one, and what was tried in between. */
static int
put_last(const struct page *p, struct json_object *o, struct err *err)
{
	struct last_login last = {0};
	struct json_object *t = json_object_new_object(), *args;
	char iso[32] = "";

	json_object_object_add(o, "last", t);
	if (sessions_last(p->app->db, p->req->who.session, &last, err) == -1)
		return -1;
	if (last.at != 0)
		time_iso(last.at, iso);
	put_time(p, t, iso);
	put_str(t, "from", last.from);
	args = json_object_new_object();
	put_int(args, "n", last.fails);
	put_str(args, "from", last.fail_from);
	if (last.fails > 0)
		put_text(p, o, "fails", "access.fails_text", args);
	else
		put_str(o, "fails", "0");
	json_object_put(args);
	/* Read, when the account itself was asked for. */
	if (last.news == 0 || p->req->method != HTTP_GET ||
	    sessions_news_read(p->app->db, p->req->who.session, err) == 0)
		return 0;
	return -1;
}

static void
put_when(const struct page *p, struct json_object *o, const char *key, time_t t)
{
	struct json_object *at = json_object_new_object();
	char iso[32] = "";

	if (t != 0)
		time_iso(t, iso);
	put_time(p, at, iso);
	json_object_object_add(o, key, at);
}

int
account_put(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *o = json_object_new_object(), *args, *pending;
	char secret[TOTP_SECRET_LEN + 1] = "";
	struct user_row user;
	int left = 0;

	json_object_object_add(ctx, "account", o);
	if (users_get(p->app->db, p->req->who.user, &user, err) == -1 ||
	    totp_pending(p->app->db, user.name, secret, err) == -1 ||
	    recovery_left(p->app->db, user.name, &left, err) == -1 ||
	    put_last(p, o, err) == -1)
		return -1;
	put_bool(o, "must_enrol", p->req->who.must_enrol);
	put_bool(o, "must_change", p->req->who.must_change);
	put_bool(o, "of_host", user.pam);
	put_when(p, o, "changed", user.changed);
	put_when(p, o, "factor_changed", user.factor_changed);
	put_bool(o, "factor", user.second_factor);
	put_bool(o, "start", !user.second_factor && secret[0] == '\0');
	args = json_object_new_object();
	put_int(args, "n", left);
	put_text(p, o, "recovery", "access.totp.left", args);
	json_object_put(args);
	pending = secret[0] != '\0' ? json_object_new_object() : NULL;
	if (pending != NULL)
		put_secret(p, secret, pending);
	json_object_object_add(o, "pending", pending);
	OPENSSL_cleanse(secret, sizeof(secret));
	return 0;
}
