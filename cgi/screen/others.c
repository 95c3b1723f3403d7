/*
 * others.c - what others changed while this form was open, in words: what is
 * in force now, who did it and when; and beside it, where this person changed
 * the same, what this form says.
 *
 * Who: the newest generation that changed the setting.  Where there is none
 * since the form was drawn, somebody wrote it into main.cf by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "settings_table.h"
#include "upload.h"

#define LOOK_BACK   50
#define CERTIFICATE "certificate"
#define CERT_FIELD  "server_certificate"

void
screen_load_history(struct screen *s)
{
	struct json_object *args, *data = NULL;

	if (s->history != NULL || (s->also | screen_conflicts(s)) == 0)
		return;
	args = json_object_new_object();
	put_int(args, "limit", LOOK_BACK);
	/* Without it the change is told all the same. */
	if (backend_call(s->page.app, s->page.req, OP_GENERATIONS_LIST, args,
		&data, NULL, NULL) == -1)
		return;
	s->history = json_object_get(jsonx_path(data, "generations"));
	json_object_put(data);
}

static bool
changed(struct json_object *gen, const char *what)
{
	struct json_object *list = jsonx_path(gen, "summary");
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(jsonx_str_at(list, i), what) == 0)
			return true;
	return false;
}

/* Whoever changed it last, since that generation; NULL: not by the console. */
static struct json_object *
generation_of(const struct screen *s, const char *what, int64_t since)
{
	struct json_object *gen;
	size_t i;

	for (i = 0; i < jsonx_len(s->history); i++) {
		gen = json_object_array_get_idx(s->history, i);
		if (jsonx_path_int(gen, "id") <= since)
			break;
		if (strcmp(jsonx_path_str(gen, "outcome", ""), "applied") ==
			0 &&
		    changed(gen, what))
			return gen;
	}
	return NULL;
}

/* "who", and "at" with its companions. */
static void
put_who(const struct screen *s, struct json_object *o, const char *what)
{
	const char *etag = fields_str(&s->page.req->form, "etag", "");
	int64_t since = *etag == '"' ? strtoll(etag + 1, NULL, 10) : 0;
	struct json_object *gen = generation_of(s, what, since);

	put_str(o, "who",
	    gen != NULL ? jsonx_path_str(gen, "by", "")
			: page_text(&s->page, "others.by_hand"));
	put_time(&s->page, o,
	    gen != NULL ? jsonx_path_str(gen, "at", NULL)
			: jsonx_path_str(s->view, "postfix.changed_at", NULL));
}

void
put_certificates(const struct screen *s, struct json_object *o, const char *key,
    struct json_object *cert)
{
	struct json_object *args, *one, *text;
	char all[512] = "", date[11];
	size_t i, len = 0;

	for (i = 0; (one = cert_of(cert, i)) != NULL && len < sizeof(all);
	     i++) {
		args = json_object_new_object();
		date_of(jsonx_path_str(one, "leaf.not_after", NULL), date);
		put_str(args, "name", cert_name(jsonx_path(one, "leaf")));
		put_str(args, "key", jsonx_path_str(one, "key.label", ""));
		put_str(args, "date", date);
		text = new_text(&s->page, "others.certificate", args);
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    i > 0 ? "; " : "", json_object_get_string(text));
		json_object_put(text);
		json_object_put(args);
	}
	put_str(o, key, all);
}

/* The files that wait, by what they are, or by their names. */
void
screen_own_certificate(const struct screen *s, struct json_object *o)
{
	struct json_object *cert =
	    jsonx_path(s->view, "draft.report.certificate");
	struct json_object *files = jsonx_path(s->view, "draft.files");
	const char *name;
	char all[512] = "";
	size_t i, len = 0;

	if (jsonx_path(cert, "leaf") != NULL) {
		put_certificates(s, o, "mine", cert);
		return;
	}
	for (i = 0; upload_fields[i] != NULL && len < sizeof(all); i++) {
		name = jsonx_path_str(
		    jsonx_path(files, upload_fields[i]), "name", "");
		if (*name != '\0')
			len += (size_t)snprintf(all + len, sizeof(all) - len,
			    "%s%s", len > 0 ? ", " : "", name);
	}
	put_str(o, "mine", all);
}

static struct json_object *
in_force(const struct screen *s, const struct settings_field *f)
{
	struct json_object *v = NULL;

	(void)settings_find(jsonx_path(s->view, "settings"), f->path, &v);
	return v;
}

/* "also": {rows: [{label, value, who, at}]}, or NULL. */
void
screen_also(const struct screen *s, struct json_object *ctx)
{
	struct json_object *rows = json_object_new_array(), *o;
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if (!(s->also & SETTING_BIT(f->id)))
			continue;
		o = json_object_new_object();
		put_str(o, "label", page_text(&s->page, f->text));
		put_setting(&s->page, o, "value", f, in_force(s, f));
		put_who(s, o, f->path);
		json_object_array_add(rows, o);
	}
	if (s->also & SETTINGS_FILES) {
		o = json_object_new_object();
		put_str(
		    o, "label", page_text(&s->page, "file.server_certificate"));
		put_certificates(
		    s, o, "value", jsonx_path(s->view, CERTIFICATE));
		put_who(s, o, CERTIFICATE);
		json_object_array_add(rows, o);
	}
	if (json_object_array_length(rows) == 0) {
		json_object_put(rows);
		json_object_object_add(ctx, "also", NULL);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "rows", rows);
	json_object_object_add(ctx, "also", o);
}

/* "conflict" of one field: both sides, who and when. */
static struct json_object *
conflict_new(const struct screen *s, const char *field, const char *label,
    const char *what)
{
	struct json_object *o = json_object_new_object();

	put_str(o, "field", field);
	put_str(o, "label", label);
	put_who(s, o, what);
	put_text(&s->page, o, "text", "error.settings.conflict", o);
	json_object_object_add(o, "diff", NULL);
	return o;
}

void
put_conflict(const struct screen *s, struct json_object *ctx,
    const struct settings_field *f)
{
	struct json_object *o = NULL, *mine = NULL, *now;

	if (s->conflicts & SETTING_BIT(f->id)) {
		o = conflict_new(
		    s, f->form, page_text(&s->page, f->text), f->path);
		now = in_force(s, f);
		(void)settings_find(screen_pending(s), f->path, &mine);
		put_setting(&s->page, o, "theirs", f, now);
		put_setting(&s->page, o, "mine", f, mine);
		if (f->kind == SETTING_LIST)
			json_object_object_add(
			    o, "diff", list_diff(&s->page, now, mine));
	}
	json_object_object_add(ctx, "conflict", o);
}

void
put_conflict_of_files(
    const struct screen *s, struct json_object *ctx, const char *field)
{
	struct json_object *o = NULL;

	if ((s->conflicts & SETTINGS_FILES) && strcmp(field, CERT_FIELD) == 0) {
		o = conflict_new(s, CERT_FIELD,
		    page_text(&s->page, "file.server_certificate"),
		    CERTIFICATE);
		put_certificates(
		    s, o, "theirs", jsonx_path(s->view, CERTIFICATE));
		screen_own_certificate(s, o);
	}
	json_object_object_add(ctx, "conflict", o);
}
