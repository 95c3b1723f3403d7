/*
 * test_certname.c - a certificate is never without a name, also in records
 * of before "name" was one of its members.
 */
#include <json-c/json.h>

#include "../suite.h"
#include "certname.h"

static const struct {
	const char *info, *name, *issuer;
} cases[] = {
    {"{\"name\":\"a\",\"common_name\":\"b\",\"names\":[\"c\"]}", "a", "?"},
    {"{\"common_name\":\"b\",\"names\":[\"c\"],\"subject\":\"CN=b\"}", "b",
	"?"},
    {"{\"common_name\":\"\",\"names\":[\"c\",\"d\"],\"subject\":\"\"}", "c",
	"?"},
    {"{\"common_name\":\"\",\"names\":[],\"subject\":\"O=X\"}", "O=X", "?"},
    {"{\"names\":[\"c\"],\"issuer_common_name\":\"Y\",\"issuer\":\"CN=Y\"}",
	"c", "Y"},
    {"{\"issuer_common_name\":\"\",\"issuer\":\"O=Y\"}", "", "O=Y"},
    {"{}", "", "?"},
    {"null", "", "?"},
};

START_TEST(has_a_name)
{
	struct json_object *o = json_tokener_parse(cases[_i].info);

	ck_assert_str_eq(cert_name(o), cases[_i].name);
	ck_assert_str_eq(cert_issuer_name(o), cases[_i].issuer);
	json_object_put(o);
}
END_TEST

START_TEST(has_algorithms)
{
	struct json_object *o =
	    json_tokener_parse("{\"name\":\"a\",\"more\":[{\"name\":\"b\"}]}");

	ck_assert_ptr_eq(cert_of(o, 0), o);
	ck_assert_str_eq(cert_name(cert_of(o, 1)), "b");
	ck_assert_ptr_null(cert_of(o, 2));
	ck_assert_ptr_null(cert_of(NULL, 0));
	ck_assert_ptr_null(cert_of(NULL, 1));
	json_object_put(o);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("certname");

	tcase_add_loop_test(t, has_a_name, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, has_algorithms);
	return suite_run("certname", t) == 0 ? 0 : 1;
}
