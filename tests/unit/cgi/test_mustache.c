/*
 * test_mustache.c - what mustache.h claims: the language, the escaping, the
 * refusals, the bounds.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "mustache.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *src;
} partial_src[] = {
    {"item", "<{{name}}>"},
    {"line", "one\n"},
    {"self", "{{x}}{{>self}}"},
    {"tree", "{{v}}{{#kids}}({{>tree}}){{/kids}}"},
};
static struct mustache *partials[N(partial_src)];

static const struct mustache *
get_partial(void *arg, const char *name)
{
	size_t i;

	(void)arg;
	for (i = 0; i < N(partial_src); i++)
		if (strcmp(partial_src[i].name, name) == 0)
			return partials[i];
	return NULL;
}

static const char *
get_text(void *arg, const char *key)
{
	(void)arg;
	if (strcmp(key, "hello.name") == 0)
		return "Hello {name}, <{a.b}> {none}{ {Name} {x";
	return strcmp(key, "plain") == 0 ? "A & B" : key;
}

static const struct mustache_env env = {get_partial, get_text, NULL};

static void
setup(void)
{
	struct err err;
	size_t i;

	for (i = 0; i < N(partial_src); i++)
		ck_assert_int_eq(
		    mustache_parse(partial_src[i].name, partial_src[i].src,
			strlen(partial_src[i].src), &partials[i], &err),
		    0);
}

static void
teardown(void)
{
	size_t i;

	for (i = 0; i < N(partial_src); i++)
		mustache_free(partials[i]);
}

static const struct {
	const char *src, *json, *want;
} good[] = {
    {"", "{}", ""},
    {"text", "{}", "text"},
    {"{ {{a}} }", "{\"a\":1}", "{ 1 }"},
    {"a{{x}}b", "{\"x\":\"-\"}", "a-b"},
    {"{{ x }}|{{\tx\t}}", "{\"x\":\"v\"}", "v|v"},
    {"{{x}}", "{}", ""},
    {"{{x}}", "{\"x\":null}", ""},
    {"{{n}} {{t}} {{f}}", "{\"n\":42,\"t\":true,\"f\":false}", "42 true false"},
    {"{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep"},
    {"{{a.b.c}}", "{\"a\":{\"b\":1}}", ""},
    {"{{a.b}}", "{\"a\":\"text\"}", ""},
    /* escaping, in text and in an attribute */
    {"{{x}}", "{\"x\":\"<a href='b'>&\\\"\"}",
	"&lt;a href=&#39;b&#39;&gt;&amp;&quot;"},
    {"<a title=\"{{x}}\">", "{\"x\":\"\\\" onclick=\\\"\"}",
	"<a title=\"&quot; onclick=&quot;\">"},
    {"{{x}}", "{\"x\":\"&amp;\"}", "&amp;amp;"},
    {"{{x}}", "{\"x\":\"a\\u0007b\\tc\\nd\\u007f\"}",
	"a\xef\xbf\xbd"
	"b\tc\nd\xef\xbf\xbd"},
    {"{{x}}", "{\"x\":\"a\\u202eb\\u2066c\\u2069\"}",
	"a\xef\xbf\xbd"
	"b\xef\xbf\xbd"
	"c\xef\xbf\xbd"},
    {"{{x}}", "{\"x\":\"\\u201cq\\u201d \\u65e5\"}",
	"\xe2\x80\x9cq\xe2\x80\x9d \xe6\x97\xa5"},
    /* sections */
    {"{{#a}}yes{{/a}}", "{\"a\":true}", "yes"},
    {"{{#a}}yes{{/a}}", "{\"a\":false}", ""},
    {"{{#a}}yes{{/a}}", "{\"a\":\"\"}", ""},
    {"{{#a}}yes{{/a}}", "{\"a\":[]}", ""},
    {"{{#a}}yes{{/a}}", "{\"a\":0}", "yes"},
    {"{{#a}}{{b}}{{/a}}", "{\"a\":{\"b\":1}}", "1"},
    {"{{#a}}{{b}}{{/a}}", "{\"a\":{\"c\":1},\"b\":2}", "2"},
    {"{{#a}}{{.}},{{/a}}", "{\"a\":[1,\"<\",3]}", "1,&lt;,3,"},
    {"{{#a}}{{.}}{{/a}}", "{\"a\":\"v\"}", "v"},
    {"{{#a}}{{#b}}{{x}}{{y}}{{/b}}{{/a}}",
	"{\"a\":[{\"x\":1,\"b\":[{\"y\":2},{\"y\":3}]}]}", "1213"},
    {"{{#a.b}}{{c}}{{/a.b}}", "{\"a\":{\"b\":{\"c\":5}}}", "5"},
    {"{{^a}}no{{/a}}", "{}", "no"},
    {"{{^a}}no{{/a}}", "{\"a\":[]}", "no"},
    {"{{^a}}no{{/a}}", "{\"a\":[0]}", ""},
    {"{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":\"q\"}", "x"},
    {"{{#a}}{{/a}}{{#b}}z{{/b}}", "{\"a\":1,\"b\":1}", "z"},
    /* a null in the inner context hides the outer value */
    {"{{#a}}[{{x}}]{{/a}}", "{\"a\":{\"x\":null},\"x\":1}", "[]"},
    /* comments */
    {"a{{! no }}b", "{}", "ab"},
    {"a{{! \n {{ }}b", "{}", "ab"},
    /* tags alone on a line */
    {"a\n{{#b}}\nx\n{{/b}}\nc\n", "{\"b\":true}", "a\nx\nc\n"},
    {"a\n  {{#b}}  \nx\n\t{{/b}}\nc", "{\"b\":true}", "a\nx\nc"},
    {"a\r\n{{! c }}\r\nb", "{}", "a\r\nb"},
    {"{{#b}}\nx\n{{/b}}", "{\"b\":true}", "x\n"},
    {"{{#b}} {{/b}}\nc", "{\"b\":true}", " \nc"},
    {" {{x}}\n", "{\"x\":1}", " 1\n"},
    {"a\n{{>line}}\nb", "{}", "a\none\nb"},
    /* partials */
    {"{{#l}}{{>item}}{{/l}}", "{\"l\":[{\"name\":1},{\"name\":\"&\"}]}",
	"<1><&amp;>"},
    {"{{>nosuch}}", "{}", ""},
    {"{{>tree}}", "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[]}]}", "1(2)"},
    /* texts */
    {"{{t.plain}}", "{}", "A &amp; B"},
    {"{{t.hello.name}}", "{\"name\":\"<b>\",\"a\":{\"b\":\"'\"}}",
	"Hello &lt;b&gt;, &lt;&#39;&gt; { {Name} {x"},
    {"{{t.unknown}}", "{}", "unknown"},
};

