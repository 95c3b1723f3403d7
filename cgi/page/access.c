/*
 * access.c - /access: one's own account for everybody; users, tokens and
 * all sessions for administrators, each at an address of its own.
 *
 * Each button is a row of acts[], with what whoever presses it needs; the same
 * table of rights (may.c) decides what the page shows.  What succeeds ends in
 * 303; a secret is shown once, by the page that follows (once.c).
 */
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "access_page.h"
#include "jsonx.h"
#include "tokens.h"
#include "users.h"

static const struct {
	const char *value, *text;
} dones[] = {
    {"password", "access.done.password"},
    {"session", "access.done.session"},
    {"totp", "access.done.totp"},
    {"totp_off", "access.done.totp_off"},
    {"passkey", "access.done.passkey"},
    {"passkey_off", "access.done.passkey_off"},
    {"role", "access.done.role"},
    {"deleted", "access.done.deleted"},
    {"totp_reset", "access.done.totp_reset"},
    {"user", "access.done.user"},
    {"revoked", "access.done.revoked"},
    {"factor_required", "access.done.factor_required"},
    {"factor_optional", "access.done.factor_optional"},
    {"joined", "access.done.joined"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A password that was made up for the user; wiped. */
static int
made_up(const struct page *p, struct reply *reply, const char *user, char *made,
    struct err *why)
{
	struct json_object *o = json_object_new_object();
	char join[JOIN_MAX];
	int rc;

	put_str(o, "title", "access.made.password");
	put_str(o, "user", user);
	access_join(p->app, p->req, user, join);
	put_str(o, "join", join);
	put_str(o, "value", made);
	OPENSSL_cleanse(made, strlen(made));
	rc = once_put(p->app, p->req, o, why);
	jsonx_wipe(o);
	return rc == -1 ? -1 : access_back(reply, PATH_USERS, why);
}

static int
user_add(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	const struct fields *f = &p->req->form;
	char made[GENERATED_LEN + 1] = "";
	enum role role;

	(void)arg;
	if (role_from_name(fields_str(f, "role", ""), &role, why) == -1 ||
	    access_user_add(p->app, p->req, fields_str(f, "user", ""), role,
		fields_str(f, "password", ""), made, why) == -1)
		return -1;
	if (made[0] == '\0')
		return access_back(reply, PATH_USERS "?done=user", why);
	return made_up(p, reply, fields_str(f, "user", ""), made, why);
}

/* Names have no case: "ADMIN" is oneself, too. */
static bool
is_me(const struct page *p, const char *name)
{
	return strcasecmp(name, p->req->who.user) == 0;
}

static int
user_password(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	char made[GENERATED_LEN + 1] = "";

	if (is_me(p, arg))
		return err_set(why, ERR_AUTH_FORBIDDEN, "",
		    "one's own password is changed with the old one");
	if (access_user_password(p->app, p->req, arg, "", made, why) == -1)
		return -1;
	return made_up(p, reply, arg, made, why);
}

static int
user_role(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	enum role role;

	if (role_from_name(fields_str(&p->req->form, "role", ""), &role, why) ==
		-1 ||
	    access_user_role(p->app, p->req, arg, role, why) == -1)
		return -1;
	/* Whoever is an administrator no more may not see the users. */
	return access_back(reply,
	    is_me(p, arg) ? PATH_ACCESS "?done=role" : PATH_USERS "?done=role",
	    why);
}

static int
factor_policy(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	bool on = fields_get(&p->req->form, "required") != NULL;

	(void)arg;
	if (access_require_factor(p->app, p->req, on, why) == -1)
		return -1;
	return access_back(reply,
	    on ? PATH_USERS "?done=factor_required"
	       : PATH_USERS "?done=factor_optional",
	    why);
}

static int
user_delete(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	if (access_user_delete(p->app, p->req, arg, why) == -1)
		return -1;
	return access_back(reply, PATH_USERS "?done=deleted", why);
}

static int
factor_reset(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	if (is_me(p, arg))
		return err_set(why, ERR_AUTH_FORBIDDEN, "",
		    "one's own is turned off with password and code");
	if (access_totp_reset(p->app, p->req, arg, why) == -1)
		return -1;
	return access_back(reply, PATH_USERS "?done=totp_reset", why);
}

static int
token_add(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	const struct fields *f = &p->req->form;
	struct token_want want = {.user = fields_str(f, "owner", ""),
	    .name = fields_str(f, "name", ""),
	    .certificate = fields_str(f, "certificate", ""),
	    .allowed = fields_str(f, "addresses", "")};
	char token[TOKEN_LEN + 1] = "", origin[ORIGIN_MAX];
	struct json_object *o;
	long id = 0;
	int rc;

	(void)arg;
	if (scope_from_name(fields_str(f, "scope", ""), &want.scope, why) ==
		-1 ||
	    access_days(fields_str(f, "days", ""), &want.days, why) == -1 ||
	    access_token_add(p->app, p->req, &want, token, &id, why) == -1)
		return -1;
	o = json_object_new_object();
	put_str(o, "title", "access.made.token");
	put_str(o, "name", want.name);
	put_str(o, "value", token);
	access_origin(p->app, p->req, origin);
	put_str(o, "origin", origin);
	put_bool(o, "hook", want.scope != SCOPE_READ);
	put_str(o, "of", want.certificate);
	OPENSSL_cleanse(token, sizeof(token));
	rc = once_put(p->app, p->req, o, why);
	jsonx_wipe(o);
	return rc == -1 ? -1 : access_back(reply, PATH_TOKENS, why);
}

static int
token_delete(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	if (access_token_delete(p->app, p->req, arg, why) == -1)
		return -1;
	return access_back(reply, PATH_TOKENS "?done=revoked", why);
}

static int
session_end_any(
    const struct page *p, struct reply *reply, const char *arg, struct err *why)
{
	if (access_session_end(p->app, p->req, NULL, arg, why) == -1)
		return -1;
	return access_back(reply, PATH_SESSIONS "?done=session", why);
}

/* Whom a button is for stands at the API's call that does the same, once. */
static const struct {
	const char *call;
	enum need need;
} calls[] = {
#define PAGE(...)
#define FORM(...)
#define CALL(method, path, run, need, ...) {#method " " path, need},
#include "routes.def"
#undef PAGE
#undef FORM
#undef CALL
};

static enum need
need_of(const char *call)
{
	for (size_t i = 0; i < COUNT(calls); i++)
		if (strcmp(calls[i].call, call) == 0)
			return calls[i].need;
	return MAY_NOTHING;
}

static const struct {
	const char *name; /* of do=NAME or do=NAME:ARG */
	enum need need;	  /* without such a call */
	int (*fn)(
	    const struct page *, struct reply *, const char *, struct err *);
	const char *call;
} acts[] = {
    {"password", MAY_OWN, account_password, NULL},
    {"totp_start", MAY_OWN, account_totp_start, NULL},
    {"totp_confirm", MAY_OWN, account_totp_confirm, NULL},
    {"totp_off", MAY_OWN, account_totp_off, NULL},
    {"passkey_add", MAY_OWN, account_passkey_add, NULL},
    {"passkey_remove", MAY_OWN, account_passkey_remove, NULL},
    {"end", MAY_OWN, account_end, NULL},
    {"sign_out", MAY_OWN, account_sign_out, NULL},
    {"user_add", MAY_NOTHING, user_add, "POST /api/v1/users"},
    {"user_password", MAY_NOTHING, user_password, "POST /api/v1/users/{name}"},
    {"user_role", MAY_NOTHING, user_role, "POST /api/v1/users/{name}"},
    {"user_delete", MAY_NOTHING, user_delete, "DELETE /api/v1/users/{name}"},
    {"totp_reset", MAY_NOTHING, factor_reset, "POST /api/v1/users/{name}"},
    {"factor_policy", MAY_NOTHING, factor_policy, "POST /api/v1/policy"},
    {"token_add", MAY_NOTHING, token_add, "POST /api/v1/tokens"},
    {"token_delete", MAY_NOTHING, token_delete, "DELETE /api/v1/tokens/{id}"},
    {"session_end", MAY_NOTHING, session_end_any,
	"DELETE /api/v1/sessions/{id}"},
};

/* The password that the form asked for, where the session is not fresh. */
static int
may_press(
    const struct page *p, struct reply *reply, enum need need, struct err *why)
{
	const char *again = fields_str(&p->req->form, "current", "");

	if (need == MAY_GRANT && !p->req->who.fresh && *again != '\0' &&
	    may(&p->req->who, need) &&
	    session_prove(p->app, p->req, reply, again, "", why) == -1)
		return -1;
	return may_check(&p->req->who, need, HTTP_POST, why);
}

static int
press(const struct page *p, struct reply *reply, struct err *why)
{
	const char *act = fields_str(&p->req->form, "do", "");
	size_t n = strcspn(act, ":");
	const char *arg = act[n] == ':' ? act + n + 1 : "";
	enum need need;

	for (size_t i = 0; i < COUNT(acts); i++) {
		if (strlen(acts[i].name) != n ||
		    strncmp(acts[i].name, act, n) != 0)
			continue;
		need =
		    acts[i].call == NULL ? acts[i].need : need_of(acts[i].call);
		if (may_press(p, reply, need, why) == -1)
			return -1;
		return acts[i].fn(p, reply, arg, why);
	}
	return err_set(why, ERR_FIELD_INVALID, "do", "do: no such button");
}

int
page_access(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "do", "current", "password",
	    "again", "code", "user", "role", "name", "owner", "scope",
	    "certificate", "days", "addresses", "revoke_tokens", "required",
	    NULL};
	const struct page p = {app, req};
	struct access_page say = {0};
	const char *done;
	struct err why;

	if (req->method != HTTP_POST) {
		done = fields_str(&req->query, "done", "");
		for (size_t i = 0; i < COUNT(dones); i++) {
			if (strcmp(dones[i].value, done) == 0)
				say.done = dones[i].text;
		}
		return access_render(&p, reply, &say, err);
	}
	if (fields_check(&req->form, once, NULL, err) == -1)
		return -1;
	err_clear(&why);
	if (press(&p, reply, &why) == 0)
		return 0;
	/* One whose session has just ended, or a right that is missing. */
	if (!req->who.known || why.code == ERR_AUTH_FORBIDDEN ||
	    why.code == ERR_AUTH_ENROL || why.code == ERR_AUTH_CHANGE ||
	    err_http(why.code) >= 500) {
		*err = why;
		return -1;
	}
	say.why = &why;
	return access_render(&p, reply, &say, err);
}
