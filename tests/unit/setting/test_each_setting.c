/*
 * test_each_setting.c - each setting alone: there and back as JSON and as a
 * form, its bounds, equality, its row in the table and in docs/api.md.
 */
#include <limits.h>
#include <stdint.h>

#include "findings.h"
#include "jsonx.h"
#include "../each_setting.h"
#include "../suite.h"
#include "settings_table.h"

static const struct settings_field *
row(int i)
{
	return &settings_fields[i];
}

START_TEST(its_row)
{
	const struct settings_field *f = row(_i), *other;

	for (other = settings_fields; other < f; other++) {
		ck_assert_str_ne(f->form, other->form);
		ck_assert_str_ne(f->path, other->path);
		ck_assert_uint_ne(f->offset, other->offset);
	}
	ck_assert_uint_lt(f->offset, sizeof(struct settings));
	ck_assert(!each_is_number(f) || f->min < f->max);
	ck_assert((f->kind == SETTING_CHOICE) == (f->names != NULL));
}
END_TEST

/* From the value i to the value j of one row, all others at a or at b. */
static void
there_and_back(const struct settings_field *f, int others, int i, int j)
{
	struct settings a, b;
	struct json_object *o, *v;
	struct err err;

	each_all(&a, others);
	each_all(&b, others);
	each_set(&a, f, i);
	each_set(&b, f, j);
	each_same_but(&a, &b, f);
	ck_assert_int_eq(settings_equal(&a, &b), i == j);
	v = each_value(&b, f);
	o = each_json(f, j);
	ck_assert_msg(json_object_equal(v, o), "%s is %s", f->path,
	    json_object_to_json_string(v));
	json_object_put(o);
	json_object_put(v);
	o = settings_to_json(&b);
	ck_assert_int_eq(settings_from_json(&a, o, &err), 0);
	ck_assert(settings_equal(&a, &b));
	json_object_put(o);
	settings_clear(&a);
	ck_assert_int_eq(settings_copy(&a, &b), 0);
	ck_assert(settings_equal(&a, &b));
	settings_clear(&a);
	settings_clear(&b);
}

START_TEST(as_json)
{
	int others, i, j;

	for (others = 0; others < EACH_VALUES; others++)
		for (i = 0; i < EACH_VALUES; i++)
			for (j = 0; j < EACH_VALUES; j++)
				there_and_back(row(_i), others, i, j);
}
END_TEST

/* null is "not managed", which is neither value; or it changes nothing. */
START_TEST(unset)
{
	const struct settings_field *f = row(_i);
	struct json_object *o, *v = NULL;
	struct settings a, b, none;
	struct err err;

	settings_default(&none);
	each_all(&a, EACH_A);
	each_all(&b, EACH_A);
	each_unset(&b, f);
	each_same_but(&a, &b, f);
	if (!each_may_be_unset(f)) {
		ck_assert(settings_equal(&a, &b));
	} else {
		ck_assert(!settings_equal(&a, &b));
		v = each_value(&b, f);
		ck_assert_ptr_null(v);
		/* As at the very first. */
		v = each_value(&none, f);
		ck_assert_ptr_null(v);
		o = settings_to_json(&b);
		ck_assert_int_eq(settings_from_json(&a, o, &err), 0);
		ck_assert(settings_equal(&a, &b));
		json_object_put(o);
	}
	/* All of them at once; what cannot be unset stays as it is. */
	settings_clear(&b);
	each_all(&b, EACH_B);
	settings_unset(&b);
	v = each_value(&b, f);
	o = f->kind == SETTING_SWITCH ? each_json(f, EACH_B)
				      : each_value(&none, f);
	ck_assert(json_object_equal(v, o));
	json_object_put(o);
	json_object_put(v);
	settings_clear(&a);
	settings_clear(&b);
}
END_TEST

/* A record in short has all but the entries of a list. */
START_TEST(in_short)
{
	const struct settings_field *f = row(_i);
	struct json_object *o, *v = NULL, *want;
	struct settings s;

	each_all(&s, EACH_B);
	o = settings_brief(&s, INT_MAX);
	if (f->kind == SETTING_LIST) {
		ck_assert(!each_find(o, f->path, &v));
		ck_assert_ptr_nonnull(
		    strstr(json_object_to_json_string(o), "entries\": 2"));
	} else {
		ck_assert_msg(each_find(o, f->path, &v), "%s", f->path);
		want = each_json(f, EACH_B);
		ck_assert(json_object_equal(v, want));
		json_object_put(want);
	}
	json_object_put(o);
	settings_clear(&s);
}
END_TEST

/* v is taken over. */
static void
refused(const struct settings_field *f, struct json_object *v)
{
	struct json_object *patch = each_patch(f->path, v);
	struct settings s, before;
	struct err err;

	each_all(&s, EACH_A);
	each_all(&before, EACH_A);
	err_clear(&err);
	ck_assert_msg(settings_from_json(&s, patch, &err) == -1, "%s",
	    json_object_to_json_string(patch));
	ck_assert_str_eq(err.field, f->path);
	ck_assert(settings_equal(&s, &before));
	settings_clear(&s);
	settings_clear(&before);
	json_object_put(patch);
}

