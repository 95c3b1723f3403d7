/*
 * settings.c - the settings table, the walk that reads a patch by it, and the
 * walk that writes it.  Forms are in settings_form.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "netlist.h"
#include "settings.h"

#define PORT_MAX	65535
#define IDLE_MAX	1440
#define CONNECTIONS_MAX 10000
#define LIST		"access.list"
#define ENTRIES		"access.entries"

static const char *const listens[] = {
    [LISTEN_LOOPBACK] = "loopback", [LISTEN_ALL] = "all", NULL};
static const char *const policies[] = {[ACCESS_ACCEPT_EXCEPT] = "accept_except",
    [ACCESS_DENY_EXCEPT] = "deny_except",
    NULL};

#define AT(member) offsetof(struct settings, member)

/* clang-format off */
const struct settings_field settings_fields[] = {
	{ "inbound_enabled", "inbound.enabled", AT(inbound_enabled),
	    SETTING_SWITCH, 0, 0, NULL },
	{ "tls_only", "inbound.tls_only", AT(tls_only),
	    SETTING_SWITCH, 0, 0, NULL },
	{ "outbound_enabled", "outbound.enabled", AT(outbound_enabled),
	    SETTING_SWITCH, 0, 0, NULL },
	{ "all_scanners", "all_scanners", AT(all_scanners),
	    SETTING_SWITCH, 0, 0, NULL },
	{ "listen", "interface.listen", AT(listen),
	    SETTING_CHOICE, 0, 0, listens },
	{ "smtp_port", "interface.port", AT(port),
	    SETTING_NUMBER, 1, PORT_MAX, NULL },
	{ "idle_timeout", "interface.idle_timeout", AT(idle_timeout),
	    SETTING_NUMBER, 1, IDLE_MAX, NULL },
	{ "max_connections", "interface.max_connections", AT(max_connections),
	    SETTING_NUMBER, 0, CONNECTIONS_MAX, NULL },
	{ "access_policy", "access.policy", AT(access_policy),
	    SETTING_CHOICE, 0, 0, policies },
	{ "access_list", LIST, AT(access_list), SETTING_LIST, 0, 0, NULL },
	{ NULL, NULL, 0, SETTING_SWITCH, 0, 0, NULL },
};
/* clang-format on */

/* One patch being read. */
struct reader {
	struct settings *s;
	struct findings *findings; /* or NULL */
	struct err *err;
};

static void *
member_of(struct settings *s, const struct settings_field *f)
{
	return (char *)s + f->offset;
}

static const void *
member_in(const struct settings *s, const struct settings_field *f)
{
	return (const char *)s + f->offset;
}

static bool
flag_in(const struct settings *s, const struct settings_field *f)
{
	return *(const bool *)member_in(s, f);
}

static int
int_in(const struct settings *s, const struct settings_field *f)
{
	return *(const int *)member_in(s, f);
}

void
settings_default(struct settings *s)
{
	const struct settings_field *f;

	memset(s, 0, sizeof(*s));
	s->all_scanners = true;
	for (f = settings_fields; f->form != NULL; f++)
		if (f->kind == SETTING_CHOICE || f->kind == SETTING_NUMBER)
			*(int *)member_of(s, f) = SETTING_KEEP;
}

void
settings_clear(struct settings *s)
{
	free(s->access_list);
	settings_default(s);
}

int
settings_copy(struct settings *dst, const struct settings *src)
{
	char *list = NULL;

	if (dst == src)
		return 0;
	if (src->access_list != NULL &&
	    (list = strdup(src->access_list)) == NULL)
		return -1;
	free(dst->access_list);
	*dst = *src;
	dst->access_list = list;
	return 0;
}

static const char *
list_in(const struct settings *s)
{
	return s->access_list == NULL ? "" : s->access_list;
}

size_t
settings_entries(const struct settings *s)
{
	const char *p;
	size_t n = 0;

	for (p = list_in(s); *p != '\0'; p++)
		n += *p == '\n';
	return n;
}

bool
settings_equal(const struct settings *a, const struct settings *b)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++) {
		if (f->kind == SETTING_SWITCH
			? flag_in(a, f) != flag_in(b, f)
			: f->kind != SETTING_LIST &&
			      int_in(a, f) != int_in(b, f))
			return false;
	}
	return strcmp(list_in(a), list_in(b)) == 0;
}

