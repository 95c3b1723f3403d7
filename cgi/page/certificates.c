/*
 * certificates.c - SMTP Routing > Certificates: one row a certificate with the
 * days that it has left, and one place to drop any number of files at: what
 * is in them says which ones they renew, or which names are new.
 *
 * Files are sorted first and kept in a draft of their own; what goes where is
 * shown, and can be put right, before it is saved.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "finding.h"
#include "jsonx.h"
#include "screen.h"
#include "upload.h"
#include "words.h"

/* By use: what is called what, and what becomes of one that goes. */
static const struct {
	const char *use, *what, *remove;
} uses[] = {
    {"inbound", "names.default", "names.remove_one"},
    {"outbound", "names.outbound", "names.remove_outbound"},
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

/* --- what was dropped ----------------------------------------------------- */

static struct json_object *
file_row(const struct page *p, struct json_object *file)
{
	struct json_object *o = json_object_new_object();
	const char *field = jsonx_path_str(file, "field", "");
	char key[48];

	snprintf(key, sizeof(key), "names.as_%.24s", field);
	put_str(o, "id", jsonx_path_str(file, "id", ""));
	put_str(o, "name", jsonx_path_str(file, "name", ""));
	put_str(o, "as", *field == '\0' ? "" : page_text(p, key));
	return o;
}

/* "RSA 3072, ECDSA P-256" */
static void
put_pairs(struct json_object *o, struct json_object *cert)
{
	struct json_object *keys = json_object_new_array(), *one;
	char date[11] = "";
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++) {
		if (jsonx_path(one, "leaf") == NULL)
			continue;
		json_object_array_add(keys,
		    json_object_new_string(
			jsonx_path_str(one, "leaf.key.label", "")));
		if (date[0] == '\0')
			date_of(jsonx_path_str(one, "leaf.not_after", ""),
			    date);
	}
	put_keys(o, keys);
	put_str(o, "date", date);
	json_object_put(keys);
}

static struct json_object *
set_row(const struct screen *s, struct json_object *set, size_t i)
{
	struct json_object *o = json_object_new_object(), *list, *files;
	char key[48], form[32];
	size_t k;

	snprintf(key, sizeof(key), "names.set_%.24s",
	    jsonx_path_str(set, "change", ""));
	put_str(o, "change", page_text(&s->page, key));
	put_str(o, "call", jsonx_path_str(set, "certificate", ""));
	put_str(o, "id", jsonx_path_str(set, "id", ""));
	put_pairs(o, jsonx_path(set, "report.certificate"));
	list = json_object_new_array();
	files = jsonx_path(set, "files");
	for (k = 0; k < jsonx_len(files); k++)
		json_object_array_add(list,
		    file_row(&s->page, json_object_array_get_idx(files, k)));
	json_object_object_add(o, "files", list);
	snprintf(form, sizeof(form), "named-%zu", i);
	list = finding_rows_all(s, jsonx_path(set, "report.findings"), form);
	for (k = 0; k < jsonx_len(list); k++)
		put_str(json_object_array_get_idx(list, k), "form", "named");
	json_object_object_add(o, "notes", list);
	return o;
}

static struct json_object *
left_row(const struct page *p, struct json_object *why)
{
	struct json_object *o = file_row(p, why);

	put_error(p, o, "message", jsonx_path_str(why, "code", "internal"),
	    jsonx_path(why, "args"));
	put_str(o, "code", jsonx_path_str(why, "code", ""));
	put_str(o, "place", jsonx_path_str(why, "place", ""));
	return o;
}

static void
put_sorted(const struct screen *s, struct json_object *ctx)
{
	struct json_object *sorted = jsonx_path(s->view, "draft.sorted");
	struct json_object *sets = jsonx_path(sorted, "sets");
	struct json_object *rest = jsonx_path(sorted, "left_out");
	struct json_object *list = json_object_new_array(), *args;
	size_t i, n = jsonx_len(rest);

	for (i = 0; i < jsonx_len(sets); i++) {
		json_object_array_add(
		    list, set_row(s, json_object_array_get_idx(sets, i), i));
		n += jsonx_len(jsonx_path(
		    json_object_array_get_idx(sets, i), "files"));
	}
	json_object_object_add(ctx, "sets", list);
	put_bool(ctx, "any_set", jsonx_len(sets) > 0);
	list = json_object_new_array();
	for (i = 0; i < jsonx_len(rest); i++)
		json_object_array_add(list, left_row(&s->page,
		    json_object_array_get_idx(rest, i)));
	json_object_object_add(ctx, "left_out", list);
	put_bool(ctx, "any_left", jsonx_len(rest) > 0);
	put_bool(ctx, "sorted", sorted != NULL);
	args = json_object_new_object();
	put_int(args, "sets", (int64_t)jsonx_len(sets));
	put_int(args, "files", (int64_t)n);
	put_text(&s->page, ctx, "sorted_title",
	    jsonx_len(sets) == 1 ? "names.sorted_one" : "names.sorted", args);
	json_object_put(args);
}

static struct json_object *
loose_args(const struct screen *s)
{
	struct json_object *args = json_object_new_object();

	put_str(args, "draft", s->page.req->who.loose);
	return args;
}

