/*
 * press.c - what the buttons of the Connection screen do.
 *
 * Every button first puts what the form holds (check boxes, files,
 * passphrase) into the daemon's draft of this session, so that nothing is lost
 * by a reload, a language switch or a refused Save; then it does its own
 * thing and answers 303, so that a reload repeats nothing.  Save does both in
 * one request.  Only a form that could not be taken is answered at once, with
 * the screen and the status of the error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "jsonx.h"
#include "parts.h"
#include "settings_table.h"
#include "upload.h"

/* A box that is not ticked is not sent. */
static const char *
get_value(void *arg, const char *name, size_t *len)
{
	const struct field *f = fields_get(arg, name);
	const struct settings_field *setting;

	if (f != NULL) {
		*len = f->len;
		return f->value;
	}
	setting = settings_by_form(name);
	*len = strlen("off");
	return setting->kind == SETTING_SWITCH ? "off" : NULL;
}

/* The settings; what is wrong with them goes into *why and *ret_findings, and
 * not into the patch. */
static int
values_read(struct screen *s, struct fields *form,
    struct json_object **ret_findings, struct err *why)
{
	struct findings found;
	int rc;

	s->patch = json_object_new_object();
	findings_init(&found);
	rc = settings_from_form(s->patch, get_value, form, &found, why);
	if (rc == -1)
		*ret_findings = findings_to_json(&found);
	findings_clear(&found);
	return rc;
}

/* What is no setting, into *s. */
static int
form_read(struct screen *s, const struct fields *form)
{
	const char *apply;
	enum apply_mode mode;
	size_t i;

	apply = fields_str(form, "apply", "");
	if (*apply != '\0' && apply_mode_from_name(apply, &mode) == -1)
		return err_set(&s->err, ERR_FIELD_INVALID, "apply",
		    "expected restart or reload, got %.20s", apply);
	snprintf(s->apply, sizeof(s->apply), "%s", apply);
	for (i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(s, form->v[i].value);
	screen_chosen_read(s, form);
	return 0;
}

static struct field *
field_of(struct fields *form, const char *name)
{
	for (size_t i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, name) == 0)
			return &form->v[i];
	return NULL;
}

/* Browsers end the lines of a text box with CRLF, whatever was pasted. */
static void
drop_cr(struct field *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->len; i++)
		if (f->value[i] != '\r')
			f->value[n++] = f->value[i];
	memset(f->value + n, 0, f->len - n);
	f->len = n;
}

/* Text that was pasted beside a field without a file is its file. */
static int
take_pasted(struct screen *s, struct fields *form)
{
	struct field *f, *text, was;
	char other[FIELD_NAME_MAX + 1];
	size_t i;

	for (i = 0; upload_fields[i] != NULL; i++) {
		snprintf(other, sizeof(other), "%s_text", upload_fields[i]);
		text = field_of(form, other);
		f = field_of(form, upload_fields[i]);
		if (text == NULL || f == NULL || f->len > 0 ||
		    text->value[strspn(text->value, " \t\r\n")] == '\0')
			continue;
		free(f->filename);
		f->filename = strdup(page_text(&s->page, "file.pasted"));
		if (f->filename == NULL)
			return err_set(&s->err, ERR_NOMEM, "", "out of memory");
		was = *f;
		f->is_file = true;
		f->value = text->value;
		f->len = text->len;
		drop_cr(f);
		text->value = was.value;
		text->len = was.len;
	}
	return 0;
}

/* What the form brings beside settings, into arguments. */
static int
put_uploads(
    struct screen *s, const struct fields *form, struct json_object *args)
{
	struct json_object *files = NULL, *names = NULL;
	const char *passphrase = fields_str(form, "passphrase", "");

	if (upload_from_form(form, &files, &names, &s->err) == -1)
		return -1;
	if (files != NULL)
		json_object_object_add(args, "files", files);
	if (names != NULL)
		json_object_object_add(args, "names", names);
	if (*passphrase != '\0')
		put_str(args, "passphrase", passphrase);
	screen_put_chosen(s, args);
	return 0;
}

/* Everything that the form holds into the draft; remove: a field or NULL. */
static int
draft_put(struct screen *s, const struct fields *form, const char *remove)
{
	struct json_object *args = screen_args(s), *list, *data = NULL;
	int rc;

	if (put_uploads(s, form, args) == -1) {
		json_object_put(args);
		return -1;
	}
	screen_put_settings(args, s->patch);
	if (s->apply[0] != '\0')
		put_str(args, "apply", s->apply);
	if (remove != NULL) {
		list = json_object_new_array();
		json_object_array_add(list, json_object_new_string(remove));
		json_object_object_add(args, "remove", list);
	}
	rc = screen_call(s, OP_DRAFT_PUT, args, &data);
	json_object_put(data);
	return rc;
}

/* All that the form holds, into the draft and into force.  0: answered; -1:
 * *s holds why not. */
