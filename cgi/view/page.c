/*
 * page.c - writers for the template context, and the frame that every
 * page has: language switch, navigation, session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jsonx.h"
#include "mustache.h"
#include "page.h"
#include "template.h"
#include "util.h"

#define TEXT_MAX 4096

/* The pages; those without a group are not in the navigation. */
static const struct {
	const char *href;
	const char *group, *text;
} pages[] = {
#define NAV(group, text)		  group, text
#define NO_NAV				  NULL, NULL
#define PAGE(path, run, need, query, nav) {path, nav},
#define FORM(...)
#define CALL(...)
#include "routes.def"
#include "sessions.h"
};

void
put_str(struct json_object *obj, const char *key, const char *value)
{
	json_object_object_add(
	    obj, key, json_object_new_string(value != NULL ? value : ""));
}

void
put_bool(struct json_object *obj, const char *key, bool value)
{
	json_object_object_add(obj, key, json_object_new_boolean(value));
}

void
put_int(struct json_object *obj, const char *key, int64_t value)
{
	json_object_object_add(obj, key, json_object_new_int64(value));
}

void
put_icon(struct json_object *obj, const char *kind)
{
	put_bool(obj, "is_ok", strcmp(kind, "ok") == 0);
	put_bool(obj, "is_info", strcmp(kind, "info") == 0);
	put_bool(obj, "is_warn", strcmp(kind, "warn") == 0);
	put_bool(obj, "is_error", strcmp(kind, "error") == 0);
}

const char *
page_text(const struct page *p, const char *text)
{
	return catalog_text(p->app->texts, p->req->lang, text);
}

struct json_object *
new_text(const struct page *p, const char *text, struct json_object *args)
{
	struct json_object *v = NULL;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	if (catalog_format(p->app->texts, p->req->lang, text, args, &b) == 0)
		v = json_object_new_string_len(
		    b.len > 0 ? b.data : "", (int)b.len);
	buf_clear(&b);
	return v;
}

void
put_text(const struct page *p, struct json_object *obj, const char *key,
    const char *text, struct json_object *args)
{
	json_object_object_add(obj, key, new_text(p, text, args));
}

void
put_error(const struct page *p, struct json_object *obj, const char *key,
    const char *code, struct json_object *args)
{
	char *s = localise_code(p->app, p->req->lang, code, args);

	put_str(obj, key, s != NULL ? s : code);
	free(s);
}

void
put_detail(struct json_object *o, const char *said, struct json_object *args)
{
	const char *detail = jsonx_path_str(args, "detail", "");

	put_str(o, "detail", strstr(said, detail) == NULL ? detail : "");
}

int
time_parse(const char *iso, int64_t *ret)
{
	struct tm tm = {0};
	const char *end;

	if (iso == NULL ||
	    (end = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm)) == NULL ||
	    strcmp(end, "Z") != 0)
		return -1;
	*ret = timegm(&tm);
	return 0;
}

void
date_of(const char *iso, char dst[11])
{
	int64_t t;

	dst[0] = '\0';
	if (time_parse(iso, &t) == 0)
		snprintf(dst, 11, "%.10s", iso);
}

void
put_time(const struct page *p, struct json_object *obj, const char *iso)
{
	static const struct {
		int64_t below;
		int64_t unit;
		const char *text;
	} spans[] = {
	    {60, 1, "ago.now"},
	    {3600, 60, "ago.minutes"},
	    {48 * 3600, 3600, "ago.hours"},
	    {INT64_MAX, 86400, "ago.days"},
	};
	struct json_object *args;
	char text[32];
	int64_t t, age;
	size_t i = 0;

	put_str(obj, "at", "");
	put_str(obj, "at_text", "");
	put_str(obj, "ago", "");
	if (time_parse(iso, &t) == -1)
		return;
	age = (int64_t)time(NULL) - t;
	if (age < 0)
		age = 0;
	while (age >= spans[i].below)
		i++;
	snprintf(text, sizeof(text), "%.10s %.8s UTC", iso, iso + 11);
	put_str(obj, "at", iso);
	put_str(obj, "at_text", text);
	args = json_object_new_object();
	put_int(args, "n", age / spans[i].unit);
	put_text(p, obj, "ago", spans[i].text, args);
	json_object_put(args);
}

bool
path_is_ours(const char *path)
{
	const char *s;

	if (path == NULL || path[0] != '/' || path[1] == '/')
		return false;
	for (s = path; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '\\')
			return false;
	return s - path < 512;
}

/* Path and query of this request, to come back to. */
static void
put_path(const struct request *req, struct json_object *ctx)
{
	struct buf b;
	size_t i;

	buf_init(&b, 1024);
	buf_adds(&b, req->path);
	for (i = 0; req->method == HTTP_GET && i < req->query.n; i++) {
		buf_addc(&b, i == 0 ? '?' : '&');
		url_escape(&b, req->query.v[i].name);
		buf_addc(&b, '=');
		url_escape(&b, req->query.v[i].value);
	}
	put_str(ctx, "path",
	    !b.failed && b.len > 0 && path_is_ours(b.data) ? b.data : "/");
	buf_clear(&b);
}

void
put_link(struct json_object *obj, const char *key, const char *path,
    const struct pair *pairs, size_t n)
{
	struct buf b;
	char sep = '?';
	size_t i;

	buf_init(&b, 1024);
	buf_adds(&b, path);
	for (i = 0; i < n; i++) {
		if (pairs[i].value == NULL || *pairs[i].value == '\0')
			continue;
		buf_printf(&b, "%c%s=", sep, pairs[i].name);
		url_escape(&b, pairs[i].value);
		sep = '&';
	}
	put_str(obj, key, b.failed ? path : b.data);
	buf_clear(&b);
}