static int
show(struct screen *s, struct reply *reply, struct err *err)
{
	struct json_object *ctx, *o = NULL, *list, *all;
	struct json_object *findings = json_object_get(
	    s->failed ? jsonx_path(s->problem, "findings") : NULL);
	int status = s->failed ? err_http(s->err.code) : 200;
	char *sentence;
	size_t i;
	int rc;

	if (screen_call(s, OP_CONNECTION_GET, loose_args(s), &s->view) == -1) {
		*err = s->err;
		json_object_put(findings);
		return -1;
	}
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&s->page, "nav.names"));
	put_str(ctx, "refresh", "");
	json_object_object_add(
	    ctx, "refusals", finding_rows(s, findings, "named"));
	json_object_put(findings);
	put_sorted(s, ctx);
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

/* --- its buttons ---------------------------------------------------------- */

/* "set" and "place" come in pairs: what somebody decided. */
static int
put_places(struct screen *s, struct json_object *args)
{
	const struct fields *form = &s->page.req->form;
	struct json_object *places = json_object_new_object();
	const char *id = NULL;
	size_t i;

	for (i = 0; i < form->n; i++) {
		if (strcmp(form->v[i].name, "set") == 0)
			id = form->v[i].value;
		if (strcmp(form->v[i].name, "place") != 0)
			continue;
		if (id == NULL) {
			json_object_put(places);
			return err_set(&s->err, ERR_FIELD_INVALID, "place",
			    "place: of which set?");
		}
		if (*form->v[i].value != '\0')
			put_str(places, id, form->v[i].value);
		id = NULL;
	}
	if (json_object_object_length(places) > 0)
		json_object_object_add(args, "places", places);
	else
		json_object_put(places);
	return 0;
}

/* New files, a passphrase and decisions; *ret_more: there are new files. */
static struct json_object *
read_args(struct screen *s, bool *ret_more)
{
	const struct fields *form = &s->page.req->form;
	const char *passphrase = fields_str(form, "passphrase", "");
	struct json_object *args = loose_args(s), *loose = NULL;

	if (upload_loose(form, &loose, &s->err) == -1 ||
	    put_places(s, args) == -1) {
		jsonx_wipe(loose);
		jsonx_wipe(args);
		return NULL;
	}
	*ret_more = loose != NULL;
	json_object_object_add(
	    args, "loose", loose != NULL ? loose : json_object_new_array());
	if (*passphrase != '\0')
		put_str(args, "passphrase", passphrase);
	return args;
}

static int
back(struct screen *s, struct reply *reply, const char *anchor)
{
	char to[64];

	snprintf(to, sizeof(to), "/smtp-routing/certificates%s", anchor);
	return reply_redirect(reply, to) == -1
		   ? err_set(&s->err, ERR_INTERNAL, "", "redirect")
		   : 0;
}

/* A draft is put, or dropped; then the page again. */
static int
change(struct screen *s, struct reply *reply, const char *op,
    struct json_object *args, const char *anchor)
{
	struct json_object *data = NULL;

	if (screen_call(s, op, args, &data) == -1)
		return -1;
	json_object_put(data);
	return back(s, reply, anchor);
}

static int
forget(struct screen *s, struct reply *reply, const char *id)
{
	struct json_object *args = loose_args(s);
	struct json_object *list = json_object_new_array();
	char name[48];

	snprintf(name, sizeof(name), "loose:%.32s", id);
	json_object_array_add(list, json_object_new_string(name));
	json_object_object_add(args, "remove", list);
	return change(s, reply, OP_DRAFT_PUT, args, "#sorted");
}

/* 0: answered; -1: *err, or s->err, says why not. */
static int
press(struct screen *s, struct reply *reply, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "");
	struct json_object *args;
	bool more = false;
	size_t i;

	for (i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(s, form->v[i].value);
	if (strncmp(button, "remove:", 7) == 0) {
		args = json_object_new_object();
		put_str(args, "apply", "reload");
		put_str(args, "certificate", button + 7);
		put_bool(args, "drop", true);
		return screen_change(s, reply, OP_CONNECTION_APPLY, args, err);
	}
	if (strncmp(button, "forget:", 7) == 0)
		return forget(s, reply, button + 7);
	if (strcmp(button, "discard") == 0)
		return change(s, reply, OP_DRAFT_DROP, loose_args(s), "");
	if (strcmp(button, "sort") != 0 && strcmp(button, "save") != 0)
		return err_set(&s->err, ERR_FIELD_INVALID, "do",
		    "no such button: %.40s", button);
	if ((args = read_args(s, &more)) == NULL)
		return -1;
	/* What was not shown yet is not saved. */
	if (more || strcmp(button, "sort") == 0)
		return change(s, reply, OP_DRAFT_PUT, args, "#sorted");
	put_str(args, "apply", "reload");
	/* The page said which, and the button that they are left out. */
	screen_confirm(s, err_name(ERR_FILES_LEFT));
	return screen_change(s, reply, OP_CONNECTION_APPLY, args, err);
}

int
page_certificates(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "do", "passphrase", NULL};
	static const char *const many[] = {
	    "confirm", UPLOAD_LOOSE, "set", "place", NULL};
	struct screen s = {0};
	int rc = -1;

	screen_init(&s, app, req);
	s.restoring = true;
	s.anchor = "at-files";
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
