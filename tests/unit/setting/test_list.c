/*
 * test_list.c - lists of settings, as text of a form, as a file, as JSON: how
 * many entries there may be, and what becomes of copies.  The access list
 * stands for them all.  (test_list_lines.c has the lines.)
 */
#include "list_rig.h"
#include "settings_table.h"

/* Ten thousand are fine, ten thousand with a copy of each too; one more, or
 * more than two of each, is not. */
static const struct {
	int n, copies;
	const char *got;
} many_rows[] = {
    {NETLIST_MAX, 1, NULL},
    {NETLIST_MAX, 2, NULL},
    {NETLIST_MAX + 1, 1, "10001"},
    {NETLIST_MAX, 3, "30000"},
    {3, 20000 / 3 + 1, "20001"},
};

START_TEST(many)
{
	int i, n = many_rows[_i].n;
	struct settings s;
	struct findings f;
	struct err err;
	struct buf b;

	buf_init(&b, NETLIST_BYTES);
	for (i = 0; i < n * many_rows[_i].copies; i++)
		ck_assert_int_eq(buf_printf(&b, "10.%d.%d.%d\n", i % n / 65536,
				     i % n / 256 % 256, i % n % 256),
		    0);
	ck_assert_int_eq(take("access_list", b.data, b.len, &s, &f, &err),
	    many_rows[_i].got == NULL ? 0 : -1);
	if (many_rows[_i].got == NULL) {
		ck_assert_uint_eq(s.dropped[SETTING_access_list],
		    (size_t)(n * (many_rows[_i].copies - 1)));
	} else {
		ck_assert_int_eq(err.code, ERR_ACCESS_TOO_MANY);
		ck_assert_str_eq(err.field, "access_list");
		ck_assert_uint_eq(f.n, 1);
		ck_assert_str_eq(
		    jsonx_path_str(f.v[0].args, "got", ""), many_rows[_i].got);
		ck_assert_str_eq(
		    jsonx_path_str(f.v[0].args, "max", ""), "10000");
	}
	findings_clear(&f);
	settings_clear(&s);
	buf_clear(&b);
}
END_TEST

/* The same limit for JSON, which keeps the list that stood. */
START_TEST(many_as_json)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct settings s;
	struct findings f;
	struct err err;
	char text[32];
	int i;

	for (i = 0; i < NETLIST_MAX + 1; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		json_object_array_add(list, json_object_new_string(text));
	}
	ck_assert_int_eq(settings_put(o, "access.list", list), 0);
	ck_assert_int_eq(take("access_list", "192.0.2.1", 9, &s, &f, &err), 0);
	ck_assert_int_eq(settings_check_json(&s, o, &f, &err), -1);
	ck_assert_int_eq(err.code, ERR_ACCESS_TOO_MANY);
	ck_assert_str_eq(err.field, "access.list");
	ck_assert_str_eq(s.access_list, "192.0.2.1\n");
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Twenty bad entries are told of JSON as well. */
START_TEST(bad_as_json)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct settings s;
	struct findings f;
	struct err err;
	int i;

	for (i = 0; i < 25; i++)
		json_object_array_add(list, json_object_new_string("host"));
	ck_assert_int_eq(settings_put(o, "access.list", list), 0);
	settings_default(&s);
	findings_init(&f);
	ck_assert_int_eq(settings_check_json(&s, o, &f, &err), -1);
	ck_assert_uint_eq(f.n, 20);
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

