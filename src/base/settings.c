/*
 * settings.c - the settings table and the walk that reads a patch by it.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "settings.h"

const struct settings_field settings_fields[] = {
    {"inbound_enabled", "inbound.enabled",
	offsetof(struct settings, inbound_enabled)},
    {"tls_only", "inbound.tls_only", offsetof(struct settings, tls_only)},
    {"outbound_enabled", "outbound.enabled",
	offsetof(struct settings, outbound_enabled)},
    {"all_scanners", "all_scanners", offsetof(struct settings, all_scanners)},
    {NULL, NULL, 0},
};

static const char *const apply_modes[] = {
    [APPLY_RESTART] = "restart",
    [APPLY_RELOAD] = "reload",
};

static bool *
value_of(struct settings *s, const struct settings_field *f)
{
	return (bool *)((char *)s + f->offset);
}

static bool
value_in(const struct settings *s, const struct settings_field *f)
{
	return *(const bool *)((const char *)s + f->offset);
}

void
settings_default(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	s->all_scanners = true;
}

bool
settings_equal(const struct settings *a, const struct settings *b)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if (value_in(a, f) != value_in(b, f))
			return false;
	}
	return true;
}

/* The row for a path; *ret_group says that some row lies below it. */
static const struct settings_field *
find(const char *path, bool *ret_group)
{
	const struct settings_field *f;
	size_t len = strlen(path);

	*ret_group = false;
	for (f = settings_fields; f->form != NULL; f++) {
		if (strcmp(f->path, path) == 0)
			return f;
		if (strncmp(f->path, path, len) == 0 && f->path[len] == '.')
			*ret_group = true;
	}
	return NULL;
}

/* Depth is bounded by the table: below a path without rows nothing is read. */
static int
read_level(struct settings *s, struct json_object *o, const char *prefix,
    struct err *err)
{
	const struct settings_field *f;
	struct json_object *sub;
	char path[96];
	bool group;

	json_object_object_foreach (o, key, val) {
		(void)val;
		snprintf(path, sizeof(path), "%s%s%s", prefix,
		    prefix[0] == '\0' ? "" : ".", key);
		if (strlen(key) > 40 || strchr(key, '.') != NULL ||
		    ((f = find(path, &group)) == NULL && !group))
			return err_set(err, ERR_FIELD_UNKNOWN, path,
			    "unknown setting \"%s\"", path);
		if (f != NULL) {
			if (jsonx_bool(o, key, path, value_of(s, f), err) != 0)
				return -1;
			continue;
		}
		sub = NULL;
		if (jsonx_obj(o, key, path, &sub, err) != 0)
			return -1;
		if (sub != NULL && read_level(s, sub, path, err) != 0)
			return -1;
	}
	return 0;
}

int
settings_from_json(struct settings *s, struct json_object *o, struct err *err)
{
	struct settings new = *s;

	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_FIELD_INVALID, "settings",
		    "settings: expected an object");
	if (read_level(&new, o, "", err) != 0)
		return -1;
	*s = new;
	return 0;
}

/* Set a bool at a dotted path, making the objects on the way. */
static int
set_path(struct json_object *o, const char *path, bool value)
{
	struct json_object *sub;
	const char *dot;
	char key[48];

	while ((dot = strchr(path, '.')) != NULL) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(o, key, &sub) ||
		    !json_object_is_type(sub, json_type_object)) {
			if ((sub = json_object_new_object()) == NULL)
				return -1;
			if (json_object_object_add(o, key, sub) != 0) {
				json_object_put(sub);
				return -1;
			}
		}
		o = sub;
		path = dot + 1;
	}
	if ((sub = json_object_new_boolean(value)) == NULL)
		return -1;
	if (json_object_object_add(o, path, sub) != 0) {
		json_object_put(sub);
		return -1;
	}
	return 0;
}

struct json_object *
settings_to_json(const struct settings *s)
{
	const struct settings_field *f;
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	for (f = settings_fields; f->form != NULL; f++) {
		if (set_path(o, f->path, value_in(s, f)) != 0) {
			json_object_put(o);
			return NULL;
		}
	}
	return o;
}

int
settings_set_form(struct json_object *patch, const char *name,
    const char *value, struct err *err)
{
	const struct settings_field *f;
	bool on;

	for (f = settings_fields; f->form != NULL; f++) {
		if (strcmp(f->form, name) == 0)
			break;
	}
	if (f->form == NULL)
		return err_set(
		    err, ERR_FIELD_UNKNOWN, name, "unknown field \"%s\"", name);
	on = strcmp(value, "on") == 0;
	if (!on && strcmp(value, "off") != 0)
		return err_set(err, ERR_FIELD_INVALID, name,
		    "%s: expected on or off, got \"%.32s\"", name, value);
	if (set_path(patch, f->path, on) != 0)
		return err_set(err, ERR_NOMEM, name, "out of memory");
	return 0;
}

int
apply_mode_from_name(const char *name, enum apply_mode *ret)
{
	size_t i;

	for (i = 0;
	     name != NULL && i < sizeof(apply_modes) / sizeof(apply_modes[0]);
	     i++) {
		if (strcmp(apply_modes[i], name) == 0) {
			*ret = (enum apply_mode)i;
			return 0;
		}
	}
	return -1;
}

const char *
apply_mode_name(enum apply_mode mode)
{
	return mode == APPLY_RELOAD ? apply_modes[APPLY_RELOAD]
				    : apply_modes[APPLY_RESTART];
}
