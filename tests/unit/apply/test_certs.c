/*
 * test_certs.c - the list of certificates: its record, that of the version
 * before there was a list, and what a bundle may say.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "generation.h"
#include "jsonx.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct certs list, back;
static struct json_object *meta;

static void
setup(void)
{
	ck_assert_int_eq(certs_init(&list), 0);
	ck_assert_int_eq(certs_init(&back), 0);
	meta = json_object_new_object();
}

static void
teardown(void)
{
	certs_clear(&list);
	certs_clear(&back);
	json_object_put(meta);
}

static struct json_object *
json(const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	ck_assert_msg(o != NULL, "%s", text);
	return o;
}

START_TEST(former_record)
{
	struct err err;

	json_object_put(meta);
	meta = json("{\"certificate\":{\"sha256\":\"ab\"},"
		    "\"chain_sha256\":\"cd\"}");
	ck_assert_int_eq(certs_of_meta(&back, meta, &err), 0);
	ck_assert_uint_eq(back.n, 1);
	ck_assert_str_eq(back.v[CERTS_DEFAULT].file, CERT_DEFAULT_FILE);
	ck_assert_str_eq(back.v[CERTS_DEFAULT].sha256, "cd");
	ck_assert_str_eq(
	    jsonx_path_str(back.v[CERTS_DEFAULT].facts, "sha256", ""), "ab");
}
END_TEST

START_TEST(no_certificate)
{
	struct err err;

	json_object_put(meta);
	meta = json("{\"certificate\":null}");
	ck_assert_int_eq(certs_of_meta(&back, meta, &err), 0);
	ck_assert_str_eq(back.v[CERTS_DEFAULT].file, "");
}
END_TEST

static void
put(const char *name, const char *chain, const char *file)
{
	struct cert *c = certs_add(&list, CERT_INBOUND, name);

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(buf_adds(&c->chain, chain), 0);
	c->facts = json("{\"sha256\":\"00\"}");
	jsonx_put_str(c->facts, "sha256", chain);
	memcpy(c->file, file, strlen(file) + 1);
	memcpy(c->sha256, chain, strlen(chain) + 1);
}

START_TEST(record)
{
	struct err err;
	size_t i;

	put("", "a", CERT_DEFAULT_FILE);
	put("mx2.example.jp", "b", "inbound-1.pem");
	put("mx3.example.jp", "c", "inbound-2.pem");
	certs_to_meta(&list, meta);
	/* The version before reads the default one. */
	ck_assert_str_eq(jsonx_path_str(meta, "chain_sha256", ""), "a");
	ck_assert_str_eq(jsonx_path_str(meta, "certificate.sha256", ""), "a");
	ck_assert_int_eq(certs_of_meta(&back, meta, &err), 0);
	ck_assert_uint_eq(back.n, 3);
	for (i = 0; i < 3; i++) {
		ck_assert_str_eq(back.v[i].name, list.v[i].name);
		ck_assert_str_eq(back.v[i].file, list.v[i].file);
		ck_assert_str_eq(back.v[i].sha256, list.v[i].sha256);
		ck_assert_str_eq(jsonx_path_str(back.v[i].facts, "sha256", ""),
		    list.v[i].chain.data);
	}
}
END_TEST

START_TEST(bundle)
{
	struct json_object *body = json_object_new_object();
	struct err err;

	put("", "a", "");
	ck_assert_ptr_null(certs_to_body(&list));
	put("mx2.example.jp", "b", "");
	json_object_object_add(body, "certificates", certs_to_body(&list));
	ck_assert_int_eq(certs_of_body(&back, body, &err), 0);
	ck_assert_uint_eq(back.n, 2);
	ck_assert_uint_eq(back.v[CERTS_DEFAULT].chain.len, 0);
	ck_assert(cert_same(&back.v[1], &list.v[1]));
	ck_assert(!certs_same(&back, &list));
	json_object_put(body);
}
END_TEST

/* A name goes into a map as it is: none may be more than a name. */
static const char *const bad_rows[] = {
    "{\"use\":\"inbound\",\"name\":\"\",\"chain\":\"YQ==\"}",
    "{\"use\":\"outside\",\"name\":\"a.example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example b\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example\\nb\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"A.example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\".example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a..example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example.\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"-a.example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a-.example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"*.example\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example\",\"chain\":\"!\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example\",\"chain\":\"\"}",
    "{\"use\":\"inbound\",\"name\":\"a.example\",\"chain\":null}",
    "{\"use\":\"inbound\",\"name\":\"a.example\"}",
    "{\"use\":\"inbound\",\"name\":\"192.0.2.1\",\"chain\":\"YQ==\"}",
    "{\"use\":\"inbound\",\"name\":\"$a.example\",\"chain\":\"YQ==\"}", "7",
    "{\"use\":\"inbound\",\"name\":\"a.example\",\"chain\":\"YQ==\"},"
    "{\"use\":\"inbound\",\"name\":\"a.example\",\"chain\":\"YQ==\"}"};

START_TEST(bad_bundle)
{
	char text[512];
	struct json_object *body;
	struct err err;

	(void)snprintf(
	    text, sizeof(text), "{\"certificates\":[%s]}", bad_rows[_i]);
	body = json(text);
	ck_assert_msg(certs_of_body(&back, body, &err) == -1, "%s", text);
	json_object_put(body);
}
END_TEST

START_TEST(bad_file)
{
	struct err err;

	json_object_put(meta);
	meta = json("{\"certificates\":[{\"use\":\"inbound\",\"name\":\"a.b\","
		    "\"file\":\"../../etc/shadow\",\"sha256\":\"\"}]}");
	ck_assert_int_eq(certs_of_meta(&back, meta, &err), -1);
}
END_TEST

/* A file that is gone is not a certificate that was taken away. */
START_TEST(whole)
{
	struct err err;

	ck_assert_int_eq(certs_whole(&list, 1, &err), 0);
	put("", "a", CERT_DEFAULT_FILE);
	put("mx2.example.jp", "b", "inbound-1.pem");
	ck_assert_int_eq(certs_whole(&list, 1, &err), 0);
	buf_clear(&list.v[1].chain);
	ck_assert_int_eq(certs_whole(&list, 7, &err), -1);
	ck_assert_int_eq(err.code, ERR_GEN_NOT_RESTORABLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "generation 7"));
}
END_TEST

START_TEST(many)
{
	char name[32];
	int i;

	for (i = 1; i < CERTS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "mx%d.example", i);
		ck_assert_ptr_nonnull(certs_add(&list, CERT_INBOUND, name));
	}
	ck_assert_ptr_null(certs_add(&list, CERT_INBOUND, "more.example"));
	ck_assert_ptr_nonnull(certs_add(&list, CERT_INBOUND, "mx7.example"));
	certs_drop(&list, certs_find(&list, CERT_INBOUND, "mx7.example"));
	ck_assert_ptr_null(certs_find(&list, CERT_INBOUND, "mx7.example"));
	ck_assert_ptr_nonnull(certs_find(&list, CERT_INBOUND, "mx8.example"));
	ck_assert_ptr_nonnull(certs_add(&list, CERT_INBOUND, "more.example"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("certs");
	TCase *tc = tcase_create("list");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, former_record);
	tcase_add_test(tc, no_certificate);
	tcase_add_test(tc, record);
	tcase_add_test(tc, bundle);
	tcase_add_loop_test(tc, bad_bundle, 0, N(bad_rows));
	tcase_add_test(tc, bad_file);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, many);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
