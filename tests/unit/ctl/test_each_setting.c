/*
 * test_each_setting.c - each setting alone, as postsealctl tells it: in
 * "status" whether it is managed and in "show" its value.
 */
#include "../each_setting.h"
#include "../suite.h"
#include "ctl_rig.h"
#include "ops.h"
#include "settings_table.h"

static char before[65536];

/* settings: taken over.  The answer of postseald to op. */
static void
answer(const char *op, struct json_object *settings, const char *rest)
{
	struct json_object *o = json_tokener_parse(rest), *data;

	ck_assert_ptr_nonnull(o);
	data = jsonx_path(o, "data");
	json_object_object_add(data, "settings", settings);
	write_file(op, json_object_to_json_string(o));
	json_object_put(o);
}

/* k: EACH_VALUES = not managed. */
static struct json_object *
settings_with(const struct settings_field *f, int k)
{
	struct json_object *o;
	struct settings s;

	each_all(&s, EACH_A);
	if (k == EACH_VALUES)
		each_unset(&s, f);
	else
		each_set(&s, f, k);
	o = settings_to_json(&s);
	settings_clear(&s);
	return o;
}

/* Output of the words for two values of the row; do they differ? */
static bool
tells(const struct settings_field *f, const char *op, const char *rest,
    const char *words, int a, int b)
{
	answer(op, settings_with(f, a), rest);
	(void)ctl("", words);
	ck_assert_str_ne(out, "");
	strcpy(before, out);
	answer(op, settings_with(f, b), rest);
	(void)ctl("", words);
	return strcmp(before, out) != 0;
}

#define STATUS \
	"{\"type\":\"result\",\"ok\":true,\"data\":{\"host\":\"h\"," \
	"\"usable\":" \
	"true,\"postfix\":{\"state\":\"running\"},\"drift\":[],\"live\":{}," \
	"\"current\":{\"port\":25,\"inet_interfaces\":\"all\"," \
	"\"smtpd_timeout\":\"300s\",\"process_limit\":\"100\"}}}"

START_TEST(status)
{
	const struct settings_field *f = &settings_fields[_i];
	int other = each_may_be_unset(f) ? EACH_VALUES : EACH_B;

	ck_assert_msg(tells(f, OP_STATUS, STATUS, "status", EACH_A, other),
	    "%s: %s", f->form, out);
}
END_TEST

#define GEN "{\"type\":\"result\",\"ok\":true,\"data\":{\"id\":7}}"

START_TEST(show)
{
	const struct settings_field *f = &settings_fields[_i];
	char text[EACH_TEXT];

	ck_assert_msg(
	    tells(f, OP_GENERATION_GET, GEN, "show 7", EACH_A, EACH_B),
	    "%s: %s", f->form, out);
	if (f->kind == SETTING_LIST)
		ck_assert_ptr_nonnull(strstr(out, "2 entries"));
	if (f->kind == SETTING_SWITCH || f->kind == SETTING_LIST)
		return;
	ck_assert_ptr_nonnull(strstr(out, each_text(f, EACH_B, text)));
	ck_assert(
	    tells(f, OP_GENERATION_GET, GEN, "show 7", EACH_VALUES, EACH_A));
	ck_assert_ptr_nonnull(strstr(out, each_text(f, EACH_A, text)));
}
END_TEST

/* Two generations beside each other: whatever differs is a row. */
START_TEST(diff)
{
	const struct settings_field *f = &settings_fields[_i];
	struct json_object *o = json_tokener_parse(
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"settings\":[{}]}}");
	struct json_object *one =
	    json_object_array_get_idx(jsonx_path(o, "data.settings"), 0);
	char text[EACH_TEXT];

	json_object_object_add(one, "path", json_object_new_string(f->path));
	json_object_object_add(one, "a", NULL);
	json_object_object_add(one, "b", each_json(f, EACH_B));
	write_file(OP_GENERATION_DIFF, json_object_to_json_string(o));
	ck_assert_int_eq(ctl("", "diff 1 2"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, f->path));
	if (f->kind != SETTING_SWITCH && f->kind != SETTING_LIST)
		ck_assert_ptr_nonnull(strstr(out, each_text(f, EACH_B, text)));
	json_object_put(o);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("each_setting");
	int n = each_count();

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, status, 0, n);
	tcase_add_loop_test(t, show, 0, n);
	tcase_add_loop_test(t, diff, 0, n);
	return suite_run("each_setting", t) == 0 ? 0 : 1;
}