/* The name of a choice's value, or NULL when it is SETTING_KEEP. */
static const char *
settings_choice(const struct settings_field *f, int value)
{
	int i;

	for (i = 0; f->names != NULL && f->names[i] != NULL; i++)
		if (i == value)
			return f->names[i];
	return NULL;
}

static int
choice_value(const struct settings_field *f, const char *name)
{
	int i;

	for (i = 0; f->names[i] != NULL; i++)
		if (strcmp(f->names[i], name) == 0)
			return i;
	return SETTING_KEEP;
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

static int
read_number(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	int64_t n = SETTING_KEEP;

	if (jsonx_int(o, key, f->path, f->min, f->max, &n, r->err) == -1)
		return -1;
	*(int *)member_of(r->s, f) = (int)n;
	return 0;
}

static int
read_choice(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	const char *name = NULL;
	int value = SETTING_KEEP;

	if (jsonx_str(o, key, f->path, 64, &name, r->err) == -1)
		return -1;
	if (name != NULL && (value = choice_value(f, name)) == SETTING_KEEP)
		return err_set(r->err, ERR_FIELD_INVALID, f->path,
		    "%s: expected %s, %s or null, got \"%.32s\"", f->path,
		    f->names[0], f->names[1], name);
	*(int *)member_of(r->s, f) = value;
	return 0;
}

static int
list_too_long(struct reader *r, size_t n)
{
	return err_set(r->err, ERR_ACCESS_TOO_MANY, LIST,
	    "at most %d entries, got %zu", NETLIST_MAX, n);
}

/* Entries that came one by one, twice at most as many as may stay. */
static int
list_entries(struct reader *r, struct json_object *list, struct netlist *l)
{
	size_t i, n = json_object_array_length(list), bad = 0;
	struct json_object *v;
	struct err why;

	if (n > 2 * (size_t)NETLIST_MAX)
		return list_too_long(r, n);
	for (i = 0; i < n && bad < 20; i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string))
			return err_set(r->err, ERR_FIELD_INVALID, LIST,
			    LIST ": expected strings");
		if (netlist_add_entry(l, json_object_get_string(v),
			(size_t)json_object_get_string_len(v), i + 1, LIST,
			r->findings, &why) == 0)
			continue;
		if (bad++ == 0 && r->err != NULL)
			*r->err = why;
	}
	return bad == 0 ? 0 : -1;
}

static int
read_list(struct reader *r, struct json_object *o, const char *key)
{
	struct json_object *list = NULL;
	struct netlist l;
	char *text = NULL;
	int rc = -1;

	netlist_init(&l);
	if (jsonx_array(o, key, LIST, SIZE_MAX, &list, r->err) == -1)
		goto out;
	if (list == NULL) {
		rc = 0;
		goto out;
	}
	if (list_entries(r, list, &l) == -1)
		goto out;
	if (netlist_unique(&l) == -1 ||
	    (l.n > 0 && (text = netlist_text(&l)) == NULL)) {
		err_set(r->err, ERR_NOMEM, LIST, "list");
		goto out;
	}
	if (l.n > NETLIST_MAX) {
		free(text);
		list_too_long(r, l.n);
		goto out;
	}
	free(r->s->access_list);
	r->s->access_list = text;
	r->s->access_dropped = l.dropped;
	rc = 0;
out:
	netlist_clear(&l);
	return rc;
}

static int
read_member(struct reader *r, const struct settings_field *f,
    struct json_object *o, const char *key)
{
	switch (f->kind) {
	case SETTING_NUMBER:
		return read_number(r, f, o, key);
	case SETTING_CHOICE:
		return read_choice(r, f, o, key);
	case SETTING_LIST:
		return read_list(r, o, key);
	case SETTING_SWITCH:
		break;
	}
	return jsonx_bool(o, key, f->path, member_of(r->s, f), r->err);
}

