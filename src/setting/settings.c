/*
 * settings.c - the table of settings, and the walks over it: defaults, copy,
 * comparison, reading a patch of JSON and writing one.  What is done with one
 * member is its kind's; forms are in settings_form.c.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "kind.h"
#include "netlist.h"
#include "settings_table.h"

/* clang-format off */
#define SWITCH(...)
#define W(constant, word) [constant] = (word),
#define CHOICE(name, path, card, scope, since, par, cur, ...) \
	static const char *const name##_words[] = { __VA_ARGS__ NULL };
#define NUMBER(...)
#define LIMIT(...)
#define LIST(...)
#include "settings.def"

#define ROW(name, p, c, s, v, par, cur, k) \
	.id = SETTING_##name, .form = #name, .text = "setting." #name, \
	.path = (p), .card = #c, \
	.scope = SCOPE_##s, .since = (v), .parameter = (par), \
	.current = (cur), .kind = (k), \
	.offset = offsetof(struct settings, name)
#define SWITCH(name, p, c, s, v, par, cur, first) [SETTING_##name] = \
	{ ROW(name, p, c, s, v, par, cur, SETTING_SWITCH), .on = (first) },
#define CHOICE(name, p, c, s, v, par, cur, ...) [SETTING_##name] = \
	{ ROW(name, p, c, s, v, par, cur, SETTING_CHOICE), \
	  .names = name##_words },
#define NUMBER(name, p, c, s, v, par, cur, low, high, u) [SETTING_##name] = \
	{ ROW(name, p, c, s, v, par, cur, SETTING_NUMBER), .min = (low), \
	  .max = (high), .unit = (u) },
#define LIMIT(name, p, c, s, v, par, cur, low, high, f) [SETTING_##name] = \
	{ ROW(name, p, c, s, v, par, cur, SETTING_LIMIT), .min = (low), \
	  .max = (high), .form2 = (f) },
#define LIST(name, p, c, s, v, par, cur, i, most, bytes, f) [SETTING_##name] = \
	{ ROW(name, p, c, s, v, par, cur, SETTING_LIST), .item = &(i), \
	  .entries_max = (most), .bytes_max = (bytes), .form2 = (f) },

const struct settings_field settings_fields[] = {
#include "settings.def"
	[SETTING__MAX] = { .form = NULL },
};
/* clang-format on */

static const struct setting_kind *const kinds[] = {
    [SETTING_SWITCH] = &kind_switch,
    [SETTING_CHOICE] = &kind_choice,
    [SETTING_NUMBER] = &kind_number,
    [SETTING_LIMIT] = &kind_limit,
    [SETTING_LIST] = &kind_list,
};

_Static_assert(SETTING__MAX < 64, "a set of settings is 64 bits");

const struct setting_kind *
setting_kind(const struct settings_field *f)
{
	return kinds[f->kind];
}

static char **
list_of(struct settings *s, const struct settings_field *f)
{
	return setting_member(s, f);
}

static const char *
list_in(const struct settings *s, const struct settings_field *f)
{
	const char *text =
	    *(char *const *)(const void *)((const char *)s + f->offset);

	return text == NULL ? "" : text;
}

void
settings_default(struct settings *s)
{
	const struct settings_field *f;

	memset(s, 0, sizeof(*s));
	for (f = settings_fields; f->form != NULL; f++) {
		if (f->kind == SETTING_SWITCH)
			*(bool *)setting_member(s, f) = f->on;
		else if (f->kind != SETTING_LIST)
			*(int *)setting_member(s, f) = SETTING_KEEP;
	}
}

void
settings_unset(struct settings *s)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if (f->kind == SETTING_LIST) {
			free(*list_of(s, f));
			*list_of(s, f) = NULL;
		} else if (f->kind != SETTING_SWITCH)
			*(int *)setting_member(s, f) = SETTING_KEEP;
	}
}

static void
free_lists(struct settings *s)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		if (f->kind == SETTING_LIST)
			free(*list_of(s, f));
}

void
settings_clear(struct settings *s)
{
	free_lists(s);
	settings_default(s);
}

