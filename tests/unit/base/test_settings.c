/*
 * test_settings.c - the one JSON form and the form fields.
 */
#include <string.h>

#include "jsonx.h"
#include "settings.h"
#include "tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct settings
from_bits(int bits)
{
	struct settings s;

	s.inbound_enabled = bits & 1;
	s.tls_only = bits & 2;
	s.outbound_enabled = bits & 4;
	s.all_scanners = bits & 8;
	return s;
}

START_TEST(defaults)
{
	struct settings s;

	memset(&s, 0x55, sizeof(s));
	settings_default(&s);
	ck_assert(!s.inbound_enabled && !s.tls_only && !s.outbound_enabled);
	ck_assert(s.all_scanners);
}
END_TEST

/* Every setting over every other, and equality of each pair. */
START_TEST(json_there_and_back)
{
	struct settings a = from_bits(_i), b;
	struct json_object *o;
	struct err err;
	int j;

	for (j = 0; j < 16; j++) {
		b = from_bits(j);
		ck_assert_int_eq(settings_equal(&a, &b), _i == j);
		o = settings_to_json(&a);
		ck_assert_ptr_nonnull(o);
		ck_assert_int_eq(settings_from_json(&b, o, &err), 0);
		ck_assert(settings_equal(&a, &b));
		json_object_put(o);
	}
}
END_TEST

START_TEST(json_form_is_the_documented_one)
{
	struct settings s = from_bits(1 | 4 | 8);
	struct json_object *o = settings_to_json(&s);

	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"inbound\":{\"enabled\":true,\"tls_only\":false},"
	    "\"outbound\":{\"enabled\":true},\"all_scanners\":true}");
	json_object_put(o);
}
END_TEST

