/*
 * test_findings.c - the list, its limit, its JSON form from hostile hands.
 */
#include <string.h>

#include "findings.h"
#include "jsonx.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

START_TEST(rows_and_args)
{
	struct findings f;
	char long_text[600];

	memset(long_text, 'x', 255);
	strcpy(long_text + 255, "\xe6\x97\xa5");
	findings_init(&f);
	findings_add(&f, ERR_KEY_MISMATCH, "private_key", "key", "4F2A",
	    "certificate", NULL, "cut", long_text, "dirty", "a\nb\xff", NULL);
	findings_add(&f, ERR_CERT_SELF_SIGNED, NULL, NULL);
	findings_add_sev(&f, ERR_CERT_SELF_SIGNED, SEV_WARN, "f", NULL);
	ck_assert_uint_eq(f.n, 3);
	ck_assert_int_eq(f.v[0].code, ERR_KEY_MISMATCH);
	ck_assert_int_eq(f.v[0].severity, SEV_ERROR);
	ck_assert_str_eq(f.v[0].field, "private_key");
	ck_assert_str_eq(jsonx_path_str(f.v[0].args, "key", "-"), "4F2A");
	ck_assert_str_eq(jsonx_path_str(f.v[0].args, "certificate", "-"), "");
	ck_assert_uint_eq(strlen(jsonx_path_str(f.v[0].args, "cut", "")), 255);
	ck_assert_str_eq(jsonx_path_str(f.v[0].args, "dirty", "-"), "a b?");
	ck_assert_int_eq(f.v[1].severity, SEV_INFO);
	ck_assert_str_eq(f.v[1].field, "");
	ck_assert_int_eq(f.v[2].severity, SEV_WARN);
	findings_clear(&f);
	ck_assert_uint_eq(f.n, 0);
	findings_clear(&f);
}
END_TEST

START_TEST(full_list_keeps_errors)
{
	struct findings f;
	char i_text[16];
	int i;

	findings_init(&f);
	for (i = 0; i < FINDINGS_MAX; i++) {
		snprintf(i_text, sizeof(i_text), "%d", i);
		findings_add_sev(&f, ERR_CERT_SELF_SIGNED,
		    i % 2 ? SEV_INFO : SEV_WARN, i_text, "i", i_text, NULL);
	}
	findings_add_sev(&f, ERR_CERT_SELF_SIGNED, SEV_INFO, "no", NULL);
	ck_assert_str_eq(f.v[63].field, "63");
	findings_add(&f, ERR_KEY_WEAK, "yes", NULL);
	ck_assert_uint_eq(f.n, FINDINGS_MAX);
	ck_assert_str_eq(f.v[63].field, "yes");
	ck_assert_str_eq(f.v[62].field, "62");
	/* Errors replace the rest, 63 of them, in order; then nothing fits. */
	for (i = 0; i < FINDINGS_MAX - 1; i++) {
		snprintf(i_text, sizeof(i_text), "e%d", i);
		findings_add(&f, ERR_KEY_WEAK, i_text, NULL);
	}
	for (i = 0; i < FINDINGS_MAX; i++)
		ck_assert_int_eq(f.v[i].severity, SEV_ERROR);
	ck_assert_str_eq(f.v[0].field, "yes");
	ck_assert_str_eq(f.v[63].field, "e62");
	findings_add(&f, ERR_KEY_WEAK, "too many", NULL);
	ck_assert_str_eq(f.v[63].field, "e62");
	findings_clear(&f);
}
END_TEST

START_TEST(blocking)
{
	static const char *const confirm[] = {
	    "cert.not_yet_valid", NULL, "cert.expired"};
	struct findings f;

	findings_init(&f);
	ck_assert_ptr_null(findings_blocking(&f, NULL, 0));
	findings_add(&f, ERR_CERT_SELF_SIGNED, NULL, NULL);
	findings_add(&f, ERR_CERT_EXPIRES_SOON, NULL, NULL);
	ck_assert_ptr_null(findings_blocking(&f, NULL, 0));
	findings_add(&f, ERR_CERT_EXPIRED, NULL, NULL);
	ck_assert_ptr_eq(findings_blocking(&f, NULL, 0), &f.v[2]);
	ck_assert_ptr_eq(findings_blocking(&f, confirm, 2), &f.v[2]);
	ck_assert_ptr_null(findings_blocking(&f, confirm, 3));
	findings_add(&f, ERR_KEY_WEAK, NULL, NULL);
	ck_assert_ptr_eq(findings_blocking(&f, confirm, 3), &f.v[3]);
	findings_clear(&f);
	/* An error is no question, whatever is confirmed. */
	findings_add_sev(&f, ERR_CERT_EXPIRED, SEV_ERROR, NULL, NULL);
	ck_assert_ptr_eq(findings_blocking(&f, confirm, 3), &f.v[0]);
	findings_clear(&f);
}
END_TEST

