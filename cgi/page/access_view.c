/*
 * access_view.c - what /access shows: one's own account, or one of the lists
 * of users, tokens and sessions, or one of their rows with what can be done to
 * it; and above what became of the last button.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "access_page.h"
#include "jsonx.h"
#include "passkey.h"
#include "sessions.h"

#define SHOWN 20 /* of a list */
#define MINE  3	 /* of one's own sessions, below the account */

int
access_back(struct reply *reply, const char *to, struct err *why)
{
	return reply_redirect(reply, to) == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}

/* The row that the address names is "item". */
static int
pick(const struct page *p, struct json_object *ctx, const char *list,
    const char *key, enum err_code unknown, struct err *err)
{
	struct json_object *all = jsonx_path(ctx, list), *o;
	const char *arg = request_path_arg(p->req);

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		o = json_object_array_get_idx(all, i);
		if (strcasecmp(
			json_object_get_string(jsonx_path(o, key)), arg) != 0)
			continue;
		json_object_object_add(ctx, "item", json_object_get(o));
		return 0;
	}
	return err_set(err, unknown, key, "no such row");
}

static int
put_me(const struct page *p, struct json_object *ctx, struct err *err)
{
	if (account_put(p, ctx, err) == -1 ||
	    access_put_sessions(p, ctx, p->req->who.user, err) == -1)
		return -1;
	access_narrow(p, ctx, "sessions", PATH_ACCESS, MINE);
	return 0;
}

static int
put_users(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *args = json_object_new_object(), *all;
	bool on = false;
	int without = 0;

	if (access_put_users(p, ctx, err) == -1 ||
	    users_factor_required(p->app->db, &on, err) == -1) {
		json_object_put(args);
		return -1;
	}
	/* As it was chosen, where that was refused. */
	if (strcmp(fields_str(&p->req->form, "do", ""), "factor_policy") == 0)
		on = fields_get(&p->req->form, "required") != NULL;
	put_bool(ctx, "required", on);
	all = jsonx_path(ctx, "users");
	for (size_t i = 0; i < json_object_array_length(all); i++)
		without += !jsonx_path_bool(
		    json_object_array_get_idx(all, i), "factor");
	put_int(args, "n", without);
	put_int(args, "total", (int64_t)json_object_array_length(all));
	put_text(p, ctx, "without", "access.without", args);
	json_object_put(args);
	access_narrow(p, ctx, "users", PATH_USERS, SHOWN);
	return 0;
}

static int
put_user(const struct page *p, struct json_object *ctx, struct err *err)
{
	return access_put_users(p, ctx, err) == -1
		   ? -1
		   : pick(p, ctx, "users", "name", ERR_USER_UNKNOWN, err);
}

static int
put_tokens(const struct page *p, struct json_object *ctx, struct err *err)
{
	if (access_put_tokens(p, ctx, err) == -1)
		return -1;
	access_narrow(p, ctx, "tokens", PATH_TOKENS, SHOWN);
	return 0;
}

static int
put_token(const struct page *p, struct json_object *ctx, struct err *err)
{
	return access_put_tokens(p, ctx, err) == -1
		   ? -1
		   : pick(p, ctx, "tokens", "id", ERR_TOKEN_UNKNOWN, err);
}

static int
put_sessions(const struct page *p, struct json_object *ctx, struct err *err)
{
	if (access_put_sessions(p, ctx, NULL, err) == -1)
		return -1;
	access_narrow(p, ctx, "sessions", PATH_SESSIONS, SHOWN);
	return 0;
}

/* Of those that are not administrators, one's own. */
static int
put_session(const struct page *p, struct json_object *ctx, struct err *err)
{
	const char *user =
	    may(&p->req->who, MAY_ACCESS) ? NULL : p->req->who.user;

	return access_put_sessions(p, ctx, user, err) == -1
		   ? -1
		   : pick(p, ctx, "sessions", "id", ERR_SESSION_UNKNOWN, err);
}

/* The pages, and of which tab they are. */
static const struct {
	const char *path, *tab, *template;
	int (*put)(const struct page *, struct json_object *, struct err *);
} views[] = {
    {PATH_ACCESS, PATH_ACCESS, "access", put_me},
    {PATH_USERS, PATH_USERS, "users", put_users},
    {PATH_USERS "/{name}", PATH_USERS, "user", put_user},
    {PATH_TOKENS, PATH_TOKENS, "tokens", put_tokens},
    {PATH_TOKENS "/{id}", PATH_TOKENS, "token", put_token},
    {PATH_SESSIONS, PATH_SESSIONS, "sessions", put_sessions},
    {PATH_SESSIONS "/{id}", PATH_SESSIONS, "session", put_session},
};

