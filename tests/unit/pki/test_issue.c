/*
 * test_issue.c - keys made here: the grammar of names and subject, and that
 * what comes out is what was asked for, checked by OpenSSL's own readers and
 * by our own inspection.
 */
#include <openssl/x509v3.h>

#include "../suite.h"
#include "issue.h"
#include "jsonx.h"
#include "pki_test.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define S64 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"

static const struct {
	const char *name, *want; /* NULL = refused */
} names[] = {
    {"mx.example.test", "mx.example.test"},
    {"MX.Example.TEST", "mx.example.test"},
    {"mx", "mx"},
    {"1a.2b.c3", "1a.2b.c3"},
    {"a-b--c.example.test", "a-b--c.example.test"},
    {"*.example.test", "*.example.test"},
    {L63 ".test", L63 ".test"},
    {"xn--wgv71a119e.jp", "xn--wgv71a119e.jp"}, /* 日本語.jp */
    {"XN--WGV71A119E.jp", "xn--wgv71a119e.jp"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"mail.xn--p1ai", "mail.xn--p1ai"},
    {"", NULL},
    {".", NULL},
    {".example.test", NULL},
    {"mx.example.test.", NULL},
    {"mx..example.test", NULL},
    {"-mx.example.test", NULL},
    {"mx-.example.test", NULL},
    {"mx.example.-", NULL},
    {"mx_1.example.test", NULL},
    {"mx example.test", NULL},
    {" mx.example.test", NULL},
    {"mx.example.test\n", NULL},
    {"mx.example.test\t", NULL},
    {"mx\x01.example.test", NULL},
    {"mx.example.test,evil.test", NULL},
    {"DNS:mx.example.test", NULL},
    {"mx/example", NULL},
    {"mx:25", NULL},
    {"user@example.test", NULL},
    {"日本語.jp", NULL},
    {"b\xc3\xbc"
     "cher.example",
	NULL},
    {"\xff\xfe.example", NULL},
    {"192.0.2.1", NULL},
    {"1.2.3", NULL},
    {"example.123", NULL},
    {"[192.0.2.1]", NULL},
    {"2001:db8::1", NULL},
    {"*", NULL},
    {"*.", NULL},
    {"*.test", NULL},
    {"*.*.example.test", NULL},
    {"mx.*.test", NULL},
    {"m*.example.test", NULL},
    {L63 "a.test", NULL},
    {"ab--cd.example", NULL},
    {"xn--.example", NULL},
    {"xn--a.example", NULL},
    {"xn--abc-.example", NULL},
    {"xn--example-.example", NULL},
    {"xn--99999999999.example", NULL},
    {"xn--zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.example", NULL},
    {L63 "." L63 "." L63 "." L63, NULL},
};

START_TEST(test_name)
{
	struct issue_request r;
	struct err e;
	int rc;

	issue_request_init(&r);
	err_clear(&e);
	rc = issue_add_name(&r, names[_i].name, &e);
	ck_assert_msg(rc == (names[_i].want != NULL ? 0 : -1), "%s: %s",
	    names[_i].name, e.msg);
	if (rc == 0) {
		ck_assert_str_eq(r.name[0], names[_i].want);
		ck_assert_uint_eq(r.n_names, 1);
		return;
	}
	ck_assert_int_eq(e.code, ERR_KEYS_NAME);
	ck_assert_str_eq(e.field, "names");
	ck_assert(utf8_valid(e.msg, strlen(e.msg)));
	ck_assert_ptr_null(strpbrk(e.msg, "\n\t\x01"));
	ck_assert_uint_eq(r.n_names, 0);
}
END_TEST

