/*
 * test_catalog.c - texts, negotiation, placeholders.
 */
#include <string.h>

#include "catalog.h"
#include "jsonx.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *
new_dir(void)
{
	const char *dir = tmp_path("locale");
	struct err err;

	fsx_wipe_tree(dir, NULL);
	ck_assert_msg(fsx_mkdir(dir, 0700, &err) == 0, "%s", err.msg);
	return dir;
}

static struct catalog *
sample(void)
{
	const char *dir = new_dir();
	struct catalog *c = NULL;
	struct err err;

	tmp_write(tmp_path("locale/en.json"),
	    "{\"language.name\":\"English\",\"a\":\"A {x} and {y_2}\","
	    "\"only\":\"only here\",\"odd\":\"{ {} {x {X} {x}{x}} {{x}\","
	    "\"empty\":\"\",\"lone\":\"{x}\"}");
	tmp_write(tmp_path("locale/ja.json"),
	    "{\"language.name\":\"\xe6\x97\xa5\",\"a\":\"{y_2}\xe3\x81\xa8"
	    "{x}\"}");
	tmp_write(tmp_path("locale/zh-Hant.json"), "{\"a\":\"z\"}");
	tmp_write(tmp_path("locale/README"), "not JSON");
	tmp_write(tmp_path("locale/.json"), "not JSON");
	tmp_write(tmp_path("locale/a_b.json"), "not JSON");
	ck_assert_msg(catalog_load(dir, &c, &err) == 0, "%s", err.msg);
	return c;
}

static const struct {
	const char *header, *lang;
} choices[] = {
    {NULL, "en"},
    {"", "en"},
    {"ja", "ja"},
    {"JA", "ja"},
    {"en", "en"},
    {"ja-JP", "ja"},
    {"ja-JP-x-kansai", "ja"},
    {"ja-Latn-JP", "ja"},
    {"jav", "en"},
    {"fr", "en"},
    {"*", "en"},
    {"zh-Hant", "zh-Hant"},
    {"zh-hant-tw", "zh-Hant"},
    {"zh", "en"},
    {"fr, ja", "ja"},
    {"fr;q=1, ja;q=0.1", "ja"},
    {"en;q=0.5, ja", "ja"},
    {"en;q=0.5,ja;q=0.6", "ja"},
    {"ja;q=0.5, en;q=0.6", "en"},
    {"ja;q=0.5,en;q=0.5", "ja"},
    {"en,ja", "en"},
    {"ja,en-US;q=0.7,en;q=0.3", "ja"},
    {"en-US,en;q=0.9,ja;q=0.8", "en"},
    {"ja;q=0.001, fr", "ja"},
    {"ja;q=0", "en"},
    {"ja;q=0.000,fr", "en"},
    {"ja ; q=0.4 , en ; q=0.3", "ja"},
    {"\tja\t", "ja"},
    {"en;q=0, *", "ja"},
    {"en;q=0,ja;q=0,*", "zh-Hant"},
    {"*;q=0.5, ja;q=0.1", "en"},
    {"ja, *;q=0.5", "ja"},
    {"*;q=0", "en"},
    {"ja-JP, ja;q=0", "en"},
    /* what does not parse is skipped */
    {",,,", "en"},
    {";q=1", "en"},
    {"ja;q=2, en", "en"},
    {"ja;q=1.5,en", "en"},
    {"ja;q=1.001,en", "en"},
    {"ja;q=0.1234,en", "en"},
    {"ja;q=,en;q=0.1", "en"},
    {"ja;q=-1,en;q=0.1", "en"},
    {"ja;r=1,en;q=0.1", "en"},
    {"ja;q=0.x,zh-Hant", "zh-Hant"},
    {"j\xc3\xa4, ja;q=0.1", "ja"},
    {"ja/../../etc/passwd", "en"},
    {"\"ja\"", "en"},
    {"ja;q=1.000", "ja"},
    {"ja;Q=0.2,fr", "ja"},
    {"ja;q=1;q=0.1,en;q=0.1", "en"},
    {"-", "en"},
    {"--", "en"},
    {"-ja", "en"},
    {"ja-", "ja"},
    /* 32 ranges are read, the rest is not */
    {"fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
     "fr,fr,fr,fr,fr,fr,fr,fr,fr,ja",
	"ja"},
    {"fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,"
     "fr,fr,fr,fr,fr,fr,fr,fr,fr,fr,ja",
	"en"},
};

START_TEST(negotiates)
{
	struct catalog *c = sample();

	ck_assert_str_eq(
	    catalog_negotiate(c, choices[_i].header), choices[_i].lang);
	catalog_free(c);
}
END_TEST

