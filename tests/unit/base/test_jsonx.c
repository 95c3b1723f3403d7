/*
 * test_jsonx.c - the strict reader and the getters.
 *
 * Texts that must be refused outnumber those that must pass; a second set
 * comes from a small mutator, whose accepted texts json-c must accept too
 * and read the same.
 */
#include <errno.h>
#include <string.h>

#include "jsonx.h"
#include "../tmp.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* text, and how it prints; the same when NULL. */
static const struct {
	const char *in, *out;
} good[] = {
    {"{}", NULL},
    {"[]", NULL},
    {"null", NULL},
    {"true", NULL},
    {"false", NULL},
    {"0", NULL},
    {"-0", "0"},
    {"12", NULL},
    {"-9223372036854775808", NULL},
    {"9223372036854775807", NULL},
    {"0.5", NULL},
    {"1e2", "100.0"},
    {"1E+2", "100.0"},
    {"-1.25e-1", "-0.125"},
    {"\"\"", NULL},
    {"\"a\"", NULL},
    {"\"/\"", NULL},
    {"\"\\/\"", "\"/\""},
    {"\"\\b\\f\\n\\r\\t\\\\\\\"\"", NULL},
    {"\"\\u0041\\u00e9\\u65E5\"", "\"A\xc3\xa9\xe6\x97\xa5\""},
    {"\"\\ud83d\\udd12\"", "\"\xf0\x9f\x94\x92\""},
    {"\"\\u0001\"", NULL},
    {"\"\xe6\x97\xa5\"", NULL},
    {" \t\r\n{ \"a\" : [ 1 , 2 ] } \n", "{\"a\":[1,2]}"},
    {"{\"a\":{\"a\":{\"a\":null}}}", NULL},
    {"[[[[1]]],{\"x\":[]}]", NULL},
    {"{\"\":1}", NULL},
    {"{\"a\":\"b\",\"\":1}", NULL},
    {"{\"a\":1,\"A\":2,\"a \":3}", NULL},
};

START_TEST(accepts)
{
	const char *want = good[_i].out == NULL ? good[_i].in : good[_i].out;
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(
	    jsonx_parse(good[_i].in, strlen(good[_i].in), 5, &o, &err) == 0,
	    "%s", err.msg);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    want);
	json_object_put(o);
}
END_TEST

