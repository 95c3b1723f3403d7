/*
 * merge.c - two people at once: what the form changes in what is in force by
 * now, which need not be what the form was drawn from.
 *
 * A form says what it was drawn from: "was_NAME" beside each setting has its
 * value then (of a list a digest), "was_certificate" the certificates.
 *
 *   the form's value is as it was      not touched by this person: not sent
 *   in force is what it was, or what   sent, or nothing is left to do
 *   the form says
 *   a list of which others changed     what both did is sent (lists.c)
 *   other entries
 *   else                               a conflict: nothing is saved until
 *                                      this person has chosen one of the two
 *
 * A draft keeps "was" beside its settings, so it is the same a day later.
 * What others changed and this form did not is in force as they left it, and
 * is told ("also").  A "was" that did not come (a form of an older version)
 * is what is in force while the ETag is the same, and else unknown: all that
 * differs is then a conflict.
 */
#include <stdio.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "settings_table.h"
#include "upload.h"
#include "util.h"

#define UNKNOWN	    "?"
#define CERTIFICATE "certificate"
#define WAS_FILES   "was_files"
#define WAS_NAME    72

/* Below a switch "x.enabled" what is "x.y" means something only with it. */
const char *
setting_master(const struct settings_field *f)
{
	const char *dot = strchr(f->path, '.');
	const struct settings_field *master;
	char path[64];

	if (dot == NULL)
		return "";
	snprintf(
	    path, sizeof(path), "%.*s.enabled", (int)(dot - f->path), f->path);
	master = settings_by_path(path);
	return master != NULL && master != f ? master->form : "";
}

/* Equal where the values are. */
static void
text_of(const struct settings_field *f, struct json_object *v,
    char dst[WAS_TEXT_MAX + 1])
{
	const char *s = v == NULL ? "" : json_object_get_string(v);

	dst[0] = '\0';
	if (f->kind == SETTING_SWITCH)
		s = json_object_get_boolean(v) ? "on" : "off";
	if (f->kind != SETTING_LIST)
		(void)snprintf(dst, WAS_TEXT_MAX + 1, "%s", s);
	else if (jsonx_len(v) > 0)
		(void)sha256_hex(s, strlen(s), dst);
}

static void
text_of_certificate(struct json_object *cert, char dst[WAS_TEXT_MAX + 1])
{
	struct json_object *one;
	size_t i, len = 0;

	dst[0] = '\0';
	for (i = 0; (one = cert_of(cert, i)) != NULL && len < WAS_TEXT_MAX; i++)
		len += (size_t)snprintf(dst + len, WAS_TEXT_MAX + 1 - len,
		    "%s%.64s", i > 0 ? "," : "",
		    jsonx_path_str(one, "sha256", ""));
}

/* A switch that is on takes along what means something only with it when it
 * is turned off: behind its own value stands a digest of theirs. */
static void
add_taken_along(const struct screen *s, const struct settings_field *f,
    char dst[WAS_TEXT_MAX + 1])
{
	const struct settings_field *g;
	struct json_object *v;
	char all[WAS_TEXT_MAX + 1], hash[SHA256_HEX] = "";

	for (g = settings_fields; g->form != NULL; g++) {
		if (strcmp(setting_master(g), f->form) != 0)
			continue;
		v = NULL;
		(void)settings_find(
		    jsonx_path(s->view, "settings"), g->path, &v);
		text_of(g, v, all);
		(void)snprintf(
		    all + strlen(all), sizeof(all) - strlen(all), "%s", hash);
		(void)sha256_hex(all, strlen(all), hash);
	}
	if (hash[0] != '\0')
		(void)snprintf(dst + strlen(dst),
		    WAS_TEXT_MAX + 1 - strlen(dst), ";%.16s", hash);
}

static void
text_in_force(const struct screen *s, const struct settings_field *f,
    char dst[WAS_TEXT_MAX + 1])
{
	struct json_object *v = NULL;

	(void)settings_find(jsonx_path(s->view, "settings"), f->path, &v);
	text_of(f, v, dst);
	if (f->kind == SETTING_SWITCH && json_object_get_boolean(v))
		add_taken_along(s, f, dst);
}

