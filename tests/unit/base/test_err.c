/*
 * test_err.c - the table of codes and the carriage of errors.
 */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "../tmp.h"
#include "util.h"

static const int statuses[] = {0, 200, 400, 401, 403, 404, 405, 408, 409, 411,
    412, 413, 415, 422, 428, 429, 500, 502, 503, 507};

START_TEST(row_is_sound)
{
	enum err_code back, code = (enum err_code)_i;
	const char *name = err_name(code);
	int http = err_http(code);
	size_t i, known = 0;

	ck_assert_uint_gt(strlen(name), 0);
	ck_assert_uint_lt(strlen(name), 64);
	ck_assert_uint_eq(
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_."),
	    strlen(name));
	ck_assert(strstr(name, "..") == NULL && name[0] != '.' &&
		  name[strlen(name) - 1] != '.');
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		known += statuses[i] == http;
	ck_assert_msg(known == 1, "%s: status %d", name, http);
	/* Unique: the look-up finds the first of its name. */
	ck_assert_int_eq(err_from_name(name, &back), 0);
	ck_assert_msg(back == code, "%s is there twice", name);
	switch (err_severity(code)) {
	case SEV_ERROR:
		ck_assert_msg(http >= 400, "%s: error with %d", name, http);
		break;
	case SEV_CONFIRM:
		ck_assert_msg(http == 422, "%s: confirm with %d", name, http);
		break;
	default:
		ck_assert_msg(http == 0 || code == ERR_NONE, "%s: note with %d",
		    name, http);
	}
}
END_TEST

START_TEST(codes_out_of_range)
{
	static const int bad[] = {-1, ERR__MAX, ERR__MAX + 1, 1 << 30, INT_MIN};
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_str_eq(err_name((enum err_code)bad[i]), "internal");
		ck_assert_int_eq(err_http((enum err_code)bad[i]), 500);
		ck_assert_int_eq(
		    err_severity((enum err_code)bad[i]), SEV_ERROR);
		err_set(&err, (enum err_code)bad[i], NULL, "x");
		ck_assert_int_eq(err.code, ERR_INTERNAL);
		ck_assert_str_eq(severity_name((enum severity)(
				     bad[i] < 0 ? bad[i] : SEV__MAX + (int)i)),
		    "error");
	}
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char *const bad[] = {"", "x", "key", "key.mismatch ",
	    "KEY.MISMATCH", "internal.", "none2", "key.mismatch\n"};
	enum err_code code = ERR_IO;
	enum severity sev = SEV_WARN;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(err_from_name(bad[i], &code), -1);
		ck_assert_int_eq(severity_from_name(bad[i], &sev), -1);
	}
	ck_assert_int_eq(err_from_name(NULL, &code), -1);
	ck_assert_int_eq(severity_from_name(NULL, &sev), -1);
	ck_assert_int_eq(code, ERR_IO);
	ck_assert_int_eq(sev, SEV_WARN);
}
END_TEST

START_TEST(severities_there_and_back)
{
	enum severity back = SEV__MAX;

	ck_assert_int_eq(
	    severity_from_name(severity_name((enum severity)_i), &back), 0);
	ck_assert_int_eq(back, _i);
}
END_TEST

static const struct {
	const char *in, *out;
} lines[] = {
    {"plain", "plain"},
    {"two\nlines\r\n", "two lines  "},
    {"tab\tbell\a esc\033[31m", "tab bell  esc [31m"},
    {"del\177", "del "},
    {"caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5"},
    {"cut \xc3", "cut ?"},
    {"overlong \xc0\xaf", "overlong ??"},
    {"surrogate \xed\xa0\x80", "surrogate ???"},
    {"c1 \xc2\x9b"
     "31m",
	"c1  31m"},
    {"ls \xe2\x80\xa8x", "ls  x"},
    {"\xff\xfe", "??"},
    {"", ""},
};

START_TEST(message_is_one_clean_line)
{
	struct err err;

	ck_assert_int_eq(
	    err_set(&err, ERR_IO, lines[_i].in, "%s", lines[_i].in), -1);
	ck_assert_str_eq(err.msg, lines[_i].out);
	ck_assert_str_eq(err.field, lines[_i].out);
	ck_assert_int_eq(err.sys, 0);
}
END_TEST