static void
tab_add(const struct page *p, struct json_object *list, const char *path,
    const char *text, int count, const char *current)
{
	struct json_object *o = json_object_new_object();
	char n[16] = "";

	if (count >= 0)
		snprintf(n, sizeof(n), "%d", count);
	put_str(o, "href", path);
	put_str(o, "label", page_text(p, text));
	put_str(o, "count", n);
	put_bool(o, "current", strcmp(path, current) == 0);
	json_object_array_add(list, o);
}

/* Who has only oneself needs no tabs. */
static int
put_tabs(const struct page *p, struct json_object *ctx, const char *tab,
    struct err *err)
{
	struct json_object *o = NULL, *list;
	struct access_count n = {0};

	if (may(&p->req->who, MAY_ACCESS)) {
		if (access_count(p->app->db, time(NULL), session_idle_s(p->app),
			session_max_s(p->app), &n, err) == -1)
			return -1;
		o = json_object_new_object();
		list = json_object_new_array();
		tab_add(p, list, PATH_ACCESS, "access.me", -1, tab);
		tab_add(p, list, PATH_USERS, "access.users", n.users, tab);
		tab_add(p, list, PATH_TOKENS, "access.tokens", n.tokens, tab);
		tab_add(
		    p, list, PATH_SESSIONS, "access.sessions", n.sessions, tab);
		json_object_object_add(o, "list", list);
	}
	json_object_object_add(ctx, "tabs", o);
	return 0;
}

/* What the last POST made, once. */
static int
put_once(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *o = NULL, *codes, *list = NULL;

	if (p->req->method != HTTP_POST &&
	    once_take(p->app, p->req, &o, err) == -1)
		return -1;
	if ((codes = jsonx_path(o, "codes")) != NULL) {
		list = json_object_new_object();
		json_object_object_add(list, "list", json_object_get(codes));
	}
	json_object_object_add(ctx, "codes", list);
	if (jsonx_path(o, "value") == NULL) {
		json_object_put(o); /* the codes live on in ctx */
		o = NULL;
	} else {
		put_text(p, o, "made_title", jsonx_path_str(o, "title", ""), o);
		/* Mustache would look for these outside. */
		put_str(o, "join", jsonx_path_str(o, "join", ""));
		put_str(o, "origin", jsonx_path_str(o, "origin", ""));
		put_bool(o, "hook", jsonx_path_bool(o, "hook"));
	}
	json_object_object_add(ctx, "made", o);
	return 0;
}

static void
put_say(const struct page *p, const struct access_page *say,
    struct json_object *ctx)
{
	struct json_object *o = NULL;
	char *sentence;

	if (say->why != NULL) {
		o = json_object_new_object();
		sentence = localise_error(p->app, p->req->lang, say->why);
		put_str(o, "message", sentence);
		put_str(o, "code", err_name(say->why->code));
		free(sentence);
	}
	json_object_object_add(ctx, "refused", o);
	put_str(ctx, "done", say->done != NULL ? page_text(p, say->done) : "");
}

/* May a passkey take the password's place? */
static int
put_proof(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *list = NULL;

	if (passkeys_list(p->app->db, p->req->who.user, &list, err) == -1)
		return -1;
	put_bool(ctx, "with_passkey",
	    passkeys_possible(p->app) && json_object_array_length(list) > 0);
	json_object_put(list);
	return 0;
}

int
access_render(const struct page *p, struct reply *reply,
    const struct access_page *say, struct err *err)
{
	struct json_object *ctx = json_object_new_object();
	int rc = -1, status = 200;
	size_t i = 0;

	while (strcmp(views[i].path, p->req->route->path) != 0)
		i++;
	if (say->why != NULL)
		status = err_http(say->why->code);
	/* The password or code of a form is wrong: nobody is signed out. */
	if (status == 401)
		status = 422;
	put_str(ctx, "title", page_text(p, "nav.access"));
	put_str(ctx, "refresh", "");
	put_bool(ctx, "stale", !p->req->who.fresh);
	if (put_proof(p, ctx, err) == -1)
		goto out;
	put_say(p, say, ctx);
	access_put_forms(p, ctx);
	if (put_tabs(p, ctx, views[i].tab, err) == 0 &&
	    views[i].put(p, ctx, err) == 0 && put_once(p, ctx, err) == 0)
		rc = page_render(
		    p->app, p->req, reply, status, views[i].template, ctx, err);
out:
	jsonx_wipe(ctx);
	return rc;
}
