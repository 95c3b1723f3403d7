/*
 * login.c - log-in, log-out, language, and the page for errors.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth.h"
#include "jsonx.h"
#include "page.h"
#include "passkey.h"

static const char *
safe_path(const char *path)
{
	return path_is_ours(path) ? path : "/";
}

int
page_root(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	(void)app;
	(void)req;
	if (reply_redirect(reply, PATH_CONNECTION) == -1)
		return err_set(err, ERR_INTERNAL, "", "redirect");
	return 0;
}

/* Somebody was signed in, and is no more: a log-out takes the cookie along. */
static bool
session_ended(const struct request *req)
{
	char secret[128];
	bool had = request_cookie(
		       req, COOKIE_SESSION, secret, sizeof(secret)) != NULL &&
		   secret[0] != '\0';

	OPENSSL_cleanse(secret, sizeof(secret));
	return had && !req->who.known && req->who.half == 0;
}

/* What the one who is half in may prove it with. */
static int
put_factors(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *o = NULL;
	struct user_row user;

	if (users_get(p->app->db, p->req->who.half_user, &user, err) == -1)
		return -1;
	put_bool(ctx, "totp", user.totp);
	if (passkeys_possible(p->app) &&
	    passkey_offer(p->app, p->req, p->req->who.half_user, &o, err) == -1)
		return -1;
	if (jsonx_len(jsonx_path(o, "credentials")) == 0) {
		json_object_put(o);
		o = NULL;
	} else {
		put_str(ctx, "offer", json_object_to_json_string(o));
	}
	/* Passkeys alone, and the console's own name is gone. */
	put_bool(ctx, "stuck", o == NULL && !user.totp);
	json_object_object_add(ctx, "passkey", o);
	return 0;
}

static int
login_page(struct app *app, struct request *req, struct reply *reply,
    const char *next, const char *name, bool code, const struct err *why,
    struct err *err)
{
	struct page p = {app, req};
	struct json_object *ctx = json_object_new_object(), *e;
	int rc, status = 200;
	char *s;

	put_str(ctx, "title", page_text(&p, "login.title"));
	put_str(ctx, "next", safe_path(next));
	put_str(ctx, "name", name);
	put_bool(ctx, "code", code);
	put_bool(ctx, "passkey", false);
	put_bool(ctx, "stuck", false);
	if (code && req->who.half != 0 && put_factors(&p, ctx, err) == -1) {
		json_object_put(ctx);
		return -1;
	}
	put_str(ctx, "ended",
	    why == NULL && session_ended(req) ? page_text(&p, "login.ended")
					      : "");
	if (why != NULL) {
		e = json_object_new_object();
		s = localise_error(app, req->lang, why);
		put_str(e, "message", s);
		free(s);
		json_object_object_add(ctx, "error", e);
		status = err_http(why->code);
	}
	rc = page_render(app, req, reply, status, "login", ctx, err);
	json_object_put(ctx);
	return rc;
}

static int
onward(struct reply *reply, const char *next, struct err *err)
{
	if (reply_redirect(reply, safe_path(next)) == -1)
		return err_set(err, ERR_INTERNAL, "", "redirect");
	return 0;
}

static int
login_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	const char *next = fields_str(&req->query, "next", "/");
	bool again = fields_get(&req->query, "again") != NULL;

	if (req->who.known)
		return onward(reply, next, err);
	return login_page(
	    app, req, reply, next, "", req->who.half != 0 && !again, NULL, err);
}