/* Every length around the buffer's end, with characters of 1 to 4 bytes. */
START_TEST(message_is_cut_at_a_character)
{
	static const char *const chars[] = {
	    "x", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\x94\x92"};
	char text[1200];
	struct err err;
	size_t n, c, w;

	for (c = 0; c < 4; c++) {
		w = strlen(chars[c]);
		for (n = 0; n < 260; n++) {
			memcpy(text + n * w, chars[c], w);
			text[(n + 1) * w] = '\0';
			err_set(&err, ERR_IO, text, "%s", text);
			ck_assert(utf8_valid(err.msg, strlen(err.msg)));
			ck_assert_uint_eq(strlen(err.msg) % w, 0);
			ck_assert_uint_eq(strlen(err.field) % w, 0);
			ck_assert_uint_lt(strlen(err.msg), sizeof(err.msg));
			if ((n + 1) * w < sizeof(err.msg))
				ck_assert_str_eq(err.msg, text);
			if ((n + 1) * w < sizeof(err.field))
				ck_assert_str_eq(err.field, text);
		}
	}
}
END_TEST

START_TEST(sys_keeps_errno)
{
	struct err err;

	errno = ENOSPC;
	ck_assert_int_eq(err_sys(&err, ERR_IO, NULL, "write %s", "f"), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(err.sys, ENOSPC);
	ck_assert_str_eq(err.msg, "write f: No space left on device");
	ck_assert_str_eq(err.field, "");
	ck_assert_int_eq(err_sys(NULL, ERR_IO, NULL, "nobody cares"), -1);
	ck_assert_int_eq(err_set(NULL, ERR_IO, "f", "nobody cares"), -1);
	err_clear(&err);
	ck_assert_int_eq(err.code, ERR_NONE);
	ck_assert_str_eq(err.msg, "");
	err_clear(NULL);
}
END_TEST

START_TEST(json_there_and_back)
{
	struct json_object *o;
	struct err a, b;

	err_set(&a, (enum err_code)_i, "private_key", "caf\xc3\xa9 \"q\"");
	o = err_to_json(&a);
	ck_assert_ptr_nonnull(o);
	memset(&b, 0x55, sizeof(b));
	err_from_json(&b, o);
	json_object_put(o);
	ck_assert_int_eq(b.code, _i);
	ck_assert_str_eq(b.field, a.field);
	ck_assert_str_eq(b.msg, a.msg);
	ck_assert_int_eq(b.sys, 0);
}
END_TEST

static const struct {
	const char *json;
	enum err_code code;
	const char *field, *msg;
} peers[] = {
    {"{}", ERR_INTERNAL, "", ""},
    {"[]", ERR_INTERNAL, "", ""},
    {"null", ERR_INTERNAL, "", ""},
    {"\"key.mismatch\"", ERR_INTERNAL, "", ""},
    {"{\"code\": \"none\"}", ERR_INTERNAL, "", ""},
    {"{\"code\": \"no.such\", \"field\": \"f\"}", ERR_INTERNAL, "f", ""},
    {"{\"code\": 5, \"field\": 6, \"detail\": []}", ERR_INTERNAL, "", ""},
    {"{\"code\": \"key.weak\", \"detail\": \"a\\u001b[2J\\nb\"}", ERR_KEY_WEAK,
	"", "a [2J b"},
    {"{\"code\": \"key.weak\", \"field\": "
     "\"0123456789012345678901234567890123456789012345678901234\"}",
	ERR_KEY_WEAK, "01234567890123456789012345678901234567890123456", ""},
};

START_TEST(json_of_a_peer)
{
	struct json_object *o = json_tokener_parse(peers[_i].json);
	struct err err;

	memset(&err, 0x55, sizeof(err));
	err_from_json(&err, o);
	json_object_put(o);
	ck_assert_int_eq(err.code, peers[_i].code);
	ck_assert_str_eq(err.field, peers[_i].field);
	ck_assert_str_eq(err.msg, peers[_i].msg);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, row_is_sound, 0, ERR__MAX);
	tcase_add_test(tc, codes_out_of_range);
	tcase_add_test(tc, names_that_are_none);
	tcase_add_loop_test(tc, severities_there_and_back, 0, SEV__MAX);
	tcase_add_loop_test(tc, message_is_one_clean_line, 0, N(lines));
	tcase_add_test(tc, message_is_cut_at_a_character);
	tcase_add_test(tc, sys_keeps_errno);
	tcase_add_loop_test(tc, json_there_and_back, 1, ERR__MAX);
	tcase_add_loop_test(tc, json_of_a_peer, 0, N(peers));
}

int
main(void)
{
	return tmp_run("err", add, 20);
}
