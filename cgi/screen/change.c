/*
 * change.c - changes that are not the form's: restore a generation, or
 * settle drift, which is one of two: what somebody wrote into main.cf becomes
 * the settings (adopt), or the settings go back into main.cf (restore).
 *
 * A change is asked for once.  What stands in its way comes back on the page
 * where the button is, with the boxes to tick; once nothing does any more, the
 * browser is sent to its progress, as after a Save.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "screen.h"

int
screen_change(struct screen *s, struct reply *reply, const char *op,
    struct json_object *args, struct err *err)
{
	struct json_object *data = NULL;
	int rc;

	json_object_object_add(args, "confirm", json_object_get(s->confirm));
	put_bool(args, "wait", false);
	put_bool(args, "accepted", true);
	if (screen_call(s, op, args, &data) == -1)
		return -1;
	json_object_put(s->confirm);
	s->confirm = json_object_new_array();
	rc = screen_to_job(
	    s, reply, jsonx_path_str(data, "job", NULL), false, err);
	json_object_put(data);
	return rc;
}

static int
settle(struct screen *s, struct reply *reply, struct err *err)
{
	const struct fields *form = &s->page.req->form;
	const char *button = fields_str(form, "do", "");
	const char *etag = fields_str(form, "etag", "");
	struct json_object *args, *id;
	bool restore = strcmp(button, "restore") == 0;

	if (!restore && strcmp(button, "adopt") != 0)
		return err_set(&s->err, ERR_FIELD_INVALID, "do",
		    "no such button: %.40s", button);
	for (size_t i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, "confirm") == 0)
			screen_confirm(s, form->v[i].value);
	args = json_object_new_object();
	if (*etag != '\0')
		put_str(args, "if_match", etag);
	if (!restore)
		return screen_change(s, reply, OP_CONNECTION_ADOPT, args, err);
	if (screen_load(s, false) == -1 ||
	    (id = jsonx_path(s->view, "generation.id")) == NULL) {
		json_object_put(args);
		if (s->err.code == ERR_NONE)
			err_set(&s->err, ERR_GEN_UNKNOWN, "", "none in force");
		return -1;
	}
	json_object_object_add(args, "id", json_object_get(id));
	return screen_change(s, reply, OP_GENERATION_RESTORE, args, err);
}

int
page_drift(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "etag", "do", NULL};
	static const char *const many[] = {"confirm", NULL};
	struct screen s;
	int rc;

	/* A refusal is shown at this address, and may be opened again. */
	if (req->method != HTTP_POST)
		return reply_redirect(reply, PATH_CONNECTION) == -1
			   ? err_set(err, ERR_INTERNAL, "", "redirect")
			   : 0;
	if (fields_check(&req->form, once, many, err) == -1)
		return -1;
	screen_init(&s, app, req);
	s.restoring = true; /* what was asked for is not the form's Save */
	rc = settle(&s, reply, err);
	if (rc == -1 && s.err.code != ERR_NONE)
		rc = screen_refused(&s, reply, err);
	screen_clear(&s);
	return rc;
}