START_TEST(too_many_bytes)
{
	static char text[NETLIST_BYTES + 1];
	struct settings s;
	struct findings f;
	struct err err;

	memset(text, '#', sizeof(text));
	ck_assert_int_eq(
	    take("access_file", text, NETLIST_BYTES, &s, &f, &err), 0);
	findings_clear(&f);
	ck_assert_int_eq(
	    take("access_file", text, sizeof(text), &s, &f, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_TOO_LONG);
	ck_assert_str_eq(err.field, "access_file");
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* The first of equal ones stays, and the order with it. */
static const struct {
	const char *list, *text;
	size_t dropped;
} copies[] = {
    {"10.0.0.1", "10.0.0.1\n", 0},
    {"10.0.0.1\n10.0.0.1", "10.0.0.1\n", 1},
    {"10.0.0.2\n10.0.0.1\n10.0.0.2\n10.0.0.1\n10.0.0.3",
	"10.0.0.2\n10.0.0.1\n10.0.0.3\n", 2},
    {"10.0.0.0/8\n10.0.0.0/9\n10.0.0.0/8\n10.0.0.0",
	"10.0.0.0/8\n10.0.0.0/9\n10.0.0.0\n", 1},
    {"3::\n2::\n1::\n3::\n2::\n1::\n3::", "3::\n2::\n1::\n", 4},
    {"10.0.0.10\n10.0.0.1\n10.0.0.10\n10.0.0.1", "10.0.0.10\n10.0.0.1\n", 2},
    {"10.0.0.1\n::ffff:10.0.0.1\n10.0.0.1/32", "10.0.0.1\n", 2},
};

START_TEST(without_copies)
{
	struct settings s;
	struct findings f;
	struct err err;

	ck_assert_int_eq(take("access_list", copies[_i].list,
			     strlen(copies[_i].list), &s, &f, &err),
	    0);
	ck_assert_str_eq(s.access_list, copies[_i].text);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], copies[_i].dropped);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Lines that begin alike, three times each, in no order. */
START_TEST(many_copies)
{
	static const char *const heads[] = {"10.0.0.1", "10.0.0.10",
	    "10.0.0.100", "10.0.0.101", "10.0.0.10/31", "1.0.0.0", "1.0.0.0/8",
	    "1.0.0.0/31", "1::", "1::1", "1::10", "1::100", "1::1000"};
	char text[N(heads) * 3 * 16] = "", want[N(heads) * 16] = "";
	bool seen[N(heads)] = {false};
	struct settings s;
	struct findings f;
	struct err err;
	int i, k;

	for (i = 0; i < 3 * N(heads); i++) {
		k = i * (5 + 2 * _i) % N(heads); /* 13 is a prime */
		sprintf(text + strlen(text), "%s\n", heads[k]);
		if (!seen[k])
			sprintf(want + strlen(want), "%s\n", heads[k]);
		seen[k] = true;
	}
	ck_assert_int_eq(
	    take("access_list", text, strlen(text), &s, &f, &err), 0);
	ck_assert_str_eq(s.access_list, want);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], 2 * N(heads));
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Twice as many as may be, of the longest that there are. */
START_TEST(long_copies)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct settings s;
	struct findings f;
	struct err err;
	char text[64];
	int i;

	for (i = 0; i < 2 * NETLIST_MAX; i++) {
		snprintf(text, sizeof(text),
		    "2001:db8:1111:2222:3333:4444:%x:ff80/121", 0x1000 + i / 2);
		json_object_array_add(list, json_object_new_string(text));
	}
	ck_assert_int_eq(settings_put(o, "access.list", list), 0);
	settings_default(&s);
	findings_init(&f);
	ck_assert_msg(settings_check_json(&s, o, &f, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], NETLIST_MAX);
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* A file of one byte is one, and goes before the text. */
START_TEST(shortest_file)
{
	struct json_object *patch = json_object_new_object(), *v = NULL;
	struct sent sent[] = {{"access_file", "#", 1},
	    {"access_list", "10.0.0.1", 8}, {NULL, NULL, 0}};
	struct findings f;
	struct err err;

	findings_init(&f);
	ck_assert_int_eq(
	    settings_from_form(patch, get_of_many, sent, &f, &err), 0);
	ck_assert(settings_find(patch, "access.list", &v));
	ck_assert_uint_eq(json_object_array_length(v), 0);
	sent[0].len = 0;
	ck_assert_int_eq(
	    settings_from_form(patch, get_of_many, sent, &f, &err), 0);
	ck_assert(settings_find(patch, "access.list", &v));
	ck_assert_uint_eq(json_object_array_length(v), 1);
	json_object_put(patch);
	findings_clear(&f);
}
END_TEST

/* From JSON, where a number is no entry, and what is wrong is numbered. */
static const struct {
	const char *json;
	const char *list; /* NULL: refused */
	const char *line; /* of the first finding, or "" */
	enum err_code code;
} arrays[] = {
    {"[]", "", "", ERR_NONE},
    {"null", "192.0.2.1\n", "", ERR_NONE},
    {"[\"::1\",\"::1\"]", "::1\n", "", ERR_NONE},
    {"[\"::1\",1]", NULL, "", ERR_FIELD_INVALID},
    {"[\"::1\",null]", NULL, "", ERR_FIELD_INVALID},
    {"[\"::1\",\"\",\"x\"]", NULL, "2", ERR_ACCESS_ENTRY},
    {"[\"::1 \"]", NULL, "1", ERR_ACCESS_ENTRY},
    {"[\"::1\\u0000\"]", NULL, "1", ERR_ACCESS_ENTRY},
};

