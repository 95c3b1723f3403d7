/*
 * test_certcheck.c - the rows of cert_rows[], one fact of a certificate at a
 * time: on which side of each border it is found, and with which arguments.
 * (test_certname.c has the names, test_corpus.c whole files.)
 */
#include "../suite.h"
#include "certcheck_rig.h"

static const struct {
	struct facts f;
	const char *want;
} cases[] = {
    {{0}, ""},
    /* dates */
    {{.from = -DAY, .to = -DAY - 1},
	"cert.dates(days=0,not_before=2027-01-14T08:00:00Z,"
	"not_after=2027-01-14T07:59:59Z,subject=common) cert.expired"},
    {{.from = -DAY, .to = -DAY}, "cert.expired(days=1)"},
    {{.from = -90 * DAY, .to = -1}, "cert.expired(days=0)"},
    {{.from = -90 * DAY, .to = -DAY + 1}, "cert.expired(days=0)"},
    {{.from = -90 * DAY, .to = -7 * DAY}, "cert.expired(days=7)"},
    /* at the very second, which 0 would not say */
    {{.from = 1, .to = 90 * DAY}, "cert.not_yet_valid(days=0)"},
    {{.from = -90 * DAY, .to = 0}, "cert.expired(days=0)"},
    {{.from = 0, .to = 90 * DAY}, ""},
    {{.from = 3 * DAY, .to = 93 * DAY}, "cert.not_yet_valid(days=3)"},
    {{.from = 4 * DAY - 1, .to = 93 * DAY}, "cert.not_yet_valid(days=3)"},
    /* as they are written (RFC 5280 section 4.1.2.5) */
    {{.raw = "270405080000Z"}, ""},
    {{.raw = "20270405080000Z"}, ""},
    {{.raw = "270405080000+0000"}, "cert.dates(days=0)"},
    {{.raw = "2704050800Z"}, "cert.dates"},
    {{.raw = "20270405080000.5Z"}, "cert.dates"},
    {{.raw = "x"}, "cert.dates"},
    {{.raw = ""}, "cert.dates"},
    /* soon: less than 30 days, or than a third of 30 */
    {{.from = -60 * DAY, .to = 30 * DAY}, ""},
    {{.from = -60 * DAY, .to = 30 * DAY - 1}, "cert.expires_soon(days=29)"},
    {{.from = -89 * DAY, .to = 1}, "cert.expires_soon(days=0)"},
    {{.from = -20 * DAY, .to = 10 * DAY}, ""},
    {{.from = -21 * DAY, .to = 9 * DAY}, "cert.expires_soon(days=9)"},
    {{.from = -20 * DAY, .to = 10 * DAY - 1}, ""}, /* of 29 days */
    {{.from = -21 * DAY, .to = 10 * DAY}, "cert.expires_soon(days=10)"},
    {{.from = -21 * DAY + 1, .to = 10 * DAY}, ""},
    {{.from = -4 * DAY, .to = 2 * DAY}, ""},
    {{.from = -4 * DAY, .to = 2 * DAY - 1}, ""}, /* of 5 days */
    {{.from = -4 * DAY, .to = DAY}, ""},
    {{.from = -5 * DAY, .to = DAY}, "cert.expires_soon(days=1)"},
    /* a long life */
    {{.from = -DAY, .to = 397 * DAY}, ""},
    {{.from = -DAY, .to = 398 * DAY - 1}, ""},
    {{.from = -DAY, .to = 398 * DAY}, "cert.lifetime(days=399)"},
    {{.from = -DAY, .to = 399 * DAY - 1}, "cert.lifetime(days=399)"},
    /* itself and CA */
    {{.is_ca = true}, "cert.is_ca(what=CA:TRUE,subject=common)"},
    {{.self_signed = true}, "cert.self_signed(what=)"},
    {{.self_signed = true, .is_ca = true},
	"cert.self_signed cert.self_signed_ca(what=CA:TRUE)"},
    {{.self_issued = true}, "cert.signature_invalid(what=ecdsa-with-SHA256)"},
    {{.self_issued = true, .self_signed = true}, "cert.self_signed"},
    {{.self_issued = true, .unchecked = true}, ""},
    {{.self_issued = true, .with_chain = true}, ""},
    {{.self_issued = true, .with_root = true}, ""},
    /* digests */
    {{.md = "sha1"}, "cert.signature_weak(what=ecdsa-with-SHA1)"},
    {{.md = "sha1", .self_signed = true},
	"cert.self_signed cert.signature_old(what=ecdsa-with-SHA1)"},
    {{.md = "sha512"}, ""},
    {{.says = NID_md5WithRSAEncryption},
	"cert.signature_weak(what=md5WithRSAEncryption)"},
    {{.says = NID_md5WithRSAEncryption, .self_signed = true},
	"cert.self_signed cert.signature_weak"},
    {{.says = NID_md4WithRSAEncryption}, "cert.signature_weak"},
    {{.says = NID_md2WithRSAEncryption}, "cert.signature_weak"},
    {{.says = NID_mdc2WithRSA}, "cert.signature_weak"},
    /* extensions */
    {{.ext = {{NID_ext_key_usage, "serverAuth"}}}, ""},
    {{.ext = {{NID_ext_key_usage, "clientAuth,serverAuth"}}}, ""},
    {{.ext = {{NID_ext_key_usage, "clientAuth"}}}, "cert.eku(what=serverAuth)"},
    {{.ext = {{NID_key_usage, "critical,digitalSignature"}}}, ""},
    {{.ext = {{NID_key_usage, "keyEncipherment"}}},
	"cert.key_usage(what=digitalSignature)"},
    {{.ext = {{NID_basic_constraints, "CA:FALSE"},
	  {NID_basic_constraints, "CA:FALSE"}}},
	"cert.extension_invalid(what=X509v3)"},
    {{.ext = {{NID_netscape_comment, "critical,x"}}},
	"cert.critical_extension(what=2.16.840.1.113730.1.13)"},
    {{.ext = {{NID_netscape_comment, "x"}}}, ""},
    {{.san = "", .ext = {{NID_netscape_comment, "critical,x"}}, .host = ""},
	"cert.critical_extension cert.no_names"},
    {{.ext = {{NID_key_usage, "critical,digitalSignature"},
	  {NID_netscape_comment, "critical,x"}}},
	"cert.critical_extension"},
    {{.ext = {{NID_tlsfeature, "status_request"}}},
	"cert.must_staple(what=status_request)"},
    {{.ext = {{NID_tlsfeature, "status_request_v2"}}}, "cert.must_staple"},
    {{.ext = {{NID_tlsfeature, "4,6,16,18"}}}, ""},
    {{.ext = {{NID_tlsfeature, "4,17,5"}}}, "cert.must_staple"},
    /* serial numbers */
    {{.serial = "0"}, "cert.serial(what=0)"},
    {{.serial = "1"}, ""},
    {{.serial = "-1"}, "cert.serial(what=<~0)"},
    {{.serial = "7fffffffffffffffffffffffffffffffffffffff"}, ""},
    {{.serial = "010000000000000000000000000000000000000000"},
	"cert.serial(what=>~20)"},
    {{.serial = "-7fffffffffffffffffffffffffffffffffffffff"},
	"cert.serial(what=<~0)"},
    /* the system's roots */
    {{.trusted = 2, .with_root = true}, "cert.trusted(root=common)"},
    {{.trusted = 2}, "cert.trusted(root=common)"},
    {{.trusted = 2, .incomplete = true}, ""},
    {{.trusted = 1, .untrusted_root = true}, "cert.untrusted(root=common)"},
    {{.trusted = 1}, ""}, /* not for its root: the chain rows say why */
    {{.trusted = 1, .untrusted_root = true, .incomplete = true}, ""},
    {{.trusted = 1, .untrusted_root = true, .self_signed = true},
	"cert.self_signed"},
    {{.trusted = 2, .self_signed = true}, "cert.self_signed cert.trusted"},
};

