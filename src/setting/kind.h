/*
 * kind.h - what a kind of setting can do, and what an item of a list is.
 *
 * A kind is a row of functions over one member of struct settings.  They are
 * asked by settings.c (JSON) and settings_form.c (forms) alone, which walk the
 * table; a kind never looks at the name of a setting.  Trust: forms and JSON
 * are anybody's bytes; members hold checked values.
 */
#ifndef POSTSEAL_KIND_H
#define POSTSEAL_KIND_H

#include <json-c/json.h>

#include "settings_table.h"

/* One patch that is read. */
struct reader {
	struct settings *s;
	struct findings *findings; /* or NULL */
	struct err *err;
};

/* One form that is read; see settings_from_form. */
struct form {
	struct json_object *patch;
	settings_get get;
	void *arg;
	struct findings *findings; /* or NULL */
	struct err *err;
	bool bad, nomem;
};

struct setting_kind {
	/* What did not come leaves the patch alone. */
	void (*from_form)(struct form *, const struct settings_field *);
	/* o[key] into the member, which keeps its value on failure. */
	int (*from_json)(struct reader *, const struct settings_field *,
	    struct json_object *o, const char *key);
	/* 1: unset, a switch at its first value, an empty list; -1: memory. */
	int (*to_json)(const struct settings_field *, const void *member,
	    struct json_object **);
	bool (*same)(const void *, const void *);
	bool (*managed)(const void *member);
	/* JSON Schema of the value, and of its fields into the properties of
	 * a form. */
	struct json_object *(*schema)(const struct settings_field *);
	void (*form_schema)(
	    const struct settings_field *, struct json_object *properties);
};
extern const struct setting_kind kind_switch, kind_choice, kind_number,
    kind_limit, kind_list;

/* Of the kinds whose member is an int, or SETTING_KEEP. */
bool kind_int_same(const void *, const void *);
bool kind_int_managed(const void *member);

const struct setting_kind *setting_kind(const struct settings_field *);

/*
 * The grammar of one line of a list, whoever sent it: a form, a file, JSON.
 * read: len bytes into canonical text, which has no line end and is not empty;
 * -1: *why is the code of what is wrong, and instead (which comes empty) what
 * was probably meant.
 */
#define ITEM_TEXT_MAX 100

struct setting_item {
	int (*read)(const char *, size_t len, char text[ITEM_TEXT_MAX],
	    enum err_code *why, char instead[ITEM_TEXT_MAX]);
	enum err_code too_many;
	const char *const *examples; /* NULL at the end */
};
extern const struct setting_item item_network, item_fingerprint;

#define SETTING_PATH_MAX 96

/* Where the number of a list's entries stands in its place. */
void setting_count_path(
    const struct settings_field *, char dst[SETTING_PATH_MAX]);

void *setting_member(struct settings *, const struct settings_field *);
const void *setting_in(const struct settings *, const struct settings_field *);

/* {"type": TYPE}, and {"enum": [first, words ...]}; first may be NULL. */
struct json_object *schema_of_type(const char *type);
struct json_object *schema_of_words(
    const char *first, const char *const *words);

/* The text of a field of the form, or NULL; no value of ours holds a NUL. */
const char *form_text(struct form *, const char *name);
/* v (taken over) is the value; NULL is null. */
void form_put(
    struct form *, const struct settings_field *, struct json_object *v);
void form_wrong(struct form *, const struct err *);
void form_wrong_value(
    struct form *, const char *field, const char *expected, const char *got);

#endif