static const struct {
	const char *patch;
	int rc, set, clear; /* bits, over all and none */
	const char *field;
} patches[] = {
    {"{}", 0, 0, 0, ""},
    {"{\"inbound\":{}}", 0, 0, 0, ""},
    {"{\"inbound\":null,\"all_scanners\":null}", 0, 0, 0, ""},
    {"{\"inbound\":{\"enabled\":true}}", 0, 1, 0, ""},
    {"{\"inbound\":{\"enabled\":false,\"tls_only\":true}}", 0, 2, 1, ""},
    {"{\"outbound\":{\"enabled\":false}}", 0, 0, 4, ""},
    {"{\"all_scanners\":false}", 0, 0, 8, ""},
    {"{\"outbound\":{\"enabled\":null}}", 0, 0, 0, ""},
    {"{\"inbound\":{\"enabled\":true},\"x\":1}", -1, 0, 0, "x"},
    {"{\"inbound\":{\"enabled\":1}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":{\"enabled\":\"on\"}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":true}", -1, 0, 0, "inbound"},
    {"{\"inbound\":[]}", -1, 0, 0, "inbound"},
    {"{\"inbound\":{\"level\":\"may\"}}", -1, 0, 0, "inbound.level"},
    {"{\"inbound\":{\"enabled\":{\"x\":true}}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound.enabled\":true}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":{\"\":true}}", -1, 0, 0, "inbound."},
    {"{\"\":true}", -1, 0, 0, ""},
    {"{\"in\":{\"enabled\":true}}", -1, 0, 0, "in"},
    {"{\"all_scanners\":{\"enabled\":true}}", -1, 0, 0, "all_scanners"},
    {"{\"inbound_enabled\":true}", -1, 0, 0, "inbound_enabled"},
    {"[]", -1, 0, 0, "settings"},
    {"null", -1, 0, 0, "settings"},
    {"true", -1, 0, 0, "settings"},
};

START_TEST(patch)
{
	struct json_object *o = NULL;
	struct settings none = from_bits(0), all = from_bits(15), want;
	struct err err;
	int rc;

	ck_assert_int_eq(jsonx_parse(patches[_i].patch,
			     strlen(patches[_i].patch), 8, &o, &err),
	    0);
	rc = settings_from_json(&none, o, &err);
	ck_assert_int_eq(rc, patches[_i].rc);
	if (rc != 0)
		ck_assert_str_eq(err.field, patches[_i].field);
	want = from_bits(patches[_i].set);
	ck_assert(settings_equal(&none, &want));
	ck_assert_int_eq(settings_from_json(&all, o, &err), rc);
	want = from_bits(15 & ~patches[_i].clear);
	ck_assert(settings_equal(&all, &want));
	json_object_put(o);
}
END_TEST

START_TEST(a_very_long_key)
{
	struct json_object *o = json_object_new_object();
	struct settings s = from_bits(0);
	struct err err;
	char key[300];

	memset(key, 'k', sizeof(key));
	key[299] = '\0';
	json_object_object_add(o, key, NULL);
	ck_assert_int_eq(settings_from_json(&s, o, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_UNKNOWN);
	json_object_put(o);
}
END_TEST

/* Each form field alone, on and off, through the patch into the struct. */
START_TEST(form_fields)
{
	struct settings s;
	struct json_object *o;
	struct err err;
	int i, on;

	for (i = 0; settings_fields[i].form != NULL; i++) {
		for (on = 0; on < 2; on++) {
			o = json_object_new_object();
			ck_assert_int_eq(
			    settings_set_form(o, settings_fields[i].form,
				on ? "on" : "off", &err),
			    0);
			s = from_bits(on ? 0 : 15);
			ck_assert_int_eq(settings_from_json(&s, o, &err), 0);
			/* The table is in the order of from_bits. */
			ck_assert_int_eq(
			    s.inbound_enabled, on ? i == 0 : i != 0);
			ck_assert_int_eq(s.tls_only, on ? i == 1 : i != 1);
			ck_assert_int_eq(
			    s.outbound_enabled, on ? i == 2 : i != 2);
			ck_assert_int_eq(s.all_scanners, on ? i == 3 : i != 3);
			json_object_put(o);
		}
	}
	ck_assert_int_eq(i, 4);
}
END_TEST

static const struct {
	const char *name, *value;
	enum err_code code;
} bad_form[] = {
    {"inbound_enabled", "", ERR_FIELD_INVALID},
    {"inbound_enabled", "ON", ERR_FIELD_INVALID},
    {"inbound_enabled", "on ", ERR_FIELD_INVALID},
    {"inbound_enabled", "true", ERR_FIELD_INVALID},
    {"inbound_enabled", "1", ERR_FIELD_INVALID},
    {"tls_only", "off\n", ERR_FIELD_INVALID},
    {"", "on", ERR_FIELD_UNKNOWN},
    {"inbound", "on", ERR_FIELD_UNKNOWN},
    {"inbound.enabled", "on", ERR_FIELD_UNKNOWN},
    {"Inbound_enabled", "on", ERR_FIELD_UNKNOWN},
    {"apply", "restart", ERR_FIELD_UNKNOWN},
};

START_TEST(form_refuses)
{
	struct json_object *o = json_object_new_object();
	struct err err;

	ck_assert_int_eq(
	    settings_set_form(o, bad_form[_i].name, bad_form[_i].value, &err),
	    -1);
	ck_assert_int_eq(err.code, bad_form[_i].code);
	ck_assert_str_eq(err.field, bad_form[_i].name);
	ck_assert_int_eq(json_object_object_length(o), 0);
	json_object_put(o);
}
END_TEST

START_TEST(apply_modes)
{
	static const char *const bad[] = {"", "Restart", "reload ", "stop"};
	enum apply_mode m = APPLY_RELOAD;
	size_t i;

	ck_assert_int_eq(apply_mode_from_name("restart", &m), 0);
	ck_assert_int_eq(m, APPLY_RESTART);
	ck_assert_int_eq(apply_mode_from_name("reload", &m), 0);
	ck_assert_int_eq(m, APPLY_RELOAD);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(apply_mode_from_name(bad[i], &m), -1);
	ck_assert_int_eq(apply_mode_from_name(NULL, &m), -1);
	ck_assert_int_eq(m, APPLY_RELOAD);
	ck_assert_str_eq(apply_mode_name(APPLY_RESTART), "restart");
	ck_assert_str_eq(apply_mode_name(APPLY_RELOAD), "reload");
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, json_there_and_back, 0, 16);
	tcase_add_test(tc, json_form_is_the_documented_one);
	tcase_add_loop_test(tc, patch, 0, N(patches));
	tcase_add_test(tc, a_very_long_key);
	tcase_add_test(tc, form_fields);
	tcase_add_loop_test(tc, form_refuses, 0, N(bad_form));
	tcase_add_test(tc, apply_modes);
}

int
main(void)
{
	return tmp_run("settings", add, 20);
}
