/*
 * settings_form.c - the sections SMTP Interface and Connection Control of a
 * form, into the JSON patch that the API would have sent.
 *
 * Everything that is wrong is found before anything is refused: an
 * administrator who pastes ten thousand lines wants all bad ones at once.
 * The list keeps its duplicates here; postseald drops them and says so.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "findings.h"
#include "netlist.h"
#include "settings.h"

#define VALUE_MAX 32

const char *const settings_form_names[] = {"listen", "smtp_port",
    "idle_timeout", "connection_limit", "max_connections", "access_policy",
    "access_list", "access_file", NULL};

struct form {
	struct json_object *interface, *access; /* of the patch, or NULL */
	settings_get get;
	void *arg;
	struct findings *findings;
	struct err *err;
	bool bad, nomem;
};

static void
put(struct form *fm, struct json_object **group, const char *key,
    struct json_object *v)
{
	if (*group == NULL)
		*group = json_object_new_object();
	if (*group == NULL || json_object_object_add(*group, key, v) != 0) {
		json_object_put(v);
		fm->nomem = true;
	}
}

/* The first thing that is wrong is the error. */
static void
wrong(struct form *fm, const struct err *why)
{
	if (!fm->bad && fm->err != NULL)
		*fm->err = *why;
	fm->bad = true;
}

static void
wrong_value(
    struct form *fm, const char *field, const char *expected, const char *got)
{
	struct err why;

	if (fm->findings != NULL)
		findings_add(fm->findings, ERR_INTERFACE_VALUE, field, "field",
		    field, "expected", expected, "got", got, NULL);
	(void)err_set(&why, ERR_INTERFACE_VALUE, field,
	    "%s: expected %s, got \"%.32s\"", field, expected, got);
	wrong(fm, &why);
}

static const char *
text_of(struct form *fm, const char *name)
{
	size_t len = 0;
	const char *s = fm->get(fm->arg, name, &len);

	/* No value of ours holds a NUL. */
	return s != NULL && strlen(s) != len ? "?" : s;
}

static const struct settings_field *
field_of(const char *form)
{
	const struct settings_field *f;

	for (f = settings_fields; strcmp(f->form, form) != 0; f++)
		continue;
	return f;
}

/* Digits with blanks around, as people paste them; min..max. */
static int
number_of(const char *s, int max)
{
	size_t len;
	int n = 0;

	s += strspn(s, " \t");
	len = strspn(s, "0123456789");
	if (len == 0 || len > 9 || s[len + strspn(s + len, " \t\r\n")] != '\0')
		return -1;
	for (; len > 0; len--)
		n = n * 10 + (*s++ - '0');
	return n <= max ? n : -1;
}

static void
read_number(struct form *fm, const char *form, const char *key, int min,
    const char *value)
{
	const struct settings_field *f = field_of(form);
	char expected[VALUE_MAX];
	int n;

	if (value == NULL)
		return;
	if (*value == '\0') {
		put(fm, &fm->interface, key, NULL);
		return;
	}
	n = number_of(value, f->max);
	if (n < min) {
		(void)snprintf(
		    expected, sizeof(expected), "%d-%d", min, f->max);
		wrong_value(fm, form, expected, value);
		return;
	}
	put(fm, &fm->interface, key, json_object_new_int(n));
}

static void
read_choice(struct form *fm, const char *form, const char *key,
    struct json_object **group)
{
	const struct settings_field *f = field_of(form);
	const char *value = text_of(fm, form);
	char expected[2 * VALUE_MAX];
	int i;

	if (value == NULL)
		return;
	if (*value == '\0') {
		put(fm, group, key, NULL);
		return;
	}
	for (i = 0; f->names[i] != NULL; i++)
		if (strcmp(f->names[i], value) == 0) {
			put(fm, group, key, json_object_new_string(value));
			return;
		}
	(void)snprintf(
	    expected, sizeof(expected), "%s, %s", f->names[0], f->names[1]);
	wrong_value(fm, form, expected, value);
}

/* A number that stands beside "unlimited" is what the text box still held. */
static void
read_limit(struct form *fm)
{
	const char *limit = text_of(fm, "connection_limit");
	const char *max = text_of(fm, "max_connections");
	bool limited = limit != NULL && strcmp(limit, "limited") == 0;

	if (limited && (max == NULL || *max == '\0'))
		wrong_value(fm, "max_connections", "1-10000", "");
	else if (limited || limit == NULL)
		read_number(fm, "max_connections", "max_connections", 1, max);
	else if (*limit == '\0')
		put(fm, &fm->interface, "max_connections", NULL);
	else if (strcmp(limit, "unlimited") == 0)
		put(fm, &fm->interface, "max_connections",
		    json_object_new_int(0));
	else
		wrong_value(
		    fm, "connection_limit", "unlimited, limited", limit);
}

static struct json_object *
list_to_json(const struct netlist *l)
{
	struct json_object *list = json_object_new_array(), *v;
	char text[NET_TEXT_MAX];
	size_t i;

	for (i = 0; list != NULL && i < l->n; i++) {
		net_format(&l->v[i], text);
		v = json_object_new_string(text);
		if (v == NULL || json_object_array_add(list, v) != 0) {
			json_object_put(v);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

static void
read_list(struct form *fm)
{
	static const char *const sources[] = {"access_file", "access_list"};
	struct json_object *v;
	const char *s = NULL;
	struct netlist l;
	struct err why;
	size_t len = 0, i;

	for (i = 0; i < 2; i++) {
		s = fm->get(fm->arg, sources[i], &len);
		/* No file chosen. */
		if (s != NULL && (i == 1 || len > 0))
			break;
		s = NULL;
	}
	if (s == NULL)
		return;
	if (len > NETLIST_BYTES) {
		(void)err_set(&why, ERR_FIELD_TOO_LONG, sources[i],
		    "%s: at most %d bytes", sources[i], NETLIST_BYTES);
		wrong(fm, &why);
		return;
	}
	netlist_init(&l);
	if (netlist_from_lines(&l, s, len, sources[i], fm->findings, &why) ==
	    -1)
		wrong(fm, &why);
	else if ((v = list_to_json(&l)) == NULL)
		fm->nomem = true;
	else
		put(fm, &fm->access, "list", v);
	netlist_clear(&l);
}

static int
add_group(struct json_object *patch, const char *key, struct json_object *group)
{
	if (group == NULL)
		return 0;
	if (json_object_object_add(patch, key, group) == 0)
		return 0;
	json_object_put(group);
	return -1;
}

int
settings_form_values(struct json_object *patch, settings_get get, void *arg,
    struct findings *findings, struct err *err)
{
	struct form fm = {NULL, NULL, get, arg, findings, err, false, false};

	read_choice(&fm, "listen", "listen", &fm.interface);
	read_number(&fm, "smtp_port", "port", 1, text_of(&fm, "smtp_port"));
	read_number(&fm, "idle_timeout", "idle_timeout", 1,
	    text_of(&fm, "idle_timeout"));
	read_limit(&fm);
	read_choice(&fm, "access_policy", "policy", &fm.access);
	read_list(&fm);
	if (fm.bad || fm.nomem) {
		json_object_put(fm.interface);
		json_object_put(fm.access);
		if (!fm.bad)
			err_set(err, ERR_NOMEM, "", "out of memory");
		return -1;
	}
	if (add_group(patch, "interface", fm.interface) == -1 ||
	    add_group(patch, "access", fm.access) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}
