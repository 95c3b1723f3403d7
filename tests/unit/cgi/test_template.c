/*
 * test_template.c - a directory of templates: loading, linking, rendering.
 */
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../suite.h"
#include "template.h"

static char dir[64];

static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/postseal-template-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("en.json", "{\"language.name\":\"English\",\"hi\":\"Hi {who}\"}");
}

static void
teardown(void)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

START_TEST(renders_with_partials_and_texts)
{
	struct json_object *ctx = json_tokener_parse("{\"who\":\"<me>\"}");
	struct templates *t = NULL;
	struct catalog *texts = NULL;
	struct buf out;
	struct err err;

	put("page.html", "<p>{{>_part}}</p>");
	put("_part.html", "{{t.hi}}");
	put("page.html~", "{{{broken");
	put(".hidden.html", "{{{broken");
	put("notes.txt", "{{{broken");
	buf_init(&out, 4096);
	ck_assert_msg(catalog_load(dir, &texts, &err) == 0, "%s", err.msg);
	ck_assert_msg(templates_load(dir, &t, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(
	    templates_render(t, texts, "en", "page", ctx, &out, &err), 0);
	ck_assert_str_eq(out.data, "<p>Hi &lt;me&gt;</p>");
	ck_assert_int_eq(
	    templates_render(t, texts, "en", "none", ctx, &out, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	templates_free(t);
	catalog_free(texts);
	buf_clear(&out);
	json_object_put(ctx);
}
END_TEST

static const struct {
	const char *name, *text, *want;
} bad[] = {
    {"a.html", "{{>_gone}}", "_gone"},
    {"a.html", "{{{raw}}}", "unescaped"},
    {"a.html", "x\n\n{{#a}}", "line 3"},
    {"a.txt", "no template at all", "no templates"},
};

START_TEST(refuses)
{
	struct templates *t = NULL;
	struct err err;

	put(bad[_i].name, bad[_i].text);
	ck_assert_int_eq(templates_load(dir, &t, &err), -1);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	struct templates *t = NULL;
	struct err err;
	char path[128], *big;

	ck_assert_int_eq(templates_load("/nonexistent", &t, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	/* A link out of the directory is not followed. */
	put("real", "text");
	snprintf(path, sizeof(path), "%s/a.html", dir);
	ck_assert_int_eq(symlink("real", path), 0);
	ck_assert_int_eq(templates_load(dir, &t, &err), -1);
	ck_assert_int_eq(unlink(path), 0);
	/* Too large. */
	ck_assert_ptr_nonnull(big = malloc(TEMPLATE_FILE_MAX + 2));
	memset(big, 'x', TEMPLATE_FILE_MAX + 1);
	big[TEMPLATE_FILE_MAX + 1] = '\0';
	put("a.html", big);
	free(big);
	ck_assert_int_eq(templates_load(dir, &t, &err), -1);
	ck_assert_msg(strstr(err.msg, "too large") != NULL, "%s", err.msg);
	ck_assert_ptr_null(t);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("template");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, renders_with_partials_and_texts);
	tcase_add_loop_test(
	    tc, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, refuses_what_is_no_file);
	return suite_run("template", tc) == 0 ? 0 : 1;
}
