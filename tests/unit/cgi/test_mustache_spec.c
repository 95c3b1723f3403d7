/*
 * What mustache.h claims of the public specification, rule by rule: the cases
 * are data, the files of tests/data/mustache, with "rule", "template", "data",
 * "partials" and "want".  Rules of ours alone begin with "ours:".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "jsonx.h"
#include "mustache.h"

#define N(a)	     ((int)(sizeof(a) / sizeof((a)[0])))
#define PARTIALS_MAX 4

static const struct {
	const char *name;
	size_t least;
} files[] = {
    {"interpolation", 20},
    {"escaping", 13},
    {"sections", 34},
    {"inverted", 22},
    {"comments", 14},
    {"partials", 12},
};

struct partials {
	const char *name[PARTIALS_MAX];
	struct mustache *m[PARTIALS_MAX];
	size_t n;
};

static const struct mustache *
find(void *arg, const char *name)
{
	const struct partials *p = arg;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->name[i], name) == 0)
			return p->m[i];
	return NULL;
}

static void
run_case(const char *file, struct json_object *c)
{
	const char *rule = jsonx_path_str(c, "rule", NULL);
	const char *src = jsonx_path_str(c, "template", NULL);
	const char *want = jsonx_path_str(c, "want", NULL);
	struct json_object *parts = jsonx_path(c, "partials");
	struct partials p = {.n = 0};
	struct mustache_env env = {find, NULL, &p};
	struct mustache *m = NULL;
	struct buf out;
	struct err err;

	ck_assert(rule != NULL && src != NULL && want != NULL);
	buf_init(&out, 65536);
	if (parts != NULL) {
		json_object_object_foreach (parts, key, v) {
			p.name[p.n] = key;
			ck_assert_int_eq(
			    mustache_parse(key, json_object_get_string(v),
				strlen(json_object_get_string(v)), &p.m[p.n],
				&err),
			    0);
			p.n++;
		}
	}
	ck_assert_msg(mustache_parse("case", src, strlen(src), &m, &err) == 0,
	    "%s: %s: %s", file, rule, err.msg);
	ck_assert_msg(
	    mustache_render(m, jsonx_path(c, "data"), &env, &out, &err) == 0,
	    "%s: %s: %s", file, rule, err.msg);
	ck_assert_msg(strcmp(out.len > 0 ? out.data : "", want) == 0,
	    "%s: %s: got \"%s\", want \"%s\"", file, rule,
	    out.len > 0 ? out.data : "", want);
	for (size_t i = 0; i < p.n; i++)
		mustache_free(p.m[i]);
	mustache_free(m);
	buf_clear(&out);
}

START_TEST(rules)
{
	struct json_object *list;
	char path[128];
	size_t n;

	snprintf(
	    path, sizeof(path), "tests/data/mustache/%s.json", files[_i].name);
	ck_assert_ptr_nonnull(list = json_object_from_file(path));
	n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++)
		run_case(files[_i].name, json_object_array_get_idx(list, i));
	ck_assert_uint_ge(n, files[_i].least);
	json_object_put(list);
}
END_TEST

/* What is not claimed does not pass silently. */
static const char *const refused[] = {"{{{x}}}", "{{&x}}", "{{& x }}",
    "{{=<% %>=}}", "{{={ }=}}", "{{.x}}", "{{#.x}}{{/.x}}",
    "{{<parent}}{{/parent}}", "{{$block}}{{/block}}", "{{>*dynamic}}",
    "{{a b}}", "{{a|b}}"};

START_TEST(not_claimed)
{
	struct mustache *m = NULL;
	struct err err;

	ck_assert_int_eq(
	    mustache_parse("case", refused[_i], strlen(refused[_i]), &m, &err),
	    -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
}
END_TEST

/* Lists in lists in lists end. */
START_TEST(bounded)
{
	struct json_object *ctx;
	struct mustache *m = NULL;
	char src[1024] = "", data[512] = "{\"l\":[0";
	struct buf out;
	struct err err;

	for (int i = 0; i < 60; i++)
		strcat(src, "{{#l}}");
	for (int i = 0; i < 60; i++)
		strcat(src, "{{/l}}");
	for (int i = 0; i < 99; i++)
		strcat(data, ",0");
	strcat(data, "]}");
	ck_assert_ptr_nonnull(ctx = json_tokener_parse(data));
	ck_assert_int_eq(mustache_parse("b", src, strlen(src), &m, &err), 0);
	buf_init(&out, 65536);
	ck_assert_int_eq(mustache_render(m, ctx, NULL, &out, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "end"));
	mustache_free(m);
	buf_clear(&out);
	json_object_put(ctx);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("mustache");

	tcase_add_loop_test(tc, rules, 0, N(files));
	tcase_add_loop_test(tc, not_claimed, 0, N(refused));
	tcase_add_test(tc, bounded);
	return suite_run("mustache specification", tc) == 0 ? 0 : 1;
}