START_TEST(renders)
{
	struct json_object *ctx = json_tokener_parse(good[_i].json);
	struct mustache *m = NULL;
	struct buf out;
	struct err err;

	buf_init(&out, 65536);
	ck_assert_ptr_nonnull(ctx);
	ck_assert_msg(mustache_parse("case", good[_i].src, strlen(good[_i].src),
			  &m, &err) == 0,
	    "%s", err.msg);
	ck_assert_int_eq(mustache_render(m, ctx, &env, &out, &err), 0);
	ck_assert_str_eq(out.len > 0 ? out.data : "", good[_i].want);
	mustache_free(m);
	buf_clear(&out);
	json_object_put(ctx);
}
END_TEST

static const struct {
	const char *src, *want; /* in the message */
} bad[] = {
    {"{{", "line 1"},
    {"a\n{{x", "line 2"},
    {"{{}}", "bad name"},
    {"{{a b}}", "bad name"},
    {"{{a..b}}", "bad name"},
    {"{{.a}}", "bad name"},
    {"{{a.}}", "bad name"},
    {"{{a\x01}}", "bad name"},
    {"{{>.}}", "bad name"},
    {"{{#}}", "bad name"},
    {"{{{x}}}", "unescaped"},
    {"{{& x}}", "unescaped"},
    {"{{=<% %>=}}", "delimiters"},
    {"{{#a}}", "without its end"},
    {"{{^a}}x", "without its end"},
    {"{{/a}}", "never opened"},
    {"{{#a}}{{/b}}", "another section"},
    {"{{#a}}{{/a.b}}", "another section"},
    {"{{#a.b}}{{/a}}", "another section"},
    {"{{#a}}{{#b}}{{/a}}{{/b}}", "another section"},
};

