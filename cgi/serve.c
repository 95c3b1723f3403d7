/*
 * serve.c - one request: the checks in the order of http.h, the handler, and
 * an answer in any case.
 *
 *   head -> route -> query -> type and length -> who -> may they -> body ->
 *   csrf -> handler
 *
 * Each may end it with a code.  Then the answer is a problem (below /api/),
 * the way to the log-in (a page without a session), or an error page; if
 * even that fails, a constant line.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "auth.h"
#include "core.h"
#include "frame.h"
#include "localise.h"
#include "upload.h"
#include "util.h"

#define NEXT_MAX    256
#define STRANGER_MS 1000 /* one line per worker for strangers */

static void
choose_language(struct app *app, struct request *req)
{
	const char *const *codes;
	char cookie[16];
	size_t n;

	req->lang = catalog_negotiate(
	    app->texts, request_header(req, "Accept-Language"));
	if (request_cookie(req, COOKIE_LANG, cookie, sizeof(cookie)) == NULL)
		return;
	n = catalog_languages(app->texts, &codes);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(codes[i], cookie) == 0)
			req->lang = codes[i];
	}
}

static int
handle(struct app *app, const struct route *table, size_t n,
    struct request *req, const struct source *src, struct reply *reply,
    struct err *err)
{
	char allow[ALLOW_MAX], boundary[BOUNDARY_MAX + 1] = "";
	enum route_type type;
	size_t len;

	if (request_head(req, err) == -1)
		return -1;
	req->route = route_find(table, n, req->method, req->path, allow, err);
	if (req->route == NULL) {
		if (allow[0] != '\0')
			reply_header(reply, "Allow", allow);
		return -1;
	}
	if (fields_check(&req->query, req->route->query, NULL, err) == -1 ||
	    body_check(req, req->route, &type, boundary, &len, err) == -1 ||
	    auth_identify(app, req, req->route->auth, err) == -1 ||
	    may_check(&req->who, req->route->need, req->method, err) == -1 ||
	    body_read(req, type, boundary, len, src, err) == -1)
		return -1;
	src->done(src->arg);
	if (req->route->csrf && csrf_check_form(app, req, err) == -1)
		return -1;
	return req->route->handler(app, req, reply, err);
}

static bool
is_refusal(enum err_code code)
{
	static const enum err_code refusals[] = {ERR_AUTH_FAILED,
	    ERR_AUTH_FORBIDDEN, ERR_AUTH_SCOPE, ERR_AUTH_CSRF,
	    ERR_AUTH_STEP_UP, ERR_TOKEN_EXPIRED, ERR_TOKEN_ADDRESS};
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i] == code)
			return true;
	return false;
}

/* Who was turned away, and where.  The log-in records its own refusals; a
 * stranger with a wrong token cannot fill the audit log. */
static void
note_refusal(struct app *app, const struct request *req, const struct err *why)
{
	char detail[320];
	int64_t now = now_ms();

	if (req->route == NULL || req->route->auth == AUTH_NONE ||
	    !is_refusal(why->code))
		return;
	if (!req->who.known) {
		if (now < app->refusal_ms)
			return;
		app->refusal_ms = now + STRANGER_MS;
	}
	(void)snprintf(detail, sizeof(detail), "%s; %s %.200s",
	    err_name(why->code),
	    req->method == HTTP_POST	 ? "POST"
	    : req->method == HTTP_DELETE ? "DELETE"
					 : "GET",
	    req->path);
	backend_audit(app, req, EVENT_ACCESS, "refused", detail);
}

/* A page that needs a session: to the log-in, and back here after it. */
static int
to_login(struct request *req, struct reply *reply)
{
	char where[NEXT_MAX];
	int n;

	if (req->method == HTTP_GET && strcmp(req->path, "/") != 0 &&
	    strspn(req->path, "abcdefghijklmnopqrstuvwxyz0123456789-/") ==
		strlen(req->path)) {
		n = snprintf(where, sizeof(where), "/login?next=%s", req->path);
		if (n > 0 && (size_t)n < sizeof(where))
			return reply_redirect(reply, where);
	}
	return reply_redirect(reply, "/login");
}

static int
error_page(struct app *app, struct request *req, struct reply *reply,
    const struct err *why)
{
	/* Even an address that does not exist gets the frame of whoever
	 * asks. */
	if (!req->who.known)
		auth_identify(app, req, AUTH_NONE, NULL);
	return page_error(app, req, reply, why);
}

static void
answer_error(struct app *app, struct request *req, struct reply *reply,
    const struct err *why)
{
	static const char last[] = "Internal error; see the log.\n";
	bool page = req->route != NULL && req->route->auth == AUTH_SESSION;
	int rc;

	if (err_http(why->code) >= 500)
		log_warn(
		    "%s: %s: %s", req->path, err_name(why->code), why->msg);
	reply_restart(reply);
	if (err_http(why->code) == 401 && path_is_api(req->path))
		reply_header(
		    reply, "WWW-Authenticate", "Bearer realm=\"postseal\"");
	if (path_is_api(req->path))
		rc = problem_reply(app, req, reply, why);
	else if (page && why->code == ERR_AUTH_REQUIRED)
		rc = to_login(req, reply);
	else if (page &&
		 (why->code == ERR_AUTH_ENROL || why->code == ERR_AUTH_CHANGE))
		rc = reply_redirect(reply, "/access");
	else
		rc = error_page(app, req, reply, why);
	if (rc == 0)
		return;
	log_warn("%s: no answer for %s", req->path, err_name(why->code));
	reply_restart(reply);
	reply->status = 500;
	reply_header(reply, "Content-Type", "text/plain");
	buf_adds(&reply->body, last);
}

int
serve(struct app *app, const struct route *table, size_t n, char **env,
    const struct source *src, struct buf *out)
{
	struct request req;
	struct reply reply;
	struct err err;
	int rc;

	err_clear(&err);
	request_init(&req, env);
	req.form.limits = upload_limit;
	reply_init(&reply);
	choose_language(app, &req);
	req.source = src;
	if (handle(app, table, n, &req, src, &reply, &err) == -1 &&
	    !reply.sent) {
		note_refusal(app, &req, &err);
		answer_error(app, &req, &reply, &err);
	}
	rc = reply.sent ? 0 : reply_bytes(&reply, req.method == HTTP_HEAD, out);
	reply_clear(&reply);
	request_clear(&req);
	return rc;
}
