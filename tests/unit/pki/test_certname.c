/*
 * test_certname.c - the names of a certificate: none, another one, wildcards,
 * and what no host can be called.
 */
#include "../suite.h"
#include "certcheck_rig.h"

#define L61 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghija"
#define L63 L61 "bc"

static const struct {
	struct facts f;
	const char *want;
} cases[] = {
    {{.san = ""},
	"cert.no_names(what=subjectAltName) "
	"cert.name_mismatch(hostname=" HOST ",host=" HOST ",names=common)"},
    {{.san = "", .host = "common"}, "cert.no_names"},
    {{.san = "email:a@example.jp"},
	"cert.no_names cert.name_mismatch(names=common)"},
    {{.san = "IP:192.0.2.1"}, "cert.name_mismatch(names=common)"},
    {{.san = "DNS:a.example.jp"}, "cert.name_mismatch(names=a.example.jp)"},
    {{.san = "DNS:a.example.jp", .host = ""}, ""},
    {{.san = "DNS:a.example.jp", .host = "common"}, "cert.name_mismatch"},
    {{.san = "DNS:x"}, "cert.name_mismatch(names=x)"},
    {{.san = "IP:192.0.2.1", .nameless = true}, "cert.name_mismatch(names=-)"},
    {{.san = "DNS:a.example.jp,IP:192.0.2.1,email:c@d,DNS:" HOST}, ""},
    {{.san = "DNS:*.example.jp"}, ""},
    {{.san = SAN ",DNS:*.example.jp"}, ""},
    {{.san = SAN ",DNS:*.a.b"}, ""},
    {{.san = SAN ",DNS:*.jp"}, "cert.wildcard(what=*.jp)"},
    {{.san = SAN ",DNS:*"}, "cert.wildcard(what=*)"},
    {{.san = SAN ",DNS:*."}, "cert.wildcard cert.name_invalid(what=*.)"},
    {{.san = SAN ",DNS:*.."}, "cert.wildcard cert.name_invalid"},
    {{.san = SAN ",DNS:*..a"}, "cert.wildcard cert.name_invalid"},
    {{.san = SAN ",DNS:*..a.b"}, "cert.wildcard cert.name_invalid"},
    {{.san = "DNS:*.jp," SAN}, "cert.wildcard(what=*.jp)"},
    {{.san = SAN ",DNS:*.a."}, "cert.wildcard cert.name_invalid"},
    {{.san = SAN ",DNS:*a.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:a*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:a.*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:*.*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:*.a.*,DNS:*.jp"}, "cert.wildcard(what=*.a.*)"},
    {{.san = "email:*@a," SAN}, ""},
    /* what no host can be called */
    {{.san = SAN ",DNS:a_b.example.jp,DNS:A-9.jp"}, ""},
    {{.san = SAN ",DNS:a b.jp"}, "cert.name_invalid(what=a~b.jp)"},
    {{.san = SAN ",DNS:a..jp"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:.jp"}, "cert.name_invalid(what=.jp)"},
    {{.san = SAN ",DNS:jp."}, "cert.name_invalid"},
    {{.san = SAN ",DNS:a/b.jp"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:a:25"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:a\xc3\xa9.jp"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:a b.jp,DNS:c d.jp"}, "cert.name_invalid(what=a~b.jp)"},
    {{.san = SAN ",DNS:" L63 ".jp"}, ""},
    {{.san = SAN ",DNS:" L63 "x.jp"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:jp." L63}, ""},
    {{.san = SAN ",DNS:jp." L63 "x"}, "cert.name_invalid"},
    {{.san = SAN ",DNS:" L63 "." L63 "." L63 "." L61}, ""},
    {{.san = SAN ",DNS:" L63 "." L63 "." L63 "." L61 "x"}, "cert.name_invalid"},
};

START_TEST(each_row)
{
	finds(&cases[_i].f, cases[_i].want);
}
END_TEST

/* Of many names five are told. */
START_TEST(many_names)
{
	const struct facts f = {
	    .san =
		"DNS:a.jp,DNS:b.jp,IP:::1,DNS:c.jp,DNS:d.jp,DNS:e.jp,DNS:f.jp"};
	const struct facts five = {
	    .san = "DNS:a.jp,DNS:b.jp,DNS:c.jp,DNS:d.jp,DNS:e.jp,DNS:f.jp"};
	X509 *x = again(make(&f));

	run(&f, x);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(
			     set.found.v[0].args, "names")),
	    "a.jp, b.jp, c.jp, d.jp, ... (+2)");
	findings_clear(&set.found);
	X509_free(x);
	x = again(make(&five));
	run(&five, x);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(
			     set.found.v[0].args, "names")),
	    "a.jp, b.jp, c.jp, d.jp, e.jp, ... (+1)");
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Names that would not fit into a sentence are cut, not left out. */
START_TEST(long_names)
{
	char san[1200], label[64];
	struct facts f = {.san = san};
	const char *names;
	size_t len;
	X509 *x;

	memset(label, 'x', 60);
	label[60] = '\0';
	len = (size_t)snprintf(san, sizeof(san), "DNS:a.jp");
	for (int i = 0; i < 4; i++)
		len += (size_t)snprintf(san + len, sizeof(san) - len,
		    ",DNS:%s.%s.%s.%s.jp", label, label, label, label);
	x = again(make(&f));
	run(&f, x);
	ck_assert_uint_eq(set.found.n, 1);
	names = json_object_get_string(
	    json_object_object_get(set.found.v[0].args, "names"));
	ck_assert_int_eq(strncmp(names, "a.jp, xxxx", 10), 0);
	ck_assert_uint_le(strlen(names), PKI_NAME_MAX);
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("certname");

	tcase_add_unchecked_fixture(t, make_key, free_key);
	tcase_add_loop_test(t, each_row, 0, N(cases));
	tcase_add_test(t, many_names);
	tcase_add_test(t, long_names);
	return suite_run("certname", t) == 0 ? 0 : 1;
}