/* Their own values. */
static bool
same(const char *a, const char *b)
{
	size_t n = strcspn(a, ";");

	return n == strcspn(b, ";") && strncmp(a, b, n) == 0;
}

struct json_object *
screen_pending(const struct screen *s)
{
	return s->patch != NULL ? s->patch
				: jsonx_path(s->view, "draft.settings");
}

static struct json_object *
base(const struct screen *s)
{
	return s->patch != NULL ? s->was : jsonx_path(s->view, "draft.was");
}

static bool
is_stale(const struct screen *s)
{
	const char *etag = fields_str(&s->page.req->form, "etag", "");

	return *etag != '\0' &&
	       strcmp(etag, jsonx_path_str(s->view, "etag", "")) != 0;
}

/* What the form that was sent says that the setting was. */
static const char *
posted(const struct screen *s, const char *name, const char *now)
{
	char field[WAS_NAME];

	(void)snprintf(field, sizeof(field), "was_%.60s", name);
	return fields_str(
	    &s->page.req->form, field, is_stale(s) ? UNKNOWN : now);
}

bool
screen_has_was(const char *field)
{
	return strncmp(field, "was_", 4) == 0 &&
	       (strcmp(field + 4, CERTIFICATE) == 0 ||
		   strcmp(field, WAS_FILES) == 0 ||
		   settings_has_form(field + 4));
}

bool
screen_has_files(const struct screen *s)
{
	struct json_object *files = jsonx_path(s->view, "draft.files");

	return json_object_is_type(files, json_type_object) &&
	       json_object_object_length(files) > 0;
}

static bool
has_files(const struct screen *s)
{
	const struct fields *form = &s->page.req->form;
	size_t i;

	if (screen_has_files(s))
		return true;
	for (i = 0; i < form->n; i++)
		if (form->v[i].len > 0 &&
		    (upload_is_field(form->v[i].name) ||
			strcmp(form->v[i].name, UPLOAD_ZONE) == 0))
			return true;
	return false;
}

/* Of the files that wait; "": there are none. */
static void
text_of_files(const struct screen *s, char dst[SHA256_HEX])
{
	struct json_object *files = jsonx_path(s->view, "draft.files");
	struct json_object *cas = jsonx_path(s->view, "draft.client_ca");
	char cert[WAS_TEXT_MAX + 1], all[2048];

	dst[0] = '\0';
	if (!screen_has_files(s) && cas == NULL)
		return;
	text_of_certificate(
	    jsonx_path(s->view, "draft.report.certificate"), cert);
	(void)snprintf(all, sizeof(all), "%s %s", cert,
	    json_object_to_json_string_ext(files, JSON_C_TO_STRING_PLAIN));
	if (cas != NULL)
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all),
		    " %s",
		    json_object_to_json_string_ext(
			cas, JSON_C_TO_STRING_PLAIN));
	(void)sha256_hex(all, strlen(all), dst);
	dst[16] = '\0';
}

bool
screen_unseen_files(const struct screen *s)
{
	char now[SHA256_HEX];

	text_of_files(s, now);
	return now[0] != '\0' &&
	       strcmp(fields_str(&s->page.req->form, WAS_FILES, now), now) != 0;
}

/* With a switch that is turned off goes what means something only with it:
 * what the form has on all the same is sent, so that it is not turned off
 * unsaid. */
static void
take_along(struct screen *s, const struct settings_field *f,
    struct json_object *all, struct json_object *patch)
{
	const struct settings_field *g;
	struct json_object *v;
	char now[WAS_TEXT_MAX + 1];

	if (f->kind != SETTING_SWITCH || !settings_find(patch, f->path, &v) ||
	    json_object_get_boolean(v))
		return;
	for (g = settings_fields; g->form != NULL; g++) {
		if (g->kind != SETTING_SWITCH ||
		    strcmp(setting_master(g), f->form) != 0 ||
		    settings_find(patch, g->path, &v) ||
		    !settings_find(all, g->path, &v) ||
		    !json_object_get_boolean(v))
			continue;
		text_in_force(s, g, now);
		put_str(s->was, g->form, posted(s, g->form, now));
		(void)settings_put(patch, g->path, json_object_get(v));
	}
}