static const struct {
	enum issue_part part;
	const char *value, *want; /* NULL = refused */
} parts[] = {
    {ISSUE_CN, "mx.example.test", "mx.example.test"},
    {ISSUE_CN, "", ""},
    {ISSUE_CN, S64, S64},
    {ISSUE_CN, S64 "x", NULL},
    {ISSUE_O, "株式会社例", "株式会社例"},
    {ISSUE_O, "A, B + C = \"D\" <E>; #F\\", "A, B + C = \"D\" <E>; #F\\"},
    {ISSUE_O, "a\nb", NULL},
    {ISSUE_O, "a\rb", NULL},
    {ISSUE_O, "a\x7f", NULL},
    {ISSUE_O, "a\x1b[31m", NULL},
    {ISSUE_O,
	"a\xc2\x85"
	"b",
	NULL},
    {ISSUE_O,
	"a\xe2\x80\xae"
	"b",
	NULL}, /* right-to-left override */
    {ISSUE_O,
	"a\xe2\x80\xa8"
	"b",
	NULL}, /* line separator */
    {ISSUE_O, "\xef\xbb\xbf", NULL},
    {ISSUE_O, "\xc0\xaf", NULL},
    {ISSUE_O, "\xed\xa0\x80", NULL},
    {ISSUE_O, "a\xe3\x81", NULL},
    {ISSUE_O, " a", NULL},
    {ISSUE_O, "a ", NULL},
    {ISSUE_O, " ", NULL},
    {ISSUE_L, S64 S64, S64 S64},
    {ISSUE_L, S64 S64 "x", NULL},
    {ISSUE_C, "JP", "JP"},
    {ISSUE_C, "jp", "JP"},
    {ISSUE_C, "J", NULL},
    {ISSUE_C, "JPN", NULL},
    {ISSUE_C, "J1", NULL},
    {ISSUE_C, "日本", NULL},
    {ISSUE_C, "\xc3\xa4", NULL},
};

START_TEST(test_part)
{
	struct issue_request r;
	struct err e;
	int rc;

	issue_request_init(&r);
	err_clear(&e);
	rc = issue_set_part(&r, parts[_i].part, parts[_i].value, &e);
	ck_assert_msg(
	    rc == (parts[_i].want != NULL ? 0 : -1), "%d: %s", _i, e.msg);
	if (rc == 0) {
		ck_assert_str_eq(r.part[parts[_i].part], parts[_i].want);
		return;
	}
	ck_assert_int_eq(e.code, ERR_KEYS_SUBJECT);
	ck_assert_str_eq(e.field, issue_part_names[parts[_i].part]);
	ck_assert_str_eq(r.part[parts[_i].part], "");
}
END_TEST

START_TEST(test_many_names)
{
	struct issue_request r;
	struct err e;
	char name[64];
	int i;

	issue_request_init(&r);
	ck_assert_int_eq(issue_complete(&r, &e), -1);
	ck_assert_int_eq(e.code, ERR_KEYS_NAME);
	for (i = 0; i < ISSUE_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "mx%d.example.test", i);
		ck_assert_int_eq(issue_add_name(&r, name, &e), 0);
		ck_assert_int_eq(issue_add_name(&r, name, &e), 0);
	}
	ck_assert_uint_eq(r.n_names, ISSUE_NAMES_MAX);
	ck_assert_int_eq(issue_add_name(&r, "one.more.test", &e), -1);
	ck_assert_int_eq(issue_complete(&r, &e), 0);
	ck_assert_str_eq(r.part[ISSUE_CN], "mx0.example.test");
	r.days = 0;
	ck_assert_int_eq(issue_complete(&r, &e), -1);
	ck_assert_str_eq(e.field, "days");
	r.days = ISSUE_DAYS_MAX + 1;
	ck_assert_int_eq(issue_complete(&r, &e), -1);
}
END_TEST

/* A name that is too long for a common name stands in the names alone, and
 * an empty subject makes those critical. */