static const struct {
	enum err_code code;
	const char *in;
	size_t len; /* 0 = strlen */
} bad[] = {
    /* nothing, or more than one value */
    {ERR_REQ_MALFORMED, "", 0},
    {ERR_REQ_MALFORMED, "   ", 0},
    {ERR_REQ_MALFORMED, "{}{}", 0},
    {ERR_REQ_MALFORMED, "{} x", 0},
    {ERR_REQ_MALFORMED, "{},", 0},
    {ERR_REQ_MALFORMED, "1 2", 0},
    {ERR_REQ_MALFORMED, "{}\0", 3},
    {ERR_REQ_MALFORMED, "\0{}", 3},
    {ERR_REQ_MALFORMED, "nullx", 0},
    {ERR_REQ_MALFORMED, "\xef\xbb\xbf{}", 0},
    /* the relaxations of json-c and others */
    {ERR_REQ_MALFORMED, "{'a':1}", 0},
    {ERR_REQ_MALFORMED, "'a'", 0},
    {ERR_REQ_MALFORMED, "{a:1}", 0},
    {ERR_REQ_MALFORMED, "{1:1}", 0},
    {ERR_REQ_MALFORMED, "{\"a\":1,}", 0},
    {ERR_REQ_MALFORMED, "[1,]", 0},
    {ERR_REQ_MALFORMED, "[,1]", 0},
    {ERR_REQ_MALFORMED, "[1,,2]", 0},
    {ERR_REQ_MALFORMED, "[1 2]", 0},
    {ERR_REQ_MALFORMED, "{\"a\" 1}", 0},
    {ERR_REQ_MALFORMED, "{\"a\":1 \"b\":2}", 0},
    {ERR_REQ_MALFORMED, "{\"a\"=1}", 0},
    {ERR_REQ_MALFORMED, "/* c */ {}", 0},
    {ERR_REQ_MALFORMED, "{} // c", 0},
    {ERR_REQ_MALFORMED, "{\"a\":/**/1}", 0},
    {ERR_REQ_MALFORMED, "NaN", 0},
    {ERR_REQ_MALFORMED, "nan", 0},
    {ERR_REQ_MALFORMED, "Infinity", 0},
    {ERR_REQ_MALFORMED, "-Infinity", 0},
    {ERR_REQ_MALFORMED, "inf", 0},
    {ERR_REQ_MALFORMED, "TRUE", 0},
    {ERR_REQ_MALFORMED, "True", 0},
    {ERR_REQ_MALFORMED, "NULL", 0},
    {ERR_REQ_MALFORMED, "undefined", 0},
    /* numbers */
    {ERR_REQ_MALFORMED, "01", 0},
    {ERR_REQ_MALFORMED, "-01", 0},
    {ERR_REQ_MALFORMED, "+1", 0},
    {ERR_REQ_MALFORMED, "-", 0},
    {ERR_REQ_MALFORMED, ".5", 0},
    {ERR_REQ_MALFORMED, "1.", 0},
    {ERR_REQ_MALFORMED, "1.e1", 0},
    {ERR_REQ_MALFORMED, "1e", 0},
    {ERR_REQ_MALFORMED, "1e+", 0},
    {ERR_REQ_MALFORMED, "0x10", 0},
    {ERR_REQ_MALFORMED, "1_000", 0},
    {ERR_REQ_MALFORMED, "1,5", 0},
    {ERR_REQ_MALFORMED, "9223372036854775808", 0},
    {ERR_REQ_MALFORMED, "-9223372036854775809", 0},
    {ERR_REQ_MALFORMED, "1e999", 0},
    {ERR_REQ_MALFORMED,
	"0.00000000000000000000000000000000000000000000"
	"0000000000000000000001",
	0},
    /* cut off */
    {ERR_REQ_MALFORMED, "{", 0},
    {ERR_REQ_MALFORMED, "[", 0},
    {ERR_REQ_MALFORMED, "{\"a\"", 0},
    {ERR_REQ_MALFORMED, "{\"a\":", 0},
    {ERR_REQ_MALFORMED, "{\"a\":1", 0},
    {ERR_REQ_MALFORMED, "[1", 0},
    {ERR_REQ_MALFORMED, "[1,", 0},
    {ERR_REQ_MALFORMED, "\"", 0},
    {ERR_REQ_MALFORMED, "\"a", 0},
    {ERR_REQ_MALFORMED, "\"\\", 0},
    {ERR_REQ_MALFORMED, "\"\\u", 0},
    {ERR_REQ_MALFORMED, "\"\\u004", 0},
    {ERR_REQ_MALFORMED, "tru", 0},
    {ERR_REQ_MALFORMED, "}", 0},
    {ERR_REQ_MALFORMED, "[}", 0},
    {ERR_REQ_MALFORMED, "{]", 0},
    {ERR_REQ_MALFORMED, "[1}", 0},
    /* strings */
    {ERR_REQ_MALFORMED, "\"\\x41\"", 0},
    {ERR_REQ_MALFORMED, "\"\\'\"", 0},
    {ERR_REQ_MALFORMED, "\"\\u00g0\"", 0},
    {ERR_REQ_MALFORMED, "\"\\\0\"", 4},
    {ERR_REQ_MALFORMED, "\"a\nb\"", 0},
    {ERR_REQ_MALFORMED, "\"a\tb\"", 0},
    {ERR_REQ_MALFORMED, "\"a\0b\"", 5},
    {ERR_FIELD_ENCODING, "\"\\u0000\"", 0},
    {ERR_FIELD_ENCODING, "{\"a\\u0000\":1}", 0},
    {ERR_FIELD_ENCODING, "\"\\ud83d\"", 0},
    {ERR_FIELD_ENCODING, "\"\\udd12\"", 0},
    {ERR_FIELD_ENCODING, "\"\\udd12\\ud83d\"", 0},
    {ERR_FIELD_ENCODING, "\"\\ud83d\\u0041\"", 0},
    {ERR_FIELD_ENCODING, "\"\\ud83d\\ud83d\"", 0},
    {ERR_FIELD_ENCODING, "\"\xff\"", 0},
    {ERR_FIELD_ENCODING, "\"\xc3\"", 0},
    {ERR_FIELD_ENCODING, "\"\xc0\xaf\"", 0},
    {ERR_FIELD_ENCODING, "\"\xe0\x80\xaf\"", 0},
    {ERR_FIELD_ENCODING, "\"\xed\xa0\x80\"", 0},
    {ERR_FIELD_ENCODING, "\"\xf4\x90\x80\x80\"", 0},
    {ERR_FIELD_ENCODING, "\"\xf0\x9f\x94", 0},
    {ERR_FIELD_ENCODING, "{\"\xe9\":1}", 0},
    /* equal keys, however they are written */
    {ERR_FIELD_DUPLICATE, "{\"a\":1,\"a\":1}", 0},
    {ERR_FIELD_DUPLICATE, "{\"a\":1,\"\\u0061\":2}", 0},
    {ERR_FIELD_DUPLICATE, "{\"a\":null,\"b\":1,\"a\":null}", 0},
    {ERR_FIELD_DUPLICATE, "[{\"x\":{\"a\":1,\"a\":2}}]", 0},
    {ERR_FIELD_DUPLICATE, "{\"\":1,\"\":2}", 0},
    /* six levels, five allowed */
    {ERR_REQ_MALFORMED, "[[[[[[]]]]]]", 0},
    {ERR_REQ_MALFORMED, "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}", 0},
    {ERR_REQ_MALFORMED, "[[[[[[", 0},
};

