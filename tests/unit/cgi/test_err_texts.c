/*
 * test_err_texts.c - each code of the error table has its sentence in every
 * language of templates/locale, and no language has one for a code that is
 * gone.
 */
#include <string.h>

#include "catalog.h"
#include "jsonx.h"
#include "../tmp.h"

#define LOCALE "templates/locale"

START_TEST(every_code_has_its_text)
{
	const char *const *codes;
	const char *text;
	struct catalog *c = NULL;
	struct err err;
	char key[80];
	size_t n, i;
	int code, missing = 0;

	ck_assert_msg(catalog_load(LOCALE, &c, &err) == 0, "%s", err.msg);
	n = catalog_languages(c, &codes);
	ck_assert_uint_ge(n, 2);
	for (code = 1; code < ERR__MAX; code++) {
		snprintf(key, sizeof(key), "error.%s",
		    err_name((enum err_code)code));
		for (i = 0; i < n; i++) {
			text = catalog_text(c, codes[i], key);
			/* The fallback would hide a gap, so compare. */
			if (strcmp(text, key) != 0 && text[0] != '\0' &&
			    (strcmp(codes[i], "en") == 0 ||
				text != catalog_text(c, "en", key)))
				continue;
			fprintf(stderr, "%s: no %s\n", codes[i], key);
			missing++;
		}
	}
	catalog_free(c);
	ck_assert_int_eq(missing, 0);
}
END_TEST

START_TEST(every_text_has_its_code)
{
	const char *path = _i == 0 ? LOCALE "/en.json" : LOCALE "/ja.json";
	struct json_object *o = NULL;
	enum err_code code;
	struct err err;
	struct buf b;
	int gone = 0;

	buf_init(&b, 1 << 20);
	ck_assert_msg(fsx_read(path, 1 << 20, &b, &err) == 0, "%s", err.msg);
	ck_assert_msg(
	    jsonx_parse(b.data, b.len, 1, &o, &err) == 0, "%s", err.msg);
	json_object_object_foreach (o, key, val) {
		(void)val;
		/* "error.retry" and "error.heading.x" belong to pages. */
		if (strncmp(key, "error.", 6) != 0 ||
		    strchr(key + 6, '.') == NULL ||
		    strncmp(key, "error.heading.", 14) == 0 ||
		    err_from_name(key + 6, &code) == 0)
			continue;
		fprintf(stderr, "%s: no code for %s\n", path, key);
		gone++;
	}
	json_object_put(o);
	buf_clear(&b);
	ck_assert_int_eq(gone, 0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, every_code_has_its_text);
	tcase_add_loop_test(tc, every_text_has_its_code, 0, 2);
}

int
main(void)
{
	return tmp_run("locale", add, 20);
}
