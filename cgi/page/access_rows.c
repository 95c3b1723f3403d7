/*
 * access_rows.c - users, tokens and sessions as rows for the templates, and
 * what their forms begin with.
 */
#include <string.h>
#include <time.h>

#include "access_page.h"
#include "jsonx.h"
#include "sessions.h"
#include "tokens.h"

struct choice {
	const char *value, *text;
};

static const struct choice roles[] = {
    {"viewer", "access.role.viewer"},
    {"operator", "access.role.operator"},
    {"administrator", "access.role.administrator"},
};

static const struct choice scopes[] = {
    {"certificates", "access.scope.certificates"},
    {"read", "access.scope.read"},
    {"write", "access.scope.write"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A list of the store as the template wants it: text columns as they are,
 * times in their three forms. */
static struct json_object *
rows_of(const struct page *p, struct json_object *list,
    const char *const *texts, const char *const *times)
{
	struct json_object *out = json_object_new_array(), *row, *o, *t;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		o = json_object_new_object();
		for (size_t j = 0; texts[j] != NULL; j++)
			put_str(o, texts[j], jsonx_path_str(row, texts[j], ""));
		for (size_t j = 0; times[j] != NULL; j++) {
			t = json_object_new_object();
			put_time(p, t, jsonx_path_str(row, times[j], ""));
			json_object_object_add(o, times[j], t);
		}
		json_object_array_add(out, o);
	}
	return out;
}

static struct json_object *
row_at(struct json_object *list, size_t i)
{
	return json_object_array_get_idx(list, i);
}

int
access_put_sessions(const struct page *p, struct json_object *ctx,
    const char *user, struct err *err)
{
	static const char *const texts[] = {"user", "from", NULL};
	static const char *const times[] = {"created_at", "seen_at", NULL};
	struct json_object *list = NULL, *rows, *o;
	int64_t id;

	if (sessions_list(p->app->db, user, time(NULL), session_idle_s(p->app),
		session_max_s(p->app), &list, err) == -1)
		return -1;
	rows = rows_of(p, list, texts, times);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		o = row_at(rows, i);
		id = json_object_get_int64(jsonx_path(row_at(list, i), "id"));
		put_int(o, "id", id);
		put_bool(o, "current", id == p->req->who.session);
		put_bool(o, "mine",
		    strcmp(jsonx_path_str(o, "user", ""), p->req->who.user) ==
			0);
		put_text(p, o, "end", "access.end_of", o);
	}
	json_object_put(list);
	json_object_object_add(ctx, "sessions", rows);
	return 0;
}

static struct json_object *
role_options(const struct page *p, const char *chosen)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < COUNT(roles); i++)
		option_add(
		    list, roles[i].value, page_text(p, roles[i].text), chosen);
	return list;
}

int
access_put_users(const struct page *p, struct json_object *ctx, struct err *err)
{
	static const char *const texts[] = {"name", "role", NULL};
	static const char *const times[] = {
	    "created_at", "changed_at", "last_login_at", NULL};
	struct json_object *list = NULL, *rows, *o;
	const char *role;

	if (users_list(p->app->db, &list, err) == -1)
		return -1;
	rows = rows_of(p, list, texts, times);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		o = row_at(rows, i);
		role = jsonx_path_str(o, "role", "");
		put_str(o, "role_text", role);
		for (size_t j = 0; j < COUNT(roles); j++) {
			if (strcmp(roles[j].value, role) == 0)
				put_str(o, "role_text",
				    page_text(p, roles[j].text));
		}
		json_object_object_add(o, "roles",
		    role_options(p, fields_str(&p->req->form, "role", role)));
		put_int(o, "n", (int64_t)i);
		put_bool(o, "invited",
		    jsonx_path_str(row_at(list, i), "invited_at", "")[0] !=
			'\0');
		put_bool(o, "of_host",
		    strcmp(jsonx_path_str(row_at(list, i), "source", ""),
			"pam") == 0);
		put_bool(o, "factor",
		    json_object_get_boolean(
			jsonx_path(row_at(list, i), "second_factor")));
		put_bool(o, "me",
		    strcmp(jsonx_path_str(o, "name", ""), p->req->who.user) ==
			0);
	}
	json_object_put(list);
	json_object_object_add(ctx, "users", rows);
	return 0;
}

int
access_put_tokens(
    const struct page *p, struct json_object *ctx, struct err *err)
{
	static const char *const texts[] = {"name", "user", "scope",
	    "certificate", "addresses", "last_from", NULL};
	static const char *const times[] = {"created_at", "last_used_at", NULL};
	struct json_object *list = NULL, *rows, *o;
	char date[11];

	if (tokens_list(p->app->db, &list, err) == -1)
		return -1;
	rows = rows_of(p, list, texts, times);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		o = row_at(rows, i);
		for (size_t j = 0; j < COUNT(scopes); j++) {
			if (strcmp(scopes[j].value,
				jsonx_path_str(o, "scope", "")) == 0)
				put_str(
				    o, "scope", page_text(p, scopes[j].text));
		}
		date_of(
		    jsonx_path_str(row_at(list, i), "expires_at", ""), date);
		put_str(o, "expires", date);
		put_int(o, "id",
		    json_object_get_int64(jsonx_path(row_at(list, i), "id")));
	}
	json_object_put(list);
	json_object_object_add(ctx, "tokens", rows);
	return 0;
}

void
access_put_forms(const struct page *p, struct json_object *ctx)
{
	const struct fields *f = &p->req->form;
	struct json_object *list = json_object_new_array();
	const char *scope = fields_str(f, "scope", "certificates");

	json_object_object_add(
	    ctx, "new_roles", role_options(p, fields_str(f, "role", "viewer")));
	for (size_t i = 0; i < COUNT(scopes); i++)
		option_add(
		    list, scopes[i].value, page_text(p, scopes[i].text), scope);
	json_object_object_add(ctx, "scopes", list);
	put_str(ctx, "form_user", fields_str(f, "user", ""));
	put_str(ctx, "form_name", fields_str(f, "name", ""));
	put_str(ctx, "form_owner", fields_str(f, "owner", p->req->who.user));
	put_str(ctx, "form_days", fields_str(f, "days", "365"));
	put_str(ctx, "form_certificate", fields_str(f, "certificate", ""));
	put_str(ctx, "form_addresses", fields_str(f, "addresses", ""));
}
