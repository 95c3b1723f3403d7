/*
 * test_members.c - members of our own JSON objects: what is put is found
 * again, and what is not there is 0, false, NULL.
 */
#include <string.h>

#include "../suite.h"
#include "jsonx.h"

static const char text[] =
    "{\"n\": 7, \"yes\": true, \"s\": \"x\", \"list\": [\"a\", \"b\"], "
    "\"o\": {\"n\": -3, \"no\": false}}";

static const struct {
	const char *path;
	int64_t number;
	bool truth;
	size_t len;
} rows[] = {
    {"n", 7, true, 0},
    {"o.n", -3, true, 0},
    {"yes", 1, true, 0},
    {"o.no", 0, false, 0},
    {"list", 0, false, 2},
    {"none", 0, false, 0},
    {"o.none", 0, false, 0},
    {"n.none", 0, false, 0},
};

START_TEST(reads)
{
	struct json_object *o = json_tokener_parse(text), *v;

	v = jsonx_path(o, rows[_i].path);
	ck_assert_int_eq(jsonx_path_int(o, rows[_i].path), rows[_i].number);
	if (rows[_i].len == 0)
		ck_assert_int_eq(
		    jsonx_path_bool(o, rows[_i].path), rows[_i].truth);
	ck_assert_uint_eq(jsonx_len(v), rows[_i].len);
	json_object_put(o);
}
END_TEST

START_TEST(members)
{
	struct json_object *o = json_tokener_parse(text), *list;

	list = jsonx_member(o, "list");
	ck_assert_str_eq(jsonx_str_at(list, 1), "b");
	ck_assert_ptr_null(jsonx_str_at(list, 2));
	ck_assert_ptr_null(jsonx_member(o, "o.n"));
	ck_assert_ptr_null(jsonx_member(list, "n"));
	ck_assert_ptr_null(jsonx_member(NULL, "n"));
	ck_assert_uint_eq(jsonx_len(o), 0);
	ck_assert_uint_eq(jsonx_len(NULL), 0);
	json_object_put(o);
}
END_TEST

START_TEST(writes)
{
	struct json_object *o = json_object_new_object();

	ck_assert_int_eq(jsonx_put_str(o, "s", "a\"b"), 0);
	ck_assert_int_eq(jsonx_put_int(o, "n", INT64_MIN), 0);
	ck_assert_int_eq(jsonx_put_bool(o, "b", true), 0);
	ck_assert_int_eq(jsonx_put_bool(o, "b", false), 0);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"s\":\"a\\\"b\",\"n\":-9223372036854775808,\"b\":false}");
	json_object_put(o);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("members");

	tcase_add_loop_test(t, reads, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, members);
	tcase_add_test(t, writes);
	return suite_run("members", t) == 0 ? 0 : 1;
}
