/*
 * page_connection.c - SMTP Routing > Connection: loading the screen, and what
 * its buttons do.
 *
 * Every button of the form first puts what the form holds (check boxes, files,
 * passphrase) into the daemon's draft of this session, so that nothing is lost
 * by a reload, a language switch or a refused Save; then it does its own
 * thing and answers 303, so that a reload repeats nothing.  Only a form that
 * could not be taken is answered at once, with the screen and the status of
 * the error.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "page.h"

#define LOCATION_MAX 512

static void
screen_init(struct screen *s, struct app *app, struct request *req)
{
	memset(s, 0, sizeof(*s));
	s->page.app = app;
	s->page.req = req;
	s->confirm = json_object_new_array();
}

static void
screen_clear(struct screen *s)
{
	json_object_put(s->view);
	json_object_put(s->job);
	json_object_put(s->preview);
	json_object_put(s->patch);
	json_object_put(s->confirm);
	json_object_put(s->problem);
	memset(s, 0, sizeof(*s));
}

static int
call(struct screen *s, const char *op, struct json_object *args,
    struct json_object **data)
{
	json_object_put(s->problem);
	s->problem = NULL;
	return backend_call(
	    s->page.app, s->page.req, op, args, data, &s->problem, &s->err);
}

static struct json_object *
args_with_draft(const struct screen *s)
{
	struct json_object *args = json_object_new_object();

	put_str(args, "draft", s->page.req->who.draft);
	return args;
}

static bool
is_job_id(const char *id)
{
	return id != NULL && strlen(id) == JOB_ID_LEN &&
	       strspn(id, "0123456789abcdef") == JOB_ID_LEN;
}

/* The view, with the live probe when one is asked for. */
static int
load_view(struct screen *s, bool probe)
{
	struct json_object *args, *live = NULL;

	if (call(s, OP_CONNECTION_GET, args_with_draft(s), &s->view) == -1)
		return -1;
	if (!probe)
		return 0;
	args = json_object_new_object();
	put_bool(args, "probe", true);
	if (call(s, OP_STATUS, args, &live) == -1)
		return -1;
	json_object_object_add(
	    s->view, "live", json_object_get(jsonx_path(live, "live")));
	json_object_put(live);
	return 0;
}

static int
load_job(struct screen *s, const char *id)
{
	struct json_object *args;

	if (!is_job_id(id))
		return err_set(&s->err, ERR_JOB_UNKNOWN, "", "job");
	args = json_object_new_object();
	put_str(args, "job", id);
	return call(s, OP_JOB_GET, args, &s->job);
}

/* "cert.expired,chain.expired" of the address, codes of ours only. */
static void
confirm_from_query(struct screen *s, const char *list)
{
	enum err_code code;
	char name[48];
	size_t n;

	while (*list != '\0') {
		n = strcspn(list, ",");
		if (n < sizeof(name)) {
			memcpy(name, list, n);
			name[n] = '\0';
			if (err_from_name(name, &code) == 0)
				json_object_array_add(
				    s->confirm, json_object_new_string(name));
		}
		list += n;
		if (*list == ',')
			list++;
	}
}

static struct json_object *
apply_args(const struct screen *s)
{
	struct json_object *args = args_with_draft(s);
	struct json_object *patch = s->patch;
	const char *apply = s->apply;

	if (patch == NULL)
		patch = jsonx_path(s->view, "draft.settings");
	if (patch != NULL)
		json_object_object_add(
		    args, "settings", json_object_get(patch));
	if (*apply == '\0')
		apply = jsonx_path_str(s->view, "draft.apply", "");
	if (*apply != '\0')
		put_str(args, "apply", apply);
	json_object_object_add(args, "confirm", json_object_get(s->confirm));
	return args;
}

static int
load_preview(struct screen *s)
{
	struct json_object *args = apply_args(s);

	put_bool(args, "dry_run", true);
	return call(s, OP_CONNECTION_APPLY, args, &s->preview);
}

static int
screen_render(
    struct screen *s, struct reply *reply, int status, struct err *err)
{
	struct json_object *ctx = json_object_new_object();
	int rc;

	put_str(ctx, "title", page_text(&s->page, "crumb.connection"));
	put_str(ctx, "refresh",
	    strcmp(jsonx_path_str(s->job, "state", ""), "running") == 0 ? "1"
									: "");
	screen_state(s, ctx);
	screen_form(s, ctx);
	screen_outcome(s, ctx);
	screen_preview(s, ctx);
	rc = page_render(
	    s->page.app, s->page.req, reply, status, "connection", ctx, err);
	json_object_put(ctx);
	return rc;
}

