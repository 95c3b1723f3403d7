/*
 * test_form.c - paths, urlencoded forms, Content-Type, field lists: the parts
 * that take bytes and know no request.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "core.h"
#include "upload.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *in, *out; /* out NULL: refused */
} paths[] = {
    {"/", "/"},
    {"/a", "/a"},
    {"/a/b-c_d.e~f", "/a/b-c_d.e~f"},
    {"/a/", "/a/"},
    {"/%61", "/a"},
    {"/%e6%97%a5", "/\xe6\x97\xa5"},
    {"/%E6%97%A5", "/\xe6\x97\xa5"},
    {"/\xe6\x97\xa5", "/\xe6\x97\xa5"},
    {"/a+b", "/a+b"},
    {"/...", "/..."},
    {"/.a", "/.a"},
    {"/a..", "/a.."},
    {"/%2e%2e%2e", "/..."},
    {"", NULL},
    {"a", NULL},
    {"*", NULL},
    {"http://x/", NULL},
    {"//", NULL},
    {"//a", NULL},
    {"/a//b", NULL},
    {"/./a", NULL},
    {"/a/.", NULL},
    {"/..", NULL},
    {"/../a", NULL},
    {"/a/../b", NULL},
    {"/a/..", NULL},
    {"/%2e%2e/a", NULL},
    {"/%2e", NULL},
    {"/.%2e/a", NULL},
    {"/a%2fb", NULL},
    {"/a%2Fb", NULL},
    {"/%2f%2fa", NULL},
    {"/a%5cb", NULL},
    {"/a\\b", NULL},
    {"/%00", NULL},
    {"/a%00b", NULL},
    {"/a%0ab", NULL},
    {"/a%0d%0ab", NULL},
    {"/a\nb", NULL},
    {"/a\x7f", NULL},
    {"/a%7f", NULL},
    {"/%", NULL},
    {"/%4", NULL},
    {"/%4g", NULL},
    {"/%g4", NULL},
    {"/%%", NULL},
    {"/%u0041", NULL},
    {"/%-1", NULL},
    {"/%+1", NULL},
    {"/% 1", NULL},
    {"/%c0%af", NULL},	      /* overlong / */
    {"/%c0%ae%c0%ae/", NULL}, /* overlong .. */
    {"/%e0%80%af", NULL},
    {"/%ed%a0%80", NULL}, /* surrogate */
    {"/%ff", NULL},
    {"/%c2%9b31m", NULL}, /* C1 controls */
    {"/%c2%80", NULL},
    {"/%c2%a0", "/\xc2\xa0"},
    {"/%f4%90%80%80", NULL}, /* beyond U+10FFFF */
    {"/\xff", NULL},
};

START_TEST(decodes_path)
{
	char *s = strdup(paths[_i].in);
	struct err err;
	int rc;

	err_clear(&err);
	rc = path_decode(s, &err);
	if (paths[_i].out == NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(err.code, ERR_REQ_MALFORMED);
	} else {
		ck_assert_msg(rc == 0, "%s", err.msg);
		ck_assert_str_eq(s, paths[_i].out);
	}
	free(s);
}
END_TEST