static void
merge_certificate(struct screen *s)
{
	char now[WAS_TEXT_MAX + 1];
	const char *was;

	text_of_certificate(jsonx_path(s->view, CERTIFICATE), now);
	was = posted(s, CERTIFICATE, now);
	if (has_files(s))
		put_str(s->was, CERTIFICATE, was);
	else if (strcmp(was, now) != 0 && strcmp(was, UNKNOWN) != 0)
		s->also |= SETTINGS_FILES;
}

/* What was decided about another state is asked again. */
static void
forget_decisions(struct screen *s)
{
	json_object_put(s->confirm);
	s->confirm = json_object_new_array();
}

/* Did nobody change a setting of its card but for lists? */
static bool
stands_alone(const struct screen *s, const struct settings_field *f,
    struct json_object *all)
{
	const struct settings_field *g;
	struct json_object *mine;
	char now[WAS_TEXT_MAX + 1], text[WAS_TEXT_MAX + 1];
	size_t n = strcspn(f->path, ".");

	for (g = settings_fields; g->form != NULL; g++) {
		if (g->kind == SETTING_LIST ||
		    strncmp(g->path, f->path, n + 1) != 0)
			continue;
		text_in_force(s, g, now);
		if (!same(posted(s, g->form, now), now))
			return false;
		if (settings_find(all, g->path, &mine)) {
			text_of(g, mine, text);
			if (!same(text, now))
				return false;
		}
	}
	return true;
}

/* Both changed it since: the list with what both did, or NULL. */
static struct json_object *
merged_list(struct screen *s, const struct settings_field *f,
    struct json_object *all, struct json_object *mine, const char *was)
{
	struct json_object *base = NULL, *theirs = NULL, *out = NULL;
	char text[WAS_TEXT_MAX + 1];

	text_in_force(s, f, text);
	if (f->kind != SETTING_LIST || same(was, text) ||
	    strcmp(was, UNKNOWN) == 0 || !stands_alone(s, f, all))
		return NULL;
	if (was[0] == '\0')
		base = json_object_new_array();
	else if ((base = list_of_etag(s, f)) == NULL)
		return NULL;
	text_of(f, base, text);
	(void)settings_find(jsonx_path(s->view, "settings"), f->path, &theirs);
	if (same(text, was))
		out = list_merge(base, mine, theirs);
	json_object_put(base);
	return out;
}

/* Into the patch; where others changed the list, too, as both have it. */
static int
put_mine(struct screen *s, const struct settings_field *f,
    struct json_object *all, struct json_object *mine, const char *was,
    struct json_object *patch)
{
	struct json_object *both = merged_list(s, f, all, mine, was);
	char now[WAS_TEXT_MAX + 1];

	text_in_force(s, f, now);
	put_str(s->was, f->form, both != NULL ? now : was);
	if (both != NULL)
		s->also |= SETTING_BIT(f->id);
	return settings_put(
	    patch, f->path, both != NULL ? both : json_object_get(mine));
}

int
screen_merge(struct screen *s)
{
	struct json_object *all = s->patch, *patch, *mine;
	const struct settings_field *f;
	char now[WAS_TEXT_MAX + 1], text[WAS_TEXT_MAX + 1];
	const char *was;
	int rc = 0;

	json_object_put(s->was);
	s->was = json_object_new_object();
	s->also = 0;
	patch = json_object_new_object();
	for (f = settings_fields; f->form != NULL && rc == 0; f++) {
		text_in_force(s, f, now);
		was = posted(s, f->form, now);
		if (settings_find(all, f->path, &mine)) {
			text_of(f, mine, text);
			if (!same(text, was) && !same(text, now)) {
				rc = put_mine(s, f, all, mine, was, patch);
				continue;
			}
		}
		if (!same(was, now) && strcmp(was, UNKNOWN) != 0)
			s->also |= SETTING_BIT(f->id);
	}
	for (f = settings_fields; f->form != NULL && rc == 0; f++)
		take_along(s, f, all, patch);
	merge_certificate(s);
	json_object_put(all);
	s->patch = patch;
	if (is_stale(s))
		forget_decisions(s);
	return rc == 0 ? 0 : err_set(&s->err, ERR_NOMEM, "", "out of memory");
}