static int
screen_get(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	const struct fields *q = &req->query;
	struct screen s;
	const char *job, *unchosen;
	int rc = -1, status = 200;

	screen_init(&s, app, req);
	confirm_from_query(&s, fields_str(q, "confirm", ""));
	unchosen = fields_str(q, "unchosen", "");
	if (field_label(unchosen) != NULL)
		snprintf(s.unchosen, sizeof(s.unchosen), "%s", unchosen);
	if (load_view(&s, fields_get(q, "probe") != NULL) == -1)
		goto out;
	job = fields_str(q, "job", NULL);
	if (job != NULL && load_job(&s, job) == -1 &&
	    s.err.code != ERR_JOB_UNKNOWN)
		goto out;
	if (fields_get(q, "preview") != NULL && load_preview(&s) == -1) {
		s.failed = true;
		status = err_http(s.err.code);
	}
	rc = screen_render(&s, reply, status != 0 ? status : 422, err);
	screen_clear(&s);
	return rc;
out:
	*err = s.err;
	screen_clear(&s);
	return rc;
}

/* Check boxes, apply and confirm of the form into *s. */
static int
form_read(struct screen *s, const struct fields *form)
{
	const struct settings_field *f;
	const char *apply;
	enum apply_mode mode;
	size_t i;

	s->patch = json_object_new_object();
	for (f = settings_fields; f->form != NULL; f++)
		if (settings_set_form(s->patch, f->form,
			fields_str(form, f->form, "off"), &s->err) == -1)
			return -1;
	apply = fields_str(form, "apply", "");
	if (*apply != '\0' && apply_mode_from_name(apply, &mode) == -1)
		return err_set(&s->err, ERR_FIELD_INVALID, "apply",
		    "expected restart or reload, got %.20s", apply);
	snprintf(s->apply, sizeof(s->apply), "%s", apply);
	for (i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			confirm_from_query(s, form->v[i].value);
	return 0;
}

/* Everything that the form holds into the draft; remove: a field or NULL. */
static int
draft_put(struct screen *s, const struct fields *form, const char *remove)
{
	struct json_object *args = args_with_draft(s), *list, *data = NULL;
	struct json_object *files = NULL, *names = NULL;
	const char *passphrase = fields_str(form, "passphrase", "");
	int rc;

	if (upload_from_form(form, &files, &names, &s->err) == -1) {
		json_object_put(args);
		return -1;
	}
	if (files != NULL)
		json_object_object_add(args, "files", files);
	if (names != NULL)
		json_object_object_add(args, "names", names);
	if (*passphrase != '\0')
		put_str(args, "passphrase", passphrase);
	json_object_object_add(args, "settings", json_object_get(s->patch));
	if (s->apply[0] != '\0')
		put_str(args, "apply", s->apply);
	if (remove != NULL) {
		list = json_object_new_array();
		json_object_array_add(list, json_object_new_string(remove));
		json_object_object_add(args, "remove", list);
	}
	rc = call(s, OP_DRAFT_PUT, args, &data);
	json_object_put(data);
	return rc;
}

/* 303 to path; query is "" or "job=..". The confirmed codes go along. */
static int
go(const struct screen *s, struct reply *reply, const char *path,
    const char *query, const char *anchor, struct err *err)
{
	struct buf b;
	size_t i, n = json_object_array_length(s->confirm);
	char sep = '?';
	int rc = 0;

	buf_init(&b, LOCATION_MAX);
	buf_adds(&b, path);
	if (*query != '\0') {
		buf_printf(&b, "%c%s", sep, query);
		sep = '&';
	}
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s%s",
		    i > 0	 ? ","
		    : sep == '?' ? "?confirm="
				 : "&confirm=",
		    json_object_get_string(
			json_object_array_get_idx(s->confirm, i)));
	if (*anchor != '\0')
		buf_printf(&b, "#%s", anchor);
	if (b.failed || reply_redirect(reply, b.data) == -1)
		rc = err_set(err, ERR_INTERNAL, "", "redirect");
	buf_clear(&b);
	return rc;
}

static int
back_to_screen(const struct screen *s, struct reply *reply, const char *query,
    const char *anchor, struct err *err)
{
	return go(s, reply, PATH_CONNECTION, query, anchor, err);
}

static int
to_job(const struct screen *s, struct reply *reply, const char *id, bool wait,
    struct err *err)
{
	char where[128];

	if (!is_job_id(id))
		return err_set(err, ERR_INTERNAL, "", "no job in the answer");
	if (!wait) {
		snprintf(where, sizeof(where), PATH_JOB "%s", id);
		return go(s, reply, where, "", "", err);
	}
	snprintf(where, sizeof(where), "job=%s", id);
	return back_to_screen(s, reply, where, "", err);
}

/* 0: answered; -1: *s holds why not. */
static int
save(struct screen *s, struct reply *reply, struct err *err)
{
	struct request *req = s->page.req;
	struct json_object *args = apply_args(s), *data = NULL;
	const char *etag = fields_str(&req->form, "etag", "");
	const char *pass = fields_str(&req->form, "passphrase", "");
	const char *prefer = request_header(req, "Prefer");
	bool wait;
	int rc;

	wait = prefer == NULL || strcmp(prefer, "respond-async") != 0;
	if (*etag != '\0')
		put_str(args, "if_match", etag);
	if (*pass != '\0')
		put_str(args, "passphrase", pass);
	put_bool(args, "wait", wait);
	if (call(s, OP_CONNECTION_APPLY, args, &data) == -1) {
		if (is_job_id(jsonx_path_str(s->problem, "job", NULL)))
			return to_job(s, reply,
			    jsonx_path_str(s->problem, "job", NULL), wait, err);
		return -1;
	}
	rc = to_job(s, reply, jsonx_path_str(data, "job", NULL), wait, err);
	json_object_put(data);
	return rc;
}