/* out: "name=value|name=value", or NULL with the code. */
static const struct {
	const char *in, *out;
	enum err_code code;
} forms[] = {
    {"", "", 0},
    {"a=b", "a=b", 0},
    {"a=", "a=", 0},
    {"a=b&c=d", "a=b|c=d", 0},
    {"a=1&a=2", "a=1|a=2", 0},
    {"a=b+c%20d", "a=b c d", 0},
    {"a=%26%3D%25", "a=&=%", 0},
    {"a=b=c", "a=b=c", 0},
    {"a==", "a==", 0},
    {"%61=1", "a=1", 0},
    {"a=%e6%97%a5", "a=\xe6\x97\xa5", 0},
    {"a=x%0d%0ay%09", "a=x\r\ny\t", 0},
    {"a", NULL, ERR_REQ_MALFORMED},
    {"=b", NULL, ERR_REQ_MALFORMED},
    {"&", NULL, ERR_REQ_MALFORMED},
    {"a=b&", NULL, ERR_REQ_MALFORMED},
    {"&a=b", NULL, ERR_REQ_MALFORMED},
    {"a=b&&c=d", NULL, ERR_REQ_MALFORMED},
    {"a=b&c", NULL, ERR_REQ_MALFORMED},
    {"a=%", NULL, ERR_FIELD_ENCODING},
    {"a=%4", NULL, ERR_FIELD_ENCODING},
    {"a=%zz", NULL, ERR_FIELD_ENCODING},
    {"a=%0", NULL, ERR_FIELD_ENCODING},
    {"a=%00", NULL, ERR_FIELD_ENCODING},
    {"a=x%00y", NULL, ERR_FIELD_ENCODING},
    {"a=%01", NULL, ERR_FIELD_ENCODING},
    {"a=%1b", NULL, ERR_FIELD_ENCODING},
    {"a=%7f", NULL, ERR_FIELD_ENCODING},
    {"a=\x01", NULL, ERR_FIELD_ENCODING},
    {"a=%c0%80", NULL, ERR_FIELD_ENCODING},
    {"a=%ff", NULL, ERR_FIELD_ENCODING},
    {"a=%ed%b0%80", NULL, ERR_FIELD_ENCODING},
    {"a=\xe6\x97", NULL, ERR_FIELD_ENCODING},
    {"a%00=1", NULL, ERR_FIELD_ENCODING},
    {"a%0a=1", NULL, ERR_FIELD_ENCODING},
    {"%=1", NULL, ERR_FIELD_ENCODING},
    {"%ff=1", NULL, ERR_FIELD_ENCODING},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345=1",
	NULL, ERR_FIELD_TOO_LONG},
};

static void
expect_fields(const struct fields *fs, const char *want)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < fs->n; i++)
		buf_printf(&b, "%s%s=%s", i > 0 ? "|" : "", fs->v[i].name,
		    fs->v[i].value);
	ck_assert_str_eq(b.data, want);
	buf_clear(&b);
}

START_TEST(parses_urlencoded)
{
	struct fields fs = {.n = 0, .limits = upload_limit};
	size_t len = strlen(forms[_i].in);
	char *copy = malloc(len + 1); /* no NUL behind it */
	struct err err;
	int rc;

	err_clear(&err);
	memcpy(copy, forms[_i].in, len);
	rc = urlencoded_parse(copy, len, &fs, &err);
	free(copy);
	if (forms[_i].out == NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_str_eq(err_name(err.code), err_name(forms[_i].code));
	} else {
		ck_assert_msg(rc == 0, "%s", err.msg);
		expect_fields(&fs, forms[_i].out);
	}
	fields_clear(&fs);
}
END_TEST

/* n fields, or one of n bytes */
static const struct {
	int fields;
	size_t len;
	const char *name;
	enum err_code code;
} limits[] = {
    {FIELDS_MAX, 1, "a", ERR_NONE},
    {FIELDS_MAX + 1, 1, "a", ERR_REQ_MALFORMED},
    {10000, 1, "a", ERR_REQ_MALFORMED},
    {1, FIELD_TEXT_MAX, "a", ERR_NONE},
    {1, FIELD_TEXT_MAX + 1, "a", ERR_FIELD_TOO_LONG},
    {1, FIELD_TEXT_MAX + 1, "private_key", ERR_NONE},
    {1, PKI_FILE_MAX + 1, "private_key", ERR_NONE},
};