static bool
is_conflict(const struct screen *s, const struct settings_field *f)
{
	const char *was = jsonx_path_str(base(s), f->form, NULL);
	struct json_object *mine;
	char now[WAS_TEXT_MAX + 1], text[WAS_TEXT_MAX + 1];

	if (was == NULL || !settings_find(screen_pending(s), f->path, &mine))
		return false;
	text_in_force(s, f, now);
	text_of(f, mine, text);
	if (same(text, now))
		return false;
	return f->kind == SETTING_SWITCH ? strcmp(was, now) != 0
					 : !same(was, now);
}

settings_mask
screen_conflicts(const struct screen *s)
{
	const struct settings_field *f;
	settings_mask mask = 0;
	char now[WAS_TEXT_MAX + 1], mine[WAS_TEXT_MAX + 1];
	const char *was = jsonx_path_str(base(s), CERTIFICATE, NULL);

	if (s->restoring)
		return 0;
	for (f = settings_fields; f->form != NULL; f++)
		if (is_conflict(s, f))
			mask |= SETTING_BIT(f->id);
	text_of_certificate(jsonx_path(s->view, CERTIFICATE), now);
	text_of_certificate(
	    jsonx_path(s->view, "draft.report.certificate"), mine);
	if (was != NULL && has_files(s) && strcmp(was, now) != 0 &&
	    strcmp(mine, now) != 0)
		mask |= SETTINGS_FILES;
	return mask;
}

static struct json_object *
without(struct json_object *patch, const struct settings_field * not )
{
	struct json_object *o = json_object_new_object(), *v;
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		if (f != not &&settings_find(patch, f->path, &v))
			(void)settings_put(o, f->path, json_object_get(v));
	return o;
}

void
screen_settle(struct screen *s, const char *field, bool mine)
{
	const struct settings_field *f = settings_by_form(field);
	struct json_object *v, *patch;
	char now[WAS_TEXT_MAX + 1];

	if (f == NULL) {
		text_of_certificate(jsonx_path(s->view, CERTIFICATE), now);
		if (json_object_object_get_ex(s->was, CERTIFICATE, NULL))
			put_str(s->was, CERTIFICATE, now);
		return;
	}
	if (!settings_find(s->patch, f->path, &v))
		return;
	text_in_force(s, f, now);
	if (mine) {
		put_str(s->was, f->form, now);
		return;
	}
	json_object_object_del(s->was, f->form);
	patch = without(s->patch, f);
	json_object_put(s->patch);
	s->patch = patch;
}

void
screen_put_was(const struct screen *s, struct json_object *args)
{
	struct json_object *copy = NULL;

	if (s->was != NULL && json_object_deep_copy(s->was, &copy, NULL) == 0)
		json_object_object_add(args, "was", copy);
}

void
put_was(const struct screen *s, struct json_object *o,
    const struct settings_field *f)
{
	const char *was = jsonx_path_str(base(s), f->form, NULL);
	struct json_object *mine;
	char now[WAS_TEXT_MAX + 1], text[WAS_TEXT_MAX + 1];

	text_in_force(s, f, now);
	if ((s->wrong & SETTING_BIT(f->id)) != 0) {
		was = posted(s, f->form, now);
	} else if (!settings_find(screen_pending(s), f->path, &mine)) {
		was = NULL;
	} else {
		/* Done by somebody else meanwhile. */
		text_of(f, mine, text);
		was = same(text, now) ? NULL : was;
	}
	put_str(o, "was", was != NULL ? was : now);
}

void
put_was_certificate(const struct screen *s, struct json_object *o)
{
	const char *was = jsonx_path_str(base(s), CERTIFICATE, NULL);
	char now[WAS_TEXT_MAX + 1], files[SHA256_HEX];

	text_of_certificate(jsonx_path(s->view, CERTIFICATE), now);
	put_str(o, "was_certificate", was != NULL && has_files(s) ? was : now);
	text_of_files(s, files);
	put_str(o, WAS_FILES, files);
}