static int
cancel(struct screen *s, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;

	if (call(s, OP_DRAFT_DROP, args_with_draft(s), &data) == -1)
		return -1;
	json_object_put(data);
	json_object_put(s->confirm);
	s->confirm = json_object_new_array();
	return back_to_screen(s, reply, "", "", err);
}

/* The field of "upload:FIELD", or NULL when it is another button. */
static const char *
button_field(const char *button, const char *verb)
{
	size_t n = strlen(verb);

	if (strncmp(button, verb, n) != 0 || field_label(button + n) == NULL)
		return NULL;
	return button + n;
}

static int
press_upload(
    struct screen *s, struct reply *reply, const char *field, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const struct field *f = fields_get(form, field);
	char query[64] = "", anchor[64];
	bool chosen;

	chosen =
	    f != NULL &&
	    (f->len > 0 || (f->filename != NULL && f->filename[0] != '\0'));
	if (!chosen && *fields_str(form, "passphrase", "") == '\0')
		snprintf(query, sizeof(query), "unchosen=%s", field);
	snprintf(anchor, sizeof(anchor), "at-%s", field);
	return back_to_screen(s, reply, query, anchor, err);
}

static int
press(struct screen *s, struct reply *reply, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "keep");
	const char *field;

	if (strcmp(button, "cancel") == 0)
		return cancel(s, reply, err);
	if (form_read(s, form) == -1 ||
	    draft_put(s, form, button_field(button, "remove:")) == -1)
		return -1;
	if (strcmp(button, "save") == 0)
		return save(s, reply, err);
	if (strcmp(button, "preview") == 0)
		return back_to_screen(s, reply, "preview=1", "preview", err);
	if (strcmp(button, "probe") == 0)
		return back_to_screen(s, reply, "probe=1", "state", err);
	if ((field = button_field(button, "upload:")) != NULL)
		return press_upload(s, reply, field, err);
	if (strcmp(button, "keep") == 0 ||
	    button_field(button, "remove:") != NULL)
		return back_to_screen(s, reply, "", "", err);
	return err_set(
	    &s->err, ERR_FIELD_INVALID, "do", "no such button: %.40s", button);
}

static int
screen_post(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "etag", "do",
	    "inbound_enabled", "tls_only", "outbound_enabled", "all_scanners",
	    "apply", "ca_certificate", "private_key", "server_certificate",
	    "passphrase", NULL};
	static const char *const many[] = {"confirm", NULL};
	struct screen s;
	struct json_object *problem;
	struct err why;
	int rc;

	if (fields_check(&req->form, once, many, err) == -1)
		return -1;
	screen_init(&s, app, req);
	if (press(&s, reply, err) == 0) {
		screen_clear(&s);
		return 0;
	}
	if (s.err.code == ERR_NONE) {
		screen_clear(&s); /* *err is set */
		return -1;
	}
	/* The screen again, with the reason on it. */
	why = s.err;
	problem = json_object_get(s.problem);
	rc = load_view(&s, false);
	json_object_put(s.problem);
	s.problem = problem;
	s.failed = true;
	if (rc == 0) {
		s.err = why;
		rc = screen_render(&s, reply,
		    err_http(why.code) != 0 ? err_http(why.code) : 422, err);
	} else {
		*err = s.err;
	}
	screen_clear(&s);
	return rc;
}

int
page_connection(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	if (req->method == HTTP_POST)
		return screen_post(app, req, reply, err);
	return screen_get(app, req, reply, err);
}

static bool
wants_json(const struct request *req)
{
	const char *accept = request_header(req, "Accept");

	return accept != NULL && strncmp(accept, "application/json", 16) == 0;
}

int
page_progress(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct screen s;
	struct json_object *ctx;
	const char *id = request_path_arg(req);
	int rc = -1;

	screen_init(&s, app, req);
	confirm_from_query(&s, fields_str(&req->query, "confirm", ""));
	if (load_job(&s, id) == -1) {
		*err = s.err;
		goto out;
	}
	if (wants_json(req)) {
		rc = reply_json(reply, 200, s.job);
		if (rc == -1)
			err_set(err, ERR_NOMEM, "", "job");
		goto out;
	}
	if (strcmp(jsonx_path_str(s.job, "state", ""), "running") != 0) {
		rc = to_job(&s, reply, id, true, err);
		goto out;
	}
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s.page, "progress.title"));
	put_str(ctx, "refresh", "1");
	screen_outcome(&s, ctx);
	rc = page_render(app, req, reply, 200, "progress", ctx, err);
	json_object_put(ctx);
out:
	screen_clear(&s);
	return rc;
}