/* Depth is bounded by the table: below a path without rows nothing is read. */
static int
read_level(struct reader *r, struct json_object *o, const char *prefix)
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
			return err_set(r->err, ERR_FIELD_UNKNOWN, path,
			    "unknown setting \"%s\"", path);
		if (f != NULL) {
			if (read_member(r, f, o, key) != 0)
				return -1;
			continue;
		}
		sub = NULL;
		if (jsonx_obj(o, key, path, &sub, r->err) != 0)
			return -1;
		if (sub != NULL && read_level(r, sub, path) != 0)
			return -1;
	}
	return 0;
}

int
settings_check_json(struct settings *s, struct json_object *o,
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
	new.access_dropped = 0;
	if (read_level(&r, o, "") != 0) {
		settings_clear(&new);
		return -1;
	}
	free(s->access_list);
	*s = new;
	return 0;
}

int
settings_from_json(struct settings *s, struct json_object *o, struct err *err)
{
	return settings_check_json(s, o, NULL, err);
}

/* v at a dotted path, making the objects on the way; v is taken over. */
static int
set_path(struct json_object *o, const char *path, struct json_object *v)
{
	struct json_object *sub;
	const char *dot;
	char key[48];

	while ((dot = strchr(path, '.')) != NULL) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(o, key, &sub) ||
		    !json_object_is_type(sub, json_type_object)) {
			if ((sub = json_object_new_object()) == NULL)
				goto fail;
			if (json_object_object_add(o, key, sub) != 0) {
				json_object_put(sub);
				goto fail;
			}
		}
		o = sub;
		path = dot + 1;
	}
	if (json_object_object_add(o, path, v) == 0)
		return 0;
fail:
	json_object_put(v);
	return -1;
}

static struct json_object *
list_to_json(const char *text)
{
	struct json_object *list = json_object_new_array(), *v;
	size_t len;

	for (; list != NULL && *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		v = json_object_new_string_len(text, (int)len);
		if (v == NULL || json_object_array_add(list, v) != 0) {
			json_object_put(v);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

/* 1: a value that is null and means it. */
static int
value_to_json(const struct settings *s, const struct settings_field *f,
    struct json_object **ret)
{
	const char *name;

	if (f->kind == SETTING_SWITCH)
		*ret = json_object_new_boolean(flag_in(s, f));
	else if (f->kind == SETTING_LIST)
		*ret = list_to_json(list_in(s));
	else if (int_in(s, f) == SETTING_KEEP)
		return 1;
	else if (f->kind == SETTING_NUMBER)
		*ret = json_object_new_int(int_in(s, f));
	else if ((name = settings_choice(f, int_in(s, f))) != NULL)
		*ret = json_object_new_string(name);
	return *ret == NULL ? -1 : 0;
}

static struct json_object *
to_json(const struct settings *s, bool brief)
{
	const struct settings_field *f;
	struct json_object *o, *v;
	const char *path;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	for (f = settings_fields; f->form != NULL; f++) {
		v = NULL;
		path = f->path;
		if (brief && f->kind == SETTING_LIST) {
			path = ENTRIES;
			v = json_object_new_int64((int64_t)settings_entries(s));
			if (v == NULL)
				goto fail;
		} else if (value_to_json(s, f, &v) == -1) {
			goto fail;
		}
		if (set_path(o, path, v) == -1)
			goto fail;
	}
	return o;
fail:
	json_object_put(o);
	return NULL;
}

struct json_object *
settings_to_json(const struct settings *s)
{
	return to_json(s, false);
}

struct json_object *
settings_brief(const struct settings *s)
{
	return to_json(s, true);
}

int
settings_set_form(struct json_object *patch, const char *name,
    const char *value, struct err *err)
{
	const struct settings_field *f;
	struct json_object *v;
	bool on;

	for (f = settings_fields; f->form != NULL; f++) {
		if (f->kind == SETTING_SWITCH && strcmp(f->form, name) == 0)
			break;
	}
	if (f->form == NULL)
		return err_set(
		    err, ERR_FIELD_UNKNOWN, name, "unknown field \"%s\"", name);
	on = strcmp(value, "on") == 0;
	if (!on && strcmp(value, "off") != 0)
		return err_set(err, ERR_FIELD_INVALID, name,
		    "%s: expected on or off, got \"%.32s\"", name, value);
	if ((v = json_object_new_boolean(on)) == NULL ||
	    set_path(patch, f->path, v) != 0)
		return err_set(err, ERR_NOMEM, name, "out of memory");
	return 0;
}