START_TEST(each_row)
{
	finds(&cases[_i].f, cases[_i].want);
}
END_TEST

/* Every finding about the certificate says which: its subject and print. */
START_TEST(which_one)
{
	const struct facts f = {.is_ca = true};
	X509 *x = again(make(&f));
	const char *print;

	run(&f, x);
	ck_assert_uint_eq(set.found.n, 1);
	print = json_object_get_string(
	    json_object_object_get(set.found.v[0].args, "certificate"));
	ck_assert_ptr_nonnull(print);
	ck_assert_ptr_nonnull(strstr(print, "AB:AB:AB"));
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Rows of the certificate and of the chain; trusted is what the roots say. */
START_TEST(a_pair)
{
	const struct facts f = {.is_ca = true}, old = {.to = -DAY};
	X509 *x = again(make(&f)), *y = again(make(&old));
	struct pki_cert leaf = {.x = x, .is_ca = true}, above = {.x = y};
	struct pki_pair pair = {
	    .leaf = &leaf, .chain = {&above}, .n_chain = 1, .trusted = 1};
	const struct pki_input in = {.now = NOW, .hostname = HOST};
	size_t i, seen = 0;

	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	for (i = 0; i < set.found.n; i++)
		seen += set.found.v[i].code == ERR_CERT_IS_CA ||
			set.found.v[i].code == ERR_CHAIN_EXPIRED;
	ck_assert_uint_eq(seen, 2);
	ck_assert_int_eq(pair.trusted, 0); /* its root is none of ours */
	findings_clear(&set.found);
	findings_init(&set.found);
	pair.trusted = -1;
	check_pair(&set, &pair, &in);
	ck_assert_int_eq(pair.trusted, -1);
	findings_clear(&set.found);
	X509_free(x);
	X509_free(y);
}
END_TEST

/* A root of the system, and nothing wrong on the way to it. */
START_TEST(is_trusted)
{
	const struct facts good = {0}, old = {.from = -9 * DAY, .to = -DAY};
	X509 *x = again(make(_i & 4 ? &old : &good));
	struct pki_cert leaf = {.x = x};
	struct pki_pair pair = {
	    .leaf = &leaf, .trusted = _i & 1, .root_trusted = (_i & 2) != 0};
	const struct pki_input in = {.now = NOW, .hostname = HOST};

	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	ck_assert_int_eq(pair.trusted, (_i & ~1) == 2);
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

START_TEST(weak_keys)
{
	EVP_PKEY *small = EVP_RSA_gen(1024);
	const struct facts f = {0};
	const struct pki_input in = {.now = NOW};
	struct pki_key of_pair = {.pkey = small};
	X509 *x = again(make(&f));
	struct pki_cert leaf = {.x = x};
	struct pki_pair pair = {.leaf = &leaf, .trusted = -1, .key = &of_pair};

	findings_init(&set.found);
	check_key(&set, key, &in);
	ck_assert_uint_eq(set.found.n, 0);
	check_key(&set, small, &in);
	ck_assert_uint_ge(set.found.n, 1);
	ck_assert_int_eq(set.found.v[0].code, ERR_KEY_WEAK);
	findings_clear(&set.found);
	/* The pair's key, not the one in the certificate. */
	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	ck_assert_uint_ge(set.found.n, 1);
	ck_assert_int_eq(set.found.v[0].code, ERR_KEY_WEAK);
	findings_clear(&set.found);
	X509_free(x);
	EVP_PKEY_free(small);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("certcheck");

	tcase_add_unchecked_fixture(t, make_key, free_key);
	tcase_add_loop_test(t, each_row, 0, N(cases));
	tcase_add_test(t, which_one);
	tcase_add_test(t, a_pair);
	tcase_add_loop_test(t, is_trusted, 0, 8);
	tcase_add_test(t, weak_keys);
	return suite_run("certcheck", t) == 0 ? 0 : 1;
}