START_TEST(languages_are_sorted)
{
	struct catalog *c = sample();
	const char *const *codes;

	ck_assert_uint_eq(catalog_languages(c, &codes), 3);
	ck_assert_str_eq(codes[0], "en");
	ck_assert_str_eq(codes[1], "ja");
	ck_assert_str_eq(codes[2], "zh-Hant");
	ck_assert_ptr_null(codes[3]);
	catalog_free(c);
	catalog_free(NULL);
}
END_TEST

static const struct {
	const char *lang, *key, *text;
} texts[] = {
    {"en", "language.name", "English"},
    {"ja", "language.name", "\xe6\x97\xa5"},
    {"ja", "only", "only here"},
    {"xx", "only", "only here"},
    {NULL, "only", "only here"},
    {"en", "nowhere", "nowhere"},
    {"en", "", ""},
    {"en", "empty", ""},
};

START_TEST(text_falls_back)
{
	struct catalog *c = sample();

	ck_assert_str_eq(
	    catalog_text(c, texts[_i].lang, texts[_i].key), texts[_i].text);
	catalog_free(c);
}
END_TEST

static const struct {
	const char *lang, *key, *args, *out;
} formats[] = {
    {"en", "a", "{\"x\":\"1\",\"y_2\":\"<2>\"}", "A 1 and <2>"},
    {"ja", "a", "{\"x\":\"1\",\"y_2\":\"2\"}",
	"2\xe3\x81\xa8"
	"1"},
    {"en", "a", "{\"x\":\"{y_2}\",\"y_2\":\"2\"}", "A {y_2} and 2"},
    {"en", "a", "{}", "A  and "},
    {"en", "a", "null", "A  and "},
    {"en", "a", "[]", "A  and "},
    {"en", "a", "{\"x\":7,\"y_2\":null}", "A 7 and "},
    {"en", "odd", "{\"x\":\"v\"}", "{ {} {x {X} vv} {v"},
    {"en", "lone", "{\"x\":\"v\"}", "v"},
    {"en", "empty", "{}", ""},
    {"en", "no {x}", "{\"x\":\"v\"}", "no v"},
};

START_TEST(format_fills_in)
{
	struct json_object *args = json_tokener_parse(formats[_i].args);
	struct catalog *c = sample();
	struct buf b;

	buf_init(&b, 100);
	ck_assert_int_eq(
	    catalog_format(c, formats[_i].lang, formats[_i].key, args, &b), 0);
	ck_assert_str_eq(b.data, formats[_i].out);
	buf_clear(&b);
	json_object_put(args);
	catalog_free(c);
}
END_TEST

START_TEST(format_has_a_limit)
{
	struct catalog *c = sample();
	struct buf b;

	buf_init(&b, 8);
	ck_assert_int_eq(catalog_format(c, "en", "only", NULL, &b), -1);
	buf_clear(&b);
	catalog_free(c);
}
END_TEST

static const char *const bad_files[] = {"", "[]", "5", "{", "{\"a\":1}",
    "{\"a\":null}", "{\"a\":{}}", "{\"a\":\"x\",\"a\":\"y\"}",
    "{\"a\":\"\xff\"}", "{\"a\":\"x\"} x", "{\"a\":\"x\",}"};

START_TEST(load_refuses)
{
	const char *dir = new_dir();
	struct catalog *c = NULL;
	struct err err;

	tmp_write(tmp_path("locale/en.json"), "{}");
	ck_assert_int_eq(catalog_load(dir, &c, &err), 0);
	catalog_free(c);
	c = NULL;
	tmp_write(tmp_path("locale/xx.json"), bad_files[_i]);
	ck_assert_int_eq(catalog_load(dir, &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(err.msg, "xx.json"));
}
END_TEST

START_TEST(load_needs_english)
{
	const char *dir = new_dir();
	struct catalog *c = NULL;
	struct err err;
	char name[32];
	int i;

	ck_assert_int_eq(catalog_load(tmp_path("nowhere"), &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	tmp_write(tmp_path("locale/ja.json"), "{}");
	ck_assert_int_eq(catalog_load(dir, &c, &err), -1);
	tmp_write(tmp_path("locale/en.json"), "{}");
	for (i = 0; i < 31; i++) {
		snprintf(name, sizeof(name), "locale/x%d.json", i);
		tmp_write(tmp_path(name), "{}");
	}
	ck_assert_int_eq(catalog_load(dir, &c, &err), -1);
	ck_assert_ptr_null(c);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, negotiates, 0, N(choices));
	tcase_add_test(tc, languages_are_sorted);
	tcase_add_loop_test(tc, text_falls_back, 0, N(texts));
	tcase_add_loop_test(tc, format_fills_in, 0, N(formats));
	tcase_add_test(tc, format_has_a_limit);
	tcase_add_loop_test(tc, load_refuses, 0, N(bad_files));
	tcase_add_test(tc, load_needs_english);
}

int
main(void)
{
	return tmp_run("catalog", add, 20);
}
