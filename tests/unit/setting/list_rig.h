/*
 * list_rig.h - a text as the access list of a form, through the patch into
 * settings.
 */
#ifndef LIST_RIG_H
#define LIST_RIG_H

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "findings.h"
#include "jsonx.h"
#include "netlist.h"
#include "settings.h"
#include "../tmp.h"

struct sent {
	const char *name, *text;
	size_t len;
};

static inline const char *
get(void *arg, const char *name, size_t *len)
{
	const struct sent *sent = arg;

	if (strcmp(name, sent->name) != 0)
		return NULL;
	*len = sent->len;
	return sent->text;
}

static inline const char *
get_of_many(void *arg, const char *name, size_t *len)
{
	struct sent *sent = arg;

	for (; sent->name != NULL; sent++)
		if (strcmp(sent->name, name) == 0)
			return get(sent, name, len);
	return NULL;
}

/* The text through the form and the patch into settings. */
static inline int
take(const char *name, const char *text, size_t len, struct settings *s,
    struct findings *f, struct err *err)
{
	struct json_object *patch = json_object_new_object();
	struct sent sent = {name, text, len};
	int rc;

	settings_default(s);
	findings_init(f);
	rc = settings_from_form(patch, get, &sent, f, err);
	if (rc == 0)
		rc = settings_check_json(s, patch, f, err);
	else
		ck_assert_int_eq(json_object_object_length(patch), 0);
	json_object_put(patch);
	return rc;
}

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

#endif
