/*
 * test_wipe.c - what forms bring is wiped before its memory is given back:
 * values of fields, also of those that are refused, and of parts that never
 * came to their end.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "../suite.h"
#include "core.h"

#define SECRET "correct horse battery"

/* In the place of libcrypto's: the same, and what was there is remembered. */
static char wiped[1 << 17];
static size_t wiped_len;

void
OPENSSL_cleanse(void *p, size_t len)
{
	ck_assert_uint_le(wiped_len + len, sizeof(wiped));
	memcpy(wiped + wiped_len, p, len);
	wiped_len += len;
	memset(p, 0, len);
}

static bool
was_wiped(const char *text)
{
	return memmem(wiped, wiped_len, text, strlen(text)) != NULL;
}

static struct fields fs;
static struct err err;

static void
setup(void)
{
	wiped_len = 0;
	fs.n = 0;
	fs.limits = NULL;
	err_clear(&err);
}

static struct field
field(void)
{
	struct field f = {.name = strdup("passphrase"),
	    .value = strdup(SECRET),
	    .len = strlen(SECRET)};

	return f;
}

START_TEST(fields)
{
	struct field f = field();

	ck_assert_int_eq(fields_add(&fs, &f, &err), 0);
	ck_assert(!was_wiped(SECRET));
	fields_clear(&fs);
	ck_assert_uint_eq(wiped_len, strlen(SECRET));
	ck_assert(was_wiped(SECRET));
}
END_TEST

START_TEST(one_too_many)
{
	struct field f = field();

	fs.n = FIELDS_MAX;
	ck_assert_int_eq(fields_add(&fs, &f, &err), -1);
	ck_assert(was_wiped(SECRET));
	ck_assert_ptr_null(f.value);
	f = field();
	fs.n = 0;
	wiped_len = 0;
	free(f.name);
	f.name = NULL;
	ck_assert_int_eq(fields_add(&fs, &f, &err), -1);
	ck_assert(was_wiped(SECRET));
}
END_TEST

static const char *const forms[] = {
    "passphrase=correct+horse+battery%zz",
    "passphrase=correct+horse+battery%00",
    "passphrase=correct+horse+battery%ff",
};

START_TEST(refused_values)
{
	ck_assert_int_eq(
	    urlencoded_parse(forms[_i], strlen(forms[_i]), &fs, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_ENCODING);
	ck_assert(was_wiped(SECRET));
}
END_TEST

static struct field_limit
short_text(const char *name, bool is_file)
{
	(void)name;
	(void)is_file;
	return (struct field_limit){.max = 5};
}

START_TEST(too_long)
{
	static const char form[] = "passphrase=correct+horse+battery";

	fs.limits = short_text;
	ck_assert_int_eq(urlencoded_parse(form, strlen(form), &fs, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_TOO_LONG);
	ck_assert(was_wiped(SECRET));
}
END_TEST

#define HEAD \
	"--B\r\nContent-Disposition: form-data; name=\"passphrase\"\r\n\r\n"

/* As far as it came: within the value, at its end, refused at its end. */
static const struct {
	const char *in;
	int rc;
} parts[] = {
    {HEAD SECRET, 0},
    {HEAD SECRET "\r\n--B\r\n", 0},
    {HEAD SECRET "\x01\r\n--B\r\n", -1},
    {"--B\r\nX-" SECRET, 0},
};

START_TEST(multipart)
{
	struct multipart *m = NULL;

	ck_assert_int_eq(multipart_new("B", &fs, &m, &err), 0);
	ck_assert_int_eq(
	    multipart_feed(m, parts[_i].in, strlen(parts[_i].in), &err),
	    parts[_i].rc);
	multipart_free(m);
	ck_assert(was_wiped(SECRET));
	fields_clear(&fs);
	multipart_free(NULL);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("wipe");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, fields);
	tcase_add_test(t, one_too_many);
	tcase_add_loop_test(
	    t, refused_values, 0, sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(t, too_long);
	tcase_add_loop_test(t, multipart, 0, sizeof(parts) / sizeof(parts[0]));
	return suite_run("wipe", t) == 0 ? 0 : 1;
}
