/*
 * press.c - what the buttons of the Connection screen do.
 *
 * Every button first puts what the form changes (check boxes, files,
 * passphrase) into the daemon's draft of this session, so that nothing is lost
 * by a reload, a language switch or a refused Save; then it does its own
 * thing and answers 303, so that a reload repeats nothing.  Save does both in
 * one request.  Only a form that could not be taken is answered at once, with
 * the screen and the status of the error.
 * What is sent is compared with what is in force by now (merge.c), and bound
 * to it by If-Match: who is overtaken on the way compares again.
 */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "jsonx.h"
#include "merge.h"
#include "note.h"
#include "parts.h"
#include "settings_table.h"
#include "upload.h"

#define OVERTAKEN_MAX 5

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

	json_object_put(s->patch);
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
	s->note = fields_str(form, "note", NULL);
	for (i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(s, form->v[i].value);
	return 0;
}

/* What the form brings beside settings, into arguments. */
static int
put_uploads(
    struct screen *s, const struct fields *form, struct json_object *args)
{
	const char *passphrase = fields_str(form, "passphrase", "");

	if (upload_put(form, args, &s->err) == -1)
		return -1;
	if (*passphrase != '\0')
		put_str(args, "passphrase", passphrase);
	if (s->note != NULL)
		put_str(args, "note", s->note);
	screen_put_chosen(s, args);
	screen_put_was(s, args);
	return 0;
}

/* Everything that the form changes into the draft; remove: a file's field,
 * "all" or NULL. */
static int
draft_put(struct screen *s, const struct fields *form, const char *remove)
{
	struct json_object *args = screen_args(s), *list, *data = NULL;
	size_t i;
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
		if (strcmp(remove, "all") != 0)
			json_object_array_add(
			    list, json_object_new_string(remove));
		else
			for (i = 0; upload_fields[i] != NULL; i++)
				json_object_array_add(list,
				    json_object_new_string(upload_fields[i]));
		json_object_object_add(args, "remove", list);
	}
	rc = screen_call(s, OP_DRAFT_PUT, args, &data);
	json_object_put(data);
	return rc;
}

/* All that the form changes, into the draft and into force.  0: answered; -1:
 * *s holds why not. */
static int
save_once(struct screen *s, struct reply *reply, struct err *err)
{
	struct request *req = s->page.req;
	struct json_object *args = screen_apply_args(s), *data = NULL;
	const char *prefer = request_header(req, "Prefer");
	bool wait;
	int rc;

	if (put_uploads(s, &req->form, args) == -1) {
		json_object_put(args);
		return -1;
	}
	wait = prefer == NULL || strcmp(prefer, "respond-async") != 0;
	put_str(args, "if_match", jsonx_path_str(s->view, "etag", ""));
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

	if (strncmp(button, verb, n) != 0 ||
	    (field_label(button + n) == NULL &&
		strcmp(button, "upload:" UPLOAD_ZONE) != 0))
		return NULL;
	return button + n;
}

static int
back_at(struct screen *s, struct reply *reply, const char *query,
    const char *field, struct err *err)
{
	char anchor[64];

	snprintf(anchor, sizeof(anchor), "at-%s", field);
	return screen_back(s, reply, query, anchor, err);
}

static int
press_upload(
    struct screen *s, struct reply *reply, const char *field, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const struct field *f = fields_get(form, field);
	char query[64] = "";
	bool chosen;

	chosen =
	    f != NULL &&
	    (f->len > 0 || (f->filename != NULL && f->filename[0] != '\0'));
	if (!chosen && *fields_str(form, "passphrase", "") == '\0')
		snprintf(query, sizeof(query), "unchosen=%s",
		    strcmp(field, UPLOAD_ZONE) == 0 ? upload_fields[0] : field);
	return back_at(s, reply, query, field, err);
}

static int
press_edit(
    struct screen *s, struct reply *reply, const char *field, struct err *err)
{
	char query[64];

	snprintf(query, sizeof(query), "edit=%s", field);
	return back_at(s, reply, query, field, err);
}

/* A draft is replaced as a whole.  What the form does not hold, a long list
 * that is not shown or a value that is wrong, is taken from the last. */
static int
carry_over(struct screen *s)
{
	const struct settings_field *f;
	struct json_object *draft, *v;

	draft = jsonx_path(s->view, "draft.settings");
	for (f = settings_fields; f->form != NULL; f++)
		if (!settings_find(s->patch, f->path, &v) &&
		    settings_find(draft, f->path, &v) &&
		    settings_put(s->patch, f->path, json_object_get(v)) == -1)
			return err_set(&s->err, ERR_NOMEM, "", "out of memory");
	return 0;
}

/* Fields that came and could not be read. */
static settings_mask
wrong_fields(const struct screen *s, const struct fields *form)
{
	const struct settings_field *f;
	settings_mask named = settings_named(s->patch), mask = 0;

	for (f = settings_fields; f->form != NULL; f++)
		if (!(named & SETTING_BIT(f->id)) &&
		    (fields_get(form, f->form) != NULL ||
			(f->form2 != NULL &&
			    fields_get(form, f->form2) != NULL)))
			mask |= SETTING_BIT(f->id);
	return mask;
}

/* What the form changes in what is in force now.  What is wrong with it is in
 * *why and *ret_findings; -1: *s holds why it cannot be looked at. */