START_TEST(its_bounds)
{
	const struct settings_field *f = row(_i);
	struct settings s;

	refused(f, json_object_new_double(1.5));
	refused(f, json_object_new_object());
	refused(f, json_object_new_string("no such word"));
	if (!each_is_number(f))
		refused(f, json_object_new_int(1));
	if (f->kind != SETTING_SWITCH)
		refused(f, json_object_new_boolean(true));
	if (!each_is_number(f))
		return;
	refused(f, json_object_new_int64((int64_t)each_min(f) - 1));
	refused(f, json_object_new_int64((int64_t)f->max + 1));
	each_all(&s, EACH_A);
	each_read(&s, f->path, json_object_new_int(each_min(f)));
	each_read(&s, f->path, json_object_new_int(f->max));
	settings_clear(&s);
}
END_TEST

struct one {
	const char *name, *value;
};

static const char *
get_one(void *arg, const char *name, size_t *len)
{
	const struct one *one = arg;

	if (strcmp(name, one->name) != 0)
		return NULL;
	*len = strlen(one->value);
	return one->value;
}

/* One field of a form into a patch; the error's field must be it. */
static int
read_form(const struct settings_field *f, const char *value,
    struct json_object *patch)
{
	struct one one = {f->form, value};
	struct findings found;
	struct err err;
	int rc;

	err_clear(&err);
	findings_init(&found);
	rc = settings_from_form(patch, get_one, &one, &found, &err);
	if (rc == -1)
		ck_assert_str_eq(err.field, f->form);
	ck_assert_uint_eq(
	    found.n, rc == -1 && f->kind != SETTING_SWITCH ? 1 : 0);
	findings_clear(&found);
	return rc;
}

/* v is taken over. */
static void
form_gives(
    const struct settings_field *f, const char *value, struct json_object *v)
{
	struct json_object *patch = json_object_new_object();
	struct json_object *want = each_patch(f->path, v);

	ck_assert_msg(read_form(f, value, patch) == 0, "%s=%s", f->form, value);
	ck_assert_msg(json_object_equal(patch, want), "%s=%s: %s", f->form,
	    value, json_object_to_json_string(patch));
	json_object_put(patch);
	json_object_put(want);
}

START_TEST(as_form)
{
	const struct settings_field *f = row(_i);
	char text[EACH_TEXT];
	int k;

	for (k = 0; k < EACH_VALUES; k++)
		form_gives(f, each_text(f, k, text), each_json(f, k));
	if (each_may_be_unset(f))
		form_gives(f, "", NULL);
	ck_assert_ptr_eq(settings_by_form(f->form), f);
	ck_assert_ptr_eq(settings_by_path(f->path), f);
	ck_assert(f->form2 == NULL || settings_by_form(f->form2) == f);
}
END_TEST

static void
form_refuses(const struct settings_field *f, const char *value)
{
	struct json_object *patch = json_object_new_object();

	ck_assert_msg(
	    read_form(f, value, patch) == -1, "%s=%s", f->form, value);
	ck_assert_int_eq(json_object_object_length(patch), 0);
	json_object_put(patch);
}

START_TEST(bounds_of_the_form)
{
	const struct settings_field *f = row(_i);
	char text[EACH_TEXT];

	form_refuses(f, "no such word");
	form_refuses(f, "1.5");
	if (!each_is_number(f))
		return;
	snprintf(text, sizeof(text), "%d", f->min - 1);
	form_refuses(f, text);
	snprintf(text, sizeof(text), "%d", f->max + 1);
	form_refuses(f, text);
	snprintf(text, sizeof(text), "%dx", f->max);
	form_refuses(f, text);
}
END_TEST

/* The line of docs/api.md that begins with "| `form`", or has it in its first
 * column. */
static const char *
api_row(const char *form, char *dst, size_t size)
{
	FILE *doc = fopen("docs/api.md", "r");
	char name[64], *at, *column;
	bool found = false;

	ck_assert_ptr_nonnull(doc);
	snprintf(name, sizeof(name), "`%s`", form);
	while (!found && fgets(dst, (int)size, doc) != NULL) {
		at = strstr(dst, name);
		column = *dst == '|' ? strchr(dst + 1, '|') : NULL;
		found = at != NULL && column != NULL && at < column;
	}
	fclose(doc);
	ck_assert_msg(found, "docs/api.md has no row for %s", form);
	return dst;
}

START_TEST(its_row_in_the_manual)
{
	const struct settings_field *f = row(_i);
	char line[1024], text[64];
	int i;

	(void)api_row(f->form, line, sizeof(line));
	snprintf(text, sizeof(text), "`%s`", f->path);
	ck_assert_msg(strstr(line, text) != NULL, "%s: %s", text, line);
	snprintf(text, sizeof(text), " to %d", f->max);
	if (each_is_number(f))
		ck_assert_msg(strstr(line, text) != NULL, "%s: %s", text, line);
	for (i = 0; f->kind == SETTING_CHOICE && f->names[i] != NULL; i++) {
		snprintf(text, sizeof(text), "`%s`", f->names[i]);
		ck_assert_msg(strstr(line, text) != NULL, "%s: %s", text, line);
	}
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("each_setting");
	int n = each_count();

	tcase_add_loop_test(t, its_row, 0, n);
	tcase_add_loop_test(t, as_json, 0, n);
	tcase_add_loop_test(t, unset, 0, n);
	tcase_add_loop_test(t, in_short, 0, n);
	tcase_add_loop_test(t, its_bounds, 0, n);
	tcase_add_loop_test(t, as_form, 0, n);
	tcase_add_loop_test(t, bounds_of_the_form, 0, n);
	tcase_add_loop_test(t, its_row_in_the_manual, 0, n);
	return suite_run("each_setting", t) == 0 ? 0 : 1;
}