int
page_login(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {
	    "csrf", "user", "password", "code", "next", NULL};
	const char *next, *user, *code;
	struct err why;
	int rc;

	err_clear(&why);
	if (req->method != HTTP_POST)
		return login_get(app, req, reply, err);
	if (fields_check(&req->form, once, NULL, err) == -1)
		return -1;
	user = fields_str(&req->form, "user", "");
	code = fields_str(&req->form, "code", NULL);
	next = fields_str(&req->form, "next", "/");
	if (code != NULL)
		rc = session_login_code(app, req, reply, code, &why);
	else
		rc = session_login(app, req, reply, user,
		    fields_str(&req->form, "password", ""), &why);
	if (rc == 0 && req->who.half != 0)
		return login_page(app, req, reply, next, "", true, NULL, err);
	if (rc == 0)
		return onward(reply, next, err);
	if (why.code != ERR_AUTH_FAILED && why.code != ERR_AUTH_CODE &&
	    why.code != ERR_AUTH_PASSKEY && why.code != ERR_AUTH_THROTTLED &&
	    why.code != ERR_AUTH_REQUIRED && why.code != ERR_AUTH_EXPIRED &&
	    why.code != ERR_AUTH_UNAVAILABLE) {
		*err = why;
		return -1;
	}
	return login_page(app, req, reply, next, user,
	    code != NULL && why.code != ERR_AUTH_REQUIRED, &why, err);
}

int
page_logout(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (session_logout(app, req, reply, err) == -1)
		return -1;
	if (reply_redirect(reply, "/login") == -1)
		return err_set(err, ERR_INTERNAL, "", "redirect");
	return 0;
}

int
page_language(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "lang", "back", NULL};
	const char *const *codes;
	const char *lang;
	size_t i, n;

	if (fields_check(&req->form, once, NULL, err) == -1)
		return -1;
	lang = fields_str(&req->form, "lang", "");
	n = catalog_languages(app->texts, &codes);
	for (i = 0; i < n; i++)
		if (strcmp(codes[i], lang) == 0)
			break;
	if (i == n)
		return err_set(err, ERR_FIELD_INVALID, "lang",
		    "expected a language we have, got %.20s", lang);
	if (reply_cookie(reply, COOKIE_LANG, codes[i], 365 * 86400) == -1 ||
	    reply_redirect(
		reply, safe_path(fields_str(&req->form, "back", "/"))) == -1)
		return err_set(err, ERR_INTERNAL, "", "redirect");
	return 0;
}

/* Headings by what the reader can do about it. */
static const char *
error_heading(enum err_code code)
{
	if (code == ERR_DAEMON_UNREACHABLE)
		return "failure.heading.unreachable";
	switch (err_http(code)) {
	case 401:
	case 403:
		return "failure.heading.denied";
	case 404:
		return "failure.heading.not_found";
	case 500:
		return "failure.heading.internal";
	default:
		return "failure.heading.refused";
	}
}

/* Once more where that may help; else to where there is something. */
static void
put_way_on(const struct page *p, struct json_object *ctx, enum err_code code)
{
	const char *path = safe_path(p->req->path);
	bool of_history =
	    strncmp(path, PATH_HISTORY "/", sizeof(PATH_HISTORY)) == 0;

	if (code == ERR_DAEMON_UNREACHABLE) {
		put_str(ctx, "to", path);
		put_str(ctx, "way", page_text(p, "failure.retry"));
		return;
	}
	put_str(ctx, "to", of_history ? PATH_HISTORY : "/");
	put_str(ctx, "way",
	    page_text(p,
		of_history ? "failure.to_history" : "history.to_connection"));
}

int
page_error(struct app *app, struct request *req, struct reply *reply,
    const struct err *why)
{
	struct page p = {app, req};
	struct json_object *ctx = json_object_new_object();
	struct err err;
	char *s;
	int rc;

	err_clear(&err);
	put_str(ctx, "heading", page_text(&p, error_heading(why->code)));
	put_str(ctx, "title", page_text(&p, error_heading(why->code)));
	s = localise_error(app, req->lang, why);
	put_str(ctx, "message", s);
	free(s);
	put_str(ctx, "code", err_name(why->code));
	put_str(ctx, "detail", req->who.known ? why->msg : "");
	put_way_on(&p, ctx, why->code);
	rc = page_render(
	    app, req, reply, err_http(why->code), "error", ctx, &err);
	json_object_put(ctx);
	return rc;
}