static int
read_form(struct screen *s, struct fields *form,
    struct json_object **ret_findings, struct err *why)
{
	json_object_put(s->view);
	s->view = NULL;
	if (screen_load(s, false) == -1)
		return -1;
	err_clear(why);
	s->wrong = 0;
	if (values_read(s, form, ret_findings, why) == -1) {
		/* A switch that is neither on nor off: no browser sends it. */
		if (why->code == ERR_FIELD_INVALID) {
			json_object_put(s->patch);
			s->patch = NULL;
			return err_set(
			    &s->err, why->code, why->field, "%s", why->msg);
		}
		s->wrong = wrong_fields(s, form);
	}
	screen_chosen_read(s, form);
	return carry_over(s) == -1 ? -1 : screen_merge(s);
}

/* All that the form changes, into the draft, unless it is in order and to be
 * saved.  A wrong number in one field must not lose the files of the others:
 * it is told after they are safe. */
static int
keep(struct screen *s, struct fields *form, const char *button)
{
	struct json_object *findings = NULL;
	const char *remove = button_field(button, "remove:"), *field;
	bool saves = strcmp(button, "save") == 0, mine, unseen;
	char note[NOTE_SIZE];
	struct err why;

	if (form_read(s, form) == -1 || screen_take_pasted(s, form) == -1)
		return -1;
	if (read_form(s, form, &findings, &why) == -1) {
		json_object_put(findings);
		return -1;
	}
	if (why.code == ERR_NONE)
		(void)note_read(s->note, note, &why);
	mine = (field = button_field(button, "mine:")) != NULL;
	if (mine || (field = button_field(button, "theirs:")) != NULL) {
		screen_settle(s, field, mine);
		if (!mine && settings_by_form(field) == NULL)
			remove = "all";
	}
	unseen = saves && screen_unseen_files(s);
	if ((why.code != ERR_NONE || !saves || unseen) &&
	    draft_put(s, form, remove) == -1) {
		json_object_put(findings);
		return -1;
	}
	if (why.code == ERR_NONE && unseen) {
		json_object_put(findings);
		return err_set(&s->err, ERR_DRAFT_UNSEEN, "",
		    "files wait that the page did not show");
	}
	if (why.code == ERR_NONE)
		return 0;
	s->err = why;
	json_object_put(s->problem);
	s->problem = json_object_new_object();
	json_object_object_add(s->problem, "findings", findings);
	return -1;
}

/* With what was put into the draft, is there still a conflict?  That of two
 * certificates is none when they are the same. */
static int
refuse_conflict(struct screen *s)
{
	json_object_put(s->view);
	s->view = NULL;
	if (screen_load(s, false) == -1)
		return -1;
	if (screen_conflicts(s) == 0)
		return 0;
	return err_set(&s->err, ERR_SETTINGS_CONFLICT, "",
	    "somebody else changed the same");
}

static int
save(struct screen *s, struct reply *reply, struct err *err)
{
	struct json_object *findings = NULL;
	struct err why;
	char etag[64];
	int i;

	for (i = 0;; i++) {
		if (screen_conflicts(s) != 0 &&
		    (draft_put(s, &s->page.req->form, NULL) == -1 ||
			refuse_conflict(s) == -1))
			return -1;
		if (save_once(s, reply, err) == 0)
			return 0;
		if (s->err.code != ERR_SETTINGS_STALE || i == OVERTAKEN_MAX)
			return -1;
		snprintf(etag, sizeof(etag), "%s",
		    jsonx_path_str(s->view, "etag", ""));
		why = s->err;
		if (read_form(s, &s->page.req->form, &findings, &why) == -1)
			return -1;
		if (strcmp(etag, jsonx_path_str(s->view, "etag", "")) == 0)
			return err_set(&s->err, ERR_SETTINGS_STALE, "",
			    "another host of the cluster is ahead");
	}
}

/* The page with what was seen: nobody keeps that. */
static int
press_test(struct screen *s, struct reply *reply, struct err *err)
{
	if (screen_test_hop(s) == -1)
		return -1;
	json_object_put(s->view);
	s->view = NULL;
	if (screen_load(s, false) == -1)
		return -1;
	return screen_render(s, reply, 200, err);
}

static int
press(struct screen *s, struct reply *reply, struct err *err)
{
	struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "keep");
	const char *field;

	if (strcmp(button, "cancel") == 0)
		return cancel(s, reply, err);
	if (keep(s, form, button) == -1)
		return -1;
	if (strcmp(button, "save") == 0)
		return save(s, reply, err);
	if (strcmp(button, "preview") == 0)
		return screen_back(s, reply, "preview=1", "preview", err);
	if (strcmp(button, "probe") == 0)
		return screen_back(s, reply, "probe=1", "state", err);
	if (strcmp(button, "test") == 0)
		return press_test(s, reply, err);
	if ((field = button_field(button, "upload:")) != NULL)
		return press_upload(s, reply, field, err);
	if ((field = button_field(button, "edit:")) != NULL)
		return press_edit(s, reply, field, err);
	if ((field = button_field(button, "mine:")) != NULL ||
	    (field = button_field(button, "theirs:")) != NULL)
		return back_at(s, reply, "", field, err);
	if (strcmp(button, "keep") == 0 ||
	    button_field(button, "remove:") != NULL)
		return screen_back(s, reply, "", "", err);
	return err_set(
	    &s->err, ERR_FIELD_INVALID, "do", "no such button: %.40s", button);
}

static bool
is_field(const char *name)
{
	return settings_has_form(name) || screen_has_was(name);
}

int
screen_press(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "etag", "do", "apply",
	    "note", "passphrase", "next_hop", "ca_certificate_text", "private_key_text",
	    "server_certificate_text", UPLOAD_CLIENT_CA "_text", NULL};
	static const char *const many[] = {"confirm", "scanner",
	    UPLOAD_CLIENT_CA, UPLOAD_ZONE, "ca_certificate", "private_key",
	    "server_certificate", NULL};
	struct screen s;
	int rc;

	if (fields_check_also(&req->form, once, many, is_field, err) == -1)
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