START_TEST(refuses)
{
	struct mustache *m = NULL;
	struct err err;

	ck_assert_int_eq(
	    mustache_parse("case", bad[_i].src, strlen(bad[_i].src), &m, &err),
	    -1);
	ck_assert_ptr_null(m);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(ends_at_its_bounds)
{
	struct json_object *ctx = json_tokener_parse("{\"x\":\"0123456789\"}");
	struct mustache *m = NULL;
	char src[4096] = "";
	struct buf out;
	struct err err;
	int i;

	/* A template that includes itself. */
	buf_init(&out, 65536);
	ck_assert_int_eq(
	    mustache_render(partials[2], ctx, &env, &out, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	buf_clear(&out);
	/* More output than there is room for. */
	buf_init(&out, 16);
	ck_assert_int_eq(mustache_parse("o", "{{x}}{{x}}", 10, &m, &err), 0);
	ck_assert_int_eq(mustache_render(m, ctx, &env, &out, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	mustache_free(m);
	buf_clear(&out);
	/* Sections in each other beyond the limit. */
	m = NULL;
	for (i = 0; i <= MUSTACHE_DEPTH_MAX; i++)
		strcat(src, "{{#x}}");
	for (i = 0; i <= MUSTACHE_DEPTH_MAX; i++)
		strcat(src, "{{/x}}");
	ck_assert_int_eq(mustache_parse("d", src, strlen(src), &m, &err), -1);
	ck_assert_msg(strstr(err.msg, "deep") != NULL, "%s", err.msg);
	json_object_put(ctx);
}
END_TEST

/* Every prefix and every one-byte change of a template parses or is refused;
 * what parses also renders, and never lets a value out unescaped. */
START_TEST(survives_damage)
{
	static const char src[] =
	    "a {{#l}}\n<{{x}}>{{^l.y}}{{t.hello.name}}{{/l.y}}\n{{/l}}\n"
	    "{{! c }}{{>item}}";
	static const char change[] = "{}#/^!>&=.x\n\xff";
	struct json_object *ctx;
	struct mustache *m;
	char copy[sizeof(src)];
	struct buf out;
	struct err err;
	size_t i, j, parsed = 0;

	ctx = json_tokener_parse("{\"l\":[{\"x\":\"<i>\"}],\"name\":\"<i>\"}");
	for (i = 0; i < sizeof(src) - 1; i++) {
		for (j = 0; j < sizeof(change); j++) {
			memcpy(copy, src, sizeof(src));
			copy[i] = change[j];
			m = NULL;
			/* The last change is NUL: a prefix. */
			if (mustache_parse("f", copy, strlen(copy), &m, &err) ==
			    -1)
				continue;
			parsed++;
			buf_init(&out, 4096);
			ck_assert_int_eq(
			    mustache_render(m, ctx, &env, &out, &err), 0);
			ck_assert_ptr_null(
			    out.len > 0 ? strstr(out.data, "<i>") : NULL);
			buf_clear(&out);
			mustache_free(m);
		}
	}
	ck_assert_uint_gt(parsed, 200);
	json_object_put(ctx);
}
END_TEST

START_TEST(names_what_it_needs)
{
	static const char src[] = "{{>a}}{{t.b.c}}{{x}}{{#s}}{{>d}}{{/s}}";
	struct mustache *m = NULL;
	struct err err;
	size_t pos = 0;
	char kind;

	ck_assert_int_eq(mustache_parse("r", src, strlen(src), &m, &err), 0);
	ck_assert_str_eq(mustache_reference(m, &pos, &kind), "a");
	ck_assert_int_eq(kind, '>');
	ck_assert_str_eq(mustache_reference(m, &pos, &kind), "b.c");
	ck_assert_int_eq(kind, 't');
	ck_assert_str_eq(mustache_reference(m, &pos, &kind), "d");
	ck_assert_ptr_null(mustache_reference(m, &pos, &kind));
	mustache_free(m);
}
END_TEST

START_TEST(escapes_addresses)
{
	struct buf out;

	buf_init(&out, 256);
	ck_assert_int_eq(url_escape(&out, "a b&c=\"/?#\xe6%~-._Z9"), 0);
	ck_assert_str_eq(out.data, "a%20b%26c%3D%22%2F%3F%23%E6%25~-._Z9");
	buf_clear(&out);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("mustache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, renders, 0, (int)N(good));
	tcase_add_loop_test(tc, refuses, 0, (int)N(bad));
	tcase_add_test(tc, ends_at_its_bounds);
	tcase_add_test(tc, survives_damage);
	tcase_add_test(tc, names_what_it_needs);
	tcase_add_test(tc, escapes_addresses);
	return suite_run("mustache", tc) == 0 ? 0 : 1;
}