START_TEST(test_long_name)
{
	struct issue_request r;
	struct issue_output out;
	struct err e;
	BIO *bio;
	X509 *x;
	int at;

	issue_request_init(&r);
	r.self_signed = true;
	ck_assert_int_eq(issue_add_name(&r, L63 ".example.test", &e), 0);
	ck_assert_int_eq(issue_complete(&r, &e), 0);
	ck_assert_str_eq(r.part[ISSUE_CN], "");
	issue_output_init(&out);
	ck_assert_msg(issue_make(&r, &out, &e) == 0, "%s", e.msg);
	bio = BIO_new_mem_buf(out.certificate.data, (int)out.certificate.len);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(x);
	at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	ck_assert_int_eq(X509_EXTENSION_get_critical(X509_get_ext(x, at)), 1);
	ck_assert_int_eq(
	    X509_check_host(x, L63 ".example.test", 0, 0, NULL), 1);
	X509_free(x);
	BIO_free(bio);
	issue_output_clear(&out);
}
END_TEST

static const struct {
	enum issue_algorithm algorithm;
	bool self_signed, jailed;
	const char *label, *signature;
} made[] = {
    {ISSUE_P256, true, false, "ECDSA P-256", "ecdsa-with-SHA256"},
    {ISSUE_P256, true, true, "ECDSA P-256", "ecdsa-with-SHA256"},
    {ISSUE_P256, false, true, "ECDSA P-256", NULL},
    {ISSUE_P384, true, true, "ECDSA P-384", "ecdsa-with-SHA384"},
    {ISSUE_P384, false, false, "ECDSA P-384", NULL},
    {ISSUE_RSA3072, true, true, "RSA 3072", "sha256WithRSAEncryption"},
};

static void
fill(struct issue_request *r)
{
	struct err e;

	issue_request_init(r);
	ck_assert_int_eq(issue_set_part(r, ISSUE_O, "例, \"Example\"", &e), 0);
	ck_assert_int_eq(issue_set_part(r, ISSUE_C, "jp", &e), 0);
	ck_assert_int_eq(issue_add_name(r, "mx.example.test", &e), 0);
	ck_assert_int_eq(issue_add_name(r, "xn--wgv71a119e.jp", &e), 0);
	r->days = 90;
	ck_assert_int_eq(issue_complete(r, &e), 0);
}

static void
look_at_request(const struct issue_output *out, const char *label)
{
	struct json_object *o = NULL;
	struct err e;

	ck_assert_msg(issue_describe(out->csr.data, out->csr.len, &o, &e) == 0,
	    "%s", e.msg);
	ck_assert_str_eq(jsonx_path_str(o, "key.label", ""), label);
	ck_assert_str_eq(jsonx_path_str(o, "subject", ""),
	    "CN=mx.example.test, O=例\\, \\\"Example\\\", C=JP");
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "names"), JSON_C_TO_STRING_PLAIN),
	    "[\"mx.example.test\",\"xn--wgv71a119e.jp\"]");
	json_object_put(o);
}

