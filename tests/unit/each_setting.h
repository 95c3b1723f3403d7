/*
 * each_setting.h - the net under the settings: for each row of
 * settings_fields[] two different values, as struct, JSON and form, made from
 * the row's kind and bounds.  The test_each_setting.c of a layer changes one
 * setting at a time and asks whether that layer notices, so a new row is
 * covered without a line in any of them.
 *
 * What a layer rightly does not know of a setting is said in a list of that
 * layer's test (each_listed), with the reason beside it.
 */
#ifndef EACH_SETTING_H
#define EACH_SETTING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "settings_table.h"

#define EACH_TEXT 256

/* Every row may be set to these two; most may be unset besides. */
enum { EACH_A, EACH_B, EACH_VALUES };

static inline int
each_count(void)
{
	int n = 0;

	while (settings_fields[n].form != NULL)
		n++;
	return n;
}

static inline bool
each_is_number(const struct settings_field *f)
{
	return f->kind == SETTING_NUMBER || f->kind == SETTING_LIMIT;
}

/* The least in JSON, where a limit of 0 is none. */
static inline int
each_min(const struct settings_field *f)
{
	return f->kind == SETTING_LIMIT ? 0 : f->min;
}

static inline bool
each_may_be_unset(const struct settings_field *f)
{
	return f->kind == SETTING_CHOICE || each_is_number(f);
}

static inline bool
each_listed(const struct settings_field *f, const char *const *forms)
{
	for (; *forms != NULL; forms++)
		if (strcmp(*forms, f->form) == 0)
			return true;
	return false;
}

/* As a form has it; of a list with a line end behind each entry. */
static inline const char *
each_text(const struct settings_field *f, int k, char dst[EACH_TEXT])
{
	static const char *const switches[] = {"on", "off"};
	const char *const *line;

	ck_assert(k == EACH_A || k == EACH_B);
	switch (f->kind) {
	case SETTING_SWITCH:
		snprintf(dst, EACH_TEXT, "%s", switches[k]);
		break;
	case SETTING_CHOICE:
		ck_assert_msg(f->names[0] != NULL && f->names[1] != NULL,
		    "%s has no two words", f->form);
		snprintf(dst, EACH_TEXT, "%s", f->names[k]);
		break;
	case SETTING_NUMBER:
	case SETTING_LIMIT:
		ck_assert_msg(f->max - f->min > 3, "%s: no room", f->form);
		snprintf(dst, EACH_TEXT, "%d",
		    k == EACH_A ? f->min + (f->max - f->min) / 3 : f->max);
		break;
	case SETTING_LIST:
		line = settings_examples(f);
		snprintf(dst, EACH_TEXT, k == EACH_A ? "%s\n" : "%s\n%s\n",
		    line[0], line[1]);
		break;
	default:
		ck_abort_msg("%s: two values of its kind, please", f->form);
	}
	return dst;
}

static inline struct json_object *
each_json(const struct settings_field *f, int k)
{
	struct json_object *list;
	char text[EACH_TEXT], *line, *save = NULL;

	(void)each_text(f, k, text);
	if (f->kind == SETTING_SWITCH)
		return json_object_new_boolean(k == EACH_A);
	if (each_is_number(f))
		return json_object_new_int(atoi(text));
	if (f->kind == SETTING_CHOICE)
		return json_object_new_string(text);
	list = json_object_new_array();
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		json_object_array_add(list, json_object_new_string(line));
	return list;
}

/* {"interface": {"port": v}}; v is taken over. */
static inline struct json_object *
each_patch(const char *path, struct json_object *v)
{
	struct json_object *o = json_object_new_object(), *outer;
	const char *dot = strchr(path, '.');
	char group[64];

	json_object_object_add(o, dot == NULL ? path : dot + 1, v);
	if (dot == NULL)
		return o;
	ck_assert_msg(strchr(dot + 1, '.') == NULL, "%s", path);
	snprintf(group, sizeof(group), "%.*s", (int)(dot - path), path);
	outer = json_object_new_object();
	json_object_object_add(outer, group, o);
	return outer;
}

/* Is there a member at the path, null or not? */
static inline bool
each_find(struct json_object *o, const char *path, struct json_object **ret)
{
	const char *dot = strchr(path, '.');
	char group[64];

	if (dot != NULL) {
		snprintf(group, sizeof(group), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(o, group, &o))
			return false;
		path = dot + 1;
	}
	return json_object_object_get_ex(o, path, ret);
}

static inline void
each_read(struct settings *s, const char *path, struct json_object *v)
{
	struct json_object *patch = each_patch(path, v);
	struct err err;

	ck_assert_msg(settings_from_json(s, patch, &err) == 0, "%s", err.msg);
	json_object_put(patch);
}

static inline void
each_set(struct settings *s, const struct settings_field *f, int k)
{
	each_read(s, f->path, each_json(f, k));
}

static inline void
each_unset(struct settings *s, const struct settings_field *f)
{
	each_read(s, f->path, NULL);
}

/* Every row at one of its values; s need not be initialised. */
static inline void
each_all(struct settings *s, int k)
{
	const struct settings_field *f;

	settings_default(s);
	for (f = settings_fields; f->form != NULL; f++)
		each_set(s, f, k);
}

/* The value of one row alone. */
static inline struct json_object *
each_value(const struct settings *s, const struct settings_field *f)
{
	struct json_object *o = settings_to_json(s), *v = NULL;

	ck_assert_msg(each_find(o, f->path, &v), "%s is not told", f->path);
	v = json_object_get(v);
	json_object_put(o);
	return v;
}

/* Do they hold the same in every row, but for this one?  NULL: in every. */
static inline void
each_same_but(const struct settings *a, const struct settings *b,
    const struct settings_field *but)
{
	const struct settings_field *f;
	struct json_object *x, *y;

	for (f = settings_fields; f->form != NULL; f++) {
		x = each_value(a, f);
		y = each_value(b, f);
		ck_assert_msg(f == but || json_object_equal(x, y),
		    "%s: %s, not %s", f->path, json_object_to_json_string(x),
		    json_object_to_json_string(y));
		json_object_put(x);
		json_object_put(y);
	}
}

#endif