int
settings_copy(struct settings *dst, const struct settings *src)
{
	const struct settings_field *f;
	struct settings new = *src;
	bool failed = false;

	if (dst == src)
		return 0;
	for (f = settings_fields; f->form != NULL; f++)
		if (f->kind == SETTING_LIST && *list_of(&new, f) != NULL &&
		    (*list_of(&new, f) = strdup(list_in(src, f))) == NULL)
			failed = true;
	if (failed) {
		free_lists(&new);
		return -1;
	}
	free_lists(dst);
	*dst = new;
	return 0;
}

settings_mask
settings_differ(const struct settings *a, const struct settings *b)
{
	const struct settings_field *f = settings_fields;
	settings_mask m = 0;
	int i;

	for (i = 0; i < SETTING__MAX; i++)
		if (!kinds[f[i].kind]->same(
			setting_in(a, &f[i]), setting_in(b, &f[i])))
			m |= SETTING_BIT(i);
	return m;
}

bool
settings_equal(const struct settings *a, const struct settings *b)
{
	return settings_differ(a, b) == 0;
}

settings_mask
settings_managed(const struct settings *s)
{
	const struct settings_field *f = settings_fields;
	settings_mask m = 0;
	int i;

	for (i = 0; i < SETTING__MAX; i++)
		if (kinds[f[i].kind]->managed(setting_in(s, &f[i])))
			m |= SETTING_BIT(i);
	return m;
}

settings_mask
settings_named(struct json_object *o)
{
	struct json_object *v;
	settings_mask m = 0;
	int i;

	for (i = 0; i < SETTING__MAX; i++)
		if (settings_find(o, settings_fields[i].path, &v))
			m |= SETTING_BIT(i);
	return m;
}

const struct settings_field *
settings_by_form(const char *name)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		if (strcmp(f->form, name) == 0 ||
		    (f->form2 != NULL && strcmp(f->form2, name) == 0))
			return f;
	return NULL;
}

bool
settings_has_form(const char *name)
{
	return settings_by_form(name) != NULL;
}

bool
settings_is_file(const char *form)
{
	const struct settings_field *f = settings_by_form(form);

	return f != NULL && f->kind == SETTING_LIST &&
	       strcmp(f->form2, form) == 0;
}

const char *const *
settings_examples(const struct settings_field *f)
{
	return f->item->examples;
}

const struct settings_field *
settings_by_path(const char *path)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

void
setting_count_path(const struct settings_field *f, char dst[SETTING_PATH_MAX])
{
	size_t len = strlen(f->path);

	if (len > 5 && strcmp(f->path + len - 5, ".list") == 0)
		(void)snprintf(dst, SETTING_PATH_MAX, "%.*s.entries",
		    (int)len - 5, f->path);
	else
		(void)snprintf(dst, SETTING_PATH_MAX, "%s_entries", f->path);
}

struct json_object *
settings_value(struct json_object *o, const struct settings_field *f)
{
	struct json_object *v = NULL;
	char count[SETTING_PATH_MAX];

	if (!settings_find(o, f->path, &v) && f->kind == SETTING_LIST) {
		setting_count_path(f, count);
		(void)settings_find(o, count, &v);
	}
	return v;
}

const char *
settings_current(struct json_object *current, const struct settings_field *f)
{
	struct json_object *v;
	const char *name, *text;
	char member[48];
	size_t len;

	for (name = f->current; *name != '\0'; name += len) {
		name += strspn(name, " ");
		len = strcspn(name, " ");
		(void)snprintf(member, sizeof(member), "%.*s", (int)len, name);
		v = jsonx_member(current, member);
		text = v != NULL ? json_object_get_string(v) : "";
		if (*text != '\0' && strcmp(text, "-") != 0)
			return text;
	}
	return "";
}

/* Does some row lie below the path? */
static bool
has_below(const char *path)
{
	const struct settings_field *f;
	size_t len = strlen(path);

	for (f = settings_fields; f->form != NULL; f++)
		if (strncmp(f->path, path, len) == 0 && f->path[len] == '.')
			return true;
	return false;
}