/* Only what a server needs, and nobody's CA. */
static void
look_at_certificate(const struct issue_output *out, const char *signature)
{
	BIO *bio =
	    BIO_new_mem_buf(out->certificate.data, (int)out->certificate.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	ck_assert_ptr_nonnull(x);
	ck_assert_int_eq(X509_check_ca(x), 0);
	ck_assert_int_eq(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
	ck_assert_int_eq(X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0), 0);
	ck_assert_int_eq(X509_check_host(x, "mx.example.test", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_host(x, "my.example.test", 0, 0, NULL), 0);
	ck_assert_str_eq(OBJ_nid2sn(X509_get_signature_nid(x)),
	    strcmp(signature, "sha256WithRSAEncryption") == 0 ? "RSA-SHA256"
							      : signature);
	ck_assert_int_eq(ASN1_STRING_length(X509_get_serialNumber(x)), 16);
	/* whoever trusts exactly this one can verify it */
	X509_STORE_add_cert(store, x);
	X509_STORE_CTX_init(ctx, store, x, NULL);
	X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
	ck_assert_msg(X509_verify_cert(ctx) == 1, "%s",
	    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(x);
	BIO_free(bio);
}

/* What we make, we would take from anybody. */
static void
inspect(const struct issue_output *out)
{
	struct pki_input in = {
	    .now = time(NULL), .hostname = "mx.example.test", .roots = {"", 0}};
	struct pki_output got;
	struct json_object *list;
	struct err e;
	size_t i;

	in.file[PKI_SERVER_CERTIFICATE].data = out->certificate.data;
	in.file[PKI_SERVER_CERTIFICATE].len = out->certificate.len;
	in.file[PKI_PRIVATE_KEY].data = out->key.data;
	in.file[PKI_PRIVATE_KEY].len = out->key.len;
	pki_output_init(&got);
	ck_assert_int_eq(pki_inspect(&in, &got, &e), 0);
	list = jsonx_path(got.report, "findings");
	for (i = 0; i < json_object_array_length(list); i++)
		ck_assert_str_eq(
		    jsonx_path_str(
			json_object_array_get_idx(list, i), "severity", ""),
		    "info");
	ck_assert_ptr_nonnull(
	    find_code(got.report, "cert.self_signed", NULL, NULL));
	ck_assert_uint_gt(got.chain.len, 0);
	ck_assert(shakes(&got.chain, TLS1_2_VERSION));
	ck_assert(shakes(&got.chain, TLS1_3_VERSION));
	pki_output_clear(&got);
}

START_TEST(test_made)
{
	struct issue_request r;
	struct issue_output out;
	struct err e;

	if (made[_i].algorithm == ISSUE_RSA3072 && under_valgrind())
		return;
	fill(&r);
	r.algorithm = made[_i].algorithm;
	r.self_signed = made[_i].self_signed;
	issue_output_init(&out);
	err_clear(&e);
	ck_assert_msg((made[_i].jailed ? issue_make_jailed : issue_make)(
			  &r, &out, &e) == 0,
	    "%s %s", err_name(e.code), e.msg);
	ck_assert_ptr_nonnull(strstr(out.key.data, "BEGIN PRIVATE KEY"));
	ck_assert_ptr_null(strstr(out.csr.data, "PRIVATE"));
	look_at_request(&out, made[_i].label);
	if (made[_i].self_signed) {
		ck_assert_ptr_null(strstr(out.certificate.data, "PRIVATE"));
		look_at_certificate(&out, made[_i].signature);
		inspect(&out);
	} else
		ck_assert_uint_eq(out.certificate.len, 0);
	issue_output_clear(&out);
}
END_TEST

/* Two are never the same, and a request that was touched is not believed. */
START_TEST(test_distinct)
{
	struct issue_request r;
	struct issue_output a, b;
	struct json_object *o = NULL;
	struct err e;
	char *p;

	fill(&r);
	issue_output_init(&a);
	issue_output_init(&b);
	ck_assert_int_eq(issue_make_jailed(&r, &a, &e), 0);
	ck_assert_int_eq(issue_make_jailed(&r, &b, &e), 0);
	ck_assert_str_ne(a.key.data, b.key.data);
	ck_assert_str_ne(a.csr.data, b.csr.data);
	p = strchr(a.csr.data + 300, '\n') + 10;
	*p = *p == 'A' ? 'B' : 'A';
	ck_assert_int_eq(issue_describe(a.csr.data, a.csr.len, &o, &e), -1);
	ck_assert_int_eq(e.code, ERR_KEYS_FAILED);
	ck_assert_int_eq(issue_describe("", 0, &o, &e), -1);
	ck_assert_ptr_null(o);
	issue_output_clear(&a);
	issue_output_clear(&b);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("issue");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_name, 0, N(names));
	tcase_add_loop_test(t, test_part, 0, N(parts));
	tcase_add_test(t, test_many_names);
	tcase_add_test(t, test_long_name);
	tcase_add_loop_test(t, test_made, 0, N(made));
	tcase_add_test(t, test_distinct);
	return suite_run("pki issue", t) == 0 ? 0 : 1;
}
