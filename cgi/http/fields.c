/*
 * fields.c - the fields of a form or a query, in the order they came.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "core.h"

const struct field *
fields_get(const struct fields *fs, const char *name)
{
	for (size_t i = 0; i < fs->n; i++) {
		if (strcmp(fs->v[i].name, name) == 0)
			return &fs->v[i];
	}
	return NULL;
}

const char *
fields_str(const struct fields *fs, const char *name, const char *fallback)
{
	const struct field *f = fields_get(fs, name);

	return (f == NULL || f->is_file) ? fallback : f->value;
}

static void
field_clear(struct field *f)
{
	if (f->value != NULL)
		OPENSSL_cleanse(f->value, f->len);
	free(f->name);
	free(f->value);
	free(f->filename);
	*f = (struct field){0};
}

void
fields_clear(struct fields *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		field_clear(&fs->v[i]);
	fs->n = 0;
}

struct field_limit
fields_limit(const struct fields *fs, const char *name, bool is_file)
{
	struct field_limit text = {FIELD_TEXT_MAX, false, is_file};

	return fs->limits == NULL ? text : fs->limits(name, is_file);
}

int
fields_add(struct fields *fs, struct field *f, struct err *err)
{
	if (f->name == NULL || f->value == NULL) {
		field_clear(f);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	if (fs->n >= FIELDS_MAX) {
		field_clear(f);
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "more than %d fields", FIELDS_MAX);
	}
	fs->v[fs->n++] = *f;
	*f = (struct field){0};
	return 0;
}

static bool
listed(const char *const *list, const char *name)
{
	if (list == NULL)
		return false;
	for (; *list != NULL; list++) {
		if (strcmp(*list, name) == 0)
			return true;
	}
	return false;
}

int
fields_check_also(const struct fields *fs, const char *const *once,
    const char *const *many, bool (*also)(const char *), struct err *err)
{
	const char *name;

	for (size_t i = 0; i < fs->n; i++) {
		name = fs->v[i].name;
		if (listed(many, name))
			continue;
		if (!listed(once, name) && (also == NULL || !also(name)))
			return err_set(err, ERR_FIELD_UNKNOWN, name,
			    "unknown field %s", name);
		if (fields_get(fs, name) != &fs->v[i])
			return err_set(err, ERR_FIELD_DUPLICATE, name,
			    "field %s came twice", name);
	}
	return 0;
}

int
fields_check(const struct fields *fs, const char *const *once,
    const char *const *many, struct err *err)
{
	return fields_check_also(fs, once, many, NULL, err);
}
