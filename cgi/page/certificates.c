/*
 * certificates.c - SMTP Routing > Certificates: one row a certificate with the
 * days that it has left, and one place to drop files at: what is in them says
 * which one they renew, or which name is new.
 *
 * Nothing is kept between two requests: who is asked to confirm something
 * chooses the files again.
 */
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "jsonx.h"
#include "screen.h"
#include "upload.h"
#include "words.h"

#define OUTBOUND "outbound"

/* By use: what is called what, and what becomes of one that goes. */
static const struct {
	const char *use, *what, *remove;
} uses[] = {
    {"inbound", "names.default", "names.remove_one"},
    {OUTBOUND, "names.outbound", "names.remove_outbound"},
    {"client_ca", "names.client_ca", "names.remove_client_ca"},
};

static size_t
use_of(struct json_object *cert)
{
	const char *use = jsonx_path_str(cert, "use", "");
	size_t i = sizeof(uses) / sizeof(uses[0]) - 1;

	while (i > 0 && strcmp(uses[i].use, use) != 0)
		i--;
	return i;
}

static void
put_keys(struct json_object *o, struct json_object *keys)
{
	struct buf b;
	size_t i;

	buf_init(&b, 1024);
	for (i = 0; i < jsonx_len(keys); i++)
		(void)buf_printf(
		    &b, "%s%s", i > 0 ? ", " : "", jsonx_str_at(keys, i));
	put_str(o, "keys", b.data);
	buf_clear(&b);
}

static struct json_object *
row_of(const struct page *p, struct json_object *view,
    struct json_object *cert)
{
	struct json_object *o = json_object_new_object(), *args;
	int64_t days = jsonx_path_int(cert, "days_left");
	const char *name = jsonx_path_str(cert, "name", "");
	const char *unused = cert_unused(p, view, cert);
	const char *life = cert_life(cert);
	size_t use = use_of(cert);
	bool named = *name != '\0';
	bool theirs = jsonx_path(cert, "managed") != NULL &&
		      !jsonx_path_bool(cert, "managed");
	char date[11];

	date_of(jsonx_path_str(cert, "not_after", ""), date);
	put_bool(o, "named", named);
	put_str(o, "name", named ? name : page_text(p, uses[use].what));
	put_str(o, "remove_help", page_text(p, uses[use].remove));
	put_bool(o, "theirs", theirs);
	put_str(o, "call", theirs ? "" : named ? name : use == 0 ? "" : uses[use].use);
	put_str(o, "subject", jsonx_path_str(cert, "subject", ""));
	put_str(o, "issuer", jsonx_path_str(cert, "issuer_common_name", ""));
	put_str(o, "date", date);
	put_keys(o, jsonx_path(cert, "keys"));
	put_icon(o, unused != NULL		      ? "info"
		    : strcmp(life, "gone") == 0	      ? "error"
		    : strcmp(life, "soon") == 0	      ? "warn"
						      : "ok");
	put_str(o, "unused", unused == NULL ? "" : unused);
	args = json_object_new_object();
	put_int(args, "days", days < 0 ? -days : days);
	put_text(p, o, "days", days < 0 ? "names.expired" : "names.days", args);
	json_object_put(args);
	return o;
}

static int
show(struct screen *s, struct reply *reply, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	struct json_object *ctx, *o = NULL, *list, *all;
	struct json_object *findings = json_object_get(
	    s->failed ? jsonx_path(s->problem, "findings") : NULL);
	int status = s->failed ? err_http(s->err.code) : 200;
	char *sentence;
	size_t i;
	int rc;

	if (screen_call(s, OP_CONNECTION_GET, json_object_new_object(),
		&s->view) == -1) {
		*err = s->err;
		json_object_put(findings);
		return -1;
	}
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s->page, "nav.names"));
	put_str(ctx, "refresh", "");
	put_str(ctx, "name", s->failed ? fields_str(form, "name", "") : "");
	put_bool(ctx, "outbound_ticked",
	    s->failed && *fields_str(form, OUTBOUND, "") != '\0');
	json_object_object_add(
	    ctx, "notes", finding_rows(s, findings, "named"));
	json_object_put(findings);
	if (s->failed) {
		sentence =
		    localise_error(s->page.app, s->page.req->lang, &s->err);
		o = json_object_new_object();
		put_str(o, "message", sentence);
		put_str(o, "code", err_name(s->err.code));
		free(sentence);
	}
	json_object_object_add(ctx, "refused", o);
	list = json_object_new_array();
	all = jsonx_path(s->view, "by_name");
	for (i = 0; i < jsonx_len(all); i++)
		json_object_array_add(
		    list, row_of(&s->page, s->view,
		    json_object_array_get_idx(all, i)));
	put_bool(ctx, "any", jsonx_len(all) > 0);
	json_object_object_add(ctx, "rows", list);
	rc = page_render(s->page.app, s->page.req, reply,
	    status != 0 ? status : 422, "certificates", ctx, err);
	json_object_put(ctx);
	return rc;
}

/* 0: answered; -1: *err, or s->err, says why not. */
static int
press(struct screen *s, struct reply *reply, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "");
	const char *name = fields_str(form, "name", "");
	const char *passphrase = fields_str(form, "passphrase", "");
	struct json_object *args, *files = NULL, *names = NULL;
	size_t i;

	for (i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(s, form->v[i].value);
	args = json_object_new_object();
	put_str(args, "apply", "reload");
	if (strncmp(button, "remove:", 7) == 0) {
		put_str(args, "certificate", button + 7);
		put_bool(args, "drop", true);
		return screen_change(s, reply, OP_CONNECTION_APPLY, args, err);
	}
	if (upload_from_form(form, &files, &names, &s->err) == -1 ||
	    files == NULL) {
		json_object_put(args);
		return files == NULL && s->err.code == ERR_NONE
			   ? err_set(&s->err, ERR_UPLOAD_NO_FILE,
				 "server_certificate", "no file")
			   : -1;
	}
	json_object_put(names);
	json_object_object_add(args, "files", files);
	if (*fields_str(form, OUTBOUND, "") != '\0')
		name = OUTBOUND;
	put_str(args, "certificate", *name == '\0' ? "*" : name);
	if (*passphrase != '\0')
		put_str(args, "passphrase", passphrase);
	return screen_change(s, reply, OP_CONNECTION_APPLY, args, err);
}

int
page_certificates(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {
	    "csrf", "do", "name", OUTBOUND, "passphrase", NULL};
	static const char *const many[] = {
	    "confirm", "server_certificate", NULL};
	struct screen s = {0};
	int rc = -1;

	screen_init(&s, app, req);
	s.restoring = true;
	s.anchor = "at-server_certificate";
	if (req->method != HTTP_POST)
		rc = show(&s, reply, err);
	else if (fields_check(&req->form, once, many, err) == 0) {
		rc = press(&s, reply, err);
		if (rc == -1 && s.err.code != ERR_NONE) {
			s.failed = true;
			rc = show(&s, reply, err);
		}
	}
	screen_clear(&s);
	return rc;
}