START_TEST(json_there_and_back)
{
	struct findings f, g;
	struct json_object *o, *p;
	struct err err;
	size_t i;
	int c;

	findings_init(&f);
	findings_init(&g);
	for (c = 1; c < ERR__MAX && f.n < FINDINGS_MAX; c++)
		findings_add(&f, (enum err_code)c, "server_certificate",
		    "subject", "CN=\xe6\x97\xa5, O=\"x\"", "n", "1", NULL);
	o = findings_to_json(&f);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(findings_from_json(&g, o, &err), 0);
	ck_assert_uint_eq(g.n, f.n);
	for (i = 0; i < f.n; i++) {
		ck_assert_int_eq(g.v[i].code, f.v[i].code);
		ck_assert_int_eq(g.v[i].severity, f.v[i].severity);
		ck_assert_str_eq(g.v[i].field, f.v[i].field);
		ck_assert(json_object_equal(g.v[i].args, f.v[i].args));
	}
	p = findings_to_json(&g);
	ck_assert(json_object_equal(o, p));
	json_object_put(o);
	json_object_put(p);
	findings_clear(&f);
	findings_clear(&g);
}
END_TEST

#define ROW(code, sev, rest) \
	"{\"code\":\"" code "\",\"severity\":\"" sev "\"" rest "}"
#define OK ROW("key.weak", "error", "")

static const char *const bad[] = {
    "{}",
    "null",
    "5",
    "\"x\"",
    "[null]",
    "[5]",
    "[[]]",
    "[{}]",
    "[{\"code\":\"key.weak\"}]",
    "[{\"severity\":\"error\"}]",
    "[" ROW("none", "error", "") "]",
    "[" ROW("no.such", "error", "") "]",
    "[" ROW("", "error", "") "]",
    "[" ROW("key.weak", "fatal", "") "]",
    "[" ROW("key.weak", "error", ",\"message\":\"x\"") "]",
    "[" ROW("key.weak", "error", ",\"field\":5") "]",
    "[" ROW("key.weak", "error",
	",\"field\":\"01234567890123456789"
	"0123456789012345678901234567\"") "]",
    "[" ROW("key.weak", "error", ",\"args\":[]") "]",
    "[" ROW("key.weak", "error", ",\"args\":\"x\"") "]",
    "[" ROW("key.weak", "error", ",\"args\":{\"n\":5}") "]",
    "[" ROW("key.weak", "error", ",\"args\":{\"n\":null}") "]",
    "[" ROW("key.weak", "error", ",\"args\":{\"N\":\"x\"}") "]",
    "[" ROW("key.weak", "error", ",\"args\":{\"\":\"x\"}") "]",
    "[" ROW("key.weak", "error", ",\"args\":{\"a.b\":\"x\"}") "]",
    "[" ROW("key.weak", "error",
	",\"args\":{\"a\":\"1\",\"b\":\"1\","
	"\"c\":\"1\",\"d\":\"1\",\"e\":\"1\",\"f\":\"1\",\"g\":\"1\","
	"\"h\":\"1\",\"i\":\"1\",\"j\":\"1\",\"k\":\"1\",\"l\":\"1\","
	"\"m\":\"1\",\"n\":\"1\",\"o\":\"1\",\"p\":\"1\",\"q\":\"1\"}") "]",
    "[" OK "," OK ",{}]",
};

START_TEST(json_of_a_peer)
{
	struct json_object *o = NULL;
	struct findings f;
	struct err err;

	findings_init(&f);
	findings_add(&f, ERR_CERT_SELF_SIGNED, "kept", NULL);
	ck_assert_int_eq(jsonx_parse(bad[_i], strlen(bad[_i]), 8, &o, &err), 0);
	ck_assert_int_eq(findings_from_json(&f, o, &err), -1);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_str_eq(f.v[0].field, "kept");
	json_object_put(o);
	findings_clear(&f);
}
END_TEST

START_TEST(json_limits)
{
	struct json_object *o = json_object_new_array(), *row, *args;
	struct findings f;
	struct err err;
	char text[300];
	int i;

	findings_init(&f);
	memset(text, 'x', sizeof(text));
	text[256] = '\0';
	for (i = 0; i < FINDINGS_MAX; i++) {
		row = json_tokener_parse(OK);
		args = json_object_new_object();
		json_object_object_add(args, "a", json_object_new_string(text));
		json_object_object_add(row, "args", args);
		json_object_array_add(o, row);
	}
	ck_assert_int_eq(findings_from_json(&f, o, &err), 0);
	ck_assert_uint_eq(f.n, FINDINGS_MAX);
	json_object_array_add(o, json_tokener_parse(OK));
	ck_assert_int_eq(findings_from_json(&f, o, &err), -1);
	json_object_put(o);
	o = json_tokener_parse("[" ROW(
	    "key.weak", "error", ",\"args\":{\"a\":\"\\u001b[2J\"}") "]");
	ck_assert_int_eq(findings_from_json(&f, o, &err), 0);
	ck_assert_str_eq(jsonx_path_str(f.v[0].args, "a", "-"), " [2J");
	text[256] = 'x';
	text[257] = '\0';
	args = jsonx_path(json_object_array_get_idx(o, 0), "args");
	json_object_object_add(args, "a", json_object_new_string(text));
	ck_assert_int_eq(findings_from_json(&f, o, &err), -1);
	json_object_put(o);
	findings_clear(&f);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, rows_and_args);
	tcase_add_test(tc, full_list_keeps_errors);
	tcase_add_test(tc, blocking);
	tcase_add_test(tc, json_there_and_back);
	tcase_add_loop_test(tc, json_of_a_peer, 0, N(bad));
	tcase_add_test(tc, json_limits);
}

int
main(void)
{
	return tmp_run("findings", add, 20);
}