START_TEST(refuses)
{
	size_t len = bad[_i].len == 0 ? strlen(bad[_i].in) : bad[_i].len;
	struct json_object *o = (void *)&good;
	char *exact = malloc(len == 0 ? 1 : len);
	struct err err;

	/* Without a NUL behind it, so that ASan sees a read too far. */
	memcpy(exact, bad[_i].in, len);
	ck_assert_msg(jsonx_parse(exact, len, 5, &o, &err) == -1,
	    "accepted: %s", bad[_i].in);
	ck_assert_str_eq(err_name(err.code), err_name(bad[_i].code));
	ck_assert_ptr_eq(o, &good);
	free(exact);
}
END_TEST

START_TEST(duplicate_names_its_key)
{
	static const char text[] =
	    "{\"x\":{\"tls\\nonly\":1,\"tls\\nonly\":2}}";
	struct json_object *o;
	struct err err;

	ck_assert_int_eq(jsonx_parse(text, strlen(text), 5, &o, &err), -1);
	ck_assert_str_eq(err.field, "tls only");
}
END_TEST

START_TEST(depth_is_exact)
{
	struct json_object *o = NULL;
	struct err err;
	char text[300];
	int n, limit;

	for (limit = 0; limit <= 80; limit += 4) {
		for (n = 1; n <= 100; n++) {
			memset(text, '[', (size_t)n);
			memset(text + n, ']', (size_t)n);
			ck_assert_int_eq(
			    jsonx_parse(text, 2 * (size_t)n, limit, &o, &err),
			    n <= limit && n <= 64 ? 0 : -1);
			json_object_put(o);
			o = NULL;
		}
	}
}
END_TEST

/* A megabyte of empty objects would become 240 MB of json-c. */
START_TEST(many_objects)
{
	struct json_object *o = NULL;
	struct err err;
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "[0");
	for (i = 0; i < 16383; i++)
		buf_adds(&b, i % 2 ? ",{}" : ",[]");
	buf_adds(&b, "]");
	ck_assert_int_eq(jsonx_parse(b.data, b.len, 5, &o, &err), 0);
	json_object_put(o);
	b.len--;
	buf_adds(&b, ",{}]");
	ck_assert_int_eq(jsonx_parse(b.data, b.len, 5, &o, &err), -1);
	ck_assert_int_eq(err.code, ERR_REQ_MALFORMED);
	buf_clear(&b);
}
END_TEST