static int
save(struct screen *s, struct reply *reply, struct err *err)
{
	struct request *req = s->page.req;
	struct json_object *args = screen_apply_args(s), *data = NULL;
	const char *etag = fields_str(&req->form, "etag", "");
	const char *prefer = request_header(req, "Prefer");
	bool wait;
	int rc;

	if (put_uploads(s, &req->form, args) == -1) {
		json_object_put(args);
		return -1;
	}
	wait = prefer == NULL || strcmp(prefer, "respond-async") != 0;
	if (*etag != '\0')
		put_str(args, "if_match", etag);
	put_bool(args, "keep", true);
	put_bool(args, "wait", wait);
	if (screen_call(s, OP_CONNECTION_APPLY, args, &data) == -1) {
		if (screen_is_job(jsonx_path_str(s->problem, "job", NULL)))
			return screen_to_job(s, reply,
			    jsonx_path_str(s->problem, "job", NULL), wait, err);
		return -1;
	}
	rc = screen_to_job(
	    s, reply, jsonx_path_str(data, "job", NULL), wait, err);
	json_object_put(data);
	return rc;
}

static int
cancel(struct screen *s, struct reply *reply, struct err *err)
{
	struct json_object *data = NULL;

	if (screen_call(s, OP_DRAFT_DROP, screen_args(s), &data) == -1)
		return -1;
	json_object_put(data);
	json_object_put(s->confirm);
	s->confirm = json_object_new_array();
	return screen_back(s, reply, "", "", err);
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
	return screen_back(s, reply, query, anchor, err);
}

static int
press_edit(
    struct screen *s, struct reply *reply, const char *field, struct err *err)
{
	char query[64], anchor[64];

	snprintf(query, sizeof(query), "edit=%s", field);
	snprintf(anchor, sizeof(anchor), "at-%s", field);
	return screen_back(s, reply, query, anchor, err);
}

/* A draft is replaced as a whole.  What the form does not hold, a long list
 * that is not shown or a value that is wrong, is taken from the last. */
static int
carry_over(struct screen *s)
{
	const struct settings_field *f;
	struct json_object *draft, *v;

	if (screen_load(s, false) == -1)
		return -1;
	draft = jsonx_path(s->view, "draft.settings");
	for (f = settings_fields; f->form != NULL; f++)
		if (!settings_find(s->patch, f->path, &v) &&
		    settings_find(draft, f->path, &v) &&
		    settings_put(s->patch, f->path, json_object_get(v)) == -1)
			return err_set(&s->err, ERR_NOMEM, "", "out of memory");
	return 0;
}

/* All else is in every form of the screen. */
static bool
has_lists(struct json_object *patch)
{
	settings_mask named = settings_named(patch);
	int i;

	for (i = 0; i < SETTING__MAX; i++)
		if (settings_fields[i].kind == SETTING_LIST &&
		    !(named & SETTING_BIT(i)))
			return false;
	return true;
}

/* All that the form holds, into the draft, unless it is in order and to be
 * saved.  A wrong number in one field must not lose the files of the others:
 * it is told after they are safe. */
static int
keep(struct screen *s, struct fields *form, const char *remove, bool saves)
{
	struct json_object *findings = NULL;
	struct err why;
	int rc;

	if (form_read(s, form) == -1 || take_pasted(s, form) == -1)
		return -1;
	err_clear(&why);
	rc = values_read(s, form, &findings, &why);
	/* A switch that is neither on nor off: no browser sends one. */
	if (rc == -1 && why.code == ERR_FIELD_INVALID) {
		json_object_put(findings);
		return err_set(&s->err, why.code, why.field, "%s", why.msg);
	}
	if (((rc == -1 || !has_lists(s->patch)) && carry_over(s) == -1) ||
	    ((rc == -1 || !saves) && draft_put(s, form, remove) == -1)) {
		json_object_put(findings);
		return -1;
	}
	if (rc == 0)
		return 0;
	s->err = why;
	s->problem = json_object_new_object();
	json_object_object_add(s->problem, "findings", findings);
	return -1;
}

static int
press(struct screen *s, struct reply *reply, struct err *err)
{
	struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "keep");
	const char *field;
	bool saves = strcmp(button, "save") == 0;

	if (strcmp(button, "cancel") == 0)
		return cancel(s, reply, err);
	if (keep(s, form, button_field(button, "remove:"), saves) == -1)
		return -1;
	if (saves)
		return save(s, reply, err);
	if (strcmp(button, "preview") == 0)
		return screen_back(s, reply, "preview=1", "preview", err);
	if (strcmp(button, "probe") == 0)
		return screen_back(s, reply, "probe=1", "state", err);
	if ((field = button_field(button, "upload:")) != NULL)
		return press_upload(s, reply, field, err);
	if ((field = button_field(button, "edit:")) != NULL)
		return press_edit(s, reply, field, err);
	if (strcmp(button, "keep") == 0 ||
	    button_field(button, "remove:") != NULL)
		return screen_back(s, reply, "", "", err);
	return err_set(
	    &s->err, ERR_FIELD_INVALID, "do", "no such button: %.40s", button);
}

int
screen_press(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "etag", "do", "apply",
	    "passphrase", "ca_certificate_text", "private_key_text",
	    "server_certificate_text", NULL};
	static const char *const many[] = {"confirm", "scanner",
	    "ca_certificate", "private_key", "server_certificate", NULL};
	struct screen s;
	int rc;

	if (fields_check_also(&req->form, once, many, settings_has_form, err) ==
	    -1)
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
	rc = screen_refused(&s, reply, err);
	screen_clear(&s);
	return rc;
}