START_TEST(limits_urlencoded)
{
	struct fields fs = {.n = 0, .limits = upload_limit};
	struct buf b;
	struct err err;

	err_clear(&err);
	buf_init(&b, 1 << 20);
	for (int i = 0; i < limits[_i].fields; i++) {
		buf_printf(&b, "%s%s=", i > 0 ? "&" : "", limits[_i].name);
		for (size_t k = 0; k < limits[_i].len; k++)
			buf_addc(&b, 'x');
	}
	urlencoded_parse(b.data, b.len, &fs, &err);
	ck_assert_str_eq(err_name(err.code), err_name(limits[_i].code));
	ck_assert_uint_le(fs.n, FIELDS_MAX);
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

static const struct {
	const char *in;
	enum route_type type; /* BODY_NONE: refused with code */
	const char *boundary;
	enum err_code code;
} types[] = {
    {"application/json", BODY_JSON, "", 0},
    {"APPLICATION/JSON", BODY_JSON, "", 0},
    {" application/json ", BODY_JSON, "", 0},
    {"application/json; charset=utf-8", BODY_JSON, "", 0},
    {"application/json;charset=\"UTF-8\"", BODY_JSON, "", 0},
    {"application/x-www-form-urlencoded", BODY_FORM, "", 0},
    {"multipart/form-data; boundary=x", BODY_MULTIPART, "x", 0},
    {"multipart/form-data; Boundary=\"a b\"", BODY_MULTIPART, "a b", 0},
    {"multipart/form-data; boundary=\"a\\\"b\"", BODY_NONE, "",
	ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=----=_Part_1/2:3?", BODY_MULTIPART,
	"----=_Part_1/2:3?", 0},
    {"multipart/form-data; charset=utf-8; boundary=x", BODY_MULTIPART, "x", 0},
    {"multipart/form-data; boundary="
     "1234567890123456789012345678901234567890123456789012345678901234567890",
	BODY_MULTIPART,
	"123456789012345678901234567890123456789012345678901234567890123456789"
	"0",
	0},
    {"multipart/form-data; boundary="
     "12345678901234567890123456789012345678901234567890123456789012345678901",
	BODY_NONE, "", ERR_REQ_MALFORMED},
    {"multipart/form-data", BODY_NONE, "", ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=", BODY_NONE, "", ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=\"\"", BODY_NONE, "", ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=\"a \"", BODY_NONE, "", ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=\"a\tb\"", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/form-data; boundary=a; boundary=b", BODY_NONE, "",
	ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=\"a", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/form-data; boundary=\"a\\", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/form-data; boundary=a b", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/form-data; boundary=\xe6\x97\xa5", BODY_NONE, "",
	ERR_REQ_MALFORMED},
    {"multipart/form-data; boundary=a@b", BODY_NONE, "", ERR_REQ_TYPE},
    /* what says nothing to us is ignored, unless it is broken */
    {"multipart/form-data; x=y; boundary=a", BODY_MULTIPART, "a", 0},
    {"multipart/form-data; boundary=a; type=\"text/xml\"", BODY_MULTIPART, "a",
	0},
    {"application/json; odata=verbose", BODY_JSON, "", 0},
    {"application/json; version=\"1;2\"; charset=utf-8", BODY_JSON, "", 0},
    {"application/json;", BODY_JSON, "", 0},
    {"application/json; ; charset=utf-8 ;", BODY_JSON, "", 0},
    {"application/json; boundary=a", BODY_JSON, "", 0},
    {"application/x-www-form-urlencoded; boundary=a", BODY_FORM, "", 0},
    {"application/json; x=y z", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; x=\"y", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; =y", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; odata=verbose; charset=utf-16", BODY_NONE, "",
	ERR_REQ_TYPE},
    {"multipart/form-data boundary=a", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/mixed; boundary=a", BODY_NONE, "", ERR_REQ_TYPE},
    {"multipart/form-datax; boundary=a", BODY_NONE, "", ERR_REQ_TYPE},
    {"", BODY_NONE, "", ERR_REQ_TYPE},
    {";", BODY_NONE, "", ERR_REQ_TYPE},
    {"text/plain", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/jsonp", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/js", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json, text/plain", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; charset", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; charset=utf-16", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/json; charset=iso-8859-1", BODY_NONE, "", ERR_REQ_TYPE},
    {"application/problem+json", BODY_NONE, "", ERR_REQ_TYPE},
};

START_TEST(parses_content_type)
{
	char boundary[BOUNDARY_MAX + 1] = "";
	enum route_type type = BODY_NONE;
	struct err err;
	int rc;

	err_clear(&err);
	rc = content_type_parse(types[_i].in, &type, boundary, &err);
	if (types[_i].type == BODY_NONE) {
		ck_assert_int_eq(rc, -1);
		ck_assert_str_eq(err_name(err.code), err_name(types[_i].code));
		return;
	}
	ck_assert_msg(rc == 0, "%s", err.msg);
	ck_assert_int_eq(type, types[_i].type);
	ck_assert_str_eq(boundary, types[_i].boundary);
}
END_TEST

static const struct {
	const char *form;
	const char *field;
	enum err_code code;
} lists[] = {
    {"a=1&b=2", "", ERR_NONE},
    {"a=1&m=2&m=3&m=4", "", ERR_NONE},
    {"", "", ERR_NONE},
    {"a=1&c=2", "c", ERR_FIELD_UNKNOWN},
    {"A=1", "A", ERR_FIELD_UNKNOWN},
    {"a=1&b=2&a=1", "a", ERR_FIELD_DUPLICATE},
    {"a%20=1", "a ", ERR_FIELD_UNKNOWN},
};

START_TEST(checks_fields)
{
	static const char *const once[] = {"a", "b", NULL};
	static const char *const many[] = {"m", NULL};
	struct fields fs = {.n = 0, .limits = upload_limit};
	struct err err;

	err_clear(&err);
	ck_assert_int_eq(
	    urlencoded_parse(lists[_i].form, strlen(lists[_i].form), &fs, &err),
	    0);
	fields_check(&fs, once, many, &err);
	ck_assert_str_eq(err_name(err.code), err_name(lists[_i].code));
	ck_assert_str_eq(err.field, lists[_i].field);
	fields_clear(&fs);
}
END_TEST

START_TEST(reads_fields)
{
	struct fields fs = {.n = 0, .limits = upload_limit};

	ck_assert_int_eq(urlencoded_parse("a=1&a=2&b=", 10, &fs, NULL), 0);
	ck_assert_str_eq(fields_str(&fs, "a", "x"), "1");
	ck_assert_str_eq(fields_str(&fs, "b", "x"), "");
	ck_assert_str_eq(fields_str(&fs, "c", "x"), "x");
	ck_assert_ptr_null(fields_get(&fs, "c"));
	ck_assert_int_eq(fields_check(&fs, NULL, NULL, NULL), -1);
	fields_clear(&fs);
	ck_assert_uint_eq(fs.n, 0);
	ck_assert_int_eq(fields_check(&fs, NULL, NULL, NULL), 0);
}
END_TEST

/* The three names are pki.h's. */
START_TEST(upload_names)
{
	static const char *const names[] = {
	    "server_certificate", "private_key", "ca_certificate"};

	ck_assert_int_eq(N(names), PKI_FIELD__MAX);
	for (int i = 0; i < N(names); i++) {
		ck_assert_str_eq(upload_fields[i], names[i]);
		ck_assert(upload_is_field(names[i]));
	}
	ck_assert_ptr_null(upload_fields[N(names)]);
	ck_assert(!upload_is_field("passphrase"));
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, decodes_path, 0, N(paths));
	tcase_add_loop_test(t, parses_urlencoded, 0, N(forms));
	tcase_add_loop_test(t, limits_urlencoded, 0, N(limits));
	tcase_add_loop_test(t, parses_content_type, 0, N(types));
	tcase_add_loop_test(t, checks_fields, 0, N(lists));
	tcase_add_test(t, reads_fields);
	tcase_add_test(t, upload_names);
	return suite_run("form", t) == 0 ? 0 : 1;
}