static unsigned int
next(unsigned int *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* What we accept json-c accepts as well, and reads as the same values. */
START_TEST(agrees_with_json_c)
{
	static const char chars[] = "{}[]:,\"\\0123456789eE+-.tfnaulrse u/";
	struct json_tokener *tok = json_tokener_new_ex(32);
	unsigned int seed = 20 + (unsigned int)_i, accepted = 0, round, k;
	struct json_object *ours, *theirs;
	char text[128];
	size_t len;
	struct err err;

	for (round = 0; round < 4000; round++) {
		strcpy(text, good[next(&seed) % (unsigned int)N(good)].in);
		len = strlen(text);
		for (k = next(&seed) % 3; k > 0; k--)
			text[next(&seed) % len] =
			    chars[next(&seed) % (sizeof(chars) - 1)];
		ours = NULL;
		/* json-c 0.16 makes U+FFFD of some good surrogate pairs. */
		if (strstr(text, "\\ud8") != NULL ||
		    jsonx_parse(text, len, 20, &ours, &err) != 0)
			continue;
		accepted++;
		json_tokener_reset(tok);
		/* json-c 0.18, if strict, takes UTF-8 for control characters.
		 */
		for (k = 0; k < len && (unsigned char)text[k] < 0x80; k++)
			;
		json_tokener_set_flags(tok, k < len ? 0 : JSON_TOKENER_STRICT);
		theirs = json_tokener_parse_ex(tok, text, (int)len + 1);
		ck_assert_msg(
		    json_tokener_get_error(tok) == json_tokener_success,
		    "json-c refuses %s", text);
		ck_assert_msg(json_object_equal(ours, theirs),
		    "json-c reads %s in another way", text);
		json_object_put(ours);
		json_object_put(theirs);
	}
	ck_assert_uint_gt(accepted, 500);
	json_tokener_free(tok);
}
END_TEST

static struct json_object *
parse(const char *text)
{
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(
	    jsonx_parse(text, strlen(text), 8, &o, &err) == 0, "%s", err.msg);
	return o;
}

/* For each member: which getter takes it. */
static const struct {
	const char *json;
	bool is_bool, is_int, is_str, is_obj, is_array;
} types[] = {
    {"{}", true, true, true, true, true},
    {"{\"k\":null}", true, true, true, true, true},
    {"{\"k\":true}", true, false, false, false, false},
    {"{\"k\":false}", true, false, false, false, false},
    {"{\"k\":5}", false, true, false, false, false},
    {"{\"k\":1}", false, true, false, false, false},
    {"{\"k\":5.0}", false, false, false, false, false},
    {"{\"k\":5e0}", false, false, false, false, false},
    {"{\"k\":0}", false, false, false, false, false},
    {"{\"k\":10}", false, false, false, false, false},
    {"{\"k\":\"5\"}", false, false, true, false, false},
    {"{\"k\":\"true\"}", false, false, true, false, false},
    {"{\"k\":\"12345678\"}", false, false, true, false, false},
    {"{\"k\":\"123456789\"}", false, false, false, false, false},
    {"{\"k\":{}}", false, false, false, true, false},
    {"{\"k\":[]}", false, false, false, false, true},
    {"{\"k\":[1,2]}", false, false, false, false, true},
    {"{\"k\":[1,2,3]}", false, false, false, false, false},
};

START_TEST(getters_know_types)
{
	struct json_object *o = parse(types[_i].json), *sub = (void *)types;
	const char *s = "kept";
	int64_t n = 77;
	bool b = true, set = _i > 1;
	struct err err;
	int rc;

	rc = jsonx_bool(o, "k", "a.k", &b, &err);
	ck_assert_int_eq(rc, types[_i].is_bool ? 0 : -1);
	rc = jsonx_int(o, "k", "a.k", 1, 9, &n, &err);
	ck_assert_int_eq(rc, types[_i].is_int ? 0 : -1);
	ck_assert_int_eq(n != 77, set && types[_i].is_int);
	rc = jsonx_str(o, "k", "a.k", 8, &s, &err);
	ck_assert_int_eq(rc, types[_i].is_str ? 0 : -1);
	ck_assert_int_eq(strcmp(s, "kept") != 0, set && types[_i].is_str);
	rc = jsonx_obj(o, "k", "a.k", &sub, &err);
	ck_assert_int_eq(rc, types[_i].is_obj ? 0 : -1);
	ck_assert_int_eq(sub != (void *)types, set && types[_i].is_obj);
	sub = (void *)types;
	rc = jsonx_array(o, "k", "a.k", 2, &sub, &err);
	ck_assert_int_eq(rc, types[_i].is_array ? 0 : -1);
	ck_assert_int_eq(sub != (void *)types, set && types[_i].is_array);
	if (set)
		ck_assert_str_eq(err.field, "a.k");
	json_object_put(o);
}
END_TEST

START_TEST(getters_on_no_object)
{
	struct json_object *o = parse("[1]");
	struct err err;
	bool b = true;

	ck_assert_int_eq(jsonx_bool(o, "k", "k", &b, &err), 0);
	ck_assert_int_eq(jsonx_bool(NULL, "k", "k", &b, &err), 0);
	ck_assert(b);
	json_object_put(o);
}
END_TEST

START_TEST(string_with_nul)
{
	struct json_object *o = json_object_new_object();
	const char *s = "kept";
	struct err err;

	json_object_object_add(o, "k", json_object_new_string_len("a\0b", 3));
	ck_assert_int_eq(jsonx_str(o, "k", "k", 8, &s, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_INVALID);
	ck_assert_str_eq(s, "kept");
	json_object_put(o);
}
END_TEST

START_TEST(only_known_members)
{
	static const char *const keys[] = {"a", "b", NULL};
	struct json_object *o;
	struct err err;

	o = parse("{\"a\":1}");
	ck_assert_int_eq(jsonx_only(o, "", keys, &err), 0);
	json_object_put(o);
	o = parse("{}");
	ck_assert_int_eq(jsonx_only(o, NULL, keys, &err), 0);
	json_object_put(o);
	o = parse("{\"a\":1,\"c\":null}");
	ck_assert_int_eq(jsonx_only(o, NULL, keys, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_UNKNOWN);
	ck_assert_str_eq(err.field, "c");
	ck_assert_int_eq(jsonx_only(o, "inbound", keys, &err), -1);
	ck_assert_str_eq(err.field, "inbound.c");
	json_object_put(o);
	o = parse("[1]");
	ck_assert_int_eq(jsonx_only(o, NULL, keys, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_INVALID);
	json_object_put(o);
}
END_TEST

/* RFC 4648 section 10, and what is near it. */
static const struct {
	const char *text, *bytes;
} b64_good[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"//79", "\xff\xfe\xfd"},
    {"++++", "\xfb\xef\xbe"},
};

static const char *const b64_bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zm8",
    "Z===", "====", "=", "Zg==Zg==", "Zg== ", " Zg==", "Zg==\n", "Zm9v\nYmFy",
    "Zh==", "Zm9=", "Zm-_", "Zm9v\xc3\xa9", "Zm=v", "Zm9vYmFy=", "Zm9vYmF*",
    "A=A=", "Zm9vYmFyYg==" /* seven bytes, six allowed */};

START_TEST(base64_decodes)
{
	struct json_object *o = json_object_new_object();
	struct err err;
	struct buf b;

	buf_init(&b, 100);
	buf_adds(&b, "<");
	json_object_object_add(
	    o, "k", json_object_new_string(b64_good[_i].text));
	ck_assert_int_eq(jsonx_b64(o, "k", "k", 6, &b, &err), 0);
	ck_assert_uint_eq(b.len, 1 + strlen(b64_good[_i].bytes));
	ck_assert_str_eq(b.data + 1, b64_good[_i].bytes);
	json_object_put(o);
	buf_clear(&b);
}
END_TEST

START_TEST(base64_refuses)
{
	struct json_object *o = json_object_new_object();
	struct err err;
	struct buf b;

	buf_init(&b, 100);
	buf_adds(&b, "<");
	json_object_object_add(o, "k", json_object_new_string(b64_bad[_i]));
	ck_assert_int_eq(jsonx_b64(o, "k", "k", 6, &b, &err), -1);
	ck_assert_str_eq(err.field, "k");
	ck_assert_str_eq(b.data, "<");
	json_object_put(o);
	buf_clear(&b);
}
END_TEST

START_TEST(base64_other)
{
	struct json_object *o = parse("{\"n\":null,\"i\":5,\"s\":\"Zm9v\"}");
	struct err err;
	struct buf b;

	buf_init(&b, 2);
	ck_assert_int_eq(jsonx_b64(o, "n", "n", 6, &b, &err), 0);
	ck_assert_int_eq(jsonx_b64(o, "x", "x", 6, &b, &err), 0);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_int_eq(jsonx_b64(o, "i", "i", 6, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_INVALID);
	ck_assert_int_eq(jsonx_b64(o, "s", "s", 2, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_TOO_LONG);
	ck_assert_int_eq(jsonx_b64(o, "s", "s", 3, &b, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOMEM);
	json_object_put(o);
	buf_clear(&b);
}
END_TEST

START_TEST(base64_there_and_back)
{
	struct json_object *o;
	unsigned char raw[300];
	struct err err;
	struct buf b;
	size_t n;

	ck_assert_int_eq(random_bytes(raw, sizeof(raw), &err), 0);
	for (n = 0; n <= sizeof(raw); n++) {
		o = json_object_new_object();
		json_object_object_add(o, "k", jsonx_new_b64(raw, n));
		buf_init(&b, sizeof(raw));
		ck_assert_int_eq(jsonx_b64(o, "k", "k", n, &b, &err), 0);
		ck_assert_uint_eq(b.len, n);
		ck_assert_int_eq(memcmp(b.data, raw, n), 0);
		buf_clear(&b);
		json_object_put(o);
	}
}
END_TEST

START_TEST(paths)
{
	struct json_object *o =
	    parse("{\"a\":{\"b\":{\"c\":\"x\"},\"n\":null},\"s\":\"y\"}");

	ck_assert_str_eq(jsonx_path_str(o, "a.b.c", "-"), "x");
	ck_assert_str_eq(jsonx_path_str(o, "s", "-"), "y");
	ck_assert_str_eq(jsonx_path_str(o, "a.b", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(o, "a.n", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(o, "s.x", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(o, "", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(o, "a..c", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(o, "a.", "-"), "-");
	ck_assert_str_eq(jsonx_path_str(NULL, "a", "-"), "-");
	ck_assert_ptr_nonnull(jsonx_path(o, "a.b"));
	ck_assert_ptr_null(jsonx_path(o, "a.x.c"));
	json_object_put(o);
}
END_TEST

START_TEST(secrets_are_wiped)
{
	struct json_object *o = parse("{\"a\":[\"secret one\",{\"b\":\"x\"}],"
				      "\"p\":\"a passphrase that is rather "
				      "longer than what json-c keeps inline "
				      "in its objects, for good measure\"}");
	struct json_object *p = json_object_get(jsonx_path(o, "p"));
	struct json_object *s =
	    json_object_get(json_object_array_get_idx(jsonx_path(o, "a"), 0));
	struct json_object *x = json_object_get(
	    jsonx_path(json_object_array_get_idx(jsonx_path(o, "a"), 1), "b"));
	int i;

	jsonx_wipe(o);
	ck_assert_int_eq(json_object_get_string(x)[0], 0);
	ck_assert_int_eq(json_object_get_string_len(s), 10);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(json_object_get_string(s)[i], 0);
	for (i = 0; i < json_object_get_string_len(p); i++)
		ck_assert_int_eq(json_object_get_string(p)[i], 0);
	json_object_put(s);
	json_object_put(p);
	json_object_put(x);
	jsonx_wipe(NULL);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, accepts, 0, N(good));
	tcase_add_loop_test(tc, refuses, 0, N(bad));
	tcase_add_test(tc, duplicate_names_its_key);
	tcase_add_test(tc, depth_is_exact);
	tcase_add_test(tc, many_objects);
	tcase_add_loop_test(tc, agrees_with_json_c, 0, 4);
	tcase_add_loop_test(tc, getters_know_types, 0, N(types));
	tcase_add_test(tc, getters_on_no_object);
	tcase_add_test(tc, string_with_nul);
	tcase_add_test(tc, only_known_members);
	tcase_add_loop_test(tc, base64_decodes, 0, N(b64_good));
	tcase_add_loop_test(tc, base64_refuses, 0, N(b64_bad));
	tcase_add_test(tc, base64_other);
	tcase_add_test(tc, base64_there_and_back);
	tcase_add_test(tc, paths);
	tcase_add_test(tc, secrets_are_wiped);
}

int
main(void)
{
	return tmp_run("jsonx", add, 60);
}