bool
settings_is_group(const char *key)
{
	return settings_by_path(key) != NULL || has_below(key);
}

static bool
is_count(const char *path)
{
	const struct settings_field *f;
	char count[SETTING_PATH_MAX];

	for (f = settings_fields; f->form != NULL; f++) {
		setting_count_path(f, count);
		if (f->kind == SETTING_LIST && strcmp(count, path) == 0)
			return true;
	}
	return false;
}

/* Depth is bounded by the table: below a path without rows nothing is read. */
static int
read_level(
    struct reader *r, struct json_object *o, const char *prefix, bool brief)
{
	const struct settings_field *f;
	struct json_object *sub;
	char path[SETTING_PATH_MAX];

	json_object_object_foreach (o, key, val) {
		(void)val;
		snprintf(path, sizeof(path), "%s%s%s", prefix,
		    prefix[0] == '\0' ? "" : ".", key);
		if (brief && is_count(path))
			continue;
		f = settings_by_path(path);
		if (strlen(key) > 40 || strchr(key, '.') != NULL ||
		    (f == NULL && !has_below(path)))
			return err_set(r->err, ERR_FIELD_UNKNOWN, path,
			    "unknown setting \"%s\"", path);
		if (f != NULL) {
			if (kinds[f->kind]->from_json(r, f, o, key) != 0)
				return -1;
			continue;
		}
		sub = NULL;
		if (jsonx_obj(o, key, path, &sub, r->err) != 0)
			return -1;
		if (sub != NULL && read_level(r, sub, path, brief) != 0)
			return -1;
	}
	return 0;
}

static int
read_patch(struct settings *s, struct json_object *o, bool brief,
    struct findings *findings, struct err *err)
{
	struct settings new;
	struct reader r = {&new, findings, err};

	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_FIELD_INVALID, "settings",
		    "settings: expected an object");
	settings_default(&new);
	if (settings_copy(&new, s) == -1)
		return err_set(err, ERR_NOMEM, "", "settings");
	memset(new.dropped, 0, sizeof(new.dropped));
	if (read_level(&r, o, "", brief) != 0) {
		settings_clear(&new);
		return -1;
	}
	free_lists(s);
	*s = new;
	return 0;
}

int
settings_check_json(struct settings *s, struct json_object *o,
    struct findings *findings, struct err *err)
{
	return read_patch(s, o, false, findings, err);
}

int
settings_from_json(struct settings *s, struct json_object *o, struct err *err)
{
	return read_patch(s, o, false, NULL, err);
}

int
settings_from_brief(struct settings *s, struct json_object *o, struct err *err)
{
	return read_patch(s, o, true, NULL, err);
}

#define ALL_KNOWN INT_MAX

static int
put_one(struct json_object *o, const struct settings *s,
    const struct settings_field *f, int known, bool brief)
{
	struct json_object *v = NULL;
	char count[SETTING_PATH_MAX];
	size_t n;
	int rc;

	rc = kinds[f->kind]->to_json(f, setting_in(s, f), &v);
	if (rc == -1)
		return -1;
	if (rc == 1 && f->since > known) {
		json_object_put(v);
		return 0;
	}
	if (!brief || f->kind != SETTING_LIST)
		return settings_put(o, f->path, v);
	n = jsonx_len(v);
	json_object_put(v);
	if ((v = json_object_new_int64((int64_t)n)) == NULL)
		return -1;
	setting_count_path(f, count);
	return settings_put(o, count, v);
}

static struct json_object *
to_json(const struct settings *s, int known, bool brief)
{
	const struct settings_field *f;
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	for (f = settings_fields; f->form != NULL; f++)
		if (put_one(o, s, f, known, brief) == -1) {
			json_object_put(o);
			return NULL;
		}
	return o;
}

struct json_object *
settings_to_json(const struct settings *s)
{
	return to_json(s, ALL_KNOWN, false);
}

struct json_object *
settings_to_store(const struct settings *s, int known)
{
	return to_json(s, known, false);
}

struct json_object *
settings_brief(const struct settings *s, int known)
{
	return to_json(s, known, true);
}