void
option_add(struct json_object *list, const char *value, const char *label,
    const char *chosen)
{
	struct json_object *o = json_object_new_object();

	put_str(o, "value", value);
	put_str(o, "label", label);
	put_bool(o, "selected", strcmp(value, chosen) == 0);
	json_object_array_add(list, o);
}

static struct json_object *
languages(const struct page *p)
{
	struct json_object *list = json_object_new_array(), *row;
	const char *const *codes;
	size_t i, n;

	n = catalog_languages(p->app->texts, &codes);
	for (i = 0; i < n; i++) {
		row = json_object_new_object();
		put_str(row, "code", codes[i]);
		put_str(row, "name",
		    catalog_text(p->app->texts, codes[i], "language.name"));
		put_bool(row, "current", strcmp(codes[i], p->req->lang) == 0);
		json_object_array_add(list, row);
	}
	return list;
}

static struct json_object *
navigation(const struct page *p)
{
	struct json_object *groups = json_object_new_array(), *group = NULL;
	struct json_object *items = NULL, *item, *top;
	const char *last = "";
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		/* A host that is alone has no such page. */
		if (pages[i].group == NULL ||
		    (strcmp(pages[i].href, PATH_SCANNERS) == 0 &&
			p->app->conf.cluster_name[0] == '\0'))
			continue;
		if (strcmp(last, pages[i].group) != 0) {
			group = json_object_new_object();
			items = json_object_new_array();
			put_str(group, "id", strchr(pages[i].group, '.') + 1);
			put_str(group, "label", page_text(p, pages[i].group));
			json_object_object_add(group, "items", items);
			json_object_array_add(groups, group);
			last = pages[i].group;
		}
		item = json_object_new_object();
		put_str(item, "href", pages[i].href);
		put_str(item, "label", page_text(p, pages[i].text));
		put_bool(item, "current",
		    strncmp(p->req->path, pages[i].href,
			strlen(pages[i].href)) == 0);
		json_object_array_add(items, item);
	}
	top = json_object_new_object();
	json_object_object_add(top, "groups", groups);
	return top;
}

/* Those without lists.css: the screen itself needs none, and has no room. */
static const char *const plain[] = {"connection", "error", "progress", NULL};
/* Those with a button for passkeys. */
static const char *const with_passkeys[] = {
    "access", "login", "session", "tokens", "user", "users", NULL};

static bool
is_one_of(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* What happened to the account since the last log-in, on every page until
 * the own account was looked at. */
static struct json_object *
news_of(const struct page *p)
{
	static const struct {
		int bit;
		const char *text;
	} kinds[] = {
	    {NEWS_FAILS, "access.news.fails"},
	    {NEWS_PASSWORD, "access.news.password"},
	    {NEWS_FACTOR, "access.news.factor"},
	};
	const struct identity *who = &p->req->who;
	struct json_object *o, *list, *args;

	if (!who->known || who->news == 0)
		return NULL;
	o = json_object_new_object();
	list = json_object_new_array();
	args = json_object_new_object();
	put_int(args, "n", who->fails);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((who->news & kinds[i].bit) != 0)
			json_object_array_add(
			    list, new_text(p, kinds[i].text, args));
	}
	json_object_put(args);
	json_object_object_add(o, "lines", list);
	return o;
}

/* Which gateway this is, for who has several in tabs. */
static void
put_gateway(struct json_object *ctx)
{
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	put_str(ctx, "gateway", host);
}

int
page_render(struct app *app, struct request *req, struct reply *reply,
    int status, const char *name, struct json_object *ctx, struct err *err)
{
	struct page p = {app, req};
	struct buf out;
	int rc = -1;

	buf_init(&out, TEMPLATE_OUT_MAX);
	put_str(ctx, "lang", req->lang);
	/* The messages of programs are. */
	put_bool(ctx, "english", strcmp(req->lang, "en") == 0);
	put_bool(ctx, "lists", !is_one_of(plain, name));
	put_bool(ctx, "passkeys",
	    app->conf.origin[0] != '\0' && is_one_of(with_passkeys, name));
	/* The guide is for reading alone, and long. */
	put_bool(ctx, "script", strcmp(name, "guide") != 0);
	put_gateway(ctx);
	json_object_object_add(ctx, "languages", languages(&p));
	put_str(ctx, "csrf", csrf_for_form(app, req, reply));
	put_path(req, ctx);
	put_str(ctx, "user", req->who.known ? req->who.user : "");
	json_object_object_add(ctx, "news", news_of(&p));
	/* Which controls to show. */
	put_bool(ctx, "may_change", may(&req->who, MAY_CHANGE));
	put_bool(ctx, "may_access", may(&req->who, MAY_ACCESS));
	json_object_object_add(
	    ctx, "nav", req->who.known ? navigation(&p) : NULL);
	if (templates_render(app->templates, app->texts, req->lang, name, ctx,
		&out, err) == -1)
		goto out;
	reply->status = status;
	if (reply_header(reply, "Content-Type", "text/html; charset=utf-8") ==
		-1 ||
	    reply_header(reply, "Content-Language", req->lang) == -1 ||
	    buf_add(&reply->body, out.data, out.len) == -1) {
		err_set(err, ERR_NOMEM, "", "page %.40s", name);
		goto out;
	}
	rc = 0;
out:
	buf_clear(&out);
	return rc;
}