START_TEST(from_array)
{
	struct json_object *o = NULL;
	struct settings s;
	struct findings f;
	struct err err;
	char text[128];
	int rc;

	ck_assert_int_eq(take("access_list", "192.0.2.1", 9, &s, &f, &err), 0);
	snprintf(
	    text, sizeof(text), "{\"access\":{\"list\":%s}}", arrays[_i].json);
	ck_assert_ptr_nonnull(o = json_tokener_parse(text));
	rc = settings_check_json(&s, o, &f, &err);
	ck_assert_int_eq(rc, arrays[_i].list == NULL ? -1 : 0);
	if (rc == -1) {
		ck_assert_int_eq(err.code, arrays[_i].code);
		ck_assert_str_eq(err.field, "access.list");
	}
	ck_assert_str_eq(s.access_list == NULL ? "" : s.access_list,
	    arrays[_i].list != NULL ? arrays[_i].list : "192.0.2.1\n");
	ck_assert_str_eq(
	    f.n == 0 ? "" : jsonx_path_str(f.v[0].args, "line", ""),
	    arrays[_i].line);
	if (rc == 0)
		ck_assert_uint_eq(s.dropped[SETTING_access_list],
		    strstr(arrays[_i].json, "::1\",\"::1") != NULL);
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

static void
assert_text(struct json_object *o, const char *want)
{
	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), want);
}

/* What OpenAPI says of each list: lines as people write them, how many there
 * may be, and in a form the text and the file. */
START_TEST(as_openapi)
{
	struct json_object *whole = json_object_new_object(), *o, *lines;
	struct json_object *form = json_object_new_object();
	const struct settings_field *f;
	char path[160];
	int n = 0;
	size_t i;

	settings_schema(whole, false);
	settings_form_schema(form);
	for (f = settings_fields; f->form != NULL; f++) {
		if (f->kind != SETTING_LIST)
			continue;
		n++;
		o = settings_schema_of(whole, f);
		ck_assert_str_eq(jsonx_path_str(o, "type", ""), "array");
		ck_assert_str_eq(
		    jsonx_path_str(o, "items.type", ""), "string");
		ck_assert_uint_eq(
		    (size_t)json_object_get_int64(jsonx_path(o, "maxItems")),
		    f->entries_max);
		lines = jsonx_path(o, "items.examples");
		for (i = 0; settings_examples(f)[i] != NULL; i++)
			ck_assert_str_eq(
			    json_object_get_string(
				json_object_array_get_idx(lines, i)),
			    settings_examples(f)[i]);
		ck_assert_uint_gt(i, 0);
		ck_assert_uint_eq(i, json_object_array_length(lines));
		snprintf(path, sizeof(path), "properties.%s", f->form);
		assert_text(jsonx_path(form, path), "{\"type\":\"string\"}");
		snprintf(path, sizeof(path), "properties.%s", f->form2);
		assert_text(jsonx_path(form, path),
		    "{\"type\":\"string\",\"format\":\"binary\"}");
	}
	ck_assert_int_gt(n, 1);
	json_object_put(whole);
	json_object_put(form);
}
END_TEST

/* A list goes out as it came in, differs when it does, and an empty one is
 * none. */
START_TEST(there_and_back)
{
	const settings_mask bit = SETTING_BIT(SETTING_access_list);
	struct json_object *o;
	struct settings a, b;
	struct findings f;
	struct err err;

	settings_default(&b);
	ck_assert_int_eq(
	    take("access_list", "10.0.0.0/8\n192.0.2.1\n", 21, &a, &f, &err), 0);
	ck_assert(settings_managed(&a) & bit);
	ck_assert(!(settings_managed(&b) & bit));
	ck_assert(settings_differ(&a, &b) == bit);
	ck_assert(settings_differ(&b, &a) == bit);
	o = settings_to_json(&a);
	assert_text(
	    jsonx_path(o, "access.list"), "[\"10.0.0.0\\/8\",\"192.0.2.1\"]");
	json_object_put(o);
	ck_assert_ptr_nonnull(o = settings_to_store(&a, 1));
	ck_assert_ptr_nonnull(jsonx_path(o, "access.list"));
	ck_assert_int_eq(settings_from_json(&b, o, &err), 0);
	ck_assert(settings_differ(&a, &b) == 0);
	json_object_put(o);
	settings_clear(&b);
	o = settings_to_json(&b);
	assert_text(jsonx_path(o, "access.list"), "[]");
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&a);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, as_openapi);
	tcase_add_test(tc, there_and_back);
	tcase_add_loop_test(tc, without_copies, 0, N(copies));
	tcase_add_loop_test(tc, many_copies, 0, 4);
	tcase_add_test(tc, long_copies);
	tcase_add_test(tc, shortest_file);
	tcase_add_test(tc, bad_as_json);
	tcase_add_loop_test(tc, from_array, 0, N(arrays));
	tcase_add_loop_test(tc, many, 0, N(many_rows));
	tcase_add_test(tc, many_as_json);
	tcase_add_test(tc, too_many_bytes);
}

int
main(void)
{
	return tmp_run("list", add, 20);
}
